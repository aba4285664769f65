/* VisionStream: the origin's parts, among themselves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsarchiveevents.h"
#include "origin/vseventview.h"
#include "origin/vsliveevent.h"
#include "origin/vsobjectcache.h"
#include "origin/vsoriginresponse.h"
#include "origin/vspackage.h"
#include "origin/vspool.h"
#include "origin/vsroute.h"

G_BEGIN_DECLS

struct _VsOrigin
{
  gint ref_count;
  VsObjectCache *cache;
  VsPool *pool;
  gsize live_bytes;
  gchar *base_path;
  gchar *utc_timing_uri;
  VsOriginWarning warning;
  gpointer warning_data;
  guint64 packaged;             /* atomic */

  GMutex lock;
  /* protected by lock */
  GHashTable *endpoints;        /* name -> VsEndpoint */
  guint64 endpoints_revision;
  GPtrArray *live;              /* VsOriginEvent */

  VsArchiveEvents *archives;    /* atomic; NULL until set, once */
};

/* (transfer full) */
VsEndpoint    *vs_origin_get_endpoint (VsOrigin *origin, const gchar *name,
    guint64 *revision);
GPtrArray     *vs_origin_get_endpoints (VsOrigin *origin);
VsArchiveEvents *vs_origin_get_archives (VsOrigin *origin);
VsOriginEvent *vs_origin_find_live (VsOrigin *origin, const gchar *folder);
GPtrArray     *vs_origin_get_live (VsOrigin *origin);

/**
 * VsOriginJob:
 *
 * One object that is to be made, in a thread of the pool: all that it depends
 * on. What is not needed for its kind is NULL.
 */
typedef struct
{
  VsOrigin *origin;
  gchar *key;                   /* in the cache: who made the flight ends it */
  VsPoolClass klass;
  GBytes *(*make) (gpointer job, GError **error);
  gboolean compress;
  /* what identifies the bytes, where that is known ahead of them */
  gboolean has_digest;
  guint8 digest[32];

  VsOriginEvent *live;
  VsArchiveEvent *archive;
  VsEndpoint *endpoint;
  VsObjectName name;
  VsSegment *segment;
  VsCodecConfig *config;
  GBytes *bytes;                /* of the segment, where they are at hand */
} VsOriginJob;

VsOriginJob *vs_origin_job_new (VsOrigin *origin, const gchar *key);
void         vs_origin_job_free (VsOriginJob *job);
/* Runs it, or ends its flight when there is no room. (transfer full) @job */
void         vs_origin_job_start (VsOriginJob *job);
/* Ends its flight with an error. (transfer full) @job */
void         vs_origin_job_fail (VsOriginJob *job, const GError *error);

/* What a job may make. */
GBytes *vs_origin_make_manifest (gpointer job, GError **error);
GBytes *vs_origin_make_init (gpointer job, GError **error);
GBytes *vs_origin_make_fragment (gpointer job, GError **error);
GBytes *vs_origin_make_stored (gpointer job, GError **error);
GBytes *vs_origin_make_list (gpointer job, GError **error);

G_END_DECLS
