/* VisionStream: the tags that say how segments are stored (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsM3u8Storage:
 *
 * What EXT-X-BYTERANGE, EXT-X-MAP and EXT-X-KEY have said so far.
 */
typedef struct
{
  VsSegmentMap *map;            /* or NULL */
  VsSegmentKey *key;            /* or NULL */

  /* of the segment that comes */
  gboolean has_range, has_offset;
  guint64 offset, size;

  /* of the one before: a range may go on from it */
  gchar *last_uri;
  guint64 last_end;
} VsM3u8Storage;

void vs_m3u8_storage_clear (VsM3u8Storage *storage);

/* Each takes what follows the colon, cuts it up in place, and says what is
 * wrong: (transfer full), or NULL when all is well. */
gchar *vs_m3u8_storage_read_range (VsM3u8Storage *storage, gchar *value);
gchar *vs_m3u8_storage_read_map (VsM3u8Storage *storage, gchar *value);
gchar *vs_m3u8_storage_read_key (VsM3u8Storage *storage, gchar *value,
    guint line);
/* What holds for @segment, whose URI is known. */
gchar *vs_m3u8_storage_apply (VsM3u8Storage *storage, VsSegment *segment);

G_END_DECLS
