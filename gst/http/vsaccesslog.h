/* VisionStream: access log, one JSON object a line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VsAccessRecord:
 *
 * One request, in the terms of MediaPackage's egress access logs. Strings may
 * hold any bytes; those that are NULL become JSON's null. No header field of
 * the request is in it but these: some are secrets.
 */
typedef struct
{
  gint64 time_us;               /* since 1970, when the request was complete */
  gchar *client_ip;
  gdouble processing_time;      /* s: last request byte to first answer byte */
  guint status;                 /* 499: the client left before its answer */
  guint64 received, sent;       /* bytes */
  const gchar *method;          /* static, NULL when there was no telling */
  gchar *request;               /* target, or the bytes that were refused */
  const gchar *protocol;        /* static */
  gchar *user_agent;
  gchar *host;
  guint64 id;
  gchar *account, *event, *breakout, *endpoint;
  gchar *reason;                /* why it was refused: for this log alone */
} VsAccessRecord;

void vs_access_record_free (VsAccessRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsAccessRecord, vs_access_record_free)

/**
 * vs_access_record_to_json:
 *
 * Appends one line. Control characters and what is not UTF-8 are encoded; the
 * values of a signed URL's parameters are left out of the request.
 */
void vs_access_record_to_json (const VsAccessRecord *record, GString *line);

/**
 * VsAccessLog:
 *
 * Appends to a file, in a thread of its own. A disk that does not follow
 * costs lines, which are counted, and nothing else. A file that was renamed or
 * removed (logrotate) is made anew with the next line. Thread-safe.
 */
typedef struct _VsAccessLog VsAccessLog;

VsAccessLog *vs_access_log_new (const gchar *path, GError ** error);
/* Writes what is queued. */
void         vs_access_log_free (VsAccessLog *log);
/* (transfer full) @record */
void         vs_access_log_push (VsAccessLog *log, VsAccessRecord *record);
/* A request's id: differs between requests and, most likely, processes. */
guint64      vs_access_log_next_id (void);
guint64      vs_access_log_get_dropped (VsAccessLog *log);

G_END_DECLS
