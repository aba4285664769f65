/* VisionStream: a body that is not in memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpsource.h"

struct _VsHttpSource
{
  gint ref_count;
  guint64 size;
  VsHttpSourceRead read;
  gpointer data;
  GDestroyNotify free_data;
};

VsHttpSource *
vs_http_source_new (guint64 size, VsHttpSourceRead read, gpointer data,
    GDestroyNotify free_data)
{
  VsHttpSource *source = g_new0 (VsHttpSource, 1);

  source->ref_count = 1;
  source->size = size;
  source->read = read;
  source->data = data;
  source->free_data = free_data;
  return source;
}

VsHttpSource *
vs_http_source_ref (VsHttpSource * source)
{
  g_atomic_int_inc (&source->ref_count);
  return source;
}

void
vs_http_source_unref (VsHttpSource * source)
{
  if (!g_atomic_int_dec_and_test (&source->ref_count))
    return;
  if (source->free_data)
    source->free_data (source->data);
  g_free (source);
}

guint64
vs_http_source_get_size (VsHttpSource * source)
{
  return source->size;
}

void
vs_http_source_read (VsHttpSource * source, guint64 offset, gsize size,
    GCancellable * cancellable, VsHttpSourceDone done, gpointer user_data)
{
  source->read (source->data, offset, size, cancellable, done, user_data);
}
