/* VisionStream: what lies in a folder behind WebDAV
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 4918 9.1: PROPFIND with Depth: 1 names the folder and what is in it, each
 * with those of the properties that it has.
 */
#include "store/vshttpstore.h"

#include <string.h>

#include "store/vsxmlwalk.h"

/* some hundred thousand objects */
#define DOCUMENT_MAX (64 * 1024 * 1024)

#define RESPONSE "multistatus/response"
#define PROPERTY RESPONSE "/propstat/prop/"

static const gchar propfind[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<propfind xmlns=\"DAV:\"><prop><getcontentlength/><getlastmodified/>"
    "<getetag/><resourcetype/></prop></propfind>\n";

/* What an object has, or those of its properties with one status. */
typedef struct
{
  gchar *etag, *modified;
  guint64 size;
  gboolean is_folder;
} Properties;

static void
properties_clear (Properties * properties)
{
  g_clear_pointer (&properties->etag, g_free);
  g_clear_pointer (&properties->modified, g_free);
  properties->size = 0;
  properties->is_folder = FALSE;
}

typedef struct
{
  VsHttpStore *store;
  const gchar *prefix, *suffix;
  GPtrArray *objects;
  gboolean knows_folder;        /* it, or what is in it, was named */

  /* of the response that is being read */
  gchar *href;
  Properties has;
  /* of its propstat that is being read */
  Properties part;
  gboolean is_good;             /* its status is 200 */
  gboolean is_found;            /* one was */
} Listing;

static void
set_text (gchar ** field, const gchar * text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static void
listing_clear_response (Listing * listing)
{
  g_clear_pointer (&listing->href, g_free);
  properties_clear (&listing->has);
  properties_clear (&listing->part);
  listing->is_good = listing->is_found = FALSE;
}

/* The key's part behind the folder, without the slash that it may end in; NULL
 * when it is elsewhere. */
static gchar *
get_name (Listing * listing, const gchar * key)
{
  gsize length = strlen (listing->prefix);
  gchar *name;

  if (!g_str_has_prefix (key, listing->prefix)
      || (length > 0 && key[length] != '/' && key[length] != '\0'))
    return NULL;
  name = g_strdup (key + length + (length > 0 && key[length] == '/'));
  if (g_str_has_suffix (name, "/"))
    name[strlen (name) - 1] = '\0';
  return name;
}

static void
add_object (Listing * listing, const gchar * name)
{
  const Properties *has = &listing->has;
  g_autofree gchar *key = g_strconcat (listing->prefix,
      listing->prefix[0] ? "/" : "", name, has->is_folder ? "/" : NULL, NULL);

  if (!strchr (name, '/')
      && vs_store_is_listed (key, listing->suffix))
    g_ptr_array_add (listing->objects, vs_store_object_new (key, has->size,
            vs_http_store_parse_time (has->modified),
            vs_http_store_make_etag (has->etag, has->modified, NULL,
                has->size)));
}

static void
end_response (Listing * listing)
{
  VsDavClient *client = listing->store->client;
  g_autofree gchar *key = listing->href ?
      vs_dav_client_get_key (client, listing->href) : NULL;
  g_autofree gchar *name = key ? get_name (listing, key) : NULL;

  listing->knows_folder |= name != NULL;
  if (name && name[0] && listing->is_found)
    add_object (listing, name);
  listing_clear_response (listing);
}

/* RFC 4918 14.22: what it does not have comes in a propstat of its own. */
static void
end_propstat (Listing * listing)
{
  if (listing->is_good && !listing->is_found) {
    properties_clear (&listing->has);
    listing->has = listing->part;
    memset (&listing->part, 0, sizeof listing->part);
    listing->is_found = TRUE;
  }
  properties_clear (&listing->part);
  listing->is_good = FALSE;
}

static void
on_property (Properties * part, const gchar * name, const gchar * text)
{
  if (strcmp (name, "getcontentlength") == 0)
    part->size = MIN (g_ascii_strtoull (text, NULL, 10), G_MAXINT64);
  else if (strcmp (name, "getlastmodified") == 0)
    set_text (&part->modified, text);
  else if (strcmp (name, "getetag") == 0)
    set_text (&part->etag, text);
  else if (strcmp (name, "resourcetype/collection") == 0)
    part->is_folder = TRUE;
}

static void
on_element (const gchar * path, const gchar * text, gpointer user_data)
{
  Listing *listing = user_data;

  if (g_str_has_prefix (path, PROPERTY))
    on_property (&listing->part, path + strlen (PROPERTY), text);
  else if (strcmp (path, RESPONSE "/propstat/status") == 0)
    listing->is_good = strstr (text, " 200") != NULL;
  else if (strcmp (path, RESPONSE "/propstat") == 0)
    end_propstat (listing);
  else if (strcmp (path, RESPONSE "/href") == 0)
    set_text (&listing->href, text);
  else if (strcmp (path, RESPONSE) == 0)
    end_response (listing);
}

/* A server that speaks of another folder alone, as behind a proxy that changes
 * paths, is not taken for an empty one. */
static gboolean
read_listing (Listing * listing, const VsHttpReply * reply, GError ** error)
{
  const gchar *location = listing->store->parent.location;

  if (reply->status != SOUP_STATUS_MULTI_STATUS) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: HTTP status %u is no listing", location, listing->prefix,
        reply->status);
    return FALSE;
  }
  if (!vs_xml_walk (reply->body, on_element, listing, error)) {
    g_prefix_error (error, "%s/%s: ", location, listing->prefix);
    return FALSE;
  }
  if (!listing->knows_folder)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: the server lists another folder", location, listing->prefix);
  return listing->knows_folder;
}

/* FALSE without an error: there is nothing to list. */
static gboolean
send_propfind (VsHttpStore * self, const gchar * prefix,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  static const gchar *const headers[] = {
    "Depth", "1", "Content-Type", "application/xml; charset=utf-8", NULL
  };
  g_autofree gchar *folder = g_strconcat (prefix, prefix[0] ? "/" : "", NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static (propfind, strlen (propfind));
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  VsDavCall call = {
    .method = "PROPFIND",.key = folder,.headers = headers,.body = &body,
    .max_answer = DOCUMENT_MAX
  };
  g_autoptr (GError) cause = NULL;

  if (vs_dav_client_send (self->client, &call, cancellable, reply, &cause))
    return TRUE;
  if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

GPtrArray *
vs_dav_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  Listing listing = { (VsHttpStore *) store, prefix, suffix, NULL };
  g_autoptr (GError) cause = NULL;
  g_auto (VsHttpReply) reply = { 0, };

  listing.objects =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_store_object_free);
  if (send_propfind (listing.store, prefix, cancellable, &reply, &cause))
    read_listing (&listing, &reply, &cause);
  listing_clear_response (&listing);
  vs_store_sort_objects (listing.objects);
  if (cause) {
    g_propagate_error (error, g_steal_pointer (&cause));
    g_clear_pointer (&listing.objects, g_ptr_array_unref);
  }
  return listing.objects;
}
