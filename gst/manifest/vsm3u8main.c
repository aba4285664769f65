/* VisionStream: HLS main playlists, read back (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8archive.h"
#include "manifest/vsm3u8attributes.h"
#include "manifest/vsm3u8lines.h"

void
vs_m3u8_main_entry_free (VsM3u8MainEntry * entry)
{
  g_free (entry->uri);
  g_free (entry->codecs);
  g_free (entry->language);
  g_free (entry->audio_group);
  g_free (entry->audio_uri);
  g_free (entry);
}

VsM3u8MainEntry *
vs_m3u8_main_entry_copy (const VsM3u8MainEntry * entry)
{
  VsM3u8MainEntry *copy = g_memdup2 (entry, sizeof *entry);

  copy->uri = g_strdup (entry->uri);
  copy->codecs = g_strdup (entry->codecs);
  copy->language = g_strdup (entry->language);
  copy->audio_group = g_strdup (entry->audio_group);
  copy->audio_uri = g_strdup (entry->audio_uri);
  return copy;
}

static gboolean
parse_resolution (gchar * text, VsM3u8MainEntry * entry)
{
  gchar *x = strchr (text, 'x');
  guint64 width, height;

  if (x == NULL)
    return FALSE;
  *x = '\0';
  if (!vs_attribute_parse_uint (text, G_MAXUINT16, &width)
      || !vs_attribute_parse_uint (x + 1, G_MAXUINT16, &height))
    return FALSE;
  entry->width = width;
  entry->height = height;
  return TRUE;
}

/* decimal-floating-point with at most three decimals, RFC 8216bis 4.4.6.2 */
static gboolean
parse_frame_rate (const gchar * text, VsM3u8MainEntry * entry)
{
  gdouble rate;
  gchar *end;

  if (!g_ascii_isdigit (*text))
    return FALSE;
  rate = g_ascii_strtod (text, &end);
  if (*end != '\0' || rate > G_MAXUINT16)
    return FALSE;
  gst_util_double_to_fraction (rate, (gint *) & entry->fps_n,
      (gint *) & entry->fps_d);
  return TRUE;
}

static gboolean
read_variant_attribute (VsM3u8MainEntry * entry, VsAttribute * attribute)
{
  gboolean average = strcmp (attribute->name, "AVERAGE-BANDWIDTH") == 0;

  if (average || strcmp (attribute->name, "BANDWIDTH") == 0) {
    guint64 bandwidth;

    if (!vs_attribute_parse_uint (attribute->value, G_MAXUINT32, &bandwidth))
      return FALSE;
    *(average ? &entry->average_bandwidth : &entry->bandwidth) = bandwidth;
  } else if (strcmp (attribute->name, "RESOLUTION") == 0) {
    return parse_resolution (attribute->value, entry);
  } else if (strcmp (attribute->name, "FRAME-RATE") == 0) {
    return parse_frame_rate (attribute->value, entry);
  } else if (strcmp (attribute->name, "CODECS") == 0) {
    g_free (entry->codecs);
    entry->codecs = g_strdup (attribute->value);
  } else if (strcmp (attribute->name, "AUDIO") == 0) {
    g_free (entry->audio_group);
    entry->audio_group = g_strdup (attribute->value);
  }
  return TRUE;
}

static gboolean
read_attributes (VsM3u8MainEntry * entry, gchar * list)
{
  VsAttribute attribute;

  while (vs_attribute_next (&list, &attribute)) {
    if (!read_variant_attribute (entry, &attribute))
      return FALSE;
  }
  return list == NULL;
}

/* An EXT-X-MEDIA of sound, 4.4.6.1. Without a URI it is in the variant. */
typedef struct
{
  VsM3u8MainEntry *entry;
  gboolean is_default, autoselect;
} Audio;

static void
audio_free (Audio * audio)
{
  vs_m3u8_main_entry_free (audio->entry);
  g_free (audio);
}

static void
set_text (gchar ** field, const VsAttribute * attribute)
{
  g_free (*field);
  *field = g_strdup (attribute->value);
}

static void
read_rendition_attribute (Audio * audio, const VsAttribute * attribute)
{
  VsM3u8MainEntry *entry = audio->entry;

  if (strcmp (attribute->name, "TYPE") == 0)
    entry->is_audio = strcmp (attribute->value, "AUDIO") == 0;
  else if (strcmp (attribute->name, "URI") == 0)
    set_text (&entry->uri, attribute);
  else if (strcmp (attribute->name, "LANGUAGE") == 0)
    set_text (&entry->language, attribute);
  else if (strcmp (attribute->name, "GROUP-ID") == 0)
    set_text (&entry->audio_group, attribute);
  else if (strcmp (attribute->name, "DEFAULT") == 0)
    audio->is_default = strcmp (attribute->value, "YES") == 0;
  else if (strcmp (attribute->name, "AUTOSELECT") == 0)
    audio->autoselect = strcmp (attribute->value, "YES") == 0;
}

/* Added to @audios, where there are such, when it is sound. */
static gboolean
read_rendition (GPtrArray * audios, gchar * list)
{
  Audio *audio = g_new0 (Audio, 1);
  VsAttribute attribute;

  audio->entry = g_new0 (VsM3u8MainEntry, 1);
  while (vs_attribute_next (&list, &attribute))
    read_rendition_attribute (audio, &attribute);
  if (list == NULL && audio->entry->is_audio && audios)
    g_ptr_array_add (audios, audio);
  else
    audio_free (audio);
  return list == NULL;
}

static guint
rank (const Audio * audio)
{
  return audio->is_default * 2 + audio->autoselect;
}

/* The rendition of the variant's group that is played when nothing else is
 * asked for. */
static void
choose_audio (VsM3u8MainEntry * variant, GPtrArray * audios)
{
  const Audio *best = NULL;

  for (guint i = 0; i < audios->len && variant->audio_group; i++) {
    const Audio *audio = g_ptr_array_index (audios, i);

    if (g_strcmp0 (audio->entry->audio_group, variant->audio_group) == 0
        && (best == NULL || rank (audio) > rank (best)))
      best = audio;
  }
  /* a variant may be what its own group names */
  if (best && best->entry->uri && strcmp (best->entry->uri, variant->uri) != 0)
    variant->audio_uri = g_strdup (best->entry->uri);
}

/* An audio rendition may be a variant too: that entry gets what both tell. */
static void
merge_audios (GPtrArray * entries, GPtrArray * audios)
{
  guint n_variants = entries->len;

  for (guint i = 0; i < audios->len; i++) {
    VsM3u8MainEntry *audio = ((Audio *) g_ptr_array_index (audios, i))->entry;
    VsM3u8MainEntry *same = NULL;

    if (audio->uri == NULL)
      continue;

    for (guint j = 0; j < n_variants && !same; j++) {
      VsM3u8MainEntry *entry = g_ptr_array_index (entries, j);

      if (strcmp (entry->uri, audio->uri) == 0)
        same = entry;
    }
    if (same == NULL) {
      g_ptr_array_add (entries, vs_m3u8_main_entry_copy (audio));
    } else {
      same->is_audio = TRUE;
      g_free (same->language);
      same->language = g_strdup (audio->language);
    }
  }
}

typedef struct
{
  GPtrArray *entries;           /* VsM3u8MainEntry */
  GPtrArray *audios;            /* Audio */
  VsM3u8MainEntry *waiting;     /* for its URI */
  gboolean redundant;           /* what the next tag names is another chain's */
  VsM3u8MainEntry *other;       /* such a variant: only looked at */
} MainReader;

static void
reader_init (MainReader * reader)
{
  memset (reader, 0, sizeof *reader);
  reader->entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_m3u8_main_entry_free);
  reader->audios = g_ptr_array_new_with_free_func ((GDestroyNotify) audio_free);
}

static void
reader_clear (MainReader * reader)
{
  g_clear_pointer (&reader->entries, g_ptr_array_unref);
  g_clear_pointer (&reader->audios, g_ptr_array_unref);
  g_clear_pointer (&reader->other, vs_m3u8_main_entry_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MainReader, reader_clear)
     static const gchar *read_variant (MainReader * reader, gchar * list)
{
  VsM3u8MainEntry *entry;

  if (reader->waiting)
    return "EXT-X-STREAM-INF without a URI before it";
  reader->waiting = entry = g_new0 (VsM3u8MainEntry, 1);
  if (reader->redundant) {
    g_clear_pointer (&reader->other, vs_m3u8_main_entry_free);
    reader->other = entry;
  } else {
    g_ptr_array_add (reader->entries, entry);
  }
  reader->redundant = FALSE;
  return read_attributes (entry, list) ? NULL : "no valid EXT-X-STREAM-INF";
}

/* Tags and URIs alternate. */
static const gchar *
read_main_line (MainReader * reader, gchar * line)
{
  static const gchar tag[] = "#EXT-X-STREAM-INF:";
  static const gchar media[] = "#EXT-X-MEDIA:";

  if (g_str_has_prefix (line, "#EXTINF:"))
    return "this is a media playlist";
  if (g_str_has_prefix (line, tag))
    return read_variant (reader, line + strlen (tag));
  if (g_str_has_prefix (line, media)) {
    gboolean own = !reader->redundant;

    reader->redundant = FALSE;
    if (!read_rendition (own ? reader->audios : NULL, line + strlen (media)))
      return "no valid EXT-X-MEDIA";
  } else if (strcmp (line, VS_M3U8_TAG_REDUNDANT) == 0) {
    reader->redundant = TRUE;
  } else if (*line != '#' && *line != '\0') {
    if (reader->waiting == NULL)
      return "a URI without EXT-X-STREAM-INF";
    reader->waiting->uri = g_strdup (line);
    reader->waiting = NULL;
  }
  return NULL;
}

static const gchar *
read_main_lines (MainReader * reader, VsM3u8Lines * lines, GError ** error)
{
  const gchar *problem = NULL;
  GError *line_error = NULL;

  while (problem == NULL && vs_m3u8_lines_next (lines, &line_error)) {
    problem = read_main_line (reader, lines->line->str);
    if (problem == NULL
        && reader->entries->len + reader->audios->len > VS_M3U8_MAX_ENTRIES)
      problem = "too many variants";
  }
  if (line_error)
    g_propagate_error (error, line_error);
  else if (problem == NULL && reader->waiting)
    problem = "EXT-X-STREAM-INF without a URI";
  return problem;
}

GPtrArray *
vs_m3u8_read_main (const gchar * text, gsize size, GError ** error)
{
  g_auto (MainReader) reader;
  const gchar *problem;
  GError *line_error = NULL;
  VsM3u8Lines lines;

  reader_init (&reader);
  if (!vs_m3u8_lines_begin (&lines, text, size, error))
    return NULL;
  problem = read_main_lines (&reader, &lines, &line_error);
  if (problem != NULL)
    vs_m3u8_fail (&line_error, lines.line_number, problem);
  vs_m3u8_lines_clear (&lines);
  if (line_error != NULL) {
    g_propagate_error (error, line_error);
    return NULL;
  }
  for (guint i = 0; i < reader.entries->len; i++)
    choose_audio (g_ptr_array_index (reader.entries, i), reader.audios);
  merge_audios (reader.entries, reader.audios);
  return g_steal_pointer (&reader.entries);
}
