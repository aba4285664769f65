/* VisionStream: what lies in a bucket
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Amazon S3 API Reference: ListObjectsV2. A page has at most a thousand
 * objects.
 */
#include "store/vss3store.h"

#include <string.h>

#include "store/vsxmlwalk.h"

/* Pages of a listing: ten million objects. A service that goes on for ever
 * is not believed. */
#define PAGES_MAX 10000

typedef struct
{
  VsS3Store *store;
  const gchar *suffix;          /* (nullable) */
  GPtrArray *objects;

  /* of the entry that is being read */
  gchar *key, *etag, *modified;
  guint64 size;

  gchar *token;                 /* of the next page, or NULL */
} Listing;

static void
set_text (gchar ** field, const gchar * text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static void
listing_clear_entry (Listing * listing)
{
  g_clear_pointer (&listing->key, g_free);
  g_clear_pointer (&listing->etag, g_free);
  g_clear_pointer (&listing->modified, g_free);
  listing->size = 0;
}

static void
add_entry (Listing * listing)
{
  const gchar *prefix = listing->store->prefix;
  g_autoptr (GDateTime) modified = listing->modified ?
      g_date_time_new_from_iso8601 (listing->modified, NULL) : NULL;
  const gchar *key = listing->key;

  if (key == NULL || !g_str_has_prefix (key, prefix))
    return;
  key += strlen (prefix);
  if (vs_store_is_listed (key, listing->suffix))
    g_ptr_array_add (listing->objects, vs_store_object_new (key,
            listing->size,
            modified ? g_date_time_to_unix (modified) * G_USEC_PER_SEC : 0,
            g_steal_pointer (&listing->etag)));
}

static void
on_listed (const gchar * path, const gchar * text, gpointer user_data)
{
  Listing *listing = user_data;
  const gchar *name;

  if (!g_str_has_prefix (path, "ListBucketResult/"))
    return;
  name = path + strlen ("ListBucketResult/");
  if (strcmp (name, "Contents/Key") == 0
      || strcmp (name, "CommonPrefixes/Prefix") == 0)
    set_text (&listing->key, text);
  else if (strcmp (name, "Contents/ETag") == 0)
    set_text (&listing->etag, text);
  else if (strcmp (name, "Contents/LastModified") == 0)
    set_text (&listing->modified, text);
  else if (strcmp (name, "Contents/Size") == 0)
    listing->size = g_ascii_strtoull (text, NULL, 10);
  else if (strcmp (name, "NextContinuationToken") == 0)
    set_text (&listing->token, text);
  else if (strcmp (name, "Contents") == 0
      || strcmp (name, "CommonPrefixes") == 0) {
    add_entry (listing);
    listing_clear_entry (listing);
  }
}

static gboolean
list_page (Listing * listing, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *token = g_steal_pointer (&listing->token);
  const gchar *query[] = {
    "list-type", "2", "prefix", prefix, "delimiter", "/",
    token ? "continuation-token" : NULL, token, NULL
  };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!vs_s3_client_send (listing->store->client, &call, cancellable, &reply,
          error))
    return FALSE;
  if (!vs_xml_walk (reply.body, on_listed, listing, error)) {
    g_prefix_error (error, "%s/%s: ", listing->store->parent.location, prefix);
    return FALSE;
  }
  if (listing->token && g_strcmp0 (listing->token, token) == 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: the service lists the same page again",
        listing->store->parent.location, prefix);
    return FALSE;
  }
  return TRUE;
}

static gboolean
list_all (Listing * listing, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  for (guint page = 0; page < PAGES_MAX; page++) {
    if (!list_page (listing, prefix, cancellable, error))
      return FALSE;
    if (listing->token == NULL)
      return TRUE;
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s/%s: the listing has no end", listing->store->parent.location, prefix);
  return FALSE;
}

GPtrArray *
vs_s3_store_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autofree gchar *whole_prefix = vs_s3_store_get_folder_prefix (self, prefix);
  Listing listing = { self, suffix, NULL };
  gboolean ok;

  listing.objects =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_store_object_free);
  ok = list_all (&listing, whole_prefix, cancellable, error);
  listing_clear_entry (&listing);
  g_free (listing.token);
  if (!ok)
    g_clear_pointer (&listing.objects, g_ptr_array_unref);
  else
    vs_store_sort_objects (listing.objects);
  return listing.objects;
}

/* ---- looking for some --------------------------------------------------- */

typedef struct
{
  const gchar *last;            /* whole keys */
  GHashTable *keys;             /* that there are */
  gboolean past, truncated;
  gchar *newest;                /* that was listed */
} Search;

static void
on_found (const gchar * path, const gchar * text, gpointer user_data)
{
  Search *search = user_data;

  if (strcmp (path, "ListBucketResult/Contents/Key") == 0) {
    g_hash_table_add (search->keys, g_strdup (text));
    search->past |= strcmp (text, search->last) >= 0;
    set_text (&search->newest, text);
  } else if (strcmp (path, "ListBucketResult/IsTruncated") == 0) {
    search->truncated = strcmp (text, "true") == 0;
  }
}

/* Lists what comes after @after. */
static gboolean
search_page (VsS3Store * self, Search * search, const gchar * after,
    GCancellable * cancellable, GError ** error)
{
  const gchar *slash = strrchr (after, '/');
  g_autofree gchar *prefix = g_strndup (after, slash ? slash + 1 - after : 0);
  const gchar *query[] = {
    "list-type", "2", "prefix", prefix, "start-after", after, NULL
  };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  search->truncated = FALSE;
  return vs_s3_client_send (self->client, &call, cancellable, &reply, error)
      && vs_xml_walk (reply.body, on_found, search, error);
}

/* From @first to @last, which have the same length. */
static gboolean
search_range (VsS3Store * self, const gchar * first, const gchar * last,
    GHashTable * keys, GCancellable * cancellable, GError ** error)
{
  /* what is shorter by its last character comes right before it */
  g_autofree gchar *after = g_strndup (first, strlen (first) - 1);
  Search search = { last, keys, FALSE, TRUE, NULL };
  gboolean ok = TRUE;

  for (guint page = 0; ok && search.truncated && !search.past; page++) {
    ok = page < PAGES_MAX
        && search_page (self, &search, search.newest ? search.newest : after,
        cancellable, error);
  }
  g_free (search.newest);
  return ok;
}

gboolean
vs_s3_store_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;

  /* numbers of the same length are listed in their order */
  for (guint i = 0, n; i < n_keys; i += n) {
    g_autoptr (GHashTable) there =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autofree gchar *first = vs_s3_store_get_key (self, keys[i]);
    g_autofree gchar *last = NULL;

    for (n = 1; i + n < n_keys && strlen (keys[i + n]) == strlen (keys[i]);)
      n++;
    last = vs_s3_store_get_key (self, keys[i + n - 1]);
    if (!search_range (self, first, last, there, cancellable, error))
      return FALSE;
    for (guint k = i; k < i + n; k++) {
      g_autofree gchar *key = vs_s3_store_get_key (self, keys[k]);

      found[k] = g_hash_table_contains (there, key);
    }
  }
  return TRUE;
}
