/* VisionStream: paths of the origin, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsroute.h"

#include <string.h>

#define CONFIG_ID_DIGITS 8
/* account, event, breakout, endpoint, object */
#define MAX_PARTS 5

static gboolean
copy_name (gchar out[VS_NAME_MAX + 1], const gchar * text, gsize length)
{
  if (length == 0 || length > VS_NAME_MAX)
    return FALSE;
  memcpy (out, text, length);
  out[length] = '\0';
  return vs_name_is_valid (out);
}

static gboolean
copy_event_name (gchar out[VS_NAME_MAX + 1], const gchar * text, gsize length)
{
  return copy_name (out, text, length) && vs_event_name_is_valid (out);
}

gboolean
vs_route_parse (const gchar * path, VsRoute * route)
{
  const gchar *parts[MAX_PARTS];
  gsize lengths[MAX_PARTS];
  guint n = 0, last;

  memset (route, 0, sizeof *route);
  if (!g_str_has_prefix (path, VS_ROUTE_ROOT))
    return FALSE;

  for (const gchar * p = path + strlen (VS_ROUTE_ROOT); p; n++) {
    if (n == MAX_PARTS)
      return FALSE;
    parts[n] = p;
    lengths[n] = strcspn (p, "/");
    p = p[lengths[n]] ? p + lengths[n] + 1 : NULL;
  }
  if (n < MAX_PARTS - 1)
    return FALSE;
  last = n - 1;

  if (!copy_name (route->account, parts[0], lengths[0])
      || !copy_event_name (route->event, parts[1], lengths[1])
      || !copy_name (route->endpoint, parts[last - 1], lengths[last - 1]))
    return FALSE;
  if (n == MAX_PARTS
      && !copy_event_name (route->breakout, parts[2], lengths[2]))
    return FALSE;
  route->object = parts[last];
  return lengths[last] > 0;
}

/* Cuts @suffix off a text of *@length bytes. */
static gboolean
strip_suffix (const gchar * text, gsize * length, const gchar * suffix)
{
  gsize n = strlen (suffix);

  if (*length < n || memcmp (text + *length - n, suffix, n) != 0)
    return FALSE;
  *length -= n;
  return TRUE;
}

static gboolean
strip_prefix (const gchar ** text, gsize * length, const gchar * prefix)
{
  gsize n = strlen (prefix);

  if (*length < n || memcmp (*text, prefix, n) != 0)
    return FALSE;
  *text += n;
  *length -= n;
  return TRUE;
}

/* "video_1080p" or "audio_1080p" */
static gboolean
parse_track (const gchar * text, gsize length, VsObjectName * name)
{
  if (strip_prefix (&text, &length, "video_"))
    name->track = VS_MEDIA_VIDEO;
  else if (strip_prefix (&text, &length, "audio_"))
    name->track = VS_MEDIA_AUDIO;
  else
    return FALSE;
  return copy_name (name->name, text, length);
}

static gboolean
parse_track_of (VsEndpointType type, const gchar * text, gsize length,
    VsObjectName * name)
{
  if (type == VS_ENDPOINT_HLS)
    return copy_name (name->name, text, length);
  return parse_track (text, length, name);
}

static gboolean
parse_playlist (const gchar * object, VsEndpointType type, VsObjectName * name)
{
  gsize length = strlen (object);

  if (type == VS_ENDPOINT_DASH) {
    name->kind = VS_OBJECT_MAIN;
    return strcmp (object, "index.mpd") == 0;
  }
  if (!strip_suffix (object, &length, ".m3u8")
      || !strip_prefix (&object, &length, "index"))
    return FALSE;
  if (length == 0) {
    name->kind = VS_OBJECT_MAIN;
    return TRUE;
  }
  name->kind = VS_OBJECT_MEDIA;
  return strip_prefix (&object, &length, "_")
      && parse_track_of (type, object, length, name);
}

/* Splits at the last underscore: "1080p_17" into "1080p" and "17". */
static const gchar *
split_last (const gchar * text, gsize * length, gsize * tail_length)
{
  const gchar *underscore = memrchr (text, '_', *length);

  if (underscore == NULL)
    return NULL;
  *tail_length = text + *length - (underscore + 1);
  *length = underscore - text;
  return underscore + 1;
}

/* Decimal, above 0, without leading zeros: one spelling a number. */
static gboolean
parse_sequence (const gchar * text, gsize length, guint64 * sequence)
{
  guint64 value = 0;

  if (length == 0 || text[0] == '0')
    return FALSE;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isdigit (text[i])
        || !g_uint64_checked_mul (&value, value, 10)
        || !g_uint64_checked_add (&value, value, text[i] - '0'))
      return FALSE;
  }
  *sequence = value;
  return TRUE;
}

static gboolean
parse_segment (const gchar * object, VsEndpointType type, VsObjectName * name)
{
  gsize length = strlen (object), tail_length;
  const gchar *suffix = type == VS_ENDPOINT_HLS ? ".ts" : ".m4s";
  const gchar *tail;

  name->kind = VS_OBJECT_SEGMENT;
  if (!strip_suffix (object, &length, suffix))
    return FALSE;
  tail = split_last (object, &length, &tail_length);
  return tail && parse_sequence (tail, tail_length, &name->sequence)
      && parse_track_of (type, object, length, name);
}

static gboolean
parse_init (const gchar * object, VsEndpointType type, VsObjectName * name)
{
  gsize length = strlen (object), tail_length;
  const gchar *tail;

  name->kind = VS_OBJECT_INIT;
  if (type == VS_ENDPOINT_HLS || !strip_suffix (object, &length, ".mp4"))
    return FALSE;
  tail = split_last (object, &length, &tail_length);
  if (tail == NULL || tail_length != CONFIG_ID_DIGITS)
    return FALSE;
  for (guint i = 0; i < CONFIG_ID_DIGITS; i++)
    if (!g_ascii_isxdigit (tail[i]) || g_ascii_isupper (tail[i]))
      return FALSE;
  memcpy (name->config_id, tail, CONFIG_ID_DIGITS);
  return strip_suffix (object, &length, "_init")
      && parse_track (object, length, name);
}

gboolean
vs_object_name_parse (const gchar * object, VsEndpointType type,
    VsObjectName * name)
{
  gboolean (*const parsers[]) (const gchar *, VsEndpointType, VsObjectName *) = {
    parse_playlist, parse_segment, parse_init
  };

  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    memset (name, 0, sizeof *name);
    if (parsers[i] (object, type, name))
      return TRUE;
  }
  return FALSE;
}

const gchar *
vs_object_name_track (VsMediaType track)
{
  return track == VS_MEDIA_VIDEO ? "video" : "audio";
}

void
vs_object_name_append_segment (GString * out, VsMediaType track,
    const gchar * name, guint64 sequence)
{
  if (track == VS_MEDIA_OTHER)
    g_string_append_printf (out, "%s_%" G_GUINT64_FORMAT ".ts", name, sequence);
  else
    g_string_append_printf (out, "%s_%s_%" G_GUINT64_FORMAT ".m4s",
        vs_object_name_track (track), name, sequence);
}

void
vs_object_name_append_init (GString * out, VsMediaType track,
    const gchar * name, const gchar * config_id)
{
  g_string_append_printf (out, "%s_%s_init_%s.mp4",
      vs_object_name_track (track), name, config_id);
}
