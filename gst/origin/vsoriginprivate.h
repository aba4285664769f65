/* VisionStream: the origin's parts, among themselves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsarchiveevents.h"
#include "origin/vseventview.h"
#include "origin/vsliveevent.h"
#include "origin/vsobjectcache.h"
#include "origin/vsobjectname.h"
#include "origin/vsoriginresponse.h"
#include "origin/vspackage.h"
#include "origin/vspool.h"
#include "origin/vsroute.h"

G_BEGIN_DECLS

struct _VsOrigin
{
  gint ref_count;
  VsObjectCache *cache;
  VsLru *history;               /* of events' past */
  VsPool *pool;
  VsPool *readers;              /* atomic: for what waits for a store that is
                                 * far away; NULL: the pool does that too */
  gsize live_bytes;
  gchar *base_path;
  gchar *account, *event, *breakout;    /* of MediaPackage v1's URLs */
  gchar *utc_timing_uri;
  VsOriginWarning warning;
  gpointer warning_data;
  guint64 packaged;             /* atomic */

  GMutex lock;
  /* protected by lock */
  gint64 warned_us;             /* when there was a warning last, monotonic */
  guint n_unsaid;               /* warnings since that were left out */
  GHashTable *endpoints;        /* name -> VsEndpoint */
  GQueue former;                /* VsEndpoint: with names of before */
  guint64 endpoints_revision;
  GPtrArray *live;              /* VsOriginEvent */
  GHashTable *configs;          /* id -> VsCodecConfig with its record */

  VsArchiveEvents *archives;    /* atomic; NULL until set, once */
};

/* (transfer full) */
VsEndpoint    *vs_origin_get_endpoint (VsOrigin *origin, const gchar *name,
    guint64 *revision);
VsEndpoint    *vs_origin_get_endpoint_by_id (VsOrigin *origin,
    const gchar *id, guint64 *revision);
/* Reads an object's name as @endpoint calls it, or did before its settings
 * were changed: players go on with the manifests that they have. */
gboolean       vs_origin_parse_object_name (VsOrigin *origin,
    const gchar *object, const VsEndpoint *endpoint, VsObjectName *name);
GPtrArray     *vs_origin_get_endpoints (VsOrigin *origin);
/* At most once a second: more are counted. No lock is held. */
void           vs_origin_warn (VsOrigin *origin, const gchar *text);
VsArchiveEvents *vs_origin_get_archives (VsOrigin *origin);
VsOriginEvent *vs_origin_find_live (VsOrigin *origin, const gchar *folder);
GPtrArray     *vs_origin_get_live (VsOrigin *origin);

/* A stored segment that something is packaged from. */
typedef struct
{
  VsSegment *segment;
  GBytes *bytes;                /* NULL while it is waited for */
} VsOriginPart;

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
  VsObject *(*make_object) (gpointer job, GError **error); /* in its place */
  gboolean reads;               /* it may wait for the store */
  gboolean compress;            /* also, or of what is long only, gzip */
  /* what identifies the bytes, where that is known ahead of them */
  gboolean has_digest;
  guint8 digest[32];

  VsOriginEvent *live;
  VsArchiveEvent *archive;
  VsObjectName name;
  /* of a manifest */
  VsEndpoint *endpoint;
  VsSelection selection;
  VsRange range;
  gboolean is_long;             /* made of blocks, in one form */
  guint64 settings_id;          /* of the endpoints */
  gchar *account;               /* of a list of its files */
  /* of an init segment */
  VsCodecConfig *config;
  /* of a segment: the stored one, or what the parts make */
  VsSegment *segment;
  GBytes *bytes;                /* of a stored one, where they are at hand */
  VsPackaging packaging;
  GPtrArray *ahead;             /* VsSegment: of packaging, or NULL */
  GArray *parts;                /* VsOriginPart */
  gint n_awaited;               /* atomic: parts that are not there yet */
  GError *part_error;           /* atomic: of the first that could not be had */
} VsOriginJob;

/* The pool for what may wait for the store. */
VsPool *vs_origin_get_readers (VsOrigin *origin);

VsOriginJob *vs_origin_job_new (VsOrigin *origin, const gchar *key);
void         vs_origin_job_free (VsOriginJob *job);
/* Runs it, or ends its flight when there is no room. (transfer full) @job */
void         vs_origin_job_start (VsOriginJob *job);
/* Ends its flight with an error. (transfer full) @job */
void         vs_origin_job_fail (VsOriginJob *job, const GError *error);

/**
 * vs_origin_job_set_parts:
 * @segments: (element-type VsSegment)
 * @bytes: (element-type GBytes): of each, NULL for what
 *   vs_origin_job_take_part () will bring
 *
 * The job starts, or fails, once all parts have come and the caller has
 * called vs_origin_job_part_done () too.
 */
void vs_origin_job_set_parts (VsOriginJob *job, GPtrArray *segments,
    GPtrArray *bytes);
void vs_origin_job_take_part (VsOriginJob *job, guint index, GBytes *bytes,
    const GError *error);
void vs_origin_job_part_done (VsOriginJob *job);

/* (transfer full): what is stored of @segment, from the archive */
GBytes *vs_origin_job_load (VsOriginJob *job, const VsSegment *segment,
    GError **error);
/* Gives the configurations that are in force in @view their records: the
 * playlists of an archive have none. */
gboolean vs_origin_job_complete_configs (VsOriginJob *job,
    VsEventView *view, GError **error);

/* What a job may make. */
VsObject *vs_origin_make_manifest (gpointer job, GError **error);
GBytes *vs_origin_make_init (gpointer job, GError **error);
GBytes *vs_origin_make_packaged (gpointer job, GError **error);
GBytes *vs_origin_make_collected (gpointer job, GError **error);
GBytes *vs_origin_make_stored (gpointer job, GError **error);
GBytes *vs_origin_make_list (gpointer job, GError **error);
GBytes *vs_origin_make_file_list (gpointer job, GError **error);

/* Answers with the JSON that @job makes, or that is in the cache under its key.
 * (transfer full) @job */
void vs_origin_answer_list (VsOriginJob *job,
    void (*done) (VsOriginResponse *response, gpointer user_data),
    gpointer user_data);

G_END_DECLS
