/* VisionStream: what part of an event a request asks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsselection.h"

#include <string.h>

#include "origin/vsendpointchecks.h"

/* MediaPackage's bounds, s */
#define MAX_TIME_DELAY (14 * 24 * 60 * 60)
#define MIN_WINDOW 30
#define MAX_WINDOW (24 * 60 * 60)

GQuark
vs_selection_error_quark (void)
{
  return g_quark_from_static_string ("vs-selection-error-quark");
}

typedef enum
{
  WORD_START,
  WORD_END,
  WORD_TIME_DELAY,
  WORD_WINDOW,
  WORD_CLIP_START,
  WORD_FILTER,
  N_WORDS
} Word;

static const gchar *const words[N_WORDS] = {
  [WORD_START] = "start",
  [WORD_END] = "end",
  [WORD_TIME_DELAY] = "time_delay",
  [WORD_WINDOW] = "manifest_window_seconds",
  [WORD_CLIP_START] = "clip_start",
  [WORD_FILTER] = "aws.manifestfilter",
};

typedef struct
{
  const VsEndpoint *endpoint;
  gboolean main;
  guint seen;                   /* bit i for word i */
  VsSelection *selection;
} Parser;

static gboolean
refuse (GError ** error, Word word, const gchar * why)
{
  g_set_error (error, VS_SELECTION_ERROR, VS_SELECTION_ERROR_MALFORMED,
      "%s: %s", words[word], why);
  return FALSE;
}

static gboolean
parse_seconds (const gchar * text, guint64 min, guint64 max, GstClockTime * ns)
{
  guint64 seconds;

  if (!g_ascii_string_to_unsigned (text, 10, min, max, &seconds, NULL))
    return FALSE;
  *ns = seconds * GST_SECOND;
  return TRUE;
}

static gboolean
parse_filter (const Parser * parser, const gchar * text, GError ** error)
{
  VsSelection *selection = parser->selection;
  g_autoptr (GError) cause = NULL;

  if (!parser->main)
    return refuse (error, WORD_FILTER, "only a main manifest takes a filter");
  g_clear_pointer (&selection->filter, vs_manifest_filter_unref);
  selection->filter = vs_manifest_filter_new (text, strlen (text), &cause);
  return selection->filter ? TRUE : refuse (error, WORD_FILTER, cause->message);
}

static gboolean
is_set_by_endpoint (const VsEndpoint * endpoint, Word word)
{
  switch (word) {
    case WORD_TIME_DELAY:
      return endpoint->time_delay > 0;
    case WORD_CLIP_START:
      return endpoint->clip_start != NULL;
    case WORD_FILTER:
      return endpoint->manifest_filter != NULL;
    default:
      return FALSE;
  }
}

static gboolean
parse_word (Parser * parser, Word word, const gchar * text, GError ** error)
{
  VsSelection *selection = parser->selection;
  gboolean good = FALSE;

  if (is_set_by_endpoint (parser->endpoint, word))
    return refuse (error, word, "the endpoint sets it");
  if (parser->seen & (1u << word))
    return refuse (error, word, "it comes twice");
  parser->seen |= 1u << word;
  switch (word) {
    case WORD_START:
      good = vs_date_parse (text, strlen (text), &selection->start_us);
      break;
    case WORD_END:
      good = vs_date_parse (text, strlen (text), &selection->end_us);
      break;
    case WORD_CLIP_START:
      good = vs_date_parse (text, strlen (text), &selection->clip_start_us);
      break;
    case WORD_TIME_DELAY:
      good = parse_seconds (text, 0, MAX_TIME_DELAY, &selection->delay);
      break;
    case WORD_WINDOW:
      good = parse_seconds (text, MIN_WINDOW, MAX_WINDOW, &selection->window);
      break;
    case WORD_FILTER:
      return parse_filter (parser, text, error);
    case N_WORDS:
      break;
  }
  return good || refuse (error, word, "it can't be read");
}

static gboolean
find_word (const gchar * name, Word * word)
{
  for (guint i = 0; i < N_WORDS; i++) {
    if (strcmp (words[i], name) == 0) {
      *word = i;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
parse_parameter (Parser * parser, const gchar * text, GError ** error)
{
  g_auto (GStrv) halves = g_strsplit (text, "=", 2);
  g_autofree gchar *name = NULL, *value = NULL;
  Word word;

  if (halves[0] == NULL)
    return TRUE;
  name = g_uri_unescape_string (halves[0], NULL);
  if (name == NULL || !find_word (name, &word))
    return TRUE;
  value = g_uri_unescape_string (halves[1] ? halves[1] : "", NULL);
  if (value == NULL)
    return refuse (error, word, "it can't be read");
  return parse_word (parser, word, value, error);
}

static gboolean
parse_query (Parser * parser, const gchar * query, GError ** error)
{
  g_auto (GStrv) parameters = g_strsplit (query, "&", -1);

  for (guint i = 0; parameters[i]; i++)
    if (!parse_parameter (parser, parameters[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
parse_element (Parser * parser, Word word, const gchar * text, gsize length,
    GError ** error)
{
  g_autofree gchar *copy = g_strndup (text, length);

  return length == 0 || parse_word (parser, word, copy, error);
}

static void
take_defaults (const VsEndpoint * endpoint, VsSelection * selection)
{
  *selection = (VsSelection) {
  .delay = endpoint->time_delay,.window = endpoint->window};
  if (endpoint->clip_start)
    vs_date_parse (endpoint->clip_start, strlen (endpoint->clip_start),
        &selection->clip_start_us);
  if (endpoint->manifest_filter)
    selection->filter = vs_manifest_filter_new (endpoint->manifest_filter,
        strlen (endpoint->manifest_filter), NULL);
}

gboolean
vs_selection_parse (const VsEndpoint * endpoint,
    const VsTimeElements * elements, const gchar * query, gboolean main,
    VsSelection * selection, GError ** error)
{
  Parser parser = { endpoint, main, 0, selection };
  gboolean good = TRUE;

  take_defaults (endpoint, selection);
  if (elements)
    good = parse_element (&parser, WORD_START, elements->start,
        elements->start_length, error)
        && parse_element (&parser, WORD_END, elements->end,
        elements->end_length, error);
  if (good && query) {
    guint in_path = parser.seen;

    good = parse_query (&parser, query, error);
    selection->said = parser.seen & ~in_path;
  }
  if (good && selection->start_us && selection->end_us
      && selection->end_us <= selection->start_us)
    good = refuse (error, WORD_END, "it is not after the start");
  if (!good)
    vs_selection_clear (selection);
  return good;
}

void
vs_selection_copy (const VsSelection * selection, VsSelection * copy)
{
  *copy = *selection;
  if (copy->filter)
    vs_manifest_filter_ref (copy->filter);
}

void
vs_selection_clear (VsSelection * selection)
{
  g_clear_pointer (&selection->filter, vs_manifest_filter_unref);
  memset (selection, 0, sizeof *selection);
}

static void
append_date (GString * out, gint64 us)
{
  if (us % G_USEC_PER_SEC == 0) {
    g_string_append_printf (out, "%" G_GINT64_FORMAT, us / G_USEC_PER_SEC);
  } else {
    g_autoptr (GDateTime) seconds =
        g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC);
    g_autoptr (GDateTime) date = g_date_time_add (seconds, us % G_USEC_PER_SEC);
    g_autofree gchar *text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S.%fZ");

    g_string_append (out, text);
  }
}

static void
append_value (GString * out, const VsSelection * selection, Word word)
{
  switch (word) {
    case WORD_START:
      append_date (out, selection->start_us);
      break;
    case WORD_END:
      append_date (out, selection->end_us);
      break;
    case WORD_CLIP_START:
      append_date (out, selection->clip_start_us);
      break;
    case WORD_TIME_DELAY:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT,
          selection->delay / GST_SECOND);
      break;
    case WORD_WINDOW:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT,
          selection->window / GST_SECOND);
      break;
    case WORD_FILTER:
      vs_manifest_filter_append (out, selection->filter);
      break;
    case N_WORDS:
      break;
  }
}

void
vs_selection_append_query (GString * out, const VsSelection * selection)
{
  gchar separator = '?';

  for (guint i = 0; i < N_WORDS; i++) {
    if (i == WORD_FILTER || !(selection->said & (1u << i)))
      continue;
    g_string_append_printf (out, "%c%s=", separator, words[i]);
    append_value (out, selection, i);
    separator = '&';
  }
}

void
vs_selection_append_key (GString * out, const VsSelection * selection)
{
  g_string_append_printf (out, "%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER
      "x.%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER
      "x.%x.", selection->start_us, selection->end_us,
      selection->clip_start_us, selection->delay, selection->window,
      selection->said);
  if (selection->filter)
    vs_manifest_filter_append (out, selection->filter);
}

static gboolean
outside (GError ** error, const gchar * why)
{
  g_set_error_literal (error, VS_SELECTION_ERROR, VS_SELECTION_ERROR_OUTSIDE,
      why);
  return FALSE;
}

static gboolean
check_start (const VsSelection * selection, const VsEndpoint * endpoint,
    const VsExtent * extent, gint64 now, GError ** error)
{
  gint64 reach = endpoint->startover_window / GST_USECOND;

  if (!extent->ended && selection->start_us < extent->newest_us - reach)
    return outside (error, "start is ahead of the startover window");
  if (selection->start_us >= now)
    return outside (error, "start is in the future");
  if (selection->end_us && selection->end_us <= extent->oldest_us)
    return outside (error, "nothing of that time is retained");
  return TRUE;
}

/* A start of the request's own. */
static gboolean
resolve_shifted (const VsSelection * selection, gint64 oldest, gint64 now,
    gboolean ended, VsRange * range, GError ** error)
{
  range->start_us = MAX (selection->start_us, oldest);
  range->end_us = now;
  range->grows = !ended;
  if (selection->end_us && selection->end_us <= now) {
    range->end_us = selection->end_us;
    range->grows = FALSE;
  }
  if (range->end_us - range->start_us > (gint64) (VS_MANIFEST_MAX
          / GST_USECOND))
    return outside (error, "a manifest spans at most 24 hours");
  return range->end_us > range->start_us
      || outside (error, "there is nothing of that time");
}

gboolean
vs_selection_resolve (const VsSelection * selection,
    const VsEndpoint * endpoint, const VsExtent * extent, VsRange * range,
    GError ** error)
{
  gint64 most = VS_MANIFEST_MAX / GST_USECOND;
  gint64 oldest = MAX (extent->oldest_us, selection->clip_start_us);
  gint64 now = extent->newest_us;

  *range = (VsRange) {
  .window = selection->window};
  if (!extent->ended)
    now -= selection->delay / GST_USECOND;
  if (now <= oldest)
    return outside (error, "there is nothing of that time yet");
  if (selection->start_us)
    return check_start (selection, endpoint, extent, now, error)
        && resolve_shifted (selection, oldest, now, extent->ended, range,
        error);
  range->end_us = now;
  range->start_us = MAX (oldest, now - most);
  range->grows = !extent->ended;
  range->slides = range->grows
      && (endpoint->playlist_type != VS_PLAYLIST_EVENT
      || range->start_us > oldest);
  return TRUE;
}
