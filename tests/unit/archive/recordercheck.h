/* VisionStream: an event that is recorded, for tests, and who judges the file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/archivefixture.h"
#include "archive/vsrecorderset.h"

/* A stream that was cut: what an archive has of it. */
typedef struct
{
  GPtrArray *segments;          /* VsSegment */
  GPtrArray *bytes;             /* GBytes, of each */
  gchar *path;                  /* of all of it, as one TS */
} Clip;

/* The bytes of a TS in segments of a second. */
Clip *clip_new (const gchar *path);
/* 20 s of picture with B-frames and sound; NULL without ffmpeg. @options: of
 * the encoders, after the defaults */
Clip *clip_make (const gchar *folder, const gchar *name,
    const gchar *options);
void  clip_free (Clip *clip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clip, clip_free)

/* A segment of a clip under another number, run and time. */
typedef struct
{
  const Clip *clip;
  guint segment;                /* of the clip, from 0 */
  guint64 sequence, run;
  gint64 utc_us;
} Fed;

/* What recorders said since recorder_log_clear (). */
typedef struct
{
  GMutex lock;
  GCond changed;
  /* protected by lock */
  guint finished, failed, recovered, warnings;
  gint64 finished_at;           /* monotonic */
  VsRecordingInfo *info;        /* the last */
  gchar *warning, *error;       /* the last */
} RecorderLog;

extern RecorderLog recorder_log;
void recorder_log_clear (void);
void recorder_log_await (const guint *counter, guint value);

/* An archive's writer with recorders that follow it. */
typedef struct
{
  VsArchiveWriter *writer;
  VsRecorderSet *set;
  VsArchiveState state;
} Chain;

typedef struct
{
  VsStore *archive, *recordings;
  const gchar *renditions;      /* NULL for "all" */
  gboolean keep_gaps;
  GstClockTime max_duration;    /* 0 for an hour */
  GstClockTime rollover;
  const gchar *name;            /* NULL for the default */
  guint64 max_segments;
} ChainSettings;

/* FALSE: the archive could not be opened. */
gboolean chain_try_open (Chain *chain, const ChainSettings *settings);
void     chain_open (Chain *chain, const ChainSettings *settings);
void     chain_feed (Chain *chain, const gchar *rendition, const Fed *fed);
/* Segments [from, to) of a clip, numbered from @sequence on; @fed: (element-
 * type Fed): (nullable): gets what was fed. */
void     chain_feed_clip (Chain *chain, const Clip *clip, guint from,
    guint to, guint64 sequence, guint64 run, gint64 utc_us, GArray *fed);
/* Ends the event and waits for all recordings. */
gboolean chain_end (Chain *chain);
void     chain_close (Chain *chain);

/* The one recording in the folder, its path: (transfer full). */
gchar *recording_find (void);
/* How many files there are whose names end so. */
guint  recording_count (const gchar *suffix);

/**
 * recording_check:
 * @fed: (element-type Fed)
 * @keep_gaps: as it was recorded
 *
 * Fails unless the movie has each access unit of what was fed, in order, with
 * its size, at its time, and nothing else; its index is in front, and ffmpeg
 * decodes it without an error.
 */
void recording_check (const gchar *path, const GArray *fed,
    gboolean keep_gaps);

/* Fails unless pictures [@from, @to) of the clip are in the file, and no others:
 * as ffmpeg decodes both. */
void recording_check_pictures (const gchar *path, const Clip *clip,
    guint from, guint to);

/* (transfer full): a command's output */
gchar *run_tool (const gchar *line);
