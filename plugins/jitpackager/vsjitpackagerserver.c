/* VisionStream: what vsjitpackager serves, over HTTP
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The handler runs in an HTTP worker's thread: it takes the base path off,
 * answers what is in memory, and hands the rest to the origin, which calls
 * back when it has the answer, from whatever thread. Where URLs have to be
 * signed a gate stands in between.
 */
#include "config.h"
#include "jitpackager/vsjitpackagerserver.h"

#include <string.h>

#include "jitpackager/vsjitpackagerapi.h"
#include "jitpackager/vsjitpackagerheaders.h"
#include "origin/vsstaticfiles.h"

#define OUT_PATH "/out/v1/"
#define EVENTS_PATH "/api/events"
/* a secret that a CDN and the origin share, as MediaPackage has it */
#define CDN_IDENTIFIER "X-MediaPackage-CDNIdentifier"
/* ms that answers have to finish when the server stops */
#define DRAIN_MS 1000

/* The page loads nothing from elsewhere; players make their media from blobs
 * and decode in workers. */
#define PAGE_POLICY "default-src 'none'; script-src 'self'; " \
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " \
    "connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; " \
    "manifest-src 'self'; font-src 'self'; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'self'"

struct _VsJitPackagerServer
{
  VsHttpServer *http;
  VsOrigin *origin;
  VsStaticFiles *files;
  VsSignAccounts *accounts;     /* or NULL */
  VsJitPackagerGate *gate;      /* or NULL */
  VsJitPackagerApi *api;
  gchar *base_path;
  VsHttpCertificate *certificate;
  VsHttpCertificateChanged certificate_changed;
  gpointer user_data;
};

static void
read_file (gpointer data, guint64 offset, gsize size,
    GCancellable * cancellable, VsHttpSourceDone done, gpointer user_data)
{
  vs_origin_file_read (data, offset, size, cancellable, done, user_data);
}

static void
free_file (gpointer data)
{
  vs_origin_file_unref (data);
}

/* (transfer full) */
static VsHttpSource *
new_source (VsOriginFile * file)
{
  return vs_http_source_new (vs_origin_file_get_size (file), read_file,
      vs_origin_file_ref (file), free_file);
}

/* @pass: (nullable) */
static void
respond_to (VsHttpRequest * request, VsJitPackagerPass * pass,
    VsOriginResponse * response)
{
  g_auto (GStrv) headers = vs_jit_packager_headers_new (response);
  g_autoptr (VsHttpSource) source = response->file ?
      new_source (response->file) : NULL;
  VsHttpAnswer answer = {
    .status = response->status,
    .body = response->body,
    .source = source,
    .content_type = response->content_type,
    .content_encoding = response->content_encoding,
    .etag = response->etag,
    .cache_control = response->cache_control,
    .retry_after = response->retry_after,
    .ranges = response->content_encoding == NULL,
    .account = response->account,
    .event = response->event,
    .breakout = response->breakout,
    .endpoint = response->endpoint,
    .reason = response->reason,
  };

  if (pass)
    vs_jit_packager_pass_sign (pass, response, &answer, &headers);
  answer.headers = (const gchar * const *) headers;
  vs_http_request_respond (request, &answer);
}

static void
respond (VsOriginResponse * response, gpointer user_data)
{
  respond_to (user_data, NULL, response);
}

/* A request that went through the gate. */
typedef struct
{
  VsHttpRequest *request;
  VsJitPackagerPass *pass;
} Passed;

static void
respond_passed (VsOriginResponse * response, gpointer user_data)
{
  Passed *passed = user_data;

  respond_to (passed->request, passed->pass, response);
  vs_jit_packager_pass_free (passed->pass);
  g_free (passed);
}

/* One and the same, whatever it was. Nobody keeps it for somebody else: who
 * asks without a signature would shut out those who have one. */
static void
respond_forbidden (VsHttpRequest * request, const gchar * account,
    const gchar * reason)
{
  static const gchar text[] = "Forbidden\n";
  g_autoptr (GBytes) body = g_bytes_new_static (text, sizeof text - 1);
  VsHttpAnswer answer = {
    .status = 403,
    .body = body,
    .content_type = "text/plain; charset=utf-8",
    .cache_control = "private, max-age=1",
    .account = account,
    .reason = reason,
  };

  vs_http_request_respond (request, &answer);
}

static void
respond_not_found (VsHttpRequest * request)
{
  static const gchar text[] = "Not Found\n";
  g_autoptr (GBytes) body = g_bytes_new_static (text, sizeof text - 1);
  VsHttpAnswer answer = {
    .status = 404,
    .body = body,
    .content_type = "text/plain; charset=utf-8",
    .cache_control = "max-age=1",
  };

  vs_http_request_respond (request, &answer);
}

static void
respond_time (VsHttpRequest * request)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *seconds = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  gchar *text = g_strdup_printf ("%s.%03dZ", seconds,
      g_date_time_get_microsecond (now) / 1000);
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
  VsHttpAnswer answer = {
    .status = 200,
    .body = body,
    .content_type = "text/plain; charset=utf-8",
    .cache_control = "no-store",
  };

  vs_http_request_respond (request, &answer);
}

static void
respond_file (VsJitPackagerServer * server, VsHttpRequest * request,
    const gchar * path)
{
  static const gchar *const headers[] = {
    "Content-Security-Policy", PAGE_POLICY,
    "Referrer-Policy", "no-referrer", NULL
  };
  const gchar *content_type;
  VsObject *object = vs_static_files_get (server->files, path, &content_type);
  gboolean gzip;
  VsHttpAnswer answer = { 0 };

  if (object == NULL) {
    respond_not_found (request);
    return;
  }
  gzip = object->gzip && vs_http_request_accepts_gzip (request);
  answer.status = 200;
  answer.body = gzip ? object->gzip : object->body;
  answer.content_type = content_type;
  answer.content_encoding = gzip ? "gzip" : NULL;
  answer.etag = gzip ? object->gzip_etag : object->etag;
  /* kept, but asked for again: the names do not change with the bytes */
  answer.cache_control = "no-cache";
  answer.headers = headers;
  vs_http_request_respond (request, &answer);
}

static void
ask_origin (VsJitPackagerServer * server, VsHttpRequest * request,
    const gchar * path)
{
  g_autoptr (VsJitPackagerPass) pass = server->gate ?
      vs_jit_packager_gate_check (server->gate, request, path) : NULL;
  VsOriginRequest what = {
    .path = path,
    .query = pass ? pass->query : vs_http_request_get_query (request),
    .accept_gzip = vs_http_request_accepts_gzip (request)
        && !(pass && vs_jit_packager_pass_wants_plain (pass)),
    .client = vs_http_request_get_client_ip (request),
    .cdn_identifier = vs_http_request_get_header (request, CDN_IDENTIFIER),
  };
  Passed *passed;

  if (pass == NULL) {
    vs_origin_request (server->origin, &what, respond, request);
  } else if (pass->reason) {
    respond_forbidden (request, pass->account, pass->reason);
  } else {
    passed = g_new (Passed, 1);
    passed->request = request;
    passed->pass = g_steal_pointer (&pass);
    vs_origin_request (server->origin, &what, respond_passed, passed);
  }
}

static void
handle (VsHttpRequest * request, gpointer user_data)
{
  VsJitPackagerServer *server = user_data;
  const gchar *path = vs_http_request_get_path (request);
  gsize base_length = strlen (server->base_path);

  if (strncmp (path, server->base_path, base_length) != 0
      || path[base_length] != '/') {
    respond_not_found (request);
    return;
  }
  path += base_length;
  if (g_str_has_prefix (path, OUT_PATH)) {
    ask_origin (server, request, path);
  } else if (g_str_equal (path, EVENTS_PATH)) {
    /* it tells of all accounts */
    if (server->gate)
      respond_forbidden (request, NULL, "signed-urls");
    else
      vs_origin_list (server->origin, respond, request);
  } else if (g_str_equal (path, VS_ORIGIN_TIME_PATH)) {
    respond_time (request);
  } else if (!vs_jit_packager_api_handle (server->api, request, path)) {
    respond_file (server, request, path);
  }
}

static void
on_certificate (GTlsCertificate * tls, const GError * error, gpointer user_data)
{
  VsJitPackagerServer *server = user_data;

  if (tls)
    vs_http_server_set_certificate (server->http, tls);
  server->certificate_changed (tls, error, server->user_data);
}

VsJitPackagerServer *
vs_jit_packager_server_new (VsOrigin * origin,
    const VsJitPackagerServerSettings * settings, GError ** error)
{
  VsJitPackagerServer *server = g_new0 (VsJitPackagerServer, 1);
  VsHttpSettings http = settings->http;
  g_autofree gchar *sign_path =
      g_strconcat (settings->base_path, VS_JIT_PACKAGER_SIGN_PATH, NULL);
  const gchar *posts[] = { sign_path, NULL };

  server->origin = vs_origin_ref (origin);
  server->base_path = g_strdup (settings->base_path);
  server->accounts = settings->accounts;
  server->gate = settings->gate;
  server->api = vs_jit_packager_api_new (origin, server->accounts,
      settings->account, server->base_path);
  if (server->accounts)
    http.posts = posts;
  server->files = vs_static_files_new (settings->player_folder);
  server->certificate = settings->certificate;
  server->certificate_changed = settings->certificate_changed;
  server->user_data = settings->user_data;
  if (server->certificate)
    http.certificate = vs_http_certificate_get (server->certificate);
  server->http = vs_http_server_new (&http, handle, server, error);
  if (server->http == NULL)
    g_clear_pointer (&server, vs_jit_packager_server_free);
  else if (server->certificate)
    vs_http_certificate_watch (server->certificate, on_certificate, server);
  return server;
}

void
vs_jit_packager_server_free (VsJitPackagerServer * server)
{
  /* ahead of what its watch calls */
  g_clear_pointer (&server->certificate, vs_http_certificate_free);
  if (server->http)
    vs_http_server_free (server->http, DRAIN_MS);
  vs_static_files_free (server->files);
  g_clear_pointer (&server->gate, vs_jit_packager_gate_free);
  g_clear_pointer (&server->accounts, vs_sign_accounts_free);
  /* behind those whose passwords were being checked */
  vs_jit_packager_api_free (server->api);
  vs_origin_unref (server->origin);
  g_free (server->base_path);
  g_free (server);
}

guint16
vs_jit_packager_server_get_port (VsJitPackagerServer * server)
{
  return vs_http_server_get_port (server->http);
}

void
vs_jit_packager_server_get_stats (VsJitPackagerServer * server,
    VsHttpStats * stats)
{
  vs_http_server_get_stats (server->http, stats);
}
