/* VisionStream: archives with streams in them that a reader can take apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/cutarchive.h"
#include "archive/cutwriter.h"

struct _CutArchive
{
  VsArchiveWriter *writer;
  VsSegmenter *segmenter;
  CutWriter rendition;
};

GByteArray *
cut_stream (gint64 start_90k, guint gops)
{
  TestPiece piece = {.start_90k = start_90k,.frames = gops * CUT_GOP,
    .gop = CUT_GOP,.b_frames = 2
  };
  GByteArray *bytes;
  TestStream stream;

  test_stream_init (&stream, TRUE, TRUE);
  test_stream_add (&stream, &piece);
  bytes = g_byte_array_ref (stream.bytes);
  test_stream_clear (&stream);
  return bytes;
}

CutArchive *
cut_archive_open (gint64 utc_us, guint64 max_segments)
{
  const VsArchiveWriterSettings retention = {.account = "default",
    .event = "live",.max_segments = max_segments
  };
  CutArchive *archive = g_new0 (CutArchive, 1);
  VsArchiveState state;

  archive->writer = archive_open_writer (store, &retention, &state, NULL);
  archive->segmenter = cut_segmenter_new (utc_us, &state);
  cut_writer_init (&archive->rendition, archive->writer, archive->segmenter,
      "a");
  return archive;
}

void
cut_archive_push (CutArchive * archive, const GByteArray * bytes)
{
  vs_cutter_push (archive->rendition.cutter, bytes->data, bytes->len,
      GST_CLOCK_TIME_NONE, FALSE);
}

void
cut_archive_await (CutArchive * archive, guint n)
{
  archive_log_await (&archive_log.stored, n);
}

void
cut_archive_close (CutArchive * archive, gboolean end)
{
  vs_cutter_drain (archive->rendition.cutter);
  cut_writer_clear (&archive->rendition);
  vs_segmenter_unref (archive->segmenter);
  if (end)
    archive_finish (archive->writer);
  else
    vs_archive_writer_free (archive->writer, ARCHIVE_PATIENCE);
  g_free (archive);
}

void
cut_archive_make (gint64 utc_us, const GByteArray * bytes, gboolean end)
{
  CutArchive *archive = cut_archive_open (utc_us, 0);

  cut_archive_push (archive, bytes);
  cut_archive_close (archive, end);
}

gchar *
cut_archive_path (guint64 sequence)
{
  g_autofree gchar *name = vs_archive_segment_name ("a", sequence);

  return g_build_filename (root, ARCHIVE_FOLDER, name, NULL);
}
