/* VisionStream: attribute lists of playlists (RFC 8216bis 4.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8attributes.h"

#define MEMBER(object, field, type) \
    ((type *) ((guint8 *) (object) + (field)->offset))

static gboolean
is_name (gchar c)
{
  return g_ascii_isupper (c) || g_ascii_isdigit (c) || c == '-';
}

gboolean
vs_attribute_next (gchar ** cursor, VsAttribute * attribute)
{
  gchar *c = *cursor, *end;

  if (c == NULL)
    return FALSE;
  while (*c == ' ')
    c++;
  attribute->name = c;
  while (is_name (*c))
    c++;
  if (*c != '=' || c == attribute->name)
    return FALSE;
  *c++ = '\0';
  attribute->quoted = *c == '"';
  if (attribute->quoted) {
    attribute->value = ++c;
    end = strchr (c, '"');
    if (end == NULL)
      return FALSE;
    *end++ = '\0';
    if (*end != ',' && *end != '\0')
      return FALSE;
  } else {
    attribute->value = c;
    end = c + strcspn (c, ",");
  }
  *cursor = *end == ',' ? end + 1 : NULL;
  *end = '\0';
  return TRUE;
}

gboolean
vs_attribute_parse_uint (const gchar * text, guint64 max, guint64 * value)
{
  guint64 sum = 0;

  if (*text == '\0')
    return FALSE;
  for (; *text; text++) {
    guint digit = *text - '0';

    if (!g_ascii_isdigit (*text) || digit > max || sum > (max - digit) / 10)
      return FALSE;
    sum = sum * 10 + digit;
  }
  *value = sum;
  return TRUE;
}

gboolean
vs_attribute_parse_int (const gchar * text, gint64 max, gint64 * value)
{
  gboolean negative = *text == '-';
  guint64 magnitude;

  if (!vs_attribute_parse_uint (text + negative, max, &magnitude))
    return FALSE;
  *value = negative ? -(gint64) magnitude : (gint64) magnitude;
  return TRUE;
}

void
vs_attribute_append_quoted (GString * out, const gchar * text)
{
  g_string_append_c (out, '"');
  for (; *text; text++)
    g_string_append_c (out, *text == '"' || g_ascii_iscntrl (*text) ? ' '
        : *text);
  g_string_append_c (out, '"');
}

void
vs_attribute_append_escaped (GString * out, const gchar * text)
{
  g_string_append_c (out, '"');
  for (; *text; text++) {
    if (*text == '"' || *text == '%' || g_ascii_iscntrl (*text))
      g_string_append_printf (out, "%%%02X", (guchar) * text);
    else
      g_string_append_c (out, *text);
  }
  g_string_append_c (out, '"');
}

gchar *
vs_attribute_unescape (const gchar * text)
{
  gchar *string = g_malloc (strlen (text) + 1), *out = string;

  for (; *text; text++) {
    gint high, low;

    if (*text == '%' && (high = g_ascii_xdigit_value (text[1])) >= 0
        && high < 8 && (low = g_ascii_xdigit_value (text[2])) >= 0
        && (high | low) != 0) {
      *out++ = high << 4 | low;
      text += 2;
    } else {
      *out++ = *text;
    }
  }
  *out = '\0';
  return string;
}

static void
append_hex (GString * out, const guint8 * bytes, gsize size)
{
  static const gchar digits[] = "0123456789abcdef";

  g_string_append (out, "0x");
  for (gsize i = 0; i < size; i++) {
    g_string_append_c (out, digits[bytes[i] >> 4]);
    g_string_append_c (out, digits[bytes[i] & 15]);
  }
}

static gboolean
parse_hex (const gchar * text, guint8 * bytes, gsize size)
{
  if (strlen (text) != 2 + 2 * size || text[0] != '0'
      || (text[1] != 'x' && text[1] != 'X'))
    return FALSE;
  for (gsize i = 0; i < size; i++) {
    gint high = g_ascii_xdigit_value (text[2 + 2 * i]);
    gint low = g_ascii_xdigit_value (text[3 + 2 * i]);

    if (high < 0 || low < 0)
      return FALSE;
    bytes[i] = high << 4 | low;
  }
  return TRUE;
}

static gboolean
parse_ratio (gchar * text, guint max, guint * ratio)
{
  gchar *slash = strchr (text, '/');
  guint64 n, d;

  if (slash == NULL)
    return FALSE;
  *slash = '\0';
  if (!vs_attribute_parse_uint (text, max, &n)
      || !vs_attribute_parse_uint (slash + 1, max, &d))
    return FALSE;
  ratio[0] = n;
  ratio[1] = d;
  return TRUE;
}

static gboolean
parse_array (const gchar * text, gsize max, gchar * array)
{
  g_autofree gchar *string = vs_attribute_unescape (text);

  if (strlen (string) > max)
    return FALSE;
  memset (array, 0, max + 1);
  memcpy (array, string, strlen (string));
  return TRUE;
}

static gboolean
parse_flag (const gchar * text, gboolean * flag)
{
  *flag = strcmp (text, "YES") == 0;
  return *flag || strcmp (text, "NO") == 0;
}

/* What the archive's writer left out. */
static gboolean
is_left_out (const VsAttributeField * field, gconstpointer object)
{
  switch (field->kind) {
    case VS_FIELD_OPTIONAL_UINT:
      return *MEMBER (object, field, guint) == 0;
    case VS_FIELD_OPTIONAL_I64:
      return *MEMBER (object, field, gint64) == 0;
    case VS_FIELD_FLAG:
      return !*MEMBER (object, field, gboolean);
    case VS_FIELD_STRING:
      return *MEMBER (object, field, gchar *) == NULL;
    case VS_FIELD_ARRAY:
      return *MEMBER (object, field, gchar) == '\0';
    default:
      return FALSE;
  }
}

static void
write_value (GString * out, const VsAttributeField * field,
    gconstpointer object)
{
  const guint *ratio;

  switch (field->kind) {
    case VS_FIELD_UINT:
    case VS_FIELD_OPTIONAL_UINT:
      g_string_append_printf (out, "%u", *MEMBER (object, field, guint));
      break;
    case VS_FIELD_U64:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT,
          *MEMBER (object, field, guint64));
      break;
    case VS_FIELD_I64:
    case VS_FIELD_OPTIONAL_I64:
      g_string_append_printf (out, "%" G_GINT64_FORMAT,
          *MEMBER (object, field, gint64));
      break;
    case VS_FIELD_FLAG:
      g_string_append (out, "YES");
      break;
    case VS_FIELD_STRING:
      vs_attribute_append_escaped (out, *MEMBER (object, field, gchar *));
      break;
    case VS_FIELD_ARRAY:
      vs_attribute_append_escaped (out, MEMBER (object, field, gchar));
      break;
    case VS_FIELD_RATIO:
      ratio = MEMBER (object, field, guint);
      g_string_append_printf (out, "\"%u/%u\"", ratio[0], ratio[1]);
      break;
    case VS_FIELD_BYTES:
      append_hex (out, MEMBER (object, field, guint8), field->max);
      break;
  }
}

void
vs_attribute_write_fields (GString * out, const VsAttributeField * fields,
    guint n_fields, gconstpointer object)
{
  for (guint i = 0; i < n_fields; i++) {
    if (is_left_out (&fields[i], object))
      continue;
    if (out->len == 0 || out->str[out->len - 1] != ':')
      g_string_append_c (out, ',');
    g_string_append (out, fields[i].name);
    g_string_append_c (out, '=');
    write_value (out, &fields[i], object);
  }
}

static gboolean
read_value (gchar * text, const VsAttributeField * field, gpointer object)
{
  guint64 number;

  switch (field->kind) {
    case VS_FIELD_UINT:
    case VS_FIELD_OPTIONAL_UINT:
      if (!vs_attribute_parse_uint (text, field->max, &number))
        return FALSE;
      *MEMBER (object, field, guint) = number;
      return TRUE;
    case VS_FIELD_U64:
      return vs_attribute_parse_uint (text, field->max,
          MEMBER (object, field, guint64));
    case VS_FIELD_I64:
    case VS_FIELD_OPTIONAL_I64:
      return vs_attribute_parse_int (text, field->max,
          MEMBER (object, field, gint64));
    case VS_FIELD_FLAG:
      return parse_flag (text, MEMBER (object, field, gboolean));
    case VS_FIELD_STRING:
      g_free (*MEMBER (object, field, gchar *));
      *MEMBER (object, field, gchar *) = vs_attribute_unescape (text);
      return TRUE;
    case VS_FIELD_ARRAY:
      return parse_array (text, field->max, MEMBER (object, field, gchar));
    case VS_FIELD_RATIO:
      return parse_ratio (text, field->max, MEMBER (object, field, guint));
    case VS_FIELD_BYTES:
      return parse_hex (text, MEMBER (object, field, guint8), field->max);
  }
  return FALSE;
}

gboolean
vs_attribute_read_field (const VsAttribute * attribute,
    const VsAttributeField * fields, guint n_fields, gpointer object,
    guint64 * seen)
{
  for (guint i = 0; i < n_fields; i++) {
    guint64 bit = G_GUINT64_CONSTANT (1) << i;

    if (strcmp (fields[i].name, attribute->name) != 0)
      continue;
    if (*seen & bit)
      return FALSE;
    *seen |= bit;
    return read_value (attribute->value, &fields[i], object);
  }
  return TRUE;
}

static gboolean
is_optional (VsFieldKind kind)
{
  switch (kind) {
    case VS_FIELD_OPTIONAL_UINT:
    case VS_FIELD_OPTIONAL_I64:
    case VS_FIELD_FLAG:
    case VS_FIELD_STRING:
    case VS_FIELD_ARRAY:
      return TRUE;
    default:
      return FALSE;
  }
}

const gchar *
vs_attribute_find_missing (const VsAttributeField * fields, guint n_fields,
    guint64 seen)
{
  for (guint i = 0; i < n_fields; i++) {
    if (!is_optional (fields[i].kind) && !(seen >> i & 1))
      return fields[i].name;
  }
  return NULL;
}
