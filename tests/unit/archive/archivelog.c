/* VisionStream: a writer under test, and what it said
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/archivelog.h"

ArchiveLog archive_log;
gboolean archive_is_spooled;

void
archive_log_clear (void)
{
  g_clear_pointer (&archive_log.message, g_free);
  memset (&archive_log, 0, sizeof archive_log);
}

static void
note (guint * counter)
{
  g_mutex_lock (&archive_log.lock);
  (*counter)++;
  g_cond_broadcast (&archive_log.changed);
  g_mutex_unlock (&archive_log.lock);
}

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  fail_unless (archive_is_spooled
      || g_file_test (path, G_FILE_TEST_IS_REGULAR), "%s", path);
  note (&archive_log.stored);
}

static void
on_failed (const gchar * path, const GError * error, gpointer user_data)
{
  g_mutex_lock (&archive_log.lock);
  g_free (archive_log.message);
  archive_log.message = g_strdup_printf ("%s %s", path, error->message);
  g_mutex_unlock (&archive_log.lock);
  note (&archive_log.failed);
}

static void
on_recovered (gpointer user_data)
{
  note (&archive_log.recovered);
}

static void
on_lost (const VsRendition * rendition, guint64 first, guint64 last,
    gpointer user_data)
{
  g_mutex_lock (&archive_log.lock);
  archive_log.lost += last - first + 1;
  g_mutex_unlock (&archive_log.lock);
}

static void
on_done (gboolean complete, gpointer user_data)
{
  g_mutex_lock (&archive_log.lock);
  archive_log.complete = complete;
  g_mutex_unlock (&archive_log.lock);
  note (&archive_log.done);
}

void
archive_log_await (const guint * counter, guint value)
{
  gint64 end =
      g_get_monotonic_time () + GST_TIME_AS_USECONDS (ARCHIVE_PATIENCE);

  g_mutex_lock (&archive_log.lock);
  while (*counter < value)
    fail_unless (g_cond_wait_until (&archive_log.changed, &archive_log.lock,
            end));
  g_mutex_unlock (&archive_log.lock);
}

VsArchiveWriter *
archive_open_writer (VsStore * store,
    const VsArchiveWriterSettings * settings, VsArchiveState * state,
    GError ** error)
{
  static const VsArchiveWriterCallbacks callbacks = {
    on_stored, on_failed, on_recovered, on_lost
  };
  static const VsArchiveWriterSettings none;
  VsArchiveState ignored;

  return vs_archive_writer_new (store, settings ? settings : &none,
      &callbacks, NULL, state ? state : &ignored, error);
}

void
archive_declare (VsArchiveWriter * writer, const gchar * name)
{
  g_autoptr (VsRendition) rendition = vs_rendition_new (NULL, NULL, NULL, name);
  g_autoptr (VsCodecConfig) config = archive_make_config ();

  rendition->target_duration = GST_SECOND;
  vs_archive_writer_set_rendition (writer, rendition);
  vs_archive_writer_add_config (writer, name, config);
}

void
archive_append (VsArchiveWriter * writer, const gchar * rendition,
    guint64 from, guint64 to, const VsArchiveState * state)
{
  for (guint64 s = from; s <= to; s++) {
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (VsSegment) segment =
        archive_make_segment (rendition, s, ARCHIVE_SIZE, &bytes);

    if (state) {
      segment->run = state->next_run;
      segment->discontinuity_sequence = state->next_discontinuity_sequence;
      segment->discontinuity = state->found && s == state->next_sequence;
    }
    vs_archive_writer_append (writer, rendition, segment, &bytes, 1);
  }
}

void
archive_finish (VsArchiveWriter * writer)
{
  guint done = archive_log.done;

  vs_archive_writer_end (writer, on_done, NULL);
  archive_log_await (&archive_log.done, done + 1);
  vs_archive_writer_free (writer, ARCHIVE_PATIENCE);
}
