/* VisionStream: a rendition of vssegmentstore: sink pad, source pad, cutter
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes that come in go into the cutter, which gives them out as segments
 * (gstvssegmentstoreoutput.c).
 *
 * A stream that says that it is cut already goes around the cutter: its own
 * segment events say where the bytes belong.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorenames.h"
#include "gstvssegmentstoreoutput.h"

#include "common/vselement.h"

GST_DEBUG_CATEGORY_EXTERN (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

/* that are remembered of a stream that is cut already */
#define CONFIGS_MAX 16

enum
{
  PROP_0,
  PROP_RENDITION,
  PROP_PROGRAM_NUMBER
};

G_DEFINE_TYPE (GstVsSegmentStorePad, gst_vs_segment_store_pad, GST_TYPE_PAD);

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

/* Whoever deactivates or flushes the pad does not wait for a reference. */
static void
set_flushing (GstVsSegmentStorePad * pad, gboolean flushing)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);

  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (pad->cutter != NULL)
    vs_cutter_set_flushing (pad->cutter, flushing);
  g_mutex_unlock (&self->lock);
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
  vs_archive_writer_add_config (gst_vs_segment_store_pad_get_store
      (pad)->writer, pad->rendition->name, unit->config);
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
    gst_vs_segment_store_pad_store (pad, closed);
  }
  gst_vs_segment_store_pad_drop_parts (pad);
  pad->joined = TRUE;
  gst_vs_segment_store_pad_push_preamble (pad);
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

    gst_vs_segment_store_pad_keep_part (pad, bytes);
    vs_ts_reader_push (pad->reader, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  gst_vs_segment_store_pad_push_preamble (pad);
  gst_vs_segment_store_pad_push (pad, buffer);
}

/* ---- coming in ---------------------------------------------------------- */

static void
take_rendition_event (GstVsSegmentStorePad * pad, GstEvent * event)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  VsRendition *upstream = vs_event_parse_rendition (event);

  if (upstream == NULL) {
    GST_WARNING_OBJECT (pad, "a rendition event that makes no sense");
    return;
  }
  g_clear_pointer (&pad->upstream, vs_rendition_unref);
  pad->upstream = upstream;
  gst_vs_segment_store_wish_name (self, pad, upstream->name);
  if (!upstream->segmented || pad->rendition != NULL) {
    gst_vs_segment_store_serve_parked (self);
    return;
  }
  set_cutter (pad, self, NULL);
  gst_vs_segment_store_pad_name_at_once (pad);
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
    gst_vs_segment_store_pad_end (pad);
  else
    vs_cutter_drain (pad->cutter);
  return TRUE;
}

static gboolean
end_flush (GstVsSegmentStorePad * pad, GstEvent * event)
{
  GstVsSegmentStore *self = gst_vs_segment_store_pad_get_store (pad);
  gboolean result;

  gst_vs_segment_store_unpark (self, pad);
  gst_vs_segment_store_pad_drop_waiting (pad);
  result = gst_pad_push_event (pad->srcpad, event);
  gst_segment_init (&pad->segment, GST_FORMAT_UNDEFINED);
  if (pad->cutter != NULL) {
    vs_cutter_flush (pad->cutter);
  } else {
    vs_ts_reader_reset (pad->reader);
    gst_vs_segment_store_pad_drop_parts (pad);
    g_clear_pointer (&pad->opened, vs_segment_unref);
  }
  g_mutex_lock (&self->lock);
  pad->ended = FALSE;
  g_mutex_unlock (&self->lock);
  /* the flush took the segment; renditions may have been lost behind us */
  pad->has_preamble = FALSE;
  if (pad->rendition != NULL)
    gst_vs_segment_store_pad_declare (pad);
  return result;
}

static gboolean
sink_event (GstPad * sinkpad, GstObject * parent, GstEvent * event)
{
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (sinkpad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (pad, TRUE);
      return gst_pad_push_event (pad->srcpad, event);
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
          gst_vs_segment_store_pad_push_preamble (pad);
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

static gboolean
sink_activate_mode (GstPad * sinkpad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  set_flushing (GST_VS_SEGMENT_STORE_PAD (sinkpad), !active);
  return TRUE;
}

static GstIterator *
sink_links (GstPad * sinkpad, GstObject * parent)
{
  return vs_pad_iterate (GST_VS_SEGMENT_STORE_PAD (sinkpad)->srcpad);
}

static GstIterator *
src_links (GstPad * srcpad, GstObject * parent)
{
  return vs_pad_iterate (gst_pad_get_element_private (srcpad));
}

/* ---- life --------------------------------------------------------------- */

void
gst_vs_segment_store_pad_start (GstVsSegmentStorePad * pad,
    GstVsSegmentStore * self)
{
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
          GST_PAD_NAME (pad), program_number,
          &gst_vs_segment_store_pad_callbacks, pad));
  pad->reader = vs_ts_reader_new (program_number, &reader_callbacks, pad);
}

void
gst_vs_segment_store_pad_stop (GstVsSegmentStorePad * pad,
    GstVsSegmentStore * self)
{
  gst_vs_segment_store_unpark (self, pad);
  set_cutter (pad, self, NULL);
  gst_vs_segment_store_pad_drop_waiting (pad);
  g_clear_pointer (&pad->wish, g_free);
  g_clear_pointer (&pad->name, g_free);
  g_clear_pointer (&pad->language, g_free);
  g_clear_pointer (&pad->reader, vs_ts_reader_free);
  g_clear_pointer (&pad->upstream, vs_rendition_unref);
  g_clear_pointer (&pad->rendition, vs_rendition_unref);
  g_clear_pointer (&pad->opened, vs_segment_unref);
  g_clear_pointer (&pad->closed, vs_segment_unref);
  g_ptr_array_set_size (pad->configs, 0);
  pad->last_sequence = 0;
  gst_vs_segment_store_pad_drop_parts (pad);
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
  vs_sha256_clear (&pad->sha256);
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
   * the picture's height and `p`, or `audio`. Of pads that want one name the
   * first by number gets it, the others with a number ("720p-2").
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
  vs_sha256_init (&pad->sha256);
  g_queue_init (&pad->waiting);
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
  gst_pad_set_activatemode_function (GST_PAD (pad), sink_activate_mode);
  gst_pad_set_query_function (GST_PAD (pad), sink_query);
  gst_pad_set_iterate_internal_links_function (GST_PAD (pad), sink_links);

  pad->srcpad = gst_pad_new_from_template (src_templ, src_name);
  gst_pad_set_element_private (pad->srcpad, pad);
  gst_pad_set_iterate_internal_links_function (pad->srcpad, src_links);
  gst_pad_use_fixed_caps (pad->srcpad);
  return GST_PAD (pad);
}
