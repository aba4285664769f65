/* VisionStream: who may have what vsjitpackager serves, by signatures
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/vsjitpackagergate.h"

#include <string.h>

#include "origin/vsroute.h"
#include "sign/vssignchildren.h"

/* hexadecimal digits of a query's hash in an ETag */
#define ETAG_DIGITS 16
/* long manifests whose places are kept, and the bytes that make one long */
#define N_KEPT 8
#define LONG_SIZE (64 * 1024)

/* Where the queries go in a manifest, found once for all that ask for it. */
typedef struct
{
  GBytes *body;
  gchar *folder;
  VsSignChildren *children;
} Places;

/* Reference counted: each pass has one. */
struct _VsJitPackagerGate
{
  VsSignAccounts *accounts;
  VsUrlVerifier *verifier;
  gchar *account, *base_path;
  VsSignedChildren children;

  GMutex lock;
  /* protected by lock */
  Places kept[N_KEPT];
  guint next;                   /* to be replaced */
};

VsJitPackagerGate *
vs_jit_packager_gate_new (const VsJitPackagerGateSettings * settings)
{
  VsJitPackagerGate *gate = g_atomic_rc_box_new0 (VsJitPackagerGate);
  VsUrlVerifierSettings verifier = {
    .skew = settings->skew,
    .allow_any_resource = settings->any_resource,
  };

  gate->accounts = settings->accounts;
  gate->verifier = vs_url_verifier_new (&verifier);
  gate->account = g_strdup (settings->account);
  gate->base_path = g_strdup (settings->base_path);
  gate->children = settings->children;
  g_mutex_init (&gate->lock);
  return gate;
}

static void
places_clear (Places * places)
{
  g_clear_pointer (&places->body, g_bytes_unref);
  g_clear_pointer (&places->folder, g_free);
  g_clear_pointer (&places->children, vs_sign_children_unref);
}

static void
gate_clear (gpointer data)
{
  VsJitPackagerGate *gate = data;

  for (guint i = 0; i < N_KEPT; i++)
    places_clear (&gate->kept[i]);
  g_mutex_clear (&gate->lock);
  vs_url_verifier_free (gate->verifier);
  g_free (gate->account);
  g_free (gate->base_path);
}

void
vs_jit_packager_gate_free (VsJitPackagerGate * gate)
{
  g_atomic_rc_box_release_full (gate, gate_clear);
}

void
vs_jit_packager_pass_free (VsJitPackagerPass * pass)
{
  vs_sign_grant_clear (&pass->grant);
  vs_jit_packager_gate_free (pass->gate);
  g_clear_pointer (&pass->source, vs_http_source_unref);
  g_free (pass->account);
  g_free (pass->query);
  g_free (pass->folder);
  g_free (pass->etag);
  g_free (pass->cache_control);
  g_free (pass);
}

/* (transfer full) (nullable): of whoever the path belongs to. What is no path
 * of ours belongs to nobody. */
static VsKeyGroup *
find_group (VsJitPackagerGate * gate, const gchar * path,
    VsJitPackagerPass * pass)
{
  VsRoute route;

  if (!vs_route_parse (path, &route))
    return NULL;
  pass->folder = g_strdup_printf ("%s%.*s", gate->base_path,
      (gint) (route.object - path), path);
  pass->account = g_strdup (route.kind == VS_ROUTE_ID ? gate->account :
      route.account);
  return pass->account ?
      vs_sign_accounts_find_group (gate->accounts, pass->account) : NULL;
}

/* (transfer full) (nullable) */
static gchar *
find_cookies (VsHttpRequest * request)
{
  g_autofree const gchar **lines =
      vs_http_request_get_header_lines (request, "Cookie");

  return lines[0] ? g_strjoinv ("; ", (gchar **) lines) : NULL;
}

static void
strip_query (VsJitPackagerPass * pass, const gchar * target)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const gchar *mark;

  vs_signed_target_strip (text, target);
  mark = strchr (text->str, '?');
  pass->query = mark ? g_strdup (mark + 1) : NULL;
}

VsJitPackagerPass *
vs_jit_packager_gate_check (VsJitPackagerGate * gate, VsHttpRequest * request,
    const gchar * path)
{
  VsJitPackagerPass *pass = g_new0 (VsJitPackagerPass, 1);
  g_autoptr (VsKeyGroup) group = find_group (gate, path, pass);
  const gchar *ip = vs_http_request_get_client_ip (request);
  g_autoptr (GInetAddress) client =
      ip ? g_inet_address_new_from_string (ip) : NULL;
  g_autofree gchar *cookie = find_cookies (request);
  const gchar *origin = vs_http_request_get_origin (request);
  VsSignedRequest what = {
    /* without a name it is nobody's */
    .origin = origin ? origin : "",
    .target = vs_http_request_get_target (request),
    .cookie = cookie,
    .client = client,
    .now = g_get_real_time () / G_USEC_PER_SEC,
  };
  VsSignVerdict verdict;

  verdict = vs_url_verifier_check (gate->verifier, group, &what, &pass->grant);
  if (verdict != VS_SIGN_VALID)
    pass->reason = vs_sign_verdict_get_name (verdict);
  pass->gate = g_atomic_rc_box_acquire (gate);
  pass->now = what.now;
  pass->by_tls = vs_http_request_is_by_tls (request);
  pass->by_proxy = vs_http_request_is_by_proxy (request);
  strip_query (pass, what.target);
  return pass;
}

/* Browsers drop what is longer. */
static gboolean
carries_by_urls (const VsJitPackagerPass * pass)
{
  return pass->gate->children == VS_SIGNED_CHILDREN_URLS
      || !vs_sign_grant_fits_cookies (&pass->grant);
}

gboolean
vs_jit_packager_pass_wants_plain (const VsJitPackagerPass * pass)
{
  return vs_sign_grant_is_wide (&pass->grant) && carries_by_urls (pass);
}

/* ---- cookies ------------------------------------------------------------- */

static void
add_cookies (const VsJitPackagerPass * pass, gchar *** headers)
{
  g_auto (GStrv) cookies = vs_sign_grant_make_cookies (&pass->grant,
      pass->folder, pass->by_tls, pass->now);
  GStrvBuilder *builder = g_strv_builder_new ();

  if (*headers)
    g_strv_builder_addv (builder, (const gchar **) *headers);
  for (guint i = 0; cookies && cookies[i]; i++)
    g_strv_builder_add_many (builder, "Set-Cookie", cookies[i], NULL);
  g_strfreev (*headers);
  *headers = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
}

/* ---- URLs ---------------------------------------------------------------- */

/* A manifest with a query in each of its URLs. */
typedef struct
{
  GBytes *body;
  VsSignChildren *children;
  gchar *query;
} SignedText;

static void
signed_text_free (gpointer data)
{
  SignedText *text = data;

  g_bytes_unref (text->body);
  vs_sign_children_unref (text->children);
  g_free (text->query);
  g_free (text);
}

static void
read_signed_text (gpointer data, guint64 offset, gsize size,
    GCancellable * cancellable, VsHttpSourceDone done, gpointer user_data)
{
  SignedText *text = data;
  gchar *part = g_malloc (size);
  gsize body_size;
  const gchar *body = g_bytes_get_data (text->body, &body_size);
  gsize n = vs_sign_children_read (text->children, body, body_size,
      text->query, strlen (text->query), (gsize) offset, size, part);
  g_autoptr (GBytes) bytes = g_bytes_new_take (part, n);

  done (bytes, NULL, user_data);
}

static VsSignTextKind
kind_of (const VsOriginResponse * response)
{
  switch (response->format[0]) {
    case 'd':
      return VS_SIGN_TEXT_DASH;
    case 's':
      return VS_SIGN_TEXT_SMOOTH;
    default:
      return VS_SIGN_TEXT_HLS;
  }
}

/* (transfer full) (nullable) */
static VsSignChildren *
recall_children (VsJitPackagerGate * gate, GBytes * body, const gchar * folder)
{
  VsSignChildren *children = NULL;

  g_mutex_lock (&gate->lock);
  for (guint i = 0; i < N_KEPT && children == NULL; i++) {
    const Places *places = &gate->kept[i];

    if (places->body == body && strcmp (places->folder, folder) == 0)
      children = vs_sign_children_ref (places->children);
  }
  g_mutex_unlock (&gate->lock);
  return children;
}

static void
keep_children (VsJitPackagerGate * gate, GBytes * body, const gchar * folder,
    VsSignChildren * children)
{
  Places places = { g_bytes_ref (body), g_strdup (folder),
    vs_sign_children_ref (children)
  };
  Places former;

  g_mutex_lock (&gate->lock);
  former = gate->kept[gate->next];
  gate->kept[gate->next] = places;
  gate->next = (gate->next + 1) % N_KEPT;
  g_mutex_unlock (&gate->lock);
  places_clear (&former);
}

/* (transfer full) (nullable): to find them in a day's playlist takes a
 * millisecond, and they are as long as a tenth of it: viewers share them */
static VsSignChildren *
find_children (VsJitPackagerGate * gate, GBytes * body, VsSignTextKind kind,
    const gchar * folder)
{
  gsize size;
  const gchar *text = g_bytes_get_data (body, &size);
  VsSignChildren *children = size < LONG_SIZE ? NULL :
      recall_children (gate, body, folder);

  if (children)
    return children;
  children = vs_sign_children_find (kind, folder, text, size);
  if (children && size >= LONG_SIZE)
    keep_children (gate, body, folder, children);
  return children;
}

/* (transfer full) (nullable): put together as it is sent: a day's playlist has
 * as many queries as segments, and goes to each viewer with his own */
static VsHttpSource *
sign_text (const VsJitPackagerPass * pass, GBytes * body, VsSignTextKind kind,
    const gchar * plain_query)
{
  g_autofree gchar *query = vs_sign_children_escape_query (kind, plain_query);
  g_autoptr (VsSignChildren) children = find_children (pass->gate, body, kind,
      pass->folder);
  SignedText *text;
  gsize size;

  if (!query || !children
      || !vs_sign_children_get_size (children, strlen (query), &size))
    return NULL;
  text = g_new0 (SignedText, 1);
  text->body = g_bytes_ref (body);
  text->query = g_steal_pointer (&query);
  text->children = g_steal_pointer (&children);
  return vs_http_source_new (size, read_signed_text, text, signed_text_free);
}

/* The text's own, and whose queries are in it: "\"a\"" becomes "\"a-1f...\"". */
static gchar *
make_etag (const gchar * etag, const gchar * query)
{
  g_autofree gchar *hash =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, query, -1);
  gsize size = etag ? strlen (etag) : 0;

  if (size < 2 || etag[size - 1] != '"')
    return NULL;
  return g_strdup_printf ("%.*s-%.*s\"", (gint) size - 1, etag, ETAG_DIGITS,
      hash);
}

static void
sign_urls (VsJitPackagerPass * pass, const VsOriginResponse * response,
    VsHttpAnswer * answer)
{
  g_autofree gchar *query = vs_sign_grant_make_query (&pass->grant);

  pass->source = response->content_encoding ? NULL :
      sign_text (pass, response->body, kind_of (response), query);
  if (pass->source == NULL)
    return;
  pass->etag = make_etag (response->etag, query);
  answer->body = NULL;
  answer->source = pass->source;
  answer->etag = pass->etag;
}

/* ---- answers ------------------------------------------------------------- */

/* Whoever keeps it for others would give it to those who may not have it. A
 * trusted proxy may keep it, for all alike, and has to ask each time: who then
 * asks through it is checked, and the answer mostly 304. */
static void
restrict_cache (VsJitPackagerPass * pass, gboolean shared,
    VsHttpAnswer * answer)
{
  pass->cache_control = g_strconcat (shared ? "s-maxage=0, proxy-revalidate" :
      "private", answer->cache_control ? ", " : NULL, answer->cache_control,
      NULL);
  answer->cache_control = pass->cache_control;
}

void
vs_jit_packager_pass_sign (VsJitPackagerPass * pass,
    const VsOriginResponse * response, VsHttpAnswer * answer, gchar *** headers)
{
  gboolean carries = response->is_manifest && pass->folder
      && vs_sign_grant_is_wide (&pass->grant);

  if (carries && carries_by_urls (pass))
    sign_urls (pass, response, answer);
  else if (carries)
    add_cookies (pass, headers);
  restrict_cache (pass, pass->by_proxy && !carries, answer);
}
