/* VisionStream: what the tests of vsladder share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "laddercheck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/folder.h"

#define AAC_TICKS 1920          /* 1024 samples at 48 kHz */

/* As ffprobe tells it, in 90 kHz */
typedef struct
{
  gint64 pts, dts;
  gboolean key;
} Packet;

static gchar *dir;

void
ladder_setup (void)
{
  dir = g_dir_make_tmp ("vsladder-XXXXXX", NULL);
  fail_unless (dir != NULL);
}

void
ladder_teardown (void)
{
  test_folder_remove (dir);
  g_clear_pointer (&dir, g_free);
}

gchar *
ladder_path (const gchar * name)
{
  return g_build_filename (dir, name, NULL);
}

/* @/ is the test's folder */
static gchar *
in_folder (const gchar * text)
{
  g_auto (GStrv) parts = g_strsplit (text, "@/", -1);
  g_autofree gchar *folder = g_strconcat (dir, "/", NULL);

  return g_strjoinv (folder, parts);
}

/* Runs a command line; returns its output */
gchar *
ladder_command (const gchar * command)
{
  g_autofree gchar *line = in_folder (command);
  g_autoptr (GError) error = NULL;
  gchar *output = NULL;
  gint status = 0;

  fail_unless (g_spawn_command_line_sync (line, &output, NULL, &status,
          &error), "%s: %s", line, error ? error->message : "");
  fail_unless (g_spawn_check_wait_status (status, &error), "%s: %s", line,
      error ? error->message : "");
  return output;
}

GstElement *
ladder_parse (const gchar * launch)
{
  g_autofree gchar *line = in_folder (launch);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (error == NULL, "%s: %s", line, error ? error->message : "");
  return pipeline;
}

void
ladder_await_eos (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, LADDER_TIMEOUT,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  fail_unless (message != NULL, "no EOS: stalled");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  fail_unless (error == NULL, "%s (%s)", error ? error->message : "", debug);
}

void
ladder_stop (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* Runs a pipeline to its end. */
void
ladder_run (const gchar * launch)
{
  GstElement *pipeline = ladder_parse (launch);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ladder_await_eos (pipeline);
  ladder_stop (pipeline);
}

/* (element-type Packet): what ffprobe reads: the packets of one stream ("v" or
 * "a") of a file */
static GArray *
probe (const gchar * file, const gchar * stream)
{
  GArray *packets = g_array_new (FALSE, FALSE, sizeof (Packet));
  g_autofree gchar *command = g_strdup_printf ("ffprobe -v error "
      "-select_streams %s -show_entries packet=pts,dts,flags -of "
      "compact=p=0:nk=1 @/%s", stream, file);
  g_autofree gchar *output = ladder_command (command);
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], "|", -1);
    Packet packet;

    if (g_strv_length (fields) < 3)
      continue;
    packet.pts = g_ascii_strtoll (fields[0], NULL, 10);
    packet.dts = g_ascii_strtoll (fields[1], NULL, 10);
    packet.key = fields[2][0] == 'K';
    g_array_append_val (packets, packet);
  }
  return packets;
}

static gint
compare_pts (gconstpointer a, gconstpointer b)
{
  const Packet *x = a, *y = b;

  return x->pts < y->pts ? -1 : x->pts > y->pts;
}

/* Each frame of the video is on the grid of n/d frames a second, none is
 * missing, DTS grow; returns how many there are. */
guint
ladder_assert_video (const gchar * file, guint n, guint d)
{
  g_autoptr (GArray) packets = probe (file, "v");

  for (guint i = 0; i < packets->len; i++) {
    const Packet *packet = &g_array_index (packets, Packet, i);

    fail_unless (packet->dts <= packet->pts);
    if (i > 0)
      fail_unless (packet->dts > packet[-1].dts);
  }
  g_array_sort (packets, compare_pts);
  for (guint i = 0; i < packets->len; i++)
    assert_equals_int64 (g_array_index (packets, Packet, i).pts,
        PES_ORIGIN + (gint64) i * 90000 * d / n);
  return packets->len;
}

guint
ladder_assert_audio (const gchar * file)
{
  g_autoptr (GArray) packets = probe (file, "a");

  for (guint i = 0; i < packets->len; i++)
    assert_equals_int64 (g_array_index (packets, Packet, i).pts,
        PES_ORIGIN + (gint64) i * AAC_TICKS);
  return packets->len;
}

guint
ladder_assert_idrs (const gchar * file, guint gop, guint n, guint d)
{
  g_autoptr (GArray) packets = probe (file, "v");
  guint idrs = 0;

  for (guint i = 0; i < packets->len; i++) {
    const Packet *packet = &g_array_index (packets, Packet, i);

    if (packet->key)
      assert_equals_int64 (packet->pts, PES_ORIGIN +
          (gint64) gop * idrs++ * 90000 * d / n);
  }
  return idrs;
}

/* Samples of the first channel, as ffmpeg decodes them; sample 0 is at the
 * first audio frame's PTS */
gint16 *
ladder_decode_audio (const gchar * file, gsize * n)
{
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error -y "
      "-i @/%s -map 0:a -ac 1 -f s16le @/audio.raw", file);
  g_autofree gchar *output = ladder_command (command);
  g_autofree gchar *path = ladder_path ("audio.raw");
  gchar *data;

  fail_unless (g_file_get_contents (path, &data, n, NULL));
  *n /= 2;
  return (gint16 *) data;
}

/* Luma of each frame at 16x12 */
guint8 *
ladder_decode_video (const gchar * file, gsize * n)
{
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error -y "
      "-i @/%s -map 0:v -fps_mode passthrough -vf scale=16:12:flags=area "
      "-pix_fmt gray -f rawvideo @/video.raw", file);
  g_autofree gchar *output = ladder_command (command);
  g_autofree gchar *path = ladder_path ("video.raw");
  gchar *data;

  fail_unless (g_file_get_contents (path, &data, n, NULL));
  *n /= 16 * 12;
  return (guint8 *) data;
}

static gint
compare_errors (gconstpointer a, gconstpointer b)
{
  const gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

gdouble
ladder_get_psnr (const gchar * file, const gchar * reference,
    const gchar * filter)
{
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error "
      "-i @/%s -i @/%s -lavfi \"[0:v]setpts=N/30/TB[a];[1:v]%s,"
      "setpts=N/30/TB[b];[a][b]psnr=stats_file=-:shortest=1\" -f null -", file,
      reference, filter);
  g_autofree gchar *output = ladder_command (command);
  g_autoptr (GArray) errors = g_array_new (FALSE, FALSE, sizeof (gdouble));
  const gchar *line = output;

  while ((line = strstr (line, "mse_avg:"))) {
    const gdouble error = g_ascii_strtod (line + strlen ("mse_avg:"), NULL);

    g_array_append_val (errors, error);
    line++;
  }
  fail_unless (errors->len > 10, "%u frames: %s", errors->len, output);
  g_array_sort (errors, compare_errors);
  return 10 * log10 (255. * 255. / MAX (g_array_index (errors, gdouble,
              errors->len / 2), 1e-3));
}

/* first sample louder than a fiftieth of full scale, from @from on */
gsize
ladder_find_sound (const gint16 * samples, gsize n, gsize from)
{
  for (gsize i = from; i < n; i++) {
    if (ABS (samples[i]) > 655)
      return i;
  }
  return n;
}

gboolean
ladder_is_near (gsize a, gsize b, gsize tolerance)
{
  return (a > b ? a - b : b - a) <= tolerance;
}

guint
ladder_assert_silent (const gchar * file)
{
  g_autofree gint16 *samples = NULL;
  gsize n;

  samples = ladder_decode_audio (file, &n);
  fail_unless (ladder_find_sound (samples, n, 0) == n);
  return ladder_assert_audio (file);
}

/* into an appsrc; @buffer: (transfer full) */
static void
push_buffer (GstElement * source, GstBuffer * buffer)
{
  GstFlowReturn flow;

  g_signal_emit_by_name (source, "push-buffer", buffer, &flow);
  gst_buffer_unref (buffer);
}

void
ladder_end (GstElement * source)
{
  GstFlowReturn flow;

  g_signal_emit_by_name (source, "end-of-stream", &flow);
}

/* Pushes @duration of a square wave at @time */
void
ladder_push_audio (GstElement * source, GstClockTime time,
    GstClockTime duration)
{
  const gsize samples = gst_util_uint64_scale (duration, 48000, GST_SECOND);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, samples * 4, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < samples * 2; i++)
    GST_WRITE_UINT16_LE (map.data + 2 * i, i / 100 % 2 ? 10000 : -10000);
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = time;
  GST_BUFFER_DURATION (buffer) = duration;
  push_buffer (source, buffer);
}

void
ladder_push_picture (GstElement * source, GstClockTime time)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 160 * 120 * 3 / 2, NULL);

  gst_buffer_memset (buffer, 0, 128, -1);
  GST_BUFFER_PTS (buffer) = time;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
  push_buffer (source, buffer);
}

/* Returns: (transfer full): the text of the next WARNING */
gchar *
ladder_await_warning (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, LADDER_TIMEOUT,
      GST_MESSAGE_WARNING | GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL && GST_MESSAGE_TYPE (message) ==
      GST_MESSAGE_WARNING);
  gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}
