/* VisionStream: what the files of a spool share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vslease.h"
#include "store/vsspool.h"
#include "store/vsspoolentry.h"
#include "store/vsspoolqueue.h"
#include "store/vsstoreclass.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 number;               /* all below it */
  void (*func) (gpointer data);
  gpointer data;
  GDestroyNotify free_data;
} VsSpoolMark;

typedef struct
{
  VsStore parent;
  VsStore *remote, *local;
  gchar *folder;                /* of the entries, in local */
  gpointer lock_file;           /* of that folder */
  VsLease *lease;               /* of the store's, where it has leases; of one
                                 * thread, once there are some, */
  gboolean remarked;            /* and this with it: what it can't do was said */
  guint64 max_bytes;
  VsSpoolCallbacks callbacks;
  gpointer user_data;
  GCancellable *cancellable;
  GPtrArray *threads;           /* GThread */

  GMutex lock;
  GCond changed;
  GCond uploaded;               /* no object is put any more */
  /* protected by lock */
  VsSpoolQueue *queue;
  guint64 next_number;
  gboolean uploading;
  guint64 written;              /* bytes of that upload */
  gboolean failing, probing;    /* one thread alone tries then, */
  gint64 retry_at;              /* from then on (monotonic), */
  gint64 failing_since;         /* and since then nothing was sent */
  guint attempts;               /* that failed in a row */
  gint64 lease_until;           /* (monotonic): it counts until then */
  gboolean lease_lost, fenced;  /* it does not; another writer has one */
  GQueue marks;                 /* VsSpoolMark, by number */
  guint64 sent_objects, sent_bytes;
  gboolean interrupted, closing;
} VsSpool;

/* "folder/0000000000000001" */
gchar *vs_spool_get_entry_key (VsSpool *self, guint64 number);
/* Deletes the files of @numbers (guint64). What stays is sent once more at
 * the next start, which does no harm. */
void   vs_spool_forget (VsSpool *self, GArray *numbers);

/* vsspoolread.c: of the class */

GBytes        *vs_spool_get (VsStore *store, const gchar *key, guint64 offset,
    gssize length, gsize max, GCancellable *cancellable, GError **error);
VsStoreObject *vs_spool_stat (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError **error);
GPtrArray     *vs_spool_list (VsStore *store, const gchar *prefix,
    const gchar *suffix, GCancellable *cancellable, GError **error);

gboolean       vs_spool_find (VsStore *store, const gchar *const *keys,
    guint n_keys, gboolean *found, GCancellable *cancellable, GError **error);

/* vsspoolsend.c */

void vs_spool_mark_free (VsSpoolMark *mark);
/* Calls what waited for what is sent now. */
void vs_spool_run_marks (VsSpool *self);

gboolean vs_spool_is_failing_unlocked (VsSpool *self);
/* Says what has changed. */
void     vs_spool_tell (VsSpool *self, gboolean was_failing,
    gboolean is_failing, const gchar *key, const GError *error);

/* A thread that sends. */
gpointer vs_spool_send_loop (gpointer self);

/* vsspoollease.c */

/* It was put, at @since (monotonic) or later. */
void     vs_spool_hold_lease_unlocked (VsSpool *self, gint64 since);
void     vs_spool_say_remark (VsSpool *self);
/* Whether the folder may be written. */
gboolean vs_spool_has_lease_unlocked (VsSpool *self);
/* The thread that puts it anew. */
gpointer vs_spool_lease_loop (gpointer self);

G_END_DECLS
