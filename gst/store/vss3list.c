/* VisionStream: what lies in a bucket
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Amazon S3 API Reference: ListObjectsV2. A page has at most a thousand
 * objects. Names come URL-encoded: a bucket may hold some of others that XML
 * 1.0 has no characters for, and no page that names one could be read.
 */
#include "store/vss3store.h"

#include <string.h>

#include "store/vsxmlwalk.h"

/* Pages of a listing: ten million objects; and in a row of such as have none.
 * A service that goes on for ever is not believed. */
#define PAGES_MAX 10000
#define OBJECTS_MAX (PAGES_MAX * 1000)
#define EMPTY_PAGES_MAX 100

/* UTF-8 bytes of a key, and three characters for each */
#define KEY_MAX 1024
#define ENCODED_KEY_MAX (3 * KEY_MAX)

typedef struct
{
  VsS3Store *store;
  const gchar *suffix;          /* (nullable) */
  GPtrArray *objects;
  GPtrArray *page;              /* of the page: by whole keys, as they came */

  /* of the entry that is being read */
  gchar *key, *etag, *modified;
  guint64 size;
  gboolean has_size;

  /* of the page */
  gboolean is_listing;          /* and nothing else */
  gboolean is_encoded;
  const gchar *fault;           /* (nullable): what can't be */
  gboolean truncated;
  gchar *first;                 /* key, or NULL */
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
  listing->has_size = FALSE;
}

/* A key as it is; NULL for one that could be none of ours. A blank is a plus
 * where AWS encodes it (application/x-www-form-urlencoded), and "%20" elsewhere. */
static gchar *
decode_key (const gchar * text, gboolean is_encoded)
{
  g_autofree gchar *key = g_strdup (text);

  return is_encoded ? g_uri_unescape_string (g_strdelimit (key, "+", ' '),
      NULL) : g_steal_pointer (&key);
}

static void
add_entry (Listing * listing)
{
  g_autoptr (GDateTime) modified = listing->modified ?
      g_date_time_new_from_iso8601 (listing->modified, NULL) : NULL;

  g_ptr_array_add (listing->page, vs_store_object_new (listing->key,
          listing->has_size ? listing->size : 0,
          modified ? g_date_time_to_unix (modified) * G_USEC_PER_SEC : 0,
          g_steal_pointer (&listing->etag)));
}

/* Takes an object of the page, where it is one of those that were asked for. */
static void
take_object (Listing * listing, const VsStoreObject * object)
{
  const gchar *prefix = listing->store->prefix;
  g_autofree gchar *whole = decode_key (object->key, listing->is_encoded);
  const gchar *key;

  if (whole == NULL || !g_str_has_prefix (whole, prefix))
    return;
  key = whole + strlen (prefix);
  if (!vs_store_is_listed (key, listing->suffix))
    return;
  if (listing->objects->len == OBJECTS_MAX)
    listing->fault = "the listing has no end";
  else
    g_ptr_array_add (listing->objects, vs_store_object_new (key, object->size,
            object->mtime_us, g_strdup (object->etag)));
}

static void
on_entry (Listing * listing, gboolean is_folder)
{
  if (listing->key == NULL || strlen (listing->key) > ENCODED_KEY_MAX)
    listing->fault = "an entry has no key";
  else if (!is_folder && !listing->has_size)
    listing->fault = "an object's size makes no sense";
  else if (listing->fault == NULL)
    add_entry (listing);
  if (listing->first == NULL)
    listing->first = g_steal_pointer (&listing->key);
  listing_clear_entry (listing);
}

static void
on_listed (const gchar * path, const gchar * text, gpointer user_data)
{
  Listing *listing = user_data;
  const gchar *name;

  listing->is_listing = strcmp (path, "ListBucketResult") == 0;
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
    listing->has_size = g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64,
        &listing->size, NULL);
  else if (strcmp (name, "EncodingType") == 0)
    listing->is_encoded = strcmp (text, "url") == 0;
  else if (strcmp (name, "IsTruncated") == 0)
    listing->truncated = strcmp (text, "true") == 0;
  else if (strcmp (name, "NextContinuationToken") == 0)
    set_text (&listing->token, text);
  else if (strcmp (name, "Contents") == 0
      || strcmp (name, "CommonPrefixes") == 0)
    on_entry (listing, strcmp (name, "CommonPrefixes") == 0);
}

static gboolean
set_fault (VsS3Store * self, const gchar * prefix, const gchar * fault,
    GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "s3 listing of %s/%s: %s", self->parent.location, prefix, fault);
  return FALSE;
}

/* What is wrong with a page that was read; NULL: nothing. */
static const gchar *
find_fault (const Listing * listing, const gchar * token, const gchar * first)
{
  if (listing->fault)
    return listing->fault;
  if (!listing->is_listing)
    return "the service's answer is none";
  if (listing->truncated && (listing->token == NULL || !listing->token[0]))
    return "it goes on, but the service does not say where";
  if ((listing->token && g_strcmp0 (listing->token, token) == 0)
      || (first && g_strcmp0 (listing->first, first) == 0))
    return "the service lists the same page again";
  return NULL;
}

static gboolean
list_page (Listing * listing, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *token = g_steal_pointer (&listing->token);
  g_autofree gchar *first = g_steal_pointer (&listing->first);
  const gchar *query[] = {
    "list-type", "2", "encoding-type", "url", "prefix", prefix, "delimiter",
    "/", token ? "continuation-token" : NULL, token, NULL
  };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  const gchar *fault;

  listing->truncated = listing->is_encoded = FALSE;
  g_ptr_array_set_size (listing->page, 0);
  if (!vs_s3_client_send (listing->store->client, &call, cancellable, &reply,
          error))
    return FALSE;
  if (!vs_xml_walk (reply.body, on_listed, listing, error)) {
    g_prefix_error (error, "%s/%s: ", listing->store->parent.location, prefix);
    return FALSE;
  }
  for (guint i = 0; i < listing->page->len; i++)
    take_object (listing, g_ptr_array_index (listing->page, i));
  fault = find_fault (listing, token, first);
  return fault == NULL || set_fault (listing->store, prefix, fault, error);
}

static gboolean
list_all (Listing * listing, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  guint empty = 0;

  for (guint page = 0; page < PAGES_MAX && empty < EMPTY_PAGES_MAX; page++) {
    if (!list_page (listing, prefix, cancellable, error))
      return FALSE;
    if (!listing->truncated)
      return TRUE;
    empty = listing->first ? 0 : empty + 1;
  }
  return set_fault (listing->store, prefix, "the listing has no end", error);
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
  listing.page =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_store_object_free);
  ok = list_all (&listing, whole_prefix, cancellable, error);
  listing_clear_entry (&listing);
  g_ptr_array_unref (listing.page);
  g_free (listing.first);
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
  const gchar *last;            /* whole key */
  GHashTable *wanted;           /* whole key -> gboolean * */
  GPtrArray *page;              /* keys, as they came */
  gboolean is_listing, is_encoded, truncated;
  gchar *newest;                /* that was listed */
} Search;

static void
on_found (const gchar * path, const gchar * text, gpointer user_data)
{
  Search *search = user_data;

  search->is_listing = strcmp (path, "ListBucketResult") == 0;
  if (strcmp (path, "ListBucketResult/Contents/Key") == 0)
    g_ptr_array_add (search->page, g_strdup (text));
  else if (strcmp (path, "ListBucketResult/EncodingType") == 0)
    search->is_encoded = strcmp (text, "url") == 0;
  else if (strcmp (path, "ListBucketResult/IsTruncated") == 0)
    search->truncated = strcmp (text, "true") == 0;
}

static void
take_found (Search * search, const gchar * text)
{
  g_autofree gchar *key = decode_key (text, search->is_encoded);
  gboolean *found;

  if (key == NULL)
    return;
  found = g_hash_table_lookup (search->wanted, key);
  if (found)
    *found = TRUE;
  set_text (&search->newest, key);
}

/* Lists what comes after @after. @more: (out): it is not known of all yet */
static gboolean
search_page (VsS3Store * self, Search * search, const gchar * after,
    gboolean * more, GCancellable * cancellable, GError ** error)
{
  const gchar *slash = strrchr (after, '/');
  g_autofree gchar *prefix = g_strndup (after, slash ? slash + 1 - after : 0);
  const gchar *query[] = {
    "list-type", "2", "encoding-type", "url", "prefix", prefix,
    "start-after", after, NULL
  };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  search->truncated = search->is_encoded = FALSE;
  g_clear_pointer (&search->newest, g_free);
  g_ptr_array_set_size (search->page, 0);
  if (!vs_s3_client_send (self->client, &call, cancellable, &reply, error)
      || !vs_xml_walk (reply.body, on_found, search, error))
    return FALSE;
  for (guint i = 0; i < search->page->len; i++)
    take_found (search, g_ptr_array_index (search->page, i));
  if (!search->is_listing)
    return set_fault (self, prefix, "the service's answer is none", error);
  *more = search->truncated && (search->newest == NULL
      || strcmp (search->newest, search->last) < 0);
  if (*more && (search->newest == NULL || strcmp (search->newest, after) <= 0))
    return set_fault (self, prefix, "it goes on, but not forward", error);
  return TRUE;
}

/* From @first to @last, which have the same length. */
static gboolean
search_range (VsS3Store * self, const gchar * first, const gchar * last,
    GHashTable * wanted, GCancellable * cancellable, GError ** error)
{
  /* what is shorter by its last character comes right before it */
  g_autofree gchar *after = g_strndup (first, strlen (first) - 1);
  Search search = {.last = last,.wanted = wanted };
  gboolean ok = TRUE, more = TRUE;

  search.page = g_ptr_array_new_with_free_func (g_free);
  for (guint page = 0; ok && more; page++) {
    ok = page < PAGES_MAX ?
        search_page (self, &search, after, &more, cancellable, error) :
        set_fault (self, after, "the listing has no end", error);
    g_free (after);
    after = g_strdup (search.newest);
  }
  g_ptr_array_unref (search.page);
  g_free (search.newest);
  return ok;
}

gboolean
vs_s3_store_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;

  memset (found, 0, n_keys * sizeof *found);
  /* numbers of the same length are listed in their order */
  for (guint i = 0, n; i < n_keys; i += n) {
    g_autoptr (GHashTable) wanted =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autofree gchar *first = vs_s3_store_get_key (self, keys[i]);
    g_autofree gchar *last = NULL;

    for (n = 0; i + n < n_keys && strlen (keys[i + n]) == strlen (keys[i]); n++)
      g_hash_table_insert (wanted, vs_s3_store_get_key (self, keys[i + n]),
          &found[i + n]);
    last = vs_s3_store_get_key (self, keys[i + n - 1]);
    if (!search_range (self, first, last, wanted, cancellable, error))
      return FALSE;
  }
  return TRUE;
}
