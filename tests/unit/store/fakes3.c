/* VisionStream: an S3 service that fails as it is told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/fakes3.h"

#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/vssha256.h"

#define SKEW_MAX (15 * 60)
#define AUTHORIZATION "^AWS4-HMAC-SHA256 " \
    "Credential=[A-Za-z0-9]+/[0-9]{8}/[a-z0-9-]+/s3/aws4_request, ?" \
    "SignedHeaders=[a-z0-9;-]*host;[a-z0-9;-]*x-amz-content-sha256;" \
    "x-amz-date[a-z0-9;-]*, ?Signature=[0-9a-f]{64}$"

FakeS3 *fake;
VsStore *bucket;

typedef struct
{
  GBytes *bytes;
  gchar *etag;
  gchar *metadata;              /* lines of headers */
  gint64 time_s;
} Object;

/* One on its way: parts by number */
typedef struct
{
  gchar *path, *metadata;
  GBytes *parts[16];
} Upload;

typedef struct
{
  FakeS3 *self;
  RawRequest *raw;
  gchar *line;                  /* "PUT /bucket/key?query" */
  gchar *method, *path;
  GHashTable *query;
} Request;

static void
object_free (Object * object)
{
  g_bytes_unref (object->bytes);
  g_free (object->etag);
  g_free (object->metadata);
  g_free (object);
}

static void
upload_free (Upload * upload)
{
  for (guint i = 0; i < G_N_ELEMENTS (upload->parts); i++)
    g_clear_pointer (&upload->parts[i], g_bytes_unref);
  g_free (upload->path);
  g_free (upload->metadata);
  g_free (upload);
}

static void
fault_free (FakeFault * fault)
{
  g_free ((gchar *) fault->answer);
  g_free ((gchar *) fault->filler);
  g_free (fault);
}

/* ---- requests ------------------------------------------------------------ */

static gchar *
get_header (const Request * request, const gchar * name)
{
  g_auto (GStrv) lines = g_strsplit (request->raw->head, "\r\n", -1);
  gsize length = strlen (name);

  for (guint i = 1; lines[i]; i++)
    if (g_ascii_strncasecmp (lines[i], name, length) == 0
        && lines[i][length] == ':')
      return g_strdup (g_strstrip (lines[i] + length + 1));
  return NULL;
}

static gchar *
get_metadata (const Request * request)
{
  g_auto (GStrv) lines = g_strsplit (request->raw->head, "\r\n", -1);
  GString *metadata = g_string_new (NULL);

  for (guint i = 1; lines[i]; i++)
    if (g_ascii_strncasecmp (lines[i], "x-amz-meta-", 11) == 0)
      g_string_append_printf (metadata, "%s\r\n", lines[i]);
  return g_string_free (metadata, FALSE);
}

static void
request_parse (Request * request)
{
  g_auto (GStrv) words = g_strsplit (request->raw->head, " ", 3);
  gchar *query = strchr (words[1], '?');

  request->line = g_strconcat (words[0], " ", words[1], NULL);
  request->method = g_strdup (words[0]);
  request->path = g_uri_unescape_segment (words[1], query, NULL);
  request->query = soup_form_decode (query ? query + 1 : "");
}

static void
request_clear (Request * request)
{
  g_free (request->line);
  g_free (request->method);
  g_free (request->path);
  g_hash_table_unref (request->query);
}

static gint64
now_s (FakeS3 * self)
{
  return g_get_real_time () / G_USEC_PER_SEC + self->offset_s;
}

static gchar *
http_time (gint64 time_s)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_s);

  return soup_date_time_to_string (time, SOUP_DATE_HTTP);
}

/* ---- answers ------------------------------------------------------------- */

gchar *
fake_s3_answer (guint status, const gchar * headers, const gchar * content)
{
  return g_strdup_printf ("HTTP/1.1 %u x\r\n%sContent-Length: %zu\r\n\r\n%s",
      status, headers ? headers : "", strlen (content), content);
}

gchar *
fake_s3_refusal (guint status, const gchar * code, const gchar * elements)
{
  g_autofree gchar *content = g_strdup_printf ("<?xml version=\"1.0\"?>"
      "<Error><Code>%s</Code>%s</Error>", code, elements);

  return fake_s3_answer (status, "Content-Type: application/xml\r\n", content);
}

/* @bytes: (nullable) */
static gboolean
answer (Request * request, guint status, const gchar * headers, GBytes * bytes)
{
  g_autofree gchar *date = http_time (now_s (request->self));
  g_autofree gchar *head =
      g_strdup_printf ("HTTP/1.1 %u x\r\n%s%s%s%sContent-Length: %zu\r\n\r\n",
      status, request->self->without_date ? "" : "Date: ",
      request->self->without_date ? "" : date,
      request->self->without_date ? "" : "\r\n", headers,
      bytes ? g_bytes_get_size (bytes) : 0);
  g_autofree gchar *content = bytes ? g_strndup (g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes)) : g_strdup ("");

  return raw_send (request->raw->fd, head)
      && (strcmp (request->method, "HEAD") == 0
      || raw_send (request->raw->fd, content));
}

static gboolean
refuse (Request * request, guint status, const gchar * code)
{
  g_autofree gchar *text =
      g_strdup_printf ("<Error><Code>%s</Code></Error>", code);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return answer (request, status, "", bytes);
}

static gboolean
answer_text (Request * request, const gchar * text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return answer (request, 200, "", bytes);
}

static gboolean
answer_etag (Request * request, const gchar * etag)
{
  g_autofree gchar *header = g_strdup_printf ("ETag: %s\r\n", etag);

  return answer (request, 200, header, NULL);
}

/* ---- what it does -------------------------------------------------------- */

static gchar *
make_etag (GBytes * bytes, const gchar * suffix)
{
  g_autofree gchar *md5 = g_compute_checksum_for_bytes (G_CHECKSUM_MD5, bytes);

  return g_strdup_printf ("\"%s%s\"", md5, suffix);
}

/* @metadata: (transfer full) */
static Object *
keep (FakeS3 * self, const gchar * path, GBytes * bytes,
    const gchar * etag_suffix, gchar * metadata)
{
  Object *object = g_new0 (Object, 1);

  object->bytes = g_bytes_ref (bytes);
  object->etag = make_etag (bytes, etag_suffix);
  object->metadata = metadata;
  object->time_s = now_s (self);
  g_hash_table_replace (self->objects, g_strdup (path), object);
  return object;
}

static gboolean
condition_holds (Request * request, const Object * object)
{
  g_autofree gchar *none = get_header (request, "If-None-Match");
  g_autofree gchar *match = get_header (request, "If-Match");

  if (request->self->conditions == FAKE_IGNORES)
    return TRUE;
  return (none == NULL || object == NULL)
      && (match == NULL || (object && strcmp (match, object->etag) == 0));
}

static gboolean
is_conditional (Request * request)
{
  g_autofree gchar *none = get_header (request, "If-None-Match");
  g_autofree gchar *match = get_header (request, "If-Match");

  return none || match;
}

static gboolean
put_object (Request * request)
{
  FakeS3 *self = request->self;
  Object *object = g_hash_table_lookup (self->objects, request->path);

  if (is_conditional (request) && self->conditions == FAKE_REFUSES)
    return refuse (request, 501, "NotImplemented");
  if (!condition_holds (request, object))
    return refuse (request, 412, "PreconditionFailed");
  object = keep (self, request->path, request->raw->body, "",
      get_metadata (request));
  return answer_etag (request, object->etag);
}

static gboolean
get_object (Request * request)
{
  Object *object = g_hash_table_lookup (request->self->objects, request->path);
  g_autofree gchar *range = get_header (request, "Range");
  g_autofree gchar *time = object ? http_time (object->time_s) : NULL;
  g_autofree gchar *headers = NULL;
  g_autoptr (GBytes) part = NULL;
  guint first = 0, last = 0;
  gsize size;

  if (object == NULL)
    return refuse (request, 404, "NoSuchKey");
  size = g_bytes_get_size (object->bytes);
  if (range == NULL) {
    headers = g_strdup_printf ("ETag: %s\r\nLast-Modified: %s\r\n%s",
        object->etag, time, object->metadata);
    return answer (request, 200, headers, object->bytes);
  }
  fail_unless (sscanf (range, "bytes=%u-%u", &first, &last) == 2);
  if (first >= size)
    return refuse (request, 416, "InvalidRange");
  last = MIN (last, size - 1);
  part = g_bytes_new_from_bytes (object->bytes, first, last - first + 1);
  headers = g_strdup_printf ("Content-Range: bytes %u-%u/%zu\r\n", first, last,
      size);
  return answer (request, 206, headers, part);
}

static gboolean
begin_upload (Request * request)
{
  FakeS3 *self = request->self;
  Upload *upload = g_new0 (Upload, 1);
  g_autofree gchar *id = g_strdup_printf ("upload-%u", self->n_uploads++);
  g_autofree gchar *text = g_strdup_printf ("<InitiateMultipartUploadResult>"
      "<UploadId>%s</UploadId></InitiateMultipartUploadResult>", id);

  upload->path = g_strdup (request->path);
  upload->metadata = get_metadata (request);
  g_hash_table_replace (self->uploads, g_steal_pointer (&id), upload);
  return answer_text (request, text);
}

/* A page with all of them that begin with the prefix. */
static gboolean
list_uploads (Request * request)
{
  const gchar *prefix = g_hash_table_lookup (request->query, "prefix");
  g_autoptr (GString) text = g_string_new ("<ListMultipartUploadsResult>");
  g_autofree gchar *path = g_strconcat (request->path, prefix, NULL);
  GHashTableIter iter;
  gpointer id, upload;

  g_hash_table_iter_init (&iter, request->self->uploads);
  while (g_hash_table_iter_next (&iter, &id, &upload))
    if (g_str_has_prefix (((Upload *) upload)->path, path))
      g_string_append_printf (text, "<Upload><Key>%s</Key><UploadId>%s"
          "</UploadId></Upload>", ((Upload *) upload)->path
          + strlen (request->path), (gchar *) id);
  g_string_append (text, "</ListMultipartUploadsResult>");
  return answer_text (request, text->str);
}

static gboolean
put_part (Request * request, Upload * upload)
{
  const gchar *number = g_hash_table_lookup (request->query, "partNumber");
  guint n = atoi (number) - 1;
  g_autofree gchar *etag = make_etag (request->raw->body, "");

  fail_unless (n < G_N_ELEMENTS (upload->parts));
  g_clear_pointer (&upload->parts[n], g_bytes_unref);
  upload->parts[n] = g_bytes_ref (request->raw->body);
  return answer_etag (request, etag);
}

static gboolean
complete_upload (Request * request, Upload * upload, const gchar * id)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (upload->parts) && upload->parts[i]; i++)
    g_byte_array_append (all, g_bytes_get_data (upload->parts[i], NULL),
        g_bytes_get_size (upload->parts[i]));
  bytes = g_bytes_new (all->data, all->len);
  keep (request->self, upload->path, bytes, "-2",
      g_steal_pointer (&upload->metadata));
  g_hash_table_remove (request->self->uploads, id);
  return answer_text (request, "<CompleteMultipartUploadResult>"
      "<ETag>x</ETag></CompleteMultipartUploadResult>");
}

static gboolean
do_upload (Request * request, const gchar * id)
{
  Upload *upload = g_hash_table_lookup (request->self->uploads, id);

  if (upload == NULL)
    return refuse (request, 404, "NoSuchUpload");
  if (strcmp (request->method, "PUT") == 0)
    return put_part (request, upload);
  if (strcmp (request->method, "POST") == 0)
    return complete_upload (request, upload, id);
  g_hash_table_remove (request->self->uploads, id);
  return answer (request, 204, "", NULL);
}

static gboolean
act (Request * request)
{
  const gchar *id = g_hash_table_lookup (request->query, "uploadId");

  if (id)
    return do_upload (request, id);
  if (strcmp (request->method, "POST") == 0)
    return begin_upload (request);
  if (g_hash_table_contains (request->query, "uploads"))
    return list_uploads (request);
  if (strcmp (request->method, "PUT") == 0)
    return put_object (request);
  if (strcmp (request->method, "DELETE") == 0) {
    g_hash_table_remove (request->self->objects, request->path);
    return answer (request, 204, "", NULL);
  }
  return get_object (request);
}

/* ---- what it looks at ---------------------------------------------------- */

static gint64
signed_time_s (const Request * request)
{
  g_autofree gchar *text = get_header (request, "X-Amz-Date");
  g_autoptr (GDateTime) time = text ?
      g_date_time_new_from_iso8601 (text, NULL) : NULL;

  return time ? g_date_time_to_unix (time) : 0;
}

/* What a service would refuse; NULL: nothing. */
static const gchar *
find_error (Request * request, guint * status)
{
  g_autofree gchar *hash = get_header (request, "X-Amz-Content-Sha256");
  g_autofree gchar *authorization = get_header (request, "Authorization");
  g_autofree gchar *token = get_header (request, "X-Amz-Security-Token");
  gchar digest[VS_SHA256_HEX_SIZE];

  vs_sha256_hex (g_bytes_get_data (request->raw->body, NULL),
      g_bytes_get_size (request->raw->body), digest);
  *status = 400;
  if (g_strcmp0 (hash, digest) != 0)
    return "XAmzContentSHA256Mismatch";
  if (authorization == NULL || !g_regex_match_simple (AUTHORIZATION,
          authorization, 0, 0))
    return "AuthorizationHeaderMalformed";
  if (request->self->token && g_strcmp0 (token, request->self->token) != 0)
    return "ExpiredToken";
  *status = 403;
  return ABS (signed_time_s (request) - now_s (request->self)) > SKEW_MAX ?
      "RequestTimeTooSkewed" : NULL;
}

static FakeFault *
find_fault (FakeS3 * self, const Request * request)
{
  for (guint i = 0; i < self->faults->len; i++) {
    FakeFault *fault = g_ptr_array_index (self->faults, i);
    g_autofree gchar *pattern = g_strconcat (fault->match, "*", NULL);

    if (fault->times > 0 && g_pattern_match_simple (pattern, request->line)) {
      fault->times--;
      return fault;
    }
  }
  return NULL;
}

static gboolean
send_fault (Request * request, const FakeFault * fault)
{
  g_autofree gchar *number = g_strdup_printf ("%u", request->raw->total);
  g_auto (GStrv) pieces = g_strsplit (fault->answer ? fault->answer : "",
      "@", -1);
  g_autofree gchar *text = g_strjoinv (number, pieces);
  gchar *content = strstr (text, "\r\n\r\n");
  guint sent = 0;

  if (content && strcmp (request->method, "HEAD") == 0)
    content[4] = '\0';
  if (!raw_send (request->raw->fd, text))
    return FALSE;
  for (; sent < fault->n_fillers; sent++) {
    if (!raw_send (request->raw->fd, fault->filler))
      break;
    request->self->n_filled += strlen (fault->filler);
  }
  return fault->answer && !strstr (text, "Connection: close")
      && sent == fault->n_fillers;
}

static gboolean
serve_unlocked (Request * request)
{
  FakeS3 *self = request->self;
  FakeFault *fault = find_fault (self, request);
  guint status;
  const gchar *error = find_error (request, &status);
  gint fd = request->raw->fd;

  g_string_append_printf (self->log, "%s\n", request->line);
  self->n_malformed += g_strcmp0 (error, "XAmzContentSHA256Mismatch") == 0
      || g_strcmp0 (error, "AuthorizationHeaderMalformed") == 0;
  if (fault && fault->act) {
    request->raw->fd = -1;
    act (request);
    request->raw->fd = fd;
  }
  if (fault)
    return send_fault (request, fault);
  return error ? refuse (request, status, error) : act (request);
}

static gboolean
on_request (RawRequest * raw, gpointer user_data)
{
  Request request = {.self = user_data,.raw = raw };
  gboolean more;

  request_parse (&request);
  g_mutex_lock (&request.self->lock);
  more = serve_unlocked (&request);
  g_mutex_unlock (&request.self->lock);
  request_clear (&request);
  return more;
}

/* ---- for the test -------------------------------------------------------- */

FakeS3 *
fake_s3_new (void)
{
  FakeS3 *self = g_new0 (FakeS3, 1);

  g_mutex_init (&self->lock);
  self->log = g_string_new (NULL);
  self->faults = g_ptr_array_new_with_free_func ((GDestroyNotify) fault_free);
  self->objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) object_free);
  self->uploads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) upload_free);
  self->server = raw_server_new (on_request, self);
  self->uri = g_strdup_printf ("http://127.0.0.1:%u", self->server->port);
  return self;
}

void
fake_s3_free (FakeS3 * self)
{
  raw_server_free (self->server);
  g_hash_table_unref (self->uploads);
  g_hash_table_unref (self->objects);
  g_ptr_array_unref (self->faults);
  g_string_free (self->log, TRUE);
  g_mutex_clear (&self->lock);
  g_free (self->token);
  g_free (self->uri);
  g_free (self);
}

void
fake_s3_add_fault (FakeS3 * self, const FakeFault * fault)
{
  FakeFault *copy = g_new (FakeFault, 1);

  *copy = *fault;
  copy->answer = g_strdup (fault->answer);
  copy->filler = g_strdup (fault->filler);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->faults, copy);
  g_mutex_unlock (&self->lock);
}

void
fake_s3_clear_faults (FakeS3 * self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->faults, 0);
  g_mutex_unlock (&self->lock);
}

void
fake_s3_set_token (FakeS3 * self, const gchar * token)
{
  g_mutex_lock (&self->lock);
  g_free (self->token);
  self->token = g_strdup (token);
  g_mutex_unlock (&self->lock);
}

guint
fake_s3_count (FakeS3 * self, const gchar * match)
{
  g_autofree gchar *pattern = g_strconcat (match, "*", NULL);
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_mutex_lock (&self->lock);
  lines = g_strsplit (self->log->str, "\n", -1);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; lines[i] && lines[i][0]; i++)
    n += g_pattern_match_simple (pattern, lines[i]);
  return n;
}

GBytes *
fake_s3_get (FakeS3 * self, const gchar * path)
{
  Object *object;
  GBytes *bytes = NULL;

  g_mutex_lock (&self->lock);
  object = g_hash_table_lookup (self->objects, path);
  if (object)
    bytes = g_bytes_ref (object->bytes);
  g_mutex_unlock (&self->lock);
  return bytes;
}

guint
fake_s3_count_objects (FakeS3 * self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = g_hash_table_size (self->objects);
  g_mutex_unlock (&self->lock);
  return n;
}

void
fake_s3_age (FakeS3 * self, const gchar * path, gint64 age_s)
{
  Object *object;

  g_mutex_lock (&self->lock);
  object = g_hash_table_lookup (self->objects, path);
  fail_unless (object != NULL);
  object->time_s -= age_s;
  g_mutex_unlock (&self->lock);
}

VsStore *
fake_s3_open (const gchar * access_key_id, const gchar * secret,
    const gchar * token)
{
  VsStoreSettings settings = {
    .location = "s3://bucket/pre",
    .endpoint_uri = fake->uri,
    .access_key_id = access_key_id,
    .secret_access_key = secret,
    .session_token = token,
  };
  g_autoptr (GError) error = NULL;
  VsStore *store = vs_store_open_with (&settings, &error);

  fail_unless (store != NULL, "%s", error ? error->message : "");
  return store;
}

void
fake_s3_setup (void)
{
  fake = fake_s3_new ();
  bucket = fake_s3_open ("AKTEST", "secret-of-the-test", NULL);
}

void
fake_s3_teardown (void)
{
  vs_store_unref (bucket);
  fail_unless_equals_int (fake->n_malformed, 0);
  fake_s3_free (fake);
}

gboolean
fake_s3_put (VsStore * store, const gchar * key, const gchar * text,
    GError ** error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return vs_store_put (store, key, &bytes, 1, NULL, error);
}

void
fake_s3_fail (const gchar * match, guint times, gboolean act,
    const gchar * answer)
{
  FakeFault fault = {
    .match = match,.times = times,.act = act,.answer = answer
  };

  fake_s3_add_fault (fake, &fault);
}
