/* VisionStream: tests of manifests of long ranges
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/longstore.h"
#include "origin/vschunk.h"
#include "origin/vsmanifests.h"
#include "origin/vsspanblocks.h"

#define N_SEGMENTS 2000
#define RUN_LENGTH 700
#define CACHE_BYTES (4 * 1024 * 1024)

/* What long ranges have besides equal segments. */
static void
spoil (guint rendition, VsSegment * segment)
{
  if (rendition == 1 && segment->sequence >= 650 && segment->sequence < 653)
    segment->gap = TRUE;
  if (rendition == 0 && segment->sequence == 1030)
    segment->n_tracks = 1;
  if (rendition == 2 && segment->sequence == 1500)
    segment->independent = FALSE;
  if (rendition == 3 && segment->sequence == 1600)
    segment->tracks[0].timescale = 0;
}

static VsTimeline *
make_timeline (guint rendition)
{
  g_autoptr (VsRendition) info = long_rendition (rendition);
  g_autoptr (VsCodecConfig) video = long_config (VS_MEDIA_VIDEO, rendition);
  g_autoptr (VsCodecConfig) audio = long_config (VS_MEDIA_AUDIO, rendition);
  VsTimeline *timeline = vs_timeline_new (info);

  vs_timeline_set_target_duration (timeline, 2);
  vs_timeline_add_config (timeline, video);
  vs_timeline_add_config (timeline, audio);
  /* one came late, and one is behind */
  for (guint n = rendition == 2 ? 20 : 1; n <= N_SEGMENTS
      - (rendition == 1); n++) {
    g_autoptr (VsSegment) segment = long_segment (rendition, n, RUN_LENGTH);

    spoil (rendition, segment);
    fail_unless (vs_timeline_append (timeline, segment));
  }
  return timeline;
}

static GPtrArray *
make_event (void)
{
  GPtrArray *timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);

  for (guint i = 0; i < LONG_RENDITIONS; i++)
    g_ptr_array_add (timelines, make_timeline (i));
  return timelines;
}

static const struct
{
  VsEndpointType type;
  VsDashTemplate template;
  VsLayout layout;
  guint segment_duration;       /* s */
  guint64 first, last;          /* segments */
  gboolean grows;
} rows[] = {
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, 0, 0, 1, 2000, TRUE},
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, 0, 0, 1, 2000, FALSE},
  {VS_ENDPOINT_DASH, VS_DASH_TIME_TIMELINE, VS_LAYOUT_COMPACT, 0, 1, 2000,
      TRUE},
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_DURATION, 0, 0, 1, 2000, TRUE},
  /* where blocks begin, and beside; and within runs */
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, VS_LAYOUT_COMPACT, 0, 513,
      1536, FALSE},
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_DURATION, 0, 0, 512, 1537, FALSE},
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, VS_LAYOUT_COMPACT, 0, 703,
      1390, TRUE},
  {VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, 0, 6, 1, 2000, TRUE},
  {VS_ENDPOINT_DASH, VS_DASH_TIME_TIMELINE, 0, 6, 514, 1900, FALSE},
  {VS_ENDPOINT_MSS, 0, VS_LAYOUT_FULL, 0, 1, 2000, TRUE},
  {VS_ENDPOINT_MSS, 0, VS_LAYOUT_FULL, 0, 1, 2000, FALSE},
  {VS_ENDPOINT_MSS, 0, VS_LAYOUT_COMPACT, 0, 514, 1900, TRUE},
  {VS_ENDPOINT_MSS, 0, VS_LAYOUT_COMPACT, 6, 513, 1900, FALSE},
  {VS_ENDPOINT_HLS, 0, 0, 0, 1, 2000, TRUE},
  {VS_ENDPOINT_CMAF, 0, 0, 0, 1, 2000, TRUE},
  {VS_ENDPOINT_CMAF, 0, 0, 6, 514, 1400, FALSE},
};

static VsEndpoint *
make_endpoint (guint i)
{
  VsEndpoint *endpoint = vs_endpoint_new ("tv", rows[i].type);

  endpoint->dash_template = rows[i].template;
  endpoint->layout = rows[i].layout;
  return endpoint;
}

/* @cache: (nullable): of the whole range at once */
static gchar *
write_row (guint i, GPtrArray * timelines, VsLru * cache, VsXmlCuts * cuts)
{
  g_autoptr (VsEndpoint) endpoint = make_endpoint (i);
  g_autoptr (VsMssLevels) levels = vs_mss_levels_new (timelines);
  g_autoptr (VsEventView) view = NULL;
  VsObjectName name = {.kind = VS_OBJECT_MAIN };
  VsRange range = {
    .start_us = LONG_START_US + LONG_US (rows[i].first - 1),
    .end_us = LONG_START_US + LONG_US (rows[i].last),
    .grows = rows[i].grows,
    /* with as many as there are nothing is measured anew, see vsrange.c */
    .newest = cache ? VS_BLOCK : N_SEGMENTS,
    .summed = cache != NULL
  };
  VsManifestContext context = {.endpoint = endpoint,.root = "/",
    .mss_levels = levels,.cuts = cuts
  };

  context.view = view = vs_event_view_new_range (timelines, NULL, &range,
      rows[i].segment_duration * GST_SECOND, cache, NULL);
  return vs_manifest_write (&context, &name, NULL);
}

static GBytes *
gunzip (GBytes * bytes)
{
  g_autoptr (GConverter) converter = G_CONVERTER (g_zlib_decompressor_new
      (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) memory = g_memory_input_stream_new_from_bytes
      (bytes);
  g_autoptr (GInputStream) in = g_converter_input_stream_new (memory,
      converter);
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  fail_unless (g_output_stream_splice (out, in,
          G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, NULL) >= 0);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

/* An element begins at each cut. */
static void
check_cuts (const gchar * text, const GArray * cuts)
{
  for (guint i = 0; i < cuts->len; i++) {
    gsize cut = g_array_index (cuts, gsize, i);

    fail_unless (cut < strlen (text) && text[cut - 1] == '\n');
    fail_unless (strncmp (text + cut + strspn (text + cut, " "), "<S ", 3) == 0
        || strncmp (text + cut + strspn (text + cut, " "), "<c ", 3) == 0);
    fail_unless (i == 0 || g_array_index (cuts, gsize, i - 1) < cut);
  }
}

/* The text of a range that is summed up is that of one that is read at once,
 * in both forms, whatever the cache has. */
static void
check_row (guint i, GPtrArray * timelines, VsLru * cache, const gchar * text,
    gchar ** tags)
{
  g_autoptr (GArray) offsets = g_array_new (FALSE, FALSE, sizeof (gsize));
  VsXmlCuts cuts = { offsets, VS_BLOCK };
  g_autofree gchar *own = write_row (i, timelines, cache, &cuts);

  fail_unless_equals_string (own, text);
  check_cuts (own, offsets);
  for (guint gzip = 0; gzip < 2; gzip++) {
    g_autoptr (VsObject) object = vs_text_to_object (g_strdup (own), offsets,
        gzip, cache);
    g_autoptr (GBytes) bytes = gzip ? gunzip (object->gzip) :
        g_bytes_ref (object->body);
    const gchar *tag = gzip ? object->gzip_etag : object->etag;

    fail_unless_equals_int (g_bytes_get_size (bytes), strlen (text));
    fail_unless (memcmp (g_bytes_get_data (bytes, NULL), text,
            strlen (text)) == 0, "row %u", i);
    if (tags[gzip])
      fail_unless_equals_string (tag, tags[gzip]);
    g_free (tags[gzip]);
    tags[gzip] = g_strdup (tag);
  }
}

GST_START_TEST (test_same)
{
  g_autoptr (GPtrArray) timelines = make_event ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *text = write_row (i, timelines, NULL, NULL);
    g_autoptr (VsLru) cache = vs_lru_new (CACHE_BYTES);
    g_autoptr (VsLru) nothing = vs_lru_new (0);
    gchar *tags[2] = { NULL };
    gsize size;

    fail_unless (text != NULL, "row %u", i);
    check_row (i, timelines, cache, text, tags);
    size = vs_lru_get_size (cache);
    fail_unless (size > 0);
    check_row (i, timelines, cache, text, tags);
    fail_unless_equals_int (vs_lru_get_size (cache), size);
    check_row (i, timelines, nothing, text, tags);
    fail_if (g_str_equal (tags[0], tags[1]));
    g_free (tags[0]);
    g_free (tags[1]);
  }
}

GST_END_TEST;

/* A day of video is one span; and what is in it comes out of it. */
GST_START_TEST (test_spans)
{
  g_autoptr (GArray) whole = vs_spans_new (), front = vs_spans_new ();
  g_autoptr (GArray) back = vs_spans_new (), sound = vs_spans_new ();
  VsSpanIter iter;
  guint64 n = 0;

  for (guint64 i = 1; i <= LONG_DAY; i++) {
    g_autoptr (VsSegment) segment = long_segment (0, i, 0);

    vs_spans_add (whole, segment, VS_MEDIA_VIDEO);
    vs_spans_add (i <= 1000 ? front : back, segment, VS_MEDIA_VIDEO);
    vs_spans_add (sound, segment, VS_MEDIA_AUDIO);
  }
  fail_unless_equals_int (whole->len, 1);
  vs_spans_append (front, back);
  fail_unless (memcmp (front->data, whole->data, sizeof (VsSpan)) == 0);

  vs_span_iter_init (&iter, sound, 0, sound->len);
  while (vs_span_iter_next (&iter)) {
    g_autoptr (VsSegment) segment = long_segment (0, ++n, 0);

    fail_unless_equals_uint64 (iter.segment.sequence, n);
    fail_unless_equals_int64 (iter.segment.utc_us, segment->utc_us);
    fail_unless_equals_int64 (iter.segment.tracks[0].start,
        segment->tracks[1].start);
    fail_unless_equals_int64 (iter.segment.tracks[0].duration,
        segment->tracks[1].duration);
  }
  fail_unless_equals_uint64 (n, LONG_DAY);

  vs_spans_cut (whole, 11, 40000);
  vs_span_iter_init (&iter, whole, 0, whole->len);
  fail_unless (vs_span_iter_next (&iter));
  fail_unless_equals_uint64 (iter.segment.sequence, 11);
  fail_unless_equals_int64 (iter.segment.start_pts_90k, 10 * LONG_TICKS);
  fail_unless_equals_int (g_array_index (whole, VsSpan, 0).n, 39990);
}

GST_END_TEST;

static Suite *
spanblocks_suite (void)
{
  Suite *suite = suite_create ("spanblocks");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_spans);
  tcase_add_test (tcase, test_same);
  return suite;
}

GST_CHECK_MAIN (spanblocks);
