/* VisionStream: what storing segments costs, and making an MP4 file of them, for
 * tests/bench/archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   archiver cat FOLDER FILE N      reads FILE N times and writes it as cat
 *                                   does, synced as the archive syncs
 *   archiver hash FOLDER FILE N     takes its SHA-256 N times, and no more
 *   archiver store FOLDER FILE N    the same as cat through the archive's
 *                                   writer, which has it in memory, as it came
 *                                   in
 *   archiver spool FOLDER FILE N    and through a spool in front of it
 *   archiver read FOLDER ARCHIVE N  reads default/live as vsarchivesrc does
 *   archiver copy FOLDER ARCHIVE N  makes an MP4 file of it
 *   archiver record FOLDER ARCHIVE N  records its second segment N times, as a
 *                                   stream
 *
 * Prints bytes, seconds of CPU, seconds, kB of memory above the idle process at
 * the peak, and seconds that the end of the last one took.
 */
#include <fcntl.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/vsarchivecopy.h"
#include "archive/vsarchivewriter.h"
#include "archive/vsrecording.h"
#include "store/vssha256.h"
#include "store/vsspool.h"

/* as GNU cat reads */
#define CAT_BUFFER (128 * 1024)
#define PENDING_MAX (64 * 1024 * 1024)

static const gchar *const modes[] = { "cat", "hash", "store", "spool", "read",
  "copy", "record", NULL
};

/* What a mode has to say of itself */
typedef struct
{
  gdouble bytes, end_s;
} Result;

static GMutex lock;
static GCond changed;
static guint stored;            /* protected by lock */

static void
die (const gchar * what)
{
  perror (what);
  exit (1);
}

static void
die_of (const GError * error)
{
  fprintf (stderr, "%s\n", error->message);
  exit (1);
}

/* Of this program: ru_maxrss is also that of who started it. */
static glong
peak_kb (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL)
      || !(line = strstr (status, "VmHWM:")))
    die ("/proc/self/status");
  return strtol (line + strlen ("VmHWM:"), NULL, 10);
}

static gdouble
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- as cat does it ----------------------------------------------------- */

static void
copy (gint in, gint out)
{
  g_autofree gchar *buffer = g_malloc (CAT_BUFFER);
  gssize n;

  while ((n = read (in, buffer, CAT_BUFFER)) > 0) {
    if (write (out, buffer, n) != n)
      die ("write");
  }
}

static void
cat_once (gint folder, const gchar * file, guint i)
{
  g_autofree gchar *name = g_strdup_printf ("index_a_%05u.ts", i);
  gint in = open (file, O_RDONLY), out;

  out = openat (folder, ".tmp", O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (in < 0 || out < 0)
    die (file);
  copy (in, out);
  if (fdatasync (out) != 0 || renameat (folder, ".tmp", folder, name) != 0
      || fsync (folder) != 0)
    die (name);
  close (in);
  close (out);
}

static void
run_cat (const gchar * path, const gchar * file, guint n)
{
  gint folder = open (path, O_RDONLY | O_DIRECTORY);

  if (folder < 0)
    die (path);
  for (guint i = 1; i <= n; i++)
    cat_once (folder, file, i);
  close (folder);
}

/* ---- through the archive ------------------------------------------------ */

static void
on_stored (const VsRendition * rendition, const VsSegment * segment,
    const gchar * path, gpointer user_data)
{
  g_mutex_lock (&lock);
  stored++;
  g_cond_signal (&changed);
  g_mutex_unlock (&lock);
}

static GBytes *
read_file (const gchar * file)
{
  gchar *data;
  gsize size;

  if (!g_file_get_contents (file, &data, &size, NULL))
    die (file);
  return g_bytes_new_take (data, size);
}

static void
hash (GBytes * bytes, guint8 * digest)
{
  g_auto (VsSha256) sha256 = { NULL };
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_sha256_init (&sha256);
  vs_sha256_update (&sha256, data, size);
  vs_sha256_finish (&sha256, digest);
}

static void
run_hash (GBytes * bytes, guint n)
{
  guint8 digest[VS_SHA256_SIZE];

  for (guint i = 0; i < n; i++)
    hash (bytes, digest);
}

/* As the element hands it over: hashed as it came. */
static void
append (VsArchiveWriter * writer, GBytes * bytes, guint i)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();

  hash (bytes, segment->sha256);
  segment->sequence = i;
  segment->size = g_bytes_get_size (bytes);
  segment->duration = 2 * GST_SECOND;
  segment->start_pts_90k = i * 180000;
  segment->utc_us = G_GINT64_CONSTANT (1700000000000000) + i * 2000000;
  segment->independent = TRUE;
  vs_archive_writer_append (writer, "a", segment, &bytes, 1);
}

static void
await (guint n)
{
  g_mutex_lock (&lock);
  while (stored < n)
    g_cond_wait (&changed, &lock);
  g_mutex_unlock (&lock);
}

static void
run_store (VsStore * store, GBytes * bytes, guint n)
{
  static const VsArchiveWriterCallbacks callbacks = { on_stored, };
  VsArchiveWriterSettings settings = {.max_pending = PENDING_MAX };
  VsArchiveState state;
  g_autoptr (GError) error = NULL;
  VsArchiveWriter *writer = vs_archive_writer_new (store, &settings,
      &callbacks, NULL, &state, &error);

  if (writer == NULL)
    die_of (error);
  for (guint i = 1; i <= n; i++) {
    append (writer, bytes, i);
    if (i > 4)
      await (i - 4);
  }
  await (n);
  vs_archive_writer_free (writer, 0);
}

static void
run_spool (VsStore * store, const gchar * folder, GBytes * bytes, guint n)
{
  static const VsSpoolCallbacks callbacks = { NULL, };
  g_autofree gchar *path = g_strconcat (folder, "-spool", NULL);
  g_autoptr (VsStore) local = vs_store_open (path, TRUE, NULL);
  VsSpoolSettings settings = { local, "default/live", G_MAXUINT64, 0 };
  g_autoptr (VsStore) spool = vs_spool_open (store, &settings, &callbacks,
      NULL, NULL);

  run_store (spool, bytes, n);
  vs_spool_drain (spool, G_MAXINT64 / 2, G_MAXINT64);
}

/* ---- back out of it ----------------------------------------------------- */

static VsArchiveCursor *
open_cursor (const gchar * archive)
{
  const VsArchiveCursorSettings settings = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (VsStore) source = vs_store_open (archive, FALSE, &error);
  VsArchiveCursor *cursor = source ? vs_archive_cursor_open (source, "default",
      "live", NULL, &settings, NULL, &error) : NULL;

  if (cursor == NULL)
    die_of (error);
  return cursor;
}

static VsArchiveChunk *
read_next (VsArchiveCursor * cursor)
{
  g_autoptr (GError) error = NULL;
  VsArchiveChunk *chunk = vs_archive_cursor_next (cursor, NULL, &error);

  if (error || (chunk && chunk->problem))
    die_of (error ? error : chunk->problem);
  return chunk;
}

static void
run_read (const gchar * archive, Result * result)
{
  g_autoptr (VsArchiveCursor) cursor = open_cursor (archive);
  VsArchiveChunk *chunk;

  while ((chunk = read_next (cursor))) {
    result->bytes += g_bytes_get_size (chunk->bytes);
    vs_archive_chunk_free (chunk);
  }
}

static void
run_copy (VsStore * store, const gchar * archive, Result * result)
{
  static const VsArchiveCopyCallbacks callbacks = { NULL, };
  g_autoptr (VsStore) source = vs_store_open (archive, FALSE, NULL);
  const VsArchiveCopySettings settings = {.source = source,
    .account = "default",.event = "live",.destination = store,
    .key = "copy.mp4",.replace = TRUE,
    .spill_directory = vs_store_get_location (store)
  };
  g_autoptr (GError) error = NULL;
  VsArchiveCopyStatus status;

  if (source == NULL)
    die (archive);
  if (!vs_archive_copy_mp4 (&settings, &callbacks, NULL, &status, NULL, &error))
    die_of (error);
  result->bytes += status.bytes;
}

/* The same one, @n times its length later */
static VsSegment *
repeat (const VsSegment * original, guint n)
{
  VsSegment *segment = vs_segment_copy (original);
  guint seconds = (segment->duration + GST_SECOND / 2) / GST_SECOND;

  segment->sequence += n;
  segment->utc_us += n * seconds * G_TIME_SPAN_SECOND;
  for (guint i = 0; i < segment->n_tracks; i++) {
    VsSegmentTrack *track = &segment->tracks[i];

    track->duration = (gint64) seconds *track->timescale;
    track->start += n * track->duration;
  }
  return segment;
}

static void
record (VsRecording * recording, const VsArchiveChunk * chunk, guint n)
{
  g_autoptr (VsSegment) segment = repeat (chunk->segment, n);
  g_autoptr (GError) error = NULL;

  if (vs_recording_load (recording, segment, chunk->bytes, &error)
      != VS_RECORDING_LOADED || !vs_recording_write (recording, &error))
    die_of (error);
}

/* The end begins with the last segment, as that of a stream does. */
static void
run_record (VsStore * store, const gchar * archive, guint n, Result * result)
{
  g_autoptr (VsArchiveCursor) cursor = open_cursor (archive);
  g_autoptr (VsArchiveChunk) first = read_next (cursor);
  g_autoptr (VsArchiveChunk) chunk = read_next (cursor);
  const VsRecordingSettings settings = {.store = store,.key = "record.mp4",
    .max_duration = 12 * 3600 * GST_SECOND,
    .spill_directory = vs_store_get_location (store)
  };
  VsRecording *recording = vs_recording_new (&settings, NULL);
  g_autoptr (GError) error = NULL;
  gint64 ended;

  for (guint i = 0; i + 1 < n; i++)
    record (recording, chunk, i);
  ended = g_get_monotonic_time ();
  record (recording, chunk, n - 1);
  if (!vs_recording_finish (recording, &error))
    die_of (error);
  result->end_s = (g_get_monotonic_time () - ended) / 1e6;
  result->bytes = vs_recording_get_size (recording);
  vs_recording_free (recording);
}

/* ---- modes -------------------------------------------------------------- */

static void
run_on_file (const gchar * mode, VsStore * store, const gchar * file, guint n)
{
  const gchar *folder = vs_store_get_location (store);
  g_autoptr (GBytes) bytes = read_file (file);

  if (strcmp (mode, "cat") == 0)
    run_cat (folder, file, n);
  else if (strcmp (mode, "hash") == 0)
    run_hash (bytes, n);
  else if (strcmp (mode, "store") == 0)
    run_store (store, bytes, n);
  else
    run_spool (store, folder, bytes, n);
}

static gboolean
run_on_archive (const gchar * mode, VsStore * store, const gchar * archive,
    guint n, Result * result)
{
  if (strcmp (mode, "record") == 0)
    run_record (store, archive, n, result);
  else if (strcmp (mode, "copy") == 0)
    for (guint i = 0; i < n; i++)
      run_copy (store, archive, result);
  else if (strcmp (mode, "read") == 0)
    for (guint i = 0; i < n; i++)
      run_read (archive, result);
  else
    return FALSE;
  return TRUE;
}

static gdouble
get_file_size (const gchar * file)
{
  struct stat st;

  if (stat (file, &st) != 0)
    die (file);
  return st.st_size;
}

int
main (int argc, char **argv)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (VsStore) store = NULL;
  Result result = { 0 };
  glong idle;
  gdouble cpu;
  guint n;

  if (argc != 5 || !g_strv_contains (modes, argv[1])) {
    fprintf (stderr, "usage: %s cat|hash|store|spool FOLDER FILE N\n"
        "       %s read|copy|record FOLDER ARCHIVE N\n", argv[0], argv[0]);
    return 2;
  }
  n = atoi (argv[4]);
  store = vs_store_open (argv[2], TRUE, NULL);
  if (store == NULL)
    die (argv[2]);
  cpu = cpu_seconds ();
  idle = peak_kb ();
  if (!run_on_archive (argv[1], store, argv[3], n, &result)) {
    run_on_file (argv[1], store, argv[3], n);
    result.bytes = n * get_file_size (argv[3]);
  }
  printf ("%.0f %.3f %.3f %ld %.3f\n", result.bytes, cpu_seconds () - cpu,
      (g_get_monotonic_time () - start) / 1e6, peak_kb () - idle, result.end_s);
  return 0;
}
