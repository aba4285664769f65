/* VisionStream: a segment's access units as samples of a track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vsnaltypes.h"
#include "isobmff/vssampleentry.h"
#include "isobmff/vssamples.h"
#include "memory/vsmemory.h"

#define PTS_TIMESCALE 90000

/* Bytes of boxes a sample takes at most, and all others together: what the
 * headroom is guessed from. */
#define BOX_BYTES_PER_SAMPLE 16
#define BOX_BYTES 256
/* Samples that the first headroom is for: six seconds at 60 a second. */
#define EXPECTED_SAMPLES 360
#define AUDIO_FIRST_CAPACITY (64 * 1024)

/* of a sample, in 14496-15 with lengthSizeMinusOne 3 */
#define NAL_LENGTH_SIZE 4

/* ISO/IEC 13818-7 6.2: the ADTS header, without and with its CRC */
#define ADTS_HEADER_SIZE 7
#define ADTS_CRC_SIZE 2
#define ADTS_PROTECTION_ABSENT 1

/* An audio PTS is rounded to 90 kHz, by some muxers twice: frames this near
 * to the end of the one before touch it. */
#define AUDIO_TOLERANCE_90K 2

typedef struct
{
  VsSamples *samples;
  gint track;                   /* in the programme, -1: not found yet */
  gboolean has_program;
  gboolean keep_sets;
} Collector;

guint8 *
vs_samples_reserve (VsSamples * samples, gsize size)
{
  if (samples->capacity - samples->offset < size) {
    samples->data = vs_memory_realloc (samples->data,
        MAX (samples->capacity * 2, samples->offset + size));
    samples->capacity = vs_memory_get_capacity (samples->data);
  }
  return samples->data + samples->offset;
}

void
vs_samples_add (VsSamples * samples, gsize size, gint64 pts, gint64 dts,
    gboolean sync)
{
  VsSample sample = {.pts = pts,.dts = dts,.size = size,.sync = sync };

  samples->offset += size;
  g_array_append_val (samples->samples, sample);
}

gint
vs_samples_find_track (const VsTsProgram * program, VsMediaType type)
{
  for (guint i = 0; i < program->n_tracks; i++) {
    if (vs_codec_get_media_type (program->tracks[i].codec) == type)
      return i;
  }
  return -1;
}

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  Collector *collector = user_data;

  collector->has_program = TRUE;
  collector->track = vs_samples_find_track (program, collector->samples->type);
  if (collector->track >= 0)
    collector->samples->codec = program->tracks[collector->track].codec;
}

static VsNalUse
get_h264_use (guint8 first)
{
  switch (H264_TYPE (first)) {
    case H264_AUD:
    case H264_FILLER:
      return VS_NAL_USE_LEFT_OUT;
    case H264_SPS:
    case H264_PPS:
    case H264_SPS_EXTENSION:
      return VS_NAL_USE_PARAMETER_SET;
    default:
      return VS_NAL_USE_KEPT;
  }
}

static VsNalUse
get_h265_use (guint8 first)
{
  guint8 type = H265_TYPE (first);

  if (type >= H265_VPS && type <= H265_PPS)
    return VS_NAL_USE_PARAMETER_SET;
  return type == H265_AUD || type == H265_FILLER ?
      VS_NAL_USE_LEFT_OUT : VS_NAL_USE_KEPT;
}

VsNalUse
vs_samples_get_nal_use (VsCodec codec, guint8 first)
{
  return codec == VS_CODEC_H265 ? get_h265_use (first) : get_h264_use (first);
}

/* Returns: bytes that it wrote behind the payload */
static gsize
write_nals (Collector * collector, const VsTsUnit * unit)
{
  VsSamples *samples = collector->samples;
  gsize offset = 0, size = 0;
  VsNal nal;

  while (vs_nal_next (unit->data, unit->size, &offset, &nal)) {
    VsNalUse use = nal.size > 0 ?
        vs_samples_get_nal_use (samples->codec, nal.data[0]) :
        VS_NAL_USE_LEFT_OUT;
    guint8 *to;

    if (use == VS_NAL_USE_LEFT_OUT
        || (use == VS_NAL_USE_PARAMETER_SET && !collector->keep_sets))
      continue;
    to = vs_samples_reserve (samples, size + NAL_LENGTH_SIZE + nal.size) + size;
    GST_WRITE_UINT32_BE (to, nal.size);
    memcpy (to + NAL_LENGTH_SIZE, nal.data, nal.size);
    size += NAL_LENGTH_SIZE + nal.size;
  }
  return size;
}

static gsize
write_frame (VsSamples * samples, const VsTsUnit * unit)
{
  gsize head = 0;

  if (samples->codec == VS_CODEC_AAC) {
    head = ADTS_HEADER_SIZE;
    if (unit->size > 1 && !(unit->data[1] & ADTS_PROTECTION_ABSENT))
      head += ADTS_CRC_SIZE;
  }
  if (unit->size <= head)
    return 0;
  memcpy (vs_samples_reserve (samples, unit->size - head), unit->data + head,
      unit->size - head);
  return unit->size - head;
}

/* Times that were not sent go on from the sample before. */
static void
get_times (VsSamples * samples, const VsTsUnit * unit, gint64 * pts,
    gint64 * dts)
{
  guint n = samples->samples->len;
  gint64 next = 0;

  if (n > 0)
    next = g_array_index (samples->samples, VsSample, n - 1).dts;
  if (n > 1)
    next += next - g_array_index (samples->samples, VsSample, n - 2).dts;
  *pts = unit->pts_90k != VS_TS_NO_TIME ? unit->pts_90k
      : unit->dts_90k != VS_TS_NO_TIME ? unit->dts_90k : next;
  *dts = unit->dts_90k != VS_TS_NO_TIME ? unit->dts_90k : *pts;
}

/* A change of configuration begins a segment where it comes with a keyframe. A
 * PPS may change at any picture, though. The track's header, which was made
 * ahead of that, promises that its samples carry no parameter sets (avc1,
 * hvc1); without the new one they can't be decoded. So from there on all sets
 * stay in the samples, also those that are as before: decoders take them as
 * they come. The next keyframe has them in its header again. */
static void
follow_config (Collector * collector, VsCodecConfig * config)
{
  VsSamples *samples = collector->samples;

  if (config == NULL || config == samples->config)
    return;
  if (samples->config == NULL)
    samples->config = vs_codec_config_ref (config);
  else if (strcmp (samples->config->id, config->id) != 0)
    collector->keep_sets = TRUE;
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Collector *collector = user_data;
  VsSamples *samples = collector->samples;
  gint64 pts, dts;
  gsize size;

  if ((gint) unit->track != collector->track)
    return;
  follow_config (collector, unit->config);
  size = samples->type == VS_MEDIA_VIDEO ? write_nals (collector, unit) :
      write_frame (samples, unit);
  if (size == 0)
    return;
  get_times (samples, unit, &pts, &dts);
  vs_samples_add (samples, size, pts, dts,
      (unit->flags & VS_TS_UNIT_KEYFRAME) != 0);
}

static gboolean
check (const Collector * collector, GError ** error)
{
  const VsSamples *samples = collector->samples;
  gint code;
  const gchar *problem;

  if (!collector->has_program) {
    code = VS_PACKAGE_ERROR_DAMAGED;
    problem = "the segment has no PAT and PMT";
  } else if (samples->codec != VS_CODEC_UNKNOWN
      && !vs_sample_entry_supports (samples->codec)) {
    code = VS_PACKAGE_ERROR_UNSUPPORTED;
    problem = "the track's codec has no mapping to ISO base media files";
  } else if (samples->samples->len == 0) {
    code = VS_PACKAGE_ERROR_NO_TRACK;
    problem = "the segment has nothing of the track";
  } else {
    return TRUE;
  }
  g_set_error_literal (error, VS_PACKAGE_ERROR, code, problem);
  return FALSE;
}

void
vs_samples_init (VsSamples * samples, VsMediaType type, gsize size)
{
  memset (samples, 0, sizeof *samples);
  samples->type = type;
  samples->samples =
      g_array_sized_new (FALSE, FALSE, sizeof (VsSample), EXPECTED_SAMPLES);
  samples->headroom = BOX_BYTES + BOX_BYTES_PER_SAMPLE * EXPECTED_SAMPLES;
  samples->offset = samples->headroom;
  samples->capacity = samples->headroom + size;
  samples->data = vs_memory_alloc (samples->capacity);
}

void
vs_samples_clear (VsSamples * samples)
{
  g_clear_pointer (&samples->config, vs_codec_config_unref);
  g_clear_pointer (&samples->samples, g_array_unref);
  g_clear_pointer (&samples->data, vs_memory_free);
}

gboolean
vs_samples_collect (VsSamples * samples, GBytes * ts, VsMediaType type,
    gint64 time_hint_90k, GError ** error)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  Collector collector = {.samples = samples,.track = -1 };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &collector);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  /* Video is nearly all of a segment, and loses its packet headers: no more
   * than the segment's size is needed. */
  vs_samples_init (samples, type,
      type == VS_MEDIA_VIDEO ? size : AUDIO_FIRST_CAPACITY);
  vs_ts_reader_select (reader, type);
  vs_ts_reader_set_time_hint (reader, time_hint_90k);
  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
  return check (&collector, error);
}

void
vs_samples_set_headroom (VsSamples * samples, gsize size)
{
  gsize more;

  if (size <= samples->headroom)
    return;
  more = size - samples->headroom;
  vs_samples_reserve (samples, more);
  memmove (samples->data + size, samples->data + samples->headroom,
      samples->offset - samples->headroom);
  samples->headroom = size;
  samples->offset += more;
}

static VsSample *
nth (VsSamples * samples, guint i)
{
  return &g_array_index (samples->samples, VsSample, i);
}

void
vs_samples_prepend (VsSamples * samples, gconstpointer bytes, gsize size)
{
  if (size == 0 || samples->samples->len == 0)
    return;
  vs_samples_set_headroom (samples, size);
  samples->headroom -= size;
  memcpy (samples->data + samples->headroom, bytes, size);
  nth (samples, 0)->size += size;
}

/* Where a time lies after @base, in the track's timescale. */
static gint64
rescale (gint64 time_90k, gint64 base_90k, guint32 timescale)
{
  gint64 ticks = time_90k - base_90k;
  guint64 magnitude;

  if (timescale == PTS_TIMESCALE)
    return ticks;
  magnitude = gst_util_uint64_scale_round (ABS (ticks), timescale,
      PTS_TIMESCALE);
  return ticks < 0 ? -(gint64) magnitude : (gint64) magnitude;
}

static void
place_video (VsSamples * samples, guint32 timescale)
{
  gint64 first_dts = nth (samples, 0)->dts;
  gint64 first_pts = nth (samples, 0)->pts;

  for (guint i = 1; i < samples->samples->len; i++)
    first_pts = MIN (first_pts, nth (samples, i)->pts);
  for (guint i = 0; i < samples->samples->len; i++) {
    VsSample *sample = nth (samples, i);

    sample->pts = rescale (sample->pts, first_pts, timescale);
    sample->dts = rescale (sample->dts, first_dts, timescale);
  }
}

/* Frames touch; where the time stamps leave a hole, some were lost. */
static void
place_audio (VsSamples * samples, guint32 timescale)
{
  guint frame_samples = samples->config ? samples->config->frame_samples : 0;
  gint64 first = nth (samples, 0)->pts;
  gint64 tolerance = rescale (AUDIO_TOLERANCE_90K, 0, timescale) + 1;
  gint64 expected = 0;

  for (guint i = 0; i < samples->samples->len; i++) {
    VsSample *sample = nth (samples, i);
    gint64 time = rescale (sample->pts, first, timescale);

    if (time < expected || time - expected <= tolerance)
      time = expected;
    sample->pts = sample->dts = time;
    expected = time + frame_samples;
  }
}

/* Times of decoding grow, and leave each sample at least one unit before
 * @duration is over: true of what no packet was lost of. */
static void
set_durations (VsSamples * samples, gint64 duration)
{
  gint64 latest = duration;

  for (guint i = samples->samples->len; i > 0; i--) {
    VsSample *sample = nth (samples, i - 1);

    latest--;
    sample->dts = i == 1 ? 0 : CLAMP (sample->dts, 0, MAX (latest, 0));
    if (samples->type != VS_MEDIA_VIDEO)
      sample->pts = sample->dts;
    latest = sample->dts;
  }
  for (guint i = 0; i < samples->samples->len; i++) {
    gint64 next = i + 1 < samples->samples->len
        ? nth (samples, i + 1)->dts : duration;

    nth (samples, i)->duration =
        CLAMP (next - nth (samples, i)->dts, 0, G_MAXINT32);
  }
}

void
vs_samples_place (VsSamples * samples, guint32 timescale, gint64 duration)
{
  if (samples->type == VS_MEDIA_VIDEO)
    place_video (samples, timescale);
  else
    place_audio (samples, timescale);
  set_durations (samples, duration);
}
