/* VisionStream: archives of several renditions that are cut in step
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/cutarchive.h"

/* "a" and "b" have pictures of two sizes and sound, "c" has sound */
#define LADDER_N 3
extern const gchar *const ladder_names[LADDER_N];

/* The streams of a ladder, each as bytes. */
typedef struct
{
  GByteArray *bytes[LADDER_N];
} Ladder;

void ladder_init (Ladder *ladder, gint64 start_90k, guint gops);
void ladder_clear (Ladder *ladder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ladder, ladder_clear)

/* What writes them into default/live of the fixture's store, as
 * cut_archive_open () does one. */
typedef struct _LadderArchive LadderArchive;

LadderArchive *ladder_archive_open (gint64 utc_us);
/* The @part-th of @parts, which come one after the other. */
void           ladder_archive_push (LadderArchive *archive,
    const Ladder *ladder, guint part, guint parts);
void           ladder_archive_close (LadderArchive *archive, gboolean end);
void           ladder_archive_make (gint64 utc_us, const Ladder *ladder,
    gboolean end);
