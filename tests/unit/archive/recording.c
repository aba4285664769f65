/* VisionStream: tests of long recordings: room for the index, memory, and how
 * long the end takes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VS_RECORDING_HOURS is how long the longest is (0.2).
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "archive/recordercheck.h"
#include "archive/vsrecording.h"

#define MIB (1024 * 1024)

static guint n_rewritten;
static guint64 cut_out;         /* of the reserve */

int
fallocate (int fd, int mode, off_t offset, off_t length)
{
  int result = syscall (SYS_fallocate, fd, mode, offset, length);

  cut_out += result == 0 ? length : 0;
  return result;
}

static void
on_rewriting (guint64 size, gpointer user_data)
{
  n_rewritten++;
}

/* Bytes of this process that are in memory. */
static guint64
get_resident (void)
{
  g_autofree gchar *text = NULL;
  guint64 pages = 0;

  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fail_unless (sscanf (text, "%*u %" G_GUINT64_FORMAT, &pages) == 1);
  return pages * sysconf (_SC_PAGESIZE);
}

/* The @n-th segment of a stream that is the same GOP over and over. */
static VsSegment *
make_segment (const Clip * clip, guint n)
{
  VsSegment *segment = vs_segment_copy (g_ptr_array_index (clip->segments, 1));

  segment->sequence += n;
  segment->utc_us += n * G_TIME_SPAN_SECOND;
  for (guint i = 0; i < segment->n_tracks; i++) {
    VsSegmentTrack *track = &segment->tracks[i];

    /* 47 frames of sound are more than a second: the last one is cut short */
    track->start += n * (gint64) track->timescale;
    track->duration = track->timescale;
  }
  return segment;
}

typedef struct
{
  gdouble seconds;              /* that the end took */
  guint64 grown;                /* bytes in memory, at most */
  guint64 size;                 /* of the file */
} Result;

static void
record (const Clip * clip, VsStore * to, guint seconds, guint max_seconds,
    Result * result)
{
  g_autofree gchar *spill = g_strdup (vs_store_get_location (to));
  const VsRecordingSettings settings = {
    .store = to,
    .key = "long.mp4",
    .max_duration = max_seconds * GST_SECOND,
    .spill_directory = spill,
    .rewriting = on_rewriting,
  };
  VsRecording *recording = vs_recording_new (&settings, NULL);
  guint64 before = get_resident ();
  gint64 start;

  memset (result, 0, sizeof *result);
  for (guint i = 0; i < seconds; i++) {
    g_autoptr (VsSegment) segment = make_segment (clip, i);
    g_autoptr (GError) error = NULL;

    fail_unless_equals_int (vs_recording_load (recording, segment,
            g_ptr_array_index (clip->bytes, 1), &error), VS_RECORDING_LOADED);
    fail_unless (vs_recording_write (recording, &error), "%s",
        error ? error->message : "");
    if (i % 64 == 63)
      result->grown = MAX (result->grown, get_resident () - before);
  }
  start = g_get_monotonic_time ();
  fail_unless (vs_recording_finish (recording, NULL));
  result->seconds =
      (g_get_monotonic_time () - start) / (gdouble) G_TIME_SPAN_SECOND;
  result->grown = MAX (result->grown, get_resident () - before);
  result->size = vs_recording_get_size (recording);
  fail_unless_equals_int (vs_recording_get_gaps (recording), 0);
  fail_unless (ABS ((gdouble) vs_recording_get_duration (recording)
          / GST_SECOND - seconds) < 0.1);
  vs_recording_free (recording);
}

/* Of a recording as long as it was to be at most the index has room in the
 * reserve, which is not much larger; what memory it takes does not grow with
 * it. */
GST_START_TEST (test_long)
{
  const gchar *hours = g_getenv ("VS_RECORDING_HOURS");
  g_autofree gchar *folder = g_dir_make_tmp ("vsrecording-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "long.mp4", NULL);
  g_autoptr (VsStore) to = vs_store_open (folder, FALSE, NULL);
  g_autoptr (Clip) clip = clip_make (folder, "a.ts", "-b:a 64k");
  guint seconds = 3600 * (hours ? g_ascii_strtod (hours, NULL) : 0.2);
  Result result;

  if (clip == NULL)
    return;
  n_rewritten = cut_out = 0;
  record (clip, to, seconds, seconds, &result);
  g_print ("%u s: %" G_GUINT64_FORMAT " MiB, %" G_GUINT64_FORMAT " KiB more "
      "memory, %" G_GUINT64_FORMAT " KiB of reserve left, finished in %.3f s\n",
      seconds, result.size / MIB, result.grown / 1024, cut_out / 1024,
      result.seconds);
  fail_unless_equals_int (n_rewritten, 0);
  fail_unless (cut_out < 60 * (guint64) seconds * 30 + MIB);
  fail_unless (result.grown < 16 * MIB || g_getenv ("ASAN_OPTIONS"));
  fail_unless (g_remove (path) == 0);
  fail_unless (g_remove (clip->path) == 0);
  fail_unless (g_rmdir (folder) == 0);
}

GST_END_TEST;

static Suite *
recording_suite (void)
{
  Suite *suite = suite_create ("recording");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_test (tcase, test_long);
  return suite;
}

GST_CHECK_MAIN (recording);
