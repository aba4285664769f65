/* VisionStream: names within a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Next to `index.ism/Manifest` lie, relative to it ([MS-SSTR] 2.2.3):
 *
 *     QualityLevels(<bit rate>)/Fragments(<stream>=<time>)
 *     QualityLevels(<bit rate>)/Fragments(<stream>.<base>=<time>)
 *     QualityLevels(<bit rate>)/FragmentInfo(<stream>=<time>)
 *
 * The bit rate tells the level within the stream: see
 * vs_smooth_levels_choose_bitrates (). The time is the fragment's start: since
 * 1970, or in a VOD presentation, which begins at 0, since its base. A
 * fragment is video/mp4 or audio/mp4.
 */
#pragma once

#include "timeline/vssegment.h"

G_BEGIN_DECLS

#define VS_SMOOTH_MANIFEST_NAME "Manifest"
/* [MS-SSTR] 2.2.2 asks for text/xml or this; all players take it. */
#define VS_SMOOTH_MANIFEST_TYPE "application/vnd.ms-sstr+xml"

typedef struct
{
  gboolean info;                /* FragmentInfo: no media is asked for */
  guint bitrate;
  gchar stream[VS_NAME_MAX + 1];        /* StreamIndex@Name */
  guint64 base;                 /* 0 for none */
  guint64 time;
} VsSmoothName;

/* Takes "QualityLevels(...)/Fragments(...)" apart, percent-decoded and without
 * query. FALSE: no such object can exist. */
gboolean vs_smooth_name_parse (const gchar *object, VsSmoothName *name);

/* of what vs_smooth_stream_name () calls so */
VsMediaType vs_smooth_stream_get_type (const gchar *stream);

/* StreamIndex@Url: the same with {bitrate} and {start time} left open */
void vs_smooth_name_append_template (GString *out, const gchar *stream,
    guint64 base);

/**
 * vs_smooth_stream_name:
 * @track: of audio, its name
 *
 * StreamIndex@Name: "video", "video_hevc", "audio_<track>": one a codec of
 * video, one a track of audio, whatever else is shown.
 *
 * Returns: (transfer full) (nullable): NULL where Smooth Streaming has no
 *   place for it
 */
gchar *vs_smooth_stream_name (VsCodec codec, const gchar *track);

G_END_DECLS
