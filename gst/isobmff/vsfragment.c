/* VisionStream: a movie fragment of one track (ISO/IEC 14496-12 8.8)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of a fragment: the TS is read once, its samples are written to
 * where the mdat will be; then the samples are known, the boxes are measured,
 * and written right ahead of the payload. The result is that one allocation,
 * from the first box on.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsfragment.h"
#include "memory/vsmemory.h"

#define TRACK_ID 1
#define BOX_HEAD_SIZE 8

/* 14496-12 8.8.7.1 */
#define TFHD_DEFAULT_DURATION 0x000008
#define TFHD_DEFAULT_SIZE 0x000010
#define TFHD_DEFAULT_FLAGS 0x000020

/* 14496-12 8.8.8.1 */
#define TRUN_DATA_OFFSET 0x000001
#define TRUN_FIRST_FLAGS 0x000004
#define TRUN_DURATION 0x000100
#define TRUN_SIZE 0x000200
#define TRUN_FLAGS 0x000400
#define TRUN_COMPOSITION_OFFSET 0x000800

/* 14496-12 8.8.3.1: sample_depends_on 2 (on none); 1 (on others) and
 * sample_is_non_sync_sample */
#define SAMPLE_SYNC 0x02000000
#define SAMPLE_NON_SYNC 0x01010000

const VsSample *
vs_fragment_get_sample (const VsFragment * fragment, guint i)
{
  return &g_array_index (fragment->samples->samples, VsSample, i);
}

guint32
vs_fragment_get_sample_flags (const VsSample * sample)
{
  return sample->sync ? SAMPLE_SYNC : SAMPLE_NON_SYNC;
}

gint32
vs_fragment_get_composition_offset (const VsSample * sample)
{
  return CLAMP (sample->pts - sample->dts, -G_MAXINT32, G_MAXINT32);
}

/* Finds the shortest way to say it: what is equal in all samples goes into
 * tfhd, and so does the flag of all but the first. */
static void
choose_defaults (VsFragment * fragment)
{
  guint n = fragment->samples->samples->len;
  const VsSample *first = vs_fragment_get_sample (fragment, 0);
  const VsSample *last = vs_fragment_get_sample (fragment, n - 1);

  fragment->tfhd_flags |=
      TFHD_DEFAULT_DURATION | TFHD_DEFAULT_SIZE | TFHD_DEFAULT_FLAGS;
  fragment->trun_flags = TRUN_DATA_OFFSET;
  fragment->default_duration = first->duration;
  fragment->default_size = first->size;
  fragment->default_flags = vs_fragment_get_sample_flags (last);
  if (vs_fragment_get_sample_flags (first) != fragment->default_flags)
    fragment->trun_flags |= TRUN_FIRST_FLAGS;
  for (guint i = 0; i < n; i++) {
    const VsSample *sample = vs_fragment_get_sample (fragment, i);

    if (sample->duration != fragment->default_duration)
      fragment->trun_flags |= TRUN_DURATION;
    if (sample->size != fragment->default_size)
      fragment->trun_flags |= TRUN_SIZE;
    if (i > 0
        && vs_fragment_get_sample_flags (sample) != fragment->default_flags)
      fragment->trun_flags |= TRUN_FLAGS;
    if (vs_fragment_get_composition_offset (sample) != 0)
      fragment->trun_flags |= TRUN_COMPOSITION_OFFSET;
  }
  if (fragment->trun_flags & TRUN_DURATION)
    fragment->tfhd_flags &= ~TFHD_DEFAULT_DURATION;
  if (fragment->trun_flags & TRUN_SIZE)
    fragment->tfhd_flags &= ~TFHD_DEFAULT_SIZE;
  /* 8.8.8.1: first-sample-flags and sample-flags exclude each other */
  if (fragment->trun_flags & TRUN_FLAGS) {
    fragment->trun_flags &= ~TRUN_FIRST_FLAGS;
    fragment->tfhd_flags &= ~TFHD_DEFAULT_FLAGS;
  }
}

void
vs_fragment_init (VsFragment * fragment, const VsSamples * samples,
    guint32 number, guint32 tfhd_flags)
{
  memset (fragment, 0, sizeof *fragment);
  fragment->samples = samples;
  fragment->number = number;
  fragment->trun_version = 1;
  fragment->tfhd_flags = tfhd_flags;
  choose_defaults (fragment);
}

void
vs_fragment_put_tfhd (VsBoxWriter * w, const VsFragment * fragment)
{
  gsize tfhd = vs_box_open_full (w, "tfhd", 0, fragment->tfhd_flags);

  vs_box_put_u32 (w, TRACK_ID);
  if (fragment->tfhd_flags & TFHD_DEFAULT_DURATION)
    vs_box_put_u32 (w, fragment->default_duration);
  if (fragment->tfhd_flags & TFHD_DEFAULT_SIZE)
    vs_box_put_u32 (w, fragment->default_size);
  if (fragment->tfhd_flags & TFHD_DEFAULT_FLAGS)
    vs_box_put_u32 (w, fragment->default_flags);
  vs_box_close (w, tfhd);
}

void
vs_fragment_put_trun (VsBoxWriter * w, const VsFragment * fragment)
{
  guint n = fragment->samples->samples->len;
  guint32 flags = fragment->trun_flags;
  gsize trun = vs_box_open_full (w, "trun", fragment->trun_version, flags);

  vs_box_put_u32 (w, n);
  /* the payload lies behind the moof and the head of the mdat */
  vs_box_put_u32 (w, fragment->moof_size + BOX_HEAD_SIZE);
  if (flags & TRUN_FIRST_FLAGS)
    vs_box_put_u32 (w,
        vs_fragment_get_sample_flags (vs_fragment_get_sample (fragment, 0)));
  for (guint i = 0; i < n; i++) {
    const VsSample *sample = vs_fragment_get_sample (fragment, i);

    if (flags & TRUN_DURATION)
      vs_box_put_u32 (w, sample->duration);
    if (flags & TRUN_SIZE)
      vs_box_put_u32 (w, sample->size);
    if (flags & TRUN_FLAGS)
      vs_box_put_u32 (w, vs_fragment_get_sample_flags (sample));
    if (flags & TRUN_COMPOSITION_OFFSET)
      vs_box_put_u32 (w, (guint32) vs_fragment_get_composition_offset (sample));
  }
  vs_box_close (w, trun);
}

static void
put_moof (VsBoxWriter * w, const VsFragment * fragment)
{
  gsize box, traf, moof = vs_box_open (w, "moof");

  box = vs_box_open_full (w, "mfhd", 0, 0);
  vs_box_put_u32 (w, fragment->number);
  vs_box_close (w, box);
  traf = vs_box_open (w, "traf");
  fragment->put_traf (w, fragment);
  vs_box_close (w, traf);
  vs_box_close (w, moof);
}

/* All boxes up to the payload. */
static void
put_boxes (VsBoxWriter * w, const VsFragment * fragment, gsize payload_size)
{
  if (fragment->put_head)
    fragment->put_head (w);
  put_moof (w, fragment);
  vs_box_put_u32 (w, payload_size + BOX_HEAD_SIZE);
  vs_box_put_bytes (w, "mdat", 4);
}

GBytes *
vs_fragment_assemble (VsFragment * fragment, VsSamples * samples)
{
  VsBoxWriter measure = { NULL }, w = { NULL };
  gsize payload_size = samples->offset - samples->headroom;
  gsize start;
  g_autoptr (GBytes) whole = NULL;

  put_moof (&measure, fragment);
  fragment->moof_size = measure.offset;
  measure.offset = 0;
  put_boxes (&measure, fragment, payload_size);
  vs_samples_set_headroom (samples, measure.offset);
  start = samples->headroom - measure.offset;
  w.data = samples->data + start;
  put_boxes (&w, fragment, payload_size);
  whole = vs_memory_to_bytes (g_steal_pointer (&samples->data),
      samples->offset);
  return g_bytes_new_from_bytes (whole, start, samples->offset - start);
}

static const VsSegmentTrack *
find_track (const VsSegment * segment, VsMediaType type, GError ** error)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);

  if (track && type != VS_MEDIA_OTHER)
    return track;
  g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK,
      "segment %" G_GUINT64_FORMAT " has no such track", segment->sequence);
  return NULL;
}

gboolean
vs_fragment_collect (VsSamples * samples, GBytes * ts,
    const VsSegment * segment, VsMediaType type, GError ** error)
{
  if (!find_track (segment, type, error)
      || !vs_samples_collect (samples, ts, type, segment->start_pts_90k, error))
    return FALSE;
  if (vs_cmaf_supports (samples->codec))
    return TRUE;
  g_set_error_literal (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
      "the track's codec has no CMAF mapping");
  return FALSE;
}

const VsSegmentTrack *
vs_fragment_place (VsSamples * samples, const VsSegment * segment,
    GError ** error)
{
  const VsSegmentTrack *track = find_track (segment, samples->type, error);

  /* box sizes are 32 bits */
  if (track && samples->offset - samples->headroom > G_MAXINT32) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED,
        "segment %" G_GUINT64_FORMAT " is too large", segment->sequence);
    return NULL;
  }
  if (track)
    vs_samples_place (samples, track->timescale, track->duration);
  return track;
}
