/* VisionStream: Smooth Streaming fragments ([MS-SSTR] 2.2.4)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsfragment.h"
#include "isobmff/vssmooth.h"
#include "isobmff/vssmoothcodec.h"

#define PTS_TIMESCALE 90000
#define UNITS_PER_US (VS_SMOOTH_TIMESCALE / G_USEC_PER_SEC)

/* [MS-SSTR] 2.2.4.4 and 2.2.4.5: TfxdBoxUUID and TfrfBoxUUID */
static const guint8 tfxd_uuid[16] = {
  0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6,
  0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2
};

static const guint8 tfrf_uuid[16] = {
  0xd4, 0x80, 0x7e, 0xf2, 0xca, 0x39, 0x46, 0x95,
  0x8e, 0x54, 0x26, 0xcb, 0x9e, 0x46, 0xa7, 0x9f
};

/* with 64-bit times */
#define TFXD_VERSION 1
#define TFRF_VERSION 1

/* 14496-12 8.8.3.1 and 8.6.4: sample_depends_on, in sample flags and in
 * sdtp */
#define DEPENDS_ON_FROM_FLAGS(flags) ((flags) >> 24 & 3)
#define DEPENDS_ON_TO_SDTP(value) ((value) << 4)

typedef struct
{
  VsFragment base;
  VsMediaType type;
  guint64 shift, time, duration;
  const VsSegment *const *ahead;
  guint n_ahead;
} SmoothFragment;

/* A media time in Smooth's units, rounded. No real one is as large as the
 * limit, which keeps sums in range. */
static gint64
to_units (gint64 time, guint32 timescale)
{
  guint64 magnitude = time < 0 ? -(guint64) time : (guint64) time;
  guint64 units = gst_util_uint64_scale_round (magnitude, VS_SMOOTH_TIMESCALE,
      MAX (timescale, 1));

  units = MIN (units, G_MAXINT64 / 4);
  return time < 0 ? -(gint64) units : (gint64) units;
}

/* @time of the track's clock, since 1970 */
static gint64
get_time (const VsSegment * segment, gint64 time, guint32 timescale)
{
  return vs_segment_get_run_utc (segment) * UNITS_PER_US
      + to_units (time, timescale)
      - to_units (segment->run_start_pts_90k, PTS_TIMESCALE);
}

static guint64
round_time (gint64 time)
{
  return ((guint64) MAX (time, 0) + VS_SMOOTH_TIME_STEP / 2)
      / VS_SMOOTH_TIME_STEP * VS_SMOOTH_TIME_STEP;
}

void
vs_smooth_get_boundaries (const VsSegment * segment, guint64 * start,
    guint64 * end)
{
  gint64 ticks = 0;

  if (GST_CLOCK_TIME_IS_VALID (segment->duration))
    ticks = gst_util_uint64_scale_round (segment->duration, PTS_TIMESCALE,
        GST_SECOND);
  *start = round_time (get_time (segment, segment->start_pts_90k,
          PTS_TIMESCALE));
  *end = round_time (get_time (segment, segment->start_pts_90k + ticks,
          PTS_TIMESCALE));
}

gboolean
vs_smooth_get_extent (const VsSegment * segment, VsMediaType type,
    guint64 shift, guint64 * time, guint64 * duration)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);
  guint64 start, end;

  if (segment->gap || type == VS_MEDIA_OTHER || track == NULL
      || track->duration <= 0)
    return FALSE;
  start = round_time (get_time (segment, track->start, track->timescale));
  end = round_time (get_time (segment, track->start + track->duration,
          track->timescale));
  if (end <= MAX (start, shift))
    return FALSE;
  *time = MAX (start, shift) - shift;
  *duration = end - shift - *time;
  return TRUE;
}

/* Makes Smooth's units of the track's, from @start on, since 1970; each time
 * is rounded for itself. */
static void
rescale_samples (VsSamples * samples, const VsSegment * segment,
    const VsSegmentTrack * track, guint64 start, guint64 duration)
{
  gint64 dts = 0, next;

  for (guint i = 0; i < samples->samples->len; i++) {
    VsSample *sample = &g_array_index (samples->samples, VsSample, i);
    gint64 own = get_time (segment, track->start + sample->dts,
        track->timescale);
    gint64 offset = get_time (segment, track->start + sample->pts,
        track->timescale) - own;

    next = duration;
    if (i + 1 < samples->samples->len)
      next = get_time (segment, track->start + sample->dts + sample->duration,
          track->timescale) - (gint64) start;
    next = CLAMP (next, dts, (gint64) duration);
    sample->dts = dts;
    sample->pts = dts + offset;
    sample->duration = MIN (next - dts, G_MAXINT32);
    dts = next;
  }
}

/* 0 for unsigned composition offsets, which all players know */
static guint8
choose_trun_version (const VsFragment * fragment)
{
  for (guint i = 0; i < fragment->samples->samples->len; i++) {
    const VsSample *sample = vs_fragment_get_sample (fragment, i);

    if (vs_fragment_get_composition_offset (sample) < 0)
      return 1;
  }
  return 0;
}

static gsize
open_uuid (VsBoxWriter * w, const guint8 uuid[16], guint8 version)
{
  gsize box = vs_box_open (w, "uuid");

  vs_box_put_bytes (w, uuid, 16);
  vs_box_put_u32 (w, (guint32) version << 24);
  return box;
}

static void
put_sdtp (VsBoxWriter * w, const VsFragment * fragment)
{
  gsize sdtp = vs_box_open_full (w, "sdtp", 0, 0);

  for (guint i = 0; i < fragment->samples->samples->len; i++) {
    guint32 flags =
        vs_fragment_get_sample_flags (vs_fragment_get_sample (fragment, i));

    vs_box_put_u8 (w, DEPENDS_ON_TO_SDTP (DEPENDS_ON_FROM_FLAGS (flags)));
  }
  vs_box_close (w, sdtp);
}

static void
put_tfxd (VsBoxWriter * w, const SmoothFragment * fragment)
{
  gsize tfxd = open_uuid (w, tfxd_uuid, TFXD_VERSION);

  vs_box_put_u64 (w, fragment->time);
  vs_box_put_u64 (w, fragment->duration);
  vs_box_close (w, tfxd);
}

/* Returns how many there are; with @w they are written. */
static guint
put_ahead (VsBoxWriter * w, const SmoothFragment * fragment)
{
  guint n = 0;

  for (guint i = 0; i < fragment->n_ahead && n < G_MAXUINT8; i++) {
    guint64 time, duration;

    if (!vs_smooth_get_extent (fragment->ahead[i], fragment->type,
            fragment->shift, &time, &duration))
      continue;
    n++;
    if (w == NULL)
      continue;
    vs_box_put_u64 (w, time);
    vs_box_put_u64 (w, duration);
  }
  return n;
}

static void
put_tfrf (VsBoxWriter * w, const SmoothFragment * fragment)
{
  guint n = put_ahead (NULL, fragment);
  gsize tfrf;

  if (n == 0)
    return;
  tfrf = open_uuid (w, tfrf_uuid, TFRF_VERSION);
  vs_box_put_u8 (w, n);
  put_ahead (w, fragment);
  vs_box_close (w, tfrf);
}

static void
put_traf (VsBoxWriter * w, const VsFragment * fragment)
{
  const SmoothFragment *smooth = (const SmoothFragment *) fragment;

  vs_fragment_put_tfhd (w, fragment);
  vs_fragment_put_trun (w, fragment);
  put_sdtp (w, fragment);
  put_tfxd (w, smooth);
  put_tfrf (w, smooth);
}

/* The segment's own parameter sets, in the first sample. */
static void
add_parameter_sets (VsSamples * samples)
{
  g_autoptr (GByteArray) sets = samples->config ?
      vs_smooth_get_parameter_sets (samples->config) : NULL;

  if (sets)
    vs_samples_prepend (samples, sets->data, sets->len);
}

static gboolean
check (const VsSamples * samples, const VsSegment * segment,
    SmoothFragment * fragment, GError ** error)
{
  if (!vs_smooth_supports (samples->codec)) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
        "%s has no Smooth Streaming mapping",
        vs_codec_to_string (samples->codec));
    return FALSE;
  }
  if (!vs_smooth_get_extent (segment, fragment->type, fragment->shift,
          &fragment->time, &fragment->duration)) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK,
        "segment %" G_GUINT64_FORMAT " has nothing of the track",
        segment->sequence);
    return FALSE;
  }
  return TRUE;
}

GBytes *
vs_smooth_fragment_from_samples (VsSamples * samples,
    const VsSegment * segment, guint64 shift, const VsSegment * const *ahead,
    guint n_ahead, GError ** error)
{
  SmoothFragment fragment = {.type = samples->type,.shift = shift,
    .ahead = ahead,.n_ahead = n_ahead
  };
  const VsSegmentTrack *track = vs_fragment_place (samples, segment, error);

  if (track == NULL || !check (samples, segment, &fragment, error))
    return NULL;
  rescale_samples (samples, segment, track, shift + fragment.time,
      fragment.duration);
  add_parameter_sets (samples);
  vs_fragment_init (&fragment.base, samples, (guint32) segment->sequence, 0);
  fragment.base.trun_version = choose_trun_version (&fragment.base);
  fragment.base.put_traf = put_traf;
  return vs_fragment_assemble (&fragment.base, samples);
}

GBytes *
vs_smooth_fragment (GBytes * ts, const VsSegment * segment, VsMediaType type,
    guint64 shift, const VsSegment * const *ahead, guint n_ahead,
    GError ** error)
{
  g_auto (VsSamples) samples = { 0 };

  return vs_fragment_collect (&samples, ts, segment, type, error) ?
      vs_smooth_fragment_from_samples (&samples, segment, shift, ahead,
      n_ahead, error) : NULL;
}

GBytes *
vs_smooth_fragment_get_info (GBytes * fragment)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (fragment, &size);

  /* the first box of a fragment is its moof */
  if (size >= 4)
    size = MIN (size, GST_READ_UINT32_BE (data));
  return g_bytes_new_from_bytes (fragment, 0, size);
}
