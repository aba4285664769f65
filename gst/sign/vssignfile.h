/* VisionStream: small files that are read whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * vs_sign_file_read:
 * @mode: (out): the file's permissions, as it was read
 *
 * Errors are those of the file system, and %G_IO_ERROR_INVALID_DATA for what is
 * a folder, a pipe or a device, has a NUL in it, or @max bytes or more; they
 * name the file, and repeat nothing of it.
 *
 * Returns: (transfer full): ends with a NUL; see vs_sign_file_free ()
 */
gchar   *vs_sign_file_read (const gchar *path, gsize max, gsize *size,
    guint *mode, GError **error);

/* %G_IO_ERROR_PERMISSION_DENIED when others than the file's owner and group can
 * read or write it */
gboolean vs_sign_file_check_mode (const gchar *path, guint mode,
    GError **error);

/* Both of it. */
gchar   *vs_sign_file_read_private (const gchar *path, gsize max, gsize *size,
    GError **error);

/* Wipes it. */
void     vs_sign_file_free (gchar *text, gsize size);

G_END_DECLS
