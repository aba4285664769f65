/* VisionStream: media files as sources of segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Everything is found out when an asset is opened; then it does not change
 * any more, so that no lock is needed to load a segment.
 */
#include "config.h"
#include "asset/vsasset.h"

#include <string.h>

#include "asset/vsassetlist.h"
#include "asset/vsassetsegment.h"
#include "codec/vslanguage.h"

/* of what all files of an asset may take in memory */
#define FOOTPRINT_MAX (256 * 1024 * 1024)
/* hex digits of a hash that name an audio track */
#define AUDIO_ID_DIGITS 8

typedef struct
{
  VsSegmentSource base;
  VsStore *store;
  gchar *account, *file;
  VsStoreObject *list;          /* or NULL */
  GPtrArray *files;             /* VsAssetFile */
  GPtrArray *renditions;        /* VsAssetRendition */
  GPtrArray *timelines;         /* VsTimeline: one a rendition */
  gchar *remark;                /* or NULL */
} Asset;

static void
asset_free (VsSegmentSource * source)
{
  Asset *asset = (Asset *) source;

  g_clear_pointer (&asset->list, vs_store_object_free);
  g_ptr_array_unref (asset->timelines);
  g_ptr_array_unref (asset->renditions);
  g_ptr_array_unref (asset->files);
  vs_store_unref (asset->store);
  g_free (asset->account);
  g_free (asset->file);
  g_free (asset->remark);
  g_free (asset);
}

static GPtrArray *
asset_get_timelines (VsSegmentSource * source)
{
  return g_ptr_array_ref (((Asset *) source)->timelines);
}

/* The rendition of an entry stands in its URI, ahead of its number. */
static const VsAssetRendition *
find_rendition (const Asset * asset, const VsSegment * segment)
{
  const gchar *number = segment->uri ? strrchr (segment->uri, '_') : NULL;

  for (guint i = 0; i < asset->renditions->len && number; i++) {
    const VsAssetRendition *rendition =
        g_ptr_array_index (asset->renditions, i);
    gsize length = number - segment->uri;

    if (strlen (rendition->name) == length
        && memcmp (rendition->name, segment->uri, length) == 0)
      return rendition;
  }
  return NULL;
}

static GBytes *
asset_load (VsSegmentSource * source, const VsSegment * segment,
    GCancellable * cancellable, GError ** error)
{
  const Asset *asset = (Asset *) source;
  const VsAssetRendition *rendition = find_rendition (asset, segment);

  g_return_val_if_fail (rendition != NULL, NULL);
  return vs_asset_segment_load (asset->store, rendition,
      segment->sequence - 1, cancellable, error);
}

static gboolean
asset_collect (VsSegmentSource * source, const VsSegment * segment,
    VsMediaType type, VsSamples * samples, GCancellable * cancellable,
    GError ** error)
{
  const Asset *asset = (Asset *) source;
  const VsAssetRendition *rendition = find_rendition (asset, segment);

  g_return_val_if_fail (rendition != NULL, FALSE);
  return vs_asset_segment_collect (asset->store, rendition,
      segment->sequence - 1, type, samples, cancellable, error);
}

/* Whether all files are what they were. */
static gboolean
is_current (const Asset * asset, gboolean * current, GError ** error)
{
  *current = TRUE;
  if (asset->list && (!vs_asset_object_is_current (asset->store, asset->list,
              current, error) || !*current))
    return !*current;
  for (guint i = 0; i < asset->files->len && *current; i++) {
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    if (!vs_asset_object_is_current (asset->store, file->object, current,
            error))
      return FALSE;
  }
  return TRUE;
}

static VsSegmentSource *
asset_refresh (VsSegmentSource * source, GCancellable * cancellable,
    GError ** error)
{
  const Asset *asset = (Asset *) source;
  gboolean current;

  if (is_current (asset, &current, NULL) && current)
    return vs_segment_source_ref (source);
  return vs_asset_open (asset->store, asset->account, asset->file, error);
}

static const VsSegmentSourceClass asset_class = {
  .refresh = asset_refresh,
  .get_timelines = asset_get_timelines,
  .load = asset_load,
  .collect = asset_collect,
  .free = asset_free
};

static gchar *
make_key (const Asset * asset, const gchar * name)
{
  return g_strconcat (asset->account, "/" VS_ASSET_FOLDER "/", name, NULL);
}

/* Lists. */

typedef GPtrArray *(*ListParser) (const gchar * data, gsize size,
    GError ** error);

static GPtrArray *
read_list (Asset * asset, ListParser parse, GError ** error)
{
  g_autofree gchar *key = make_key (asset, asset->file);
  g_autoptr (GBytes) bytes = NULL;
  const gchar *data;
  gsize size;

  asset->list = vs_store_stat (asset->store, key, NULL, error);
  if (asset->list == NULL)
    return NULL;
  bytes = vs_store_get (asset->store, key, 0, -1, VS_ASSET_LIST_MAX, NULL,
      error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &size);
  return parse (data ? data : "", size, error);
}

static GPtrArray *
get_entries (Asset * asset, GError ** error)
{
  static const gchar *const suffixes[] = { ".mp4", ".m4v", ".m4a", ".mov" };

  if (g_str_has_suffix (asset->file, ".json"))
    return read_list (asset, vs_asset_list_parse_json, error);
  if (g_str_has_suffix (asset->file, ".smil"))
    return read_list (asset, vs_asset_list_parse_smil, error);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (asset->file, suffixes[i]))
      return vs_asset_list_new_single (asset->file);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "%s is no media file", asset->file);
  return NULL;
}

/* Renditions. */

static gboolean
has_language (const Asset * asset, const gchar * language)
{
  for (guint i = 0; i < asset->renditions->len; i++) {
    const VsAssetRendition *rendition =
        g_ptr_array_index (asset->renditions, i);

    if (g_strcmp0 (rendition->language, language) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_name (const Asset * asset, const gchar * name)
{
  for (guint i = 0; i < asset->renditions->len; i++) {
    const VsAssetRendition *rendition =
        g_ptr_array_index (asset->renditions, i);

    if (strcmp (rendition->name, name) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
set_track (Asset * asset, VsAssetRendition * rendition,
    const VsAssetFile * file, const VsMp4Track * mp4, GError ** error)
{
  VsAssetTrack *track = vs_asset_track_new (asset->store, file, mp4, error);

  if (track == NULL)
    return FALSE;
  if (mp4->type == VS_MEDIA_VIDEO) {
    rendition->video = track;
    return TRUE;
  }
  rendition->audio = track;
  if (rendition->language == NULL)
    rendition->language = vs_language_dup_tag (mp4->language);
  return TRUE;
}

/* The first track of each kind. */
static gboolean
add_main (Asset * asset, const VsAssetFile * file, const VsAssetEntry * entry,
    GError ** error)
{
  g_autoptr (VsAssetRendition) rendition = g_new0 (VsAssetRendition, 1);

  rendition->name = g_strdup (entry->name);
  rendition->language = vs_language_dup_tag (entry->language);
  for (guint i = 0; i < file->movie->tracks->len; i++) {
    const VsMp4Track *mp4 = g_ptr_array_index (file->movie->tracks, i);
    gboolean wanted = mp4->type == VS_MEDIA_VIDEO ?
        rendition->video == NULL : rendition->audio == NULL;

    if (wanted && !set_track (asset, rendition, file, mp4, error))
      return FALSE;
  }
  g_ptr_array_add (asset->renditions, g_steal_pointer (&rendition));
  return TRUE;
}

/* Audio tracks in languages that there are not yet. */
static gboolean
add_languages (Asset * asset, const VsAssetFile * file,
    const VsAssetEntry * entry, GError ** error)
{
  for (guint i = 0; i < file->movie->tracks->len; i++) {
    const VsMp4Track *mp4 = g_ptr_array_index (file->movie->tracks, i);
    g_autoptr (VsAssetRendition) rendition = NULL;

    if (mp4->type != VS_MEDIA_AUDIO || mp4->language == NULL
        || has_language (asset, mp4->language)
        || asset->renditions->len == VS_ASSET_RENDITIONS_MAX)
      continue;
    rendition = g_new0 (VsAssetRendition, 1);
    rendition->name = g_strdup_printf ("%s-%s", entry->name, mp4->language);
    if (!vs_name_is_valid (rendition->name)
        || has_name (asset, rendition->name))
      continue;
    if (!set_track (asset, rendition, file, mp4, error))
      return FALSE;
    g_ptr_array_add (asset->renditions, g_steal_pointer (&rendition));
  }
  return TRUE;
}

static gboolean
open_file (Asset * asset, const VsAssetEntry * entry, GError ** error)
{
  g_autofree gchar *key = make_key (asset, entry->src);
  VsAssetFile *file = vs_asset_file_open (asset->store, key, error);

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (asset->files, file);
  asset->base.footprint += vs_mp4_movie_get_footprint (file->movie);
  if (asset->base.footprint <= FOOTPRINT_MAX)
    return TRUE;
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
      "The files have too many samples");
  return FALSE;
}

/* What a list names has to be there: it is no answer that the list is not. */
static void
blame_list (const Asset * asset, const VsAssetEntry * entry, GError ** error)
{
  if (asset->list && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    (*error)->code = G_IO_ERROR_INVALID_DATA;
  g_prefix_error (error, "%s: ", entry->src);
}

static gboolean
open_files (Asset * asset, GPtrArray * entries, GError ** error)
{
  for (guint i = 0; i < entries->len; i++) {
    const VsAssetEntry *entry = g_ptr_array_index (entries, i);
    GError *cause = NULL;

    if (!open_file (asset, entry, &cause)) {
      blame_list (asset, entry, &cause);
      g_propagate_error (error, cause);
      return FALSE;
    }
  }
  return TRUE;
}

/* s, whole, from the movie's start to the first sample shown */
static gint64
get_start_s (const VsMp4Track * mp4)
{
  const VsMp4Sample *first = &g_array_index (mp4->samples, VsMp4Sample, 0);

  return (MAX (first->dts + first->composition, mp4->shown_from)
      - mp4->origin) / mp4->timescale;
}

/* A recording of a live stream begins at some time of day, and each of its
 * tracks may be a file: whole seconds that all have ahead of them are left
 * out. */
static void
leave_out_lead (Asset * asset)
{
  gint64 lead = G_MAXINT64;

  for (guint i = 0; i < asset->files->len; i++) {
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    for (guint j = 0; j < file->movie->tracks->len; j++)
      lead = MIN (lead,
          get_start_s (g_ptr_array_index (file->movie->tracks, j)));
  }
  for (guint i = 0; i < asset->files->len && lead > 0; i++) {
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    for (guint j = 0; j < file->movie->tracks->len; j++) {
      VsMp4Track *mp4 = g_ptr_array_index (file->movie->tracks, j);

      mp4->origin += lead * mp4->timescale;
    }
  }
}

static gboolean
add_renditions (Asset * asset, GPtrArray * entries, GError ** error)
{
  for (guint i = 0; i < entries->len; i++) {
    const VsAssetEntry *entry = g_ptr_array_index (entries, i);
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    if (!add_main (asset, file, entry, error)
        || !add_languages (asset, file, entry, error)) {
      g_prefix_error (error, "%s: ", entry->src);
      return FALSE;
    }
  }
  return TRUE;
}

/* Timelines. */

static gint64
get_mtime (const Asset * asset)
{
  gint64 newest = 0;

  for (guint i = 0; i < asset->files->len; i++) {
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    newest = MAX (newest, file->object->mtime_us);
  }
  return newest;
}

/* Tracks whose frames have the same times and sizes are the same encoding:
 * the rungs of a ladder share it. */
static gchar *
make_audio_id (const VsAssetTrack * track)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (checksum, (const guchar *) track->config->id, -1);
  for (guint i = track->first; i < track->last; i++) {
    const VsMp4Sample *sample = vs_asset_track_sample (track, i);
    guint64 facts[] = {
      GUINT64_TO_BE (sample->dts - track->mp4->origin),
      GUINT64_TO_BE (sample->size)
    };

    g_checksum_update (checksum, (const guchar *) facts, sizeof facts);
  }
  return g_strdup_printf ("a%.*s", AUDIO_ID_DIGITS,
      g_checksum_get_string (checksum));
}

static VsTimeline *
make_timeline (const Asset * asset, const VsAssetRendition * rendition)
{
  VsRendition *info = vs_rendition_new (asset->account, VS_ASSET_FOLDER,
      asset->file, rendition->name);
  VsTimeline *timeline;

  info->track_count = (rendition->video != NULL) + (rendition->audio != NULL);
  info->language = g_strdup (rendition->language);
  info->target_duration = VS_ASSET_TARGET;
  if (rendition->audio)
    info->audio_id = make_audio_id (rendition->audio);
  timeline = vs_timeline_new (info);
  vs_rendition_unref (info);
  if (rendition->video)
    vs_timeline_add_config (timeline, rendition->video->config);
  if (rendition->audio)
    vs_timeline_add_config (timeline, rendition->audio->config);
  return timeline;
}

/* s: durations rounded do not exceed it (RFC 8216 4.3.3.1) */
static guint
get_target_duration (GArray * boundaries)
{
  gint64 longest = 0;

  for (guint i = 1; i < boundaries->len; i++)
    longest = MAX (longest, g_array_index (boundaries, gint64, i)
        - g_array_index (boundaries, gint64, i - 1));
  return MAX (gst_util_uint64_scale_round (longest, 1, 90000), 1);
}

static gboolean
add_timeline (Asset * asset, const VsAssetRendition * rendition,
    GArray * boundaries, GError ** error)
{
  VsTimeline *timeline = make_timeline (asset, rendition);
  gint64 utc_us = get_mtime (asset);

  g_ptr_array_add (asset->timelines, timeline);
  vs_timeline_set_target_duration (timeline, get_target_duration (boundaries));
  for (guint i = 0; i + 1 < boundaries->len; i++) {
    g_autoptr (VsSegment) segment = vs_asset_segment_new (rendition,
        boundaries, i, utc_us, error);

    if (segment == NULL)
      return FALSE;
    vs_timeline_append (timeline, segment);
  }
  vs_timeline_set_ended (timeline, TRUE);
  return TRUE;
}

static gboolean
add_timelines (Asset * asset, GError ** error)
{
  g_autoptr (GArray) boundaries = vs_asset_plan (asset->renditions, error);

  if (boundaries == NULL)
    return FALSE;
  for (guint i = 0; i < asset->renditions->len; i++)
    if (!add_timeline (asset, g_ptr_array_index (asset->renditions, i),
            boundaries, error))
      return FALSE;
  return TRUE;
}

static guint
get_rotation (const VsAssetFile * file)
{
  for (guint i = 0; i < file->movie->tracks->len; i++) {
    const VsMp4Track *mp4 = g_ptr_array_index (file->movie->tracks, i);

    if (mp4->rotation > 0)
      return mp4->rotation;
  }
  return 0;
}

/* What is not as whoever put the files there will want it. Of rotation, CMAF
 * has nothing (its matrix is the unity one, 23000-19 7.5.4), manifests neither:
 * a message in the stream tells of it, which few players look at. */
static void
add_remarks (Asset * asset, GPtrArray * entries)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < asset->files->len; i++) {
    const VsAssetEntry *entry = g_ptr_array_index (entries, i);
    const VsAssetFile *file = g_ptr_array_index (asset->files, i);

    if (file->is_cut)
      g_string_append_printf (text, "%s%s is cut off: what is ahead of its "
          "last movie fragment is served", text->len ? "; " : "", entry->src);
    if (get_rotation (file) > 0)
      g_string_append_printf (text, "%s%s has pictures that are to be turned "
          "by %u degrees, which most players do not do: encode it upright",
          text->len ? "; " : "", entry->src, get_rotation (file));
  }
  if (text->len > 0)
    asset->remark = g_string_free (g_steal_pointer (&text), FALSE);
  asset->base.remark = asset->remark;
}

static Asset *
asset_new (VsStore * store, const gchar * account, const gchar * file)
{
  Asset *asset = g_new0 (Asset, 1);

  vs_segment_source_init (&asset->base, &asset_class);
  asset->store = vs_store_ref (store);
  asset->account = g_strdup (account);
  asset->file = g_strdup (file);
  asset->files =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_asset_file_free);
  asset->renditions = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_asset_rendition_free);
  asset->timelines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_timeline_unref);
  return asset;
}

VsSegmentSource *
vs_asset_open (VsStore * store, const gchar * account, const gchar * file,
    GError ** error)
{
  Asset *asset = asset_new (store, account, file);
  g_autoptr (VsSegmentSource) source = &asset->base;
  g_autoptr (GPtrArray) entries = get_entries (asset, error);

  if (entries == NULL || !open_files (asset, entries, error))
    return NULL;
  add_remarks (asset, entries);
  leave_out_lead (asset);
  if (!add_renditions (asset, entries, error) || !add_timelines (asset, error))
    return NULL;
  return g_steal_pointer (&source);
}
