/* VisionStream: bytes that are collected for one request
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"
#include "store/vssha256.h"

G_BEGIN_DECLS

/* What of a part is in memory at most: a longer one is in a file. */
#define VS_S3_PART_MEMORY (8 * 1024 * 1024)

/**
 * VsS3Part:
 *
 * The body of a request, while it grows. Past %VS_S3_PART_MEMORY it moves to a
 * file without a name, in the directory for temporary files.
 */
typedef struct
{
  guint64 size;

  /*< private >*/
  guint8 *data;                 /* a block, or NULL */
  gsize capacity;
  gint fd;                      /* -1: it is in memory */
} VsS3Part;

void vs_s3_part_init (VsS3Part *part);
/* It is empty then, and may grow again. */
void vs_s3_part_clear (VsS3Part *part);

/**
 * vs_s3_part_add:
 * @expected: bytes that it will have, as far as that is known; 0
 *
 * Returns: FALSE with %G_IO_ERROR, and nothing was added
 */
gboolean vs_s3_part_add (VsS3Part *part, gconstpointer data, gsize size,
    gsize expected, GError **error);
/* Takes back what was added past @size. */
void     vs_s3_part_truncate (VsS3Part *part, guint64 size);

/**
 * vs_s3_part_get_body:
 * @bytes: (out): what @body refers to; both are valid until the part changes
 * @sha256: (out): of the body
 */
gboolean vs_s3_part_get_body (VsS3Part *part, VsHttpBody *body,
    GBytes **bytes, guint8 sha256[VS_SHA256_SIZE], GError **error);

G_END_DECLS
