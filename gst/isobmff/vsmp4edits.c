/* VisionStream: what of a track is shown when: its edit list
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsmp4edits.h"

/* 8.6.6.3: nothing of the media is shown; normal speed, 16.16 */
#define EMPTY_EDIT -1
#define RATE_ONE 0x00010000

static gint64
rescale (gint64 time, guint32 from, guint32 to)
{
  guint64 magnitude = gst_util_uint64_scale_round (ABS (time), to, from);

  return time < 0 ? -(gint64) magnitude : (gint64) magnitude;
}

gint64
vs_mp4_extent_to_movie (const VsMp4Extent * extent, gint64 time)
{
  return rescale (time, extent->timescale, VS_MP4_WRITER_TIMESCALE);
}

void
vs_mp4_edits_init (VsMp4Edits * edits, const VsMp4Extent * extent,
    gint64 shift, gint64 movie_start)
{
  gint64 start = vs_mp4_extent_to_movie (extent, extent->start) - movie_start;
  gint64 end = vs_mp4_extent_to_movie (extent, extent->end) - movie_start;

  edits->empty = MAX (start, 0);
  edits->duration = MAX (end - edits->empty, 0);
  edits->media = extent->start - extent->first_dts + shift;
  if (start < 0)
    edits->media += rescale (-start, VS_MP4_WRITER_TIMESCALE,
        extent->timescale);
}

static void
put_edit (VsBoxWriter * w, gboolean wide, gint64 duration, gint64 media)
{
  if (wide) {
    vs_box_put_u64 (w, duration);
    vs_box_put_u64 (w, media);
  } else {
    vs_box_put_u32 (w, duration);
    vs_box_put_u32 (w, media);
  }
  vs_box_put_u32 (w, RATE_ONE);
}

void
vs_mp4_edits_put (VsBoxWriter * w, const VsMp4Edits * edits)
{
  gboolean wide = edits->duration > G_MAXUINT32 || edits->empty > G_MAXUINT32
      || edits->media > G_MAXINT32;
  gsize edts, elst;

  if (edits->empty == 0 && edits->media == 0)
    return;
  edts = vs_box_open (w, "edts");
  elst = vs_box_open_full (w, "elst", wide, 0);
  vs_box_put_u32 (w, edits->empty > 0 ? 2 : 1);
  if (edits->empty > 0)
    put_edit (w, wide, edits->empty, EMPTY_EDIT);
  put_edit (w, wide, edits->duration, edits->media);
  vs_box_close (w, elst);
  vs_box_close (w, edts);
}
