/* VisionStream: the bodies of requests and of answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpbody.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "memory/vsmemory.h"
#include "store/vshttpchunked.h"

/* what an answer of unknown length begins with */
#define BLOCK (64 * 1024)

/* A part of a file as a stream. GUnixInputStream moves the file's own
 * position, which several uploads share. */
#define VS_TYPE_HTTP_FILE_PART (vs_http_file_part_get_type ())
G_DECLARE_FINAL_TYPE (VsHttpFilePart, vs_http_file_part, VS, HTTP_FILE_PART,
    GInputStream);

struct _VsHttpFilePart
{
  GInputStream parent;

  gint fd;
  guint64 offset, left;
};

G_DEFINE_TYPE (VsHttpFilePart, vs_http_file_part, G_TYPE_INPUT_STREAM);

static gssize
vs_http_file_part_read (GInputStream * stream, void *buffer, gsize count,
    GCancellable * cancellable, GError ** error)
{
  VsHttpFilePart *self = VS_HTTP_FILE_PART (stream);
  gssize n;

  if (self->left == 0)
    return 0;
  do {
    n = pread (self->fd, buffer, MIN (count, self->left), self->offset);
  } while (n < 0 && errno == EINTR);
  if (n < 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
        "the file to send can't be read: %s", g_strerror (errno));
    return -1;
  }
  if (n == 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the file to send has become shorter");
    return -1;
  }
  self->offset += n;
  self->left -= n;
  return n;
}

static void
vs_http_file_part_init (VsHttpFilePart * self)
{
}

static void
vs_http_file_part_class_init (VsHttpFilePartClass * klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = vs_http_file_part_read;
}

GInputStream *
vs_http_body_open (const VsHttpBody * body)
{
  GMemoryInputStream *memory;
  VsHttpFilePart *part;

  if (body->n_parts == 0) {
    part = g_object_new (VS_TYPE_HTTP_FILE_PART, NULL);
    part->fd = body->fd;
    part->offset = body->offset;
    part->left = body->size;
    return G_INPUT_STREAM (part);
  }
  memory = G_MEMORY_INPUT_STREAM (g_memory_input_stream_new ());
  for (guint i = 0; i < body->n_parts; i++)
    g_memory_input_stream_add_bytes (memory, body->parts[i]);
  return G_INPUT_STREAM (memory);
}

guint64
vs_http_body_get_size (const VsHttpBody * body)
{
  guint64 size = 0;

  if (body->n_parts == 0)
    return body->size;
  for (guint i = 0; i < body->n_parts; i++)
    size += g_bytes_get_size (body->parts[i]);
  return size;
}

typedef struct
{
  guint8 *block;
  gsize used, capacity;
  /* with Content-Length it is that */
  gsize max;
} Content;

static void
set_too_large (gsize max, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
      "the answer has more than %" G_GSIZE_FORMAT " bytes", max);
}

static gboolean
reserve (Content * self, gsize capacity, GError ** error)
{
  guint8 *block = vs_memory_try_alloc (capacity);

  if (block == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
        "no memory for an answer of %" G_GSIZE_FORMAT " bytes", capacity);
    return FALSE;
  }
  if (self->used > 0)
    memcpy (block, self->block, self->used);
  vs_memory_free (self->block);
  self->block = block;
  self->capacity = capacity;
  return TRUE;
}

/* Reads until the stream ends or @self is full to its max. */
static gboolean
fill (Content * self, GInputStream * stream, GCancellable * cancellable,
    GError ** error)
{
  gssize n;

  do {
    if (self->used == self->capacity
        && !reserve (self, self->capacity > self->max / 2 ? self->max :
            2 * self->capacity, error))
      return FALSE;
    n = g_input_stream_read (stream, self->block + self->used,
        self->capacity - self->used, cancellable, error);
    if (n < 0)
      return FALSE;
    self->used += n;
  } while (n > 0 && self->used < self->max);
  return TRUE;
}

/* Reads the stream's end, by which the connection is known to be free. */
static gboolean
check_end (const Content * self, GInputStream * stream,
    GCancellable * cancellable, GError ** error)
{
  guint8 byte;
  gssize n = g_input_stream_read (stream, &byte, 1, cancellable, error);

  if (n > 0)
    set_too_large (self->max, error);
  return n == 0;
}

/* Content-Length of a content that is there; -1 when only its end tells. */
static gboolean
get_length (SoupMessage * message, goffset * length, GError ** error)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const gchar *text = soup_message_headers_get_list (headers,
      "Content-Length");

  *length = -1;
  if (soup_message_headers_get_encoding (headers) !=
      SOUP_ENCODING_CONTENT_LENGTH)
    return TRUE;
  *length = soup_message_headers_get_content_length (headers);
  /* libsoup takes the last of several */
  if (*length < 0 || text == NULL || strchr (text, ',')) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the answer's Content-Length makes no sense");
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_content (Content * self, SoupMessage * message, GInputStream * stream,
    goffset length, GCancellable * cancellable, GError ** error)
{
  if (!reserve (self, length >= 0 ? self->max : MIN (self->max, BLOCK), error))
    return FALSE;
  if (self->max > 0 && !fill (self, stream, cancellable, error))
    return FALSE;
  if (length >= 0 && self->used < (guint64) length) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
        "the answer ended after %" G_GSIZE_FORMAT " of its %" G_GOFFSET_FORMAT
        " bytes", self->used, length);
    return FALSE;
  }
  /* what is to close may take its time about it */
  if (self->used < self->max || (length >= 0
          && !soup_message_is_keepalive (message)))
    return TRUE;
  return check_end (self, stream, cancellable, error);
}

/* How far the content goes. @length: (out): where it must end; -1: anywhere */
static gboolean
find_end (SoupMessage * message, gsize max, Content * content,
    goffset * length, GError ** error)
{
  guint status = soup_message_get_status (message);

  *length = -1;
  content->max = max;
  if (g_str_equal (soup_message_get_method (message), "HEAD")
      || status == SOUP_STATUS_NO_CONTENT || status == SOUP_STATUS_NOT_MODIFIED) {
    content->max = 0;
    return TRUE;
  }
  if (!get_length (message, length, error))
    return FALSE;
  if (*length < 0)
    return TRUE;
  content->max = *length;
  if (content->max <= max)
    return TRUE;
  set_too_large (max, error);
  return FALSE;
}

GBytes *
vs_http_answer_read (SoupMessage * message, GInputStream * stream, gsize max,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GInputStream) chunked = NULL;
  Content content = { 0 };
  goffset length;

  if (!find_end (message, max, &content, &length, error))
    return NULL;
  if (content.max > 0
      && soup_message_headers_get_encoding (soup_message_get_response_headers
          (message)) == SOUP_ENCODING_CHUNKED)
    stream = chunked = vs_http_chunked_new (stream);
  if (!read_content (&content, message, stream, length, cancellable, error)) {
    vs_memory_free (content.block);
    return NULL;
  }
  return vs_memory_to_bytes (content.block, content.used);
}
