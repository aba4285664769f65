/* VisionStream: writes ISO base media boxes (ISO/IEC 14496-12 4.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The same code measures and writes: with data NULL only the offset moves, so
 * a caller runs its builder once for the size, allocates that, and runs it
 * again.
 */
#pragma once

#include <string.h>
#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct
{
  guint8 *data;                 /* NULL: measure only */
  gsize offset;
} VsBoxWriter;

static inline void
vs_box_put_bytes (VsBoxWriter *w, gconstpointer bytes, gsize size)
{
  if (w->data && size > 0)
    memcpy (w->data + w->offset, bytes, size);
  w->offset += size;
}

static inline void
vs_box_put_u8 (VsBoxWriter *w, guint8 value)
{
  if (w->data)
    w->data[w->offset] = value;
  w->offset += 1;
}

static inline void
vs_box_put_u16 (VsBoxWriter *w, guint16 value)
{
  if (w->data)
    GST_WRITE_UINT16_BE (w->data + w->offset, value);
  w->offset += 2;
}

static inline void
vs_box_put_u32 (VsBoxWriter *w, guint32 value)
{
  if (w->data)
    GST_WRITE_UINT32_BE (w->data + w->offset, value);
  w->offset += 4;
}

static inline void
vs_box_put_u64 (VsBoxWriter *w, guint64 value)
{
  if (w->data)
    GST_WRITE_UINT64_BE (w->data + w->offset, value);
  w->offset += 8;
}

static inline void
vs_box_put_zeros (VsBoxWriter *w, gsize size)
{
  if (w->data)
    memset (w->data + w->offset, 0, size);
  w->offset += size;
}

/* A box of four-character code @type: what vs_box_close () takes. */
static inline gsize
vs_box_open (VsBoxWriter *w, const gchar *type)
{
  gsize start = w->offset;

  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, type, 4);
  return start;
}

/* A FullBox (14496-12 4.2.2) */
static inline gsize
vs_box_open_full (VsBoxWriter *w, const gchar *type, guint8 version,
    guint32 flags)
{
  gsize start = vs_box_open (w, type);

  vs_box_put_u32 (w, (guint32) version << 24 | flags);
  return start;
}

static inline void
vs_box_close (VsBoxWriter *w, gsize start)
{
  if (w->data)
    GST_WRITE_UINT32_BE (w->data + start, (guint32) (w->offset - start));
}

G_END_DECLS
