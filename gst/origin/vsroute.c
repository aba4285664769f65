/* VisionStream: paths of the origin, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsroute.h"

#include <string.h>

#include "origin/vsendpointchecks.h"

/* account, event, breakout, endpoint, two time elements, and an object of up
 * to four: index.ism, x3, QualityLevels (), Fragments () */
#define MAX_PARTS 12
/* ahead of time elements and the object: account, event and endpoint */
#define EVENT_PARTS 3

/* folders that are no event, no breakout and no endpoint (design.md 6) */
#define MEDIA "media"
#define RECORDINGS "recordings"
/* of files that are served as they are */
#define FILE_SUFFIX ".mp4"

typedef struct
{
  const gchar *text;
  gsize length;
} Part;

static gboolean
equals (const Part * part, const gchar * text)
{
  return part->length == strlen (text)
      && memcmp (part->text, text, part->length) == 0;
}

static gboolean
copy_name (gchar out[VS_NAME_MAX + 1], const Part * part)
{
  if (part->length == 0 || part->length > VS_NAME_MAX)
    return FALSE;
  memcpy (out, part->text, part->length);
  out[part->length] = '\0';
  return vs_name_is_valid (out);
}

static gboolean
copy_event_name (gchar out[VS_NAME_MAX + 1], const Part * part)
{
  return copy_name (out, part) && vs_event_name_is_valid (out);
}

gboolean
vs_file_name_is_valid (const gchar * name)
{
  gsize length = strlen (name);

  if (length == 0 || length > VS_FILE_NAME_MAX || name[0] == '.')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (name[i]) && !strchr ("._-", name[i]))
      return FALSE;
  return TRUE;
}

static gboolean
copy_file_name (gchar out[VS_FILE_NAME_MAX + 1], const Part * part)
{
  if (part->length > VS_FILE_NAME_MAX)
    return FALSE;
  memcpy (out, part->text, part->length);
  out[part->length] = '\0';
  return vs_file_name_is_valid (out);
}

static guint
split (const gchar * path, Part parts[MAX_PARTS])
{
  guint n = 0;

  while (path) {
    if (n == MAX_PARTS)
      return 0;
    parts[n].text = path;
    parts[n].length = strcspn (path, "/");
    path = path[parts[n].length] ? path + parts[n].length + 1 : NULL;
    n++;
  }
  return n;
}

/* The object is the last part, but for Smooth Streaming's. */
static guint
find_object (const Part * parts, guint n)
{
  for (guint i = 0; i + 1 < n; i++)
    if (parts[i].length > 4
        && memcmp (parts[i].text + parts[i].length - 4, ".ism", 4) == 0)
      return i;
  return n - 1;
}

/* An event may be called "start": what follows a time element's name has to
 * be a date where there is another way to read the path. */
static gboolean
is_time_element (const Part * parts, guint n, const gchar * name)
{
  gint64 us;

  return n > 2 && equals (&parts[n - 2], name)
      && (n - 2 >= EVENT_PARTS
      || vs_date_parse (parts[n - 1].text, parts[n - 1].length, &us));
}

/* Takes time elements off the end of @n parts; what remains is returned. */
static guint
strip_time (const Part * parts, guint n, VsTimeElements * time)
{
  if (is_time_element (parts, n, "end")) {
    time->end = parts[n - 1].text;
    time->end_length = parts[n - 1].length;
    n -= 2;
  }
  if (is_time_element (parts, n, "start")) {
    time->start = parts[n - 1].text;
    time->start_length = parts[n - 1].length;
    n -= 2;
  }
  return n;
}

/* A file is what it is, at any time. */
static gboolean
parse_file (VsRoute * route)
{
  route->kind = VS_ROUTE_FILE;
  return route->time.start == NULL && route->time.end == NULL
      && vs_file_name_is_valid (route->object)
      && g_str_has_suffix (route->object, FILE_SUFFIX);
}

static gboolean
parse_media_file (const Part * account, VsRoute * route)
{
  if (!parse_file (route) || !copy_name (route->account, account))
    return FALSE;
  g_strlcpy (route->event, MEDIA, sizeof route->event);
  g_strlcpy (route->endpoint, MEDIA, sizeof route->endpoint);
  g_strlcpy (route->asset, route->object, sizeof route->asset);
  return TRUE;
}

static gboolean
parse_recording (const Part * parts, guint n, VsRoute * route)
{
  if (!parse_file (route) || !copy_name (route->account, &parts[0])
      || !copy_event_name (route->event, &parts[1]))
    return FALSE;
  g_strlcpy (route->endpoint, RECORDINGS, sizeof route->endpoint);
  return n == 2 || copy_event_name (route->breakout, &parts[2]);
}

static gboolean
parse_place (const Part * parts, guint n, VsRoute * route)
{
  switch (n) {
    case 1:
      route->kind = VS_ROUTE_ID;
      return copy_name (route->id, &parts[0]);
    case 2:
      if (equals (&parts[1], MEDIA))
        return parse_media_file (&parts[0], route);
      route->kind = VS_ROUTE_ID;
      return copy_name (route->id, &parts[0])
          && copy_name (route->endpoint, &parts[1]);
    case EVENT_PARTS:
      if (equals (&parts[2], RECORDINGS))
        return parse_recording (parts, 2, route);
      return copy_name (route->account, &parts[0])
          && copy_event_name (route->event, &parts[1])
          && copy_name (route->endpoint, &parts[2]);
    case EVENT_PARTS + 1:
      if (equals (&parts[3], RECORDINGS))
        return parse_recording (parts, 3, route);
      if (!copy_name (route->account, &parts[0])
          || !copy_name (route->endpoint, &parts[3]))
        return FALSE;
      if (equals (&parts[1], MEDIA)) {
        route->kind = VS_ROUTE_ASSET;
        return copy_file_name (route->asset, &parts[2]);
      }
      return copy_event_name (route->event, &parts[1])
          && copy_event_name (route->breakout, &parts[2]);
    default:
      return FALSE;
  }
}

gboolean
vs_route_parse (const gchar * path, VsRoute * route)
{
  Part parts[MAX_PARTS];
  guint n, object, place;

  memset (route, 0, sizeof *route);
  if (!g_str_has_prefix (path, VS_ROUTE_ROOT))
    return FALSE;
  n = split (path + strlen (VS_ROUTE_ROOT), parts);
  if (n < 2)
    return FALSE;
  object = find_object (parts, n);
  route->object = parts[object].text;
  place = strip_time (parts, object, &route->time);
  route->rest = parts[place].text;
  return parts[object].length > 0 && parse_place (parts, place, route);
}
