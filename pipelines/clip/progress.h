/* VisionStream: how far a harvest is, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsharvest.h"
#include "common/line.h"

G_BEGIN_DECLS

/* Tells it when it is time for that. */
void vs_clip_progress_tell (VsLine *line, const VsHarvestStatus *status);

G_END_DECLS
