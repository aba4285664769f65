/* VisionStream: viewers' passwords, checked
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignaccounts.h"

G_BEGIN_DECLS

/* what the manual of crypt(5) calls them */
#define VS_VIEWER_HASHES "$6$, $5$, $y$, $gy$, $7$, $2b$, $2y$ or $2a$"

/* seconds, and how many: passwords that were right */
#define VS_VIEWER_REMEMBERED_S (10 * 60)
#define VS_VIEWER_REMEMBERED_MAX 1024

/* Whether @hash is a whole one, of a method that is slow and has a salt. */
gboolean vs_viewer_hash_is_strong (const gchar *hash);

/**
 * VsViewerChecks:
 *
 * A thread that computes hashes of passwords, one after another, with
 * VS_VIEWER_CHECKS_MAX more that wait; and what was right. Of that, there is an
 * HMAC of account, user, hash and password under a key that no one else has.
 */
typedef struct _VsViewerChecks VsViewerChecks;

/* @now: seconds of a clock that only goes forward */
VsViewerChecks *vs_viewer_checks_new (gint64 (*now) (void));
/* See vs_sign_accounts_free (). */
void            vs_viewer_checks_free (VsViewerChecks *checks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsViewerChecks, vs_viewer_checks_free)

/* @hash: what vs_viewer_hash_is_strong ()
 * @real: %FALSE: it is not the user's, and no password is right */
typedef struct
{
  const gchar *account, *user, *password;
  const gchar *hash;
  gboolean real;
} VsViewerQuestion;

/* The lengths are checked by vs_sign_accounts_check_viewer (). */
void  vs_viewer_checks_ask (VsViewerChecks *checks,
    const VsViewerQuestion *question, VsViewerFunc done, gpointer user_data);

/* Returns: which of @n; the same one always, but nobody knows which: a user who
 * is not there is compared with what is another's. */
guint vs_viewer_checks_pick (VsViewerChecks *checks, const gchar *account,
    const gchar *user, guint n);

G_END_DECLS
