/* VisionStream: PSI sections: PAT and PMT (ISO/IEC 13818-1 2.4.4)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "mpegts/vstssection.h"

#define CRC_SIZE 4
/* table_id to last_section_number */
#define PSI_HEAD 8
/* program_number and PID in a PAT */
#define PAT_ENTRY 4
/* PSI_HEAD, PCR_PID and program_info_length */
#define PMT_HEAD 12
/* stream_type, PID and ES_info_length */
#define PMT_ENTRY 5
/* section_syntax_indicator and the reserved bits ahead of section_length */
#define LONG_SECTION 0xb000
#define CURRENT_NEXT 0x01

guint32
vs_ts_crc32 (const guint8 * data, gsize size)
{
  static gsize ready = 0;
  static guint32 table[256];
  guint32 crc = 0xffffffff;

  if (g_once_init_enter (&ready)) {
    for (guint32 i = 0; i < 256; i++) {
      guint32 value = i << 24;

      for (guint bit = 0; bit < 8; bit++)
        value = (value << 1) ^ ((value >> 31) ? 0x04c11db7 : 0);
      table[i] = value;
    }
    g_once_init_leave (&ready, 1);
  }
  while (size-- > 0)
    crc = (crc << 8) ^ table[(crc >> 24) ^ *data++];
  return crc;
}

const guint8 *
vs_ts_find_descriptor (const guint8 * descriptors, gsize size, guint8 tag,
    guint8 * length)
{
  while (size >= 2 && size - 2 >= descriptors[1]) {
    if (descriptors[0] == tag) {
      *length = descriptors[1];
      return descriptors + 2;
    }
    size -= 2 + descriptors[1];
    descriptors += 2 + descriptors[1];
  }
  return NULL;
}

static const struct
{
  guint8 stream_type;
  VsCodec codec;
} stream_types[] = {
  /* the first of a codec is the one that is written */
  {0x1b, VS_CODEC_H264},
  {0x24, VS_CODEC_H265},
  {0x02, VS_CODEC_MPEG2_VIDEO},
  {0x01, VS_CODEC_MPEG2_VIDEO},
  {0x0f, VS_CODEC_AAC},
  {0x81, VS_CODEC_AC3},
  {0x87, VS_CODEC_EAC3},
  {0x03, VS_CODEC_MPEG_AUDIO},
  {0x04, VS_CODEC_MPEG_AUDIO},
  {0x15, VS_CODEC_ID3},
  {0x86, VS_CODEC_SCTE35},
  {0x06, VS_CODEC_PRIVATE},
};

guint8
vs_ts_codec_to_stream_type (VsCodec codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (stream_types); i++) {
    if (stream_types[i].codec == codec)
      return stream_types[i].stream_type;
  }
  return 0x06;
}

/* What a PES of private data holds is told by descriptors: DVB's own (EN 300
 * 468 annex D) or SMPTE's registration. */
static VsCodec
private_codec (const guint8 * descriptors, gsize size)
{
  static const struct
  {
    gchar identifier[5];
    VsCodec codec;
  } registrations[] = {
    {"AC-3", VS_CODEC_AC3},
    {"EAC3", VS_CODEC_EAC3},
    {"HEVC", VS_CODEC_H265},
    {"Opus", VS_CODEC_OPUS},
    {"ID3 ", VS_CODEC_ID3},
  };
  const guint8 *payload;
  guint8 length;

  if (vs_ts_find_descriptor (descriptors, size, VS_TS_DESCRIPTOR_DVB_AC3,
          &length))
    return VS_CODEC_AC3;
  if (vs_ts_find_descriptor (descriptors, size, VS_TS_DESCRIPTOR_DVB_EAC3,
          &length))
    return VS_CODEC_EAC3;
  payload = vs_ts_find_descriptor (descriptors, size,
      VS_TS_DESCRIPTOR_REGISTRATION, &length);
  for (guint i = 0; payload && length >= 4
      && i < G_N_ELEMENTS (registrations); i++) {
    if (memcmp (payload, registrations[i].identifier, 4) == 0)
      return registrations[i].codec;
  }
  return VS_CODEC_PRIVATE;
}

VsCodec
vs_ts_codec_from_stream_type (guint8 stream_type, const guint8 * descriptors,
    gsize size)
{
  if (stream_type == 0x06)
    return private_codec (descriptors, size);
  for (guint i = 0; i < G_N_ELEMENTS (stream_types); i++) {
    if (stream_types[i].stream_type == stream_type)
      return stream_types[i].codec;
  }
  return VS_CODEC_UNKNOWN;
}

gboolean
vs_ts_parse_pat (const guint8 * section, gsize size, guint16 * program_number,
    guint16 * pmt_pid)
{
  if (size < PSI_HEAD + CRC_SIZE || section[0] != VS_TS_TABLE_PAT)
    return FALSE;
  for (gsize i = PSI_HEAD; i + PAT_ENTRY <= size - CRC_SIZE; i += PAT_ENTRY) {
    guint16 number = GST_READ_UINT16_BE (section + i);

    /* programme 0 is the network information table */
    if (number == 0 || (*program_number && *program_number != number))
      continue;
    *program_number = number;
    *pmt_pid = GST_READ_UINT16_BE (section + i + 2) & 0x1fff;
    return TRUE;
  }
  return FALSE;
}

static void
parse_track (VsTsTrack * track, const guint8 * entry, gsize info_length)
{
  const guint8 *info = entry + PMT_ENTRY;
  const guint8 *language;
  guint8 length;

  track->stream_type = entry[0];
  track->pid = GST_READ_UINT16_BE (entry + 1) & 0x1fff;
  track->codec = vs_ts_codec_from_stream_type (entry[0], info, info_length);
  if (info_length > 0)
    track->descriptors = g_bytes_new (info, info_length);
  language = vs_ts_find_descriptor (info, info_length,
      VS_TS_DESCRIPTOR_LANGUAGE, &length);
  if (language && length >= 3 && g_ascii_isalpha (language[0])
      && g_ascii_isalpha (language[1]) && g_ascii_isalpha (language[2]))
    memcpy (track->language, language, 3);
}

VsTsProgram *
vs_ts_parse_pmt (const guint8 * section, gsize size, guint * left_out)
{
  g_autoptr (VsTsProgram) program = NULL;
  gsize info_length, i;

  *left_out = 0;
  if (size < PMT_HEAD + CRC_SIZE || section[0] != VS_TS_TABLE_PMT)
    return NULL;
  size -= CRC_SIZE;
  info_length = GST_READ_UINT16_BE (section + 10) & 0x0fff;
  if (info_length > size - PMT_HEAD)
    return NULL;
  program = g_new0 (VsTsProgram, 1);
  program->program_number = GST_READ_UINT16_BE (section + 3);
  program->pcr_pid = GST_READ_UINT16_BE (section + 8) & 0x1fff;
  if (info_length > 0)
    program->descriptors = g_bytes_new (section + PMT_HEAD, info_length);
  for (i = PMT_HEAD + info_length; size - i >= PMT_ENTRY;
      i += PMT_ENTRY + info_length) {
    info_length = GST_READ_UINT16_BE (section + i + 3) & 0x0fff;
    if (info_length > size - i - PMT_ENTRY)
      return NULL;
    if (program->n_tracks < VS_TS_MAX_TRACKS)
      parse_track (&program->tracks[program->n_tracks++], section + i,
          info_length);
    else
      ++ * left_out;
  }
  return i == size ? g_steal_pointer (&program) : NULL;
}

static void
append_be16 (GByteArray * out, guint16 value)
{
  guint8 bytes[2] = { value >> 8, value & 0xff };

  g_byte_array_append (out, bytes, sizeof bytes);
}

/* Appends the head of a section whose section_length is set later. */
static void
begin_section (GByteArray * out, guint8 table_id, guint16 extension)
{
  const guint8 tail[] = { 0xc0 | CURRENT_NEXT, 0, 0 };

  g_byte_array_append (out, &table_id, 1);
  append_be16 (out, LONG_SECTION);
  append_be16 (out, extension);
  g_byte_array_append (out, tail, sizeof tail);
}

/* Sets section_length, and a version_number made from the content: another
 * writer's table of other content on the same PID is seen as a new one. */
static void
end_section (GByteArray * out, guint start)
{
  guint8 *section = out->data + start;
  guint32 crc;

  GST_WRITE_UINT16_BE (section + 1, LONG_SECTION
      | (out->len - start - VS_TS_SECTION_HEAD + CRC_SIZE));
  section[5] |= (vs_ts_crc32 (section, out->len - start) & 0x1f) << 1;
  crc = vs_ts_crc32 (section, out->len - start);
  append_be16 (out, crc >> 16);
  append_be16 (out, crc & 0xffff);
}

void
vs_ts_build_pat (const VsTsProgram * program, GByteArray * out)
{
  guint start = out->len;

  begin_section (out, VS_TS_TABLE_PAT, 1);
  append_be16 (out, program->program_number);
  append_be16 (out, 0xe000 | program->pmt_pid);
  end_section (out, start);
}

/* Appends a descriptor loop behind its length, empty when it is longer than
 * @space, from which it is taken. */
static void
append_descriptors (GByteArray * out, GBytes * descriptors, gsize * space)
{
  gsize size = descriptors ? g_bytes_get_size (descriptors) : 0;

  if (size > *space)
    size = 0;
  append_be16 (out, 0xf000 | size);
  if (size > 0)
    g_byte_array_append (out, g_bytes_get_data (descriptors, NULL), size);
  *space -= size;
}

void
vs_ts_build_pmt (const VsTsProgram * program, GByteArray * out)
{
  guint start = out->len;
  gsize space = VS_TS_SECTION_HEAD + VS_TS_PSI_LENGTH_MAX - PMT_HEAD
      - program->n_tracks * PMT_ENTRY - CRC_SIZE;

  begin_section (out, VS_TS_TABLE_PMT, program->program_number);
  append_be16 (out, 0xe000 | program->pcr_pid);
  append_descriptors (out, program->descriptors, &space);
  for (guint i = 0; i < program->n_tracks; i++) {
    const VsTsTrack *track = &program->tracks[i];

    g_byte_array_append (out, &track->stream_type, 1);
    append_be16 (out, 0xe000 | track->pid);
    append_descriptors (out, track->descriptors, &space);
  }
  end_section (out, start);
}
