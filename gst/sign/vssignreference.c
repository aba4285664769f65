/* VisionStream: which references get a viewer's query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 3986, 4.2, read with the eyes of the WHATWG's URL standard, as browsers
 * do: it is enough that one of them would leave the host.
 */
#include "sign/vssignchildrenprivate.h"

#include <string.h>

/* bytes between "&" and ";" */
#define ENTITY_MAX 8

static gboolean
is_blank (gchar c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
vs_sign_trim (VsUrlPart * part)
{
  while (part->size > 0 && is_blank (part->text[0])) {
    part->text++;
    part->size--;
  }
  while (part->size > 0 && is_blank (part->text[part->size - 1]))
    part->size--;
}

/* What stands at @at, and how many bytes it takes; 0 for what is no
 * character. */
static guchar
read_character (VsSignTextKind kind, const gchar * at, const gchar * end,
    gsize * size)
{
  const gchar *semicolon;
  gint c;

  *size = 1;
  if (*at != '&' || kind == VS_SIGN_TEXT_HLS)
    return (guchar) * at;
  at++;
  semicolon = memchr (at, ';', MIN ((gsize) (end - at), ENTITY_MAX + 1));
  if (semicolon == NULL)
    return 0;
  *size = (gsize) (semicolon - at) + 2;
  c = vs_sign_manifest_find_entity (at, (gsize) (semicolon - at));
  return c > 0 ? (guchar) c : 0;
}

/* Whether an absolute path is one of those that the query is for. */
static gboolean
has_prefix (const VsSignPlaces * places, const gchar * text, const gchar * end)
{
  gsize matched = 0, n;

  for (; places->prefix && matched < places->prefix_size; matched++) {
    if (text == end || read_character (places->kind, text, end,
            &n) != (guchar) places->prefix[matched])
      return FALSE;
    text += n;
  }
  return places->prefix && (text == end || read_character (places->kind, text,
          end, &n) != '/' || places->prefix_size > 1);
}

/* Whether it begins with what a query may follow: no blank, which a browser
 * would pass over, no fragment, no other path. */
static gboolean
begins_well (const VsSignPlaces * places, const VsUrlPart * reference)
{
  const gchar *end = reference->text + reference->size;
  gsize n;
  guchar c;

  if (reference->size == 0)
    return FALSE;
  c = read_character (places->kind, reference->text, end, &n);
  return c == '/' ? has_prefix (places, reference->text, end)
      : c != ' ' && c != '#';
}

/* What there is nothing to say of */
static inline gboolean
is_ordinary (guchar c)
{
  static const gboolean special[256] = {
    ['#'] = TRUE,['&'] = TRUE,['/'] = TRUE,[':'] = TRUE,['?'] = TRUE,
    ['\\'] = TRUE,['{'] = TRUE,[127] = TRUE
  };

  return c >= ' ' && !special[c];
}

/* A colon ahead of slash and query ends a scheme; in a variable of HLS anything
 * may be. */
static gboolean
is_wrong (VsSignTextKind kind, guchar c, gboolean in_first)
{
  return c < ' ' || c == 127 || c == '\\' || (c == ':' && in_first)
      || (c == '{' && kind == VS_SIGN_TEXT_HLS);
}

gboolean
vs_sign_reference_find (const VsSignPlaces * places,
    const VsUrlPart * reference, gsize * at, VsSignJoint * joint)
{
  const gchar *text = reference->text, *end = text + reference->size;
  const gchar *query = NULL;
  gboolean in_first = TRUE;
  gsize n;

  if (!begins_well (places, reference))
    return FALSE;
  for (; text < end; text += n) {
    guchar c = (guchar) * text;

    n = 1;
    if (is_ordinary (c))
      continue;
    c = read_character (places->kind, text, end, &n);
    if (c == '#')
      break;
    if (is_wrong (places->kind, c, in_first))
      return FALSE;
    if (c == '?' && query == NULL)
      query = text + n;
    in_first &= c != '/' && c != '?';
  }
  *at = (gsize) (text - reference->text);
  *joint = query == NULL ? VS_SIGN_JOINT_MARK
      : query < text ? VS_SIGN_JOINT_NEXT : VS_SIGN_JOINT_NONE;
  return TRUE;
}
