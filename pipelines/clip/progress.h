/* VisionStream: how far a harvest is, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsharvest.h"

G_BEGIN_DECLS

/* On standard error, and only where that is a terminal. For one thread. */
typedef struct
{
  gboolean tty;
  gboolean in_place;            /* a line stands without its newline */
  gint64 begun_us, told_us;     /* monotonic */
} VsClipProgress;

void vs_clip_progress_init (VsClipProgress *progress);
/* Each line takes the place of the one before, a few times a second. */
void vs_clip_progress_tell (VsClipProgress *progress,
    const VsHarvestStatus *status);
/* Ends the line, for other output to follow. */
void vs_clip_progress_break (VsClipProgress *progress);

G_END_DECLS
