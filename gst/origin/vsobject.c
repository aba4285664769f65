/* VisionStream: a finished object: bytes, entity tags, gzip form
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsobject.h"

#include <openssl/sha.h>
#include <zlib.h>

/* Fixed, for the level is part of what the bytes depend on. */
#define GZIP_LEVEL 6
/* deflateInit2: 15 bits of window, + 16 asks for a gzip header, in which zlib
 * writes no time and no name (RFC 1952 2.3.1) */
#define GZIP_WINDOW_BITS (15 + 16)
#define GZIP_MEMORY_LEVEL 8

/* hex digits of the SHA-256 that an entity tag has: 128 bits */
#define ETAG_DIGITS 32

static GBytes *
compress_gzip (GBytes * body)
{
  z_stream stream = { 0 };
  g_autofree guint8 *out = NULL;
  gsize size, bound;
  const guint8 *data = g_bytes_get_data (body, &size);

  if (size == 0 || size > G_MAXUINT32 / 2)
    return NULL;
  if (deflateInit2 (&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS,
          GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
    return NULL;

  bound = deflateBound (&stream, size);
  out = g_malloc (bound);
  stream.next_in = (Bytef *) data;
  stream.avail_in = size;
  stream.next_out = out;
  stream.avail_out = bound;
  if (deflate (&stream, Z_FINISH) != Z_STREAM_END) {
    deflateEnd (&stream);
    return NULL;
  }
  bound = stream.total_out;
  deflateEnd (&stream);

  if (bound >= size)
    return NULL;
  return g_bytes_new (out, bound);
}

static gchar *
etag_from_sha256 (const guint8 sha256[SHA256_DIGEST_LENGTH])
{
  GString *etag = g_string_sized_new (ETAG_DIGITS + 3);

  g_string_append_c (etag, '"');
  for (guint i = 0; i < ETAG_DIGITS / 2; i++)
    g_string_append_printf (etag, "%02x", sha256[i]);
  g_string_append_c (etag, '"');
  return g_string_free (etag, FALSE);
}

static gchar *
etag_from_bytes (GBytes * body)
{
  guint8 sha256[SHA256_DIGEST_LENGTH];
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);

  SHA256 (data, size, sha256);
  return etag_from_sha256 (sha256);
}

static VsObject *
object_alloc (GBytes * body)
{
  VsObject *object = g_new0 (VsObject, 1);

  object->ref_count = 1;
  object->body = body;
  return object;
}

VsObject *
vs_object_new (GBytes * body, gboolean compress)
{
  VsObject *object = object_alloc (body);

  object->etag = etag_from_bytes (body);
  if (compress)
    object->gzip = compress_gzip (body);
  if (object->gzip)
    object->gzip_etag = etag_from_bytes (object->gzip);
  return object;
}

VsObject *
vs_object_new_hashed (GBytes * body, const guint8 sha256[SHA256_DIGEST_LENGTH])
{
  VsObject *object = object_alloc (body);

  object->etag = etag_from_sha256 (sha256);
  return object;
}

VsObject *
vs_object_new_gzip (GBytes * gzip, const guint8 sha256[SHA256_DIGEST_LENGTH])
{
  VsObject *object = object_alloc (NULL);

  object->gzip = gzip;
  object->gzip_etag = etag_from_sha256 (sha256);
  return object;
}

VsObject *
vs_object_ref (VsObject * object)
{
  g_atomic_int_inc (&object->ref_count);
  return object;
}

void
vs_object_unref (VsObject * object)
{
  if (!g_atomic_int_dec_and_test (&object->ref_count))
    return;
  g_clear_pointer (&object->body, g_bytes_unref);
  g_clear_pointer (&object->gzip, g_bytes_unref);
  g_free (object->etag);
  g_free (object->gzip_etag);
  g_free (object);
}

gsize
vs_object_get_size (const VsObject * object)
{
  gsize size = sizeof *object;

  if (object->body)
    size += g_bytes_get_size (object->body);
  if (object->gzip)
    size += g_bytes_get_size (object->gzip);
  return size;
}
