/* VisionStream: boxes of any size, written in pieces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A box begins with its size, and those of a long movie are not in memory at
 * once. So the same code runs twice: first it measures, and each box keeps
 * its size; then it writes, and finds the sizes in the same order.
 */
#pragma once

#include "isobmff/vsboxwriter.h"
#include "isobmff/vsmp4table.h"
#include "isobmff/vsmp4writer.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 offset;               /* bytes so far */

  /*< private >*/
  GArray *sizes;                /* guint64: of boxes, as they were opened */
  guint next_box;
  VsMp4Sink sink;               /* NULL: measures */
  gpointer user_data;
  guint8 *piece;                /* what is not given to the sink yet */
  gsize piece_size, piece_capacity;
  GError *error;                /* the first; nothing is written from there */
} VsMp4Output;

/* Measures. */
void vs_mp4_output_init (VsMp4Output *output);
void vs_mp4_output_clear (VsMp4Output *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsMp4Output, vs_mp4_output_clear)

/* From here on it writes what was measured, from the first box on. */
void vs_mp4_output_set_sink (VsMp4Output *output, VsMp4Sink sink,
    gpointer user_data);
/* All is at the sink; FALSE with the first error that there was. */
gboolean vs_mp4_output_finish (VsMp4Output *output, GError **error);

static inline gboolean
vs_mp4_output_is_measuring (const VsMp4Output *output)
{
  return output->sink == NULL;
}

/* Boxes lie in each other: @box is what closes it. */
guint vs_mp4_output_open (VsMp4Output *output, const gchar *type);
guint vs_mp4_output_open_full (VsMp4Output *output, const gchar *type,
    guint8 version, guint32 flags);
void  vs_mp4_output_close (VsMp4Output *output, guint box);

void vs_mp4_output_put_u32 (VsMp4Output *output, guint32 value);
void vs_mp4_output_put_u64 (VsMp4Output *output, guint64 value);
void vs_mp4_output_put_zeros (VsMp4Output *output, guint64 size);

/* Small boxes that @func writes into memory. */
typedef void (*VsMp4PutFunc) (VsBoxWriter *w, gconstpointer data);
void vs_mp4_output_put (VsMp4Output *output, VsMp4PutFunc func,
    gconstpointer data);

/* The entries of @table, as @func puts them: @size bytes in all. */
void vs_mp4_output_put_table (VsMp4Output *output, const VsMp4Table *table,
    guint64 size, VsMp4TableFunc func, gpointer user_data);

G_END_DECLS
