/* VisionStream: segments of media files: their bytes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetread.h"

/* Samples so near to each other are read together. */
#define STRETCH_GAP (64 * 1024)

typedef struct
{
  guint64 from, to;
  GBytes *bytes;
} Stretch;

static void
stretch_clear (gpointer data)
{
  g_clear_pointer (&((Stretch *) data)->bytes, g_bytes_unref);
}

static gint
compare_stretches (gconstpointer a, gconstpointer b)
{
  const Stretch *left = a, *right = b;

  return left->from < right->from ? -1 : left->from > right->from;
}

static void
join_stretches (GArray * all)
{
  guint n = 0;

  g_array_sort (all, compare_stretches);
  for (guint i = 1; i < all->len; i++) {
    Stretch *open = &g_array_index (all, Stretch, n);
    const Stretch *next = &g_array_index (all, Stretch, i);

    if (next->from <= open->to + STRETCH_GAP)
      open->to = MAX (open->to, next->to);
    else
      g_array_index (all, Stretch, ++n) = *next;
  }
  g_array_set_size (all, MIN (all->len, n + 1));
}

/* (element-type Stretch): where the samples lie, not yet read */
static GArray *
find_stretches (const VsAssetSamples * samples, guint n)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Stretch));

  for (guint i = 0; i < n; i++) {
    for (guint j = samples[i].first; j < samples[i].last; j++) {
      const VsMp4Sample *sample = vs_asset_track_sample (samples[i].track, j);
      Stretch one = { sample->offset, sample->offset + sample->size, NULL };

      g_array_append_val (all, one);
    }
  }
  join_stretches (all);
  g_array_set_clear_func (all, stretch_clear);
  return all;
}

static gboolean
changed (GError ** error, const VsStoreObject * object)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "%s has changed while it was read", object->key);
  return FALSE;
}

static gboolean
read_stretches (VsStore * store, const VsStoreObject * object,
    GArray * stretches, GCancellable * cancellable, GError ** error)
{
  guint64 left = VS_SEGMENT_MAX_BYTES;
  gboolean current;

  for (guint i = 0; i < stretches->len; i++) {
    Stretch *stretch = &g_array_index (stretches, Stretch, i);
    guint64 size = stretch->to - stretch->from;

    if (size > left) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
          "%s: the samples of a segment are too far apart", object->key);
      return FALSE;
    }
    left -= size;
    stretch->bytes = vs_store_get (store, object->key, stretch->from, size,
        size, cancellable, error);
    if (stretch->bytes == NULL)
      return FALSE;
    if (g_bytes_get_size (stretch->bytes) < size)
      return changed (error, object);
  }
  return vs_asset_object_is_current (store, object, &current, error)
      && (current || changed (error, object));
}

const guint8 *
vs_asset_read_get (GArray * stretches, const VsMp4Sample * sample)
{
  guint low = 0, high = stretches->len - 1;
  const Stretch *stretch;

  while (low < high) {
    guint middle = low + (high - low + 1) / 2;

    if (g_array_index (stretches, Stretch, middle).from <= sample->offset)
      low = middle;
    else
      high = middle - 1;
  }
  stretch = &g_array_index (stretches, Stretch, low);
  return (const guint8 *) g_bytes_get_data (stretch->bytes, NULL)
      + (sample->offset - stretch->from);
}

void
vs_asset_samples_init (VsAssetSamples * samples, const VsAssetTrack * track,
    guint segment)
{
  samples->track = track;
  samples->first = g_array_index (track->cuts, guint, segment);
  samples->last = g_array_index (track->cuts, guint, segment + 1);
}

GArray *
vs_asset_read (VsStore * store, const VsAssetSamples * samples, guint n,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GArray) stretches = find_stretches (samples, n);

  return read_stretches (store, samples[0].track->file->object, stretches,
      cancellable, error) ? g_steal_pointer (&stretches) : NULL;
}
