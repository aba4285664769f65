/* VisionStream: packages one segment many times, for tests/bench/packaging
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   packager SEGMENT.ts ROUNDS
 *
 * Prints bytes read, CPU seconds, and kB at the peak above the idle process.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "isobmff/vscmaf.h"
#include "mpegts/vstsreader.h"

#define FRAME_SAMPLES 1024

typedef struct
{
  const VsTsProgram *program;
  VsSegment *segment;
  gint64 end_pts_90k;
} Scan;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  ((Scan *) user_data)->program = program;
}

/* Does for a whole file what a segmenter does. */
static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Scan *scan = user_data;
  VsSegmentTrack *track = scan->segment->tracks;

  switch (vs_codec_get_media_type (scan->program->tracks[unit->track].codec)) {
    case VS_MEDIA_VIDEO:
      if (track[0].duration == 0 || unit->pts_90k < track[0].start)
        track[0].start = unit->pts_90k;
      scan->end_pts_90k = MAX (scan->end_pts_90k, unit->pts_90k);
      track[0].duration = scan->end_pts_90k - track[0].start + 1;
      break;
    case VS_MEDIA_AUDIO:
      if (track[1].duration == 0 && unit->config) {
        track[1].timescale = unit->config->sample_rate;
        track[1].start = unit->pts_90k * track[1].timescale / 90000;
      }
      track[1].duration += FRAME_SAMPLES;
      break;
    default:
      break;
  }
}

static VsSegment *
make_entry (GBytes * ts)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  Scan scan = {.segment = vs_segment_new () };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &scan);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  scan.segment->n_tracks = 2;
  scan.segment->tracks[0].type = VS_MEDIA_VIDEO;
  scan.segment->tracks[0].timescale = 90000;
  scan.segment->tracks[1].type = VS_MEDIA_AUDIO;
  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
  scan.segment->start_pts_90k = scan.segment->tracks[0].start;
  return scan.segment;
}

static void
package (GBytes * ts, const VsSegment * segment, VsMediaType type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) fragment = vs_cmaf_fragment (ts, segment, type, &error);

  if (fragment == NULL)
    g_error ("%s", error->message);
}

static glong
peak_kb (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static gdouble
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int
main (int argc, char **argv)
{
  g_autoptr (GBytes) ts = NULL;
  g_autoptr (VsSegment) segment = NULL;
  g_autoptr (GError) error = NULL;
  glong idle, peak;
  gdouble start;
  gchar *data;
  gsize size;
  gint rounds;

  if (argc != 3)
    g_error ("usage: packager SEGMENT.ts ROUNDS");
  rounds = atoi (argv[2]);
  gst_init (NULL, NULL);
  idle = peak_kb ();
  if (!g_file_get_contents (argv[1], &data, &size, &error))
    g_error ("%s", error->message);
  ts = g_bytes_new_take (data, size);
  segment = make_entry (ts);

  start = cpu_seconds ();
  for (gint i = 0; i < rounds; i++) {
    package (ts, segment, VS_MEDIA_VIDEO);
    package (ts, segment, VS_MEDIA_AUDIO);
  }
  peak = peak_kb ();
  g_print ("%" G_GUINT64_FORMAT " %.3f %ld\n", (guint64) size * rounds,
      cpu_seconds () - start, peak - idle);
  return 0;
}
