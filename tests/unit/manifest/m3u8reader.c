/* VisionStream: tests of HLS playlists, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "manifest/vsm3u8.h"
#include "timeline/segmentcheck.h"

/* One playlist of anything that its ranges allow. */
typedef struct
{
  GRand *rand;
  VsTimelineView view;
} Random;

static guint64
random_bits (Random * r, guint bits)
{
  guint64 value = (guint64) g_rand_int (r->rand) << 32 | g_rand_int (r->rand);

  /* small numbers as often as large ones */
  return value >> (64 - bits) >> g_rand_int_range (r->rand, 0, bits);
}

static gint64
random_signed (Random * r, guint bits)
{
  gint64 value = random_bits (r, bits);

  return g_rand_boolean (r->rand) ? value : -value;
}

/* At most @max bytes of what a quoted string can't hold and what it can. */
static gchar *
random_text (Random * r, guint max)
{
  static const gchar alphabet[] = "ab-_09 %\"\n\r\t,=:#\\'<&\x7f";
  guint length = g_rand_int_range (r->rand, 0, max + 1);
  gchar *text = g_malloc0 (length + 1);

  for (guint i = 0; i < length; i++)
    text[i] = alphabet[g_rand_int_range (r->rand, 0, sizeof alphabet - 1)];
  return text;
}

static void
random_id (Random * r, gchar * id)
{
  g_snprintf (id, 9, "%08x", g_rand_int (r->rand));
}

static VsSegment *
random_segment (Random * r, guint64 sequence)
{
  VsSegment *s = vs_segment_new ();
  g_autofree gchar *cause = random_text (r, sizeof s->cause - 1);

  s->sequence = sequence;
  s->discontinuity_sequence = random_bits (r, 63);
  s->discontinuity = g_rand_boolean (r->rand);
  s->run = random_bits (r, 63);
  s->run_start_pts_90k = random_signed (r, 56);
  s->start_pts_90k = random_signed (r, 56);
  s->utc_us = random_bits (r, 57);
  s->event_utc_us = g_rand_boolean (r->rand) ? random_bits (r, 57) : 0;
  s->duration = random_bits (r, 49);
  strcpy (s->cause, cause);
  s->independent = g_rand_boolean (r->rand);
  s->gap = g_rand_boolean (r->rand);
  s->n_tracks = g_rand_int_range (r->rand, 0, VS_SEGMENT_MAX_TRACKS + 1);
  for (guint i = 0; i < s->n_tracks; i++) {
    s->tracks[i].type = g_rand_int_range (r->rand, 0, 3);
    s->tracks[i].timescale = 1 + random_bits (r, 30);
    s->tracks[i].start = random_signed (r, 56);
    s->tracks[i].duration = random_bits (r, 56);
    s->tracks[i].size = random_bits (r, 63);
    if (g_rand_boolean (r->rand))
      random_id (r, s->tracks[i].config_id);
  }
  s->size = random_bits (r, 63);
  for (guint i = 0; i < sizeof s->sha256; i++)
    s->sha256[i] = g_rand_int (r->rand);
  if (!s->gap || g_rand_boolean (r->rand))
    s->uri = g_strdup_printf ("index_a_%05" G_GUINT64_FORMAT ".ts", sequence);
  return s;
}

static VsCodecConfig *
random_config (Random * r)
{
  VsCodecConfig *c =
      vs_codec_config_new (g_rand_int_range (r->rand, VS_CODEC_UNKNOWN,
          VS_CODEC_PRIVATE + 1));
  g_autofree gchar *mime = random_text (r, sizeof c->mime - 1);

  random_id (r, c->id);
  strcpy (c->mime, mime);
  c->width = random_bits (r, 16);
  c->height = random_bits (r, 16);
  c->par_n = random_bits (r, 31);
  c->par_d = random_bits (r, 31);
  c->fps_n = random_bits (r, 31);
  c->fps_d = random_bits (r, 31);
  c->interlaced = g_rand_boolean (r->rand);
  c->colour_primaries = random_bits (r, 8);
  c->transfer = random_bits (r, 8);
  c->matrix = random_bits (r, 8);
  c->full_range = g_rand_boolean (r->rand);
  c->profile = random_bits (r, 8);
  c->level = random_bits (r, 8);
  c->bit_depth = random_bits (r, 4);
  c->sample_rate = random_bits (r, 20);
  c->channels = random_bits (r, 8);
  c->frame_samples = random_bits (r, 12);
  return c;
}

static void
random_view (Random * r)
{
  VsTimelineView *v = &r->view;
  VsRendition *rendition = vs_rendition_new ("acc", "event-1",
      g_rand_boolean (r->rand) ? "breakout" : NULL, "1080p");
  guint64 first = 1 + random_bits (r, 62);
  guint n = g_rand_int_range (r->rand, 0, 6);

  rendition->ingest_index = random_bits (r, 32);
  rendition->track_count = random_bits (r, 32);
  rendition->audio_id = g_rand_boolean (r->rand) ? random_text (r, 20) : NULL;
  rendition->language = g_rand_boolean (r->rand) ? random_text (r, 20) : NULL;
  rendition->role = g_rand_boolean (r->rand) ? random_text (r, 20) : NULL;
  rendition->target_duration = random_bits (r, 49);
  rendition->segmented = g_rand_boolean (r->rand);
  rendition->bitrate = random_bits (r, 32);
  rendition->fps_n = random_bits (r, 31);
  rendition->fps_d = random_bits (r, 31);

  memset (v, 0, sizeof *v);
  v->rendition = rendition;
  v->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  v->configs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_codec_config_unref);
  for (guint i = 0; i < n; i++) {
    g_ptr_array_add (v->segments, random_segment (r, first + i));
    g_ptr_array_add (v->configs, random_config (r));
  }
  v->ended = g_rand_boolean (r->rand);
  v->target_duration = random_bits (r, 31);
  v->peaks.whole = random_bits (r, 32);
  v->peaks.video = random_bits (r, 32);
  v->peaks.audio = g_rand_boolean (r->rand) ? random_bits (r, 32) : 0;
  v->average_bandwidth = random_bits (r, 32);
}

static void
assert_equal_renditions (const VsRendition * a, const VsRendition * b)
{
  fail_unless_equals_string (a->account, b->account);
  fail_unless_equals_string (a->event, b->event);
  fail_unless_equals_string (a->breakout, b->breakout);
  fail_unless_equals_string (a->name, b->name);
  fail_unless_equals_int (a->ingest_index, b->ingest_index);
  fail_unless_equals_int (a->track_count, b->track_count);
  fail_unless_equals_string (a->audio_id, b->audio_id);
  fail_unless_equals_string (a->language, b->language);
  fail_unless_equals_string (a->role, b->role);
  fail_unless_equals_uint64 (a->target_duration, b->target_duration);
  fail_unless_equals_int (a->segmented, b->segmented);
  fail_unless_equals_int (a->bitrate, b->bitrate);
  fail_unless_equals_int (a->fps_n, b->fps_n);
  fail_unless_equals_int (a->fps_d, b->fps_d);
}

static void
assert_equal_configs (const VsCodecConfig * a, const VsCodecConfig * b)
{
  VsCodecConfig copy = *b;

  fail_unless (b->record == NULL);
  fail_unless_equals_string (a->id, b->id);
  fail_unless_equals_string (a->mime, b->mime);
  /* the members in between are numbers: compared at one go */
  copy.ref_count = a->ref_count;
  memcpy (copy.id, a->id, sizeof copy.id);
  memcpy (copy.mime, a->mime, sizeof copy.mime);
  fail_unless (a->codec == copy.codec);
  fail_unless (memcmp (&a->width, &copy.width,
          G_STRUCT_OFFSET (VsCodecConfig, ref_count)
          - G_STRUCT_OFFSET (VsCodecConfig, width)) == 0);
}

static void
assert_round_trip (const VsTimelineView * view)
{
  static const gchar *const attributes[] = { "PARTS", "a,\"b\"=%25\n", NULL };
  static const VsM3u8MediaSettings settings = {
    .archive = TRUE,
    .attributes = attributes,
  };
  g_autofree gchar *text = vs_m3u8_write_media (view, &settings);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsM3u8Media) media =
      vs_m3u8_read_media (text, strlen (text), &error);

  fail_unless (media != NULL, "%s\n%s", error ? error->message : "", text);
  fail_if (media->foreign);
  fail_unless_equals_int (media->ended, view->ended);
  fail_unless_equals_int (media->target_duration, view->target_duration);
  fail_unless_equals_int (media->peaks.whole, view->peaks.whole);
  fail_unless_equals_int (media->peaks.video, view->peaks.video);
  fail_unless_equals_int (media->peaks.audio, view->peaks.audio);
  fail_unless_equals_int (media->average_bandwidth, view->average_bandwidth);
  fail_unless_equals_string (g_hash_table_lookup (media->attributes,
          "PARTS"), attributes[1]);
  assert_equal_renditions (view->rendition, media->rendition);
  fail_unless_equals_int (media->segments->len, view->segments->len);
  for (guint i = 0; i < media->segments->len; i++)
    assert_segments_equal (view->segments->pdata[i], media->segments->pdata[i]);
  fail_unless_equals_int (media->configs->len, view->configs->len);
  for (guint i = 0; i < media->configs->len; i++)
    assert_equal_configs (view->configs->pdata[i], media->configs->pdata[i]);
}

GST_START_TEST (test_round_trip)
{
  Random r = {.rand = g_rand_new_with_seed (1) };

  for (guint i = 0; i < 500; i++) {
    random_view (&r);
    assert_round_trip (&r.view);
    vs_rendition_unref (r.view.rendition);
    g_ptr_array_unref (r.view.segments);
    g_ptr_array_unref (r.view.configs);
  }
  g_rand_free (r.rand);
}

GST_END_TEST;

/* Of another maker: ffmpeg's hls muxer with program_date_time. */
GST_START_TEST (test_foreign)
{
  static const gchar text[] = "#EXTM3U\r\n"
      "#EXT-X-VERSION:3\r\n"
      "#EXT-X-TARGETDURATION:4\r\n"
      "#EXT-X-MEDIA-SEQUENCE:12\r\n"
      "#EXT-X-DISCONTINUITY-SEQUENCE:2\r\n"
      "#EXT-X-INDEPENDENT-SEGMENTS\r\n"
      "#EXTINF:4.004000,some title\r\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-03-01T13:00:00.5+01:00\r\n"
      "a b.ts\r\n"
      "\r\n"
      "#EXT-X-UNHEARD-OF:1\r\n"
      "#EXTINF:2,\r\n"
      "b.ts\r\n"
      "#EXT-X-DISCONTINUITY\r\n"
      "#EXT-X-GAP\r\n" "#EXTINF:.5\r\n" "c.ts\r\n" "#EXT-X-ENDLIST\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (VsM3u8Media) media =
      vs_m3u8_read_media (text, sizeof text - 1, &error);
  const VsSegment *segment;

  /* RFC 8216bis 4.2: a decimal-floating-point has an integer part */
  fail_unless (media == NULL);
  fail_unless (g_str_has_prefix (error->message, "line 16:"), "%s",
      error->message);
  g_clear_error (&error);

  media = vs_m3u8_read_media (text, strstr (text, "#EXTINF:.5") - text, &error);
  fail_unless (media != NULL);
  fail_unless (media->foreign && media->rendition == NULL && !media->ended);
  fail_unless_equals_int (media->target_duration, 4);
  fail_unless_equals_uint64 (media->media_sequence, 12);
  fail_unless_equals_int (media->segments->len, 2);
  segment = media->segments->pdata[0];
  fail_unless_equals_uint64 (segment->sequence, 12);
  fail_unless_equals_uint64 (segment->discontinuity_sequence, 2);
  fail_unless_equals_uint64 (segment->duration, 4004 * GST_MSECOND);
  fail_unless_equals_int64 (segment->utc_us, 1772366400500000);
  fail_unless_equals_string (segment->uri, "a b.ts");
  fail_unless (segment->independent);
  segment = media->segments->pdata[1];
  fail_unless_equals_uint64 (segment->duration, 2 * GST_SECOND);
  fail_unless_equals_int64 (segment->utc_us, 1772366404504000);
}

GST_END_TEST;

#define HEAD "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
#define OUR_HEAD "#VISIONSTREAM-PLAYLIST:VERSION=1,TARGET-DURATION=6," \
    "PEAK-BANDWIDTH=1,AVERAGE-BANDWIDTH=1,FIRST-SEQUENCE=1,ACCOUNT=\"a\"," \
    "EVENT=\"e\",RENDITION=\"r\",INGEST-INDEX=0,TRACK-COUNT=0," \
    "SEGMENT-DURATION=0,BITRATE=0,FRAME-RATE=\"0/1\"\n"
#define OURS HEAD OUR_HEAD
#define ENTRY(sequence) "#VISIONSTREAM:SEQUENCE=" sequence \
    ",DISCONTINUITY-SEQUENCE=0,RUN=0,RUN-PTS=0,PTS=0,UTC=0,DURATION=6000000000,SIZE=1," \
    "SHA256=0x" \
    "0000000000000000000000000000000000000000000000000000000000000000"
#define URI "\n#EXTINF:6,\na.ts\n"

GST_START_TEST (test_hostile)
{
  static const struct
  {
    const gchar *text;
    guint line;                 /* of the error; 0: it reads */
  } cases[] = {
    {"", 1},
    {"\n#EXTM3U\n", 1},
    {"#EXTM3U8\n", 1},
    {"#EXTM3U\n", 1},
    {HEAD, 0},
    {HEAD "#EXTINF:6,\na.ts", 0},
    {HEAD "a.ts\n", 3},
    {HEAD "#EXTINF:,\na.ts\n", 3},
    {HEAD "#EXTINF:-1,\na.ts\n", 3},
    {HEAD "#EXTINF:1e3,\na.ts\n", 3},
    {HEAD "#EXTINF:99999999999999999999999,\na.ts\n", 3},
    {HEAD "#EXTINF:nan,\na.ts\n", 3},
    {HEAD "#EXTINF:1.99999999999999999999999999,\na.ts\n", 0},
    {HEAD "#EXT-X-MEDIA-SEQUENCE:18446744073709551616\n", 3},
    {HEAD "#EXT-X-MEDIA-SEQUENCE:-1\n", 3},
    {HEAD "#EXTINF:1,\na.ts\n#EXT-X-MEDIA-SEQUENCE:5\n", 5},
    {HEAD "#EXT-X-PROGRAM-DATE-TIME:yesterday\n", 3},
    {HEAD "#EXT-X-BYTERANGE:1@0\n", 0},
    {HEAD "#EXT-X-BYTERANGE:0@0\n", 3},
    {HEAD "#EXT-X-BYTERANGE:1@9223372036854775807\n", 3},
    {HEAD "#EXT-X-BYTERANGE:1@\n", 3},
    {HEAD "#EXT-X-BYTERANGE:5" URI, 5},
    {HEAD "#EXT-X-BYTERANGE:5@1" URI "#EXT-X-BYTERANGE:1\n#EXTINF:1,\nb.ts\n",
        8},
    {HEAD "#EXT-X-BYTERANGE:1@9223372036854775806" URI "#EXT-X-BYTERANGE:9" URI,
        8},
    {HEAD "#EXT-X-MAP:BYTERANGE=\"1@0\"\n", 3},
    {HEAD "#EXT-X-MAP:URI=\"a\",BYTERANGE=\"x\"\n", 3},
    {HEAD "#EXT-X-MAP:URI=\"a\n", 3},
    {HEAD "#EXT-X-KEY:URI=\"a\"\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=AES-128\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0x\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"a\",IV=0xg\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=AES-128,URI=\"a\",KEYFORMAT=\"b\"\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"a\"\n", 3},
    {HEAD "#EXT-X-KEY:METHOD=NONE\n", 0},
    {OURS "#EXT-X-BYTERANGE:1@0\n", 4},
    {HEAD "#EXT-X-STREAM-INF:BANDWIDTH=1\n", 3},
    {HEAD "\xff\n", 3},
    {HEAD "#VISIONSTREAM:SEQUENCE=nonsense\n", 0},
    {OURS, 0},
    {OURS ENTRY ("0") URI ENTRY ("1") URI, 0},
    {OURS ENTRY ("0") ",NEW-IN-VERSION-9=\"x\"" URI, 0},
    {OURS ENTRY ("0") ",TRACK-1=\"video:90000:-5:540000:01234567\"" URI, 0},
    {OURS ENTRY ("0") ",TRACK-1=\"video:90000:-5:540000::7\"" URI, 0},
    {OURS "#EXTINF:6,\na.ts\n", 5},
    {OURS OUR_HEAD, 4},
    {OURS ENTRY ("0") URI ENTRY ("2") URI, 9},
    {OURS ENTRY ("0") "\n" ENTRY ("0") URI, 5},
    {OURS ENTRY ("0") ",SEQUENCE=0" URI, 4},
    {OURS ENTRY ("0") ",GAP=MAYBE" URI, 4},
    {OURS ENTRY ("0") ",CAUSE=\"open" URI, 4},
    {OURS ENTRY ("0") ",CAUSE=\"0123456789abcdef\"" URI, 4},
    {OURS ENTRY ("0") ",CAUSE=\"x\"y" URI, 4},
    {OURS ENTRY ("0") ",=1" URI, 4},
    {OURS ENTRY ("0") ",lower=1" URI, 4},
    {OURS ENTRY ("0") ",TRACK-2=\"video:90000:0:1:\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:0:0:1:\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"smell:1:0:1:\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:1:9223372036854775807:1:\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:1:0:1:../../../\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:1:0\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:1:0:1::-7\"" URI, 4},
    {OURS ENTRY ("0") ",TRACK-1=\"video:1:0:1::7:7\"" URI, 4},
    {OURS ENTRY ("0") ",EVENT-UTC=253402300800000000" URI, 4},
    {OURS "#VISIONSTREAM:SEQUENCE=0" URI, 4},
    {OURS "#VISIONSTREAM-CONFIG:ID=\"01234567\",CODEC=\"h264\"\n", 4},
    {HEAD "#VISIONSTREAM-PLAYLIST:VERSION=2\n", 3},
    {HEAD "#VISIONSTREAM-PLAYLIST:VERSION=1\n", 3},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VsM3u8Media) media =
        vs_m3u8_read_media (cases[i].text, strlen (cases[i].text), &error);
    g_autofree gchar *prefix = g_strdup_printf ("line %u: ", cases[i].line);

    if (cases[i].line == 0) {
      fail_unless (media != NULL, "case %u: %s", i,
          error ? error->message : "");
      continue;
    }
    fail_unless (media == NULL, "case %u reads", i);
    fail_unless (g_error_matches (error, VS_M3U8_ERROR, VS_M3U8_ERROR_SYNTAX));
    fail_unless (g_str_has_prefix (error->message, prefix), "case %u: %s", i,
        error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_storage)
{
  static const gchar text[] = HEAD
      "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1f\n"
      "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"10@20\"\n"
      "#EXT-X-BYTERANGE:100@30\n#EXTINF:1,\na.mp4\n"
      "#EXT-X-KEY:METHOD=NONE\n"
      "#EXT-X-BYTERANGE:50\n#EXTINF:1,\na.mp4\n#EXTINF:1,\nb.mp4\n";
  g_autoptr (VsM3u8Media) media =
      vs_m3u8_read_media (text, strlen (text), NULL);
  const VsSegmentStorage *storage[3];

  fail_unless (media != NULL && media->segments->len == 3);
  for (guint i = 0; i < 3; i++)
    storage[i] = ((VsSegment *) g_ptr_array_index (media->segments,
            i))->storage;
  fail_unless (storage[0]->map == storage[2]->map);
  fail_unless_equals_string (storage[0]->map->uri, "i.mp4");
  fail_unless_equals_uint64 (storage[0]->map->offset, 20);
  fail_unless_equals_uint64 (storage[0]->map->size, 10);
  fail_unless (storage[0]->map->key == storage[0]->key);
  fail_unless_equals_string (storage[0]->key->uri, "k");
  fail_unless_equals_int (storage[0]->key->line, 3);
  fail_unless_equals_int (storage[0]->key->iv[15], 0x1f);
  fail_unless_equals_int (storage[0]->key->iv[14], 0);
  fail_unless_equals_uint64 (storage[0]->offset, 30);
  fail_unless_equals_uint64 (storage[0]->size, 100);
  fail_unless (storage[1]->key == NULL);
  fail_unless_equals_uint64 (storage[1]->offset, 130);
  fail_unless_equals_uint64 (storage[1]->size, 50);
  fail_unless_equals_uint64 (storage[2]->size, 0);
}

GST_END_TEST;

/* The sound of a variant, of some that its group names */
GST_START_TEST (test_audio_groups)
{
#define AUDIO(id, uri, more) "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"" id "\"," \
    "NAME=\"n\"" uri more "\n"
#define VARIANT "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\"\nv.m3u8\n"
  static const struct
  {
    const gchar *text, *uri;
  } cases[] = {
    {VARIANT, NULL},
    {AUDIO ("b", ",URI=\"1\"", "") VARIANT, NULL},
    {AUDIO ("a", ",URI=\"1\"", "") AUDIO ("a", ",URI=\"2\"", "") VARIANT, "1"},
    {AUDIO ("a", ",URI=\"1\"", "") VARIANT
          AUDIO ("a", ",URI=\"2\"", ",AUTOSELECT=YES"), "2"},
    {AUDIO ("a", ",URI=\"1\"", ",AUTOSELECT=YES")
          AUDIO ("a", ",URI=\"2\"", ",AUTOSELECT=YES,DEFAULT=YES") VARIANT,
        "2"},
    {AUDIO ("a", ",URI=\"1\"", ",AUTOSELECT=YES")
        AUDIO ("a", "", ",AUTOSELECT=YES,DEFAULT=YES") VARIANT, NULL},
    {AUDIO ("a", ",URI=\"v.m3u8\"", "") VARIANT, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strconcat ("#EXTM3U\n", cases[i].text, NULL);
    g_autoptr (GPtrArray) entries =
        vs_m3u8_read_main (text, strlen (text), NULL);

    fail_unless (entries != NULL && entries->len > 0);
    fail_unless_equals_string (((VsM3u8MainEntry *) entries->
            pdata[0])->audio_uri, cases[i].uri);
  }
}

GST_END_TEST;

GST_START_TEST (test_names_stay_in_their_folder)
{
  static const gchar *const names[] = { "..", "", "a/b", "a%2Fb", "a b" };
  g_auto (GStrv) parts = g_strsplit (OURS, "EVENT=\"e\"", 2);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *text = g_strdup_printf ("%sEVENT=\"%s\"%s", parts[0],
        names[i], parts[1]);
    g_autoptr (GError) error = NULL;

    fail_unless (vs_m3u8_read_media (text, strlen (text), &error) == NULL);
    fail_unless (g_str_has_prefix (error->message, "line 3: "));
  }
}

GST_END_TEST;

GST_START_TEST (test_too_large)
{
  gsize size = VS_M3U8_MAX_SIZE + 1;
  g_autofree gchar *text = g_malloc (size);
  g_autoptr (GError) error = NULL;

  memset (text, '#', size);
  fail_unless (vs_m3u8_read_media (text, size, &error) == NULL);
  fail_unless (g_error_matches (error, VS_M3U8_ERROR, VS_M3U8_ERROR_TOO_LARGE));
  g_clear_error (&error);
  /* one endless line */
  memcpy (text, "#EXTM3U\n", 8);
  fail_unless (vs_m3u8_read_media (text, size - 1, &error) == NULL);
  fail_unless_equals_string (error->message, "line 2: too long");
}

GST_END_TEST;

GST_START_TEST (test_main)
{
  static const gchar text[] = "#EXTM3U\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\",URI=\"c.m3u8\","
      "LANGUAGE=\"de\"\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"muxed\"\n"
      "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"s\",URI=\"s.m3u8\"\n"
      "#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=90,BANDWIDTH=100,"
      "CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,"
      "FRAME-RATE=29.970\n"
      "\n" "v.m3u8\n" "#EXT-X-STREAM-INF:BANDWIDTH=50\n" "w.m3u8\n"
      "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"w\",URI=\"w.m3u8\","
      "LANGUAGE=\"fr\"\n";
  g_autoptr (GPtrArray) entries =
      vs_m3u8_read_main (text, sizeof text - 1, NULL);
  const VsM3u8MainEntry *entry;

  fail_unless (entries != NULL);
  fail_unless_equals_int (entries->len, 3);
  entry = entries->pdata[0];
  fail_unless_equals_string (entry->uri, "v.m3u8");
  fail_unless_equals_string (entry->codecs, "avc1.64001f,mp4a.40.2");
  fail_unless_equals_int (entry->bandwidth, 100);
  fail_unless_equals_int (entry->average_bandwidth, 90);
  fail_unless_equals_int (entry->width, 1280);
  fail_unless_equals_int (entry->height, 720);
  fail_unless_equals_int (entry->fps_n, 2997);
  fail_unless_equals_int (entry->fps_d, 100);
  entry = entries->pdata[1];
  fail_unless_equals_string (entry->uri, "w.m3u8");
  fail_unless (entry->codecs == NULL);
  fail_unless (entry->is_audio);
  fail_unless_equals_string (entry->language, "fr");
  fail_unless_equals_int (entry->bandwidth, 50);
  entry = entries->pdata[2];
  fail_unless_equals_string (entry->uri, "c.m3u8");
  fail_unless_equals_string (entry->language, "de");
  fail_unless (entry->is_audio);
}

GST_END_TEST;

GST_START_TEST (test_hostile_main)
{
  static const struct
  {
    const gchar *text;
    guint line;
  } cases[] = {
    {"#EXTM3U\nv.m3u8\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x\nv.m3u8\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:RESOLUTION=12\nv.m3u8\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
          "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n", 3},
    {"#EXTM3U\n#EXTINF:1,\na.ts\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:FRAME-RATE=nan\nv.m3u8\n", 2},
    {"#EXTM3U\n#EXT-X-STREAM-INF:FRAME-RATE=1e99\nv.m3u8\n", 2},
    {"#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI\n", 2},
    /* what is another chain's is left out, but not left unread */
    {"#EXTM3U\n#VISIONSTREAM-REDUNDANT\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", 3},
    {"#EXTM3U\n#VISIONSTREAM-REDUNDANT\n#EXT-X-STREAM-INF:BANDWIDTH=x\n"
          "v.m3u8\n", 3},
    {"#EXTM3U\n#VISIONSTREAM-REDUNDANT\n#EXT-X-MEDIA:TYPE=AUDIO,URI\n", 3},
    {"#EXTM3U\n#VISIONSTREAM-REDUNDANT\n../v.m3u8\n", 3},
    {"#EXTM3U\n#VISIONSTREAM-REDUNDANT\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
          "../v.m3u8\nv.m3u8\n", 5},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *prefix = g_strdup_printf ("line %u: ", cases[i].line);

    fail_unless (vs_m3u8_read_main (cases[i].text, strlen (cases[i].text),
            &error) == NULL);
    fail_unless (g_str_has_prefix (error->message, prefix), "case %u: %s", i,
        error->message);
  }
}

GST_END_TEST;

static Suite *
m3u8reader_suite (void)
{
  Suite *suite = suite_create ("m3u8reader");
  TCase *tcase = tcase_create ("read");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_round_trip);
  tcase_add_test (tcase, test_foreign);
  tcase_add_test (tcase, test_hostile);
  tcase_add_test (tcase, test_storage);
  tcase_add_test (tcase, test_audio_groups);
  tcase_add_test (tcase, test_names_stay_in_their_folder);
  tcase_add_test (tcase, test_too_large);
  tcase_add_test (tcase, test_main);
  tcase_add_test (tcase, test_hostile_main);
  return suite;
}

GST_CHECK_MAIN (m3u8reader);
