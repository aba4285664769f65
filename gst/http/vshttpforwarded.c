/* VisionStream: the client behind proxies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpforwarded.h"

#include <string.h>

/* RFC 4291 2.5.5.2, as GLib writes it */
#define MAPPED "::ffff:"

/* How a field is read: @next as vs_http_list_next (), @read gives whom a proxy
 * spoke for in one member, or NULL. */
typedef struct
{
  const gchar *name;
  const gchar *(*next) (const gchar ** list, gsize * length);
  gchar *(*read) (const gchar * member, gsize length);
} Field;

typedef struct
{
  const gchar *text;
  gsize length;
} Member;

/* The address of "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]"
 * or "[2001:db8::1]:80". (transfer full) (nullable) */
static GInetAddress *
parse_node (const gchar * node)
{
  g_autofree gchar *host = NULL;
  const gchar *end, *colon = strchr (node, ':');

  if (*node == '[') {
    end = strchr (node, ']');
    if (!end || (end[1] != '\0' && end[1] != ':'))
      return NULL;
    host = g_strndup (node + 1, end - node - 1);
  } else if (colon && !strchr (colon + 1, ':')) {
    host = g_strndup (node, colon - node);
  } else {
    host = g_strdup (node);
  }
  return g_inet_address_new_from_string (host);
}

static gchar *
to_text (GInetAddress * address)
{
  g_autofree gchar *text = g_inet_address_to_string (address);

  if (g_str_has_prefix (text, MAPPED) && strchr (text, '.'))
    return g_strdup (text + strlen (MAPPED));
  return g_steal_pointer (&text);
}

static gchar *
read_plain (const gchar * member, gsize length)
{
  return g_strndup (member, length);
}

/* RFC 9110 5.6.2 */
static gboolean
is_token (gchar c)
{
  return g_ascii_isalnum (c) || (c && strchr ("!#$%&'*+-.^_`|~", c));
}

/* token or quoted-string (RFC 9110 5.6.4), and what comes behind it. */
static gchar *
read_value (const gchar ** p)
{
  GString *value = g_string_new (NULL);
  const gchar *q = *p;

  if (*q != '"') {
    for (; is_token (*q); q++)
      g_string_append_c (value, *q);
  } else {
    for (q++; *q && *q != '"'; q++) {
      if (*q == '\\' && q[1])
        q++;
      g_string_append_c (value, *q);
    }
    if (*q++ != '"')
      return g_string_free (value, TRUE);
  }
  *p = q;
  return g_string_free (value, FALSE);
}

/* forwarded-element (RFC 7239 4): one of its parameters. What is not as it
 * should be tells nothing: it may begin in what the client wrote. */
static gchar *
read_parameter (const gchar * member, gsize length, const gchar * wanted)
{
  g_autofree gchar *text = g_strndup (member, length);
  g_autofree gchar *found = NULL;
  const gsize size = strlen (wanted);
  const gchar *p = text;

  while (*p) {
    const gchar *name = p;
    g_autofree gchar *value = NULL;
    gboolean is_wanted;

    while (is_token (*p))
      p++;
    is_wanted = (gsize) (p - name) == size
        && g_ascii_strncasecmp (name, wanted, size) == 0;
    if (p == name || *p++ != '=' || !(value = read_value (&p)))
      return NULL;
    if (is_wanted && found)
      return NULL;
    if (is_wanted)
      found = g_steal_pointer (&value);
    if (*p && *p++ != ';')
      return NULL;
  }
  return g_steal_pointer (&found);
}

static gchar *
read_for (const gchar * member, gsize length)
{
  return read_parameter (member, length, "for");
}

/* A list's next member; quotes mean nothing in X-Forwarded-For. */
static const gchar *
next_plain (const gchar ** list, gsize * length)
{
  const gchar *member;

  *list += strspn (*list, ", \t");
  member = *list;
  *length = strcspn (member, ", \t");
  *list += *length;
  return *length ? member : NULL;
}

static const Field fields[] = {
  {"X-Forwarded-For", next_plain, read_plain},
  {"Forwarded", vs_http_list_next, read_for},
};

/* (element-type Member): of all of the field's lines */
static GArray *
collect_members (const VsHttpHead * head, const Field * field)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (Member));

  for (guint i = 0; i < head->n_fields; i++) {
    const gchar *list = head->fields[i].value;
    Member member;

    if (g_ascii_strcasecmp (head->fields[i].name, field->name) != 0)
      continue;
    while ((member.text = field->next (&list, &member.length)))
      g_array_append_val (members, member);
  }
  return members;
}

/* What a field tells: @client is NULL where that can't be known, @member the
 * one that told. */
typedef struct
{
  gboolean there;
  gchar *client;
  Member member;
} Told;

static void
told_clear (Told * told)
{
  g_free (told->client);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Told, told_clear);

static void
walk (const VsHttpHead * head, const Field * field,
    const VsAddressList * trusted, Told * told)
{
  g_autoptr (GArray) members = collect_members (head, field);
  gboolean ended = FALSE;

  told->there = members->len > 0;
  for (guint i = members->len; i > 0 && !ended; i--) {
    g_autofree gchar *node = NULL;
    g_autoptr (GInetAddress) address = NULL;

    told->member = g_array_index (members, Member, i - 1);
    node = field->read (told->member.text, told->member.length);
    address = node ? parse_node (node) : NULL;
    g_free (told->client);
    told->client = address ? to_text (address) : NULL;
    ended = !vs_address_list_contains (trusted, address);
  }
}

static gboolean
is_https (const gchar * scheme)
{
  return scheme && g_ascii_strcasecmp (scheme, "https") == 0;
}

/* X-Forwarded-Proto is no list: it is written anew, or passed on. */
static gboolean
came_by_tls (const VsHttpHead * head, const Told * standard)
{
  g_autofree gchar *plain = vs_http_head_get_list (head, "X-Forwarded-Proto");
  g_autofree gchar *scheme = standard->there ?
      read_parameter (standard->member.text, standard->member.length,
      "proto") : NULL;

  if (plain && scheme)
    return is_https (plain) && is_https (scheme);
  return is_https (plain) || is_https (scheme);
}

static void
read_client (const gchar * peer, const Told * plain, const Told * standard,
    VsHttpForwarded * forwarded)
{
  const Told *told = plain->there ? plain : standard;

  if (!told->there)
    forwarded->client = g_strdup (peer);
  else if (!plain->there || !standard->there
      || g_strcmp0 (plain->client, standard->client) == 0)
    forwarded->client = g_strdup (told->client);
}

void
vs_http_forwarded_read (const VsHttpHead * head, const gchar * peer,
    const VsAddressList * trusted, VsHttpForwarded * forwarded)
{
  g_autoptr (GInetAddress) address = NULL;
  g_auto (Told) plain = { 0 };
  g_auto (Told) standard = { 0 };

  *forwarded = (VsHttpForwarded) {
  0};
  if (trusted)
    address = g_inet_address_new_from_string (peer);
  if (!address || !vs_address_list_contains (trusted, address)) {
    forwarded->client = g_strdup (peer);
    return;
  }
  walk (head, &fields[0], trusted, &plain);
  walk (head, &fields[1], trusted, &standard);
  read_client (peer, &plain, &standard, forwarded);
  forwarded->by_proxy = TRUE;
  forwarded->by_tls = came_by_tls (head, &standard);
}

gboolean
vs_http_forwarded_is_there (const VsHttpHead * head)
{
  static const gchar *const names[] =
      { "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Real-IP", "Via"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (vs_http_head_get (head, names[i]))
      return TRUE;
  }
  return FALSE;
}

void
vs_http_forwarded_clear (VsHttpForwarded * forwarded)
{
  g_clear_pointer (&forwarded->client, g_free);
}
