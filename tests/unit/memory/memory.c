/* VisionStream: tests of vsmemory.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory/vsmemory.h"

#define MB ((gsize) 1024 * 1024)
#define THREADS 4
#define ROUNDS 2000

/* Under a sanitizer nothing is kept. */
static gboolean
keeps (void)
{
#ifdef __SANITIZE_ADDRESS__
  return FALSE;
#else
  return TRUE;
#endif
}

static void
drop_all (void)
{
  /* the largest that is kept pushes all others out, but one */
  vs_memory_free (vs_memory_alloc (VS_MEMORY_KEPT_MAX / 2));
  vs_memory_free (vs_memory_alloc (VS_MEMORY_KEPT_MAX / 2));
}

GST_START_TEST (test_sizes)
{
  static const gsize sizes[] = { 0, 1, 1000, MB / 8 - 1, MB / 8, MB + 1,
    3 * MB - 1, 40 * MB
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint8 *block = vs_memory_alloc (sizes[i]);

    fail_unless (vs_memory_get_capacity (block) >= sizes[i]);
    fail_unless (vs_memory_get_capacity (block) <= sizes[i] + sizes[i] / 8 + 1);
    fail_unless_equals_int ((guintptr) block % 16, 0);
    memset (block, 0xa5, vs_memory_get_capacity (block));
    vs_memory_free (block);
  }
  fail_unless (vs_memory_try_alloc (G_MAXSIZE) == NULL);
  vs_memory_free (NULL);
}

GST_END_TEST;

/* The smallest that is enough is given again; nothing far too large is. */
GST_START_TEST (test_again)
{
  guint8 *large, *small, *again;

  drop_all ();
  large = vs_memory_alloc (4 * MB);
  small = vs_memory_alloc (4 * MB - MB / 4);
  vs_memory_free (large);
  vs_memory_free (small);
  again = vs_memory_alloc (4 * MB - MB / 3);
  fail_unless_equals_int (again == small, keeps ());
  vs_memory_free (again);
  again = vs_memory_alloc (MB / 2);
  fail_if (again == small || again == large);
  vs_memory_free (again);
}

GST_END_TEST;

/* What is kept makes room for what it can't serve. */
GST_START_TEST (test_room)
{
  guint8 *block;
  gsize before;

  drop_all ();
  vs_memory_free (vs_memory_alloc (2 * MB));
  before = vs_memory_get_kept ();
  fail_unless_equals_int (before >= 2 * MB, keeps ());
  block = vs_memory_alloc (3 * MB);
  fail_unless_equals_uint64 (vs_memory_get_kept (),
      keeps ()? before - 2 * MB : 0);
  vs_memory_free (block);
  /* but a short one does not push out what is far too long for it */
  before = vs_memory_get_kept ();
  block = vs_memory_alloc (MB / 8);
  fail_unless_equals_uint64 (vs_memory_get_kept (), before);
  vs_memory_free (block);
}

GST_END_TEST;

/* Bytes of memory that a block takes */
static gsize
get_resident (gconstpointer block)
{
  gsize page = sysconf (_SC_PAGESIZE);
  gsize start = (gsize) block / page * page;
  gsize end = (gsize) block + vs_memory_get_capacity (block);
  gsize n = (end - start + page - 1) / page, resident = 0;
  g_autofree guint8 *pages = g_malloc (n);

  fail_unless (mincore ((gpointer) start, n * page, pages) == 0);
  for (gsize i = 0; i < n; i++)
    resident += (pages[i] & 1) * page;
  return resident;
}

/* An object takes no more than a little behind its end. */
GST_START_TEST (test_shrunk)
{
  static const gsize sizes[] = { MB, 3 * MB, 4 * MB - MB / 16 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint8 *block = vs_memory_alloc (4 * MB);
    g_autoptr (GBytes) bytes = NULL;

    memset (block, 1, 4 * MB);
    bytes = vs_memory_to_bytes (block, sizes[i]);
    fail_unless (get_resident (g_bytes_get_data (bytes, NULL))
        <= sizes[i] + sizes[i] / 4);
  }
}

GST_END_TEST;

GST_START_TEST (test_bounded)
{
  guint8 *blocks[40];

  for (guint size = 1; size <= 5; size++) {
    for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
      blocks[i] = vs_memory_alloc (size * MB);
    for (guint i = 0; i < G_N_ELEMENTS (blocks); i++) {
      vs_memory_free (blocks[i]);
      fail_unless (vs_memory_get_kept () <= VS_MEMORY_KEPT_MAX);
    }
    fail_unless (!keeps () || vs_memory_get_kept () >= 12 * MB);
  }
  vs_memory_free (vs_memory_alloc (VS_MEMORY_KEPT_MAX + 1));
  fail_unless (vs_memory_get_kept () <= VS_MEMORY_KEPT_MAX);
}

GST_END_TEST;

static void
fill (guint8 * data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    data[i] = i * 7;
}

static gboolean
is_filled (const guint8 * data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (data[i] != (guint8) (i * 7))
      return FALSE;
  return TRUE;
}

GST_START_TEST (test_contents)
{
  static const gsize ends[] = { 0, 1, MB / 2, 2 * MB - 1, 2 * MB };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    guint8 *block = vs_memory_alloc (MB);
    g_autoptr (GBytes) bytes = NULL;
    gsize size;
    const guint8 *data;

    fill (block, MB);
    block = vs_memory_realloc (block, 2 * MB);
    fail_unless (is_filled (block, MB));
    fill (block, 2 * MB);
    bytes = vs_memory_to_bytes (block, ends[i]);
    data = g_bytes_get_data (bytes, &size);
    fail_unless_equals_uint64 (size, ends[i]);
    fail_unless (is_filled (data, size));
  }
}

GST_END_TEST;

static gpointer
use_blocks (gpointer data)
{
  guint8 mark = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < ROUNDS; i++) {
    gsize size = MB / 4 + (i * 977) % MB;
    guint8 *block = vs_memory_alloc (size);

    block[0] = block[size / 2] = block[size - 1] = mark;
    g_thread_yield ();
    if (block[0] != mark || block[size / 2] != mark || block[size - 1] != mark)
      return GUINT_TO_POINTER (1);
    vs_memory_free (block);
  }
  return NULL;
}

/* A block is one thread's alone. */
GST_START_TEST (test_threads)
{
  GThread *threads[THREADS];

  for (guint i = 0; i < THREADS; i++)
    threads[i] = g_thread_new (NULL, use_blocks, GUINT_TO_POINTER (i + 1));
  for (guint i = 0; i < THREADS; i++)
    fail_unless (g_thread_join (threads[i]) == NULL);
  fail_unless (vs_memory_get_kept () <= VS_MEMORY_KEPT_MAX);
}

GST_END_TEST;

static Suite *
memory_suite (void)
{
  Suite *s = suite_create ("memory");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_again);
  tcase_add_test (tc, test_room);
  tcase_add_test (tc, test_shrunk);
  tcase_add_test (tc, test_bounded);
  tcase_add_test (tc, test_contents);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (memory);
