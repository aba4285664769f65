/* VisionStream: texts that are sent in pieces made at different times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vschunk.h"

#include <openssl/sha.h>
#include <string.h>
#include <zlib.h>

/* Fixed, for the level is part of what the bytes depend on. */
#define DEFLATE_LEVEL 6
#define DEFLATE_MEMORY_LEVEL 8
/* deflateInit2: a raw stream with a window of 15 bits */
#define RAW_WINDOW_BITS (-15)

/* RFC 1952 2.3: deflate, no flags, no time; made on Unix */
static const guint8 gzip_header[] = {
  0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3
};

/* RFC 1951 3.2.3: the last block, with fixed codes, and nothing in it */
static const guint8 last_block[] = { 0x03, 0x00 };

#define GZIP_TRAILER 8

static GBytes *
compress_chunk (gconstpointer text, gsize size)
{
  z_stream stream = { 0 };
  /* the flush takes an empty block beyond the bound */
  gsize bound;
  guint8 *out;

  if (deflateInit2 (&stream, DEFLATE_LEVEL, Z_DEFLATED, RAW_WINDOW_BITS,
          DEFLATE_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    g_error ("zlib: no memory");
  bound = deflateBound (&stream, size) + 16;
  out = g_malloc (bound);
  stream.next_in = (Bytef *) text;
  stream.avail_in = size;
  stream.next_out = out;
  stream.avail_out = bound;
  deflate (&stream, Z_FULL_FLUSH);
  bound = stream.total_out;
  deflateEnd (&stream);
  return g_bytes_new_take (g_realloc (out, bound), bound);
}

void
vs_chunk_init (VsChunk * chunk, GString * text)
{
  gconstpointer data;
  gsize size;

  chunk->text = g_string_free_to_bytes (text);
  data = g_bytes_get_data (chunk->text, &size);
  chunk->deflated = compress_chunk (data, size);
  chunk->crc = crc32 (0, data, size);
  SHA256 (data, size, chunk->sha256);
}

void
vs_chunk_clear (VsChunk * chunk)
{
  g_clear_pointer (&chunk->text, g_bytes_unref);
  g_clear_pointer (&chunk->deflated, g_bytes_unref);
}

gsize
vs_chunk_get_size (const VsChunk * chunk)
{
  return g_bytes_get_size (chunk->text) + g_bytes_get_size (chunk->deflated);
}

static void
append_bytes (GByteArray * out, GBytes * bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_byte_array_append (out, data, size);
}

static GBytes *
join_text (const GPtrArray * chunks, gsize size)
{
  GByteArray *out = g_byte_array_sized_new (size);

  for (guint i = 0; i < chunks->len; i++)
    append_bytes (out, ((VsChunk *) g_ptr_array_index (chunks, i))->text);
  return g_byte_array_free_to_bytes (out);
}

static GBytes *
join_gzip (const GPtrArray * chunks, gsize size)
{
  GByteArray *out = g_byte_array_sized_new (size + sizeof gzip_header
      + sizeof last_block + GZIP_TRAILER);
  guint8 trailer[GZIP_TRAILER];
  guint32 crc = 0, total = 0;

  g_byte_array_append (out, gzip_header, sizeof gzip_header);
  for (guint i = 0; i < chunks->len; i++) {
    const VsChunk *chunk = g_ptr_array_index (chunks, i);
    gsize length = g_bytes_get_size (chunk->text);

    append_bytes (out, chunk->deflated);
    crc = crc32_combine (crc, chunk->crc, length);
    total += length;
  }
  g_byte_array_append (out, last_block, sizeof last_block);
  for (guint i = 0; i < 4; i++) {
    trailer[i] = crc >> (8 * i);
    trailer[4 + i] = total >> (8 * i);
  }
  g_byte_array_append (out, trailer, sizeof trailer);
  return g_byte_array_free_to_bytes (out);
}

/* The two forms have tags of their own. */
static void
hash_chunks (const GPtrArray * chunks, gboolean gzip,
    guint8 sha256[SHA256_DIGEST_LENGTH])
{
  g_autoptr (GChecksum) hash = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = SHA256_DIGEST_LENGTH;

  for (guint i = 0; i < chunks->len; i++) {
    const VsChunk *chunk = g_ptr_array_index (chunks, i);

    g_checksum_update (hash, chunk->sha256, sizeof chunk->sha256);
  }
  if (gzip)
    g_checksum_update (hash, gzip_header, sizeof gzip_header);
  g_checksum_get_digest (hash, sha256, &size);
}

VsObject *
vs_chunks_to_object (const GPtrArray * chunks, gboolean gzip)
{
  guint8 sha256[SHA256_DIGEST_LENGTH];
  gsize size = 0;

  for (guint i = 0; i < chunks->len; i++) {
    const VsChunk *chunk = g_ptr_array_index (chunks, i);

    size += g_bytes_get_size (gzip ? chunk->deflated : chunk->text);
  }
  hash_chunks (chunks, gzip, sha256);
  return gzip ? vs_object_new_gzip (join_gzip (chunks, size), sha256) :
      vs_object_new_hashed (join_text (chunks, size), sha256);
}

/* ---- texts that are at hand --------------------------------------------- */

/* A compressed piece, by the hash of its text. */
typedef struct
{
  GBytes *deflated;
  guint32 crc;
} Deflated;

static void
deflated_clear (gpointer data)
{
  g_bytes_unref (((Deflated *) data)->deflated);
}

static void
deflated_unref (gpointer deflated)
{
  g_atomic_rc_box_release_full (deflated, deflated_clear);
}

static gchar *
hash_key (const VsChunk * chunk)
{
  gchar *key = g_malloc (2 * sizeof chunk->sha256 + 2);

  key[0] = 'z';
  for (guint i = 0; i < sizeof chunk->sha256; i++)
    g_snprintf (key + 1 + 2 * i, 3, "%02x", chunk->sha256[i]);
  return key;
}

static Deflated *
get_deflated (const VsChunk * chunk, VsLru * cache)
{
  g_autofree gchar *key = hash_key (chunk);
  Deflated *deflated = vs_lru_get (cache, key);
  gconstpointer data;
  gsize size;

  if (deflated)
    return deflated;
  deflated = g_atomic_rc_box_new0 (Deflated);
  data = g_bytes_get_data (chunk->text, &size);
  deflated->deflated = compress_chunk (data, size);
  deflated->crc = crc32 (0, data, size);
  vs_lru_put (cache, key, deflated,
      sizeof *deflated + g_bytes_get_size (deflated->deflated), deflated_clear);
  return deflated;
}

static void
cut_chunk (VsChunk * chunk, GBytes * text, gsize start, gsize end,
    VsLru * cache)
{
  gconstpointer data;
  gsize size;

  chunk->text = g_bytes_new_from_bytes (text, start, end - start);
  data = g_bytes_get_data (chunk->text, &size);
  SHA256 (data, size, chunk->sha256);
  if (cache) {
    Deflated *deflated = get_deflated (chunk, cache);

    chunk->deflated = g_bytes_ref (deflated->deflated);
    chunk->crc = deflated->crc;
    deflated_unref (deflated);
  }
}

static void
chunk_free (gpointer chunk)
{
  vs_chunk_clear (chunk);
  g_free (chunk);
}

VsObject *
vs_text_to_object (gchar * text, const GArray * cuts, gboolean gzip,
    VsLru * cache)
{
  g_autoptr (GBytes) whole = g_bytes_new_take (text, strlen (text));
  g_autoptr (GPtrArray) chunks = g_ptr_array_new_with_free_func (chunk_free);
  guint8 sha256[SHA256_DIGEST_LENGTH];
  gsize start = 0;

  for (guint i = 0; i <= cuts->len; i++) {
    gsize end = i < cuts->len ? g_array_index (cuts, gsize, i) :
        g_bytes_get_size (whole);
    VsChunk *chunk = g_new0 (VsChunk, 1);

    cut_chunk (chunk, whole, start, end, gzip ? cache : NULL);
    g_ptr_array_add (chunks, chunk);
    start = end;
  }
  if (gzip)
    return vs_chunks_to_object (chunks, TRUE);
  hash_chunks (chunks, FALSE, sha256);
  return vs_object_new_hashed (g_bytes_ref (whole), sha256);
}
