/* VisionStream: a store that fails on demand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

typedef enum
{
  FAULT_NONE,
  FAULT_ONCE,                   /* the n-th operation fails */
  FAULT_LIE,                    /* it is done, and said to have failed */
  FAULT_DEAD,                   /* it and all after it fail */
  FAULT_FULL,                   /* writes fail with no space, until told else */
  FAULT_STUCK                   /* writes hang until told else */
} Fault;

/* Called for each object that was put or deleted, one at a time. */
typedef void (*FaultyLog) (const gchar *key, gboolean deleted,
    gpointer user_data);

/* Wraps @inner (transfer none). */
VsStore *faulty_store_new (VsStore *inner);
/* One that puts under conditions too. */
VsStore *faulty_store_new_conditional (VsStore *inner);

/* Counts operations from here on; @at is the first, 1, or a later one. */
void     faulty_store_set (VsStore *store, Fault fault, guint at);
void     faulty_store_set_log (VsStore *store, FaultyLog log,
    gpointer user_data);
/* Whether the fault has come, since it was set. */
gboolean faulty_store_has_failed (VsStore *store);
/* Operations since the fault was set. */
guint    faulty_store_get_count (VsStore *store);
/* Uploads begun, and bytes committed, since the start. */
guint    faulty_store_get_uploads (VsStore *store);
guint64  faulty_store_get_bytes (VsStore *store);
