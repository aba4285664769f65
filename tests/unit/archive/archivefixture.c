/* VisionStream: the place of a test's archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "archive/archivefixture.h"
#include "common/folder.h"

gchar *root;
VsStore *store;

static gchar *
make_root (void)
{
  const gchar *tmp =
      g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  gchar *path = g_build_filename (tmp, "vsarchive-XXXXXX", NULL);

  fail_unless (g_mkdtemp (path) != NULL);
  return path;
}

void
archive_setup (void)
{
  root = make_root ();
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
