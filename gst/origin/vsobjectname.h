/* VisionStream: names of an endpoint's objects
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "codec/vscodec.h"
#include "origin/vsendpoint.h"

G_BEGIN_DECLS

typedef enum
{
  VS_OBJECT_MAIN,               /* index.m3u8, index.mpd, index.ism/Manifest */
  VS_OBJECT_MEDIA,              /* index_1080p.m3u8, index_video_1080p.m3u8 */
  VS_OBJECT_INIT,               /* video_1080p_init_1a2b3c4d.mp4 */
  VS_OBJECT_SEGMENT             /* 1080p_17.ts, video_1080p_17.m4s */
} VsObjectKind;

/**
 * VsObjectName:
 * @track: VS_MEDIA_OTHER where the object holds all tracks
 * @name: a rendition; of an audio track, its name (see vseventview.h); of
 *   Smooth Streaming, the stream's name
 * @sequence: of a segment, or its number where it is joined; 0 where it is
 *   named by its time
 * @time: in units of the track's timescale, as the manifest tells it: of
 *   DASH with $Time$, and of Smooth Streaming
 * @join: how many stored segments make it, 1 for a stored one
 * @bitrate, @base, @info: see VsSmoothName
 * @ahead: following fragments that one of Smooth Streaming tells of
 *
 * An object's name within an endpoint's folder. Names are read from the right,
 * so that a rendition may be called "a_1" or "video_init":
 *
 *     <manifest>.m3u8  <manifest>_<track>.m3u8  <manifest>.mpd
 *     [<prefix>_]<track>_<number>[x<join>].ts|.m4s
 *     [<prefix>_]<track>_<run>t<time>[x<join>].m4s
 *     [<prefix>_]<track>_init_<configuration>.mp4
 *     <manifest>.ism/Manifest
 *     <manifest>.ism/[a<ahead>/][x<join>/]<what vssmoothname.h has>
 *
 * with <track> `<rendition>` or, of one track, `<rendition>.video`,
 * `<audio>.audio` in TS, and `video_<rendition>`, `audio_<audio>` in CMAF; and
 * the endpoint's separator for `_`.
 */
typedef struct
{
  VsObjectKind kind;
  VsMediaType track;
  gchar name[VS_NAME_MAX + 1];
  guint64 sequence;
  gint64 time;
  guint64 run;                  /* that @time is of, of DASH */
  guint join;
  guint bitrate, ahead;         /* Smooth Streaming */
  guint64 base;
  gboolean info;
  gchar config_id[9];           /* of an init segment */
} VsObjectName;

gboolean vs_object_name_parse (const gchar *object,
    const VsEndpoint *endpoint, VsObjectName *name);

/* The same names, written: what @name tells, as @endpoint calls it. Fragments
 * of Smooth Streaming are named by templates only: of them, see below. */
void vs_object_name_append (GString *out, const VsEndpoint *endpoint,
    const VsObjectName *name);
/* "a2/x3/": what stands ahead of a template */
void vs_object_name_append_variant (GString *out, const VsObjectName *name);

/* "video" or "audio" */
const gchar *vs_object_name_track (VsMediaType track);

G_END_DECLS
