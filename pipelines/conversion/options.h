/* VisionStream: what a conversion is asked for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "archive/vsarchivetime.h"

G_BEGIN_DECLS

/* What is made; flags, because an option is for some of them */
typedef enum
{
  VS_CONVERT_COPY = 1 << 0,     /* MP4, nothing encoded anew */
  VS_CONVERT_ENCODE = 1 << 1,   /* MP4 */
  VS_CONVERT_WEBM = 1 << 2,
  VS_CONVERT_M4A = 1 << 3,
  VS_CONVERT_MP3 = 1 << 4,
  VS_CONVERT_OPUS = 1 << 5,
  VS_CONVERT_FLAC = 1 << 6,
  VS_CONVERT_WAV = 1 << 7,
  VS_CONVERT_THUMBNAILS = 1 << 8,
  VS_CONVERT_LADDER = 1 << 9
} VsConvertKind;

#define VS_CONVERT_AUDIO (VS_CONVERT_M4A | VS_CONVERT_MP3 | \
  VS_CONVERT_OPUS | VS_CONVERT_FLAC | VS_CONVERT_WAV)

/* where none is given */
#define VS_CONVERT_THUMBNAIL_WIDTH 320

/**
 * VsConvertOptions:
 * @source, @output: as they were given; @output is NULL for a ladder
 * @start_text, @stop_text: the range, also parsed
 * @fail: on a segment that is missing or damaged
 * @bitrate, @audio_bitrate: bit/s, 0 for none given
 * @interval: between thumbnails
 */
typedef struct
{
  VsConvertKind kind;
  gchar *source, *output;
  gchar *rendition, *start_text, *stop_text;
  VsArchiveTime start, stop;
  gboolean keep_gaps, fail, force;
  guint height, width;
  guint bitrate, audio_bitrate;
  gboolean vp8;
  gchar *preset;
  GstClockTime interval;
  gchar *ladder, *to, *event, *spool;
} VsConvertOptions;

void vs_convert_options_clear (VsConvertOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsConvertOptions,
    vs_convert_options_clear)

/* FALSE with %G_OPTION_ERROR */
gboolean vs_convert_options_parse (VsConvertOptions *options, gint *argc,
    gchar ***argv, GError **error);

G_END_DECLS
