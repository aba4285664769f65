/* VisionStream: an event's archive, written: the queue and its thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchiveset.h"

G_BEGIN_DECLS

/* What a caller declared of a rendition. */
typedef struct
{
  VsRendition *rendition;
  GQueue configs;               /* VsCodecConfig */
  guint order;
  guint64 next;                 /* the least that may be appended */
} VsArchiveDeclared;

typedef struct
{
  VsArchiveDeclared *declared;
  VsSegment *segment;
  GBytes **parts;               /* NULL: nothing to store: a gap */
  guint n_parts;
  gsize size;
  gboolean busy;                /* the thread reads parts */
} VsArchiveJob;

typedef struct
{
  VsArchiveDeclared *declared;
  guint64 first, last;
} VsArchiveLost;

typedef struct
{
  void (*done) (gboolean complete, gpointer user_data);
  gpointer user_data;
} VsArchiveEnd;

struct _VsArchiveWriter
{
  VsStore *store;
  gpointer lease;
  gchar *folder;
  gchar *account, *event_name, *breakout;
  gsize max_pending;
  guint64 first_sequence;       /* of this run: numbers are never used twice */
  VsArchiveWriterCallbacks callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  GThread *thread;

  /* the thread's */
  VsArchiveSet *set;
  gboolean failing;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  GQueue jobs;                  /* VsArchiveJob */
  gsize pending;
  GPtrArray *declared;          /* VsArchiveDeclared, in order */
  GQueue lost;                  /* VsArchiveLost, not yet said */
  gboolean lost_any;
  GQueue ends;                  /* VsArchiveEnd */
  VsArchiveFollower follower;   /* all NULL without one */
  gboolean closing;
  gint64 deadline;              /* monotonic, when closing */
  gboolean finished;
};

/* vsarchivewriter.c: the queue */

void vs_archive_job_free (VsArchiveJob *job);
void vs_archive_writer_release_parts_unlocked (VsArchiveWriter *writer,
    VsArchiveJob *job);
/* Makes a gap of what can't be stored. */
void vs_archive_writer_give_up_unlocked (VsArchiveWriter *writer,
    VsArchiveJob *job);
/* What there is to be called, as it is now. */
void vs_archive_writer_get_follower (VsArchiveWriter *writer,
    VsArchiveFollower *follower);
/* Gives up what is too much, the oldest first; never what is being read. */
void vs_archive_writer_bound_unlocked (VsArchiveWriter *writer);

/* vsarchivethread.c */

gboolean vs_archive_writer_is_stopping_unlocked (VsArchiveWriter *writer);
/* The thread: runs until the writer closes and all is written, or it is time
 * to stop. */
gpointer vs_archive_writer_run (gpointer writer);

G_END_DECLS
