/* VisionStream: what the URIs in an archive's playlists name
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveuri.h"
#include "archive/vsarchivename.h"

#include <string.h>

gchar *
vs_archive_show (VsStore * store, const gchar * folder, const gchar * name)
{
  g_autofree gchar *key = vs_archive_key (folder, name);
  g_autofree gchar *plain = vs_store_get_name (store, key);

  return g_strconcat (vs_store_get_location (store), "/", plain, NULL);
}

/* What of an address is below the folder: it begins as the folder's does.
 * NULL: it does not. */
static const gchar *
strip_folder (VsStore * store, const gchar * folder, const gchar * path)
{
  const gchar *location = vs_store_get_location (store);
  const gchar *host = strstr (location, "://");
  g_autofree gchar *encoded = g_uri_escape_string (folder, "/", FALSE);
  g_autofree gchar *whole =
      g_strconcat (location, *encoded ? "/" : "", encoded, "/", NULL);
  const gchar *start = whole;

  if (host == NULL)
    return NULL;
  if (path[0] == '/')
    start = strchr (whole + (host + 3 - location), '/');
  return g_str_has_prefix (path, start) ? path + strlen (start) : NULL;
}

/* Without "." and ".." (RFC 3986 5.2.4); NULL where these lead too far up. */
static gchar *
remove_dots (const gchar * path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();

  for (guint i = 0; parts[i]; i++) {
    if (strcmp (parts[i], ".") == 0)
      continue;
    if (strcmp (parts[i], "..") != 0)
      g_ptr_array_add (kept, parts[i]);
    else if (kept->len > 0)
      g_ptr_array_set_size (kept, kept->len - 1);
    else
      return NULL;
  }
  g_ptr_array_add (kept, NULL);
  return g_strjoinv ("/", (gchar **) kept->pdata);
}

/* The path that @path names, decoded; NULL when it is none below. */
static gchar *
find_path (VsStore * store, const gchar * folder, const gchar * base,
    const gchar * path)
{
  g_autofree gchar *scheme = g_uri_parse_scheme (path);
  gboolean absolute = scheme || path[0] == '/';
  const gchar *below = absolute ? strip_folder (store, folder, path) : path;
  g_autofree gchar *plain = below ? g_uri_unescape_string (below, "/") : NULL;
  g_autofree gchar *name = vs_store_get_name (store, base);
  const gchar *slash = absolute ? NULL : strrchr (name, '/');
  g_autofree gchar *joined = NULL, *found = NULL;

  if (plain == NULL)
    return NULL;
  joined = g_strdup_printf ("%.*s%s", slash ? (gint) (slash + 1 - name) : 0,
      name, plain);
  found = remove_dots (joined);
  return found && vs_store_key_is_valid (found) ? g_steal_pointer (&found) :
      NULL;
}

gchar *
vs_archive_resolve (VsStore * store, const gchar * folder, const gchar * base,
    const gchar * uri, GError ** error)
{
  g_autofree gchar *path = g_strndup (uri, strcspn (uri, "?#"));
  g_autofree gchar *found = find_path (store, folder, base, path);
  const gchar *query = uri + strlen (path);
  g_autofree gchar *shown = NULL, *place = NULL;

  if (found && *query == '?' && vs_store_has_queries (store))
    return g_strdup_printf ("%s%.*s", found, (gint) strcspn (query, "#"),
        query);
  if (found)
    return g_steal_pointer (&found);

  shown = g_strescape (path, NULL);
  place = vs_archive_show (store, folder, base);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: the URI \"%.100s\" leads out of the folder, where nothing is read; "
      "put a copy of all below one folder", place, shown);
  return NULL;
}

typedef struct
{
  VsStore *store;
  const gchar *folder, *base;
} Place;

static gboolean
resolve (const Place * place, gchar ** uri, GError ** error)
{
  gchar *found = vs_archive_resolve (place->store, place->folder, place->base,
      *uri, error);

  if (found == NULL)
    return FALSE;
  g_free (*uri);
  *uri = found;
  return TRUE;
}

/* Keys are often elsewhere, where a licence is asked for. */
static gboolean
resolve_key (const Place * place, VsSegmentKey * key, GError ** error)
{
  if (key == NULL || key->resolved)
    return TRUE;
  key->resolved = resolve (place, &key->uri, error);
  if (!key->resolved)
    g_prefix_error (error, "the key of EXT-X-KEY in line %u can't be had: ",
        key->line);
  return key->resolved;
}

/* Many segments have the same map, and the same key. */
static gboolean
resolve_storage (const Place * place, const VsSegmentStorage * storage,
    GError ** error)
{
  VsSegmentMap *map = storage->map;

  if (map && !map->resolved) {
    map->resolved = resolve (place, &map->uri, error);
    if (!map->resolved)
      return FALSE;
  }
  return (map == NULL || resolve_key (place, map->key, error))
      && resolve_key (place, storage->key, error);
}

gboolean
vs_archive_resolve_all (VsStore * store, const gchar * folder,
    const gchar * base, VsM3u8Media * media, GError ** error)
{
  const Place place = { store, folder, base };

  for (guint i = 0; i < media->segments->len; i++) {
    VsSegment *segment = g_ptr_array_index (media->segments, i);

    if ((segment->uri && !resolve (&place, &segment->uri, error))
        || (segment->storage
            && !resolve_storage (&place, segment->storage, error)))
      return FALSE;
  }
  return TRUE;
}
