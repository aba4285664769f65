/* VisionStream: HLS playlists, written and read (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/* Raised with the bytes that the writers make. */
#define VS_M3U8_VERSION 1

/**
 * VsM3u8UriFunc:
 *
 * Appends the URI of @segment, relative to the playlist.
 */
typedef void (*VsM3u8UriFunc) (GString *out, const VsSegment *segment,
    gpointer user_data);
/* Appends the URI of the init segment of configuration @config_id. */
typedef void (*VsM3u8MapFunc) (GString *out, const gchar *config_id,
    gpointer user_data);

typedef struct
{
  VsM3u8UriFunc uri;
  VsM3u8MapFunc map;            /* NULL for TS */
  gpointer user_data;
  VsMediaType track;            /* whose durations and configurations count */
  gboolean archive;             /* with the comment line of an archive */
  gboolean event_type;          /* EXT-X-PLAYLIST-TYPE:EVENT while growing */
} VsM3u8MediaSettings;

/**
 * vs_m3u8_write_media:
 *
 * A media playlist of @view: VOD with EXT-X-ENDLIST when the view has ended
 * and begins at the first segment, else live. EXTINF with five decimals or
 * more, EXT-X-PROGRAM-DATE-TIME on every segment, EXT-X-DISCONTINUITY
 * and EXT-X-GAP where due.
 *
 * In an archive each entry has, ahead of EXTINF, one comment line
 * `#VISIONSTREAM:` with attributes: what packaging needs and the bytes alone
 * can't tell (see README.md in gst/archive).
 */
gchar *vs_m3u8_write_media (const VsTimelineView *view,
    const VsM3u8MediaSettings *settings);

/* Appends one entry, as vs_m3u8_write_media () does: lines are rendered once
 * and cached a block. @previous_config: in/out, for EXT-X-MAP. */
void vs_m3u8_append_entry (GString *out, const VsSegment *segment,
    const VsSegment *previous, const VsM3u8MediaSettings *settings);

/**
 * VsM3u8Variant:
 *
 * One EXT-X-STREAM-INF of a main playlist.
 */
typedef struct
{
  const gchar *uri;
  guint bandwidth, average_bandwidth;   /* bit/s */
  const gchar *codecs;                  /* RFC 6381, all tracks */
  guint width, height;                  /* 0 for audio only */
  guint fps_n, fps_d;
  const gchar *audio_group;             /* or NULL */
  const gchar *video_range;             /* SDR, PQ, HLG or NULL */
} VsM3u8Variant;

typedef struct
{
  const gchar *group, *name, *language, *uri;
  gboolean is_default;
  guint channels;
} VsM3u8Audio;

gchar *vs_m3u8_write_main (const VsM3u8Variant *variants, guint n_variants,
    const VsM3u8Audio *audios, guint n_audios, gboolean independent);

/* Reading back. */
#define VS_M3U8_ERROR (vs_m3u8_error_quark ())
GQuark vs_m3u8_error_quark (void);

typedef enum
{
  VS_M3U8_ERROR_SYNTAX,
  VS_M3U8_ERROR_TOO_LARGE
} VsM3u8Error;

/**
 * VsM3u8Media:
 *
 * A media playlist that was read: an archive's (segments complete, from the
 * comment lines) or another maker's (what the tags tell: duration, URI,
 * discontinuity, date, media sequence; tracks and hash empty).
 */
typedef struct
{
  guint target_duration;
  guint64 media_sequence, discontinuity_sequence;
  gboolean ended;
  gboolean foreign;             /* no comment lines of ours */
  GPtrArray *segments;          /* VsSegment */
  GHashTable *attributes;       /* "#VISIONSTREAM-PLAYLIST:" of the head */
} VsM3u8Media;

/**
 * vs_m3u8_read_media:
 *
 * Errors name the line. URIs are kept as they stand; whoever opens them
 * checks them.
 */
VsM3u8Media *vs_m3u8_read_media (const gchar *text, gsize size,
    GError ** error);
void         vs_m3u8_media_free (VsM3u8Media *media);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsM3u8Media, vs_m3u8_media_free)

typedef struct
{
  gchar *uri;
  gchar *codecs;
  guint bandwidth, average_bandwidth, width, height;
} VsM3u8MainEntry;

/* A main playlist's variants: GPtrArray of VsM3u8MainEntry. */
GPtrArray *vs_m3u8_read_main (const gchar *text, gsize size,
    GError ** error);

G_END_DECLS
