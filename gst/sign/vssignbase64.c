/* VisionStream: base64 as CloudFront writes it into URLs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignbase64.h"

#include <string.h>

#define PAD '_'

static const gchar alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~";

void
vs_sign_base64_append (GString * text, gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  gsize at = text->len;
  gchar *out;

  g_string_set_size (text, at + (size + 2) / 3 * 4);
  out = text->str + at;
  for (gsize i = 0; i < size; i += 3) {
    gsize n = MIN (size - i, 3);
    guint32 group = (guint32) bytes[i] << 16;

    if (n > 1)
      group |= (guint32) bytes[i + 1] << 8;
    if (n > 2)
      group |= bytes[i + 2];
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = n > 1 ? alphabet[group >> 6 & 63] : PAD;
    *out++ = n > 2 ? alphabet[group & 63] : PAD;
  }
}

/* -1 for what is not in the alphabet */
static const gint8 *
get_values (void)
{
  static gint8 values[256];
  static gsize ready;

  if (g_once_init_enter (&ready)) {
    memset (values, -1, sizeof values);
    for (gint8 i = 0; i < 64; i++)
      values[(guint8) alphabet[i]] = i;
    g_once_init_leave (&ready, 1);
  }
  return values;
}

/* Of four characters, the last of which may be padding when @padding counts
 * some: -1 when they are none, or when bits are set that no byte is made of. */
static gint32
decode_group (const gint8 * values, const gchar * text, gsize padding)
{
  gint32 group = 0;

  for (gsize i = 0; i < 4; i++) {
    gint value = i < 4 - padding ? values[(guint8) text[i]] : 0;

    if (value < 0)
      return -1;
    group = group << 6 | value;
  }
  return group & ((1 << 8 * padding) - 1) ? -1 : group;
}

GBytes *
vs_sign_base64_decode (const gchar * text, gsize size)
{
  const gint8 *values = get_values ();
  g_autofree guint8 *data = NULL;
  gsize used = 0;

  if (size % 4 != 0)
    return NULL;
  data = g_malloc (size / 4 * 3 + 1);
  for (gsize i = 0; i < size; i += 4) {
    gsize padding = 0;
    gint32 group;

    if (i + 4 == size && text[i + 3] == PAD)
      padding = text[i + 2] == PAD ? 2 : 1;
    group = decode_group (values, text + i, padding);
    if (group < 0)
      return NULL;
    for (gsize n = 0; n < 3 - padding; n++)
      data[used++] = group >> (16 - 8 * n) & 255;
  }
  return g_bytes_new_take (g_steal_pointer (&data), used);
}
