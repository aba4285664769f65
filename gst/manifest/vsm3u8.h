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

/**
 * VsM3u8MediaSettings:
 * @uri: NULL writes VsSegment.uri as it stands
 * @map: NULL for TS
 * @track: whose durations, dates and configurations count; VS_MEDIA_OTHER for
 *   the segment's own durations, without EXT-X-MAP
 * @one_track: the playlist is of @track alone: where a segment has nothing of
 *   it there is nothing to fetch. With maps it always is
 * @event_type: EXT-X-PLAYLIST-TYPE:EVENT while the view grows; the caller
 *   answers for never removing an entry
 * @date_interval: ns between two EXT-X-PROGRAM-DATE-TIME, 0 for one an entry,
 *   -1 for none; the first entry and each discontinuity have one anyhow
 * @has_start: with EXT-X-START: @start_offset (ns; from the end when
 *   negative), @start_precise
 * @archive: with the comment lines of an archive (README.md in gst/archive)
 * @first_sequence: archive: the oldest segment that is retained, in this
 *   playlist or in sealed parts; 0: the view's first
 * @attributes: (nullable): archive: name, value, ..., NULL: further
 *   attributes of the head, in names of A-Z, 0-9 and '-'
 */
typedef struct
{
  VsM3u8UriFunc uri;
  VsM3u8MapFunc map;
  gpointer user_data;
  VsMediaType track;
  gboolean one_track;
  gboolean event_type;
  gint64 date_interval;
  gboolean has_start;
  gint64 start_offset;
  gboolean start_precise;
  gboolean archive;
  guint64 first_sequence;
  const gchar *const *attributes;
} VsM3u8MediaSettings;

/**
 * vs_m3u8_write_media:
 *
 * A media playlist of @view: VOD with EXT-X-ENDLIST when the view has ended,
 * else live. EXTINF in whole microseconds, the difference of two rounded
 * times, so that the sum does not drift; EXT-X-PROGRAM-DATE-TIME on every
 * segment, EXT-X-DISCONTINUITY, EXT-X-MAP and EXT-X-GAP where due; with maps
 * (a playlist of one track) also where a segment has nothing of the track.
 *
 * Returns: (transfer full): the text
 */
gchar *vs_m3u8_write_media (const VsTimelineView *view,
    const VsM3u8MediaSettings *settings);

/**
 * vs_m3u8_append_head:
 * @view: what the playlist tells of, with at least its first segment
 * @independent: all of its segments begin with a keyframe
 *
 * Appends what stands ahead of the entries: for a playlist that is too long
 * to be held in a view. The entries follow by vs_m3u8_append_entry (), then
 * VS_M3U8_END.
 */
void vs_m3u8_append_head (GString *out, const VsTimelineView *view,
    gboolean independent, const VsM3u8MediaSettings *settings);
#define VS_M3U8_END "#EXT-X-ENDLIST\n"

/**
 * vs_m3u8_append_entry:
 * @previous: (nullable): the entry before it in the playlist. Without one the
 *   entry begins a playlist: it has no EXT-X-DISCONTINUITY (the head's
 *   EXT-X-DISCONTINUITY-SEQUENCE counts it) and always an EXT-X-MAP.
 *
 * Appends one entry, as vs_m3u8_write_media () does: lines are rendered once
 * and cached a block.
 */
void vs_m3u8_append_entry (GString *out, const VsSegment *segment,
    const VsSegment *previous, const VsM3u8MediaSettings *settings);

/**
 * VsM3u8Sum:
 *
 * What a head tells of entries that are not at hand all at once.
 */
typedef struct
{
  guint target_duration;        /* s: of the longest, rounded */
  gboolean dependent;           /* some can't be decoded alone */
} VsM3u8Sum;

void vs_m3u8_sum_up (VsM3u8Sum *sum, const VsSegment *segment,
    const VsM3u8MediaSettings *settings);
void vs_m3u8_sum_add (VsM3u8Sum *sum, const VsM3u8Sum *other);

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

typedef struct
{
  const VsM3u8Variant *variants;
  guint n_variants;
  const VsM3u8Audio *audios;
  guint n_audios;
  gboolean independent;         /* all segments of all variants */
  /* where another chain has the same, relative: "../live-1/", or NULL */
  const gchar *redundant;
} VsM3u8MainSettings;

/**
 * vs_m3u8_write_main:
 *
 * With VsM3u8MainSettings.redundant everything stands there a second time,
 * below that folder, each entry behind a comment line that tells it apart;
 * groups are called "<group>-0", and "<group>-1" there. A player takes up such
 * a variant when the first one of the same attributes fails.
 *
 * Returns: (transfer full): the text
 */
gchar *vs_m3u8_write_main (const VsM3u8MainSettings *settings);

/* Reading back. */
#define VS_M3U8_ERROR (vs_m3u8_error_quark ())
GQuark vs_m3u8_error_quark (void);

typedef enum
{
  VS_M3U8_ERROR_SYNTAX,
  VS_M3U8_ERROR_TOO_LARGE
} VsM3u8Error;

/* larger texts, and playlists of more entries, are refused */
#define VS_M3U8_MAX_SIZE (64 * 1024 * 1024)
#define VS_M3U8_MAX_ENTRIES 1000000

/**
 * VsM3u8Media:
 *
 * A media playlist that was read: an archive's (complete, from the comment
 * lines: what vs_m3u8_write_media () was given) or another maker's (what the
 * tags tell: duration, URI, gap, discontinuity, date, media sequence, how it is
 * stored; tracks and hash empty). What is encrypted otherwise than with AES-128
 * is an error.
 */
typedef struct
{
  guint target_duration;
  guint64 media_sequence, discontinuity_sequence;
  gboolean ended;
  gboolean foreign;             /* no comment lines of ours */
  GPtrArray *segments;          /* VsSegment, owned */

  /* an archive's head; NULL, empty and 0 in a foreign playlist */
  VsRendition *rendition;
  GPtrArray *configs;           /* VsCodecConfig, owned; record is NULL */
  VsPeaks peaks;
  guint average_bandwidth;      /* bit/s */
  guint64 first_sequence;       /* oldest that is retained */
  GHashTable *attributes;       /* all of "#VISIONSTREAM-PLAYLIST:" */
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

/**
 * VsM3u8MainEntry:
 *
 * A variant, or an audio rendition that has a playlist of its own. What the
 * playlist does not tell is NULL or 0.
 */
typedef struct
{
  gchar *uri;
  gchar *codecs;
  gchar *language;              /* of audio */
  guint bandwidth, average_bandwidth, width, height;
  guint fps_n, fps_d;
  gboolean is_audio;            /* EXT-X-MEDIA */
  gchar *audio_group;           /* AUDIO or GROUP-ID */
  gchar *audio_uri;             /* of a variant whose sound has a playlist of
                                 * its own: of the rendition that is played
                                 * unless another one is chosen */
} VsM3u8MainEntry;

VsM3u8MainEntry *vs_m3u8_main_entry_copy (const VsM3u8MainEntry *entry);
void             vs_m3u8_main_entry_free (VsM3u8MainEntry *entry);

/* A main playlist's variants, then its audio renditions: GPtrArray of
 * VsM3u8MainEntry, owned. What another chain has is left out: see
 * vs_m3u8_write_main (). */
GPtrArray *vs_m3u8_read_main (const gchar *text, gsize size,
    GError ** error);

G_END_DECLS
