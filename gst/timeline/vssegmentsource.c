/* VisionStream: where segments that are not live come from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vssegmentsource.h"

void
vs_segment_source_init (VsSegmentSource * source,
    const VsSegmentSourceClass * klass)
{
  source->klass = klass;
  source->ref_count = 1;
}

VsSegmentSource *
vs_segment_source_ref (VsSegmentSource * source)
{
  g_atomic_int_inc (&source->ref_count);
  return source;
}

void
vs_segment_source_unref (VsSegmentSource * source)
{
  if (g_atomic_int_dec_and_test (&source->ref_count))
    source->klass->free (source);
}
