/* VisionStream: what the files of the directory store share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <unistd.h>

#include "store/vsstoreclass.h"

G_BEGIN_DECLS

/* of names of what is being written */
#define VS_FILE_TMP_PREFIX ".tmp-"

typedef struct
{
  VsStore parent;
  gint root;
} VsFileStore;

static inline void
vs_file_close (gint *fd)
{
  if (*fd >= 0)
    close (*fd);
}

#define VS_AUTO_FD __attribute__ ((cleanup (vs_file_close))) gint

/* Takes errno first: nothing may come between the failed call and this. */
void         vs_file_set_error (GError **error, VsStore *store,
    const gchar *key);

/* openat () of one name, following no link */
gint         vs_file_open (gint folder, const gchar *name, gint flags);
gint         vs_file_open_or_make_folder (VsStore *store, const gchar *path);
const gchar *vs_file_get_name (const gchar *key);
gchar       *vs_file_dup_folder (const gchar *key);

/* vsfileupload.c: of the class */

VsStoreUpload *vs_file_upload_new (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError **error);
gboolean       vs_file_upload_write (VsStoreUpload *upload, GBytes **parts,
    guint n_parts, GError **error);
gboolean       vs_file_upload_commit (VsStoreUpload *upload, GError **error);
void           vs_file_upload_free (VsStoreUpload *upload);

VsStoreUpload *vs_file_upload_new_headed (VsStore *store, const gchar *key,
    const VsStoreHead *head, GCancellable *cancellable, GError **error);
gboolean       vs_file_upload_make_head (VsStoreUpload *upload,
    guint64 needed, guint64 *size, GError **error);
gboolean       vs_file_upload_write_head (VsStoreUpload *upload,
    GBytes **parts, guint n_parts, GError **error);

G_END_DECLS
