/* VisionStream: a video elementary stream to access units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vsparsers.h"

G_BEGIN_DECLS

/**
 * VsUnitBounds:
 *
 * Where an access unit lies in the bytes given, and what its time may be
 * worked out from.
 */
typedef struct
{
  gsize start, end;
  /* Where the unit commences, for the rule of 13818-1 2.4.3.7 which PES packet
   * tells its time: the start code of its first NAL unit, of MPEG-2's picture
   * header. */
  gsize mark;
  /* The place in the order of output, modulo @order_range (0: not known), and
   * whether it counts anew from here: the pictures before are shown before. */
  guint order, order_range;
  gboolean order_reset;
  /* It has parameter sets, or a sequence header. */
  gboolean configured;
  gboolean keyframe;            /* as vs_codec_is_keyframe () */
} VsUnitBounds;

/* What comes behind the bytes given */
typedef enum
{
  VS_UNIT_END_OPEN,             /* more */
  VS_UNIT_END_WHOLE,            /* nothing: what is open is a unit */
  VS_UNIT_END_CUT               /* nothing, but the last unit's end is missing */
} VsUnitEnd;

/**
 * VsUnitSplitter:
 *
 * Finds where access units begin, by content alone: H.264 7.4.1.2.3, H.265
 * 7.4.2.4.4, 13818-2 6.1.1. Two fields of a frame (H.264 3.30, 13818-2
 * 6.1.1.4.1) are one unit: what is shown, and what a sample is. Each byte is
 * looked at once. Plain struct; members are private.
 */
typedef struct
{
  VsCodec codec;
  gsize scanned;                /* before it no start code is new */

  VsUnitBounds unit;            /* that is open; without its end */
  gboolean open;
  gboolean has_picture;
  gboolean half;                /* the first of two fields, alone so far */

  /* the next unit, if a picture that is new follows; certain when @forced */
  gboolean has_candidate, forced;
  VsUnitBounds candidate;

  VsH264Picture picture;        /* newest slice's */
  VsH264Sets *sets;
  VsH265Picture picture_h265;   /* newest picture's */
  VsH265Sets *sets_h265;

  guint temporal_reference, coding_type;        /* MPEG-2: newest picture's */
  gboolean undecided;           /* its header came, but not the extension */
  guint structure;              /* 0 until the extension comes */
} VsUnitSplitter;

void vs_unit_splitter_init (VsUnitSplitter *splitter, VsCodec codec);
void vs_unit_splitter_clear (VsUnitSplitter *splitter);
/* Forgets the open unit, keeps parameter sets. */
void vs_unit_splitter_reset (VsUnitSplitter *splitter);

/**
 * vs_unit_splitter_next:
 * @data: what is not given out yet: from the end of the last bounds on. From
 *   call to call bytes may be added at its end only.
 *
 * Returns: TRUE when a unit is whole; call again then
 */
gboolean vs_unit_splitter_next (VsUnitSplitter *splitter, const guint8 *data,
    gsize size, VsUnitEnd end, VsUnitBounds *bounds);

/**
 * vs_unit_splitter_skip:
 *
 * Returns: how many bytes from the start on belong to no unit; they are to be
 *   taken away
 */
gsize vs_unit_splitter_skip (VsUnitSplitter *splitter);

G_END_DECLS
