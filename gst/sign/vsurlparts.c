/* VisionStream: URLs as signatures see them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vsurlparts.h"

#include <string.h>

static gboolean
fail (GError ** error, const gchar * reason)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s", reason);
  return FALSE;
}

static gboolean
part_is (const VsUrlPart * part, const gchar * text)
{
  return part->size == strlen (text)
      && memcmp (part->text, text, part->size) == 0;
}

static VsUrlPart
part_of (const gchar * from, const gchar * to)
{
  VsUrlPart part = { from, (gsize) (to - from) };

  return part;
}

/* The first of @c, or the end. */
static const gchar *
find (const gchar * from, const gchar * end, gchar c)
{
  const gchar *at = memchr (from, c, (gsize) (end - from));

  return at ? at : end;
}

gboolean
vs_url_is_plain (const gchar * text, gsize size)
{
  /* by value of a character: it is checked for all of each request */
  static const gboolean refused[128] = {
    ['"'] = TRUE,['#'] = TRUE,['<'] = TRUE,['>'] = TRUE,['\\'] = TRUE,
    ['^'] = TRUE,['`'] = TRUE,['{'] = TRUE,['|'] = TRUE,['}'] = TRUE
  };

  for (gsize i = 0; i < size; i++) {
    guint8 c = (guint8) text[i];

    if (c <= ' ' || c >= 127 || refused[c])
      return FALSE;
  }
  return TRUE;
}

/* Scheme, authority and the rest of what has a scheme and "//". */
static gboolean
split_sections (const gchar * text, gsize size, VsUrlPart * scheme,
    VsUrlPart * authority, VsUrlPart * rest)
{
  const gchar *end = text + size, *colon = find (text, end, ':'), *slash;

  if (end - colon < 3 || memcmp (colon, "://", 3) != 0)
    return FALSE;
  slash = find (colon + 3, end, '/');
  *scheme = part_of (text, colon);
  *authority = part_of (colon + 3, slash);
  *rest = part_of (slash, end);
  return TRUE;
}

gboolean
vs_url_parts_split (const gchar * url, VsUrlParts * parts, GError ** error)
{
  gsize size = strnlen (url, VS_URL_MAX + 1);
  const gchar *end = url + size, *query = find (url, end, '?');
  VsUrlPart rest;

  if (size > VS_URL_MAX)
    return fail (error, "the URL is too long");
  if (!vs_url_is_plain (url, size))
    return fail (error, "a character that can't be in a URL that is requested");
  if (!split_sections (url, (gsize) (query - url), &parts->scheme,
          &parts->authority, &rest)
      || (!part_is (&parts->scheme, "http")
          && !part_is (&parts->scheme, "https")))
    return fail (error, "no absolute http or https URL");
  if (parts->authority.size == 0 || parts->authority.text[0] == ':')
    return fail (error, "a URL without a host");
  if (memchr (parts->authority.text, '@', parts->authority.size))
    return fail (error, "a URL with a user in it");
  parts->path = rest;
  parts->query = part_of (query, end);
  if (query == end) {
    parts->query.text = NULL;
  } else {
    parts->query.text++;
    parts->query.size--;
  }
  return TRUE;
}

/* ---- references ---------------------------------------------------------- */

/* Whether a scheme begins it: RFC 3986, 3.1 and 4.2. */
static gboolean
is_absolute (const gchar * reference)
{
  gsize n = 0;

  while (g_ascii_isalnum (reference[n]) || (n > 0 && reference[n]
          && strchr ("+-.", reference[n])))
    n++;
  return n > 0 && g_ascii_isalpha (reference[0]) && reference[n] == ':';
}

/* RFC 3986, 5.2.4, of the path that begins at @start. */
static void
remove_dot_segments (GString * url, gsize start)
{
  gsize end = start + strcspn (url->str + start, "?");
  gsize in = start, out = start;

  while (in < end) {
    gsize size = 1 + strcspn (url->str + in + 1, "/?");
    const gchar *segment = url->str + in;
    gboolean last = in + size >= end, up = size == 3
        && memcmp (segment, "/..", 3) == 0;

    if (up || (size == 2 && memcmp (segment, "/.", 2) == 0)) {
      while (up && out > start && url->str[--out] != '/');
      if (last)
        url->str[out++] = '/';
    } else {
      memmove (url->str + out, segment, size);
      out += size;
    }
    in += size;
  }
  g_string_erase (url, (gssize) out, (gssize) (end - out));
}

/* What of @base stays before @reference. */
static gsize
find_kept (const gchar * base, const VsUrlParts * parts,
    const gchar * reference)
{
  const gchar *path = parts->path.text, *at = path + parts->path.size;

  if (reference[0] == '\0')
    return strlen (base);
  if (g_str_has_prefix (reference, "//"))
    return parts->scheme.size + 1;
  if (reference[0] == '/')
    return (gsize) (path - base);
  if (reference[0] == '?')
    return (gsize) (at - base);
  while (at > path && at[-1] != '/')
    at--;
  return (gsize) (at - base);
}

gchar *
vs_url_resolve (const gchar * base, const gchar * reference, GError ** error)
{
  g_autoptr (GString) url = NULL;
  VsUrlParts parts;

  if (is_absolute (reference)) {
    return vs_url_parts_split (reference, &parts, error) ?
        g_strdup (reference) : NULL;
  }
  if (base == NULL) {
    fail (error, "a relative URL, and nothing that it is relative to");
    return NULL;
  }
  if (!vs_url_parts_split (base, &parts, error))
    return NULL;
  url = g_string_new_len (base, (gssize) find_kept (base, &parts, reference));
  if (parts.path.size == 0 && url->len == (gsize) (parts.path.text - base)
      && !strchr ("/?", reference[0]))
    g_string_append_c (url, '/');
  g_string_append (url, reference);
  if (!vs_url_parts_split (url->str, &parts, error))
    return NULL;
  remove_dot_segments (url, (gsize) (parts.path.text - url->str));
  return g_string_free (g_steal_pointer (&url), FALSE);
}

/* ---- paths --------------------------------------------------------------- */

static gboolean
is_normal_escape (const gchar * text, gsize left)
{
  gint c;

  if (left < 3 || !g_ascii_isxdigit (text[1]) || !g_ascii_isxdigit (text[2]))
    return FALSE;
  c = g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2]);
  return c >= 32 && c != 127 && c != '/' && c != '\\'
      && !(c < 128 && (g_ascii_isalnum (c) || strchr ("-._~", c)));
}

static gboolean
is_dots (const gchar * segment, gsize size)
{
  return size <= 2 && memcmp (segment, "..", size) == 0;
}

gboolean
vs_url_path_is_normal (const gchar * path, gsize size)
{
  gsize segment = 1;

  if (size == 0 || path[0] != '/' || !vs_url_is_plain (path, size)
      || memchr (path, '?', size))
    return FALSE;
  for (gsize i = 1; i <= size; i++) {
    if (i == size || path[i] == '/') {
      /* nothing behind the last slash is a folder's name */
      if (is_dots (path + segment, i - segment)
          && !(i == size && i == segment))
        return FALSE;
      segment = i + 1;
    } else if (path[i] == '%' && !is_normal_escape (path + i, size - i)) {
      return FALSE;
    }
  }
  return TRUE;
}

/* ---- patterns ------------------------------------------------------------ */

/* characters that can be in a URL are below */
#define CHARACTERS 128
#define WORD_BITS 64

/* A set has a bit for each place in a pattern, which is before one of its
 * characters that is no star, or at its end.
 * @now: the places up to which what was read of a text is matched
 * @match: of each character, those before which it passes; @any: before a "?"
 * @stay: where a star stands, that takes any character */
typedef struct
{
  gsize n_words, n_places;
  guint64 *now, *match, *any, *stay;
} Glob;

static void
add_place (guint64 * set, gsize place)
{
  set[place / WORD_BITS] |= (guint64) 1 << place % WORD_BITS;
}

static gboolean
has_place (const guint64 * set, gsize place)
{
  return set[place / WORD_BITS] >> place % WORD_BITS & 1;
}

static void
glob_init (Glob * self, const VsUrlPart * pattern)
{
  gsize place = 0;

  self->n_words = pattern->size / WORD_BITS + 1;
  self->now = g_new0 (guint64, self->n_words * (CHARACTERS + 3));
  self->any = self->now + self->n_words;
  self->stay = self->any + self->n_words;
  self->match = self->stay + self->n_words;
  for (gsize i = 0; i < pattern->size; i++) {
    guint8 c = (guint8) pattern->text[i];

    if (c == '*')
      add_place (self->stay, place);
    else if (c == '?')
      add_place (self->any, place++);
    else
      add_place (self->match + (c % CHARACTERS) * self->n_words, place++);
  }
  self->n_places = place;
  add_place (self->now, 0);
}

static void
glob_push (Glob * self, gchar c)
{
  const guint64 *match =
      self->match + ((guint8) c % CHARACTERS) * self->n_words;
  guint64 carry = 0;

  for (gsize i = 0; i < self->n_words; i++) {
    guint64 moved = self->now[i] & (match[i] | self->any[i]);

    self->now[i] = (self->now[i] & self->stay[i]) | moved << 1 | carry;
    carry = moved >> (WORD_BITS - 1);
  }
}

/* The query begins: of the stars, only one at the end goes on. */
static void
leave_path (Glob * self)
{
  gboolean open = has_place (self->stay, self->n_places);
  g_autofree guint64 *stay = g_memdup2 (self->stay,
      self->n_words * sizeof (guint64));

  memset (self->stay, 0, self->n_words * sizeof (guint64));
  if (open)
    add_place (self->stay, self->n_places);
  glob_push (self, '?');
  memcpy (self->stay, stay, self->n_words * sizeof (guint64));
}

static gboolean
matches_section (const VsUrlPart * pattern, const VsUrlPart * text)
{
  const gchar *mark = memchr (text->text, '?', text->size);
  gboolean matches;
  Glob glob;

  if (memchr (pattern->text, '*', pattern->size) == NULL
      && pattern->size != text->size)
    return FALSE;
  glob_init (&glob, pattern);
  for (gsize i = 0; i < text->size; i++) {
    if (text->text + i == mark)
      leave_path (&glob);
    else
      glob_push (&glob, text->text[i]);
  }
  matches = has_place (glob.now, glob.n_places);
  g_free (glob.now);
  return matches;
}

gboolean
vs_url_matches (const gchar * pattern, gsize pattern_size, const gchar * url,
    gsize url_size)
{
  VsUrlPart p[3], u[3];

  if (pattern_size == 1 && pattern[0] == '*')
    return TRUE;
  if (pattern_size > VS_URL_MAX || url_size > VS_URL_MAX
      || !vs_url_is_plain (pattern, pattern_size)
      || !vs_url_is_plain (url, url_size))
    return FALSE;
  return split_sections (pattern, pattern_size, &p[0], &p[1], &p[2])
      && split_sections (url, url_size, &u[0], &u[1], &u[2])
      && memchr (u[1].text, '?', u[1].size) == NULL
      && matches_section (&p[0], &u[0]) && matches_section (&p[1], &u[1])
      && matches_section (&p[2], &u[2]);
}
