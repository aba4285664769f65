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

/* forwarded-element (RFC 7239 4): its "for". What is not as it should be tells
 * nothing: it may begin in what the client wrote. */
static gchar *
read_element (const gchar * member, gsize length)
{
  g_autofree gchar *text = g_strndup (member, length);
  g_autofree gchar *node = NULL;
  const gchar *p = text;

  while (*p) {
    const gchar *name = p;
    g_autofree gchar *value = NULL;

    while (is_token (*p))
      p++;
    if (p == name || *p++ != '=' || !(value = read_value (&p)))
      return NULL;
    if (p - name > 4 && g_ascii_strncasecmp (name, "for=", 4) == 0) {
      if (node)
        return NULL;
      node = g_steal_pointer (&value);
    }
    if (*p && *p++ != ';')
      return NULL;
  }
  return g_steal_pointer (&node);
}

typedef struct
{
  const gchar *text;
  gsize length;
} Member;

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
  {"Forwarded", vs_http_list_next, read_element},
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

/* Whom the field tells of: *@client, or NULL where that can't be known. FALSE:
 * it is not there. */
static gboolean
walk (const VsHttpHead * head, const Field * field,
    const VsAddressList * trusted, gchar ** client)
{
  g_autoptr (GArray) members = collect_members (head, field);
  gboolean ended = FALSE;

  for (guint i = members->len; i > 0 && !ended; i--) {
    const Member *member = &g_array_index (members, Member, i - 1);
    g_autofree gchar *node = field->read (member->text, member->length);
    g_autoptr (GInetAddress) address = node ? parse_node (node) : NULL;

    g_free (*client);
    *client = address ? to_text (address) : NULL;
    ended = !vs_address_list_contains (trusted, address);
  }
  return members->len > 0;
}

gchar *
vs_http_forwarded_client (const VsHttpHead * head, const gchar * peer,
    const VsAddressList * trusted)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autofree gchar *plain = NULL, *standard = NULL;
  gboolean has_plain, has_standard;

  if (trusted)
    address = g_inet_address_new_from_string (peer);
  if (!address || !vs_address_list_contains (trusted, address))
    return g_strdup (peer);
  has_plain = walk (head, &fields[0], trusted, &plain);
  has_standard = walk (head, &fields[1], trusted, &standard);
  if (!has_plain && !has_standard)
    return g_strdup (peer);
  if (has_plain && has_standard && g_strcmp0 (plain, standard) != 0)
    return NULL;
  return has_plain ? g_steal_pointer (&plain) : g_steal_pointer (&standard);
}
