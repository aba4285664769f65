/* VisionStream: a store that answers at once, for one that may not
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * The spool is a VsStore of its own, in front of another one, which may be
 * slow, or gone for an hour. An object that is put is durable on the local
 * disk when the put returns, and is sent from there by threads of the spool,
 * however often that takes, also after a restart. What is read is what was
 * put last: from the spool while it is there, else from the store.
 *
 * Names that end in `.m3u8` are playlists: one is sent when all that was put
 * before it was, and never after a newer version of itself. So is a deletion.
 * All else is sent in any order, several objects at a time.
 *
 * It is full when @max_bytes wait: puts then fail with %G_IO_ERROR_NO_SPACE,
 * but for playlists, which come on top. What is in it is never given up.
 *
 * One process at a time has a spool; in it one object is put at a time, and
 * whoever comes with another one waits until it is committed or freed.
 */

typedef struct
{
  VsStore *local;               /* a directory; many spools may share it */
  const gchar *folder;          /* that is written, below the store: each has
                                 * a spool of its own */
  guint64 max_bytes;
  guint connections;            /* objects sent at a time; 0 for 4 */
} VsSpoolSettings;

/**
 * VsSpoolCallbacks:
 *
 * Called in threads of the spool, or in vs_spool_open (); no lock held.
 * @failed: the store refuses, or can't be reached (once, until it works again)
 * @recovered: it works again
 * @lost: what will not be sent: the local disk lost it, or another writer has
 *   gone on with the folder
 * @warning: what the store can't do (once)
 */
typedef struct
{
  void (*failed) (const gchar *key, const GError *error, gpointer user_data);
  void (*recovered) (gpointer user_data);
  void (*lost) (const gchar *key, const GError *error, gpointer user_data);
  void (*warning) (const gchar *text, gpointer user_data);
} VsSpoolCallbacks;

typedef struct
{
  guint objects;                /* that wait, or are being sent */
  guint64 bytes;                /* of them */
  guint64 sent_objects, sent_bytes;
  gboolean failing;
} VsSpoolStats;

/**
 * vs_spool_open:
 *
 * Opens the spool of a folder, with what an earlier process left in it, and
 * begins to send. Where @store can be put to under a condition, its folder's
 * lease (vslease.h) is taken first: %G_IO_ERROR_BUSY when another writer, or
 * another process with this spool, has it. A store that can't be reached is no
 * error where there is something here to go on with.
 */
VsStore *vs_spool_open (VsStore *store, const VsSpoolSettings *settings,
    const VsSpoolCallbacks *callbacks, gpointer user_data, GError **error);

/* (transfer none): the store that it is in front of */
VsStore *vs_spool_get_store (VsStore *spool);

/**
 * vs_spool_when_sent:
 *
 * Calls @func when all that was put before was sent, or something newer in its
 * place: in a thread of the spool, or here; frees @data after that, or, where
 * it never comes to that, when the spool is closed.
 */
void vs_spool_when_sent (VsStore *spool, void (*func) (gpointer data),
    gpointer data, GDestroyNotify free_data);

/**
 * vs_spool_drain:
 * @patience_us: how long to go on while nothing can be sent
 * @deadline: monotonic time at which to stop in any case
 *
 * Waits until all was sent, for as long as that goes on, or until
 * vs_spool_interrupt ().
 *
 * Returns: whether nothing is left
 */
gboolean vs_spool_drain (VsStore *spool, gint64 patience_us, gint64 deadline);
/* Nobody waits in vs_spool_drain () from here on. */
void     vs_spool_interrupt (VsStore *spool);

void vs_spool_get_stats (VsStore *spool, VsSpoolStats *stats);

/**
 * vs_spool_forget_sent:
 *
 * Deletes what is kept of playlists that were sent, which is what saves readers
 * a call: for a folder that is written once.
 */
void vs_spool_forget_sent (VsStore *spool);

/**
 * vs_spool_close:
 *
 * Stops the threads; what was not sent stays on the disk for the next time.
 * No callback comes after it. The store itself is unreferenced as usual.
 */
void vs_spool_close (VsStore *spool);

G_END_DECLS
