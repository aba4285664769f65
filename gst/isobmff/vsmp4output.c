/* VisionStream: boxes of any size, written in pieces
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsmp4output.h"

/* bytes that the sink gets at a time, unless a small box has more */
#define PIECE_SIZE (64 * 1024)

void
vs_mp4_output_init (VsMp4Output * output)
{
  memset (output, 0, sizeof *output);
  output->sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
}

void
vs_mp4_output_clear (VsMp4Output * output)
{
  g_clear_pointer (&output->sizes, g_array_unref);
  g_clear_pointer (&output->piece, g_free);
  g_clear_error (&output->error);
}

void
vs_mp4_output_set_sink (VsMp4Output * output, VsMp4Sink sink,
    gpointer user_data)
{
  output->sink = sink;
  output->user_data = user_data;
  output->offset = 0;
  output->next_box = 0;
}

static void
flush (VsMp4Output * output)
{
  if (output->error == NULL && output->piece_size > 0)
    output->sink (output->piece, output->piece_size, output->user_data,
        &output->error);
  output->piece_size = 0;
}

gboolean
vs_mp4_output_finish (VsMp4Output * output, GError ** error)
{
  flush (output);
  if (output->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&output->error));
  return FALSE;
}

static void
make_room (VsMp4Output * output, gsize size)
{
  flush (output);
  if (output->piece_capacity >= size)
    return;
  output->piece_capacity = MAX (size, PIECE_SIZE);
  output->piece = g_realloc (output->piece, output->piece_capacity);
}

/* Where @size bytes are written, NULL while it measures. */
static guint8 *
reserve (VsMp4Output * output, gsize size)
{
  guint8 *to;

  output->offset += size;
  if (vs_mp4_output_is_measuring (output))
    return NULL;
  if (output->piece_size + size > output->piece_capacity)
    make_room (output, size);
  to = output->piece + output->piece_size;
  output->piece_size += size;
  return to;
}

void
vs_mp4_output_put_u32 (VsMp4Output * output, guint32 value)
{
  guint8 *to = reserve (output, 4);

  if (to)
    GST_WRITE_UINT32_BE (to, value);
}

void
vs_mp4_output_put_u64 (VsMp4Output * output, guint64 value)
{
  guint8 *to = reserve (output, 8);

  if (to)
    GST_WRITE_UINT64_BE (to, value);
}

void
vs_mp4_output_put_zeros (VsMp4Output * output, guint64 size)
{
  if (vs_mp4_output_is_measuring (output)) {
    output->offset += size;
    return;
  }
  while (size > 0) {
    gsize n = MIN (size, PIECE_SIZE);

    memset (reserve (output, n), 0, n);
    size -= n;
  }
}

void
vs_mp4_output_put (VsMp4Output * output, VsMp4PutFunc func, gconstpointer data)
{
  VsBoxWriter w = { NULL };

  func (&w, data);
  w = (VsBoxWriter) {
  reserve (output, w.offset)};
  if (w.data)
    func (&w, data);
}

guint
vs_mp4_output_open (VsMp4Output * output, const gchar * type)
{
  guint box = output->next_box++;
  guint64 start = output->offset;

  if (vs_mp4_output_is_measuring (output))
    g_array_append_val (output->sizes, start);
  vs_mp4_output_put_u32 (output, g_array_index (output->sizes, guint64, box));
  vs_mp4_output_put_u32 (output, GST_READ_UINT32_BE (type));
  return box;
}

guint
vs_mp4_output_open_full (VsMp4Output * output, const gchar * type,
    guint8 version, guint32 flags)
{
  guint box = vs_mp4_output_open (output, type);

  vs_mp4_output_put_u32 (output, (guint32) version << 24 | flags);
  return box;
}

void
vs_mp4_output_close (VsMp4Output * output, guint box)
{
  guint64 *size = &g_array_index (output->sizes, guint64, box);

  /* what stands there so far is where it starts */
  if (vs_mp4_output_is_measuring (output))
    *size = output->offset - *size;
}

void
vs_mp4_output_put_table (VsMp4Output * output, const VsMp4Table * table,
    guint64 size, VsMp4TableFunc func, gpointer user_data)
{
  if (vs_mp4_output_is_measuring (output))
    output->offset += size;
  else if (output->error == NULL)
    vs_mp4_table_for_each (table, func, user_data, &output->error);
}
