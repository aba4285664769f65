/* VisionStream: requests to a WebDAV server, or one that takes PUT
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vshttpclient.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsDavClient:
 *
 * Sends requests for what is below one address, and makes errors of what comes
 * back. What may succeed the next time is tried a few times; a redirect is an
 * error, so user and password stay with the server that they are for.
 * Thread-safe.
 */
typedef struct _VsDavClient VsDavClient;

/**
 * vs_dav_client_new:
 * @settings: `location`, `create`, `user`, `password`, `ca_file`
 *
 * Connects to nothing yet. A location with user or password in it is refused,
 * for it can be read in many places; so is one with a query.
 */
VsDavClient *vs_dav_client_new (const VsStoreSettings *settings,
    GError **error);
void         vs_dav_client_free (VsDavClient *client);

/* "https://host/path", without a slash at the end */
const gchar *vs_dav_client_get_location (VsDavClient *client);

typedef struct
{
  const gchar *method;
  const gchar *key;             /* of an object, or a folder's with a slash at
                                 * the end; "" for the location */
  const gchar *query;           /* (nullable): "?...", as it is to be sent */
  const gchar *const *headers;  /* (nullable) */
  const VsHttpBody *body;       /* (nullable) */
  gsize max_answer;             /* but what says an error may be longer */
} VsDavCall;

/**
 * vs_dav_client_send:
 * @reply: (out caller-allocates): to be cleared; only after TRUE
 *
 * A PUT that fails because a collection above is missing (RFC 4918 9.7.1)
 * makes those below the location, with `create` the location too, and is sent
 * again.
 *
 * Returns: TRUE for 2xx alone, and for 416 to a GET. Else an error that names the object and
 *   says what to do: %G_IO_ERROR_NOT_FOUND, %G_IO_ERROR_PERMISSION_DENIED,
 *   %G_IO_ERROR_NOT_SUPPORTED (405 and 501: the method, or not for this
 *   object), %G_IO_ERROR_NO_SPACE, %G_IO_ERROR_MESSAGE_TOO_LARGE,
 *   %G_IO_ERROR_BUSY, %G_IO_ERROR_FAILED, and those of vs_http_client_send ()
 */
gboolean vs_dav_client_send (VsDavClient *client, const VsDavCall *call,
    GCancellable *cancellable, VsHttpReply *reply, GError **error);

/**
 * vs_dav_client_get_key:
 * @href: of a multistatus (RFC 4918 8.3): an address, or its path
 *
 * Returns: (transfer full): "" for the location; NULL for what is not below it
 */
gchar *vs_dav_client_get_key (VsDavClient *client, const gchar *href);

G_END_DECLS
