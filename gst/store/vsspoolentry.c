/* VisionStream: an object in a spool, as it lies on the disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The trailer: the key, then a tail of fixed size:
 *
 *   8  size of the object, little-endian
 *  32  its SHA-256
 *   1  1 for a deletion
 *   1  version
 *   2  length of the key, little-endian
 *   4  "VSsp"
 */
#include "store/vsspoolentry.h"

#include <gst/gst.h>
#include <string.h>

#define TAIL_SIZE 48
#define TAIL_SHA256 8
#define TAIL_REMOVES 40
#define TAIL_VERSION 41
#define TAIL_KEY_LENGTH 42
#define TAIL_MAGIC 44
#define MAGIC GST_MAKE_FOURCC ('V', 'S', 's', 'p')
#define VERSION 1

#define NAME_DIGITS 16

void
vs_spool_entry_clear (VsSpoolEntry * entry)
{
  g_clear_pointer (&entry->key, g_free);
}

gchar *
vs_spool_entry_name (guint64 number)
{
  return g_strdup_printf ("%0*" G_GINT64_MODIFIER "x", NAME_DIGITS, number);
}

gboolean
vs_spool_entry_parse_name (const gchar * name, guint64 * number)
{
  return strlen (name) == NAME_DIGITS && strspn (name, "0123456789abcdef") ==
      NAME_DIGITS && g_ascii_string_to_unsigned (name, 16, 0, G_MAXUINT64,
      number, NULL);
}

GBytes *
vs_spool_entry_make_trailer (const VsSpoolEntry * entry)
{
  gsize length = strlen (entry->key);
  guint8 *data = g_malloc (length + TAIL_SIZE), *tail = data + length;

  memcpy (data, entry->key, length);
  GST_WRITE_UINT64_LE (tail, entry->size);
  memcpy (tail + TAIL_SHA256, entry->sha256, VS_SHA256_SIZE);
  tail[TAIL_REMOVES] = entry->removes;
  tail[TAIL_VERSION] = VERSION;
  GST_WRITE_UINT16_LE (tail + TAIL_KEY_LENGTH, length);
  GST_WRITE_UINT32_LE (tail + TAIL_MAGIC, MAGIC);
  return g_bytes_new_take (data, length + TAIL_SIZE);
}

static gboolean
fail (const gchar * key, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: not an object of a spool", key);
  return FALSE;
}

/* @size bytes, no less. */
static GBytes *
read_exactly (VsStore * local, const gchar * key, guint64 offset, gsize size,
    GError ** error)
{
  GBytes *bytes = vs_store_get (local, key, offset, size, size, NULL, error);

  if (bytes && g_bytes_get_size (bytes) != size) {
    g_bytes_unref (bytes);
    fail (key, error);
    return NULL;
  }
  return bytes;
}

/* Returns the key's length, 0 where that is no tail. */
static gsize
parse_tail (const guint8 * tail, guint64 file_size, VsSpoolEntry * entry)
{
  gsize length = GST_READ_UINT16_LE (tail + TAIL_KEY_LENGTH);

  if (GST_READ_UINT32_LE (tail + TAIL_MAGIC) != MAGIC
      || tail[TAIL_VERSION] != VERSION)
    return 0;
  entry->size = GST_READ_UINT64_LE (tail);
  memcpy (entry->sha256, tail + TAIL_SHA256, VS_SHA256_SIZE);
  entry->removes = tail[TAIL_REMOVES] != 0;
  if (entry->size > file_size || file_size - entry->size != length + TAIL_SIZE)
    return 0;
  return length;
}

gboolean
vs_spool_entry_read (VsStore * local, const gchar * key, guint64 file_size,
    VsSpoolEntry * entry, GError ** error)
{
  g_autoptr (GBytes) tail = NULL;
  g_autoptr (GBytes) name = NULL;
  gsize length;

  if (file_size < TAIL_SIZE)
    return fail (key, error);
  tail = read_exactly (local, key, file_size - TAIL_SIZE, TAIL_SIZE, error);
  if (tail == NULL)
    return FALSE;
  length = parse_tail (g_bytes_get_data (tail, NULL), file_size, entry);
  if (length == 0)
    return fail (key, error);

  name = read_exactly (local, key, entry->size, length, error);
  if (name == NULL)
    return FALSE;
  entry->key = g_strndup (g_bytes_get_data (name, NULL), length);
  return vs_store_key_is_valid (entry->key) || fail (key, error);
}
