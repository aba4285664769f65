/* VisionStream: what comes out of a cutter under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>

#include "timeline/cutoutput.h"

static void
on_open (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Output *output = user_data;

  fail_if (output->open);
  fail_if (output->ends > 0);
  output->open = TRUE;
  output->offset = output->bytes->len;
}

static void
on_chunk (VsCutter * cutter, GBytes * bytes, const VsTsUnit * unit,
    gpointer user_data)
{
  Output *output = user_data;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  fail_unless (output->open);
  fail_unless (size > 0 && size % VS_TS_PACKET_SIZE == 0);
  /* a segment begins with the PAT */
  if (output->offset == output->bytes->len)
    fail_unless ((GST_READ_UINT16_BE (data + 1) & 0x1fff) == 0);
  g_byte_array_append (output->bytes, data, size);
  output->units++;
  g_bytes_unref (bytes);
}

static void
on_close (VsCutter * cutter, VsSegment * segment, gpointer user_data)
{
  Output *output = user_data;

  fail_unless (output->open);
  output->open = FALSE;
  if (segment->gap)
    g_byte_array_set_size (output->bytes, output->offset);
  segment->size = output->bytes->len - output->offset;
  g_ptr_array_add (output->segments, vs_segment_ref (segment));
}

static void
on_config (VsCutter * cutter, VsCodecConfig * config, gpointer user_data)
{
  ((Output *) user_data)->configs++;
}

static void
on_warning (VsCutter * cutter, const gchar * text, gpointer user_data)
{
  GST_INFO ("%s: %s", vs_cutter_get_name (cutter), text);
  ((Output *) user_data)->warnings++;
}

static void
on_end (VsCutter * cutter, gpointer user_data)
{
  ((Output *) user_data)->ends++;
}

static const VsCutterCallbacks callbacks = {
  on_open, on_chunk, on_close, on_config, on_warning, on_end
};

void
output_init (Output * output, VsSegmenter * segmenter, const gchar * name)
{
  memset (output, 0, sizeof *output);
  output->segments =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
  output->bytes = g_byte_array_new ();
  output->cutter = vs_segmenter_add (segmenter, name, 0, &callbacks, output);
}

void
output_clear (Output * output)
{
  vs_cutter_free (output->cutter);
  g_ptr_array_unref (output->segments);
  g_byte_array_unref (output->bytes);
}

VsSegmenter *
segmenter_new (GstClockTime target)
{
  VsSegmenterSettings settings = {
    .target_duration = target,
    .first_sequence = 1,
    .start_utc_us = UTC,
    .event_utc_us = -1
  };

  return vs_segmenter_new (&settings);
}

void
output_push (Output * output, const GByteArray * bytes, gsize chunk)
{
  for (gsize i = 0; i < bytes->len; i += chunk)
    vs_cutter_push (output->cutter, bytes->data + i,
        MIN (chunk, bytes->len - i), GST_CLOCK_TIME_NONE, FALSE);
}

gchar *
output_summarize (const Output * output)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < output->segments->len; i++) {
    const VsSegment *s = g_ptr_array_index (output->segments, i);

    g_string_append_printf (text, "%s%s %" G_GUINT64_FORMAT "%s%s%s%s",
        i ? ", " : "", s->cause, gst_util_uint64_scale_round (s->duration,
            9, 100000), s->discontinuity || !s->independent || s->gap ?
        " " : "", s->discontinuity ? "D" : "", s->independent ? "" : "N",
        s->gap ? "G" : "");
  }
  return g_string_free (text, FALSE);
}

void
output_check (const Output * output)
{
  for (guint i = 1; i < output->segments->len; i++) {
    const VsSegment *a = g_ptr_array_index (output->segments, i - 1);
    const VsSegment *b = g_ptr_array_index (output->segments, i);
    gint64 a_end = a->start_pts_90k
        + gst_util_uint64_scale_round (a->duration, 9, 100000);

    fail_unless_equals_uint64 (b->sequence, a->sequence + 1);
    fail_unless_equals_uint64 (b->run, a->run + b->discontinuity);
    fail_unless_equals_uint64 (b->discontinuity_sequence,
        a->discontinuity_sequence + b->discontinuity);
    fail_unless (b->utc_us >= a->utc_us + (gint64) a->duration / 1000 - 1);
    if (b->discontinuity)
      continue;
    fail_unless_equals_int64 (a_end, b->start_pts_90k);
    fail_unless (ABS (b->utc_us - a->utc_us - (gint64) a->duration / 1000)
        <= 1);
    for (guint j = 0; j < MIN (a->n_tracks, b->n_tracks); j++) {
      if (a->tracks[j].type == b->tracks[j].type)
        fail_unless_equals_int64 (a->tracks[j].start + a->tracks[j].duration,
            b->tracks[j].start);
    }
  }
}
