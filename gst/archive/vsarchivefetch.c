/* VisionStream: the bytes of another maker's segment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivefetch.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchiveuri.h"

#include <openssl/evp.h>
#include <string.h>

/* A movie box without samples, of the most tracks */
#define MAP_MAX (4 * 1024 * 1024)
#define KEY_SIZE 16
/* That are kept: of the video and of the sound, where each has its own */
#define KEPT 4

typedef struct
{
  VsSegmentMap *map;
  GBytes *bytes;
} KeptMap;

typedef struct
{
  VsSegmentKey *key;
  guint8 bytes[KEY_SIZE];
} KeptKey;

struct _VsArchiveFetch
{
  VsStore *store;
  gchar *folder;
  KeptMap maps[KEPT];
  KeptKey keys[KEPT];
  guint next_map, next_key;     /* whose place is taken next */
};

VsArchiveFetch *
vs_archive_fetch_new (VsStore * store, const gchar * folder)
{
  VsArchiveFetch *self = g_new0 (VsArchiveFetch, 1);

  self->store = vs_store_ref (store);
  self->folder = g_strdup (folder);
  return self;
}

void
vs_archive_fetch_free (VsArchiveFetch * self)
{
  for (guint i = 0; i < KEPT; i++) {
    g_clear_pointer (&self->maps[i].map, vs_segment_map_unref);
    g_clear_pointer (&self->maps[i].bytes, g_bytes_unref);
    g_clear_pointer (&self->keys[i].key, vs_segment_key_unref);
  }
  explicit_bzero (self->keys, sizeof self->keys);
  vs_store_unref (self->store);
  g_free (self->folder);
  g_free (self);
}

/* @size: 0 for all of the object */
static GBytes *
get_range (VsArchiveFetch * self, const gchar * uri, guint64 offset,
    guint64 size, gsize max, GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (self->folder, uri);
  g_autofree gchar *shown = vs_archive_show (self->store, self->folder, uri);
  g_autoptr (GBytes) bytes = NULL;

  if (size > max) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "%s: a byte range of %" G_GUINT64_FORMAT " is too large", shown, size);
    return NULL;
  }
  bytes = vs_store_get (self->store, key, offset, size ? (gssize) size : -1,
      max, cancellable, error);
  if (bytes == NULL || size == 0 || g_bytes_get_size (bytes) == size)
    return g_steal_pointer (&bytes);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
      "%s: it ends ahead of the byte range %" G_GUINT64_FORMAT "@%"
      G_GUINT64_FORMAT, shown, size, offset);
  return NULL;
}

/* ---- keys --------------------------------------------------------------- */

static const guint8 *
get_key (VsArchiveFetch * self, VsSegmentKey * key,
    GCancellable * cancellable, GError ** error)
{
  KeptKey *kept = &self->keys[self->next_key];
  g_autofree gchar *shown = NULL;
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < KEPT; i++)
    if (self->keys[i].key == key)
      return self->keys[i].bytes;
  bytes = get_range (self, key->uri, 0, 0, KEY_SIZE, cancellable, error);
  if (bytes && g_bytes_get_size (bytes) == KEY_SIZE) {
    self->next_key = (self->next_key + 1) % KEPT;
    g_clear_pointer (&kept->key, vs_segment_key_unref);
    kept->key = vs_segment_key_ref (key);
    memcpy (kept->bytes, g_bytes_get_data (bytes, NULL), KEY_SIZE);
    return kept->bytes;
  }
  shown = vs_archive_show (self->store, self->folder, key->uri);
  if (bytes)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: a key has 16 bytes", shown);
  g_prefix_error (error, "the key of EXT-X-KEY in line %u of the playlist: ",
      key->line);
  return NULL;
}

static void
make_iv (const VsSegmentKey * key, guint64 sequence, guint8 * iv)
{
  if (key->has_iv) {
    memcpy (iv, key->iv, KEY_SIZE);
    return;
  }
  memset (iv, 0, KEY_SIZE);
  GST_WRITE_UINT64_BE (iv + 8, sequence);
}

/* AES-128 in CBC mode, padded as PKCS #7 has it (5.2). */
static GBytes *
decrypt_bytes (GBytes * bytes, const guint8 * key, const guint8 * iv)
{
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint8 *out = g_malloc (size + KEY_SIZE);
  gint body = 0, tail = 0;
  gboolean ok = size <= VS_SEGMENT_MAX_BYTES
      && EVP_DecryptInit_ex (context, EVP_aes_128_cbc (), NULL, key, iv) == 1
      && EVP_DecryptUpdate (context, out, &body, data, size) == 1
      && EVP_DecryptFinal_ex (context, out + body, &tail) == 1;

  EVP_CIPHER_CTX_free (context);
  if (ok)
    return g_bytes_new_take (out, body + tail);
  g_free (out);
  return NULL;
}

/* (transfer full) @bytes, of @uri */
static GBytes *
decrypt (VsArchiveFetch * self, GBytes * bytes, VsSegmentKey * key,
    const gchar * uri, guint64 sequence, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GBytes) encrypted = bytes;
  g_autofree gchar *shown = NULL;
  GBytes *plain = NULL;
  const guint8 *secret;
  guint8 iv[KEY_SIZE];

  if (encrypted == NULL || key == NULL)
    return g_steal_pointer (&encrypted);
  secret = get_key (self, key, cancellable, error);
  if (secret == NULL)
    return NULL;
  make_iv (key, sequence, iv);
  plain = decrypt_bytes (encrypted, secret, iv);
  if (plain)
    return plain;
  shown = vs_archive_show (self->store, self->folder, uri);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: it is cut off, or its key is not the one of EXT-X-KEY in line %u of "
      "the playlist", shown, key->line);
  return NULL;
}

/* ---- maps --------------------------------------------------------------- */

static GBytes *
get_map (VsArchiveFetch * self, VsSegmentMap * map, guint64 sequence,
    GCancellable * cancellable, GError ** error)
{
  KeptMap *kept = &self->maps[self->next_map];
  GBytes *bytes;

  for (guint i = 0; i < KEPT; i++)
    if (self->maps[i].map == map)
      return g_bytes_ref (self->maps[i].bytes);
  bytes = decrypt (self, get_range (self, map->uri, map->offset, map->size,
          MAP_MAX, cancellable, error), map->key, map->uri, sequence,
      cancellable, error);
  if (bytes == NULL)
    return NULL;
  self->next_map = (self->next_map + 1) % KEPT;
  g_clear_pointer (&kept->map, vs_segment_map_unref);
  g_clear_pointer (&kept->bytes, g_bytes_unref);
  kept->map = vs_segment_map_ref (map);
  kept->bytes = g_bytes_ref (bytes);
  return bytes;
}

GBytes *
vs_archive_fetch_get (VsArchiveFetch * self, const VsSegment * segment,
    GBytes ** header, GCancellable * cancellable, GError ** error)
{
  static const VsSegmentStorage whole;
  const VsSegmentStorage *storage =
      segment->storage ? segment->storage : &whole;
  g_autoptr (GBytes) map = NULL;
  GBytes *bytes;

  *header = NULL;
  if (storage->map) {
    map = get_map (self, storage->map, segment->sequence, cancellable, error);
    if (map == NULL)
      return NULL;
  }
  bytes = decrypt (self, get_range (self, segment->uri, storage->offset,
          storage->size, VS_SEGMENT_MAX_BYTES, cancellable, error),
      storage->key, segment->uri, segment->sequence, cancellable, error);
  if (bytes)
    *header = g_steal_pointer (&map);
  return bytes;
}
