/* VisionStream: CMAF fragments (ISO/IEC 23000-19 7.3.2.3)
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

#include "isobmff/vsboxwriter.h"
#include "isobmff/vscmaf.h"
#include "isobmff/vssamples.h"

#define TRACK_ID 1
#define BOX_HEAD_SIZE 8

/* 14496-12 8.8.7.1 */
#define TFHD_DEFAULT_DURATION 0x000008
#define TFHD_DEFAULT_SIZE 0x000010
#define TFHD_DEFAULT_FLAGS 0x000020
#define TFHD_DEFAULT_BASE_IS_MOOF 0x020000

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

typedef struct
{
  const VsSamples *samples;
  guint32 number;               /* mfhd */
  guint64 start;                /* tfdt */
  /* what all samples have in common, and which of it is not said for each */
  guint32 tfhd_flags, trun_flags;
  guint32 default_duration, default_size, default_flags;
} Fragment;

static const VsSample *
nth (const Fragment * fragment, guint i)
{
  return &g_array_index (fragment->samples->samples, VsSample, i);
}

static guint32
get_flags (const VsSample * sample)
{
  return sample->sync ? SAMPLE_SYNC : SAMPLE_NON_SYNC;
}

static gint32
get_composition_offset (const VsSample * sample)
{
  return CLAMP (sample->pts - sample->dts, -G_MAXINT32, G_MAXINT32);
}

/* Finds the shortest way to say it: what is equal in all samples goes into
 * tfhd, and so does the flag of all but the first. */
static void
choose_defaults (Fragment * fragment)
{
  guint n = fragment->samples->samples->len;
  const VsSample *first = nth (fragment, 0), *last = nth (fragment, n - 1);

  fragment->tfhd_flags = TFHD_DEFAULT_BASE_IS_MOOF | TFHD_DEFAULT_DURATION
      | TFHD_DEFAULT_SIZE | TFHD_DEFAULT_FLAGS;
  fragment->trun_flags = TRUN_DATA_OFFSET;
  fragment->default_duration = first->duration;
  fragment->default_size = first->size;
  fragment->default_flags = get_flags (last);
  if (get_flags (first) != fragment->default_flags)
    fragment->trun_flags |= TRUN_FIRST_FLAGS;
  for (guint i = 0; i < n; i++) {
    const VsSample *sample = nth (fragment, i);

    if (sample->duration != fragment->default_duration)
      fragment->trun_flags |= TRUN_DURATION;
    if (sample->size != fragment->default_size)
      fragment->trun_flags |= TRUN_SIZE;
    if (i > 0 && get_flags (sample) != fragment->default_flags)
      fragment->trun_flags |= TRUN_FLAGS;
    if (get_composition_offset (sample) != 0)
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

static void
put_styp (VsBoxWriter * w)
{
  gsize styp = vs_box_open (w, "styp");

  vs_box_put_bytes (w, "msdh", 4);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, "msdh", 4);
  vs_box_put_bytes (w, "cmfs", 4);
  vs_box_close (w, styp);
}

static void
put_tfhd (VsBoxWriter * w, const Fragment * fragment)
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

static void
put_tfdt (VsBoxWriter * w, const Fragment * fragment)
{
  gsize tfdt = vs_box_open_full (w, "tfdt", 1, 0);

  vs_box_put_u64 (w, fragment->start);
  vs_box_close (w, tfdt);
}

/* @moof_size: where the payload lies, behind the mdat's head */
static void
put_trun (VsBoxWriter * w, const Fragment * fragment, gsize moof_size)
{
  guint n = fragment->samples->samples->len;
  guint32 flags = fragment->trun_flags;
  gsize trun = vs_box_open_full (w, "trun", 1, flags);

  vs_box_put_u32 (w, n);
  vs_box_put_u32 (w, moof_size + BOX_HEAD_SIZE);
  if (flags & TRUN_FIRST_FLAGS)
    vs_box_put_u32 (w, get_flags (nth (fragment, 0)));
  for (guint i = 0; i < n; i++) {
    const VsSample *sample = nth (fragment, i);

    if (flags & TRUN_DURATION)
      vs_box_put_u32 (w, sample->duration);
    if (flags & TRUN_SIZE)
      vs_box_put_u32 (w, sample->size);
    if (flags & TRUN_FLAGS)
      vs_box_put_u32 (w, get_flags (sample));
    if (flags & TRUN_COMPOSITION_OFFSET)
      vs_box_put_u32 (w, (guint32) get_composition_offset (sample));
  }
  vs_box_close (w, trun);
}

/* Returns the size of the moof. */
static gsize
put_moof (VsBoxWriter * w, const Fragment * fragment, gsize moof_size)
{
  gsize box, traf, moof = vs_box_open (w, "moof");

  box = vs_box_open_full (w, "mfhd", 0, 0);
  vs_box_put_u32 (w, fragment->number);
  vs_box_close (w, box);
  traf = vs_box_open (w, "traf");
  put_tfhd (w, fragment);
  put_tfdt (w, fragment);
  put_trun (w, fragment, moof_size);
  vs_box_close (w, traf);
  vs_box_close (w, moof);
  return w->offset - moof;
}

/* All boxes up to the payload. */
static void
put_boxes (VsBoxWriter * w, const Fragment * fragment, gsize moof_size,
    gsize payload_size)
{
  put_styp (w);
  put_moof (w, fragment, moof_size);
  vs_box_put_u32 (w, payload_size + BOX_HEAD_SIZE);
  vs_box_put_bytes (w, "mdat", 4);
}

/* Gives back what was allocated too much. A little is kept: allocations of
 * whole sizes are used again, while those cut to measure go back to the
 * system, and each page of the next costs a fault. */
static guint8 *
take_data (VsSamples * samples)
{
  guint8 *data = g_steal_pointer (&samples->data);

  if (samples->capacity - samples->offset > samples->capacity / 8)
    data = g_realloc (data, samples->offset);
  return data;
}

/* Writes the boxes ahead of the payload; takes the data of @samples. */
static GBytes *
assemble (VsSamples * samples, const Fragment * fragment)
{
  VsBoxWriter measure = { NULL }, w = { NULL };
  gsize moof_size = put_moof (&measure, fragment, 0);
  gsize payload_size = samples->offset - samples->headroom;
  gsize start;
  g_autoptr (GBytes) whole = NULL;

  measure.offset = 0;
  put_boxes (&measure, fragment, moof_size, payload_size);
  vs_samples_set_headroom (samples, measure.offset);
  start = samples->headroom - measure.offset;
  w.data = samples->data + start;
  put_boxes (&w, fragment, moof_size, payload_size);
  whole = g_bytes_new_take (take_data (samples), samples->offset);
  return g_bytes_new_from_bytes (whole, start, samples->offset - start);
}

GBytes *
vs_cmaf_fragment (GBytes * ts, const VsSegment * segment, VsMediaType type,
    GError ** error)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);
  g_auto (VsSamples) samples = { 0 };
  Fragment fragment = {.samples = &samples };

  if (track == NULL || type == VS_MEDIA_OTHER) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK,
        "segment %" G_GUINT64_FORMAT " has no such track", segment->sequence);
    return NULL;
  }
  if (!vs_samples_collect (&samples, ts, type, segment->start_pts_90k, error))
    return NULL;
  /* box sizes are 32 bits */
  if (samples.offset - samples.headroom > G_MAXINT32) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED,
        "segment %" G_GUINT64_FORMAT " is too large", segment->sequence);
    return NULL;
  }
  vs_samples_place (&samples, track->timescale, track->duration);
  fragment.number = (guint32) segment->sequence;
  fragment.start = MAX (track->start, 0);
  choose_defaults (&fragment);
  return assemble (&samples, &fragment);
}

typedef struct
{
  VsMediaType type;
  gboolean has_program;
  gint track;
  VsCodecConfig *config;
} ConfigSearch;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  ConfigSearch *search = user_data;

  search->has_program = TRUE;
  search->track = vs_samples_find_track (program, search->type);
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  ConfigSearch *search = user_data;

  if (search->config == NULL && unit->config != NULL
      && (gint) unit->track == search->track)
    search->config = vs_codec_config_ref (unit->config);
}

VsCodecConfig *
vs_cmaf_find_config (GBytes * ts, VsMediaType type, GError ** error)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  /* a look at the beginning is enough, most times */
  const gsize piece = 512 * VS_TS_PACKET_SIZE;
  ConfigSearch search = {.type = type,.track = -1 };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &search);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  vs_ts_reader_select (reader, type);
  for (gsize at = 0; at < size && search.config == NULL; at += piece)
    vs_ts_reader_push (reader, data + at, MIN (piece, size - at));
  if (search.config == NULL)
    vs_ts_reader_drain (reader);
  if (search.config == NULL)
    g_set_error (error, VS_PACKAGE_ERROR, search.has_program
        ? VS_PACKAGE_ERROR_NO_TRACK : VS_PACKAGE_ERROR_DAMAGED,
        "no configuration of such a track in the segment");
  return search.config;
}
