/* VisionStream: a request to the origin, under way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsoriginprivate.h"

G_BEGIN_DECLS

/**
 * VsRequest:
 *
 * From vs_origin_request () to vs_request_answer (), which frees it. Only one
 * thread at a time has it.
 */
typedef struct
{
  VsOrigin *origin;
  VsRoute route;
  VsObjectName name;
  VsSelection selection;
  VsEndpoint *endpoint;
  guint64 endpoints_revision;
  gchar *object;                /* as it stands in the path */
  gchar *folder;                /* "account/event[/breakout]" */
  gchar *query;                 /* as sent, or NULL */
  gboolean accept_gzip;
  void (*done) (VsOriginResponse *response, gpointer user_data);
  gpointer user_data;

  /* what has been found; at least one of them */
  VsOriginEvent *live;
  VsArchiveEvent *archive;

  const gchar *reason;          /* static: why it is refused, for the log */
  /* how long the answer may be kept */
  VsCacheClass klass;
  guint target_duration;        /* s */
  VsFreshness freshness;
} VsRequest;

/* Each of these answers, now or from a thread of the pool: (transfer full)
 * @request. */
void vs_request_answer (VsRequest *request, VsOriginResponse *response);
void vs_request_answer_status (VsRequest *request, guint status);
void vs_request_answer_error (VsRequest *request, const GError *error);
void vs_request_answer_object (VsRequest *request, VsObject *object);
void vs_request_manifest (VsRequest *request);
void vs_request_file (VsRequest *request);
/* These two block when vs_request_must_read (). */
void vs_request_init (VsRequest *request);
void vs_request_segment (VsRequest *request);
/* Whether the archive has to be read to know what an init or media segment
 * is. */
gboolean vs_request_must_read (const VsRequest *request);

/**
 * vs_request_check_token:
 * @segment: (nullable): NULL for an init segment
 *
 * Returns: FALSE when the URL means other bytes than there are: they must not
 *   be sent under it. One that does not say may be kept for a moment only.
 */
gboolean vs_request_check_token (VsRequest *request, VsFormat format,
    const VsSegment *segment);

/* For the cache: @user_data is the request. */
void vs_request_object_ready (VsObject *object, const GError *error,
    gpointer user_data);

/* Whether the live event alone has what is asked for, or nobody has it. */
gboolean vs_request_is_live_enough (const VsRequest *request);
gboolean vs_request_segment_is_live_enough (const VsRequest *request);

/* A job that has what all kinds need. */
VsOriginJob *vs_request_new_job (const VsRequest *request,
    const gchar *key);

/* (transfer full): of the live event, else of the archive */
GPtrArray  *vs_request_get_timelines (const VsRequest *request);
/* (nullable): the rendition that a name means: for audio, the first that
 * carries it */
VsTimeline *vs_request_find_timeline (GPtrArray *timelines,
    const VsObjectName *name);

G_END_DECLS
