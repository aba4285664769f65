/* VisionStream: what storing segments costs, for tests/bench/archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   archiver cat FOLDER FILE N      reads FILE N times and writes it as cat
 *                                   does, synced as the archive syncs
 *   archiver store FOLDER FILE N    the same through the archive's writer, which
 *                                   has it in memory, as it came in
 *   archiver spool FOLDER FILE N    and through a spool in front of it
 *
 * Prints bytes, seconds of CPU and seconds.
 */
#include <fcntl.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "archive/vsarchivewriter.h"
#include "store/vssha256.h"
#include "store/vsspool.h"

/* as GNU cat reads */
#define CAT_BUFFER (128 * 1024)
#define PENDING_MAX (64 * 1024 * 1024)

static GMutex lock;
static GCond changed;
static guint stored;            /* protected by lock */

static void
die (const gchar * what)
{
  perror (what);
  exit (1);
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

/* As the element hands it over: hashed as it came. */
static void
append (VsArchiveWriter * writer, GBytes * bytes, guint i)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  g_auto (VsSha256) sha256 = { NULL };
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_sha256_init (&sha256);
  vs_sha256_update (&sha256, data, size);
  vs_sha256_finish (&sha256, segment->sha256);
  segment->sequence = i;
  segment->size = size;
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

  if (writer == NULL) {
    fprintf (stderr, "%s\n", error->message);
    exit (1);
  }
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

int
main (int argc, char **argv)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (VsStore) store = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gdouble cpu;
  guint n;

  if (argc != 5) {
    fprintf (stderr, "usage: %s cat|store|spool FOLDER FILE N\n", argv[0]);
    return 2;
  }
  n = atoi (argv[4]);
  bytes = read_file (argv[3]);
  store = vs_store_open (argv[2], TRUE, NULL);
  if (store == NULL)
    die (argv[2]);
  cpu = cpu_seconds ();
  if (strcmp (argv[1], "cat") == 0)
    run_cat (argv[2], argv[3], n);
  else if (strcmp (argv[1], "store") == 0)
    run_store (store, bytes, n);
  else
    run_spool (store, argv[2], bytes, n);
  printf ("%.0f %.3f %.3f\n", (gdouble) n * g_bytes_get_size (bytes),
      cpu_seconds () - cpu, (g_get_monotonic_time () - start) / 1e6);
  return 0;
}
