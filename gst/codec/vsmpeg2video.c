/* VisionStream: MPEG-1 and MPEG-2 video headers (ISO/IEC 13818-2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "codec/vsparsers.h"

/* start_code_value, table 6-1 */
#define PICTURE_START 0x00
#define SLICE_FIRST 0x01
#define SLICE_LAST 0xaf
#define SEQUENCE_HEADER 0xb3
#define EXTENSION_START 0xb5
/* extension_start_code_identifier, table 6-2 */
#define SEQUENCE_EXTENSION 1
#define SEQUENCE_DISPLAY_EXTENSION 2
#define PICTURE_TYPE_I 1

/* Fixed parts behind the start code: what of them makes a configuration ends
 * with frame_rate_code, before the bit rate. */
#define HEADER_SIZE 8
#define HEADER_IDENTITY 4
#define EXTENSION_SIZE 6

/* MPEG-1 video, MPEG-2 video Main: objectTypeIndication, RFC 6381 and
 * www.mp4ra.org */
#define OBJECT_TYPE_MPEG1 0x6a
#define OBJECT_TYPE_SIMPLE 0x60
#define PROFILE_SIMPLE 5

typedef struct
{
  const guint8 *header, *extension, *display;
} Headers;

/* The headers ahead of the first picture. */
static gboolean
find_headers (const guint8 * data, gsize size, Headers * headers)
{
  gsize i = vs_nal_find_start_code (data, size, 0);

  memset (headers, 0, sizeof *headers);
  for (; i + 4 < size; i = vs_nal_find_start_code (data, size, i + 3)) {
    const guint8 *payload = data + i + 4;
    gsize left = size - i - 4;
    guint8 type = data[i + 3];

    if (type <= SLICE_LAST)
      break;
    if (type == SEQUENCE_HEADER && left >= HEADER_SIZE)
      headers->header = payload;
    if (type != EXTENSION_START || left < EXTENSION_SIZE)
      continue;
    if (payload[0] >> 4 == SEQUENCE_EXTENSION)
      headers->extension = payload;
    else if (payload[0] >> 4 == SEQUENCE_DISPLAY_EXTENSION)
      headers->display = payload;
  }
  return headers->header != NULL;
}

/* 6.3.3: the display aspect ratio, or that of a sample */
static void
set_aspect_ratio (VsCodecConfig * config, guint code, gboolean mpeg2)
{
  static const guint display[][2] = { {4, 3}, {16, 9}, {221, 100} };
  guint64 n, d, a, b;

  if (!mpeg2 || code < 2 || code > 4)
    return;
  n = (guint64) display[code - 2][0] * config->height;
  d = (guint64) display[code - 2][1] * config->width;
  for (a = n, b = d; b != 0;) {
    guint64 rest = a % b;

    a = b;
    b = rest;
  }
  config->par_n = n / a;
  config->par_d = d / a;
}

static void
set_frame_rate (VsCodecConfig * config, guint code, guint n, guint d)
{
  static const guint rates[][2] = { {24000, 1001}, {24, 1}, {25, 1},
  {30000, 1001}, {30, 1}, {50, 1}, {60000, 1001}, {60, 1}
  };

  if (code == 0 || code > G_N_ELEMENTS (rates))
    return;
  config->fps_n = rates[code - 1][0] * (n + 1);
  config->fps_d = rates[code - 1][1] * (d + 1);
}

static void
parse_extension (VsCodecConfig * config, const guint8 * p, guint rate_code)
{
  config->profile = p[0] & 7;
  config->level = p[1] >> 4;
  config->interlaced = !(p[1] >> 3 & 1);
  config->width |= (p[1] & 1) << 13 | (p[2] >> 7) << 12;
  config->height |= (p[2] >> 5 & 3) << 12;
  set_frame_rate (config, rate_code, p[5] >> 5 & 3, p[5] & 0x1f);
}

static guint
object_type (const VsCodecConfig * config, gboolean mpeg2)
{
  if (!mpeg2)
    return OBJECT_TYPE_MPEG1;
  /* profiles count down from Simple, object types up */
  if (config->profile == 0 || config->profile > PROFILE_SIMPLE)
    return OBJECT_TYPE_SIMPLE + PROFILE_SIMPLE;
  return OBJECT_TYPE_SIMPLE + PROFILE_SIMPLE - config->profile;
}

VsCodecConfig *
vs_mpeg2_video_config (const guint8 * data, gsize size,
    VsCodecConfig * previous)
{
  g_autoptr (VsCodecConfig) config = NULL;
  guint8 identity[HEADER_IDENTITY + EXTENSION_SIZE] = { 0, };
  Headers headers;

  if (!find_headers (data, size, &headers))
    return NULL;
  memcpy (identity, headers.header, HEADER_IDENTITY);
  if (headers.extension)
    memcpy (identity + HEADER_IDENTITY, headers.extension, EXTENSION_SIZE);
  if (vs_codec_config_matches (previous, VS_CODEC_MPEG2_VIDEO, identity,
          sizeof identity))
    return vs_codec_config_ref (previous);
  config = vs_codec_config_new (VS_CODEC_MPEG2_VIDEO);
  config->width = headers.header[0] << 4 | headers.header[1] >> 4;
  config->height = (headers.header[1] & 0x0f) << 8 | headers.header[2];
  config->bit_depth = 8;
  set_frame_rate (config, headers.header[3] & 0x0f, 0, 0);
  if (headers.extension)
    parse_extension (config, headers.extension, headers.header[3] & 0x0f);
  if (config->width == 0 || config->height == 0)
    return NULL;
  set_aspect_ratio (config, headers.header[3] >> 4, headers.extension != NULL);
  if (headers.display && headers.display[0] & 1) {
    config->colour_primaries = headers.display[1];
    config->transfer = headers.display[2];
    config->matrix = headers.display[3];
  }
  g_snprintf (config->mime, sizeof config->mime, "mp4v.%x",
      object_type (config, headers.extension != NULL));
  vs_codec_config_finish (config, identity, sizeof identity, FALSE);
  return g_steal_pointer (&config);
}

gboolean
vs_mpeg2_video_is_keyframe (const guint8 * data, gsize size)
{
  gboolean sequence = FALSE;
  gsize i = vs_nal_find_start_code (data, size, 0);

  for (; i + 5 < size; i = vs_nal_find_start_code (data, size, i + 3)) {
    guint8 type = data[i + 3];

    if (type == SEQUENCE_HEADER)
      sequence = TRUE;
    else if (type == PICTURE_START)
      return sequence && (data[i + 5] >> 3 & 7) == PICTURE_TYPE_I;
    else if (type >= SLICE_FIRST && type <= SLICE_LAST)
      return FALSE;
  }
  return FALSE;
}
