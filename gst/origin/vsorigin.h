/* VisionStream: the origin: requests in, packaged objects out
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivereader.h"
#include "origin/vsendpoint.h"

G_BEGIN_DECLS

/**
 * VsOrigin:
 *
 * Routes a path to an endpoint of an event, finds the object in the bounded
 * cache or has it packaged once in the pool, and answers. No HTTP in it: the
 * HTTP layer hands in a VsOriginRequest and gets a VsOriginResponse.
 *
 * Thread-safe. Nothing here blocks the caller.
 */
typedef struct _VsOrigin VsOrigin;
/* One event's live window, fed by vsjitpackager's pads. */
typedef struct _VsOriginEvent VsOriginEvent;

/* Something that the origin survives, for a WARNING message; called in a
 * thread of the pool, no lock held. */
typedef void (*VsOriginWarning) (const gchar *text, gpointer user_data);

typedef struct
{
  guint n_threads;              /* of the pool, 0 for one a core */
  /* 256 MiB by default (0): one half for finished objects, the other for what
   * long manifests are made from: the entries of archives, and the text of
   * whole runs of them */
  gsize cache_bytes;
  /* live segments of an event in memory, 256 MiB (0); where no archive has
   * them they may take four times as much */
  gsize live_bytes;
  guint max_queue;              /* packaging jobs that may wait, 1024 (0) */
  const gchar *base_path;       /* ahead of URLs that are absolute, or NULL */
  /* the event of URLs that name an endpoint's id alone; NULL for the
   * defaults */
  const gchar *account, *event, *breakout;
  VsOriginWarning warning;      /* or NULL */
  gpointer warning_data;
} VsOriginSettings;

VsOrigin *vs_origin_new (const VsOriginSettings *settings);
VsOrigin *vs_origin_ref (VsOrigin *origin);
/* The last one joins the pool's threads: requests under way are answered with
 * 503. Not to be called from a @done callback. */
void      vs_origin_unref (VsOrigin *origin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsOrigin, vs_origin_unref)

/* Endpoints may be added or changed at any time. @endpoint is shared from here
 * on; it takes the place of one of the same name. */
void vs_origin_set_endpoint (VsOrigin *origin, VsEndpoint *endpoint);
/* The archive that serves what is not live; at any time, but once. */
void vs_origin_set_store (VsOrigin *origin, VsStore *store);

/* The live side. */
VsOriginEvent *vs_origin_add_event (VsOrigin *origin, const gchar *account,
    const gchar *event, const gchar *breakout);
/**
 * vs_origin_event_add_rendition:
 * @timeline: may begin with segments of an earlier run (from an archive)
 * @position: manifests list renditions by this, whichever came first
 *
 * When the rendition is known, what is said of it is taken over only.
 */
void vs_origin_event_add_rendition (VsOriginEvent *event,
    VsTimeline *timeline, guint position);
/**
 * vs_origin_event_add_segment:
 * @bytes: (nullable): NULL when only the archive has it
 *
 * Appends to the rendition's timeline and keeps the bytes for the window.
 * Configurations that the timeline does not know are read from the bytes.
 * Sequence numbers that were left out become gaps.
 */
void vs_origin_event_add_segment (VsOriginEvent *event,
    const gchar *rendition, VsSegment *segment, GBytes *bytes);
void vs_origin_event_add_config (VsOriginEvent *event,
    const gchar *rendition, VsCodecConfig *config);
/* All renditions are at their end: manifests become VOD. */
void vs_origin_event_end (VsOriginEvent *event);
void vs_origin_remove_event (VsOrigin *origin, VsOriginEvent *event);

/**
 * VsOriginRequest:
 * @path: normalised, decoded, below base-path: "/out/v1/default/live/hls/..."
 * @query: (nullable): as sent
 * @client: (nullable): address of whoever asks, as text
 * @cdn_identifier: (nullable): of the header X-MediaPackage-CDNIdentifier
 */
typedef struct
{
  const gchar *path;
  const gchar *query;
  gboolean accept_gzip;
  const gchar *client;
  const gchar *cdn_identifier;
} VsOriginRequest;

/**
 * VsFreshness:
 *
 * What the headers of a manifest tell edges of it.
 */
typedef struct
{
  guint64 last_sequence;        /* newest segment that is shown, as the manifest
                                 * counts them; 0: no manifest */
  gint64 last_updated_us;       /* its end, µs since 1970 */
  guint active_input;           /* from 1 */
} VsFreshness;

/**
 * VsOriginFile:
 *
 * A file of the archive that is served as it is, and read as it is sent.
 */
typedef struct _VsOriginFile VsOriginFile;

VsOriginFile *vs_origin_file_ref (VsOriginFile *file);
void          vs_origin_file_unref (VsOriginFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsOriginFile, vs_origin_file_unref)

guint64       vs_origin_file_get_size (const VsOriginFile *file);

/**
 * VsOriginFileRead:
 * @bytes: (nullable) (transfer none): all that was asked for, or less at the
 *   file's end
 * @error: (nullable): of %G_IO_ERROR: %G_IO_ERROR_BUSY when there are too many
 *   requests just now
 */
typedef void (*VsOriginFileRead) (GBytes *bytes, const GError *error,
    gpointer user_data);

/**
 * vs_origin_file_read:
 * @cancellable: (nullable)
 * @done: (scope async): called once, mostly from a thread of the pool
 *
 * Reads a part of the file as it was when it was found: it is an error when it
 * is another one meanwhile. Only as long as the origin is there.
 */
void          vs_origin_file_read (VsOriginFile *file, guint64 offset,
    gsize size, GCancellable *cancellable, VsOriginFileRead done,
    gpointer user_data);

typedef struct
{
  guint status;                 /* HTTP */
  GBytes *body;                 /* gzipped when content_encoding says so */
  VsOriginFile *file;           /* in the body's place, or NULL */
  const gchar *content_type;    /* static */
  const gchar *content_encoding;        /* static, or NULL */
  gchar *etag;                  /* quoted, or NULL; equal in every process */
  gchar *cache_control;
  guint retry_after;            /* s, 0 for none */
  gboolean is_live;             /* the event goes on */
  gboolean is_manifest;
  const gchar *format;          /* CMSD's letter of the streaming format */
  VsFreshness freshness;
  /* what the access log says */
  gchar *account, *event, *breakout, *endpoint;
  const gchar *reason;          /* why it was refused: static, or NULL */

  /*< private >*/
  gint ref_count;
} VsOriginResponse;

VsOriginResponse *vs_origin_response_ref (VsOriginResponse *response);
void              vs_origin_response_unref (VsOriginResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsOriginResponse, vs_origin_response_unref)

/**
 * vs_origin_request:
 * @done: (scope async): called once, from this call when the answer is at
 *   hand, else from a thread of the pool. (transfer none) @response
 */
void vs_origin_request (VsOrigin *origin, const VsOriginRequest *request,
    void (*done) (VsOriginResponse *response, gpointer user_data),
    gpointer user_data);

typedef struct
{
  guint64 packaged;             /* times package () ran */
  guint64 cache_hits, cache_misses, collapsed;
  gsize cache_size, live_size;
} VsOriginStats;
void vs_origin_get_stats (VsOrigin *origin, VsOriginStats *stats);

/* below the base path: answers with the time of day (ISO 8601), which DASH
 * manifests name as their clock */
#define VS_ORIGIN_TIME_PATH "/api/time"

/* What is live and stored, as JSON for the player page. */
void vs_origin_list (VsOrigin *origin,
    void (*done) (VsOriginResponse *response, gpointer user_data),
    gpointer user_data);

/**
 * vs_origin_list_files:
 * @done: (scope async): as of vs_origin_request ()
 *
 * What an account has on demand, as JSON, the newest first: its finished
 * recordings and the MP4 files in its folder `media`, at most 1000 of each,
 * with their URLs from the root of the host, sizes in bytes, and when they were
 * modified. `truncated` says whether there are more.
 */
void vs_origin_list_files (VsOrigin *origin, const gchar *account,
    void (*done) (VsOriginResponse *response, gpointer user_data),
    gpointer user_data);

G_END_DECLS
