/* VisionStream: PES packets to access units (ISO/IEC 13818-1 2.4.3.6)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The buffer holds, in this order, what is left of the PES packets before (the
 * first @carry bytes), then the header until it is parsed and cut out, then
 * the payload. A PES packet ends with its length, with the start of the next
 * one, or where the caller knows. A video unit ends where the next begins: the
 * first bytes of a PES packet mostly tell, so that next to nothing is moved.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "mpegts/vstspes.h"
#include "mpegts/vstsvideo.h"

#define UNIT_MAX (16 * 1024 * 1024)
#define BUFFER_MIN (64 * 1024)
/* More than any audio frame; the longest, of E-AC-3 with seven dependent
 * substreams, is 32 KiB. */
#define CARRY_MAX (64 * 1024)

/* packet_start_code_prefix, stream_id, PES_packet_length */
#define PES_START 6
/* up to and with PES_header_data_length */
#define PES_HEADER 9
#define TIME_SIZE 5
#define PES_SCRAMBLED 0x30
#define HAS_PTS 0x80
#define HAS_DTS 0x40

/* How far into a PES packet it is looked for the end of the video unit before
 * at once: parameter sets and most SEI are shorter. */
#define VIDEO_HEAD 1024
/* After so many PES packets in a row, each with one whole video unit, the next
 * that tells its length is taken for that too as soon as it ends. */
#define ALIGNED_MIN 8
/* Longer than data may wait in the T-STD, 13818-1 2.4.2.6 */
#define STALL_90K (90000 + 90000 / 4)

typedef enum
{
  STATE_WAIT,                   /* for a start */
  STATE_HEADER,
  STATE_PAYLOAD
} State;

typedef enum
{
  HEADER_WHOLE,
  HEADER_HALF,
  HEADER_BAD
} HeaderResult;

struct _VsTsPes
{
  VsTsContext *context;
  VsTsTrackClock clock;
  VsCodec codec;
  VsMediaType type;
  guint track;
  VsCodecConfig *config;

  guint8 *data;
  gsize size, allocated;
  gsize carry;
  gsize limit;                  /* below it, payload is just added */

  State state;
  gboolean bounded;
  gsize expected;               /* payload when bounded */
  gint64 pts_90k, dts_90k;
  /* but for video: for the next unit; damaged is the next PES packet too */
  gboolean discont, damaged, lost;

  VsTsVideo video;
  gint64 touched_90k;           /* by the clock, at the last PES packet */
  guint touched_epoch;
  gboolean head;                /* of the PES packet is what came so far */
  guint aligned;                /* PES packets that began with a unit */

  /* audio: the time of the next frame, as samples since a PES packet's PTS */
  gint64 base_90k;
  guint64 samples;
  guint sample_rate;
  gboolean in_sync;
};

VsTsPes *
vs_ts_pes_new (VsTsContext * context, VsCodec codec)
{
  VsTsPes *pes = g_new0 (VsTsPes, 1);

  pes->context = context;
  pes->codec = codec;
  pes->type = vs_codec_get_media_type (codec);
  pes->clock.last_90k = VS_TS_NO_TIME;
  pes->base_90k = VS_TS_NO_TIME;
  if (pes->type == VS_MEDIA_VIDEO)
    vs_ts_video_init (&pes->video, codec);
  return pes;
}

void
vs_ts_pes_free (VsTsPes * pes)
{
  g_clear_pointer (&pes->config, vs_codec_config_unref);
  vs_ts_video_clear (&pes->video);
  g_free (pes->data);
  g_free (pes);
}

void
vs_ts_pes_set_track (VsTsPes * pes, guint track)
{
  pes->track = track;
}

static gboolean
append (VsTsPes * pes, const guint8 * data, gsize size)
{
  gsize needed = pes->size + size;

  if (needed > pes->allocated) {
    if (needed > UNIT_MAX)
      return FALSE;
    pes->allocated = MIN (UNIT_MAX, MAX (2 * needed, BUFFER_MIN));
    pes->data = g_realloc (pes->data, pes->allocated);
  }
  memcpy (pes->data + pes->size, data, size);
  pes->size = needed;
  return TRUE;
}

/* Gives the PES packet up: nothing of it, or of an audio frame begun before
 * it, will be passed on. */
static void
give_up (VsTsPes * pes)
{
  pes->state = STATE_WAIT;
  pes->limit = 0;
  if (pes->type == VS_MEDIA_VIDEO)
    vs_ts_video_lose (&pes->video, pes->carry);
  else
    pes->carry = 0;
  pes->size = pes->carry;
  pes->damaged = TRUE;
}

static void
update_config (VsTsPes * pes, const guint8 * data, gsize size)
{
  VsCodecConfig *config =
      vs_codec_config_from_unit (pes->codec, data, size, pes->config);

  if (config == NULL)
    return;
  if (pes->config)
    vs_codec_config_unref (pes->config);
  pes->config = config;
}

static void
pass_on (VsTsPes * pes, VsTsUnit * unit)
{
  VsTsContext *context = pes->context;

  unit->track = pes->track;
  unit->config = pes->config;
  if (context->callbacks.unit)
    context->callbacks.unit (unit, context->user_data);
}

/* A unit of anything but video */
static void
pass_on_bytes (VsTsPes * pes, gint64 pts_90k, gint64 dts_90k,
    const guint8 * data, gsize size)
{
  VsTsUnit unit = { pes->track, VS_TS_UNIT_KEYFRAME, pts_90k, dts_90k, data,
    size, NULL
  };

  if (pes->damaged)
    unit.flags |= VS_TS_UNIT_DAMAGED;
  if (pes->discont)
    unit.flags |= VS_TS_UNIT_DISCONT;
  pes->damaged = pes->discont = FALSE;
  update_config (pes, data, size);
  pass_on (pes, &unit);
}

/* Passes on the units that are whole. Returns FALSE when all bytes stay. */
static gboolean
pass_on_video (VsTsPes * pes, VsUnitEnd end)
{
  gsize start = 0, used;
  gboolean configured;
  VsTsUnit unit;

  while ((used = vs_ts_video_next (&pes->video, pes->data + start,
              pes->size - start, end, pes->config, &unit, &configured)) > 0) {
    start += used;
    if (configured)
      update_config (pes, unit.data, unit.size);
    pass_on (pes, &unit);
  }
  start += vs_ts_video_skip (&pes->video, pes->size - start, end);
  if (start == 0)
    return FALSE;
  pes->size -= start;
  /* of this PES packet's payload so much is gone, too */
  if (start > pes->carry && pes->state == STATE_PAYLOAD && pes->bounded)
    pes->expected -= start - pes->carry;
  pes->carry -= MIN (pes->carry, start);
  memmove (pes->data, pes->data + start, pes->size);
  return TRUE;
}

/* The first bytes of a PES packet: mostly they end the unit before. */
static void
look_at_head (VsTsPes * pes)
{
  gsize carry = pes->carry;

  if (!pass_on_video (pes, VS_UNIT_END_OPEN)) {
    pes->head = pes->size - carry < VIDEO_HEAD;
    if (!pes->head)
      pes->aligned = 0;
    return;
  }
  pes->head = FALSE;
  /* but for a zero, which may be the start code's */
  if (pes->carry > 1)
    pes->aligned = 0;
  else if (pes->aligned < ALIGNED_MIN)
    pes->aligned++;
}

static void
finish_video (VsTsPes * pes)
{
  const VsUnitSplitter *splitter = &pes->video.splitter;

  if (pes->head)
    look_at_head (pes);
  if (pes->head || pass_on_video (pes, VS_UNIT_END_OPEN)
      || !splitter->open || splitter->unit.start > 1)
    pes->aligned = 0;
  pes->head = FALSE;
  if (pes->bounded && pes->aligned == ALIGNED_MIN && !splitter->half)
    pass_on_video (pes, VS_UNIT_END_WHOLE);
}

/* Once synchronisation was lost, a sync word counts only with another one
 * where the frame ends. */
static gboolean
is_followed_by_frame (const VsTsPes * pes, gsize end)
{
  gsize left = pes->size - end;
  guint rate;

  return left == 0 || left == 1
      || vs_codec_audio_frame (pes->codec, pes->data + end, &left, &rate) > 0
      || left == 0;
}

static void
stamp (VsTsPes * pes, gint64 time_90k)
{
  pes->base_90k = time_90k;
  pes->samples = 0;
}

static gint64
audio_time (const VsTsPes * pes)
{
  if (pes->base_90k == VS_TS_NO_TIME || pes->samples == 0)
    return pes->base_90k;
  return pes->base_90k
      + gst_util_uint64_scale_round (pes->samples, 90000, pes->sample_rate);
}

static void
pass_on_frame (VsTsPes * pes, gsize start, gsize size, guint samples,
    guint sample_rate)
{
  gint64 time;

  if (sample_rate != pes->sample_rate) {
    stamp (pes, audio_time (pes));
    pes->sample_rate = sample_rate;
  }
  time = audio_time (pes);
  pes->samples += samples;
  pass_on_bytes (pes, time, time, pes->data + start, size);
}

/* Takes the frames off; the PTS is of the first that begins in this PES
 * packet (2.4.3.7). */
static void
pass_on_audio (VsTsPes * pes)
{
  gboolean stamped = pes->pts_90k == VS_TS_NO_TIME;
  gsize start = 0;

  while (start < pes->size) {
    gsize size = pes->size - start;
    guint sample_rate;
    guint samples = vs_codec_audio_frame (pes->codec, pes->data + start, &size,
        &sample_rate);

    if (samples == 0 && size == 0)
      break;
    if (samples == 0 || (!pes->in_sync
            && !is_followed_by_frame (pes, start + size))) {
      pes->damaged |= pes->in_sync;
      pes->in_sync = FALSE;
      start += samples == 0 ? size : 1;
      continue;
    }
    pes->in_sync = TRUE;
    if (!stamped && start >= pes->carry) {
      stamp (pes, pes->pts_90k);
      stamped = TRUE;
    }
    pass_on_frame (pes, start, size, samples, sample_rate);
    start += size;
  }
  if (!stamped && start >= pes->carry)
    stamp (pes, pes->pts_90k);
  pes->size -= start;
  if (pes->size > CARRY_MAX) {
    pes->size = 0;
    pes->damaged = TRUE;
  }
  memmove (pes->data, pes->data + start, pes->size);
}

static void
finish (VsTsPes * pes)
{
  pes->state = STATE_WAIT;
  pes->limit = 0;
  if (pes->type == VS_MEDIA_VIDEO) {
    finish_video (pes);
  } else if (pes->type == VS_MEDIA_AUDIO) {
    pass_on_audio (pes);
  } else {
    if (pes->size > 0)
      pass_on_bytes (pes, pes->pts_90k, pes->dts_90k, pes->data, pes->size);
    pes->size = 0;
  }
  pes->carry = pes->size;
}

/* 33 bits between marker bits; VS_TS_NO_TIME where one of these is missing */
static gint64
parse_time (const guint8 * p)
{
  if (!(p[0] & p[2] & p[4] & 1))
    return VS_TS_NO_TIME;
  return (gint64) (p[0] >> 1 & 7) << 30 | p[1] << 22 | (p[2] >> 1) << 15
      | p[3] << 7 | p[4] >> 1;
}

static void
set_times (VsTsPes * pes, const guint8 * header)
{
  gint64 pts = VS_TS_NO_TIME, dts = VS_TS_NO_TIME;
  gboolean discont = FALSE;

  if (header[7] & HAS_PTS && header[8] >= TIME_SIZE)
    pts = dts = parse_time (header + PES_HEADER);
  if (pts != VS_TS_NO_TIME && header[7] & HAS_DTS && header[8] >= 2 * TIME_SIZE)
    dts = parse_time (header + PES_HEADER + TIME_SIZE);
  if (pts != VS_TS_NO_TIME && dts != VS_TS_NO_TIME) {
    dts = vs_ts_clock_next (&pes->context->clock, &pes->clock, dts,
        pes->type != VS_MEDIA_OTHER, &discont);
    pts = vs_ts_unwrap (pts, dts);
    pes->context->stats.clock_jumps = pes->context->clock.jumps;
  } else {
    pts = dts = VS_TS_NO_TIME;
  }
  pes->pts_90k = pts;
  pes->dts_90k = dts;
  pes->discont |= discont;
}

/* Streams whose payload follows PES_packet_length at once: 2.4.3.7 */
static gboolean
has_no_flags (guint8 stream_id)
{
  static const guint8 ids[] =
      { 0xbc, 0xbe, 0xbf, 0xf0, 0xf1, 0xf2, 0xf8, 0xff };

  return memchr (ids, stream_id, sizeof ids) != NULL;
}

/* Parses the header once it is whole, and cuts it out of the buffer. */
static HeaderResult
parse_header (VsTsPes * pes)
{
  guint8 *p = pes->data + pes->carry;
  gsize size = pes->size - pes->carry;
  gsize header = PES_START;
  guint length;

  if (size < PES_START)
    return HEADER_HALF;
  if (GST_READ_UINT24_BE (p) != 1)
    return HEADER_BAD;
  length = GST_READ_UINT16_BE (p + 4);
  if (has_no_flags (p[3])) {
    pes->pts_90k = pes->dts_90k = VS_TS_NO_TIME;
  } else {
    if (size < PES_HEADER)
      return HEADER_HALF;
    if (p[6] >> 6 != 2)
      return HEADER_BAD;
    header = PES_HEADER + p[8];
    if (length != 0 && length < header - PES_START)
      return HEADER_BAD;
    if (size < header)
      return HEADER_HALF;
    if (p[6] & PES_SCRAMBLED) {
      pes->context->stats.scrambled++;
      return HEADER_BAD;
    }
    set_times (pes, p);
  }
  pes->bounded = length != 0;
  pes->expected = pes->bounded ? length - (header - PES_START) : 0;
  memmove (p, p + header, size - header);
  pes->size -= header;
  return HEADER_WHOLE;
}

/* Takes what follows a header into the bounds that it told. */
static void
check_bounds (VsTsPes * pes)
{
  if (!pes->bounded || pes->size - pes->carry < pes->expected)
    return;
  pes->size = pes->carry + pes->expected;
  finish (pes);
}

static void
touch (VsTsPes * pes)
{
  pes->touched_90k = pes->context->clock.now_90k;
  pes->touched_epoch = pes->context->clock.epoch;
}

static void
lose_here (VsTsPes * pes)
{
  pes->damaged = TRUE;
  if (pes->type == VS_MEDIA_VIDEO)
    vs_ts_video_lose (&pes->video,
        pes->state == STATE_PAYLOAD ? pes->size : pes->carry);
}

static void
start_packet (VsTsPes * pes)
{
  /* a PES packet that is too short for its length lost something */
  if (pes->state == STATE_HEADER
      || (pes->state == STATE_PAYLOAD && pes->bounded))
    lose_here (pes);
  if (pes->state == STATE_PAYLOAD)
    finish (pes);
  pes->damaged |= pes->lost;
  pes->lost = FALSE;
  pes->size = pes->carry;
  pes->state = STATE_HEADER;
  touch (pes);
}

static void
start_payload (VsTsPes * pes)
{
  pes->state = STATE_PAYLOAD;
  if (pes->type != VS_MEDIA_VIDEO)
    return;
  vs_ts_video_begin (&pes->video, pes->carry, pes->pts_90k, pes->dts_90k,
      pes->discont);
  pes->discont = FALSE;
  pes->head = pes->carry > 0;
}

/* Nothing of a unit that is too large is passed on. */
static void
give_up_unit (VsTsPes * pes)
{
  pes->context->stats.oversize++;
  pes->carry = 0;
  give_up (pes);
  if (pes->type == VS_MEDIA_VIDEO)
    vs_ts_video_drop (&pes->video);
}

/* Until there, nothing but to add payload is to be done. */
static void
set_limit (VsTsPes * pes)
{
  if (pes->state != STATE_PAYLOAD || pes->head)
    pes->limit = 0;
  else if (pes->bounded)
    pes->limit = MIN (pes->allocated, pes->carry + pes->expected);
  else
    pes->limit = pes->allocated;
}

static void
push (VsTsPes * pes, const guint8 * data, gsize size)
{
  if (!append (pes, data, size)) {
    give_up_unit (pes);
    return;
  }
  if (pes->state == STATE_HEADER) {
    HeaderResult result = parse_header (pes);

    if (result == HEADER_BAD)
      give_up (pes);
    if (result != HEADER_WHOLE)
      return;
    start_payload (pes);
  }
  check_bounds (pes);
  if (pes->head && pes->state == STATE_PAYLOAD)
    look_at_head (pes);
  set_limit (pes);
}

void
vs_ts_pes_push (VsTsPes * pes, const guint8 * data, gsize size, gboolean start)
{
  if (G_LIKELY (!start && pes->size + size < pes->limit)) {
    memcpy (pes->data + pes->size, data, size);
    pes->size += size;
    return;
  }
  if (start)
    start_packet (pes);
  if (pes->state != STATE_WAIT)
    push (pes, data, size);
}

void
vs_ts_pes_lose (VsTsPes * pes)
{
  pes->lost = TRUE;
  lose_here (pes);
  /* what comes next does not continue the frame */
  if (pes->state == STATE_WAIT && pes->type != VS_MEDIA_VIDEO)
    pes->size = pes->carry = 0;
}

void
vs_ts_pes_end (VsTsPes * pes)
{
  if (pes->state == STATE_PAYLOAD && !pes->bounded)
    finish (pes);
  /* the second field of a frame may come yet */
  if (pes->type == VS_MEDIA_VIDEO && pes->state == STATE_WAIT
      && !pes->video.splitter.half)
    pass_on_video (pes, VS_UNIT_END_WHOLE);
}

void
vs_ts_pes_expire (VsTsPes * pes)
{
  const VsTsClock *clock = &pes->context->clock;

  if (pes->type != VS_MEDIA_VIDEO || pes->size == 0)
    return;
  if (pes->touched_90k == VS_TS_NO_TIME || pes->touched_epoch != clock->epoch)
    touch (pes);
  if (clock->now_90k - pes->touched_90k > STALL_90K)
    vs_ts_pes_end (pes);
}

static void
drain_video (VsTsPes * pes)
{
  gboolean cut = pes->state == STATE_PAYLOAD && pes->bounded;

  if (pes->state == STATE_HEADER)
    pes->size = pes->carry;
  pass_on_video (pes, cut ? VS_UNIT_END_CUT : VS_UNIT_END_WHOLE);
}

void
vs_ts_pes_drain (VsTsPes * pes)
{
  if (pes->type == VS_MEDIA_VIDEO)
    drain_video (pes);
  /* of a PES packet that is not whole only audio frames may be */
  else if (pes->state == STATE_PAYLOAD
      && (!pes->bounded || pes->type == VS_MEDIA_AUDIO))
    finish (pes);
  if (pes->state != STATE_WAIT)
    give_up (pes);
}

void
vs_ts_pes_reset (VsTsPes * pes)
{
  pes->state = STATE_WAIT;
  pes->size = pes->carry = pes->limit = 0;
  pes->in_sync = pes->damaged = pes->lost = pes->head = FALSE;
  if (pes->type == VS_MEDIA_VIDEO)
    vs_ts_video_reset (&pes->video);
}
