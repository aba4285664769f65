/* VisionStream: from a cutter into an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "archive/cutarchive.h"
#include "archive/cutwriter.h"

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  CutWriter *self = user_data;

  g_ptr_array_set_size (self->parts, 0);
  g_checksum_reset (self->sum);
  self->size = 0;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  CutWriter *self = user_data;
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  g_checksum_update (self->sum, data, size);
  self->size += size;
  g_ptr_array_add (self->parts, bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  CutWriter *self = user_data;
  gsize length = sizeof segment->sha256;

  segment->size = self->size;
  g_checksum_get_digest (self->sum, segment->sha256, &length);
  vs_archive_writer_append (self->writer, self->rendition, segment,
      (GBytes **) self->parts->pdata, self->parts->len);
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  CutWriter *self = user_data;

  vs_archive_writer_add_config (self->writer, self->rendition, config);
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  fail ("%s", text);
}

void
cut_writer_init (CutWriter * self, VsArchiveWriter * writer,
    VsSegmenter * segmenter, const gchar * rendition)
{
  static const VsCutterCallbacks callbacks = { on_open, on_chunk, on_close,
    on_config, on_warning, NULL, NULL
  };

  self->writer = writer;
  self->rendition = rendition;
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->sum = g_checksum_new (G_CHECKSUM_SHA256);
  self->size = 0;
  archive_declare (writer, rendition);
  self->cutter = vs_segmenter_add (segmenter, rendition, 0, &callbacks, self);
}

void
cut_writer_clear (CutWriter * self)
{
  vs_cutter_free (self->cutter);
  g_ptr_array_unref (self->parts);
  g_checksum_free (self->sum);
}

VsSegmenter *
cut_segmenter_new (gint64 utc_us, const VsArchiveState * state)
{
  VsSegmenterSettings settings = {.target_duration = CUT_TARGET,
    .start_utc_us = utc_us,.first_sequence = 1,.event_utc_us = -1
  };

  if (state->found) {
    settings.first_sequence = state->next_sequence;
    settings.first_discontinuity_sequence = state->next_discontinuity_sequence;
    settings.first_run = state->next_run;
    settings.continues = TRUE;
    settings.fixed_target = state->target_duration;
    settings.min_utc_us = state->end_utc_us;
    settings.event_utc_us = state->event_utc_us;
  }
  return vs_segmenter_new (&settings);
}
