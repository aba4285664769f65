/* VisionStream: judges request heads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/*
 * The bytes of a head are appended to one buffer; a state machine over
 * RFC 9112's grammar notes where its pieces are and refuses at the first byte
 * that does not fit. What needs the whole head (Host, Content-Length, the
 * target's form) is judged after its last byte. Only then are the pieces
 * turned into strings, in place: each is followed by a byte of syntax (a
 * space, a colon, a CR) that becomes its end.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpguard.h"

#include <stdlib.h>
#include <string.h>

/* no method that is served is longer; longer ones are not looked at */
#define MAX_METHOD 16

typedef enum
{
  STATE_METHOD,
  STATE_TARGET,
  STATE_VERSION,
  STATE_LINE_LF,
  STATE_FIELD_START,
  STATE_FIELD_NAME,
  STATE_FIELD_VALUE,
  STATE_FIELD_LF,
  STATE_END_LF,
  STATE_DONE
} State;

typedef struct
{
  guint16 name, name_end;
  guint16 value, value_end;     /* value_end: after its last non-space */
} FieldPlace;

struct _VsHttpGuard
{
  State state;
  GString *buffer;
  guint status;
  const gchar *reason;

  guint16 target, target_end;
  guint16 version;
  VsHttpMethod method;
  gboolean may_post;            /* some path takes it */
  guint n_fields;
  FieldPlace fields[VS_HTTP_MAX_HEADERS];

  VsHttpHead *head;
};

VsHttpGuard *
vs_http_guard_new (void)
{
  VsHttpGuard *guard = g_new0 (VsHttpGuard, 1);

  guard->buffer = g_string_sized_new (512);
  return guard;
}

void
vs_http_guard_free (VsHttpGuard * guard)
{
  if (guard->buffer)
    g_string_free (guard->buffer, TRUE);
  g_clear_pointer (&guard->head, vs_http_head_free);
  g_free (guard);
}

static gboolean
refuse (VsHttpGuard * guard, guint status, const gchar * reason)
{
  guard->status = status;
  guard->reason = reason;
  return FALSE;
}

/* RFC 9110 5.6.2 */
static gboolean
is_token (guint8 c)
{
  return g_ascii_isalnum (c) || (c && strchr ("!#$%&'*+-.^_`|~", c));
}

/* RFC 3986 2.3 */
static gboolean
is_unreserved (guint8 c)
{
  return g_ascii_isalnum (c) || (c && strchr ("-._~", c));
}

/* RFC 3986 3.3 pchar, without the percent sign */
static gboolean
is_path_char (guint8 c)
{
  return is_unreserved (c) || (c && strchr ("!$&'()*+,;=:@", c));
}

static gboolean
decode_segment_char (const gchar * raw, const gchar * end, guint8 * c)
{
  gint high, low;

  if (end - raw < 3)
    return FALSE;
  high = g_ascii_xdigit_value (raw[1]);
  low = g_ascii_xdigit_value (raw[2]);
  if (high < 0 || low < 0)
    return FALSE;
  *c = high << 4 | low;
  /* a second spelling, or one that a second decoding would turn into one */
  return *c >= 0x20 && *c != 0x7f && !is_unreserved (*c) &&
      !strchr ("/\\%", *c);
}

gchar *
vs_http_path_decode (const gchar * raw, gsize length)
{
  const gchar *end = raw + length;
  g_autoptr (GString) path = g_string_sized_new (length);
  gsize segment = 0;

  if (length == 0 || *raw != '/')
    return NULL;
  while (raw < end) {
    if (*raw == '/') {
      g_string_append_c (path, '/');
      segment = path->len;
      raw++;
      if (raw < end && *raw == '/')
        return NULL;
    } else if (*raw == '%') {
      guint8 c;

      if (!decode_segment_char (raw, end, &c))
        return NULL;
      g_string_append_c (path, c);
      raw += 3;
    } else if (is_path_char (*raw)) {
      g_string_append_c (path, *raw++);
    } else {
      return NULL;
    }
    if ((raw == end || *raw == '/') && path->len > segment &&
        (strcmp (path->str + segment, ".") == 0 ||
            strcmp (path->str + segment, "..") == 0))
      return NULL;
  }
  if (!g_utf8_validate (path->str, path->len, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&path), FALSE);
}

gboolean
vs_http_rules_allow_post (const VsHttpRules * rules, const gchar * path)
{
  return rules->posts && g_strv_contains (rules->posts, path);
}

static gboolean
end_method (VsHttpGuard * guard)
{
  const gchar *method = guard->buffer->str;

  if (strcmp (method, "GET ") == 0)
    guard->method = VS_HTTP_GET;
  else if (strcmp (method, "HEAD ") == 0)
    guard->method = VS_HTTP_HEAD;
  else if (strcmp (method, "OPTIONS ") == 0)
    guard->method = VS_HTTP_OPTIONS;
  else if (strcmp (method, "POST ") == 0 && guard->may_post)
    guard->method = VS_HTTP_POST;
  else
    return refuse (guard, 405, "method");
  guard->target = guard->buffer->len;
  guard->state = STATE_TARGET;
  return TRUE;
}

static gboolean
push_method (VsHttpGuard * guard, guint8 c)
{
  gsize length = guard->buffer->len - 1;

  if (c == ' ' && length > 0)
    return end_method (guard);
  if (!is_token (c))
    return refuse (guard, 400, "request line");
  return length < MAX_METHOD || refuse (guard, 405, "method");
}

static gboolean
push_target (VsHttpGuard * guard, guint8 c)
{
  gsize length = guard->buffer->len - 1 - guard->target;

  if (c == ' ' && length > 0) {
    guard->target_end = guard->buffer->len - 1;
    guard->version = guard->buffer->len;
    guard->state = STATE_VERSION;
    return TRUE;
  }
  if (c <= ' ' || c >= 0x7f || strchr ("\\#\"<>^`{}", c))
    return refuse (guard, 400, "character in target");
  return length < VS_HTTP_MAX_TARGET ||
      refuse (guard, 414, "target longer than 8 KiB");
}

static gboolean
push_version (VsHttpGuard * guard, guint8 c)
{
  static const gchar version[] = "HTTP/1.";
  gsize i = guard->buffer->len - 1 - guard->version;

  if (i < 5)
    return c == version[i] || refuse (guard, 400, "request line");
  if (i < 7)
    return c == version[i] || refuse (guard, 505, "version");
  if (i == 7)
    return c == '0' || c == '1' || refuse (guard, 505, "version");
  if (c != '\r')
    return refuse (guard, 400, "request line");
  guard->state = STATE_LINE_LF;
  return TRUE;
}

static gboolean
push_field_start (VsHttpGuard * guard, guint8 c)
{
  FieldPlace *field;

  if (c == '\r') {
    guard->state = STATE_END_LF;
    return TRUE;
  }
  if (!is_token (c))
    return refuse (guard, 400, "header field (folded line?)");
  if (guard->n_fields == VS_HTTP_MAX_HEADERS)
    return refuse (guard, 431, "more than 64 header fields");
  field = &guard->fields[guard->n_fields++];
  field->name = guard->buffer->len - 1;
  guard->state = STATE_FIELD_NAME;
  return TRUE;
}

static gboolean
push_field_name (VsHttpGuard * guard, guint8 c)
{
  FieldPlace *field = &guard->fields[guard->n_fields - 1];

  if (c == ':') {
    field->name_end = guard->buffer->len - 1;
    field->value = field->value_end = guard->buffer->len;
    guard->state = STATE_FIELD_VALUE;
    return TRUE;
  }
  return is_token (c) || refuse (guard, 400, "header field name");
}

static gboolean
push_field_value (VsHttpGuard * guard, guint8 c)
{
  FieldPlace *field = &guard->fields[guard->n_fields - 1];

  if (c == '\r') {
    guard->state = STATE_FIELD_LF;
    return TRUE;
  }
  /* A tab around a value is white space to RFC 9110 5.6.3 and part of it to
   * nginx: kept, so that it spoils whatever framing depends on. */
  if (c == ' ') {
    if (field->value == field->value_end)
      field->value = field->value_end = guard->buffer->len;
    return TRUE;
  }
  if ((c < ' ' && c != '\t') || c == 0x7f)
    return refuse (guard, 400, "control character in header field");
  field->value_end = guard->buffer->len;
  return TRUE;
}

static gboolean
push_lf (VsHttpGuard * guard, guint8 c, State next)
{
  if (c != '\n')
    return refuse (guard, 400, "CR without LF");
  guard->state = next;
  return TRUE;
}

static gboolean
push_byte (VsHttpGuard * guard, guint8 c)
{
  if (guard->buffer->len == VS_HTTP_MAX_HEAD)
    return refuse (guard, 431, "head larger than 16 KiB");
  g_string_append_c (guard->buffer, c);
  switch (guard->state) {
    case STATE_METHOD:
      return push_method (guard, c);
    case STATE_TARGET:
      return push_target (guard, c);
    case STATE_VERSION:
      return push_version (guard, c);
    case STATE_LINE_LF:
      return push_lf (guard, c, STATE_FIELD_START);
    case STATE_FIELD_START:
      return push_field_start (guard, c);
    case STATE_FIELD_NAME:
      return push_field_name (guard, c);
    case STATE_FIELD_VALUE:
      return push_field_value (guard, c);
    case STATE_FIELD_LF:
      return push_lf (guard, c, STATE_FIELD_START);
    case STATE_END_LF:
      return push_lf (guard, c, STATE_DONE);
    case STATE_DONE:
    default:
      g_return_val_if_reached (FALSE);
  }
}

static VsHttpHead *
make_head (VsHttpGuard * guard)
{
  VsHttpHead *head = g_new0 (VsHttpHead, 1);
  gchar *buffer;
  guint i;

  head->method = guard->method;
  head->size = guard->buffer->len;
  head->buffer = buffer = g_string_free (guard->buffer, FALSE);
  guard->buffer = NULL;
  head->minor_version = buffer[guard->version + strlen ("HTTP/1.")] - '0';
  buffer[guard->target_end] = '\0';
  head->target = buffer + guard->target;
  head->n_fields = guard->n_fields;
  for (i = 0; i < guard->n_fields; i++) {
    const FieldPlace *field = &guard->fields[i];

    buffer[field->name_end] = '\0';
    buffer[field->value_end] = '\0';
    head->fields[i].name = buffer + field->name;
    head->fields[i].value = buffer + field->value;
  }
  return head;
}

/* RFC 9110 8.6, with no second spelling of a number. What is past the limit
 * is no more than that: it may have more digits than fit. */
static gboolean
check_length (VsHttpGuard * guard, VsHttpHead * head, const gchar * value)
{
  gsize digits = strspn (value, "0123456789");

  if (digits == 0 || value[digits] || (value[0] == '0' && digits > 1))
    return refuse (guard, 400, "Content-Length");
  if (head->method != VS_HTTP_POST && value[0] != '0')
    return refuse (guard, 400, "Content-Length");
  if (digits > 9 || atoi (value) > VS_HTTP_MAX_BODY)
    return refuse (guard, 413, "body larger than 16 KiB");
  head->body_size = atoi (value);
  return TRUE;
}

/* RFC 9112 6: a body where there is none, or two opinions on where it ends. */
static gboolean
check_framing (VsHttpGuard * guard, VsHttpHead * head)
{
  gboolean length_seen = FALSE;
  guint i;

  for (i = 0; i < head->n_fields; i++) {
    const VsHttpField *field = &head->fields[i];

    if (g_ascii_strcasecmp (field->name, "Transfer-Encoding") == 0)
      return refuse (guard, 400, "Transfer-Encoding");
    if (g_ascii_strcasecmp (field->name, "Content-Length") != 0)
      continue;
    if (length_seen)
      return refuse (guard, 400, "Content-Length");
    if (!check_length (guard, head, field->value))
      return FALSE;
    length_seen = TRUE;
  }
  return length_seen || head->method != VS_HTTP_POST ||
      refuse (guard, 411, "no Content-Length");
}

/* RFC 9110 10.1.1: nothing else can be expected. */
static gboolean
check_expectation (VsHttpGuard * guard, const VsHttpHead * head)
{
  const gchar *value = vs_http_head_get (head, "Expect");

  return head->method != VS_HTTP_POST || value == NULL ||
      g_ascii_strcasecmp (value, "100-continue") == 0 ||
      refuse (guard, 417, "expectation");
}

/* RFC 3986 3.2.2: where the host of "host:port" ends; NULL when malformed. */
static const gchar *
end_of_host (const gchar * authority)
{
  const gchar *p = authority;

  if (*p == '[') {
    for (p++; g_ascii_isxdigit (*p) || *p == ':' || *p == '.'; p++);
    if (*p != ']' || p - authority < 3)
      return NULL;
    return p + 1;
  }
  while (is_unreserved (*p))
    p++;
  return p > authority ? p : NULL;
}

static gboolean
authority_is_valid (const gchar * authority)
{
  const gchar *port = end_of_host (authority);
  guint number = 0;

  if (!port)
    return FALSE;
  if (*port == '\0')
    return TRUE;
  if (*port++ != ':' || *port == '\0')
    return FALSE;
  for (; g_ascii_isdigit (*port) && number <= G_MAXUINT16; port++)
    number = number * 10 + g_ascii_digit_value (*port);
  return *port == '\0' && number > 0 && number <= G_MAXUINT16;
}

static gboolean
host_is_listed (const gchar * host, const gchar * const *hosts)
{
  gsize length = end_of_host (host) - host;

  for (; *hosts; hosts++) {
    if (g_ascii_strcasecmp (host, *hosts) == 0 ||
        (strlen (*hosts) == length &&
            g_ascii_strncasecmp (host, *hosts, length) == 0))
      return TRUE;
  }
  return FALSE;
}

/* RFC 9112 3.2: one Host, of HTTP/1.0 perhaps none. */
static gboolean
check_host (VsHttpGuard * guard, VsHttpHead * head, const gchar * const *hosts)
{
  guint i;

  for (i = 0; i < head->n_fields; i++) {
    if (g_ascii_strcasecmp (head->fields[i].name, "Host") != 0)
      continue;
    if (head->host)
      return refuse (guard, 400, "more than one Host");
    head->host = head->fields[i].value;
    if (!authority_is_valid (head->host))
      return refuse (guard, 400, "malformed Host");
  }
  if (!hosts || !*hosts)
    return head->host || head->minor_version == 0 ||
        refuse (guard, 400, "no Host");
  if (!head->host)
    return refuse (guard, 400, "no Host");
  return host_is_listed (head->host, hosts) ||
      refuse (guard, 400, "Host is not served here");
}

/* RFC 9112 3.2.2: absolute-form must name the host that Host names. */
static gboolean
strip_absolute_form (VsHttpGuard * guard, VsHttpHead * head)
{
  const gchar *target = head->target, *path;

  if (g_ascii_strncasecmp (target, "http://", 7) == 0)
    target += 7;
  else if (g_ascii_strncasecmp (target, "https://", 8) == 0)
    target += 8;
  else
    return refuse (guard, 400, "form of target");
  path = strchr (target, '/');
  if (!path || !head->host || strlen (head->host) != (gsize) (path - target)
      || g_ascii_strncasecmp (target, head->host, path - target) != 0)
    return refuse (guard, 400, "target for another host");
  head->target = path;
  return TRUE;
}

static gboolean
check_target (VsHttpGuard * guard, VsHttpHead * head, const VsHttpRules * rules)
{
  gsize length;

  if (*head->target != '/' && !strip_absolute_form (guard, head))
    return FALSE;
  length = strcspn (head->target, "?");
  if (head->target[length] == '?')
    head->query = head->target + length + 1;
  head->path = vs_http_path_decode (head->target, length);
  if (!head->path)
    return refuse (guard, 400, "path is not in normal form");
  return head->method != VS_HTTP_POST ||
      vs_http_rules_allow_post (rules, head->path) ||
      refuse (guard, 405, "method");
}

/* RFC 9112 9.3; of HTTP/1.0 connections none is kept. */
static void
find_keep_alive (VsHttpHead * head)
{
  g_autofree gchar *field = vs_http_head_get_list (head, "Connection");
  const gchar *list = field, *member;
  gsize length;

  head->keep_alive = head->minor_version > 0;
  while (list && (member = vs_http_list_next (&list, &length))) {
    if (length == 5 && g_ascii_strncasecmp (member, "close", 5) == 0)
      head->keep_alive = FALSE;
  }
}

static VsHttpVerdict
judge (VsHttpGuard * guard, const VsHttpRules * rules)
{
  VsHttpHead *head = guard->head = make_head (guard);

  if (!check_framing (guard, head) || !check_host (guard, head, rules->hosts)
      || !check_target (guard, head, rules)
      || !check_expectation (guard, head))
    return VS_HTTP_VERDICT_REFUSE;
  find_keep_alive (head);
  return VS_HTTP_VERDICT_PASS;
}

VsHttpVerdict
vs_http_guard_push (VsHttpGuard * guard, const guint8 * data, gsize size,
    const VsHttpRules * rules, gsize * used)
{
  gsize i;

  g_return_val_if_fail (guard->status == 0 && guard->state != STATE_DONE,
      VS_HTTP_VERDICT_REFUSE);

  guard->may_post = rules->posts && *rules->posts;
  for (i = 0; i < size && guard->state != STATE_DONE; i++) {
    if (!push_byte (guard, data[i])) {
      *used = i;
      return VS_HTTP_VERDICT_REFUSE;
    }
  }
  *used = i;
  if (guard->state != STATE_DONE)
    return VS_HTTP_VERDICT_MORE;
  return judge (guard, rules);
}

VsHttpHead *
vs_http_guard_steal_head (VsHttpGuard * guard)
{
  g_return_val_if_fail (guard->status == 0, NULL);

  return g_steal_pointer (&guard->head);
}

gsize
vs_http_guard_get_body_size (VsHttpGuard * guard)
{
  g_return_val_if_fail (guard->head != NULL, 0);

  return guard->head->body_size;
}

gboolean
vs_http_guard_expects_continue (VsHttpGuard * guard)
{
  g_return_val_if_fail (guard->head != NULL, FALSE);

  return guard->head->minor_version > 0 &&
      vs_http_head_get (guard->head, "Expect") != NULL;
}

guint
vs_http_guard_get_status (VsHttpGuard * guard)
{
  return guard->status;
}

const gchar *
vs_http_guard_get_reason (VsHttpGuard * guard)
{
  return guard->reason;
}

const gchar *
vs_http_guard_get_bytes (VsHttpGuard * guard, gsize * size)
{
  if (guard->buffer) {
    *size = guard->buffer->len;
    return guard->buffer->str;
  }
  *size = guard->head ? guard->head->size : 0;
  return guard->head ? guard->head->buffer : NULL;
}
