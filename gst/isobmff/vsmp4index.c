/* VisionStream: the sample tables of a track (ISO/IEC 14496-12 8.5 to 8.7)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsmp4index.h"

/* Times that are taken: ticks, and seconds. Sums of them stay in 64 bits, also
 * in the movie's timescale. */
#define TIME_MAX (G_GINT64_CONSTANT (1) << 60)
#define SECONDS_MAX (G_GINT64_CONSTANT (1) << 40)
/* of composition against decoding, before and after the shift */
#define OFFSET_MAX (1 << 29)
/* of a sample: ffmpeg reads it with a sign */
#define DURATION_MAX G_MAXINT32

/* bytes of entries */
#define STTS_ENTRY 8
#define CTTS_ENTRY 8
#define STSC_ENTRY 12
#define STSZ_ENTRY 4
#define STSS_ENTRY 4
#define CO64_ENTRY 8
/* of all tables, without entries */
#define TABLE_HEADS 128

/* stsc, 8.7.4.3 */
typedef struct
{
  guint32 first_chunk, samples, description;
} Group;

void
vs_mp4_index_init (VsMp4Index * index, VsMp4Spill * spill, guint32 timescale,
    gboolean all_sync)
{
  memset (index, 0, sizeof *index);
  index->all_sync = all_sync;
  index->extent.timescale = timescale;
  vs_mp4_table_init (&index->sizes, spill, sizeof (guint32));
  vs_mp4_runs_init (&index->durations, spill);
  vs_mp4_runs_init (&index->offsets, spill);
  vs_mp4_table_init (&index->groups, spill, sizeof (Group));
  vs_mp4_table_init (&index->positions, spill, sizeof (guint64));
  vs_mp4_table_init (&index->syncs, spill, sizeof (guint32));
}

void
vs_mp4_index_clear (VsMp4Index * index)
{
  vs_mp4_table_clear (&index->sizes);
  vs_mp4_runs_clear (&index->durations);
  vs_mp4_runs_clear (&index->offsets);
  vs_mp4_table_clear (&index->groups);
  vs_mp4_table_clear (&index->positions);
  vs_mp4_table_clear (&index->syncs);
}

gboolean
vs_mp4_index_spill (VsMp4Index * index, GError ** error)
{
  return vs_mp4_table_spill (&index->sizes, error)
      && vs_mp4_table_spill (&index->durations.table, error)
      && vs_mp4_table_spill (&index->offsets.table, error)
      && vs_mp4_table_spill (&index->groups, error)
      && vs_mp4_table_spill (&index->positions, error)
      && vs_mp4_table_spill (&index->syncs, error);
}

static gboolean
fail (GError ** error, gint code, const VsMp4Chunk * chunk, guint i,
    const gchar * what)
{
  g_set_error (error, VS_PACKAGE_ERROR, code,
      "sample %u of the chunk at %" G_GUINT64_FORMAT " %s", i,
      chunk->position, what);
  return FALSE;
}

static gboolean
get_time (const VsMp4Index * index, gint64 start, gint64 time, gint64 * sum)
{
  gint64 limit = MIN (TIME_MAX / index->extent.timescale, SECONDS_MAX);

  limit *= index->extent.timescale;
  return !__builtin_add_overflow (start, time, sum)
      && *sum >= -limit && *sum <= limit;
}

/* Times of a sample, whose predecessor is decoded at @previous. */
static gboolean
check_sample (const VsMp4Index * index, const VsMp4Chunk * chunk, guint i,
    gboolean follows, gint64 * previous, GError ** error)
{
  const VsSample *sample = &chunk->samples[i];
  gint64 dts, pts;

  if (!get_time (index, chunk->start, sample->dts, &dts)
      || !get_time (index, chunk->start, sample->pts, &pts)
      || ABS (pts - dts) > OFFSET_MAX || sample->duration > DURATION_MAX)
    return fail (error, VS_PACKAGE_ERROR_DAMAGED, chunk, i,
        "has times out of range");
  if (follows && dts <= *previous)
    return fail (error, VS_PACKAGE_ERROR_DAMAGED, chunk, i,
        "is not decoded after the one before");
  if (follows && dts - *previous > DURATION_MAX)
    return fail (error, VS_PACKAGE_ERROR_UNSUPPORTED, chunk, i,
        "comes later than the one before can last");
  *previous = dts;
  return TRUE;
}

gboolean
vs_mp4_index_check (const VsMp4Index * index, const VsMp4Chunk * chunk,
    GError ** error)
{
  gint64 previous = index->last_dts;

  if (chunk->position > G_MAXINT64
      || chunk->n_samples > G_MAXUINT32 - 1 - index->n_samples)
    return fail (error, VS_PACKAGE_ERROR_DAMAGED, chunk, 0, "is out of range");
  for (guint i = 0; i < chunk->n_samples; i++)
    if (!check_sample (index, chunk, i, i > 0 || index->n_samples > 0,
            &previous, error))
      return FALSE;
  return TRUE;
}

static void
add_size (VsMp4Index * index, guint32 size)
{
  if (index->n_samples == 0)
    index->first_size = size;
  if (index->n_first == index->n_samples && size == index->first_size)
    index->n_first++;
  else
    vs_mp4_table_add (&index->sizes, &size);
}

/* A sample lasts until the next one. */
static void
add_time (VsMp4Index * index, gint64 dts, guint32 duration)
{
  if (index->n_samples > 0) {
    vs_mp4_runs_add (&index->durations, dts - index->last_dts);
    index->media_duration += dts - index->last_dts - index->last_duration;
  }
  index->media_duration += duration;
  index->last_dts = dts;
  index->last_duration = duration;
}

static void
extend (VsMp4Index * index, gint64 pts, gint64 dts, guint32 duration)
{
  VsMp4Extent *extent = &index->extent;

  if (index->n_samples == 0) {
    extent->first_dts = dts;
    extent->start = extent->end = pts;
  }
  extent->start = MIN (extent->start, pts);
  extent->end = MAX (extent->end, pts + duration);
}

static void
add_offset (VsMp4Index * index, gint32 offset)
{
  vs_mp4_runs_add (&index->offsets, offset);
  index->least_offset = MIN (index->least_offset, offset);
  index->has_offsets |= offset != 0;
}

static void
add_sample (VsMp4Index * index, gint64 start, const VsSample * sample)
{
  gint64 pts = start + sample->pts, dts = start + sample->dts;

  add_size (index, sample->size);
  add_time (index, dts, sample->duration);
  add_offset (index, pts - dts);
  extend (index, pts, dts, sample->duration);
  index->n_samples++;
  if (sample->sync && !index->all_sync)
    vs_mp4_table_add (&index->syncs, &index->n_samples);
}

/* Chunks that have as many samples as the one before are of its group. */
static void
add_to_group (VsMp4Index * index, guint32 n_samples, guint32 description)
{
  Group group = { index->positions.n_entries, n_samples, description };

  if (index->group_samples == n_samples
      && index->group_description == description)
    return;
  vs_mp4_table_add (&index->groups, &group);
  index->group_samples = n_samples;
  index->group_description = description;
}

void
vs_mp4_index_add (VsMp4Index * index, const VsMp4Chunk * chunk,
    guint32 description)
{
  if (chunk->n_samples == 0)
    return;
  for (guint i = 0; i < chunk->n_samples; i++)
    add_sample (index, chunk->start, &chunk->samples[i]);
  vs_mp4_table_add (&index->positions, &chunk->position);
  index->last_position = MAX (index->last_position, chunk->position);
  add_to_group (index, chunk->n_samples, description);
}

gint64
vs_mp4_index_get_shift (const VsMp4Index * index)
{
  return -(gint64) index->least_offset;
}

guint64
vs_mp4_index_get_size (const VsMp4Index * index)
{
  guint64 n_samples = index->n_samples;

  return TABLE_HEADS + STSZ_ENTRY * n_samples
      + STTS_ENTRY * (index->durations.table.n_entries + 2)
      + CTTS_ENTRY * (index->offsets.table.n_entries + 1)
      + STSC_ENTRY * index->groups.n_entries
      + CO64_ENTRY * index->positions.n_entries
      + STSS_ENTRY * index->syncs.n_entries;
}

guint64
vs_mp4_index_get_growth (guint64 n_samples)
{
  return n_samples * (STSZ_ENTRY + STTS_ENTRY + CTTS_ENTRY
      + STSS_ENTRY) + STSC_ENTRY + CO64_ENTRY;
}

/* What the functions that put entries get. */
typedef struct
{
  VsMp4Output *output;
  gint64 shift;                 /* ctts */
  gboolean wide;                /* offsets of chunks */
  guint64 base;
} Putter;

static gboolean
put_words (gconstpointer entries, guint n_entries, gpointer user_data,
    GError ** error)
{
  const Putter *putter = user_data;
  const guint32 *values = entries;

  for (guint i = 0; i < n_entries; i++)
    vs_mp4_output_put_u32 (putter->output, values[i]);
  return TRUE;
}

static gboolean
put_runs (gconstpointer entries, guint n_entries, gpointer user_data,
    GError ** error)
{
  const Putter *putter = user_data;
  const VsMp4RunEntry *runs = entries;

  for (guint i = 0; i < n_entries; i++) {
    vs_mp4_output_put_u32 (putter->output, runs[i].count);
    vs_mp4_output_put_u32 (putter->output,
        (gint32) runs[i].value + putter->shift);
  }
  return TRUE;
}

static gboolean
put_groups (gconstpointer entries, guint n_entries, gpointer user_data,
    GError ** error)
{
  return put_words (entries, n_entries * STSC_ENTRY / sizeof (guint32),
      user_data, error);
}

static gboolean
put_positions (gconstpointer entries, guint n_entries, gpointer user_data,
    GError ** error)
{
  const Putter *putter = user_data;
  const guint64 *positions = entries;

  for (guint i = 0; i < n_entries; i++) {
    if (putter->wide)
      vs_mp4_output_put_u64 (putter->output, putter->base + positions[i]);
    else
      vs_mp4_output_put_u32 (putter->output, putter->base + positions[i]);
  }
  return TRUE;
}

/* A table of runs, and at its end those that are not in it yet. */
static void
put_run_table (Putter * putter, const gchar * type, const VsMp4Runs * runs,
    const VsMp4RunEntry * ends, guint n_ends)
{
  VsMp4Output *output = putter->output;
  guint64 n_runs = runs->table.n_entries;
  guint box = vs_mp4_output_open_full (output, type, 0, 0);

  vs_mp4_output_put_u32 (output, n_runs + n_ends);
  vs_mp4_output_put_table (output, &runs->table, n_runs * STTS_ENTRY,
      put_runs, putter);
  put_runs (ends, n_ends, putter, NULL);
  vs_mp4_output_close (output, box);
}

/* The last sample, that nothing follows yet, lasts its own duration. */
static void
put_stts (const VsMp4Index * index, Putter * putter)
{
  VsMp4RunEntry ends[2] = { index->durations.last, {0, index->last_duration} };
  guint n_ends = ends[0].count > 0 && ends[0].value != ends[1].value;

  ends[n_ends].value = index->last_duration;
  ends[n_ends].count++;
  put_run_table (putter, "stts", &index->durations, ends, n_ends + 1);
}

static void
put_ctts (const VsMp4Index * index, Putter * putter)
{
  if (!index->has_offsets)
    return;
  putter->shift = vs_mp4_index_get_shift (index);
  put_run_table (putter, "ctts", &index->offsets, &index->offsets.last, 1);
}

static void
put_stss (const VsMp4Index * index, Putter * putter)
{
  VsMp4Output *output = putter->output;
  guint box;

  if (index->all_sync || index->syncs.n_entries == index->n_samples)
    return;
  box = vs_mp4_output_open_full (output, "stss", 0, 0);
  vs_mp4_output_put_u32 (output, index->syncs.n_entries);
  vs_mp4_output_put_table (output, &index->syncs,
      index->syncs.n_entries * STSS_ENTRY, put_words, putter);
  vs_mp4_output_close (output, box);
}

static void
put_stsc (const VsMp4Index * index, Putter * putter)
{
  VsMp4Output *output = putter->output;
  guint box = vs_mp4_output_open_full (output, "stsc", 0, 0);

  vs_mp4_output_put_u32 (output, index->groups.n_entries);
  vs_mp4_output_put_table (output, &index->groups,
      index->groups.n_entries * STSC_ENTRY, put_groups, putter);
  vs_mp4_output_close (output, box);
}

/* A size of 0 in common would say that each has its own. */
static void
put_stsz (const VsMp4Index * index, Putter * putter)
{
  VsMp4Output *output = putter->output;
  guint box = vs_mp4_output_open_full (output, "stsz", 0, 0);
  gboolean common = index->n_first == index->n_samples && index->first_size > 0;

  vs_mp4_output_put_u32 (output, common ? index->first_size : 0);
  vs_mp4_output_put_u32 (output, index->n_samples);
  for (guint32 i = 0; i < index->n_first && !common; i++)
    vs_mp4_output_put_u32 (output, index->first_size);
  vs_mp4_output_put_table (output, &index->sizes,
      index->sizes.n_entries * STSZ_ENTRY, put_words, putter);
  vs_mp4_output_close (output, box);
}

static void
put_offsets (const VsMp4Index * index, Putter * putter)
{
  VsMp4Output *output = putter->output;
  guint64 n = index->positions.n_entries;
  guint box = vs_mp4_output_open_full (output, putter->wide ? "co64" : "stco",
      0, 0);

  vs_mp4_output_put_u32 (output, n);
  vs_mp4_output_put_table (output, &index->positions,
      n * (putter->wide ? CO64_ENTRY : CO64_ENTRY / 2), put_positions, putter);
  vs_mp4_output_close (output, box);
}

void
vs_mp4_index_put (const VsMp4Index * index, gboolean wide, guint64 base,
    VsMp4Output * output)
{
  Putter putter = {.output = output,.wide = wide,.base = base };

  put_stts (index, &putter);
  put_stss (index, &putter);
  put_ctts (index, &putter);
  put_stsc (index, &putter);
  put_stsz (index, &putter);
  put_offsets (index, &putter);
}
