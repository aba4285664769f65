/* VisionStream: what libsoup sees of a connection: one request
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpstream.h"

#define VS_TYPE_HTTP_OUTPUT (vs_http_output_get_type ())
G_DECLARE_FINAL_TYPE (VsHttpOutput, vs_http_output, VS, HTTP_OUTPUT,
    GOutputStream)
     struct _VsHttpOutput
     {
       GOutputStream parent;

       VsHttpConnection *connection;
       const VsHttpStreamFuncs *funcs;
       gpointer user_data;
       guint64 sent;
     };

     static void vs_http_output_pollable_init (GPollableOutputStreamInterface
    *);

G_DEFINE_FINAL_TYPE_WITH_CODE (VsHttpOutput, vs_http_output,
    G_TYPE_OUTPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
        vs_http_output_pollable_init));

     static gssize
         vs_http_output_write_nonblocking (GPollableOutputStream * stream,
    const void *data, gsize size, GError ** error)
{
  VsHttpOutput *self = VS_HTTP_OUTPUT (stream);
  /* the head need not leave in a packet of its own */
  gboolean more = self->sent == 0 && self->funcs->begin (self->user_data);
  gssize n;

  n = vs_http_connection_send (self->connection, data, size, more, error);
  if (n > 0)
    self->sent += n;
  return n;
}

static gssize
vs_http_output_write (GOutputStream * stream, const void *data, gsize size,
    GCancellable * cancellable, GError ** error)
{
  return vs_http_output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (stream),
      data, size, error);
}

static gboolean
vs_http_output_close (GOutputStream * stream, GCancellable * cancellable,
    GError ** error)
{
  VsHttpOutput *self = VS_HTTP_OUTPUT (stream);

  self->funcs->closed (self->sent, self->user_data);
  return TRUE;
}

static gboolean
vs_http_output_is_writable (GPollableOutputStream * stream)
{
  return vs_http_connection_is_writable (VS_HTTP_OUTPUT (stream)->connection);
}

static GSource *
vs_http_output_create_source (GPollableOutputStream * stream,
    GCancellable * cancellable)
{
  VsHttpOutput *self = VS_HTTP_OUTPUT (stream);

  return vs_http_connection_create_write_source (self->connection,
      G_OBJECT (stream));
}

static void
vs_http_output_finalize (GObject * object)
{
  vs_http_connection_unref (VS_HTTP_OUTPUT (object)->connection);
  G_OBJECT_CLASS (vs_http_output_parent_class)->finalize (object);
}

static void
vs_http_output_class_init (VsHttpOutputClass * klass)
{
  GOutputStreamClass *stream_class = G_OUTPUT_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = vs_http_output_finalize;
  stream_class->write_fn = vs_http_output_write;
  stream_class->close_fn = vs_http_output_close;
}

static void
vs_http_output_pollable_init (GPollableOutputStreamInterface * iface)
{
  iface->is_writable = vs_http_output_is_writable;
  iface->create_source = vs_http_output_create_source;
  iface->write_nonblocking = vs_http_output_write_nonblocking;
}

static void
vs_http_output_init (VsHttpOutput * self)
{
}

GIOStream *
vs_http_stream_new (VsHttpConnection * connection, const VsHttpHead * head,
    const VsHttpStreamFuncs * funcs, gpointer user_data)
{
  g_autoptr (VsHttpOutput) output = g_object_new (VS_TYPE_HTTP_OUTPUT, NULL);
  g_autoptr (GInputStream) input = NULL;
  gchar *text;

  output->connection = vs_http_connection_ref (connection);
  output->funcs = funcs;
  output->user_data = user_data;
  text = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: %s\r\n"
      "Connection: close\r\n%s\r\n", vs_http_method_to_string (head->method),
      head->target, head->host ? head->host : "localhost",
      head->method == VS_HTTP_POST ? "Content-Length: 0\r\n" : "");
  input = g_memory_input_stream_new_from_data (text, -1, g_free);
  return g_simple_io_stream_new (input, G_OUTPUT_STREAM (output));
}
