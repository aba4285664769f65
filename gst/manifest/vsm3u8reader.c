/* VisionStream: HLS media playlists, read back (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tags are looked up in a table; a URI line completes the
 * segment that the tags before it described. Tags that are not known are
 * passed over, as clients must (RFC 8216bis 6.3.1).
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8archive.h"
#include "manifest/vsm3u8attributes.h"
#include "manifest/vsm3u8lines.h"
#include "manifest/vsm3u8storage.h"
#include "manifest/vsmediatime.h"

#define DURATION_MAX_S 1000000

typedef struct
{
  VsM3u8Media *media;
  gboolean has_target;
  gboolean independent;

  /* what the tags said of the segment that comes */
  VsSegment *segment;           /* from the comment line, or NULL */
  gboolean has_duration;
  GstClockTime duration;
  gboolean discontinuity, gap;
  gint64 utc_us;                /* -1: not said */
  VsM3u8Storage storage;        /* also of those after it */
  guint line_number;

  /* of the segment before */
  guint64 discontinuities;
  gint64 next_utc_us;
} MediaReader;

/* Each takes what follows the colon and says what is wrong, or NULL. */
typedef gchar *(*TagFunc) (MediaReader * reader, gchar * value);

static gchar *
parse_number (const gchar * text, guint64 max, guint64 * number)
{
  if (!vs_attribute_parse_uint (text, max, number))
    return g_strdup ("no valid number");
  return NULL;
}

static gchar *
read_target (MediaReader * reader, gchar * value)
{
  guint64 target;
  gchar *problem = parse_number (value, G_MAXINT32, &target);

  /* an archive's head says what it was before any segment forced more */
  if (problem == NULL && reader->media->rendition == NULL)
    reader->media->target_duration = target;
  reader->has_target = TRUE;
  return problem;
}

static gchar *
read_media_sequence (MediaReader * reader, gchar * value)
{
  if (reader->media->segments->len > 0)
    return g_strdup ("EXT-X-MEDIA-SEQUENCE after a segment");
  return parse_number (value, G_MAXINT64, &reader->media->media_sequence);
}

static gchar *
read_discontinuity_sequence (MediaReader * reader, gchar * value)
{
  if (reader->media->segments->len > 0)
    return g_strdup ("EXT-X-DISCONTINUITY-SEQUENCE after a segment");
  return parse_number (value, G_MAXINT64,
      &reader->media->discontinuity_sequence);
}

static gchar *
read_endlist (MediaReader * reader, gchar * value)
{
  reader->media->ended = TRUE;
  return NULL;
}

static gchar *
read_independent (MediaReader * reader, gchar * value)
{
  reader->independent = TRUE;
  return NULL;
}

static gchar *
read_discontinuity (MediaReader * reader, gchar * value)
{
  reader->discontinuity = TRUE;
  return NULL;
}

static gchar *
read_gap (MediaReader * reader, gchar * value)
{
  reader->gap = TRUE;
  return NULL;
}

static gchar *
read_date (MediaReader * reader, gchar * value)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = g_date_time_new_from_iso8601 (value, utc);

  if (date == NULL || g_date_time_to_unix (date) < 0)
    return g_strdup ("no valid date");
  reader->utc_us = g_date_time_to_unix (date) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (date);
  return NULL;
}

/* Seconds, an integer or a decimal fraction, as exact ns. */
static gboolean
parse_seconds (gchar * text, GstClockTime * duration)
{
  guint64 seconds, fraction = 0;
  gchar *point = strchr (text, '.');
  gsize digits = 0;

  if (point != NULL) {
    *point++ = '\0';
    digits = strlen (point);
    if (digits > 9)
      point[digits = 9] = '\0';
    if (digits > 0 && !vs_attribute_parse_uint (point, GST_SECOND, &fraction))
      return FALSE;
  }
  for (; digits < 9; digits++)
    fraction *= 10;
  if (!vs_attribute_parse_uint (text, DURATION_MAX_S, &seconds))
    return FALSE;
  *duration = seconds * GST_SECOND + fraction;
  return TRUE;
}

static gchar *
read_duration (MediaReader * reader, gchar * value)
{
  gchar *comma = strchr (value, ',');

  if (comma != NULL)
    *comma = '\0';
  reader->has_duration = TRUE;
  if (!parse_seconds (value, &reader->duration))
    return g_strdup ("no valid duration");
  return NULL;
}

static gchar *
read_archive_head (MediaReader * reader, gchar * value)
{
  if (reader->media->rendition != NULL || reader->media->segments->len > 0)
    return g_strdup ("a second head, or one after a segment");
  reader->media->foreign = FALSE;
  return vs_m3u8_parse_archive_head (value, reader->media);
}

static gchar *
read_archive_config (MediaReader * reader, gchar * value)
{
  if (reader->media->foreign)
    return NULL;
  return vs_m3u8_parse_archive_config (value, reader->media);
}

static gchar *
read_archive_segment (MediaReader * reader, gchar * value)
{
  if (reader->media->foreign)
    return NULL;
  if (reader->segment != NULL)
    return g_strdup ("two comment lines for one segment");
  reader->segment = vs_segment_new ();
  return vs_m3u8_parse_archive_segment (value, reader->segment);
}

/* These are of other makers' playlists. */

static gchar *
read_byte_range (MediaReader * reader, gchar * value)
{
  if (!reader->media->foreign)
    return g_strdup ("an archive has no byte ranges");
  return vs_m3u8_storage_read_range (&reader->storage, value);
}

static gchar *
read_map (MediaReader * reader, gchar * value)
{
  return vs_m3u8_storage_read_map (&reader->storage, value);
}

static gchar *
read_key (MediaReader * reader, gchar * value)
{
  return vs_m3u8_storage_read_key (&reader->storage, value,
      reader->line_number);
}

static gchar *
refuse_main (MediaReader * reader, gchar * value)
{
  return g_strdup ("this is a main playlist");
}

/* A name that ends with a colon has a value. */
static const struct
{
  const gchar *name;
  TagFunc read;
} media_tags[] = {
  {"#EXTINF:", read_duration},
  {VS_M3U8_TAG_SEGMENT, read_archive_segment},
  {"#EXT-X-PROGRAM-DATE-TIME:", read_date},
  {"#EXT-X-DISCONTINUITY", read_discontinuity},
  {"#EXT-X-GAP", read_gap},
  {"#EXT-X-TARGETDURATION:", read_target},
  {"#EXT-X-MEDIA-SEQUENCE:", read_media_sequence},
  {"#EXT-X-DISCONTINUITY-SEQUENCE:", read_discontinuity_sequence},
  {"#EXT-X-INDEPENDENT-SEGMENTS", read_independent},
  {"#EXT-X-ENDLIST", read_endlist},
  {"#EXT-X-BYTERANGE:", read_byte_range},
  {"#EXT-X-MAP:", read_map},
  {"#EXT-X-KEY:", read_key},
  {"#EXT-X-STREAM-INF:", refuse_main},
  {VS_M3U8_TAG_PLAYLIST, read_archive_head},
  {VS_M3U8_TAG_CONFIG, read_archive_config},
};

static gchar *
read_media_tag (MediaReader * reader, gchar * line)
{
  for (guint i = 0; i < G_N_ELEMENTS (media_tags); i++) {
    const gchar *name = media_tags[i].name;
    gsize length = strlen (name);

    if (strncmp (line, name, length) == 0
        && (name[length - 1] == ':' || line[length] == '\0'))
      return media_tags[i].read (reader, line + length);
  }
  return NULL;
}

/* A segment of another maker's playlist: what the tags told. */
static VsSegment *
make_foreign_segment (MediaReader * reader)
{
  VsSegment *segment = vs_segment_new ();

  if (reader->discontinuity)
    reader->discontinuities++;
  segment->sequence =
      reader->media->media_sequence + reader->media->segments->len;
  segment->discontinuity = reader->discontinuity;
  segment->run = reader->discontinuities;
  segment->discontinuity_sequence =
      reader->media->discontinuity_sequence + reader->discontinuities;
  segment->utc_us = reader->utc_us >= 0 ? reader->utc_us : reader->next_utc_us;
  segment->duration = reader->duration;
  segment->gap = reader->gap;
  reader->next_utc_us = segment->utc_us
      + GST_TIME_AS_USECONDS (reader->duration);
  return segment;
}

/* A URI line: the segment is complete. */
static gchar *
read_media_uri (MediaReader * reader, const gchar * uri)
{
  VsM3u8Media *media = reader->media;
  VsSegment *segment;
  gchar *problem;

  if (!reader->has_duration)
    return g_strdup ("a URI without EXTINF");
  if (!media->foreign && reader->segment == NULL)
    return g_strdup ("a URI without its comment line");
  segment = g_steal_pointer (&reader->segment);
  if (segment == NULL)
    segment = make_foreign_segment (reader);
  if (!segment->gap || media->foreign || strcmp (uri, VS_M3U8_GAP_URI) != 0)
    segment->uri = g_strdup (uri);
  g_ptr_array_add (media->segments, segment);
  problem = media->foreign ?
      vs_m3u8_storage_apply (&reader->storage, segment) : NULL;
  if (problem)
    return problem;
  if (segment->sequence != media->media_sequence + media->segments->len - 1)
    return g_strdup ("SEQUENCE is not the media sequence number");
  reader->has_duration = reader->discontinuity = reader->gap = FALSE;
  reader->utc_us = -1;
  return NULL;
}

static gboolean
read_media_line (MediaReader * reader, VsM3u8Lines * lines, GError ** error)
{
  gchar *line = lines->line->str;
  g_autofree gchar *problem = NULL;

  reader->line_number = lines->line_number;
  if (*line == '#')
    problem = read_media_tag (reader, line);
  else if (*line != '\0')
    problem = read_media_uri (reader, line);
  if (problem != NULL)
    return vs_m3u8_fail (error, lines->line_number, problem);
  if (reader->media->segments->len > VS_M3U8_MAX_ENTRIES) {
    g_set_error (error, VS_M3U8_ERROR, VS_M3U8_ERROR_TOO_LARGE,
        "line %u: more than %u segments", lines->line_number,
        VS_M3U8_MAX_ENTRIES);
    return FALSE;
  }
  return TRUE;
}

static VsM3u8Media *
media_new (void)
{
  VsM3u8Media *media = g_new0 (VsM3u8Media, 1);

  media->foreign = TRUE;
  media->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  media->configs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_codec_config_unref);
  media->attributes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return media;
}

void
vs_m3u8_media_free (VsM3u8Media * media)
{
  g_ptr_array_unref (media->segments);
  g_ptr_array_unref (media->configs);
  g_hash_table_unref (media->attributes);
  g_clear_pointer (&media->rendition, vs_rendition_unref);
  g_free (media);
}

static void
mark_independent (VsM3u8Media * media)
{
  for (guint i = 0; i < media->segments->len; i++)
    ((VsSegment *) g_ptr_array_index (media->segments, i))->independent = TRUE;
}

VsM3u8Media *
vs_m3u8_read_media (const gchar * text, gsize size, GError ** error)
{
  g_autoptr (VsM3u8Media) media = NULL;
  MediaReader reader = {.utc_us = -1 };
  GError *problem = NULL;
  VsM3u8Lines lines;

  if (!vs_m3u8_lines_begin (&lines, text, size, error))
    return NULL;
  media = reader.media = media_new ();
  while (vs_m3u8_lines_next (&lines, &problem)) {
    if (!read_media_line (&reader, &lines, &problem))
      break;
  }
  if (problem == NULL && !reader.has_target)
    vs_m3u8_fail (&problem, lines.line_number, "no EXT-X-TARGETDURATION");
  vs_m3u8_lines_clear (&lines);
  g_clear_pointer (&reader.segment, vs_segment_unref);
  vs_m3u8_storage_clear (&reader.storage);
  if (problem != NULL) {
    g_propagate_error (error, problem);
    return NULL;
  }
  if (media->foreign && reader.independent)
    mark_independent (media);
  return g_steal_pointer (&media);
}
