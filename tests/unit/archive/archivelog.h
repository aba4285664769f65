/* VisionStream: a writer under test, and what it said
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/archivecheck.h"
#include "archive/vsarchivewriter.h"

#define ARCHIVE_FOLDER "default/live"
#define ARCHIVE_SIZE 1000
/* what is awaited and takes longer than this fails, or is lost */
#define ARCHIVE_PATIENCE (50 * GST_SECOND)

/* What the writer said since archive_log_clear (). */
typedef struct
{
  GMutex lock;
  GCond changed;
  /* protected by lock */
  guint stored, failed, recovered, done;
  guint64 lost;
  gboolean complete;
  gchar *message;               /* of the last failure: path, error */
} ArchiveLog;

extern ArchiveLog archive_log;
/* What is said to be stored may be on its way yet. */
extern gboolean archive_is_spooled;

void archive_log_clear (void);
/* Waits, for ARCHIVE_PATIENCE, until a counter of archive_log has come to @value. */
void archive_log_await (const guint *counter, guint value);

/* @settings and @state may be NULL; NULL when @error was set. */
VsArchiveWriter *archive_open_writer (VsStore *store,
    const VsArchiveWriterSettings *settings, VsArchiveState *state,
    GError **error);
void archive_declare (VsArchiveWriter *writer, const gchar *rendition);
/* Segments of ARCHIVE_SIZE bytes that continue @state (or NULL). */
void archive_append (VsArchiveWriter *writer, const gchar *rendition,
    guint64 from, guint64 to, const VsArchiveState *state);
/* Ends the event, waits for that and frees the writer. */
void archive_finish (VsArchiveWriter *writer);
