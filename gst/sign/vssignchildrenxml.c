/* VisionStream: places for a viewer's query in manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Goes from "<" to "<", for text and values of well-formed XML have none that
 * is no markup; comments and their like, which may, are left at their end.
 * What is not well-formed is read in some way, once, from its beginning to its
 * end.
 */
#include "sign/vssignchildrenprivate.h"

#include <string.h>

static gboolean
is_one_of (gchar c, const gchar * set)
{
  return c != '\0' && strchr (set, c) != NULL;
}

static const gchar *
skip_blanks (const gchar * at, const gchar * end)
{
  while (at < end && is_one_of (*at, VS_SIGN_BLANKS))
    at++;
  return at;
}

static const gchar *
skip_name (const gchar * at, const gchar * end)
{
  while (at < end && !is_one_of (*at, VS_SIGN_BLANKS "/=>"))
    at++;
  return at;
}

/* Behind @mark; NULL where it does not come. */
static const gchar *
skip_past (const gchar * at, const gchar * end, const gchar * mark)
{
  const gchar *found = memmem (at, (gsize) (end - at), mark, strlen (mark));

  return found ? found + strlen (mark) : NULL;
}

/* Of what there are thousands: they have no attribute that is a URL. */
static gboolean
is_plain_element (VsSignTextKind kind, const gchar * name, gsize size)
{
  return size == 1 && *name == (kind == VS_SIGN_TEXT_DASH ? 'S' : 'c');
}

/* A folder's own query would get lost when something is resolved by it. */
static void
add_base (VsSignPlaces * places, const VsUrlPart * base)
{
  gsize at;
  VsSignJoint joint;
  gboolean here = TRUE;

  if (base->size > 0 && base->text[base->size - 1] != '/')
    here = vs_sign_places_add (places, VS_SIGN_REF_BASE, base);
  else if (base->size > 0)
    here = vs_sign_reference_find (places, base, &at, &joint);
  if (!here)
    places->base_left = TRUE;
}

/* The text of an element that is a URL, from @text on. One that other markup
 * is in can't be judged. Returns: where to go on; NULL at the end. */
static const gchar *
add_text (VsSignPlaces * places, VsSignRef ref, const gchar * text)
{
  const gchar *end = memchr (text, '<', (gsize) (places->end - text));
  VsUrlPart url = { text, end ? (gsize) (end - text) : 0 };

  vs_sign_trim (&url);
  if (end == NULL || places->end - end < 2 || end[1] != '/')
    places->base_left |= ref == VS_SIGN_REF_BASE;
  else if (ref == VS_SIGN_REF_BASE)
    add_base (places, &url);
  else
    vs_sign_places_add (places, ref, &url);
  return end;
}

static void
add_value (VsSignPlaces * places, const VsUrlPart * element,
    const VsUrlPart * name, VsUrlPart * value)
{
  const VsSignRef *ref = vs_sign_manifest_find_attribute (places->kind,
      element->text, element->size, name->text, name->size);

  if (ref == NULL || *ref == VS_SIGN_REF_CLOCK)
    return;
  vs_sign_trim (value);
  vs_sign_places_add (places, *ref, value);
}

/* One attribute. Returns: what is behind it; NULL where there is none. */
static const gchar *
add_attribute (VsSignPlaces * places, const VsUrlPart * element,
    const gchar * at)
{
  const gchar *end = places->end, *close = skip_name (at, end);
  VsUrlPart name = { at, (gsize) (close - at) }, value;

  at = skip_blanks (close, end);
  if (name.size == 0 || at == end || *at != '=')
    return NULL;
  at = skip_blanks (at + 1, end);
  if (at == end || !is_one_of (*at, "\"'"))
    return NULL;
  close = memchr (at + 1, *at, (gsize) (end - at - 1));
  if (close == NULL)
    return NULL;
  value.text = at + 1;
  value.size = (gsize) (close - value.text);
  add_value (places, element, &name, &value);
  return close + 1;
}

/* A start tag, from its name on, with the text behind it where that is a URL.
 * Returns: where to go on. */
static const gchar *
add_element (VsSignPlaces * places, const gchar * at)
{
  const gchar *end = places->end, *behind = skip_name (at, end), *next;
  VsUrlPart element = { at, (gsize) (behind - at) };
  const VsSignRef *ref;

  element.text = vs_sign_manifest_find_local_name (element.text, &element.size);
  if (is_plain_element (places->kind, element.text, element.size))
    return behind;
  next = behind;
  while (next) {
    behind = next;
    while (behind < end && is_one_of (*behind, VS_SIGN_BLANKS "/"))
      behind++;
    next = add_attribute (places, &element, behind);
  }
  if (behind == end || *behind != '>' || behind[-1] == '/')
    return behind;
  ref = vs_sign_manifest_find_text (places->kind, element.text, element.size);
  return ref ? add_text (places, *ref, behind + 1) : behind;
}

/* Behind "<". Returns: where to go on; NULL at the end. */
static const gchar *
add_markup (VsSignPlaces * places, const gchar * at)
{
  static const gchar comment[] = "!--", cdata[] = "![CDATA[";
  gsize left = (gsize) (places->end - at);

  if (left == 0)
    return NULL;
  if (*at == '/')
    return at;
  if (*at == '?')
    return skip_past (at, places->end, "?>");
  if (*at != '!')
    return add_element (places, at);
  if (left >= strlen (comment) && memcmp (at, comment, strlen (comment)) == 0)
    return skip_past (at + strlen (comment), places->end, "-->");
  if (left >= strlen (cdata) && memcmp (at, cdata, strlen (cdata)) == 0)
    return skip_past (at + strlen (cdata), places->end, "]]>");
  return NULL;
}

void
vs_sign_places_add_manifest (VsSignPlaces * places)
{
  const gchar *at = places->text;

  while (at) {
    at = memchr (at, '<', (gsize) (places->end - at));
    if (at)
      at = add_markup (places, at + 1);
  }
}
