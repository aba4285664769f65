/* VisionStream: how recordings are called
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* as the files of one event in one folder need it */
#define VS_RECORDING_NAME_DEFAULT "{event}-$dt$Z_{rendition}"

/**
 * VsRecordingNaming:
 * @utc_us: of the first segment
 * @width, @height, @fps_n, @fps_d: of its pictures; 0 where they are not known
 */
typedef struct
{
  const gchar *event, *rendition;
  gint64 utc_us;
  guint width, height, fps_n, fps_d;
} VsRecordingNaming;

/**
 * vs_recording_name_check:
 * @template: `{event}`, `{rendition}`, and AWS MediaLive's codes: `$dt$`
 *   (20260101T000000, UTC), `$d$` (20260101), `$t$` (000000), `$w$`, `$h$`,
 *   `$f$` (whole frames a second); numbers may be padded: `$h%05$`
 *
 * %G_IO_ERROR_INVALID_ARGUMENT, which names the part that is wrong, unless all
 * of it is known, and what comes of it is a file's name of letters, digits,
 * "_", "-" and "."
 */
gboolean vs_recording_name_check (const gchar *template, GError **error);
/* Whether it is to know what the pictures are. */
gboolean vs_recording_name_has_pictures (const gchar *template);
/* (transfer full): of a template that was checked; without ".mp4" */
gchar   *vs_recording_name_expand (const gchar *template,
    const VsRecordingNaming *naming);

G_END_DECLS
