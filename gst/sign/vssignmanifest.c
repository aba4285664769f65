/* VisionStream: manifests whose URLs get signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A reader of XML that keeps all as it was: it holds one tag, or the text of
 * one element that is a URL, and hands on everything else. What it does not
 * hold has no limit.
 */
#include "sign/vssigntextprivate.h"

#include <string.h>

typedef enum
{
  TEXT,
  MARKUP,                       /* behind "<": what it is */
  TAG,
  QUOTED,                       /* in a value of a tag */
  COMMENT,
  CDATA,
  INSTRUCTION
} State;

struct _VsSignManifest
{
  VsSignScope *scope;
  VsSignTextKind kind;
  State state;
  gchar quote;
  /* elements that are open */
  guint64 depth;
  gboolean rooted;

  GString *tag;                 /* since "<" */
  /* the text of an element that is a URL */
  gboolean collecting;
  VsSignRef collected_kind;
  GString *collected;
  /* bytes of what ends a comment and its like that have been seen */
  guint matched;
};

typedef struct
{
  const gchar *element, *attribute;
  VsSignRef kind;
} Place;

/* ISO/IEC 23009-1, 5.3; XLink and clocks are found by themselves. */
static const Place dash_attributes[] = {
  {"SegmentTemplate", "media", VS_SIGN_REF_SEGMENT},
  {"SegmentTemplate", "initialization", VS_SIGN_REF_SEGMENT},
  {"SegmentTemplate", "index", VS_SIGN_REF_SEGMENT},
  {"SegmentTemplate", "bitstreamSwitching", VS_SIGN_REF_SEGMENT},
  {"InitializationSet", "initialization", VS_SIGN_REF_SEGMENT},
  {"SegmentURL", "media", VS_SIGN_REF_SEGMENT},
  {"SegmentURL", "index", VS_SIGN_REF_SEGMENT},
  {"Initialization", "sourceURL", VS_SIGN_REF_SEGMENT},
  {"RepresentationIndex", "sourceURL", VS_SIGN_REF_SEGMENT},
  {"BitstreamSwitching", "sourceURL", VS_SIGN_REF_SEGMENT},
  {"UTCTiming", "value", VS_SIGN_REF_CLOCK},
};

/* [MS-SSTR], 2.2.2.3 */
static const Place smooth_attributes[] = {
  {"StreamIndex", "Url", VS_SIGN_REF_SEGMENT},
};

static const Place dash_texts[] = {
  {"BaseURL", NULL, VS_SIGN_REF_BASE},
  {"Location", NULL, VS_SIGN_REF_DOCUMENT},
  {"PatchLocation", NULL, VS_SIGN_REF_DOCUMENT},
  {"ContentSteering", NULL, VS_SIGN_REF_DOCUMENT},
};

VsSignManifest *
vs_sign_manifest_new (const VsSignPlace * place, VsSignTextKind kind)
{
  VsSignManifest *self = g_new0 (VsSignManifest, 1);

  self->scope = vs_sign_scope_new (place);
  self->kind = kind;
  self->tag = g_string_sized_new (512);
  self->collected = g_string_new (NULL);
  return self;
}

void
vs_sign_manifest_free (VsSignManifest * self)
{
  vs_sign_scope_free (self->scope);
  g_string_free (self->tag, TRUE);
  g_string_free (self->collected, TRUE);
  g_free (self);
}

VsSignTextKind
vs_sign_manifest_get_kind (VsSignManifest * self)
{
  return self->kind;
}

/* ---- escapes ------------------------------------------------------------- */

gint
vs_sign_manifest_find_entity (const gchar * name, gsize size)
{
  static const struct
  {
    const gchar *name;
    gchar c;
  } entities[] = { {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'},
  {"apos", '\''}
  };
  guint64 code = 0;
  g_autofree gchar *text = g_strndup (name, size);

  for (guint i = 0; i < G_N_ELEMENTS (entities); i++) {
    if (strcmp (entities[i].name, text) == 0)
      return entities[i].c;
  }
  if (text[0] != '#' || !g_ascii_string_to_unsigned (text[1] == 'x' ?
          text + 2 : text + 1, text[1] == 'x' ? 16 : 10, 1, 0x7e, &code, NULL))
    return -1;
  return (gint) code;
}

/* XML 1.0, 4.6: of what can be in a URL, or is escaped in one */
static gboolean
unescape (const gchar * text, gsize size, GString * out, GError ** error)
{
  const gchar *end = text + size;

  while (text < end) {
    const gchar *semicolon;
    gint c = *text++;

    if (c == '&') {
      semicolon = memchr (text, ';', (gsize) (end - text));
      c = semicolon ? vs_sign_manifest_find_entity (text,
          (gsize) (semicolon - text)) : -1;
      if (c < 0)
        return vs_sign_fail (error, "an entity that is none of XML's own");
      text = semicolon + 1;
    }
    g_string_append_c (out, (gchar) c);
  }
  return TRUE;
}

static void
append_escaped (GString * out, const gchar * text)
{
  g_autofree gchar *escaped = g_markup_escape_text (text, -1);

  g_string_append (out, escaped);
}

/* @text: unescaped */
static gboolean
append_reference (VsSignManifest * self, VsSignRef kind, const gchar * text,
    GString * out, GError ** error)
{
  g_autoptr (GString) reference = g_string_sized_new (1024);

  if (!vs_sign_scope_append (self->scope, kind, text, reference, error))
    return FALSE;
  append_escaped (out, reference->str);
  return TRUE;
}

/* ---- tags ---------------------------------------------------------------- */

const gchar *
vs_sign_manifest_find_local_name (const gchar * name, gsize * size)
{
  const gchar *colon = memchr (name, ':', *size);

  if (colon) {
    *size -= (gsize) (colon + 1 - name);
    name = colon + 1;
  }
  return name;
}

static gboolean
name_is (const gchar * name, gsize size, const gchar * wanted)
{
  return strlen (wanted) == size && memcmp (name, wanted, size) == 0;
}

const VsSignRef *
vs_sign_manifest_find_text (VsSignTextKind kind, const gchar * element,
    gsize size)
{
  for (guint i = 0; i < G_N_ELEMENTS (dash_texts); i++) {
    if (kind == VS_SIGN_TEXT_DASH
        && name_is (element, size, dash_texts[i].element))
      return &dash_texts[i].kind;
  }
  return NULL;
}

static gboolean
is_level (VsSignManifest * self, const gchar * name, gsize size)
{
  static const gchar *const names[] = { "MPD", "Period", "AdaptationSet",
    "Representation", "SubRepresentation"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (self->kind == VS_SIGN_TEXT_DASH && name_is (name, size, names[i]))
      return TRUE;
  }
  return FALSE;
}

const VsSignRef *
vs_sign_manifest_find_attribute (VsSignTextKind kind, const gchar * element,
    gsize size, const gchar * name, gsize name_size)
{
  static const Place link = { NULL, "xlink:href", VS_SIGN_REF_SEGMENT };
  gboolean dash = kind == VS_SIGN_TEXT_DASH;
  const Place *places = dash ? dash_attributes : smooth_attributes;
  guint n = dash ? G_N_ELEMENTS (dash_attributes)
      : G_N_ELEMENTS (smooth_attributes);

  if (dash && name_is (name, name_size, link.attribute))
    return &link.kind;
  for (guint i = 0; i < n; i++) {
    if (name_is (element, size, places[i].element)
        && name_is (name, name_size, places[i].attribute))
      return &places[i].kind;
  }
  return NULL;
}

static gboolean
append_value (VsSignManifest * self, const VsSignRef * ref, const gchar * value,
    gsize size, GString * out, GError ** error)
{
  g_autoptr (GString) text = g_string_sized_new (size);

  if (ref == NULL || size == 0) {
    g_string_append_len (out, value, (gssize) size);
    return TRUE;
  }
  return unescape (value, size, text, error)
      && append_reference (self, *ref, text->str, out, error);
}

/* The attributes of @element: @text is behind its name, in a tag that ends with
 * ">". */
static gboolean
append_attributes (VsSignManifest * self, const gchar * element, gsize size,
    const gchar * text, GString * out, GError ** error)
{
  while (TRUE) {
    gsize blanks = strspn (text, VS_SIGN_BLANKS "/"), n =
        strcspn (text + blanks, VS_SIGN_BLANKS "/=>");
    const gchar *name = text + blanks, *value = name + n + strspn (name + n,
        VS_SIGN_BLANKS), *end;

    if (*value != '=') {
      g_string_append (out, text);
      return n == 0 || vs_sign_fail (error, "an attribute without a value");
    }
    value++;
    value += strspn (value, VS_SIGN_BLANKS);
    end = *value == '"' || *value == '\'' ? strchr (value + 1, *value) : NULL;
    if (n == 0 || end == NULL)
      return vs_sign_fail (error, "an attribute that is none");
    value++;
    g_string_append_len (out, text, value - text);
    if (!append_value (self, vs_sign_manifest_find_attribute (self->kind,
                element, size, name, n), value, (gsize) (end - value), out,
            error))
      return FALSE;
    g_string_append_c (out, *end);
    text = end + 1;
  }
}

static gboolean
check_root (VsSignManifest * self, const gchar * name, gsize size,
    GError ** error)
{
  VsSignTextKind kind = VS_SIGN_TEXT_UNKNOWN;

  if (name_is (name, size, "MPD"))
    kind = VS_SIGN_TEXT_DASH;
  else if (name_is (name, size, "SmoothStreamingMedia"))
    kind = VS_SIGN_TEXT_SMOOTH;
  if (kind == VS_SIGN_TEXT_UNKNOWN || self->rooted
      || (self->kind != VS_SIGN_TEXT_UNKNOWN && self->kind != kind))
    return vs_sign_fail (error, "neither a DASH nor a Smooth manifest");
  self->kind = kind;
  self->rooted = TRUE;
  return TRUE;
}

static gboolean
open_element (VsSignManifest * self, const gchar * name, gsize size,
    GError ** error)
{
  const VsSignRef *ref = vs_sign_manifest_find_text (self->kind, name, size);

  self->depth++;
  if (ref) {
    self->collecting = TRUE;
    self->collected_kind = *ref;
    g_string_truncate (self->collected, 0);
  }
  return !is_level (self, name, size)
      || vs_sign_scope_enter (self->scope, error);
}

static gboolean
append_start (VsSignManifest * self, GString * out, GError ** error)
{
  const gchar *qualified = self->tag->str + 1, *name;
  gsize size = strcspn (qualified, VS_SIGN_BLANKS "/>"), whole = size;
  gboolean empty = self->tag->str[self->tag->len - 2] == '/';

  name = vs_sign_manifest_find_local_name (qualified, &size);
  if (size == 0)
    return vs_sign_fail (error, "a tag without a name");
  if (self->collecting)
    return vs_sign_fail (error, "an element in a URL");
  if (self->depth == 0 && !check_root (self, name, size, error))
    return FALSE;
  g_string_append_len (out, self->tag->str, (gssize) (whole + 1));
  return append_attributes (self, name, size, qualified + whole, out, error)
      && (empty || open_element (self, name, size, error));
}

static gboolean
append_collected (VsSignManifest * self, GString * out, GError ** error)
{
  g_autoptr (GString) text = g_string_sized_new (self->collected->len);

  self->collecting = FALSE;
  return unescape (self->collected->str, self->collected->len, text, error)
      && append_reference (self, self->collected_kind,
      g_strstrip (text->str), out, error);
}

static gboolean
append_end (VsSignManifest * self, GString * out, GError ** error)
{
  const gchar *name = self->tag->str + 2;
  gsize size = strcspn (name, VS_SIGN_BLANKS ">");

  name = vs_sign_manifest_find_local_name (name, &size);
  if (self->depth == 0 || size == 0)
    return vs_sign_fail (error, "an end of what has not begun");
  if (self->collecting && !append_collected (self, out, error))
    return FALSE;
  self->depth--;
  g_string_append_len (out, self->tag->str, (gssize) self->tag->len);
  return !is_level (self, name, size)
      || vs_sign_scope_leave (self->scope, error);
}

static gboolean
append_tag (VsSignManifest * self, GString * out, GError ** error)
{
  gsize before = out->len;
  gboolean ok;

  ok = self->tag->str[1] == '/' ? append_end (self, out, error)
      : append_start (self, out, error);
  if (!ok)
    g_string_truncate (out, before);
  g_string_truncate (self->tag, 0);
  return ok;
}

/* ---- bytes --------------------------------------------------------------- */

/* Text of an element that is a URL is held, with its escapes; all other is
 * handed on. */
static gboolean
push_text (VsSignManifest * self, gchar c, GString * out, GError ** error)
{
  if (!self->collecting) {
    g_string_append_c (out, c);
    return TRUE;
  }
  if (self->collected->len >= VS_SIGN_TEXT_LINE_MAX)
    return vs_sign_fail (error, "the URL is too long");
  g_string_append_c (self->collected, c);
  return TRUE;
}

/* What began is known by the first bytes: an element in most cases. */
static gboolean
tell_markup (VsSignManifest * self, GString * out, GError ** error)
{
  static const gchar comment[] = "<!--", cdata[] = "<![CDATA[";
  const gchar *tag = self->tag->str;

  if (tag[1] == '?')
    self->state = INSTRUCTION;
  else if (tag[1] != '!')
    self->state = TAG;
  else if (strcmp (tag, comment) == 0)
    self->state = COMMENT;
  else if (strcmp (tag, cdata) == 0)
    self->state = CDATA;
  else if (!g_str_has_prefix (comment, tag) && !g_str_has_prefix (cdata, tag))
    return vs_sign_fail (error, "a DOCTYPE, or what is no XML");
  self->matched = 0;
  if (self->state == MARKUP || self->state == TAG)
    return TRUE;
  /* in a URL neither has a place: its text goes on behind them */
  if (!self->collecting)
    g_string_append (out, tag);
  g_string_truncate (self->tag, 0);
  return TRUE;
}

static gboolean
push_tag (VsSignManifest * self, gchar c, GString * out, GError ** error)
{
  if (self->tag->len >= VS_SIGN_TEXT_LINE_MAX)
    return vs_sign_fail (error, "the tag is too long");
  g_string_append_c (self->tag, c);
  if (self->state == MARKUP && !tell_markup (self, out, error))
    return FALSE;
  if (self->state == QUOTED) {
    if (c == self->quote)
      self->state = TAG;
  } else if (self->state == TAG && (c == '"' || c == '\'')) {
    self->state = QUOTED;
    self->quote = c;
  } else if (self->state == TAG && c == '>') {
    self->state = TEXT;
    return append_tag (self, out, error);
  } else if (self->state == TAG && c == '<') {
    return vs_sign_fail (error, "a tag in a tag");
  }
  return TRUE;
}

/* The character before the last of "]]>" may come more often. */
static gboolean
ends (VsSignManifest * self, const gchar * end, gchar c)
{
  gsize n = strlen (end);

  if (c == end[self->matched])
    self->matched++;
  else if (!(n == 3 && self->matched == 2 && c == end[1]))
    self->matched = c == end[0];
  return self->matched == n;
}

static gboolean
push_until (VsSignManifest * self, const gchar * end, gchar c, GString * out)
{
  if (!self->collecting)
    g_string_append_c (out, c);
  if (ends (self, end, c))
    self->state = TEXT;
  return TRUE;
}

/* A URL in it is written anew without it. */
static gboolean
push_cdata (VsSignManifest * self, gchar c, GString * out, GError ** error)
{
  if (!self->collecting)
    return push_until (self, "]]>", c, out);
  if (c == '&')
    g_string_append (self->collected, "&amp;");
  else if (!push_text (self, c, out, error))
    return FALSE;
  if (ends (self, "]]>", c)) {
    g_string_truncate (self->collected, self->collected->len - 3);
    self->state = TEXT;
  }
  return TRUE;
}

gboolean
vs_sign_manifest_push (VsSignManifest * self, gchar c, GString * out,
    GError ** error)
{
  if (c == '\0')
    return vs_sign_fail (error, "a character that is in no text");
  switch (self->state) {
    case TEXT:
      if (c != '<')
        return push_text (self, c, out, error);
      self->state = MARKUP;
      g_string_append_c (self->tag, c);
      return TRUE;
    case COMMENT:
      return push_until (self, "-->", c, out);
    case CDATA:
      return push_cdata (self, c, out, error);
    case INSTRUCTION:
      return push_until (self, "?>", c, out);
    default:
      return push_tag (self, c, out, error);
  }
}

gboolean
vs_sign_manifest_finish (VsSignManifest * self, GError ** error)
{
  if (self->state != TEXT || self->depth > 0 || !self->rooted)
    return vs_sign_fail (error, "the manifest has no end");
  return TRUE;
}
