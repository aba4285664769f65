/* VisionStream: MP4 files read: sample tables (ISO/IEC 14496-12 8.5 to 8.7)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables are walked side by side, once, sample by sample: a table is
 * what remains of it and the run that the walk is in.
 */
#include "config.h"
#include "isobmff/vsmp4private.h"

/* sample entries of a track */
#define MAX_DESCRIPTIONS 16
/* a sample or chunk number that none has */
#define TABLE_NONE G_MAXUINT32

/* What is left of a table of runs (stts, ctts). */
typedef struct
{
  GstByteReader entries;
  guint32 left;                 /* samples of the run */
  guint32 value;
} Runs;

typedef struct
{
  GstByteReader sizes;
  guint32 common_size;          /* of all samples, 0: each has its own */
  guint32 n_samples;

  GstByteReader offsets;        /* stco, co64 */
  gboolean wide;

  GstByteReader chunks;         /* stsc */
  guint32 chunk, next_run;      /* from 1; next_run: where the next begins */
  guint32 per_chunk, description;

  Runs durations, compositions;
  gboolean has_compositions;

  GstByteReader syncs;          /* stss */
  gboolean has_syncs;
  guint32 next_sync;            /* sample number, from 1 */
} Tables;

static gboolean
fail (GError ** error, const gchar * table)
{
  g_set_error (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED,
      "The sample table %s is missing or does not hold", table);
  return FALSE;
}

/* A table of @width bytes an entry: FALSE when it is not there whole. */
static gboolean
open_table (const GstByteReader * stbl, guint32 type, guint width,
    GstByteReader * entries)
{
  GstByteReader body;
  const guint8 *data;
  guint32 flags, n;
  guint8 version;

  if (!vs_mp4_find (stbl, type, &body)
      || !vs_mp4_get_full (&body, &version, &flags)
      || !gst_byte_reader_get_uint32_be (&body, &n)
      || n > gst_byte_reader_get_remaining (&body) / width
      || !gst_byte_reader_get_data (&body, n * width, &data))
    return FALSE;
  gst_byte_reader_init (entries, data, n * width);
  return TRUE;
}

/* stsz (8.7.3.2): a common size, or one a sample */
static gboolean
open_sizes (const GstByteReader * stbl, guint max_samples, Tables * tables)
{
  guint8 version;
  guint32 flags;

  return vs_mp4_find (stbl, VS_MP4_TYPE ('s', 't', 's', 'z'), &tables->sizes)
      && vs_mp4_get_full (&tables->sizes, &version, &flags)
      && gst_byte_reader_get_uint32_be (&tables->sizes, &tables->common_size)
      && gst_byte_reader_get_uint32_be (&tables->sizes, &tables->n_samples)
      && tables->n_samples <= max_samples
      && (tables->common_size > 0 || tables->n_samples
      <= gst_byte_reader_get_remaining (&tables->sizes) / 4);
}

static gboolean
open_offsets (const GstByteReader * stbl, Tables * tables)
{
  if (open_table (stbl, VS_MP4_TYPE ('s', 't', 'c', 'o'), 4, &tables->offsets))
    return TRUE;
  tables->wide = TRUE;
  return open_table (stbl, VS_MP4_TYPE ('c', 'o', '6', '4'), 8,
      &tables->offsets);
}

/* Tables that need not be there must hold when they are. */
static gboolean
open_optional (const GstByteReader * stbl, guint32 type, guint width,
    GstByteReader * entries, gboolean * there)
{
  GstByteReader body;

  *there = vs_mp4_find (stbl, type, &body);
  return !*there || open_table (stbl, type, width, entries);
}

/* The next sample's number in stss, ascending (8.6.2.3). */
static gboolean
next_sync (Tables * tables)
{
  guint32 previous = tables->next_sync;

  if (!gst_byte_reader_get_uint32_be (&tables->syncs, &tables->next_sync))
    tables->next_sync = TABLE_NONE;
  return tables->next_sync > previous;
}

static gboolean
open_tables (const GstByteReader * stbl, guint max_samples, Tables * tables,
    GError ** error)
{
  if (!open_sizes (stbl, max_samples, tables))
    return fail (error, "stsz");
  if (!open_offsets (stbl, tables))
    return fail (error, "stco");
  if (!open_table (stbl, VS_MP4_TYPE ('s', 't', 's', 'c'), 12, &tables->chunks))
    return fail (error, "stsc");
  if (!open_table (stbl, VS_MP4_TYPE ('s', 't', 't', 's'), 8,
          &tables->durations.entries))
    return fail (error, "stts");
  if (!open_optional (stbl, VS_MP4_TYPE ('c', 't', 't', 's'), 8,
          &tables->compositions.entries, &tables->has_compositions))
    return fail (error, "ctts");
  if (!open_optional (stbl, VS_MP4_TYPE ('s', 't', 's', 's'), 4,
          &tables->syncs, &tables->has_syncs)
      || (tables->has_syncs && !next_sync (tables)))
    return fail (error, "stss");
  return TRUE;
}

static gboolean
next_in_run (Runs * runs, guint32 * value)
{
  while (runs->left == 0)
    if (!gst_byte_reader_get_uint32_be (&runs->entries, &runs->left)
        || !gst_byte_reader_get_uint32_be (&runs->entries, &runs->value))
      return FALSE;
  runs->left--;
  *value = runs->value;
  return TRUE;
}

/* Chunks up to where the next run begins have what this one says (8.7.4). */
static gboolean
enter_chunk_run (Tables * tables, const VsMp4Track * track)
{
  guint32 first = tables->next_run;

  if (first == 0 && (!gst_byte_reader_get_uint32_be (&tables->chunks, &first)
          || first != 1))
    return FALSE;
  if (!gst_byte_reader_get_uint32_be (&tables->chunks, &tables->per_chunk)
      || !gst_byte_reader_get_uint32_be (&tables->chunks, &tables->description)
      || tables->description == 0
      || tables->description > track->descriptions->len)
    return FALSE;
  if (!gst_byte_reader_get_uint32_be (&tables->chunks, &tables->next_run))
    tables->next_run = TABLE_NONE;
  return tables->next_run > first;
}

static gboolean
next_chunk (Tables * tables, const VsMp4Track * track, guint64 * offset)
{
  guint32 narrow;

  tables->chunk++;
  if ((tables->next_run == 0 || tables->chunk == tables->next_run)
      && !enter_chunk_run (tables, track))
    return FALSE;
  if (tables->wide)
    return gst_byte_reader_get_uint64_be (&tables->offsets, offset);
  if (!gst_byte_reader_get_uint32_be (&tables->offsets, &narrow))
    return FALSE;
  *offset = narrow;
  return TRUE;
}

static gboolean
get_size (Tables * tables, guint32 * size)
{
  *size = tables->common_size;
  return (*size > 0 || gst_byte_reader_get_uint32_be (&tables->sizes, size))
      && *size <= VS_MP4_SAMPLE_SIZE_MAX;
}

/* Sample @number, from 1, at @offset; the track's end is where it begins. */
static gboolean
read_sample (Tables * tables, guint32 number, guint64 offset,
    guint64 file_size, VsMp4Track * track, guint32 * size, GError ** error)
{
  gint64 latest = (gint64) VS_MP4_SECONDS_MAX * track->timescale;
  guint32 duration, composition = 0;
  VsMp4Sample sample = {
    .offset = offset,.dts = track->end,.description = tables->description - 1,
    .sync = !tables->has_syncs || number == tables->next_sync
  };

  if (!get_size (tables, size) || offset > file_size
      || *size > file_size - offset)
    return fail (error, "stsz");
  if (!next_in_run (&tables->durations, &duration)
      || track->end > latest - duration)
    return fail (error, "stts");
  if (tables->has_compositions
      && !next_in_run (&tables->compositions, &composition))
    return fail (error, "ctts");
  if (number == tables->next_sync && !next_sync (tables))
    return fail (error, "stss");
  track->end += duration;
  /* version 0 has no sign, but writers put one there */
  sample.composition = (gint32) composition;
  sample.size = *size;
  if (*size > 0)
    g_array_append_val (track->samples, sample);
  return TRUE;
}

static gboolean
read_samples (Tables * tables, guint64 file_size, VsMp4Track * track,
    GError ** error)
{
  guint32 number = 0, size;
  guint64 offset;

  while (number < tables->n_samples) {
    if (!next_chunk (tables, track, &offset))
      return fail (error, "stsc");
    for (guint i = 0; i < tables->per_chunk && number < tables->n_samples; i++) {
      if (!read_sample (tables, ++number, offset, file_size, track, &size,
              error))
        return FALSE;
      offset += size;
    }
  }
  return TRUE;
}

/* Sample entries of protected streams, 8.12 */
static gboolean
is_encrypted (guint32 type)
{
  return type == VS_MP4_TYPE ('e', 'n', 'c', 'v')
      || type == VS_MP4_TYPE ('e', 'n', 'c', 'a');
}

static gboolean
read_description (GstByteReader * stsd, VsMp4Track * track, GError ** error)
{
  VsMp4Description description = { 0 };
  GstByteReader entry;
  guint32 type;

  if (!vs_mp4_next (stsd, &type, &entry))
    return fail (error, "stsd");
  if (is_encrypted (type)) {
    g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
        "A track is encrypted");
    return FALSE;
  }
  if (!vs_mp4_description_parse (type, &entry, &description))
    return fail (error, "stsd");
  g_array_append_val (track->descriptions, description);
  return TRUE;
}

static gboolean
read_descriptions (const GstByteReader * stbl, VsMp4Track * track,
    GError ** error)
{
  GstByteReader stsd;
  guint32 flags, n;
  guint8 version;

  if (!vs_mp4_find (stbl, VS_MP4_TYPE ('s', 't', 's', 'd'), &stsd)
      || !vs_mp4_get_full (&stsd, &version, &flags)
      || !gst_byte_reader_get_uint32_be (&stsd, &n) || n == 0
      || n > MAX_DESCRIPTIONS)
    return fail (error, "stsd");
  for (guint i = 0; i < n; i++)
    if (!read_description (&stsd, track, error))
      return FALSE;
  return TRUE;
}

gboolean
vs_mp4_samples_parse (const GstByteReader * stbl, gboolean fragmented,
    guint64 file_size, guint max_samples, VsMp4Track * track, GError ** error)
{
  GstByteReader stsz;
  Tables tables = { 0 };

  if (!read_descriptions (stbl, track, error))
    return FALSE;
  /* none, or one of another kind (stz2) without samples */
  if (fragmented
      && !vs_mp4_find (stbl, VS_MP4_TYPE ('s', 't', 's', 'z'), &stsz))
    return TRUE;
  return open_tables (stbl, max_samples, &tables, error)
      && read_samples (&tables, file_size, track, error);
}
