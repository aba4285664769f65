/* VisionStream: what a rendition of vssegmentstore gives out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the cutter's callbacks give is made a VsOutput each. A chunk goes out at
 * once, as one buffer an access unit, and is kept until its segment closes, for
 * the archive. Events tell the rendition and its segments. Until the
 * rendition's name is known (gstvssegmentstorenames.c) outputs wait in a queue.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorenames.h"
#include "gstvssegmentstoreoutput.h"
#include "gstvssegmentstorerecordings.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

#define TICKS G_GINT64_CONSTANT (90000)
/* What waits for a name at most, as a rendition's data waits for the
 * reference's (VsSegmenter): then one is taken out of turn. */
#define WAIT_90K (10 * TICKS)
#define WAIT_BYTES_MAX (32 * 1024 * 1024)
#define SRC_CAPS "video/mpegts, systemstream=(boolean)true, " \
    "packetsize=(int)188"

GstVsSegmentStore *
gst_vs_segment_store_pad_get_store (GstVsSegmentStorePad * pad)
{
  return GST_VS_SEGMENT_STORE (GST_PAD_PARENT (pad));
}

void
gst_vs_segment_store_pad_push_preamble (GstVsSegmentStorePad * pad)
{
  g_autoptr (GstEvent) start = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstSegment segment;

  if (pad->has_preamble)
    return;
  pad->has_preamble = TRUE;
  start = gst_pad_get_sticky_event (pad->srcpad, GST_EVENT_STREAM_START, 0);
  if (start == NULL) {
    g_autofree gchar *id = gst_pad_create_stream_id (pad->srcpad,
        GST_ELEMENT (gst_vs_segment_store_pad_get_store (pad)),
        GST_PAD_NAME (pad->srcpad));

    gst_pad_push_event (pad->srcpad, gst_event_new_stream_start (id));
  }
  caps = gst_caps_from_string (SRC_CAPS);
  gst_pad_push_event (pad->srcpad, gst_event_new_caps (caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad->srcpad, gst_event_new_segment (&segment));
}

/* What nobody says is told from the picture. */
static void
wish_name (GstVsSegmentStorePad * pad)
{
  g_autofree gchar *name = NULL;

  GST_OBJECT_LOCK (pad);
  name = g_strdup (pad->rendition_name);
  GST_OBJECT_UNLOCK (pad);
  for (guint i = 0; name == NULL && i < pad->configs->len; i++) {
    const VsCodecConfig *config = g_ptr_array_index (pad->configs, i);

    if (config->height > 0)
      name = g_strdup_printf ("%up", config->height);
  }
  gst_vs_segment_store_wish_name (gst_vs_segment_store_pad_get_store (pad), pad,
      name ? name : "audio");
}

static guint
count_tracks (const VsTsProgram * program)
{
  guint n = 0;

  for (guint i = 0; program != NULL && i < program->n_tracks; i++) {
    if (vs_codec_get_media_type (program->tracks[i].codec) != VS_MEDIA_OTHER)
      n++;
  }
  return n;
}

void
gst_vs_segment_store_pad_declare (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);

  vs_archive_writer_set_rendition (self->writer, pad->rendition);
  vs_archive_writer_set_order (self->writer, pad->rendition->name, pad->number);
  gst_vs_segment_store_expect_recordings (self);
  gst_vs_segment_store_pad_push_preamble (pad);
  gst_pad_push_event (pad->srcpad, vs_event_new_rendition (pad->rendition));
}

static void
make_rendition (GstVsSegmentStorePad * pad, const gchar * name)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  VsRendition *rendition;

  if (pad->upstream != NULL) {
    rendition = vs_rendition_copy (pad->upstream);
    g_free (rendition->name);
    rendition->name = g_strdup (name);
  } else {
    rendition = vs_rendition_new (self->account, self->event, self->breakout,
        name);
    rendition->track_count = pad->track_count;
    rendition->language = g_strdup (pad->language);
  }
  g_free (rendition->archive);
  rendition->archive = g_strdup (vs_store_get_location (self->store));
  if (!rendition->segmented) {
    GST_OBJECT_LOCK (self);
    rendition->target_duration = self->earlier_target ?
        self->earlier_target * GST_SECOND : self->settings.target_duration;
    GST_OBJECT_UNLOCK (self);
  }
  rendition->segmented = TRUE;
  pad->rendition = rendition;
  gst_vs_segment_store_pad_declare (pad);
  for (guint i = 0; i < pad->configs->len; i++)
    vs_archive_writer_add_config (self->writer, rendition->name,
        g_ptr_array_index (pad->configs, i));
  g_ptr_array_set_size (pad->configs, 0);
}

/* Says which segment opened, and what the one before was. */
static void
announce (GstVsSegmentStorePad * pad)
{
  pad->announced = TRUE;
  gst_pad_push_event (pad->srcpad, vs_event_new_segment (pad->opened,
          pad->closed));
  g_clear_pointer (&pad->closed, vs_segment_unref);
}

void
gst_vs_segment_store_pad_drop_parts (GstVsSegmentStorePad * pad)
{
  g_ptr_array_set_size (pad->parts, 0);
  vs_sha256_clear (&pad->sha256);
  vs_sha256_init (&pad->sha256);
  pad->size = 0;
  pad->overflow = FALSE;
}

/* The segment is too large to be held: what is left of it only passes. */
static void
give_up_segment (GstVsSegmentStorePad * pad)
{
  gst_vs_segment_store_pad_drop_parts (pad);
  pad->overflow = TRUE;
  GST_ELEMENT_WARNING (gst_vs_segment_store_pad_get_store (pad), STREAM, MUX,
      ("%s: a segment is larger than %d MiB and is not stored. Does the "
          "stream's clock stand still, or is target-duration too long?",
          GST_PAD_NAME (pad), VS_SEGMENT_MAX_BYTES >> 20), (NULL));
}

void
gst_vs_segment_store_pad_keep_part (GstVsSegmentStorePad * pad, GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (!pad->overflow && size > VS_SEGMENT_MAX_BYTES - pad->size)
    give_up_segment (pad);
  if (pad->overflow)
    return;
  vs_sha256_update (&pad->sha256, data, size);
  pad->size += size;
  g_ptr_array_add (pad->parts, g_bytes_ref (bytes));
}

void
gst_vs_segment_store_pad_store (GstVsSegmentStorePad * pad, VsSegment * segment)
{
  segment->gap |= pad->overflow;
  if (segment->gap) {
    gst_vs_segment_store_pad_drop_parts (pad);
    segment->size = 0;
    memset (segment->sha256, 0, sizeof segment->sha256);
  } else {
    segment->size = pad->size;
    vs_sha256_finish (&pad->sha256, segment->sha256);
    g_free (segment->uri);
    segment->uri = vs_archive_segment_name (pad->rendition->name,
        segment->sequence);
  }
  vs_archive_writer_append (gst_vs_segment_store_pad_get_store (pad)->writer,
      pad->rendition->name, segment, (GBytes **) pad->parts->pdata,
      pad->parts->len);
  pad->last_sequence = segment->sequence;
  gst_vs_segment_store_pad_drop_parts (pad);
}

void
gst_vs_segment_store_pad_push (GstVsSegmentStorePad * pad, GstBuffer * buffer)
{
  GstFlowReturn flow = gst_pad_push (pad->srcpad, buffer);

  /* nobody there, or nobody who still wants it: storing goes on */
  if (flow == GST_FLOW_ERROR || flow == GST_FLOW_NOT_NEGOTIATED)
    pad->flow = flow;
}

/* ---- outputs ------------------------------------------------------------ */

/* Where media time @time_90k of the open segment is on our time line: UTC
 * leads over jumps of the clock. */
static GstClockTime
get_running_time (GstVsSegmentStorePad * pad, gint64 time_90k,
    GstClockTime arrival)
{
  gint64 anchor_utc_us, ns;
  GstClockTime anchor =
      gst_vs_segment_store_anchor (gst_vs_segment_store_pad_get_store (pad),
      pad->opened->utc_us, arrival, &anchor_utc_us);

  ns = (pad->opened->utc_us - anchor_utc_us) * (gint64) GST_USECOND
      + (time_90k - pad->opened->start_pts_90k) * 100000 / 9 + (gint64) anchor;
  return MAX (ns, 0);
}

/* EXT-X-TARGETDURATION is known once the first segment has closed. */
static void
follow_target (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  GstClockTime target =
      vs_segmenter_get_fixed_target (self->segmenter) * GST_SECOND;
  VsRendition *rendition;

  if (target == 0 || pad->rendition->target_duration == target)
    return;
  rendition = vs_rendition_copy (pad->rendition);
  rendition->target_duration = target;
  vs_rendition_unref (pad->rendition);
  pad->rendition = rendition;
  gst_vs_segment_store_pad_declare (pad);
}

static void
put_open (GstVsSegmentStorePad * pad, VsSegment * segment)
{
  g_clear_pointer (&pad->opened, vs_segment_unref);
  pad->opened = vs_segment_ref (segment);
  pad->announced = FALSE;
}

static void
put_chunk (GstVsSegmentStorePad * pad, const VsOutput * output)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (output->bytes);

  if (!pad->announced)
    announce (pad);
  gst_vs_segment_store_pad_keep_part (pad, output->bytes);
  if (output->pts_90k != VS_TS_NO_TIME)
    GST_BUFFER_PTS (buffer) = get_running_time (pad, output->pts_90k,
        output->arrival);
  if (output->dts_90k != VS_TS_NO_TIME)
    GST_BUFFER_DTS (buffer) = get_running_time (pad, output->dts_90k,
        output->arrival);
  GST_BUFFER_FLAG_SET (buffer, output->flags);
  gst_vs_segment_store_pad_push (pad, buffer);
}

static void
put_close (GstVsSegmentStorePad * pad, VsSegment * segment)
{
  if (pad->rendition == NULL) {
    /* it never had anything: its timeline begins later */
    gst_vs_segment_store_pad_drop_parts (pad);
    return;
  }
  if (!pad->announced)
    announce (pad);
  follow_target (pad);
  gst_vs_segment_store_pad_store (pad, segment);
  g_clear_pointer (&pad->closed, vs_segment_unref);
  pad->closed = vs_segment_ref (segment);
}

void
gst_vs_segment_store_pad_end (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  GstEvent *eos = gst_event_new_eos ();

  gst_vs_segment_store_pad_push_preamble (pad);
  if (pad->closed != NULL) {
    gst_pad_push_event (pad->srcpad, vs_event_new_segment (NULL, pad->closed));
    g_clear_pointer (&pad->closed, vs_segment_unref);
  }
  gst_vs_segment_store_finish_recording (self, pad);
  gst_event_set_seqnum (eos, pad->seqnum);
  gst_pad_push_event (pad->srcpad, eos);
  g_mutex_lock (&self->lock);
  pad->ended = TRUE;
  g_mutex_unlock (&self->lock);
  gst_vs_segment_store_serve_parked (self);
  gst_vs_segment_store_check_end (self, pad->seqnum);
}

static void
output_free (VsOutput * output)
{
  g_clear_pointer (&output->segment, vs_segment_unref);
  g_clear_pointer (&output->bytes, g_bytes_unref);
  g_free (output);
}

/* (transfer full) @output */
static void
put (GstVsSegmentStorePad * pad, VsOutput * output)
{
  switch (output->type) {
    case VS_OUTPUT_OPEN:
      put_open (pad, output->segment);
      break;
    case VS_OUTPUT_CHUNK:
      put_chunk (pad, output);
      break;
    case VS_OUTPUT_CLOSE:
      put_close (pad, output->segment);
      break;
    case VS_OUTPUT_END:
      gst_vs_segment_store_pad_end (pad);
      break;
  }
  output_free (output);
}

/* ---- waiting for the name ----------------------------------------------- */

/* FALSE while there is no name. */
static gboolean
release (GstVsSegmentStorePad * pad, gboolean at_once)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  g_autofree gchar *name = gst_vs_segment_store_get_name (self, pad, at_once);
  VsOutput *output;

  if (name == NULL)
    return FALSE;
  make_rendition (pad, name);
  while ((output = g_queue_pop_head (&pad->waiting)) != NULL)
    put (pad, output);
  pad->waiting_bytes = 0;
  gst_vs_segment_store_serve_parked (self);
  return TRUE;
}

void
gst_vs_segment_store_pad_release (GstVsSegmentStorePad * pad)
{
  release (pad, FALSE);
}

void
gst_vs_segment_store_pad_name_at_once (GstVsSegmentStorePad * pad)
{
  release (pad, TRUE);
}

void
gst_vs_segment_store_pad_drop_waiting (GstVsSegmentStorePad * pad)
{
  g_queue_clear_full (&pad->waiting, (GDestroyNotify) output_free);
  pad->waiting_bytes = 0;
}

static gboolean
has_waited_enough (const GstVsSegmentStorePad * pad, const VsOutput * newest)
{
  return pad->waiting_bytes > WAIT_BYTES_MAX
      || (newest->type == VS_OUTPUT_CHUNK && pad->waiting_bytes > 0
      && ABS (newest->dts_90k - pad->waiting_since_90k) > WAIT_90K);
}

static void
wait_for_name (GstVsSegmentStorePad * pad, VsOutput * output)
{
  if (output->type == VS_OUTPUT_CHUNK) {
    if (pad->waiting_bytes == 0)
      pad->waiting_since_90k = output->dts_90k;
    pad->waiting_bytes += g_bytes_get_size (output->bytes);
  }
  g_queue_push_tail (&pad->waiting, output);
  if (output->type == VS_OUTPUT_END
      && !gst_vs_segment_store_park (gst_vs_segment_store_pad_get_store (pad),
          pad))
    release (pad, FALSE);
}

/* (transfer full) @output; what comes ahead of the first chunk needs no
 * name. */
static void
give_out (GstVsSegmentStorePad * pad, VsOutput * output)
{
  gboolean needs_name = output->type == VS_OUTPUT_CHUNK
      || pad->waiting.length > 0;

  if (pad->rendition == NULL && needs_name
      && !release (pad, has_waited_enough (pad, output)))
    wait_for_name (pad, output);
  else
    put (pad, output);
}

/* ---- the cutter's callbacks --------------------------------------------- */

static VsOutput *
output_new (VsOutputType type)
{
  VsOutput *output = g_new0 (VsOutput, 1);

  output->type = type;
  return output;
}

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  VsOutput *output = output_new (VS_OUTPUT_OPEN);

  output->segment = vs_segment_copy (segment);
  give_out (user_data, output);
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;
  const VsTsProgram *program = vs_cutter_get_program (cutter);
  VsOutput *output = output_new (VS_OUTPUT_CHUNK);

  if (pad->rendition == NULL && pad->waiting.length == 0) {
    pad->track_count = count_tracks (program);
    g_free (pad->language);
    pad->language = program ? vs_ts_program_dup_language (program) : NULL;
    wish_name (pad);
  }
  output->bytes = bytes;
  output->pts_90k = unit->pts_90k;
  output->dts_90k = unit->dts_90k;
  output->arrival = pad->running_time;
  output->flags = GST_BUFFER_FLAG_MARKER;
  if (program != NULL
      && vs_codec_get_media_type (program->tracks[unit->track].codec) ==
      VS_MEDIA_VIDEO && !(unit->flags & VS_TS_UNIT_KEYFRAME))
    output->flags |= GST_BUFFER_FLAG_DELTA_UNIT;
  if (unit->flags & VS_TS_UNIT_DISCONT)
    output->flags |= GST_BUFFER_FLAG_DISCONT;
  give_out (pad, output);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  VsOutput *output = output_new (VS_OUTPUT_CLOSE);

  output->segment = vs_segment_copy (segment);
  give_out (user_data, output);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  if (pad->rendition == NULL)
    g_ptr_array_add (pad->configs, vs_codec_config_ref (config));
  else
    vs_archive_writer_add_config (gst_vs_segment_store_pad_get_store
        (pad)->writer, pad->rendition->name, config);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  GST_ELEMENT_WARNING (gst_vs_segment_store_pad_get_store (pad), STREAM, MUX,
      ("%s: %s.", GST_PAD_NAME (pad), text), (NULL));
}

static void
on_end (VsCutter * cutter, gpointer user_data)
{
  give_out (user_data, output_new (VS_OUTPUT_END));
}

static gboolean
may_wait (VsCutter * cutter, gpointer user_data)
{
  return vs_pad_may_block (user_data);
}

const VsCutterCallbacks gst_vs_segment_store_pad_callbacks = {
  on_open, on_chunk, on_close, on_config, on_warning, on_end, may_wait
};
