/* VisionStream: vsladder's pictures: rate, shape, colour, captions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "laddercheck.h"

#include <stdio.h>
#include <string.h>

static guint
count (const gchar * text, const gchar * word)
{
  guint n = 0;

  while ((text = strstr (text, word))) {
    text += strlen (word);
    n++;
  }
  return n;
}

typedef struct
{
  const gchar *source;          /* frame rate */
  const gchar *setting;         /* frame-rate */
  guint n, d;                   /* of the output */
  guint frames;                 /* of 2 s */
  guint gop;                    /* frames nearest to 0.7 s */
} RateCase;

/* IDRs are the same frames of both rungs, whatever the rate. */
static void
assert_gops (guint n, guint d, guint gop)
{
  static const gchar *const files[] = { "a.ts", "b.ts" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    assert_equals_int (ladder_assert_idrs (files[i], gop, n, d), 3);
}

/* Frame rates: exact ones, and families; GOPs that are no whole number of
 * frames. */
GST_START_TEST (test_frame_rates)
{
  static const RateCase cases[] = {
    {"30/1", "30", 30, 1, 60, 21},
    {"25/1", "30", 30, 1, 60, 21},
    {"60/1", "30", 30, 1, 60, 21},
    {"30/1", "29.97", 30000, 1001, 60, 21},
    {"24/1", "24000/1001", 24000, 1001, 48, 17},
    {"25/1", "family", 25, 1, 50, 18},
    {"50/1", "family", 25, 1, 50, 18},
    {"30000/1001", "family", 30000, 1001, 60, 21},
    {"60000/1001", "family", 30000, 1001, 60, 21},
    {"24000/1001", "family", 24000, 1001, 48, 17},
    {"24/1", "family", 24, 1, 48, 17},
    {"60/1", "family", 30, 1, 60, 21},
    {"15/1", "family", 30, 1, 60, 21},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const RateCase *c = &cases[i];
    gint n = 0, d = 1;
    g_autofree gchar *launch = NULL;
    guint frames;

    sscanf (c->source, "%d/%d", &n, &d);
    launch = g_strdup_printf ("videotestsrc num-buffers=%d ! "
        "video/x-raw, width=160, height=120, framerate=%s ! l.video "
        "vsladder name=l " SMALL "frame-rate=%s gop-duration=700000000 "
        "l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
        "location=@/b.ts", (2 * n + d / 2) / d, c->source, c->setting);
    ladder_run (launch);
    frames = ladder_assert_video ("a.ts", c->n, c->d);
    fail_unless (ladder_is_near (frames, c->frames, 1), "%s to %s: %u frames",
        c->source, c->setting, frames);
    assert_gops (c->n, c->d, c->gop);
  }
}

GST_END_TEST;

/* A white 16:9 picture in a 4:3 rung has black bars, or none if stretched. */
GST_START_TEST (test_aspect)
{
  static const struct
  {
    const gchar *aspect;
    gboolean bars;
  } cases[] = { {"letterbox", TRUE}, {"stretch", FALSE} };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *launch = g_strdup_printf ("videotestsrc num-buffers=3 "
        "pattern=white ! video/x-raw, width=320, height=180, framerate=30/1 "
        "! vsladder name=l ladder=\"a:160x120,500k\" aspect=%s "
        "! filesink location=@/a.ts", cases[i].aspect);
    g_autofree guint8 *luma = NULL;
    gsize n;

    ladder_run (launch);
    luma = ladder_decode_video ("a.ts", &n);
    fail_unless (n >= 3);
    fail_unless (luma[6 * 16 + 8] > 225);
    fail_unless ((luma[0] < 25) == cases[i].bars);
    fail_unless ((luma[11 * 16 + 15] < 25) == cases[i].bars);
    /* the picture's own edge, 15 of 120 lines down */
    fail_unless (luma[2 * 16 + 8] > 225);
  }
}

GST_END_TEST;

/* Caption bytes of all pictures, in the order in which they are shown */
static gchar *
get_captions (const gchar * file, const gchar * demuxer)
{
  g_autofree gchar *launch = g_strdup_printf ("filesrc location=%s ! %s "
      "! h264parse ! avdec_h264 ! ccextractor name=c ! fakesink c.caption ! "
      "queue ! filesink location=@/captions async=false", file, demuxer);
  g_autofree gchar *captions = ladder_path ("captions");
  gchar *data;
  gsize size;

  ladder_run (launch);
  fail_unless (g_file_get_contents (captions, &data, &size, NULL));
  fail_unless (size > 500, "%" G_GSIZE_FORMAT " bytes", size);
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) data, size);
}

#define LIST_CAPTIONS "ffprobe -v error -select_streams v -show_entries " \
  "frame=pts:side_data=side_data_type -of csv "

/* CEA-608 captions in the source's SEI are in the output's, all of them and
 * on all rungs of its frame rate; ffprobe finds as many of them. (From an MP4:
 * tsdemux is not exact about this clip's times.) */
GST_START_TEST (test_captions)
{
  static const gchar *const files[] = { "@/a.ts", "@/b.ts" };
  const gchar *media = g_getenv ("VS_MEDIA_DIR");
  g_autofree gchar *path = g_build_filename (media ? media : "",
      "sintel-608.ts", NULL);
  g_autofree gchar *command = NULL, *done = NULL, *before = NULL;
  g_autofree gchar *captions = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_print ("skipped: no ../shared/media\n");
    return;
  }
  if (g_getenv ("VS_VALGRIND")) {
    /* tsdemux ! h264parse ! avdec_h264 ! x264enc alone shows as many */
    g_print ("skipped: avdec_h264 leaves parts of this clip unset\n");
    return;
  }
  command = g_strdup_printf ("ffmpeg -nostdin -v error -y -i %s -map 0:v "
      "-c copy @/in.mp4", path);
  done = ladder_command (command);
  before = ladder_command (LIST_CAPTIONS "@/in.mp4");
  captions = get_captions ("@/in.mp4", "qtdemux");
  fail_unless (count (before, "A53") > 200);
  ladder_run ("filesrc location=@/in.mp4 ! qtdemux : vsladder name=l " SMALL
      "frame-rate=family l.src_0 ! filesink location=@/a.ts l.src_1 ! "
      "filesink location=@/b.ts");
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *list = g_strconcat (LIST_CAPTIONS, files[i], NULL);
    g_autofree gchar *after = ladder_command (list);
    g_autofree gchar *own = get_captions (files[i], "tsdemux");

    assert_equals_int (count (after, "A53"), count (before, "A53"));
    assert_equals_string (own, captions);
  }
}

GST_END_TEST;

/* What the source says of its colours, all rungs say: matrix, range,
 * primaries, transfer, whatever their size. (In TS: qtdemux takes full range
 * for narrow range.) */
GST_START_TEST (test_colour)
{
  static const gchar *const cases[][2] = {
    {"-colorspace bt709 -color_primaries bt709 -color_trc bt709 "
          "-color_range tv", "tv|bt709|bt709|bt709"},
    {"-colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m "
          "-color_range tv", "tv|smpte170m|smpte170m|smpte170m"},
    {"-colorspace bt709 -color_primaries bt709 -color_trc bt709 "
          "-color_range pc -vf scale=out_range=pc", "pc|bt709|bt709|bt709"},
    {"-colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 "
          "-color_range tv", "tv|bt2020nc|smpte2084|bt2020"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error -y "
        "-f lavfi -i testsrc=s=160x120:r=30:d=0.5 %s -pix_fmt yuv420p "
        "-c:v libx264 -preset ultrafast @/in.ts", cases[i][0]);
    g_autofree gchar *output = ladder_command (command);

    ladder_run ("filesrc location=@/in.ts ! tsdemux : vsladder name=l " SMALL
        "l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
        "location=@/b.ts");
    for (guint j = 0; j < 2; j++) {
      g_autofree gchar *colours = ladder_command (j ? "ffprobe -v error "
          "-select_streams v -show_entries stream=color_range,color_space,"
          "color_transfer,color_primaries -of compact=p=0:nk=1 @/b.ts" :
          "ffprobe -v error -select_streams v -show_entries "
          "stream=color_range,color_space,color_transfer,color_primaries "
          "-of compact=p=0:nk=1 @/a.ts");

      fail_unless (g_str_has_prefix (colours, cases[i][1]), "%s: %s",
          cases[i][1], colours);
    }
  }
}

GST_END_TEST;

/* What is given away by all else: one rung of much bit rate */
#define CLEAR "rate-control=crf speed-preset=ultrafast ladder="

/* Interlaced video, made from a progressive one, comes out no more than 1 dB
 * further from it than through ffmpeg's yadif, also at the rate of its
 * fields; and no black frame stands before the first. */
GST_START_TEST (test_deinterlace)
{
  static const gchar *const cases[][4] = {
    {"-c:v libx264 -preset veryfast -qp 4 -flags "
          "+ildct+ilme @/in.mp4", "qtdemux", "family", "send_frame"},
    {"-c:v mpeg2video -q:v 2 -flags +ildct+ilme -top 1 @/in.ts", "tsdemux",
        "family", "send_frame"},
    {"-c:v libx264 -preset veryfast -qp 4 -flags "
          "+ildct+ilme @/in.ts", "tsdemux", "50", "send_field"},
  };
  g_autofree gchar *made = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i testsrc2=s=320x240:r=50:d=1.2 -c:v ffv1 @/progressive.mkv");

  /* of interlaced H.264 avdec_h264 ! x264enc alone shows errors, too */
  if (g_getenv ("VS_VALGRIND"))
    g_print ("skipped: avdec_h264 leaves parts of these clips unset\n");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gchar *file = strchr (cases[i][0], '@') + 2;
    const gboolean fields = g_str_equal (cases[i][3], "send_field");
    const gchar *original = fields ? "null" : "select='not(mod(n,2))'";
    g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error -y "
        "-i @/progressive.mkv -vf tinterlace=interleave_top -pix_fmt yuv420p "
        "%s", cases[i][0]);
    g_autofree gchar *output = ladder_command (command);
    g_autofree gchar *launch = g_strdup_printf ("filesrc location=@/%s ! %s : "
        "vsladder name=l " CLEAR "\"a:320x240,20M,crf=4\" frame-rate=%s "
        "l.src_0 ! filesink location=@/a.ts", file, cases[i][1], cases[i][2]);
    g_autofree gchar *yadif = g_strdup_printf ("ffmpeg -nostdin -v error -y "
        "-i @/%s -vf yadif=mode=%s -c:v libx264 -preset ultrafast -crf 4 "
        "@/yadif.mkv", file, cases[i][3]);
    g_autofree gchar *done = ladder_command (yadif);
    g_autofree guint8 *luma = NULL;
    gdouble ours, theirs;
    gsize frames;

    if (g_getenv ("VS_VALGRIND") && strstr (cases[i][0], "libx264"))
      continue;
    ladder_run (launch);
    ladder_assert_video ("a.ts", fields ? 50 : 25, 1);
    luma = ladder_decode_video ("a.ts", &frames);
    fail_unless (ladder_is_near (frames, fields ? 60 : 30, 1));
    fail_unless (luma[100] > 25);
    ours = ladder_get_psnr ("a.ts", "progressive.mkv", original);
    theirs = ladder_get_psnr ("yadif.mkv", "progressive.mkv", original);
    GST_INFO ("%s: %.2f dB, yadif %.2f dB", file, ours, theirs);
    fail_unless (ours > theirs - 1, "%s: %.2f dB, yadif %.2f dB", file, ours,
        theirs);
  }
}

GST_END_TEST;

/* Each rung of the cascade keeps as much of the picture as ffmpeg's bicubic
 * filter does, within 1.5 dB. */
GST_START_TEST (test_scaling)
{
  static const struct
  {
    const gchar *file, *scale;
  } cases[] = {
    {"a.ts", "scale=640:360:flags=lanczos"},
    {"b.ts", "scale=426:240:flags=lanczos"},
    {"c.ts", "scale=320:180:flags=lanczos"},
    {"d.ts", "scale=160:90:flags=lanczos"},
  };
  g_autofree gchar *made = ladder_command ("ffmpeg -nostdin -v error -y -f "
      "lavfi -i mandelbrot=s=960x540:r=30 -frames:v 15 -pix_fmt yuv420p "
      "-c:v libx264 -preset ultrafast -qp 4 @/in.mp4");

  ladder_run ("filesrc location=@/in.mp4 ! qtdemux : vsladder name=l " CLEAR
      "\"a:640x360,50M,crf=2;b:426x240,50M,crf=2;c:320x180,50M,crf=2;"
      "d:160x90,50M,crf=2\" l.src_0 ! filesink location=@/a.ts l.src_1 ! filesink "
      "location=@/b.ts l.src_2 ! filesink location=@/c.ts l.src_3 ! filesink "
      "location=@/d.ts");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) words = g_strsplit (cases[i].scale, ":flags=", 2);
    g_autofree gchar *command = g_strdup_printf ("ffmpeg -nostdin -v error -y "
        "-i @/in.mp4 -vf %s:flags=bicubic -c:v libx264 -preset ultrafast "
        "-crf 2 @/bicubic.mkv", words[0]);
    g_autofree gchar *done = ladder_command (command);
    const gdouble ours = ladder_get_psnr (cases[i].file, "in.mp4",
        cases[i].scale);
    const gdouble theirs = ladder_get_psnr ("bicubic.mkv", "in.mp4",
        cases[i].scale);

    GST_INFO ("%s: %.2f dB, bicubic %.2f dB", words[0], ours, theirs);
    fail_unless (ours > theirs - 1.5, "%s: %.2f dB, bicubic %.2f dB", words[0],
        ours, theirs);
  }
}

GST_END_TEST;

static Suite *
ladderpicture_suite (void)
{
  Suite *suite = suite_create ("vsladderpicture");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_checked_fixture (tcase, ladder_setup, ladder_teardown);
  tcase_add_test (tcase, test_frame_rates);
  tcase_add_test (tcase, test_aspect);
  tcase_add_test (tcase, test_captions);
  tcase_add_test (tcase, test_colour);
  tcase_add_test (tcase, test_deinterlace);
  tcase_add_test (tcase, test_scaling);
  return suite;
}

GST_CHECK_MAIN (ladderpicture);
