/* VisionStream: user and password for one server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libsoup's own manager of them reads the answers that ask for a password
 * into memory, however long they are, and gives the password to any server
 * that asks; so only its SoupAuth, which computes the header, is used.
 *
 * Thread-safe: what one call learned, the next ones start with.
 */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct _VsHttpAuth VsHttpAuth;

/* @origin: scheme, host and port that the password is for */
VsHttpAuth *vs_http_auth_new (const gchar *origin, const gchar *user,
    const gchar *password, GError **error);
void        vs_http_auth_free (VsHttpAuth *auth);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpAuth, vs_http_auth_free)

/* Adds the Authorization header, if the server has asked for one before and
 * @message goes there. */
void        vs_http_auth_sign (VsHttpAuth *auth, SoupMessage *message);

/**
 * vs_http_auth_learn:
 * @message: was answered with 401
 *
 * Returns: TRUE to send it once more. FALSE without an error: the answer
 *   stands; FALSE with one: the server wants the password in the clear
 */
gboolean    vs_http_auth_learn (VsHttpAuth *auth, SoupMessage *message,
    GError **error);

G_END_DECLS
