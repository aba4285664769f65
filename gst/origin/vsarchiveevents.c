/* VisionStream: events that are served from an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An event has a slot. A slot is busy while one thread opens or refreshes its
 * event; a busy slot is never closed, and whoever comes meanwhile waits in it.
 * The lock is held neither over I/O nor over a callback.
 */
#include "config.h"
#include "origin/vsarchiveevents.h"

#include "archive/vsarchivewriter.h"
#include "origin/vseventview.h"

/* events open at a time */
#define MAX_EVENTS 64
/* one that nobody asked for is closed after this */
#define UNUSED_US (60 * G_TIME_SPAN_SECOND)
/* a growing event is looked at each half target duration, within these; a
 * finished one may be taken up again by its writer */
#define REFRESH_MIN_US (G_TIME_SPAN_SECOND / 2)
#define REFRESH_MAX_US (5 * G_TIME_SPAN_SECOND)
#define RETRY_US G_TIME_SPAN_SECOND

typedef struct
{
  VsArchiveEventReady ready;
  gpointer user_data;
} Waiter;

typedef struct
{
  VsArchiveEvents *events;
  gchar *account, *name, *breakout, *folder;

  /* protected by the table's lock */
  VsArchiveEvent *event;        /* NULL until opened */
  gboolean busy;
  GArray *waiters;              /* Waiter */
  gint64 due_us;                /* when to look again, monotonic */
  gint64 used_us;
  GList lru;
} Slot;

struct _VsArchiveEvents
{
  VsStore *store;
  VsPool *pool;
  VsLru *parts;

  GMutex lock;
  /* protected by lock */
  GHashTable *slots;            /* folder -> Slot */
  GQueue lru;                   /* head: used last */
};

VsArchiveEvent *
vs_archive_event_ref (VsArchiveEvent * event)
{
  g_atomic_int_inc (&event->ref_count);
  return event;
}

void
vs_archive_event_unref (VsArchiveEvent * event)
{
  if (!g_atomic_int_dec_and_test (&event->ref_count))
    return;
  g_free (event->folder);
  vs_archive_reader_unref (event->reader);
  g_ptr_array_unref (event->timelines);
  g_free (event);
}

/* FNV-1a: what a manifest depends on, in one number */
static guint64
mix (guint64 hash, guint64 value)
{
  return (hash ^ value) * G_GUINT64_CONSTANT (0x100000001b3);
}

/* @known: (nullable): as it was found before */
static VsArchiveEvent *
archive_event_new (const gchar * folder, VsArchiveReader * reader,
    const VsArchiveEvent * known)
{
  VsArchiveEvent *event = g_new0 (VsArchiveEvent, 1);
  guint64 revision = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  event->ref_count = 1;
  event->folder = g_strdup (folder);
  event->reader = vs_archive_reader_ref (reader);
  event->timelines = vs_archive_reader_get_timelines (reader);
  event->is_foreign = vs_archive_reader_is_foreign (reader);
  event->ended = event->timelines->len > 0;
  for (guint i = 0; i < event->timelines->len; i++) {
    VsTimelineState state;

    vs_timeline_get_state (g_ptr_array_index (event->timelines, i), &state);
    event->ended &= state.ended;
    event->target_duration =
        MAX (event->target_duration, state.target_duration);
    revision = mix (revision, state.revision);
  }
  event->revision = mix (revision, event->timelines->len);
  event->grown_us = known && known->revision == event->revision ?
      known->grown_us : g_get_monotonic_time ();
  return event;
}

gint64
vs_archive_event_get_age (const VsArchiveEvent * event)
{
  return g_get_monotonic_time () - event->grown_us;
}

static void
slot_free (Slot * slot)
{
  g_free (slot->account);
  g_free (slot->name);
  g_free (slot->breakout);
  g_free (slot->folder);
  g_clear_pointer (&slot->event, vs_archive_event_unref);
  g_array_unref (slot->waiters);
  g_free (slot);
}

VsArchiveEvents *
vs_archive_events_new (VsStore * store, VsPool * pool, VsLru * parts)
{
  VsArchiveEvents *events = g_new0 (VsArchiveEvents, 1);

  events->store = vs_store_ref (store);
  events->pool = pool;
  events->parts = vs_lru_ref (parts);
  g_mutex_init (&events->lock);
  g_queue_init (&events->lru);
  events->slots = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) slot_free);
  return events;
}

void
vs_archive_events_free (VsArchiveEvents * events)
{
  g_hash_table_unref (events->slots);
  vs_store_unref (events->store);
  vs_lru_unref (events->parts);
  g_mutex_clear (&events->lock);
  g_free (events);
}

VsStore *
vs_archive_events_get_store (VsArchiveEvents * events)
{
  return events->store;
}

static void
remove_slot_unlocked (VsArchiveEvents * events, Slot * slot)
{
  g_queue_unlink (&events->lru, &slot->lru);
  g_hash_table_remove (events->slots, slot->folder);
}

/* Closes what is unused, and the least recently used one if all places are
 * taken. FALSE: all of them are busy. */
static gboolean
make_room_unlocked (VsArchiveEvents * events, gint64 now)
{
  GList *l = events->lru.tail;

  while (l) {
    Slot *slot = l->data;
    gboolean full = g_hash_table_size (events->slots) >= MAX_EVENTS;

    if (!full && now - slot->used_us < UNUSED_US)
      break;
    l = l->prev;
    if (!slot->busy)
      remove_slot_unlocked (events, slot);
  }
  return g_hash_table_size (events->slots) < MAX_EVENTS;
}

static Slot *
take_slot_unlocked (VsArchiveEvents * events, const gchar * account,
    const gchar * name, const gchar * breakout)
{
  g_autofree gchar *folder = vs_archive_folder (account, name, breakout);
  Slot *slot = g_hash_table_lookup (events->slots, folder);
  gint64 now = g_get_monotonic_time ();

  if (slot) {
    g_queue_unlink (&events->lru, &slot->lru);
  } else {
    if (!make_room_unlocked (events, now))
      return NULL;
    slot = g_new0 (Slot, 1);
    slot->events = events;
    slot->account = g_strdup (account);
    slot->name = g_strdup (name);
    slot->breakout = g_strdup (breakout);
    slot->folder = g_steal_pointer (&folder);
    slot->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
    slot->lru.data = slot;
    g_hash_table_insert (events->slots, slot->folder, slot);
  }
  slot->used_us = now;
  g_queue_push_head_link (&events->lru, &slot->lru);
  return slot;
}

static gint64
refresh_interval_us (const VsArchiveEvent * event)
{
  if (event->ended)
    return REFRESH_MAX_US;
  return CLAMP (event->target_duration * G_TIME_SPAN_SECOND / 2,
      REFRESH_MIN_US, REFRESH_MAX_US);
}

/* Reads what there is now, without the lock: the slot is ours while busy. */
static VsArchiveEvent *
look (Slot * slot, VsArchiveEvent * known, GError ** error)
{
  g_autoptr (VsArchiveReader) reader = NULL;

  if (known) {
    reader = vs_archive_reader_ref (known->reader);
    if (!vs_archive_reader_refresh (reader, NULL, error))
      return NULL;
  } else {
    reader = vs_archive_reader_open (slot->events->store, slot->events->parts,
        slot->account, slot->name, slot->breakout, NULL, error);
    if (reader == NULL)
      return NULL;
  }
  return archive_event_new (slot->folder, reader, known);
}

/* Ends a slot's being busy, and tells all who waited. An event that can't be
 * refreshed just now stays as it is; one that is gone goes. */
static void
settle (Slot * slot, VsArchiveEvent * found, const GError * error)
{
  VsArchiveEvents *events = slot->events;
  g_autoptr (GArray) waiters = NULL;
  g_autoptr (VsArchiveEvent) event = NULL;
  gboolean gone = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&events->lock);
  waiters = slot->waiters;
  slot->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  slot->busy = FALSE;
  slot->due_us = now + RETRY_US;
  if (found) {
    g_clear_pointer (&slot->event, vs_archive_event_unref);
    slot->event = vs_archive_event_ref (found);
    slot->due_us = now + refresh_interval_us (found);
  }
  if (slot->event && !gone)
    event = vs_archive_event_ref (slot->event);
  else
    remove_slot_unlocked (events, slot);
  g_mutex_unlock (&events->lock);

  for (guint i = 0; i < waiters->len; i++) {
    Waiter *waiter = &g_array_index (waiters, Waiter, i);

    waiter->ready (event, event ? NULL : error, waiter->user_data);
  }
}

static void
run_look (gpointer data)
{
  Slot *slot = data;
  g_autoptr (VsArchiveEvent) known = NULL;
  g_autoptr (VsArchiveEvent) found = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&slot->events->lock);
  if (slot->event)
    known = vs_archive_event_ref (slot->event);
  g_mutex_unlock (&slot->events->lock);
  found = look (slot, known, &error);
  settle (slot, found, error);
}

static void
drop_look (gpointer data)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR,
      G_IO_ERROR_BUSY, "The packaging queue is full");

  settle (data, NULL, error);
}

void
vs_archive_events_get (VsArchiveEvents * events, const gchar * account,
    const gchar * name, const gchar * breakout, VsArchiveEventReady ready,
    gpointer user_data)
{
  g_autoptr (VsArchiveEvent) event = NULL;
  Waiter waiter = { ready, user_data };
  gboolean start = FALSE;
  VsPoolClass klass = VS_POOL_VOD;
  Slot *slot;

  g_mutex_lock (&events->lock);
  slot = take_slot_unlocked (events, account, name, breakout);
  if (slot && slot->event && g_get_monotonic_time () < slot->due_us) {
    event = vs_archive_event_ref (slot->event);
  } else if (slot) {
    g_array_append_val (slot->waiters, waiter);
    start = !slot->busy;
    slot->busy = TRUE;
    if (slot->event)
      klass = VS_POOL_LIVE;
  }
  g_mutex_unlock (&events->lock);

  if (slot == NULL) {
    g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR,
        G_IO_ERROR_BUSY, "Too many events are being opened");

    ready (NULL, error, user_data);
  } else if (event) {
    ready (event, NULL, user_data);
  } else if (start && !vs_pool_push (events->pool, klass, run_look, drop_look,
          slot)) {
    drop_look (slot);
  }
}
