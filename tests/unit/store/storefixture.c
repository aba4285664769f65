/* VisionStream: the store of a test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/folder.h"
#include "store/storefixture.h"

gchar *root;
VsStore *store;

void
store_setup (void)
{
  g_autoptr (GError) error = NULL;

  root = g_dir_make_tmp ("vsstore-XXXXXX", NULL);
  store = vs_store_open (root, TRUE, &error);
  fail_unless (store != NULL, "%s", error ? error->message : "");
}

void
store_teardown (void)
{
  g_clear_pointer (&store, vs_store_unref);
  test_folder_remove (root);
  g_clear_pointer (&root, g_free);
}

gboolean
put (const gchar * key, const gchar * text, GError ** error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return vs_store_put (store, key, &bytes, 1, NULL, error);
}

guint
count_names (const gchar * key)
{
  g_autofree gchar *path = g_build_filename (root, key, NULL);

  return test_folder_count (path);
}
