/* VisionStream: access units to MPEG-TS bytes (ISO/IEC 13818-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A unit's packets are counted first, the array grows once, then they are
 * written straight through. All of a unit but its first and last packet is
 * the same four bytes with another counter and 184 bytes of payload.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "mpegts/vstssection.h"
#include "mpegts/vstswriter.h"

#define PACKET VS_TS_PACKET_SIZE
#define HEADER 4
#define PAYLOAD (PACKET - HEADER)
#define SYNC_BYTE 0x47
#define PAYLOAD_UNIT_START 0x40
/* adaptation_field_control, 2.4.3.3 */
#define HAS_ADAPTATION 0x20
#define HAS_PAYLOAD 0x10

/* flags of the adaptation field, 2.4.3.4 */
#define DISCONTINUITY 0x80
#define RANDOM_ACCESS 0x40
#define HAS_PCR 0x10
/* its length and flags, without and with a PCR */
#define ADAPTATION_HEAD 2
#define PCR_SIZE 6

/* stream_id, 2.4.3.7 table 2-22 */
#define STREAM_ID_PRIVATE_1 0xbd
#define STREAM_ID_AUDIO 0xc0
#define STREAM_ID_VIDEO 0xe0
/* start code, stream_id, PES_packet_length */
#define PES_START 6
/* flags and PES_header_data_length */
#define PES_FLAGS 3
#define PES_LENGTH_MAX 0xffff
#define TIME_SIZE 5
#define PES_HEADER_MAX (PES_START + PES_FLAGS + 2 * TIME_SIZE)
/* '10' and data_alignment_indicator: each PES begins with an access unit */
#define PES_ALIGNED 0x84
#define HAS_PTS 0x80
#define HAS_DTS 0x40

/* 13818-1 2.7.2: PCRs are at most this far apart */
#define PCR_INTERVAL_90K 9000
/* A step further than this is another time base, not a gap to be filled with
 * PCRs: what VsTsReader calls a jump */
#define PCR_GAP_MAX_90K (10 * 90000)
#define PCR_BACK_MAX_90K 90000

#define AUD_MAX 7

struct _VsTsWriter
{
  VsTsProgram *program;
  gboolean same_pids;           /* as the programme came with them */
  guint pcr_track;
  GByteArray *pat, *pmt;        /* sections */
  guint8 pat_counter, pmt_counter;
  guint8 counters[VS_TS_MAX_TRACKS];
  gint64 last_pcr_90k;          /* unwrapped */
};

/* The first packet of a unit tells more than the others. */
typedef struct
{
  guint8 flags;                 /* of the adaptation field */
  gint64 pcr_90k;               /* with HAS_PCR */
} Adaptation;

static guint
choose_pcr_track (const VsTsProgram * program)
{
  for (guint i = 0; i < program->n_tracks; i++) {
    if (program->tracks[i].pid == program->pcr_pid)
      return i;
  }
  for (guint i = 0; i < program->n_tracks; i++) {
    if (vs_codec_get_media_type (program->tracks[i].codec) == VS_MEDIA_VIDEO)
      return i;
  }
  return 0;
}

void
vs_ts_writer_set_program (VsTsWriter * writer, const VsTsProgram * program)
{
  VsTsProgram *own = vs_ts_program_copy (program);

  writer->pcr_track = choose_pcr_track (program);
  if (!writer->same_pids) {
    for (guint i = 0; i < own->n_tracks; i++)
      own->tracks[i].pid = VS_TS_PID_FIRST_TRACK + i;
    own->pmt_pid = VS_TS_PID_PMT;
  }
  own->pcr_pid = own->n_tracks > 0 ?
      own->tracks[writer->pcr_track].pid : VS_TS_PID_NULL;
  if (own->program_number == 0)
    own->program_number = 1;
  g_clear_pointer (&writer->program, vs_ts_program_free);
  writer->program = own;
  g_byte_array_set_size (writer->pat, 0);
  vs_ts_build_pat (own, writer->pat);
  g_byte_array_set_size (writer->pmt, 0);
  vs_ts_build_pmt (own, writer->pmt);
}

static VsTsWriter *
writer_new (const VsTsProgram * program, gboolean same_pids)
{
  VsTsWriter *writer = g_new0 (VsTsWriter, 1);

  writer->same_pids = same_pids;
  writer->last_pcr_90k = VS_TS_NO_TIME;
  writer->pat = g_byte_array_new ();
  writer->pmt = g_byte_array_new ();
  vs_ts_writer_set_program (writer, program);
  return writer;
}

VsTsWriter *
vs_ts_writer_new (const VsTsProgram * program)
{
  return writer_new (program, FALSE);
}

VsTsWriter *
vs_ts_writer_new_same_pids (const VsTsProgram * program)
{
  return writer_new (program, TRUE);
}

void
vs_ts_writer_free (VsTsWriter * writer)
{
  vs_ts_program_free (writer->program);
  g_byte_array_unref (writer->pat);
  g_byte_array_unref (writer->pmt);
  g_free (writer);
}

/* Makes room for @packets more. */
static guint8 *
grow (GByteArray * out, gsize packets)
{
  guint old = out->len;

  g_byte_array_set_size (out, old + packets * PACKET);
  return out->data + old;
}

static gsize
packets_for (gsize size)
{
  return (size + PAYLOAD - 1) / PAYLOAD;
}

static void
write_header (guint8 * p, guint16 pid, guint8 start, guint8 control,
    guint8 counter)
{
  p[0] = SYNC_BYTE;
  p[1] = start | pid >> 8;
  p[2] = pid & 0xff;
  p[3] = control | (counter & 0x0f);
}

static void
write_pcr (guint8 * p, gint64 pcr_90k)
{
  guint64 base = pcr_90k & (VS_TS_CLOCK_WRAP - 1);

  GST_WRITE_UINT32_BE (p, base >> 1);
  /* the last bit, six reserved ones, an extension of 0 */
  p[4] = (base & 1) << 7 | 0x7e;
  p[5] = 0;
}

/* Fills @size bytes (not 1 when there is something to tell) with an
 * adaptation field, the rest of it stuffing. */
static void
write_adaptation (guint8 * p, gsize size, const Adaptation * adaptation)
{
  gsize used = ADAPTATION_HEAD;

  p[0] = size - 1;
  if (size == 1)
    return;
  p[1] = adaptation->flags;
  if (adaptation->flags & HAS_PCR) {
    write_pcr (p + ADAPTATION_HEAD, adaptation->pcr_90k);
    used += PCR_SIZE;
  }
  memset (p + used, 0xff, size - used);
}

static gsize
adaptation_size (const Adaptation * adaptation)
{
  if (adaptation->flags == 0)
    return 0;
  return ADAPTATION_HEAD + (adaptation->flags & HAS_PCR ? PCR_SIZE : 0);
}

static guint8 *
write_full_packets (guint8 * p, guint16 pid, guint8 * counter,
    const guint8 * data, gsize packets)
{
  for (; packets > 0; packets--) {
    write_header (p, pid, 0, HAS_PAYLOAD, (*counter)++);
    memcpy (p + HEADER, data, PAYLOAD);
    data += PAYLOAD;
    p += PACKET;
  }
  return p;
}

/* One PES packet (or, without @adaptation flags, any payload that starts a
 * unit): @prefix then @data, stuffed to whole packets. */
static void
write_payload (GByteArray * out, guint16 pid, guint8 * counter,
    const Adaptation * adaptation, const guint8 * prefix, gsize prefix_size,
    const guint8 * data, gsize size)
{
  static const Adaptation none = { 0, 0 };
  gsize room = PAYLOAD - adaptation_size (adaptation) - prefix_size;
  gsize first = MIN (size, room);
  gsize full = (size - first) / PAYLOAD;
  gsize last = (size - first) % PAYLOAD;
  gsize stuffing = PAYLOAD - prefix_size - first;
  guint8 *p = grow (out, 1 + full + (last > 0));

  write_header (p, pid, PAYLOAD_UNIT_START,
      HAS_PAYLOAD | (stuffing > 0 ? HAS_ADAPTATION : 0), (*counter)++);
  if (stuffing > 0)
    write_adaptation (p + HEADER, stuffing, adaptation);
  memcpy (p + HEADER + stuffing, prefix, prefix_size);
  memcpy (p + HEADER + stuffing + prefix_size, data, first);
  p = write_full_packets (p + PACKET, pid, counter, data + first, full);
  if (last > 0) {
    write_header (p, pid, 0, HAS_PAYLOAD | HAS_ADAPTATION, (*counter)++);
    write_adaptation (p + HEADER, PAYLOAD - last, &none);
    memcpy (p + PACKET - last, data + size - last, last);
  }
}

/* Sections are stuffed behind, not ahead (2.4.4.1). */
static void
write_section (GByteArray * out, guint16 pid, guint8 * counter,
    const guint8 * section, gsize size)
{
  gsize packets = packets_for (1 + size);
  gsize first = MIN (size, PAYLOAD - 1);
  gsize full = (size - first) / PAYLOAD;
  gsize last = (size - first) % PAYLOAD;
  guint8 *p = grow (out, packets);

  write_header (p, pid, PAYLOAD_UNIT_START, HAS_PAYLOAD, (*counter)++);
  p[HEADER] = 0;                /* pointer_field */
  memcpy (p + HEADER + 1, section, first);
  memset (p + HEADER + 1 + first, 0xff, PAYLOAD - 1 - first);
  p = write_full_packets (p + PACKET, pid, counter, section + first, full);
  if (last > 0) {
    write_header (p, pid, 0, HAS_PAYLOAD, (*counter)++);
    memcpy (p + HEADER, section + size - last, last);
    memset (p + HEADER + last, 0xff, PAYLOAD - last);
  }
}

void
vs_ts_writer_write_psi (VsTsWriter * writer, GByteArray * out)
{
  write_section (out, VS_TS_PID_PAT, &writer->pat_counter, writer->pat->data,
      writer->pat->len);
  write_section (out, writer->program->pmt_pid, &writer->pmt_counter,
      writer->pmt->data, writer->pmt->len);
}

/* A packet with nothing but a PCR: the counter stays (2.4.3.3). */
static void
write_pcr_packet (VsTsWriter * writer, gint64 pcr_90k, GByteArray * out)
{
  const Adaptation adaptation = { HAS_PCR, pcr_90k };
  guint8 *p = grow (out, 1);

  write_header (p, writer->program->pcr_pid, 0, HAS_ADAPTATION,
      writer->counters[writer->pcr_track] - 1);
  write_adaptation (p + HEADER, PAYLOAD, &adaptation);
}

/* Whether the unit's first packet gets a PCR, and what is due ahead of it. A
 * small step back is a fault of the source's DTS, which the clock does not
 * follow; a large one is another time base. */
static void
prepare_pcr (VsTsWriter * writer, gint64 dts_90k, Adaptation * adaptation,
    GByteArray * out)
{
  gint64 pcr = dts_90k - VS_TS_PCR_DELAY_90K;
  gint64 last = writer->last_pcr_90k;

  if (last != VS_TS_NO_TIME && !(adaptation->flags & DISCONTINUITY)) {
    if (pcr - last > PCR_GAP_MAX_90K || last - pcr > PCR_BACK_MAX_90K) {
      adaptation->flags |= DISCONTINUITY;
    } else {
      if (pcr <= last)
        return;
      while (pcr - last > PCR_INTERVAL_90K) {
        last += PCR_INTERVAL_90K;
        write_pcr_packet (writer, last, out);
      }
    }
  }
  writer->last_pcr_90k = pcr;
  adaptation->flags |= HAS_PCR;
  adaptation->pcr_90k = pcr;
}

static guint8
get_stream_id (VsCodec codec)
{
  switch (vs_codec_get_media_type (codec)) {
    case VS_MEDIA_VIDEO:
      return STREAM_ID_VIDEO;
    case VS_MEDIA_AUDIO:
      if (codec == VS_CODEC_AAC || codec == VS_CODEC_MPEG_AUDIO)
        return STREAM_ID_AUDIO;
      return STREAM_ID_PRIVATE_1;
    default:
      return STREAM_ID_PRIVATE_1;
  }
}

/* PTS and DTS, 2.4.3.6: 3, 15 and 15 bits with marker bits between */
static void
write_time (guint8 * p, guint8 tag, gint64 time_90k)
{
  p[0] = tag << 4 | (time_90k >> 29 & 0x0e) | 1;
  p[1] = time_90k >> 22 & 0xff;
  p[2] = (time_90k >> 14 & 0xfe) | 1;
  p[3] = time_90k >> 7 & 0xff;
  p[4] = (time_90k << 1 & 0xfe) | 1;
}

/* Writes the header of a PES packet with @payload bytes; returns its size. */
static gsize
write_pes_header (guint8 * p, VsCodec codec, const VsTsUnit * unit,
    gboolean timed, gsize payload)
{
  gboolean has_pts = timed && unit->pts_90k != VS_TS_NO_TIME;
  gboolean has_dts = has_pts && unit->dts_90k != VS_TS_NO_TIME
      && unit->dts_90k != unit->pts_90k;
  guint8 times = (has_pts + has_dts) * TIME_SIZE;
  gsize length = PES_FLAGS + times + payload;

  GST_WRITE_UINT32_BE (p, 0x00000100 | get_stream_id (codec));
  /* write_unit () splits all but video */
  GST_WRITE_UINT16_BE (p + 4, length > PES_LENGTH_MAX ? 0 : length);
  p[6] = timed ? PES_ALIGNED : PES_ALIGNED & ~0x04;
  p[7] = (has_pts ? HAS_PTS : 0) | (has_dts ? HAS_DTS : 0);
  p[8] = times;
  if (has_pts)
    write_time (p + 9, has_dts ? 3 : 2, unit->pts_90k);
  if (has_dts)
    write_time (p + 9 + TIME_SIZE, 1, unit->dts_90k);
  return PES_START + PES_FLAGS + times;
}

/* The access unit delimiter that 2.14.1 wants ahead of a unit without one;
 * any type of picture may follow it. */
static gsize
write_missing_aud (guint8 * p, VsCodec codec, const guint8 * data, gsize size)
{
  static const guint8 h264[] = { 0, 0, 0, 1, 0x09, 0xf0 };
  static const guint8 h265[] = { 0, 0, 0, 1, 0x46, 0x01, 0x50 };
  gsize i = 0;

  if (codec != VS_CODEC_H264 && codec != VS_CODEC_H265)
    return 0;
  while (i < size && data[i] == 0)
    i++;
  if (i + 1 >= size)
    return 0;
  if (codec == VS_CODEC_H264) {
    if ((data[i + 1] & 0x1f) == (h264[4] & 0x1f))
      return 0;
    memcpy (p, h264, sizeof h264);
    return sizeof h264;
  }
  if ((data[i + 1] & 0x7e) == h265[4])
    return 0;
  memcpy (p, h265, sizeof h265);
  return sizeof h265;
}

void
vs_ts_writer_write_unit (VsTsWriter * writer, const VsTsUnit * unit,
    GByteArray * out)
{
  guint8 prefix[PES_HEADER_MAX + AUD_MAX], aud[AUD_MAX];
  Adaptation adaptation = { 0, 0 };
  gsize done = 0, aud_size, limit = G_MAXSIZE;
  gint64 dts = unit->dts_90k != VS_TS_NO_TIME ? unit->dts_90k : unit->pts_90k;
  const VsTsTrack *track;
  guint8 *counter;

  g_return_if_fail (unit->track < writer->program->n_tracks);
  g_return_if_fail (unit->size > 0 && unit->size <= G_MAXINT / 2);
  track = &writer->program->tracks[unit->track];
  counter = &writer->counters[unit->track];
  if (track->codec == VS_CODEC_SCTE35) {
    write_section (out, track->pid, counter, unit->data, unit->size);
    return;
  }
  if (unit->flags & VS_TS_UNIT_KEYFRAME)
    adaptation.flags |= RANDOM_ACCESS;
  if (unit->flags & VS_TS_UNIT_DISCONT)
    adaptation.flags |= DISCONTINUITY;
  if (unit->track == writer->pcr_track && dts != VS_TS_NO_TIME)
    prepare_pcr (writer, dts, &adaptation, out);
  if (get_stream_id (track->codec) != STREAM_ID_VIDEO)
    limit = PES_LENGTH_MAX - PES_FLAGS - TIME_SIZE * 2;
  aud_size = write_missing_aud (aud, track->codec, unit->data, unit->size);
  while (done < unit->size) {
    gsize part = MIN (unit->size - done, limit);
    gsize head = write_pes_header (prefix, track->codec, unit, done == 0,
        aud_size + part);

    memcpy (prefix + head, aud, aud_size);
    write_payload (out, track->pid, counter, &adaptation, prefix,
        head + aud_size, unit->data + done, part);
    done += part;
    adaptation.flags = 0;
  }
}
