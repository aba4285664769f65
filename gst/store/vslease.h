/* VisionStream: one writer for a folder of a store that has no locks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsLease:
 *
 * An object in the folder says who writes there. It counts for
 * VS_LEASE_SECONDS since it was put last, by the store's own clock, and is put
 * only on the condition that nobody else did in between. What a writer that
 * died held is free after that time for others, and at once for the same
 * @owner. Not thread-safe.
 *
 * A service that does not know conditions, or does not look at them, is found
 * out when the lease is taken. There it is put without, looked at again after
 * VS_LEASE_SETTLE_MS, and each time ahead of putting it anew: of two writers
 * that begin in the same moment one finds the other, at the latest
 * VS_LEASE_RENEW_SECONDS after a put of theirs was held up for longer than
 * that. A service that does not tell the time, or not when an object was put,
 * can't say what is past: a lease counts there until it is released or deleted.
 */
typedef struct _VsLease VsLease;

#define VS_LEASE_SECONDS 30
/* When to put it anew */
#define VS_LEASE_RENEW_SECONDS 10
#define VS_LEASE_SETTLE_MS 1000

/**
 * VsLeaseState:
 * @VS_LEASE_OURS: nobody else has written since this owner did
 * @VS_LEASE_NEW: nobody ever had it
 * @VS_LEASE_TAKEN_OVER: it was another's
 */
typedef enum
{
  VS_LEASE_OURS,
  VS_LEASE_NEW,
  VS_LEASE_TAKEN_OVER
} VsLeaseState;

/* @owner: letters and digits; the same over restarts */
VsLease *vs_lease_new (VsStore *store, const gchar *folder,
    const gchar *owner);
void     vs_lease_free (VsLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsLease, vs_lease_free)

/**
 * vs_lease_take:
 * @state: (out)
 *
 * Returns: FALSE with %G_IO_ERROR_BUSY when another has it: the text says who
 *   and what to do; or with what else kept us from it
 */
gboolean vs_lease_take (VsLease *lease, VsLeaseState *state,
    GCancellable *cancellable, GError **error);

/* Puts it anew, or for the first time where the store could not be reached
 * before; %G_IO_ERROR_BUSY when another has it now. */
gboolean vs_lease_renew (VsLease *lease, GCancellable *cancellable,
    GError **error);

/* (transfer full) (nullable): what the service can't do, once that was found
 * out */
gchar   *vs_lease_dup_remark (VsLease *lease);

/* Others may have it at once. */
void     vs_lease_release (VsLease *lease, GCancellable *cancellable);

G_END_DECLS
