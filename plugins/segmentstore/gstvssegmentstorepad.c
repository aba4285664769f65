/* VisionStream: a rendition of vssegmentstore: sink pad, source pad, cutter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes that come in go into the cutter. What its callbacks give is kept until
 * the segment closes, for the archive, and goes out at once, as one buffer an
 * access unit, with the events that tell the rendition and its segments.
 *
 * A stream that says that it is cut already goes around the cutter: its own
 * segment events say where the bytes belong.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorepad.h"

#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

#define TICKS G_GINT64_CONSTANT (90000)
#define SHA256_SIZE 32
/* that are remembered of a stream that is cut already */
#define CONFIGS_MAX 16
#define SRC_CAPS "video/mpegts, systemstream=(boolean)true, " \
    "packetsize=(int)188"

enum
{
  PROP_0,
  PROP_RENDITION,
  PROP_PROGRAM_NUMBER
};

G_DEFINE_TYPE (GstVsSegmentStorePad, gst_vs_segment_store_pad, GST_TYPE_PAD);

/* The element; a pad in use has one. */
static GstVsSegmentStore *
get_store (GstVsSegmentStorePad * pad)
{
  return GST_VS_SEGMENT_STORE (GST_PAD_PARENT (pad));
}

/* Readers of the statistics look at it under the lock. */
static void
set_cutter (GstVsSegmentStorePad * pad, GstVsSegmentStore * self,
    VsCutter * cutter)
{
  VsCutter *old;

  g_mutex_lock (&self->lock);
  old = pad->cutter;
  pad->cutter = cutter;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&old, vs_cutter_free);
}

/* ---- going out ---------------------------------------------------------- */

/* The events that must be the first ones, in their order. */
static void
push_preamble (GstVsSegmentStorePad * pad)
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
        GST_ELEMENT (get_store (pad)), GST_PAD_NAME (pad->srcpad));

    gst_pad_push_event (pad->srcpad, gst_event_new_stream_start (id));
  }
  caps = gst_caps_from_string (SRC_CAPS);
  gst_pad_push_event (pad->srcpad, gst_event_new_caps (caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad->srcpad, gst_event_new_segment (&segment));
}

/* What nobody says is told from the picture. */
static gchar *
choose_name (GstVsSegmentStorePad * pad)
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
  return gst_vs_segment_store_take_name (get_store (pad),
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

static void
declare_rendition (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = get_store (pad);

  vs_archive_writer_set_rendition (self->writer, pad->rendition);
  vs_archive_writer_set_order (self->writer, pad->rendition->name, pad->number);
  push_preamble (pad);
  gst_pad_push_event (pad->srcpad, vs_event_new_rendition (pad->rendition));
}

/* The rendition is known with its first access unit. */
static void
make_rendition (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = get_store (pad);
  VsRendition *rendition;

  if (pad->upstream != NULL) {
    g_autofree gchar *name =
        gst_vs_segment_store_take_name (self, pad->upstream->name);

    rendition = vs_rendition_copy (pad->upstream);
    g_free (rendition->name);
    rendition->name = g_steal_pointer (&name);
  } else {
    g_autofree gchar *name = choose_name (pad);

    rendition = vs_rendition_new (self->account, self->event, self->breakout,
        name);
    rendition->track_count = count_tracks (vs_cutter_get_program (pad->cutter));
  }
  g_free (rendition->archive);
  rendition->archive = g_strdup (vs_store_get_location (self->store));
  if (!rendition->segmented) {
    GST_OBJECT_LOCK (self);
    rendition->target_duration = self->earlier_target ?
        self->earlier_target * GST_SECOND : self->target_duration;
    GST_OBJECT_UNLOCK (self);
  }
  rendition->segmented = TRUE;
  pad->rendition = rendition;
  declare_rendition (pad);
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

static void
keep_part (GstVsSegmentStorePad * pad, GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  g_checksum_update (pad->checksum, data, size);
  pad->size += size;
  g_ptr_array_add (pad->parts, g_bytes_ref (bytes));
}

static void
drop_parts (GstVsSegmentStorePad * pad)
{
  g_ptr_array_set_size (pad->parts, 0);
  g_checksum_reset (pad->checksum);
  pad->size = 0;
}

/* Fills in what the bytes tell and hands the segment to the archive. */
static void
store_segment (GstVsSegmentStorePad * pad, VsSegment * segment)
{
  gsize length = SHA256_SIZE;

  if (segment->gap) {
    drop_parts (pad);
    segment->size = 0;
    memset (segment->sha256, 0, SHA256_SIZE);
  } else {
    segment->size = pad->size;
    g_checksum_get_digest (pad->checksum, segment->sha256, &length);
    g_free (segment->uri);
    segment->uri = vs_archive_segment_name (pad->rendition->name,
        segment->sequence);
  }
  vs_archive_writer_append (get_store (pad)->writer, pad->rendition->name,
      segment, (GBytes **) pad->parts->pdata, pad->parts->len);
  drop_parts (pad);
}

static void
push_buffer (GstVsSegmentStorePad * pad, GstBuffer * buffer)
{
  GstFlowReturn flow = gst_pad_push (pad->srcpad, buffer);

  /* nobody there, or nobody who still wants it: storing goes on */
  if (flow == GST_FLOW_ERROR || flow == GST_FLOW_NOT_NEGOTIATED)
    pad->flow = flow;
}

/* ---- the cutter's callbacks --------------------------------------------- */

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  g_clear_pointer (&pad->opened, vs_segment_unref);
  pad->opened = vs_segment_copy (segment);
  pad->announced = FALSE;
}

/* Where media time @time_90k of the open segment is on our time line: UTC
 * leads over jumps of the clock. */
static GstClockTime
get_running_time (GstVsSegmentStorePad * pad, gint64 time_90k)
{
  gint64 anchor_utc_us, ns;
  GstClockTime anchor = gst_vs_segment_store_anchor (get_store (pad),
      pad->opened->utc_us, pad->running_time, &anchor_utc_us);

  ns = (pad->opened->utc_us - anchor_utc_us) * (gint64) GST_USECOND
      + (time_90k - pad->opened->start_pts_90k) * 100000 / 9 + (gint64) anchor;
  return MAX (ns, 0);
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;
  const VsTsProgram *program = vs_cutter_get_program (cutter);
  GstBuffer *buffer;

  if (pad->rendition == NULL)
    make_rendition (pad);
  if (!pad->announced)
    announce (pad);
  keep_part (pad, bytes);

  buffer = gst_buffer_new_wrapped_bytes (bytes);
  g_bytes_unref (bytes);
  if (unit->pts_90k != VS_TS_NO_TIME)
    GST_BUFFER_PTS (buffer) = get_running_time (pad, unit->pts_90k);
  if (unit->dts_90k != VS_TS_NO_TIME)
    GST_BUFFER_DTS (buffer) = get_running_time (pad, unit->dts_90k);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  if (program != NULL
      && vs_codec_get_media_type (program->tracks[unit->track].codec) ==
      VS_MEDIA_VIDEO && !(unit->flags & VS_TS_UNIT_KEYFRAME))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (unit->flags & VS_TS_UNIT_DISCONT)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  push_buffer (pad, buffer);
}

/* EXT-X-TARGETDURATION is known once the first segment has closed. */
static void
follow_target (GstVsSegmentStorePad * pad)
{
  GstVsSegmentStore *self = get_store (pad);
  GstClockTime target =
      vs_segmenter_get_fixed_target (self->segmenter) * GST_SECOND;
  VsRendition *rendition;

  if (target == 0 || pad->rendition->target_duration == target)
    return;
  rendition = vs_rendition_copy (pad->rendition);
  rendition->target_duration = target;
  vs_rendition_unref (pad->rendition);
  pad->rendition = rendition;
  declare_rendition (pad);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  if (pad->rendition == NULL) {
    /* it never had anything: its timeline begins later */
    drop_parts (pad);
    return;
  }
  if (!pad->announced)
    announce (pad);
  follow_target (pad);
  store_segment (pad, segment);
  g_clear_pointer (&pad->closed, vs_segment_unref);
  pad->closed = vs_segment_ref (segment);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  if (pad->rendition == NULL)
    g_ptr_array_add (pad->configs, vs_codec_config_ref (config));
  else
    vs_archive_writer_add_config (get_store (pad)->writer,
        pad->rendition->name, config);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;

  GST_ELEMENT_WARNING (get_store (pad), STREAM, MUX,
      ("%s: %s.", GST_PAD_NAME (pad), text), (NULL));
}

static void
on_end (VsCutter * cutter, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;
  GstVsSegmentStore *self = get_store (pad);
  GstEvent *eos = gst_event_new_eos ();

  push_preamble (pad);
  if (pad->closed != NULL) {
    gst_pad_push_event (pad->srcpad, vs_event_new_segment (NULL, pad->closed));
    g_clear_pointer (&pad->closed, vs_segment_unref);
  }
  gst_event_set_seqnum (eos, pad->seqnum);
  gst_pad_push_event (pad->srcpad, eos);
  g_mutex_lock (&self->lock);
  pad->ended = TRUE;
  g_mutex_unlock (&self->lock);
  gst_vs_segment_store_check_end (self, pad->seqnum);
}

/* ---- what is cut already ------------------------------------------------ */

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  GstVsSegmentStorePad *pad = user_data;
  GPtrArray *known = pad->configs;

  if (unit->config == NULL || g_ptr_array_find (known, unit->config, NULL))
    return;
  if (known->len >= CONFIGS_MAX)
    g_ptr_array_remove_index (known, 0);
  g_ptr_array_add (known, vs_codec_config_ref (unit->config));
  vs_archive_writer_add_config (get_store (pad)->writer,
      pad->rendition->name, unit->config);
}

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
}

static void
take_segment_event (GstVsSegmentStorePad * pad, GstEvent * event)
{
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;

  if (!vs_event_parse_segment (event, &opened, &closed)) {
    GST_WARNING_OBJECT (pad, "a segment event that makes no sense");
    return;
  }
  if (closed != NULL && pad->joined) {
    if (pad->opened == NULL || pad->parts->len == 0)
      closed->gap = TRUE;
    store_segment (pad, closed);
  }
  drop_parts (pad);
  pad->joined = TRUE;
  push_preamble (pad);
  gst_pad_push_event (pad->srcpad, vs_event_new_segment (opened, closed));
  g_clear_pointer (&pad->opened, vs_segment_unref);
  pad->opened = g_steal_pointer (&opened);
}

static void
pass_segmented (GstVsSegmentStorePad * pad, GstBuffer * buffer)
{
  GstMapInfo map;

  if (pad->opened != NULL && gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_autoptr (GBytes) bytes = g_bytes_new (map.data, map.size);

    keep_part (pad, bytes);
    vs_ts_reader_push (pad->reader, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  push_preamble (pad);
  push_buffer (pad, buffer);
}

/* ---- coming in ---------------------------------------------------------- */

static void
take_rendition_event (GstVsSegmentStorePad * pad, GstEvent * event)
{
  VsRendition *upstream = vs_event_parse_rendition (event);

  if (upstream == NULL) {
    GST_WARNING_OBJECT (pad, "a rendition event that makes no sense");
    return;
  }
  g_clear_pointer (&pad->upstream, vs_rendition_unref);
  pad->upstream = upstream;
  if (!upstream->segmented || pad->rendition != NULL)
    return;
  set_cutter (pad, get_store (pad), NULL);
  make_rendition (pad);
}

/* Whether it came cut already. */
static gboolean
is_segmented (const GstVsSegmentStorePad * pad)
{
  return pad->cutter == NULL;
}

static gboolean
end_stream (GstVsSegmentStorePad * pad, GstEvent * event)
{
  pad->seqnum = gst_event_get_seqnum (event);
  gst_event_unref (event);
  if (is_segmented (pad))
    on_end (NULL, pad);
  else
    vs_cutter_drain (pad->cutter);
  return TRUE;
}

static gboolean
end_flush (GstVsSegmentStorePad * pad, GstEvent * event)
{
  GstVsSegmentStore *self = get_store (pad);
  gboolean result = gst_pad_push_event (pad->srcpad, event);

  gst_segment_init (&pad->segment, GST_FORMAT_UNDEFINED);
  if (pad->cutter != NULL) {
    vs_cutter_flush (pad->cutter);
  } else {
    vs_ts_reader_reset (pad->reader);
    drop_parts (pad);
    g_clear_pointer (&pad->opened, vs_segment_unref);
  }
  g_mutex_lock (&self->lock);
  pad->ended = FALSE;
  g_mutex_unlock (&self->lock);
  /* the flush took the segment; renditions may have been lost behind us */
  pad->has_preamble = FALSE;
  if (pad->rendition != NULL)
    declare_rendition (pad);
  return result;
}

static gboolean
sink_event (GstPad * sinkpad, GstObject * parent, GstEvent * event)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (sinkpad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_STREAM_START:
      return gst_pad_push_event (pad->srcpad, event);
    case GST_EVENT_FLUSH_STOP:
      return end_flush (pad, event);
    case GST_EVENT_EOS:
      return end_stream (pad, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &pad->segment);
      break;
    case GST_EVENT_CAPS:
    case GST_EVENT_GAP:
      /* ours are pushed; a TS needs no telling that nothing comes */
      break;
    default:
      if (vs_event_is_rendition (event)) {
        take_rendition_event (pad, event);
      } else if (vs_event_is_segment (event) && is_segmented (pad)) {
        take_segment_event (pad, event);
      } else {
        if (GST_EVENT_IS_SERIALIZED (event))
          push_preamble (pad);
        return gst_pad_push_event (pad->srcpad, event);
      }
  }
  gst_event_unref (event);
  return TRUE;
}

static GstClockTime
get_arrival (GstVsSegmentStorePad * pad, GstBuffer * buffer)
{
  GstClockTime time = GST_BUFFER_DTS_OR_PTS (buffer);

  if (pad->segment.format != GST_FORMAT_TIME || !GST_CLOCK_TIME_IS_VALID (time))
    return GST_CLOCK_TIME_NONE;
  return gst_segment_to_running_time (&pad->segment, GST_FORMAT_TIME, time);
}

static GstFlowReturn
sink_chain (GstPad * sinkpad, GstObject * parent, GstBuffer * buffer)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (sinkpad);
  GstMapInfo map;

  pad->flow = GST_FLOW_OK;
  if (is_segmented (pad)) {
    pass_segmented (pad, buffer);
    return pad->flow;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (parent, RESOURCE, READ, (NULL),
        ("a buffer that can't be read"));
    return GST_FLOW_ERROR;
  }
  pad->running_time = get_arrival (pad, buffer);
  /* only our own writers are known to mark the end of each access unit */
  vs_cutter_push (pad->cutter, map.data, map.size, pad->running_time,
      pad->upstream != NULL
      && GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return pad->flow;
}

/* The bytes go into buffers of our own, so nobody below can offer a pool. */
static gboolean
sink_query (GstPad * sinkpad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION)
    return FALSE;
  return gst_pad_query_default (sinkpad, parent, query);
}

static GstIterator *
sink_links (GstPad * sinkpad, GstObject * parent)
{
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, GST_VS_SEGMENT_STORE_PAD (sinkpad)->srcpad);
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}

static GstIterator *
src_links (GstPad * srcpad, GstObject * parent)
{
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, gst_pad_get_element_private (srcpad));
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}

/* ---- life --------------------------------------------------------------- */

void
gst_vs_segment_store_pad_start (GstVsSegmentStorePad * pad,
    GstVsSegmentStore * self)
{
  static const VsCutterCallbacks callbacks = {
    on_open, on_chunk, on_close, on_config, on_warning, on_end
  };
  static const VsTsReaderCallbacks reader_callbacks = { on_program, on_unit };
  guint program_number;

  GST_OBJECT_LOCK (pad);
  program_number = pad->program_number;
  GST_OBJECT_UNLOCK (pad);
  gst_segment_init (&pad->segment, GST_FORMAT_UNDEFINED);
  pad->has_preamble = FALSE;
  pad->ended = FALSE;
  pad->announced = FALSE;
  pad->joined = FALSE;
  pad->seqnum = gst_util_seqnum_next ();
  set_cutter (pad, self, vs_segmenter_add (self->segmenter,
          GST_PAD_NAME (pad), program_number, &callbacks, pad));
  pad->reader = vs_ts_reader_new (program_number, &reader_callbacks, pad);
}

void
gst_vs_segment_store_pad_stop (GstVsSegmentStorePad * pad,
    GstVsSegmentStore * self)
{
  set_cutter (pad, self, NULL);
  g_clear_pointer (&pad->reader, vs_ts_reader_free);
  g_clear_pointer (&pad->upstream, vs_rendition_unref);
  g_clear_pointer (&pad->rendition, vs_rendition_unref);
  g_clear_pointer (&pad->opened, vs_segment_unref);
  g_clear_pointer (&pad->closed, vs_segment_unref);
  g_ptr_array_set_size (pad->configs, 0);
  drop_parts (pad);
}

static void
gst_vs_segment_store_pad_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (object);
  const gchar *name;

  switch (id) {
    case PROP_RENDITION:
      name = g_value_get_string (value);
      if (name != NULL && !vs_name_is_valid (name)) {
        g_warning ("\"%s\" is no valid rendition name: use letters, digits, "
            "_ and -, at most %d", name, VS_NAME_MAX);
        break;
      }
      GST_OBJECT_LOCK (pad);
      g_free (pad->rendition_name);
      pad->rendition_name = g_strdup (name);
      GST_OBJECT_UNLOCK (pad);
      break;
    case PROP_PROGRAM_NUMBER:
      GST_OBJECT_LOCK (pad);
      pad->program_number = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (pad);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_vs_segment_store_pad_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (object);

  GST_OBJECT_LOCK (pad);
  switch (id) {
    case PROP_RENDITION:
      g_value_set_string (value, pad->rendition_name);
      break;
    case PROP_PROGRAM_NUMBER:
      g_value_set_uint (value, pad->program_number);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (pad);
}

static void
gst_vs_segment_store_pad_finalize (GObject * object)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (object);

  g_free (pad->rendition_name);
  g_ptr_array_unref (pad->configs);
  g_ptr_array_unref (pad->parts);
  g_checksum_free (pad->checksum);
  G_OBJECT_CLASS (gst_vs_segment_store_pad_parent_class)->finalize (object);
}

static void
gst_vs_segment_store_pad_class_init (GstVsSegmentStorePadClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  object_class->set_property = gst_vs_segment_store_pad_set_property;
  object_class->get_property = gst_vs_segment_store_pad_get_property;
  object_class->finalize = gst_vs_segment_store_pad_finalize;

  /**
   * GstVsSegmentStorePad:rendition:
   *
   * Names the rendition when no event from upstream does. Without both it is
   * the picture's height and `p`, or `audio`; a number is added when another
   * rendition has the name.
   */
  g_object_class_install_property (object_class, PROP_RENDITION,
      g_param_spec_string ("rendition", "Rendition",
          "Name of the rendition when the stream does not tell it (letters, "
          "digits, _ and -, at most 64; unset = \"<height>p\" or \"audio\")",
          NULL, flags));
  /**
   * GstVsSegmentStorePad:program-number:
   *
   * Which programme of a stream with several is stored.
   */
  g_object_class_install_property (object_class, PROP_PROGRAM_NUMBER,
      g_param_spec_uint ("program-number", "Program number",
          "Programme of the transport stream that is stored (0 = the first)",
          0, G_MAXUINT16, 0, flags));
}

static void
gst_vs_segment_store_pad_init (GstVsSegmentStorePad * pad)
{
  pad->configs = g_ptr_array_new_with_free_func
      ((GDestroyNotify) vs_codec_config_unref);
  pad->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  pad->checksum = g_checksum_new (G_CHECKSUM_SHA256);
}

GstPad *
gst_vs_segment_store_pad_new (GstPadTemplate * sink_templ,
    GstPadTemplate * src_templ, guint number)
{
  g_autofree gchar *name = g_strdup_printf ("sink_%u", number);
  g_autofree gchar *src_name = g_strdup_printf ("src_%u", number);
  GstVsSegmentStorePad *pad = g_object_new (GST_TYPE_VS_SEGMENT_STORE_PAD,
      "name", name, "direction", GST_PAD_SINK, "template", sink_templ, NULL);

  pad->number = number;
  gst_pad_set_chain_function (GST_PAD (pad), sink_chain);
  gst_pad_set_event_function (GST_PAD (pad), sink_event);
  gst_pad_set_query_function (GST_PAD (pad), sink_query);
  gst_pad_set_iterate_internal_links_function (GST_PAD (pad), sink_links);

  pad->srcpad = gst_pad_new_from_template (src_templ, src_name);
  gst_pad_set_element_private (pad->srcpad, pad);
  gst_pad_set_iterate_internal_links_function (pad->srcpad, src_links);
  gst_pad_use_fixed_caps (pad->srcpad);
  return GST_PAD (pad);
}
