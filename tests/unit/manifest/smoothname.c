/* VisionStream: tests of names within a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "manifest/vssmoothname.h"

GST_START_TEST (test_parse)
{
  static const VsSmoothName video = { FALSE, 3000427, "video", 0,
    G_GUINT64_CONSTANT (17723664020020000)
  };
  static const VsSmoothName audio = { FALSE, 192000, "audio_en", 20, 0 };
  static const VsSmoothName info = { TRUE, 1, "v", 0, G_MAXUINT64 };
  static const struct
  {
    const gchar *text;
    const VsSmoothName *name;
  } cases[] = {
    {"QualityLevels(3000427)/Fragments(video=17723664020020000)", &video},
    {"QualityLevels(192000)/Fragments(audio_en.20=0)", &audio},
    {"QualityLevels(1)/FragmentInfo(v=18446744073709551615)", &info},
    {"QualityLevels(1)/Fragments(v=18446744073709551616)"},
    {"QualityLevels(4294967296)/Fragments(v=0)"},
    {"QualityLevels(1)/Fragments(v.0=0)"},
    {"QualityLevels(1)/Fragments(v.=0)"},
    {"QualityLevels(1)/Fragments(v=00)"},
    {"QualityLevels(01)/Fragments(v=0)"},
    {"QualityLevels(-1)/Fragments(v=0)"},
    {"QualityLevels(1)/Fragments(v=-1)"},
    {"QualityLevels(1)/Fragments(v=0)/"},
    {"QualityLevels(1)/Fragments(v=0"},
    {"QualityLevels(1)/Fragments(=0)"},
    {"QualityLevels(1)/Fragments(../v=0)"},
    {"QualityLevels(1)/Fragments(v)"},
    {"QualityLevels()/Fragments(v=0)"},
    {"QualityLevels(1,a=b)/Fragments(v=0)"},
    {"QualityLevels(1)"},
    {"Manifest"},
    {""},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const VsSmoothName *expected = cases[i].name;
    VsSmoothName name;

    fail_unless_equals_int (vs_smooth_name_parse (cases[i].text, &name),
        expected != NULL);
    if (expected == NULL)
      continue;
    fail_unless_equals_int (name.info, expected->info);
    fail_unless_equals_int (name.bitrate, expected->bitrate);
    fail_unless_equals_string (name.stream, expected->stream);
    fail_unless_equals_uint64 (name.base, expected->base);
    fail_unless_equals_uint64 (name.time, expected->time);
  }
}

GST_END_TEST;

/* A name that is too long to be one of ours is refused, not cut. */
GST_START_TEST (test_long)
{
  g_autofree gchar *track = g_strnfill (VS_NAME_MAX, 'n');
  g_autofree gchar *stream = vs_smooth_stream_name (VS_CODEC_AAC, track);
  g_autofree gchar *good =
      g_strdup_printf ("QualityLevels(1)/Fragments(%s=0)", stream);
  g_autofree gchar *bad =
      g_strdup_printf ("QualityLevels(1)/Fragments(x%s=0)", stream);
  VsSmoothName name;

  fail_unless_equals_int (strlen (stream), VS_NAME_MAX);
  fail_unless (vs_smooth_name_parse (good, &name));
  fail_unless (!vs_smooth_name_parse (bad, &name));
}

GST_END_TEST;

/* What players make of the template is what is taken apart. */
GST_START_TEST (test_template)
{
  g_autoptr (GString) text = g_string_new (NULL);
  VsSmoothName name;

  vs_smooth_name_append_template (text, "audio_en", 40);
  g_string_replace (text, "{bitrate}", "5", 0);
  g_string_replace (text, "{start time}", "60", 0);
  fail_unless (vs_smooth_name_parse (text->str, &name));
  fail_unless_equals_int (name.bitrate, 5);
  fail_unless_equals_string (name.stream, "audio_en");
  fail_unless_equals_uint64 (name.base, 40);
  fail_unless_equals_uint64 (name.time, 60);
}

GST_END_TEST;

GST_START_TEST (test_stream_names)
{
  static const struct
  {
    VsCodec codec;
    const gchar *name;
  } cases[] = {
    {VS_CODEC_H264, "video"},
    {VS_CODEC_H265, "video_hevc"},
    {VS_CODEC_AAC, "audio_de"},
    {VS_CODEC_EAC3, "audio_de"},
    {VS_CODEC_AC3, NULL},
    {VS_CODEC_MPEG2_VIDEO, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *name = vs_smooth_stream_name (cases[i].codec, "de");

    fail_unless_equals_string (name, cases[i].name);
  }
}

GST_END_TEST;

static Suite *
smoothname_suite (void)
{
  Suite *suite = suite_create ("smoothname");
  TCase *tcase = tcase_create ("name");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_parse);
  tcase_add_test (tcase, test_long);
  tcase_add_test (tcase, test_template);
  tcase_add_test (tcase, test_stream_names);
  return suite;
}

GST_CHECK_MAIN (smoothname);
