/* VisionStream: a sink pad of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bytes in: buffers of the streaming thread. Each open segment collects them
 * by reference; when it closes they are put together, once, and the segment
 * goes to the live event with its entry. Where it opens and closes is told by
 * the `visionstream-segment` events of whoever cut upstream, or found by a
 * VsCutter here.
 */
#include "config.h"
#include "common/vselement.h"
#include "jitpackager/gstvsjitpackagerpad.h"

#include <gst/base/gstadapter.h>
#include <openssl/sha.h>
#include <string.h>

#define GST_CAT_DEFAULT gst_vs_jit_packager_debug

enum
{
  PROP_0,
  PROP_RENDITION,
  PROP_PROGRAM_NUMBER
};

struct _GstVsJitPackagerPad
{
  GstPad parent;
  guint position;

  /* protected by the object lock */
  gchar *rendition_name;
  guint program_number;
  gboolean eos;
  VsCutter *cutter;             /* when nobody upstream has cut; changed by
                                 * the streaming thread, which reads it so */

  /* used in the streaming thread only */
  GstSegment segment;
  VsRendition *rendition;       /* what is known of the stream, or NULL */
  VsOriginEvent *event;         /* where it goes, once declared */
  guint height;                 /* of the video, from its configuration */
  guint fixed_target;           /* s, as the segmenter fixed it */
  GPtrArray *configs;           /* VsCodecConfig, until the event has them */
  gboolean open;                /* a segment collects bytes */
  gboolean overflow;            /* it has too many */
  GstAdapter *bytes;
};

G_DEFINE_TYPE (GstVsJitPackagerPad, gst_vs_jit_packager_pad, GST_TYPE_PAD);

static GstVsJitPackager *
get_element (GstVsJitPackagerPad * self)
{
  return GST_VS_JIT_PACKAGER (GST_OBJECT_PARENT (self));
}

/* Segments. */

static void
begin_segment (GstVsJitPackagerPad * self)
{
  gst_adapter_clear (self->bytes);
  self->open = TRUE;
  self->overflow = FALSE;
}

static void
drop_segment (GstVsJitPackagerPad * self)
{
  gst_adapter_clear (self->bytes);
  self->open = FALSE;
}

static void
collect (GstVsJitPackagerPad * self, GstBuffer * buffer)
{
  if (self->open && !self->overflow
      && gst_adapter_available (self->bytes) + gst_buffer_get_size (buffer)
      > VS_SEGMENT_MAX_BYTES) {
    GST_ELEMENT_WARNING (get_element (self), STREAM, FAILED,
        ("A segment is larger than %d MiB: is the target duration right?",
            VS_SEGMENT_MAX_BYTES >> 20), (NULL));
    gst_adapter_clear (self->bytes);
    self->overflow = TRUE;
  }
  if (!self->open || self->overflow) {
    gst_buffer_unref (buffer);
    return;
  }
  gst_adapter_push (self->bytes, buffer);
}

/* What was collected, in one piece; NULL when it is not all there. */
static GBytes *
take_bytes (GstVsJitPackagerPad * self)
{
  gsize size = gst_adapter_available (self->bytes);
  GBytes *bytes = NULL;

  if (self->open && !self->overflow && size > 0)
    bytes = g_bytes_new_take (gst_adapter_take (self->bytes, size), size);
  drop_segment (self);
  return bytes;
}

static gboolean
is_hashed (const VsSegment * segment)
{
  static const guint8 unknown[SHA256_DIGEST_LENGTH] = { 0 };

  return segment->size > 0
      && memcmp (segment->sha256, unknown, sizeof unknown) != 0;
}

static void
hash (VsSegment * segment, GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  segment->size = size;
  SHA256 (data, size, segment->sha256);
}

static void
add_segment (GstVsJitPackagerPad * self, VsSegment * segment, GBytes * bytes)
{
  if (bytes == NULL && segment->uri == NULL && !segment->gap)
    return;
  vs_origin_event_add_segment (self->event, self->rendition->name, segment,
      bytes);
  gst_vs_jit_packager_count_segment (get_element (self));
}

/* Renditions. */

/* Tells the origin of the rendition, or of what changed about it. */
static void
declare_rendition (GstVsJitPackagerPad * self)
{
  g_autoptr (VsTimeline) timeline = vs_timeline_new (self->rendition);

  self->event = gst_vs_jit_packager_get_event (get_element (self),
      self->rendition);
  vs_origin_event_add_rendition (self->event, timeline, self->position);
  for (guint i = 0; i < self->configs->len; i++)
    vs_origin_event_add_config (self->event, self->rendition->name,
        g_ptr_array_index (self->configs, i));
  g_ptr_array_set_size (self->configs, 0);
}

static gchar *
choose_name (GstVsJitPackagerPad * self)
{
  gchar *name;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->rendition_name);
  GST_OBJECT_UNLOCK (self);
  if (name)
    return name;
  if (self->height > 0)
    return g_strdup_printf ("%up", self->height);
  return g_strdup ("audio");
}

/* A stream that nobody has named gets its name when its first segment is
 * whole, for then its picture's height is known. */
static void
name_rendition (GstVsJitPackagerPad * self)
{
  g_autofree gchar *name = choose_name (self);
  const VsTsProgram *program = vs_cutter_get_program (self->cutter);

  self->rendition =
      gst_vs_jit_packager_new_rendition (get_element (self), name);
  if (program)
    self->rendition->language = vs_ts_program_dup_language (program);
}

/* Cut here. */

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  begin_segment (user_data);
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  collect (user_data, gst_buffer_new_wrapped_bytes (bytes));
  g_bytes_unref (bytes);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  GstVsJitPackagerPad *self = user_data;

  if (vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO)
    self->height = config->height;
  if (self->event)
    vs_origin_event_add_config (self->event, self->rendition->name, config);
  else
    g_ptr_array_add (self->configs, vs_codec_config_ref (config));
}

/* The target duration that playlists promise is part of the rendition. */
static void
update_target (GstVsJitPackagerPad * self)
{
  guint target = vs_segmenter_get_fixed_target
      (gst_vs_jit_packager_get_segmenter (get_element (self)));
  VsRendition *changed;

  if (target == self->fixed_target && self->event)
    return;
  self->fixed_target = target;
  changed = vs_rendition_copy (self->rendition);
  changed->target_duration = target * GST_SECOND;
  vs_rendition_unref (self->rendition);
  self->rendition = changed;
  declare_rendition (self);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  GstVsJitPackagerPad *self = user_data;
  g_autoptr (GBytes) bytes = take_bytes (self);

  if (self->rendition == NULL)
    name_rendition (self);
  update_target (self);
  if (bytes)
    hash (segment, bytes);
  add_segment (self, segment, bytes);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  GstVsJitPackagerPad *self = user_data;

  GST_ELEMENT_WARNING (get_element (self), STREAM, DEMUX, ("%s", text),
      ("pad %s", GST_PAD_NAME (self)));
}

static gboolean
may_wait (VsCutter * cutter, gpointer user_data)
{
  return vs_pad_may_block (user_data);
}

static void
set_cutter (GstVsJitPackagerPad * self, VsCutter * cutter)
{
  VsCutter *old;

  GST_OBJECT_LOCK (self);
  old = self->cutter;
  self->cutter = cutter;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&old, vs_cutter_free);
}

/* Whoever deactivates or flushes the pad does not wait for another one. */
static void
set_flushing (GstVsJitPackagerPad * self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  if (self->cutter)
    vs_cutter_set_flushing (self->cutter, flushing);
  GST_OBJECT_UNLOCK (self);
}

static void
ensure_cutter (GstVsJitPackagerPad * self)
{
  static const VsCutterCallbacks callbacks = {
    .open = on_open,
    .chunk = on_chunk,
    .close = on_close,
    .config = on_config,
    .warning = on_warning,
    .may_wait = may_wait,
  };
  guint program_number;

  if (self->cutter)
    return;
  GST_OBJECT_LOCK (self);
  program_number = self->program_number;
  GST_OBJECT_UNLOCK (self);
  set_cutter (self,
      vs_segmenter_add (gst_vs_jit_packager_get_segmenter (get_element (self)),
          GST_PAD_NAME (self), program_number, &callbacks, self));
}

static gboolean
is_cut_upstream (GstVsJitPackagerPad * self)
{
  return self->cutter == NULL && self->rendition && self->rendition->segmented;
}

static void
cut (GstVsJitPackagerPad * self, GstBuffer * buffer)
{
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstMapInfo map;

  ensure_cutter (self);
  if (self->segment.format == GST_FORMAT_TIME)
    running_time = gst_segment_to_running_time (&self->segment,
        GST_FORMAT_TIME, GST_BUFFER_DTS_OR_PTS (buffer));
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  vs_cutter_push (self->cutter, map.data, map.size, running_time,
      GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  gst_buffer_unmap (buffer, &map);
}

static GstFlowReturn
pad_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstVsJitPackagerPad *self = GST_VS_JIT_PACKAGER_PAD (pad);

  if (is_cut_upstream (self)) {
    collect (self, buffer);
  } else {
    cut (self, buffer);
    gst_buffer_unref (buffer);
  }
  return GST_FLOW_OK;
}

/* Events. */

static void
take_rendition (GstVsJitPackagerPad * self, GstEvent * event)
{
  VsRendition *rendition = vs_event_parse_rendition (event);

  if (rendition == NULL) {
    GST_WARNING_OBJECT (self, "malformed rendition event %" GST_PTR_FORMAT,
        event);
    return;
  }
  g_clear_pointer (&self->rendition, vs_rendition_unref);
  self->rendition = rendition;
  if (rendition->archive)
    gst_vs_jit_packager_found_archive (get_element (self), rendition->archive);
  if (rendition->segmented) {
    if (self->event == NULL)
      set_cutter (self, NULL);
    declare_rendition (self);
  }
}

/* The bytes of a segment that upstream has closed, if they are what it says
 * they are. */
static void
close_segment (GstVsJitPackagerPad * self, VsSegment * closed)
{
  g_autoptr (GBytes) bytes = take_bytes (self);
  g_autoptr (VsSegment) entry = vs_segment_copy (closed);

  if (bytes && is_hashed (entry) && g_bytes_get_size (bytes) != entry->size) {
    GST_WARNING_OBJECT (self, "segment %" G_GUINT64_FORMAT " has %"
        G_GSIZE_FORMAT " bytes, not %" G_GUINT64_FORMAT, entry->sequence,
        g_bytes_get_size (bytes), entry->size);
    g_clear_pointer (&bytes, g_bytes_unref);
  } else if (bytes && !is_hashed (entry)) {
    hash (entry, bytes);
  }
  add_segment (self, entry, bytes);
}

static void
take_boundary (GstVsJitPackagerPad * self, GstEvent * event)
{
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;

  if (!is_cut_upstream (self)
      || !vs_event_parse_segment (event, &opened, &closed))
    return;
  if (closed)
    close_segment (self, closed);
  if (opened)
    begin_segment (self);
}

static void
set_eos (GstVsJitPackagerPad * self, gboolean eos)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->eos != eos;
  self->eos = eos;
  GST_OBJECT_UNLOCK (self);
  if (changed && eos)
    gst_vs_jit_packager_pad_ended (get_element (self));
}

static gboolean
pad_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstVsJitPackagerPad *self = GST_VS_JIT_PACKAGER_PAD (pad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (vs_event_is_rendition (event))
        take_rendition (self, event);
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (vs_event_is_segment (event))
        take_boundary (self, event);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_STREAM_START:
      set_eos (self, FALSE);
      break;
    case GST_EVENT_FLUSH_STOP:
      drop_segment (self);
      if (self->cutter)
        vs_cutter_flush (self->cutter);
      set_eos (self, FALSE);
      break;
    case GST_EVENT_EOS:
      if (self->cutter)
        vs_cutter_drain (self->cutter);
      set_eos (self, TRUE);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

gboolean
gst_vs_jit_packager_pad_is_eos (GstVsJitPackagerPad * self)
{
  gboolean eos;

  GST_OBJECT_LOCK (self);
  eos = self->eos;
  GST_OBJECT_UNLOCK (self);
  return eos;
}

static gboolean
pad_activate_mode (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  set_flushing (GST_VS_JIT_PACKAGER_PAD (pad), !active);
  return TRUE;
}

void
gst_vs_jit_packager_pad_start (GstVsJitPackagerPad * self)
{
  if (gst_pad_is_linked (GST_PAD (self)))
    ensure_cutter (self);
}

void
gst_vs_jit_packager_pad_reset (GstVsJitPackagerPad * self)
{
  set_cutter (self, NULL);
  g_clear_pointer (&self->rendition, vs_rendition_unref);
  self->event = NULL;
  self->height = 0;
  self->fixed_target = 0;
  g_ptr_array_set_size (self->configs, 0);
  drop_segment (self);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  GST_OBJECT_LOCK (self);
  self->eos = FALSE;
  GST_OBJECT_UNLOCK (self);
}

static void
pad_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerPad *self = GST_VS_JIT_PACKAGER_PAD (object);
  const gchar *name;

  switch (id) {
    case PROP_RENDITION:
      name = g_value_get_string (value);
      if (name && !vs_name_is_valid (name)) {
        g_warning ("%s is no rendition's name", name);
        break;
      }
      GST_OBJECT_LOCK (self);
      g_free (self->rendition_name);
      self->rendition_name = g_strdup (name);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_PROGRAM_NUMBER:
      GST_OBJECT_LOCK (self);
      self->program_number = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
pad_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerPad *self = GST_VS_JIT_PACKAGER_PAD (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_RENDITION:
      g_value_set_string (value, self->rendition_name);
      break;
    case PROP_PROGRAM_NUMBER:
      g_value_set_uint (value, self->program_number);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
pad_finalize (GObject * object)
{
  GstVsJitPackagerPad *self = GST_VS_JIT_PACKAGER_PAD (object);

  gst_vs_jit_packager_pad_reset (self);
  g_ptr_array_unref (self->configs);
  g_object_unref (self->bytes);
  g_free (self->rendition_name);
  G_OBJECT_CLASS (gst_vs_jit_packager_pad_parent_class)->finalize (object);
}

static void
gst_vs_jit_packager_pad_class_init (GstVsJitPackagerPadClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = pad_set_property;
  object_class->get_property = pad_get_property;
  object_class->finalize = pad_finalize;

  g_object_class_install_property (object_class, PROP_RENDITION,
      g_param_spec_string ("rendition", "Rendition",
          "Name of the rendition where upstream tells none; NULL: the "
          "picture's height, as in 720p, or audio", NULL,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_PROGRAM_NUMBER,
      g_param_spec_uint ("program-number", "Program number",
          "Which programme of the TS; 0: the first", 0, G_MAXUINT16, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_READY));
}

static void
gst_vs_jit_packager_pad_init (GstVsJitPackagerPad * self)
{
  self->bytes = gst_adapter_new ();
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  self->configs = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_codec_config_unref);
}

GstPad *
gst_vs_jit_packager_pad_new (GstPadTemplate * templ, const gchar * name,
    guint position)
{
  GstVsJitPackagerPad *self = g_object_new (GST_TYPE_VS_JIT_PACKAGER_PAD,
      "name", name, "direction", GST_PAD_SINK, "template", templ, NULL);

  gst_pad_set_chain_function (GST_PAD (self), pad_chain);
  gst_pad_set_event_function (GST_PAD (self), pad_event);
  gst_pad_set_activatemode_function (GST_PAD (self), pad_activate_mode);
  self->position = position;
  return GST_PAD (self);
}
