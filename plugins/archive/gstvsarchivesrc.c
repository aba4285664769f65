/* VisionStream: vsarchivesrc, an archive as a stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All that may block is done in the streaming thread, and is cancelled by
 * unlock (): opening, seeking and waiting too. A seek therefore only notes where
 * to go. What is protected by the object lock is what other threads ask for.
 */

/**
 * SECTION:element-vsarchivesrc
 * @title: vsarchivesrc
 *
 * Reads a rendition of an archive that #GstVsSegmentStore has written, or is
 * writing, as one MPEG transport stream: the source of video on demand, of
 * clips and of conversions, with any GStreamer element behind it. Archives of
 * other makers are read too: #GstVsArchiveSrc:location may be any HLS playlist,
 * of TS or fMP4 segments, with sound apart or AES-128. What is not TS is given
 * as TS.
 *
 * #GstVsArchiveSrc:start and #GstVsArchiveSrc:stop choose a range, by wall
 * clock or by offset. It is exact to the GOP: the stream begins with the
 * keyframe at or before the start and ends ahead of the first keyframe at or
 * after the stop; sound begins and ends with them. Segments in between are
 * given out as they are stored, one in memory at a time, however long the
 * archive is. Of an archive that is still written all that comes is waited for,
 * unless #GstVsArchiveSrc:follow says otherwise.
 *
 * Position 0 is the range's first keyframe. The element can be seeked, exactly
 * (from the keyframe at or before the position) or to keyframes. A buffer is
 * an access unit, with the time at which its bytes are due by the stream's
 * clock; frames have their own times inside, and tsdemux puts them where they
 * belong. Where the archive has a gap or a new run, the next buffer is marked
 * DISCONT and the stream has the discontinuity_indicator. The element sends the
 * events `visionstream-rendition` and `visionstream-segment`, so that
 * #GstVsSegmentStore and #GstVsJitPackager behind it keep the segments.
 *
 * ## Messages
 *
 * A segment that is missing, truncated or not what the playlist says is left
 * out with a WARNING (one for some in a row), or is an ERROR
 * (#GstVsArchiveSrc:on-error). Element messages:
 *
 * * `vsarchivesrc-segment-skipped`: for each of them.
 *   * gchararray `location`: the segment
 *   * gchararray `rendition`: "720p"
 *   * guint64 `fragment-id`: media sequence number
 *   * guint64 `timestamp`: of its start, ns since 1970, UTC
 *   * guint64 `duration`: ns
 *   * gchararray `reason`
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 vsarchivesrc location=archive ! filesink location=whole.ts
 * ]| An archive as one file.
 * |[
 * gst-launch-1.0 vsarchivesrc location=archive/default/live/index.m3u8 ! filesink location=film.ts
 * ]| Any HLS playlist as one file, another maker's too.
 * |[
 * gst-launch-1.0 vsarchivesrc location=archive start=1 stop=-1 ! tsdemux ! h264parse ! mp4mux ! filesink location=cut.mp4
 * ]| A clip without its first and last second, as MP4, nothing encoded anew.
 * |[
 * gst-launch-1.0 vsarchivesrc location=archive ! tsdemux ! h264parse ! avdec_h264 ! videoconvert ! videorate ! video/x-raw,framerate=1/1 ! jpegenc ! multifilesink location=thumbnail-%05d.jpg
 * ]| A picture a second.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsarchivesrc.h"

GST_DEBUG_CATEGORY (vsarchivesrc_debug);
#define GST_CAT_DEFAULT vsarchivesrc_debug

#define LEAD GST_VS_ARCHIVE_SRC_LEAD

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("video/mpegts, systemstream = (boolean) true, "
        "packetsize = (int) 188"));

G_DEFINE_TYPE (GstVsArchiveSrc, gst_vs_archive_src, GST_TYPE_BASE_SRC);
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vsarchivesrc, "vsarchivesrc",
    GST_RANK_NONE, GST_TYPE_VS_ARCHIVE_SRC,
    GST_DEBUG_CATEGORY_INIT (vsarchivesrc_debug, "vsarchivesrc", 0,
        "vsarchivesrc"));

/* ---- errors ------------------------------------------------------------- */

static void
post_error (GstVsArchiveSrc * self, const GError * error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s.", error->message),
        ("start=%s stop=%s", self->in_use.start, self->in_use.stop));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      && self->cursor == NULL && self->is_playlist)
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("There is no such playlist, or nothing of what it names: %s. Check "
            "location and rendition.", error->message), (NULL));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      && self->cursor == NULL)
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("There is no such archive: %s. Check location, account (\"%s\"), "
            "event (\"%s\"), breakout and rendition.", error->message,
            self->in_use.identity.account, self->in_use.identity.event),
        (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, READ,
        ("The archive can't be read: %s. Is the store there, and the archive "
            "whole?", error->message), (NULL));
}

/* FALSE: and said why, unless it was cancelled. */
static GstFlowReturn
fail (GstVsArchiveSrc * self, const GError * error)
{
  if (g_cancellable_is_cancelled (self->cancellable))
    return GST_FLOW_FLUSHING;
  post_error (self, error);
  return GST_FLOW_ERROR;
}

/* ---- reading ------------------------------------------------------------ */

static VsArchiveCursor *
open_cursor (GstVsArchiveSrc * self, GError ** error)
{
  const VsArchiveSrcSettings *in_use = &self->in_use;
  VsArchiveCursorSettings settings = {
    .rendition = in_use->rendition && *in_use->rendition ?
        in_use->rendition : NULL,
    .follow = in_use->follow,
    .close_gaps = in_use->gaps == GST_VS_ARCHIVE_SRC_GAPS_CLOSE,
    .fail = in_use->on_error == GST_VS_ARCHIVE_SRC_ON_ERROR_FAIL,
  };
  VsStoreSettings place;
  g_autofree gchar *playlist = NULL;
  g_autoptr (VsStore) store = NULL;

  if (!vs_archive_time_parse (in_use->start, &settings.start, error)
      || !vs_archive_time_parse (in_use->stop, &settings.stop, error)
      || !vs_store_properties_get_settings (&in_use->store, &place, error))
    return NULL;
  store = vs_archive_location_open (&place, &playlist, error);
  if (store == NULL)
    return NULL;
  settings.playlist = playlist;
  self->is_playlist = playlist != NULL;
  return vs_archive_cursor_open (store, in_use->identity.account,
      in_use->identity.event, in_use->identity.breakout, &settings,
      self->cancellable, error);
}

/* Tells others where things are. */
static void
publish (GstVsArchiveSrc * self)
{
  GstClockTime duration = vs_archive_cursor_get_duration (self->cursor);
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->duration != duration;
  self->duration = duration;
  self->oldest = vs_archive_cursor_get_oldest (self->cursor);
  self->growing = vs_archive_cursor_is_growing (self->cursor);
  GST_BASE_SRC (self)->segment.duration = duration;
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_duration_changed (GST_OBJECT (self)));
}

static void
apply_seek (GstVsArchiveSrc * self)
{
  if (!self->seek_pending)
    return;
  self->seek_pending = FALSE;
  vs_archive_cursor_seek (self->cursor, self->seek_to, self->snap,
      self->seek_stop);
}

/* The next chunk with something in it. */
static GstFlowReturn
read_chunk (GstVsArchiveSrc * self)
{
  g_autoptr (GError) error = NULL;
  VsArchiveChunk *chunk;

  if (self->cursor == NULL)
    self->cursor = open_cursor (self, &error);
  if (self->cursor == NULL)
    return fail (self, error);
  apply_seek (self);
  chunk = vs_archive_cursor_next (self->cursor, self->cancellable, &error);
  if (error)
    return fail (self, error);
  publish (self);
  if (chunk == NULL) {
    gst_vs_archive_src_close_segment (self);
    return GST_FLOW_EOS;
  }
  gst_vs_archive_src_take_chunk (self, chunk);
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_vs_archive_src_create (GstBaseSrc * src, guint64 offset, guint size,
    GstBuffer ** buffer)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (src);
  GstFlowReturn flow = GST_FLOW_OK;
  GstBufferList *list;

  while ((list = gst_vs_archive_src_next_list (self)) == NULL
      && flow == GST_FLOW_OK)
    flow = read_chunk (self);
  if (list)
    gst_base_src_submit_buffer_list (src, list);
  return flow;
}

/* ---- states ------------------------------------------------------------- */

static gboolean
gst_vs_archive_src_start (GstBaseSrc * src)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (src);

  vs_archive_src_settings_copy (&self->in_use, &self->settings,
      G_OBJECT (self));
  GST_OBJECT_LOCK (self);
  self->read = self->skipped = self->bytes = 0;
  self->position = 0;
  self->duration = GST_CLOCK_TIME_NONE;
  self->oldest = 0;
  self->growing = TRUE;
  self->seek_flags = GST_SEEK_FLAG_NONE;
  GST_OBJECT_UNLOCK (self);
  self->seek_pending = self->move_start = FALSE;
  self->last = GST_CLOCK_TIME_NONE;
  self->has_rendition = self->skipping = FALSE;
  return TRUE;
}

static gboolean
gst_vs_archive_src_stop (GstBaseSrc * src)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (src);

  gst_vs_archive_src_drop_chunk (self);
  g_clear_pointer (&self->announced, vs_segment_unref);
  g_clear_pointer (&self->cursor, vs_archive_cursor_free);
  vs_archive_src_settings_clear (&self->in_use);
  return TRUE;
}

static gboolean
gst_vs_archive_src_unlock (GstBaseSrc * src)
{
  g_cancellable_cancel (GST_VS_ARCHIVE_SRC (src)->cancellable);
  return TRUE;
}

/* The streaming thread is not in create () here. */
static gboolean
gst_vs_archive_src_unlock_stop (GstBaseSrc * src)
{
  g_cancellable_reset (GST_VS_ARCHIVE_SRC (src)->cancellable);
  return TRUE;
}

/* ---- seeking ------------------------------------------------------------ */

static gboolean
gst_vs_archive_src_is_seekable (GstBaseSrc * src)
{
  return TRUE;
}

static gint64
to_absolute (GstSeekType type, gint64 value, gint64 now, gint64 duration)
{
  if (type == GST_SEEK_TYPE_SET)
    return value;
  return type == GST_SEEK_TYPE_END ? MAX (duration + value, 0) : now;
}

/* The base class is to see positions only: what a seek says in terms of the
 * present segment would be in that one's times, which are LEAD above. (transfer
 * full) (nullable): NULL for one that can't be done. */
static GstEvent *
make_absolute (GstVsArchiveSrc * self, GstEvent * event)
{
  GstSeekType start_type, stop_type;
  GstSeekFlags flags;
  GstFormat format;
  gint64 start, stop, duration, last_stop;
  GstEvent *absolute;
  gdouble speed;

  gst_event_parse_seek (event, &speed, &format, &flags, &start_type, &start,
      &stop_type, &stop);
  if (format != GST_FORMAT_TIME || speed <= 0)
    return NULL;
  GST_OBJECT_LOCK (self);
  duration = GST_CLOCK_TIME_IS_VALID (self->duration) ? self->duration : 0;
  last_stop = GST_BASE_SRC (self)->segment.stop;
  start = to_absolute (start_type, start, self->position, duration);
  self->seek_flags = flags;
  GST_OBJECT_UNLOCK (self);
  stop = to_absolute (stop_type, stop, last_stop == -1 ? -1 :
      last_stop - (gint64) LEAD, duration);
  absolute = gst_event_new_seek (speed, format, flags, GST_SEEK_TYPE_SET,
      start, GST_SEEK_TYPE_SET, stop);
  gst_event_set_seqnum (absolute, gst_event_get_seqnum (event));
  return absolute;
}

static gboolean
gst_vs_archive_src_event (GstBaseSrc * src, GstEvent * event)
{
  g_autoptr (GstEvent) absolute = NULL;

  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK) {
    event = absolute = make_absolute (GST_VS_ARCHIVE_SRC (src), event);
    if (event == NULL)
      return FALSE;
  }
  return GST_BASE_SRC_CLASS (gst_vs_archive_src_parent_class)->event (src,
      event);
}

static gboolean
gst_vs_archive_src_send_event (GstElement * element, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK) {
    GstEvent *absolute = make_absolute (GST_VS_ARCHIVE_SRC (element), event);

    gst_event_unref (event);
    if (absolute == NULL)
      return FALSE;
    event = absolute;
  }
  return GST_ELEMENT_CLASS (gst_vs_archive_src_parent_class)->send_event
      (element, event);
}

static VsArchiveSnap
get_snap (GstSeekFlags flags)
{
  GstSeekFlags nearest = GST_SEEK_FLAG_SNAP_NEAREST;

  if (!(flags & GST_SEEK_FLAG_KEY_UNIT))
    return VS_ARCHIVE_SNAP_BEFORE;
  if ((flags & nearest) == nearest)
    return VS_ARCHIVE_SNAP_NEAREST;
  return flags & GST_SEEK_FLAG_SNAP_AFTER ? VS_ARCHIVE_SNAP_AFTER :
      VS_ARCHIVE_SNAP_BEFORE;
}

/* The segment comes in positions. */
static gboolean
gst_vs_archive_src_do_seek (GstBaseSrc * src, GstSegment * segment)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (src);

  self->seek_pending = TRUE;
  self->seek_to = segment->start;
  self->seek_stop = segment->stop;
  segment->start += LEAD;
  if (GST_CLOCK_TIME_IS_VALID (segment->stop))
    segment->stop += LEAD;
  segment->position = segment->start;
  gst_vs_archive_src_drop_chunk (self);
  g_clear_pointer (&self->announced, vs_segment_unref);
  GST_OBJECT_LOCK (self);
  self->snap = get_snap (self->seek_flags);
  self->move_start = (self->seek_flags & GST_SEEK_FLAG_KEY_UNIT) != 0;
  self->seek_flags = GST_SEEK_FLAG_NONE;
  self->position = self->seek_to;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_vs_archive_src_query (GstBaseSrc * src, GstQuery * query)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (src);
  GstClockTime position, duration, oldest;
  GstFormat format = GST_FORMAT_UNDEFINED;

  GST_OBJECT_LOCK (self);
  position = self->position;
  duration = self->duration;
  oldest = self->oldest;
  GST_OBJECT_UNLOCK (self);
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_POSITION:
      gst_query_parse_position (query, &format, NULL);
      if (format == GST_FORMAT_TIME)
        gst_query_set_position (query, format, position);
      return format == GST_FORMAT_TIME;
    case GST_QUERY_DURATION:
      gst_query_parse_duration (query, &format, NULL);
      if (format == GST_FORMAT_TIME)
        gst_query_set_duration (query, format, duration);
      return format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID (duration);
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
      gst_query_set_seeking (query, format, format == GST_FORMAT_TIME, oldest,
          duration);
      return TRUE;
    default:
      return GST_BASE_SRC_CLASS (gst_vs_archive_src_parent_class)->query (src,
          query);
  }
}

/* ---- the object --------------------------------------------------------- */

static GstStructure *
make_stats (GstVsArchiveSrc * self)
{
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new ("vsarchivesrc-stats",
      "segments-read", G_TYPE_UINT64, self->read,
      "segments-skipped", G_TYPE_UINT64, self->skipped,
      "bytes-read", G_TYPE_UINT64, self->bytes, NULL);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

static void
gst_vs_archive_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (object);

  vs_archive_src_settings_set_property (&self->settings, object, id, value,
      pspec);
}

static void
gst_vs_archive_src_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (object);

  if (id == VS_ARCHIVE_SRC_PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    vs_archive_src_settings_get_property (&self->settings, object, id, value,
        pspec);
}

static void
gst_vs_archive_src_finalize (GObject * object)
{
  GstVsArchiveSrc *self = GST_VS_ARCHIVE_SRC (object);

  vs_archive_src_settings_clear (&self->settings);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (gst_vs_archive_src_parent_class)->finalize (object);
}

static void
gst_vs_archive_src_class_init (GstVsArchiveSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = gst_vs_archive_src_set_property;
  object_class->get_property = gst_vs_archive_src_get_property;
  object_class->finalize = gst_vs_archive_src_finalize;
  vs_archive_src_settings_install_properties (object_class);

  src_class->start = gst_vs_archive_src_start;
  src_class->stop = gst_vs_archive_src_stop;
  src_class->unlock = gst_vs_archive_src_unlock;
  src_class->unlock_stop = gst_vs_archive_src_unlock_stop;
  src_class->create = gst_vs_archive_src_create;
  src_class->is_seekable = gst_vs_archive_src_is_seekable;
  src_class->event = gst_vs_archive_src_event;
  src_class->do_seek = gst_vs_archive_src_do_seek;
  src_class->query = gst_vs_archive_src_query;

  element_class->send_event = gst_vs_archive_src_send_event;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Archive source",
      "Source",
      "Reads an archive, whole or a time range of it, as one MPEG-TS",
      "VisionStream");
  gst_type_mark_as_plugin_api (vs_archive_src_gaps_get_type (), 0);
  gst_type_mark_as_plugin_api (vs_archive_src_on_error_get_type (), 0);
}

static void
gst_vs_archive_src_init (GstVsArchiveSrc * self)
{
  vs_archive_src_settings_init (&self->settings);
  self->cancellable = g_cancellable_new ();
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  /* a range ends with a keyframe, which the segment's stop is not */
  gst_base_src_set_automatic_eos (GST_BASE_SRC (self), FALSE);
}
