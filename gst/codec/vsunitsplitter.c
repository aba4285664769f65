/* VisionStream: a video elementary stream to access units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A unit begins with the first of the headers that may precede a picture, but
 * whether it does is known only with the picture: that may turn out to be the
 * second field of the one before. So the place is kept as a candidate until a
 * slice, or MPEG-2's picture header, decides.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsunitsplitter.h"

#define START_CODE 3

/* NAL unit header and first_slice_segment_in_pic_flag */
#define H265_SLICE_START 3
#define H265_FIRST_SLICE 0x80

/* start_code_value, 13818-2 table 6-1 */
#define MPEG2_PICTURE 0x00
#define MPEG2_SLICE_FIRST 0x01
#define MPEG2_SLICE_LAST 0xaf
#define MPEG2_SEQUENCE 0xb3
#define MPEG2_EXTENSION 0xb5
#define MPEG2_GROUP 0xb8
#define MPEG2_PICTURE_CODING_EXTENSION 8
#define MPEG2_FRAME 3
#define MPEG2_PICTURE_I 1
/* with the start code value: up to and with temporal_reference and
 * picture_structure */
#define MPEG2_PICTURE_START 3
#define MPEG2_EXTENSION_START 4
#define MPEG2_ORDER_RANGE 1024

typedef enum
{
  PART_UNKNOWN,                 /* not enough bytes to tell */
  PART_INSIDE,                  /* of the unit that is open */
  PART_HEAD,                    /* ahead of a picture */
  PART_PREFIX,                  /* ahead of a slice */
  PART_SLICE,                   /* but not the first of a picture */
  PART_PICTURE,                 /* a picture's first */
  PART_FIELD                    /* the first of a frame's second field */
} Part;

void
vs_unit_splitter_init (VsUnitSplitter * splitter, VsCodec codec)
{
  memset (splitter, 0, sizeof *splitter);
  splitter->codec = codec;
  if (codec == VS_CODEC_H264)
    splitter->sets = g_new0 (VsH264Sets, 1);
  else if (codec == VS_CODEC_H265)
    splitter->sets_h265 = g_new0 (VsH265Sets, 1);
}

void
vs_unit_splitter_clear (VsUnitSplitter * splitter)
{
  g_clear_pointer (&splitter->sets, g_free);
  g_clear_pointer (&splitter->sets_h265, g_free);
}

void
vs_unit_splitter_reset (VsUnitSplitter * splitter)
{
  VsH264Sets *sets = splitter->sets;
  VsH265Sets *sets_h265 = splitter->sets_h265;
  VsCodec codec = splitter->codec;

  memset (splitter, 0, sizeof *splitter);
  splitter->codec = codec;
  splitter->sets = sets;
  splitter->sets_h265 = sets_h265;
}

/* A picture is taken as new also where it looks like the one before, when a
 * header came between that only a new one may have. */
static Part
examine_h264_slice (VsUnitSplitter * s, const guint8 * nal, gsize size)
{
  VsH264Picture picture;

  if (!vs_h264_parse_slice (s->sets, nal, size, &picture))
    return PART_INSIDE;
  if (!s->has_picture) {
    if (!s->open && !picture.first)
      return PART_SLICE;
  } else if (!s->forced && !vs_h264_is_other_picture (&s->picture, &picture)) {
    return PART_SLICE;
  } else if (s->half && vs_h264_is_second_field (&s->picture, &picture)) {
    s->picture = picture;
    return PART_FIELD;
  }
  s->picture = picture;
  return PART_PICTURE;
}

/* A parameter set is read once it is whole. */
static Part
examine_set (VsUnitSplitter * s, const guint8 * nal, gsize size, gboolean final)
{
  gsize end = vs_nal_find_start_code (nal, size, 0);
  VsNal whole = { nal, MIN (end, VS_RBSP_MAX) };

  if (end == size && !final && size < VS_RBSP_MAX)
    return PART_UNKNOWN;
  if (s->codec == VS_CODEC_H264)
    vs_h264_sets_update (s->sets, &whole);
  else
    vs_h265_sets_update (s->sets_h265, &whole);
  return PART_HEAD;
}

static Part
examine_h264 (VsUnitSplitter * s, const guint8 * nal, gsize size,
    gboolean final)
{
  guint type = H264_TYPE (nal[0]);

  if (type == H264_SLICE || type == H264_PARTITION_A || type == H264_IDR) {
    if (size < VS_H264_SLICE_HEADER_MAX && !final)
      return PART_UNKNOWN;
    return examine_h264_slice (s, nal, size);
  }
  if (type == H264_SPS || type == H264_PPS)
    return examine_set (s, nal, size, final);
  if (type == H264_PREFIX)
    return PART_PREFIX;
  if (type == H264_SEI || type == H264_AUD
      || (type > H264_PREFIX && type <= H264_RESERVED_LAST))
    return PART_HEAD;
  return PART_INSIDE;
}

static Part
examine_h265_slice (VsUnitSplitter * s, const guint8 * nal, gsize size,
    gboolean final)
{
  gboolean first = (nal[2] & H265_FIRST_SLICE) != 0;

  if (!first && !s->forced && (!s->open || s->has_picture))
    return PART_SLICE;
  if (size < VS_H265_SLICE_HEADER_MAX && !final)
    return PART_UNKNOWN;
  vs_h265_parse_slice (s->sets_h265, nal, size, &s->picture_h265);
  return PART_PICTURE;
}

static Part
examine_h265 (VsUnitSplitter * s, const guint8 * nal, gsize size,
    gboolean final)
{
  guint type = H265_TYPE (nal[0]);

  if (size < H265_SLICE_START)
    return final ? PART_INSIDE : PART_UNKNOWN;
  /* nuh_layer_id: what is not of the base layer goes with it */
  if (nal[0] & 1 || nal[1] >> 3 != 0)
    return PART_INSIDE;
  if (type <= H265_VCL_LAST)
    return examine_h265_slice (s, nal, size, final);
  if (type == H265_SPS || type == H265_PPS)
    return examine_set (s, nal, size, final);
  if ((type >= H265_VPS && type <= H265_AUD) || type == H265_PREFIX_SEI
      || (type >= H265_RESERVED_FIRST && type <= H265_RESERVED_LAST)
      || (type >= H265_UNSPECIFIED_FIRST && type <= H265_UNSPECIFIED_LAST))
    return PART_HEAD;
  return PART_INSIDE;
}

/* A picture header. After half a frame only the extension tells whether it is
 * the other half's. */
static Part
examine_mpeg2_picture (VsUnitSplitter * s, const guint8 * code)
{
  guint reference = code[1] << 2 | code[2] >> 6;

  s->undecided = s->has_picture && s->half && !s->forced
      && reference == s->temporal_reference;
  s->temporal_reference = reference;
  s->coding_type = code[2] >> 3 & 7;
  if (s->undecided)
    return PART_PREFIX;
  s->structure = 0;
  return PART_PICTURE;
}

static Part
examine_mpeg2_extension (VsUnitSplitter * s, const guint8 * code)
{
  guint structure = code[3] & 3;
  guint before = s->structure;

  if (code[1] >> 4 != MPEG2_PICTURE_CODING_EXTENSION || !s->has_picture)
    return PART_INSIDE;
  s->structure = structure;
  if (s->undecided) {
    s->undecided = FALSE;
    if (structure != before && structure != MPEG2_FRAME)
      return PART_FIELD;
    return PART_PICTURE;
  }
  s->half = structure != MPEG2_FRAME;
  return PART_INSIDE;
}

static Part
examine_mpeg2 (VsUnitSplitter * s, const guint8 * code, gsize size,
    gboolean final)
{
  gsize needed = code[0] == MPEG2_PICTURE ? MPEG2_PICTURE_START
      : code[0] == MPEG2_EXTENSION ? MPEG2_EXTENSION_START : 1;

  if (size < needed)
    return final ? PART_INSIDE : PART_UNKNOWN;
  if (code[0] == MPEG2_PICTURE)
    return examine_mpeg2_picture (s, code);
  if (code[0] == MPEG2_EXTENSION)
    return examine_mpeg2_extension (s, code);
  if (code[0] == MPEG2_SEQUENCE || code[0] == MPEG2_GROUP)
    return PART_HEAD;
  if (code[0] >= MPEG2_SLICE_FIRST && code[0] <= MPEG2_SLICE_LAST
      && s->undecided) {
    s->undecided = FALSE;
    s->structure = 0;
    return PART_PICTURE;
  }
  return PART_INSIDE;
}

static Part
examine (VsUnitSplitter * s, const guint8 * nal, gsize size, gboolean final)
{
  if (size == 0)
    return final ? PART_INSIDE : PART_UNKNOWN;
  switch (s->codec) {
    case VS_CODEC_H264:
      return examine_h264 (s, nal, size, final);
    case VS_CODEC_H265:
      return examine_h265 (s, nal, size, final);
    default:
      return examine_mpeg2 (s, nal, size, final);
  }
}

/* Notes what a header, or the first slice, says of its unit. */
static void
describe (const VsUnitSplitter * s, guint8 nal, VsUnitBounds * unit)
{
  guint type;

  switch (s->codec) {
    case VS_CODEC_H264:
      type = H264_TYPE (nal);
      unit->configured |= type == H264_SPS || type == H264_PPS;
      unit->keyframe = type == H264_IDR;
      unit->order_reset = unit->keyframe;
      break;
    case VS_CODEC_H265:
      type = H265_TYPE (nal);
      unit->configured |= type >= H265_VPS && type < H265_AUD;
      unit->keyframe = type == H265_IDR_W_RADL || type == H265_IDR_N_LP;
      break;
    default:
      unit->configured |= nal == MPEG2_SEQUENCE;
      unit->keyframe = nal == MPEG2_PICTURE && unit->configured
          && s->coding_type == MPEG2_PICTURE_I;
      unit->order_reset |= nal == MPEG2_GROUP;
  }
}

/* The open unit's picture begins at @at. */
static void
set_picture (VsUnitSplitter * s, gsize at)
{
  s->has_picture = TRUE;
  if (s->codec == VS_CODEC_H264) {
    s->half = s->picture.field;
    s->unit.order = s->picture.order;
    s->unit.order_range = s->picture.order_range;
  } else if (s->codec == VS_CODEC_H265) {
    s->unit.order = s->picture_h265.order;
    s->unit.order_range = s->picture_h265.order_range;
    s->unit.order_reset = s->picture_h265.reset;
  } else if (s->codec == VS_CODEC_MPEG2_VIDEO) {
    s->half = s->structure != 0 && s->structure != MPEG2_FRAME;
    s->unit.mark = at;
    s->unit.order = s->temporal_reference;
    s->unit.order_range = MPEG2_ORDER_RANGE;
  }
}

static void
begin_unit (VsUnitBounds * unit, gsize start, gsize mark)
{
  memset (unit, 0, sizeof *unit);
  unit->start = start;
  unit->mark = mark;
}

static void
drop_candidate (VsUnitSplitter * s)
{
  s->has_candidate = s->forced = FALSE;
}

/* Ends the open unit at the candidate, where the next one begins; what is
 * known is counted from there then. */
static void
turn (VsUnitSplitter * s, gsize at, VsUnitBounds * bounds)
{
  gsize border = s->candidate.start;

  /* what decided may be the extension behind the picture header */
  if (!s->forced)
    at = s->candidate.mark;
  *bounds = s->unit;
  bounds->end = border;
  s->unit = s->candidate;
  s->unit.start = 0;
  s->unit.mark -= border;
  s->scanned -= border;
  drop_candidate (s);
  set_picture (s, at - border);
}

/* Deals with the start code at @at; TRUE when the open unit ended. */
static gboolean
take (VsUnitSplitter * s, Part part, const guint8 * data, gsize at,
    VsUnitBounds * bounds)
{
  /* zero_byte, H.264 B.1.2; in 13818-2 zeros end what is ahead of them */
  gsize start = s->codec != VS_CODEC_MPEG2_VIDEO && at > 0
      && data[at - 1] == 0 ? at - 1 : at;

  if (part == PART_INSIDE)
    return FALSE;
  if (part == PART_FIELD)
    s->half = FALSE;
  if (part == PART_FIELD || part == PART_SLICE) {
    drop_candidate (s);
    return FALSE;
  }
  if (!s->open)
    begin_unit (&s->unit, start, at);
  s->open = TRUE;
  if (!s->has_picture) {
    describe (s, data[at + START_CODE], &s->unit);
    if (part == PART_PICTURE)
      set_picture (s, at);
    return FALSE;
  }
  if (!s->has_candidate)
    begin_unit (&s->candidate, start, at);
  s->has_candidate = TRUE;
  s->forced |= part == PART_HEAD;
  describe (s, data[at + START_CODE], &s->candidate);
  if (part != PART_PICTURE)
    return FALSE;
  turn (s, at, bounds);
  return TRUE;
}

static gboolean
finish (VsUnitSplitter * s, gsize size, VsUnitEnd end, VsUnitBounds * bounds)
{
  gboolean open = s->open && (end == VS_UNIT_END_WHOLE || s->has_candidate);

  *bounds = s->unit;
  bounds->end = end == VS_UNIT_END_WHOLE ? size : s->candidate.start;
  vs_unit_splitter_reset (s);
  return open && bounds->start < bounds->end;
}

gboolean
vs_unit_splitter_next (VsUnitSplitter * s, const guint8 * data, gsize size,
    VsUnitEnd end, VsUnitBounds * bounds)
{
  gboolean final = end != VS_UNIT_END_OPEN;
  gsize at;

  while ((at = vs_nal_find_start_code (data, size, s->scanned)) < size) {
    const guint8 *nal = data + at + START_CODE;
    Part part = examine (s, nal, size - (at + START_CODE), final);

    s->scanned = at;
    if (part == PART_UNKNOWN)
      return FALSE;
    s->scanned = at + START_CODE;
    if (s->scanned == size)
      break;
    if (take (s, part, data, at, bounds))
      return TRUE;
  }
  if (final)
    return finish (s, size, end, bounds);
  /* a start code may go on in what comes next */
  if (size >= START_CODE)
    s->scanned = MAX (s->scanned, size - (START_CODE - 1));
  return FALSE;
}

gsize
vs_unit_splitter_skip (VsUnitSplitter * s)
{
  gsize skip = s->open || s->scanned == 0 ? 0 : s->scanned - 1;

  s->scanned -= skip;
  return skip;
}
