/* VisionStream: an archive, turned into something else
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivecursor.h"
#include "common/line.h"
#include "common/place.h"
#include "options.h"

G_BEGIN_DECLS

/**
 * VsConvert:
 *
 * A conversion. Functions that are given it block; they are for one thread
 * that is not the main one.
 *
 * @store, @playlist: where it is: see vs_archive_location_open ()
 * @rendition: (nullable): that is read, as asked for or chosen; NULL: whichever
 *   the cursor takes
 * @video, @audio: (nullable): configurations of the first tracks in the range,
 *   as its first segments have them
 * @fps_n, @fps_d: of the pictures, 0/1 where it is not told
 * @utc_us: of the first keyframe, µs since 1970
 * @duration: of the range, as far as it is there; @growing: more may come
 * @keyframe_interval: the longest time between two keyframes in that segment
 * @target_duration: of the source's segments, 0 where it is not told
 */
typedef struct
{
  const VsConvertOptions *options;
  VsPlace place;
  VsStore *store;
  gchar *playlist;
  VsLine line;

  gchar *rendition;
  VsCodecConfig *video, *audio;
  guint fps_n, fps_d;
  gint64 utc_us;
  GstClockTime duration, keyframe_interval, target_duration;
  gboolean growing;
} VsConvert;

void vs_convert_clear (VsConvert *convert);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsConvert, vs_convert_clear)

/**
 * vs_convert_look:
 *
 * Finds out what there is: chooses the rendition where none was asked for, and
 * looks into the range's first segment. Errors are those of
 * vs_archive_cursor_open () and vs_archive_cursor_next ().
 */
gboolean vs_convert_look (VsConvert *convert, GCancellable *cancellable,
    GError **error);

/* What a cursor is to read. */
void vs_convert_get_range (const VsConvert *convert,
    VsArchiveCursorSettings *range);

/* Fails, with %G_IO_ERROR_NOT_SUPPORTED, where there is no such track. */
gboolean vs_convert_need (const VsConvert *convert, VsMediaType type,
    GError **error);

/* The size of pictures @height high (0: as they are, at most that), with
 * square pixels; both even. */
void vs_convert_get_size (const VsConvert *convert, guint height,
    guint *width, guint *out_height);
/* What pictures of a size need at good quality, bit/s. */
guint vs_convert_guess_bitrate (const VsConvert *convert, guint width,
    guint height);

/* How far it is, when it is time to tell; @total may not be known. */
void vs_convert_tell (VsConvert *convert, GstClockTime position,
    GstClockTime total);
/* "00:01:30.500": (transfer full) */
gchar *vs_convert_format_time (GstClockTime time);
void vs_convert_warn (VsConvert *convert, const gchar *text);
/* What was made: the path goes to standard output. */
void vs_convert_say_made (VsConvert *convert, const gchar *path,
    GstClockTime duration, guint64 size);

/* The conversions. What was half written is gone when they fail. */
gboolean vs_convert_copy (VsConvert *convert, GCancellable *cancellable,
    GError **error);
gboolean vs_convert_encode (VsConvert *convert, GCancellable *cancellable,
    GError **error);
gboolean vs_convert_webm (VsConvert *convert, GCancellable *cancellable,
    GError **error);
gboolean vs_convert_audio (VsConvert *convert, GCancellable *cancellable,
    GError **error);
gboolean vs_convert_thumbnails (VsConvert *convert,
    GCancellable *cancellable, GError **error);
gboolean vs_convert_ladder (VsConvert *convert, GCancellable *cancellable,
    GError **error);

G_END_DECLS
