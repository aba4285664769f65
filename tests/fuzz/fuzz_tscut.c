/* VisionStream: fuzzes what takes stored segments apart and puts them together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says whether tables that are right come first. Each further
 * 188 bytes are a packet.
 */
#include <stdint.h>
#include <string.h>

#include "mpegts/vstscut.h"
#include "mpegts/vstsjoiner.h"
#include "mpegts/vstspieces.h"
#include "mpegts/vstswriter.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

static GBytes *
make_packets (const guint8 * data, gsize size, gboolean tables)
{
  GByteArray *out = g_byte_array_new ();

  if (tables) {
    g_autoptr (VsTsProgram) program =
        vs_ts_program_new_simple (VS_CODEC_H264, VS_CODEC_AAC, NULL);
    g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);

    vs_ts_writer_write_psi (writer, out);
  }
  for (; size >= VS_TS_PACKET_SIZE; size -= VS_TS_PACKET_SIZE) {
    g_byte_array_append (out, data, VS_TS_PACKET_SIZE);
    out->data[out->len - VS_TS_PACKET_SIZE] = 0x47;
    data += VS_TS_PACKET_SIZE;
  }
  return g_byte_array_free_to_bytes (out);
}

static void
check_pieces (GBytes * ts)
{
  g_autoptr (GArray) pieces = vs_ts_find_pieces (ts, 0, NULL);
  gsize end = 0;

  if (pieces == NULL)
    return;
  for (guint i = 0; i < pieces->len; i++) {
    const VsTsPiece *piece = &g_array_index (pieces, VsTsPiece, i);

    g_assert (piece->offset == end && piece->size > 0);
    end += piece->size;
  }
  g_assert (end == g_bytes_get_size (ts));
}

static void
check_cut (GBytes * ts)
{
  g_autoptr (GArray) keys = vs_ts_find_keys (ts, 0);

  for (guint i = 0; i <= keys->len && i < 4; i++) {
    const VsTsKey *from = i ? &g_array_index (keys, VsTsKey, i - 1) : NULL;
    const VsTsKey *to =
        i < keys->len ? &g_array_index (keys, VsTsKey, i) : NULL;
    VsTsCut told;
    g_autoptr (GBytes) cut = vs_ts_cut (ts, 0, from, to, &told);

    g_assert (cut == NULL || g_bytes_get_size (cut) % VS_TS_PACKET_SIZE == 0);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (VsTsJoiner) joiner = vs_ts_joiner_new ();
  g_autoptr (GBytes) ts = NULL;

  if (size < 1)
    return 0;
  ts = make_packets (data + 1, size - 1, data[0] & 1);
  check_pieces (ts);
  check_cut (ts);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GBytes) joined =
        vs_ts_joiner_add (joiner, g_bytes_ref (ts), (data[0] & 2) != 0);

    g_assert (g_bytes_get_size (joined) >= g_bytes_get_size (ts));
  }
  return 0;
}
