/* VisionStream: what is known of another maker's rendition
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveforeign.h"

#include <string.h>

#include "mpegts/vstsreader.h"

#define PTS_TIMESCALE 90000

/* RFC 6381: what a codec string begins with */
static const struct
{
  const gchar *prefix;
  VsCodec codec;
} codecs[] = {
  {"avc1.", VS_CODEC_H264},
  {"avc3.", VS_CODEC_H264},
  {"hvc1.", VS_CODEC_H265},
  {"hev1.", VS_CODEC_H265},
  /* ISO/IEC 14496-12 object types: MPEG-1 and MPEG-2 layers 1 to 3 */
  {"mp4a.40.34", VS_CODEC_MPEG_AUDIO},
  {"mp4a.69", VS_CODEC_MPEG_AUDIO},
  {"mp4a.6B", VS_CODEC_MPEG_AUDIO},
  {"mp4a.40.", VS_CODEC_AAC},
  {"ac-3", VS_CODEC_AC3},
  {"ec-3", VS_CODEC_EAC3},
};

VsArchiveForeign *
vs_archive_foreign_new (const VsM3u8MainEntry * entry)
{
  VsArchiveForeign *foreign = g_new0 (VsArchiveForeign, 1);

  foreign->entry = vs_m3u8_main_entry_copy (entry);
  return foreign;
}

void
vs_archive_foreign_free (VsArchiveForeign * foreign)
{
  vs_m3u8_main_entry_free (foreign->entry);
  g_clear_pointer (&foreign->configs, g_ptr_array_unref);
  g_free (foreign->language);
  g_free (foreign);
}

static GPtrArray *
new_configs (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_codec_config_unref);
}

static gboolean
has_type (GPtrArray * configs, VsMediaType type)
{
  for (guint i = 0; i < configs->len; i++) {
    const VsCodecConfig *config = g_ptr_array_index (configs, i);

    if (vs_codec_get_media_type (config->codec) == type)
      return TRUE;
  }
  return FALSE;
}

/* What the main playlist tells, told apart by the string it has. */
static VsCodecConfig *
config_from_mime (const gchar * mime, const VsM3u8MainEntry * entry)
{
  g_autofree gchar *digest =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, mime, -1);

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    VsCodecConfig *config;

    if (!g_str_has_prefix (mime, codecs[i].prefix))
      continue;
    config = vs_codec_config_new (codecs[i].codec);
    g_strlcpy (config->mime, mime, sizeof config->mime);
    g_strlcpy (config->id, digest, sizeof config->id);
    if (vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO) {
      config->width = entry->width;
      config->height = entry->height;
    }
    return config;
  }
  return NULL;
}

/* NULL when one of them is not known, or none is told. */
static GPtrArray *
configs_from_entry (const VsM3u8MainEntry * entry)
{
  g_auto (GStrv) mimes = g_strsplit (entry->codecs ? entry->codecs : "", ",",
      VS_SEGMENT_MAX_TRACKS + 1);
  g_autoptr (GPtrArray) configs = new_configs ();

  for (guint i = 0; mimes[i]; i++) {
    VsCodecConfig *config = config_from_mime (g_strstrip (mimes[i]), entry);

    if (config == NULL)
      return NULL;
    if (configs->len == VS_SEGMENT_MAX_TRACKS
        || has_type (configs, vs_codec_get_media_type (config->codec)))
      vs_codec_config_unref (config);
    else
      g_ptr_array_add (configs, config);
  }
  return configs->len > 0 ? g_steal_pointer (&configs) : NULL;
}

/* The first segment, looked into. */

typedef struct
{
  GPtrArray *configs;
  gchar **language;
} Probe;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  Probe *probe = user_data;

  g_free (*probe->language);
  *probe->language = vs_ts_program_dup_language (program);
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Probe *probe = user_data;

  if (unit->config && probe->configs->len < VS_SEGMENT_MAX_TRACKS
      && !has_type (probe->configs,
          vs_codec_get_media_type (unit->config->codec)))
    g_ptr_array_add (probe->configs, vs_codec_config_ref (unit->config));
}

static GPtrArray *
configs_from_segment (VsArchiveForeign * foreign, GBytes * bytes)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  g_autoptr (GPtrArray) configs = new_configs ();
  Probe probe = { configs, &foreign->language };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &probe);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
  return configs->len > 0 ? g_steal_pointer (&configs) : NULL;
}

static void
find_configs (VsArchiveForeign * foreign, const VsM3u8Media * media,
    GBytes * (*load) (VsSegment * segment, gpointer user_data),
    gpointer user_data)
{
  foreign->configs = configs_from_entry (foreign->entry);
  for (guint i = 0; i < media->segments->len && !foreign->configs; i++) {
    VsSegment *segment = g_ptr_array_index (media->segments, i);
    g_autoptr (GBytes) bytes = NULL;

    if (segment->gap)
      continue;
    bytes = load (segment, user_data);
    if (bytes)
      foreign->configs = configs_from_segment (foreign, bytes);
    return;
  }
}

static void
describe_rendition (const VsArchiveForeign * foreign, VsRendition * rendition)
{
  const VsM3u8MainEntry *entry = foreign->entry;

  rendition->bitrate = entry->bandwidth;
  rendition->fps_n = entry->fps_n;
  rendition->fps_d = entry->fps_d;
  if (entry->language)
    rendition->language = g_strdup (entry->language);
  else if (entry->is_audio)
    rendition->language = g_strdup (foreign->language);
}

static void
describe_segment (const VsArchiveForeign * foreign, VsSegment * segment)
{
  for (guint i = 0; i < foreign->configs->len && !segment->gap; i++) {
    const VsCodecConfig *config = g_ptr_array_index (foreign->configs, i);
    VsSegmentTrack *track = &segment->tracks[segment->n_tracks++];

    track->type = vs_codec_get_media_type (config->codec);
    track->timescale = PTS_TIMESCALE;
    g_strlcpy (track->config_id, config->id, sizeof track->config_id);
  }
}

void
vs_archive_foreign_describe (VsArchiveForeign * foreign, VsM3u8Media * media,
    VsRendition * rendition,
    GBytes * (*load) (VsSegment * segment, gpointer user_data),
    gpointer user_data)
{
  if (foreign->configs == NULL)
    find_configs (foreign, media, load, user_data);
  describe_rendition (foreign, rendition);
  media->peaks.whole = foreign->entry->bandwidth;
  media->rendition = vs_rendition_ref (rendition);
  if (foreign->configs == NULL)
    return;
  for (guint i = 0; i < foreign->configs->len; i++)
    g_ptr_array_add (media->configs,
        vs_codec_config_ref (g_ptr_array_index (foreign->configs, i)));
  for (guint i = 0; i < media->segments->len; i++)
    describe_segment (foreign, g_ptr_array_index (media->segments, i));
}
