/* VisionStream: the quality levels of a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "isobmff/vssmooth.h"
#include "manifest/vssmoothlevel.h"

#define KBIT 1000
/* Bits that a pixel, and a second of an audio channel, usually take: where
 * nobody said what they will. */
#define PIXELS_PER_BIT_H264 10
#define PIXELS_PER_BIT_H265 16
#define BITS_PER_CHANNEL 96000
#define USUAL_FPS 30

/* FNV-1a: stands in URLs, so it may never change */
#define FNV_OFFSET 2166136261u
#define FNV_PRIME 16777619u

static guint32
hash_name (const gchar * name)
{
  guint32 hash = FNV_OFFSET;

  for (; *name; name++)
    hash = (hash ^ (guint8) * name) * FNV_PRIME;
  return hash;
}

static guint64
guess_video_rate (const VsSmoothLevel * level)
{
  const VsCodecConfig *config = level->config;
  const VsRendition *rendition = level->view->rendition;
  guint64 pixels = (guint64) config->width * config->height;
  guint n = USUAL_FPS, d = 1;

  if (config->fps_n > 0 && config->fps_d > 0) {
    n = config->fps_n;
    d = config->fps_d;
  } else if (rendition->fps_n > 0 && rendition->fps_d > 0) {
    n = rendition->fps_n;
    d = rendition->fps_d;
  }
  return gst_util_uint64_scale (pixels, n, d)
      / (config->codec == VS_CODEC_H265 ? PIXELS_PER_BIT_H265 :
      PIXELS_PER_BIT_H264);
}

static guint
choose_bitrate (const VsSmoothLevel * level)
{
  const VsRendition *rendition = level->view->rendition;
  guint64 rate = rendition->bitrate;

  if (level->type == VS_MEDIA_AUDIO) {
    /* the rendition's own is that of its video too, where it has any */
    rate = level->config->channels * BITS_PER_CHANNEL;
    if (rendition->bitrate > 0)
      rate = MIN (rate, rendition->bitrate);
  } else if (rate == 0) {
    rate = guess_video_rate (level);
  }
  rate = CLAMP (rate, KBIT, G_MAXINT32 / 2);
  return rate / KBIT * KBIT + hash_name (rendition->name) % KBIT;
}

gboolean
vs_smooth_level_is_alternative (const VsSmoothLevel * a,
    const VsSmoothLevel * b)
{
  return a->type == b->type && a->config->codec == b->config->codec
      && strcmp (a->stream, b->stream) == 0;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const VsSmoothLevel *one = *(VsSmoothLevel * const *) a;
  const VsSmoothLevel *other = *(VsSmoothLevel * const *) b;

  return strcmp (one->view->rendition->name, other->view->rendition->name);
}

static gboolean
is_taken (const GPtrArray * before, guint n, const VsSmoothLevel * level)
{
  for (guint i = 0; i < n; i++) {
    const VsSmoothLevel *other = g_ptr_array_index (before, i);

    if (other->bitrate == level->bitrate
        && vs_smooth_level_is_alternative (other, level))
      return TRUE;
  }
  return FALSE;
}

void
vs_smooth_levels_choose_bitrates (VsSmoothLevel * levels, guint n)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (sorted, &levels[i]);
  g_ptr_array_sort (sorted, compare_names);
  for (guint i = 0; i < n; i++) {
    VsSmoothLevel *level = g_ptr_array_index (sorted, i);

    level->bitrate = choose_bitrate (level);
    while (is_taken (sorted, i, level))
      level->bitrate++;
  }
}

const VsSmoothLevel *
vs_smooth_levels_find (const VsSmoothLevel * levels, guint n,
    const gchar * stream, guint bitrate)
{
  for (guint i = 0; i < n; i++) {
    if (levels[i].bitrate == bitrate && strcmp (levels[i].stream, stream) == 0)
      return &levels[i];
  }
  return NULL;
}

/* Where a segment without the track would start: between its neighbours. */
static guint64
get_start (const VsSmoothLevel * level, const VsSegment * segment)
{
  guint64 time, duration;

  if (vs_smooth_get_extent (segment, level->type, &time, &duration))
    return time;
  return (guint64) MAX (segment->utc_us, 0)
      * (VS_SMOOTH_TIMESCALE / G_USEC_PER_SEC);
}

/* Starts grow: see vs_smooth_get_extent (). */
static guint64
find_in_level (const VsSmoothLevel * level, guint64 time)
{
  const GPtrArray *segments = level->view->segments;
  const VsSegment *segment;
  guint low = 0, high = segments->len;
  guint64 start, duration;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (get_start (level, g_ptr_array_index (segments, middle)) < time)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == segments->len)
    return 0;
  segment = g_ptr_array_index (segments, low);
  if (!vs_smooth_get_extent (segment, level->type, &start, &duration)
      || start != time)
    return 0;
  return segment->sequence;
}

guint64
vs_smooth_levels_find_sequence (const VsSmoothLevel * levels, guint n,
    const VsSmoothLevel * level, guint64 time)
{
  guint64 sequence = find_in_level (level, time);

  for (guint i = 0; i < n && sequence == 0; i++) {
    if (&levels[i] != level
        && vs_smooth_level_is_alternative (&levels[i], level))
      sequence = find_in_level (&levels[i], time);
  }
  return sequence;
}

GArray *
vs_smooth_level_list (const VsSmoothLevel * level, guint look_ahead)
{
  const GPtrArray *segments = level->view->segments;
  GArray *list = g_array_sized_new (FALSE, FALSE,
      sizeof (VsSmoothFragmentEntry), segments->len);

  for (guint i = 0; i < segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (segments, i);
    VsSmoothFragmentEntry entry = {.sequence = segment->sequence };

    /* one that does not lie after the one before would not be found */
    if (vs_smooth_get_extent (segment, level->type, &entry.time,
            &entry.duration) && (list->len == 0 || entry.time >
            g_array_index (list, VsSmoothFragmentEntry, list->len - 1).time))
      g_array_append_val (list, entry);
  }
  if (!level->view->ended)
    g_array_set_size (list, list->len - MIN (list->len, look_ahead));
  return list;
}
