/* VisionStream: segments of a timeline that are not in memory for good
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "timeline/vstimeline.h"

#include <string.h>

/* what an allocation takes beside its bytes */
#define ALLOCATION 16

VsTimelinePart *
vs_timeline_part_new (GPtrArray * segments, GPtrArray * configs)
{
  VsTimelinePart *part = g_atomic_rc_box_new0 (VsTimelinePart);

  part->segments = segments;
  part->configs = configs;
  return part;
}

void
vs_timeline_part_clear (gpointer part)
{
  VsTimelinePart *self = part;

  g_ptr_array_unref (self->segments);
  g_ptr_array_unref (self->configs);
}

void
vs_timeline_part_unref (VsTimelinePart * part)
{
  g_atomic_rc_box_release_full (part, vs_timeline_part_clear);
}

gsize
vs_timeline_part_get_size (const VsTimelinePart * part)
{
  gsize size = sizeof *part + 2 * sizeof (GPtrArray) + 3 * ALLOCATION;

  for (guint i = 0; i < part->segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (part->segments, i);

    size += sizeof segment + sizeof *segment + ALLOCATION;
    if (segment->uri)
      size += strlen (segment->uri) + 1 + ALLOCATION;
  }
  return size + part->configs->len * (sizeof (VsCodecConfig) + ALLOCATION);
}

guint64
vs_timeline_part_start (guint64 sequence)
{
  return sequence == 0 ? 0 : (sequence - 1) / VS_TIMELINE_PART *
      VS_TIMELINE_PART + 1;
}

VsSegment *
vs_timeline_part_find (const VsTimelinePart * part, guint64 sequence)
{
  const VsSegment *first;

  if (part->segments->len == 0)
    return NULL;
  first = g_ptr_array_index (part->segments, 0);
  if (sequence < first->sequence
      || sequence - first->sequence >= part->segments->len)
    return NULL;
  return g_ptr_array_index (part->segments, sequence - first->sequence);
}
