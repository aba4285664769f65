/* VisionStream: paths of the origin, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"

G_BEGIN_DECLS

#define VS_ROUTE_ROOT "/out/v1/"

/**
 * VsRoute:
 *
 * Where a request goes: `/out/v1/<account>/<event>[/<breakout>]/<endpoint>/
 * <object>`. The number of parts tells whether there is a breakout; all but
 * the object are valid names.
 */
typedef struct
{
  gchar account[VS_NAME_MAX + 1];
  gchar event[VS_NAME_MAX + 1];
  gchar breakout[VS_NAME_MAX + 1];      /* empty for none */
  gchar endpoint[VS_NAME_MAX + 1];
  const gchar *object;          /* points into the path */
} VsRoute;

/* FALSE: no such path can exist. */
gboolean vs_route_parse (const gchar *path, VsRoute *route);

typedef enum
{
  VS_OBJECT_MAIN,               /* index.m3u8, index.mpd */
  VS_OBJECT_MEDIA,              /* index_1080p.m3u8, index_video_1080p.m3u8 */
  VS_OBJECT_INIT,               /* video_1080p_init_1a2b3c4d.mp4 */
  VS_OBJECT_SEGMENT             /* 1080p_17.ts, video_1080p_17.m4s */
} VsObjectKind;

/**
 * VsObjectName:
 * @track: VS_MEDIA_OTHER where the object holds all tracks
 * @name: a rendition; of an audio track, its name (see vseventview.h)
 *
 * An object's name within an endpoint's folder, taken apart. Names are read
 * from the right, so that a rendition may be called "a_1" or "video_init".
 */
typedef struct
{
  VsObjectKind kind;
  VsMediaType track;
  gchar name[VS_NAME_MAX + 1];
  guint64 sequence;             /* of a segment */
  gchar config_id[9];           /* of an init segment */
} VsObjectName;

gboolean vs_object_name_parse (const gchar *object, VsEndpointType type,
    VsObjectName *name);

/* The same names, written. */
void vs_object_name_append_segment (GString *out, VsMediaType track,
    const gchar *name, guint64 sequence);
void vs_object_name_append_init (GString *out, VsMediaType track,
    const gchar *name, const gchar *config_id);

/* "video" or "audio" */
const gchar *vs_object_name_track (VsMediaType track);

G_END_DECLS
