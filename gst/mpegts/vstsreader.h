/* VisionStream: MPEG-TS bytes to access units (ISO/IEC 13818-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vscodec.h"

G_BEGIN_DECLS

#define VS_TS_PACKET_SIZE 188
/* tracks of one programme; more are counted and left out */
#define VS_TS_MAX_TRACKS 32
/* the 33-bit clock of PTS, DTS and PCR base, 13818-1 2.4.3.6 */
#define VS_TS_CLOCK_WRAP (G_GINT64_CONSTANT (1) << 33)
#define VS_TS_NO_TIME G_MININT64

/**
 * VsTsTrack:
 *
 * One elementary stream of the PMT.
 */
typedef struct
{
  guint16 pid;
  guint8 stream_type;
  VsCodec codec;
  gchar language[4];            /* ISO 639-2, empty when not told */
  GBytes *descriptors;          /* as they stand in the PMT */
} VsTsTrack;

/**
 * VsTsProgram:
 *
 * A programme as its PMT tells it. Owned by the reader or by whoever made it;
 * vs_ts_program_copy () to keep one.
 */
typedef struct
{
  guint16 program_number;
  guint16 pmt_pid;
  guint16 pcr_pid;
  GBytes *descriptors;
  guint n_tracks;
  VsTsTrack tracks[VS_TS_MAX_TRACKS];
} VsTsProgram;

VsTsProgram *vs_ts_program_copy (const VsTsProgram *program);
void         vs_ts_program_free (VsTsProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTsProgram, vs_ts_program_free)

/**
 * vs_ts_program_dup_language:
 *
 * Of the first audio track that has one told (ISO_639_language_descriptor,
 * 13818-1 2.6.18).
 *
 * Returns: (transfer full) (nullable): BCP 47
 */
gchar *vs_ts_program_dup_language (const VsTsProgram *program);

typedef enum
{
  VS_TS_UNIT_KEYFRAME = 1 << 0, /* see vs_codec_is_keyframe (); all audio */
  VS_TS_UNIT_DAMAGED = 1 << 1,  /* packets were lost inside or just before */
  VS_TS_UNIT_DISCONT = 1 << 2,  /* the clock jumped, see VsTsReader */
} VsTsUnitFlags;

/**
 * VsTsUnit:
 *
 * One access unit (one audio frame, also where a PES held several; one whole
 * section for SCTE-35). Times are unwrapped 90 kHz ticks; @data is valid in
 * the callback only.
 */
typedef struct
{
  guint track;                  /* index in VsTsProgram.tracks */
  VsTsUnitFlags flags;
  gint64 pts_90k, dts_90k;      /* VS_TS_NO_TIME where none was sent */
  const guint8 *data;
  gsize size;
  VsCodecConfig *config;        /* in force for this unit, or NULL */
} VsTsUnit;

/**
 * VsTsReaderCallbacks:
 * @program: the PMT came, or came changed; the tracks of later units index
 *   into this one. A programme that changes its PIDs only keeps its tracks.
 * @unit: an access unit is whole
 *
 * Called from inside vs_ts_reader_push () and vs_ts_reader_drain ().
 */
typedef struct
{
  void (*program) (const VsTsProgram *program, gpointer user_data);
  void (*unit) (const VsTsUnit *unit, gpointer user_data);
} VsTsReaderCallbacks;

/**
 * VsTsStats:
 *
 * What was wrong with the stream, by the names of ETSI TR 101 290 5.2.
 */
typedef struct
{
  guint64 packets;
  guint64 sync_losses;          /* 1.1 TS_sync_loss */
  guint64 skipped_bytes;        /* outside packets */
  guint64 continuity_errors;    /* 1.4 Continuity_count_error, by jumps */
  guint64 transport_errors;     /* 2.1 */
  guint64 crc_errors;           /* 2.2, PAT and PMT */
  guint64 pid_changes;
  guint64 clock_jumps;
  guint64 scrambled;            /* packets left out */
  guint64 oversize;             /* units given up at the size limit */
} VsTsStats;

typedef struct _VsTsReader VsTsReader;

/**
 * vs_ts_reader_new:
 * @program_number: which programme, 0 for the first in the PAT
 *
 * A reader takes TS in pieces of any size, finds the packets (also after lost
 * sync: five sync bytes in step), follows PAT and PMT (a version with a CRC
 * error leaves the old one in force), assembles PES packets, splits audio
 * into frames and unwraps the 33-bit clock: all tracks share one unwrapping,
 * so that times of different tracks compare. A step of a video or audio DTS
 * by more than 10 s (forward) or 1 s (back) against the programme's own
 * progress is a jump: units after it carry VS_TS_UNIT_DISCONT once a track
 * and the times run on from the new value, unwrapped nearest to the old.
 *
 * Memory is bounded: one access unit a track, at most 16 MiB each.
 */
VsTsReader *vs_ts_reader_new (guint16 program_number,
    const VsTsReaderCallbacks *callbacks, gpointer user_data);
void        vs_ts_reader_free (VsTsReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTsReader, vs_ts_reader_free)

/**
 * vs_ts_reader_set_time_hint:
 *
 * Unwraps the first time stamp that comes to the value nearest to @pts_90k
 * instead of into [0, 2^33): packaging passes the segment's start.
 */
void vs_ts_reader_set_time_hint (VsTsReader *reader, gint64 pts_90k);

/**
 * vs_ts_reader_select:
 * @type: VS_MEDIA_OTHER for all tracks, as at first
 *
 * Before the first push: only tracks of this type are assembled and passed
 * on; the packets of others cost a look at their PID. The programme is told
 * whole.
 */
void vs_ts_reader_select (VsTsReader *reader, VsMediaType type);

void vs_ts_reader_push (VsTsReader *reader, const guint8 *data, gsize size);

/**
 * vs_ts_reader_end_unit:
 *
 * The bytes so far end an access unit of the track that was last written to
 * (GST_BUFFER_FLAG_MARKER): it is passed on now, not when the next begins.
 */
void vs_ts_reader_end_unit (VsTsReader *reader);

/**
 * vs_ts_reader_drain:
 *
 * The stream ends here: passes on what is whole.
 */
void vs_ts_reader_drain (VsTsReader *reader);

/**
 * vs_ts_reader_reset:
 *
 * Forgets half units and sync, keeps programme and clock: after a flush.
 */
void vs_ts_reader_reset (VsTsReader *reader);

void vs_ts_reader_get_stats (VsTsReader *reader, VsTsStats *stats);

/* (transfer full) (nullable): the programme that the first packets of a segment
 * tell of */
VsTsProgram *vs_ts_program_find (const guint8 *data, gsize size);

G_END_DECLS
