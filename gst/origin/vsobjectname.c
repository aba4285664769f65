/* VisionStream: names of an endpoint's objects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsobjectname.h"

#include <string.h>

#include "manifest/vssmoothname.h"
#include "origin/vsjoin.h"

#define CONFIG_ID_DIGITS 8
#define MAX_AHEAD 8
/* of Smooth Streaming: a time and what it is counted from can be added up */
#define MAX_SMOOTH_TIME (G_MAXINT64 / 4)

/* What is left of a name: it is eaten up from both ends. */
typedef struct
{
  const gchar *text;
  gsize length;
} Rest;

static gboolean
strip_suffix (Rest * rest, const gchar * suffix)
{
  gsize n = strlen (suffix);

  if (rest->length < n
      || memcmp (rest->text + rest->length - n, suffix, n) != 0)
    return FALSE;
  rest->length -= n;
  return TRUE;
}

static gboolean
strip_prefix (Rest * rest, const gchar * prefix)
{
  gsize n = strlen (prefix);

  if (rest->length < n || memcmp (rest->text, prefix, n) != 0)
    return FALSE;
  rest->text += n;
  rest->length -= n;
  return TRUE;
}

/* "prefix" and the separator */
static gboolean
strip_word (Rest * rest, const VsEndpoint * endpoint, const gchar * word)
{
  Rest copy = *rest;

  if (!strip_prefix (&copy, word) || !strip_prefix (&copy, endpoint->separator))
    return FALSE;
  *rest = copy;
  return TRUE;
}

/* Splits at the last separator: "1080p_17" into "1080p" and "17". */
static gboolean
split_last (Rest * rest, const VsEndpoint * endpoint, Rest * tail)
{
  const gchar *at = memrchr (rest->text, endpoint->separator[0],
      rest->length);

  if (at == NULL)
    return FALSE;
  tail->text = at + 1;
  tail->length = rest->text + rest->length - tail->text;
  rest->length = at - rest->text;
  return TRUE;
}

static gboolean
take_name (const Rest * rest, VsObjectName * name)
{
  if (rest->length == 0 || rest->length > VS_NAME_MAX)
    return FALSE;
  memcpy (name->name, rest->text, rest->length);
  name->name[rest->length] = '\0';
  return vs_name_is_valid (name->name);
}

/* Decimal without leading zeros: one spelling a number. */
static gboolean
take_number (const Rest * rest, guint64 max, guint64 * number)
{
  gchar digits[24];

  if (rest->length == 0 || rest->length >= sizeof digits
      || (rest->length > 1 && rest->text[0] == '0'))
    return FALSE;
  memcpy (digits, rest->text, rest->length);
  digits[rest->length] = '\0';
  return g_ascii_string_to_unsigned (digits, 10, 0, max, number, NULL);
}

static gboolean
take_join (const Rest * rest, VsObjectName * name)
{
  guint64 join;

  if (!take_number (rest, VS_JOIN_MAX, &join) || join < 2)
    return FALSE;
  name->join = (guint) join;
  return TRUE;
}

/* "video_1080p" or "audio_a192" */
static gboolean
parse_cmaf_track (Rest rest, const VsEndpoint * endpoint, VsObjectName * name)
{
  if (strip_word (&rest, endpoint, "video"))
    name->track = VS_MEDIA_VIDEO;
  else if (strip_word (&rest, endpoint, "audio"))
    name->track = VS_MEDIA_AUDIO;
  else
    return FALSE;
  return take_name (&rest, name);
}

/* "1080p", "1080p.video" or "a192.audio" */
static gboolean
parse_ts_track (Rest rest, VsObjectName * name)
{
  if (strip_suffix (&rest, ".video"))
    name->track = VS_MEDIA_VIDEO;
  else if (strip_suffix (&rest, ".audio"))
    name->track = VS_MEDIA_AUDIO;
  return take_name (&rest, name);
}

static gboolean
parse_track (const Rest * rest, const VsEndpoint * endpoint,
    VsObjectName * name)
{
  if (endpoint->type == VS_ENDPOINT_HLS)
    return parse_ts_track (*rest, name);
  return parse_cmaf_track (*rest, endpoint, name);
}

static gboolean
parse_playlist (Rest rest, const VsEndpoint * endpoint, VsObjectName * name)
{
  const gchar *suffix = endpoint->type == VS_ENDPOINT_DASH ? ".mpd" : ".m3u8";

  if (!strip_suffix (&rest, suffix)
      || !strip_prefix (&rest, endpoint->manifest_name))
    return FALSE;
  name->kind = VS_OBJECT_MAIN;
  if (rest.length == 0)
    return TRUE;
  name->kind = VS_OBJECT_MEDIA;
  return endpoint->type != VS_ENDPOINT_DASH
      && strip_prefix (&rest, endpoint->separator)
      && parse_track (&rest, endpoint, name);
}

/* "17", "17x3" or, of CMAF, "0t900000" */
static gboolean
parse_place (Rest rest, gboolean timed, VsObjectName * name)
{
  const gchar *x = memchr (rest.text, 'x', rest.length), *t;
  guint64 number;

  if (x) {
    Rest join = { x + 1, rest.text + rest.length - (x + 1) };

    if (!take_join (&join, name))
      return FALSE;
    rest.length = x - rest.text;
  }
  t = timed ? memchr (rest.text, 't', rest.length) : NULL;
  if (t) {
    Rest run = { rest.text, t - rest.text };
    Rest time = { t + 1, rest.text + rest.length - (t + 1) };

    if (!take_number (&run, G_MAXUINT32, &name->run)
        || !take_number (&time, G_MAXINT64, &number))
      return FALSE;
    name->time = number;
    return TRUE;
  }
  return take_number (&rest, G_MAXUINT64, &name->sequence)
      && name->sequence > 0;
}

static gboolean
parse_segment (Rest rest, const VsEndpoint * endpoint, VsObjectName * name)
{
  gboolean ts = endpoint->type == VS_ENDPOINT_HLS;
  Rest tail;

  name->kind = VS_OBJECT_SEGMENT;
  return strip_suffix (&rest, ts ? ".ts" : ".m4s")
      && split_last (&rest, endpoint, &tail)
      && parse_place (tail, !ts, name)
      && parse_track (&rest, endpoint, name);
}

static gboolean
take_config_id (const Rest * rest, VsObjectName * name)
{
  if (rest->length != CONFIG_ID_DIGITS)
    return FALSE;
  for (guint i = 0; i < CONFIG_ID_DIGITS; i++)
    if (!g_ascii_isxdigit (rest->text[i]) || g_ascii_isupper (rest->text[i]))
      return FALSE;
  memcpy (name->config_id, rest->text, CONFIG_ID_DIGITS);
  return TRUE;
}

static gboolean
parse_init (Rest rest, const VsEndpoint * endpoint, VsObjectName * name)
{
  Rest config, init;

  name->kind = VS_OBJECT_INIT;
  return endpoint->type != VS_ENDPOINT_HLS && strip_suffix (&rest, ".mp4")
      && split_last (&rest, endpoint, &config)
      && take_config_id (&config, name)
      && split_last (&rest, endpoint, &init)
      && init.length == 4 && memcmp (init.text, "init", 4) == 0
      && parse_track (&rest, endpoint, name);
}

/* "a2/" or "x3/" */
static gboolean
take_element (Rest * rest, const gchar * letter, guint64 min, guint64 max,
    guint64 * number)
{
  Rest copy = *rest, digits;
  const gchar *end;

  if (!strip_prefix (&copy, letter)
      || !(end = memchr (copy.text, '/', copy.length)))
    return FALSE;
  digits = (Rest) {
  copy.text, end - copy.text};
  if (!take_number (&digits, max, number) || *number < min)
    return FALSE;
  rest->length -= end + 1 - rest->text;
  rest->text = end + 1;
  return TRUE;
}

static gboolean
parse_fragment (Rest rest, VsObjectName * name)
{
  VsSmoothName smooth;
  guint64 number;

  name->kind = VS_OBJECT_SEGMENT;
  if (take_element (&rest, "a", 1, MAX_AHEAD, &number))
    name->ahead = (guint) number;
  if (take_element (&rest, "x", 2, VS_JOIN_MAX, &number))
    name->join = (guint) number;
  if (!vs_smooth_name_parse (rest.text, &smooth)
      || smooth.time > MAX_SMOOTH_TIME || smooth.base > MAX_SMOOTH_TIME)
    return FALSE;
  name->track = vs_smooth_stream_get_type (smooth.stream);
  g_strlcpy (name->name, smooth.stream, sizeof name->name);
  name->bitrate = smooth.bitrate;
  name->base = smooth.base;
  name->time = (gint64) smooth.time;
  name->info = smooth.info;
  return TRUE;
}

static gboolean
parse_smooth (Rest rest, const VsEndpoint * endpoint, VsObjectName * name)
{
  if (!strip_prefix (&rest, endpoint->manifest_name)
      || !strip_prefix (&rest, ".ism/"))
    return FALSE;
  name->kind = VS_OBJECT_MAIN;
  if (strcmp (rest.text, VS_SMOOTH_MANIFEST_NAME) == 0)
    return TRUE;
  return parse_fragment (rest, name);
}

static void
clear (VsObjectName * name)
{
  memset (name, 0, sizeof *name);
  name->join = 1;
}

gboolean
vs_object_name_parse (const gchar * object, const VsEndpoint * endpoint,
    VsObjectName * name)
{
  gboolean (*const parsers[]) (Rest, const VsEndpoint *, VsObjectName *) = {
    parse_segment, parse_init
  };
  Rest rest = { object, strlen (object) };

  clear (name);
  if (endpoint->type == VS_ENDPOINT_MSS)
    return parse_smooth (rest, endpoint, name);
  if (parse_playlist (rest, endpoint, name))
    return TRUE;
  if (endpoint->segment_prefix
      && !strip_word (&rest, endpoint, endpoint->segment_prefix))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    clear (name);
    if (parsers[i] (rest, endpoint, name))
      return TRUE;
  }
  return FALSE;
}

const gchar *
vs_object_name_track (VsMediaType track)
{
  return track == VS_MEDIA_VIDEO ? "video" : "audio";
}

static void
append_track (GString * out, const VsEndpoint * endpoint,
    const VsObjectName * name)
{
  const gchar *track = vs_object_name_track (name->track);

  if (name->track == VS_MEDIA_OTHER)
    g_string_append (out, name->name);
  else if (endpoint->type == VS_ENDPOINT_HLS)
    g_string_append_printf (out, "%s.%s", name->name, track);
  else
    g_string_append_printf (out, "%s%s%s", track, endpoint->separator,
        name->name);
}

static void
append_prefix (GString * out, const VsEndpoint * endpoint)
{
  if (endpoint->segment_prefix)
    g_string_append_printf (out, "%s%s", endpoint->segment_prefix,
        endpoint->separator);
}

static void
append_segment (GString * out, const VsEndpoint * endpoint,
    const VsObjectName * name)
{
  append_prefix (out, endpoint);
  append_track (out, endpoint, name);
  g_string_append (out, endpoint->separator);
  if (name->sequence)
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, name->sequence);
  else
    g_string_append_printf (out, "%" G_GUINT64_FORMAT "t%" G_GINT64_FORMAT,
        name->run, name->time);
  if (name->join > 1)
    g_string_append_printf (out, "x%u", name->join);
  g_string_append (out, endpoint->type == VS_ENDPOINT_HLS ? ".ts" : ".m4s");
}

static void
append_init (GString * out, const VsEndpoint * endpoint,
    const VsObjectName * name)
{
  append_prefix (out, endpoint);
  append_track (out, endpoint, name);
  g_string_append_printf (out, "%sinit%s%s.mp4", endpoint->separator,
      endpoint->separator, name->config_id);
}

static void
append_manifest (GString * out, const VsEndpoint * endpoint,
    const VsObjectName * name)
{
  g_string_append (out, endpoint->manifest_name);
  if (name->kind == VS_OBJECT_MEDIA) {
    g_string_append (out, endpoint->separator);
    append_track (out, endpoint, name);
  }
  g_string_append (out, endpoint->type == VS_ENDPOINT_DASH ? ".mpd" :
      endpoint->type == VS_ENDPOINT_MSS ? ".ism/" VS_SMOOTH_MANIFEST_NAME :
      ".m3u8");
}

void
vs_object_name_append_variant (GString * out, const VsObjectName * name)
{
  if (name->ahead)
    g_string_append_printf (out, "a%u/", name->ahead);
  if (name->join > 1)
    g_string_append_printf (out, "x%u/", name->join);
}

void
vs_object_name_append (GString * out, const VsEndpoint * endpoint,
    const VsObjectName * name)
{
  switch (name->kind) {
    case VS_OBJECT_MAIN:
    case VS_OBJECT_MEDIA:
      append_manifest (out, endpoint, name);
      break;
    case VS_OBJECT_INIT:
      append_init (out, endpoint, name);
      break;
    case VS_OBJECT_SEGMENT:
      append_segment (out, endpoint, name);
      break;
  }
}
