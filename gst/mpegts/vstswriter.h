/* VisionStream: access units to MPEG-TS bytes (ISO/IEC 13818-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

/* PIDs of what we write ourselves */
#define VS_TS_PID_PMT 0x1000
#define VS_TS_PID_FIRST_TRACK 0x100
/* PCR runs this far behind the DTS: 0.7 s, the delay of 13818-1's T-STD at
 * our VBV sizes */
#define VS_TS_PCR_DELAY_90K 63000

typedef struct _VsTsWriter VsTsWriter;

/**
 * vs_ts_program_new_simple:
 * @video: VS_CODEC_UNKNOWN for none
 * @audio: VS_CODEC_UNKNOWN for none
 * @language: (nullable): of the audio, ISO 639-2
 *
 * The programme that vsladder writes: video on PID 0x100, audio after it, the
 * PCR on the first.
 */
VsTsProgram *vs_ts_program_new_simple (VsCodec video, VsCodec audio,
    const gchar *language);

/**
 * vs_ts_writer_new:
 * @program: (transfer none): copied. PIDs are given anew from
 *   VS_TS_PID_FIRST_TRACK on, stream types and descriptors are kept.
 *
 * The same units in the same order give the same bytes: a writer has no
 * clock. Continuity counters run on over segments.
 */
VsTsWriter *vs_ts_writer_new (const VsTsProgram *program);
/* The same, with the PIDs that @program has: for what is to stand among
 * packets of another writer. The PCR goes with a track. */
VsTsWriter *vs_ts_writer_new_same_pids (const VsTsProgram *program);
void        vs_ts_writer_free (VsTsWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsTsWriter, vs_ts_writer_free)

/**
 * vs_ts_writer_set_program:
 *
 * Another programme from the next vs_ts_writer_write_psi () on, with the same
 * PIDs: track n keeps its continuity counter, and the PMT gets another
 * version_number (13818-1 2.4.4.9).
 */
void vs_ts_writer_set_program (VsTsWriter *writer, const VsTsProgram *program);

/**
 * vs_ts_writer_write_psi:
 *
 * Appends PAT and PMT, one packet each: at a segment's start and before each
 * keyframe.
 */
void vs_ts_writer_write_psi (VsTsWriter *writer, GByteArray *out);

/**
 * vs_ts_writer_write_unit:
 * @unit: times are written modulo 2^33; a DTS is written where it differs
 *   from the PTS
 *
 * Appends one access unit as one PES packet (PES_packet_length 0 for video of
 * 64 KiB or more), with random_access_indicator on keyframes, the
 * discontinuity_indicator where VS_TS_UNIT_DISCONT is set, and on the PCR's
 * track a PCR in its first packet (units further than 100 ms apart get PCR
 * packets between them). Sections are written as such. An H.264 or H.265 unit
 * without access unit delimiter gets one (13818-1 2.14.1).
 */
void vs_ts_writer_write_unit (VsTsWriter *writer, const VsTsUnit *unit,
    GByteArray *out);

G_END_DECLS
