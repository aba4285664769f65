/* VisionStream: the key groups of accounts, read from files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thread looks at the files every REFRESH_S seconds and compares their text:
 * what a date of a file tells is not enough where folders are swapped by a
 * link, or a file is written twice in a tick of the clock. What it finds takes
 * the place of the table that vs_key_groups_find () looks into.
 */
#include "sign/vskeygroup.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define REFRESH_S 5
#define FILE_MAX (4 * 1024 * 1024)
#define KEY_FILE_MAX (64 * 1024)
#define SUFFIX ".pem"

/* The files of an account as they were read: VS_KEY_GROUP_MAX at most. */
typedef struct
{
  GPtrArray *ids, *texts;
} Files;

/* @files: of which @group was made; none where those after it were no group */
typedef struct
{
  Files *files;
  VsKeyGroup *group;
} Account;

struct _VsKeyGroups
{
  gchar *path;
  void (*problem) (const GError * error, gpointer user_data);
  gpointer user_data;
  GThread *thread;

  /* held while files are read */
  GMutex refresh_lock;
  /* protected by refresh_lock: what was told last of accounts, and of the whole
   * under "" */
  GHashTable *told;             /* name -> text */

  GMutex lock;
  GCond wake;
  /* protected by lock; written with both locks held */
  GHashTable *accounts;         /* name -> Account */
  gboolean stop;
};

static void
files_free (Files * files)
{
  g_ptr_array_unref (files->ids);
  g_ptr_array_unref (files->texts);
  g_free (files);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Files, files_free);

static Files *
files_new (void)
{
  Files *files = g_new0 (Files, 1);

  files->ids = g_ptr_array_new_with_free_func (g_free);
  files->texts = g_ptr_array_new_with_free_func (g_free);
  return files;
}

static gboolean
files_equal (const Files * a, const Files * b)
{
  if (a->ids->len != b->ids->len)
    return FALSE;
  for (guint i = 0; i < a->ids->len; i++) {
    if (strcmp (a->ids->pdata[i], b->ids->pdata[i]) != 0
        || strcmp (a->texts->pdata[i], b->texts->pdata[i]) != 0)
      return FALSE;
  }
  return TRUE;
}

static void
account_free (Account * account)
{
  files_free (account->files);
  vs_key_group_unref (account->group);
  g_free (account);
}

static gboolean
fail (const gchar * path, const gchar * reason, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path,
      reason);
  return FALSE;
}

/* ---- files --------------------------------------------------------------- */

/* (transfer full): its errors are of GIO, and name the file. */
static gchar *
read_text (const gchar * path, gsize max, GError ** error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree gchar *text = NULL;
  gsize size = 0;

  if (stream == NULL)
    return NULL;
  text = g_malloc (max + 1);
  if (!g_input_stream_read_all (G_INPUT_STREAM (stream), text, max, &size,
          NULL, error)) {
    g_prefix_error (error, "%s: ", path);
    return NULL;
  }
  if (size == max || memchr (text, '\0', size)) {
    fail (path, "too large, or no text", error);
    return NULL;
  }
  text[size] = '\0';
  return g_realloc (g_steal_pointer (&text), size + 1);
}

static gboolean
add_file (Files * files, const gchar * id, const gchar * path, GError ** error)
{
  gchar *text;

  if (files->ids->len == VS_KEY_GROUP_MAX)
    return fail (path, "one key too many for its account", error);
  if (!vs_key_id_is_valid (id))
    return fail (path, "its name is no id of a key", error);
  text = read_text (path, KEY_FILE_MAX, error);
  if (text == NULL)
    return FALSE;
  g_ptr_array_add (files->ids, g_strdup (id));
  g_ptr_array_add (files->texts, text);
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* (transfer full): sorted names in a folder, without those that are hidden */
static GPtrArray *
list_folder (const gchar * path, GError ** error)
{
  g_autoptr (GFile) folder = g_file_new_for_path (path);
  g_autoptr (GFileEnumerator) files = g_file_enumerate_children (folder,
      G_FILE_ATTRIBUTE_STANDARD_NAME, G_FILE_QUERY_INFO_NONE, NULL, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GFileInfo *info = NULL;

  if (files == NULL)
    return NULL;
  do {
    if (!g_file_enumerator_iterate (files, &info, NULL, NULL, error)) {
      g_prefix_error (error, "%s: ", path);
      return NULL;
    }
    if (info && g_file_info_get_name (info)[0] != '.')
      g_ptr_array_add (names, g_strdup (g_file_info_get_name (info)));
  } while (info);
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* `<path>/<key id>.pem` */
static Files *
read_folder (const gchar * path, GError ** error)
{
  g_autoptr (GPtrArray) names = list_folder (path, error);
  g_autoptr (Files) files = files_new ();

  if (names == NULL)
    return NULL;
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *file = g_build_filename (path, name, NULL);
    g_autofree gchar *id = NULL;

    if (!g_str_has_suffix (name, SUFFIX))
      continue;
    id = g_strndup (name, strlen (name) - strlen (SUFFIX));
    if (!add_file (files, id, file, error))
      return NULL;
  }
  return g_steal_pointer (&files);
}

/* `{"<key id>": "<path>"}` */
static Files *
read_members (const gchar * path, JsonObject * object, GError ** error)
{
  g_autoptr (Files) files = files_new ();
  g_autoptr (GList) members = json_object_get_members (object);
  g_autofree gchar *folder = g_path_get_dirname (path);

  members = g_list_sort (members, (GCompareFunc) strcmp);
  for (GList * l = members; l; l = l->next) {
    JsonNode *node = json_object_get_member (object, l->data);
    g_autofree gchar *file = NULL;

    if (!JSON_NODE_HOLDS_VALUE (node)
        || json_node_get_value_type (node) != G_TYPE_STRING) {
      fail (path, "a key is the path of a file", error);
      return NULL;
    }
    file = g_canonicalize_filename (json_node_get_string (node), folder);
    if (!add_file (files, l->data, file, error))
      return NULL;
  }
  return g_steal_pointer (&files);
}

static VsKeyGroup *
make_group (const Files * files, GError ** error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_sign_key_unref);

  for (guint i = 0; i < files->ids->len; i++) {
    const gchar *text = files->texts->pdata[i];
    VsSignKey *key = vs_sign_key_new_public (text, strlen (text), error);

    if (key == NULL) {
      g_prefix_error (error, "%s: ", (gchar *) files->ids->pdata[i]);
      return NULL;
    }
    g_ptr_array_add (keys, key);
  }
  return vs_key_group_new ((const gchar * const *) files->ids->pdata,
      (VsSignKey * const *) keys->pdata, keys->len, error);
}

/* ---- refreshing ---------------------------------------------------------- */

/* What is found, and the first thing that was wrong in it. @quiet: nothing is
 * told, the first to open wants an error. */
typedef struct
{
  VsKeyGroups *self;
  GHashTable *accounts;
  GError *error;
  gboolean quiet;
} Found;

/* Once, until it is another thing; NULL when all is well. */
static void
tell (Found * found, const gchar * name, GError * error)
{
  VsKeyGroups *self = found->self;
  const gchar *last = g_hash_table_lookup (self->told, name);

  if (error == NULL) {
    g_hash_table_remove (self->told, name);
    return;
  }
  if (!found->quiet && self->problem
      && (last == NULL || strcmp (last, error->message) != 0))
    self->problem (error, self->user_data);
  g_hash_table_replace (self->told, g_strdup (name), g_strdup (error->message));
  if (found->error == NULL)
    found->error = error;
  else
    g_error_free (error);
}

static void
keep (Found * found, const gchar * name, Files * files, VsKeyGroup * group)
{
  Account *account = g_new0 (Account, 1);

  account->files = files;
  account->group = vs_key_group_ref (group);
  g_hash_table_replace (found->accounts, g_strdup (name), account);
}

/* @files: (transfer full) (nullable): what the account has now; @error: why
 * there are none. Only a refresh changes the table, so that this one reads it
 * without the lock. */
static void
take_account (Found * found, const gchar * name, Files * files, GError * error)
{
  Account *last = found->self->accounts ?
      g_hash_table_lookup (found->self->accounts, name) : NULL;
  g_autoptr (VsKeyGroup) group = NULL;

  if (files && last && files_equal (files, last->files)) {
    tell (found, name, NULL);
    keep (found, name, files, last->group);
    return;
  }
  if (files)
    group = make_group (files, &error);
  if (group == NULL) {
    g_prefix_error (&error, "%s: ", name);
    g_clear_pointer (&files, files_free);
    if (last)
      keep (found, name, files_new (), last->group);
  } else {
    keep (found, name, files, group);
  }
  tell (found, name, error);
}

static void
find_in_folder (Found * found)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) names = list_folder (found->self->path, &error);

  tell (found, "", error);
  for (guint i = 0; names && i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *path = g_build_filename (found->self->path, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
      Files *files;

      error = NULL;
      files = read_folder (path, &error);
      take_account (found, name, files, error);
    }
  }
}

static JsonObject *
read_json (const gchar * path, JsonParser * parser, GError ** error)
{
  g_autofree gchar *text = read_text (path, FILE_MAX, error);
  JsonNode *root;

  if (text == NULL)
    return NULL;
  if (!json_parser_load_from_data (parser, text, -1, NULL)
      || (root = json_parser_get_root (parser)) == NULL
      || !JSON_NODE_HOLDS_OBJECT (root)) {
    fail (path, "no JSON object", error);
    return NULL;
  }
  return json_node_get_object (root);
}

static void
find_in_file (Found * found)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  GError *error = NULL;
  JsonObject *root = read_json (found->self->path, parser, &error);
  g_autoptr (GList) members = root ? json_object_get_members (root) : NULL;

  tell (found, "", error);
  for (GList * l = members; l; l = l->next) {
    JsonNode *node = json_object_get_member (root, l->data);
    Files *files = NULL;

    error = NULL;
    if (JSON_NODE_HOLDS_OBJECT (node))
      files = read_members (found->self->path, json_node_get_object (node),
          &error);
    else
      fail (found->self->path, "an account is an object", &error);
    take_account (found, l->data, files, error);
  }
}

/* With refresh_lock held. What holds the accounts can't be read: they stay. */
static gboolean
refresh (VsKeyGroups * self, gboolean quiet, GError ** error)
{
  Found found = { self, NULL, NULL, quiet };
  GHashTable *last = NULL;
  gboolean ok;

  found.accounts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) account_free);
  if (g_file_test (self->path, G_FILE_TEST_IS_DIR))
    find_in_folder (&found);
  else
    find_in_file (&found);
  ok = found.error == NULL;
  if (found.error)
    g_propagate_error (error, found.error);
  if (g_hash_table_contains (self->told, "")) {
    g_hash_table_unref (found.accounts);
    return ok;
  }
  g_mutex_lock (&self->lock);
  last = self->accounts;
  self->accounts = found.accounts;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&last, g_hash_table_unref);
  return ok;
}

void
vs_key_groups_refresh (VsKeyGroups * self)
{
  g_mutex_lock (&self->refresh_lock);
  refresh (self, FALSE, NULL);
  g_mutex_unlock (&self->refresh_lock);
}

static gboolean
wait_for_stop (VsKeyGroups * self)
{
  gint64 end = g_get_monotonic_time () + REFRESH_S * G_USEC_PER_SEC;
  gboolean stop;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_cond_wait_until (&self->wake, &self->lock, end));
  stop = self->stop;
  g_mutex_unlock (&self->lock);
  return stop;
}

static gpointer
run (gpointer data)
{
  while (!wait_for_stop (data))
    vs_key_groups_refresh (data);
  return NULL;
}

/* ---- groups -------------------------------------------------------------- */

VsKeyGroups *
vs_key_groups_open (const gchar * path,
    void (*problem) (const GError * error, gpointer user_data),
    gpointer user_data, GError ** error)
{
  VsKeyGroups *self = g_new0 (VsKeyGroups, 1);

  self->path = g_strdup (path);
  self->problem = problem;
  self->user_data = user_data;
  self->told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_mutex_init (&self->refresh_lock);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  if (refresh (self, TRUE, error)) {
    self->thread = g_thread_new ("key groups", run, self);
    return self;
  }
  vs_key_groups_free (self);
  return NULL;
}

void
vs_key_groups_free (VsKeyGroups * self)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);
  if (self->thread)
    g_thread_join (self->thread);
  g_clear_pointer (&self->accounts, g_hash_table_unref);
  g_hash_table_unref (self->told);
  g_mutex_clear (&self->refresh_lock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self->path);
  g_free (self);
}

VsKeyGroup *
vs_key_groups_find (VsKeyGroups * self, const gchar * account)
{
  VsKeyGroup *group = NULL;
  Account *found;

  g_mutex_lock (&self->lock);
  found = g_hash_table_lookup (self->accounts, account);
  if (found)
    group = vs_key_group_ref (found->group);
  g_mutex_unlock (&self->lock);
  return group;
}
