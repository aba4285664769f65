/* VisionStream: a long archive, read as one stream in little memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "archive/archivefixture.h"
#include "archive/vsarchivecursor.h"
#include "store/vsstoreclass.h"
#include "timeline/teststream.h"

#define SEGMENTS 10000
#define SEGMENT_90K 180000
#define FRAMES 30
#define FRAME_BYTES 8000
/* a segment is about 240 KB: what is kept of some hundred would show */
#define MEMORY_MAX (16 * 1024 * 1024)
/* in memory at a time: one that is given out, one that is looked into */
#define LIVE_MAX 2

/* Playlists lie in a folder; of segments there is one, over and over. */
typedef struct
{
  VsStore parent;
  VsStore *inner;
  GBytes *segment;
  gint live, most;
} LongStore;

typedef struct
{
  VsStoreUpload parent;
  VsStoreUpload *inner;
  gboolean is_segment;          /* of which there is a name only */
} LongUpload;

typedef struct
{
  LongStore *store;
  gpointer data;
} Loan;

static gboolean
is_segment (const gchar * key)
{
  return g_str_has_suffix (key, ".ts");
}

static VsStoreUpload *
long_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  VsStoreUpload *inner = vs_store_upload_new (((LongStore *) store)->inner,
      key, cancellable, error);
  LongUpload *upload;

  if (inner == NULL)
    return NULL;
  upload = g_new0 (LongUpload, 1);
  vs_store_upload_init (&upload->parent, store, cancellable);
  upload->inner = inner;
  upload->is_segment = is_segment (key);
  return &upload->parent;
}

static gboolean
long_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  LongUpload *self = (LongUpload *) upload;

  return self->is_segment
      || vs_store_upload_write (self->inner, parts, n_parts, error);
}

static gboolean
long_upload_commit (VsStoreUpload * upload, GError ** error)
{
  return vs_store_upload_commit (((LongUpload *) upload)->inner, error);
}

static void
long_upload_free (VsStoreUpload * upload)
{
  vs_store_upload_free (((LongUpload *) upload)->inner);
}

static void
give_back (gpointer user_data)
{
  Loan *loan = user_data;

  g_atomic_int_add (&loan->store->live, -1);
  g_free (loan->data);
  g_free (loan);
}

static GBytes *
long_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  LongStore *self = (LongStore *) store;
  Loan *loan;
  gint live;
  gsize size;
  gconstpointer data;

  if (!is_segment (key))
    return vs_store_get (self->inner, key, offset, length, max, cancellable,
        error);
  data = g_bytes_get_data (self->segment, &size);
  loan = g_new (Loan, 1);
  loan->store = self;
  loan->data = g_memdup2 (data, size);
  live = g_atomic_int_add (&self->live, 1) + 1;
  self->most = MAX (self->most, live);
  return g_bytes_new_with_free_func (loan->data, size, give_back, loan);
}

static VsStoreObject *
long_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  return vs_store_stat (((LongStore *) store)->inner, key, cancellable, error);
}

static GPtrArray *
long_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  return vs_store_list (((LongStore *) store)->inner, prefix, suffix,
      cancellable, error);
}

static gboolean
long_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  return vs_store_clean (((LongStore *) store)->inner, prefix, cancellable,
      error);
}

static gpointer
long_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  return vs_store_lock (((LongStore *) store)->inner, prefix, error);
}

static void
long_unlock (VsStore * store, gpointer lock)
{
  vs_store_unlock (((LongStore *) store)->inner, lock);
}

static void
long_finalize (VsStore * store)
{
  vs_store_unref (((LongStore *) store)->inner);
  g_bytes_unref (((LongStore *) store)->segment);
}

static const VsStoreClass long_store_class = {
  .upload_new = long_upload_new,
  .upload_write = long_upload_write,
  .upload_commit = long_upload_commit,
  .upload_free = long_upload_free,
  .get = long_get,
  .stat = long_stat,
  .list = long_list,
  .clean = long_clean,
  .lock = long_lock,
  .unlock = long_unlock,
  .finalize = long_finalize,
};

/* Two seconds of pictures, one of them a keyframe */
static GBytes *
make_segment_bytes (void)
{
  TestPiece piece = {.frames = FRAMES,.gop = FRAMES };
  g_autofree guint8 *picture = g_malloc (FRAME_BYTES);
  TestStream stream;
  GBytes *bytes;

  test_stream_init (&stream, TRUE, FALSE);
  test_stream_add (&stream, &piece);
  memset (picture, 0x55, FRAME_BYTES);
  memcpy (picture, "\0\0\0\1\1\x9e\x20\x20", 8);
  for (guint i = 0; i < FRAMES; i++) {
    VsTsUnit unit = {.pts_90k = (FRAMES + i) * 3000,.data = picture,
      .dts_90k = (FRAMES + i) * 3000,.size = FRAME_BYTES
    };

    vs_ts_writer_write_unit (stream.writer, &unit, stream.bytes);
  }
  bytes = g_bytes_new (stream.bytes->data, stream.bytes->len);
  test_stream_clear (&stream);
  return bytes;
}

static LongStore *
long_store_new (void)
{
  LongStore *self = g_new0 (LongStore, 1);

  vs_store_init (&self->parent, &long_store_class, root);
  self->inner = vs_store_ref (store);
  self->segment = make_segment_bytes ();
  return self;
}

static void
append (VsArchiveWriter * writer, guint64 sequence, GBytes * bytes,
    const gchar * sum)
{
  g_autoptr (GBytes) made = NULL;
  g_autoptr (VsSegment) segment =
      archive_make_segment ("a", sequence, 1, &made);

  segment->duration = 2 * GST_SECOND;
  segment->run_start_pts_90k = 0;
  segment->start_pts_90k = (sequence - 1) * SEGMENT_90K;
  segment->utc_us = ARCHIVE_EVENT_UTC_US + (sequence - 1) * 2 * G_USEC_PER_SEC;
  segment->independent = TRUE;
  segment->n_tracks = 0;
  segment->size = g_bytes_get_size (bytes);
  for (guint i = 0; i < 32; i++)
    segment->sha256[i] = g_ascii_xdigit_value (sum[2 * i]) << 4
        | g_ascii_xdigit_value (sum[2 * i + 1]);
  vs_archive_writer_append (writer, "a", segment, &bytes, 1);
}

static void
write_archive (LongStore * long_store)
{
  VsArchiveWriter *writer =
      archive_open_writer (&long_store->parent, NULL, NULL, NULL);
  g_autofree gchar *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256,
      long_store->segment);

  archive_declare (writer, "a");
  for (guint64 s = 1; s <= SEGMENTS; s++) {
    append (writer, s, long_store->segment, sum);
    /* what waits is bounded */
    if (s % 64 == 0)
      archive_log_await (&archive_log.stored, s);
  }
  archive_finish (writer);
}

static gsize
get_resident (void)
{
  g_autofree gchar *text = NULL;
  gulong size, resident;

  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fail_unless_equals_int (sscanf (text, "%lu %lu", &size, &resident), 2);
  return resident * sysconf (_SC_PAGESIZE);
}

/* All of it, with holes kept or looked for. */
static void
read_archive (LongStore * long_store, gboolean close_gaps)
{
  VsArchiveCursorSettings settings = {.close_gaps = close_gaps };
  gsize before = get_resident (), most = 0;
  g_autoptr (VsArchiveCursor) cursor =
      vs_archive_cursor_open (&long_store->parent, "default", "live", NULL,
      &settings, NULL, NULL);
  VsArchiveChunk *chunk;
  guint n = 0;

  while ((chunk = vs_archive_cursor_next (cursor, NULL, NULL))) {
    fail_unless (chunk->problem == NULL && chunk->bytes);
    fail_unless_equals_uint64 (chunk->position, n * 2 * GST_SECOND);
    vs_archive_chunk_free (chunk);
    if (++n % 100 == 0)
      most = MAX (most, get_resident ());
  }
  fail_unless_equals_int (n, SEGMENTS);
  fail_unless_equals_uint64 (vs_archive_cursor_get_duration (cursor),
      SEGMENTS * 2 * GST_SECOND);
  fail_unless_equals_int (long_store->live, 0);
  fail_unless (long_store->most <= LIVE_MAX, "%d segments in memory",
      long_store->most);
#ifndef __SANITIZE_ADDRESS__
  /* which keeps what was freed for a while */
  fail_unless (most <= before + MEMORY_MAX,
      "%" G_GSIZE_FORMAT " KiB more than before", (most - before) / 1024);
#endif
  GST_INFO ("%" G_GSIZE_FORMAT " KiB", (most - MIN (most, before)) / 1024);
}

GST_START_TEST (test_memory)
{
  LongStore *long_store = long_store_new ();

  write_archive (long_store);
  read_archive (long_store, FALSE);
  read_archive (long_store, TRUE);
  vs_store_unref (&long_store->parent);
}

GST_END_TEST;

static Suite *
archivelong_suite (void)
{
  Suite *suite = suite_create ("archivelong");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 110);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_test (tcase, test_memory);
  return suite;
}

GST_CHECK_MAIN (archivelong);
