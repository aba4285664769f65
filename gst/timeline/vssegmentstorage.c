/* VisionStream: how the bytes of another maker's segment are stored
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timeline/vssegmentstorage.h"

VsSegmentKey *
vs_segment_key_new (void)
{
  return g_atomic_rc_box_new0 (VsSegmentKey);
}

VsSegmentKey *
vs_segment_key_ref (VsSegmentKey * key)
{
  return g_atomic_rc_box_acquire (key);
}

static void
clear_key (gpointer data)
{
  VsSegmentKey *key = data;

  g_free (key->uri);
}

void
vs_segment_key_unref (VsSegmentKey * key)
{
  g_atomic_rc_box_release_full (key, clear_key);
}

VsSegmentMap *
vs_segment_map_new (void)
{
  return g_atomic_rc_box_new0 (VsSegmentMap);
}

VsSegmentMap *
vs_segment_map_ref (VsSegmentMap * map)
{
  return g_atomic_rc_box_acquire (map);
}

static void
clear_map (gpointer data)
{
  VsSegmentMap *map = data;

  g_clear_pointer (&map->key, vs_segment_key_unref);
  g_free (map->uri);
}

void
vs_segment_map_unref (VsSegmentMap * map)
{
  g_atomic_rc_box_release_full (map, clear_map);
}

VsSegmentStorage *
vs_segment_storage_new (void)
{
  return g_atomic_rc_box_new0 (VsSegmentStorage);
}

VsSegmentStorage *
vs_segment_storage_ref (VsSegmentStorage * storage)
{
  return g_atomic_rc_box_acquire (storage);
}

static void
clear_storage (gpointer data)
{
  VsSegmentStorage *storage = data;

  g_clear_pointer (&storage->map, vs_segment_map_unref);
  g_clear_pointer (&storage->key, vs_segment_key_unref);
  g_free (storage->audio);
}

void
vs_segment_storage_unref (VsSegmentStorage * storage)
{
  g_atomic_rc_box_release_full (storage, clear_storage);
}
