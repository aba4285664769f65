/* VisionStream: MP4 files that the writer makes, and their judges, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "isobmff/movie.h"

#include <glib/gstdio.h>
#include <string.h>

#include "isobmff/vsmp4reader.h"

/* What the sink gets at a time is bounded. */
#define PIECE_MAX (64 * 1024)
#define SAMPLES_PER_CHUNK 12
#define CLOCK 90000

static void
track_free (MovieTrack * track)
{
  g_array_unref (track->written);
  g_free (track);
}

Movie *
movie_new (void)
{
  Movie *movie = g_new0 (Movie, 1);

  movie->folder = g_dir_make_tmp ("vs-mp4writer-XXXXXX", NULL);
  movie->path = g_build_filename (movie->folder, "a.mp4", NULL);
  movie->writer = vs_mp4_writer_new (movie->folder);
  movie->payload = g_byte_array_new ();
  movie->tracks = g_ptr_array_new_with_free_func ((GDestroyNotify) track_free);
  return movie;
}

void
movie_free (Movie * movie)
{
  g_remove (movie->path);
  fail_unless (g_rmdir (movie->folder) == 0);
  g_free (movie->path);
  g_free (movie->folder);
  vs_mp4_writer_free (movie->writer);
  g_byte_array_unref (movie->payload);
  g_ptr_array_unref (movie->tracks);
  g_free (movie);
}

MovieTrack *
movie_add_track (Movie * movie, const VsCodecConfig * config, guint32 timescale)
{
  g_autoptr (GError) error = NULL;
  MovieTrack *track = g_new0 (MovieTrack, 1);
  gint number = vs_mp4_writer_add_track (movie->writer, config, timescale,
      "en", &error);

  fail_unless (number >= 0, "%s", error ? error->message : "");
  track->number = number;
  track->type = vs_codec_get_media_type (config->codec);
  track->timescale = timescale;
  track->written = g_array_new (FALSE, FALSE, sizeof (Written));
  g_ptr_array_add (movie->tracks, track);
  return track;
}

void
movie_add_chunk (Movie * movie, MovieTrack * track, gint64 start,
    const VsSample * samples, guint n, const guint8 * data)
{
  const VsMp4Chunk chunk = {.position = movie->payload->len,.start = start,
    .samples = samples,.n_samples = n
  };
  g_autoptr (GError) error = NULL;

  fail_unless (vs_mp4_writer_add_chunk (movie->writer, track->number, &chunk,
          &error), "%s", error ? error->message : "");
  for (guint i = 0; i < n; i++) {
    Written written = { samples[i], movie->payload->len };

    written.sample.pts += start;
    written.sample.dts += start;
    g_array_append_val (track->written, written);
    if (samples[i].size == 0)
      continue;
    g_byte_array_set_size (movie->payload,
        movie->payload->len + samples[i].size);
    memset (movie->payload->data + written.position, 0, samples[i].size);
    if (data)
      memcpy (movie->payload->data + written.position, data, samples[i].size);
    data = data ? data + samples[i].size : NULL;
  }
}

static gboolean
take_piece (gconstpointer bytes, gsize size, gpointer user_data,
    GError ** error)
{
  fail_unless (size > 0 && size <= PIECE_MAX, "%" G_GSIZE_FORMAT, size);
  g_byte_array_append (user_data, bytes, size);
  return TRUE;
}

GBytes *
movie_get_head (VsMp4Writer * writer, guint64 reserved, guint64 payload_size)
{
  GByteArray *head = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  fail_unless (vs_mp4_writer_write_head (writer, reserved, payload_size,
          take_piece, head, &error), "%s", error ? error->message : "");
  fail_unless_equals_uint64 (head->len,
      vs_mp4_writer_get_head_size (writer, reserved));
  return g_byte_array_free_to_bytes (head);
}

GBytes *
movie_write (Movie * movie, guint64 reserved)
{
  GBytes *head = movie_get_head (movie->writer, reserved, movie->payload->len);
  FILE *file = g_fopen (movie->path, "w");
  gsize size;
  gconstpointer data = g_bytes_get_data (head, &size);

  fail_unless (file != NULL);
  fail_unless (fwrite (data, size, 1, file) == 1);
  fail_unless (movie->payload->len == 0
      || fwrite (movie->payload->data, movie->payload->len, 1, file) == 1);
  fail_unless (fclose (file) == 0);
  return head;
}

/* Sources. */

static VsSample *
nth (const VsSamples * samples, guint i)
{
  return &g_array_index (samples->samples, VsSample, i);
}

static void
load_video (Source * source)
{
  VsSamples *video = &source->tracks[0];

  source->timescale[0] = CLOCK;
  for (guint i = 0; i < video->samples->len; i++)
    nth (video, i)->duration = i + 1 < video->samples->len
        ? nth (video, i + 1)->dts - nth (video, i)->dts
        : nth (video, i - 1)->duration;
}

static void
load_audio (Source * source)
{
  VsSamples *audio = &source->tracks[1];

  source->timescale[1] = audio->config->sample_rate;
  source->start[1] = gst_util_uint64_scale_round (nth (audio, 0)->pts,
      source->timescale[1], CLOCK);
  vs_samples_place (audio, source->timescale[1],
      audio->samples->len * audio->config->frame_samples);
}

gboolean
source_load (Source * source, const gchar * ts_path)
{
  static const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };
  g_autofree gchar *data = NULL;
  g_autoptr (GBytes) ts = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!g_file_get_contents (ts_path, &data, &size, NULL))
    return FALSE;
  ts = g_bytes_new_take (g_steal_pointer (&data), size);
  for (guint i = 0; i < 2; i++)
    fail_unless (vs_samples_collect (&source->tracks[i], ts, types[i], 0,
            &error), "%s: %s", ts_path, error ? error->message : "");
  load_video (source);
  load_audio (source);
  return TRUE;
}

void
source_clear (Source * source)
{
  for (guint i = 0; i < 2; i++)
    vs_samples_clear (&source->tracks[i]);
}

/* Adds the next chunk of a track, if there is one. */
static gboolean
add_next_chunk (Movie * movie, const Source * source, guint i, guint * done,
    gsize * at, gint64 delay_90k)
{
  const VsSamples *samples = &source->tracks[i];
  guint n = MIN (SAMPLES_PER_CHUNK, samples->samples->len - *done);

  if (n == 0)
    return FALSE;
  movie_add_chunk (movie, g_ptr_array_index (movie->tracks, i),
      source->start[i] + delay_90k * source->timescale[i] / CLOCK,
      nth (samples, *done), n, samples->data + *at);
  for (guint end = *done + n; *done < end; ++*done)
    *at += nth (samples, *done)->size;
  return TRUE;
}

void
movie_add_source (Movie * movie, const Source * source, gint64 delay_90k)
{
  gsize at[2] = { source->tracks[0].headroom, source->tracks[1].headroom };
  guint done[2] = { 0 };
  gboolean more = TRUE;

  for (guint i = 0; i < 2 && movie->tracks->len < 2; i++)
    movie_add_track (movie, source->tracks[i].config, source->timescale[i]);
  while (more) {
    more = FALSE;
    for (guint i = 0; i < 2; i++)
      more |= add_next_chunk (movie, source, i, &done[i], &at[i], delay_90k);
  }
}

/* Judges. */

gboolean
run (const gchar * line, gchar ** output)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  gint status;

  return g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDERR_TO_DEV_NULL | (output ? 0 : G_SPAWN_STDOUT_TO_DEV_NULL),
      NULL, NULL, output, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL);
}

static gint64
get_start (const MovieTrack * track, gint64 start_90k)
{
  return gst_util_uint64_scale_round (start_90k, track->timescale, CLOCK);
}

static const Written *
nth_written (const MovieTrack * track, guint i)
{
  return &g_array_index (track->written, Written, i);
}

/* Edits count in the movie's units, and may be half a unit off. */
static gboolean
is_near (const MovieTrack * track, gint64 a, gint64 b)
{
  return ABS (a - b) <= (track->timescale == CLOCK ? 0 : 1);
}

static void
check_packet (const MovieTrack * track, guint i, const gchar * line,
    gint64 start, guint64 base)
{
  const Written *written = nth_written (track, i);
  gboolean last = i + 1 == track->written->len;
  gint64 pts, dts, duration;
  g_autofree gchar *rest = NULL;
  g_autofree gchar *ours = g_strdup_printf ("%u,%" G_GUINT64_FORMAT ",%s",
      written->sample.size, base + written->position,
      written->sample.sync || track->type == VS_MEDIA_AUDIO ? "K_" : "__");

  fail_unless (sscanf (line, "%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%"
          G_GINT64_FORMAT ",%m[^\n]", &pts, &dts, &duration, &rest) == 4,
      "%s", line);
  fail_unless (g_str_has_prefix (rest, ours)
      && is_near (track, pts, written->sample.pts - start)
      && is_near (track, dts, written->sample.dts - start),
      "%u: %s is not %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",.,%s", i, line,
      written->sample.pts - start, written->sample.dts - start, ours);
  /* of the last one it says what is left of the media's duration, from which
   * an empty edit was taken; ahead of a hole it may guess by the frame rate */
  fail_unless (last || duration == written->sample.duration
      || duration == nth_written (track, i + 1)->sample.dts
      - written->sample.dts, "%u: %s", i, line);
}

static void
check_ffprobe_track (const Movie * movie, const MovieTrack * track,
    gint64 start, guint64 base)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error "
      "-select_streams %c:0 -show_entries "
      "packet=pts,dts,duration,size,pos,flags -of csv=p=0 %s",
      track->type == VS_MEDIA_VIDEO ? 'v' : 'a', movie->path);
  g_autofree gchar *output = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  fail_unless (run (line, &output), "%s", line);
  lines = g_strsplit (output, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    /* a new configuration makes a line of nothing */
    if (lines[i][0] == '\0')
      continue;
    fail_unless (n < track->written->len, "%s", lines[i]);
    check_packet (track, n++, lines[i], start, base);
  }
  fail_unless_equals_int (n, track->written->len);
}

static guint64
get_file_size (const Movie * movie)
{
  GStatBuf buffer;

  fail_unless (g_stat (movie->path, &buffer) == 0);
  return buffer.st_size;
}

static guint64
get_base (const Movie * movie)
{
  return get_file_size (movie) - movie->payload->len;
}

void
movie_check_ffprobe (const Movie * movie, gint64 start_90k)
{
  for (guint i = 0; i < movie->tracks->len; i++) {
    const MovieTrack *track = g_ptr_array_index (movie->tracks, i);

    check_ffprobe_track (movie, track, get_start (track, start_90k),
        get_base (movie));
  }
}

static VsMp4Movie *
parse (const Movie * movie)
{
  g_autofree gchar *data = NULL;
  g_autoptr (GError) error = NULL;
  VsMp4Movie *parsed = NULL;
  gsize size;
  VsMp4Box box;

  fail_unless (g_file_get_contents (movie->path, &data, &size, NULL));
  for (gsize offset = 0; offset < size; offset += box.size) {
    const guint8 *at = (const guint8 *) data + offset;

    fail_unless (vs_mp4_box_parse (at, size - offset, size - offset, &box));
    if (box.type == VS_MP4_TYPE ('m', 'o', 'o', 'v'))
      parsed = vs_mp4_movie_parse (at + box.header, box.size - box.header,
          size, &error);
  }
  fail_unless (parsed != NULL, "%s", error ? error->message : "no moov");
  return parsed;
}

/* of the media: up to the last sample, and that */
static gint64
get_length (const MovieTrack * track)
{
  const VsSample *last = &nth_written (track, track->written->len - 1)->sample;

  return last->dts + last->duration - nth_written (track, 0)->sample.dts;
}

static void
check_reader_track (const MovieTrack * track, const VsMp4Track * read,
    gint64 start, guint64 base)
{
  fail_unless_equals_int (read->type, track->type);
  fail_unless_equals_int (read->timescale, track->timescale);
  fail_unless_equals_string (read->language, "en");
  fail_unless_equals_int (read->samples->len, track->written->len);
  fail_unless_equals_int64 (read->end, get_length (track));
  for (guint i = 0; i < read->samples->len; i++) {
    const VsMp4Sample *sample = &g_array_index (read->samples, VsMp4Sample, i);
    const Written *written = nth_written (track, i);

    fail_unless_equals_uint64 (sample->offset, base + written->position);
    fail_unless_equals_int (sample->size, written->sample.size);
    fail_unless_equals_int (sample->sync, written->sample.sync
        || track->type == VS_MEDIA_AUDIO);
    fail_unless (is_near (track, sample->dts + sample->composition
            - read->origin, written->sample.pts - start), "%u", i);
  }
}

void
movie_check_reader (const Movie * movie, gint64 start_90k)
{
  g_autoptr (VsMp4Movie) read = parse (movie);

  fail_unless_equals_int (read->tracks->len, movie->tracks->len);
  for (guint i = 0; i < movie->tracks->len; i++) {
    const MovieTrack *track = g_ptr_array_index (movie->tracks, i);

    check_reader_track (track, g_ptr_array_index (read->tracks, i),
        get_start (track, start_90k), get_base (movie));
  }
}

/* qtdemux counts in nanoseconds, of edits and of samples apart. */
#define TOLERANCE (GST_SECOND / CLOCK)

static GstSample *
pull (GstElement * sink)
{
  GstSample *sample = NULL;

  g_signal_emit_by_name (sink, "pull-sample", &sample);
  return sample;
}

static void
check_gstreamer_sample (GstSample * sample, const Written * written,
    gint64 start, guint32 timescale)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  gint64 time = gst_segment_to_running_time (gst_sample_get_segment (sample),
      GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  gint64 expected = gst_util_uint64_scale_round (written->sample.pts - start,
      GST_SECOND, timescale);

  fail_unless (ABS (time - expected) <= TOLERANCE, "%" G_GINT64_FORMAT
      " is not %" G_GINT64_FORMAT, time, expected);
  fail_unless_equals_int (gst_buffer_get_size (buffer), written->sample.size);
}

static void
check_gstreamer_track (const MovieTrack * track, GstElement * pipeline,
    gint64 start)
{
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      track->type == VS_MEDIA_VIDEO ? "v" : "a");

  for (guint i = 0; i < track->written->len; i++) {
    g_autoptr (GstSample) sample = pull (sink);

    fail_unless (sample != NULL, "%u", i);
    check_gstreamer_sample (sample, nth_written (track, i), start,
        track->timescale);
  }
  fail_unless (pull (sink) == NULL);
}

void
movie_check_gstreamer (const Movie * movie, gint64 start_90k)
{
  g_autofree gchar *line = g_strdup_printf ("filesrc location=%s ! qtdemux "
      "name=d d.video_0 ! queue ! appsink name=v sync=false "
      "d.audio_0 ! queue ! appsink name=a sync=false", movie->path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);

  fail_unless (pipeline != NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < movie->tracks->len; i++) {
    const MovieTrack *track = g_ptr_array_index (movie->tracks, i);

    check_gstreamer_track (track, pipeline, get_start (track, start_90k));
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

void
movie_check_decodes (const Movie * movie)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -xerror -i %s "
      "-f null -", movie->path);

  fail_unless (run (line, NULL), "%s", line);
}
