/* VisionStream: an archive of any length, made up as it is read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/* Four renditions as vsladder makes them by itself: two share one sound each.
 * Segments of 60 frames of 29.97 Hz, sound in whole frames of AAC. */
#define LONG_RENDITIONS 4
#define LONG_FOLDER "default/live"
#define LONG_START_US G_GINT64_CONSTANT (1767225600000000)
#define LONG_TICKS 180180
#define LONG_US(n) ((gint64) (n) * LONG_TICKS * 100 / 9)
#define LONG_DAY 43157            /* segments of 24 h */

/**
 * LongStore:
 *
 * The playlists of default/live; no segment can be read. Each part is written
 * when it is asked for, by what writes those of real archives, so that weeks
 * of it take no room. Thread-safe.
 */
typedef struct
{
  guint64 parts;                /* that were read */
  guint64 reads, bytes;         /* of all objects */
  guint64 stats;
} LongStoreCounts;

/* Holds the segments [@first, @next). */
VsStore *long_store_new (guint64 first, guint64 next);
void     long_store_grow (VsStore *store, guint n);
void     long_store_end (VsStore *store);
/* Forgets what is before @first, in playlists (@named), and in parts. */
void     long_store_prune (VsStore *store, guint64 named, guint64 first);
/* Every @length-th segment begins a new run: the media clock goes on. */
void     long_store_set_runs (VsStore *store, guint length);
/* @before: (nullable): called ahead of each reading of a part */
void     long_store_watch (VsStore *store, void (*before) (VsStore *store,
        guint64 part, gpointer user_data), gpointer user_data);
void     long_store_get_counts (VsStore *store, LongStoreCounts *counts);

/* The same event's, for timelines in memory. */
VsRendition *long_rendition (guint index);
VsSegment   *long_segment (guint index, guint64 sequence, guint run_length);
/* @index: of the rendition for video; with its record */
VsCodecConfig *long_config (VsMediaType type, guint index);

G_END_DECLS
