/* VisionStream: a track of a media file, as it is played
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassettrack.h"

#include <gst/gst.h>

/* Hz of PTS, ISO/IEC 13818-1 2.4.3.6 */
#define TICKS 90000

void
vs_asset_track_free (VsAssetTrack * track)
{
  g_clear_pointer (&track->config, vs_codec_config_unref);
  g_clear_pointer (&track->cuts, g_array_unref);
  g_free (track);
}

gint64
vs_asset_track_scale (const VsAssetTrack * track, gint64 media_time,
    guint32 timescale)
{
  gint64 origin = (gint64) VS_ASSET_ORIGIN * timescale;
  gint64 time = media_time - track->mp4->origin;

  /* times are below VS_MP4_SECONDS_MAX */
  return time >= 0 ?
      origin + (gint64) gst_util_uint64_scale (time, timescale,
      track->mp4->timescale) :
      origin - (gint64) gst_util_uint64_scale_ceil (-time, timescale,
      track->mp4->timescale);
}

static gint64
get_media_time (const VsMp4Track * mp4, guint index)
{
  const VsMp4Sample *sample = &g_array_index (mp4->samples, VsMp4Sample,
      index);

  return sample->dts + sample->composition;
}

gint64
vs_asset_track_get_pts (const VsAssetTrack * track, guint sample,
    guint32 timescale)
{
  return vs_asset_track_scale (track, get_media_time (track->mp4, sample),
      timescale);
}

gint64
vs_asset_track_get_dts_90k (const VsAssetTrack * track, guint sample)
{
  return vs_asset_track_scale (track,
      vs_asset_track_sample (track, sample)->dts - track->decoding_shift,
      TICKS);
}

/* Where a sample is over in decoding order. */
static gint64
get_decoding_end (const VsMp4Track * mp4, guint index)
{
  return index + 1 < mp4->samples->len ?
      g_array_index (mp4->samples, VsMp4Sample, index + 1).dts : mp4->end;
}

gint64
vs_asset_track_get_end (const VsAssetTrack * track, guint32 timescale)
{
  const VsMp4Track *mp4 = track->mp4;
  gint64 end = G_MININT64;

  /* among the last samples some other than the last may be shown last */
  for (guint i = track->last; i > track->first && track->last - i < 64; i--)
    end = MAX (end, get_media_time (mp4, i - 1)
        + get_decoding_end (mp4, i - 1)
        - g_array_index (mp4->samples, VsMp4Sample, i - 1).dts);
  return vs_asset_track_scale (track, end, timescale);
}

guint32
vs_asset_track_get_timescale (const VsAssetTrack * track)
{
  return track->mp4->type == VS_MEDIA_VIDEO ? TICKS :
      track->config->sample_rate;
}

GArray *
vs_asset_track_get_entries (const VsAssetTrack * track)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (guint));
  gint64 earliest = G_MAXINT64;

  for (guint i = track->last; i > track->first; i--) {
    gint64 time = get_media_time (track->mp4, i - 1);
    guint index = i - 1;

    if (time < earliest && vs_asset_track_sample (track, index)->sync)
      g_array_append_val (entries, index);
    earliest = MIN (earliest, time);
  }
  for (guint i = 0; i < entries->len / 2; i++) {
    guint *low = &g_array_index (entries, guint, i);
    guint *high = &g_array_index (entries, guint, entries->len - 1 - i);
    guint index = *low;

    *low = *high;
    *high = index;
  }
  return entries;
}

static gboolean
fail (GError ** error, VsMp4Error code, const gchar * why)
{
  g_set_error_literal (error, VS_MP4_ERROR, code, why);
  return FALSE;
}

/* The keyframe from which what is shown can be decoded. */
static gboolean
find_first_video (VsAssetTrack * track, GError ** error)
{
  const VsMp4Track *mp4 = track->mp4;
  gboolean found = FALSE;

  for (guint i = 0; i < mp4->samples->len; i++) {
    if (!g_array_index (mp4->samples, VsMp4Sample, i).sync)
      continue;
    if (found && get_media_time (mp4, i) > mp4->shown_from)
      break;
    track->first = i;
    found = TRUE;
  }
  return found || fail (error, VS_MP4_ERROR_UNSUPPORTED,
      "The video has no keyframe");
}

/* The frame in which the edit begins; of AAC, the one ahead of it. */
static void
find_first_audio (VsAssetTrack * track)
{
  const VsMp4Track *mp4 = track->mp4;
  guint i = 0;

  while (i + 1 < mp4->samples->len
      && get_decoding_end (mp4, i) <= mp4->shown_from)
    i++;
  if (i > 0 && g_array_index (mp4->descriptions, VsMp4Description,
          g_array_index (mp4->samples, VsMp4Sample, i).description).codec
      == VS_CODEC_AAC)
    i--;
  track->first = i;
}

/* All that is decoded ahead of the last sample shown is kept with it. */
static void
find_last (VsAssetTrack * track)
{
  const VsMp4Track *mp4 = track->mp4;

  track->last = mp4->samples->len;
  while (track->last > track->first + 1
      && get_media_time (mp4, track->last - 1) >= mp4->shown_to)
    track->last--;
}

/* Times within limits, one description, no DTS behind a PTS. */
static gboolean
check_samples (VsAssetTrack * track, GError ** error)
{
  guint description = vs_asset_track_sample (track, track->first)->description;
  gint64 limit = (gint64) VS_MP4_SECONDS_MAX * track->mp4->timescale;

  if (vs_codec_get_media_type (vs_asset_track_description (track,
              track->first)->codec) != track->mp4->type)
    return fail (error, VS_MP4_ERROR_UNSUPPORTED, "The codec is not known");
  for (guint i = track->first; i < track->last; i++) {
    const VsMp4Sample *sample = vs_asset_track_sample (track, i);

    if (sample->description != description)
      return fail (error, VS_MP4_ERROR_UNSUPPORTED,
          "The sample description changes");
    if (sample->dts + sample->composition - track->mp4->origin > limit)
      return fail (error, VS_MP4_ERROR_DAMAGED, "A time is out of range");
    track->decoding_shift = MAX (track->decoding_shift,
        -(gint64) sample->composition);
  }
  /* what is decoded so far ahead of the start would have negative times */
  return track->decoding_shift + track->mp4->origin
      - vs_asset_track_sample (track, track->first)->dts
      < (VS_ASSET_ORIGIN - 1) * (gint64) track->mp4->timescale
      || fail (error, VS_MP4_ERROR_UNSUPPORTED,
      "Too much is decoded ahead of what is shown");
}

/* What the first sample says: the same as packaging finds in the stream. */
static gboolean
read_config (VsStore * store, VsAssetTrack * track, GError ** error)
{
  const VsMp4Sample *sample = vs_asset_track_sample (track, track->first);
  const VsMp4Description *description =
      vs_asset_track_description (track, track->first);
  g_autoptr (GByteArray) unit = g_byte_array_new ();
  g_autoptr (GBytes) bytes = vs_store_get (store, track->file->object->key,
      sample->offset, sample->size, VS_MP4_SAMPLE_SIZE_MAX, NULL, error);
  const guint8 *data;
  gsize size;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  if (!vs_mp4_append_unit (description, data, size, sample->sync, unit, error))
    return FALSE;
  track->config = vs_codec_config_from_unit (description->codec, unit->data,
      unit->len, NULL);
  return (track->config && (track->mp4->type != VS_MEDIA_AUDIO
          || track->config->sample_rate > 0))
      || fail (error, VS_MP4_ERROR_DAMAGED,
      "The first sample has no decoder configuration");
}

VsAssetTrack *
vs_asset_track_new (VsStore * store, const VsAssetFile * file,
    const VsMp4Track * mp4, GError ** error)
{
  g_autoptr (VsAssetTrack) track = g_new0 (VsAssetTrack, 1);

  track->file = file;
  track->mp4 = mp4;
  track->cuts = g_array_new (FALSE, FALSE, sizeof (guint));
  if (mp4->type == VS_MEDIA_AUDIO)
    find_first_audio (track);
  else if (!find_first_video (track, error))
    return NULL;
  find_last (track);
  if (!check_samples (track, error) || !read_config (store, track, error))
    return NULL;
  return g_steal_pointer (&track);
}
