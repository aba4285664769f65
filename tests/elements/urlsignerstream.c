/* VisionStream: tests of vsurlsigner: streams and actions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "timeline/vssegment.h"
#include "urlsignercheck.h"

#define TS_CAPS "video/mpegts,systemstream=true,packetsize=188"
#define BASE "base-url=https://cdn.example.com/live "
/* none of these pipelines takes this long */
#define WAIT (60 * GST_SECOND)

/* ---- what a store upstream tells ----------------------------------------- */

static void
push_rendition (GstHarness * h, const gchar * breakout, const gchar * archive)
{
  g_autoptr (VsRendition) rendition = vs_rendition_new ("acme", "show",
      breakout, "720p");

  rendition->segmented = TRUE;
  rendition->archive = g_strdup (archive);
  fail_unless (gst_harness_push_event (h, vs_event_new_rendition (rendition)));
}

/* (transfer full) */
static VsSegment *
new_segment (guint64 sequence)
{
  VsSegment *segment = vs_segment_new ();

  segment->sequence = sequence;
  segment->utc_us = 1000000;
  segment->duration = 2 * GST_SECOND;
  segment->size = 4711;
  segment->uri = g_strdup_printf ("index_720p_%05u.ts", (guint) sequence);
  return segment;
}

static void
push_closed (GstHarness * h, VsSegment * closed)
{
  g_autoptr (VsSegment) opened = new_segment (closed ? closed->sequence + 1
      : 1);

  fail_unless (gst_harness_push_event (h, vs_event_new_segment (opened,
              closed)));
}

static void
push_recording (GstHarness * h, const gchar * location)
{
  fail_unless (gst_harness_push_event (h,
          gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
              gst_structure_new ("visionstream-recording",
                  "location", G_TYPE_STRING, location,
                  "rendition", G_TYPE_STRING, "720p",
                  "duration", G_TYPE_UINT64, 5 * GST_SECOND,
                  "size", G_TYPE_UINT64, G_GUINT64_CONSTANT (99), NULL))));
}

static GstHarness *
stream_harness (const gchar * properties)
{
  GstHarness *h = signer_harness (properties, "sink_%u", "src_0");

  gst_harness_set_src_caps_str (h, TS_CAPS);
  return h;
}

/* (transfer full) (nullable): fields of the next that was signed */
static GstStructure *
next_signed (GstBus * bus)
{
  g_autoptr (GstMessage) message = next_message (bus, GST_MESSAGE_ELEMENT);

  if (message == NULL)
    return NULL;
  fail_unless (gst_message_has_name (message, "vsurlsigner-signed"));
  return gst_structure_copy (gst_message_get_structure (message));
}

/* Whether the next that was signed is @url. */
static void
check_signed (GstBus * bus, const gchar * url)
{
  g_autoptr (GstStructure) s = next_signed (bus);
  guint64 expires;
  Signed signature;

  fail_unless (s != NULL, "%s", url);
  fail_unless_equals_string (gst_structure_get_string (s, "uri"), url);
  fail_unless_equals_string (gst_structure_get_string (s, "rendition"), "720p");
  check_canned (gst_structure_get_string (s, "signed-uri"), url, 3600);
  signed_read (&signature, gst_structure_get_string (s, "signed-uri"), "rsa",
      "sha1");
  fail_unless (gst_structure_get_uint64 (s, "expires", &expires));
  fail_unless_equals_uint64 (expires, (guint64) signature.expires);
  signed_clear (&signature);
}

/* ---- what passes --------------------------------------------------------- */

GST_START_TEST (test_untouched)
{
  GstHarness *h = signer_harness ("", "sink_%u", "src_0");
  GstBuffer *buffer = gst_buffer_new_memdup ("bytes", 5), *out;
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  GstBufferList *list = gst_buffer_list_new ();

  /* no caps are demanded */
  gst_harness_set_src_caps_str (h, "any/thing, of=any, kind=1");
  GST_BUFFER_PTS (buffer) = 5;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  out = gst_harness_pull (h);
  fail_unless (out == buffer);
  fail_unless (gst_buffer_peek_memory (out, 0) == memory);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), 5);
  gst_buffer_unref (out);

  gst_buffer_list_add (list, gst_buffer_new_memdup ("a", 1));
  gst_buffer_list_add (list, gst_buffer_new_memdup ("b", 1));
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 2);

  fail_unless (gst_harness_push_event (h,
          gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
              gst_structure_new_empty ("any"))));
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless (gst_pad_has_current_caps (h->sinkpad));
  fail_unless (gst_harness_events_in_queue (h) >= 5);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Each stream is its own: nothing of one goes to the other. */
GST_START_TEST (test_links)
{
  GstHarness *h = stream_harness ("");
  GstHarness *other = gst_harness_new_with_element (h->element, "sink_7",
      "src_7");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (h->element, "sink_7");
  g_autoptr (GstPad) src = gst_element_get_static_pad (h->element, "src_7");
  GstIterator *links = gst_pad_iterate_internal_links (sink);
  GValue value = G_VALUE_INIT;
  guint before;

  fail_unless_equals_int (gst_iterator_next (links, &value), GST_ITERATOR_OK);
  fail_unless (g_value_get_object (&value) == src);
  g_value_reset (&value);
  fail_unless_equals_int (gst_iterator_next (links, &value), GST_ITERATOR_DONE);
  gst_iterator_free (links);
  links = gst_pad_iterate_internal_links (src);
  fail_unless_equals_int (gst_iterator_next (links, &value), GST_ITERATOR_OK);
  fail_unless (g_value_get_object (&value) == sink);
  g_value_unset (&value);
  gst_iterator_free (links);

  gst_harness_set_src_caps_str (other, TS_CAPS);
  before = gst_harness_events_received (h);
  gst_harness_push_event (other, gst_event_new_eos ());
  fail_unless_equals_int (gst_harness_events_received (h), before);
  gst_harness_push_upstream_event (other, gst_event_new_reconfigure ());
  gst_harness_push_upstream_event (other,
      gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
          gst_structure_new_empty ("up")));
  fail_unless (gst_harness_upstream_events_received (other) > 0);
  fail_unless_equals_int (gst_harness_upstream_events_in_queue (h),
      gst_harness_upstream_events_received (h));
  gst_harness_teardown (other);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_queries)
{
  GstHarness *h = stream_harness ("");
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstQuery) allocation = NULL;

  gst_harness_set_upstream_latency (h, 3 * GST_SECOND);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 3 * GST_SECOND);
  /* what is downstream says what can come, and where it goes */
  gst_harness_set_sink_caps_str (h, "only/this");
  caps = gst_pad_peer_query_caps (h->srcpad, NULL);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0),
          "only/this"));
  gst_harness_add_propose_allocation_meta (h,
      GST_REFERENCE_TIMESTAMP_META_API_TYPE, NULL);
  allocation = gst_query_new_allocation (caps, FALSE);
  fail_unless (gst_pad_peer_query (h->srcpad, allocation));
  fail_unless (gst_query_find_allocation_meta (allocation,
          GST_REFERENCE_TIMESTAMP_META_API_TYPE, NULL));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_pads)
{
  g_autoptr (GstElement) signer = gst_object_ref_sink (signer_new (""));
  g_autoptr (GstPad) text = gst_element_request_pad_simple (signer, "sink");
  g_autoptr (GstPad) third = gst_element_request_pad_simple (signer, "sink_3");
  g_autoptr (GstPad) free_one =
      gst_element_request_pad_simple (signer, "sink_%u");
  g_autoptr (GstPad) src = gst_element_get_static_pad (signer, "src_0");

  fail_unless (text != NULL && third != NULL && src != NULL);
  fail_unless_equals_string (GST_PAD_NAME (free_one), "sink_0");
  fail_unless_equals_int (signer->numsrcpads, 3);
  /* there is one text */
  fail_unless (gst_element_request_pad (signer, GST_PAD_PAD_TEMPLATE (text),
          NULL, NULL) == NULL);
  gst_element_release_request_pad (signer, text);
  gst_element_release_request_pad (signer, third);
  gst_element_release_request_pad (signer, free_one);
  fail_unless_equals_int (signer->numpads, 0);
}

GST_END_TEST;

/* ---- what is signed ------------------------------------------------------ */

GST_START_TEST (test_signed)
{
  GstHarness *h = stream_harness (BASE);
  g_autoptr (GstBus) bus = watch (h);
  g_autoptr (VsSegment) segment = new_segment (7);
  g_autoptr (VsSegment) gap = new_segment (8);
  g_autoptr (GstStructure) s = NULL;
  guint64 id, timestamp, duration, size;

  push_rendition (h, NULL, "/srv/archive");
  push_closed (h, NULL);
  fail_unless (next_message (bus, GST_MESSAGE_ELEMENT) == NULL);
  push_closed (h, segment);
  s = next_signed (bus);
  fail_unless_equals_string (gst_structure_get_string (s, "kind"), "segment");
  fail_unless (gst_structure_get (s, "fragment-id", G_TYPE_UINT64, &id,
          "timestamp", G_TYPE_UINT64, &timestamp, "duration", G_TYPE_UINT64,
          &duration, "size", G_TYPE_UINT64, &size, NULL));
  fail_unless_equals_uint64 (id, 7);
  fail_unless_equals_uint64 (timestamp, GST_SECOND);
  fail_unless_equals_uint64 (duration, 2 * GST_SECOND);
  fail_unless_equals_uint64 (size, 4711);

  gap->gap = TRUE;
  push_closed (h, gap);
  fail_unless (next_message (bus, GST_MESSAGE_ELEMENT) == NULL);
  push_recording (h, "/srv/archive/acme/show/recordings/show_720p.mp4");
  check_signed (bus,
      "https://cdn.example.com/live/acme/show/recordings/show_720p.mp4");
  /* the last one, ahead of EOS */
  fail_unless (gst_harness_push_event (h, vs_event_new_segment (NULL,
              segment)));
  check_signed (bus,
      "https://cdn.example.com/live/acme/show/index_720p_00007.ts");
  fail_unless (next_message (bus, GST_MESSAGE_WARNING) == NULL);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

static const struct
{
  const gchar *properties, *archive, *breakout, *folder;
} places[] = {
  {"base-url=https://h", "s3://b", NULL, "https://h/acme/show/"},
  {"base-url=https://h/?a=b", "s3://b", NULL, "https://h/acme/show/"},
  {"base-url=https://h/a//", "s3://b", "room", "https://h/a/acme/show/room/"},
  {"base-url=https://{account}.h/x", "s3://b", NULL, "https://acme.h/x/show/"},
  {"base-url=https://h/{event}/{account}", "s3://b", "room",
      "https://h/show/acme/room/"},
  {"", "https://dav.h/folder", NULL, "https://dav.h/folder/acme/show/"},
  {"base-url=https://h", NULL, NULL, "https://h/acme/show/"},
};

GST_START_TEST (test_places)
{
  GstHarness *h = stream_harness (places[__i__].properties);
  g_autoptr (GstBus) bus = watch (h);
  g_autoptr (VsSegment) segment = new_segment (1);
  g_autofree gchar *url = g_strconcat (places[__i__].folder, segment->uri,
      NULL);

  push_rendition (h, places[__i__].breakout, places[__i__].archive);
  push_closed (h, segment);
  check_signed (bus, url);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A stream that can't be signed goes on; it is said once. */
GST_START_TEST (test_no_base)
{
  GstHarness *h = stream_harness ("");
  g_autoptr (GstBus) bus = watch (h);
  g_autoptr (VsSegment) segment = new_segment (1);
  g_autofree gchar *said = NULL;

  /* nobody tells where it is */
  push_closed (h, segment);
  fail_unless (next_message (bus, GST_MESSAGE_WARNING) == NULL);
  push_rendition (h, NULL, "s3://bucket/prefix");
  for (guint i = 0; i < 3; i++)
    push_closed (h, segment);
  said = next_text (bus, GST_MESSAGE_WARNING);
  fail_unless (strstr (said, "base-url") != NULL, "%s", said);
  fail_unless (next_message (bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR
          | GST_MESSAGE_ELEMENT) == NULL);
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new ()), GST_FLOW_OK);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- a chain ------------------------------------------------------------- */

typedef struct
{
  guint stored, recorded, signed_segments, signed_recordings, warnings;
} Counts;

static void
count_message (GstMessage * message, Counts * counts)
{
  const GstStructure *s = gst_message_get_structure (message);

  counts->warnings += GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING;
  if (gst_message_has_name (message, "vssegmentstore-segment-stored"))
    counts->stored++;
  if (gst_message_has_name (message, "vssegmentstore-recording-finished"))
    counts->recorded++;
  if (!gst_message_has_name (message, "vsurlsigner-signed"))
    return;
  if (g_str_equal (gst_structure_get_string (s, "kind"), "segment"))
    counts->signed_segments++;
  else
    counts->signed_recordings++;
  check_canned (gst_structure_get_string (s, "signed-uri"),
      gst_structure_get_string (s, "uri"), 3600);
}

static void
run_pipeline (GstElement * pipeline, Counts * counts)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gboolean ended = FALSE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!ended) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, WAIT);

    fail_unless (message != NULL);
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
    count_message (message, counts);
    ended = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static gboolean
is_linked (GstElement * pipeline, const gchar * element, const gchar * pad)
{
  g_autoptr (GstElement) e = gst_bin_get_by_name (GST_BIN (pipeline), element);
  g_autoptr (GstPad) p = gst_element_get_static_pad (e, pad);

  return p && gst_pad_is_linked (p);
}

#define VIDEO(n, height) "videotestsrc num-buffers=" #n " ! video/x-raw," \
    "width=64,height=" #height ",framerate=30/1 ! x264enc key-int-max=15 " \
    "speed-preset=ultrafast ! h264parse ! mpegtsmux "

GST_START_TEST (test_chain)
{
  g_autofree gchar *line = g_strdup_printf (VIDEO (90, 48) "! store.sink_0 "
      VIDEO (90, 32) "! store.sink_1 vssegmentstore name=store "
      "target-duration=1000000000 recording=mp4 recording-renditions=all "
      "location=%s/archive : vsurlsigner name=signer private-key=%s/rsa.pem "
      "key-pair-id=K1 " BASE ": vsjitpackager name=packager port=0", folder,
      folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  Counts counts = { 0 };

  fail_unless (error == NULL, "%s", error ? error->message : "");
  fail_unless (is_linked (pipeline, "signer", "sink_0"));
  fail_unless (is_linked (pipeline, "signer", "sink_1"));
  fail_unless (is_linked (pipeline, "packager", "sink_0"));
  fail_unless (is_linked (pipeline, "packager", "sink_1"));
  run_pipeline (pipeline, &counts);
  fail_unless_equals_int (counts.stored, 6);
  fail_unless_equals_int (counts.signed_segments, 6);
  fail_unless_equals_int (counts.recorded, 2);
  fail_unless_equals_int (counts.signed_recordings, 2);
  fail_unless_equals_int (counts.warnings, 0);
}

GST_END_TEST;

/* ---- actions ------------------------------------------------------------- */

static gchar *
ask (GstElement * signer, const gchar * url)
{
  gchar *text = NULL;

  g_signal_emit_by_name (signer, "sign-url", url, &text);
  return text;
}

static void
check_verdict (GstElement * signer, const gchar * url, const gchar * client,
    const gchar * cookie, const gchar * verdict)
{
  g_autofree gchar *text = NULL;

  g_signal_emit_by_name (signer, "verify-url", url, client, cookie, &text);
  fail_unless_equals_string (text, verdict);
}

static GstElement *
ready_signer (const gchar * properties, GstBus * bus)
{
  GstElement *signer = gst_object_ref_sink (signer_new (properties));

  gst_element_set_bus (signer, bus);
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  return signer;
}

static void
drop_signer (GstElement * signer)
{
  gst_element_set_bus (signer, NULL);
  gst_element_set_state (signer, GST_STATE_NULL);
  gst_object_unref (signer);
}

GST_START_TEST (test_sign_url)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstElement *signer = ready_signer ("base-url=https://h/f/x", bus);
  g_autofree gchar *absolute = ask (signer, "https://i/a?b=c");
  g_autofree gchar *relative = ask (signer, "y.ts");
  static const gchar *const wrong[] = { "ftp://h/", "https://h/a b",
    "https://h/a?Policy=x", "https://h/*"
  };

  check_canned (absolute, "https://i/a?b=c", 3600);
  check_canned (relative, "https://h/f/y.ts", 3600);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree gchar *said = NULL;

    fail_unless (ask (signer, wrong[i]) == NULL);
    said = next_text (bus, GST_MESSAGE_WARNING);
    fail_unless (strstr (said, "can't be signed") != NULL, "%s", said);
  }
  gst_element_set_state (signer, GST_STATE_NULL);
  fail_unless (ask (signer, "https://i/a") == NULL);
  g_free (next_text (bus, GST_MESSAGE_WARNING));
  drop_signer (signer);
}

GST_END_TEST;

/* What cookies say is what the same policy says in a URL. */
GST_START_TEST (test_sign_cookies)
{
  GstElement *signer = ready_signer ("policy=wildcard hash=sha256", NULL);
  g_auto (GStrv) cookies = NULL;
  g_autofree gchar *joined = NULL;
  g_autofree gchar *query = NULL;
  g_autofree gchar *url = NULL;
  Signed signature;

  g_signal_emit_by_name (signer, "sign-cookies", "https://h/a/index.m3u8",
      &cookies);
  fail_unless_equals_int (g_strv_length (cookies), 4);
  joined = g_strjoinv ("; ", cookies);
  query = g_strjoinv ("&", cookies);
  for (guint i = 0; cookies[i]; i++)
    fail_unless (g_str_has_prefix (cookies[i], "CloudFront-"));
  check_verdict (signer, "https://h/a/b/c.ts?_HLS_msn=1", NULL, joined,
      "valid");
  check_verdict (signer, "https://h/b/c.ts", NULL, joined, "resource");

  url = g_strdup_printf ("https://h/a/x?%s&%s&%s&%s",
      cookies[0] + strlen ("CloudFront-"), cookies[1] + strlen ("CloudFront-"),
      cookies[2] + strlen ("CloudFront-"), cookies[3] + strlen ("CloudFront-"));
  signed_read (&signature, url, "rsa", "sha256");
  fail_unless (strstr (signature.policy, "\"https://h/a/*\"") != NULL);
  signed_clear (&signature);
  drop_signer (signer);
}

GST_END_TEST;

GST_START_TEST (test_cookies_refused)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstElement *signer = ready_signer ("", bus);
  GStrv cookies = NULL;
  g_autofree gchar *said = NULL;

  /* a canned policy is for one URL */
  g_signal_emit_by_name (signer, "sign-cookies", "https://h/a/*", &cookies);
  fail_unless (cookies == NULL);
  said = next_text (bus, GST_MESSAGE_WARNING);
  fail_unless (strstr (said, "can't be signed") != NULL, "%s", said);
  drop_signer (signer);
}

GST_END_TEST;

GST_START_TEST (test_verify_url)
{
  GstElement *signer =
      ready_signer ("policy=custom allowed-source=192.0.2.0/24",
      NULL);
  g_autofree gchar *good = ask (signer, "https://h/a?b");
  g_autofree gchar *forged = g_strdup (good);
  g_autofree gchar *moved = g_strconcat ("https://h/z", good
      + strlen ("https://h/a"), NULL);
  VsUrlSigner *old = make_signer ("rsa", "K1", VS_SIGN_CANNED, VS_SIGN_SHA1,
      1000);
  VsUrlSigner *stranger = make_signer ("other", "K2", VS_SIGN_CANNED,
      VS_SIGN_SHA1, START_SECONDS);
  g_autofree gchar *expired = sign_url (old, "https://h/a");
  g_autofree gchar *unknown = sign_url (stranger, "https://h/a");
  gchar *letter = strstr (forged, "Signature=") + 40;

  *letter = *letter == 'A' ? 'B' : 'A';
  check_verdict (signer, good, "192.0.2.7", NULL, "valid");
  check_verdict (signer, good, "::ffff:192.0.2.7", NULL, "valid");
  check_verdict (signer, good, "192.0.3.7", NULL, "address");
  check_verdict (signer, good, "no address", NULL, "address");
  check_verdict (signer, good, NULL, NULL, "address");
  check_verdict (signer, forged, "192.0.2.7", NULL, "forged");
  check_verdict (signer, moved, "192.0.2.7", NULL, "resource");
  check_verdict (signer, expired, NULL, NULL, "expired");
  check_verdict (signer, unknown, NULL, NULL, "unknown-key");
  check_verdict (signer, "https://h/a", NULL, NULL, "unsigned");
  check_verdict (signer, "nothing", NULL, NULL, "malformed");
  check_verdict (signer, NULL, NULL, NULL, "malformed");
  vs_url_signer_free (old);
  vs_url_signer_free (stranger);
  drop_signer (signer);
}

GST_END_TEST;

/* What begins later is not valid yet. */
GST_START_TEST (test_early)
{
  GstElement *signer = ready_signer (FIXED, NULL);
  g_autofree gchar *text = ask (signer, "https://h/a");

  check_verdict (signer, text, NULL, NULL, "early");
  drop_signer (signer);
}

GST_END_TEST;

static Suite *
urlsignerstream_suite (void)
{
  Suite *s = suite_create ("urlsignerstream");
  TCase *tc = tcase_create ("streams");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_untouched);
  tcase_add_test (tc, test_links);
  tcase_add_test (tc, test_queries);
  tcase_add_test (tc, test_pads);
  tcase_add_test (tc, test_signed);
  tcase_add_loop_test (tc, test_places, 0, G_N_ELEMENTS (places));
  tcase_add_test (tc, test_no_base);
  tcase_add_test (tc, test_chain);

  tc = tcase_create ("actions");
  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_sign_url);
  tcase_add_test (tc, test_sign_cookies);
  tcase_add_test (tc, test_cookies_refused);
  tcase_add_test (tc, test_verify_url);
  tcase_add_test (tc, test_early);
  return s;
}

GST_CHECK_MAIN (urlsignerstream);
