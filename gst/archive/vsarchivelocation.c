/* VisionStream: where an archive is read from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivelocation.h"

#include <string.h>

static const gchar *const suffixes[] = { ".m3u8", ".m3u" };

/* Where the path of @location ends: only that of a URL may have more. */
static gsize
get_path_length (const gchar * location)
{
  gboolean is_http = g_ascii_strncasecmp (location, "http://", 7) == 0
      || g_ascii_strncasecmp (location, "https://", 8) == 0;

  return is_http ? strcspn (location, "?#") : strlen (location);
}

static gboolean
is_playlist (const gchar * location, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    gsize n = strlen (suffixes[i]);

    if (length > n && g_ascii_strncasecmp (location + length - n, suffixes[i],
            n) == 0)
      return TRUE;
  }
  return FALSE;
}

/* The playlist's key in its folder; a URL has its name encoded. */
static gchar *
make_key (const gchar * location, const gchar * name, gsize length)
{
  g_autofree gchar *scheme = g_uri_parse_scheme (location);
  g_autofree gchar *plain = g_strndup (name, length);
  g_autofree gchar *key = scheme && g_ascii_strcasecmp (scheme, "s3") != 0 ?
      g_uri_unescape_string (plain, "/") : g_strdup (plain);
  g_autofree gchar *query = NULL;

  if (key == NULL || !vs_store_key_is_valid (key))
    return NULL;
  if (name[length] == '?')
    query = g_strndup (name + length, strcspn (name + length, "#"));
  return g_strconcat (key, query, NULL);
}

static gchar *
make_folder (const gchar * location, const gchar * name)
{
  if (name == location)
    return g_strdup (".");
  return name == location + 1 ? g_strdup ("/") :
      g_strndup (location, name - location - 1);
}

VsStore *
vs_archive_location_open (const VsStoreSettings * settings, gchar ** playlist,
    GError ** error)
{
  const gchar *location = settings->location;
  gsize length = location ? get_path_length (location) : 0;
  VsStoreSettings folder = *settings;
  g_autofree gchar *path = NULL;
  const gchar *slash, *name;
  VsStore *store;

  *playlist = NULL;
  if (location == NULL || settings->accounts_file
      || !is_playlist (location, length))
    return vs_store_open_with (settings, error);
  slash = g_strrstr_len (location, length, "/");
  name = slash ? slash + 1 : location;
  *playlist = make_key (location, name, location + length - name);
  if (*playlist == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "location: \"%.*s\" is no playlist's name",
        (gint) (location + length - name), name);
    return NULL;
  }
  folder.location = path = make_folder (location, name);
  folder.create = FALSE;
  folder.queries = TRUE;
  store = vs_store_open_with (&folder, error);
  if (store == NULL)
    g_clear_pointer (playlist, g_free);
  return store;
}
