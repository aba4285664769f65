/* VisionStream: requests to an S3 service
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsS3Client:
 *
 * Signs requests for one bucket, sends them, and makes errors of what comes
 * back. What may succeed the next time is tried a few times, with growing
 * pauses of uneven length; a clock that is off is learned from the first
 * answer that says so; credentials that expired are looked up anew. Signed
 * requests go to the bucket's host alone. Thread-safe.
 */
typedef struct _VsS3Client VsS3Client;

/**
 * vs_s3_client_new:
 * @settings: `endpoint_uri`, `region`, `force_path_style` and credentials
 *
 * Connects to nothing yet.
 */
VsS3Client *vs_s3_client_new (const gchar *bucket,
    const VsStoreSettings *settings, GError **error);
void        vs_s3_client_free (VsS3Client *client);

typedef struct
{
  const gchar *method;
  const gchar *key;             /* of an object; "" for the bucket */
  const gchar *const *query;    /* (nullable): name, value, ..., NULL */
  const gchar *const *headers;  /* (nullable): to be signed too */
  const VsHttpBody *body;       /* (nullable) */
  const guint8 *sha256;         /* of the body, where it is known */
  gsize max_answer;
  guint *status;                /* (out) (nullable): of the last answer, 0: none
                                 * came */
} VsS3Call;

/**
 * vs_s3_client_send:
 * @reply: (out caller-allocates): to be cleared; only after TRUE
 *
 * Returns: TRUE for 2xx, and for 416 to a GET, alone; not for a 200 to a POST
 *   that tells of an error in its content. Else an error that names the
 *   object and says what to do: %G_IO_ERROR_NOT_FOUND,
 *   %G_IO_ERROR_NOT_MOUNTED (there is no such bucket),
 *   %G_IO_ERROR_PERMISSION_DENIED, %G_IO_ERROR_EXISTS (a precondition that
 *   failed), %G_IO_ERROR_NOT_SUPPORTED (the service can't do that),
 *   %G_IO_ERROR_BUSY, %G_IO_ERROR_FAILED, and those of
 *   vs_http_client_send ()
 */
gboolean vs_s3_client_send (VsS3Client *client, const VsS3Call *call,
    GCancellable *cancellable, VsHttpReply *reply, GError **error);

/* The service's clock as of its last answer, µs since 1970; -1 when it never
 * told. */
gint64 vs_s3_client_get_time (VsS3Client *client);

G_END_DECLS
