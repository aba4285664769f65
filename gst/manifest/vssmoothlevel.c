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
#include "timeline/vsspan.h"

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

/* ---- runs --------------------------------------------------------------- */

typedef struct
{
  guint64 run;
  guint64 start, end;           /* of what is there, since 1970 */
  guint64 shift;                /* G_MAXUINT64: it is not shown */
} Run;

/* Within a span times grow: its ends say it all. */
static void
add_to_runs (GArray * runs, const VsSpan * span)
{
  Run fresh = {.run = span->run };
  VsSegment segment;
  guint64 between;
  guint i;

  vs_span_get (span, 0, &segment);
  vs_smooth_get_boundaries (&segment, &fresh.start, &between);
  vs_span_get (span, span->n - 1, &segment);
  vs_smooth_get_boundaries (&segment, &between, &fresh.end);
  for (i = runs->len; i > 0; i--) {
    Run *run = &g_array_index (runs, Run, i - 1);

    if (run->run == span->run) {
      run->start = MIN (run->start, fresh.start);
      run->end = MAX (run->end, fresh.end);
      return;
    }
    if (run->run < span->run)
      break;
  }
  g_array_insert_val (runs, i, fresh);
}

GArray *
vs_smooth_levels_place_runs (const VsSmoothLevel * levels, guint n,
    guint64 base)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (Run));
  guint64 shift = base, end = G_MAXUINT64;

  for (guint i = 0; i < n; i++) {
    g_autoptr (GArray) spans = vs_timeline_view_get_spans (levels[i].view,
        levels[i].type);

    for (guint k = 0; k < spans->len; k++)
      add_to_runs (runs, &g_array_index (spans, VsSpan, k));
  }
  for (guint i = 0; i < runs->len; i++) {
    Run *run = &g_array_index (runs, Run, i);

    run->shift = G_MAXUINT64;
    if (run->end <= base)
      continue;
    if (base > 0 && run->start > end)
      shift += run->start - end;
    run->shift = shift;
    end = run->end;
  }
  return runs;
}

/* ---- fragments ---------------------------------------------------------- */

/* @at: (inout): where in @runs to go on looking */
static gboolean
get_entry (const VsSmoothLevel * level, const VsSegment * segment,
    const GArray * runs, guint * at, VsSmoothFragmentEntry * entry)
{
  while (*at < runs->len && g_array_index (runs, Run, *at).run < segment->run)
    ++ * at;
  if (*at == runs->len || g_array_index (runs, Run, *at).run != segment->run)
    return FALSE;
  entry->sequence = segment->sequence;
  entry->shift = g_array_index (runs, Run, *at).shift;
  return vs_smooth_get_extent (segment, level->type, entry->shift,
      &entry->time, &entry->duration);
}

GArray *
vs_smooth_level_list (const VsSmoothLevel * level, const GArray * runs)
{
  g_autoptr (GArray) spans = vs_timeline_view_get_spans (level->view,
      level->type);
  GArray *list = g_array_new (FALSE, FALSE, sizeof (VsSmoothFragmentEntry));
  VsSpanIter iter;
  guint at = 0;

  vs_span_iter_init (&iter, spans, 0, spans->len);
  while (vs_span_iter_next (&iter)) {
    VsSmoothFragmentEntry entry;

    /* one that does not lie after the one before would not be found */
    if (get_entry (level, &iter.segment, runs, &at, &entry)
        && (list->len == 0 || entry.time > g_array_index (list,
                VsSmoothFragmentEntry, list->len - 1).time))
      g_array_append_val (list, entry);
  }
  return list;
}

gboolean
vs_smooth_level_find_shift (const VsSmoothLevel * level, const GArray * runs,
    guint64 time, guint64 * shift)
{
  g_autoptr (GArray) list = vs_smooth_level_list (level, runs);
  gboolean found = FALSE;

  for (guint i = 0; i < list->len; i++) {
    const VsSmoothFragmentEntry *entry =
        &g_array_index (list, VsSmoothFragmentEntry, i);

    if (entry->time > time)
      break;
    *shift = entry->shift;
    found = TRUE;
  }
  return found;
}

/* Whether a segment starts at @time or later; one without the track would
 * start among its neighbours. */
static gboolean
reaches (const VsSmoothLevel * level, const VsSegment * segment,
    guint64 time, guint64 shift)
{
  guint64 start, end, duration;

  vs_smooth_get_boundaries (segment, &start, &end);
  if (vs_smooth_get_extent (segment, level->type, 0, &start, &duration))
    end = start + duration;
  return end > shift && MAX (start, shift) >= time + shift;
}

/* Since 1970, starts grow with the sequence numbers: no list is made. */
static gboolean
find_in_level (const VsSmoothLevel * level, guint64 time, guint64 shift,
    VsSmoothFragmentEntry * entry)
{
  const GPtrArray *segments = level->view->segments;
  const VsSegment *segment;
  guint low = 0, high = segments->len;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (reaches (level, g_ptr_array_index (segments, middle), time, shift))
      high = middle;
    else
      low = middle + 1;
  }
  if (low == segments->len)
    return FALSE;
  segment = g_ptr_array_index (segments, low);
  entry->sequence = segment->sequence;
  entry->shift = shift;
  return vs_smooth_get_extent (segment, level->type, shift, &entry->time,
      &entry->duration) && entry->time == time;
}

gboolean
vs_smooth_levels_find_fragment (const VsSmoothLevel * levels, guint n,
    const VsSmoothLevel * level, guint64 time, guint64 shift,
    VsSmoothFragmentEntry * entry)
{
  const VsSmoothLevel *one = level;

  for (guint i = 0; i <= n; i++) {
    if (vs_smooth_level_is_alternative (one, level)
        && find_in_level (one, time, shift, entry))
      return TRUE;
    if (i < n)
      one = &levels[i];
  }
  return FALSE;
}
