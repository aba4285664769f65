/* VisionStream: tests of long HLS media playlists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "origin/vshlsblocks.h"
#include "origin/vsjoin.h"

#define N_SEGMENTS 2000
#define CACHE_BYTES (4 * 1024 * 1024)

/* A run of 700 segments, then others. */
static VsTimeline *
make_timeline (void)
{
  g_autoptr (VsRendition) rendition =
      vs_rendition_new (VS_DEFAULT_ACCOUNT, VS_DEFAULT_EVENT, NULL, "720p");
  g_autoptr (VsCodecConfig) config = vs_codec_config_new (VS_CODEC_H264);
  VsTimeline *timeline = vs_timeline_new (rendition);

  g_strlcpy (config->id, "0000000a", sizeof config->id);
  g_strlcpy (config->mime, "avc1.64001f", sizeof config->mime);
  vs_timeline_add_config (timeline, config);
  for (guint i = 0; i < N_SEGMENTS; i++) {
    g_autoptr (VsSegment) segment = vs_segment_new ();

    segment->sequence = i + 1;
    segment->run = segment->discontinuity_sequence = i / 700;
    segment->discontinuity = i > 0 && i % 700 == 0;
    segment->utc_us = G_GINT64_CONSTANT (1767225600000000)
        + i * 2 * G_USEC_PER_SEC;
    segment->start_pts_90k = i * 180000;
    segment->duration = 2 * GST_SECOND;
    segment->independent = TRUE;
    segment->size = 1000;
    segment->n_tracks = 1;
    segment->tracks[0].type = VS_MEDIA_VIDEO;
    segment->tracks[0].timescale = 90000;
    segment->tracks[0].start = i * 180000;
    segment->tracks[0].duration = 180000;
    g_strlcpy (segment->tracks[0].config_id, config->id, 9);
    memset (segment->sha256, i, sizeof segment->sha256);
    fail_unless (vs_timeline_append (timeline, segment));
  }
  return timeline;
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
  g_autoptr (GError) error = NULL;

  fail_unless (g_output_stream_splice (out, in,
          G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error) >= 0, "%s",
      error ? error->message : "");
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static const struct
{
  VsEndpointType type;
  guint segment_duration;       /* s */
  guint64 start, end;           /* s */
  gboolean grows;
} rows[] = {
  {VS_ENDPOINT_HLS, 0, 0, 4000, TRUE},
  {VS_ENDPOINT_HLS, 0, 0, 4000, FALSE},
  /* where blocks begin, and beside */
  {VS_ENDPOINT_CMAF, 0, 1024, 3072, TRUE},
  {VS_ENDPOINT_CMAF, 0, 1022, 3074, FALSE},
  {VS_ENDPOINT_CMAF, 0, 1026, 3070, FALSE},
  {VS_ENDPOINT_HLS, 0, 1395, 3001, FALSE},
  {VS_ENDPOINT_HLS, 6, 0, 4000, TRUE},
  {VS_ENDPOINT_CMAF, 6, 1024, 3072, TRUE},
  {VS_ENDPOINT_CMAF, 6, 1023, 3999, FALSE},
};

/* One pass with what is in @cache: the text, in both forms, is that of one
 * that is written at once. */
static void
check_row (guint i, VsTimeline * timeline, VsLru * cache, gchar ** tags)
{
  const gint64 begin_us = G_GINT64_CONSTANT (1767225600000000);
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("tv", rows[i].type);
  g_autoptr (GPtrArray) timelines = g_ptr_array_new ();
  g_autoptr (VsEventView) view = NULL;
  g_autofree gchar *text = NULL;
  VsObjectName name = {.kind = VS_OBJECT_MEDIA };
  VsRange range = {
    .start_us = begin_us + rows[i].start * G_USEC_PER_SEC,
    .end_us = begin_us + rows[i].end * G_USEC_PER_SEC,
    .grows = rows[i].grows,
  };
  VsManifestContext context = {.endpoint = endpoint,.root = "/" };
  VsHistory history;
  VsHlsBlocks blocks = {
    .context = &context,
    .name = &name,
    .history = &history,
    .grows = range.grows,
    .cache = cache,
    .settings_id = i,
  };

  g_ptr_array_add (timelines, timeline);
  name.track = rows[i].type == VS_ENDPOINT_CMAF ? VS_MEDIA_VIDEO :
      VS_MEDIA_OTHER;
  g_strlcpy (name.name, "720p", sizeof name.name);
  view = vs_event_view_new_range (timelines, NULL, &range,
      rows[i].segment_duration * GST_SECOND, cache, NULL);
  context.view = view;
  text = vs_manifest_write (&context, &name, NULL);
  fail_unless (text != NULL);

  vs_history_init (&history, timeline, NULL);
  fail_unless (vs_range_find (&history, &range, view->join, cache,
          &blocks.bounds, NULL));
  for (guint gzip = 0; gzip < 2; gzip++) {
    g_autoptr (VsObject) object = vs_hls_blocks_make (&blocks, gzip, NULL);
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
  fail_if (g_str_equal (tags[0], tags[1]));
}

GST_START_TEST (test_same)
{
  g_autoptr (VsTimeline) timeline = make_timeline ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (VsLru) cache = vs_lru_new (CACHE_BYTES);
    g_autoptr (VsLru) nothing = vs_lru_new (0);
    gchar *tags[2] = { NULL };
    gsize size;

    check_row (i, timeline, cache, tags);
    size = vs_lru_get_size (cache);
    /* there are whole blocks in those that reach from end to end */
    fail_unless (size > 0 || rows[i].start > 0);
    check_row (i, timeline, cache, tags);
    fail_unless_equals_int (vs_lru_get_size (cache), size);
    check_row (i, timeline, nothing, tags);
    fail_unless_equals_int (vs_lru_get_size (nothing), 0);
    g_free (tags[0]);
    g_free (tags[1]);
  }
}

GST_END_TEST;

static Suite *
hlsblocks_suite (void)
{
  Suite *suite = suite_create ("hlsblocks");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_same);
  return suite;
}

GST_CHECK_MAIN (hlsblocks);
