/* VisionStream: events that are served from a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An event has a slot. A slot is busy while one thread opens or refreshes its
 * event; a busy slot is never closed, and whoever comes meanwhile waits in it.
 * The lock is held neither over I/O nor over a callback.
 */
#include "config.h"
#include "origin/vsarchiveevents.h"

#include <string.h>

#include "archive/vsarchivewriter.h"
#include "asset/vsasset.h"
#include "origin/vsarchivesource.h"

/* events open at a time */
#define MAX_EVENTS 64
/* what their sources may take in memory together */
#define MAX_FOOTPRINT (256 * 1024 * 1024)
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
  gboolean is_asset;            /* name is VS_ASSET_FOLDER, breakout a file */

  /* protected by the table's lock */
  VsArchiveEvent *event;        /* NULL until opened */
  GError *failure;              /* why it can't be opened, or NULL */
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
  void (*warning) (const gchar * text, gpointer user_data);
  gpointer warning_data;

  GMutex lock;
  /* protected by lock */
  GHashTable *slots;            /* folder -> Slot */
  gsize footprint;              /* of their events */
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
  vs_segment_source_unref (event->source);
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
archive_event_new (const gchar * folder, VsSegmentSource * source,
    const VsArchiveEvent * known)
{
  VsArchiveEvent *event = g_new0 (VsArchiveEvent, 1);
  guint64 revision = G_GUINT64_CONSTANT (0xcbf29ce484222325);

  event->ref_count = 1;
  event->folder = g_strdup (folder);
  event->source = vs_segment_source_ref (source);
  event->timelines = source->klass->get_timelines (source);
  event->is_foreign = source->passes_on;
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
  g_clear_error (&slot->failure);
  g_array_unref (slot->waiters);
  g_free (slot);
}

VsArchiveEvents *
vs_archive_events_new (VsStore * store, VsPool * pool, VsLru * parts,
    void (*warning) (const gchar * text, gpointer user_data),
    gpointer user_data)
{
  VsArchiveEvents *events = g_new0 (VsArchiveEvents, 1);

  events->store = vs_store_ref (store);
  events->pool = pool;
  events->parts = vs_lru_ref (parts);
  events->warning = warning;
  events->warning_data = user_data;
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

/* (transfer full) (nullable) @event */
static void
set_event_unlocked (VsArchiveEvents * events, Slot * slot,
    VsArchiveEvent * event)
{
  if (slot->event) {
    events->footprint -= slot->event->source->footprint;
    vs_archive_event_unref (slot->event);
  }
  slot->event = event;
  if (event)
    events->footprint += event->source->footprint;
}

static void
remove_slot_unlocked (VsArchiveEvents * events, Slot * slot)
{
  set_event_unlocked (events, slot, NULL);
  g_queue_unlink (&events->lru, &slot->lru);
  g_hash_table_remove (events->slots, slot->folder);
}

static gboolean
is_full_unlocked (const VsArchiveEvents * events)
{
  return g_hash_table_size (events->slots) >= MAX_EVENTS
      || events->footprint > MAX_FOOTPRINT;
}

/* Closes what is unused, and the least recently used ones if all places are
 * taken, or too much memory. FALSE: all of them are busy. */
static gboolean
make_room_unlocked (VsArchiveEvents * events, gint64 now)
{
  GList *l = events->lru.tail;

  while (l) {
    Slot *slot = l->data;

    if (!is_full_unlocked (events)
        && now - slot->used_us < UNUSED_US)
      break;
    l = l->prev;
    if (!slot->busy)
      remove_slot_unlocked (events, slot);
  }
  return g_hash_table_size (events->slots) < MAX_EVENTS;
}

static Slot *
take_slot_unlocked (VsArchiveEvents * events, const gchar * account,
    const gchar * name, const gchar * breakout, gboolean is_asset)
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
    slot->is_asset = is_asset;
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

static VsSegmentSource *
open_source (const Slot * slot, GError ** error)
{
  if (slot->is_asset)
    return vs_asset_open (slot->events->store, slot->account, slot->breakout,
        error);
  return vs_archive_source_open (slot->events->store, slot->events->parts,
      slot->account, slot->name, slot->breakout, error);
}

/* Reads what there is now, without the lock: the slot is ours while busy. */
static VsArchiveEvent *
look (Slot * slot, VsArchiveEvent * known, GError ** error)
{
  g_autoptr (VsSegmentSource) source = known ?
      known->source->klass->refresh (known->source, NULL, error) :
      open_source (slot, error);

  return source ? archive_event_new (slot->folder, source, known) : NULL;
}

/* Nothing to warn of, nothing that stays as it is. */
static gboolean
is_passing (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

/* (transfer full) (nullable): what to warn of a source that is a new one */
static gchar *
make_remark_unlocked (const Slot * slot, const VsArchiveEvent * found)
{
  if (found->source->remark == NULL
      || (slot->event && slot->event->source == found->source))
    return NULL;
  return g_strdup_printf ("%s: %s", slot->folder, found->source->remark);
}

/* Takes down why the event can't be had. (transfer full) (nullable): what to
 * warn of */
static gchar *
note_failure_unlocked (Slot * slot, const GError * error)
{
  gboolean told = slot->failure && error
      && strcmp (slot->failure->message, error->message) == 0;

  g_clear_error (&slot->failure);
  if (error == NULL || is_passing (error))
    return NULL;
  slot->failure = g_error_copy (error);
  return told ? NULL : g_strdup_printf ("%s: %s", slot->folder, error->message);
}

/* Ends a slot's being busy, and tells all who waited. An event that can't be
 * refreshed just now stays as it is; one that is gone goes. */
static void
settle (Slot * slot, VsArchiveEvent * found, const GError * error)
{
  VsArchiveEvents *events = slot->events;
  g_autoptr (GArray) waiters = NULL;
  g_autoptr (VsArchiveEvent) event = NULL;
  g_autofree gchar *warning = NULL;
  gboolean gone = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&events->lock);
  waiters = slot->waiters;
  slot->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  slot->busy = FALSE;
  slot->due_us = now + RETRY_US;
  warning = note_failure_unlocked (slot, error);
  if (found) {
    warning = make_remark_unlocked (slot, found);
    set_event_unlocked (events, slot, vs_archive_event_ref (found));
    slot->due_us = now + refresh_interval_us (found);
  } else if (slot->is_asset && slot->failure) {
    /* a file that has changed and can't be read: the old one is no more */
    set_event_unlocked (events, slot, NULL);
  }
  if (slot->event && !gone)
    event = vs_archive_event_ref (slot->event);
  else if (slot->failure == NULL)
    remove_slot_unlocked (events, slot);
  g_mutex_unlock (&events->lock);

  if (warning && events->warning)
    events->warning (warning, events->warning_data);
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

/* What is known of a slot, and still holds; else @waiter waits. */
static gboolean
answer_unlocked (Slot * slot, const Waiter * waiter, VsArchiveEvent ** event,
    GError ** failure)
{
  if (g_get_monotonic_time () < slot->due_us) {
    if (slot->event)
      *event = vs_archive_event_ref (slot->event);
    else if (slot->failure)
      *failure = g_error_copy (slot->failure);
  }
  if (*event || *failure)
    return TRUE;
  g_array_append_val (slot->waiters, *waiter);
  return FALSE;
}

static void
get (VsArchiveEvents * events, const gchar * account, const gchar * name,
    const gchar * breakout, gboolean is_asset, const Waiter * waiter)
{
  g_autoptr (VsArchiveEvent) event = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean start = FALSE;
  VsPoolClass klass = VS_POOL_VOD;
  Slot *slot;

  g_mutex_lock (&events->lock);
  slot = take_slot_unlocked (events, account, name, breakout, is_asset);
  if (slot == NULL) {
    failure = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY,
        "Too many events are being opened");
  } else if (!answer_unlocked (slot, waiter, &event, &failure)) {
    start = !slot->busy;
    slot->busy = TRUE;
    if (slot->event)
      klass = VS_POOL_LIVE;
  }
  g_mutex_unlock (&events->lock);

  if (event || failure)
    waiter->ready (event, failure, waiter->user_data);
  else if (start && !vs_pool_push (events->pool, klass, run_look, drop_look,
          slot))
    drop_look (slot);
}

void
vs_archive_events_get (VsArchiveEvents * events, const gchar * account,
    const gchar * name, const gchar * breakout, VsArchiveEventReady ready,
    gpointer user_data)
{
  Waiter waiter = { ready, user_data };

  get (events, account, name, breakout, FALSE, &waiter);
}

void
vs_archive_events_get_asset (VsArchiveEvents * events, const gchar * account,
    const gchar * file, VsArchiveEventReady ready, gpointer user_data)
{
  Waiter waiter = { ready, user_data };

  get (events, account, VS_ASSET_FOLDER, file, TRUE, &waiter);
}
