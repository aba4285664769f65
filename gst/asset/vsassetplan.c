/* VisionStream: where the segments of media files begin
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetplan.h"

#define TICKS G_GINT64_CONSTANT (90000)
#define TARGET_90K ((gint64) (VS_ASSET_TARGET / GST_SECOND) * TICKS)
/* keyframes of two renditions that are so near are the same */
#define TOLERANCE_90K (TICKS / 100)
#define LONGEST_APART_90K (30 * TICKS)

void
vs_asset_rendition_free (VsAssetRendition * rendition)
{
  g_free (rendition->name);
  g_free (rendition->language);
  g_clear_pointer (&rendition->video, vs_asset_track_free);
  g_clear_pointer (&rendition->audio, vs_asset_track_free);
  g_free (rendition);
}

/* A video track, walked from one place where it can be cut to the next. */
typedef struct
{
  VsAssetTrack *track;
  GArray *entries;
  guint next;
} Walk;

static void
walk_clear (gpointer data)
{
  g_array_unref (((Walk *) data)->entries);
}

static GArray *
walk_videos (GPtrArray * renditions)
{
  GArray *walks = g_array_new (FALSE, FALSE, sizeof (Walk));

  g_array_set_clear_func (walks, walk_clear);
  for (guint i = 0; i < renditions->len; i++) {
    VsAssetRendition *rendition = g_ptr_array_index (renditions, i);
    Walk walk = { rendition->video, NULL, 0 };

    if (walk.track == NULL)
      continue;
    walk.entries = vs_asset_track_get_entries (walk.track);
    g_array_append_val (walks, walk);
  }
  return walks;
}

static gint64
entry_pts (const Walk * walk, guint index)
{
  return vs_asset_track_get_pts (walk->track,
      g_array_index (walk->entries, guint, index), TICKS);
}

/* Whether it can be cut at @pts: then that is its next entry. */
static gboolean
walk_to (Walk * walk, gint64 pts)
{
  while (walk->next < walk->entries->len
      && entry_pts (walk, walk->next) < pts - TOLERANCE_90K)
    walk->next++;
  return walk->next < walk->entries->len
      && entry_pts (walk, walk->next) <= pts + TOLERANCE_90K;
}

/* (nullable): one that can't be cut at @pts */
static const Walk *
find_missing (GArray * walks, gint64 pts)
{
  for (guint i = 0; i < walks->len; i++)
    if (!walk_to (&g_array_index (walks, Walk, i), pts))
      return &g_array_index (walks, Walk, i);
  return NULL;
}

static void
cut_here (GArray * walks)
{
  for (guint i = 0; i < walks->len; i++) {
    Walk *walk = &g_array_index (walks, Walk, i);

    g_array_append_val (walk->track->cuts,
        g_array_index (walk->entries, guint, walk->next));
  }
}

static gboolean
cut_videos (GArray * walks, GArray * boundaries, GError ** error)
{
  Walk *leader = &g_array_index (walks, Walk, 0);
  gint64 last = vs_asset_track_get_pts (leader->track, leader->track->first,
      TICKS);

  for (guint i = 0; i < leader->entries->len; i++) {
    gint64 pts = entry_pts (leader, i);
    const Walk *missing;

    if (pts - last < TARGET_90K - TOLERANCE_90K)
      continue;
    missing = find_missing (walks, pts);
    if (missing == NULL) {
      cut_here (walks);
      g_array_append_val (boundaries, pts);
      last = pts;
    } else if (pts - last > LONGEST_APART_90K) {
      g_set_error (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
          "%s has no keyframe at %.3f s, where %s has one",
          missing->track->file->object->key,
          (pts - VS_ASSET_ORIGIN * TICKS) / (gdouble) TICKS,
          leader->track->file->object->key);
      return FALSE;
    }
  }
  return TRUE;
}

/* The first sample at or after @pts: times of audio do not fall. */
static guint
find_audio (const VsAssetTrack * track, gint64 pts)
{
  guint low = track->first, high = track->last;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (vs_asset_track_get_dts_90k (track, middle) < pts)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
cut_audio (VsAssetTrack * track, GArray * boundaries)
{
  for (guint i = 1; i < boundaries->len; i++) {
    guint sample = find_audio (track,
        g_array_index (boundaries, gint64, i));

    g_array_append_val (track->cuts, sample);
  }
}

/* Boundaries by an audio track alone. */
static void
place_boundaries (const VsAssetTrack * track, GArray * boundaries)
{
  guint sample = track->first;
  gint64 pts = vs_asset_track_get_dts_90k (track, sample);

  do {
    sample = find_audio (track, pts + TARGET_90K);
    if (sample < track->last) {
      pts = vs_asset_track_get_dts_90k (track, sample);
      g_array_append_val (boundaries, pts);
    }
  } while (sample < track->last);
}

static void
note_extent (VsAssetTrack * track, gint64 * start, gint64 * end)
{
  gint64 earliest;

  if (track == NULL)
    return;
  earliest = vs_asset_track_get_pts (track, track->first, TICKS);
  *start = MIN (*start, earliest);
  *end = MAX (*end, vs_asset_track_get_end (track, TICKS));
  g_array_append_val (track->cuts, track->first);
}

static void
end_track (VsAssetTrack * track)
{
  if (track)
    g_array_append_val (track->cuts, track->last);
}

GArray *
vs_asset_plan (GPtrArray * renditions, GError ** error)
{
  g_autoptr (GArray) boundaries = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) walks = walk_videos (renditions);
  gint64 start = G_MAXINT64, end = G_MININT64;

  for (guint i = 0; i < renditions->len; i++) {
    VsAssetRendition *rendition = g_ptr_array_index (renditions, i);

    note_extent (rendition->video, &start, &end);
    note_extent (rendition->audio, &start, &end);
  }
  g_array_append_val (boundaries, start);
  if (walks->len == 0)
    place_boundaries (((VsAssetRendition *)
            g_ptr_array_index (renditions, 0))->audio, boundaries);
  else if (!cut_videos (walks, boundaries, error))
    return NULL;
  for (guint i = 0; i < renditions->len; i++) {
    VsAssetRendition *rendition = g_ptr_array_index (renditions, i);

    if (rendition->audio)
      cut_audio (rendition->audio, boundaries);
    end_track (rendition->video);
    end_track (rendition->audio);
  }
  g_array_append_val (boundaries, end);
  return g_steal_pointer (&boundaries);
}
