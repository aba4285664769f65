/* VisionStream: archives of several renditions that are cut in step
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/ladderarchive.h"
#include "timeline/vssegmenter.h"

/* Streams come in pieces of about this size, in turn. */
#define TURN (20 * VS_TS_PACKET_SIZE)
#define VS_TS_PACKET_SIZE 188

const gchar *const ladder_names[LADDER_N] = { "a", "b", "c" };

typedef struct
{
  LadderArchive *archive;
  const gchar *name;
  VsCutter *cutter;
  GPtrArray *parts;             /* GBytes of the open segment */
  GChecksum *sum;
  gsize size;
} Rung;

struct _LadderArchive
{
  VsArchiveWriter *writer;
  VsSegmenter *segmenter;
  Rung rungs[LADDER_N];
};

/* ---- streams ------------------------------------------------------------ */

void
ladder_init (Ladder * ladder, gint64 start_90k, guint gops)
{
  for (guint i = 0; i < LADDER_N; i++) {
    TestPiece piece = {.start_90k = start_90k,.frames = gops * CUT_GOP,
      .gop = CUT_GOP,.b_frames = 2,.picture = i == 1 ? TEST_128_2997 :
          TEST_64_2997
    };
    TestStream stream;

    test_stream_init (&stream, i < 2, TRUE);
    test_stream_add (&stream, &piece);
    ladder->bytes[i] = g_byte_array_ref (stream.bytes);
    test_stream_clear (&stream);
  }
}

void
ladder_clear (Ladder * ladder)
{
  for (guint i = 0; i < LADDER_N; i++)
    g_byte_array_unref (ladder->bytes[i]);
}

/* ---- segments ----------------------------------------------------------- */

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Rung *rung = user_data;

  g_ptr_array_set_size (rung->parts, 0);
  g_checksum_reset (rung->sum);
  rung->size = 0;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  Rung *rung = user_data;
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_checksum_update (rung->sum, data, size);
  rung->size += size;
  g_ptr_array_add (rung->parts, bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Rung *rung = user_data;
  gsize length = sizeof segment->sha256;

  segment->size = rung->size;
  g_checksum_get_digest (rung->sum, segment->sha256, &length);
  vs_archive_writer_append (rung->archive->writer, rung->name, segment,
      (GBytes **) rung->parts->pdata, rung->parts->len);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  Rung *rung = user_data;

  vs_archive_writer_add_config (rung->archive->writer, rung->name, config);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  fail ("%s", text);
}

static void
add_rung (LadderArchive * archive, guint i)
{
  static const VsCutterCallbacks callbacks = { on_open, on_chunk, on_close,
    on_config, on_warning, NULL, NULL
  };
  Rung *rung = &archive->rungs[i];

  rung->archive = archive;
  rung->name = ladder_names[i];
  rung->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  rung->sum = g_checksum_new (G_CHECKSUM_SHA256);
  archive_declare (archive->writer, rung->name);
  rung->cutter = vs_segmenter_add (archive->segmenter, rung->name, 0,
      &callbacks, rung);
}

LadderArchive *
ladder_archive_open (gint64 utc_us)
{
  static const VsArchiveWriterSettings settings = {.account = "default",
    .event = "live"
  };
  LadderArchive *archive = g_new0 (LadderArchive, 1);
  VsArchiveState state;
  VsSegmenterSettings segmenter = {.target_duration = CUT_TARGET,
    .start_utc_us = utc_us,.first_sequence = 1,.event_utc_us = -1
  };

  archive->writer = archive_open_writer (store, &settings, &state, NULL);
  if (state.found) {
    segmenter.first_sequence = state.next_sequence;
    segmenter.first_discontinuity_sequence = state.next_discontinuity_sequence;
    segmenter.first_run = state.next_run;
    segmenter.continues = TRUE;
    segmenter.fixed_target = state.target_duration;
    segmenter.min_utc_us = state.end_utc_us;
    segmenter.event_utc_us = state.event_utc_us;
  }
  archive->segmenter = vs_segmenter_new (&segmenter);
  for (guint i = 0; i < LADDER_N; i++)
    add_rung (archive, i);
  return archive;
}

void
ladder_archive_push (LadderArchive * archive, const Ladder * ladder,
    guint part, guint parts)
{
  guint turns = ladder->bytes[0]->len / TURN + parts;

  for (guint t = part * turns / parts; t < (part + 1) * turns / parts; t++) {
    for (guint i = 0; i < LADDER_N; i++) {
      const GByteArray *bytes = ladder->bytes[i];
      gsize packets = bytes->len / VS_TS_PACKET_SIZE;
      gsize from = packets * t / turns, to = packets * (t + 1) / turns;

      vs_cutter_push (archive->rungs[i].cutter,
          bytes->data + from * VS_TS_PACKET_SIZE,
          (to - from) * VS_TS_PACKET_SIZE, GST_CLOCK_TIME_NONE, FALSE);
    }
  }
}

void
ladder_archive_close (LadderArchive * archive, gboolean end)
{
  for (guint i = 0; i < LADDER_N; i++)
    vs_cutter_drain (archive->rungs[i].cutter);
  for (guint i = 0; i < LADDER_N; i++) {
    vs_cutter_free (archive->rungs[i].cutter);
    g_ptr_array_unref (archive->rungs[i].parts);
    g_checksum_free (archive->rungs[i].sum);
  }
  vs_segmenter_unref (archive->segmenter);
  if (end)
    archive_finish (archive->writer);
  else
    vs_archive_writer_free (archive->writer, ARCHIVE_PATIENCE);
  g_free (archive);
}

void
ladder_archive_make (gint64 utc_us, const Ladder * ladder, gboolean end)
{
  LadderArchive *archive = ladder_archive_open (utc_us);

  ladder_archive_push (archive, ladder, 0, 1);
  ladder_archive_close (archive, end);
}
