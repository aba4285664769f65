/* VisionStream: the stores of accounts, by a file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vsaccounts.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "timeline/vssegment.h"

#define FILE_MAX (4 * 1024 * 1024)

struct _VsAccounts
{
  gchar *path;
  VsStoreCopy *defaults;

  GMutex lock;
  /* protected by lock */
  GHashTable *copies;           /* account -> VsStoreCopy */
  gint64 mtime, size;
};

/* ---- the file ----------------------------------------------------------- */

static gboolean
fail (const gchar * path, const gchar * account, const gchar * reason,
    GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s%s%s: %s", path,
      account ? ": " : "", account ? account : "", reason);
  return FALSE;
}

/* A text, the default's where there is none; FALSE when it is no text. */
static gboolean
get_text (JsonObject * object, const gchar * name, const gchar ** text)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *text = json_node_get_string (node);
  return TRUE;
}

static gboolean
get_flag (JsonObject * object, const gchar * name, gboolean * flag)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;
  *flag = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
is_known (const gchar * name)
{
  static const gchar *const names[] = {
    "location", "endpoint-uri", "region", "force-path-style", "access-key",
    "secret-access-key", "session-token", "user", "password", "ca-file", NULL
  };

  return g_strv_contains (names, name);
}

static gboolean
has_strange_member (JsonObject * object)
{
  g_autoptr (GList) members = json_object_get_members (object);

  for (GList * l = members; l; l = l->next) {
    if (!is_known (l->data))
      return TRUE;
  }
  return FALSE;
}

static VsStoreCopy *
read_account (VsAccounts * self, const gchar * account, JsonObject * object,
    GError ** error)
{
  VsStoreSettings settings = *vs_store_copy_get (self->defaults);

  if (json_object_has_member (object, "access-key"))
    settings.secret_access_key = settings.session_token = NULL;
  if (json_object_has_member (object, "user"))
    settings.password = NULL;
  if (!get_text (object, "location", &settings.location)
      || !get_text (object, "endpoint-uri", &settings.endpoint_uri)
      || !get_text (object, "region", &settings.region)
      || !get_flag (object, "force-path-style", &settings.force_path_style)
      || !get_text (object, "access-key", &settings.access_key_id)
      || !get_text (object, "secret-access-key", &settings.secret_access_key)
      || !get_text (object, "session-token", &settings.session_token)
      || !get_text (object, "user", &settings.user)
      || !get_text (object, "password", &settings.password)
      || !get_text (object, "ca-file", &settings.ca_file)
      || has_strange_member (object))
    fail (self->path, account, "not settings of a store", error);
  else if (settings.location == NULL)
    fail (self->path, account, "it has no location", error);
  else
    return vs_store_copy_new (&settings);
  return NULL;
}

static gboolean
read_accounts (VsAccounts * self, JsonObject * root, GHashTable * copies,
    GError ** error)
{
  g_autoptr (GList) members = json_object_get_members (root);

  for (GList * l = members; l; l = l->next) {
    JsonNode *node = json_object_get_member (root, l->data);
    VsStoreCopy *copy;

    if (!vs_name_is_valid (l->data) || !JSON_NODE_HOLDS_OBJECT (node))
      return fail (self->path, NULL, "each member is to be an account, with "
          "an object", error);
    copy = read_account (self, l->data, json_node_get_object (node), error);
    if (copy == NULL)
      return FALSE;
    g_hash_table_insert (copies, g_strdup (l->data), copy);
  }
  return TRUE;
}

/* What a parser says may show a piece of the file: where it is, is enough. */
static GHashTable *
read_file (VsAccounts * self, GError ** error)
{
  g_autoptr (GHashTable) copies = g_hash_table_new_full (g_str_hash,
      g_str_equal, g_free, (GDestroyNotify) vs_store_copy_unref);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autofree gchar *text = NULL;
  gsize size;
  gboolean ok;

  if (!g_file_get_contents (self->path, &text, &size, error))
    return NULL;
  if (size > FILE_MAX) {
    fail (self->path, NULL, "the file is too large", error);
    return NULL;
  }
  ok = json_parser_load_from_data (parser, text, size, NULL)
      && json_parser_get_root (parser)
      && JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser));
  if (!ok) {
    g_autofree gchar *where = g_strdup_printf ("no JSON object (line %u)",
        json_parser_get_current_line (parser));

    fail (self->path, NULL, where, error);
  }
  ok = ok && read_accounts (self,
      json_node_get_object (json_parser_get_root (parser)), copies, error);
  explicit_bzero (text, size);
  return ok ? g_steal_pointer (&copies) : NULL;
}

static gboolean
has_changed (VsAccounts * self, gint64 * mtime, gint64 * size)
{
  GStatBuf st;

  if (g_stat (self->path, &st) != 0)
    return FALSE;
  *mtime = st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000;
  *size = st.st_size;
  return *mtime != self->mtime || *size != self->size;
}

/* What can't be read leaves what was known. */
static gboolean
refresh_unlocked (VsAccounts * self, GError ** error)
{
  gint64 mtime = -1, size = -1;
  GHashTable *copies;

  if (self->copies && !has_changed (self, &mtime, &size))
    return TRUE;
  if (self->copies == NULL)
    has_changed (self, &mtime, &size);
  copies = read_file (self, error);
  if (copies) {
    g_clear_pointer (&self->copies, g_hash_table_unref);
    self->copies = copies;
  }
  self->mtime = mtime;
  self->size = size;
  return copies != NULL;
}

static void
refresh_or_warn_unlocked (VsAccounts * self)
{
  g_autoptr (GError) error = NULL;

  if (!refresh_unlocked (self, &error))
    g_warning ("%s; the accounts stay as they were", error->message);
}

/* ---- accounts ----------------------------------------------------------- */

VsAccounts *
vs_accounts_open (const gchar * path, const VsStoreSettings * defaults,
    GError ** error)
{
  VsAccounts *self = g_new0 (VsAccounts, 1);

  self->path = g_strdup (path);
  self->defaults = vs_store_copy_new (defaults);
  g_mutex_init (&self->lock);
  if (refresh_unlocked (self, error))
    return self;
  vs_accounts_free (self);
  return NULL;
}

void
vs_accounts_free (VsAccounts * self)
{
  g_clear_pointer (&self->copies, g_hash_table_unref);
  vs_store_copy_unref (self->defaults);
  g_mutex_clear (&self->lock);
  g_free (self->path);
  g_free (self);
}

VsStoreCopy *
vs_accounts_find (VsAccounts * self, const gchar * account, GError ** error)
{
  VsStoreCopy *copy;

  g_mutex_lock (&self->lock);
  refresh_or_warn_unlocked (self);
  copy = g_hash_table_lookup (self->copies, account);
  if (copy)
    vs_store_copy_ref (copy);
  g_mutex_unlock (&self->lock);
  if (copy == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "%s: it has no account \"%s\"", self->path, account);
  return copy;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

GStrv
vs_accounts_list (VsAccounts * self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  g_mutex_lock (&self->lock);
  refresh_or_warn_unlocked (self);
  g_hash_table_iter_init (&iter, self->copies);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_mutex_unlock (&self->lock);
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (names, FALSE);
}
