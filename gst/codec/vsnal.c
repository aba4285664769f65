/* VisionStream: NAL units of an Annex B stream (ITU-T H.264, H.265)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "codec/vsparsers.h"

#define START_CODE 3
#define EMULATION_PREVENTION 3
/* H.264 table E-1: 255 is a ratio of its own */
#define EXTENDED_SAR 255

#define ONES G_GUINT64_CONSTANT (0x0101010101010101)
#define HIGHS G_GUINT64_CONSTANT (0x8080808080808080)
/* The high bit of the first byte that is 0 is the lowest that is set. */
#define ZEROS(word) (((word) - ONES) & ~(word) & HIGHS)

static guint64
load_word (const guint8 * data)
{
  guint64 word;

  memcpy (&word, data, sizeof word);
  return GUINT64_FROM_LE (word);
}

/* Three words, each a byte on from the other, are 0, 0 and 1 in the byte where
 * a start code begins: what is searched for is a 0 in the three made one. */
static gsize
find_in_words (const guint8 * data, gsize size, gsize i)
{
  for (; i + sizeof (guint64) + START_CODE - 1 <= size; i += sizeof (guint64)) {
    guint64 zeros = ZEROS (load_word (data + i) | load_word (data + i + 1)
        | (load_word (data + i + 2) ^ ONES));

    if (zeros != 0)
      return i + __builtin_ctzll (zeros) / 8;
  }
  for (; i + START_CODE <= size; i++) {
    if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1)
      return i;
  }
  return size;
}

#ifdef __SSE2__
#define VECTOR sizeof (__m128i)

static guint
match_vector (const guint8 * data)
{
  __m128i a = _mm_loadu_si128 ((const __m128i *) data);
  __m128i b = _mm_loadu_si128 ((const __m128i *) (data + 1));
  __m128i c = _mm_loadu_si128 ((const __m128i *) (data + 2));

  c = _mm_xor_si128 (c, _mm_set1_epi8 (1));
  a = _mm_or_si128 (_mm_or_si128 (a, b), c);
  return _mm_movemask_epi8 (_mm_cmpeq_epi8 (a, _mm_setzero_si128 ()));
}

/* The same, 32 bytes at a time */
gsize
vs_nal_find_start_code (const guint8 * data, gsize size, gsize offset)
{
  gsize i = offset;

  for (; i + 2 * VECTOR + START_CODE - 1 <= size; i += 2 * VECTOR) {
    guint match = match_vector (data + i)
        | match_vector (data + i + VECTOR) << VECTOR;

    if (match != 0)
      return i + __builtin_ctz (match);
  }
  return find_in_words (data, size, i);
}
#else
gsize
vs_nal_find_start_code (const guint8 * data, gsize size, gsize offset)
{
  return find_in_words (data, size, offset);
}
#endif

gboolean
vs_nal_next (const guint8 * data, gsize size, gsize * offset, VsNal * nal)
{
  gsize start = vs_nal_find_start_code (data, size, *offset);

  while (start < size) {
    gsize end = vs_nal_find_start_code (data, size, start + START_CODE);

    *offset = end;
    nal->data = data + start + START_CODE;
    start = end;
    nal->size = data + end - nal->data;
    while (nal->size > 0 && nal->data[nal->size - 1] == 0)
      nal->size--;
    if (nal->size > 0)
      return TRUE;
  }
  *offset = size;
  return FALSE;
}

gboolean
vs_nal_set_add (VsNalSet * set, const VsNal * nal)
{
  if (nal->size > G_MAXUINT16)
    return FALSE;
  for (guint i = 0; i < set->n; i++) {
    if (set->nals[i].size == nal->size
        && memcmp (set->nals[i].data, nal->data, nal->size) == 0)
      return TRUE;
  }
  if (set->n == VS_NAL_SET_MAX)
    return FALSE;
  set->nals[set->n++] = *nal;
  return TRUE;
}

/* What looks like an emulation prevention byte is one behind two zeros. */
void
vs_rbsp_init (VsRbsp * rbsp, const guint8 * data, gsize size)
{
  gsize start = 0, at = 0;

  rbsp->size = 0;
  size = MIN (size, VS_RBSP_MAX);
  while (start < size) {
    const guint8 *next = memchr (data + at, EMULATION_PREVENTION, size - at);
    gsize end = next ? next - data : size;

    at = end + 1;
    if (next && (end < 2 || data[end - 1] != 0 || data[end - 2] != 0)) {
      if (at < size)
        continue;
      end = size;
    }
    memcpy (rbsp->data + rbsp->size, data + start, end - start);
    rbsp->size += end - start;
    start = at = MIN (end + 1, size);
  }
  gst_bit_reader_init (&rbsp->bits, rbsp->data, rbsp->size);
  rbsp->failed = FALSE;
}

guint32
vs_rbsp_u (VsRbsp * rbsp, guint bits)
{
  guint32 value = 0;

  if (rbsp->failed || !gst_bit_reader_get_bits_uint32 (&rbsp->bits, &value,
          bits)) {
    rbsp->failed = TRUE;
    return 0;
  }
  return value;
}

void
vs_rbsp_skip (VsRbsp * rbsp, guint bits)
{
  if (!gst_bit_reader_skip (&rbsp->bits, bits))
    rbsp->failed = TRUE;
}

/* Reads the zeros ahead of an Exp-Golomb code's first 1, and that: at once
 * where there are as many bits as they may be. */
static guint
read_zeros (VsRbsp * rbsp)
{
  guint zeros = 0;
  guint32 next;

  if (gst_bit_reader_peek_bits_uint32 (&rbsp->bits, &next, 32) && next != 0) {
    zeros = __builtin_clz (next);
    gst_bit_reader_skip_unchecked (&rbsp->bits, zeros + 1);
    return zeros;
  }
  while (!rbsp->failed && vs_rbsp_u (rbsp, 1) == 0) {
    if (++zeros > 32)
      rbsp->failed = TRUE;
  }
  return zeros;
}

guint32
vs_rbsp_ue (VsRbsp * rbsp, guint32 max)
{
  guint64 value;
  guint zeros;

  if (rbsp->failed)
    return 0;
  zeros = read_zeros (rbsp);
  if (rbsp->failed)
    return 0;
  value = (G_GUINT64_CONSTANT (1) << zeros) - 1;
  if (zeros > 0)
    value += vs_rbsp_u (rbsp, zeros);
  if (value > max)
    rbsp->failed = TRUE;
  return rbsp->failed ? 0 : value;
}

gint32
vs_rbsp_se (VsRbsp * rbsp)
{
  guint32 value = vs_rbsp_ue (rbsp, G_MAXUINT32 - 1);

  return value & 1 ? (gint32) (value / 2) + 1 : -(gint32) (value / 2);
}

static void
parse_aspect_ratio (VsRbsp * rbsp, VsCodecConfig * config)
{
  static const guint8 ratios[][2] = {
    {1, 1}, {1, 1}, {12, 11}, {10, 11}, {16, 11}, {40, 33}, {24, 11}, {20, 11},
    {32, 11}, {80, 33}, {18, 11}, {15, 11}, {64, 33}, {160, 99}, {4, 3}, {3, 2},
    {2, 1}
  };
  guint32 idc = vs_rbsp_u (rbsp, 8);
  guint32 n = 1, d = 1;

  if (idc == EXTENDED_SAR) {
    n = vs_rbsp_u (rbsp, 16);
    d = vs_rbsp_u (rbsp, 16);
  } else if (idc < G_N_ELEMENTS (ratios)) {
    n = ratios[idc][0];
    d = ratios[idc][1];
  }
  if (n > 0 && d > 0) {
    config->par_n = n;
    config->par_d = d;
  }
}

void
vs_rbsp_vui_start (VsRbsp * rbsp, VsCodecConfig * config)
{
  if (vs_rbsp_u (rbsp, 1))
    parse_aspect_ratio (rbsp, config);
  if (vs_rbsp_u (rbsp, 1))      /* overscan_info_present_flag */
    vs_rbsp_skip (rbsp, 1);
  if (vs_rbsp_u (rbsp, 1)) {    /* video_signal_type_present_flag */
    vs_rbsp_skip (rbsp, 3);
    config->full_range = vs_rbsp_u (rbsp, 1);
    if (vs_rbsp_u (rbsp, 1)) {
      config->colour_primaries = vs_rbsp_u (rbsp, 8);
      config->transfer = vs_rbsp_u (rbsp, 8);
      config->matrix = vs_rbsp_u (rbsp, 8);
    }
  }
  if (vs_rbsp_u (rbsp, 1)) {    /* chroma_loc_info_present_flag */
    vs_rbsp_ue (rbsp, 5);
    vs_rbsp_ue (rbsp, 5);
  }
}

void
vs_rbsp_vui_timing (VsRbsp * rbsp, VsCodecConfig * config, guint ticks)
{
  guint64 units = vs_rbsp_u (rbsp, 32);
  guint64 scale = vs_rbsp_u (rbsp, 32);
  guint64 a, b;

  units *= ticks;
  if (rbsp->failed || units == 0 || scale == 0)
    return;
  for (a = scale, b = units; b != 0;) {
    guint64 rest = a % b;

    a = b;
    b = rest;
  }
  if (scale / a > G_MAXINT32 || units / a > G_MAXINT32)
    return;
  config->fps_n = scale / a;
  config->fps_d = units / a;
}
