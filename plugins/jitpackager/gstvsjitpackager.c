/* VisionStream: vsjitpackager, the origin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-vsjitpackager
 * @title: vsjitpackager
 *
 * The origin: serves what flows into it, and what an archive holds, as HLS
 * with TS, HLS with CMAF, DASH and Smooth Streaming, together with a page that
 * plays it. What a
 * viewer asks for is packaged then and only once, so that an event that
 * nobody watches costs nothing but the memory of its newest minutes, and one
 * stored format is enough for all players.
 *
 * Each sink pad takes one rendition as MPEG-TS. Boundaries that
 * #vssegmentstore decided are kept; a stream that nobody has cut is cut here.
 * With a store upstream, or with #GstVsJitPackager:location, what is older
 * than the live window is served from the archive. Without any pad the element
 * serves all events below #GstVsJitPackager:location, finished or still
 * growing, until it gets EOS (Ctrl-C with `gst-launch-1.0 -e`).
 *
 * Live manifests become VOD manifests at EOS; with #GstVsJitPackager:linger
 * the element goes on serving for that long before it posts EOS.
 *
 * URLs are `/out/v1/<account>/<event>[/<breakout>]/<endpoint>/index.m3u8`, or
 * `index.mpd` for DASH and `index.ism/Manifest` for Smooth Streaming. `/` is
 * the player page. `/out/v1/<account>/<event>[/<breakout>]/recordings/<file>`
 * is a recording and `/out/v1/<account>/media/<file>` a media file of the
 * archive, as the MP4 files that they are, for whoever may have the event by any
 * endpoint.
 *
 * ## Signed URLs
 *
 * With `signed-urls=required` what is below `/out/v1/` is for whoever has a URL
 * (or cookies) signed as CloudFront's, by a key of the path's account: see
 * #vsurlsigner, which makes them. #GstVsJitPackager:key-groups names the public
 * keys, #GstVsJitPackager:hosts the names that URLs are signed for. A manifest
 * whose URL is signed by a policy with a wildcard gives the same policy to what
 * it names: see #GstVsJitPackager:signed-children. A canned signature is for one
 * URL. Whatever is wrong, the answer is the same 403; the access log has the
 * reason.
 *
 * Where #GstVsJitPackager:key-groups is a settings file, `POST /v1/sign` signs
 * URLs, and `GET /v1/vod/<account>` lists the account's recordings and media
 * files: for the account's programs, by its token, and over TLS for its viewers,
 * by name and password. `/vod.html` is a page for those.
 *
 * ## Endpoints
 *
 * The child objects `hls` (HLS with TS), `cmaf` (HLS with CMAF), `dash` and
 * `mss` (Smooth Streaming) are endpoints; the action signal #GstVsJitPackager::add-endpoint adds more. Each
 * has the property
 *
 * * `window`: length of a live manifest in nanoseconds (default: 5 minutes)
 *
 * which is set as in `vsjitpackager hls::window=60000000000`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=600 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! vsjitpackager port=8080
 * ]| A test picture at http://localhost:8080/
 * |[
 * gst-launch-1.0 -e videotestsrc num-buffers=600 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! vssegmentstore location=archive ! vsjitpackager port=8080
 * ]| The same, stored too; viewers may go back to the start.
 * |[
 * gst-launch-1.0 -e vsjitpackager location=archive port=8080
 * ]| Serves what is stored, until Ctrl-C.
 * |[
 * gst-launch-1.0 -e vsjitpackager location=archive port=8080 hosts=localhost signed-urls=required key-groups=keys
 * ]| The same, for those who have a URL that was signed with the private half of
 * a key in `keys/default/`.
 */
#include "config.h"
#include "jitpackager/gstvsjitpackagerprivate.h"

#include <stdio.h>
#include <string.h>

#include "archive/vsarchivewriter.h"
#include "jitpackager/gstvsjitpackagerpad.h"
#include "origin/vsliveevent.h"

GST_DEBUG_CATEGORY (gst_vs_jit_packager_debug);
#define GST_CAT_DEFAULT gst_vs_jit_packager_debug

enum
{
  SIGNAL_ADD_ENDPOINT,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink_%u",
    GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS ("video/mpegts, systemstream=(boolean)true, "
        "packetsize=(int)188"));

G_DEFINE_TYPE_WITH_CODE (GstVsJitPackager, gst_vs_jit_packager,
    GST_TYPE_ELEMENT,
    G_IMPLEMENT_INTERFACE (GST_TYPE_CHILD_PROXY,
        gst_vs_jit_packager_child_proxy_init));

GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vsjitpackager, "vsjitpackager",
    GST_RANK_NONE, GST_TYPE_VS_JIT_PACKAGER,
    GST_DEBUG_CATEGORY_INIT (gst_vs_jit_packager_debug, "vsjitpackager", 0,
        "VisionStream origin");
    gst_type_mark_as_plugin_api (GST_TYPE_VS_JIT_PACKAGER_PAD, 0));

/* What pads ask for. */

VsOriginEvent *
gst_vs_jit_packager_get_event (GstVsJitPackager * self,
    const VsRendition * rendition)
{
  g_autofree gchar *folder = vs_archive_folder (rendition->account,
      rendition->event, rendition->breakout);
  VsOriginEvent *event = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->events->len && !event; i++) {
    VsOriginEvent *one = g_ptr_array_index (self->events, i);

    if (strcmp (vs_live_event_get_folder (one), folder) == 0)
      event = one;
  }
  if (event == NULL) {
    event = vs_origin_add_event (self->origin, rendition->account,
        rendition->event, rendition->breakout);
    g_ptr_array_add (self->events, event);
  }
  g_mutex_unlock (&self->lock);
  return event;
}

VsSegmenter *
gst_vs_jit_packager_get_segmenter (GstVsJitPackager * self)
{
  VsSegmenter *segmenter;
  VsSegmenterSettings settings = {
    .first_sequence = 1,
    .start_utc_us = -1,
    .event_utc_us = -1,
    .patience = VS_SEGMENTER_PATIENCE,
  };

  GST_OBJECT_LOCK (self);
  settings.target_duration = self->settings.target_duration;
  GST_OBJECT_UNLOCK (self);

  g_mutex_lock (&self->lock);
  if (self->segmenter == NULL)
    self->segmenter = vs_segmenter_new (&settings);
  segmenter = self->segmenter;
  g_mutex_unlock (&self->lock);
  return segmenter;
}

VsRendition *
gst_vs_jit_packager_new_rendition (GstVsJitPackager * self,
    const gchar * wanted)
{
  g_autofree gchar *name = g_strdup (wanted);
  VsRendition *rendition;

  g_mutex_lock (&self->lock);
  for (guint n = 2; g_hash_table_contains (self->names, name); n++) {
    g_free (name);
    name = g_strdup_printf ("%s-%u", wanted, n);
  }
  g_hash_table_add (self->names, g_strdup (name));
  g_mutex_unlock (&self->lock);

  GST_OBJECT_LOCK (self);
  rendition = vs_rendition_new (self->settings.identity.account,
      self->settings.identity.event, self->settings.identity.breakout, name);
  GST_OBJECT_UNLOCK (self);
  return rendition;
}

void
gst_vs_jit_packager_found_archive (GstVsJitPackager * self,
    const gchar * location)
{
  g_autoptr (VsStore) store = NULL;
  g_autoptr (GError) error = NULL;
  gboolean known;

  g_mutex_lock (&self->lock);
  known = self->has_store;
  self->has_store = TRUE;
  g_mutex_unlock (&self->lock);
  if (known)
    return;

  /* what is upstream in this process reads also what it has yet to send */
  store = vs_store_find_published (location);
  if (store == NULL)
    store = vs_store_open (location, FALSE, &error);
  if (store)
    vs_origin_set_store (self->origin, store);
  else
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_READ,
        ("What is older than the live window can't be served: %s",
            error->message), (NULL));
}

void
gst_vs_jit_packager_count_segment (GstVsJitPackager * self)
{
  g_mutex_lock (&self->lock);
  self->n_segments++;
  self->last_segment_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

/* The end. */

/* Posts EOS once it is due; a pipeline takes notice of it in PLAYING only. */
static void
post_eos_if_due (GstVsJitPackager * self)
{
  gboolean post;

  g_mutex_lock (&self->lock);
  post = self->playing && self->eos_due && !self->eos_posted;
  self->eos_posted |= post;
  g_mutex_unlock (&self->lock);
  if (post)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_eos (GST_OBJECT (self)));
}

static void
make_eos_due (GstVsJitPackager * self)
{
  g_mutex_lock (&self->lock);
  self->eos_due = TRUE;
  g_mutex_unlock (&self->lock);
  post_eos_if_due (self);
}

static gboolean
linger_is_over (GstClock * clock, GstClockTime time, GstClockID id,
    gpointer user_data)
{
  make_eos_due (user_data);
  return TRUE;
}

static void
start_linger (GstVsJitPackager * self, GstClockTime linger)
{
  g_autoptr (GstClock) clock = NULL;
  GstClockID id;

  if (linger == GST_CLOCK_TIME_NONE)
    return;
  clock = gst_system_clock_obtain ();
  id = gst_clock_new_single_shot_id (clock,
      gst_clock_get_time (clock) + linger);
  g_mutex_lock (&self->lock);
  if (self->linger_id == NULL)
    self->linger_id = gst_clock_id_ref (id);
  g_mutex_unlock (&self->lock);
  gst_clock_id_wait_async (id, linger_is_over, gst_object_ref (self),
      gst_object_unref);
  gst_clock_id_unref (id);
}

static void
stop_linger (GstVsJitPackager * self)
{
  GstClockID id;

  g_mutex_lock (&self->lock);
  id = g_steal_pointer (&self->linger_id);
  g_mutex_unlock (&self->lock);
  if (id) {
    gst_clock_id_unschedule (id);
    gst_clock_id_unref (id);
  }
}

static gboolean
all_pads_have_ended (GstVsJitPackager * self)
{
  gboolean ended;

  GST_OBJECT_LOCK (self);
  ended = GST_ELEMENT (self)->sinkpads != NULL;
  for (GList * l = GST_ELEMENT (self)->sinkpads; l && ended; l = l->next)
    ended = gst_vs_jit_packager_pad_is_eos (l->data);
  GST_OBJECT_UNLOCK (self);
  return ended;
}

void
gst_vs_jit_packager_pad_ended (GstVsJitPackager * self)
{
  GstClockTime linger;

  if (!all_pads_have_ended (self))
    return;
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->events->len; i++)
    vs_origin_event_end (g_ptr_array_index (self->events, i));
  g_mutex_unlock (&self->lock);

  GST_OBJECT_LOCK (self);
  linger = self->settings.linger;
  GST_OBJECT_UNLOCK (self);
  if (linger > 0)
    start_linger (self, linger);
  else
    make_eos_due (self);
}

static gboolean
packager_send_event (GstElement * element, GstEvent * event)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (element);
  gboolean lingers, feeds_itself;

  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS)
    return GST_ELEMENT_CLASS
        (gst_vs_jit_packager_parent_class)->send_event (element, event);

  /* with pads the end comes down the streams; unless it has come already */
  GST_OBJECT_LOCK (self);
  feeds_itself = element->sinkpads == NULL;
  GST_OBJECT_UNLOCK (self);
  lingers = all_pads_have_ended (self);
  gst_event_unref (event);
  if (feeds_itself || lingers)
    make_eos_due (self);
  return TRUE;
}

/* Start and stop. */

static void
warn_if_idle (GstVsJitPackager * self, const VsJitPackagerSettings * settings)
{
  gboolean idle;

  GST_OBJECT_LOCK (self);
  idle = GST_ELEMENT (self)->sinkpads == NULL
      && settings->store.location == NULL && settings->store.accounts == NULL;
  GST_OBJECT_UNLOCK (self);
  if (idle)
    GST_ELEMENT_WARNING (self, CORE, FAILED,
        ("There is nothing to serve: link a stream, or set location"), (NULL));
}

static gboolean
start_pad (GstElement * element, GstPad * pad, gpointer user_data)
{
  gst_vs_jit_packager_pad_start (GST_VS_JIT_PACKAGER_PAD (pad));
  return TRUE;
}

static gboolean
reset_pad (GstElement * element, GstPad * pad, gpointer user_data)
{
  gst_vs_jit_packager_pad_reset (GST_VS_JIT_PACKAGER_PAD (pad));
  return TRUE;
}

static gboolean
start (GstVsJitPackager * self)
{
  g_auto (VsJitPackagerSettings) settings = { 0 };

  GST_OBJECT_LOCK (self);
  vs_jit_packager_settings_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  if (!gst_vs_jit_packager_open_origin (self, &settings))
    return FALSE;
  warn_if_idle (self, &settings);
  gst_element_foreach_sink_pad (GST_ELEMENT (self), start_pad, NULL);
  return TRUE;
}

/* No streaming thread is in the element any more. */
static void
stop (GstVsJitPackager * self)
{
  VsJitPackagerServer *server;
  VsOrigin *origin;

  stop_linger (self);
  g_mutex_lock (&self->lock);
  server = g_steal_pointer (&self->server);
  origin = g_steal_pointer (&self->origin);
  self->playing = self->eos_due = self->eos_posted = FALSE;
  self->has_store = FALSE;
  self->n_segments = 0;
  self->last_segment_us = 0;
  g_mutex_unlock (&self->lock);

  g_clear_pointer (&server, vs_jit_packager_server_free);
  gst_element_foreach_sink_pad (GST_ELEMENT (self), reset_pad, NULL);
  g_ptr_array_set_size (self->events, 0);
  g_hash_table_remove_all (self->names);
  g_clear_pointer (&self->segmenter, vs_segmenter_unref);
  g_clear_pointer (&origin, vs_origin_unref);
}

static GstStateChangeReturn
packager_change_state (GstElement * element, GstStateChange transition)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self)) {
    stop (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    g_mutex_lock (&self->lock);
    self->playing = FALSE;
    g_mutex_unlock (&self->lock);
  }

  ret = GST_ELEMENT_CLASS (gst_vs_jit_packager_parent_class)->change_state
      (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    g_mutex_lock (&self->lock);
    self->playing = TRUE;
    g_mutex_unlock (&self->lock);
    post_eos_if_due (self);
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return ret;
}

/* Pads. */

static GstPad *
packager_request_new_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (element);
  g_autofree gchar *given = NULL;
  guint position;
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  if (name == NULL || sscanf (name, "sink_%u", &position) != 1)
    position = self->next_pad;
  self->next_pad = MAX (self->next_pad, position + 1);
  GST_OBJECT_UNLOCK (self);

  given = g_strdup_printf ("sink_%u", position);
  pad = gst_vs_jit_packager_pad_new (templ, given, position);
  if (GST_STATE (element) >= GST_STATE_PAUSED)
    gst_pad_set_active (pad, TRUE);
  if (!gst_element_add_pad (element, pad))
    return NULL;
  gst_child_proxy_child_added (GST_CHILD_PROXY (self), G_OBJECT (pad), given);
  return pad;
}

static void
packager_release_pad (GstElement * element, GstPad * pad)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (element);

  gst_object_ref (pad);
  gst_pad_set_active (pad, FALSE);
  gst_child_proxy_child_removed (GST_CHILD_PROXY (self), G_OBJECT (pad),
      GST_PAD_NAME (pad));
  gst_element_remove_pad (element, pad);
  gst_vs_jit_packager_pad_reset (GST_VS_JIT_PACKAGER_PAD (pad));
  gst_object_unref (pad);
  /* the last stream that had not ended may have been this one */
  g_mutex_lock (&self->lock);
  if (self->origin == NULL) {
    g_mutex_unlock (&self->lock);
    return;
  }
  g_mutex_unlock (&self->lock);
  gst_vs_jit_packager_pad_ended (self);
}

/* Properties. */

static guint
get_port (GstVsJitPackager * self)
{
  guint port;

  GST_OBJECT_LOCK (self);
  port = self->settings.port;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  if (self->server)
    port = vs_jit_packager_server_get_port (self->server);
  g_mutex_unlock (&self->lock);
  return port;
}

static GstStructure *
get_stats (GstVsJitPackager * self)
{
  VsOriginStats origin = { 0 };
  VsHttpStats http = { 0 };
  GstClockTime age = GST_CLOCK_TIME_NONE;
  guint64 n_segments;

  g_mutex_lock (&self->lock);
  if (self->origin)
    vs_origin_get_stats (self->origin, &origin);
  if (self->server)
    vs_jit_packager_server_get_stats (self->server, &http);
  if (self->last_segment_us > 0)
    age = (g_get_monotonic_time () - self->last_segment_us) * GST_USECOND;
  n_segments = self->n_segments;
  g_mutex_unlock (&self->lock);

  return gst_structure_new ("vsjitpackager-stats",
      "segments", G_TYPE_UINT64, n_segments,
      "last-segment-age", G_TYPE_UINT64, age,
      "viewers", G_TYPE_UINT, http.viewers,
      "connections", G_TYPE_UINT, http.connections,
      "requests", G_TYPE_UINT64, http.requests,
      "refused", G_TYPE_UINT64, http.refused,
      "bytes-out", G_TYPE_UINT64, http.bytes_out,
      "packaged", G_TYPE_UINT64, origin.packaged,
      "cache-hits", G_TYPE_UINT64, origin.cache_hits,
      "cache-misses", G_TYPE_UINT64, origin.cache_misses,
      "collapsed", G_TYPE_UINT64, origin.collapsed,
      "cache-size", G_TYPE_UINT64, (guint64) origin.cache_size,
      "live-size", G_TYPE_UINT64, (guint64) origin.live_size, NULL);
}

static void
packager_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (object);

  vs_jit_packager_settings_set_property (&self->settings, object, id, value,
      pspec);
}

static void
packager_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (object);

  switch (id) {
    case VS_JIT_PACKAGER_PROP_PORT:
      g_value_set_uint (value, get_port (self));
      break;
    case VS_JIT_PACKAGER_PROP_STATS:
      g_value_take_boxed (value, get_stats (self));
      break;
    default:
      vs_jit_packager_settings_get_property (&self->settings, object, id,
          value, pspec);
  }
}

static void
packager_finalize (GObject * object)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (object);

  vs_jit_packager_settings_clear (&self->settings);
  g_ptr_array_unref (self->endpoints);
  g_ptr_array_unref (self->events);
  g_hash_table_unref (self->names);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_vs_jit_packager_parent_class)->finalize (object);
}

static void
gst_vs_jit_packager_class_init (GstVsJitPackagerClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = packager_set_property;
  object_class->get_property = packager_get_property;
  object_class->finalize = packager_finalize;
  vs_jit_packager_settings_install_properties (object_class);

  /**
   * GstVsJitPackager::add-endpoint:
   * @packager: the element
   * @name: in URLs: letters, digits, _ and -, at most 64; not `recordings` and
   * `media`, which are folders
   * @type: "hls", "cmaf", "dash" or "mss"
   *
   * Returns: %FALSE when the name is taken or not valid, or the type unknown
   */
  signals[SIGNAL_ADD_ENDPOINT] =
      g_signal_new_class_handler ("add-endpoint", GST_TYPE_VS_JIT_PACKAGER,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_vs_jit_packager_add_endpoint), NULL, NULL, NULL,
      G_TYPE_BOOLEAN, 2, G_TYPE_STRING, G_TYPE_STRING);

  element_class->change_state = packager_change_state;
  element_class->request_new_pad = packager_request_new_pad;
  element_class->release_pad = packager_release_pad;
  element_class->send_event = packager_send_event;
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &sink_template, GST_TYPE_VS_JIT_PACKAGER_PAD);
  gst_element_class_set_static_metadata (element_class,
      "Just-in-time packager", "Sink/Network",
      "Serves live and stored streams as HLS, CMAF, DASH and Smooth Streaming, "
      "packaged on request", "VisionStream");
}

static void
gst_vs_jit_packager_init (GstVsJitPackager * self)
{
  vs_jit_packager_settings_init (&self->settings);
  g_mutex_init (&self->lock);
  self->events = g_ptr_array_new ();
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gst_vs_jit_packager_init_endpoints (self);

  /* Both: with streams it is where they end, without it is what the pipeline
   * is asked to end by. */
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
