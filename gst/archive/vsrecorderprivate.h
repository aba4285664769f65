/* VisionStream: a rendition, recorded: what is told and the thread
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsrecorder.h"

G_BEGIN_DECLS

struct _VsRecorder
{
  VsStore *store, *archive;
  gchar *folder, *event, *rendition, *language, *name, *spill_directory;
  gboolean keep_gaps, has_ended, resumes, is_told_marked;
  GstClockTime max_duration, rollover;
  guint64 first_sequence;
  VsRecorderCommon *common;
  VsRecorderCallbacks callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  GThread *thread;

  /* the thread's */
  VsArchiveList *list;          /* as it was read last, or NULL */
  gboolean failing;
  guint64 skipped_first, skipped_last;  /* not said yet; 0: none */
  gchar *skipped_cause;

  GMutex lock;
  GCond changed;
  /* protected by lock */
  GQueue items;                 /* VsRecorderItem, ascending, told and not yet
                                 * recorded; some, where these are many */
  gsize bytes;                  /* of them */
  guint64 first_told, told;     /* sequence numbers; after the newest */
  guint64 last;                 /* see vs_recorder_end () */
  gboolean ended;               /* nothing more is told */
  guint64 needed;
  gint64 failing_since;         /* monotonic, 0: it does not */
  gboolean marked;              /* or it was tried */
  gboolean chosen;              /* of some that were marked */
  gboolean closing, interrupted, finished;
  VsRecordingInfo *info;
};

/* vsrecorder.c: what is told */

/* Waits until @sequence was told. FALSE: it is closing, or @sequence never
 * comes. @has_all: while it waits it needs nothing: a rendition that never
 * comes back is no reason to keep what the others have. */
gboolean vs_recorder_await (VsRecorder *recorder, guint64 sequence,
    gboolean has_all);
gboolean vs_recorder_is_closing (VsRecorder *recorder);

/**
 * vs_recorder_take:
 * @segment: (out): what was told, or NULL: it is in the archive's lists
 * @bytes: (out): its bytes, or NULL: they are in the archive
 *
 * Takes what was told of @sequence, and forgets what came before.
 */
void vs_recorder_take (VsRecorder *recorder, guint64 sequence,
    VsSegment **segment, GBytes **bytes);

/* vsrecorderthread.c */

gpointer vs_recorder_run (gpointer recorder);

G_END_DECLS
