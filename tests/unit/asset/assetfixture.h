/* VisionStream: media files under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "asset/vsasset.h"

/* of a test: a store, and the folder of its media files */
extern VsStore *asset_store;
extern gchar *asset_folder;

void asset_setup (void);
void asset_teardown (void);

/* FALSE: there is no ffmpeg that can do it, which is said. Arguments are
 * parted by spaces. */
gboolean asset_run_ffmpeg (const gchar *line);
/* A clip with B-frames and AAC, a keyframe each @gop frames of 25 a second;
 * @options of ffmpeg begin with a space. */
gboolean asset_make_with (const gchar *name, guint seconds, guint gop,
    const gchar *options);
gboolean asset_make (const gchar *name, guint seconds, guint gop);

VsSegmentSource *asset_open (const gchar *file);
/* All of a source's timeline. */
VsTimelineView *asset_view (VsSegmentSource *source, guint index);
