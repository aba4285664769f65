/* VisionStream: a bucket, or what is below a prefix in it, as a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock, over the uploads that are under way; requests are sent without it.
 */
#include "store/vss3store.h"

#include <string.h>

#include "store/vssha256.h"

#define SCHEME "s3://"

gchar *
vs_s3_store_get_key (VsS3Store * self, const gchar * key)
{
  return g_strconcat (self->prefix, key, NULL);
}

gchar *
vs_s3_store_get_folder_prefix (VsS3Store * self, const gchar * folder)
{
  return g_strconcat (self->prefix, folder, folder[0] ? "/" : NULL, NULL);
}

/* ---- reading ------------------------------------------------------------ */

static gboolean
set_damaged_error (VsStore * store, const gchar * key, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
      "%s/%s: what came is not what was stored", store->location, key);
  return FALSE;
}

static gboolean
has_digest (GBytes * bytes, GChecksumType type, const gchar * expected)
{
  g_autofree gchar *digest = g_compute_checksum_for_bytes (type, bytes);

  return strcmp (digest, expected) == 0;
}

static gboolean
has_sha256 (GBytes * bytes, const gchar * expected)
{
  gchar hex[VS_SHA256_HEX_SIZE];
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_sha256_hex (data, size, hex);
  return strcmp (hex, expected) == 0;
}

/* The MD5 that an ETag is where the object was put at once and is not
 * encrypted with a customer's or KMS's key; NULL else. */
static gchar *
md5_of_etag (const VsHttpReply * reply)
{
  const gchar *etag = soup_message_headers_get_one (reply->headers, "ETag");
  const gchar *encryption = soup_message_headers_get_one (reply->headers,
      "x-amz-server-side-encryption");

  if (etag == NULL || strlen (etag) != 34 || etag[0] != '"' || etag[33] != '"'
      || strspn (etag + 1, G_CSET_DIGITS "abcdef") != 32
      || (encryption && strcmp (encryption, "AES256") != 0)
      || soup_message_headers_get_one (reply->headers,
          "x-amz-server-side-encryption-customer-algorithm"))
    return NULL;
  return g_strndup (etag + 1, 32);
}

/* Whether a whole object is what was put. */
static gboolean
is_intact (const VsHttpReply * reply)
{
  const gchar *sha256 = soup_message_headers_get_one (reply->headers,
      VS_S3_SHA256_HEADER);
  g_autofree gchar *md5 = NULL;

  if (reply->status != 200)
    return FALSE;
  if (sha256)
    return has_sha256 (reply->body, sha256);
  md5 = md5_of_etag (reply);
  return md5 == NULL || has_digest (reply->body, G_CHECKSUM_MD5, md5);
}

/* Whether a part is the one that was asked for, shorter only where the object
 * ends: RFC 9110 14.4. */
static gboolean
is_range (const VsHttpReply * reply, guint64 offset, gssize length)
{
  goffset start, end, total;
  guint64 size;

  if (reply->status != 206
      || !soup_message_headers_get_content_range (reply->headers, &start, &end,
          &total) || start < 0 || end < start || (guint64) start != offset)
    return FALSE;
  size = (guint64) end - start + 1;
  if (size != g_bytes_get_size (reply->body))
    return FALSE;
  return size == (guint64) length || (end + 1 == total && (length < 0
          || size < (guint64) length));
}

static gchar *
range_header (guint64 offset, gssize length)
{
  if (length < 0)
    return g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-", offset);
  return g_strdup_printf ("bytes=%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
      offset, offset + length - 1);
}

static GBytes *
get_once (VsS3Store * self, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *whole_key = vs_s3_store_get_key (self, key);
  g_autofree gchar *range = range_header (offset, length);
  gboolean is_whole = offset == 0 && length < 0;
  const gchar *headers[] = { "range", range, NULL };
  VsS3Call call = {
    .method = "GET",.key = whole_key,.headers = is_whole ? NULL : headers,
    .max_answer = max
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!vs_s3_client_send (self->client, &call, cancellable, &reply, error))
    return NULL;
  if (reply.status == 416 && !is_whole)
    return g_bytes_new (NULL, 0);
  if (is_whole ? !is_intact (&reply) : !is_range (&reply, offset, length)) {
    set_damaged_error (&self->parent, key, error);
    return NULL;
  }
  return g_bytes_ref (reply.body);
}

/* What came damaged is fetched once more: it may be on the way that it was. */
static GBytes *
s3_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autoptr (GError) cause = NULL;
  GBytes *bytes;

  if (length == 0)
    return g_bytes_new (NULL, 0);
  bytes = get_once (self, key, offset, length, max, cancellable, &cause);
  if (bytes)
    return bytes;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    return get_once (self, key, offset, length, max, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&cause));
  return NULL;
}

static gint64
time_us (const gchar * text)
{
  g_autoptr (GDateTime) time = text ? soup_date_time_new_from_http_string
      (text) : NULL;

  return time ? g_date_time_to_unix (time) * G_USEC_PER_SEC : 0;
}

/* An answer to HEAD has no body that would say what it is that is missing or
 * refused: the object, the bucket, the keys. TRUE: nothing is, any more. */
static gboolean
explain_refusal (VsS3Store * self, const gchar * whole_key,
    GCancellable * cancellable, GError ** error)
{
  static const gchar *const headers[] = { "range", "bytes=0-0", NULL };
  VsS3Call call = {
    .method = "GET",.key = whole_key,.headers = headers,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  return vs_s3_client_send (self->client, &call, cancellable, &reply, error);
}

static gboolean
send_head (VsS3Store * self, const gchar * whole_key,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  guint status;
  VsS3Call call = {.method = "HEAD",.key = whole_key,.status = &status };
  g_autoptr (GError) cause = NULL;

  if (vs_s3_client_send (self->client, &call, cancellable, reply, &cause))
    return TRUE;
  /* 400 may be keys that have expired */
  if (status != SOUP_STATUS_BAD_REQUEST
      && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  return explain_refusal (self, whole_key, cancellable, error)
      && vs_s3_client_send (self->client, &call, cancellable, reply, error);
}

VsStoreObject *
vs_s3_store_head (VsS3Store * self, const gchar * whole_key,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  goffset size;

  if (!send_head (self, whole_key, cancellable, reply, error))
    return NULL;
  size = soup_message_headers_get_content_length (reply->headers);
  if (reply->status != 200 || size < 0
      || soup_message_headers_get_encoding (reply->headers) !=
      SOUP_ENCODING_CONTENT_LENGTH) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: the service does not tell the size of %s",
        self->parent.location, whole_key);
    return NULL;
  }
  return vs_store_object_new (whole_key + strlen (self->prefix), size,
      time_us (soup_message_headers_get_one (reply->headers, "Last-Modified")),
      g_strdup (soup_message_headers_get_one (reply->headers, "ETag")));
}

static VsStoreObject *
s3_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autofree gchar *whole_key = vs_s3_store_get_key (self, key);
  g_auto (VsHttpReply) reply = { 0, };

  return vs_s3_store_head (self, whole_key, cancellable, &reply, error);
}

/* ---- upkeep ------------------------------------------------------------- */

static gboolean
s3_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autofree gchar *whole_prefix = vs_s3_store_get_folder_prefix (self, prefix);

  return vs_s3_upload_abort_all (self, whole_prefix, cancellable, error);
}

static gboolean
s3_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autofree gchar *whole_key = vs_s3_store_get_key (self, key);
  VsS3Call call = {
    .method = "DELETE",.key = whole_key,.max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  g_autoptr (GError) cause = NULL;

  if (vs_s3_client_send (self->client, &call, cancellable, &reply, &cause)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gboolean
put_under (VsS3Store * self, const gchar * key, GBytes * bytes,
    const gchar * condition, const gchar * etag, gchar ** new_etag,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *whole_key = vs_s3_store_get_key (self, key);
  const gchar *headers[] = { condition, etag, NULL };
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  VsS3Call call = {
    .method = "PUT",.key = whole_key,.headers = headers,.body = &body,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!vs_s3_client_send (self->client, &call, cancellable, &reply, error))
    return FALSE;
  if (new_etag)
    *new_etag = g_strdup (soup_message_headers_get_one (reply.headers, "ETag"));
  return TRUE;
}

/* RFC 9110 13.1.1 has the ETag with its quotes, as S3 takes it; Ceph 16 wants
 * it without, and refuses it else. */
static gboolean
s3_put_if (VsStore * store, const gchar * key, GBytes * bytes,
    const gchar * etag, gchar ** new_etag, GCancellable * cancellable,
    GError ** error)
{
  VsS3Store *self = (VsS3Store *) store;
  g_autoptr (GError) cause = NULL;
  g_autofree gchar *bare = NULL;

  if (etag == NULL)
    return put_under (self, key, bytes, "if-none-match", "*", new_etag,
        cancellable, error);
  if (put_under (self, key, bytes, "if-match", etag, new_etag, cancellable,
          &cause))
    return TRUE;
  if (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS)
      || etag[0] != '"') {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  bare = g_strndup (etag + 1, strcspn (etag + 1, "\""));
  return put_under (self, key, bytes, "if-match", bare, new_etag, cancellable,
      error);
}

static gint64
s3_get_time (VsStore * store, const gchar * key)
{
  return vs_s3_client_get_time (((VsS3Store *) store)->client);
}

/* The lease of a bucket's folder is the spool's, which is ahead of it. */
static gpointer
s3_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  return store;
}

static void
s3_unlock (VsStore * store, gpointer lock)
{
}

static void
s3_finalize (VsStore * store)
{
  VsS3Store *self = (VsS3Store *) store;

  vs_s3_client_free (self->client);
  g_hash_table_unref (self->uploads);
  g_mutex_clear (&self->lock);
  g_free (self->prefix);
}

static const VsStoreClass s3_class = {
  .is_remote = TRUE,
  .upload_new = vs_s3_upload_new,
  .upload_write = vs_s3_upload_write,
  .upload_commit = vs_s3_upload_commit,
  .upload_free = vs_s3_upload_free,
  .upload_new_headed = vs_s3_upload_new_headed,
  .upload_make_head = vs_s3_upload_make_head,
  .upload_write_head = vs_s3_upload_write_head,
  .get = s3_get,
  .stat = s3_stat,
  .list = vs_s3_store_list,
  .find = vs_s3_store_find,
  .put_if = s3_put_if,
  .get_time = s3_get_time,
  .clean = s3_clean,
  .remove = s3_remove,
  .lock = s3_lock,
  .unlock = s3_unlock,
  .finalize = s3_finalize,
};

VsStore *
vs_s3_store_open (const VsStoreSettings * settings, GError ** error)
{
  const gchar *rest = settings->location + strlen (SCHEME);
  gsize length = strcspn (rest, "/");
  g_autofree gchar *bucket = g_strndup (rest, length);
  g_autofree gchar *prefix = g_strdup (rest[length] ? rest + length + 1 : "");
  g_autofree gchar *location = NULL;
  VsS3Client *client;
  VsS3Store *self;

  while (g_str_has_suffix (prefix, "/"))
    prefix[strlen (prefix) - 1] = '\0';
  if (prefix[0] && !vs_store_key_is_valid (prefix)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
        "%s: not a prefix that objects can have", settings->location);
    return NULL;
  }
  client = vs_s3_client_new (bucket, settings, error);
  if (client == NULL)
    return NULL;
  location = g_strconcat (SCHEME, bucket, prefix[0] ? "/" : NULL, prefix, NULL);
  self = g_new0 (VsS3Store, 1);
  vs_store_init (&self->parent, &s3_class, location);
  self->client = client;
  g_mutex_init (&self->lock);
  self->uploads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->prefix = prefix[0] ? g_strconcat (prefix, "/", NULL) : g_strdup ("");
  return &self->parent;
}
