/* VisionStream: paths of the origin, taken apart
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsobjectname.h"
#include "origin/vsselection.h"

G_BEGIN_DECLS

#define VS_ROUTE_ROOT "/out/v1/"
/* a file's name in `media` or `recordings` */
#define VS_FILE_NAME_MAX 128

typedef enum
{
  VS_ROUTE_EVENT,               /* <account>/<event>[/<breakout>]/<endpoint> */
  VS_ROUTE_ID,                  /* <endpoint id>[/<endpoint>] */
  VS_ROUTE_ASSET,               /* <account>/media/<file>/<endpoint> */
  VS_ROUTE_FILE                 /* <account>/<event>[/<breakout>]/recordings,
                                 * <account>/media: the object is a file */
} VsRouteKind;

/**
 * VsRoute:
 *
 * Where a request goes: `/out/v1/<one of VsRouteKind>[/start/<date>]
 * [/end/<date>]/<object>`. The number of parts tells the kinds apart, and
 * whether there is a breakout; all but the object are valid names. What a kind
 * does not have is empty.
 */
typedef struct
{
  VsRouteKind kind;
  gchar account[VS_NAME_MAX + 1];
  gchar event[VS_NAME_MAX + 1];
  gchar breakout[VS_NAME_MAX + 1];      /* empty for none */
  gchar asset[VS_FILE_NAME_MAX + 1];
  gchar endpoint[VS_NAME_MAX + 1];
  gchar id[VS_NAME_MAX + 1];
  /* these point into the path */
  VsTimeElements time;
  const gchar *rest;            /* behind the endpoint: time elements, object */
  const gchar *object;
} VsRoute;

/* FALSE: no such path can exist. */
gboolean vs_route_parse (const gchar *path, VsRoute *route);

/* [A-Za-z0-9_-][A-Za-z0-9._-]*: no path, nothing hidden */
gboolean vs_file_name_is_valid (const gchar *name);

G_END_DECLS
