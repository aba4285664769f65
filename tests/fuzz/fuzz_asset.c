/* VisionStream: MP4 files of any bytes as assets, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input is a file in a store: it is opened, and all of its segments are
 * made into each format, with and without a transport stream in between.
 */
#include <string.h>

#include "asset/vsasset.h"
#include "isobmff/vssamples.h"
#include "origin/vspackage.h"
#include "store/vsstoreclass.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

/* segments of a rendition that are packaged */
#define SEGMENTS_MAX 8

static const guint8 *file;
static gsize file_size;

static GBytes *
input_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  gsize size = offset < file_size ? file_size - offset : 0;

  if (length >= 0)
    size = MIN (size, (gsize) length);
  if (size > max) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "too large");
    return NULL;
  }
  return g_bytes_new (size ? file + offset : NULL, size);
}

static VsStoreObject *
input_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  return vs_store_object_new (key, file_size, 1, g_strdup ("\"1\""));
}

static void
input_finalize (VsStore * store)
{
}

static const VsStoreClass input_class = {
  .get = input_get,
  .stat = input_stat,
  .finalize = input_finalize
};

static void
package (VsSegmentSource * source, const VsSegment * segment,
    VsFormat format, VsMediaType track)
{
  const VsPackaging packaging = {.format = format,.track = track };
  g_autoptr (GBytes) ts = source->klass->load (source, segment, NULL, NULL);
  g_auto (VsSamples) samples = { 0 };
  GBytes *object = NULL;

  if (ts && (object = vs_package (ts, segment, &packaging, NULL)))
    g_bytes_unref (object);
  if (source->klass->collect (source, segment, track, &samples, NULL, NULL)
      && (object = vs_package_samples (&samples, segment, &packaging, NULL)))
    g_bytes_unref (object);
}

static void
package_all (VsSegmentSource * source, VsTimeline * timeline)
{
  g_autoptr (VsTimelineView) view = vs_timeline_view (timeline, 0, G_MAXUINT64);

  for (guint i = 0; i < MIN (view->segments->len, SEGMENTS_MAX); i++) {
    const VsSegment *segment = g_ptr_array_index (view->segments, i);

    package (source, segment, VS_FORMAT_CMAF, VS_MEDIA_VIDEO);
    package (source, segment, VS_FORMAT_SMOOTH, VS_MEDIA_VIDEO);
    package (source, segment, VS_FORMAT_CMAF, VS_MEDIA_AUDIO);
  }
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  VsStore *store = g_new0 (VsStore, 1);
  g_autoptr (VsSegmentSource) source = NULL;

  file = data;
  file_size = size;
  vs_store_init (store, &input_class, "input");
  source = vs_asset_open (store, "default", "a.mp4", NULL);
  if (source) {
    g_autoptr (GPtrArray) timelines = source->klass->get_timelines (source);

    for (guint i = 0; i < timelines->len; i++)
      package_all (source, g_ptr_array_index (timelines, i));
  }
  vs_store_unref (store);
  return 0;
}
