/* VisionStream: keys of a test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/signfixture.h"

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "common/folder.h"

gchar *folder;

gboolean
openssl (const gchar * format, ...)
{
  g_autofree gchar *arguments = NULL;
  g_autofree gchar *line = NULL;
  g_auto (GStrv) words = NULL;
  gint status = -1;
  va_list list;

  va_start (list, format);
  arguments = g_strdup_vprintf (format, list);
  va_end (list);
  line = g_strconcat ("openssl ", arguments, NULL);
  words = g_strsplit (line, " ", -1);
  return g_spawn_sync (folder, words, NULL, G_SPAWN_SEARCH_PATH
      | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
      NULL, NULL, &status, NULL) && g_spawn_check_wait_status (status, NULL);
}

void
sign_setup (void)
{
  static const gchar *const names[] = { "rsa", "other", "ec" };

  folder = test_folder_make ("sign");
  fail_unless (openssl ("genrsa -out rsa.pem 2048"));
  fail_unless (openssl ("genrsa -out other.pem 2048"));
  fail_unless (openssl ("ecparam -name prime256v1 -genkey -out ec.pem"));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_strdup_printf ("%s/%s.pem", folder, names[i]);

    fail_unless (openssl ("pkey -in %s.pem -pubout -out %s.pub.pem", names[i],
            names[i]));
    fail_unless (g_chmod (path, 0600) == 0);
  }
}

void
sign_teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

gchar *
path_of (const gchar * name)
{
  return g_build_filename (folder, name, NULL);
}

gchar *
read_text (const gchar * name)
{
  g_autofree gchar *path = path_of (name);
  gchar *text;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL), "%s", path);
  return text;
}

void
write_text (const gchar * name, const gchar * text, gint mode)
{
  g_autofree gchar *path = path_of (name);

  fail_unless (g_file_set_contents (path, text, -1, NULL), "%s", path);
  fail_unless (g_chmod (path, mode) == 0);
}

VsSignKey *
load_private (const gchar * name)
{
  g_autofree gchar *file = g_strconcat (name, ".pem", NULL);
  g_autofree gchar *path = path_of (file);
  GError *error = NULL;
  VsSignKey *key = vs_sign_key_new_private (path, &error);

  fail_unless (key != NULL, "%s", error ? error->message : "");
  return key;
}

VsSignKey *
load_public (const gchar * name)
{
  g_autofree gchar *file = g_strconcat (name, ".pub.pem", NULL);
  g_autofree gchar *text = read_text (file);
  GError *error = NULL;
  VsSignKey *key = vs_sign_key_new_public (text, strlen (text), &error);

  fail_unless (key != NULL, "%s", error ? error->message : "");
  return key;
}

VsKeyGroup *
load_group (void)
{
  static const gchar *const ids[] = { "K1", "K2", "E1" };
  g_autoptr (VsSignKey) rsa = load_public ("rsa");
  g_autoptr (VsSignKey) other = load_public ("other");
  g_autoptr (VsSignKey) ec = load_public ("ec");
  VsSignKey *keys[] = { rsa, other, ec };
  VsKeyGroup *group = vs_key_group_new (ids, keys, G_N_ELEMENTS (ids), NULL);

  fail_unless (group != NULL);
  return group;
}

VsUrlSigner *
make_signer (const gchar * key, const gchar * id, VsSignKind kind,
    VsSignHash hash, gint64 expires)
{
  g_autoptr (VsSignKey) private = load_private (key);
  VsUrlSignerSettings settings = { private, id, kind, hash, {NULL, expires} };
  GError *error = NULL;
  VsUrlSigner *signer = vs_url_signer_new (&settings, &error);

  fail_unless (signer != NULL, "%s", error ? error->message : "");
  return signer;
}

gchar *
sign_url (VsUrlSigner * signer, const gchar * url)
{
  GString *text = g_string_new (NULL);
  GError *error = NULL;

  fail_unless (vs_url_signer_append (signer, text, url, &error), "%s: %s", url,
      error ? error->message : "");
  return g_string_free (text, FALSE);
}
