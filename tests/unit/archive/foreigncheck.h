/* VisionStream: other makers' playlists under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "archive/archivefixture.h"
#include "archive/vsarchivecursor.h"

/* options of ffmpeg's HLS muxer */
#define FOREIGN_FMP4 "-hls_segment_type fmp4 "
/* of the source, at 25 frames a second */
#define FOREIGN_SECONDS 6
#define FOREIGN_FRAMES (FOREIGN_SECONDS * 25)

/* A main playlist of the variant v.m3u8, whose sound is in %s */
#define FOREIGN_MAIN "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\"," \
    "NAME=\"n\",DEFAULT=YES,AUTOSELECT=YES,URI=\"%s\"\n" \
    "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"g\"\nv.m3u8\n"

/* A line for the shell, in the fixture's folder. */
gboolean foreign_run (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
/* "source.mp4", H.264 with B-frames and AAC, or what @codecs say; FALSE: and
 * said that it is skipped. */
gboolean foreign_make_source (const gchar *codecs);
/* A VOD playlist of it, with segments of 2 s. */
gboolean foreign_make_hls (const gchar *options);
/* a.m3u8 of it with my.key, which then is @key (nullable). */
void     foreign_make_encrypted (const gchar *key);
void     foreign_put_text (const gchar *name, const gchar *text);
gchar   *foreign_get_text (const gchar *name, gsize *size);

/* What a cursor gave */
typedef struct
{
  guint chunks, disconts, problems;
  GString *said;                /* of the problems */
} ForeignGiven;

void foreign_given_clear (ForeignGiven *given);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ForeignGiven, foreign_given_clear)

VsArchiveCursor *foreign_open (const gchar *name,
    const VsArchiveCursorSettings *settings, GError **error);
/* Into "out.ts"; @settings: (nullable) */
void foreign_read (ForeignGiven *given, const gchar *name,
    const VsArchiveCursorSettings *settings);

/* What ffmpeg makes of a file: hashes of pictures, and of frames of sound */
typedef struct
{
  GPtrArray *hashes[2];
  gdouble first_ms[2];
} ForeignDecoded;

void foreign_decoded_clear (ForeignDecoded *decoded);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ForeignDecoded, foreign_decoded_clear)

/* 0: the pictures */
void foreign_decode_stream (ForeignDecoded *decoded, guint i,
    const gchar *name);
void foreign_decode (ForeignDecoded *decoded, const gchar *name);
void foreign_assert_hashes (GPtrArray *is, GPtrArray *was, guint from,
    guint n);
/* "out.ts" has all of the source, and the sound where it was: to
 * FOREIGN_TOLERANCE_MS, which edit lists of ms lose, or to more. */
#define FOREIGN_TOLERANCE_MS 1.5
void foreign_assert_whole (gdouble tolerance_ms);
