/* VisionStream: what the head of a packet tells (ISO/IEC 13818-1 2.4.3)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#include "mpegts/vstssection.h"

G_BEGIN_DECLS

#define VS_TS_SYNC_BYTE 0x47
/* header, 2.4.3.2 */
#define VS_TS_HEADER_SIZE 4
#define VS_TS_PAYLOAD_UNIT_START 0x40   /* of byte 1 */
#define VS_TS_ADAPTATION 0x20   /* of byte 3 */
#define VS_TS_PAYLOAD 0x10
#define VS_TS_COUNTER_MASK 0x0f
/* flags of the adaptation field, 2.4.3.4 */
#define VS_TS_DISCONTINUITY 0x80
#define VS_TS_RANDOM_ACCESS 0x40
#define VS_TS_HAS_PCR 0x10
#define VS_TS_PCR_SIZE 6

/* All of these take a whole packet. */

static inline guint16
vs_ts_packet_pid (const guint8 *packet)
{
  return GST_READ_UINT16_BE (packet + 1) & VS_TS_PID_NULL;
}

static inline gboolean
vs_ts_packet_starts_unit (const guint8 *packet)
{
  return (packet[1] & VS_TS_PAYLOAD_UNIT_START) != 0;
}

static inline gboolean
vs_ts_packet_has_payload (const guint8 *packet)
{
  return (packet[3] & VS_TS_PAYLOAD) != 0;
}

/* Flags of the adaptation field, 0 where it has none. */
static inline guint8
vs_ts_packet_flags (const guint8 *packet)
{
  return (packet[3] & VS_TS_ADAPTATION) && packet[4] > 0 ? packet[5] : 0;
}

static inline gboolean
vs_ts_packet_has_pcr (const guint8 *packet)
{
  return (vs_ts_packet_flags (packet) & VS_TS_HAS_PCR)
      && packet[4] > VS_TS_PCR_SIZE;
}

/* program_clock_reference_base: 33 bits of 90 kHz */
static inline gint64
vs_ts_packet_pcr_90k (const guint8 *packet)
{
  return (gint64) GST_READ_UINT32_BE (packet + 6) << 1 | packet[10] >> 7;
}

static inline void
vs_ts_packet_set_counter (guint8 *packet, guint8 counter)
{
  packet[3] = (packet[3] & ~VS_TS_COUNTER_MASK)
      | (counter & VS_TS_COUNTER_MASK);
}

/* Whether @size bytes are whole packets. */
static inline gboolean
vs_ts_is_packets (const guint8 *data, gsize size)
{
  if (size == 0 || size % VS_TS_PACKET_SIZE != 0)
    return FALSE;
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE)
    if (data[i] != VS_TS_SYNC_BYTE)
      return FALSE;
  return TRUE;
}

G_END_DECLS
