/* VisionStream: stored segments as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "mpegts/vstsjoiner.h"

#include <string.h>

#include "mpegts/vstspacket.h"

#define N_PIDS (VS_TS_PID_NULL + 1)

struct _VsTsJoiner
{
  gboolean begun;
  gboolean known[N_PIDS];       /* @last is of what was added before */
  guint8 last[N_PIDS];          /* continuity_counter */
};

VsTsJoiner *
vs_ts_joiner_new (void)
{
  return g_new0 (VsTsJoiner, 1);
}

void
vs_ts_joiner_free (VsTsJoiner * joiner)
{
  g_free (joiner);
}

void
vs_ts_joiner_reset (VsTsJoiner * joiner)
{
  memset (joiner, 0, sizeof *joiner);
}

/* One pass over the packets of what is added. */
typedef struct
{
  const VsTsJoiner *joiner;
  gboolean jump;
  gboolean seen[N_PIDS];
  gboolean clock_seen;
} Look;

/* Whether the counter of a PID's first packet follows: one up, or, without a
 * payload, the same (2.4.3.3). */
static gboolean
follows (const Look * look, guint16 pid, const guint8 * packet)
{
  guint8 counter = packet[3] & VS_TS_COUNTER_MASK;
  guint8 last = look->joiner->last[pid];

  if (!look->joiner->known[pid])
    return TRUE;
  return counter == ((last + (vs_ts_packet_has_payload (packet) ? 1 : 0))
      & VS_TS_COUNTER_MASK);
}

/* Whether the discontinuity_indicator is due with @packet. */
static gboolean
is_due (Look * look, const guint8 * packet)
{
  guint16 pid = vs_ts_packet_pid (packet);
  gboolean first = !look->seen[pid], due = FALSE;

  if (pid == VS_TS_PID_NULL)
    return FALSE;
  look->seen[pid] = TRUE;
  if (first)
    due = !follows (look, pid, packet);
  if (vs_ts_packet_has_pcr (packet)) {
    due |= look->jump && !look->clock_seen;
    look->clock_seen = TRUE;
  }
  return due && !(vs_ts_packet_flags (packet) & VS_TS_DISCONTINUITY);
}

static gboolean
has_flags (const guint8 * packet)
{
  return (packet[3] & VS_TS_ADAPTATION) && packet[4] > 0;
}

/* A packet that says nothing else; the one after it counts on from it. */
static void
append_indicator (GByteArray * out, const guint8 * packet)
{
  guint8 bare[VS_TS_PACKET_SIZE];

  memset (bare, 0xff, sizeof bare);
  memcpy (bare, packet, VS_TS_HEADER_SIZE);
  bare[1] &= ~VS_TS_PAYLOAD_UNIT_START;
  bare[3] = VS_TS_ADAPTATION;
  vs_ts_packet_set_counter (bare, packet[3] - 1);
  bare[4] = VS_TS_PACKET_SIZE - VS_TS_HEADER_SIZE - 1;
  bare[5] = VS_TS_DISCONTINUITY;
  g_byte_array_append (out, bare, sizeof bare);
}

static void
append_marked (GByteArray * out, const guint8 * packet)
{
  if (!has_flags (packet)) {
    append_indicator (out, packet);
    g_byte_array_append (out, packet, VS_TS_PACKET_SIZE);
    return;
  }
  g_byte_array_append (out, packet, VS_TS_PACKET_SIZE);
  out->data[out->len - VS_TS_PACKET_SIZE + 5] |= VS_TS_DISCONTINUITY;
}

/* NULL where nothing has to be said. */
static GBytes *
mark (const VsTsJoiner * joiner, const guint8 * data, gsize size, gboolean jump)
{
  g_autofree Look *look = g_new0 (Look, 1);
  GByteArray *out = NULL;
  gsize done = 0;

  look->joiner = joiner;
  look->jump = jump;
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE) {
    if (!is_due (look, data + i))
      continue;
    if (out == NULL)
      out = g_byte_array_sized_new (size + 8 * VS_TS_PACKET_SIZE);
    g_byte_array_append (out, data + done, i - done);
    append_marked (out, data + i);
    done = i + VS_TS_PACKET_SIZE;
  }
  if (out == NULL)
    return NULL;
  g_byte_array_append (out, data + done, size - done);
  return g_byte_array_free_to_bytes (out);
}

static void
remember (VsTsJoiner * joiner, const guint8 * data, gsize size)
{
  for (gsize i = 0; i < size; i += VS_TS_PACKET_SIZE) {
    guint16 pid = vs_ts_packet_pid (data + i);

    joiner->last[pid] = data[i + 3] & VS_TS_COUNTER_MASK;
    joiner->known[pid] = TRUE;
  }
  joiner->begun = TRUE;
}

GBytes *
vs_ts_joiner_add (VsTsJoiner * joiner, GBytes * ts, gboolean jump)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);
  GBytes *marked = NULL;

  g_return_val_if_fail (size % VS_TS_PACKET_SIZE == 0, ts);
  if (joiner->begun)
    marked = mark (joiner, data, size, jump);
  remember (joiner, data, size);
  if (marked == NULL)
    return ts;
  g_bytes_unref (ts);
  return marked;
}

GBytes *
vs_ts_joiner_add_counted (VsTsJoiner * joiner, GBytes * ts, gboolean jump)
{
  g_autofree guint8 *step = g_malloc0 (N_PIDS);
  g_autofree gboolean *seen = g_new0 (gboolean, N_PIDS);
  gsize size;
  guint8 *data;

  if (!joiner->begun || jump)
    return vs_ts_joiner_add (joiner, ts, jump);
  data = g_bytes_unref_to_data (ts, &size);
  for (gsize i = 0; i + VS_TS_PACKET_SIZE <= size; i += VS_TS_PACKET_SIZE) {
    guint8 *packet = data + i;
    guint16 pid = vs_ts_packet_pid (packet);
    guint8 counter = packet[3] & VS_TS_COUNTER_MASK;

    if (!seen[pid] && joiner->known[pid])
      step[pid] = joiner->last[pid] - counter
          + (vs_ts_packet_has_payload (packet) ? 1 : 0);
    seen[pid] = TRUE;
    vs_ts_packet_set_counter (packet, counter + step[pid]);
  }
  return vs_ts_joiner_add (joiner, g_bytes_new_take (data, size), FALSE);
}
