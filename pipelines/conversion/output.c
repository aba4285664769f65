/* VisionStream: a file that appears when it is whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* folders that nftw () holds open */
#define TREE_FDS 8

static gboolean
set_errno (GError ** error, const gchar * what, const gchar * path)
{
  gint code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s %s: %s",
      what, path, g_strerror (code));
  return FALSE;
}

static int
remove_entry (const char *path, const struct stat *status, int type,
    struct FTW *walk)
{
  remove (path);
  return 0;
}

void
vs_output_remove_tree (const gchar * path)
{
  nftw (path, remove_entry, TREE_FDS, FTW_DEPTH | FTW_PHYS);
}

static gboolean
check_folder (const gchar * path, GError ** error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);
  g_autofree gchar *scheme = g_uri_parse_scheme (path);

  if (scheme) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
        "%s: only MP4 that is not encoded anew can be written there: make a file "
        "here, and send that", path);
    return FALSE;
  }
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "there is no folder %s for the output", folder);
  return FALSE;
}

gboolean
vs_output_open (VsOutput * output, const gchar * path, gboolean force,
    GError ** error)
{
  if (!check_folder (path, error))
    return FALSE;
  if (!force && g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "%s is there already",
        path);
    return FALSE;
  }
  output->path = g_strdup (path);
  output->part = g_strconcat (path, ".part", NULL);
  vs_output_remove_tree (output->part);
  return TRUE;
}

static gboolean
sync_path (const gchar * path, guint64 * size, GError ** error)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  gboolean ok = fd >= 0 && fstat (fd, &status) == 0 && fsync (fd) == 0;

  if (!ok)
    set_errno (error, "can't write", path);
  else if (size)
    *size = status.st_size;
  if (fd >= 0)
    close (fd);
  return ok;
}

gboolean
vs_output_rename (const gchar * part, const gchar * path, guint64 * size,
    GError ** error)
{
  g_autofree gchar *folder = g_path_get_dirname (path);

  if (!sync_path (part, size, error))
    return FALSE;
  if (g_rename (part, path) != 0)
    return set_errno (error, "can't write", path);
  return sync_path (folder, NULL, error);
}

gboolean
vs_output_commit (VsOutput * output, guint64 * size, GError ** error)
{
  return vs_output_rename (output->part, output->path, size, error);
}

void
vs_output_clear (VsOutput * output)
{
  if (output->part)
    vs_output_remove_tree (output->part);
  g_clear_pointer (&output->part, g_free);
  g_clear_pointer (&output->path, g_free);
}
