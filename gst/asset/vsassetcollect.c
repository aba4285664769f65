/* VisionStream: segments of media files: the samples of a track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Samples that go from one MP4 file into a fragment of another need no
 * transport stream in between, where they are as their header says: then they
 * are copied once. The result is that of the way through one.
 */
#include "config.h"
#include "asset/vsassetread.h"
#include "asset/vsassetsegment.h"

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparametersets.h"

#define NAL_LENGTH_SIZE 4

typedef struct
{
  VsSamples *samples;
  const VsAssetTrack *track;
  const VsMp4Description *description;
  /* of the track's configuration, by level */
  VsNalSet known[VS_PARAMETER_LEVELS_MAX];
  /* so are those of the sample entry */
  gboolean described;
} Collector;

/* What a sample turned out to be */
typedef struct
{
  gsize size;
  gboolean idr;
} Unit;

static gboolean
refuse (GError ** error, const gchar * why)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, why);
  return FALSE;
}

static gboolean
is_known (const Collector * collector, const guint8 * data, gsize size)
{
  for (guint level = 0; level < VS_PARAMETER_LEVELS_MAX; level++) {
    const VsNalSet *set = &collector->known[level];

    for (guint i = 0; i < set->n; i++)
      if (set->nals[i].size == size
          && memcmp (set->nals[i].data, data, size) == 0)
        return TRUE;
  }
  return FALSE;
}

/* The sample entry's own units: parameter sets, and messages for all of the
 * track. */
static gboolean
next_entry_nal (const Collector * collector, gsize * offset, VsNal * nal)
{
  gsize size;
  const guint8 *data =
      g_bytes_get_data (collector->description->parameter_sets, &size);

  return vs_nal_next (data, size, offset, nal);
}

static VsNalUse
get_use (const Collector * collector, const guint8 * nal, gsize size)
{
  return size == 0 ? VS_NAL_USE_LEFT_OUT :
      vs_samples_get_nal_use (collector->description->codec, nal[0]);
}

static gboolean
is_described (const Collector * collector)
{
  gsize offset = 0;
  VsNal nal;

  while (next_entry_nal (collector, &offset, &nal))
    if (get_use (collector, nal.data, nal.size) == VS_NAL_USE_PARAMETER_SET
        && !is_known (collector, nal.data, nal.size))
      return FALSE;
  return TRUE;
}

static gboolean
is_idr (VsCodec codec, guint8 first)
{
  guint type = H265_TYPE (first);

  return codec == VS_CODEC_H264 ? H264_TYPE (first) == H264_IDR :
      type == H265_IDR_W_RADL || type == H265_IDR_N_LP;
}

static void
write_nal (VsSamples * samples, const guint8 * data, gsize size, Unit * unit)
{
  guint8 *to = vs_samples_reserve (samples, unit->size + NAL_LENGTH_SIZE
      + size) + unit->size;

  GST_WRITE_UINT32_BE (to, size);
  memcpy (to + NAL_LENGTH_SIZE, data, size);
  unit->size += NAL_LENGTH_SIZE + size;
}

/* A sample that begins a sequence and has no parameter sets has those of its
 * entry, and what else stands there. */
static gboolean
write_entry (const Collector * collector, Unit * unit, GError ** error)
{
  gsize offset = 0;
  VsNal nal;

  if (!collector->described)
    return refuse (error, "the sample entry has other parameter sets");
  while (next_entry_nal (collector, &offset, &nal))
    if (get_use (collector, nal.data, nal.size) == VS_NAL_USE_KEPT)
      write_nal (collector->samples, nal.data, nal.size, unit);
  return TRUE;
}

static gboolean
write_video (const Collector * collector, const guint8 * data, gsize size,
    gboolean sync, Unit * unit, GError ** error)
{
  const VsMp4Description *description = collector->description;
  GstByteReader sample;
  const guint8 *nal;
  guint32 length;

  if (sync && !vs_mp4_has_parameter_sets (description, data, size)
      && !write_entry (collector, unit, error))
    return FALSE;
  gst_byte_reader_init (&sample, data, size);
  while (gst_byte_reader_get_remaining (&sample) > 0) {
    if (!vs_mp4_next_nal (description, &sample, &nal, &length))
      return refuse (error, "a NAL unit is longer than its sample");
    /* what muxers left of start codes: a NAL unit does not end with a 0 */
    while (length > 0 && nal[length - 1] == 0)
      length--;
    switch (get_use (collector, nal, length)) {
      case VS_NAL_USE_LEFT_OUT:
        break;
      case VS_NAL_USE_PARAMETER_SET:
        if (!is_known (collector, nal, length))
          return refuse (error, "a sample has parameter sets of its own");
        break;
      case VS_NAL_USE_KEPT:
        unit->idr |= is_idr (description->codec, nal[0]);
        write_nal (collector->samples, nal, length, unit);
    }
  }
  return TRUE;
}

/* A frame, as the transport stream's reader would find it. */
static gboolean
write_audio (const Collector * collector, const guint8 * data, gsize size,
    Unit * unit, GError ** error)
{
  VsCodec codec = collector->description->codec;
  gsize length = size;
  guint rate;

  if (codec != VS_CODEC_AAC
      && (vs_codec_audio_frame (codec, data, &length, &rate) == 0
          || length != size))
    return refuse (error, "a sample is not one frame");
  memcpy (vs_samples_reserve (collector->samples, size), data, size);
  unit->size = size;
  unit->idr = TRUE;
  return TRUE;
}

static gboolean
add_sample (const Collector * collector, guint index, gboolean first,
    const guint8 * data, GError ** error)
{
  const VsAssetTrack *track = collector->track;
  const VsMp4Sample *sample = vs_asset_track_sample (track, index);
  gboolean is_video = track->mp4->type == VS_MEDIA_VIDEO;
  gint64 pts = vs_asset_track_get_pts (track, index, 90000);
  Unit unit = { 0 };

  if (is_video ? !write_video (collector, data, sample->size, sample->sync,
          &unit, error) : !write_audio (collector, data, sample->size, &unit,
          error))
    return FALSE;
  if (unit.size == 0)
    return refuse (error, "a sample has nothing in it");
  vs_samples_add (collector->samples, unit.size, pts,
      is_video ? vs_asset_track_get_dts_90k (track, index) : pts,
      unit.idr || (first && sample->sync));
  return TRUE;
}

static gboolean
start (Collector * collector, GError ** error)
{
  const VsMp4Description *description = collector->description;
  VsCodecConfig *config = collector->track->config;

  if (!vs_cmaf_supports (description->codec) || description->rotation > 0)
    return refuse (error, "more is to be done than to copy");
  if (collector->track->mp4->type != VS_MEDIA_VIDEO)
    return TRUE;
  if (!vs_nal_sets_read_record (collector->known, description->codec, config))
    return refuse (error, "no configuration to compare with");
  collector->described = is_described (collector);
  return TRUE;
}

static gsize
get_payload_size (const VsAssetSamples * range)
{
  gsize size = 0;

  for (guint i = range->first; i < range->last; i++)
    size += vs_asset_track_sample (range->track, i)->size;
  return size;
}

gboolean
vs_asset_segment_collect (VsStore * store, const VsAssetRendition * rendition,
    guint index, VsMediaType type, VsSamples * samples,
    GCancellable * cancellable, GError ** error)
{
  const VsAssetTrack *track =
      type == VS_MEDIA_VIDEO ? rendition->video : rendition->audio;
  Collector collector = {.samples = samples,.track = track };
  g_autoptr (GArray) stretches = NULL;
  VsAssetSamples range;

  if (track == NULL)
    return refuse (error, "there is no such track");
  collector.description = vs_asset_track_description (track, track->first);
  vs_asset_samples_init (&range, track, index);
  if (range.first == range.last)
    return refuse (error, "the segment has nothing of the track");
  if (!start (&collector, error))
    return FALSE;
  stretches = vs_asset_read (store, &range, 1, cancellable, error);
  if (stretches == NULL)
    return FALSE;
  vs_samples_init (samples, type, get_payload_size (&range));
  samples->codec = collector.description->codec;
  samples->config = vs_codec_config_ref (track->config);
  for (guint i = range.first; i < range.last; i++)
    if (!add_sample (&collector, i, i == range.first,
            vs_asset_read_get (stretches, vs_asset_track_sample (track, i)),
            error))
      return FALSE;
  return TRUE;
}
