/* VisionStream: an event's archive, written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"
#include "timeline/vstimeline.h"

G_BEGIN_DECLS

/**
 * VsArchiveWriter:
 *
 * Writes the segments and playlists of one event below one folder of a store,
 * in a thread of its own. A segment is durable before a playlist names it.
 * What is written a segment does not grow with the stream's length: a child
 * playlist holds the last few hundred entries, older ones stand in sealed
 * parts of their own; at the end one complete VOD playlist is written.
 *
 * A store that fails costs the caller nothing: up to @max_pending bytes of
 * segments wait in memory; past that the oldest are given up, become GAP
 * entries and are said.
 */
typedef struct _VsArchiveWriter VsArchiveWriter;

typedef struct
{
  const gchar *account, *event, *breakout;
  gsize max_pending;            /* bytes; 64 MiB by default (0) */
  /* retention; 0 keeps all */
  GstClockTime max_age;
  guint64 max_segments;         /* a rendition */
  guint64 max_bytes;            /* of the event */
  /* nothing is named before vs_archive_writer_end (): the main playlist comes
   * last, and children only as their parts need it. For what is there at once:
   * it costs one sync a segment */
  gboolean at_end;
  /* the event, of the same account and with the same breakout, that another
   * chain with the same settings stores the programme as; or NULL. The main
   * playlist names its renditions behind its own: it is not read */
  const gchar *redundant;
} VsArchiveWriterSettings;

/**
 * VsArchiveState:
 *
 * Where an earlier writer of this folder stopped: how to continue.
 */
typedef struct
{
  gboolean found;               /* else the folder is new */
  guint64 next_sequence;
  guint64 next_discontinuity_sequence;
  guint64 next_run;
  guint target_duration;
  gint64 end_utc_us;
  gint64 event_utc_us;          /* see VsSegment; 0 when the archive does not
                                 * tell */
  gboolean ended;               /* the event had: its playlists are complete */
} VsArchiveState;

/**
 * VsArchiveWriterCallbacks:
 *
 * Called in the writer's thread, no lock held.
 * @stored: a segment is durable and listed; @path is its place for people.
 *   With @at_end: it is durable, or, where it is a gap, taken up
 * @failed: the store refuses (once, until it works again); retried
 * @recovered: it works again
 * @lost: segments given up: they are GAP entries
 */
typedef struct
{
  void (*stored) (const VsRendition *rendition, const VsSegment *segment,
      const gchar *path, gpointer user_data);
  void (*failed) (const gchar *path, const GError *error,
      gpointer user_data);
  void (*recovered) (gpointer user_data);
  void (*lost) (const VsRendition *rendition, guint64 first_sequence,
      guint64 last_sequence, gpointer user_data);
} VsArchiveWriterCallbacks;

/**
 * VsArchiveFollower:
 *
 * Whoever reads what is written, as it is written. Called in the writer's
 * thread, no lock held; none of it blocks, but for @begin on a store that is
 * written in place.
 * @begin: (nullable): there will be one more entry of @rendition, which is not
 *   listed yet
 * @entry: there is one more entry of @rendition: a segment that is durable and
 *   listed, with its bytes in pieces, or a gap; gaps that were made up are left
 *   out. @video: (nullable): the picture, where it is known
 * @ended: nothing more comes
 * @get_needed: the least number that retention is to leave alone
 */
typedef struct
{
  void (*begin) (const VsRendition *rendition, const VsSegment *segment,
      const VsCodecConfig *video, gpointer user_data);
  void (*entry) (const VsRendition *rendition, VsSegment *segment,
      const VsCodecConfig *video, GBytes **parts, guint n_parts,
      gpointer user_data);
  void (*ended) (gpointer user_data);
  guint64 (*get_needed) (gpointer user_data);
  gpointer user_data;
} VsArchiveFollower;

/**
 * vs_archive_writer_new:
 * @state: (out): where to go on
 *
 * Opens the folder, takes its lease, reads back what is there, removes
 * temporary files. Blocks: for NULL->READY or READY->PAUSED.
 */
VsArchiveWriter *vs_archive_writer_new (VsStore *store,
    const VsArchiveWriterSettings *settings,
    const VsArchiveWriterCallbacks *callbacks, gpointer user_data,
    VsArchiveState *state, GError ** error);

/* Finishes what is queued (bounded by @timeout), releases the lease. */
void vs_archive_writer_free (VsArchiveWriter *writer, GstClockTime timeout);

/* Ahead of the first segment; it is called until the writer is freed. */
void vs_archive_writer_set_follower (VsArchiveWriter *writer,
    const VsArchiveFollower *follower);

/* Declares a rendition; again when it changed. */
void vs_archive_writer_set_rendition (VsArchiveWriter *writer,
    VsRendition *rendition);
/* Its place in the main playlist: without, as they were declared. */
void vs_archive_writer_set_order (VsArchiveWriter *writer,
    const gchar *rendition, guint order);
void vs_archive_writer_add_config (VsArchiveWriter *writer,
    const gchar *rendition, VsCodecConfig *config);

/**
 * vs_archive_writer_append:
 * @segment: (transfer none): closed; its uri is set here (by
 *   vs_archive_segment_name ()) and size and sha256 by the caller
 * @parts: (transfer none): the bytes
 *
 * Never blocks on the store. Sequence numbers of a rendition only grow, and
 * begin at VsArchiveState.next_sequence at least; those left out become gaps.
 */
void vs_archive_writer_append (VsArchiveWriter *writer,
    const gchar *rendition, VsSegment *segment, GBytes **parts,
    guint n_parts);

/**
 * vs_archive_writer_end:
 *
 * The event ended: complete VOD playlists with ENDLIST are written after all
 * that is queued; @done is called when all is durable (TRUE) or given up.
 */
void vs_archive_writer_end (VsArchiveWriter *writer,
    void (*done) (gboolean complete, gpointer user_data),
    gpointer user_data);

/* "index_1080p_00001.ts": the counter has five digits and grows. */
gchar *vs_archive_segment_name (const gchar *rendition, guint64 sequence);
gchar *vs_archive_playlist_name (const gchar *rendition);
/* "default/live" or "default/live/breakout" */
gchar *vs_archive_folder (const gchar *account, const gchar *event,
    const gchar *breakout);

G_END_DECLS
