/* VisionStream: what the files of the S3 store share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vss3client.h"
#include "store/vsstoreclass.h"

G_BEGIN_DECLS

/* Documents that a service sends: a page of a listing has 1000 keys of at
 * most 1024 bytes, each with some hundred bytes about it. */
#define VS_S3_DOCUMENT_MAX (4 * 1024 * 1024)

/* What goes along with an object: the hexadecimal SHA-256 of its bytes. */
#define VS_S3_SHA256_HEADER "x-amz-meta-vs-sha256"
/* ... and for one that was sent in parts, a name that no other upload has. */
#define VS_S3_UPLOAD_HEADER "x-amz-meta-vs-upload"

typedef struct
{
  VsStore parent;
  VsS3Client *client;
  gchar *prefix;                /* ahead of keys: "" or "pre/fix/" */

  GMutex lock;
  GHashTable *uploads;          /* ids of those that are under way here;
                                 * protected by lock */
} VsS3Store;

/* The whole key of an object. */
gchar *vs_s3_store_get_key (VsS3Store *self, const gchar *key);
/* What the keys of all that is in a folder begin with. */
gchar *vs_s3_store_get_folder_prefix (VsS3Store *self, const gchar *folder);

/* What an object's headers say, and these themselves. @reply: (out
 * caller-allocates): to be cleared; only after an object was returned */
VsStoreObject *vs_s3_store_head (VsS3Store *self, const gchar *whole_key,
    GCancellable *cancellable, VsHttpReply *reply, GError **error);

/* vss3list.c: of the class */

GPtrArray *vs_s3_store_list (VsStore *store, const gchar *prefix,
    const gchar *suffix, GCancellable *cancellable, GError **error);
gboolean   vs_s3_store_find (VsStore *store, const gchar *const *keys,
    guint n_keys, gboolean *found, GCancellable *cancellable, GError **error);

/* vss3upload.c: of the class */

VsStoreUpload *vs_s3_upload_new (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError **error);
gboolean       vs_s3_upload_write (VsStoreUpload *upload, GBytes **parts,
    guint n_parts, GError **error);
gboolean       vs_s3_upload_commit (VsStoreUpload *upload, GError **error);
void           vs_s3_upload_free (VsStoreUpload *upload);
VsStoreUpload *vs_s3_upload_new_headed (VsStore *store, const gchar *key,
    const VsStoreHead *head, GCancellable *cancellable, GError **error);
gboolean       vs_s3_upload_make_head (VsStoreUpload *upload,
    guint64 needed, guint64 *size, GError **error);
gboolean       vs_s3_upload_write_head (VsStoreUpload *upload,
    GBytes **parts, guint n_parts, GError **error);
/* Whether @text can go into a request as an upload's id or an ETag, and is no
 * book. */
gboolean       vs_s3_upload_is_id (const gchar *text);
/* Ends an upload in parts by its id. */
gboolean       vs_s3_upload_abort (VsS3Client *client, const gchar *key,
    const gchar *id, GCancellable *cancellable, GError **error);

/* vss3leftover.c */

/* Ends what others began in the folder @prefix and never finished. */
gboolean       vs_s3_upload_abort_all (VsS3Store *self, const gchar *prefix,
    GCancellable *cancellable, GError **error);

G_END_DECLS
