/* VisionStream: what is told of a recording
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsrecordinginfo.h"

VsRecordingInfo *
vs_recording_info_copy (const VsRecordingInfo * info)
{
  VsRecordingInfo *copy = g_new (VsRecordingInfo, 1);

  *copy = *info;
  copy->location = g_strdup (info->location);
  copy->rendition = g_strdup (info->rendition);
  return copy;
}

void
vs_recording_info_free (VsRecordingInfo * info)
{
  g_free (info->location);
  g_free (info->rendition);
  g_free (info);
}
