/* VisionStream: vssegmentstore, cuts streams into segments and stores them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-vssegmentstore
 * @title: vssegmentstore
 *
 * Cuts the renditions of a live event into segments that begin at the same
 * keyframes, stores them with their playlists, and passes the streams on.
 *
 * What it writes below #GstVsSegmentStore:location is plain HLS that any
 * player plays as it lies: `<account>/<event>/index.m3u8`, a child playlist a
 * rendition, MPEG-TS segments. A segment is on the disk before a playlist
 * names it, a restart goes on with the numbers, and what a segment costs does
 * not grow with the length of the stream. A disk that is full or gone never
 * stops the live stream: segments wait in memory (64 MiB) and follow later;
 * what had to be given up stays in the playlists as a gap.
 *
 * Each sink pad `sink_%u` takes one rendition as MPEG-TS; `src_%u` passes on
 * the same bytes as they are stored, one buffer an access unit, with the
 * events `visionstream-rendition` and `visionstream-segment`. Nothing has to
 * be linked there. The first rendition with video decides where segments
 * begin. Streams that were cut upstream are not cut again.
 *
 * The element takes no part in preroll and ends the pipeline like a sink: EOS
 * is posted when all pads have it and all is stored or given up. At EOS the
 * playlists become complete VOD playlists; stopping without EOS leaves them
 * as they are, and the next start on the same folder continues after a
 * discontinuity.
 *
 * ## Messages
 *
 * Element messages, from a thread of their own:
 *
 * * `vssegmentstore-segment-stored`: a segment is durable and listed.
 *   * gchararray `location`: the file
 *   * gchararray `rendition`: "720p"
 *   * guint64 `fragment-id`: media sequence number
 *   * guint64 `running-time`: of its start, ns
 *   * guint64 `duration`: ns
 *   * guint64 `timestamp`: of its start, ns since 1970, UTC
 *   * guint64 `size`: bytes
 *   * GstElement `sink`: this element
 * * `vssegmentstore-segment-lost`: segments were given up and are gaps.
 *   * gchararray `rendition`
 *   * guint64 `first-fragment-id`, `last-fragment-id`
 *   * GstElement `sink`
 * * `vssegmentstore-recovered`: the store works again after a warning.
 *
 * A store that fails posts one WARNING with the path and the cause; segments
 * that are given up, another one that says which.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=300 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! vssegmentstore location=archive target-duration=2000000000
 * ]| One rendition, without anything behind it.
 * |[
 * gst-launch-1.0 -e vssegmentstore name=store location=archive event=two videotestsrc num-buffers=300 ! tee name=t t. ! queue ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! store.sink_0 t. ! queue ! videoscale ! video/x-raw,width=160,height=120 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! store.sink_1
 * ]| Two renditions, cut at the same frames.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorenames.h"

GST_DEBUG_CATEGORY (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

#define DEFAULT_LOCATION "archive"
#define DEFAULT_TARGET_DURATION (6 * GST_SECOND)
/* Below it a playlist's reload alone costs more than the segments; EXTINF and
 * EXT-X-TARGETDURATION are whole seconds at most an hour. */
#define MIN_TARGET_DURATION (100 * GST_MSECOND)
#define MAX_TARGET_DURATION (3600 * GST_SECOND)
/* how long going to READY waits for what is not stored yet */
#define STOP_TIMEOUT (10 * GST_SECOND)

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_TARGET_DURATION,
  PROP_MAX_AGE,
  PROP_MAX_SEGMENTS,
  PROP_MAX_BYTES,
  PROP_START_TIME,
  PROP_STATS,
  PROP_IDENTITY                 /* account, event, breakout */
};

static GstStaticPadTemplate sink_template =
GST_STATIC_PAD_TEMPLATE ("sink_%u", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS ("video/mpegts, systemstream = (boolean) true"));

static GstStaticPadTemplate src_template =
GST_STATIC_PAD_TEMPLATE ("src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
    GST_STATIC_CAPS ("video/mpegts, systemstream = (boolean) true, "
        "packetsize = (int) 188"));

static void child_proxy_init (gpointer iface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstVsSegmentStore, gst_vs_segment_store,
    GST_TYPE_ELEMENT, G_IMPLEMENT_INTERFACE (GST_TYPE_CHILD_PROXY,
        child_proxy_init));
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vssegmentstore, "vssegmentstore",
    GST_RANK_NONE, GST_TYPE_VS_SEGMENT_STORE,
    GST_DEBUG_CATEGORY_INIT (vssegmentstore_debug, "vssegmentstore", 0,
        "vssegmentstore"));

/* ---- for the pads ------------------------------------------------------- */

GstClockTime
gst_vs_segment_store_anchor (GstVsSegmentStore * self, gint64 utc_us,
    GstClockTime running_time, gint64 * anchor_utc_us)
{
  GstClockTime time;

  g_mutex_lock (&self->lock);
  if (!self->anchored) {
    self->anchor_utc_us = utc_us;
    self->anchor_running_time =
        GST_CLOCK_TIME_IS_VALID (running_time) ? running_time : 0;
    self->anchored = TRUE;
  }
  *anchor_utc_us = self->anchor_utc_us;
  time = self->anchor_running_time;
  g_mutex_unlock (&self->lock);
  return time;
}

/* Posts EOS, or leaves that to PLAYING, as sinks do. */
static void
on_archive_ended (gboolean complete, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;
  GstMessage *message = gst_message_new_eos (GST_OBJECT (self));
  gboolean playing;

  g_mutex_lock (&self->lock);
  playing = self->playing;
  self->eos_pending = !playing;
  gst_message_set_seqnum (message, self->eos_seqnum);
  g_mutex_unlock (&self->lock);
  if (!complete)
    GST_WARNING_OBJECT (self, "the end of the archive could not be stored");
  if (playing)
    gst_element_post_message (GST_ELEMENT (self), message);
  else
    gst_message_unref (message);
}

void
gst_vs_segment_store_check_end (GstVsSegmentStore * self, guint32 seqnum)
{
  gboolean all = TRUE;

  g_mutex_lock (&self->lock);
  for (GList * l = self->pads; l != NULL; l = l->next)
    all &= GST_VS_SEGMENT_STORE_PAD (l->data)->ended;
  all &= self->pads != NULL && !self->ending;
  if (all) {
    self->ending = TRUE;
    self->eos_seqnum = seqnum;
  }
  g_mutex_unlock (&self->lock);
  if (all)
    vs_archive_writer_end (self->writer, on_archive_ended, self);
}

/* ---- what the archive says ---------------------------------------------- */

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;
  gint64 anchor_utc_us;
  GstClockTime anchor = gst_vs_segment_store_anchor (self, segment->utc_us,
      GST_CLOCK_TIME_NONE, &anchor_utc_us);
  gint64 running_time = anchor
      + (segment->utc_us - anchor_utc_us) * (gint64) GST_USECOND;

  g_mutex_lock (&self->lock);
  self->stored++;
  self->stored_bytes += segment->size;
  self->last_utc_us = MAX (self->last_utc_us,
      segment->utc_us + (gint64) (segment->duration / GST_USECOND));
  g_mutex_unlock (&self->lock);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-segment-stored",
              "location", G_TYPE_STRING, path,
              "rendition", G_TYPE_STRING, rendition->name,
              "fragment-id", G_TYPE_UINT64, segment->sequence,
              "running-time", G_TYPE_UINT64, (guint64) MAX (running_time, 0),
              "duration", G_TYPE_UINT64, segment->duration,
              "timestamp", G_TYPE_UINT64,
              (guint64) segment->utc_us * GST_USECOND,
              "size", G_TYPE_UINT64, segment->size,
              "sink", GST_TYPE_ELEMENT, self, NULL)));
}

static void
on_failed (const gchar * path, const GError * error, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->failing = TRUE;
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("Can't store %s: %s. The stream goes on, segments wait in memory.",
          path, error->message), (NULL));
}

static void
on_recovered (gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->failing = FALSE;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-recovered",
              "sink", GST_TYPE_ELEMENT, self, NULL)));
}

static void
on_lost (const VsRendition * rendition, guint64 first_sequence,
    guint64 last_sequence, gpointer user_data)
{
  GstVsSegmentStore *self = user_data;

  g_mutex_lock (&self->lock);
  self->lost += last_sequence - first_sequence + 1;
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vssegmentstore-segment-lost",
              "rendition", G_TYPE_STRING, rendition->name,
              "first-fragment-id", G_TYPE_UINT64, first_sequence,
              "last-fragment-id", G_TYPE_UINT64, last_sequence,
              "sink", GST_TYPE_ELEMENT, self, NULL)));
  GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
      ("Segments %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " of %s are "
          "lost: the store has failed for too long. They stay in the "
          "playlist as gaps.", first_sequence, last_sequence,
          rendition->name), (NULL));
}

/* ---- states ------------------------------------------------------------- */

static void
copy_settings (GstVsSegmentStore * self, gchar ** location,
    VsArchiveWriterSettings * archive, VsSegmenterSettings * segmenter,
    gchar ** start_time)
{
  GST_OBJECT_LOCK (self);
  *location = g_strdup (self->location);
  *start_time = g_strdup (self->start_time);
  self->account = g_strdup (self->identity.account);
  self->event = g_strdup (self->identity.event);
  self->breakout = g_strdup (self->identity.breakout);
  *archive = (VsArchiveWriterSettings) {
  .account = self->account,.event = self->event,.breakout =
        self->breakout,.max_age = self->max_age * GST_SECOND,.max_segments =
        self->max_segments,.max_bytes = self->max_bytes,};
  *segmenter = (VsSegmenterSettings) {
  .target_duration = self->target_duration,.first_sequence = 1,.start_utc_us =
        -1,.event_utc_us = -1,};
  GST_OBJECT_UNLOCK (self);
}

static gboolean
parse_start_time (GstVsSegmentStore * self, const gchar * text, gint64 * utc_us)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;

  if (text == NULL)
    return TRUE;
  time = g_date_time_new_from_iso8601 (text, utc);
  if (time == NULL || g_date_time_to_unix (time) < 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("start-time \"%s\" is no date and time. Write it as "
            "2026-01-01T00:00:00Z.", text), (NULL));
    return FALSE;
  }
  *utc_us = g_date_time_to_unix (time) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (time);
  return TRUE;
}

static gboolean
open_archive (GstVsSegmentStore * self)
{
  static const VsArchiveWriterCallbacks callbacks = {
    on_stored, on_failed, on_recovered, on_lost
  };
  g_autofree gchar *location = NULL;
  g_autofree gchar *start_time = NULL;
  g_autoptr (GError) error = NULL;
  VsArchiveWriterSettings archive;
  VsSegmenterSettings segmenter;
  VsArchiveState state = { FALSE, };

  copy_settings (self, &location, &archive, &segmenter, &start_time);
  if (!parse_start_time (self, start_time, &segmenter.start_utc_us))
    return FALSE;
  self->store = vs_store_open (location, TRUE, &error);
  if (self->store != NULL)
    self->writer = vs_archive_writer_new (self->store, &archive, &callbacks,
        self, &state, &error);
  if (self->writer == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Can't store below %s: %s. Choose another location, or make this "
            "one writable.", location, error->message), (NULL));
    return FALSE;
  }
  if (state.found) {
    segmenter.first_sequence = state.next_sequence;
    segmenter.first_discontinuity_sequence = state.next_discontinuity_sequence;
    segmenter.first_run = state.next_run;
    segmenter.continues = TRUE;
    segmenter.fixed_target = state.target_duration;
    segmenter.min_utc_us = state.end_utc_us;
    segmenter.event_utc_us = state.event_utc_us;
  }
  self->earlier_target = segmenter.fixed_target;
  self->segmenter = vs_segmenter_new (&segmenter);
  return TRUE;
}

static void
close_archive (GstVsSegmentStore * self)
{
  for (GList * l = self->pads; l != NULL; l = l->next)
    gst_vs_segment_store_pad_stop (l->data, self);
  g_clear_pointer (&self->segmenter, vs_segmenter_unref);
  if (self->writer != NULL)
    vs_archive_writer_free (self->writer, STOP_TIMEOUT);
  self->writer = NULL;
  g_clear_pointer (&self->store, vs_store_unref);
  g_clear_pointer (&self->account, g_free);
  g_clear_pointer (&self->event, g_free);
  g_clear_pointer (&self->breakout, g_free);
  g_hash_table_remove_all (self->names);
  self->anchored = self->ending = self->eos_pending = self->failing = FALSE;
}

static gboolean
start (GstVsSegmentStore * self)
{
  if (!open_archive (self)) {
    close_archive (self);
    return FALSE;
  }
  self->stored = self->lost = self->stored_bytes = 0;
  self->last_utc_us = 0;
  for (GList * l = self->pads; l != NULL; l = l->next)
    gst_vs_segment_store_pad_start (l->data, self);
  return TRUE;
}

/* EOS that came before PLAYING. */
static void
set_playing (GstVsSegmentStore * self, gboolean playing)
{
  GstMessage *message = NULL;

  g_mutex_lock (&self->lock);
  self->playing = playing;
  if (playing && self->eos_pending) {
    self->eos_pending = FALSE;
    message = gst_message_new_eos (GST_OBJECT (self));
    gst_message_set_seqnum (message, self->eos_seqnum);
  }
  g_mutex_unlock (&self->lock);
  if (message != NULL)
    gst_element_post_message (GST_ELEMENT (self), message);
}

static GstStateChangeReturn
gst_vs_segment_store_change_state (GstElement * element,
    GstStateChange transition)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);
  result = GST_ELEMENT_CLASS (gst_vs_segment_store_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING
      && result != GST_STATE_CHANGE_FAILURE)
    set_playing (self, TRUE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && result == GST_STATE_CHANGE_FAILURE))
    close_archive (self);
  return result;
}

/* ---- pads --------------------------------------------------------------- */

static gboolean
number_is_free_unlocked (GstVsSegmentStore * self, guint number)
{
  for (GList * l = self->pads; l != NULL; l = l->next) {
    if (GST_VS_SEGMENT_STORE_PAD (l->data)->number == number)
      return FALSE;
  }
  return TRUE;
}

/* The number of a pad that is asked for by name, or the next one. */
static gboolean
choose_number (GstVsSegmentStore * self, const gchar * name, guint * number)
{
  guint64 wanted;
  gboolean result;

  if (name != NULL && !g_str_equal (name, "sink_%u")) {
    if (!g_str_has_prefix (name, "sink_")
        || !g_ascii_string_to_unsigned (name + strlen ("sink_"), 10, 0,
            G_MAXINT32, &wanted, NULL))
      return FALSE;
    g_mutex_lock (&self->lock);
    result = number_is_free_unlocked (self, wanted);
    g_mutex_unlock (&self->lock);
    *number = wanted;
    return result;
  }
  g_mutex_lock (&self->lock);
  for (*number = self->next_pad; !number_is_free_unlocked (self, *number);)
    ++ * number;
  self->next_pad = *number + 1;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gint
compare_pads (gconstpointer a, gconstpointer b)
{
  const GstVsSegmentStorePad *x = a, *y = b;

  return x->number < y->number ? -1 : x->number > y->number;
}

static GstPad *
gst_vs_segment_store_request_new_pad (GstElement * element,
    GstPadTemplate * templ, const gchar * name, const GstCaps * caps)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (element);
  GstVsSegmentStorePad *pad;
  guint number;

  if (!choose_number (self, name, &number)) {
    GST_WARNING_OBJECT (self, "there can't be a pad %s", name);
    return NULL;
  }
  pad = GST_VS_SEGMENT_STORE_PAD (gst_vs_segment_store_pad_new (templ,
          gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self),
              "src_%u"), number));

  g_mutex_lock (&self->lock);
  self->pads = g_list_insert_sorted (self->pads, pad, compare_pads);
  g_mutex_unlock (&self->lock);
  if (self->segmenter != NULL) {
    gst_vs_segment_store_pad_start (pad, self);
    gst_pad_set_active (pad->srcpad, TRUE);
    gst_pad_set_active (GST_PAD (pad), TRUE);
  }
  gst_element_add_pad (element, pad->srcpad);
  gst_element_add_pad (element, GST_PAD (pad));
  gst_child_proxy_child_added (GST_CHILD_PROXY (self), G_OBJECT (pad),
      GST_PAD_NAME (pad));
  return GST_PAD (pad);
}

static void
gst_vs_segment_store_release_pad (GstElement * element, GstPad * sinkpad)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (element);
  GstVsSegmentStorePad *pad = GST_VS_SEGMENT_STORE_PAD (sinkpad);
  gboolean streaming = self->segmenter != NULL;

  gst_object_ref (pad);
  gst_pad_set_active (pad->srcpad, FALSE);
  gst_pad_set_active (sinkpad, FALSE);
  gst_vs_segment_store_pad_stop (pad, self);
  g_mutex_lock (&self->lock);
  self->pads = g_list_remove (self->pads, pad);
  g_mutex_unlock (&self->lock);
  gst_child_proxy_child_removed (GST_CHILD_PROXY (self), G_OBJECT (pad),
      GST_PAD_NAME (pad));
  gst_element_remove_pad (element, pad->srcpad);
  gst_element_remove_pad (element, sinkpad);
  gst_object_unref (pad);
  if (!streaming)
    return;
  gst_vs_segment_store_serve_parked (self);
  gst_vs_segment_store_check_end (self, gst_util_seqnum_next ());
}

static guint
get_children_count (GstChildProxy * proxy)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (proxy);
  guint n;

  g_mutex_lock (&self->lock);
  n = g_list_length (self->pads);
  g_mutex_unlock (&self->lock);
  return n;
}

static GObject *
get_child_by_index (GstChildProxy * proxy, guint index)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (proxy);
  GObject *child;

  g_mutex_lock (&self->lock);
  child = g_list_nth_data (self->pads, index);
  if (child != NULL)
    g_object_ref (child);
  g_mutex_unlock (&self->lock);
  return child;
}

static void
child_proxy_init (gpointer iface, gpointer data)
{
  GstChildProxyInterface *proxy = iface;

  proxy->get_children_count = get_children_count;
  proxy->get_child_by_index = get_child_by_index;
}

/* ---- the object --------------------------------------------------------- */

static GstStructure *
make_stats (GstVsSegmentStore * self)
{
  VsTsStats sum = { 0, };
  GstStructure *stats;

  g_mutex_lock (&self->lock);
  for (GList * l = self->pads; l != NULL; l = l->next) {
    VsCutter *cutter = GST_VS_SEGMENT_STORE_PAD (l->data)->cutter;
    VsTsStats one;

    if (cutter == NULL)
      continue;
    vs_cutter_get_stats (cutter, &one);
    sum.packets += one.packets;
    sum.sync_losses += one.sync_losses;
    sum.continuity_errors += one.continuity_errors;
    sum.transport_errors += one.transport_errors;
    sum.crc_errors += one.crc_errors;
    sum.pid_changes += one.pid_changes;
    sum.clock_jumps += one.clock_jumps;
  }
  stats = gst_structure_new ("vssegmentstore-stats",
      "segments-stored", G_TYPE_UINT64, self->stored,
      "segments-lost", G_TYPE_UINT64, self->lost,
      "bytes-stored", G_TYPE_UINT64, self->stored_bytes,
      "last-segment-end", G_TYPE_UINT64,
      (guint64) self->last_utc_us * GST_USECOND,
      "failing", G_TYPE_BOOLEAN, self->failing,
      "packets", G_TYPE_UINT64, sum.packets,
      "sync-losses", G_TYPE_UINT64, sum.sync_losses,
      "continuity-errors", G_TYPE_UINT64, sum.continuity_errors,
      "transport-errors", G_TYPE_UINT64, sum.transport_errors,
      "crc-errors", G_TYPE_UINT64, sum.crc_errors,
      "pid-changes", G_TYPE_UINT64, sum.pid_changes,
      "clock-jumps", G_TYPE_UINT64, sum.clock_jumps, NULL);
  g_mutex_unlock (&self->lock);
  return stats;
}

static void
set_string (GstVsSegmentStore * self, gchar ** field, const GValue * value)
{
  GST_OBJECT_LOCK (self);
  g_free (*field);
  *field = g_value_dup_string (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_segment_store_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  if (id >= PROP_IDENTITY) {
    vs_identity_set_property (&self->identity, object, id - PROP_IDENTITY,
        value);
    return;
  }
  if (id == PROP_LOCATION || id == PROP_START_TIME) {
    set_string (self, id == PROP_LOCATION ? &self->location :
        &self->start_time, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TARGET_DURATION:
      self->target_duration = g_value_get_uint64 (value);
      break;
    case PROP_MAX_AGE:
      self->max_age = g_value_get_uint64 (value);
      break;
    case PROP_MAX_SEGMENTS:
      self->max_segments = g_value_get_uint64 (value);
      break;
    case PROP_MAX_BYTES:
      self->max_bytes = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_segment_store_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  if (id >= PROP_IDENTITY) {
    vs_identity_get_property (&self->identity, object, id - PROP_IDENTITY,
        value);
    return;
  }
  if (id == PROP_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_TARGET_DURATION:
      g_value_set_uint64 (value, self->target_duration);
      break;
    case PROP_MAX_AGE:
      g_value_set_uint64 (value, self->max_age);
      break;
    case PROP_MAX_SEGMENTS:
      g_value_set_uint64 (value, self->max_segments);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, self->max_bytes);
      break;
    case PROP_START_TIME:
      g_value_set_string (value, self->start_time);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_segment_store_finalize (GObject * object)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  g_free (self->location);
  g_free (self->start_time);
  vs_identity_clear (&self->identity);
  g_list_free (self->pads);
  g_hash_table_unref (self->names);
  g_cond_clear (&self->served);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_vs_segment_store_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  /**
   * GstVsSegmentStore:location:
   *
   * Where the archive lies. `<account>/<event>[/<breakout>]` is made below.
   */
  g_object_class_install_property (object_class, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "Directory of the archive (made when missing); the event lies in "
          "<account>/<event> below", DEFAULT_LOCATION, flags));
  /**
   * GstVsSegmentStore:target-duration:
   *
   * A segment ends at the first keyframe at or after it. An archive that is
   * continued keeps the EXT-X-TARGETDURATION that it has.
   */
  g_object_class_install_property (object_class, PROP_TARGET_DURATION,
      g_param_spec_uint64 ("target-duration", "Target duration",
          "Least duration of a segment, in ns: it ends at the first keyframe "
          "from then on", MIN_TARGET_DURATION, MAX_TARGET_DURATION,
          DEFAULT_TARGET_DURATION, flags));
  /**
   * GstVsSegmentStore:max-age:
   *
   * Segments that are older go, with their entries in the playlists.
   */
  g_object_class_install_property (object_class, PROP_MAX_AGE,
      g_param_spec_uint64 ("max-age", "Maximum age",
          "Age in seconds at which segments are removed (0 = never)", 0,
          G_MAXUINT64 / GST_SECOND, 0, flags));
  /**
   * GstVsSegmentStore:max-segments:
   */
  g_object_class_install_property (object_class, PROP_MAX_SEGMENTS,
      g_param_spec_uint64 ("max-segments", "Maximum segments",
          "Segments of a rendition that are kept, the oldest are removed "
          "(0 = all)", 0, G_MAXUINT64, 0, flags));
  /**
   * GstVsSegmentStore:max-bytes:
   */
  g_object_class_install_property (object_class, PROP_MAX_BYTES,
      g_param_spec_uint64 ("max-bytes", "Maximum bytes",
          "Bytes of all renditions that are kept, the oldest segments are "
          "removed (0 = all)", 0, G_MAXUINT64, 0, flags));
  /**
   * GstVsSegmentStore:start-time:
   *
   * Pins the wall clock of the first segment, for runs that are to give the
   * same bytes. An archive that is continued never goes back in time for it.
   */
  g_object_class_install_property (object_class, PROP_START_TIME,
      g_param_spec_string ("start-time", "Start time",
          "Date and time of the first segment, as 2026-01-01T00:00:00Z (unset "
          "= when it comes)", NULL, flags));
  /**
   * GstVsSegmentStore:stats:
   *
   * Counters since READY: `segments-stored`, `segments-lost`, `bytes-stored`,
   * `last-segment-end` (ns since 1970), `failing`, and what was wrong with
   * the input, by ETSI TR 101 290: `packets`, `sync-losses`,
   * `continuity-errors`, `transport-errors`, `crc-errors`, `pid-changes`,
   * `clock-jumps`.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters since READY: what was stored and lost, and errors of the "
          "input",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  vs_identity_install_properties (object_class, PROP_IDENTITY);
}

static void
gst_vs_segment_store_class_init (GstVsSegmentStoreClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_vs_segment_store_set_property;
  object_class->get_property = gst_vs_segment_store_get_property;
  object_class->finalize = gst_vs_segment_store_finalize;
  install_properties (object_class);

  element_class->change_state = gst_vs_segment_store_change_state;
  element_class->request_new_pad = gst_vs_segment_store_request_new_pad;
  element_class->release_pad = gst_vs_segment_store_release_pad;
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &sink_template, GST_TYPE_VS_SEGMENT_STORE_PAD);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Segment store",
      "Sink/Muxer",
      "Cuts MPEG-TS renditions at common keyframes, stores the segments as "
      "HLS and passes the streams on", "VisionStream");
  gst_type_mark_as_plugin_api (GST_TYPE_VS_SEGMENT_STORE_PAD, 0);
}

static void
gst_vs_segment_store_init (GstVsSegmentStore * self)
{
  self->location = g_strdup (DEFAULT_LOCATION);
  self->target_duration = DEFAULT_TARGET_DURATION;
  vs_identity_init (&self->identity);
  g_mutex_init (&self->lock);
  g_cond_init (&self->served);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
