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
 * With `location=s3://bucket/prefix` the same lies in a bucket: credentials are
 * the environment's, the shared credentials file's or the machine's role's, or
 * properties. Segments and playlists wait in #GstVsSegmentStore:spool-directory
 * on the local disk and are sent from there, in order, so that a service that
 * is slow or away costs neither the stream nor the archive anything.
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
 * discontinuity. With a spool EOS is posted when all of it was sent, or ten
 * seconds after nothing more could be.
 *
 * With #GstVsSegmentStore:recording it also makes an MP4 file of the event in
 * `<account>/<event>/recordings/`, while the stream runs: its index is in
 * front, and it is there within a second of the end, however long it is. A
 * store that fails delays it and nothing else; a process that dies, or stops
 * without EOS, leaves it to the next start with the same settings, which makes
 * it from the segments and goes on with it. Ahead of EOS the source pad of a
 * rendition that was recorded sends the event `visionstream-recording` with
 * the fields of the message; EOS waits for that, for 5 s at most.
 *
 * ## Clips
 *
 * The action signal `harvest` makes an archive of its own of a part of the event
 * while that goes on: GstStructure `request` in, its id out. The request has
 * strings: `event`, the clip's name; `start` and `stop`, a wall clock or an
 * offset as vsarchivesrc takes it; `account` and `location` when they are other
 * ones. The clip begins and ends at keyframes that all renditions have; a stop
 * that is still to come is waited for. Two are made at a time, 16 wait. Going
 * to READY cancels what is not finished, and removes it.
 *
 * ## Messages
 *
 * Element messages, from a thread of their own:
 *
 * * `vssegmentstore-segment-stored`: a segment is durable and listed, in the
 *   store itself.
 *   * gchararray `location`: the file, or `s3://bucket/key`
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
 * * `vssegmentstore-recording-finished`: a recording is there, whole.
 *   * gchararray `location`: the file
 *   * gchararray `rendition`
 *   * guint64 `duration`: ns
 *   * guint64 `size`: bytes
 *   * guint `gaps`: places where something is missing, or a run ended
 *   * GstElement `sink`
 * * `vssegmentstore-harvest-started`, `-progress` (once a second), `-finished`,
 *   `-failed`: of a clip.
 *   * gchararray `id`, `account`, `event`
 *   * gchararray `start`, `stop`: as they were asked for; started only
 *   * guint64 `segments`, `total`, `gaps`: copied, to be copied, and missing, of
 *     all renditions; progress and finished
 *   * guint64 `size`: bytes; `duration`: ns; progress and finished
 *   * gchararray `location`: the clip's playlist; finished only
 *   * guint64 `timestamp`: of its start, ns since 1970, UTC; finished only
 *   * GstValueList `recordings`: of structures, each an MP4 file with
 *     `location`, `rendition`, `duration`, `size` and `gaps` as above; finished
 *     only, where they were asked for
 *   * GError `error`: failed only
 *   * GstElement `sink`
 *
 * A store that fails posts one WARNING with the path and the cause; segments
 * that are given up, another one that says which; a spool that could not be
 * sent, one at the end that says what is in it.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=300 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! vssegmentstore location=archive target-duration=2000000000
 * ]| One rendition, without anything behind it.
 * |[
 * gst-launch-1.0 -e vssegmentstore name=store location=archive event=two videotestsrc num-buffers=300 ! tee name=t t. ! queue ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! store.sink_0 t. ! queue ! videoscale ! video/x-raw,width=160,height=120 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! store.sink_1
 * ]| Two renditions, cut at the same frames.
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=300 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux name=m ! vssegmentstore location=archive recording=mp4 audiotestsrc num-buffers=470 ! avenc_aac ! aacparse ! m.
 * ]| An archive, and an MP4 file of it when it ends.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorearchive.h"
#include "gstvssegmentstoreharvest.h"
#include "gstvssegmentstorenames.h"
#include "gstvssegmentstorerecordings.h"

GST_DEBUG_CATEGORY (vssegmentstore_debug);
#define GST_CAT_DEFAULT vssegmentstore_debug

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

  gst_vs_segment_store_wait_for_recordings (self);
  gst_vs_segment_store_drain (self);
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

/* ---- states ------------------------------------------------------------- */

static void
stop (GstVsSegmentStore * self)
{
  for (GList * l = self->pads; l != NULL; l = l->next)
    gst_vs_segment_store_pad_stop (l->data, self);
  gst_vs_segment_store_stop_harvests (self);
  gst_vs_segment_store_close_archive (self);
  g_hash_table_remove_all (self->names);
  self->anchored = self->ending = self->eos_pending = self->failing = FALSE;
}

static gboolean
start (GstVsSegmentStore * self)
{
  if (!gst_vs_segment_store_open_archive (self)) {
    stop (self);
    return FALSE;
  }
  self->stored = self->lost = self->stored_bytes = 0;
  self->recorded = self->recorded_bytes = 0;
  self->last_utc_us = 0;
  for (GList * l = self->pads; l != NULL; l = l->next)
    gst_vs_segment_store_pad_start (l->data, self);
  gst_vs_segment_store_start_harvests (self);
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
  /* a thread that streams may wait for one */
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_vs_segment_store_interrupt_recordings (self);
  result = GST_ELEMENT_CLASS (gst_vs_segment_store_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING
      && result != GST_STATE_CHANGE_FAILURE)
    set_playing (self, TRUE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && result == GST_STATE_CHANGE_FAILURE))
    stop (self);
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
  VsSpoolStats spool;
  GstStructure *stats;

  gst_vs_segment_store_get_spool_stats (self, &spool);
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
      "spool-objects", G_TYPE_UINT, spool.objects,
      "spool-bytes", G_TYPE_UINT64, spool.bytes,
      "packets", G_TYPE_UINT64, sum.packets,
      "sync-losses", G_TYPE_UINT64, sum.sync_losses,
      "continuity-errors", G_TYPE_UINT64, sum.continuity_errors,
      "transport-errors", G_TYPE_UINT64, sum.transport_errors,
      "crc-errors", G_TYPE_UINT64, sum.crc_errors,
      "pid-changes", G_TYPE_UINT64, sum.pid_changes,
      "clock-jumps", G_TYPE_UINT64, sum.clock_jumps, NULL);
  g_mutex_unlock (&self->lock);
  gst_vs_segment_store_add_recording_stats (self, stats);
  return stats;
}

static void
gst_vs_segment_store_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  vs_segment_store_settings_set_property (&self->settings, object, id, value,
      pspec);
}

static void
gst_vs_segment_store_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  if (id == VS_SEGMENT_STORE_PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    vs_segment_store_settings_get_property (&self->settings, object, id,
        value, pspec);
}

static void
gst_vs_segment_store_finalize (GObject * object)
{
  GstVsSegmentStore *self = GST_VS_SEGMENT_STORE (object);

  vs_segment_store_settings_clear (&self->settings);
  g_list_free (self->pads);
  g_hash_table_unref (self->names);
  g_cond_clear (&self->served);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_vs_segment_store_parent_class)->finalize (object);
}

static void
gst_vs_segment_store_class_init (GstVsSegmentStoreClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_vs_segment_store_set_property;
  object_class->get_property = gst_vs_segment_store_get_property;
  object_class->finalize = gst_vs_segment_store_finalize;
  vs_segment_store_settings_install_properties (object_class);
  gst_vs_segment_store_install_harvest (object_class);

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
  vs_segment_store_settings_init (&self->settings);
  g_mutex_init (&self->lock);
  g_cond_init (&self->served);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
