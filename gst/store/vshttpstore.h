/* VisionStream: what the files of the store behind HTTP share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsdavclient.h"
#include "store/vsstoreclass.h"

G_BEGIN_DECLS

/**
 * VsHttpStore:
 *
 * What lies below an address. It is written by PUT, DELETE and MKCOL, read by
 * GET and HEAD, listed by PROPFIND (RFC 9110, RFC 4918). Of a server that only
 * takes what is pushed (an ingest of MediaPackage), which answers 405 or 501
 * to what reads, nothing can be read: its objects are %G_IO_ERROR_NOT_FOUND,
 * its folders are empty, and what is deleted stays. 401 and 403 always are
 * %G_IO_ERROR_PERMISSION_DENIED: a wrong password does not look like an
 * archive that has yet to begin.
 *
 * There is no lease: servers take If-Match and do not heed it. Two writers at
 * once are kept from each other where they share a spool, and nowhere else.
 */
typedef struct
{
  VsStore parent;
  VsDavClient *client;
  gint keeps_deleted;           /* atomic; that was said */
} VsHttpStore;

/**
 * vs_http_store_make_etag:
 * @etag: (nullable): of the server; else it is made of @modified and @size
 * @modified: (nullable): Last-Modified
 * @now: (nullable): the server's Date: what was modified in the same second may
 *   be once more without @modified telling
 *
 * Returns: (transfer full): what is another one when the object is; always
 *   another one where the server tells nothing
 */
gchar *vs_http_store_make_etag (const gchar *etag, const gchar *modified,
    const gchar *now, guint64 size);
/* HTTP's date (RFC 9110 5.6.7) in µs since 1970; 0 for none */
gint64 vs_http_store_parse_time (const gchar *text);

/* vsdavlist.c: of the class */

GPtrArray *vs_dav_list (VsStore *store, const gchar *prefix,
    const gchar *suffix, GCancellable *cancellable, GError **error);

/* vshttpupload.c: of the class */

VsStoreUpload *vs_http_upload_new (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError **error);
gboolean       vs_http_upload_write (VsStoreUpload *upload, GBytes **parts,
    guint n_parts, GError **error);
gboolean       vs_http_upload_commit (VsStoreUpload *upload, GError **error);
void           vs_http_upload_free (VsStoreUpload *upload);

G_END_DECLS
