/* VisionStream: an event that is recorded, for tests, and who judges the file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "archive/recordercheck.h"
#include "isobmff/vssamples.h"
#include "timeline/vssegmenter.h"

#define FIRST_UTC_US G_GINT64_CONSTANT (1767225600000000)
#define TICKS 90000

RecorderLog recorder_log;

gchar *
run_tool (const gchar * line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autofree gchar *errors = NULL;
  gchar *output = NULL;
  gint status;

  fail_unless (g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
          NULL, &output, &errors, &status, NULL), "%s", line);
  fail_unless (g_spawn_check_wait_status (status, NULL) && errors[0] == '\0',
      "%s: %.500s", line, errors);
  return output;
}

/* ---- clips -------------------------------------------------------------- */

typedef struct
{
  Clip *clip;
  GByteArray *open;
} Cutting;

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  g_byte_array_append (((Cutting *) user_data)->open, data, size);
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Cutting *cutting = user_data;
  VsSegment *copy = vs_segment_copy (segment);

  copy->size = cutting->open->len;
  SHA256 (cutting->open->data, cutting->open->len, copy->sha256);
  g_ptr_array_add (cutting->clip->segments, copy);
  g_ptr_array_add (cutting->clip->bytes,
      g_byte_array_free_to_bytes (cutting->open));
  cutting->open = g_byte_array_new ();
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
}

Clip *
clip_new (const gchar * path)
{
  static const VsCutterCallbacks callbacks = {
    on_open, on_chunk, on_close, on_config, on_warning
  };
  VsSegmenterSettings settings = {
    .target_duration = GST_SECOND,
    .first_sequence = 1,
    .start_utc_us = FIRST_UTC_US,
    .event_utc_us = -1,
  };
  g_autoptr (VsSegmenter) segmenter = vs_segmenter_new (&settings);
  Clip *clip = g_new0 (Clip, 1);
  Cutting cutting = { clip, g_byte_array_new () };
  g_autofree gchar *data = NULL;
  VsCutter *cutter;
  gsize size;

  clip->path = g_strdup (path);
  clip->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  clip->bytes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  fail_unless (g_file_get_contents (path, &data, &size, NULL), "%s", path);
  cutter = vs_segmenter_add (segmenter, "a", 0, &callbacks, &cutting);
  vs_cutter_push (cutter, (const guint8 *) data, size, GST_CLOCK_TIME_NONE,
      FALSE);
  vs_cutter_drain (cutter);
  vs_cutter_free (cutter);
  g_byte_array_unref (cutting.open);
  return clip;
}

Clip *
clip_make (const gchar * folder, const gchar * name, const gchar * options)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -y -f lavfi -i "
      "testsrc=s=192x108:r=30 -f lavfi -i sine=r=48000 -t 20 -g 30 -pix_fmt "
      "yuv420p -c:v libx264 -preset ultrafast -bf 2 -c:a aac -flags +cgop "
      "%s %s", options, path);
  g_autofree gchar *tool = g_find_program_in_path ("ffmpeg");

  if (tool == NULL) {
    g_print ("skipped: no ffmpeg\n");
    return NULL;
  }
  g_free (run_tool (line));
  return clip_new (path);
}

void
clip_free (Clip * clip)
{
  g_ptr_array_unref (clip->segments);
  g_ptr_array_unref (clip->bytes);
  g_free (clip->path);
  g_free (clip);
}

/* ---- what is said ------------------------------------------------------- */

void
recorder_log_clear (void)
{
  g_clear_pointer (&recorder_log.info, vs_recording_info_free);
  g_clear_pointer (&recorder_log.warning, g_free);
  g_clear_pointer (&recorder_log.error, g_free);
  memset (&recorder_log, 0, sizeof recorder_log);
}

void
recorder_log_await (const guint * counter, guint value)
{
  gint64 end =
      g_get_monotonic_time () + GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE);

  g_mutex_lock (&recorder_log.lock);
  while (*counter < value)
    fail_unless (g_cond_wait_until (&recorder_log.changed,
            &recorder_log.lock, end));
  g_mutex_unlock (&recorder_log.lock);
}

static void
on_finished (const VsRecordingInfo * info, gpointer user_data)
{
  g_mutex_lock (&recorder_log.lock);
  g_clear_pointer (&recorder_log.info, vs_recording_info_free);
  recorder_log.info = vs_recording_info_copy (info);
  recorder_log.finished++;
  recorder_log.finished_at = g_get_monotonic_time ();
  g_cond_broadcast (&recorder_log.changed);
  g_mutex_unlock (&recorder_log.lock);
}

static void
note (guint * counter, gchar ** place, const gchar * text)
{
  g_mutex_lock (&recorder_log.lock);
  (*counter)++;
  if (place) {
    g_free (*place);
    *place = g_strdup (text);
  }
  g_cond_broadcast (&recorder_log.changed);
  g_mutex_unlock (&recorder_log.lock);
}

static void
on_failed (const gchar * rendition, const GError * error, gpointer user_data)
{
  note (&recorder_log.failed, &recorder_log.error, error->message);
}

static void
on_recovered (const gchar * rendition, gpointer user_data)
{
  note (&recorder_log.recovered, NULL, NULL);
}

static void
on_told (const gchar * rendition, const gchar * text, gpointer user_data)
{
  note (&recorder_log.warnings, &recorder_log.warning, text);
}

/* ---- the chain ---------------------------------------------------------- */

gboolean
chain_try_open (Chain * chain, const ChainSettings * settings)
{
  static const VsRecorderCallbacks callbacks = {
    on_finished, on_failed, on_recovered, on_told
  };
  VsArchiveWriterSettings archive = {.max_segments = settings->max_segments };
  VsRecorderSetSettings recorders = {
    .store = settings->recordings ? settings->recordings : store,
    .archive = settings->archive ? settings->archive : store,
    .renditions = settings->renditions ? settings->renditions : "all",
    .keep_gaps = settings->keep_gaps,
    .max_duration = settings->max_duration ? settings->max_duration :
        3600 * GST_SECOND,
    .rollover = settings->rollover,
    .name = settings->name,
    .spill_directory = root,
    .state = &chain->state,
  };
  VsArchiveFollower follower;

  chain->writer = archive_open_writer (recorders.archive, &archive,
      &chain->state, NULL);
  if (chain->writer == NULL)
    return FALSE;
  chain->set = vs_recorder_set_new (&recorders, &callbacks, NULL);
  vs_recorder_set_get_follower (chain->set, &follower);
  vs_archive_writer_set_follower (chain->writer, &follower);
  return TRUE;
}

void
chain_open (Chain * chain, const ChainSettings * settings)
{
  fail_unless (chain_try_open (chain, settings));
}

void
chain_feed (Chain * chain, const gchar * rendition, const Fed * fed)
{
  g_autoptr (VsSegment) segment = vs_segment_copy (g_ptr_array_index
      (fed->clip->segments, fed->segment));
  GBytes *bytes = g_ptr_array_index (fed->clip->bytes, fed->segment);
  gsize half = g_bytes_get_size (bytes) / 2;
  g_autoptr (GBytes) first = g_bytes_new_from_bytes (bytes, 0, half);
  g_autoptr (GBytes) second = g_bytes_new_from_bytes (bytes, half,
      g_bytes_get_size (bytes) - half);
  GBytes *parts[] = { first, second };

  segment->sequence = fed->sequence;
  segment->run = segment->discontinuity_sequence = fed->run;
  segment->discontinuity = chain->state.found
      && fed->sequence == chain->state.next_sequence;
  segment->utc_us = fed->utc_us;
  vs_archive_writer_append (chain->writer, rendition, segment, parts, 2);
}

void
chain_feed_clip (Chain * chain, const Clip * clip, guint from, guint to,
    guint64 sequence, guint64 run, gint64 utc_us, GArray * fed)
{
  for (guint i = from; i < to; i++) {
    const VsSegment *segment = g_ptr_array_index (clip->segments, i);
    Fed one = { clip, i, sequence++, run, utc_us };

    utc_us += segment->duration / GST_USECOND;
    chain_feed (chain, "a", &one);
    if (fed)
      g_array_append_val (fed, one);
  }
}

static void
on_end (gboolean complete, gpointer user_data)
{
  note (user_data, NULL, NULL);
}

gboolean
chain_end (Chain * chain)
{
  guint ended = 0;

  vs_archive_writer_end (chain->writer, on_end, &ended);
  recorder_log_await (&ended, 1);
  return vs_recorder_set_wait (chain->set,
      GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE));
}

void
chain_close (Chain * chain)
{
  vs_archive_writer_free (chain->writer, ARCHIVE_PATIENCE);
  vs_recorder_set_free (chain->set);
}

/* ---- the file ----------------------------------------------------------- */

static gchar *
recordings_path (void)
{
  return g_build_filename (root, ARCHIVE_FOLDER, "recordings", NULL);
}

guint
recording_count (const gchar * suffix)
{
  g_autofree gchar *path = recordings_path ();
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n = 0;

  while (dir && (name = g_dir_read_name (dir)))
    n += g_str_has_suffix (name, suffix);
  return n;
}

gchar *
recording_find (void)
{
  g_autofree gchar *path = recordings_path ();
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  fail_unless_equals_int (recording_count (".mp4"), 1);
  while ((name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".mp4"))
      return g_build_filename (path, name, NULL);
  return NULL;
}

/* An access unit where the movie is to have it, in seconds. */
typedef struct
{
  gdouble pts;
  guint32 size;
} Unit;

typedef struct
{
  GArray *units[2];             /* Unit: video, audio */
} Expected;

static void
expected_clear (Expected * expected)
{
  g_array_unref (expected->units[0]);
  g_array_unref (expected->units[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Expected, expected_clear);

static const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };

/* Where the media of a segment's tracks begins and ends, s on its own clock. */
typedef struct
{
  gdouble start[2], end[2];
} Extent;

static void
get_extent (const Fed * fed, Extent * extent)
{
  const VsSegment *segment =
      g_ptr_array_index (fed->clip->segments, fed->segment);

  for (guint t = 0; t < 2; t++) {
    const VsSegmentTrack *track = vs_segment_get_track (segment, types[t]);

    extent->start[t] = (gdouble) track->start / track->timescale;
    extent->end[t] = extent->start[t]
        + (gdouble) track->duration / track->timescale;
  }
}

static gint64
start_pts_90k (const Fed * fed)
{
  return ((VsSegment *) g_ptr_array_index (fed->clip->segments,
          fed->segment))->start_pts_90k;
}

/* The units of a segment as the TS has them, moved by @offset s. */
static void
expect_segment (Expected * expected, const Fed * fed, gdouble offset)
{
  for (guint t = 0; t < 2; t++) {
    g_auto (VsSamples) samples = { 0 };

    if (!vs_samples_collect (&samples, g_ptr_array_index (fed->clip->bytes,
                fed->segment), types[t], start_pts_90k (fed), NULL))
      continue;
    for (guint i = 0; i < samples.samples->len; i++) {
      const VsSample *sample = &g_array_index (samples.samples, VsSample, i);
      Unit unit = { sample->pts / (gdouble) TICKS + offset, sample->size };

      g_array_append_val (expected->units[t], unit);
    }
  }
}

/* How far the media moves at a gap: no track begins before it was over, and
 * pictures go on a whole number of frames later, no more than it takes, or
 * nearest to @wanted. */
static gdouble
move (const Extent * extent, const gdouble ended[2], gdouble wanted)
{
  const gdouble frame = 1. / 30;
  gdouble touching = ended[0] - extent->start[0];
  gdouble least = MAX (touching, ended[1] - extent->start[1]);
  gdouble frames = ceil ((least - touching) / frame - 1e-3);

  return touching + frame * MAX (frames, round ((wanted - touching) / frame));
}

static void
expect (Expected * expected, const GArray * fed, gboolean keep_gaps)
{
  gdouble offset = 0, ended[2] = { 0 };
  gint64 utc_us = 0;

  for (guint t = 0; t < 2; t++)
    expected->units[t] = g_array_new (FALSE, FALSE, sizeof (Unit));
  for (guint i = 0; i < fed->len; i++) {
    const Fed *one = &g_array_index (fed, Fed, i);
    const Fed *before = i > 0 ? one - 1 : NULL;
    gdouble pts = start_pts_90k (one) / (gdouble) TICKS;
    Extent extent;

    get_extent (one, &extent);
    if (before == NULL) {
      offset = -MIN (extent.start[0], extent.start[1]);
      utc_us = one->utc_us - (pts + offset) * 1e6;
    } else if (one->run != before->run) {
      offset = move (&extent, ended, keep_gaps ?
          (one->utc_us - utc_us) / 1e6 - pts : -G_MAXDOUBLE);
    } else if (!keep_gaps && one->sequence != before->sequence + 1) {
      offset = move (&extent, ended, -G_MAXDOUBLE);
    }
    for (guint t = 0; t < 2; t++)
      ended[t] = extent.end[t] + offset;
    expect_segment (expected, one, offset);
  }
}

/* What ffprobe says that the file has. */
static void
check_track (const gchar * path, guint t, const GArray * expected)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error "
      "-select_streams %c:0 -show_entries packet=pts_time,size -of csv=p=0 %s",
      t ? 'a' : 'v', path);
  g_autofree gchar *output = run_tool (line);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i]; i++) {
    const Unit *unit = &g_array_index (expected, Unit, n);
    gdouble pts;
    guint size;

    if (lines[i][0] == '\0')
      continue;
    fail_unless (n < expected->len, "%s: %u packets and more", path, n);
    fail_unless (sscanf (lines[i], "%lf,%u", &pts, &size) == 2, "%s", lines[i]);
    /* two ticks, and what ffprobe rounds */
    fail_unless (ABS (pts - unit->pts) < 4e-5 && size == unit->size,
        "%s: %c %u: %s is not %.6f,%u", path, t ? 'a' : 'v', n, lines[i],
        unit->pts, unit->size);
    n++;
  }
  fail_unless_equals_int (n, expected->len);
}

/* ftyp, moov, maybe free, mdat up to the end */
static void
check_boxes (const gchar * path)
{
  g_autofree gchar *data = NULL;
  GString *names = g_string_new (NULL);
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  for (gsize i = 0; i < size;) {
    guint64 box = GST_READ_UINT32_BE (data + i);

    if (box == 1)
      box = GST_READ_UINT64_BE (data + i + 8);
    fail_unless (box >= 8 && box <= size - i);
    g_string_append_len (names, data + i + 4, 4);
    i += box;
  }
  fail_unless (strcmp (names->str, "ftypmoovfreemdat") == 0
      || strcmp (names->str, "ftypmoovmdat") == 0, "%s", names->str);
  g_string_free (names, TRUE);
}

void
recording_check (const gchar * path, const GArray * fed, gboolean keep_gaps)
{
  g_auto (Expected) expected = { {NULL} };
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -xerror -i %s "
      "-f null -", path);

  check_boxes (path);
  expect (&expected, fed, keep_gaps);
  for (guint t = 0; t < 2; t++)
    check_track (path, t, expected.units[t]);
  g_free (run_tool (line));
}

/* The hash of each picture, as ffmpeg decodes it */
static gchar **
hash_pictures (const gchar * path)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -xerror -i %s "
      "-map 0:v -fps_mode passthrough -f framehash -hash md5 -", path);
  g_autofree gchar *output = run_tool (line);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  g_autoptr (GPtrArray) hashes = g_ptr_array_new ();

  for (guint i = 0; lines[i]; i++)
    if (lines[i][0] && lines[i][0] != '#')
      g_ptr_array_add (hashes,
          g_strdup (g_strstrip (strrchr (lines[i], ',') + 1)));
  g_ptr_array_add (hashes, NULL);
  return (gchar **) g_ptr_array_free (g_steal_pointer (&hashes), FALSE);
}

void
recording_check_pictures (const gchar * path, const Clip * clip, guint from,
    guint to)
{
  g_auto (GStrv) stored = hash_pictures (clip->path);
  g_auto (GStrv) copied = hash_pictures (path);

  fail_unless_equals_int (g_strv_length (copied), to - from);
  for (guint i = from; i < to; i++)
    fail_unless_equals_string (stored[i], copied[i - from]);
}
