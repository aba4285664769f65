/* VisionStream: a rendition of an event, recorded while it runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock, over what is told and how far the thread is (vsrecorderthread.c);
 * stores and callbacks are called without it.
 */
#include "archive/vsrecorderprivate.h"

#include <string.h>

#include "archive/vsrecordingname.h"
#include "memory/vsmemory.h"

/* What is kept of segments that wait: past it they are read back. */
#define BYTES_MAX (16 * 1024 * 1024)
#define ITEMS_MAX 256

/* How long segments are kept for a store that fails. */
#define NEEDED_MAX G_TIME_SPAN_HOUR

typedef struct
{
  VsSegment *segment;
  GBytes **parts;
  guint n_parts;
  gsize size;
} VsRecorderItem;

/* ---- what is told ------------------------------------------------------- */

static VsRecorderItem *
item_new (VsSegment * segment, GBytes ** parts, guint n_parts)
{
  VsRecorderItem *item = g_new0 (VsRecorderItem, 1);

  item->segment = vs_segment_ref (segment);
  item->parts = g_new (GBytes *, MAX (n_parts, 1));
  item->n_parts = n_parts;
  for (guint i = 0; i < n_parts; i++) {
    item->parts[i] = g_bytes_ref (parts[i]);
    item->size += g_bytes_get_size (parts[i]);
  }
  return item;
}

static void
item_free (VsRecorderItem * item)
{
  for (guint i = 0; i < item->n_parts; i++)
    g_bytes_unref (item->parts[i]);
  g_free (item->parts);
  vs_segment_unref (item->segment);
  g_free (item);
}

void
vs_recorder_tell (VsRecorder * self, VsSegment * segment, GBytes ** parts,
    guint n_parts)
{
  gsize size = 0;

  for (guint i = 0; i < n_parts; i++)
    size += g_bytes_get_size (parts[i]);
  g_mutex_lock (&self->lock);
  if (self->first_told == 0)
    self->first_told = segment->sequence;
  if (segment->sequence >= self->told) {
    self->told = segment->sequence + 1;
    self->needed = MIN (self->needed, segment->sequence);
    if (self->bytes + size > BYTES_MAX)
      n_parts = size = 0;
    if (self->items.length < ITEMS_MAX) {
      g_queue_push_tail (&self->items, item_new (segment, parts, n_parts));
      self->bytes += size;
    }
  }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
vs_recorder_end (VsRecorder * self, guint64 last)
{
  g_mutex_lock (&self->lock);
  if (last == G_MAXUINT64)
    self->ended = TRUE;
  else
    self->last = last;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
vs_recorder_set_chosen (VsRecorder * self)
{
  g_mutex_lock (&self->lock);
  self->chosen = TRUE;
  g_mutex_unlock (&self->lock);
}

gboolean
vs_recorder_await (VsRecorder * self, guint64 sequence, gboolean has_all)
{
  gboolean told;

  g_mutex_lock (&self->lock);
  if (has_all && sequence >= self->told)
    self->needed = G_MAXUINT64;
  while (sequence >= self->told && sequence <= self->last && !self->ended
      && !self->closing)
    g_cond_wait (&self->changed, &self->lock);
  told = sequence < self->told && !self->closing;
  g_mutex_unlock (&self->lock);
  return told;
}

gboolean
vs_recorder_is_closing (VsRecorder * self)
{
  gboolean closing;

  g_mutex_lock (&self->lock);
  closing = self->closing;
  g_mutex_unlock (&self->lock);
  return closing;
}

static GBytes *
join (const VsRecorderItem * item)
{
  guint8 *data;
  gsize offset = 0;

  if (item->n_parts == 0)
    return NULL;
  if (item->n_parts == 1)
    return g_bytes_ref (item->parts[0]);
  data = vs_memory_alloc (item->size);
  for (guint i = 0; i < item->n_parts; i++) {
    gsize size;
    const guint8 *part = g_bytes_get_data (item->parts[i], &size);

    if (size > 0)
      memcpy (data + offset, part, size);
    offset += size;
  }
  return vs_memory_to_bytes (data, item->size);
}

void
vs_recorder_take (VsRecorder * self, guint64 sequence, VsSegment ** segment,
    GBytes ** bytes)
{
  VsRecorderItem *item;

  *segment = NULL;
  *bytes = NULL;
  g_mutex_lock (&self->lock);
  while ((item = g_queue_peek_head (&self->items))
      && item->segment->sequence < sequence) {
    self->bytes -= item->n_parts > 0 ? item->size : 0;
    item_free (g_queue_pop_head (&self->items));
  }
  if (item && item->segment->sequence == sequence) {
    g_queue_pop_head (&self->items);
    self->bytes -= item->n_parts > 0 ? item->size : 0;
  } else {
    item = NULL;
  }
  g_mutex_unlock (&self->lock);
  if (item == NULL)
    return;
  *segment = vs_segment_ref (item->segment);
  *bytes = join (item);
  item_free (item);
}

/* ---- how far it is ------------------------------------------------------ */

guint64
vs_recorder_get_needed (VsRecorder * self)
{
  guint64 needed;

  g_mutex_lock (&self->lock);
  needed = self->needed;
  if (self->failing_since
      && g_get_monotonic_time () - self->failing_since > NEEDED_MAX)
    needed = G_MAXUINT64;
  g_mutex_unlock (&self->lock);
  return needed;
}

/* When to look again, or no more. */
static gint64
get_wake_unlocked (VsRecorder * self, gint64 patience_us, gint64 deadline)
{
  return self->failing_since ?
      MIN (deadline, self->failing_since + patience_us) : deadline;
}

VsRecorderState
vs_recorder_wait (VsRecorder * self, gint64 patience_us, gint64 deadline)
{
  VsRecorderState state = VS_RECORDER_RUNS;

  g_mutex_lock (&self->lock);
  while (!self->finished && !self->interrupted
      && g_get_monotonic_time () < get_wake_unlocked (self, patience_us,
          deadline)) {
    gint64 wake = get_wake_unlocked (self, patience_us, deadline);

    if (wake == G_MAXINT64)
      g_cond_wait (&self->changed, &self->lock);
    else
      g_cond_wait_until (&self->changed, &self->lock, wake);
  }
  if (self->finished)
    state = VS_RECORDER_FINISHED;
  else if (self->failing_since)
    state = VS_RECORDER_FAILS;
  g_mutex_unlock (&self->lock);
  return state;
}

void
vs_recorder_interrupt (VsRecorder * self)
{
  g_mutex_lock (&self->lock);
  self->interrupted = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

VsRecordingInfo *
vs_recorder_get_last (VsRecorder * self)
{
  VsRecordingInfo *info;

  g_mutex_lock (&self->lock);
  info = self->info ? vs_recording_info_copy (self->info) : NULL;
  g_mutex_unlock (&self->lock);
  return info;
}

const gchar *
vs_recorder_get_rendition (VsRecorder * self)
{
  return self->rendition;
}

/* ---- life --------------------------------------------------------------- */

VsRecorder *
vs_recorder_new (const VsRecorderSettings * settings,
    const VsRecorderCallbacks * callbacks, gpointer user_data)
{
  VsRecorder *self = g_new0 (VsRecorder, 1);

  self->store = vs_store_ref (settings->store);
  self->archive = vs_store_ref (settings->archive);
  self->folder = g_strdup (settings->folder);
  self->event = g_strdup (settings->event);
  self->rendition = g_strdup (settings->rendition);
  self->language = g_strdup (settings->language);
  self->spill_directory = g_strdup (settings->spill_directory);
  self->keep_gaps = settings->keep_gaps;
  self->has_ended = settings->has_ended;
  self->resumes = settings->resumes;
  self->is_told_marked = settings->is_marked;
  /* what is told goes on with what is marked, or was marked ahead */
  self->marked = self->resumes;
  self->max_duration = settings->max_duration;
  self->rollover = settings->rollover;
  self->name = g_strdup (settings->name ? settings->name :
      VS_RECORDING_NAME_DEFAULT);
  self->first_sequence = settings->first_sequence;
  self->common = settings->common;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->items);
  self->told = self->first_sequence;
  self->last = G_MAXUINT64;
  self->thread = g_thread_new ("vsrecorder", vs_recorder_run, self);
  return self;
}

void
vs_recorder_free (VsRecorder * self)
{
  g_mutex_lock (&self->lock);
  self->closing = TRUE;
  g_cond_broadcast (&self->changed);
  /* what was told is marked, which is local, and does not take long */
  while (self->first_told && !self->marked)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->thread);

  g_queue_clear_full (&self->items, (GDestroyNotify) item_free);
  g_clear_pointer (&self->list, vs_archive_list_free);
  g_clear_pointer (&self->info, vs_recording_info_free);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  vs_store_unref (self->store);
  vs_store_unref (self->archive);
  g_free (self->folder);
  g_free (self->event);
  g_free (self->rendition);
  g_free (self->language);
  g_free (self->name);
  g_free (self->spill_directory);
  g_free (self->skipped_cause);
  g_free (self);
}
