/* VisionStream: archives with streams in them that a reader can take apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/cutarchive.h"
#include "timeline/vssegmenter.h"

struct _CutArchive
{
  VsArchiveWriter *writer;
  VsSegmenter *segmenter;
  VsCutter *cutter;
  GPtrArray *parts;             /* GBytes of the open segment */
  GChecksum *sum;
  gsize size;
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

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  CutArchive *archive = user_data;

  g_ptr_array_set_size (archive->parts, 0);
  g_checksum_reset (archive->sum);
  archive->size = 0;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  CutArchive *archive = user_data;
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_checksum_update (archive->sum, data, size);
  archive->size += size;
  g_ptr_array_add (archive->parts, bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  CutArchive *archive = user_data;
  gsize length = sizeof segment->sha256;

  segment->size = archive->size;
  g_checksum_get_digest (archive->sum, segment->sha256, &length);
  vs_archive_writer_append (archive->writer, "a", segment,
      (GBytes **) archive->parts->pdata, archive->parts->len);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  vs_archive_writer_add_config (((CutArchive *) user_data)->writer, "a",
      config);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  fail ("%s", text);
}

CutArchive *
cut_archive_open (gint64 utc_us, guint64 max_segments)
{
  static const VsCutterCallbacks callbacks = { on_open, on_chunk, on_close,
    on_config, on_warning, NULL, NULL
  };
  const VsArchiveWriterSettings retention = {.account = "default",
    .event = "live",.max_segments = max_segments
  };
  CutArchive *archive = g_new0 (CutArchive, 1);
  VsArchiveState state;
  VsSegmenterSettings settings = {.target_duration = CUT_TARGET,
    .start_utc_us = utc_us,.first_sequence = 1,.event_utc_us = -1
  };

  archive->parts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  archive->sum = g_checksum_new (G_CHECKSUM_SHA256);
  archive->writer = archive_open_writer (store, &retention, &state, NULL);
  if (state.found) {
    settings.first_sequence = state.next_sequence;
    settings.first_discontinuity_sequence = state.next_discontinuity_sequence;
    settings.first_run = state.next_run;
    settings.continues = TRUE;
    settings.fixed_target = state.target_duration;
    settings.min_utc_us = state.end_utc_us;
    settings.event_utc_us = state.event_utc_us;
  }
  archive_declare (archive->writer, "a");
  archive->segmenter = vs_segmenter_new (&settings);
  archive->cutter = vs_segmenter_add (archive->segmenter, "a", 0, &callbacks,
      archive);
  return archive;
}

void
cut_archive_push (CutArchive * archive, const GByteArray * bytes)
{
  vs_cutter_push (archive->cutter, bytes->data, bytes->len,
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
  vs_cutter_drain (archive->cutter);
  vs_cutter_free (archive->cutter);
  vs_segmenter_unref (archive->segmenter);
  if (end)
    archive_finish (archive->writer);
  else
    vs_archive_writer_free (archive->writer, ARCHIVE_PATIENCE);
  g_ptr_array_unref (archive->parts);
  g_checksum_free (archive->sum);
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
