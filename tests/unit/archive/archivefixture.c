/* VisionStream: the place of a test's archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/archivefixture.h"
#include "common/folder.h"

gchar *root;
VsStore *store;

void
archive_setup (void)
{
  root = test_folder_make ("vsarchive");
  store = vs_store_open (root, TRUE, NULL);
  archive_log_clear ();
}

void
archive_teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
  test_folder_remove (root);
  g_clear_pointer (&root, g_free);
  archive_log_clear ();
}
