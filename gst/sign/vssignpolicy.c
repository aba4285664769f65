/* VisionStream: CloudFront's policies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parser knows the one shape that a policy has; a general one would let
 * through what the other side reads in another way: members that are there
 * twice, comments, numbers with fractions.
 */
#include "sign/vssignpolicy.h"

#include <string.h>

#define V4_BITS 32

void
vs_sign_policy_clear (VsSignPolicy * policy)
{
  g_clear_pointer (&policy->resource, g_free);
}

/* ---- text ---------------------------------------------------------------- */

static void
append_number (GString * text, gint64 number)
{
  gchar digits[24];
  gchar *at = digits + sizeof digits;

  do {
    *--at = (gchar) ('0' + number % 10);
    number /= 10;
  } while (number > 0);
  g_string_append_len (text, at, digits + sizeof digits - at);
}

static void
append_date (GString * text, const gchar * name, gint64 date)
{
  g_string_append_c (text, '"');
  g_string_append (text, name);
  g_string_append (text, "\":{\"AWS:EpochTime\":");
  append_number (text, date);
  g_string_append_c (text, '}');
}

static void
append_source (GString * text, const VsSignPolicy * policy)
{
  g_string_append (text, ",\"IpAddress\":{\"AWS:SourceIp\":\"");
  for (gint shift = V4_BITS - 8; shift >= 0; shift -= 8) {
    append_number (text, policy->source >> shift & 255);
    g_string_append_c (text, shift > 0 ? '.' : '/');
  }
  append_number (text, policy->prefix);
  g_string_append (text, "\"}");
}

static void
append_resource (GString * text, const gchar * resource, gsize size)
{
  g_string_append (text, "{\"Statement\":[{");
  if (resource) {
    g_string_append (text, "\"Resource\":\"");
    g_string_append_len (text, resource, (gssize) size);
    g_string_append (text, "\",");
  }
  g_string_append (text, "\"Condition\":{");
}

void
vs_sign_policy_append_canned (GString * text, const gchar * resource,
    gsize resource_size, gint64 expires)
{
  append_resource (text, resource, resource_size);
  append_date (text, "DateLessThan", expires);
  g_string_append (text, "}}]}");
}

void
vs_sign_policy_append (GString * text, const VsSignPolicy * policy)
{
  append_resource (text, policy->resource,
      policy->resource ? strlen (policy->resource) : 0);
  append_date (text, "DateLessThan", policy->expires);
  if (policy->prefix > 0)
    append_source (text, policy);
  if (policy->starts > 0) {
    g_string_append_c (text, ',');
    append_date (text, "DateGreaterThan", policy->starts);
  }
  g_string_append (text, "}}]}");
}

/* ---- addresses ----------------------------------------------------------- */

/* A decimal number up to @max without zeros before it, and @after behind it. */
static gboolean
read_decimal (const gchar ** text, guint max, gchar after, guint * value)
{
  const gchar *at = *text;

  *value = 0;
  if (!g_ascii_isdigit (*at) || (at[0] == '0' && g_ascii_isdigit (at[1])))
    return FALSE;
  while (g_ascii_isdigit (*at) && *value <= max)
    *value = *value * 10 + (guint) (*at++ - '0');
  if (*value > max || *at != after)
    return FALSE;
  *text = after ? at + 1 : at;
  return TRUE;
}

static gboolean
read_cidr (const gchar * text, guint32 * source, guint * prefix)
{
  gboolean with_prefix = strchr (text, '/') != NULL;
  guint part;

  *source = 0;
  *prefix = V4_BITS;
  for (guint i = 0; i < 4; i++) {
    gchar after = i < 3 ? '.' : with_prefix ? '/' : '\0';

    if (!read_decimal (&text, 255, after, &part))
      return FALSE;
    *source = *source << 8 | part;
  }
  if (with_prefix && !read_decimal (&text, V4_BITS, '\0', prefix))
    return FALSE;
  return *prefix > 0 || *source == 0;
}

gboolean
vs_sign_policy_set_source (VsSignPolicy * policy, const gchar * cidr,
    GError ** error)
{
  guint32 source = 0;
  guint prefix = 0;

  if (cidr && !read_cidr (cidr, &source, &prefix)) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "no IPv4 address, with or without a prefix of 1 to 32 bits");
    return FALSE;
  }
  policy->source = source;
  policy->prefix = prefix;
  return TRUE;
}

/* RFC 4291, 2.5.5.2 */
static gboolean
find_v4 (GInetAddress * address, guint32 * value)
{
  static const guint8 mapped[12] = {[10] = 0xff,[11] = 0xff };
  const guint8 *bytes = g_inet_address_to_bytes (address);
  guint32 v4;

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6) {
    if (memcmp (bytes, mapped, sizeof mapped) != 0)
      return FALSE;
    bytes += sizeof mapped;
  }
  memcpy (&v4, bytes, sizeof v4);
  *value = GUINT32_FROM_BE (v4);
  return TRUE;
}

gboolean
vs_sign_policy_allows_address (const VsSignPolicy * policy,
    GInetAddress * address)
{
  guint32 value;

  if (policy->prefix == 0)
    return TRUE;
  return address && find_v4 (address, &value)
      && ((value ^ policy->source) >> (V4_BITS - policy->prefix)) == 0;
}

/* ---- parser -------------------------------------------------------------- */

/* @problem: the first thing that was wrong */
typedef struct
{
  const gchar *at, *end;
  const gchar *problem;
  VsSignPolicy *policy;
} Reader;

typedef struct
{
  const gchar *name;
    gboolean (*read) (Reader * reader);
  gboolean needed;
} Member;

static gboolean
refuse (Reader * reader, const gchar * problem)
{
  reader->problem = problem;
  return FALSE;
}

static gchar
peek (Reader * reader)
{
  while (reader->at < reader->end && strchr (" \t\n\r", *reader->at)
      && *reader->at)
    reader->at++;
  return reader->at < reader->end ? *reader->at : '\0';
}

static gboolean
expect (Reader * reader, gchar c, const gchar * problem)
{
  if (peek (reader) != c)
    return refuse (reader, problem);
  reader->at++;
  return TRUE;
}

/* Behind "\u": what is not ASCII is in no text that is known here. */
static gint
read_code (Reader * reader)
{
  gint code = 0;

  if (reader->end - reader->at < 4)
    return -1;
  for (guint i = 0; i < 4; i++) {
    gint digit = g_ascii_xdigit_value (*reader->at++);

    if (digit < 0)
      return -1;
    code = code << 4 | digit;
  }
  return code;
}

static gint
read_escape (Reader * reader)
{
  gchar c = reader->at < reader->end ? *reader->at++ : '\0';

  if (c == 'u')
    return read_code (reader);
  return c && strchr ("\"\\/", c) ? c : -1;
}

/* @text: with room for what is left to read, and a NUL */
static gboolean
read_string (Reader * reader, gchar * text)
{
  if (!expect (reader, '"', "a string is missing"))
    return FALSE;
  while (reader->at < reader->end && *reader->at != '"') {
    gint c = *reader->at++;

    if (c == '\\')
      c = read_escape (reader);
    if (c < 32 || c > 126)
      return refuse (reader, "a character that no policy has");
    *text++ = (gchar) c;
  }
  *text = '\0';
  return expect (reader, '"', "a string without an end");
}

static gint
find_member (const Member * members, guint n, const gchar * name)
{
  for (guint i = 0; i < n; i++) {
    if (strcmp (members[i].name, name) == 0)
      return (gint) i;
  }
  return -1;
}

static gboolean
read_member (Reader * reader, const Member * members, guint n, guint * seen)
{
  gchar name[VS_URL_MAX + 1];
  gint i;

  if (!read_string (reader, name))
    return FALSE;
  i = find_member (members, n, name);
  if (i < 0)
    return refuse (reader, "a member that no policy has");
  if (*seen & 1u << i)
    return refuse (reader, "a member that is there twice");
  *seen |= 1u << i;
  return expect (reader, ':', "a colon is missing") && members[i].read (reader);
}

static gboolean
read_object (Reader * reader, const Member * members, guint n)
{
  guint seen = 0;

  if (!expect (reader, '{', "an object is missing"))
    return FALSE;
  while (seen == 0 ? peek (reader) != '}' : peek (reader) == ',') {
    if (seen != 0)
      reader->at++;
    if (!read_member (reader, members, n, &seen))
      return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    if (members[i].needed && !(seen & 1u << i))
      return refuse (reader, "a member is missing");
  }
  return expect (reader, '}', "an object without an end");
}

static gboolean
read_number (Reader * reader, gint64 * number)
{
  gchar c = peek (reader);

  *number = 0;
  if (!g_ascii_isdigit (c) || (c == '0' && reader->end - reader->at > 1
          && g_ascii_isdigit (reader->at[1])))
    return refuse (reader, "a date that is no whole number");
  while (reader->at < reader->end && g_ascii_isdigit (*reader->at)) {
    *number = *number * 10 + (*reader->at++ - '0');
    if (*number > VS_SIGN_DATE_MAX)
      return refuse (reader, "a date that is too large");
  }
  c = peek (reader);
  return c == ',' || c == '}' ? TRUE
      : refuse (reader, "a date that is no whole number");
}

static gboolean
read_end (Reader * reader)
{
  return read_number (reader, &reader->policy->expires);
}

static gboolean
read_start (Reader * reader)
{
  return read_number (reader, &reader->policy->starts);
}

static gboolean
read_source (Reader * reader)
{
  gchar text[VS_URL_MAX + 1];

  if (!read_string (reader, text))
    return FALSE;
  return vs_sign_policy_set_source (reader->policy, text, NULL)
      || refuse (reader, "an address that is none of IPv4");
}

static gboolean
read_date_less_than (Reader * reader)
{
  static const Member members[] = { {"AWS:EpochTime", read_end, TRUE} };

  return read_object (reader, members, G_N_ELEMENTS (members));
}

static gboolean
read_date_greater_than (Reader * reader)
{
  static const Member members[] = { {"AWS:EpochTime", read_start, TRUE} };

  return read_object (reader, members, G_N_ELEMENTS (members));
}

static gboolean
read_ip_address (Reader * reader)
{
  static const Member members[] = { {"AWS:SourceIp", read_source, TRUE} };

  return read_object (reader, members, G_N_ELEMENTS (members));
}

static gboolean
read_condition (Reader * reader)
{
  static const Member members[] = {
    {"DateLessThan", read_date_less_than, TRUE},
    {"DateGreaterThan", read_date_greater_than, FALSE},
    {"IpAddress", read_ip_address, FALSE},
  };

  return read_object (reader, members, G_N_ELEMENTS (members));
}

static gboolean
is_pattern (const gchar * text)
{
  return strcmp (text, "*") == 0 || (vs_url_is_plain (text, strlen (text))
      && (g_str_has_prefix (text, "http://")
          || g_str_has_prefix (text, "https://")
          || g_str_has_prefix (text, "http*://")
          || g_str_has_prefix (text, "*://")));
}

static gboolean
read_resource (Reader * reader)
{
  gchar text[VS_URL_MAX + 1];

  if (!read_string (reader, text))
    return FALSE;
  if (!is_pattern (text))
    return refuse (reader, "a resource that is no pattern of URLs");
  reader->policy->resource = g_strdup (text);
  return TRUE;
}

static gboolean
read_statements (Reader * reader)
{
  static const Member members[] = {
    {"Resource", read_resource, FALSE},
    {"Condition", read_condition, TRUE},
  };

  return expect (reader, '[', "a list is missing")
      && read_object (reader, members, G_N_ELEMENTS (members))
      && expect (reader, ']', "more than one statement");
}

gboolean
vs_sign_policy_parse (const gchar * text, gsize size, VsSignPolicy * policy,
    GError ** error)
{
  static const Member members[] = { {"Statement", read_statements, TRUE} };
  Reader reader = { text, text + size, NULL, policy };

  memset (policy, 0, sizeof *policy);
  if (size > VS_URL_MAX)
    refuse (&reader, "a policy that is too long");
  else if (read_object (&reader, members, G_N_ELEMENTS (members))
      && peek (&reader) == '\0' && reader.at == reader.end)
    return TRUE;
  vs_sign_policy_clear (policy);
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      reader.problem ? reader.problem : "something behind the policy");
  return FALSE;
}
