/* VisionStream: requests to an S3 service
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request is signed anew for each try, with the keys and the time of then.
 * One lock, over the clock's offset and the day's signing key.
 */
#include "store/vss3client.h"

#include <openssl/crypto.h>
#include <string.h>

#include "store/vshttpretry.h"
#include "store/vss3credentials.h"
#include "store/vss3refusal.h"
#include "store/vssigv4.h"
#include "store/vsstoreclass.h"

#define DEFAULT_REGION "us-east-1"
#define USER_AGENT "VisionStream"

/* Tries of one call after something was learned: the time, and newer keys. */
#define LESSONS 2

/* A refusal's text comes whatever answer the caller has room for. */
#define REFUSAL_MAX (64 * 1024)

/* A refusal with the server's time that far from ours is due to the clock:
 * S3 takes 15 minutes. */
#define SKEW_MIN 60

struct _VsS3Client
{
  VsHttpClient *http;
  VsS3Credentials *credentials;
  gchar *bucket, *region;
  gchar *scheme_host;           /* "https://host:port" */
  gchar *host;                  /* as the Host header has it */
  gchar *path;                  /* ahead of keys: "/" or "/bucket/" */

  GMutex lock;
  /* protected by lock */
  gint64 skew;                  /* s: what signatures add to our time */
  gint64 offset;                /* s: the service's time less ours, */
  gboolean has_offset;          /* once it told it */
};

/* ---- where it is -------------------------------------------------------- */

static gboolean
is_bucket_name (const gchar * bucket)
{
  gsize length = strlen (bucket);

  return length >= 3 && length <= 63
      && strspn (bucket, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._") ==
      length && g_ascii_isalnum (bucket[0]) && !strstr (bucket, "..");
}

/* The bucket goes into the host's name where that can be. */
static gboolean
is_in_path (const gchar * bucket, const gchar * host, gboolean force)
{
  return force || strpbrk (bucket, "._") || g_hostname_is_ip_address (host)
      || strcmp (host, "localhost") == 0;
}

static gboolean
set_address (VsS3Client * self, const VsStoreSettings * settings,
    GError ** error)
{
  g_autofree gchar *standard = g_strdup_printf ("https://s3.%s.amazonaws.com",
      self->region);
  const gchar *text =
      settings->endpoint_uri ? settings->endpoint_uri : standard;
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, error);
  const gchar *scheme = uri ? g_uri_get_scheme (uri) : "";
  gboolean in_path;

  if (uri == NULL)
    return FALSE;
  if ((strcmp (scheme, "https") != 0 && strcmp (scheme, "http") != 0)
      || !g_uri_get_host (uri) || !*g_uri_get_host (uri)
      || g_uri_get_userinfo (uri) || g_uri_get_query (uri)
      || strlen (g_uri_get_path (uri)) > 1) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "endpoint-uri is to be https://host or http://host:port, nothing else");
    return FALSE;
  }
  in_path = is_in_path (self->bucket, g_uri_get_host (uri),
      settings->force_path_style);
  self->host = g_strdup_printf (strchr (g_uri_get_host (uri), ':') ?
      "%s%s[%s]" : "%s%s%s", in_path ? "" : self->bucket, in_path ? "" : ".",
      g_uri_get_host (uri));
  if (g_uri_get_port (uri) > 0
      && g_uri_get_port (uri) != (strcmp (scheme, "https") == 0 ? 443 : 80)) {
    g_autofree gchar *name = self->host;

    self->host = g_strdup_printf ("%s:%d", name, g_uri_get_port (uri));
  }
  self->scheme_host = g_strconcat (scheme, "://", self->host, NULL);
  self->path = in_path ? g_strconcat ("/", self->bucket, "/", NULL)
      : g_strdup ("/");
  return TRUE;
}

VsS3Client *
vs_s3_client_new (const gchar * bucket, const VsStoreSettings * settings,
    GError ** error)
{
  VsS3CredentialsSettings keys = {
    .access_key_id = settings->access_key_id,
    .secret_access_key = settings->secret_access_key,
    .session_token = settings->session_token,
  };
  VsHttpClientSettings http = {
    .user_agent = USER_AGENT,
    .ca_file = settings->ca_file,
  };
  VsS3Client *self;

  if (!is_bucket_name (bucket)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_FILENAME,
        "s3://%s: that can't be a bucket's name", bucket);
    return NULL;
  }
  self = g_new0 (VsS3Client, 1);
  g_mutex_init (&self->lock);
  self->bucket = g_strdup (bucket);
  self->credentials = vs_s3_credentials_new (&keys, error);
  self->http = self->credentials ? vs_http_client_new (&http, error) : NULL;
  if (self->http) {
    self->region = g_strdup (settings->region);
    if (self->region == NULL)
      self->region = vs_s3_credentials_dup_region (self->credentials);
    if (self->region == NULL)
      self->region = g_strdup (DEFAULT_REGION);
  }
  if (self->http == NULL || !set_address (self, settings, error)) {
    vs_s3_client_free (self);
    return NULL;
  }
  return self;
}

void
vs_s3_client_free (VsS3Client * self)
{
  g_clear_pointer (&self->http, vs_http_client_unref);
  g_clear_pointer (&self->credentials, vs_s3_credentials_unref);
  g_free (self->bucket);
  g_free (self->region);
  g_free (self->scheme_host);
  g_free (self->host);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gint64
vs_s3_client_get_time (VsS3Client * self)
{
  gint64 time = -1;

  g_mutex_lock (&self->lock);
  if (self->has_offset)
    time = g_get_real_time () + self->offset * G_USEC_PER_SEC;
  g_mutex_unlock (&self->lock);
  return time;
}

static gint64
get_skew (VsS3Client * self)
{
  gint64 skew;

  g_mutex_lock (&self->lock);
  skew = self->skew;
  g_mutex_unlock (&self->lock);
  return skew;
}

/* ---- one try ------------------------------------------------------------ */

static void
hash_body (const VsS3Call * call, gchar hex[VS_SHA256_HEX_SIZE])
{
  g_auto (VsSha256) sha256 = { NULL };

  if (call->sha256) {
    vs_sha256_to_hex (call->sha256, VS_SHA256_SIZE, hex);
    return;
  }
  vs_sha256_init (&sha256);
  for (guint i = 0; call->body && i < call->body->n_parts; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (call->body->parts[i], &size);

    vs_sha256_update (&sha256, data, size);
  }
  vs_sha256_finish_hex (&sha256, hex);
}

static void
add_pair (GPtrArray * headers, const gchar * name, const gchar * value)
{
  g_ptr_array_add (headers, (gpointer) name);
  g_ptr_array_add (headers, (gpointer) value);
}

/* Host and the caller's own headers, which are all that is signed beside what
 * the signer adds. */
static GPtrArray *
headers_to_sign (VsS3Client * self, const VsS3Call * call)
{
  GPtrArray *headers = g_ptr_array_new ();

  add_pair (headers, "host", self->host);
  for (guint i = 0; call->headers && call->headers[i]; i++)
    g_ptr_array_add (headers, (gpointer) call->headers[i]);
  g_ptr_array_add (headers, NULL);
  return headers;
}

static gboolean
send_signed (VsS3Client * self, const VsS3Call * call, const VsS3Keys * keys,
    gint64 skew, const gchar * hash, GCancellable * cancellable,
    VsHttpReply * reply, GError ** error)
{
  g_autofree gchar *path = g_strconcat (self->path, call->key, NULL);
  g_autoptr (GPtrArray) to_sign = headers_to_sign (self, call);
  g_autoptr (GPtrArray) headers = g_ptr_array_new ();
  VsSigV4Scope scope = {
    keys->access_key_id, keys->secret_access_key, keys->session_token,
    self->region, "s3", g_get_real_time () / G_USEC_PER_SEC + skew
  };
  VsSigV4Request request = {
    call->method, path, call->query,
    (const gchar * const *) to_sign->pdata, hash, VS_SIGV4_S3
  };
  g_autoptr (VsSigV4Signed) result = vs_sigv4_sign (&scope, NULL, &request);
  g_autofree gchar *uri = g_strconcat (self->scheme_host, result->path,
      result->query[0] ? "?" : "", result->query, NULL);
  VsHttpCall http = {
    .method = call->method,.uri = uri,.body = call->body,
    .max_answer = MAX (call->max_answer, REFUSAL_MAX),
    .deadline_us = vs_http_get_deadline (call->body, call->max_answer)
  };

  for (guint i = 0; call->headers && call->headers[i]; i++)
    g_ptr_array_add (headers, (gpointer) call->headers[i]);
  add_pair (headers, "x-amz-date", result->date);
  add_pair (headers, "x-amz-content-sha256", hash);
  if (keys->session_token)
    add_pair (headers, "x-amz-security-token", keys->session_token);
  add_pair (headers, "authorization", result->authorization);
  g_ptr_array_add (headers, NULL);
  http.headers = (const gchar * const *) headers->pdata;
  return vs_http_client_send (self->http, &http, cancellable, reply, error);
}

/* ---- what came back ------------------------------------------------------ */

/* Learns the time, and from a refusal, what is to be signed. TRUE: the same
 * request, which was signed with @skew, may succeed now. */
static gboolean
learn_time (VsS3Client * self, const VsHttpReply * reply, gint64 skew)
{
  gint64 date = vs_http_reply_get_date (reply);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean learned;

  if (date < 0)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->offset = date - now;
  self->has_offset = TRUE;
  learned = reply->status == 403 && ABS (self->offset - skew) >= SKEW_MIN;
  if (learned)
    self->skew = self->offset;
  g_mutex_unlock (&self->lock);
  return learned;
}

/* ---- many tries --------------------------------------------------------- */

/* A call under way. */
typedef struct
{
  VsS3Client *client;
  const VsS3Call *call;
  const gchar *hash;
  guint lessons;                /* that it has taken */
} Sending;

/* 416: there is nothing in that range */
static gboolean
is_answer (const VsS3Call * call, guint status)
{
  return status / 100 == 2
      || (status == 416 && strcmp (call->method, "GET") == 0);
}

/* Whether the answer is as large as the caller can take: what may be larger is
 * only an error's text. */
static gboolean
check_size (VsS3Client * self, const VsS3Call * call,
    const VsHttpReply * reply, GError ** error)
{
  if (g_bytes_get_size (reply->body) <= call->max_answer)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
      "s3://%s/%s: the answer has more than %" G_GSIZE_FORMAT " bytes",
      self->bucket, call->key, call->max_answer);
  return FALSE;
}

/* @refusal: (out) */
static gboolean
is_refused (const VsS3Call * call, const VsHttpReply * reply,
    VsS3Refusal * refusal)
{
  if (!is_answer (call, reply->status)) {
    vs_s3_refusal_read (refusal, reply);
    return TRUE;
  }
  return strcmp (call->method, "POST") == 0
      && vs_s3_refusal_read_late (refusal, reply);
}

static VsHttpVerdict
judge (VsS3Client * self, const VsS3Call * call, const VsS3Keys * keys,
    gint64 skew, const VsHttpReply * reply, GError ** error)
{
  g_auto (VsS3Refusal) refusal = { 0, };
  g_autofree gchar *object = NULL;
  gboolean learned = learn_time (self, reply, skew);

  if (!is_refused (call, reply, &refusal))
    return reply->status == 416 || check_size (self, call, reply, error) ?
        VS_HTTP_DONE : VS_HTTP_REFUSED;
  object = g_strconcat ("s3://", self->bucket, "/", call->key, NULL);
  vs_s3_refusal_set_error (&refusal, object, self->region, error);
  if (learned)
    return VS_HTTP_AT_ONCE;
  if (vs_s3_refusal_is_of_keys (&refusal)) {
    vs_s3_credentials_invalidate (self->credentials, keys);
    return VS_HTTP_AT_ONCE;
  }
  return vs_s3_refusal_is_passing (&refusal) ? VS_HTTP_LATER : VS_HTTP_REFUSED;
}

static VsHttpVerdict
try_once (gpointer data, VsHttpReply * reply, GCancellable * cancellable,
    GError ** error)
{
  Sending *sending = data;
  VsS3Client *self = sending->client;
  g_autoptr (VsS3Keys) keys =
      vs_s3_credentials_get (self->credentials, NULL, cancellable, error);
  g_autoptr (GError) cause = NULL;
  gint64 skew = get_skew (self);
  VsHttpVerdict verdict;

  if (sending->call->status)
    *sending->call->status = 0;
  if (keys == NULL)
    return VS_HTTP_REFUSED;
  if (send_signed (self, sending->call, keys, skew, sending->hash, cancellable,
          reply, &cause)) {
    if (sending->call->status)
      *sending->call->status = reply->status;
    verdict = judge (self, sending->call, keys, skew, reply, error);
    return verdict == VS_HTTP_AT_ONCE && ++sending->lessons > LESSONS ?
        VS_HTTP_REFUSED : verdict;
  }
  verdict = vs_http_judge_error (cause);
  g_propagate_prefixed_error (error, g_steal_pointer (&cause), "s3://%s/%s: ",
      self->bucket, sending->call->key);
  return verdict;
}

gboolean
vs_s3_client_send (VsS3Client * self, const VsS3Call * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  gchar hash[VS_SHA256_HEX_SIZE];
  Sending sending = { self, call, hash, 0 };

  hash_body (call, hash);
  return vs_http_retry (try_once, &sending, reply, cancellable, error);
}
