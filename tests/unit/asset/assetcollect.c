/* VisionStream: tests of samples that are packaged without a transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <unistd.h>

#include "asset/assetfixture.h"
#include "isobmff/vssamples.h"
#include "origin/vspackage.h"

#define ENCODE "ffmpeg -y -f lavfi -i testsrc=s=160x90:r=25 -f lavfi " \
  "-i sine=r=48000 -t 14 -pix_fmt yuv420p "
#define H264 "-c:v libx264 -preset ultrafast -bf 2 -g 50 -keyint_min 50 " \
  "-sc_threshold 0 "
#define H265 "-c:v libx265 -preset ultrafast -x265-params " \
  "log-level=none:open-gop=0:keyint=50:scenecut=0 "

/* ffmpeg's own MP4 files, and what it makes of transport streams, whose
 * samples have the parameter sets too. */
static const struct
{
  const gchar *options;
  const gchar *copied;          /* NULL: at once */
} clips[] = {
  {H264 "-c:a aac"},
  {H264 "-c:a aac -ar 44100 -video_track_timescale 12345"},
  {H264 "-x264-params slices=4 -c:a ac3"},
  {H264 "-c:a aac -movflags frag_keyframe+empty_moov"},
  {H264 "-c:a aac", ""},
  {H265 "-tag:v hvc1 -c:a eac3"},
  {H265 "-c:a eac3", "-tag:v hev1 "},
};

static gboolean
make_clip (guint index)
{
  g_autofree gchar *encode = g_strdup_printf (ENCODE "%s %s/%s",
      clips[index].options, asset_folder,
      clips[index].copied ? "a.ts" : "a.mp4");
  g_autofree gchar *copy = g_strdup_printf ("ffmpeg -y -i %s/a.ts -c copy "
      "%s%s/a.mp4", asset_folder, clips[index].copied, asset_folder);

  return asset_run_ffmpeg (encode)
      && (!clips[index].copied || asset_run_ffmpeg (copy));
}

/* By way of a transport stream, and without one */
static void
check_same (VsSegmentSource * source, const VsSegment * segment,
    VsFormat format, VsMediaType track)
{
  const VsPackaging packaging = {.format = format,.track = track };
  g_autoptr (GBytes) ts = source->klass->load (source, segment, NULL, NULL);
  g_auto (VsSamples) samples = { 0 };
  g_autoptr (GBytes) expected = NULL, own = NULL;
  g_autoptr (GError) error = NULL;

  expected = vs_package (ts, segment, &packaging, &error);
  fail_unless (expected != NULL, "%s", error ? error->message : "");
  fail_unless (source->klass->collect (source, segment, track, &samples, NULL,
          &error), "%s", error ? error->message : "");
  own = vs_package_samples (&samples, segment, &packaging, &error);
  fail_unless (own != NULL, "%s", error ? error->message : "");
  fail_unless (g_bytes_equal (own, expected), "segment %u, track %d, format %d",
      (guint) segment->sequence, track, format);
}

GST_START_TEST (test_same)
{
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;

  if (!make_clip (__i__))
    return;
  source = asset_open ("a.mp4");
  view = asset_view (source, 0);
  fail_unless (view->segments->len >= 2);
  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i);
    /* AC-3 has no mapping */
    gboolean smooth = strstr (clips[__i__].options, " ac3") == NULL;

    check_same (source, segment, VS_FORMAT_CMAF, VS_MEDIA_VIDEO);
    check_same (source, segment, VS_FORMAT_CMAF, VS_MEDIA_AUDIO);
    check_same (source, segment, VS_FORMAT_SMOOTH, VS_MEDIA_VIDEO);
    if (smooth)
      check_same (source, segment, VS_FORMAT_SMOOTH, VS_MEDIA_AUDIO);
  }
}

GST_END_TEST;

static gboolean
can_collect (VsSegmentSource * source, const VsSegment * segment)
{
  g_auto (VsSamples) samples = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean can = source->klass->collect (source, segment, VS_MEDIA_VIDEO,
      &samples, NULL, &error);

  fail_unless (can || g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_NOT_SUPPORTED), "%s", error ? error->message : "");
  return can;
}

/* Other parameter sets come with the second half: there they are to stay in
 * the samples. */
GST_START_TEST (test_new_sets)
{
  static const gchar *const halves[] = { "3.0", "4.0" };
  g_autofree gchar *join = g_strdup_printf ("ffmpeg -y -i "
      "concat:%s/3.0.ts|%s/4.0.ts -map 0:v -c copy %s/a.mp4", asset_folder,
      asset_folder, asset_folder);
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (halves); i++) {
    g_autofree gchar *half = g_strdup_printf (ENCODE H264 "-level %s "
        "-output_ts_offset %u %s/%s.ts", halves[i], i * 14, asset_folder,
        halves[i]);

    if (!asset_run_ffmpeg (half))
      return;
  }
  fail_unless (asset_run_ffmpeg (join));
  source = asset_open ("a.mp4");
  view = asset_view (source, 0);
  fail_unless (view->segments->len >= 4);
  fail_unless (can_collect (source, g_ptr_array_index (view->segments, 0)));
  fail_if (can_collect (source, g_ptr_array_index (view->segments,
              view->segments->len - 1)));
}

GST_END_TEST;

/* Which way pictures are up stands in a message that is to be put in. */
GST_START_TEST (test_turned)
{
  g_autofree gchar *turn = g_strdup_printf ("ffmpeg -y -i %s/upright.mp4 "
      "-c copy -metadata:s:v rotate=90 %s/a.mp4", asset_folder, asset_folder);
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;

  if (!asset_make ("upright.mp4", 2, 25))
    return;
  fail_unless (asset_run_ffmpeg (turn));
  source = asset_open ("a.mp4");
  fail_unless (source->remark != NULL);
  view = asset_view (source, 0);
  fail_if (can_collect (source, g_ptr_array_index (view->segments, 0)));
}

GST_END_TEST;

/* A file that is another one now, or is cut off, is no way out to look for. */
GST_START_TEST (test_changed)
{
  g_autofree gchar *path = g_build_filename (asset_folder, "a.mp4", NULL);
  g_autoptr (VsSegmentSource) source = NULL;
  g_autoptr (VsTimelineView) view = NULL;
  g_auto (VsSamples) samples = { 0 };
  g_autoptr (GError) error = NULL;

  if (!asset_make ("a.mp4", 4, 25))
    return;
  source = asset_open ("a.mp4");
  view = asset_view (source, 0);
  fail_unless (truncate (path, 2000) == 0);
  fail_if (source->klass->collect (source, g_ptr_array_index (view->segments,
              0), VS_MEDIA_VIDEO, &samples, NULL, &error));
  fail_unless (error != NULL);
  fail_if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
}

GST_END_TEST;

static Suite *
assetcollect_suite (void)
{
  Suite *suite = suite_create ("assetcollect");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, asset_setup, asset_teardown);
  tcase_add_loop_test (tcase, test_same, 0, G_N_ELEMENTS (clips));
  tcase_add_test (tcase, test_new_sets);
  tcase_add_test (tcase, test_turned);
  tcase_add_test (tcase, test_changed);
  return suite;
}

GST_CHECK_MAIN (assetcollect);
