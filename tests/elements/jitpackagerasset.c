/* VisionStream: tests of media files that vsjitpackager serves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What ffmpeg decodes of an endpoint is compared with what it decodes of the
 * file itself.
 */
#include "common/deadline.h"
#include "packager.h"

#include <glib/gstdio.h>
#include <string.h>

static gchar *media;            /* where the files are */

static void
setup_media (void)
{
  setup ();
  media = g_build_filename (folder, "default", "media", NULL);
  g_mkdir_with_parents (media, 0700);
}

static void
teardown_media (void)
{
  g_clear_pointer (&media, g_free);
  teardown ();
}

/* Standard output of a command line without blanks in its words. */
static gchar *
run_line (const gchar * line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);

  return run ((const gchar * const *) argv);
}

/* FALSE: there is no ffmpeg. */
static gboolean
make (const gchar * name, guint width, const gchar * options)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -y -f lavfi -i "
      "testsrc=s=%ux90:r=25 -f lavfi -i sine=r=48000 -t 14 -c:v libx264 "
      "-preset ultrafast -bf 2 -pix_fmt yuv420p -g 50 %s %s/%s", width,
      options, media, name);
  g_autofree gchar *output = run_line (line);

  if (output == NULL)
    g_print ("skipped: no ffmpeg\n");
  return output != NULL;
}

static gchar *
path_of (const gchar * file, const gchar * object)
{
  return g_strdup_printf ("/out/v1/default/media/%s/%s", file, object);
}

/* What ffmpeg's framemd5 has in its sixth column: a hash a frame, decoded, or a
 * packet that is copied; of the first stream of a kind. */
static gchar *
hash (const gchar * input, const gchar * options)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -v error -i %s %s "
      "-f framemd5 -", input, options);
  g_autofree gchar *output = run_line (line);
  g_autoptr (GString) hashes = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (output ? output : "", "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    g_auto (GStrv) columns = g_strsplit (lines[i], ",", -1);

    if (lines[i][0] != '#' && g_strv_length (columns) >= 6)
      g_string_append (hashes, columns[5]);
  }
  return g_string_free (g_steal_pointer (&hashes), FALSE);
}

static gchar *
hash_frames (const gchar * input)
{
  return hash (input, "-map 0:v:0 -fps_mode passthrough");
}

static gchar *
hash_audio (const gchar * input, gboolean is_adts)
{
  return hash (input, is_adts ? "-map 0:a:0 -c copy -bsf:a aac_adtstoasc" :
      "-map 0:a:0 -c copy");
}

static gdouble
probe (const gchar * input, const gchar * what)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error -show_entries %s "
      "-of default=nw=1:nk=1 %s", what, input);
  g_autofree gchar *output = run_line (line);

  return output ? g_ascii_strtod (output, NULL) : -1;
}

static const gchar *const manifests[] = {
  "hls/index.m3u8", "cmaf/index.m3u8", "dash/index.mpd"
};

/* The same pictures and the same sound as in the file. */
static void
check_equal (const gchar * file)
{
  g_autofree gchar *source = g_build_filename (media, file, NULL);
  g_autofree gchar *frames = hash_frames (source);
  g_autofree gchar *sound = hash_audio (source, FALSE);

  fail_unless (frames[0] && sound[0]);
  for (guint i = 0; i < G_N_ELEMENTS (manifests); i++) {
    g_autofree gchar *path = path_of (file, manifests[i]);
    g_autofree gchar *url = url_of (path);
    g_autofree gchar *served = hash_frames (url);
    g_autofree gchar *heard = hash_audio (url, i == 0);

    fail_unless (strcmp (served, frames) == 0, "%s: pictures differ", path);
    fail_unless (strcmp (heard, sound) == 0, "%s: sound differs", path);
    fail_unless (ABS (probe (url, "format=duration")
            - probe (source, "format=duration")) < 1, "%s: duration", path);
  }
}

/* s from the first stream's start to the second one's */
static gdouble
probe_distance (const gchar * input)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error -show_entries "
      "stream=start_time -of default=nw=1:nk=1 %s", input);
  g_autofree gchar *output = run_line (line);
  g_auto (GStrv) lines = g_strsplit (output ? output : "", "\n", -1);

  fail_unless (g_strv_length (lines) >= 2, "%s", output);
  return g_ascii_strtod (lines[1], NULL) - g_ascii_strtod (lines[0], NULL);
}

/* What is seen and heard at first is as far apart as in the file, but for
 * what decoders need ahead of it. */
static void
check_starts (const gchar * file, gdouble distance)
{
  g_autofree gchar *path = path_of (file, manifests[0]);
  g_autofree gchar *url = url_of (path);

  fail_unless (ABS (probe_distance (url) - distance) < 0.040, "%s", file);
}

static const struct
{
  const gchar *name;
  const gchar *options;
  gdouble distance;             /* of the sound from the picture, s */
} clips[] = {
  {"plain.mp4", "-c:a aac"},
  {"fast.mp4", "-c:a aac -movflags +faststart+negative_cts_offsets"},
  {"fragments.mp4", "-c:a aac "
        "-movflags frag_keyframe+empty_moov+default_base_moof+delay_moov"},
  /* no edit list tells that pictures are late by their reordering */
  {"mixed.mp4", "-c:a aac -movflags frag_keyframe", -0.080},
  /* ffprobe itself has this one's pictures late */
  {"cmaf.mp4", "-c:a aac -movflags cmaf+dash+delay_moov+global_sidx -f mp4"},
};

GST_START_TEST (test_equal)
{
  if (!make (clips[__i__].name, 160, clips[__i__].options))
    return;
  start_origin (FOREVER);
  check_equal (clips[__i__].name);
  check_starts (clips[__i__].name, clips[__i__].distance);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_clip)
{
  static const gchar name[] = "big-buck-bunny-5s-720p-aac51.mp4";
  const gchar *from = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *source = g_build_filename (from ? from : "", name, NULL);
  g_autofree gchar *target = g_build_filename (media, name, NULL);
  g_autofree gchar *tool = g_find_program_in_path ("ffmpeg");
  g_autofree gchar *data = NULL;
  gsize size;

  if (!tool || !g_file_get_contents (source, &data, &size, NULL)) {
    g_print ("skipped: no ../shared/media\n");
    return;
  }
  fail_unless (g_file_set_contents (target, data, size, NULL));
  start_origin (FOREVER);
  check_equal (name);
  check_starts (name, 0);
  stop_pipeline ();
}

GST_END_TEST;

/* Whether ffmpeg finds the first picture to be turned by 90 degrees clockwise:
 * it counts the other way. */
static gboolean
is_turned (const gchar * url)
{
  g_autofree gchar *line = g_strdup_printf ("ffprobe -v error "
      "-select_streams v:0 -read_intervals %%+#1 -show_frames %s", url);
  g_autofree gchar *output = run_line (line);

  return output && strstr (output, "rotation=-90") != NULL;
}

static void
turn (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (media, name, NULL);
  g_autofree gchar *data = NULL;
  gchar *tkhd;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  tkhd = memmem (data, size, "tkhd", 4);
  fail_unless (tkhd != NULL);
  GST_WRITE_UINT32_BE (tkhd + 44, 0);
  GST_WRITE_UINT32_BE (tkhd + 48, 0x10000);
  GST_WRITE_UINT32_BE (tkhd + 56, -0x10000);
  GST_WRITE_UINT32_BE (tkhd + 60, 0);
  fail_unless (g_file_set_contents (path, data, size, NULL));
}

/* No format's headers have a place for it: the stream itself tells, and one
 * warning does. */
GST_START_TEST (test_rotation)
{
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GError) error = NULL;

  if (!make ("a.mp4", 160, "-c:a aac"))
    return;
  turn ("a.mp4");
  start_origin (FOREVER);
  for (guint i = 0; i < G_N_ELEMENTS (manifests); i++) {
    g_autofree gchar *path = path_of ("a.mp4", manifests[i]);
    g_autofree gchar *url = url_of (path);

    fail_unless (is_turned (url), "%s", path);
  }
  warning = take_message (GST_MESSAGE_WARNING);
  gst_message_parse_warning (warning, &error, NULL);
  fail_unless (strstr (error->message, "by 90 degrees") != NULL, "%s",
      error->message);
  stop_pipeline ();
}

GST_END_TEST;

static void
put (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (media, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static void
check_ladder (const gchar * file)
{
  g_autofree gchar *hls = path_of (file, manifests[0]);
  g_autofree gchar *dash = path_of (file, manifests[2]);
  g_autofree gchar *playlist = get_text (hls);
  g_autofree gchar *mpd = get_text (dash);

  fail_unless_equals_int (count (playlist, "#EXT-X-STREAM-INF"), 2);
  fail_unless (strstr (playlist, "RESOLUTION=320x90") != NULL);
  fail_unless (strstr (playlist, "RESOLUTION=160x90") != NULL);
  /* the rungs share their sound */
  fail_unless_equals_int (count (mpd, "<Representation "), 3);
  for (guint i = 0; i < G_N_ELEMENTS (manifests); i++) {
    g_autofree gchar *path = path_of (file, manifests[i]);
    g_autofree gchar *url = url_of (path);

    fail_unless (ABS (probe (url, "format=duration") - 14) < 1, "%s", path);
  }
}

GST_START_TEST (test_ladders)
{
  if (!make ("high.mp4", 320, "-c:a aac")
      || !make ("low.mp4", 160, "-c:a aac"))
    return;
  put ("ladder.json", "{\"renditions\":[{\"src\":\"high.mp4\","
      "\"name\":\"high\"},{\"src\":\"low.mp4\",\"name\":\"low\"}]}");
  put ("ladder.smil", "<smil><body><switch><video src=\"high.mp4\"/>"
      "<video src=\"low.mp4\"/></switch></body></smil>");
  start_origin (FOREVER);
  check_ladder ("ladder.json");
  check_ladder ("ladder.smil");
  stop_pipeline ();
}

GST_END_TEST;

/* URLs of segments say which file they mean, and each origin says the same. */
GST_START_TEST (test_tokens)
{
  g_autofree gchar *once = NULL, *again = NULL, *name = NULL, *path = NULL;
  g_auto (Reply) right = { 0 }, wrong = { 0 };
  const gchar *segment;

  if (!make ("a.mp4", 160, "-c:a aac"))
    return;
  start_origin (FOREVER);
  once = get_text ("/out/v1/default/media/a.mp4/hls/index_a.m3u8");
  segment = strstr (once, "a_1.ts?m=");
  fail_unless (segment != NULL, "%s", once);
  name = g_strndup (segment, strcspn (segment, "\n"));
  path = g_strconcat ("/out/v1/default/media/a.mp4/hls/", name, NULL);
  get (path, &right);
  fail_unless_equals_int (right.status, 200);
  fail_unless (strstr (header (&right, "Cache-Control"), "immutable") != NULL);
  get ("/out/v1/default/media/a.mp4/hls/a_1.ts?m=00000000", &wrong);
  fail_unless_equals_int (wrong.status, 404);
  stop_pipeline ();

  start_origin (FOREVER);
  again = get_text ("/out/v1/default/media/a.mp4/hls/index_a.m3u8");
  fail_unless_equals_string (once, again);
  stop_pipeline ();
}

GST_END_TEST;

/* One warning for all who ask; nobody else is disturbed. */
GST_START_TEST (test_hostile)
{
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (Reply) lost = { 0 }, good = { 0 };
  gboolean has_clip = make ("good.mp4", 160, "-c:a aac");
  GstBus *bus;

  put ("bad.mp4", "This is no movie, and never was one.");
  start_origin (FOREVER);
  for (guint i = 0; i < 3; i++) {
    g_auto (Reply) bad = { 0 };

    get ("/out/v1/default/media/bad.mp4/hls/index.m3u8", &bad);
    fail_unless_equals_int (bad.status, 502);
    fail_unless_equals_string (header (&bad, "Cache-Control"), "max-age=1");
  }
  warning = take_message (GST_MESSAGE_WARNING);
  gst_message_parse_warning (warning, &error, NULL);
  fail_unless (strstr (error->message, "media/bad.mp4") != NULL, "%s",
      error->message);
  bus = gst_element_get_bus (pipeline);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);
  gst_object_unref (bus);

  get ("/out/v1/default/media/lost.mp4/hls/index.m3u8", &lost);
  fail_unless_equals_int (lost.status, 404);
  get ("/out/v1/default/media/good.mp4/hls/index.m3u8", &good);
  fail_unless_equals_int (good.status, has_clip ? 200 : 404);
  stop_pipeline ();
}

GST_END_TEST;

/* A word of a box, by its place behind the box's type; what the word was is of
 * no matter. */
static const struct
{
  const gchar *type;
  gint offset;
  guint32 value;
} damages[] = {
  {"moov", -4, 4},              /* sizes: less than a header, without an end */
  {"moov", -4, 0x7fffffff},
  {"trak", -4, 0x7fffffff},
  {"stbl", -4, 8},
  {"mvhd", 16, 0},              /* timescales */
  {"mdhd", 16, 0},
  {"stsz", 8, 0xffffffff},      /* counts */
  {"stsz", 12, 0xffffffff},
  {"stts", 8, 0xffffffff},
  {"stsc", 16, 0},
  {"stco", 12, 0xfffffff0},     /* samples behind the file */
  {"avcC", -4, 8},
};

static void
put_damaged (guint index, const gchar * data, gsize size)
{
  g_autofree gchar *copy = g_memdup2 (data, size);
  g_autofree gchar *path = g_strdup_printf ("%s/damaged-%u.mp4", media, index);
  gchar *box = memmem (copy, size, damages[index].type, 4);

  fail_unless (box != NULL, "%s", damages[index].type);
  GST_WRITE_UINT32_BE (box + damages[index].offset, damages[index].value);
  fail_unless (g_file_set_contents (path, copy, size, NULL));
}

static guint
get_status (const gchar * file)
{
  g_autofree gchar *path = path_of (file, "hls/index.m3u8");
  g_auto (Reply) reply = { 0 };

  get (path, &reply);
  return reply.status;
}

/* Each of them is a 502, and the good file next to them stays what it is. */
GST_START_TEST (test_damage)
{
  g_autofree gchar *path = g_build_filename (media, "good.mp4", NULL);
  g_autofree gchar *cut = g_build_filename (media, "cut.mp4", NULL);
  g_autofree gchar *data = NULL, *before = NULL, *after = NULL;
  gsize size;

  if (!make ("good.mp4", 160, "-c:a aac -movflags +faststart"))
    return;
  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  fail_unless (g_file_set_contents (cut, data, 1000, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    put_damaged (i, data, size);
  start_origin (FOREVER);
  before = get_text ("/out/v1/default/media/good.mp4/hls/index_good.m3u8");
  fail_unless_equals_int (get_status ("cut.mp4"), 502);
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++) {
    g_autofree gchar *file = g_strdup_printf ("damaged-%u.mp4", i);

    fail_unless (get_status (file) == 502, "%s at %d", damages[i].type,
        damages[i].offset);
  }
  after = get_text ("/out/v1/default/media/good.mp4/hls/index_good.m3u8");
  fail_unless_equals_string (after, before);
  stop_pipeline ();
}

GST_END_TEST;

/* The path of a segment that a playlist names. */
static gchar *
find_segment (const gchar * playlist, const gchar * name)
{
  const gchar *segment = strstr (playlist, name);

  fail_unless (segment != NULL, "%s", playlist);
  return g_strdup_printf ("/out/v1/default/media/a.mp4/hls/%.*s",
      (gint) strcspn (segment, "\n"), segment);
}

static void
replace (const gchar * name)
{
  g_autofree gchar *from = g_build_filename (media, "other.mp4", NULL);
  g_autofree gchar *to = g_build_filename (media, name, NULL);

  fail_unless (make ("other.mp4", 320, "-c:a aac"));
  fail_unless (g_rename (from, to) == 0);
}

/* The path of the first segment, once it is not @old any more. */
static gchar *
await_other_segment (const gchar * list, const gchar * old)
{
  gint64 end = test_deadline (20);

  while (g_get_monotonic_time () < end) {
    g_autofree gchar *playlist = get_text (list);
    g_autofree gchar *found = find_segment (playlist, "a_1.ts?m=");

    if (strcmp (found, old) != 0)
      return g_steal_pointer (&found);
    g_usleep (100000);
  }
  fail ("the file is still the old one");
  return NULL;
}

/* Another file under the same name, with a stream that is being played. What
 * was said of the old one is never answered with bytes of the new one. */
GST_START_TEST (test_replaced)
{
  static const gchar list[] = "/out/v1/default/media/a.mp4/hls/index_a.m3u8";
  g_autofree gchar *before = NULL, *old = NULL, *young = NULL, *second = NULL;
  g_auto (Reply) known = { 0 }, stale = { 0 }, fresh = { 0 };

  if (!make ("a.mp4", 160, "-c:a aac"))
    return;
  start_origin (FOREVER);
  before = get_text (list);
  old = find_segment (before, "a_1.ts?m=");
  second = find_segment (before, "a_2.ts?m=");
  get (old, &known);
  fail_unless_equals_int (known.status, 200);

  replace ("a.mp4");
  /* not read yet: whatever the origin still believes, these bytes are gone */
  get (second, &stale);
  fail_unless (stale.status == 404 || stale.status == 502, "%u", stale.status);
  young = await_other_segment (list, old);
  get (young, &fresh);
  fail_unless_equals_int (fresh.status, 200);
  fail_unless (strcmp (header (&fresh, "ETag"), header (&known, "ETag")) != 0);
  stop_pipeline ();
}

GST_END_TEST;

static Suite *
jitpackagerasset_suite (void)
{
  Suite *suite = suite_create ("jitpackagerasset");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup_media, teardown_media);
  tcase_add_loop_test (tcase, test_equal, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tcase, test_clip);
  tcase_add_test (tcase, test_rotation);
  tcase_add_test (tcase, test_ladders);
  tcase_add_test (tcase, test_tokens);
  tcase_add_test (tcase, test_hostile);
  tcase_add_test (tcase, test_damage);
  tcase_add_test (tcase, test_replaced);
  return suite;
}

GST_CHECK_MAIN (jitpackagerasset);
