/* VisionStream: tests of reading movie fragments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A movie of two tracks without samples, and fragments made by hand. Files of
 * other makers are in mp4reader.c.
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "isobmff/vsboxwriter.h"
#include "isobmff/vsmp4reader.h"

#define FILE_SIZE 100000
#define MOOF 5000               /* where the fragments begin */
#define DATA_MAX 1024
#define AUDIO 1
#define TEXT 2                  /* a track that is of no use */
#define FRAME 1536

static void
put (VsBoxWriter * w, const gchar * type, guint8 version, guint32 flags,
    const guint32 * values, guint n)
{
  gsize box = vs_box_open_full (w, type, version, flags);

  for (guint i = 0; i < n; i++)
    vs_box_put_u32 (w, values[i]);
  vs_box_close (w, box);
}

#define PUT(w, type, version, flags, ...) \
  put (w, type, version, flags, (const guint32[]) { __VA_ARGS__ }, \
      G_N_ELEMENTS (((const guint32[]) { __VA_ARGS__ })))

static void
put_table (VsBoxWriter * w, const gchar * entry)
{
  gsize minf = vs_box_open (w, "minf"), stbl = vs_box_open (w, "stbl");
  gsize stsd = vs_box_open_full (w, "stsd", 0, 0), box;

  vs_box_put_u32 (w, 1);
  box = vs_box_open (w, entry);
  vs_box_put_zeros (w, 28);
  vs_box_close (w, box);
  vs_box_close (w, stsd);
  vs_box_close (w, stbl);
  vs_box_close (w, minf);
}

static void
put_track (VsBoxWriter * w, guint32 id, const gchar * handler,
    const gchar * entry)
{
  gsize trak = vs_box_open (w, "trak"), mdia, hdlr;

  PUT (w, "tkhd", 0, 7, 0, 0, id, 0, 0, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000,
      0, 0, 0, 0x40000000, 0, 0);
  mdia = vs_box_open (w, "mdia");
  PUT (w, "mdhd", 0, 0, 0, 0, 48000, 0, 0x55c40000);
  hdlr = vs_box_open_full (w, "hdlr", 0, 0);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, handler, 4);
  vs_box_put_zeros (w, 13);
  vs_box_close (w, hdlr);
  put_table (w, entry);
  vs_box_close (w, mdia);
  vs_box_close (w, trak);
}

static VsMp4Movie *
make_movie (const gchar * entry, GError ** error)
{
  guint8 data[DATA_MAX];
  VsBoxWriter w = { data, 0 };
  gsize mvex;

  PUT (&w, "mvhd", 0, 0, 0, 0, 1000, 0);
  put_track (&w, AUDIO, "soun", entry);
  put_track (&w, TEXT, "text", "tx3g");
  mvex = vs_box_open (&w, "mvex");
  PUT (&w, "trex", 0, 0, AUDIO, 1, FRAME, 100, 0);
  PUT (&w, "trex", 0, 0, TEXT, 1, FRAME, 10, 0);
  vs_box_close (&w, mvex);
  fail_unless (w.offset < DATA_MAX);
  return vs_mp4_movie_parse (data, w.offset, FILE_SIZE, error);
}

/* Words of a box within traf: its type, version and flags come first; a box of
 * no type ends the traf, another one begins. */
typedef struct
{
  const gchar *type;
  guint8 version;
  guint32 flags;
  guint n;
  guint32 words[12];
} Words;

static gsize
make_fragment (const Words * words, guint n, guint8 data[DATA_MAX])
{
  VsBoxWriter w = { data, 0 };
  gsize traf;

  PUT (&w, "mfhd", 0, 0, 1);
  traf = vs_box_open (&w, "traf");
  for (guint i = 0; i < n; i++) {
    if (words[i].type)
      put (&w, words[i].type, words[i].version, words[i].flags,
          words[i].words, words[i].n);
    else if (i + 1 < n && words[i + 1].type) {
      vs_box_close (&w, traf);
      traf = vs_box_open (&w, "traf");
    }
  }
  vs_box_close (&w, traf);
  fail_unless (w.offset < DATA_MAX);
  return w.offset;
}

#define BOXES 8

/* "offset+size@dts/composition ..." of the audio track */
static const struct
{
  Words boxes[BOXES];
  const gchar *expected;
} readings[] = {
  /* base is moof; all by default */
  {{{"tfhd", 0, 0x020000, 1, {AUDIO}}, {"tfdt", 0, 0, 1, {4800}},
          {"trun", 0, 0x1, 2, {2, 60}}}, "5060+100@4800/0 5160+100@6336/0 "},
  /* a base of its own counts more than the flag; tfhd's defaults */
  {{{"tfhd", 0, 0x020019, 5, {AUDIO, 0, 7000, 1000, 50}},
          {"trun", 0, 0x1, 2, {2, (guint32) - 100}}},
      "6900+50@0/0 6950+50@1000/0 "},
  /* no offset: the run begins at the base; the next one where it ends */
  {{{"tfhd", 0, 0x1, 3, {AUDIO, 0, 7000}}, {"trun", 0, 0, 1, {1}},
          {"trun", 0, 0x200, 3, {2, 5, 6}}, {"trun", 0, 0x1, 2, {1, 0}}},
      "7000+100@0/0 7100+5@1536/0 7105+6@3072/0 7000+100@4608/0 "},
  /* the first track's base is moof; the next one's, where that ends */
  {{{"tfhd", 0, 0, 1, {TEXT}}, {"trun", 0, 0x201, 4, {2, 80, 7, 8}}, {NULL},
          {"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x1, 2, {1, 2}}},
      "5097+100@0/0 "},
  /* what a run has of a sample, and times of 64 bits */
  {{{"tfhd", 0, 0x020000, 1, {AUDIO}},
          {"tfdt", 1, 0, 2, {1, 0}},
          {"trun", 1, 0xf01, 10, {2, 60, 10, 11, 0, (guint32) - 3, 20, 21, 0,
                  4}}},
      "5060+11@4294967296/-3 5071+21@4294967306/4 "},
  /* an empty sample takes time alone; a gap in time */
  {{{"tfhd", 0, 0x020000, 1, {AUDIO}}, {"trun", 0, 0x201, 4, {2, 60, 0, 9}},
          {NULL}, {"tfhd", 0, 0x020000, 1, {AUDIO}},
          {"tfdt", 0, 0, 1, {96000}}, {"trun", 0, 0x1, 2, {1, 90}}},
      "5060+9@1536/0 5090+100@96000/0 "},
  /* times that touch, but for rounding */
  {{{"tfhd", 0, 0x020000, 1, {AUDIO}}, {"trun", 0, 0x1, 2, {2, 60}}, {NULL},
          {"tfhd", 0, 0x020000, 1, {AUDIO}},
          {"tfdt", 0, 0, 1, {3070}}, {"trun", 0, 0x1, 2, {1, 90}}},
      "5060+100@0/0 5160+100@1536/0 5090+100@3070/0 "},
};

static gchar *
print_samples (const VsMp4Movie * movie)
{
  const VsMp4Track *track = g_ptr_array_index (movie->tracks, 0);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < track->samples->len; i++) {
    const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);

    g_string_append_printf (text, "%" G_GUINT64_FORMAT "+%u@%"
        G_GINT64_FORMAT "/%d ", sample->offset, sample->size, sample->dts,
        sample->composition);
  }
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_reading)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsMp4Movie) movie = make_movie ("ac-3", &error);
  guint8 data[DATA_MAX];
  gsize size = make_fragment (readings[__i__].boxes, BOXES, data);
  g_autofree gchar *samples = NULL;

  fail_unless (movie && movie->fragmented);
  fail_unless (vs_mp4_movie_add_fragment (movie, data, size, MOOF, FILE_SIZE,
          &error) && vs_mp4_movie_finish (movie, &error), "%s",
      error ? error->message : "");
  samples = print_samples (movie);
  fail_unless_equals_string (samples, readings[__i__].expected);
}

GST_END_TEST;

static const struct
{
  Words boxes[BOXES];
  gint code;
} damages[] = {
  {{{"trun", 0, 0, 1, {1}}}, VS_MP4_ERROR_DAMAGED},     /* no tfhd */
  {{{"tfhd", 0, 0, 0, {0}}}, VS_MP4_ERROR_DAMAGED},     /* cut off */
  {{{"tfhd", 0, 0x1, 2, {AUDIO, 0}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0x38, 3, {AUDIO, 1, 1}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {7}}}, VS_MP4_ERROR_DAMAGED},     /* no such track */
  {{{"tfhd", 0, 0x2, 2, {AUDIO, 0}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0x2, 2, {AUDIO, 2}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0x1, 3, {AUDIO, 0xffffffff, 0xffffffff}},
          {"trun", 0, 0x1, 2, {1, 1}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"tfdt", 0, 0, 0, {0}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"tfdt", 1, 0, 1, {0}}}, VS_MP4_ERROR_DAMAGED},
  /* times: too late, going back, and too long */
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"tfdt", 1, 0, 2, {0xffffffff, 0}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0, 1, {2}}, {NULL},
          {"tfhd", 0, 0, 1, {AUDIO}}, {"tfdt", 0, 0, 1, {FRAME - 1}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0x8, 2, {AUDIO, 0xffffffff}}, {"trun", 0, 0, 1, {16}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0, 1, {1}}, {NULL},
          {"tfhd", 0, 0, 1, {AUDIO}}, {"tfdt", 1, 0, 2, {100, 0}},
          {"trun", 0, 0, 1, {1}}}, VS_MP4_ERROR_DAMAGED},
  /* samples: ahead of the file, behind it, too large, more than the run has */
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x1, 2, {1, (guint32) - 5001}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x1, 2, {1, FILE_SIZE}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0, 1, {2000}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {TEXT}}, {"trun", 0, 0, 1, {20000}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0x10, 2, {AUDIO, VS_MP4_SAMPLE_SIZE_MAX + 1}},
          {"trun", 0, 0, 1, {1}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x200, 2, {2, 1}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x200, 1, {0x40000001}}},
      VS_MP4_ERROR_UNSUPPORTED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0, 0, {0}}}, VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x1, 1, {1}}},
      VS_MP4_ERROR_DAMAGED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0x4, 1, {1}}},
      VS_MP4_ERROR_DAMAGED},
  /* samples that take no room: only the limit bounds their count */
  {{{"tfhd", 0, 0x10, 2, {AUDIO, 0}},
          {"trun", 0, 0, 1, {VS_MP4_SAMPLES_MAX + 1}}},
      VS_MP4_ERROR_UNSUPPORTED},
  {{{"tfhd", 0, 0x10, 2, {TEXT, 0}}, {"trun", 0, 0, 1, {VS_MP4_SAMPLES_MAX}},
          {NULL}, {"tfhd", 0, 0, 1, {AUDIO}}, {"trun", 0, 0, 1, {1}}},
      VS_MP4_ERROR_UNSUPPORTED},
  {{{"tfhd", 0, 0, 1, {AUDIO}}, {"senc", 0, 0, 1, {0}}},
      VS_MP4_ERROR_UNSUPPORTED},
};

GST_START_TEST (test_damage)
{
  g_autoptr (VsMp4Movie) movie = make_movie ("ac-3", NULL);
  guint8 data[DATA_MAX];
  gsize size = make_fragment (damages[__i__].boxes, BOXES, data);
  g_autoptr (GError) error = NULL;

  fail_if (vs_mp4_movie_add_fragment (movie, data, size, MOOF, FILE_SIZE,
          &error));
  fail_unless (g_error_matches (error, VS_MP4_ERROR, damages[__i__].code),
      "%s", error->message);
}

GST_END_TEST;

/* Cut off anywhere, and each byte wrong: samples stay within the file. */
GST_START_TEST (test_any_bytes)
{
  guint8 data[DATA_MAX];
  gsize size = make_fragment (readings[4].boxes, BOXES, data);

  for (gsize i = 0; i < 3 * size; i++) {
    g_autoptr (VsMp4Movie) movie = make_movie ("ac-3", NULL);
    const VsMp4Track *track = g_ptr_array_index (movie->tracks, 0);
    gsize length = i < size ? i : size;
    g_autofree guint8 *copy = g_memdup2 (data, length);

    if (i >= size)
      copy[i % size] = i < 2 * size ? 0xff : copy[i % size] ^ 1;
    vs_mp4_movie_add_fragment (movie, copy, length, MOOF, FILE_SIZE, NULL);
    for (guint j = 0; j < track->samples->len; j++) {
      const VsMp4Sample *sample =
          &g_array_index (track->samples, VsMp4Sample, j);

      fail_unless (sample->size > 0
          && sample->offset + sample->size <= FILE_SIZE);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_many_fragments)
{
  g_autoptr (VsMp4Movie) movie = make_movie ("ac-3", NULL);
  const Words empty = { "tfhd", 0, 0x010000, 1, {AUDIO} };
  g_autoptr (GError) error = NULL;
  guint8 data[DATA_MAX];
  gsize size = make_fragment (&empty, 1, data);

  for (guint i = 0; i < VS_MP4_FRAGMENTS_MAX; i++)
    fail_unless (vs_mp4_movie_add_fragment (movie, data, size, MOOF,
            FILE_SIZE, NULL));
  fail_if (vs_mp4_movie_add_fragment (movie, data, size, MOOF, FILE_SIZE,
          &error));
  fail_unless (strstr (error->message, "too many movie fragments") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_no_samples)
{
  g_autoptr (VsMp4Movie) movie = make_movie ("ac-3", NULL);
  g_autoptr (GError) error = NULL;

  fail_if (vs_mp4_movie_finish (movie, &error));
  fail_unless (g_error_matches (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED));
}

GST_END_TEST;

GST_START_TEST (test_encrypted)
{
  g_autoptr (GError) error = NULL;

  fail_unless (make_movie ("enca", &error) == NULL);
  fail_unless (g_error_matches (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED));
  fail_unless_equals_string (error->message, "A track is encrypted");
}

GST_END_TEST;

static Suite *
mp4fragment_suite (void)
{
  Suite *suite = suite_create ("mp4fragment");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_reading, 0, G_N_ELEMENTS (readings));
  tcase_add_loop_test (tcase, test_damage, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tcase, test_any_bytes);
  tcase_add_test (tcase, test_many_fragments);
  tcase_add_test (tcase, test_no_samples);
  tcase_add_test (tcase, test_encrypted);
  return suite;
}

GST_CHECK_MAIN (mp4fragment);
