/* VisionStream: the sample tables of a track (ISO/IEC 14496-12 8.5 to 8.7)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "isobmff/vsmp4edits.h"
#include "isobmff/vsmp4output.h"

G_BEGIN_DECLS

typedef struct
{
  guint32 n_samples;
  guint64 last_position;        /* the largest of a chunk */
  gint64 media_duration;        /* of all samples, in the track's timescale */
  VsMp4Extent extent;           /* once there are samples */

  /*< private >*/
  gboolean all_sync;            /* by its kind: audio */
  /* stsz: the first ones have a size in common, each other has its own */
  guint32 n_first, first_size;
  VsMp4Table sizes;
  /* stts; the last sample waits for the next one's time */
  VsMp4Runs durations;
  gint64 last_dts;
  guint32 last_duration;
  /* ctts */
  VsMp4Runs offsets;
  gint32 least_offset;
  gboolean has_offsets;
  /* stsc, and what its last entry says */
  VsMp4Table groups;
  guint32 group_samples, group_description;
  VsMp4Table positions;
  VsMp4Table syncs;
} VsMp4Index;

void vs_mp4_index_init (VsMp4Index *index, VsMp4Spill *spill,
    guint32 timescale, gboolean all_sync);
void vs_mp4_index_clear (VsMp4Index *index);

/* Whether a chunk can be added: FALSE with %VS_PACKAGE_ERROR_DAMAGED, or with
 * %VS_PACKAGE_ERROR_UNSUPPORTED. */
gboolean vs_mp4_index_check (const VsMp4Index *index, const VsMp4Chunk *chunk,
    GError **error);
/* Adds one that can, in memory. @description: sample_description_index */
void vs_mp4_index_add (VsMp4Index *index, const VsMp4Chunk *chunk,
    guint32 description);
/* See vs_mp4_table_spill (). */
gboolean vs_mp4_index_spill (VsMp4Index *index, GError **error);

/* What times of the track's media are later than those of decoding say, so
 * that no sample is shown ahead of its decoding: see ctts. */
gint64 vs_mp4_index_get_shift (const VsMp4Index *index);

/* Bytes that the tables of @index take at most, and what a chunk of
 * @n_samples adds to that. */
guint64 vs_mp4_index_get_size (const VsMp4Index *index);
guint64 vs_mp4_index_get_growth (guint64 n_samples);

/**
 * vs_mp4_index_put:
 * @wide: offsets of chunks have 64 bits
 * @base: where the payload begins in the file
 *
 * Puts stts, stss, ctts, stsc, stsz and stco or co64, where there is need of
 * them.
 */
void vs_mp4_index_put (const VsMp4Index *index, gboolean wide, guint64 base,
    VsMp4Output *output);

G_END_DECLS
