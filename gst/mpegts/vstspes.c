/* VisionStream: PES packets to access units (ISO/IEC 13818-1 2.4.3.6)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The buffer holds, in this order, what is left of the PES packet before (the
 * first @carry bytes, audio only), then the header until it is parsed and cut
 * out, then the payload. A PES packet ends with its length, with the start of
 * the next one, or where the caller knows.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/gst.h>

#include "codec/vsparsers.h"
#include "mpegts/vstspes.h"

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

/* nal_unit_type of access unit delimiters */
#define H264_AUD 9
#define H265_AUD 35

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

  State state;
  gboolean bounded;
  gsize expected;               /* payload when bounded */
  gint64 pts_90k, dts_90k;
  gboolean discont, damaged;    /* for the next unit */
  gboolean lost;                /* damaged is the next PES packet too */

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
  return pes;
}

void
vs_ts_pes_free (VsTsPes * pes)
{
  g_clear_pointer (&pes->config, vs_codec_config_unref);
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

  if (G_UNLIKELY (needed > pes->allocated)) {
    if (needed > UNIT_MAX)
      return FALSE;
    pes->allocated = MIN (UNIT_MAX, MAX (2 * needed, BUFFER_MIN));
    pes->data = g_realloc (pes->data, pes->allocated);
  }
  memcpy (pes->data + pes->size, data, size);
  pes->size = needed;
  return TRUE;
}

/* Gives the PES packet up: nothing of it, or of a frame begun before it, will
 * be passed on. */
static void
give_up (VsTsPes * pes)
{
  pes->state = STATE_WAIT;
  pes->size = pes->carry = 0;
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
pass_on (VsTsPes * pes, VsTsUnitFlags flags, gint64 pts_90k, gint64 dts_90k,
    const guint8 * data, gsize size)
{
  VsTsContext *context = pes->context;
  VsTsUnit unit = { pes->track, flags, pts_90k, dts_90k, data, size, NULL };

  update_config (pes, data, size);
  unit.config = pes->config;
  if (pes->damaged)
    unit.flags |= VS_TS_UNIT_DAMAGED;
  if (pes->discont)
    unit.flags |= VS_TS_UNIT_DISCONT;
  pes->damaged = pes->discont = FALSE;
  if (context->callbacks.unit)
    context->callbacks.unit (&unit, context->user_data);
}

/* Where the access unit that begins at @start ends: at the next delimiter but
 * its own. */
static gsize
find_unit_end (const VsTsPes * pes, gsize start)
{
  gsize i = vs_nal_find_start_code (pes->data, pes->size, start);

  while (i < pes->size) {
    guint8 type;

    i = vs_nal_find_start_code (pes->data, pes->size, i + 3);
    if (i + 3 >= pes->size)
      break;
    type = pes->data[i + 3];
    if (pes->codec == VS_CODEC_H264 ? (type & 0x1f) == H264_AUD
        : (type >> 1 & 0x3f) == H265_AUD)
      return pes->data[i - 1] == 0 ? i - 1 : i;
  }
  return pes->size;
}

/* The time of the @index-th unit of a PES packet that tells but the first's.
 * Where pictures are reordered it cannot be known. */
static gint64
later_time (const VsTsPes * pes, guint index)
{
  if (index == 0)
    return pes->pts_90k;
  if (pes->pts_90k == VS_TS_NO_TIME || pes->pts_90k != pes->dts_90k
      || !pes->config || pes->config->fps_n == 0)
    return VS_TS_NO_TIME;
  return pes->pts_90k + gst_util_uint64_scale (90000 * (guint64) index,
      pes->config->fps_d, pes->config->fps_n);
}

static void
pass_on_video (VsTsPes * pes)
{
  gboolean delimited = pes->codec == VS_CODEC_H264
      || pes->codec == VS_CODEC_H265;
  gsize start = 0;

  for (guint i = 0; start < pes->size; i++) {
    gsize end = delimited ? find_unit_end (pes, start) : pes->size;
    const guint8 *data = pes->data + start;
    gint64 pts = later_time (pes, i);

    pass_on (pes, vs_codec_is_keyframe (pes->codec, data, end - start)
        ? VS_TS_UNIT_KEYFRAME : 0, pts, i == 0 ? pes->dts_90k : pts, data,
        end - start);
    start = end;
  }
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
  pass_on (pes, VS_TS_UNIT_KEYFRAME, time, time, pes->data + start, size);
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
  if (pes->type == VS_MEDIA_AUDIO) {
    pass_on_audio (pes);
    pes->carry = pes->size;
    return;
  }
  if (pes->type == VS_MEDIA_VIDEO)
    pass_on_video (pes);
  else if (pes->size > 0)
    pass_on (pes, VS_TS_UNIT_KEYFRAME, pes->pts_90k, pes->dts_90k, pes->data,
        pes->size);
  pes->size = 0;
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

void
vs_ts_pes_push (VsTsPes * pes, const guint8 * data, gsize size, gboolean start)
{
  if (start) {
    /* a PES packet that is too short for its length lost something */
    pes->damaged |= pes->state == STATE_HEADER
        || (pes->state == STATE_PAYLOAD && pes->bounded);
    if (pes->state == STATE_PAYLOAD)
      finish (pes);
    pes->damaged |= pes->lost;
    pes->lost = FALSE;
    pes->size = pes->carry;
    pes->state = STATE_HEADER;
  }
  if (pes->state == STATE_WAIT)
    return;
  if (!append (pes, data, size)) {
    pes->context->stats.oversize++;
    give_up (pes);
    return;
  }
  if (pes->state == STATE_HEADER) {
    HeaderResult result = parse_header (pes);

    if (result == HEADER_BAD)
      give_up (pes);
    if (result != HEADER_WHOLE)
      return;
    pes->state = STATE_PAYLOAD;
  }
  check_bounds (pes);
}

void
vs_ts_pes_lose (VsTsPes * pes)
{
  pes->damaged = pes->lost = TRUE;
  /* what comes next does not continue the frame */
  if (pes->state == STATE_WAIT)
    pes->size = pes->carry = 0;
}

void
vs_ts_pes_end (VsTsPes * pes)
{
  if (pes->state == STATE_PAYLOAD && !pes->bounded)
    finish (pes);
}

void
vs_ts_pes_drain (VsTsPes * pes)
{
  /* of a PES packet that is not whole only audio frames may be */
  if (pes->state == STATE_PAYLOAD
      && (!pes->bounded || pes->type == VS_MEDIA_AUDIO))
    finish (pes);
  if (pes->state != STATE_WAIT)
    give_up (pes);
}

void
vs_ts_pes_reset (VsTsPes * pes)
{
  pes->state = STATE_WAIT;
  pes->size = pes->carry = 0;
  pes->in_sync = pes->damaged = pes->lost = FALSE;
}
