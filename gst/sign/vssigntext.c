/* VisionStream: texts whose URLs get signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssigntextprivate.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"
/* RFC 8216, 4.3.1.1 */
#define HLS_START "#EXTM3U"

struct _VsSignText
{
  VsSignPlace place;
  VsSignTextKind kind;
  /* whether what begins the text is behind us */
  gboolean begun;
  gboolean failed;
  guint64 line;
  GString *held;
  VsSignManifest *manifest;     /* of XML */
};

/* ---- what is common ------------------------------------------------------ */

gboolean
vs_sign_fail (GError ** error, const gchar * reason)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, reason);
  return FALSE;
}

gchar *
vs_sign_place_find_pattern (const VsSignPlace * place, const gchar * url,
    GError ** error)
{
  if (place->folder && vs_url_matches (place->folder, strlen (place->folder),
          url, strlen (url)))
    return g_strdup (place->folder);
  return vs_sign_folder_of (url, error);
}

gboolean
vs_sign_is_foreign (const gchar * reference)
{
  gsize n = 0;

  while (g_ascii_isalnum (reference[n]) || (reference[n] && n > 0
          && strchr ("+-.", reference[n])))
    n++;
  return n > 0 && g_ascii_isalpha (reference[0]) && reference[n] == ':'
      && !(n == 4 && g_ascii_strncasecmp (reference, "http", n) == 0)
      && !(n == 5 && g_ascii_strncasecmp (reference, "https", n) == 0);
}

/* ---- life ---------------------------------------------------------------- */

VsSignText *
vs_sign_text_new (VsUrlSigner * signer, VsSignTextKind kind, const gchar * base)
{
  VsSignText *self = g_new0 (VsSignText, 1);

  self->place.signer = signer;
  self->place.base = g_strdup (base);
  self->place.folder = base ? vs_sign_folder_of (base, NULL) : NULL;
  self->kind = kind;
  self->line = 1;
  self->held = g_string_sized_new (512);
  return self;
}

void
vs_sign_text_free (VsSignText * self)
{
  g_clear_pointer (&self->manifest, vs_sign_manifest_free);
  g_string_free (self->held, TRUE);
  g_free (self->place.base);
  g_free (self->place.folder);
  g_free (self);
}

VsSignTextKind
vs_sign_text_get_kind (VsSignText * self)
{
  return self->manifest ? vs_sign_manifest_get_kind (self->manifest)
      : self->kind;
}

/* ---- the beginning ------------------------------------------------------- */

static gboolean
is_begin_of (const gchar * text, gsize size, const gchar * whole)
{
  return size < strlen (whole) && memcmp (whole, text, size) == 0;
}

static gboolean
begins_with (const gchar * text, gsize size, const gchar * start)
{
  return size >= strlen (start) && memcmp (text, start, strlen (start)) == 0;
}

/* What the first bytes say; VS_SIGN_TEXT_UNKNOWN while they are too few. XML is
 * DASH for the time being: its first tag tells. */
static VsSignTextKind
tell_kind (const gchar * text, gsize size, gboolean end)
{
  if (begins_with (text, size, HLS_START))
    return VS_SIGN_TEXT_HLS;
  if (!end && is_begin_of (text, size, HLS_START))
    return VS_SIGN_TEXT_UNKNOWN;
  while (size > 0 && g_ascii_isspace (*text)) {
    text++;
    size--;
  }
  if (begins_with (text, size, "<"))
    return VS_SIGN_TEXT_DASH;
  return end || size > 0 ? VS_SIGN_TEXT_URI_LIST : VS_SIGN_TEXT_UNKNOWN;
}

static gboolean
begin (VsSignText * self, gboolean end, GString * out)
{
  gboolean told = self->kind != VS_SIGN_TEXT_UNKNOWN;
  gsize skipped = 0;

  if (!end && is_begin_of (self->held->str, self->held->len, BOM))
    return FALSE;
  if (begins_with (self->held->str, self->held->len, BOM))
    skipped = strlen (BOM);
  if (!told)
    self->kind = tell_kind (self->held->str + skipped,
        self->held->len - skipped, end);
  if (self->kind == VS_SIGN_TEXT_UNKNOWN)
    return FALSE;
  if (self->kind == VS_SIGN_TEXT_DASH || self->kind == VS_SIGN_TEXT_SMOOTH)
    self->manifest = vs_sign_manifest_new (&self->place,
        told ? self->kind : VS_SIGN_TEXT_UNKNOWN);
  g_string_append_len (out, self->held->str, (gssize) skipped);
  g_string_erase (self->held, 0, (gssize) skipped);
  self->begun = TRUE;
  return TRUE;
}

/* ---- pieces -------------------------------------------------------------- */

static gboolean
end_line (VsSignText * self, GString * out, GError ** error)
{
  gsize size = self->held->len, before = out->len;

  if (size > 0 && self->held->str[size - 1] == '\r')
    size--;
  if (size > VS_SIGN_TEXT_LINE_MAX)
    return vs_sign_fail (error, "the line is too long");
  if (memchr (self->held->str, '\0', self->held->len))
    return vs_sign_fail (error, "a character that is in no text");
  if (!vs_sign_line (&self->place, self->kind, self->held->str, size, out,
          error)) {
    g_string_truncate (out, before);
    return FALSE;
  }
  g_string_append_len (out, self->held->str + size,
      (gssize) (self->held->len - size));
  g_string_truncate (self->held, 0);
  return TRUE;
}

static gboolean
push_lines (VsSignText * self, const gchar * data, gsize size, GString * out,
    GError ** error)
{
  const gchar *end = data + size;

  while (data < end) {
    const gchar *feed = memchr (data, '\n', (gsize) (end - data));
    gsize n = (gsize) ((feed ? feed : end) - data);

    /* one more for a carriage return */
    if (n > VS_SIGN_TEXT_LINE_MAX + 1
        || self->held->len + n > VS_SIGN_TEXT_LINE_MAX + 1)
      return vs_sign_fail (error, "the line is too long");
    g_string_append_len (self->held, data, (gssize) n);
    data += n;
    if (feed) {
      if (!end_line (self, out, error))
        return FALSE;
      g_string_append_c (out, '\n');
      self->line++;
      data++;
    }
  }
  return TRUE;
}

static gboolean
push_manifest (VsSignText * self, const gchar * data, gsize size,
    GString * out, GError ** error)
{
  for (gsize i = 0; i < size; i++) {
    if (!vs_sign_manifest_push (self->manifest, data[i], out, error))
      return FALSE;
    if (data[i] == '\n')
      self->line++;
  }
  return TRUE;
}

static gboolean
push_begun (VsSignText * self, const gchar * data, gsize size, GString * out,
    GError ** error)
{
  return self->manifest ? push_manifest (self, data, size, out, error)
      : push_lines (self, data, size, out, error);
}

/* What was held is the text's beginning, of which no line has been read. */
static gboolean
push_held (VsSignText * self, GString * out, GError ** error)
{
  g_autoptr (GString) held = self->held;

  self->held = g_string_sized_new (512);
  return push_begun (self, held->str, held->len, out, error);
}

static gboolean
tell (VsSignText * self, gboolean ok, GError ** error)
{
  if (ok)
    return TRUE;
  self->failed = TRUE;
  if (error && *error) {
    if ((*error)->code == G_IO_ERROR_INVALID_ARGUMENT)
      (*error)->code = G_IO_ERROR_INVALID_DATA;
    g_prefix_error (error, "line %" G_GUINT64_FORMAT ": ", self->line);
  }
  return FALSE;
}

gboolean
vs_sign_text_push (VsSignText * self, const gchar * data, gsize size,
    GString * out, GError ** error)
{
  if (self->failed)
    return vs_sign_fail (error, "what is behind an error");
  while (!self->begun && size > 0) {
    g_string_append_c (self->held, *data++);
    size--;
    if (self->held->len > VS_SIGN_TEXT_LINE_MAX)
      return tell (self, vs_sign_fail (error, "nothing but blanks"), error);
    if (begin (self, FALSE, out) && !push_held (self, out, error))
      return tell (self, FALSE, error);
  }
  return tell (self, push_begun (self, data, size, out, error), error);
}

gboolean
vs_sign_text_finish (VsSignText * self, GString * out, GError ** error)
{
  if (self->failed)
    return vs_sign_fail (error, "what is behind an error");
  if (!self->begun) {
    begin (self, TRUE, out);
    if (!push_held (self, out, error))
      return tell (self, FALSE, error);
  }
  if (self->manifest)
    return tell (self, vs_sign_manifest_finish (self->manifest, error), error);
  return tell (self, self->held->len == 0 || end_line (self, out, error),
      error);
}
