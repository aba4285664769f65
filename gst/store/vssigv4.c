/* VisionStream: AWS Signature Version 4, in the Authorization header
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The canonical request is the method, path, query, headers and hash of the
 * payload in a form that client and server agree on. Its hash, with the time
 * and the scope, is the string to sign; the key that signs it is derived from
 * the secret in four steps, so that a leaked one is good for a day, a region
 * and a service only.
 */
#include "store/vssigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

/* "20130524T000000Z", of which the first eight are the day */
#define DATE_SIZE sizeof "YYYYMMDDTHHMMSSZ"
#define DAY_LENGTH 8
#define LAST_SECOND G_GINT64_CONSTANT (253402300799)    /* of year 9999 */

typedef struct
{
  gchar *name;
  gchar *value;
} Pair;

static void
pair_clear (gpointer data)
{
  Pair *pair = data;

  g_free (pair->name);
  g_free (pair->value);
}

static GArray *
pairs_new (void)
{
  GArray *pairs = g_array_new (FALSE, FALSE, sizeof (Pair));

  g_array_set_clear_func (pairs, pair_clear);
  return pairs;
}

static void
pairs_take (GArray * pairs, gchar * name, gchar * value)
{
  Pair pair = { name, value };

  g_array_append_val (pairs, pair);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Pair *) a)->name, ((const Pair *) b)->name);
}

static gint
compare_pairs (gconstpointer a, gconstpointer b)
{
  gint order = compare_names (a, b);

  return order ? order :
      strcmp (((const Pair *) a)->value, ((const Pair *) b)->value);
}

static void
format_date (gint64 time, gchar date[DATE_SIZE])
{
  time_t seconds = CLAMP (time, 0, LAST_SECOND);
  struct tm tm;

  gmtime_r (&seconds, &tm);
  strftime (date, DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

/* ---- path and query ------------------------------------------------------ */

/* RFC 3986 2.3 */
static gboolean
is_unreserved (gchar c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static gchar *
encode (const gchar * text, gboolean keep_slash)
{
  static const gchar digits[] = "0123456789ABCDEF";
  GString *out = g_string_sized_new (strlen (text) + 16);

  for (; *text; text++) {
    guint8 c = *text;

    if (is_unreserved (c) || (keep_slash && c == '/')) {
      g_string_append_c (out, c);
    } else {
      gchar escape[] = { '%', digits[c >> 4], digits[c & 15] };

      g_string_append_len (out, escape, sizeof escape);
    }
  }
  return g_string_free (out, FALSE);
}

gchar *
vs_sigv4_encode_path (const gchar * path)
{
  return encode (path, TRUE);
}

/* RFC 3986 6.2.2.3, and no empty segments but a last one. */
static gchar *
normalize (const gchar * path)
{
  g_auto (GStrv) segments = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) kept = g_ptr_array_new ();
  g_autofree gchar *joined = NULL;

  for (guint i = 0; segments[i]; i++) {
    if (strcmp (segments[i], "..") == 0)
      g_ptr_array_set_size (kept, MAX (kept->len, 1) - 1);
    else if (segments[i][0] && strcmp (segments[i], ".") != 0)
      g_ptr_array_add (kept, segments[i]);
  }
  if (g_str_has_suffix (path, "/"))
    g_ptr_array_add (kept, (gpointer) "");
  g_ptr_array_add (kept, NULL);
  joined = g_strjoinv ("/", (gchar **) kept->pdata);
  return g_strconcat ("/", joined, NULL);
}

static gchar *
canonical_path (const gchar * path, VsSigV4Rules rules)
{
  g_autofree gchar *normal =
      rules & VS_SIGV4_NORMALIZE_PATH ? normalize (path) : g_strdup (path);
  g_autofree gchar *once = encode (normal, TRUE);

  return rules & VS_SIGV4_ENCODE_PATH_TWICE ? encode (once, TRUE) :
      g_steal_pointer (&once);
}

/* Names are compared encoded, and values where names are equal: whole
 * "name=value" would come in another order ("a-b=" is before "a="). */
static gchar *
canonical_query (const gchar * const *query)
{
  g_autoptr (GArray) pairs = pairs_new ();
  GString *out = g_string_new (NULL);

  for (; query && query[0]; query += 2)
    pairs_take (pairs, encode (query[0], FALSE), encode (query[1], FALSE));
  g_array_sort (pairs, compare_pairs);
  for (guint i = 0; i < pairs->len; i++) {
    const Pair *pair = &g_array_index (pairs, Pair, i);

    g_string_append_printf (out, "%s%s=%s", i ? "&" : "", pair->name,
        pair->value);
  }
  return g_string_free (out, FALSE);
}

/* ---- headers ------------------------------------------------------------- */

/* Without the blanks around it, and each run of blanks one space. */
static gchar *
trim (const gchar * value)
{
  GString *out = g_string_sized_new (strlen (value));

  for (; *value; value++) {
    if (!g_ascii_isspace (*value)) {
      g_string_append_c (out, *value);
    } else if (out->len > 0 && value[1] && !g_ascii_isspace (value[1])) {
      g_string_append_c (out, ' ');
    }
  }
  return g_string_free (out, FALSE);
}

static void
add_header (GArray * headers, const gchar * name, const gchar * value)
{
  pairs_take (headers, g_ascii_strdown (name, -1), trim (value));
}

/* All that are signed, by their names; equal names stay in their order. */
static GArray *
collect_headers (const VsSigV4Scope * scope, const VsSigV4Request * request,
    const gchar * date)
{
  GArray *headers = pairs_new ();
  const gchar *const *given;

  for (given = request->headers; given && given[0]; given += 2)
    add_header (headers, given[0], given[1]);
  add_header (headers, "x-amz-date", date);
  if (scope->session_token)
    add_header (headers, "x-amz-security-token", scope->session_token);
  if (!(request->rules & VS_SIGV4_NO_CONTENT_SHA256))
    add_header (headers, "x-amz-content-sha256", request->payload_sha256);
  g_array_sort (headers, compare_names);
  return headers;
}

/* The canonical headers, a line each, and their names for SignedHeaders. */
static void
list_headers (GArray * headers, GString * lines, GString * names)
{
  const gchar *before = NULL;

  for (guint i = 0; i < headers->len; i++) {
    const Pair *header = &g_array_index (headers, Pair, i);

    if (before && strcmp (before, header->name) == 0) {
      g_string_append_printf (lines, ",%s", header->value);
      continue;
    }
    g_string_append_printf (lines, "%s%s:%s", before ? "\n" : "",
        header->name, header->value);
    g_string_append_printf (names, "%s%s", before ? ";" : "", header->name);
    before = header->name;
  }
  g_string_append_c (lines, '\n');
}

/* ---- signing ------------------------------------------------------------- */

static void
hmac_sha256 (gconstpointer key, gsize key_size, const gchar * text,
    guint8 out[VS_SHA256_SIZE])
{
  if (!HMAC (EVP_sha256 (), key, key_size, (const guint8 *) text,
          strlen (text), out, NULL))
    g_error ("OpenSSL failed to compute an HMAC");
}

void
vs_sigv4_key_init (VsSigV4Key * key, const VsSigV4Scope * scope)
{
  gchar date[DATE_SIZE];
  gchar *secret = g_strconcat ("AWS4", scope->secret_access_key, NULL);
  guint8 *bytes = key->bytes;

  format_date (scope->time, date);
  date[DAY_LENGTH] = '\0';
  hmac_sha256 (secret, strlen (secret), date, bytes);
  OPENSSL_cleanse (secret, strlen (secret));
  g_free (secret);
  hmac_sha256 (bytes, VS_SHA256_SIZE, scope->region, bytes);
  hmac_sha256 (bytes, VS_SHA256_SIZE, scope->service, bytes);
  hmac_sha256 (bytes, VS_SHA256_SIZE, TERMINATOR, bytes);
}

void
vs_sigv4_key_clear (VsSigV4Key * key)
{
  OPENSSL_cleanse (key, sizeof *key);
}

/* The day, region and service, as Credential and the string to sign have it */
static gchar *
scope_text (const VsSigV4Scope * scope, const gchar * date)
{
  return g_strdup_printf ("%.*s/%s/%s/" TERMINATOR, DAY_LENGTH, date,
      scope->region, scope->service);
}

static void
sign_canonical (const VsSigV4Scope * scope, const VsSigV4Key * key,
    const gchar * date, const gchar * where, const GString * canonical,
    gchar signature[VS_SHA256_HEX_SIZE])
{
  gchar hash[VS_SHA256_HEX_SIZE];
  guint8 bytes[VS_SHA256_SIZE];
  g_auto (VsSigV4Key) own = { {0} };
  g_autofree gchar *text = NULL;

  vs_sha256_hex (canonical->str, canonical->len, hash);
  text = g_strdup_printf (ALGORITHM "\n%s\n%s\n%s", date, where, hash);
  if (key == NULL) {
    vs_sigv4_key_init (&own, scope);
    key = &own;
  }
  hmac_sha256 (key->bytes, sizeof key->bytes, text, bytes);
  vs_sha256_to_hex (bytes, sizeof bytes, signature);
}

static GString *
canonical_request (const VsSigV4Request * request, const gchar * query,
    const GString * lines, const GString * names)
{
  g_autofree gchar *path =
      canonical_path (request->path[0] ? request->path : "/", request->rules);
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "%s\n%s\n%s\n%s\n%s\n%s", request->method,
      path, query, lines->str, names->str, request->payload_sha256);
  return out;
}

VsSigV4Signed *
vs_sigv4_sign (const VsSigV4Scope * scope, const VsSigV4Key * key,
    const VsSigV4Request * request)
{
  VsSigV4Signed *result = g_new0 (VsSigV4Signed, 1);
  gchar date[DATE_SIZE], signature[VS_SHA256_HEX_SIZE];
  g_autoptr (GArray) headers = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) canonical = NULL;
  g_autofree gchar *where = NULL;

  format_date (scope->time, date);
  headers = collect_headers (scope, request, date);
  list_headers (headers, lines, names);
  where = scope_text (scope, date);
  result->path = encode (request->path[0] ? request->path : "/", TRUE);
  result->query = canonical_query (request->query);
  result->date = g_strdup (date);
  canonical = canonical_request (request, result->query, lines, names);
  sign_canonical (scope, key, date, where, canonical, signature);
  result->authorization = g_strdup_printf (ALGORITHM " Credential=%s/%s, "
      "SignedHeaders=%s, Signature=%s", scope->access_key_id, where,
      names->str, signature);
  return result;
}

void
vs_sigv4_signed_free (VsSigV4Signed * result)
{
  g_free (result->path);
  g_free (result->query);
  g_free (result->date);
  g_free (result->authorization);
  g_free (result);
}
