/* VisionStream: tests of what a put asks of the kernel, and of each of it
 * failing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program's own fdatasync () and so on stand in for libc's: they write down
 * that they were called, and one of them can be made to fail.
 */
#include <gst/check/gstcheck.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store/storefixture.h"

static GString *calls;          /* NULL: nobody looks */
static guint n_calls, failing;  /* the one that fails, from 1 */
static gint failure;            /* errno */

static gboolean
is_folder (gint fd)
{
  struct stat st;

  return fstat (fd, &st) == 0 && S_ISDIR (st.st_mode);
}

/* FALSE: this one fails. */
static gboolean
note (const gchar * name, gint fd)
{
  if (calls == NULL)
    return TRUE;
  g_string_append_printf (calls, "%s%s ", name, is_folder (fd) ? "/" : "");
  n_calls++;
  errno = failure;
  return n_calls != failing;
}

ssize_t
writev (int fd, const struct iovec *iov, int n)
{
  return note ("write", fd) ? syscall (SYS_writev, fd, iov, n) : -1;
}

int
fdatasync (int fd)
{
  return note ("fdatasync", fd) ? syscall (SYS_fdatasync, fd) : -1;
}

int
fsync (int fd)
{
  return note ("fsync", fd) ? syscall (SYS_fsync, fd) : -1;
}

int
mkdirat (int fd, const char *path, mode_t mode)
{
  return note ("mkdir", fd) ? syscall (SYS_mkdirat, fd, path, mode) : -1;
}

int
renameat (int from, const char *old, int to, const char *new)
{
  return note ("rename", from) ?
      syscall (SYS_renameat, from, old, to, new) : -1;
}

/* As put (), and @at-th call fails with @code; what was called is returned. */
static gchar *
watch_put (const gchar * key, const gchar * text, guint at, gint code,
    gboolean * ok, GError ** error)
{
  gchar *said;

  calls = g_string_new (NULL);
  n_calls = 0;
  failing = at;
  failure = code;
  *ok = put (key, text, error);
  said = g_strchomp (g_string_free (g_steal_pointer (&calls), FALSE));
  return said;
}

/* The bytes, then the name, then the folder that has the name; each folder
 * that is made, in its parent before anything is in it. */
GST_START_TEST (test_order)
{
  static const struct
  {
    const gchar *key, *calls;
  } rows[] = {
    {"x.ts", "write fdatasync rename/ fsync/"},
    {"a/b/x.ts", "mkdir/ fsync/ mkdir/ fsync/ write fdatasync rename/ fsync/"},
    {"a/b/x.ts", "write fdatasync rename/ fsync/"},
    {"a/c/y.ts", "mkdir/ fsync/ mkdir/ fsync/ write fdatasync rename/ fsync/"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gboolean ok;
    g_autofree gchar *said = watch_put (rows[i].key, "text", 0, 0, &ok, NULL);

    fail_unless (ok);
    fail_unless_equals_string (said, rows[i].calls);
  }
}

GST_END_TEST;

/* FALSE: there is no @at-th call. */
static gboolean
check_failure (const gchar * folder, gboolean replaces, guint at, gint code)
{
  g_autofree gchar *key = g_strdup_printf ("%s/x.ts", folder);
  g_autofree gchar *said = NULL, *again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = NULL;
  gboolean ok;

  fail_unless (!replaces || put (key, "old", NULL));
  said = watch_put (key, "new", at, code, &ok, &error);
  fail_unless (ok == (n_calls < at), "%s", said);
  got = vs_store_get (store, key, 0, -1, 100, NULL, NULL);
  if (ok || g_str_has_suffix (said, "rename/ fsync/"))
    fail_unless (memcmp (g_bytes_get_data (got, NULL), "new", 3) == 0);
  else if (replaces)
    fail_unless (memcmp (g_bytes_get_data (got, NULL), "old", 3) == 0);
  else
    fail_unless (got == NULL);
  fail_unless_equals_int (count_names (folder), got != NULL);
  if (ok)
    return FALSE;

  fail_unless (g_str_has_prefix (error->message, root));
  fail_unless (g_str_has_suffix (error->message, g_strerror (code)), "%s",
      error->message);
  again = watch_put (key, "new", 0, 0, &ok, NULL);
  fail_unless (ok, "%s", again);
  return TRUE;
}

/* faults.md 43: whichever call fails, and by what: the error says path and
 * cause, the name stands for the old object or the whole new one, nothing
 * else is left, and the next put works. */
GST_START_TEST (test_each_call_fails)
{
  static const gint codes[] = { EIO, ENOSPC, EDQUOT, EROFS };

  for (guint c = 0; c < G_N_ELEMENTS (codes); c++) {
    for (guint replaces = 0; replaces < 2; replaces++) {
      guint at = 0;
      gboolean failed;

      do {
        g_autofree gchar *folder =
            g_strdup_printf ("e%u-%u-%u", c, replaces, at);

        failed = check_failure (folder, replaces, ++at, codes[c]);
      } while (failed);
      /* see test_order */
      fail_unless_equals_int (at, replaces ? 5 : 7);
    }
  }
}

GST_END_TEST;

static Suite *
filesync_suite (void)
{
  Suite *suite = suite_create ("filesync");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, store_setup, store_teardown);
  tcase_add_test (tcase, test_order);
  tcase_add_test (tcase, test_each_call_fails);
  return suite;
}

GST_CHECK_MAIN (filesync);
