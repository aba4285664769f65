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
#include "store/vssigv4.h"
#include "store/vsxmlwalk.h"

#define DEFAULT_REGION "us-east-1"
#define USER_AGENT "VisionStream"

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
  gint64 offset;                /* s: the service's time less ours */
};

/* What a service says of a request that it refuses. */
typedef struct
{
  gchar *code, *message;
} Refusal;

static void
refusal_clear (Refusal * refusal)
{
  g_clear_pointer (&refusal->code, g_free);
  g_clear_pointer (&refusal->message, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Refusal, refusal_clear);

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
  gint64 offset;

  g_mutex_lock (&self->lock);
  offset = self->offset;
  g_mutex_unlock (&self->lock);
  return g_get_real_time () + offset * G_USEC_PER_SEC;
}

static gint64
signing_time (VsS3Client * self)
{
  gint64 skew;

  g_mutex_lock (&self->lock);
  skew = self->skew;
  g_mutex_unlock (&self->lock);
  return g_get_real_time () / G_USEC_PER_SEC + skew;
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
    const gchar * hash, GCancellable * cancellable, VsHttpReply * reply,
    GError ** error)
{
  g_autofree gchar *path = g_strconcat (self->path, call->key, NULL);
  g_autoptr (GPtrArray) to_sign = headers_to_sign (self, call);
  g_autoptr (GPtrArray) headers = g_ptr_array_new ();
  VsSigV4Scope scope = {
    keys->access_key_id, keys->secret_access_key, keys->session_token,
    self->region, "s3", signing_time (self)
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
    .max_answer = call->max_answer,
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

/* ---- what a refusal means ----------------------------------------------- */

static void
on_error_element (const gchar * path, const gchar * text, gpointer user_data)
{
  Refusal *refusal = user_data;

  if (strcmp (path, "Error/Code") == 0 && refusal->code == NULL)
    refusal->code = g_strndup (text, 64);
  else if (strcmp (path, "Error/Message") == 0 && refusal->message == NULL)
    refusal->message = g_strndup (text, 200);
}

static void
read_refusal (const VsHttpReply * reply, Refusal * refusal)
{
  if (!vs_xml_walk (reply->body, on_error_element, refusal, NULL)
      || refusal->code == NULL) {
    refusal_clear (refusal);
    refusal->code = g_strdup_printf ("HTTP status %u", reply->status);
  }
  /* a server's text is shown to people */
  g_strcanon (refusal->code, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS " ", '?');
  for (gchar * c = refusal->message; c && *c; c++)
    if (g_ascii_iscntrl (*c) || (guchar) * c > 126)
      *c = '?';
}

static gboolean
has_code (const Refusal * refusal, const gchar * code)
{
  return strcmp (refusal->code, code) == 0;
}

static const struct
{
  const gchar *code;
  gint error;
  const gchar *remedy;
} refusals[] = {
  {"NoSuchBucket", G_IO_ERROR_NOT_FOUND,
      "there is no such bucket: make it, or correct location"},
  {"NoSuchKey", G_IO_ERROR_NOT_FOUND, NULL},
  {"NoSuchUpload", G_IO_ERROR_NOT_FOUND, NULL},
  {"SignatureDoesNotMatch", G_IO_ERROR_PERMISSION_DENIED,
      "the secret access key is not this access key's"},
  {"InvalidAccessKeyId", G_IO_ERROR_PERMISSION_DENIED,
      "the service does not know this access key"},
  {"ExpiredToken", G_IO_ERROR_PERMISSION_DENIED,
      "the credentials have expired: renew them where they come from"},
  {"AccessDenied", G_IO_ERROR_PERMISSION_DENIED,
      "the credentials may not do that: look at the bucket's policy"},
  {"RequestTimeTooSkewed", G_IO_ERROR_PERMISSION_DENIED,
      "this machine's clock is wrong: set it"},
  {"PreconditionFailed", G_IO_ERROR_EXISTS, NULL},
  {"SlowDown", G_IO_ERROR_BUSY, NULL},
};

static gint
code_from_status (guint status)
{
  switch (status) {
    case 404:
      return G_IO_ERROR_NOT_FOUND;
    case 401:
    case 403:
      return G_IO_ERROR_PERMISSION_DENIED;
    case 412:
      return G_IO_ERROR_EXISTS;
    case 429:
    case 503:
      return G_IO_ERROR_BUSY;
    default:
      return G_IO_ERROR_FAILED;
  }
}

/* The region is said where it is another one's bucket. */
static gchar *
dup_remedy (const VsHttpReply * reply, const gchar * known)
{
  const gchar *region = soup_message_headers_get_one (reply->headers,
      "x-amz-bucket-region");

  if (known)
    return g_strdup (known);
  if (reply->status / 100 != 3)
    return NULL;
  if (region && strlen (region) < 64
      && strspn (region, G_CSET_a_2_z G_CSET_DIGITS "-") == strlen (region))
    return g_strdup_printf ("the bucket is in region %s: set region", region);
  return g_strdup ("the bucket is elsewhere: set region or endpoint-uri");
}

static void
set_refusal (VsS3Client * self, const VsS3Call * call,
    const VsHttpReply * reply, const Refusal * refusal, GError ** error)
{
  gint code = code_from_status (reply->status);
  const gchar *known = NULL;
  g_autofree gchar *remedy = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (has_code (refusal, refusals[i].code)) {
      code = refusals[i].error;
      known = refusals[i].remedy;
    }
  }
  remedy = dup_remedy (reply, known);
  g_set_error (error, G_IO_ERROR, code, "s3://%s/%s: %s%s%s%s%s",
      self->bucket, call->key, refusal->code,
      refusal->message && *refusal->message ? ": " : "",
      refusal->message ? refusal->message : "", remedy ? "; " : "",
      remedy ? remedy : "");
}

/* Learns the time, and from a refusal, what is to be signed. TRUE: the same
 * request may succeed now. */
static gboolean
learn_time (VsS3Client * self, const VsHttpReply * reply)
{
  gint64 date = vs_http_reply_get_date (reply);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gboolean learned = FALSE;

  if (date < 0)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->offset = date - now;
  if (reply->status == 403 && ABS (self->offset - self->skew) >= SKEW_MIN) {
    self->skew = self->offset;
    learned = TRUE;
  }
  g_mutex_unlock (&self->lock);
  return learned;
}

static gboolean
are_keys_refused (const Refusal * refusal)
{
  return has_code (refusal, "ExpiredToken")
      || has_code (refusal, "InvalidAccessKeyId")
      || has_code (refusal, "InvalidToken")
      || has_code (refusal, "TokenRefreshRequired");
}

/* ---- many tries --------------------------------------------------------- */

/* A call under way. */
typedef struct
{
  VsS3Client *client;
  const VsS3Call *call;
  const gchar *hash;
} Sending;

static gboolean
is_answer (guint status)
{
  return status / 100 == 2 || status == 304 || status == 416;
}

static VsHttpVerdict
judge (VsS3Client * self, const VsS3Call * call, const VsS3Keys * keys,
    const VsHttpReply * reply, GError ** error)
{
  g_auto (Refusal) refusal = { NULL, };
  gboolean learned = learn_time (self, reply);

  if (is_answer (reply->status))
    return VS_HTTP_DONE;
  read_refusal (reply, &refusal);
  set_refusal (self, call, reply, &refusal, error);
  if (learned)
    return VS_HTTP_AT_ONCE;
  if (are_keys_refused (&refusal)) {
    vs_s3_credentials_invalidate (self->credentials, keys);
    return VS_HTTP_AT_ONCE;
  }
  return vs_http_status_is_retryable (reply->status) ? VS_HTTP_LATER :
      VS_HTTP_REFUSED;
}

static VsHttpVerdict
try_once (gpointer data, VsHttpReply * reply, GCancellable * cancellable,
    GError ** error)
{
  const Sending *sending = data;
  VsS3Client *self = sending->client;
  g_autoptr (VsS3Keys) keys =
      vs_s3_credentials_get (self->credentials, NULL, cancellable, error);
  g_autoptr (GError) cause = NULL;
  VsHttpVerdict verdict;

  if (keys == NULL)
    return VS_HTTP_REFUSED;
  if (send_signed (self, sending->call, keys, sending->hash, cancellable,
          reply, &cause))
    return judge (self, sending->call, keys, reply, error);
  verdict = vs_http_judge_error (cause);
  g_propagate_error (error, g_steal_pointer (&cause));
  return verdict;
}

gboolean
vs_s3_client_send (VsS3Client * self, const VsS3Call * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  gchar hash[VS_SHA256_HEX_SIZE];
  Sending sending = { self, call, hash };

  hash_body (call, hash);
  return vs_http_retry (try_once, &sending, reply, cancellable, error);
}
