/* VisionStream: one byte range of a body
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VS_HTTP_RANGE_NONE,           /* the whole body: 200 */
  VS_HTTP_RANGE_PART,           /* 206 */
  VS_HTTP_RANGE_UNSATISFIABLE   /* 416 */
} VsHttpRangeKind;

/**
 * vs_http_range_parse:
 * @value: a Range field (RFC 9110 14.2)
 * @size: of the body
 * @offset: (out): first byte, when PART
 * @length: (out): bytes, when PART
 *
 * A single range of bytes is honoured. Several ranges, other units and what is
 * malformed are ignored, as RFC 9110 14.2 allows: the whole body follows, once.
 */
VsHttpRangeKind vs_http_range_parse (const gchar *value, guint64 size,
    guint64 *offset, guint64 *length);

G_END_DECLS
