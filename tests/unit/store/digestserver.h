/* VisionStream: a server that asks for a password by Digest
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

/**
 * DigestServer:
 *
 * nginx has no Digest in Debian: libsoup's server, in a thread of its own. It
 * wants user "u" with password "p w+", and answers all with "ok".
 */
typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GMutex lock;
  GCond cond;
  /* "http://127.0.0.1:port" */
  gchar *base;
  guint n_401, n_200;
  GHashTable *seen;
  /* bytes of bodies that it took */
  gsize received;
} DigestServer;

void digest_server_start (DigestServer *self);
/* After this what the server has counted may be read. */
void digest_server_stop (DigestServer *self);
void digest_server_clear (DigestServer *self);
