/* VisionStream: what an S3 service says when it refuses
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"

G_BEGIN_DECLS

/**
 * VsS3Refusal:
 * @code: of the service ("NoSuchKey"), or the HTTP status in words
 * @message: (nullable): for people; nothing in it can be a key or signature
 * @region: (nullable): where the bucket is
 *
 * Amazon S3 API Reference, Error Responses. Texts are of bounded length, and
 * printable ASCII.
 */
typedef struct
{
  guint status;
  gchar *code, *message, *region;
} VsS3Refusal;

void vs_s3_refusal_clear (VsS3Refusal *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsS3Refusal, vs_s3_refusal_clear)

/* Reads an answer that is none of success. */
void vs_s3_refusal_read (VsS3Refusal *self, const VsHttpReply *reply);

/**
 * vs_s3_refusal_read_late:
 *
 * Of a request that takes the service long, the answer is begun ahead of its
 * end, with status 200, and may tell of an error all the same.
 *
 * Returns: whether it does
 */
gboolean vs_s3_refusal_read_late (VsS3Refusal *self,
    const VsHttpReply *reply);

/* Whether the keys are to blame, and newer ones may do. */
gboolean vs_s3_refusal_is_of_keys (const VsS3Refusal *self);
/* Whether the same request may succeed later. */
gboolean vs_s3_refusal_is_passing (const VsS3Refusal *self);

/**
 * vs_s3_refusal_set_error:
 * @object: what was asked for, as people know it
 * @region: that the request was for
 *
 * The errors of vs_s3_client_send ().
 */
void vs_s3_refusal_set_error (const VsS3Refusal *self, const gchar *object,
    const gchar *region, GError **error);

G_END_DECLS
