/* VisionStream: the parameter sets of an H.264 or H.265 stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vsparsers.h"

G_BEGIN_DECLS

/* VPS, SPS and PPS; H.264 has no first one */
#define VS_PARAMETER_LEVELS_MAX 3

/**
 * VsParameterSet:
 *
 * A parameter set, told by its id, and the one of the level above that it
 * refers to. The bytes are those of the unit or record that it was read from.
 */
typedef struct
{
  VsNal nal;
  guint id, parent;
} VsParameterSet;

/**
 * VsParameterSets:
 *
 * Those in force, by level and ascending id (ISO/IEC 14496-15 5.3.3.1.2). Plain
 * struct; bounded as VsNalSet is.
 */
typedef struct
{
  guint n_levels;
  struct
  {
    guint n;
    VsParameterSet sets[VS_NAL_SET_MAX];
  } levels[VS_PARAMETER_LEVELS_MAX];
} VsParameterSets;

/* Reads the ids of a set; FALSE when it is damaged. */
typedef gboolean (*VsParameterSetFunc) (guint level, VsParameterSet *set);

/**
 * vs_parameter_sets_merge:
 * @old: one a level: in force so far
 * @own: one a level: what a unit brings
 *
 * A set takes the place of the one with its id. Where an SPS says something
 * else than that one, the PPS that refer to it are gone unless the unit brings
 * them too: what they say depends on it. Damaged sets are left out. When there
 * would be too many PPS, only the unit's own are in force.
 */
void vs_parameter_sets_merge (VsParameterSets *sets, guint n_levels,
    const VsNalSet *old, const VsNalSet *own, VsParameterSetFunc identify);

/**
 * vs_parameter_sets_activate:
 * @picture_id: of the PPS that a picture refers to, or -1 when that is not
 *   known: the first of @own counts then, or else the first of all
 *
 * Keeps what a sequence with that picture can use: the sets it refers to, and
 * the PPS that refer to the same SPS.
 *
 * Returns: FALSE when a set is missing
 */
gboolean vs_parameter_sets_activate (VsParameterSets *sets, gint picture_id,
    const VsNalSet *own, VsParameterSetFunc identify);

/* Appends a level's sets, each as 16 bits of length and its bytes. */
void     vs_parameter_sets_append (const VsParameterSets *sets, guint level,
    GByteArray *record);

/* Whether each set of @own is among those of @all, to the byte */
gboolean vs_nal_sets_include (const VsNalSet *all, const VsNalSet *own,
    guint n_levels);

/**
 * vs_nal_sets_read_record:
 * @sets: (out): by level
 * @codec: VS_CODEC_H264 or VS_CODEC_H265
 * @config: (nullable): of any codec
 *
 * The parameter sets in an avcC or hvcC; FALSE when it is damaged. The sets of
 * a configuration without record, or of another codec, are none.
 */
gboolean vs_nal_sets_read_record (VsNalSet *sets, VsCodec codec,
    const VsCodecConfig *config);
/* The parameter sets ahead of a unit's first slice, and the id of the PPS that
 * it refers to, or -1; FALSE when they are too many or too long */
gboolean vs_h264_collect (const guint8 *data, gsize size, VsNalSet *sets,
    gint *picture_id);
gboolean vs_h265_collect (const guint8 *data, gsize size, VsNalSet *sets,
    gint *picture_id);

G_END_DECLS
