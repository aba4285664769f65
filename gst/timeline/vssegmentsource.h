/* VisionStream: where segments that are not live come from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

typedef struct _VsSegmentSource VsSegmentSource;
struct _VsSamples;

/**
 * VsSegmentSourceClass:
 *
 * A kind of source: an archive, a media file. All but @get_timelines and @free
 * block.
 *
 * @refresh: looks for what is new. (transfer full): @source, or what has taken
 *   its place; NULL with %G_IO_ERROR_NOT_FOUND when it is gone
 * @get_timelines: (element-type VsTimeline) (transfer full)
 * @load: a segment of these timelines, as a transport stream
 * @collect: (nullable): a track of it as samples, where the source has them as
 *   such: what is to be found in the transport stream, for less. FALSE with
 *   %G_IO_ERROR_NOT_SUPPORTED where @load is the only way; @samples is to be
 *   cleared in any case
 */
typedef struct
{
  VsSegmentSource *(*refresh) (VsSegmentSource *source,
      GCancellable *cancellable, GError **error);
  GPtrArray *(*get_timelines) (VsSegmentSource *source);
  GBytes *(*load) (VsSegmentSource *source, const VsSegment *segment,
      GCancellable *cancellable, GError **error);
  gboolean (*collect) (VsSegmentSource *source, const VsSegment *segment,
      VsMediaType type, struct _VsSamples *samples,
      GCancellable *cancellable, GError **error);
  void (*free) (VsSegmentSource *source);
} VsSegmentSourceClass;

/**
 * VsSegmentSource:
 * @passes_on: its segments can be passed on as they are, but not be packaged
 * @footprint: bytes of memory that it takes, where that is much
 * @remark: (nullable): what its owner should know of, for a WARNING
 *
 * Reference counted; thread-safe, but for one @refresh at a time.
 */
struct _VsSegmentSource
{
  const VsSegmentSourceClass *klass;
  gboolean passes_on;
  gsize footprint;
  const gchar *remark;

  /*< private >*/
  gint ref_count;
};

void             vs_segment_source_init (VsSegmentSource *source,
    const VsSegmentSourceClass *klass);
VsSegmentSource *vs_segment_source_ref (VsSegmentSource *source);
void             vs_segment_source_unref (VsSegmentSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSegmentSource, vs_segment_source_unref)

G_END_DECLS
