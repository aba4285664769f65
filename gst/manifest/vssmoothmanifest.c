/* VisionStream: Smooth Streaming manifests ([MS-SSTR] 2.2.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The streams are gathered first: which levels each has, and which fragments;
 * what the root says of all follows from that. Then all is written in one
 * pass, outside in.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <libxml/xmlwriter.h>

#include "isobmff/vssmooth.h"
#include "isobmff/vssmoothcodec.h"
#include "manifest/vssmoothmanifest.h"
#include "manifest/vsxmllist.h"
#include "timeline/vsspan.h"

#define MAJOR_VERSION 2
/* the `r` attribute came with 2.2 */
#define MINOR_VERSION_FULL 0
#define MINOR_VERSION_COMPACT 2

/* of a `c` element: in a StreamIndex in the root */
#define FRAGMENT_DEPTH 2

#define NS_PER_UNIT (GST_SECOND / VS_SMOOTH_TIMESCALE)
#define PCM_BITS 16

/* A StreamIndex */
typedef struct
{
  GPtrArray *levels;            /* const VsSmoothLevel */
  GArray *fragments;            /* VsSmoothFragmentEntry */
} Stream;

typedef struct
{
  xmlTextWriter *xml;
  GString *text;                /* what xml writes into */
  const VsSmoothSettings *settings;
  GPtrArray *streams;           /* Stream */
  gboolean ended;
  guint64 base;                 /* see vs_smooth_levels_place_runs () */
  GArray *runs;
} Manifest;

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_ptr_array_unref (stream->levels);
  g_array_unref (stream->fragments);
  g_free (stream);
}

static const VsSmoothLevel *
nth_level (const Stream * stream, guint i)
{
  return g_ptr_array_index (stream->levels, i);
}

static const VsSmoothFragmentEntry *
nth_fragment (const GArray * fragments, guint i)
{
  return &g_array_index (fragments, VsSmoothFragmentEntry, i);
}

/* ---- gathering ---------------------------------------------------------- */

static gboolean
is_shown (const VsSmoothLevel * level)
{
  g_autoptr (GByteArray) data = level->hidden ? NULL
      : vs_smooth_get_private_data (level->config);

  return data != NULL;
}

/* The start of the first segment that a level shows, or G_MAXUINT64 */
static guint64
get_first_boundary (const VsSmoothLevel * level)
{
  g_autoptr (GArray) spans = vs_timeline_view_get_spans (level->view,
      level->type);
  VsSpanIter iter;

  vs_span_iter_init (&iter, spans, 0, spans->len);
  while (vs_span_iter_next (&iter)) {
    guint64 start, end;

    if (vs_smooth_get_extent (&iter.segment, level->type, 0, &start, &end)) {
      vs_smooth_get_boundaries (&iter.segment, &start, &end);
      return start;
    }
  }
  return G_MAXUINT64;
}

static void
place_runs (Manifest * manifest, const VsSmoothLevel * levels, guint n)
{
  guint64 first = G_MAXUINT64;

  for (guint i = 0; i < n; i++) {
    if (is_shown (&levels[i]))
      first = MIN (first, get_first_boundary (&levels[i]));
  }
  manifest->base = manifest->ended && first != G_MAXUINT64 ? first : 0;
  manifest->runs = vs_smooth_levels_place_runs (levels, n, manifest->base);
}

/* The list of a level, while it grows without the newest. */
static GArray *
list_level (const Manifest * manifest, const VsSmoothLevel * level)
{
  GArray *list = vs_smooth_level_list (level, manifest->runs);
  guint look_ahead = manifest->settings->look_ahead;

  if (!manifest->ended)
    g_array_set_size (list, list->len - MIN (list->len, look_ahead));
  return list;
}

static gboolean
have_same_segments (const VsSmoothLevel * a, const VsSmoothLevel * b)
{
  g_autoptr (GArray) left = vs_timeline_view_get_spans (a->view, a->type);
  g_autoptr (GArray) right = vs_timeline_view_get_spans (b->view, b->type);

  return left->len == right->len
      && vs_spans_are_equal ((const VsSpan *) (gpointer) left->data,
      (const VsSpan *) (gpointer) right->data, left->len);
}

/* Levels that are cut alike have one list. */
static GArray *
share_list (const Manifest * manifest, const GPtrArray * levels,
    const GPtrArray * lists, const VsSmoothLevel * level)
{
  for (guint i = 0; i < levels->len; i++)
    if (have_same_segments (g_ptr_array_index (levels, i), level))
      return g_array_ref (g_ptr_array_index (lists, i));
  return list_level (manifest, level);
}

/* Whether @own, the list of a level, has all fragments of @list. */
static gboolean
has_all (const GArray * own, const GArray * list)
{
  guint at = 0;

  if (own == list)
    return TRUE;
  for (guint i = 0; i < list->len; i++) {
    guint64 sequence = nth_fragment (list, i)->sequence;

    while (at < own->len && nth_fragment (own, at)->sequence < sequence)
      at++;
    if (at == own->len || nth_fragment (own, at)->sequence != sequence)
      return FALSE;
  }
  return TRUE;
}

/* Takes the list of the level that has most, and the levels that have all of
 * it: what they have beyond that is not listed. */
static Stream *
make_stream (const GPtrArray * levels, const GPtrArray * lists)
{
  Stream *stream = g_new (Stream, 1);
  GArray *longest = g_ptr_array_index (lists, 0);

  for (guint i = 1; i < lists->len; i++) {
    GArray *list = g_ptr_array_index (lists, i);

    if (list->len > longest->len)
      longest = list;
  }
  stream->fragments = g_array_ref (longest);
  stream->levels = g_ptr_array_new ();
  for (guint i = 0; i < levels->len; i++) {
    if (has_all (g_ptr_array_index (lists, i), longest))
      g_ptr_array_add (stream->levels, g_ptr_array_index (levels, i));
  }
  return stream;
}

static gboolean
is_gathered (const VsSmoothLevel * levels, guint i)
{
  for (guint k = 0; k < i; k++) {
    if (vs_smooth_level_is_alternative (&levels[k], &levels[i]))
      return TRUE;
  }
  return FALSE;
}

/* The stream that @levels[@first] is the first of. */
static void
gather_stream (Manifest * manifest, const VsSmoothLevel * levels, guint n,
    guint first)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  g_autoptr (GPtrArray) lists =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  Stream *stream;

  for (guint i = first; i < n; i++) {
    if (!vs_smooth_level_is_alternative (&levels[first], &levels[i])
        || !is_shown (&levels[i]))
      continue;
    g_ptr_array_add (lists, share_list (manifest, members, lists, &levels[i]));
    g_ptr_array_add (members, (gpointer) & levels[i]);
  }
  if (members->len == 0)
    return;
  stream = make_stream (members, lists);
  if (stream->fragments->len > 0)
    g_ptr_array_add (manifest->streams, stream);
  else
    stream_free (stream);
}

/* ---- writing ------------------------------------------------------------ */

/* The writer's functions fail for want of memory only; GLib's would abort. */
static void
start (Manifest * manifest, const gchar * name)
{
  xmlTextWriterStartElement (manifest->xml, BAD_CAST name);
}

static void
end (Manifest * manifest)
{
  xmlTextWriterEndElement (manifest->xml);
}

static void
put (Manifest * manifest, const gchar * name, const gchar * value)
{
  xmlTextWriterWriteAttribute (manifest->xml, BAD_CAST name, BAD_CAST value);
}

static void
put_uint (Manifest * manifest, const gchar * name, guint64 value)
{
  gchar text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, value);
  put (manifest, name, text);
}

static void
put_private_data (Manifest * manifest, const VsCodecConfig * config)
{
  g_autoptr (GByteArray) data = vs_smooth_get_private_data (config);
  g_autoptr (GString) hex = g_string_sized_new (2 * data->len);

  for (guint i = 0; i < data->len; i++)
    g_string_append_printf (hex, "%02X", data->data[i]);
  put (manifest, "CodecPrivateData", hex->str);
}

static void
write_level (Manifest * manifest, const VsSmoothLevel * level, guint index)
{
  const VsCodecConfig *config = level->config;

  start (manifest, "QualityLevel");
  put_uint (manifest, "Index", index);
  put_uint (manifest, "Bitrate", level->bitrate);
  put (manifest, "FourCC", vs_smooth_get_four_cc (config));
  if (level->type == VS_MEDIA_VIDEO) {
    put_uint (manifest, "MaxWidth", config->width);
    put_uint (manifest, "MaxHeight", config->height);
  } else {
    put_uint (manifest, "SamplingRate", config->sample_rate);
    put_uint (manifest, "Channels", config->channels);
    put_uint (manifest, "BitsPerSample", PCM_BITS);
    put_uint (manifest, "PacketSize", vs_smooth_get_packet_size (config));
    put_uint (manifest, "AudioTag", vs_smooth_get_audio_tag (config));
  }
  put_private_data (manifest, config);
  end (manifest);
}

static void
write_fragment (VsXmlList * list, const VsSmoothFragmentEntry * entry,
    gboolean timed, guint repeat)
{
  vs_xml_list_start (list, "c", entry->sequence);
  if (timed)
    vs_xml_list_put (list, "t", entry->time);
  vs_xml_list_put (list, "d", entry->duration);
  if (repeat > 1)
    vs_xml_list_put (list, "r", repeat);
  vs_xml_list_end (list);
}

/* How many from @first on touch each other and last equally long. */
static guint
count_equal (const GArray * fragments, guint first)
{
  guint i;

  for (i = first + 1; i < fragments->len; i++) {
    const VsSmoothFragmentEntry *before = nth_fragment (fragments, i - 1);
    const VsSmoothFragmentEntry *entry = nth_fragment (fragments, i);

    if (entry->time != before->time + before->duration
        || entry->duration != before->duration)
      break;
  }
  return i - first;
}

static void
write_fragments (Manifest * manifest, const GArray * fragments)
{
  guint64 expected = G_MAXUINT64;
  VsXmlList list;
  guint n = 1;

  vs_xml_list_begin (&list, manifest->xml, manifest->text, FRAGMENT_DEPTH,
      TRUE, manifest->settings->cuts);
  for (guint i = 0; i < fragments->len; i += n) {
    const VsSmoothFragmentEntry *entry = nth_fragment (fragments, i);

    if (manifest->settings->compact)
      n = count_equal (fragments, i);
    write_fragment (&list, entry,
        !manifest->settings->compact || entry->time != expected, n);
    expected = entry->time + n * entry->duration;
  }
  vs_xml_list_finish (&list);
}

static void
put_largest_picture (Manifest * manifest, const Stream * stream)
{
  guint width = 0, height = 0;

  for (guint i = 0; i < stream->levels->len; i++) {
    width = MAX (width, nth_level (stream, i)->config->width);
    height = MAX (height, nth_level (stream, i)->config->height);
  }
  put_uint (manifest, "MaxWidth", width);
  put_uint (manifest, "MaxHeight", height);
}

static void
write_stream (Manifest * manifest, const Stream * stream)
{
  const VsSmoothLevel *first = nth_level (stream, 0);
  const gchar *language = first->view->rendition->language;
  g_autoptr (GString) url = g_string_new (manifest->settings->prefix);

  vs_smooth_name_append_template (url, first->stream, manifest->base);
  if (manifest->settings->query)
    g_string_append (url, manifest->settings->query);
  start (manifest, "StreamIndex");
  put (manifest, "Type", first->type == VS_MEDIA_VIDEO ? "video" : "audio");
  put (manifest, "Name", first->stream);
  if (first->type == VS_MEDIA_AUDIO && language)
    put (manifest, "Language", language);
  put_uint (manifest, "Chunks", stream->fragments->len);
  put_uint (manifest, "QualityLevels", stream->levels->len);
  if (first->type == VS_MEDIA_VIDEO)
    put_largest_picture (manifest, stream);
  put (manifest, "Url", url->str);
  for (guint i = 0; i < stream->levels->len; i++)
    write_level (manifest, nth_level (stream, i), i);
  write_fragments (manifest, stream->fragments);
  end (manifest);
}

/* of a VOD presentation, which begins at 0 */
static guint64
get_duration (const Manifest * manifest)
{
  guint64 last = 0;

  for (guint i = 0; i < manifest->streams->len; i++) {
    const Stream *stream = g_ptr_array_index (manifest->streams, i);
    const VsSmoothFragmentEntry *newest =
        nth_fragment (stream->fragments, stream->fragments->len - 1);

    last = MAX (last, newest->time + newest->duration);
  }
  return last;
}

static void
write_root (Manifest * manifest)
{
  const VsSmoothSettings *settings = manifest->settings;

  start (manifest, "SmoothStreamingMedia");
  put_uint (manifest, "MajorVersion", MAJOR_VERSION);
  put_uint (manifest, "MinorVersion",
      settings->compact ? MINOR_VERSION_COMPACT : MINOR_VERSION_FULL);
  put_uint (manifest, "TimeScale", VS_SMOOTH_TIMESCALE);
  put_uint (manifest, "Duration",
      manifest->ended ? get_duration (manifest) : 0);
  if (!manifest->ended) {
    put (manifest, "IsLive", "TRUE");
    put_uint (manifest, "LookAheadFragmentCount", settings->look_ahead);
    put_uint (manifest, "DVRWindowLength", settings->window / NS_PER_UNIT);
    put (manifest, "CanSeek", "TRUE");
    put (manifest, "CanPause", "TRUE");
  }
  for (guint i = 0; i < manifest->streams->len; i++)
    write_stream (manifest, g_ptr_array_index (manifest->streams, i));
  end (manifest);
}

static gchar *
write_document (Manifest * manifest)
{
  manifest->text = g_string_new (NULL);
  manifest->xml = vs_xml_writer_new (manifest->text);
  xmlTextWriterStartDocument (manifest->xml, NULL, "UTF-8", NULL);
  write_root (manifest);
  xmlTextWriterEndDocument (manifest->xml);
  xmlFreeTextWriter (manifest->xml);
  return g_string_free (manifest->text, FALSE);
}

gchar *
vs_smooth_manifest_write (const VsSmoothLevel * levels, guint n_levels,
    const VsSmoothSettings * settings)
{
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (stream_free);
  Manifest manifest = {.settings = settings,.streams = streams,.ended = TRUE };

  for (guint i = 0; i < n_levels; i++) {
    manifest.ended &= levels[i].view->ended;
  }
  place_runs (&manifest, levels, n_levels);
  for (guint i = 0; i < n_levels; i++) {
    if (!is_gathered (levels, i))
      gather_stream (&manifest, levels, n_levels, i);
  }
  g_array_unref (manifest.runs);
  return streams->len > 0 ? write_document (&manifest) : NULL;
}
