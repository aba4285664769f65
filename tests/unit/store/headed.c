/* VisionStream: tests of files whose beginning is written last
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program's own fallocate () and fdatasync () stand in for libc's: a file
 * system without the one, and a disk that fails the other.
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store/storefixture.h"

#define BLOCK 4096
#define MIB (1024 * 1024)

static gboolean is_refused;     /* what moves a file's blocks */
static guint n_collapsed, n_inserted, n_syncs, failing_sync;
static guint n_rewritten;
static guint64 rewritten;

int
fallocate (int fd, int mode, off_t offset, off_t length)
{
  int result;

  errno = EOPNOTSUPP;
  result = is_refused ? -1 : syscall (SYS_fallocate, fd, mode, offset, length);
  n_collapsed += result == 0 && mode == FALLOC_FL_COLLAPSE_RANGE;
  n_inserted += result == 0 && mode == FALLOC_FL_INSERT_RANGE;
  return result;
}

int
fdatasync (int fd)
{
  errno = EIO;
  return ++n_syncs == failing_sync ? -1 : syscall (SYS_fdatasync, fd);
}

/* What becomes of writes */
typedef enum
{
  WRITES_WELL,
  WRITES_FULL,                  /* each second one has no room */
  WRITES_SHORT,                 /* not all at once */
  WRITES_NOT_DIRECT             /* past the page cache is refused */
} Writes;

static Writes writes;
static guint n_writes;

ssize_t
writev (int fd, const struct iovec *iov, int n)
{
  struct iovec first = iov[0];

  n_writes++;
  errno = writes == WRITES_FULL ? ENOSPC : EINVAL;
  if ((writes == WRITES_FULL && n_writes % 2 == 1)
      || (writes == WRITES_NOT_DIRECT && fcntl (fd, F_GETFL) & O_DIRECT))
    return -1;
  if (writes == WRITES_SHORT)
    first.iov_len = (first.iov_len + 1) / 2;
  return syscall (SYS_writev, fd, writes == WRITES_SHORT ? &first : iov,
      writes == WRITES_SHORT ? 1 : n);
}

static void
setup (void)
{
  store_setup ();
  is_refused = FALSE;
  writes = WRITES_WELL;
  n_writes = 0;
  n_collapsed = n_inserted = n_syncs = failing_sync = n_rewritten = 0;
}

static void
on_rewriting (guint64 size, gpointer user_data)
{
  n_rewritten++;
  rewritten = size;
}

static VsStoreUpload *
begin (const gchar * key, guint64 reserve)
{
  VsStoreHead head = {.reserve = reserve,.rewriting = on_rewriting };
  VsStoreUpload *upload =
      vs_store_upload_new_headed (store, key, &head, NULL, NULL);

  fail_unless (upload != NULL);
  return upload;
}

static GBytes *
make_bytes (gsize size, guint8 seed)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = seed + i % 251;
  return g_bytes_new_take (data, size);
}

/* A head that ends in zeros, as one that is filled up does, but for its last
 * byte. */
static GBytes *
make_head (gsize size, gsize needed)
{
  guint8 *data = g_malloc0 (size);

  memset (data, 'h', needed);
  data[size - 1] = 'e';
  return g_bytes_new_take (data, size);
}

static gboolean
write_bytes (VsStoreUpload * upload, gboolean to_head, GBytes * bytes)
{
  return to_head ? vs_store_upload_write_head (upload, &bytes, 1, NULL) :
      vs_store_upload_write (upload, &bytes, 1, NULL);
}

/* In pieces, some of which are all zeros. */
static void
write_head (VsStoreUpload * upload, GBytes * head)
{
  gsize size = g_bytes_get_size (head);

  for (gsize i = 0; i < size; i += 1000) {
    g_autoptr (GBytes) piece =
        g_bytes_new_from_bytes (head, i, MIN (1000, size - i));

    fail_unless (write_bytes (upload, TRUE, piece));
  }
}

static void
assert_object (const gchar * key, GBytes * head, GBytes * payload)
{
  gsize size = g_bytes_get_size (head);
  g_autoptr (GBytes) got = vs_store_get (store, key, 0, -1, 256 * MIB, NULL,
      NULL);
  g_autoptr (GBytes) first = NULL, rest = NULL;

  fail_unless (got != NULL);
  fail_unless_equals_uint64 (g_bytes_get_size (got),
      size + g_bytes_get_size (payload));
  first = g_bytes_new_from_bytes (got, 0, size);
  rest = g_bytes_new_from_bytes (got, size, g_bytes_get_size (payload));
  fail_unless (g_bytes_equal (first, head));
  fail_unless (g_bytes_equal (rest, payload));
}

static gboolean
can_collapse (void)
{
  g_autofree gchar *path = g_build_filename (root, "probe", NULL);
  g_autofree gchar *text = g_strnfill (3 * BLOCK, 'x');
  gint fd;
  gboolean can;

  fail_unless (g_file_set_contents (path, text, -1, NULL));
  fd = open (path, O_RDWR);
  can = syscall (SYS_fallocate, fd, FALLOC_FL_COLLAPSE_RANGE, (off_t) 0,
      (off_t) BLOCK) == 0;
  close (fd);
  unlink (path);
  return can;
}

static const struct
{
  guint64 reserve, needed;
  gsize payload;
  gboolean refused;
  guint collapsed, inserted, rewritten;
  guint64 size;                 /* of the head */
} rows[] = {
  /* *INDENT-OFF* */
  {10 * BLOCK, 3 * BLOCK - 7, 100000, FALSE, 1, 0, 0, 3 * BLOCK},
  {10 * BLOCK, 10 * BLOCK, 100000, FALSE, 0, 0, 0, 10 * BLOCK},
  {10 * BLOCK - 5, 10 * BLOCK - 9, 100000, FALSE, 0, 0, 0, 10 * BLOCK},
  {2 * BLOCK, 5 * BLOCK + 1, 100000, FALSE, 0, 1, 0, 6 * BLOCK},
  {0, 700, 40 * MIB, FALSE, 0, 1, 0, BLOCK},
  {10 * BLOCK, 3 * BLOCK - 7, 100000, TRUE, 0, 0, 0, 10 * BLOCK},
  {2000 * BLOCK, 3 * BLOCK - 7, 100000, TRUE, 0, 0, 0, 3 * BLOCK - 7},
  {2 * BLOCK, 5 * BLOCK + 1, 100000, TRUE, 0, 0, 1, 5 * BLOCK + 1},
  {2 * BLOCK, 5 * BLOCK + 1, 70 * MIB + 3, TRUE, 0, 0, 1, 5 * BLOCK + 1},
  /* *INDENT-ON* */
};

/* What is in the reserve and past it, with a file system that moves blocks
 * and with one that does not. */
GST_START_TEST (test_head)
{
  g_autoptr (GBytes) payload = make_bytes (rows[__i__].payload, 7);
  g_autoptr (GBytes) head = NULL;
  VsStoreUpload *upload = begin ("r/a.mp4", rows[__i__].reserve);
  gboolean can = can_collapse ();
  guint64 size;

  is_refused = rows[__i__].refused;
  if (!can && !is_refused) {
    g_print ("skipped: %s has no collapse range\n", root);
    vs_store_upload_free (upload);
    return;
  }
  for (gsize i = 0; i < rows[__i__].payload; i += 65000) {
    g_autoptr (GBytes) piece = g_bytes_new_from_bytes (payload, i,
        MIN (65000, rows[__i__].payload - i));

    fail_unless (write_bytes (upload, FALSE, piece));
  }
  fail_unless (vs_store_upload_make_head (upload, rows[__i__].needed, &size,
          NULL));
  fail_unless_equals_uint64 (size, rows[__i__].size);
  fail_unless_equals_int (n_collapsed, rows[__i__].collapsed);
  fail_unless_equals_int (n_inserted, rows[__i__].inserted);
  fail_unless_equals_int (n_rewritten, rows[__i__].rewritten);
  if (n_rewritten)
    fail_unless_equals_uint64 (rewritten, rows[__i__].payload);
  head = make_head (size, rows[__i__].needed);
  write_head (upload, head);
  fail_unless (vs_store_stat (store, "r/a.mp4", NULL, NULL) == NULL);
  fail_unless (vs_store_upload_commit (upload, NULL));
  vs_store_upload_free (upload);
  assert_object ("r/a.mp4", head, payload);
  fail_unless_equals_int (count_names ("r"), 1);
}

GST_END_TEST;

/* A reserve that is not needed takes no room on the disk. */
GST_START_TEST (test_reserve_is_a_hole)
{
  g_autofree gchar *path = g_build_filename (root, "a.mp4", NULL);
  VsStoreUpload *upload = begin ("a.mp4", 8 * MIB);
  g_autoptr (GBytes) payload = make_bytes (9 * MIB, 1), head = NULL;
  struct stat st;
  guint64 size;

  is_refused = TRUE;
  fail_unless (write_bytes (upload, FALSE, payload));
  fail_unless (vs_store_upload_make_head (upload, 100, &size, NULL));
  fail_unless_equals_uint64 (size, 8 * MIB);
  head = make_head (size, 100);
  write_head (upload, head);
  fail_unless (vs_store_upload_commit (upload, NULL));
  vs_store_upload_free (upload);
  assert_object ("a.mp4", head, payload);
  fail_unless (stat (path, &st) == 0);
  fail_unless (st.st_blocks * 512 < 10 * MIB);
}

GST_END_TEST;

/* A head that was begun is begun anew: zeros overwrite what was there. */
GST_START_TEST (test_head_again)
{
  VsStoreUpload *upload = begin ("a.mp4", 3 * BLOCK);
  g_autoptr (GBytes) payload = make_bytes (1000, 1);
  g_autoptr (GBytes) other = NULL, head = NULL;
  guint64 size;

  is_refused = TRUE;
  fail_unless (write_bytes (upload, FALSE, payload));
  fail_unless (vs_store_upload_make_head (upload, 3 * BLOCK, &size, NULL));
  other = make_bytes (2 * BLOCK, 3);
  fail_unless (write_bytes (upload, TRUE, other));
  fail_unless (vs_store_upload_make_head (upload, 100, &size, NULL));
  head = make_head (size, 100);
  write_head (upload, head);
  fail_unless (vs_store_upload_commit (upload, NULL));
  vs_store_upload_free (upload);
  assert_object ("a.mp4", head, payload);
}

GST_END_TEST;

static void
write_until_done (VsStoreUpload * upload, gboolean to_head, GBytes * bytes)
{
  while (!write_bytes (upload, to_head, bytes))
    fail_if (vs_store_upload_is_lost (upload));
}

/* What is refused, or written in part, and tried again is there once. */
GST_START_TEST (test_writes)
{
  VsStoreUpload *upload = begin ("a.mp4", 3 * BLOCK);
  g_autoptr (GBytes) payload = make_bytes (9 * MIB + 77, 1);
  g_autoptr (GBytes) half = g_bytes_new_from_bytes (payload, 0, 5 * MIB + 3);
  g_autoptr (GBytes) rest = g_bytes_new_from_bytes (payload, 5 * MIB + 3,
      4 * MIB + 74);
  g_autoptr (GBytes) head = NULL;
  guint64 size;

  writes = __i__;
  is_refused = TRUE;
  write_until_done (upload, FALSE, half);
  write_until_done (upload, FALSE, rest);
  while (!vs_store_upload_make_head (upload, 3 * BLOCK, &size, NULL))
    fail_if (vs_store_upload_is_lost (upload));
  head = make_head (size, 3 * BLOCK);
  write_until_done (upload, TRUE, head);
  fail_unless (vs_store_upload_commit (upload, NULL));
  vs_store_upload_free (upload);
  writes = WRITES_WELL;
  assert_object ("a.mp4", head, payload);
}

GST_END_TEST;

/* What is long is made durable on the way; what could not be is not trusted
 * any more. */
GST_START_TEST (test_sync)
{
  VsStoreUpload *upload = begin ("a.mp4", BLOCK);
  g_autoptr (GBytes) piece = make_bytes (MIB, 1);
  guint n = 0;

  failing_sync = 3;
  while (write_bytes (upload, FALSE, piece))
    n++;
  fail_unless_equals_int (n, 3 * 16 - 1);
  fail_unless (vs_store_upload_is_lost (upload));
  vs_store_upload_free (upload);
  fail_unless_equals_int (count_names (""), 0);
}

GST_END_TEST;

static Suite *
headed_suite (void)
{
  Suite *suite = suite_create ("headed");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 60);
  tcase_add_checked_fixture (tcase, setup, store_teardown);
  tcase_add_loop_test (tcase, test_head, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tcase, test_reserve_is_a_hole);
  tcase_add_loop_test (tcase, test_writes, 0, WRITES_NOT_DIRECT + 1);
  tcase_add_test (tcase, test_head_again);
  tcase_add_test (tcase, test_sync);
  return suite;
}

GST_CHECK_MAIN (headed);
