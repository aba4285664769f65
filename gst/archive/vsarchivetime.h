/* VisionStream: a moment in an archive, as people write it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  VS_ARCHIVE_TIME_NONE,         /* not said */
  VS_ARCHIVE_TIME_UTC,          /* since 1970 */
  VS_ARCHIVE_TIME_START,        /* since the oldest that is retained */
  VS_ARCHIVE_TIME_END           /* ahead of the end, or of what is newest */
} VsArchiveTimeKind;

typedef struct
{
  VsArchiveTimeKind kind;
  gint64 us;                    /* not below 0 */
} VsArchiveTime;

/**
 * vs_archive_time_parse:
 * @text: (nullable): NULL or "" for VS_ARCHIVE_TIME_NONE
 *
 * Reads a date and time of ISO 8601 with a "T" between, in UTC where it has no
 * zone ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00.5+01:00"), or an offset
 * ("90", "90.5", "1:30", "00:01:30.500"), from the end where it begins with
 * "-". All but the first number of an offset are two digits below 60.
 * %G_IO_ERROR_INVALID_ARGUMENT says what it should be.
 */
gboolean vs_archive_time_parse (const gchar *text, VsArchiveTime *time,
    GError **error);

G_END_DECLS
