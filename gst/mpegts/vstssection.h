/* VisionStream: PSI sections: PAT and PMT (ISO/IEC 13818-1 2.4.4)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "mpegts/vstsreader.h"

G_BEGIN_DECLS

#define VS_TS_PID_PAT 0x0000
#define VS_TS_PID_NULL 0x1fff

/* table_id, 2.4.4.5 and SCTE 35 9.6.1 */
#define VS_TS_TABLE_PAT 0x00
#define VS_TS_TABLE_PMT 0x02
#define VS_TS_TABLE_SCTE35 0xfc

/* up to and with section_length */
#define VS_TS_SECTION_HEAD 3
/* section_length of PAT and PMT, 2.4.4.4 */
#define VS_TS_PSI_LENGTH_MAX 1021
/* of private sections, 2.4.4.11 */
#define VS_TS_SECTION_LENGTH_MAX 4093
#define VS_TS_SECTION_MAX (VS_TS_SECTION_HEAD + VS_TS_SECTION_LENGTH_MAX)

/* descriptor_tag, 2.6 and ETSI EN 300 468 6.1 */
#define VS_TS_DESCRIPTOR_REGISTRATION 0x05
#define VS_TS_DESCRIPTOR_LANGUAGE 0x0a
#define VS_TS_DESCRIPTOR_DVB_AC3 0x6a
#define VS_TS_DESCRIPTOR_DVB_EAC3 0x7a
#define VS_TS_DESCRIPTOR_EXTENSION 0x7f

/**
 * vs_ts_crc32:
 *
 * The CRC of 13818-1 annex A. Over a whole section, its own CRC included, it
 * is 0.
 */
guint32 vs_ts_crc32 (const guint8 *data, gsize size);

/**
 * vs_ts_parse_pat:
 * @section: whole, its CRC checked
 * @program_number: (inout): wanted, 0 for the first; then which it is
 *
 * Returns: FALSE when the PAT does not have the programme
 */
gboolean vs_ts_parse_pat (const guint8 *section, gsize size,
    guint16 *program_number, guint16 *pmt_pid);

/**
 * vs_ts_parse_pmt:
 * @section: whole, its CRC checked
 * @left_out: (out): streams beyond VS_TS_MAX_TRACKS
 *
 * Returns: (transfer full) (nullable): the programme, NULL when a length in it
 *   is wrong
 */
VsTsProgram *vs_ts_parse_pmt (const guint8 *section, gsize size,
    guint *left_out);

/**
 * vs_ts_build_pat:
 *
 * Appends the PAT section of one programme.
 */
void vs_ts_build_pat (const VsTsProgram *program, GByteArray *out);

/**
 * vs_ts_build_pmt:
 *
 * Appends the PMT section. Descriptors that would make it longer than
 * VS_TS_PSI_LENGTH_MAX are left out, streams never.
 */
void vs_ts_build_pmt (const VsTsProgram *program, GByteArray *out);

/* The stream_type of a codec, and back: 2.4.4.10, table 2-34; ATSC A/53 for
 * AC-3, SCTE 35 for cue messages. */
guint8  vs_ts_codec_to_stream_type (VsCodec codec);
VsCodec vs_ts_codec_from_stream_type (guint8 stream_type,
    const guint8 *descriptors, gsize size);

/* The payload of the first descriptor with @tag. */
const guint8 *vs_ts_find_descriptor (const guint8 *descriptors, gsize size,
    guint8 tag, guint8 *length);

G_END_DECLS
