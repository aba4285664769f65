/* VisionStream: tests of vsarchivesrc
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "storecheck.h"
#include "timeline/vssegment.h"
#include "../unit/mpegts/tshelper.h"

#define PINNED "start-time=2026-01-01T00:00:00Z"
/* GOPs of VIDEO (), and segments of two of them */
#define GOP_FRAMES 15
#define GOP (GST_SECOND / 2)
#define FRAMES 150
#define SRC "vsarchivesrc name=src "
/* what is awaited takes no longer than this */
#define SOON (10 * G_TIME_SPAN_SECOND)

/* ---- what comes out ----------------------------------------------------- */

/* All that a source gives, to its end */
typedef struct
{
  GByteArray *bytes;
  guint buffers, keys, disconts, deltas, segments, finals, skipped;
  gboolean marked;
  GstClockTime last;
  VsRendition *rendition;
} Taken;

static void
take_buffer (Taken * taken, GstBuffer * buffer)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless (map.size > 0 && map.size % 188 == 0);
  g_byte_array_append (taken->bytes, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
  fail_unless (taken->buffers == 0 || GST_BUFFER_PTS (buffer) >= taken->last);
  taken->last = GST_BUFFER_PTS (buffer);
  fail_unless (taken->buffers++ > 0 || GST_BUFFER_IS_DISCONT (buffer));
  taken->disconts += GST_BUFFER_IS_DISCONT (buffer);
  taken->marked |= GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER);
  taken->deltas += GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
}

static gboolean
take_in_list (GstBuffer ** buffer, guint index, gpointer user_data)
{
  take_buffer (user_data, *buffer);
  return TRUE;
}

static void
take_event (Taken * taken, GstEvent * event)
{
  VsSegment *opened, *closed;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    /* another stream begins */
    g_byte_array_set_size (taken->bytes, 0);
    taken->buffers = taken->segments = 0;
  }
  if (vs_event_is_rendition (event)) {
    g_clear_pointer (&taken->rendition, vs_rendition_unref);
    taken->rendition = vs_event_parse_rendition (event);
    fail_unless (taken->rendition != NULL);
  }
  if (!vs_event_is_segment (event))
    return;
  fail_unless (vs_event_parse_segment (event, &opened, &closed));
  fail_unless ((closed == NULL) == (taken->segments == 0));
  taken->segments += opened != NULL;
  taken->finals += opened == NULL;
  g_clear_pointer (&opened, vs_segment_unref);
  g_clear_pointer (&closed, vs_segment_unref);
}

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Taken *taken = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    take_buffer (taken, GST_PAD_PROBE_INFO_BUFFER (info));
  else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    gst_buffer_list_foreach (GST_PAD_PROBE_INFO_BUFFER_LIST (info),
        take_in_list, taken);
  else
    take_event (taken, GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_OK;
}

static void
watch (Run * run, Taken * taken)
{
  g_autoptr (GstElement) src =
      gst_bin_get_by_name (GST_BIN (run->pipeline), "src");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "src");

  memset (taken, 0, sizeof *taken);
  taken->bytes = g_byte_array_new ();
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER
      | GST_PAD_PROBE_TYPE_BUFFER_LIST | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
      | GST_PAD_PROBE_TYPE_EVENT_FLUSH, on_data, taken, NULL);
}

static void
taken_clear (Taken * taken)
{
  g_byte_array_unref (taken->bytes);
  g_clear_pointer (&taken->rendition, vs_rendition_unref);
}

/* Runs "vsarchivesrc ... ! fakesink" on an archive of the test's folder. */
static guint
take_all (Taken * taken, const gchar * archive, const gchar * settings)
{
  Run run;

  run_init (&run, SRC "location=%s/%s %s ! fakesink sync=false", folder,
      archive, settings);
  watch (&run, taken);
  run_to_end (&run);
  run_clear (&run);
  return run.warnings;
}

static TestReader *
read_taken (const Taken * taken)
{
  TestReader *reader = test_read (taken->bytes->data, taken->bytes->len, 0);
  VsTsStats stats;

  vs_ts_reader_get_stats (reader->reader, &stats);
  fail_unless_equals_uint64 (stats.continuity_errors, 0);
  fail_unless_equals_uint64 (stats.crc_errors, 0);
  return reader;
}

static guint
count_video (TestReader * reader)
{
  guint n = 0;

  for (guint i = 0; i < reader->units->len; i++) {
    const VsTsUnit *unit = &test_reader_get (reader, i)->unit;

    n += vs_codec_get_media_type (reader->program->tracks[unit->track].codec)
        == VS_MEDIA_VIDEO;
  }
  return n;
}

static void
make_archive (const gchar * archive)
{
  Run run;

  run_line (&run, VIDEO (150) " ! " STORE PINNED " location=%s/%s", folder,
      archive);
}

/* ---- reading ------------------------------------------------------------ */

GST_START_TEST (test_whole)
{
  g_autoptr (GByteArray) stored = NULL;
  g_autoptr (TestReader) reader = NULL;
  Taken taken;

  make_archive ("a");
  fail_unless_equals_int (take_all (&taken, "a", ""), 0);
  stored = read_segments ("a", "48p");
  fail_unless_equals_int (stored->len, taken.bytes->len);
  fail_unless (memcmp (stored->data, taken.bytes->data, stored->len) == 0);
  reader = read_taken (&taken);
  /* a buffer is an access unit */
  fail_unless_equals_int (taken.buffers, FRAMES);
  fail_unless_equals_int (reader->units->len, FRAMES);
  fail_unless_equals_int (taken.buffers - taken.deltas, FRAMES / GOP_FRAMES);
  fail_unless_equals_int (taken.disconts, 1);
  fail_unless (taken.marked);
  fail_unless_equals_int (taken.segments, FRAMES / GOP_FRAMES / 2);
  fail_unless_equals_int (taken.finals, 1);
  fail_unless_equals_string (taken.rendition->name, "48p");
  fail_unless (taken.rendition->segmented);
  fail_unless (taken.rendition->archive != NULL);
  taken_clear (&taken);
}

GST_END_TEST;

GST_START_TEST (test_ranges)
{
  static const struct
  {
    const gchar *settings;
    guint frames;
  } rows[] = {
    {"start=0.6", FRAMES - GOP_FRAMES},
    {"stop=0.6", 2 * GOP_FRAMES},
    {"start=00:00:01.5 stop=0:02", GOP_FRAMES},
    {"start=-1", 2 * GOP_FRAMES},
    {"start=2026-01-01T00:00:02Z stop=2026-01-01T00:00:02.1Z rendition=48p",
        GOP_FRAMES},
  };

  make_archive ("a");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (TestReader) reader = NULL;
    Taken taken;

    take_all (&taken, "a", rows[i].settings);
    reader = read_taken (&taken);
    fail_unless_equals_int (count_video (reader), rows[i].frames);
    fail_unless_equals_int (taken.finals, 1);
    taken_clear (&taken);
  }
}

GST_END_TEST;

/* A store behind it has the same segments; of a range those that are whole, and
 * the rest of the others. */
GST_START_TEST (test_store_again)
{
  g_autoptr (GByteArray) a = NULL;
  g_autoptr (GByteArray) b = NULL;
  Run run;

  make_archive ("a");
  run_line (&run, SRC "location=%s/a ! vssegmentstore location=%s/b", folder,
      folder);
  a = read_segments ("a", "48p");
  b = read_segments ("b", "48p");
  fail_unless (a->len > 0 && a->len == b->len);
  fail_unless (memcmp (a->data, b->data, a->len) == 0);
  fail_unless_equals_int (probe_frames ("b", "index.m3u8"), FRAMES);

  run_line (&run, SRC "location=%s/a start=1.5 stop=3.4 ! vssegmentstore "
      "location=%s/c", folder, folder);
  fail_unless_equals_int (run.warnings, 0);
  fail_unless_equals_int (run.stored, 3);
  fail_unless_equals_int (probe_frames ("c", "index.m3u8"), 4 * GOP_FRAMES);
}

GST_END_TEST;

/* ---- times -------------------------------------------------------------- */

typedef struct
{
  GstClockTime first, last;     /* stream time */
  guint frames;
} Frames;

static GstPadProbeReturn
on_frame (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  Frames *frames = user_data;
  const GstSegment *segment;
  GstClockTime time;

  gst_event_parse_segment (event, &segment);
  time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
  if (frames->frames++ == 0)
    frames->first = time;
  frames->last = MAX (frames->last, time);
  return GST_PAD_PROBE_OK;
}

/* Whoever demultiplexes and decodes gets the frames at their times: those of
 * positions, to the tick of the stream's clock. */
GST_START_TEST (test_frame_times)
{
  static const struct
  {
    gdouble seek;               /* -1: none */
    guint first;
  } rows[] = {
    {-1, 0}, {2, 60}, {1.7, 51},
  };

  make_archive ("a");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstElement) sink = NULL;
    g_autoptr (GstPad) pad = NULL;
    Frames frames = { 0 };
    Run run;

    run_init (&run, SRC "location=%s/a ! tsdemux ! h264parse ! avdec_h264 "
        "max-threads=1 ! fakesink name=sink sync=false", folder);
    sink = gst_bin_get_by_name (GST_BIN (run.pipeline), "sink");
    pad = gst_element_get_static_pad (sink, "sink");
    if (rows[i].seek >= 0) {
      gst_element_set_state (run.pipeline, GST_STATE_PAUSED);
      fail_unless_equals_int (gst_element_get_state (run.pipeline, NULL, NULL,
              WAIT), GST_STATE_CHANGE_SUCCESS);
      fail_unless (gst_element_seek_simple (run.pipeline, GST_FORMAT_TIME,
              GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE,
              rows[i].seek * GST_SECOND));
      fail_unless_equals_int (gst_element_get_state (run.pipeline, NULL, NULL,
              WAIT), GST_STATE_CHANGE_SUCCESS);
    }
    {
      g_autoptr (GstSample) sample = NULL;

      gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, &frames,
          NULL);
      g_object_get (sink, "last-sample", &sample, NULL);
      if (sample)
        frames.frames = 1, frames.first =
            gst_segment_to_stream_time (gst_sample_get_segment (sample),
            GST_FORMAT_TIME, GST_BUFFER_PTS (gst_sample_get_buffer (sample)));
    }
    run_to_end (&run);
    run_clear (&run);
    fail_unless_equals_int (frames.frames, FRAMES - rows[i].first);
    fail_unless (ABS ((gint64) (frames.first
                - rows[i].first * GST_SECOND / 30)) < 12000,
        "%" GST_TIME_FORMAT, GST_TIME_ARGS (frames.first));
    fail_unless (ABS ((gint64) (frames.last
                - (FRAMES - 1) * GST_SECOND / 30)) < 12000,
        "%" GST_TIME_FORMAT, GST_TIME_ARGS (frames.last));
  }
}

GST_END_TEST;

/* PTS of the first picture in what a sample holds, less that of the archive. */
static GstClockTime
pull_key (GstElement * sink, const gchar * pull, gint64 zero_90k)
{
  g_autoptr (TestReader) reader = test_reader_new (0);

  while (reader->units->len == 0) {
    g_autoptr (GstSample) sample = NULL;
    GstMapInfo map;

    g_signal_emit_by_name (sink, pull, &sample);
    fail_unless (sample != NULL);
    fail_unless (gst_buffer_map (gst_sample_get_buffer (sample), &map,
            GST_MAP_READ));
    vs_ts_reader_push (reader->reader, map.data, map.size);
    vs_ts_reader_end_unit (reader->reader);
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  }
  fail_unless (test_reader_get (reader, 0)->unit.flags & VS_TS_UNIT_KEYFRAME);
  return gst_util_uint64_scale (test_reader_get (reader, 0)->unit.pts_90k
      - zero_90k, GST_SECOND, 90000);
}

static gint64
first_time (const gchar * archive)
{
  g_autoptr (GByteArray) stored = read_segments (archive, "48p");
  g_autoptr (TestReader) reader = test_read (stored->data, stored->len, 0);

  return test_reader_get (reader, 0)->unit.pts_90k;
}

static GstClockTime
segment_time (GstElement * sink)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  return segment->time;
}

/* 200 seeks, in PAUSED and while it plays: the first picture is the keyframe
 * that is due. */
GST_START_TEST (test_seeks)
{
  static const GstSeekFlags flags[] = {
    GST_SEEK_FLAG_ACCURATE, GST_SEEK_FLAG_KEY_UNIT,
    GST_SEEK_FLAG_KEY_UNIT | GST_SEEK_FLAG_SNAP_AFTER,
    GST_SEEK_FLAG_KEY_UNIT | GST_SEEK_FLAG_SNAP_NEAREST,
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (GstElement) sink = NULL;
  gint64 zero;
  Run run;

  make_archive ("a");
  zero = first_time ("a");
  run_init (&run, SRC "location=%s/a start=0.5 ! appsink name=sink sync=false "
      "max-buffers=3", folder);
  sink = gst_bin_get_by_name (GST_BIN (run.pipeline), "sink");
  gst_element_set_state (run.pipeline, GST_STATE_PAUSED);
  for (guint i = 0; i < 200; i++) {
    GstClockTime to = g_rand_double_range (rand, 0, 8 * GOP), key;
    guint how = i % G_N_ELEMENTS (flags);
    guint gop = (to + GST_MSECOND) / GOP;

    if (i == 100)
      gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
    if (how == 2)
      gop = (to + GOP - GST_MSECOND) / GOP;
    else if (how == 3)
      gop = (to + GOP / 2) / GOP;
    fail_unless (gst_element_seek_simple (run.pipeline, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH | flags[how], to));
    key = pull_key (sink, i < 100 ? "pull-preroll" : "pull-sample", zero);
    fail_unless (ABS ((gint64) (key - (gop + 1) * GOP)) < 12000,
        "%" GST_TIME_FORMAT " for %" GST_TIME_FORMAT " by %u",
        GST_TIME_ARGS (key), GST_TIME_ARGS (to), how);
    fail_unless (ABS ((gint64) (segment_time (sink)
                - (how == 0 ? to : gop * GOP))) < 12000);
  }
  run_clear (&run);
}

GST_END_TEST;

/* A seek with a stop ends ahead of the keyframe there; a segment seek does not
 * end the pipeline. */
GST_START_TEST (test_seek_stop)
{
  g_autoptr (TestReader) reader = NULL;
  Taken taken;
  Run run;

  make_archive ("a");
  run_init (&run, SRC "location=%s/a ! fakesink sync=false", folder);
  gst_element_set_state (run.pipeline, GST_STATE_PAUSED);
  gst_message_unref (run_until (&run, GST_MESSAGE_ASYNC_DONE, NULL));
  watch (&run, &taken);
  fail_unless (gst_element_seek (run.pipeline, 1, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 2 * GOP, GST_SEEK_TYPE_SET,
          4 * GOP - GST_MSECOND * 100));
  run_to_end (&run);
  reader = read_taken (&taken);
  fail_unless_equals_int (count_video (reader), 2 * GOP_FRAMES);
  fail_if (gst_element_seek (run.pipeline, -1, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_SET, GOP));
  fail_unless (gst_element_seek (run.pipeline, 1, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT, GST_SEEK_TYPE_SET, 0,
          GST_SEEK_TYPE_SET, GOP));
  gst_message_unref (run_until (&run, GST_MESSAGE_SEGMENT_DONE, NULL));
  run_clear (&run);
  taken_clear (&taken);
}

GST_END_TEST;

GST_START_TEST (test_queries)
{
  g_autoptr (GstQuery) seeking = gst_query_new_seeking (GST_FORMAT_TIME);
  g_autoptr (GstElement) src = NULL;
  gint64 duration, position, from, to;
  gboolean seekable;
  Run run;

  make_archive ("a");
  run_init (&run, SRC "location=%s/a start=0.7 stop=3.2 ! fakesink "
      "sync=false", folder);
  gst_element_set_state (run.pipeline, GST_STATE_PAUSED);
  gst_message_unref (run_until (&run, GST_MESSAGE_ASYNC_DONE, NULL));
  fail_unless (gst_element_query_duration (run.pipeline, GST_FORMAT_TIME,
          &duration));
  fail_unless_equals_int64 (duration, 6 * GOP);
  fail_unless (gst_element_query (run.pipeline, seeking));
  gst_query_parse_seeking (seeking, NULL, &seekable, &from, &to);
  fail_unless (seekable);
  fail_unless_equals_int64 (from, 0);
  fail_unless_equals_int64 (to, 6 * GOP);
  run_to_end (&run);
  src = gst_bin_get_by_name (GST_BIN (run.pipeline), "src");
  fail_unless (gst_element_query_position (src, GST_FORMAT_TIME, &position));
  fail_unless (position > 5 * GOP && position <= 6 * GOP);
  run_clear (&run);
}

GST_END_TEST;

/* ---- gaps --------------------------------------------------------------- */

/* The store was stopped and started again, 100 s later. */
GST_START_TEST (test_runs)
{
  static const gchar *const settings[] = { "gaps=keep", "gaps=close" };
  Run run;

  run_init (&run, VIDEO (60) " ! " STORE PINNED " name=s location=%s/a",
      folder);
  run_to_end (&run);
  run_clear (&run);
  run_line (&run, VIDEO (60) " ! " STORE "start-time=2026-01-01T00:01:40Z "
      "location=%s/a", folder);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autoptr (TestReader) reader = NULL;
    Frames frames = { 0 };
    g_autoptr (GstElement) sink = NULL;
    g_autoptr (GstPad) pad = NULL;
    Taken taken;

    fail_unless_equals_int (take_all (&taken, "a", settings[i]), 0);
    fail_unless_equals_int (taken.disconts, 2);
    reader = read_taken (&taken);
    fail_unless_equals_int (reader->units->len, 120);
    taken_clear (&taken);

    run_init (&run, SRC "location=%s/a %s ! tsdemux ! h264parse ! "
        "avdec_h264 max-threads=1 ! fakesink name=sink sync=false", folder,
        settings[i]);
    sink = gst_bin_get_by_name (GST_BIN (run.pipeline), "sink");
    pad = gst_element_get_static_pad (sink, "sink");
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, &frames, NULL);
    run_to_end (&run);
    run_clear (&run);
    fail_unless_equals_int (frames.frames, 120);
    fail_unless (ABS ((gint64) (frames.last - (i ? 119 * GST_SECOND / 30 :
                    100 * GST_SECOND + 59 * GST_SECOND / 30))) < 12000,
        "%" GST_TIME_FORMAT, GST_TIME_ARGS (frames.last));
  }
}

GST_END_TEST;

static gchar *
segment_path (guint n)
{
  return g_strdup_printf ("%s/a/default/live/index_48p_%05u.ts", folder, n);
}

/* Missing, truncated, and none at all */
static void
damage (void)
{
  g_autofree gchar *missing = segment_path (2);
  g_autofree gchar *truncated = segment_path (4);

  fail_unless_equals_int (g_unlink (missing), 0);
  fail_unless (g_file_set_contents (truncated, "", 0, NULL));
}

GST_START_TEST (test_lost)
{
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstElement) src = NULL;
  g_autoptr (TestReader) reader = NULL;
  guint64 number;
  Taken taken;
  Run run;

  make_archive ("a");
  damage ();
  run_init (&run, SRC "location=%s/a ! fakesink sync=false", folder);
  src = gst_bin_get_by_name (GST_BIN (run.pipeline), "src");
  watch (&run, &taken);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  message = run_until (&run, GST_MESSAGE_ELEMENT,
      "vsarchivesrc-segment-skipped");
  fail_unless (gst_structure_get_uint64 (gst_message_get_structure (message),
          "fragment-id", &number));
  fail_unless_equals_uint64 (number, 2);
  fail_unless_equals_string (gst_structure_get_string
      (gst_message_get_structure (message), "location"), "index_48p_00002.ts");
  gst_message_unref (run_until (&run, GST_MESSAGE_EOS, NULL));
  fail_unless_equals_int (run.warnings, 2);
  fail_unless_equals_uint64 (get_stat (src, "segments-read"), 3);
  fail_unless_equals_uint64 (get_stat (src, "segments-skipped"), 2);
  fail_unless_equals_uint64 (get_stat (src, "bytes-read"), taken.bytes->len);
  run_clear (&run);
  fail_unless_equals_int (taken.disconts, 3);
  fail_unless_equals_int (taken.segments, 5);
  reader = read_taken (&taken);
  fail_unless_equals_int (reader->units->len, 3 * 2 * GOP_FRAMES);
  taken_clear (&taken);
}

GST_END_TEST;

/* ---- errors ------------------------------------------------------------- */

static void
assert_error (const gchar * archive, const gchar * settings, GQuark domain,
    gint code, const gchar * named)
{
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  Run run;

  run_init (&run, SRC "location=%s/%s %s ! fakesink sync=false", folder,
      archive, settings);
  bus = gst_element_get_bus (run.pipeline);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, WAIT,
      GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR,
      "%s", settings);
  gst_message_parse_error (message, &error, &debug);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (strstr (error->message, named), "%s", error->message);
  run_clear (&run);
}

GST_START_TEST (test_errors)
{
  g_autofree gchar *playlist = NULL;

  make_archive ("a");
  assert_error ("b", "", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "location");
  assert_error ("a", "event=other", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_FOUND, "other");
  assert_error ("a", "rendition=1080p", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NOT_FOUND, "rendition");
  assert_error ("a", "start=tomorrow", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS, "tomorrow");
  assert_error ("a", "start=3600", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS, "5.000 s");
  assert_error ("a", "start=2 stop=1", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_SETTINGS, "stop");
  damage ();
  assert_error ("a", "on-error=fail", GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_READ, "index_48p_00002.ts");
  playlist = g_strdup_printf ("%s/a/default/live/index_48p.m3u8", folder);
  fail_unless (g_file_set_contents (playlist, "no playlist", -1, NULL));
  assert_error ("a", "", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
      "index_48p.m3u8");
}

GST_END_TEST;

/* ---- growing ------------------------------------------------------------ */

/* While it is written: all of it, to its end. */
GST_START_TEST (test_follow)
{
  g_autoptr (GByteArray) stored = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  Taken taken, snapshot;
  Run store, run;

  run_init (&store, "videotestsrc num-buffers=150 ! video/x-raw,width=64,"
      "height=48,framerate=30/1 ! identity sleep-time=20000 ! x264enc "
      "key-int-max=15 speed-preset=ultrafast tune=zerolatency ! h264parse ! "
      "mpegtsmux ! " STORE " location=%s/a", folder);
  gst_element_set_state (store.pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (&store, GST_MESSAGE_ELEMENT,
          "vssegmentstore-segment-stored"));
  run_init (&run, SRC "location=%s/a ! fakesink sync=false", folder);
  watch (&run, &taken);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  take_all (&snapshot, "a", "follow=false");
  gst_message_unref (run_until (&store, GST_MESSAGE_EOS, NULL));
  run_clear (&store);

  bus = gst_element_get_bus (run.pipeline);
  message = gst_bus_timed_pop_filtered (bus, WAIT,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  run_clear (&run);
  stored = read_segments ("a", "48p");
  fail_unless_equals_int (stored->len, taken.bytes->len);
  fail_unless (memcmp (stored->data, taken.bytes->data, stored->len) == 0);
  fail_unless (snapshot.bytes->len > 0 && snapshot.bytes->len < stored->len);
  fail_unless_equals_int (taken.disconts, 1);
  taken_clear (&taken);
  taken_clear (&snapshot);
}

GST_END_TEST;

/* Interrupted: nobody ends it, and it looks as if it went on. */
static void
make_interrupted (void)
{
  Run run;

  run_init (&run, VIDEO (400) " ! vssegmentstore location=%s/a "
      "target-duration=4000000000", folder);
  gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (&run, GST_MESSAGE_ELEMENT,
          "vssegmentstore-segment-stored"));
  run_clear (&run);
}

/* Whoever waits for more can be stopped, seeked and started again at once. */
GST_START_TEST (test_waiting)
{
  g_autoptr (GstElement) src = NULL;
  gint64 began;
  Run run;

  make_interrupted ();
  run_init (&run, SRC "location=%s/a ! fakesink sync=false async=false",
      folder);
  src = gst_bin_get_by_name (GST_BIN (run.pipeline), "src");
  for (guint i = 0; i < 5; i++) {
    gst_element_set_state (run.pipeline, GST_STATE_PLAYING);
    /* all that there is */
    for (began = g_get_monotonic_time (); get_stat (src, "segments-read") < 1;)
      fail_unless (g_get_monotonic_time () - began < SOON);
    began = g_get_monotonic_time ();
    fail_unless (gst_element_seek_simple (run.pipeline, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH, i * GST_SECOND / 2));
    gst_element_set_state (run.pipeline, i % 2 ? GST_STATE_READY :
        GST_STATE_NULL);
    fail_unless (g_get_monotonic_time () - began < G_TIME_SPAN_SECOND);
  }
  run_clear (&run);
}

GST_END_TEST;

/* ---- other makers ------------------------------------------------------- */

static gboolean
make_foreign (void)
{
  g_autofree gchar *live = g_build_filename (folder, "a", "default", "live",
      NULL);
  g_autofree gchar *source = g_strdup_printf ("ffmpeg -v error -y -f lavfi "
      "-i testsrc2=s=64x48:r=25:d=8 -f lavfi -i sine=d=8:r=48000 -pix_fmt "
      "yuv420p -c:v libx264 -g 25 -bf 2 -sc_threshold 0 -c:a aac %s/source.ts",
      folder);
  g_autofree gchar *hls = g_strdup_printf ("ffmpeg -v error -y -i %s/source.ts "
      "-c copy -f hls -hls_time 2 -hls_playlist_type vod -master_pl_name "
      "index.m3u8 %s/v.m3u8", folder, live);
  g_autofree gchar *out = test_run (source);
  g_autofree gchar *more = NULL;

  fail_unless_equals_int (g_mkdir_with_parents (live, 0700), 0);
  if (out)
    more = test_run (hls);
  return more != NULL;
}

static const VsTsUnit *
next_of (TestReader * reader, guint * i, VsMediaType type)
{
  for (; *i < reader->units->len; ++*i) {
    const VsTsUnit *unit = &test_reader_get (reader, *i)->unit;

    if (vs_codec_get_media_type (reader->program->tracks[unit->track].codec)
        == type)
      return &test_reader_get (reader, (*i)++)->unit;
  }
  return NULL;
}

/* The units of @source in [@from_90k, @to_90k) after its first picture, with 0
 * also those ahead of it, and no others: the clock may be another one. */
static void
assert_same (TestReader * source, const Taken * taken, gint64 from_90k,
    gint64 to_90k)
{
  g_autoptr (TestReader) reader = read_taken (taken);
  guint a = 0, b = 0;
  gint64 zero = next_of (source, &a, VS_MEDIA_VIDEO)->pts_90k;
  gint64 first = next_of (reader, &b, VS_MEDIA_VIDEO)->pts_90k - from_90k;

  for (guint type = VS_MEDIA_VIDEO; type <= VS_MEDIA_AUDIO; type++) {
    const VsTsUnit *was, *is;

    a = b = 0;
    while ((was = next_of (source, &a, type))) {
      if ((from_90k > 0 && was->pts_90k + 2 < zero + from_90k)
          || was->pts_90k + 2 >= zero + to_90k)
        continue;
      is = next_of (reader, &b, type);
      fail_unless (is != NULL);
      fail_unless (ABS (is->pts_90k - first - (was->pts_90k - zero)) <= 2);
      fail_unless_equals_uint64 (is->size, was->size);
      fail_unless (memcmp (is->data, was->data, is->size) == 0);
    }
    fail_unless (next_of (reader, &b, type) == NULL);
  }
}

GST_START_TEST (test_foreign)
{
  static const gchar *const names[] = { "index.m3u8", "v.m3u8" };
  g_autofree gchar *path = g_build_filename (folder, "source.ts", NULL);
  g_autoptr (TestReader) source = NULL;
  g_autofree gchar *data = NULL;
  gsize size;
  Taken taken;

  if (!make_foreign ()) {
    g_print ("skipped: no ffmpeg with libx264\n");
    return;
  }
  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  source = test_read ((guint8 *) data, size, 0);

  fail_unless_equals_int (take_all (&taken, "a", ""), 0);
  fail_unless (taken.rendition == NULL);
  fail_unless_equals_int (taken.segments, 0);
  fail_unless_equals_int (taken.disconts, 1);
  assert_same (source, &taken, 0, 100 * 90000);
  taken_clear (&taken);

  /* the same by the names of its playlists */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *location =
        g_strconcat ("a/default/live/", names[i], NULL);

    fail_unless_equals_int (take_all (&taken, location, ""), 0);
    assert_same (source, &taken, 0, 100 * 90000);
    taken_clear (&taken);
  }

  fail_unless_equals_int (take_all (&taken, "a", "start=1.2 stop=5.5"), 0);
  assert_same (source, &taken, 90000, 6 * 90000);
  taken_clear (&taken);

  fail_unless_equals_int (take_all (&taken, "a", "start=2 stop=4"), 0);
  assert_same (source, &taken, 2 * 90000, 4 * 90000);
  taken_clear (&taken);
}

GST_END_TEST;

/* A real clip, stored and read again: pictures and sound as they were. */
GST_START_TEST (test_real)
{
  const gchar *media = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *path = g_build_filename (media ? media : "",
      "sintel-608.ts", NULL);
  g_autoptr (TestReader) source = NULL;
  g_autofree gchar *data = NULL;
  gsize size;
  Taken taken;
  Run run;

  if (!g_file_get_contents (path, &data, &size, NULL)) {
    g_print ("skipped: no ../shared/media\n");
    return;
  }
  run_line (&run, "filesrc location=%s ! " STORE " location=%s/a", path,
      folder);
  take_all (&taken, "a", "");
  source = test_read ((guint8 *) data, size, 0);
  {
    g_autoptr (TestReader) reader = read_taken (&taken);
    guint a = 0, b = 0;
    const VsTsUnit *was, *is;

    while ((was = next_of (source, &a, VS_MEDIA_VIDEO))) {
      is = next_of (reader, &b, VS_MEDIA_VIDEO);
      fail_unless (is != NULL);
      fail_unless (ABS (is->pts_90k - was->pts_90k) <= 2);
    }
    fail_unless (next_of (reader, &b, VS_MEDIA_VIDEO) == NULL);
    fail_unless_equals_int (count_video (reader), count_video (source));
  }
  taken_clear (&taken);
}

GST_END_TEST;

static Suite *
archivesrc_suite (void)
{
  Suite *suite = suite_create ("archivesrc");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, make_folder, drop_folder);
  tcase_add_test (tcase, test_whole);
  tcase_add_test (tcase, test_ranges);
  tcase_add_test (tcase, test_store_again);
  tcase_add_test (tcase, test_frame_times);
  tcase_add_test (tcase, test_seeks);
  tcase_add_test (tcase, test_seek_stop);
  tcase_add_test (tcase, test_queries);
  tcase_add_test (tcase, test_runs);
  tcase_add_test (tcase, test_lost);
  tcase_add_test (tcase, test_errors);
  tcase_add_test (tcase, test_follow);
  tcase_add_test (tcase, test_waiting);
  tcase_add_test (tcase, test_foreign);
  tcase_add_test (tcase, test_real);
  return suite;
}

GST_CHECK_MAIN (archivesrc);
