/* VisionStream: how the bytes of another maker's segment are stored
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* EXT-X-KEY with METHOD=AES-128 (RFC 8216bis 4.4.4.4) */
typedef struct
{
  gchar *uri;                   /* as VsSegment.uri */
  gboolean resolved;            /* it is relative to the folder by now */
  gboolean has_iv;              /* else the media sequence number is it */
  guint8 iv[16];
  guint line;                   /* of the playlist, for messages */
} VsSegmentKey;

/* EXT-X-MAP (4.4.4.5): what comes ahead of the segment's bytes */
typedef struct
{
  gchar *uri;
  gboolean resolved;
  guint64 offset, size;         /* size 0: all of it */
  VsSegmentKey *key;            /* or NULL */
} VsSegmentMap;

/**
 * VsSegmentStorage:
 *
 * What a playlist tells beyond a segment's URI. Of a segment that has none all
 * of its object counts. All three are reference counted (GRcBox, atomic), and
 * immutable once shared.
 */
typedef struct
{
  guint64 offset, size;         /* EXT-X-BYTERANGE; size 0: all of it */
  VsSegmentMap *map;            /* or NULL */
  VsSegmentKey *key;            /* or NULL */
  gchar *audio;                 /* playlist that has the sound, below the
                                 * folder, or NULL */
  gint64 offset_us;             /* since its playlist's beginning */
  gboolean first, last;         /* of its run, as far as that is listed */
} VsSegmentStorage;

VsSegmentStorage *vs_segment_storage_new (void);
VsSegmentStorage *vs_segment_storage_ref (VsSegmentStorage *storage);
void              vs_segment_storage_unref (VsSegmentStorage *storage);

VsSegmentKey     *vs_segment_key_new (void);
VsSegmentKey     *vs_segment_key_ref (VsSegmentKey *key);
void              vs_segment_key_unref (VsSegmentKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSegmentKey, vs_segment_key_unref)

VsSegmentMap     *vs_segment_map_new (void);
VsSegmentMap     *vs_segment_map_ref (VsSegmentMap *map);
void              vs_segment_map_unref (VsSegmentMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSegmentMap, vs_segment_map_unref)

G_END_DECLS
