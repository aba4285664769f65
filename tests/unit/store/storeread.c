/* VisionStream: tests of reading many parts of an object at once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "store/storefixture.h"
#include "store/vsstoreclass.h"

#define SIZE (1024 * 1024)

static guint8
byte_at (guint64 offset)
{
  return offset * 31 + offset / 256 * 7;
}

/* Parts with gaps between them, or none; each third goes to another place. */
static void
check_read (VsStore * from, guint64 gap, gsize size, gboolean backwards)
{
  g_autofree guint8 *one = g_malloc0 (SIZE), *other = g_malloc0 (SIZE);
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (VsStorePart));
  guint8 *to[] = { one, other };
  g_autoptr (GError) error = NULL;

  for (guint64 at = 3; at + size <= SIZE; at += size + gap) {
    guint place = parts->len % 3 == 2;
    VsStorePart part = { at, size, to[place] };

    to[place] += size;
    g_array_insert_val (parts, backwards ? 0 : parts->len, part);
  }
  fail_unless (vs_store_read (from, "a/long", (VsStorePart *) parts->data,
          parts->len, NULL, &error), "%s", error ? error->message : "");
  for (guint i = 0; i < parts->len; i++) {
    const VsStorePart *part = &g_array_index (parts, VsStorePart, i);

    for (gsize k = 0; k < part->size; k++)
      if (part->to[k] != byte_at (part->offset + k))
        fail ("byte %" G_GUINT64_FORMAT " is wrong", part->offset + k);
  }
}

static void
check_reads (VsStore * from)
{
  static const gsize sizes[] = { 100, 5000, 70000 };
  static const guint64 gaps[] = { 0, 1, 4096, 4097, 65536, 70000 };
  guint8 buffer[20];
  const VsStorePart past = { SIZE - 10, sizeof buffer, buffer };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint k = 0; k < G_N_ELEMENTS (gaps); k++)
      check_read (from, gaps[k], sizes[i], (i + k) % 4 == 3);
  fail_if (vs_store_read (from, "a/long", &past, 1, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT));
  fail_unless (strstr (error->message, "a/long") != NULL);
  g_clear_error (&error);
  fail_if (vs_store_read (from, "a/none", &past, 1, NULL, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  g_clear_error (&error);
  fail_if (vs_store_read (from, "../none", &past, 1, NULL, &error));
  fail_unless (error != NULL);
}

static void
put_long (void)
{
  g_autofree guint8 *data = g_malloc (SIZE);
  g_autoptr (GBytes) bytes = NULL;

  for (guint64 i = 0; i < SIZE; i++)
    data[i] = byte_at (i);
  bytes = g_bytes_new (data, SIZE);
  fail_unless (vs_store_put (store, "a/long", &bytes, 1, NULL, NULL));
}

GST_START_TEST (test_file)
{
  put_long ();
  check_reads (store);
}

GST_END_TEST;

static GBytes *
plain_get (VsStore * plain, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  return vs_store_get (store, key, offset, length, max, cancellable, error);
}

static void
plain_finalize (VsStore * plain)
{
}

/* A store that has nothing but ranges to offer */
static const VsStoreClass plain_class = {
  .get = plain_get,
  .finalize = plain_finalize
};

GST_START_TEST (test_ranges)
{
  VsStore *plain = g_new0 (VsStore, 1);

  put_long ();
  vs_store_init (plain, &plain_class, "plain");
  check_reads (plain);
  vs_store_unref (plain);
}

GST_END_TEST;

static Suite *
storeread_suite (void)
{
  Suite *suite = suite_create ("storeread");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, store_setup, store_teardown);
  tcase_add_test (tcase, test_file);
  tcase_add_test (tcase, test_ranges);
  return suite;
}

GST_CHECK_MAIN (storeread);
