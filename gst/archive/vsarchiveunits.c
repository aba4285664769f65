/* VisionStream: another maker's segment, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveunits.h"

#include <string.h>

#include "archive/vsarchivepacked.h"
#include "isobmff/vsmp4segment.h"
#include "mpegts/vstsclock.h"
#include "mpegts/vstspacket.h"
#include "mpegts/vstswriter.h"
#include "timeline/vssegment.h"

#define TICKS 90000

static VsArchiveUnits *
units_new (gsize size)
{
  VsArchiveUnits *units = g_new0 (VsArchiveUnits, 1);

  units->units = g_array_new (FALSE, FALSE, sizeof (VsArchiveUnit));
  units->data = g_byte_array_sized_new (size + size / 8);
  return units;
}

void
vs_archive_units_free (VsArchiveUnits * units)
{
  g_array_unref (units->units);
  g_byte_array_unref (units->data);
  g_free (units);
}

gboolean
vs_archive_units_is_ts (const guint8 * data, gsize size)
{
  return size > 0 && data[0] == VS_TS_SYNC_BYTE;
}

static void
add_unit (VsArchiveUnits * units, const VsArchiveUnit * like,
    const guint8 * data, gsize size)
{
  VsArchiveUnit unit = *like;

  unit.offset = units->data->len;
  unit.size = size;
  g_byte_array_append (units->data, data, size);
  g_array_append_val (units->units, unit);
}

/* ---- transport streams -------------------------------------------------- */

typedef struct
{
  VsArchiveUnits *units;
  gint tracks[VS_MEDIA_AUDIO + 1];      /* of each type, or -1 */
  VsCodec codecs[VS_TS_MAX_TRACKS];
  gint64 last_90k;
} Taking;

/* The first of each type; a later programme has the same. */
static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  Taking *taking = user_data;

  taking->tracks[VS_MEDIA_VIDEO] = taking->tracks[VS_MEDIA_AUDIO] = -1;
  for (guint i = 0; i < program->n_tracks; i++) {
    VsMediaType type = vs_codec_get_media_type (program->tracks[i].codec);

    taking->codecs[i] = program->tracks[i].codec;
    if (type != VS_MEDIA_OTHER && taking->tracks[type] < 0)
      taking->tracks[type] = i;
  }
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Taking *taking = user_data;
  VsCodec codec = taking->codecs[unit->track];
  VsMediaType type = vs_codec_get_media_type (codec);
  gint64 dts = unit->dts_90k != VS_TS_NO_TIME ? unit->dts_90k : unit->pts_90k;
  VsArchiveUnit one = {.type = type,.pts_90k = unit->pts_90k,
    .dts_90k = unit->dts_90k,
    .key = (unit->flags & VS_TS_UNIT_KEYFRAME) != 0
  };

  if (type == VS_MEDIA_OTHER || taking->tracks[type] != (gint) unit->track
      || unit->size == 0)
    return;
  if (dts != VS_TS_NO_TIME)
    taking->last_90k = dts;
  one.order_90k = taking->last_90k;
  *(type == VS_MEDIA_VIDEO ? &taking->units->video : &taking->units->audio) =
      codec;
  add_unit (taking->units, &one, unit->data, unit->size);
}

static VsArchiveUnits *
parse_ts (const guint8 * data, gsize size, gint64 near_90k)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  VsArchiveUnits *units = units_new (size);
  Taking taking = { units, {-1, -1, -1}, {0}, near_90k };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &taking);

  vs_ts_reader_set_time_hint (reader, near_90k);
  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
  return units;
}

/* Where what is shown begins, and ends: pictures last as long as others. */
static void
measure (VsArchiveUnits * units)
{
  VsMediaType type = units->video ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO;
  gint64 start = G_MAXINT64, end = G_MININT64;
  guint n = 0;

  for (guint i = 0; i < units->units->len; i++) {
    const VsArchiveUnit *unit = &g_array_index (units->units, VsArchiveUnit, i);

    if (unit->type != type || unit->pts_90k == VS_TS_NO_TIME)
      continue;
    start = MIN (start, unit->pts_90k);
    end = MAX (end, unit->pts_90k);
    n++;
  }
  if (n == 0)
    return;
  units->start_90k = start;
  units->end_90k = end + (n > 1 ? (end - start + (n - 1) / 2) / (n - 1) : 1);
}

/* ---- fragmented MP4 ----------------------------------------------------- */

static gint64
scale (const VsMp4Track * track, gint64 time)
{
  /* what is ahead of 0 is rounded down too */
  return time >= 0 ? (gint64) gst_util_uint64_scale (time, TICKS,
      track->timescale) : -(gint64) gst_util_uint64_scale_ceil (-time, TICKS,
      track->timescale);
}

/* What makes no DTS later than its PTS. */
static gint64
find_shift (const VsMp4Track * track)
{
  gint64 shift = 0;

  for (guint i = 0; i < track->samples->len; i++)
    shift = MAX (shift, -(gint64) g_array_index (track->samples, VsMp4Sample,
            i).composition);
  return shift;
}

static gint64
get_duration (const VsMp4Track * track, guint i)
{
  gint64 next = i + 1 < track->samples->len ?
      g_array_index (track->samples, VsMp4Sample, i + 1).dts : track->end;

  return next - g_array_index (track->samples, VsMp4Sample, i).dts;
}

static gboolean
add_sample (VsArchiveUnits * units, const VsMp4Segment * segment,
    const VsMp4Track * track, guint i, const VsArchiveUnit * unit,
    GByteArray * scratch, GError ** error)
{
  const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);

  g_byte_array_set_size (scratch, 0);
  if (!vs_mp4_append_unit (&g_array_index (track->descriptions,
              VsMp4Description, sample->description),
          vs_mp4_segment_get_data (segment, sample), sample->size,
          sample->sync, scratch, error))
    return FALSE;
  if (scratch->len > 0)
    add_unit (units, unit, scratch->data, scratch->len);
  return TRUE;
}

static gboolean
add_track (VsArchiveUnits * units, const VsMp4Segment * segment,
    const VsMp4Track * track, gint64 origin_90k, GError ** error)
{
  g_autoptr (GByteArray) scratch = g_byte_array_new ();
  gint64 shift = find_shift (track), start = G_MAXINT64, end = G_MININT64;
  gboolean is_video = track->type == VS_MEDIA_VIDEO;

  for (guint i = 0; i < track->samples->len; i++) {
    const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);
    gint64 time = sample->dts + sample->composition - track->origin;
    VsArchiveUnit unit = {.type = track->type,.key = sample->sync };

    unit.pts_90k = scale (track, time) + origin_90k;
    unit.dts_90k = is_video ?
        scale (track, sample->dts - shift - track->origin) + origin_90k :
        unit.pts_90k;
    unit.order_90k = unit.dts_90k;
    if (!add_sample (units, segment, track, i, &unit, scratch, error))
      return FALSE;
    start = MIN (start, unit.pts_90k);
    end = MAX (end, scale (track, time + get_duration (track, i)) + origin_90k);
  }
  units->start_90k = start;
  units->end_90k = end;
  return TRUE;
}

static gboolean
check_codec (const VsMp4Track * track, VsCodec * codec, GError ** error)
{
  const VsMp4Sample *first = &g_array_index (track->samples, VsMp4Sample, 0);

  *codec = g_array_index (track->descriptions, VsMp4Description,
      first->description).codec;
  for (guint i = 0; i < track->samples->len; i++) {
    guint description =
        g_array_index (track->samples, VsMp4Sample, i).description;

    if (g_array_index (track->descriptions, VsMp4Description,
            description).codec == *codec)
      continue;
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "The codec changes within the segment, or is not known");
    return FALSE;
  }
  return TRUE;
}

/* The sound first: where the video begins and ends counts. */
static gboolean
add_tracks (VsArchiveUnits * units, const VsMp4Segment * segment,
    gint64 origin_90k, GError ** error)
{
  const VsMp4Track *video = vs_mp4_segment_get_track (segment, VS_MEDIA_VIDEO);
  const VsMp4Track *audio = vs_mp4_segment_get_track (segment, VS_MEDIA_AUDIO);

  return (audio == NULL || (check_codec (audio, &units->audio, error)
          && add_track (units, segment, audio, origin_90k, error)))
      && (video == NULL || (check_codec (video, &units->video, error)
          && add_track (units, segment, video, origin_90k, error)));
}

static VsArchiveUnits *
parse_mp4 (GBytes * header, GBytes * bytes, guint64 offset,
    gint64 origin_90k, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsMp4Segment) segment =
      vs_mp4_segment_parse (header, bytes, offset, &cause);
  g_autoptr (VsArchiveUnits) units = NULL;

  if (segment) {
    units = units_new (g_bytes_get_size (bytes));
    if (add_tracks (units, segment, origin_90k, &cause))
      return g_steal_pointer (&units);
  }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      cause->message);
  return NULL;
}

/* ---- packed audio ------------------------------------------------------- */

typedef struct
{
  VsArchiveUnits *units;
  guint64 samples;              /* ahead of the next frame */
  guint sample_rate;
  gint64 last_90k;              /* of the frames ahead of the rate's change */
} Packing;

/* Times count from 0 here. */
static void
on_frame (const guint8 * data, gsize size, guint samples, guint sample_rate,
    gpointer user_data)
{
  Packing *packing = user_data;
  VsArchiveUnit unit = {.type = VS_MEDIA_AUDIO,.key = TRUE };

  if (sample_rate != packing->sample_rate) {
    packing->last_90k = packing->units->end_90k;
    packing->samples = 0;
    packing->sample_rate = sample_rate;
  }
  unit.pts_90k = packing->last_90k + (gint64)
      gst_util_uint64_scale (packing->samples, TICKS, sample_rate);
  packing->samples += samples;
  packing->units->end_90k = packing->last_90k + (gint64)
      gst_util_uint64_scale (packing->samples, TICKS, sample_rate);
  add_unit (packing->units, &unit, data, size);
}

static VsArchiveUnits *
parse_packed (const guint8 * data, gsize size, gint64 near_90k,
    gint64 origin_90k, GError ** error)
{
  g_autoptr (VsArchiveUnits) units = units_new (size);
  Packing packing = { units, 0, 0, 0 };
  gint64 start;

  units->audio = vs_archive_packed_parse (data, size, &start, on_frame,
      &packing, error);
  if (units->audio == VS_CODEC_UNKNOWN)
    return NULL;
  start = vs_ts_unwrap (start + origin_90k, near_90k);
  for (guint i = 0; i < units->units->len; i++) {
    VsArchiveUnit *unit = &g_array_index (units->units, VsArchiveUnit, i);

    unit->pts_90k += start;
    unit->dts_90k = unit->order_90k = unit->pts_90k;
  }
  units->start_90k = start;
  units->end_90k += start;
  return g_steal_pointer (&units);
}

/* ---- all of them -------------------------------------------------------- */

static VsArchiveUnits *
parse_any (GBytes * header, GBytes * bytes, guint64 offset, gint64 near_90k,
    gint64 origin_90k, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  VsArchiveUnits *units;

  if (vs_archive_units_is_ts (data, size)) {
    units = parse_ts (data, size, near_90k);
    measure (units);
    return units;
  }
  if (vs_mp4_segment_is_one (data, size) || header)
    return parse_mp4 (header, bytes, offset, origin_90k, error);
  if (vs_archive_packed_is_one (data, size))
    return parse_packed (data, size, near_90k, origin_90k, error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "it is no transport stream, no fragmented MP4 and no packed audio");
  return NULL;
}

VsArchiveUnits *
vs_archive_units_parse (GBytes * header, GBytes * bytes, guint64 offset,
    gint64 near_90k, gboolean shift, GError ** error)
{
  g_autoptr (VsArchiveUnits) units = parse_any (header, bytes, offset,
      near_90k, shift ? VS_ARCHIVE_UNITS_ORIGIN_90K : 0, error);

  if (units == NULL)
    return NULL;
  if (units->units->len > 0)
    return g_steal_pointer (&units);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "it has neither video nor sound that can be read");
  return NULL;
}

/* ---- sound -------------------------------------------------------------- */

void
vs_archive_units_drop_audio (VsArchiveUnits * units)
{
  guint n = 0;

  for (guint i = 0; i < units->units->len; i++) {
    VsArchiveUnit unit = g_array_index (units->units, VsArchiveUnit, i);

    if (unit.type != VS_MEDIA_AUDIO)
      g_array_index (units->units, VsArchiveUnit, n++) = unit;
  }
  g_array_set_size (units->units, n);
  units->audio = VS_CODEC_UNKNOWN;
}

gboolean
vs_archive_units_add_audio (VsArchiveUnits * units,
    const VsArchiveUnits * from, gint64 start_90k, gint64 end_90k,
    GError ** error)
{
  if (units->audio && from->audio && units->audio != from->audio) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "its codec changes from %s to %s", vs_codec_to_string (units->audio),
        vs_codec_to_string (from->audio));
    return FALSE;
  }
  for (guint i = 0; i < from->units->len; i++) {
    VsArchiveUnit unit = g_array_index (from->units, VsArchiveUnit, i);

    if (unit.type != VS_MEDIA_AUDIO || unit.pts_90k == VS_TS_NO_TIME
        || unit.pts_90k < start_90k || unit.pts_90k >= end_90k)
      continue;
    units->audio = from->audio;
    add_unit (units, &unit, from->data->data + unit.offset, unit.size);
  }
  return TRUE;
}

/* ---- writing ------------------------------------------------------------ */

/* Stable, as g_array_sort () is: units of a track stay in their order. */
static gint
compare_order (gconstpointer a, gconstpointer b)
{
  const VsArchiveUnit *x = a, *y = b;

  return x->order_90k < y->order_90k ? -1 : x->order_90k > y->order_90k;
}

static void
write_unit (VsTsWriter * writer, const VsArchiveUnits * units, guint i,
    GByteArray * out)
{
  const VsArchiveUnit *one = &g_array_index (units->units, VsArchiveUnit, i);
  gboolean is_video = one->type == VS_MEDIA_VIDEO;
  VsTsUnit unit = {
    .track = !is_video && units->video,
    .flags = one->key ? VS_TS_UNIT_KEYFRAME : 0,
    .pts_90k = one->pts_90k,.dts_90k = one->dts_90k,
    .data = units->data->data + one->offset,.size = one->size
  };

  if (i == 0 || (is_video && one->key))
    vs_ts_writer_write_psi (writer, out);
  vs_ts_writer_write_unit (writer, &unit, out);
}

GBytes *
vs_archive_units_write (VsArchiveUnits * units, GError ** error)
{
  g_autoptr (VsTsProgram) program =
      vs_ts_program_new_simple (units->video, units->audio, NULL);
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (program);
  g_autoptr (GByteArray) out =
      g_byte_array_sized_new (units->data->len + units->data->len / 16);

  g_array_sort (units->units, compare_order);
  for (guint i = 0; i < units->units->len; i++) {
    write_unit (writer, units, i, out);
    if (out->len <= VS_SEGMENT_MAX_BYTES)
      continue;
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "the segment is too large");
    return NULL;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}
