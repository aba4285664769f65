/* VisionStream: a part of a stored segment, cut at keyframes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Units are read and written again: dropping packets would do where each PES
 * packet is one unit, but other makers put several frames of sound into one,
 * and mix the packets of tracks.
 */
#include "config.h"
#include "mpegts/vstscut.h"

#include <string.h>

#include "mpegts/vstspacket.h"
#include "mpegts/vstswriter.h"

/* Times of other tracks meet a cut within this: rounded ticks */
#define SNAP_90K 2
#define N_PIDS (VS_TS_PID_NULL + 1)

/* The track that has the keyframes: of the first programme that is told; -1
 * for none. */
static gint
find_leader (const VsTsProgram * program)
{
  static const VsMediaType types[] = { VS_MEDIA_VIDEO, VS_MEDIA_AUDIO };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    for (guint k = 0; k < program->n_tracks; k++)
      if (vs_codec_get_media_type (program->tracks[k].codec) == types[i])
        return k;
  return -1;
}

/* ---- finding ------------------------------------------------------------ */

typedef struct
{
  GArray *keys;
  gint leader;
  guint index;
} Finding;

static void
find_program (const VsTsProgram * program, gpointer user_data)
{
  ((Finding *) user_data)->leader = find_leader (program);
}

static void
find_unit (const VsTsUnit * unit, gpointer user_data)
{
  Finding *finding = user_data;
  VsTsKey key = { unit->pts_90k, finding->index };

  if ((gint) unit->track != finding->leader)
    return;
  finding->index++;
  if ((unit->flags & VS_TS_UNIT_KEYFRAME) && unit->pts_90k != VS_TS_NO_TIME)
    g_array_append_val (finding->keys, key);
}

static void
read_all (GBytes * ts, gint64 near_90k, const VsTsReaderCallbacks * callbacks,
    gpointer user_data)
{
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, callbacks, user_data);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  vs_ts_reader_set_time_hint (reader, near_90k);
  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
}

GArray *
vs_ts_find_keys (GBytes * ts, gint64 near_90k)
{
  static const VsTsReaderCallbacks callbacks = { find_program, find_unit };
  Finding finding = { NULL, -1, 0 };

  finding.keys = g_array_new (FALSE, FALSE, sizeof (VsTsKey));
  read_all (ts, near_90k, &callbacks, &finding);
  return finding.keys;
}

/* ---- cutting ------------------------------------------------------------ */

typedef struct
{
  const VsTsKey *from, *to;
  VsTsCut *told;
  VsTsProgram *program;
  VsTsWriter *writer;
  GByteArray *out;
  gint leader;
  gint first[3];                /* track of the type that is counted, or -1 */
  guint index;                  /* units of the leader so far */
} Cutting;

static void
cut_program (const VsTsProgram * program, gpointer user_data)
{
  Cutting *cutting = user_data;

  g_clear_pointer (&cutting->program, vs_ts_program_free);
  cutting->program = vs_ts_program_copy (program);
  if (cutting->writer)
    vs_ts_writer_set_program (cutting->writer, program);
  else
    cutting->writer = vs_ts_writer_new_same_pids (program);
  cutting->leader = find_leader (program);
  cutting->first[VS_MEDIA_VIDEO] = cutting->first[VS_MEDIA_AUDIO] = -1;
  for (gint i = program->n_tracks - 1; i >= 0; i--)
    cutting->first[vs_codec_get_media_type (program->tracks[i].codec)] = i;
}

/* Below 0: ahead of what is kept; above: behind it. */
static gint
place_unit (const Cutting * cutting, const VsTsUnit * unit)
{
  const VsTsKey *from = cutting->from, *to = cutting->to;

  if ((gint) unit->track == cutting->leader || unit->pts_90k == VS_TS_NO_TIME) {
    if (from && cutting->index < from->index)
      return -1;
    return to && cutting->index >= to->index;
  }
  if (from && unit->pts_90k + SNAP_90K < from->pts_90k)
    return -1;
  return to && unit->pts_90k + SNAP_90K >= to->pts_90k;
}

static void
cut_unit (const VsTsUnit * unit, gpointer user_data)
{
  Cutting *cutting = user_data;
  VsMediaType type =
      vs_codec_get_media_type (cutting->program->tracks[unit->track].codec);
  gint place = place_unit (cutting, unit);

  if (type != VS_MEDIA_OTHER && cutting->first[type] == (gint) unit->track) {
    cutting->told->before[type] += place < 0;
    cutting->told->kept[type] += place == 0;
    cutting->told->after[type] += place > 0;
  }
  if (place == 0 && unit->size > 0) {
    if (cutting->out->len == 0 || (type == VS_MEDIA_VIDEO
            && (unit->flags & VS_TS_UNIT_KEYFRAME)))
      vs_ts_writer_write_psi (cutting->writer, cutting->out);
    vs_ts_writer_write_unit (cutting->writer, unit, cutting->out);
  }
  if ((gint) unit->track == cutting->leader)
    cutting->index++;
}

/* ---- counters ----------------------------------------------------------- */

/* What is to be added to the counters of each PID of @out, so that it begins
 * or (@at_end) ends with those of @ts. */
static void
compare_counters (const guint8 * ts, gsize size, const GByteArray * out,
    gboolean at_end, guint8 * shift)
{
  g_autofree guint8 *was = g_malloc0 (N_PIDS);
  g_autofree guint8 *is = g_malloc0 (N_PIDS);
  const struct
  {
    const guint8 *data;
    gsize size;
    guint8 *counters;
  } sides[] = {
    {ts, size, was}, {out->data, out->len, is}
  };

  /* marked by a bit that no counter has */
  for (guint k = 0; k < G_N_ELEMENTS (sides); k++)
    for (gsize i = 0; i < sides[k].size; i += VS_TS_PACKET_SIZE) {
      const guint8 *packet = sides[k].data + i;
      guint8 *counter = &sides[k].counters[vs_ts_packet_pid (packet)];

      if (vs_ts_packet_has_payload (packet) && (at_end || *counter == 0))
        *counter = 0x80 | (packet[3] & VS_TS_COUNTER_MASK);
    }
  for (guint pid = 0; pid < N_PIDS; pid++)
    shift[pid] = was[pid] && is[pid] ? was[pid] - is[pid] : 0;
}

static void
align_counters (GBytes * ts, GByteArray * out, gboolean at_end)
{
  g_autofree guint8 *shift = g_malloc0 (N_PIDS);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  compare_counters (data, size, out, at_end, shift);
  for (gsize i = 0; i < out->len; i += VS_TS_PACKET_SIZE) {
    guint8 *packet = out->data + i;

    vs_ts_packet_set_counter (packet,
        packet[3] + shift[vs_ts_packet_pid (packet)]);
  }
}

GBytes *
vs_ts_cut (GBytes * ts, gint64 near_90k, const VsTsKey * from,
    const VsTsKey * to, VsTsCut * told)
{
  static const VsTsReaderCallbacks callbacks = { cut_program, cut_unit };
  Cutting cutting = {.from = from,.to = to,.told = told,.leader = -1 };

  memset (told, 0, sizeof *told);
  cutting.out = g_byte_array_new ();
  read_all (ts, near_90k, &callbacks, &cutting);
  g_clear_pointer (&cutting.program, vs_ts_program_free);
  g_clear_pointer (&cutting.writer, vs_ts_writer_free);
  if (cutting.out->len == 0) {
    g_byte_array_unref (cutting.out);
    return NULL;
  }
  align_counters (ts, cutting.out, from != NULL);
  return g_byte_array_free_to_bytes (cutting.out);
}
