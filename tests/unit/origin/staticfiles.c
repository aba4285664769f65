/* VisionStream: tests of files served from memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "origin/vsstaticfiles.h"

static gchar *folder;

static void
put (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);

  g_mkdir_with_parents (parent, 0700);
  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static void
remove_file (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  g_remove (path);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vs-staticfiles-XXXXXX", NULL);
}

static void
teardown (void)
{
  static const gchar *const names[] = { "index.html", "a/app.js", "a",
    ".secret", "link", "odd", ""
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    remove_file (names[i]);
  g_free (folder);
}

GST_START_TEST (test_files)
{
  static const struct
  {
    const gchar *path, *type;   /* type NULL: not there */
  } table[] = {
    {"/", "text/html; charset=utf-8"},
    {"/index.html", "text/html; charset=utf-8"},
    {"/a/app.js", "text/javascript; charset=utf-8"},
    {"/odd", "application/octet-stream"},
    {"/a", NULL}, {"/a/", NULL}, {"/.secret", NULL}, {"/link", NULL},
    {"/../etc/passwd", NULL}, {"", NULL},
  };
  g_autoptr (VsStaticFiles) files = NULL;
  g_autofree gchar *link = g_build_filename (folder, "link", NULL);

  put ("index.html", "<!DOCTYPE html>");
  put ("a/app.js", "let x = 1;");
  put (".secret", "hidden");
  put ("odd", "?");
  fail_unless (symlink ("/etc/passwd", link) == 0);
  files = vs_static_files_new (folder);
  fail_unless_equals_int (vs_static_files_get_count (files), 3);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    const gchar *type;
    VsObject *object = vs_static_files_get (files, table[i].path, &type);

    fail_unless ((object != NULL) == (table[i].type != NULL), "%s",
        table[i].path);
    if (object)
      fail_unless_equals_string (type, table[i].type);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_folder)
{
  g_autoptr (VsStaticFiles) files = vs_static_files_new ("/does/not/exist");
  const gchar *type;

  fail_unless_equals_int (vs_static_files_get_count (files), 0);
  fail_unless (vs_static_files_get (files, "/", &type) == NULL);
}

GST_END_TEST;

static Suite *
staticfiles_suite (void)
{
  Suite *s = suite_create ("staticfiles");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_files);
  tcase_add_test (tc, test_no_folder);
  return s;
}

GST_CHECK_MAIN (staticfiles);
