/* VisionStream: segments of media files: the samples of a track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Samples that go from one MP4 file into a fragment of another need no
 * transport stream in between, where they are as their header says. They are
 * read to where they stay, some at a time; what is left out of one moves those
 * behind it, while they are still in the processor's cache. The result is that
 * of the way through a transport stream.
 */
#include "config.h"
#include "asset/vsassetsegment.h"

#include <string.h>

#include "codec/vsnaltypes.h"
#include "codec/vsparametersets.h"

#define NAL_LENGTH_SIZE 4
/* Bytes, and samples, that are read at once. */
#define BATCH (256 * 1024)
#define BATCH_SAMPLES 128

typedef struct
{
  VsSamples *samples;
  const VsAssetTrack *track;
  const VsMp4Description *description;
  guint first;                  /* sample of the segment */
  /* of the track's configuration, by level */
  VsNalSet known[VS_PARAMETER_LEVELS_MAX];
  /* so are those of the sample entry */
  gboolean described;
  /* the entry's other NAL units, as they stand in a sample */
  GByteArray *lead;
} Collector;

/* What a sample turned out to be: what of it is to be kept, from @to on, never
 * behind where it was */
typedef struct
{
  guint8 *to;
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

static VsNalUse
get_use (const Collector * collector, const guint8 * nal, gsize size)
{
  return size == 0 ? VS_NAL_USE_LEFT_OUT :
      vs_samples_get_nal_use (collector->description->codec, nal[0]);
}

/* Parameter sets, and messages for all of the track */
static void
read_entry (Collector * collector)
{
  gsize size, offset = 0;
  const guint8 *data =
      g_bytes_get_data (collector->description->parameter_sets, &size);
  guint8 head[NAL_LENGTH_SIZE];
  VsNal nal;

  collector->described = TRUE;
  while (vs_nal_next (data, size, &offset, &nal)) {
    switch (get_use (collector, nal.data, nal.size)) {
      case VS_NAL_USE_LEFT_OUT:
        break;
      case VS_NAL_USE_PARAMETER_SET:
        if (!is_known (collector, nal.data, nal.size))
          collector->described = FALSE;
        break;
      case VS_NAL_USE_KEPT:
        GST_WRITE_UINT32_BE (head, nal.size);
        g_byte_array_append (collector->lead, head, sizeof head);
        g_byte_array_append (collector->lead, nal.data, nal.size);
    }
  }
}

static gboolean
is_idr (VsCodec codec, guint8 first)
{
  guint type = H265_TYPE (first);

  return codec == VS_CODEC_H264 ? H264_TYPE (first) == H264_IDR :
      type == H265_IDR_W_RADL || type == H265_IDR_N_LP;
}

/* @nal: behind its length */
static void
keep_nal (Unit * unit, const guint8 * nal, gsize size)
{
  guint8 *to = unit->to + unit->size;

  if (to + NAL_LENGTH_SIZE != nal)
    memmove (to + NAL_LENGTH_SIZE, nal, size);
  GST_WRITE_UINT32_BE (to, size);
  unit->size += NAL_LENGTH_SIZE + size;
}

/* A sample that begins a sequence and has no parameter sets has those of its
 * entry, and what else stands there. */
static gboolean
keep_entry (const Collector * collector, Unit * unit, GError ** error)
{
  if (!collector->described)
    return refuse (error, "the sample entry has other parameter sets");
  if (collector->lead->len > 0)
    memcpy (unit->to, collector->lead->data, collector->lead->len);
  unit->size = collector->lead->len;
  return TRUE;
}

static gboolean
keep_video (const Collector * collector, const guint8 * data, gsize size,
    gboolean sync, Unit * unit, GError ** error)
{
  const VsMp4Description *description = collector->description;
  GstByteReader sample;
  const guint8 *nal;
  guint32 length;

  if (sync && !vs_mp4_has_parameter_sets (description, data, size)
      && !keep_entry (collector, unit, error))
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
        keep_nal (unit, nal, length);
    }
  }
  return TRUE;
}

/* A frame, as the transport stream's reader would find it. */
static gboolean
keep_audio (const Collector * collector, const guint8 * data, gsize size,
    Unit * unit, GError ** error)
{
  VsCodec codec = collector->description->codec;
  gsize length = size;
  guint rate;

  if (codec != VS_CODEC_AAC
      && (vs_codec_audio_frame (codec, data, &length, &rate) == 0
          || length != size))
    return refuse (error, "a sample is not one frame");
  memmove (unit->to, data, size);
  unit->size = size;
  unit->idr = TRUE;
  return TRUE;
}

static gboolean
add_sample (const Collector * collector, guint index, const guint8 * data,
    GError ** error)
{
  const VsAssetTrack *track = collector->track;
  const VsMp4Sample *sample = vs_asset_track_sample (track, index);
  gboolean is_video = track->mp4->type == VS_MEDIA_VIDEO;
  gint64 pts = vs_asset_track_get_pts (track, index, 90000);
  Unit unit = {.to = vs_samples_reserve (collector->samples, 0) };

  if (is_video ? !keep_video (collector, data, sample->size, sample->sync,
          &unit, error) : !keep_audio (collector, data, sample->size, &unit,
          error))
    return FALSE;
  if (unit.size == 0)
    return refuse (error, "a sample has nothing in it");
  vs_samples_add (collector->samples, unit.size, pts,
      is_video ? vs_asset_track_get_dts_90k (track, index) : pts,
      unit.idr || (index == collector->first && sample->sync));
  return TRUE;
}

/* Samples that follow each other: how many bytes they have, and what may come
 * to that. */
typedef struct
{
  guint first, last;
  gsize size, added;
} Batch;

static void
find_batch (const Collector * collector, guint first, guint end, guint n,
    gsize size, Batch * batch)
{
  memset (batch, 0, sizeof *batch);
  batch->first = batch->last = first;
  while (batch->last < end && batch->last - first < n) {
    const VsMp4Sample *sample =
        vs_asset_track_sample (collector->track, batch->last);

    if (batch->size > 0 && batch->size + sample->size > size)
      break;
    batch->size += sample->size;
    if (sample->sync)
      batch->added += collector->lead->len;
    batch->last++;
  }
}

/* What is added goes ahead of what was read: no sample gets in the way of
 * one that is still to come. */
static gboolean
collect_batch (const Collector * collector, const Batch * batch,
    VsStore * store, GCancellable * cancellable, GError ** error)
{
  const VsAssetTrack *track = collector->track;
  guint8 *to = vs_samples_reserve (collector->samples,
      batch->added + batch->size) + batch->added;
  VsStorePart parts[BATCH_SAMPLES];
  guint n = batch->last - batch->first;

  for (guint i = 0; i < n; i++) {
    const VsMp4Sample *sample = vs_asset_track_sample (track, batch->first + i);

    parts[i].offset = sample->offset;
    parts[i].size = sample->size;
    parts[i].to = to;
    to += sample->size;
  }
  if (!vs_store_read (store, track->file->object->key, parts, n, cancellable,
          error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!add_sample (collector, batch->first + i, parts[i].to, error))
      return FALSE;
  return TRUE;
}

static gboolean
prepare (Collector * collector, GError ** error)
{
  const VsMp4Description *description = collector->description;
  VsCodecConfig *config = collector->track->config;

  if (!vs_cmaf_supports (description->codec) || description->rotation > 0)
    return refuse (error, "more is to be done than to copy");
  if (collector->track->mp4->type != VS_MEDIA_VIDEO)
    return TRUE;
  if (description->nal_length_size != NAL_LENGTH_SIZE)
    return refuse (error, "NAL units have other lengths");
  if (!vs_nal_sets_read_record (collector->known, description->codec, config))
    return refuse (error, "no configuration to compare with");
  read_entry (collector);
  return TRUE;
}

static gboolean
collect (const Collector * collector, VsStore * store, guint last,
    GCancellable * cancellable, GError ** error)
{
  Batch batch;

  for (guint i = collector->first; i < last; i = batch.last) {
    find_batch (collector, i, last, BATCH_SAMPLES, BATCH, &batch);
    if (!collect_batch (collector, &batch, store, cancellable, error))
      return FALSE;
  }
  return vs_asset_object_check (store, collector->track->file->object, error);
}

gboolean
vs_asset_segment_collect (VsStore * store, const VsAssetRendition * rendition,
    guint index, VsMediaType type, VsSamples * samples,
    GCancellable * cancellable, GError ** error)
{
  const VsAssetTrack *track =
      type == VS_MEDIA_VIDEO ? rendition->video : rendition->audio;
  g_autoptr (GByteArray) lead = g_byte_array_new ();
  Collector collector = {.samples = samples,.track = track,.lead = lead };
  Batch all;
  guint last;

  if (track == NULL)
    return refuse (error, "there is no such track");
  collector.description = vs_asset_track_description (track, track->first);
  collector.first = g_array_index (track->cuts, guint, index);
  last = g_array_index (track->cuts, guint, index + 1);
  if (collector.first == last)
    return refuse (error, "the segment has nothing of the track");
  if (!prepare (&collector, error))
    return FALSE;
  find_batch (&collector, collector.first, last, G_MAXUINT, G_MAXSIZE, &all);
  if (all.size + all.added > VS_SEGMENT_MAX_BYTES)
    return refuse (error, "the segment is too large");
  vs_samples_init (samples, type, all.size + all.added);
  samples->codec = collector.description->codec;
  samples->config = vs_codec_config_ref (track->config);
  return collect (&collector, store, last, cancellable, error);
}
