/* VisionStream: one track of a programme, as a TS of its own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "mpegts/vstsextract.h"

#include <gst/gst.h>
#include <string.h>

#include "memory/vsmemory.h"
#include "mpegts/vstssection.h"

/* the packet's header, 13818-1 2.4.3.2 */
#define SYNC_BYTE 0x47
#define HEADER_SIZE 4
#define PAYLOAD_UNIT_START 0x40
#define ADAPTATION_FIELD 0x20
#define PAYLOAD 0x10
#define CONTINUITY_COUNTER 0x0f
/* of the adaptation field, 2.4.3.4 */
#define PCR_FLAG 0x10
#define PCR_SIZE 6

typedef struct
{
  guint16 pmt_pid, track_pid, clock_pid;
  guint8 pmt[VS_TS_PACKET_SIZE];        /* the PMT that names the one track */
  guint8 *out;
  gsize size;
} Extraction;

static gint
find_track (const VsTsProgram * program, VsMediaType type)
{
  for (guint i = 0; i < program->n_tracks; i++)
    if (vs_codec_get_media_type (program->tracks[i].codec) == type)
      return i;
  return -1;
}

/* FALSE when it does not fit into a packet. */
static gboolean
write_pmt (Extraction * extraction, const VsTsProgram * program, guint track)
{
  g_autoptr (GByteArray) section = g_byte_array_new ();
  VsTsProgram alone = *program;
  guint8 *packet = extraction->pmt;

  alone.n_tracks = 1;
  alone.tracks[0] = program->tracks[track];
  vs_ts_build_pmt (&alone, section);
  if (section->len > VS_TS_PACKET_SIZE - HEADER_SIZE - 1)
    return FALSE;
  memset (packet, 0xff, VS_TS_PACKET_SIZE);
  packet[0] = SYNC_BYTE;
  GST_WRITE_UINT16_BE (packet + 1, program->pmt_pid);
  packet[1] |= PAYLOAD_UNIT_START;
  packet[3] = PAYLOAD;
  packet[HEADER_SIZE] = 0;      /* pointer_field */
  memcpy (packet + HEADER_SIZE + 1, section->data, section->len);
  return TRUE;
}

static void
emit (Extraction * extraction, const guint8 * packet)
{
  memcpy (extraction->out + extraction->size, packet, VS_TS_PACKET_SIZE);
  extraction->size += VS_TS_PACKET_SIZE;
}

/* The packet's PCR and nothing else: without a payload the counter does not
 * count (2.4.3.3), so that it can stand still for good. */
static void
emit_clock (Extraction * extraction, const guint8 * packet)
{
  guint8 bare[VS_TS_PACKET_SIZE];

  memset (bare, 0xff, sizeof bare);
  memcpy (bare, packet, HEADER_SIZE);
  bare[1] &= ~PAYLOAD_UNIT_START;
  bare[3] = ADAPTATION_FIELD;
  bare[4] = VS_TS_PACKET_SIZE - HEADER_SIZE - 1;
  bare[5] = PCR_FLAG;
  memcpy (bare + 6, packet + 6, PCR_SIZE);
  emit (extraction, bare);
}

static gboolean
has_clock (const guint8 * packet)
{
  return (packet[3] & ADAPTATION_FIELD) && packet[4] > PCR_SIZE
      && (packet[5] & PCR_FLAG);
}

static void
take_packet (Extraction * extraction, const guint8 * packet)
{
  guint16 pid = GST_READ_UINT16_BE (packet + 1) & VS_TS_PID_NULL;

  if (pid == VS_TS_PID_PAT || pid == extraction->track_pid) {
    emit (extraction, packet);
  } else if (pid == extraction->pmt_pid) {
    if (packet[1] & PAYLOAD_UNIT_START) {
      extraction->pmt[3] = PAYLOAD | (packet[3] & CONTINUITY_COUNTER);
      emit (extraction, extraction->pmt);
    }
  } else if (pid == extraction->clock_pid && has_clock (packet)) {
    emit_clock (extraction, packet);
  }
}

GBytes *
vs_ts_extract (GBytes * ts, VsMediaType type)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);
  g_autoptr (VsTsProgram) program = vs_ts_program_find (data, size);
  gint track = program ? find_track (program, type) : -1;
  Extraction extraction = { 0 };

  if (track < 0 || size % VS_TS_PACKET_SIZE != 0
      || !write_pmt (&extraction, program, track))
    return NULL;
  extraction.pmt_pid = program->pmt_pid;
  extraction.track_pid = program->tracks[track].pid;
  extraction.clock_pid = program->pcr_pid;
  extraction.out = vs_memory_alloc (size);
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE) {
    if (data[i] != SYNC_BYTE) {
      vs_memory_free (extraction.out);
      return NULL;
    }
    take_packet (&extraction, data + i);
  }
  return vs_memory_to_bytes (extraction.out, extraction.size);
}
