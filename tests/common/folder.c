/* VisionStream: folders that tests fill
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <unistd.h>

#include "common/folder.h"

gchar *
test_folder_make (const gchar * name)
{
  const gchar *tmp =
      g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();
  g_autofree gchar *last = g_strconcat (name, "-XXXXXX", NULL);
  gchar *path = g_build_filename (tmp, last, NULL);

  g_assert_nonnull (g_mkdtemp (path));
  return path;
}

void
test_folder_remove (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    if (g_file_test (child, G_FILE_TEST_IS_DIR)
        && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
      test_folder_remove (child);
    else
      g_unlink (child);
  }
  g_rmdir (path);
}

guint
test_folder_count (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}
