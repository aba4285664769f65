/* VisionStream: MP4 files read: movie fragments (ISO/IEC 14496-12 8.8)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "isobmff/vsmp4private.h"

/* flags of tfhd, 8.8.7.1 */
#define TFHD_BASE_DATA_OFFSET 0x01
#define TFHD_DESCRIPTION 0x02
#define TFHD_DURATION 0x08
#define TFHD_SIZE 0x10
#define TFHD_FLAGS 0x20
#define TFHD_BASE_IS_MOOF 0x020000
/* flags of trun, 8.8.8.1 */
#define TRUN_DATA_OFFSET 0x01
#define TRUN_FIRST_FLAGS 0x04
#define TRUN_DURATIONS 0x100
#define TRUN_SIZES 0x200
#define TRUN_FLAGS 0x400
#define TRUN_COMPOSITIONS 0x800
#define TRUN_FIELDS 0xf00
/* sample flags, 8.8.3.1: sample_depends_on is 1, sample_is_non_sync_sample */
#define SAMPLE_DEPENDS_MASK 0x03000000
#define SAMPLE_DEPENDS 0x01000000
#define SAMPLE_NON_SYNC 0x00010000

/* tracks whose defaults are kept */
#define MAX_DEFAULTS 64
/* Times of decoding may be of UTC: s. */
#define LATEST_S G_MAXUINT32

/* A movie fragment that is being read. */
typedef struct
{
  VsMp4Movie *movie;
  guint64 start, file_size;
  guint64 next;                 /* behind the data of what was read last */
} Fragment;

typedef struct
{
  VsMp4Track *track;            /* NULL: not of use */
  VsMp4Defaults defaults;
  guint64 base;
} TrackFragment;

static gboolean
damaged (GError ** error, const gchar * why)
{
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, why);
  return FALSE;
}

static gboolean
unsupported (GError ** error, const gchar * why)
{
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED, why);
  return FALSE;
}

static gboolean
read_trex (GstByteReader * trex, VsMp4Defaults * defaults)
{
  guint8 version;
  guint32 flags;

  return vs_mp4_get_full (trex, &version, &flags)
      && gst_byte_reader_get_uint32_be (trex, &defaults->track_id)
      && gst_byte_reader_get_uint32_be (trex, &defaults->description)
      && gst_byte_reader_get_uint32_be (trex, &defaults->duration)
      && gst_byte_reader_get_uint32_be (trex, &defaults->size)
      && gst_byte_reader_get_uint32_be (trex, &defaults->flags);
}

gboolean
vs_mp4_defaults_parse (const GstByteReader * mvex, GArray * defaults)
{
  GstByteReader reader = *mvex, trex;
  guint32 type;

  while (vs_mp4_next (&reader, &type, &trex)) {
    VsMp4Defaults one;

    if (type != VS_MP4_TYPE ('t', 'r', 'e', 'x'))
      continue;
    if (!read_trex (&trex, &one) || defaults->len == MAX_DEFAULTS)
      return FALSE;
    g_array_append_val (defaults, one);
  }
  return TRUE;
}

static VsMp4Track *
find_track (const VsMp4Movie * movie, guint32 id)
{
  for (guint i = 0; i < movie->tracks->len; i++) {
    VsMp4Track *track = g_ptr_array_index (movie->tracks, i);

    if (track->id == id)
      return track;
  }
  return NULL;
}

static gboolean
find_defaults (const VsMp4Movie * movie, guint32 id, VsMp4Defaults * defaults)
{
  for (guint i = 0; i < movie->defaults->len; i++) {
    *defaults = g_array_index (movie->defaults, VsMp4Defaults, i);
    if (defaults->track_id == id)
      return TRUE;
  }
  return FALSE;
}

static gboolean
get_if (gboolean there, GstByteReader * reader, guint32 * value)
{
  return !there || gst_byte_reader_get_uint32_be (reader, value);
}

/* 8.8.7: without a base of its own, a track's data begins with the fragment,
 * or where that of the track ahead of it ends. */
static gboolean
read_tfhd (GstByteReader * tfhd, const Fragment * fragment, TrackFragment * one)
{
  guint8 version;
  guint32 flags, id;

  if (!vs_mp4_get_full (tfhd, &version, &flags)
      || !gst_byte_reader_get_uint32_be (tfhd, &id)
      || !find_defaults (fragment->movie, id, &one->defaults))
    return FALSE;
  one->track = find_track (fragment->movie, id);
  one->base = flags & TFHD_BASE_IS_MOOF ? fragment->start : fragment->next;
  if ((flags & TFHD_BASE_DATA_OFFSET)
      && !gst_byte_reader_get_uint64_be (tfhd, &one->base))
    return FALSE;
  return get_if (flags & TFHD_DESCRIPTION, tfhd, &one->defaults.description)
      && get_if (flags & TFHD_DURATION, tfhd, &one->defaults.duration)
      && get_if (flags & TFHD_SIZE, tfhd, &one->defaults.size)
      && get_if (flags & TFHD_FLAGS, tfhd, &one->defaults.flags)
      && one->base <= fragment->file_size
      && (one->track == NULL || (one->defaults.description > 0
          && one->defaults.description <= one->track->descriptions->len));
}

static gint64
last_time (const VsMp4Track * track)
{
  return track->samples->len > 0 ? g_array_index (track->samples, VsMp4Sample,
      track->samples->len - 1).dts : 0;
}

/* 8.8.12: where there is none, times go on. */
static gboolean
read_tfdt (const GstByteReader * traf, VsMp4Track * track)
{
  GstByteReader tfdt;
  guint64 time = 0;
  guint32 flags, time32 = 0;
  guint8 version;

  if (track == NULL || !vs_mp4_find (traf, VS_MP4_TYPE ('t', 'f', 'd', 't'),
          &tfdt))
    return TRUE;
  if (!vs_mp4_get_full (&tfdt, &version, &flags))
    return FALSE;
  if (version == 1 ? !gst_byte_reader_get_uint64_be (&tfdt, &time) :
      !gst_byte_reader_get_uint32_be (&tfdt, &time32))
    return FALSE;
  time |= time32;
  if (time > VS_MP4_TIME_MAX || time / track->timescale > LATEST_S
      || (gint64) time < last_time (track))
    return FALSE;
  track->end = time;
  return TRUE;
}

/* Lasts up to VS_MP4_SECONDS_MAX, from whatever time on. */
static gboolean
is_in_time (const VsMp4Track * track, guint32 duration)
{
  gint64 longest = (gint64) VS_MP4_SECONDS_MAX * track->timescale;
  gint64 first = track->samples->len > 0 ?
      g_array_index (track->samples, VsMp4Sample, 0).dts : track->end;

  return track->end - first <= longest - duration;
}

static gboolean
is_sync (const VsMp4Track * track, guint32 flags)
{
  return track->type == VS_MEDIA_AUDIO || (!(flags & SAMPLE_NON_SYNC)
      && (flags & SAMPLE_DEPENDS_MASK) != SAMPLE_DEPENDS);
}

/* Adds a sample that lies at the fragment's next place. */
static gboolean
add_sample (Fragment * fragment, const TrackFragment * one,
    const VsMp4Defaults * facts, guint32 composition)
{
  VsMp4Track *track = one->track;
  VsMp4Sample sample = {.offset = fragment->next };

  if (fragment->next > fragment->file_size
      || facts->size > fragment->file_size - fragment->next)
    return FALSE;
  fragment->next += facts->size;
  if (track == NULL)
    return TRUE;
  if (facts->size > VS_MP4_SAMPLE_SIZE_MAX
      || !is_in_time (track, facts->duration))
    return FALSE;
  sample.dts = track->end;
  /* version 0 has no sign, but writers put one there */
  sample.composition = (gint32) composition;
  sample.size = facts->size;
  sample.description = facts->description - 1;
  sample.sync = is_sync (track, facts->flags);
  track->end += facts->duration;
  if (facts->size > 0)
    g_array_append_val (track->samples, sample);
  return TRUE;
}

/* What stands in a run ahead of its samples: where they begin is the
 * fragment's next place then. */
static gboolean
open_run (GstByteReader * trun, Fragment * fragment, const TrackFragment * one,
    guint32 flags, guint32 * first_flags)
{
  gint32 offset;

  if (flags & TRUN_DATA_OFFSET) {
    if (!gst_byte_reader_get_int32_be (trun, &offset)
        || (offset < 0 && one->base < (guint64) - (gint64) offset))
      return FALSE;
    fragment->next = one->base + (gint64) offset;
  }
  *first_flags = one->defaults.flags;
  return get_if (flags & TRUN_FIRST_FLAGS, trun, first_flags);
}

static gboolean
read_run (GstByteReader * trun, Fragment * fragment, const TrackFragment * one,
    guint32 flags, guint32 n)
{
  guint width = 4 * __builtin_popcount (flags & TRUN_FIELDS);
  guint32 first_flags;

  if (!open_run (trun, fragment, one, flags, &first_flags)
      || (width > 0 && n > gst_byte_reader_get_remaining (trun) / width))
    return FALSE;
  for (guint32 i = 0; i < n; i++) {
    VsMp4Defaults facts = one->defaults;
    guint32 composition = 0;

    if (i == 0)
      facts.flags = first_flags;
    if (!get_if (flags & TRUN_DURATIONS, trun, &facts.duration)
        || !get_if (flags & TRUN_SIZES, trun, &facts.size)
        || !get_if (flags & TRUN_FLAGS, trun, &facts.flags)
        || !get_if (flags & TRUN_COMPOSITIONS, trun, &composition)
        || !add_sample (fragment, one, &facts, composition))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_trun (GstByteReader * trun, Fragment * fragment, const TrackFragment * one,
    GError ** error)
{
  guint8 version;
  guint32 flags, n;

  if (!vs_mp4_get_full (trun, &version, &flags)
      || !gst_byte_reader_get_uint32_be (trun, &n))
    return damaged (error, "A track run is cut off");
  if (n > VS_MP4_SAMPLES_MAX - fragment->movie->n_samples)
    return unsupported (error, "The movie fragments have too many samples");
  fragment->movie->n_samples += n;
  return read_run (trun, fragment, one, flags, n)
      || damaged (error, "A track run does not hold");
}

static gboolean
read_traf (GstByteReader * traf, Fragment * fragment, GError ** error)
{
  TrackFragment one = { 0 };
  GstByteReader box;
  guint32 type;

  if (!vs_mp4_find (traf, VS_MP4_TYPE ('t', 'f', 'h', 'd'), &box)
      || !read_tfhd (&box, fragment, &one))
    return damaged (error, "The header of a track fragment does not hold");
  if (!read_tfdt (traf, one.track))
    return damaged (error, "A movie fragment's time does not hold");
  if (one.track && vs_mp4_find (traf, VS_MP4_TYPE ('s', 'e', 'n', 'c'), &box))
    return unsupported (error, "A movie fragment is encrypted");
  fragment->next = one.base;
  while (vs_mp4_next (traf, &type, &box))
    if (type == VS_MP4_TYPE ('t', 'r', 'u', 'n')
        && !read_trun (&box, fragment, &one, error))
      return FALSE;
  return TRUE;
}

gboolean
vs_mp4_movie_add_fragment (VsMp4Movie * movie, const guint8 * data, gsize size,
    guint64 offset, guint64 file_size, GError ** error)
{
  Fragment fragment = { movie, offset, file_size, offset };
  GstByteReader moof, box;
  guint32 type;

  if (size > VS_MP4_FRAGMENT_MAX)
    return damaged (error, "A movie fragment box is too large");
  if (movie->n_fragments++ == VS_MP4_FRAGMENTS_MAX)
    return unsupported (error, "The file has too many movie fragments");
  gst_byte_reader_init (&moof, data, size);
  while (vs_mp4_next (&moof, &type, &box))
    if (type == VS_MP4_TYPE ('t', 'r', 'a', 'f')
        && !read_traf (&box, &fragment, error))
      return FALSE;
  return gst_byte_reader_get_remaining (&moof) == 0
      || damaged (error, "A movie fragment's boxes do not fill it");
}
