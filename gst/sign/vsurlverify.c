/* VisionStream: signed URLs and cookies, checked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A request goes through all of these, whatever the earlier ones said:
 *
 *   read     parameters, base64, the policy's JSON
 *   find     the key; whether this signature has been verified
 *   verify   by the key, unless it is remembered
 *   judge    resource, dates, address
 *   waste    who is refused: what arithmetic he has been spared so far
 *
 * so that it takes the same time to be refused, and what is remembered saves
 * time only to those who pass. What differs is told by the length of what was
 * sent, which its sender knows.
 */
#include "sign/vsurlverify.h"

#include <openssl/evp.h>
#include <string.h>

#include "sign/vssignbase64.h"
#include "sign/vssigncache.h"
#include "sign/vssignparameters.h"

#define REMEMBERED 65536
#define SKEW_MAX 5
/* bytes of a pattern that is looked at whoever signed it */
#define PATTERN_MAX 512
/* digits of VS_SIGN_DATE_MAX */
#define DATE_DIGITS 16

struct _VsUrlVerifier
{
  VsSignCache *cache;
  EVP_MD *sha256;
  gint64 skew;
  gboolean allow_any_resource;
};

/* What a request says. @verdict: the first thing that was wrong. */
typedef struct
{
  VsUrlPart values[VS_SIGN_N_PARAMETERS];
  gchar *decoded[VS_SIGN_N_PARAMETERS];
  guint n_values;
  VsSignVerdict verdict;
  GString *url;
  GString *text;                /* of the policy, which is signed */
  VsSignPolicy policy;
  GBytes *signature;
  VsSignHash hash;
  VsSignKey *key;
} Claim;

const gchar *
vs_sign_verdict_get_name (VsSignVerdict verdict)
{
  static const gchar *const names[] = { "valid", "unsigned", "malformed",
    "unknown-key", "forged", "policy", "resource", "expired", "early",
    "address"
  };

  return names[verdict];
}

VsUrlVerifier *
vs_url_verifier_new (const VsUrlVerifierSettings * settings)
{
  VsUrlVerifier *self = g_new0 (VsUrlVerifier, 1);

  self->cache = vs_sign_cache_new (settings->remembered ?
      settings->remembered : REMEMBERED);
  self->sha256 = EVP_MD_fetch (NULL, "SHA2-256", NULL);
  if (self->sha256 == NULL)
    g_error ("OpenSSL has no SHA-256: look at its openssl.cnf");
  self->skew = MIN (settings->skew, SKEW_MAX);
  self->allow_any_resource = settings->allow_any_resource;
  return self;
}

void
vs_url_verifier_free (VsUrlVerifier * self)
{
  vs_sign_cache_free (self->cache);
  EVP_MD_free (self->sha256);
  g_free (self);
}

/* ---- targets ------------------------------------------------------------- */

static void
find_query (const gchar * target, VsUrlPart * query)
{
  const gchar *mark = strchr (target, '?');

  query->text = mark ? mark + 1 : NULL;
  query->size = mark ? strlen (mark + 1) : 0;
}

void
vs_signed_target_strip (GString * text, const gchar * target)
{
  VsUrlPart query, name, value;
  gchar before = '?';

  find_query (target, &query);
  g_string_append_len (text, target, (gssize) strcspn (target, "?"));
  while (vs_url_query_next (&query, &name, &value)) {
    const gchar *end = value.text ? value.text + value.size
        : name.text + name.size;

    if (vs_sign_parameter_find (name.text, name.size) < VS_SIGN_N_PARAMETERS)
      continue;
    g_string_append_c (text, before);
    g_string_append_len (text, name.text, end - name.text);
    before = '&';
  }
}

static void
refuse (Claim * claim, VsSignVerdict verdict)
{
  if (claim->verdict == VS_SIGN_VALID)
    claim->verdict = verdict;
}

static void
take_value (Claim * claim, VsSignParameter parameter, VsUrlPart value)
{
  claim->n_values++;
  if (value.text == NULL || claim->values[parameter].text)
    refuse (claim, VS_SIGN_MALFORMED);
  else
    claim->values[parameter] = value;
}

static gboolean
is_unreserved (gint c)
{
  return c > 0 && c < 128 && (g_ascii_isalnum (c) || strchr ("-._~", c));
}

/* (transfer full): RFC 3986, 6.2.2.2: an escape of an unreserved character is
 * that character. Who writes "~" as forms do sends "%7E". */
static gchar *
decode_unreserved (const VsUrlPart * value)
{
  gchar *text = g_strndup (value->text, value->size), *out = text;

  for (const gchar * in = text; *in; in++) {
    gint high = in[0] == '%' ? g_ascii_xdigit_value (in[1]) : -1;
    gint low = high >= 0 ? g_ascii_xdigit_value (in[2]) : -1;

    if (low >= 0 && is_unreserved (high << 4 | low)) {
      *out++ = (gchar) (high << 4 | low);
      in += 2;
    } else {
      *out++ = *in;
    }
  }
  *out = '\0';
  return text;
}

static void
take_escaped (Claim * claim, VsSignParameter parameter, VsUrlPart value)
{
  if (value.text && claim->decoded[parameter] == NULL
      && memchr (value.text, '%', value.size)) {
    claim->decoded[parameter] = decode_unreserved (&value);
    value.text = claim->decoded[parameter];
    value.size = strlen (value.text);
  }
  take_value (claim, parameter, value);
}

static void
read_query (Claim * claim, const gchar * target)
{
  VsUrlPart query, name, value;

  find_query (target, &query);
  while (vs_url_query_next (&query, &name, &value)) {
    VsSignParameter parameter = vs_sign_parameter_find (name.text, name.size);

    if (parameter < VS_SIGN_N_PARAMETERS)
      take_escaped (claim, parameter, value);
  }
}

/* RFC 6265, 4.2.1: "name=value; name=value" */
static void
read_cookie (Claim * claim, const gchar * text, gsize size)
{
  static const gsize prefix = sizeof VS_SIGN_COOKIE_PREFIX - 1;
  const gchar *equals = memchr (text, '=', size);
  gsize n = equals ? (gsize) (equals - text) : size;
  VsSignParameter parameter;
  VsUrlPart value = { NULL, 0 };

  if (n < prefix || memcmp (text, VS_SIGN_COOKIE_PREFIX, prefix) != 0)
    return;
  parameter = vs_sign_parameter_find (text + prefix, n - prefix);
  if (parameter == VS_SIGN_N_PARAMETERS)
    return;
  /* RFC 6265, 5.4: that of the longest path comes first */
  if (claim->values[parameter].text)
    return;
  if (equals) {
    value.text = equals + 1;
    value.size = size - n - 1;
  }
  take_value (claim, parameter, value);
}

static void
read_cookies (Claim * claim, const gchar * header)
{
  while (*header) {
    gsize size;

    header += strspn (header, "; \t");
    size = strcspn (header, ";");
    read_cookie (claim, header, size);
    header += size;
  }
}

/* ---- what is claimed ----------------------------------------------------- */

static gboolean
value_is (const VsUrlPart * value, const gchar * text)
{
  return value->size == strlen (text)
      && memcmp (value->text, text, value->size) == 0;
}

static void
read_hash (Claim * claim)
{
  const VsUrlPart *value = &claim->values[VS_SIGN_PARAMETER_HASH_ALGORITHM];

  if (value->text && value_is (value, "SHA256"))
    claim->hash = VS_SIGN_SHA256;
  else if (value->text && !value_is (value, "SHA1"))
    refuse (claim, VS_SIGN_MALFORMED);
}

/* Digits alone, without zeros before them: one date has one text. */
static gboolean
read_date (const VsUrlPart * value, gint64 * date)
{
  *date = 0;
  if (value->size == 0 || value->size > DATE_DIGITS || value->text[0] == '0')
    return FALSE;
  for (gsize i = 0; i < value->size; i++) {
    if (!g_ascii_isdigit (value->text[i]))
      return FALSE;
    *date = *date * 10 + (value->text[i] - '0');
  }
  return *date <= VS_SIGN_DATE_MAX;
}

/* The URL itself is the resource, not a pattern: vs_url_matches () is not
 * asked. */
static void
read_canned (Claim * claim)
{
  const VsUrlPart *value = &claim->values[VS_SIGN_PARAMETER_EXPIRES];

  if (value->text == NULL || !read_date (value, &claim->policy.expires))
    refuse (claim, VS_SIGN_MALFORMED);
  vs_sign_policy_append_canned (claim->text, claim->url->str, claim->url->len,
      claim->policy.expires);
}

/* What is no policy may have a signature still: that it has none comes
 * first. */
static gboolean
read_custom (Claim * claim)
{
  const VsUrlPart *value = &claim->values[VS_SIGN_PARAMETER_POLICY];
  g_autoptr (GBytes) bytes = value->size <= VS_URL_MAX ?
      vs_sign_base64_decode (value->text, value->size) : NULL;
  const gchar *text;
  gsize size;

  if (bytes == NULL) {
    refuse (claim, VS_SIGN_MALFORMED);
    return FALSE;
  }
  text = g_bytes_get_data (bytes, &size);
  g_string_append_len (claim->text, text ? text : "", (gssize) size);
  return vs_sign_policy_parse (claim->text->str, size, &claim->policy, NULL);
}

static void
read_signature (Claim * claim)
{
  const VsUrlPart *value = &claim->values[VS_SIGN_PARAMETER_SIGNATURE];

  if (value->text && value->size <= VS_SIGNATURE_MAX * 2)
    claim->signature = vs_sign_base64_decode (value->text, value->size);
  if (claim->signature == NULL)
    refuse (claim, VS_SIGN_MALFORMED);
}

static void
find_key (Claim * claim, VsKeyGroup * group)
{
  const VsUrlPart *value = &claim->values[VS_SIGN_PARAMETER_KEY_PAIR_ID];

  if (value->text == NULL)
    refuse (claim, VS_SIGN_MALFORMED);
  else if (group)
    claim->key = vs_key_group_find (group, value->text, value->size);
  if (claim->key == NULL)
    refuse (claim, VS_SIGN_UNKNOWN_KEY);
}

static void
check_target (Claim * claim, const gchar * target)
{
  gsize size = strnlen (target, VS_URL_MAX + 1);

  if (size > VS_URL_MAX || !vs_url_is_plain (target, size)
      || !vs_url_path_is_normal (target, strcspn (target, "?")))
    refuse (claim, VS_SIGN_MALFORMED);
}

/* ---- judgement ----------------------------------------------------------- */

static void
check (gint ok)
{
  if (!ok)
    g_error ("OpenSSL failed to compute a SHA-256");
}

/* With its size, so that no two parts can be read as two others. */
static void
add_to_digest (EVP_MD_CTX * context, gconstpointer data, guint64 size)
{
  check (EVP_DigestUpdate (context, &size, sizeof size)
      && EVP_DigestUpdate (context, data, size));
}

static void
compute_digest (VsUrlVerifier * self, const Claim * claim, VsKeyGroup * group,
    guint8 digest[VS_SIGN_DIGEST_SIZE])
{
  const VsUrlPart *id = &claim->values[VS_SIGN_PARAMETER_KEY_PAIR_ID];
  guint64 numbers[] = { group ? vs_key_group_get_serial (group) : 0,
    claim->hash
  };
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  gconstpointer signature = NULL;
  gsize size = 0;

  if (claim->signature)
    signature = g_bytes_get_data (claim->signature, &size);
  check (context && EVP_DigestInit_ex (context, self->sha256, NULL));
  add_to_digest (context, numbers, sizeof numbers);
  add_to_digest (context, id->text, id->size);
  add_to_digest (context, claim->text->str, claim->text->len);
  add_to_digest (context, signature, size);
  check (EVP_DigestFinal_ex (context, digest, NULL));
  EVP_MD_CTX_free (context);
}

/* Whether the key was at work, right or not. */
static gboolean
verify (Claim * claim)
{
  gsize size = 0;
  gconstpointer signature;

  if (claim->key == NULL)
    return FALSE;
  signature = claim->signature ?
      g_bytes_get_data (claim->signature, &size) : NULL;
  if (!vs_sign_key_verify (claim->key, claim->hash, claim->text->str,
          claim->text->len, signature, size))
    refuse (claim, VS_SIGN_FORGED);
  return TRUE;
}

/* All is computed before anything is said. */
static void
judge (VsUrlVerifier * self, Claim * claim, gboolean custom, gboolean parsed,
    const VsSignedRequest * request)
{
  const VsSignPolicy *policy = &claim->policy;
  const gchar *resource = policy->resource ? policy->resource : "*";
  gsize size = strlen (resource);
  /* nobody makes us compute for long by what no key has signed; how long his
   * pattern is, its sender knows */
  gboolean fits = !custom || ((size <= PATTERN_MAX
          || claim->verdict == VS_SIGN_VALID) && vs_url_matches (resource, size,
          claim->url->str, claim->url->len));
  gboolean from_here = vs_sign_policy_allows_address (policy, request->client);

  if (custom && (!parsed || (policy->resource == NULL
              && !self->allow_any_resource)))
    refuse (claim, VS_SIGN_POLICY);
  if (!fits)
    refuse (claim, VS_SIGN_RESOURCE);
  if (request->now - self->skew >= policy->expires)
    refuse (claim, VS_SIGN_EXPIRED);
  if (policy->starts > 0 && request->now + self->skew <= policy->starts)
    refuse (claim, VS_SIGN_EARLY);
  if (!from_here)
    refuse (claim, VS_SIGN_ADDRESS);
}

static void
check_claim (VsUrlVerifier * self, VsKeyGroup * group, Claim * claim,
    const VsSignedRequest * request)
{
  gboolean custom = claim->values[VS_SIGN_PARAMETER_POLICY].text != NULL;
  gboolean parsed = FALSE, known, spent = FALSE;
  guint8 digest[VS_SIGN_DIGEST_SIZE];

  check_target (claim, request->target);
  read_hash (claim);
  read_signature (claim);
  if (custom)
    parsed = read_custom (claim);
  else
    read_canned (claim);
  find_key (claim, group);

  compute_digest (self, claim, group, digest);
  known = vs_sign_cache_has (self->cache, digest);
  if (!known)
    spent = verify (claim);
  judge (self, claim, custom, parsed, request);

  if (claim->verdict != VS_SIGN_VALID)
    vs_key_group_waste (group, spent ? claim->key : NULL);
  else if (!known)
    vs_sign_cache_add (self->cache, digest, request->now - self->skew,
        claim->policy.expires);
}

static void
claim_clear (Claim * claim)
{
  for (guint i = 0; i < VS_SIGN_N_PARAMETERS; i++)
    g_free (claim->decoded[i]);
  if (claim->url)
    g_string_free (claim->url, TRUE);
  if (claim->text)
    g_string_free (claim->text, TRUE);
  g_clear_pointer (&claim->signature, g_bytes_unref);
  vs_sign_policy_clear (&claim->policy);
}

static gchar *
dup_value (const Claim * claim, VsSignParameter parameter)
{
  const VsUrlPart *value = &claim->values[parameter];

  return g_strndup (value->text, value->size);
}

static void
make_grant (const Claim * claim, gboolean by_url, VsSignGrant * grant)
{
  const gchar *resource = claim->policy.resource;

  grant->expires = claim->policy.expires;
  if (!by_url || claim->values[VS_SIGN_PARAMETER_POLICY].text == NULL
      || (resource && strchr (resource, '*') == NULL))
    return;
  grant->policy = dup_value (claim, VS_SIGN_PARAMETER_POLICY);
  grant->signature = dup_value (claim, VS_SIGN_PARAMETER_SIGNATURE);
  grant->key_id = dup_value (claim, VS_SIGN_PARAMETER_KEY_PAIR_ID);
  grant->hash = claim->hash;
}

VsSignVerdict
vs_url_verifier_check (VsUrlVerifier * self, VsKeyGroup * group,
    const VsSignedRequest * request, VsSignGrant * grant)
{
  Claim claim = { 0 };
  gboolean by_url;

  if (grant)
    *grant = (VsSignGrant) {
    0};
  read_query (&claim, request->target);
  by_url = claim.n_values > 0;
  if (claim.n_values == 0 && request->cookie)
    read_cookies (&claim, request->cookie);
  if (claim.n_values == 0)
    return VS_SIGN_UNSIGNED;

  claim.url = g_string_sized_new (512);
  claim.text = g_string_sized_new (512);
  g_string_append (claim.url, request->origin);
  vs_signed_target_strip (claim.url, request->target);
  check_claim (self, group, &claim, request);
  if (grant && claim.verdict == VS_SIGN_VALID)
    make_grant (&claim, by_url, grant);
  claim_clear (&claim);
  return claim.verdict;
}
