/* VisionStream: what is told of a recording
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A file that is finished. */
typedef struct
{
  gchar *location;              /* for people */
  gchar *rendition;
  GstClockTime duration;
  guint64 size;                 /* bytes */
  guint gaps;                   /* that are in it, or were closed */
} VsRecordingInfo;

VsRecordingInfo *vs_recording_info_copy (const VsRecordingInfo *info);
void             vs_recording_info_free (VsRecordingInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsRecordingInfo, vs_recording_info_free)

G_END_DECLS
