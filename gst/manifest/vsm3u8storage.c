/* VisionStream: the tags that say how segments are stored (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "manifest/vsm3u8storage.h"

#include <string.h>

#include "manifest/vsm3u8attributes.h"

/* KEYFORMAT of a key that is 16 bytes and nothing else, 4.4.4.4 */
#define IDENTITY "identity"

void
vs_m3u8_storage_clear (VsM3u8Storage * storage)
{
  g_clear_pointer (&storage->map, vs_segment_map_unref);
  g_clear_pointer (&storage->key, vs_segment_key_unref);
  g_clear_pointer (&storage->last_uri, g_free);
}

/* <n>[@<o>], 4.4.4.2 */
static gboolean
parse_range (gchar * text, guint64 * size, guint64 * offset,
    gboolean * has_offset)
{
  gchar *at = strchr (text, '@');

  *has_offset = at != NULL;
  *offset = 0;
  if (at)
    *at++ = '\0';
  return vs_attribute_parse_uint (text, G_MAXINT64, size) && *size > 0
      && (at == NULL || vs_attribute_parse_uint (at, G_MAXINT64 - *size,
          offset));
}

gchar *
vs_m3u8_storage_read_range (VsM3u8Storage * storage, gchar * value)
{
  storage->has_range = TRUE;
  return parse_range (value, &storage->size, &storage->offset,
      &storage->has_offset) ? NULL : g_strdup ("no valid byte range");
}

static gboolean
read_map_attribute (VsSegmentMap * map, const VsAttribute * attribute)
{
  gboolean has_offset;

  if (strcmp (attribute->name, "URI") == 0) {
    g_free (map->uri);
    map->uri = g_strdup (attribute->value);
  } else if (strcmp (attribute->name, "BYTERANGE") == 0) {
    return parse_range (attribute->value, &map->size, &map->offset,
        &has_offset);
  }
  return TRUE;
}

gchar *
vs_m3u8_storage_read_map (VsM3u8Storage * storage, gchar * value)
{
  g_autoptr (VsSegmentMap) map = vs_segment_map_new ();
  VsAttribute attribute;

  while (vs_attribute_next (&value, &attribute))
    if (!read_map_attribute (map, &attribute))
      return g_strdup ("no valid BYTERANGE in EXT-X-MAP");
  if (value || map->uri == NULL)
    return g_strdup ("no valid EXT-X-MAP");
  map->key = storage->key ? vs_segment_key_ref (storage->key) : NULL;
  g_clear_pointer (&storage->map, vs_segment_map_unref);
  storage->map = g_steal_pointer (&map);
  return NULL;
}

/* 0x and up to 32 digits: 128 bits, big-endian (4.2) */
static gboolean
parse_iv (const gchar * text, guint8 * iv)
{
  gsize length = strlen (text);

  if (length < 3 || length > 34 || text[0] != '0'
      || (text[1] != 'x' && text[1] != 'X'))
    return FALSE;
  memset (iv, 0, 16);
  for (gsize i = 0; i < length - 2; i++) {
    gint digit = g_ascii_xdigit_value (text[length - 1 - i]);

    if (digit < 0)
      return FALSE;
    iv[15 - i / 2] |= digit << (i % 2 * 4);
  }
  return TRUE;
}

typedef struct
{
  VsSegmentKey *key;
  const gchar *method, *format;
} KeyTag;

static gboolean
read_key_attribute (KeyTag * tag, const VsAttribute * attribute)
{
  if (strcmp (attribute->name, "METHOD") == 0) {
    tag->method = attribute->value;
  } else if (strcmp (attribute->name, "KEYFORMAT") == 0) {
    tag->format = attribute->value;
  } else if (strcmp (attribute->name, "URI") == 0) {
    g_free (tag->key->uri);
    tag->key->uri = g_strdup (attribute->value);
  } else if (strcmp (attribute->name, "IV") == 0) {
    tag->key->has_iv = TRUE;
    return parse_iv (attribute->value, tag->key->iv);
  }
  return TRUE;
}

static gchar *
check_key_tag (const KeyTag * tag)
{
  if (tag->method == NULL)
    return g_strdup ("EXT-X-KEY without a METHOD");
  if (strcmp (tag->method, "AES-128") != 0
      || (tag->format && strcmp (tag->format, IDENTITY) != 0))
    return g_strdup_printf ("encrypted with METHOD=%.32s%s%.64s: only AES-128 "
        "with a key that is to be had can be read", tag->method,
        tag->format ? ", KEYFORMAT=" : "", tag->format ? tag->format : "");
  return tag->key->uri ? NULL : g_strdup ("EXT-X-KEY without a URI");
}

gchar *
vs_m3u8_storage_read_key (VsM3u8Storage * storage, gchar * value, guint line)
{
  g_autoptr (VsSegmentKey) key = vs_segment_key_new ();
  KeyTag tag = { key, NULL, NULL };
  VsAttribute attribute;
  gchar *problem;

  key->line = line;
  while (vs_attribute_next (&value, &attribute))
    if (!read_key_attribute (&tag, &attribute))
      return g_strdup ("no valid IV in EXT-X-KEY");
  if (value)
    return g_strdup ("no valid EXT-X-KEY");
  if (g_strcmp0 (tag.method, "NONE") == 0) {
    g_clear_pointer (&storage->key, vs_segment_key_unref);
    return NULL;
  }
  problem = check_key_tag (&tag);
  if (problem)
    return problem;
  g_clear_pointer (&storage->key, vs_segment_key_unref);
  storage->key = g_steal_pointer (&key);
  return NULL;
}

/* Where the range begins that does not say so: behind the one before, of the
 * same object. */
static gboolean
complete_range (VsM3u8Storage * storage, const gchar * uri)
{
  if (storage->has_offset)
    return TRUE;
  if (g_strcmp0 (storage->last_uri, uri) != 0
      || storage->last_end > G_MAXINT64 - storage->size)
    return FALSE;
  storage->offset = storage->last_end;
  return TRUE;
}

static void
remember_range (VsM3u8Storage * storage, const gchar * uri)
{
  if (g_strcmp0 (storage->last_uri, uri) != 0) {
    g_free (storage->last_uri);
    storage->last_uri = g_strdup (uri);
  }
  storage->last_end = storage->offset + storage->size;
}

gchar *
vs_m3u8_storage_apply (VsM3u8Storage * storage, VsSegment * segment)
{
  VsSegmentStorage *stored;

  if (!storage->has_range && storage->map == NULL && storage->key == NULL)
    return NULL;
  stored = segment->storage = vs_segment_storage_new ();
  stored->map = storage->map ? vs_segment_map_ref (storage->map) : NULL;
  stored->key = storage->key ? vs_segment_key_ref (storage->key) : NULL;
  if (!storage->has_range)
    return NULL;
  if (!complete_range (storage, segment->uri))
    return g_strdup ("a byte range that goes on from none");
  remember_range (storage, segment->uri);
  stored->offset = storage->offset;
  stored->size = storage->size;
  storage->has_range = FALSE;
  return NULL;
}
