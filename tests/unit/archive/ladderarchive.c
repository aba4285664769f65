/* VisionStream: archives of several renditions that are cut in step
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/cutwriter.h"
#include "archive/ladderarchive.h"

/* Streams come in pieces of about this size, in turn. */
#define TURN (20 * VS_TS_PACKET_SIZE)
#define VS_TS_PACKET_SIZE 188

const gchar *const ladder_names[LADDER_N] = { "a", "b", "c" };

struct _LadderArchive
{
  VsArchiveWriter *writer;
  VsSegmenter *segmenter;
  CutWriter rungs[LADDER_N];
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

LadderArchive *
ladder_archive_open (gint64 utc_us)
{
  static const VsArchiveWriterSettings settings = {.account = "default",
    .event = "live"
  };
  LadderArchive *archive = g_new0 (LadderArchive, 1);
  VsArchiveState state;

  archive->writer = archive_open_writer (store, &settings, &state, NULL);
  archive->segmenter = cut_segmenter_new (utc_us, &state);
  for (guint i = 0; i < LADDER_N; i++)
    cut_writer_init (&archive->rungs[i], archive->writer, archive->segmenter,
        ladder_names[i]);
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
  for (guint i = 0; i < LADDER_N; i++)
    cut_writer_clear (&archive->rungs[i]);
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
