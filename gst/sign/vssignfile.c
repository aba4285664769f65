/* VisionStream: small files that are read whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

static gboolean
fail (GError ** error, const gchar * reason)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s", reason);
  return FALSE;
}

static gboolean
fail_on_file (gint code, GError ** error)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s",
      g_strerror (code));
  return FALSE;
}

static gboolean
get_mode (gint fd, guint * mode, GError ** error)
{
  struct stat st;

  if (fstat (fd, &st) != 0)
    return fail_on_file (errno, error);
  if (!S_ISREG (st.st_mode))
    return fail (error, S_ISDIR (st.st_mode) ? "a folder" : "no file");
  *mode = st.st_mode & 07777;
  return TRUE;
}

static gboolean
read_all (gint fd, gchar * text, gsize max, gsize * size, GError ** error)
{
  gssize n;

  do {
    n = read (fd, text + *size, max - *size);
    *size += n > 0 ? (gsize) n : 0;
  } while (n > 0 || (n < 0 && errno == EINTR));
  if (n < 0)
    return fail_on_file (errno, error);
  if (*size == max || memchr (text, '\0', *size))
    return fail (error, "too large, or no text");
  return TRUE;
}

/* A pipe that nobody writes to would be waited for, and so would who waits for
 * its reader. */
gchar *
vs_sign_file_read (const gchar * path, gsize max, gsize * size, guint * mode,
    GError ** error)
{
  gint fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
  gchar *buffer = NULL, *text = NULL;

  *size = 0;
  if (fd < 0) {
    fail_on_file (errno, error);
  } else if (get_mode (fd, mode, error)) {
    buffer = g_malloc (max);
    if (read_all (fd, buffer, max, size, error))
      text = g_strndup (buffer, *size);
    vs_sign_file_free (buffer, *size);
  }
  if (fd >= 0)
    close (fd);
  if (text == NULL)
    g_prefix_error (error, "%s: ", path);
  return text;
}

gboolean
vs_sign_file_check_mode (const gchar * path, guint mode, GError ** error)
{
  if (!(mode & (S_IROTH | S_IWOTH)))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
      "%s: everybody can read or write it (mode %04o): chmod 600", path, mode);
  return FALSE;
}

gchar *
vs_sign_file_read_private (const gchar * path, gsize max, gsize * size,
    GError ** error)
{
  guint mode;
  gchar *text = vs_sign_file_read (path, max, size, &mode, error);

  if (text && !vs_sign_file_check_mode (path, mode, error)) {
    vs_sign_file_free (text, *size);
    return NULL;
  }
  return text;
}

void
vs_sign_file_free (gchar * text, gsize size)
{
  OPENSSL_cleanse (text, size);
  g_free (text);
}
