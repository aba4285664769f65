/* VisionStream: the comment lines of an archive's playlists
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Archives are input: they lie where others may write. Each number has a
 * range here that later sums and products can't overflow.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8archive.h"
#include "manifest/vsm3u8attributes.h"

/* of the comment lines; readers refuse a higher one */
#define FORMAT_VERSION 1

/* media times and durations in timescale units; in 90 kHz 25000 years */
#define MEDIA_TIME_MAX (G_GINT64_CONSTANT (1) << 56)
#define DURATION_MAX (1000000 * GST_SECOND)
/* 9999-12-31T23:59:59.999999Z, the last that an ISO 8601 date can write */
#define UTC_US_MAX G_GINT64_CONSTANT (253402300799999999)

static const VsAttributeField segment_fields[] = {
  {"SEQUENCE", VS_FIELD_U64, G_STRUCT_OFFSET (VsSegment, sequence),
      G_MAXINT64},
  {"DISCONTINUITY-SEQUENCE", VS_FIELD_U64,
      G_STRUCT_OFFSET (VsSegment, discontinuity_sequence), G_MAXINT64},
  {"DISCONTINUITY", VS_FIELD_FLAG,
      G_STRUCT_OFFSET (VsSegment, discontinuity)},
  {"RUN", VS_FIELD_U64, G_STRUCT_OFFSET (VsSegment, run), G_MAXINT64},
  {"RUN-PTS", VS_FIELD_I64, G_STRUCT_OFFSET (VsSegment, run_start_pts_90k),
      MEDIA_TIME_MAX},
  {"PTS", VS_FIELD_I64, G_STRUCT_OFFSET (VsSegment, start_pts_90k),
      MEDIA_TIME_MAX},
  {"UTC", VS_FIELD_I64, G_STRUCT_OFFSET (VsSegment, utc_us), UTC_US_MAX},
  {"EVENT-UTC", VS_FIELD_OPTIONAL_I64,
      G_STRUCT_OFFSET (VsSegment, event_utc_us), UTC_US_MAX},
  {"DURATION", VS_FIELD_U64, G_STRUCT_OFFSET (VsSegment, duration),
      DURATION_MAX},
  {"CAUSE", VS_FIELD_ARRAY, G_STRUCT_OFFSET (VsSegment, cause),
      sizeof (((VsSegment *) 0)->cause) - 1},
  {"INDEPENDENT", VS_FIELD_FLAG, G_STRUCT_OFFSET (VsSegment, independent)},
  {"GAP", VS_FIELD_FLAG, G_STRUCT_OFFSET (VsSegment, gap)},
  {"SIZE", VS_FIELD_U64, G_STRUCT_OFFSET (VsSegment, size), G_MAXINT64},
  {"SHA256", VS_FIELD_BYTES, G_STRUCT_OFFSET (VsSegment, sha256),
      sizeof (((VsSegment *) 0)->sha256)},
};

#define CONFIG(member) G_STRUCT_OFFSET (VsCodecConfig, member)

static const VsAttributeField config_fields[] = {
  {"ID", VS_FIELD_ARRAY, CONFIG (id), sizeof (((VsCodecConfig *) 0)->id) - 1},
  {"MIME", VS_FIELD_ARRAY, CONFIG (mime),
      sizeof (((VsCodecConfig *) 0)->mime) - 1},
  {"WIDTH", VS_FIELD_UINT, CONFIG (width), G_MAXUINT16},
  {"HEIGHT", VS_FIELD_UINT, CONFIG (height), G_MAXUINT16},
  {"PIXEL-ASPECT", VS_FIELD_RATIO, CONFIG (par_n), G_MAXINT32},
  {"FRAME-RATE", VS_FIELD_RATIO, CONFIG (fps_n), G_MAXINT32},
  {"INTERLACED", VS_FIELD_FLAG, CONFIG (interlaced)},
  {"PRIMARIES", VS_FIELD_UINT, CONFIG (colour_primaries), G_MAXUINT8},
  {"TRANSFER", VS_FIELD_UINT, CONFIG (transfer), G_MAXUINT8},
  {"MATRIX", VS_FIELD_UINT, CONFIG (matrix), G_MAXUINT8},
  {"FULL-RANGE", VS_FIELD_FLAG, CONFIG (full_range)},
  {"PROFILE", VS_FIELD_UINT, CONFIG (profile), G_MAXUINT16},
  {"LEVEL", VS_FIELD_UINT, CONFIG (level), G_MAXUINT16},
  {"BIT-DEPTH", VS_FIELD_UINT, CONFIG (bit_depth), G_MAXUINT8},
  {"SAMPLE-RATE", VS_FIELD_UINT, CONFIG (sample_rate), G_MAXINT32},
  {"CHANNELS", VS_FIELD_UINT, CONFIG (channels), G_MAXUINT8},
  {"FRAME-SAMPLES", VS_FIELD_UINT, CONFIG (frame_samples), G_MAXUINT16},
};

#undef CONFIG

/* Of the head: what describes the rendition, and what the playlist. */
#define RENDITION(member) G_STRUCT_OFFSET (VsRendition, member)

static const VsAttributeField rendition_fields[] = {
  {"ACCOUNT", VS_FIELD_STRING, RENDITION (account)},
  {"EVENT", VS_FIELD_STRING, RENDITION (event)},
  {"BREAKOUT", VS_FIELD_STRING, RENDITION (breakout)},
  {"RENDITION", VS_FIELD_STRING, RENDITION (name)},
  {"INGEST-INDEX", VS_FIELD_UINT, RENDITION (ingest_index), G_MAXUINT32},
  {"TRACK-COUNT", VS_FIELD_UINT, RENDITION (track_count), G_MAXUINT32},
  {"AUDIO-ID", VS_FIELD_STRING, RENDITION (audio_id)},
  {"LANGUAGE", VS_FIELD_STRING, RENDITION (language)},
  {"ROLE", VS_FIELD_STRING, RENDITION (role)},
  {"SEGMENT-DURATION", VS_FIELD_U64, RENDITION (target_duration),
      DURATION_MAX},
  {"SEGMENTED", VS_FIELD_FLAG, RENDITION (segmented)},
  {"BITRATE", VS_FIELD_UINT, RENDITION (bitrate), G_MAXUINT32},
  {"FRAME-RATE", VS_FIELD_RATIO, RENDITION (fps_n), G_MAXINT32},
};

#undef RENDITION

typedef struct
{
  guint64 first_sequence;
  guint version, target_duration, average_bandwidth;
  VsPeaks peaks;
} Head;

#define HEAD(member) G_STRUCT_OFFSET (Head, member)

static const VsAttributeField head_fields[] = {
  {"VERSION", VS_FIELD_UINT, HEAD (version), FORMAT_VERSION},
  {"TARGET-DURATION", VS_FIELD_UINT, HEAD (target_duration), G_MAXINT32},
  {"PEAK-BANDWIDTH", VS_FIELD_UINT, HEAD (peaks.whole), G_MAXUINT32},
  {"PEAK-VIDEO", VS_FIELD_OPTIONAL_UINT, HEAD (peaks.video), G_MAXUINT32},
  {"PEAK-AUDIO", VS_FIELD_OPTIONAL_UINT, HEAD (peaks.audio), G_MAXUINT32},
  {"AVERAGE-BANDWIDTH", VS_FIELD_UINT, HEAD (average_bandwidth),
      G_MAXUINT32},
  {"FIRST-SEQUENCE", VS_FIELD_U64, HEAD (first_sequence), G_MAXINT64},
};

#undef HEAD

/* fps_n, fps_d and the like are one field: they stand side by side */
G_STATIC_ASSERT (G_STRUCT_OFFSET (VsCodecConfig, par_d)
    == G_STRUCT_OFFSET (VsCodecConfig, par_n) + sizeof (guint));
G_STATIC_ASSERT (G_STRUCT_OFFSET (VsCodecConfig, fps_d)
    == G_STRUCT_OFFSET (VsCodecConfig, fps_n) + sizeof (guint));
G_STATIC_ASSERT (G_STRUCT_OFFSET (VsRendition, fps_d)
    == G_STRUCT_OFFSET (VsRendition, fps_n) + sizeof (guint));

static const gchar *const media_types[] = {
  [VS_MEDIA_OTHER] = "other",
  [VS_MEDIA_VIDEO] = "video",
  [VS_MEDIA_AUDIO] = "audio",
};

#define TRACK_PREFIX "TRACK-"

static void
append_config (GString * out, const VsCodecConfig * config)
{
  g_string_append (out, VS_M3U8_TAG_CONFIG "CODEC=");
  vs_attribute_append_escaped (out, vs_codec_to_string (config->codec));
  vs_attribute_write_fields (out, config_fields,
      G_N_ELEMENTS (config_fields), config);
  g_string_append_c (out, '\n');
}

void
vs_m3u8_append_archive_head (GString * out, const VsTimelineView * view,
    const VsM3u8MediaSettings * settings)
{
  const gchar *const *attribute = settings->attributes;
  Head head = {
    .version = FORMAT_VERSION,
    .target_duration = view->target_duration,
    .peaks = view->peaks,
    .average_bandwidth = view->average_bandwidth,
    .first_sequence = settings->first_sequence,
  };

  if (head.first_sequence == 0 && view->segments->len > 0)
    head.first_sequence =
        ((VsSegment *) g_ptr_array_index (view->segments, 0))->sequence;

  g_string_append (out, VS_M3U8_TAG_PLAYLIST);
  vs_attribute_write_fields (out, head_fields, G_N_ELEMENTS (head_fields),
      &head);
  vs_attribute_write_fields (out, rendition_fields,
      G_N_ELEMENTS (rendition_fields), view->rendition);
  for (; attribute && attribute[0]; attribute += 2) {
    g_string_append_printf (out, ",%s=", attribute[0]);
    vs_attribute_append_escaped (out, attribute[1]);
  }
  g_string_append_c (out, '\n');
  for (guint i = 0; i < view->configs->len; i++)
    append_config (out, g_ptr_array_index (view->configs, i));
}

void
vs_m3u8_append_archive_segment (GString * out, const VsSegment * segment)
{
  g_string_append (out, VS_M3U8_TAG_SEGMENT);
  vs_attribute_write_fields (out, segment_fields,
      G_N_ELEMENTS (segment_fields), segment);
  for (guint i = 0; i < segment->n_tracks; i++) {
    const VsSegmentTrack *track = &segment->tracks[i];

    g_string_append_printf (out, "," TRACK_PREFIX "%u=\"%s:%u:%"
        G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s:%" G_GUINT64_FORMAT "\"",
        i + 1, media_types[track->type], track->timescale, track->start,
        track->duration, track->config_id, track->size);
  }
  g_string_append_c (out, '\n');
}

/* VsCodecConfig.id becomes a part of URLs. */
static gboolean
is_config_id (const gchar * text)
{
  return strspn (text, "0123456789abcdef") == 8 && text[8] == '\0';
}

static gchar *
describe_bad_value (const VsAttribute * attribute)
{
  return g_strdup_printf ("%s has no valid value, or stands twice",
      attribute->name);
}

static gchar *
describe_end (const gchar * cursor, const gchar * missing)
{
  if (cursor != NULL)
    return g_strdup_printf ("no attribute list from \"%.20s\" on", cursor);
  if (missing != NULL)
    return g_strdup_printf ("%s is missing", missing);
  return NULL;
}

static gboolean
rendition_is_valid (const VsRendition * rendition)
{
  return vs_name_is_valid (rendition->account)
      && vs_event_name_is_valid (rendition->event)
      && (rendition->breakout == NULL
      || vs_event_name_is_valid (rendition->breakout))
      && vs_name_is_valid (rendition->name);
}

gchar *
vs_m3u8_parse_archive_head (gchar * list, VsM3u8Media * media)
{
  guint64 seen = 0, rendition_seen = 0;
  const gchar *missing;
  VsAttribute attribute;
  Head head = { 0 };
  gchar *problem;

  media->rendition = vs_rendition_new ("", "", NULL, "");
  while (vs_attribute_next (&list, &attribute)) {
    g_hash_table_replace (media->attributes, g_strdup (attribute.name),
        vs_attribute_unescape (attribute.value));
    if (!vs_attribute_read_field (&attribute, head_fields,
            G_N_ELEMENTS (head_fields), &head, &seen)
        || !vs_attribute_read_field (&attribute, rendition_fields,
            G_N_ELEMENTS (rendition_fields), media->rendition, &rendition_seen))
      return describe_bad_value (&attribute);
  }
  missing = vs_attribute_find_missing (head_fields,
      G_N_ELEMENTS (head_fields), seen);
  if (missing == NULL)
    missing = vs_attribute_find_missing (rendition_fields,
        G_N_ELEMENTS (rendition_fields), rendition_seen);
  problem = describe_end (list, missing);
  if (problem == NULL && !rendition_is_valid (media->rendition))
    problem = g_strdup ("no valid account, event, breakout or rendition");
  media->target_duration = head.target_duration;
  media->peaks = head.peaks;
  media->average_bandwidth = head.average_bandwidth;
  media->first_sequence = head.first_sequence;
  return problem;
}

gchar *
vs_m3u8_parse_archive_config (gchar * list, VsM3u8Media * media)
{
  VsCodecConfig *config = vs_codec_config_new (VS_CODEC_UNKNOWN);
  VsAttribute attribute;
  guint64 seen = 0;
  gchar *problem;

  g_ptr_array_add (media->configs, config);
  while (vs_attribute_next (&list, &attribute)) {
    if (strcmp (attribute.name, "CODEC") == 0)
      config->codec = vs_codec_from_string (attribute.value);
    else if (!vs_attribute_read_field (&attribute, config_fields,
            G_N_ELEMENTS (config_fields), config, &seen))
      return describe_bad_value (&attribute);
  }
  problem = describe_end (list, vs_attribute_find_missing (config_fields,
          G_N_ELEMENTS (config_fields), seen));
  if (problem == NULL && !is_config_id (config->id))
    problem = g_strdup ("ID is no configuration's");
  return problem;
}

/* "video:90000:START:DURATION:CONFIG[:SIZE]"; CONFIG may be empty */
static gboolean
parse_track (const gchar * text, VsSegmentTrack * track)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", 7);
  guint n = g_strv_length (parts);
  guint64 timescale, duration;

  if (n != 5 && n != 6)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (media_types); i++) {
    if (strcmp (parts[0], media_types[i]) == 0)
      track->type = i;
  }
  if (strcmp (parts[0], media_types[track->type]) != 0
      || !vs_attribute_parse_uint (parts[1], G_MAXINT32, &timescale)
      || timescale == 0
      || !vs_attribute_parse_int (parts[2], MEDIA_TIME_MAX, &track->start)
      || !vs_attribute_parse_uint (parts[3], MEDIA_TIME_MAX, &duration)
      || (*parts[4] != '\0' && !is_config_id (parts[4]))
      || (n == 6 && !vs_attribute_parse_uint (parts[5], G_MAXINT64,
              &track->size)))
    return FALSE;
  track->timescale = timescale;
  track->duration = duration;
  g_strlcpy (track->config_id, parts[4], sizeof track->config_id);
  return TRUE;
}

static gboolean
read_track (const VsAttribute * attribute, VsSegment * segment)
{
  guint64 number;

  if (!g_str_has_prefix (attribute->name, TRACK_PREFIX))
    return TRUE;
  if (!vs_attribute_parse_uint (attribute->name + strlen (TRACK_PREFIX),
          VS_SEGMENT_MAX_TRACKS, &number) || number != segment->n_tracks + 1)
    return FALSE;
  return parse_track (attribute->value, &segment->tracks[segment->n_tracks++]);
}

gchar *
vs_m3u8_parse_archive_segment (gchar * list, VsSegment * segment)
{
  VsAttribute attribute;
  guint64 seen = 0;

  while (vs_attribute_next (&list, &attribute)) {
    if (!read_track (&attribute, segment)
        || !vs_attribute_read_field (&attribute, segment_fields,
            G_N_ELEMENTS (segment_fields), segment, &seen))
      return describe_bad_value (&attribute);
  }
  return describe_end (list, vs_attribute_find_missing (segment_fields,
          G_N_ELEMENTS (segment_fields), seen));
}
