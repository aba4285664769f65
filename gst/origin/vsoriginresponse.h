/* VisionStream: the origin's answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsobject.h"
#include "origin/vsobjectname.h"
#include "origin/vsorigin.h"

G_BEGIN_DECLS

/* RFC 9110 15 */
#define VS_STATUS_OK 200
#define VS_STATUS_BAD_REQUEST 400
#define VS_STATUS_FORBIDDEN 403
#define VS_STATUS_NOT_FOUND 404
#define VS_STATUS_PRECONDITION_FAILED 412
#define VS_STATUS_BAD_GATEWAY 502
#define VS_STATUS_SERVICE_UNAVAILABLE 503

/* What decides how long an answer may be kept (RFC 9111 5.2.2). */
typedef enum
{
  VS_CACHE_GROWING,             /* a live manifest: half a target duration */
  VS_CACHE_FINISHED,            /* a VOD manifest: may be taken up again */
  VS_CACHE_IMMUTABLE,           /* segments: for good */
  VS_CACHE_BRIEF                /* what may change each moment */
} VsCacheClass;

/* @target_duration: s, of what grows */
VsOriginResponse *vs_origin_response_new (VsObject *object,
    gboolean accept_gzip, const gchar *content_type, VsCacheClass klass,
    guint target_duration);
/* (transfer full) @file */
VsOriginResponse *vs_origin_response_new_file (VsOriginFile *file,
    VsCacheClass klass);
/* With a short body that says what the status is. */
VsOriginResponse *vs_origin_response_new_error (guint status);
/* The status that tells of @error, of %G_IO_ERROR, %VS_PACKAGE_ERROR or
 * %VS_SELECTION_ERROR. */
VsOriginResponse *vs_origin_response_new_from_error (const GError *error);

/* CTA-5006 2.1, key sf: h, d or s; static */
const gchar *vs_origin_format_letter (VsEndpointType type);
/* static */
const gchar *vs_origin_content_type (VsEndpointType type,
    const VsObjectName *name);

G_END_DECLS
