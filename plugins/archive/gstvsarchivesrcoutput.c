/* VisionStream: what vsarchivesrc gives out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A chunk's bytes stay in one piece of memory; each buffer is a part of it with
 * one access unit, where the packets of tracks are not mixed. A buffer's time
 * is the PCR's: when its bytes are due. A demuxer that is told so finds the
 * frames at their own times, exactly.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsarchivesrc.h"

#include "mpegts/vstspieces.h"

GST_DEBUG_CATEGORY_EXTERN (vsarchivesrc_debug);
#define GST_CAT_DEFAULT vsarchivesrc_debug

/* Buffers that are pushed in one go: a second of a stream, about */
#define LIST_MAX 100

/* ---- events ------------------------------------------------------------- */

/* What is ahead of the range's start is no part of this stream: nobody is to
 * look for it in the archive. */
static void
send_rendition (GstVsArchiveSrc * self)
{
  g_autoptr (VsRendition) rendition = NULL;
  VsRendition *told;

  if (self->has_rendition || vs_archive_cursor_is_foreign (self->cursor))
    return;
  self->has_rendition = TRUE;
  rendition = vs_archive_cursor_get_rendition (self->cursor);
  told = vs_rendition_copy (rendition);
  g_clear_pointer (&told->archive, g_free);
  if (self->in_use.start == NULL && !self->is_playlist)
    told->archive = g_strdup (self->in_use.store.location);
  told->segmented = TRUE;
  gst_pad_push_event (GST_BASE_SRC_PAD (self), vs_event_new_rendition (told));
  vs_rendition_unref (told);
}

/* Goes out behind the SEGMENT event, ahead of the next buffer. */
static void
announce (GstVsArchiveSrc * self, const VsSegment * segment)
{
  gst_element_send_event (GST_ELEMENT (self), vs_event_new_segment (segment,
          self->announced));
  g_clear_pointer (&self->announced, vs_segment_unref);
  self->announced = vs_segment_copy (segment);
}

void
gst_vs_archive_src_close_segment (GstVsArchiveSrc * self)
{
  if (self->announced)
    gst_pad_push_event (GST_BASE_SRC_PAD (self), vs_event_new_segment (NULL,
            self->announced));
  g_clear_pointer (&self->announced, vs_segment_unref);
}

/* ---- problems ----------------------------------------------------------- */

static void
post_skipped (GstVsArchiveSrc * self, const VsSegment * segment,
    const gchar * name, const GError * problem)
{
  g_autoptr (VsRendition) rendition =
      vs_archive_cursor_get_rendition (self->cursor);
  GstStructure *s = gst_structure_new ("vsarchivesrc-segment-skipped",
      "location", G_TYPE_STRING, name,
      "rendition", G_TYPE_STRING, rendition->name,
      "fragment-id", G_TYPE_UINT64, segment->sequence,
      "timestamp", G_TYPE_UINT64, (guint64) segment->utc_us * GST_USECOND,
      "duration", G_TYPE_UINT64, segment->duration,
      "reason", G_TYPE_STRING, problem->message, NULL);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

/* Of some in a row the first one is warned of. */
static void
tell_skipped (GstVsArchiveSrc * self, const VsSegment * segment,
    const GError * problem)
{
  g_autofree gchar *name = segment->uri ? g_strdup (segment->uri) :
      g_strdup_printf ("segment %" G_GUINT64_FORMAT, segment->sequence);

  GST_OBJECT_LOCK (self);
  self->skipped++;
  GST_OBJECT_UNLOCK (self);
  if (!self->skipping)
    GST_ELEMENT_WARNING (self, RESOURCE, READ,
        ("%s is missing or damaged and is left out. Restore it from a copy, or "
            "set on-error=fail to stop here.", name), ("%s", problem->message));
  self->skipping = TRUE;
  post_skipped (self, segment, name, problem);
}

static void
tell_problem (GstVsArchiveSrc * self, const VsArchiveChunk * chunk)
{
  if (chunk->segment)
    tell_skipped (self, chunk->segment, chunk->problem);
  else
    GST_ELEMENT_WARNING (self, RESOURCE, READ,
        ("New segments can't be looked for; it is tried again. Is the store "
            "there?"), ("%s", chunk->problem->message));
}

/* ---- chunks ------------------------------------------------------------- */

void
gst_vs_archive_src_drop_chunk (GstVsArchiveSrc * self)
{
  g_clear_pointer (&self->chunk, vs_archive_chunk_free);
  gst_clear_buffer (&self->whole);
  self->next_piece = 0;
}

/* A seek to a keyframe is to where that is. */
static void
move_start (GstVsArchiveSrc * self, GstClockTime position)
{
  GstSegment *segment = &GST_BASE_SRC (self)->segment;

  if (!self->move_start)
    return;
  self->move_start = FALSE;
  GST_OBJECT_LOCK (self);
  segment->start = segment->position = position + GST_VS_ARCHIVE_SRC_LEAD;
  segment->time = position;
  GST_OBJECT_UNLOCK (self);
}

void
gst_vs_archive_src_take_chunk (GstVsArchiveSrc * self, VsArchiveChunk * chunk)
{
  send_rendition (self);
  if (chunk->problem)
    tell_problem (self, chunk);
  if (!vs_archive_cursor_is_foreign (self->cursor) && chunk->segment
      && chunk->segment->duration > 0)
    announce (self, chunk->segment);
  if (chunk->bytes == NULL) {
    vs_archive_chunk_free (chunk);
    return;
  }
  self->skipping = FALSE;
  move_start (self, chunk->position);
  self->chunk = chunk;
  self->whole = gst_buffer_new_wrapped_bytes (chunk->bytes);
  self->next_piece = 0;
  GST_OBJECT_LOCK (self);
  self->read++;
  self->bytes += g_bytes_get_size (chunk->bytes);
  GST_OBJECT_UNLOCK (self);
}

static gint64
to_position (const VsArchiveChunk * chunk, gint64 time_90k)
{
  return (gint64) chunk->position
      + (time_90k - chunk->segment->start_pts_90k) * 100000 / 9;
}

/* When the bytes of @piece are due. */
static GstClockTime
get_time (GstVsArchiveSrc * self, const VsTsPiece * piece)
{
  gint64 time_90k =
      piece->pcr_90k != VS_TS_NO_TIME ? piece->pcr_90k : VS_TS_NO_TIME;

  if (time_90k == VS_TS_NO_TIME && !GST_CLOCK_TIME_IS_VALID (self->last))
    time_90k = piece->pts_90k;
  if (time_90k != VS_TS_NO_TIME)
    self->last = MAX (to_position (self->chunk, time_90k)
        + (gint64) GST_VS_ARCHIVE_SRC_LEAD, 0);
  return self->last;
}

static GstBuffer *
make_buffer (GstVsArchiveSrc * self, const VsTsPiece * piece)
{
  GstBuffer *buffer = gst_buffer_copy_region (self->whole,
      GST_BUFFER_COPY_MEMORY, piece->offset, piece->size);

  GST_BUFFER_PTS (buffer) = get_time (self, piece);
  if (piece->type == VS_MEDIA_VIDEO && !piece->random_access)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (self->next_piece == 0 && self->chunk->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  if (!vs_archive_cursor_is_foreign (self->cursor))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  return buffer;
}

static void
note_position (GstVsArchiveSrc * self, const VsTsPiece * piece)
{
  if (piece->pts_90k == VS_TS_NO_TIME)
    return;
  GST_OBJECT_LOCK (self);
  self->position = MAX (to_position (self->chunk, piece->pts_90k), 0);
  GST_OBJECT_UNLOCK (self);
}

GstBufferList *
gst_vs_archive_src_next_list (GstVsArchiveSrc * self)
{
  GArray *pieces = self->chunk ? self->chunk->pieces : NULL;
  GstBufferList *list;

  if (pieces == NULL || self->next_piece >= pieces->len) {
    gst_vs_archive_src_drop_chunk (self);
    return NULL;
  }
  /* another chunk's clock may be another one */
  if (self->next_piece == 0 && self->chunk->discont)
    self->last = GST_CLOCK_TIME_NONE;
  list = gst_buffer_list_new_sized (LIST_MAX);
  for (guint i = 0; i < LIST_MAX && self->next_piece < pieces->len; i++) {
    const VsTsPiece *piece =
        &g_array_index (pieces, VsTsPiece, self->next_piece);

    gst_buffer_list_add (list, make_buffer (self, piece));
    note_position (self, piece);
    self->next_piece++;
  }
  return list;
}
