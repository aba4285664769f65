/* VisionStream: a segment of an archive, and what of it is wanted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsarchiveclip.h"

#include <string.h>

#include "mpegts/vstspieces.h"

#define SLACK_90K (VS_ARCHIVE_SLACK_US * 9 / 100)

static gboolean
look_into (VsArchiveClip * clip, gint64 near_90k, GError ** error)
{
  g_autoptr (GArray) pieces = vs_ts_find_pieces (clip->bytes,
      clip->foreign ? near_90k : clip->entry->start_pts_90k, error);
  gint64 start;

  if (pieces == NULL) {
    g_prefix_error (error, "%s: ", clip->entry->uri);
    return FALSE;
  }
  start = vs_ts_pieces_get_start (pieces);
  if (clip->foreign)
    clip->entry->start_pts_90k = start != VS_TS_NO_TIME ? start : near_90k;
  return TRUE;
}

VsArchiveClip *
vs_archive_clip_load (VsArchiveReader * reader, const VsSegment * entry,
    gboolean foreign, gint64 near_90k, GCancellable * cancellable,
    GError ** error)
{
  gboolean rewritten;
  GBytes *bytes = vs_archive_reader_load_ts (reader, entry, &rewritten,
      cancellable, error);
  g_autoptr (VsArchiveClip) clip = NULL;

  if (bytes == NULL)
    return NULL;
  clip = g_new0 (VsArchiveClip, 1);
  clip->entry = vs_segment_copy (entry);
  clip->foreign = foreign;
  clip->bytes = bytes;
  clip->rewritten = rewritten;
  return look_into (clip, near_90k, error) ? g_steal_pointer (&clip) : NULL;
}

void
vs_archive_clip_free (VsArchiveClip * clip)
{
  vs_segment_unref (clip->entry);
  g_bytes_unref (clip->bytes);
  g_clear_pointer (&clip->keys, g_array_unref);
  g_free (clip);
}

static gint64
to_pts (const VsArchiveClip * clip, gint64 utc_us)
{
  return clip->entry->start_pts_90k + (utc_us - clip->entry->utc_us) * 9 / 100;
}

gint64
vs_archive_clip_to_utc (const VsArchiveClip * clip, gint64 pts_90k)
{
  return clip->entry->utc_us + (pts_90k - clip->entry->start_pts_90k) * 100 / 9;
}

static guint
count_keys (VsArchiveClip * clip)
{
  if (clip->keys == NULL)
    clip->keys = vs_ts_find_keys (clip->bytes, clip->entry->start_pts_90k);
  return clip->keys->len;
}

static const VsTsKey *
nth_key (VsArchiveClip * clip, guint i)
{
  return &g_array_index (clip->keys, VsTsKey, i);
}

const VsTsKey *
vs_archive_clip_key_before (VsArchiveClip * clip, gint64 utc_us)
{
  gint64 last = to_pts (clip, utc_us) + SLACK_90K;

  for (guint i = count_keys (clip); i-- > 0;)
    if (nth_key (clip, i)->pts_90k <= last)
      return nth_key (clip, i);
  return NULL;
}

const VsTsKey *
vs_archive_clip_key_after (VsArchiveClip * clip, gint64 utc_us)
{
  gint64 first = to_pts (clip, utc_us) - SLACK_90K;
  guint n = count_keys (clip);

  for (guint i = 0; i < n; i++)
    if (nth_key (clip, i)->pts_90k >= first)
      return nth_key (clip, i);
  return NULL;
}

const VsTsKey *
vs_archive_clip_first_key (VsArchiveClip * clip)
{
  return count_keys (clip) > 0 ? nth_key (clip, 0) : NULL;
}

/* ---- cutting ------------------------------------------------------------ */

/* A frame of sound lasts as long as the others of its segment. */
static void
cut_audio_track (VsSegmentTrack * track, const VsTsCut * told)
{
  guint n = told->before[VS_MEDIA_AUDIO] + told->kept[VS_MEDIA_AUDIO]
      + told->after[VS_MEDIA_AUDIO];
  gint64 length = n > 0 ? track->duration / n : 0;

  track->start += told->before[VS_MEDIA_AUDIO] * length;
  track->duration = told->kept[VS_MEDIA_AUDIO] * length;
}

static void
cut_video_track (VsSegmentTrack * track, const VsTsKey * from,
    const VsTsKey * to)
{
  gint64 end = to ? to->pts_90k : track->start + track->duration;

  if (from)
    track->start = from->pts_90k;
  track->duration = MAX (end - track->start, 0);
}

static void
cut_tracks (VsSegment * segment, const VsTsKey * from, const VsTsKey * to,
    const VsTsCut * told)
{
  guint n = 0;

  for (guint i = 0; i < segment->n_tracks; i++) {
    VsSegmentTrack track = segment->tracks[i];

    if (told->kept[track.type] == 0)
      continue;
    if (track.type == VS_MEDIA_VIDEO)
      cut_video_track (&track, from, to);
    else
      cut_audio_track (&track, told);
    track.size = 0;
    segment->tracks[n++] = track;
  }
  segment->n_tracks = n;
}

static GstClockTime
ticks_to_ns (gint64 ticks)
{
  return gst_util_uint64_scale_round (MAX (ticks, 0), GST_SECOND, 90000);
}

static VsSegment *
describe_cut (VsArchiveClip * clip, const VsTsKey * from, const VsTsKey * to,
    const VsTsCut * told)
{
  VsSegment *segment = vs_segment_copy (clip->entry);
  gint64 start = from ? from->pts_90k : segment->start_pts_90k;

  if (from) {
    GstClockTime lost = ticks_to_ns (start - segment->start_pts_90k);

    segment->utc_us = vs_archive_clip_to_utc (clip, start);
    segment->start_pts_90k = start;
    segment->duration -= MIN (lost, segment->duration);
    segment->independent = TRUE;
  }
  if (to)
    segment->duration = ticks_to_ns (to->pts_90k - start);
  cut_tracks (segment, from, to, told);
  g_clear_pointer (&segment->uri, g_free);
  segment->size = 0;
  memset (segment->sha256, 0, sizeof segment->sha256);
  return segment;
}

GBytes *
vs_archive_clip_cut (VsArchiveClip * clip, const VsTsKey * from,
    const VsTsKey * to, VsSegment ** segment)
{
  VsTsCut told;
  GBytes *bytes;

  /* what stands ahead of the first keyframe is its own, unless it is another
   * maker's: sound of the time before */
  if (from && from->index == 0 && !clip->foreign)
    from = NULL;
  if (from == NULL && to == NULL) {
    *segment = vs_segment_copy (clip->entry);
    return g_bytes_ref (clip->bytes);
  }
  bytes = vs_ts_cut (clip->bytes, clip->entry->start_pts_90k, from, to, &told);
  *segment = bytes ? describe_cut (clip, from, to, &told) : NULL;
  return bytes;
}
