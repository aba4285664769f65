/* VisionStream: MPEG-TS bytes to access units (ISO/IEC 13818-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a byte: vs_ts_reader_push () finds whole packets in the caller's
 * memory (only a packet that two pushes share is copied together first), read_
 * packet () looks its PID up in a table and checks the continuity, then its
 * payload goes to a section or, with the one copy that there is, to the end of
 * its track's PES packet. What is whole leaves by callback, from the buffer.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "mpegts/vstspes.h"
#include "mpegts/vstssection.h"

#define PACKET VS_TS_PACKET_SIZE
#define HEADER 4
#define SYNC_BYTE 0x47
/* Sync bytes in step that make sync: ETSI TR 101 290 5.2.1, 1.1 */
#define SYNC_PACKETS 5
#define SYNC_SPAN ((SYNC_PACKETS - 1) * PACKET + 1)

#define TRANSPORT_ERROR 0x80
#define PAYLOAD_UNIT_START 0x40
#define SCRAMBLED 0xc0
#define HAS_ADAPTATION 0x20
#define HAS_PAYLOAD 0x10
#define DISCONTINUITY 0x80

/* PIDs that tables have for themselves, 2.4.3.3 table 2-3 */
#define PID_RESERVED_MAX 0x0f
#define N_PIDS 0x2000
#define NO_COUNTER 0xff
/* where the programme has to be told by: PAT and PMT of a few packets each */
#define LOOK_PACKETS 256
#define TAIL_SIZE 16

#define SECTION_SYNTAX 0x80
#define CURRENT_NEXT 0x01
/* version_number and what follows tell nothing of a PMT's content */
#define PMT_CONTENT 8

/* What a PID is for; tracks come after. */
enum
{
  SLOT_NONE,
  SLOT_PAT,
  SLOT_PMT,
  SLOT_TRACK
};

typedef struct
{
  guint8 counter;
  gboolean jumped;              /* the last packet announced that it might */
  gboolean repeated;
  guint8 tail[TAIL_SIZE];       /* of the last packet */

  /* One of the two: sections, or a PES */
  guint8 *section;              /* VS_TS_SECTION_MAX bytes */
  gsize section_size;
  gboolean in_section;
  VsTsPes *pes;
} Stream;

struct _VsTsReader
{
  VsTsContext context;
  guint16 wanted_program;
  VsMediaType selected;         /* VS_MEDIA_OTHER: all */

  /* bytes of a packet, or of a place to find sync, that goes on in the next
   * push */
  guint8 rest[2 * SYNC_SPAN];
  gsize rest_size;
  gboolean in_sync, started;

  guint8 slots[N_PIDS];
  Stream streams[SLOT_TRACK + VS_TS_MAX_TRACKS];
  guint last_slot;

  guint16 program_number, pmt_pid;
  VsTsProgram *program;
  GByteArray *pmt;              /* the section in force */
};

static void
stream_init (Stream * stream)
{
  memset (stream, 0, sizeof *stream);
  stream->counter = NO_COUNTER;
}

static void
stream_clear (Stream * stream)
{
  g_free (stream->section);
  g_clear_pointer (&stream->pes, vs_ts_pes_free);
  stream_init (stream);
}

VsTsReader *
vs_ts_reader_new (guint16 program_number,
    const VsTsReaderCallbacks * callbacks, gpointer user_data)
{
  VsTsReader *reader = g_new0 (VsTsReader, 1);

  reader->context.callbacks = *callbacks;
  reader->context.user_data = user_data;
  vs_ts_clock_init (&reader->context.clock);
  reader->wanted_program = reader->program_number = program_number;
  reader->pmt = g_byte_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (reader->streams); i++)
    stream_init (&reader->streams[i]);
  reader->slots[VS_TS_PID_PAT] = SLOT_PAT;
  return reader;
}

void
vs_ts_reader_free (VsTsReader * reader)
{
  for (guint i = 0; i < G_N_ELEMENTS (reader->streams); i++)
    stream_clear (&reader->streams[i]);
  g_clear_pointer (&reader->program, vs_ts_program_free);
  g_byte_array_unref (reader->pmt);
  g_free (reader);
}

void
vs_ts_reader_set_time_hint (VsTsReader * reader, gint64 pts_90k)
{
  reader->context.clock.hint_90k = pts_90k;
}

void
vs_ts_reader_select (VsTsReader * reader, VsMediaType type)
{
  reader->selected = type;
}

void
vs_ts_reader_get_stats (VsTsReader * reader, VsTsStats * stats)
{
  *stats = reader->context.stats;
}

/* Whether @a and @b carry the same stream; @a may have moved to another PID. */
static gboolean
is_same_stream (const VsTsTrack * a, const VsTsTrack * b)
{
  return a->codec == b->codec && a->stream_type == b->stream_type
      && strcmp (a->language, b->language) == 0;
}

/* For each track of @next the index of the track of @old that it goes on
 * from, or -1: the one on its PID, else the first of its kind that is left. */
static guint
match_tracks (const VsTsProgram * old, const VsTsProgram * next, gint * match)
{
  gboolean taken[VS_TS_MAX_TRACKS] = { FALSE, };
  guint n = 0;

  for (guint i = 0; i < next->n_tracks; i++)
    match[i] = -1;
  for (guint by_pid = 2; by_pid-- > 0;) {
    for (guint i = 0; i < next->n_tracks; i++) {
      for (guint j = 0; j < old->n_tracks && match[i] < 0; j++) {
        if (taken[j] || !is_same_stream (&next->tracks[i], &old->tracks[j])
            || (by_pid && next->tracks[i].pid != old->tracks[j].pid))
          continue;
        match[i] = j;
        taken[j] = TRUE;
        n++;
      }
    }
  }
  return n;
}

/* Puts the tracks into the old order where they are the same ones. */
static void
keep_order (const VsTsProgram * old, VsTsProgram * next, gint * match)
{
  VsTsTrack tracks[VS_TS_MAX_TRACKS];
  guint n = next->n_tracks;

  memcpy (tracks, next->tracks, sizeof tracks);
  for (guint i = 0; i < n; i++)
    next->tracks[match[i]] = tracks[i];
  for (guint i = 0; i < n; i++)
    match[i] = i;
}

/* Ends the units of tracks whose PID goes, and hands the others' state over. */
static void
move_streams (VsTsReader * reader, const VsTsProgram * next, const gint * match)
{
  VsTsProgram *old = reader->program;
  Stream streams[VS_TS_MAX_TRACKS];
  gboolean moved = FALSE;

  memcpy (streams, reader->streams + SLOT_TRACK, sizeof streams);
  for (guint i = 0; old && i < old->n_tracks; i++) {
    if (reader->slots[old->tracks[i].pid] >= SLOT_TRACK)
      reader->slots[old->tracks[i].pid] = SLOT_NONE;
  }
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++)
    stream_init (&reader->streams[SLOT_TRACK + i]);
  for (guint i = 0; i < next->n_tracks; i++) {
    Stream *stream = &reader->streams[SLOT_TRACK + i];

    if (match[i] < 0)
      continue;
    *stream = streams[match[i]];
    stream_init (&streams[match[i]]);
    if (next->tracks[i].pid == old->tracks[match[i]].pid)
      continue;
    moved = TRUE;
    stream->counter = NO_COUNTER;
    stream->in_section = FALSE;
  }
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++)
    stream_clear (&streams[i]);
  reader->context.stats.pid_changes += moved;
}

/* Units on PIDs that the new PMT does not know are as whole as they get. */
static void
end_units_of_old_pids (VsTsReader * reader, const VsTsProgram * next)
{
  const VsTsProgram *old = reader->program;

  for (guint i = 0; old && i < old->n_tracks; i++) {
    Stream *stream = &reader->streams[SLOT_TRACK + i];
    guint j;

    for (j = 0; j < next->n_tracks; j++) {
      if (next->tracks[j].pid == old->tracks[i].pid
          && is_same_stream (&next->tracks[j], &old->tracks[i]))
        break;
    }
    if (j == next->n_tracks && stream->pes)
      vs_ts_pes_drain (stream->pes);
  }
}

static void
map_tracks (VsTsReader * reader, const VsTsProgram * program)
{
  for (guint i = 0; i < program->n_tracks; i++) {
    const VsTsTrack *track = &program->tracks[i];
    Stream *stream = &reader->streams[SLOT_TRACK + i];

    if (reader->selected != VS_MEDIA_OTHER
        && vs_codec_get_media_type (track->codec) != reader->selected)
      continue;
    if (track->codec != VS_CODEC_SCTE35 && stream->pes == NULL)
      stream->pes = vs_ts_pes_new (&reader->context, track->codec);
    if (stream->pes)
      vs_ts_pes_set_track (stream->pes, i);
    if (track->pid > PID_RESERVED_MAX && track->pid < VS_TS_PID_NULL
        && reader->slots[track->pid] == SLOT_NONE)
      reader->slots[track->pid] = SLOT_TRACK + i;
  }
}

static void
set_program (VsTsReader * reader, VsTsProgram * program)
{
  gint match[VS_TS_MAX_TRACKS];

  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++)
    match[i] = -1;
  end_units_of_old_pids (reader, program);
  if (reader->program
      && match_tracks (reader->program, program, match) == program->n_tracks
      && program->n_tracks == reader->program->n_tracks)
    keep_order (reader->program, program, match);
  move_streams (reader, program, match);
  g_clear_pointer (&reader->program, vs_ts_program_free);
  reader->program = program;
  reader->last_slot = SLOT_NONE;
  map_tracks (reader, program);
  if (reader->context.callbacks.program)
    reader->context.callbacks.program (program, reader->context.user_data);
}

static gboolean
is_table (VsTsReader * reader, const guint8 * section, gsize size, guint8 id)
{
  if (section[0] != id || !(section[1] & SECTION_SYNTAX))
    return FALSE;
  if (vs_ts_crc32 (section, size) != 0) {
    reader->context.stats.crc_errors++;
    return FALSE;
  }
  return size > PMT_CONTENT && section[5] & CURRENT_NEXT;
}

static void
read_pat (VsTsReader * reader, const guint8 * section, gsize size)
{
  guint16 number = reader->program_number, pid;

  if (!is_table (reader, section, size, VS_TS_TABLE_PAT))
    return;
  if (!vs_ts_parse_pat (section, size, &number, &pid)) {
    number = reader->wanted_program;
    if (!vs_ts_parse_pat (section, size, &number, &pid))
      return;
  }
  if ((pid == reader->pmt_pid && number == reader->program_number)
      || pid <= PID_RESERVED_MAX || pid == VS_TS_PID_NULL)
    return;
  if (reader->pmt_pid)
    reader->slots[reader->pmt_pid] = SLOT_NONE;
  reader->slots[pid] = SLOT_PMT;
  reader->pmt_pid = pid;
  reader->program_number = number;
  stream_clear (&reader->streams[SLOT_PMT]);
}

static gboolean
is_same_pmt (VsTsReader * reader, const guint8 * section, gsize size)
{
  return size == reader->pmt->len && GST_READ_UINT16_BE (section + 3)
      == GST_READ_UINT16_BE (reader->pmt->data + 3)
      && memcmp (section + PMT_CONTENT, reader->pmt->data + PMT_CONTENT,
      size - PMT_CONTENT - 4) == 0;
}

static void
read_pmt (VsTsReader * reader, const guint8 * section, gsize size)
{
  VsTsProgram *program;
  guint left_out;

  if (!is_table (reader, section, size, VS_TS_TABLE_PMT)
      || GST_READ_UINT16_BE (section + 3) != reader->program_number
      || is_same_pmt (reader, section, size))
    return;
  program = vs_ts_parse_pmt (section, size, &left_out);
  if (program == NULL)
    return;
  if (left_out > 0)
    GST_INFO ("programme %u has %u tracks too many", program->program_number,
        left_out);
  program->pmt_pid = reader->pmt_pid;
  g_byte_array_set_size (reader->pmt, 0);
  g_byte_array_append (reader->pmt, section, size);
  set_program (reader, program);
}

static void
pass_on_section (VsTsReader * reader, guint track, const guint8 * section,
    gsize size)
{
  VsTsUnit unit = { track, VS_TS_UNIT_KEYFRAME, VS_TS_NO_TIME, VS_TS_NO_TIME,
    section, size, NULL
  };

  if (section[0] == VS_TS_TABLE_SCTE35 && reader->context.callbacks.unit)
    reader->context.callbacks.unit (&unit, reader->context.user_data);
}

static void
read_section (VsTsReader * reader, guint slot, const guint8 * section,
    gsize size)
{
  if (slot == SLOT_PAT)
    read_pat (reader, section, size);
  else if (slot == SLOT_PMT)
    read_pmt (reader, section, size);
  else
    pass_on_section (reader, slot - SLOT_TRACK, section, size);
}

/* Adds to the section that is open; returns how many bytes it took, 0 when it
 * was and stays closed. */
static gsize
fill_section (VsTsReader * reader, guint slot, const guint8 * data, gsize size)
{
  Stream *stream = &reader->streams[slot];
  gsize wanted = VS_TS_SECTION_HEAD, used = 0;

  if (stream->section == NULL)
    stream->section = g_malloc (VS_TS_SECTION_MAX);
  while (used < size) {
    gsize n;

    if (stream->section_size >= VS_TS_SECTION_HEAD)
      wanted = VS_TS_SECTION_HEAD
          + (GST_READ_UINT16_BE (stream->section + 1) & 0x0fff);
    if (wanted > VS_TS_SECTION_MAX) {
      stream->in_section = FALSE;
      return size;
    }
    n = MIN (size - used, wanted - stream->section_size);
    memcpy (stream->section + stream->section_size, data + used, n);
    stream->section_size += n;
    used += n;
    if (stream->section_size < wanted)
      continue;
    if (wanted > VS_TS_SECTION_HEAD
        || (GST_READ_UINT16_BE (stream->section + 1) & 0x0fff) == 0) {
      stream->in_section = FALSE;
      read_section (reader, slot, stream->section, wanted);
      return used;
    }
  }
  return used;
}

/* 2.4.4.1: sections one behind the other, 0xff behind the last */
static void
read_sections (VsTsReader * reader, guint slot, const guint8 * data, gsize size)
{
  while (size > 0 && data[0] != 0xff) {
    Stream *stream = &reader->streams[slot];
    gsize used;

    stream->in_section = TRUE;
    stream->section_size = 0;
    used = fill_section (reader, slot, data, size);
    data += used;
    size -= used;
  }
}

static void
push_sections (VsTsReader * reader, guint slot, const guint8 * data,
    gsize size, gboolean start)
{
  Stream *stream = &reader->streams[slot];

  if (!start) {
    if (stream->in_section)
      fill_section (reader, slot, data, size);
    return;
  }
  /* pointer_field */
  if (size < 1 || data[0] > size - 1) {
    stream->in_section = FALSE;
    return;
  }
  if (stream->in_section)
    fill_section (reader, slot, data + 1, data[0]);
  reader->streams[slot].in_section = FALSE;
  read_sections (reader, slot, data + 1 + data[0], size - 1 - data[0]);
}

static void
lose (Stream * stream)
{
  stream->in_section = FALSE;
  if (stream->pes)
    vs_ts_pes_lose (stream->pes);
}

/* 2.4.3.3: the counter of packets with payload; a packet may be sent twice.
 * A counter that stood still without that lost 16 packets, or is another
 * multiplexer's. Where a unit begins after a jump that was announced, the
 * stream was put together there: what came before is whole. Returns FALSE for
 * the second of two. */
static gboolean
check_continuity (VsTsReader * reader, Stream * stream, const guint8 * p,
    gboolean may_jump)
{
  guint8 counter = p[3] & 0x0f, last = stream->counter;
  const guint8 *tail = p + PACKET - TAIL_SIZE;
  gboolean repeated = counter == last && !stream->repeated
      && may_jump == stream->jumped
      && memcmp (tail, stream->tail, TAIL_SIZE) == 0;

  stream->counter = counter;
  stream->jumped = may_jump;
  stream->repeated = repeated;
  memcpy (stream->tail, tail, TAIL_SIZE);
  if (repeated)
    return FALSE;
  if (last != NO_COUNTER && counter != ((last + 1) & 0x0f)) {
    if (!may_jump)
      reader->context.stats.continuity_errors++;
    if (!may_jump || !(p[1] & PAYLOAD_UNIT_START))
      lose (stream);
    stream->in_section = FALSE;
  }
  return TRUE;
}

/* Where the payload begins, PACKET when there is none that can be trusted. */
static gsize
find_payload (const guint8 * p, gboolean * discontinuity)
{
  gsize start = HEADER;

  *discontinuity = FALSE;
  if (p[3] & HAS_ADAPTATION) {
    start += 1 + p[HEADER];
    if (start > PACKET)
      return PACKET;
    *discontinuity = p[HEADER] > 0 && p[HEADER + 1] & DISCONTINUITY;
  }
  return p[3] & HAS_PAYLOAD ? start : PACKET;
}

/* A track may have stopped in a unit that was whole. */
static void
expire_units (VsTsReader * reader)
{
  for (guint i = 0; reader->program && i < reader->program->n_tracks; i++) {
    if (reader->streams[SLOT_TRACK + i].pes)
      vs_ts_pes_expire (reader->streams[SLOT_TRACK + i].pes);
  }
}

static void
read_packet (VsTsReader * reader, const guint8 * p)
{
  guint slot = reader->slots[GST_READ_UINT16_BE (p + 1) & 0x1fff];
  Stream *stream = &reader->streams[slot];
  gboolean start = p[1] & PAYLOAD_UNIT_START, discontinuity;
  gsize payload;

  reader->context.stats.packets++;
  if (p[1] & TRANSPORT_ERROR) {
    reader->context.stats.transport_errors++;
    /* its counter tells nothing either */
    stream->counter = NO_COUNTER;
    lose (stream);
    return;
  }
  if (slot == SLOT_NONE)
    return;
  payload = find_payload (p, &discontinuity);
  if (!(p[3] & HAS_PAYLOAD)) {
    /* a jump may be announced ahead of it, 2.4.3.5 */
    if (discontinuity && stream->counter != NO_COUNTER)
      stream->counter = p[3] & 0x0f;
    return;
  }
  if (!check_continuity (reader, stream, p, discontinuity))
    return;
  if (p[3] & SCRAMBLED || payload == PACKET) {
    reader->context.stats.scrambled += (p[3] & SCRAMBLED) != 0;
    lose (stream);
    return;
  }
  if (stream->pes == NULL) {
    push_sections (reader, slot, p + payload, PACKET - payload, start);
    return;
  }
  reader->last_slot = slot;
  vs_ts_pes_push (stream->pes, p + payload, PACKET - payload, start);
  if (start)
    expire_units (reader);
}

/* Whether the bytes from @p on are packets, as far as there are bytes. */
static gboolean
is_in_step (const guint8 * p, gsize size)
{
  for (gsize i = 0; i < SYNC_SPAN && i < size; i += PACKET) {
    if (p[i] != SYNC_BYTE)
      return FALSE;
  }
  return TRUE;
}

/* How many bytes lie ahead of the place where sync is, or may come to be. */
static gsize
find_sync (VsTsReader * reader, const guint8 * data, gsize size)
{
  const guint8 *p = data, *end = data + size;

  while ((p = memchr (p, SYNC_BYTE, end - p)) != NULL) {
    if (is_in_step (p, end - p)) {
      reader->in_sync = end - p >= SYNC_SPAN;
      return p - data;
    }
    if (++p == end)
      break;
  }
  return size;
}

static void
lose_sync (VsTsReader * reader)
{
  reader->in_sync = FALSE;
  reader->context.stats.sync_losses++;
}

/* Reads packets; returns how many bytes it is done with. What is left is less
 * than a packet or, out of sync, than SYNC_SPAN. */
static gsize
consume (VsTsReader * reader, const guint8 * data, gsize size)
{
  gsize done = 0, skipped;

  while (TRUE) {
    while (reader->in_sync && size - done >= PACKET) {
      if (G_UNLIKELY (data[done] != SYNC_BYTE)) {
        lose_sync (reader);
        break;
      }
      read_packet (reader, data + done);
      done += PACKET;
    }
    if (reader->in_sync || done == size)
      return done;
    skipped = find_sync (reader, data + done, size - done);
    reader->context.stats.skipped_bytes += skipped;
    done += skipped;
    if (!reader->in_sync)
      return done;
  }
}

/* Completes what the last push left; returns how many of the new bytes that
 * took. */
static gsize
consume_rest (VsTsReader * reader, const guint8 * data, gsize size)
{
  gsize taken = 0;

  while (reader->rest_size > 0 && taken < size) {
    gsize old = reader->rest_size, done;
    gsize room = (reader->in_sync && old < PACKET ? PACKET
        : sizeof reader->rest) - old;
    gsize n = MIN (room, size - taken);

    memcpy (reader->rest + old, data + taken, n);
    done = consume (reader, reader->rest, old + n);
    if (done >= old) {
      reader->rest_size = 0;
      return taken + done - old;
    }
    reader->rest_size = old + n - done;
    memmove (reader->rest, reader->rest + done, reader->rest_size);
    taken += n;
  }
  return taken;
}

void
vs_ts_reader_push (VsTsReader * reader, const guint8 * data, gsize size)
{
  gsize done;

  /* A stream that begins with a packet is not made to wait for five. */
  if (!reader->started && size > 0) {
    reader->started = TRUE;
    reader->in_sync = data[0] == SYNC_BYTE;
  }
  done = consume_rest (reader, data, size);
  if (done == size)
    return;
  done += consume (reader, data + done, size - done);
  reader->rest_size = size - done;
  memcpy (reader->rest, data + done, reader->rest_size);
}

void
vs_ts_reader_end_unit (VsTsReader * reader)
{
  VsTsPes *pes = reader->streams[reader->last_slot].pes;

  if (pes)
    vs_ts_pes_end (pes);
}

void
vs_ts_reader_drain (VsTsReader * reader)
{
  /* no more bytes will say whether the last packets are in step */
  for (gsize i = 0; !reader->in_sync && i + PACKET <= reader->rest_size
      && reader->rest[i] == SYNC_BYTE; i += PACKET)
    read_packet (reader, reader->rest + i);
  for (guint i = 0; i < VS_TS_MAX_TRACKS; i++) {
    if (reader->streams[SLOT_TRACK + i].pes)
      vs_ts_pes_drain (reader->streams[SLOT_TRACK + i].pes);
  }
  vs_ts_reader_reset (reader);
}

void
vs_ts_reader_reset (VsTsReader * reader)
{
  reader->rest_size = 0;
  reader->in_sync = reader->started = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (reader->streams); i++) {
    Stream *stream = &reader->streams[i];

    stream->counter = NO_COUNTER;
    stream->in_section = FALSE;
    if (stream->pes)
      vs_ts_pes_reset (stream->pes);
  }
}

/* ---- the programme alone ------------------------------------------------ */

static void
keep_program (const VsTsProgram * program, gpointer user_data)
{
  VsTsProgram **kept = user_data;

  if (*kept == NULL)
    *kept = vs_ts_program_copy (program);
}

static void
ignore_unit (const VsTsUnit * unit, gpointer user_data)
{
}

VsTsProgram *
vs_ts_program_find (const guint8 * data, gsize size)
{
  static const VsTsReaderCallbacks callbacks = { keep_program, ignore_unit };
  VsTsProgram *program = NULL;
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &program);

  vs_ts_reader_push (reader, data, MIN (size,
          LOOK_PACKETS * VS_TS_PACKET_SIZE));
  return program;
}
