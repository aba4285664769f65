/* VisionStream: other makers' segments of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says how much of the input is the header; what follows is the
 * segment: fragmented MP4, packed audio or a transport stream. What can be
 * taken apart is written, and has to be a transport stream then.
 */
#include "archive/vsarchiveunits.h"
#include "isobmff/vsmp4segment.h"
#include "mpegts/vstspacket.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

/* Samples have to keep to the segment. */
static void
check_samples (GBytes * header, GBytes * bytes)
{
  g_autoptr (VsMp4Segment) segment =
      vs_mp4_segment_parse (header, bytes, 0, NULL);
  gsize size = g_bytes_get_size (bytes);

  for (guint i = 0; segment && i < segment->movie->tracks->len; i++) {
    const VsMp4Track *track = g_ptr_array_index (segment->movie->tracks, i);

    for (guint k = 0; k < track->samples->len; k++) {
      const VsMp4Sample *sample =
          &g_array_index (track->samples, VsMp4Sample, k);

      if (sample->offset > size || sample->size > size - sample->offset)
        g_error ("sample %u is not within the segment", k);
    }
  }
}

static void
check_units (GBytes * header, GBytes * bytes)
{
  g_autoptr (VsArchiveUnits) units =
      vs_archive_units_parse (header, bytes, 0, 0, TRUE, NULL);
  g_autoptr (VsArchiveUnits) sound =
      vs_archive_units_parse (NULL, bytes, 0, 0, TRUE, NULL);
  g_autoptr (GBytes) ts = NULL;
  const guint8 *data;
  gsize size;

  if (units == NULL)
    return;
  if (sound)
    vs_archive_units_add_audio (units, sound, G_MININT64, G_MAXINT64, NULL);
  ts = vs_archive_units_write (units, NULL);
  data = ts ? g_bytes_get_data (ts, &size) : NULL;
  if (data && !vs_ts_is_packets (data, size))
    g_error ("%" G_GSIZE_FORMAT " bytes that are no packets", size);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  gsize length = size > 0 ? MIN (data[0] * 16u, size - 1) : 0;
  g_autoptr (GBytes) header = length > 0 ? g_bytes_new (data + 1, length) :
      NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (size < 2)
    return 0;
  bytes = g_bytes_new (data + 1 + length, size - 1 - length);
  check_samples (header, bytes);
  check_units (header, bytes);
  return 0;
}
