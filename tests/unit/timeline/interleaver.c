/* VisionStream: tests of vsinterleaver.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include "timeline/vsinterleaver.h"

#define NONE VS_TS_NO_TIME
#define KEY VS_TS_UNIT_KEYFRAME
#define JUMP VS_TS_UNIT_DISCONT
#define SECOND 90000

/* The order of what comes out, as "v0 a1+" : track, stretch where it is not
 * 0, seconds of DTS in tenths, and '+' for the one that leads. */
static void
on_output (VsMediaUnit * unit, gpointer user_data)
{
  static const gchar tracks[] = "vax";
  GString *text = user_data;

  if (unit->program != NULL) {
    g_string_append (text, "P ");
  } else {
    g_string_append_printf (text, "%c%" G_GINT64_FORMAT "%s%s ",
        tracks[unit->track], unit->dts_90k * 10 / SECOND,
        unit->stretch ? "'" : "", unit->leads ? "+" : "");
  }
  vs_media_unit_free (unit);
}

static VsTsProgram *
program_new (gboolean with_data)
{
  VsTsProgram *program = g_new0 (VsTsProgram, 1);

  program->n_tracks = with_data ? 3 : 2;
  program->tracks[0].codec = VS_CODEC_H264;
  program->tracks[1].codec = VS_CODEC_AC3;
  program->tracks[2].codec = VS_CODEC_SCTE35;
  return program;
}

/* tenths of a second */
static void
push (VsInterleaver * interleaver, guint track, gint64 tenths, guint flags)
{
  VsTsUnit unit = {
    .track = track,
    .flags = flags | (track == 1 ? KEY : 0),
    .pts_90k = tenths == NONE ? NONE : tenths * SECOND / 10,
    .dts_90k = tenths == NONE ? NONE : tenths * SECOND / 10,
    .data = (const guint8 *) "x",
    .size = 1
  };

  vs_interleaver_push (interleaver, &unit, GST_CLOCK_TIME_NONE);
}

typedef struct
{
  guint track;
  gint64 tenths;
  guint flags;
} Push;

GST_START_TEST (test_order)
{
  static const struct
  {
    const gchar *name;
    Push pushes[16];
    const gchar *at_once, *drained;
  } cases[] = {
    {"waits for the other track", {{0, 0, KEY}, {0, 1}, {0, 2}, {1, 1}},
        "v0+ v1+ a1 ", "v2+ "},
    {"equal times: the order of tracks", {{1, 0}, {0, 0, KEY}},
        "v0+ ", "a0 "},
    {"2 s for one that had something", {{0, 0, KEY}, {1, 0}, {0, 10},
            {0, 20}, {0, 31}, {0, 32}},
        "v0+ a0 v10+ v20+ v31+ v32+ ", ""},
    {"5 s for one that had nothing", {{0, 0, KEY}, {0, 30}, {0, 50}}, "",
        "v0+ v30+ v50+ "},
    {"and no longer", {{0, 0, KEY}, {0, 30}, {0, 51}},
        "v0+ v30+ v51+ ", ""},
    {"audio leads where there is no video", {{1, 0}, {1, 30}, {1, 51},
            {1, 52}, {0, 53, KEY}, {1, 54}},
        "a0+ a30+ a51+ a52+ v53+ ", "a54 "},
    {"sections go where they come", {{0, 0, KEY}, {1, 0}, {2, 90}, {0, 1},
            {1, 1}, {2, NONE}, {0, 2}},
        "v0+ a0 x0 v1+ a1 ", "x1 v2+ "},
    {"a jump: the tracks meet in the next stretch", {{0, 100, KEY}, {1, 100},
            {0, 101}, {0, 3, KEY | JUMP}, {1, 101}, {1, 2, JUMP}, {0, 4}},
        "v100+ a100 v101+ a101 a2' ", "v3'+ v4'+ "},
    {"two jumps while audio is away", {{0, 100, KEY}, {1, 100}, {0, 3, JUMP},
            {0, 300, JUMP}, {1, 301, JUMP}, {0, 302}},
        "v100+ a100 v3'+ v300'+ a301' ", "v302'+ "},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (VsInterleaver) interleaver =
        vs_interleaver_new (on_output, text);
    g_autoptr (VsTsProgram) program = program_new (TRUE);

    vs_interleaver_set_program (interleaver, program);
    g_string_truncate (text, 0);
    for (guint j = 0; j < G_N_ELEMENTS (cases[i].pushes); j++) {
      const Push *p = &cases[i].pushes[j];

      if (j == 0 || p->tenths != 0 || p->track != 0 || p->flags != 0)
        push (interleaver, p->track, p->tenths, p->flags);
    }
    fail_unless (strcmp (text->str, cases[i].at_once) == 0, "%s: %s",
        cases[i].name, text->str);
    g_string_truncate (text, 0);
    vs_interleaver_drain (interleaver);
    fail_unless (strcmp (text->str, cases[i].drained) == 0, "%s: %s",
        cases[i].name, text->str);
  }
}

GST_END_TEST;

/* A PMT with the same tracks changes nothing; another one comes after what
 * was queued. */
GST_START_TEST (test_program)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (VsInterleaver) interleaver = vs_interleaver_new (on_output, text);
  g_autoptr (VsTsProgram) one = program_new (FALSE);
  g_autoptr (VsTsProgram) two = program_new (TRUE);

  vs_interleaver_set_program (interleaver, one);
  push (interleaver, 0, 0, KEY);
  one->tracks[0].pid = 0x1234;
  vs_interleaver_set_program (interleaver, one);
  fail_unless_equals_string (text->str, "P ");
  vs_interleaver_set_program (interleaver, two);
  fail_unless_equals_string (text->str, "P v0+ P ");
}

GST_END_TEST;

/* A flush forgets what is queued; jumps that are told with it are one. */
GST_START_TEST (test_flush)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (VsInterleaver) interleaver = vs_interleaver_new (on_output, text);
  g_autoptr (VsTsProgram) program = program_new (FALSE);

  vs_interleaver_set_program (interleaver, program);
  g_string_truncate (text, 0);
  push (interleaver, 0, 10, KEY);
  vs_interleaver_flush (interleaver);
  push (interleaver, 0, 500, KEY | JUMP);
  push (interleaver, 1, 500, JUMP);
  push (interleaver, 0, 501, 0);
  vs_interleaver_drain (interleaver);
  fail_unless_equals_string (text->str, "v500'+ a500' v501'+ ");
}

GST_END_TEST;

static void
keep_last (VsMediaUnit * unit, gpointer user_data)
{
  VsMediaUnit **last = user_data;

  g_clear_pointer (last, vs_media_unit_free);
  *last = unit;
}

/* Audio counts whole frames; drift takes or leaves one, noise does not. */
GST_START_TEST (test_audio_frames)
{
  static const struct
  {
    gint64 step_90k;            /* as the PES times say */
    guint noise_90k;
    gint64 frames;              /* counted over 1000 */
  } cases[] = {
    {1920, 0, 1000}, {1920, 900, 1000}, {1921, 0, 1000}, {1922, 0, 1001},
    {1918, 0, 999}, {1925, 400, 1003},
  };
  g_autoptr (VsCodecConfig) config = vs_codec_config_new (VS_CODEC_AAC);

  config->sample_rate = 48000;
  config->frame_samples = 1024;
  g_strlcpy (config->id, "00000001", sizeof config->id);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsMediaUnit *last = NULL;
    g_autoptr (VsInterleaver) interleaver =
        vs_interleaver_new (keep_last, &last);
    g_autoptr (VsTsProgram) program = g_new0 (VsTsProgram, 1);

    program->n_tracks = 1;
    program->tracks[0].codec = VS_CODEC_AAC;
    vs_interleaver_set_program (interleaver, program);
    for (guint n = 0; n <= 1000; n++) {
      VsTsUnit unit = {
        .flags = KEY,.data = (const guint8 *) "x",.size = 1,
        .config = config
      };

      unit.pts_90k = unit.dts_90k = 90000 + n * cases[i].step_90k
          + (n % 2 && n < 1000 ? cases[i].noise_90k : 0);
      vs_interleaver_push (interleaver, &unit, GST_CLOCK_TIME_NONE);
    }
    fail_unless_equals_int (last->timescale, 48000);
    fail_unless_equals_int64 (last->length, 1024);
    fail_unless_equals_int64 (last->start, 48000 + cases[i].frames * 1024);
    vs_media_unit_free (last);
  }
}

GST_END_TEST;

static void
count (VsMediaUnit * unit, gpointer user_data)
{
  guint *n = user_data;

  *n += unit->program == NULL;
  vs_media_unit_free (unit);
}

/* Time that stands still keeps the other track waited for: then what the
 * queue takes is the limit, also where the units are next to nothing. */
GST_START_TEST (test_bounded)
{
  guint n_out = 0, n = 0;
  g_autoptr (VsInterleaver) interleaver = vs_interleaver_new (count, &n_out);
  g_autoptr (VsTsProgram) program = program_new (FALSE);

  vs_interleaver_set_program (interleaver, program);
  for (; n_out == 0 && n < 1000000; n++)
    push (interleaver, 1, 0, 0);
  fail_unless (n * sizeof (VsMediaUnit) < 40 * 1024 * 1024,
      "%u units were queued", n);
}

GST_END_TEST;

static Suite *
interleaver_suite (void)
{
  Suite *s = suite_create ("vsinterleaver");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_program);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_audio_frames);
  tcase_add_test (tc, test_bounded);
  return s;
}

GST_CHECK_MAIN (interleaver);
