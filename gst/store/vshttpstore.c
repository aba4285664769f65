/* VisionStream: what lies behind an http:// or https:// address, as a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vshttpstore.h"

#include <string.h>

/* What is read of an object for a part of it, where the server knows no
 * ranges. */
#define WHOLE_MAX (16 * 1024 * 1024)

/* Who look for objects, and when another one is worth it */
#define FINDERS 6
#define KEYS_A_FINDER 4

/* Answers that nobody reads */
#define ANSWER_MAX (64 * 1024)

gint64
vs_http_store_parse_time (const gchar * text)
{
  g_autoptr (GDateTime) time = text ? soup_date_time_new_from_http_string
      (text) : NULL;

  return time ? g_date_time_to_unix (time) * G_USEC_PER_SEC : 0;
}

gchar *
vs_http_store_make_etag (const gchar * etag, const gchar * modified,
    const gchar * now, guint64 size)
{
  gint64 modified_us = vs_http_store_parse_time (modified);
  gint64 age = vs_http_store_parse_time (now) - modified_us;

  if (etag)
    return g_strdup (etag);
  if (modified_us == 0)
    return g_uuid_string_random ();
  return g_strdup_printf ("%" G_GINT64_FORMAT "-%" G_GUINT64_FORMAT "%s%s",
      modified_us, size, now && age <= G_USEC_PER_SEC ? "-" : "",
      now && age <= G_USEC_PER_SEC ? now : "");
}

/* ---- reading ------------------------------------------------------------ */

static gboolean
set_strange_error (VsStore * store, const gchar * key, const gchar * what,
    GError ** error)
{
  g_autofree gchar *name = vs_store_get_name (store, key);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s/%s: %s",
      store->location, name, what);
  return FALSE;
}

/* Sends what reads: a server that does not take that has nothing to read. */
static gboolean
send_reading (VsStore * store, const VsDavCall * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  VsHttpStore *self = (VsHttpStore *) store;
  g_autoptr (GError) cause = NULL;

  if (vs_dav_client_send (self->client, call, cancellable, reply, &cause))
    return TRUE;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED))
    cause->code = G_IO_ERROR_NOT_FOUND;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gchar *
range_header (guint64 offset, gssize length)
{
  if (length < 0)
    return g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-", offset);
  return g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
      offset, offset + length - 1);
}

/* Whether a part is the one that was asked for, as far as the object goes: RFC
 * 9110 14.4, 15.3.7. */
static gboolean
is_range (const VsHttpReply * reply, guint64 offset, gssize length)
{
  goffset start, end, total;
  guint64 wanted;

  if (!soup_message_headers_get_content_range (reply->headers, &start, &end,
          &total) || (guint64) start != offset || end < start
      || (gsize) (end - start) != g_bytes_get_size (reply->body) - 1)
    return FALSE;
  wanted = length < 0 ? G_MAXUINT64 : (guint64) length;
  if (total < 0)
    return (guint64) (end - start) < wanted;
  return end < total
      && (guint64) (end - start) + 1 == MIN (wanted, (guint64) (total - start));
}

/* The part of an answer that was asked for, NULL when it is none. */
static GBytes *
cut (const VsHttpReply * reply, guint64 offset, gssize length)
{
  gsize size = g_bytes_get_size (reply->body);
  gsize start = MIN (offset, size);

  switch (reply->status) {
    case SOUP_STATUS_OK:
      return g_bytes_new_from_bytes (reply->body, start, length < 0 ?
          size - start : MIN (size - start, (gsize) length));
    case SOUP_STATUS_PARTIAL_CONTENT:
      return is_range (reply, offset, length) ? g_bytes_ref (reply->body) :
          NULL;
    case SOUP_STATUS_REQUESTED_RANGE_NOT_SATISFIABLE:
      return g_bytes_new (NULL, 0);
    default:
      return NULL;
  }
}

static gboolean
set_large_error (VsStore * store, const gchar * key, gboolean is_part,
    GError ** error)
{
  g_autofree gchar *name = vs_store_get_name (store, key);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE, "%s/%s: more "
      "than was to be read%s", store->location, name, is_part ?
      ", or the server knows no ranges (RFC 9110 14) and the object is large" :
      "");
  return FALSE;
}

static gboolean
http_send_get (VsStore * store, const gchar * key, const gchar * range,
    gsize max, GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  const gchar *headers[] = { "Range", range, NULL };
  g_autofree gchar *name = vs_store_get_name (store, key);
  VsDavCall call = {
    .method = "GET",.key = name,.query = key + strlen (name),
    .headers = range ? headers : NULL,
    .max_answer = range ? MAX (max, WHOLE_MAX) : max
  };
  g_autoptr (GError) cause = NULL;

  if (send_reading (store, &call, cancellable, reply, &cause))
    return TRUE;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE))
    return set_large_error (store, key, range != NULL, error);
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static GBytes *
http_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  gboolean is_part = offset > 0 || length >= 0;
  g_autofree gchar *range = is_part ? range_header (offset, length) : NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_auto (VsHttpReply) reply = { 0, };

  if (length == 0)
    return g_bytes_new (NULL, 0);
  if (!http_send_get (store, key, range, max, cancellable, &reply, error))
    return NULL;
  bytes = is_part || reply.status == SOUP_STATUS_OK ?
      cut (&reply, offset, length) : NULL;
  if (bytes == NULL)
    set_strange_error (store, key, "the server sends what was not asked for",
        error);
  else if (g_bytes_get_size (bytes) > max)
    set_large_error (store, key, is_part, error);
  else
    return g_steal_pointer (&bytes);
  return NULL;
}

static const gchar *
get_header (const VsHttpReply * reply, const gchar * name)
{
  return soup_message_headers_get_one (reply->headers, name);
}

static VsStoreObject *
http_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *name = vs_store_get_name (store, key);
  VsDavCall call = {
    .method = "HEAD",.key = name,.query = key + strlen (name)
  };
  g_auto (VsHttpReply) reply = { 0, };
  const gchar *modified;
  guint64 size;

  if (!send_reading (store, &call, cancellable, &reply, error))
    return NULL;
  if (reply.status != SOUP_STATUS_OK
      || !g_ascii_string_to_unsigned (get_header (&reply, "Content-Length") ?
          get_header (&reply, "Content-Length") : "", 10, 0, G_MAXINT64, &size,
          NULL)) {
    set_strange_error (store, key, "the server does not say how large it is",
        error);
    return NULL;
  }
  modified = get_header (&reply, "Last-Modified");
  return vs_store_object_new (key, size, vs_http_store_parse_time (modified),
      vs_http_store_make_etag (get_header (&reply, "ETag"), modified,
          get_header (&reply, "Date"), size));
}

/* ---- looking for some --------------------------------------------------- */

/* Many HEADs, a few at a time: what they take is the way there and back. */
typedef struct
{
  VsStore *store;
  const gchar *const *keys;
  guint n_keys;
  gboolean *found;
  GCancellable *cancellable;

  gint next;                    /* atomic: the key that nobody looks for yet */
  gint failed;                  /* atomic */
} Search;

static gboolean
find_one (const Search * search, guint i, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (VsStoreObject) object =
      http_stat (search->store, search->keys[i], search->cancellable, &cause);

  search->found[i] = object != NULL;
  if (object || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Returns: the error with which it ended, or NULL */
static gpointer
find_some (gpointer data)
{
  Search *search = data;
  GError *error = NULL;
  guint i;

  while (!g_atomic_int_get (&search->failed)
      && (i = g_atomic_int_add (&search->next, 1)) < search->n_keys) {
    if (!find_one (search, i, &error)) {
      g_atomic_int_set (&search->failed, TRUE);
      return error;
    }
  }
  return NULL;
}

static gboolean
http_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  Search search = { store, keys, n_keys, found, cancellable, 0, FALSE };
  GThread *threads[FINDERS - 1];
  guint n = MIN (n_keys / KEYS_A_FINDER, G_N_ELEMENTS (threads));
  GError *cause;

  for (guint i = 0; i < n; i++)
    threads[i] = g_thread_new ("vshttpfind", find_some, &search);
  cause = find_some (&search);
  for (guint i = 0; i < n; i++) {
    GError *other = g_thread_join (threads[i]);

    if (cause == NULL)
      cause = other;
    else
      g_clear_error (&other);
  }
  if (cause)
    g_propagate_error (error, cause);
  return cause == NULL;
}

/* ---- upkeep ------------------------------------------------------------- */

/* A PUT that was broken off left nothing (RFC 9110 9.3.4). */
static gboolean
http_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  return TRUE;
}

static gboolean
http_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  VsHttpStore *self = (VsHttpStore *) store;
  VsDavCall call = {
    .method = "DELETE",.key = key,.max_answer = ANSWER_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  g_autoptr (GError) cause = NULL;

  if (vs_dav_client_send (self->client, &call, cancellable, &reply, &cause)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (g_atomic_int_compare_and_exchange (&self->keeps_deleted, FALSE, TRUE))
    g_message ("%s; what is to be deleted stays there", cause->message);
  return TRUE;
}

/* The lease is the spool's, which is ahead of it. */
static gpointer
http_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  return store;
}

static void
http_unlock (VsStore * store, gpointer lock)
{
}

static void
http_finalize (VsStore * store)
{
  vs_dav_client_free (((VsHttpStore *) store)->client);
}

static const VsStoreClass http_class = {
  .is_remote = TRUE,
  .upload_new = vs_http_upload_new,
  .upload_write = vs_http_upload_write,
  .upload_commit = vs_http_upload_commit,
  .upload_free = vs_http_upload_free,
  .get = http_get,
  .stat = http_stat,
  .list = vs_dav_list,
  .find = http_find,
  .clean = http_clean,
  .remove = http_remove,
  .lock = http_lock,
  .unlock = http_unlock,
  .finalize = http_finalize,
};

VsStore *
vs_http_store_open (const VsStoreSettings * settings, GError ** error)
{
  VsDavClient *client = vs_dav_client_new (settings, error);
  VsHttpStore *self;

  if (client == NULL)
    return NULL;
  self = g_new0 (VsHttpStore, 1);
  vs_store_init (&self->parent, &http_class,
      vs_dav_client_get_location (client));
  self->parent.has_queries = settings->queries;
  self->client = client;
  return &self->parent;
}
