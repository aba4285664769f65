/* VisionStream: JSON of a shape that is known
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignjson.h"

#include <string.h>

void
vs_sign_json_init (VsSignJson * json, const gchar * text, gsize size)
{
  memset (json, 0, sizeof *json);
  json->text = json->at = text;
  json->end = text + size;
  json->where = g_string_new (NULL);
  if (!g_utf8_validate_len (text, size, NULL))
    vs_sign_json_fail (json, "no text in UTF-8");
}

void
vs_sign_json_clear (VsSignJson * json)
{
  g_string_free (json->where, TRUE);
  g_clear_error (&json->error);
}

gboolean
vs_sign_json_fail (VsSignJson * json, const gchar * problem)
{
  guint line = 1;

  if (json->error)
    return FALSE;
  for (const gchar * c = json->text; c < json->at; c++)
    line += *c == '\n';
  json->error = g_error_new (G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "line %u: %s%s%s", line, json->where->str,
      json->where->len > 0 ? ": " : "", problem);
  return FALSE;
}

static gchar
peek (VsSignJson * json)
{
  while (json->at < json->end && *json->at && strchr (" \t\n\r", *json->at))
    json->at++;
  return json->at < json->end ? *json->at : '\0';
}

static gboolean
expect (VsSignJson * json, gchar c, const gchar * problem)
{
  if (json->error || peek (json) != c)
    return vs_sign_json_fail (json, problem);
  json->at++;
  return TRUE;
}

gboolean
vs_sign_json_end (VsSignJson * json, GError ** error)
{
  if (json->error == NULL && (peek (json) || json->at < json->end))
    vs_sign_json_fail (json, "something behind the end");
  if (json->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&json->error));
  return FALSE;
}

/* ---- strings ------------------------------------------------------------- */

/* Behind "\u" */
static gint
read_unit (VsSignJson * json)
{
  gint unit = 0;

  if (json->end - json->at < 4)
    return -1;
  for (guint i = 0; i < 4; i++) {
    gint digit = g_ascii_xdigit_value (*json->at++);

    if (digit < 0)
      return -1;
    unit = unit << 4 | digit;
  }
  return unit;
}

/* RFC 8259, 7: what is not in the Basic Multilingual Plane are two. */
static gint
read_code (VsSignJson * json)
{
  gint high = read_unit (json), low;

  if (high < 0xd800 || high > 0xdfff)
    return high;
  if (high > 0xdbff || json->end - json->at < 2 || json->at[0] != '\\'
      || json->at[1] != 'u')
    return -1;
  json->at += 2;
  low = read_unit (json);
  if (low < 0xdc00 || low > 0xdfff)
    return -1;
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* A character of a string: none that controls is one of ours. */
static gint
read_character (VsSignJson * json)
{
  gint c = (gint) g_utf8_get_char (json->at);

  json->at = g_utf8_next_char (json->at);
  if (c == '\\') {
    c = json->at < json->end ? *json->at++ : '\0';
    if (c == 'u')
      c = read_code (json);
    else if (c == '\0' || !strchr ("\"\\/", c))
      c = -1;
  }
  return c < 32 || c == 127 ? -1 : c;
}

gchar *
vs_sign_json_read_string (VsSignJson * json)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!expect (json, '"', "a string is missing"))
    return NULL;
  while (json->at < json->end && *json->at != '"') {
    gint c = read_character (json);

    if (c < 0) {
      vs_sign_json_fail (json, "a character that is not in its strings");
      return NULL;
    }
    g_string_append_unichar (text, (gunichar) c);
    if (text->len > VS_SIGN_JSON_STRING_MAX) {
      vs_sign_json_fail (json, "a string that is too long");
      return NULL;
    }
  }
  if (!expect (json, '"', "a string without an end"))
    return NULL;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* ---- numbers and objects ------------------------------------------------- */

gboolean
vs_sign_json_read_number (VsSignJson * json, guint max, guint * number)
{
  guint64 value = 0;
  gchar first = peek (json);
  gsize n = 0;

  while (json->at < json->end && g_ascii_isdigit (*json->at) && value <= max) {
    value = value * 10 + (guint) (*json->at++ - '0');
    n++;
  }
  if (n == 0 || (n > 1 && first == '0') || value > max
      || (json->at < json->end && strchr (".eE", *json->at) && *json->at))
    return vs_sign_json_fail (json, "no whole number, or one too large");
  *number = (guint) value;
  return TRUE;
}

static gboolean
read_member (VsSignJson * json, GHashTable * seen, VsSignJsonFunc func,
    gpointer user_data)
{
  gchar *name = vs_sign_json_read_string (json);
  gsize length = json->where->len;

  if (name == NULL)
    return FALSE;
  g_string_append_printf (json->where, "%s%s", length > 0 ? "." : "", name);
  if (!g_hash_table_add (seen, name))
    return vs_sign_json_fail (json, "it is there twice");
  if (!expect (json, ':', "a colon is missing")
      || !func (json, name, user_data))
    return FALSE;
  g_string_truncate (json->where, length);
  return TRUE;
}

gboolean
vs_sign_json_read_object (VsSignJson * json, VsSignJsonFunc func,
    gpointer user_data)
{
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (!expect (json, '{', "an object is missing"))
    return FALSE;
  while (g_hash_table_size (seen) == 0 ? peek (json) != '}'
      : peek (json) == ',') {
    if (g_hash_table_size (seen) > 0)
      json->at++;
    if (!read_member (json, seen, func, user_data))
      return FALSE;
  }
  return expect (json, '}', "a comma, or an object's end, is missing");
}
