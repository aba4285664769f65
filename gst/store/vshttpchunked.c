/* VisionStream: the chunked transfer coding, read strictly
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpchunked.h"

#include <string.h>

/* of a chunk's size with its extensions, and of a trailer */
#define LINE_MAX_SIZE 4096
#define TRAILERS_MAX 64

#define VS_TYPE_HTTP_CHUNKED (vs_http_chunked_get_type ())
G_DECLARE_FINAL_TYPE (VsHttpChunked, vs_http_chunked, VS, HTTP_CHUNKED,
    GInputStream);

struct _VsHttpChunked
{
  GInputStream parent;

  GBufferedInputStream *raw;
  /* of the chunk */
  guint64 left;
  gboolean in_chunk, ended;
};

G_DEFINE_TYPE (VsHttpChunked, vs_http_chunked, G_TYPE_INPUT_STREAM);

static gboolean
set_invalid (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "the answer's chunks make no sense");
  return FALSE;
}

static gboolean
set_partial (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
      "the answer ended ahead of its last chunk");
  return FALSE;
}

/* A line that ends in CRLF, without that. */
static gboolean
read_line (VsHttpChunked * self, gchar * line, GCancellable * cancellable,
    GError ** error)
{
  gsize n = 0;
  GError *cause = NULL;

  while (n < 2 || line[n - 2] != '\r' || line[n - 1] != '\n') {
    gint byte;

    if (n == LINE_MAX_SIZE || (n > 0 && line[n - 1] == '\n'))
      return set_invalid (error);
    byte = g_buffered_input_stream_read_byte (self->raw, cancellable, &cause);
    if (byte < 0) {
      if (cause == NULL)
        return set_partial (error);
      g_propagate_error (error, cause);
      return FALSE;
    }
    line[n++] = byte;
  }
  line[n - 2] = '\0';
  return TRUE;
}

/* chunk-size [ chunk-ext ] */
static gboolean
read_size (VsHttpChunked * self, GCancellable * cancellable, GError ** error)
{
  gchar line[LINE_MAX_SIZE];
  gchar *end;

  if (!read_line (self, line, cancellable, error))
    return FALSE;
  if (!g_ascii_isxdigit (line[0]))
    return set_invalid (error);
  self->left = g_ascii_strtoull (line, &end, 16);
  if (self->left > G_MAXINT64 || strchr ("; \t", *end) == NULL)
    return set_invalid (error);
  return TRUE;
}

static gboolean
read_trailers (VsHttpChunked * self, GCancellable * cancellable,
    GError ** error)
{
  gchar line[LINE_MAX_SIZE];

  for (guint i = 0; i < TRAILERS_MAX; i++) {
    if (!read_line (self, line, cancellable, error))
      return FALSE;
    if (line[0] == '\0') {
      self->ended = TRUE;
      return TRUE;
    }
  }
  return set_invalid (error);
}

/* The end of the chunk before and the head of the next. */
static gboolean
next_chunk (VsHttpChunked * self, GCancellable * cancellable, GError ** error)
{
  gchar line[LINE_MAX_SIZE];

  if (self->in_chunk) {
    if (!read_line (self, line, cancellable, error))
      return FALSE;
    if (line[0] != '\0')
      return set_invalid (error);
  }
  self->in_chunk = TRUE;
  return read_size (self, cancellable, error)
      && (self->left > 0 || read_trailers (self, cancellable, error));
}

static gssize
vs_http_chunked_read (GInputStream * stream, void *buffer, gsize count,
    GCancellable * cancellable, GError ** error)
{
  VsHttpChunked *self = VS_HTTP_CHUNKED (stream);
  gssize n;

  if (!self->ended && self->left == 0 && !next_chunk (self, cancellable, error))
    return -1;
  if (self->ended)
    return 0;
  n = g_input_stream_read (G_INPUT_STREAM (self->raw), buffer,
      MIN (count, self->left), cancellable, error);
  if (n == 0) {
    set_partial (error);
    return -1;
  }
  if (n > 0)
    self->left -= n;
  return n;
}

static void
vs_http_chunked_finalize (GObject * object)
{
  g_object_unref (VS_HTTP_CHUNKED (object)->raw);
  G_OBJECT_CLASS (vs_http_chunked_parent_class)->finalize (object);
}

static void
vs_http_chunked_init (VsHttpChunked * self)
{
}

static void
vs_http_chunked_class_init (VsHttpChunkedClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = vs_http_chunked_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = vs_http_chunked_read;
}

/* The stream of the connection lies under those that libsoup decodes with. */
GInputStream *
vs_http_chunked_new (GInputStream * answer)
{
  GInputStream *raw = answer;
  VsHttpChunked *self;

  while (G_IS_FILTER_INPUT_STREAM (raw)
      && !g_str_equal (G_OBJECT_TYPE_NAME (raw), "SoupFilterInputStream"))
    raw = g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (raw));
  if (!G_IS_FILTER_INPUT_STREAM (raw))
    return g_object_ref (answer);

  self = g_object_new (VS_TYPE_HTTP_CHUNKED, NULL);
  self->raw = G_BUFFERED_INPUT_STREAM (g_buffered_input_stream_new (raw));
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM
      (self->raw), FALSE);
  return G_INPUT_STREAM (self);
}
