/* VisionStream: SoupServer made safe
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "http/vshttpsource.h"
#include "origin/vsaccess.h"

G_BEGIN_DECLS

/**
 * VsHttpServer:
 *
 * One listening socket, several workers (a thread, a main context and a
 * SoupServer each). Every request head is judged before libsoup sees it
 * (vshttpguard.h); libsoup is given a GIOStream a request, which ends with it,
 * while the connection, its deadlines and its keep-alive stay here: libsoup
 * 3.2's idle connections cannot leak. GET, HEAD and OPTIONS, which is answered
 * here; POST where the settings say so, with a body of up to 16 KiB.
 */
typedef struct _VsHttpServer VsHttpServer;

typedef struct
{
  const gchar *address;         /* "127.0.0.1"; "::" and "0.0.0.0" for all */
  guint16 port;                 /* 0: any free one */
  const gchar *const *hosts;    /* accepted Host names; NULL or empty: any */
  const gchar *const *posts;    /* decoded paths that take POST, or NULL */
  const gchar *const *pages;    /* origins of pages that may send cookies
                                 * ("https://www.example.com"), or NULL */
  GTlsCertificate *certificate; /* NULL: plain HTTP */
  guint n_workers;              /* 0: one a core */
  guint max_connections;        /* 0: 1/2 of RLIMIT_NOFILE, at most 16384 */
  guint max_connections_per_ip; /* 0: no limit; none for trusted proxies */
  VsAddressList *trusted_proxies;       /* who says truly whom it speaks for
                                 * (vshttpforwarded.h), or NULL */
  guint head_timeout_ms;        /* 8 s when 0: a request head, absolute, and
                                 * a body again; what is refused is closed 1 s
                                 * later */
  guint idle_timeout_ms;        /* 15 s when 0: between requests */
  guint stall_timeout_ms;       /* 9 s when 0: a write of 16 KiB, or less
                                 * where no more is to be written */
  const gchar *access_log;      /* file to append JSON lines to, or NULL */
} VsHttpSettings;

/**
 * VsHttpRequest:
 *
 * One request that passed the guard; lives until it is answered and belongs
 * to a worker's thread, which it may leave: vs_http_request_respond () can be
 * called once from any thread.
 */
typedef struct _VsHttpRequest VsHttpRequest;

typedef struct
{
  guint status;
  GBytes *body;                 /* shared, never copied; NULL for none */
  VsHttpSource *source;         /* in its place: what is read as it is sent */
  const gchar *content_type;
  const gchar *content_encoding;
  const gchar *etag;            /* with quotes; If-None-Match gives 304 */
  const gchar *cache_control;
  guint retry_after;
  const gchar *const *headers;  /* name, value, ..., NULL: further ones; a
                                 * name may come again (Set-Cookie) */
  gboolean ranges;              /* a single Range is honoured */
  /* access log, NULL where there is none */
  const gchar *account, *event, *breakout, *endpoint;
  const gchar *reason;          /* why it is no: the client is not told */
} VsHttpAnswer;

/**
 * VsHttpHandler:
 *
 * Called in a worker's thread for each request; must not block. Not
 * answering is allowed for as long as it takes.
 */
typedef void (*VsHttpHandler) (VsHttpRequest *request, gpointer user_data);

VsHttpServer *vs_http_server_new (const VsHttpSettings *settings,
    VsHttpHandler handler, gpointer user_data, GError ** error);
/* Stops accepting, lets answers under way finish for at most @drain_ms,
 * joins all threads. */
void          vs_http_server_free (VsHttpServer *server, guint drain_ms);
/* Thread-safe; where there was a certificate at first: connections that are
 * accepted from now on get this one. */
void          vs_http_server_set_certificate (VsHttpServer *server,
    GTlsCertificate *certificate);

guint16       vs_http_server_get_port (VsHttpServer *server);

/* "GET", "HEAD" or "POST" */
const gchar *vs_http_request_get_method (VsHttpRequest *request);
/* (nullable) (transfer none): of a POST that has one */
GBytes      *vs_http_request_get_body (VsHttpRequest *request);
/* path and query, as they were sent */
const gchar *vs_http_request_get_target (VsHttpRequest *request);
/* (nullable): "https://host:8443", see vs_http_head_get_origin () */
const gchar *vs_http_request_get_origin (VsHttpRequest *request);
/* decoded and normalised (raw and normalised form agree, or it was refused) */
const gchar *vs_http_request_get_path (VsHttpRequest *request);
const gchar *vs_http_request_get_query (VsHttpRequest *request);
const gchar *vs_http_request_get_header (VsHttpRequest *request,
    const gchar *name);
/**
 * vs_http_request_get_header_lines:
 *
 * Returns: (transfer container): the values of all of the request's lines of
 *   that name, as they came, NULL-terminated
 */
const gchar **vs_http_request_get_header_lines (VsHttpRequest *request,
    const gchar *name);
/* (nullable): of whom a trusted proxy speaks for, else of the peer; NULL: a
 * proxy does not tell */
const gchar *vs_http_request_get_client_ip (VsHttpRequest *request);
/* The peer is a trusted proxy. */
gboolean     vs_http_request_is_by_proxy (VsHttpRequest *request);
/* Nobody on the way could read it: by TLS, as far as a trusted proxy. */
gboolean     vs_http_request_is_by_tls (VsHttpRequest *request);
/* From this machine itself, and not for somebody else. */
gboolean     vs_http_request_is_local (VsHttpRequest *request);
gboolean     vs_http_request_accepts_gzip (VsHttpRequest *request);

/**
 * vs_http_request_respond:
 * @answer: (transfer none): copied
 *
 * To be called exactly once. Adds CORS (for everyone, with cookies for pages of
 * VsHttpSettings.pages), Date, nosniff and Vary; HEAD gets
 * GET's headers; a 4xx ends the connection; an error without @cache_control
 * may be cached for a second. When the client has gone meanwhile, or the
 * server, this does nothing.
 *
 * An answer with a source begins when its first piece is there: if that can't
 * be had it is 502 (503 where the source is busy for long). If a later one can't
 * the connection ends ahead of the body's end.
 */
void vs_http_request_respond (VsHttpRequest *request,
    const VsHttpAnswer *answer);

typedef struct
{
  guint connections;            /* open now */
  guint64 requests, refused, bytes_out;
  guint viewers;                /* distinct clients of an event, last 30 s */
  guint64 log_lines_lost;       /* the disk did not follow */
} VsHttpStats;
void vs_http_server_get_stats (VsHttpServer *server, VsHttpStats *stats);

G_END_DECLS
