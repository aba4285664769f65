/* VisionStream: segments of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first bytes make the timeline's entry, the rest is the segment. What is
 * packaged has to be boxes that fill the fragment.
 */
#include "isobmff/vscmaf.h"

/* type, start, duration, and the hint for time stamps */
#define ENTRY_SIZE (1 + 8 + 8 + 8)

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static void
check_boxes (GBytes * bytes)
{
  gsize size, at = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  while (at < size) {
    guint32 box = size - at >= 8 ? GST_READ_UINT32_BE (data + at) : 0;

    if (box < 8 || box > size - at)
      g_error ("a box of %u bytes at %" G_GSIZE_FORMAT, box, at);
    at += box;
  }
}

static VsSegment *
make_entry (const guint8 * data, VsMediaType type)
{
  VsSegment *segment = vs_segment_new ();
  VsSegmentTrack *track = &segment->tracks[0];
  /* as playlists and events limit them */
  const guint64 max = (G_GUINT64_CONSTANT (1) << 56) - 1;

  segment->n_tracks = 1;
  track->type = type;
  track->timescale = type == VS_MEDIA_VIDEO ? 90000 : 44100;
  track->start = GST_READ_UINT64_BE (data) & max;
  track->duration = GST_READ_UINT64_BE (data + 8) & max;
  segment->start_pts_90k = GST_READ_UINT64_BE (data + 16) & max;
  return segment;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  VsMediaType type;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GBytes) ts = NULL, fragment = NULL, header = NULL;
  g_autoptr (VsCodecConfig) config = NULL;

  if (size < ENTRY_SIZE)
    return 0;
  type = data[0] & 1 ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO;
  segment = make_entry (data + 1, type);
  ts = g_bytes_new_static (data + ENTRY_SIZE, size - ENTRY_SIZE);
  fragment = vs_cmaf_fragment (ts, segment, type, NULL);
  if (fragment != NULL)
    check_boxes (fragment);
  config = vs_cmaf_find_config (ts, type, NULL);
  if (config != NULL)
    header = vs_cmaf_header (config, "en", NULL);
  if (header != NULL)
    check_boxes (header);
  return 0;
}
