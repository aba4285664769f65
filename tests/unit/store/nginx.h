/* VisionStream: nginx as a WebDAV server of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

/**
 * Nginx:
 *
 * Paths: /open/ (GET, PUT, DELETE, MKCOL), /shut/ (the same, for user "u" with
 * password "p w+"), /dav/ (all of WebDAV but locks; folders above are not made
 * along), /push/ (PUT), /small/ (bodies of 64 KiB at most), /protocol (the
 * request's version of HTTP). HTTPS offers HTTP/2; its certificate is
 * localhost's alone. What they have lies below root/ in @folder.
 */
typedef struct
{
  gchar *folder;
  gchar *ca_file;
  /* "http://127.0.0.1:port", "https://localhost:port" */
  gchar *plain, *tls;
  guint16 tls_port;
  GSubprocess *process;
} Nginx;

Nginx *nginx_new (void);
void   nginx_free (Nginx *self);
/* Away and back, at the same address. */
void   nginx_stop (Nginx *self);
void   nginx_restart (Nginx *self);
/* How many requests it answered with @status. */
guint  nginx_count_answers (Nginx *self, guint status);
