/* VisionStream: many stores as one, told apart by account and event
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A key's first two parts are the account and the event. They say which store
 * it is in: by a template, in which they stand for `{account}` and `{event}`
 * and need not stand in the key any more, or by a file that has a store for
 * each account. Stores are opened when they are first wanted.
 *
 * One lock, over the stores that are open and the accounts; operations run
 * without it.
 */
#include "store/vsaccounts.h"
#include "store/vsstoreclass.h"

#include <string.h>

#define ACCOUNT "{account}"
#define EVENT "{event}"

/* Stores that stay open; what is used at the time is beyond that. */
#define OPEN_MAX 64

typedef struct
{
  VsStore parent;
  VsStoreCopy *settings;        /* with the template, where there is one */
  VsAccounts *accounts;         /* or NULL */

  GMutex lock;
  /* protected by lock */
  GHashTable *open;             /* of settings and a location -> Open */
} VsRouteStore;

/* A store, and whose it is: of two accounts each has keys and a service of its
 * own, also where both have the same location, and new ones when the file
 * changes. */
typedef struct
{
  VsStoreCopy *settings;        /* so that no others come where these were */
  VsStore *store;
} Open;

static void
open_free (Open * open)
{
  vs_store_unref (open->store);
  vs_store_copy_unref (open->settings);
  g_free (open);
}

/* Where a key leads. */
typedef struct
{
  VsStore *store;
  gchar *key;                   /* in it */
  gsize skipped;                /* bytes of the key's beginning that it lacks */
} Route;

static void
route_clear (Route * route)
{
  g_clear_pointer (&route->store, vs_store_unref);
  g_clear_pointer (&route->key, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Route, route_clear);

/* ---- where a key leads -------------------------------------------------- */

static gchar *
replace (const gchar * text, const gchar * what, const gchar * by)
{
  g_auto (GStrv) parts = g_strsplit (text, what, -1);

  return g_strjoinv (by, parts);
}

static gchar *
expand (const gchar * location, const gchar * account, const gchar * event)
{
  g_autofree gchar *half = replace (location, ACCOUNT, account);

  return replace (half, EVENT, event);
}

static VsStore *
find_open (VsRouteStore * self, const gchar * name)
{
  VsStore *store = NULL;
  Open *open;

  g_mutex_lock (&self->lock);
  open = g_hash_table_lookup (self->open, name);
  if (open)
    store = vs_store_ref (open->store);
  g_mutex_unlock (&self->lock);
  return store;
}

/* The store at a location, as @copy has it; others are closed to make room. */
static VsStore *
open_store (VsRouteStore * self, VsStoreCopy * copy, const gchar * location,
    GError ** error)
{
  g_autofree gchar *name = g_strdup_printf ("%p %s", (gpointer) copy, location);
  VsStoreSettings settings = *vs_store_copy_get (copy);
  VsStore *store = find_open (self, name);
  Open *open;

  if (store)
    return store;
  /* nothing is connected to yet: this does not block */
  settings.location = location;
  store = vs_store_open_with (&settings, error);
  if (store == NULL)
    return NULL;
  open = g_new (Open, 1);
  open->settings = vs_store_copy_ref (copy);
  open->store = vs_store_ref (store);
  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->open) >= OPEN_MAX)
    g_hash_table_remove_all (self->open);
  g_hash_table_replace (self->open, g_steal_pointer (&name), open);
  g_mutex_unlock (&self->lock);
  return store;
}

/* What of a key is in the location already: the parts before @rest. */
static const gchar *
skip_parts (const gchar * location, const gchar * key, const gchar * event,
    const gchar * rest)
{
  if (strstr (location, EVENT))
    return rest;
  return strstr (location, ACCOUNT) ? event : key;
}

static gboolean
find_route (VsRouteStore * self, const gchar * key, Route * route,
    GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (key, "/", 3);
  g_autoptr (VsStoreCopy) copy = self->accounts ?
      vs_accounts_find (self->accounts, parts[0], error) :
      vs_store_copy_ref (self->settings);
  const gchar *event, *rest, *from;
  const gchar *template;
  g_autofree gchar *location = NULL;

  if (copy == NULL)
    return FALSE;
  template = vs_store_copy_get (copy)->location;
  event = key + strlen (parts[0]);
  event += *event == '/';
  rest = event + (parts[1] ? strlen (parts[1]) : 0);
  rest += *rest == '/';
  from = skip_parts (template, key, event, rest);
  location = expand (template, parts[0], parts[1] ? parts[1] : "");
  route->store = open_store (self, copy, location, error);
  route->key = g_strdup (from);
  route->skipped = from - key;
  return route->store != NULL;
}

/* ---- operations --------------------------------------------------------- */

static VsStoreUpload *
route_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error) ?
      vs_store_upload_new (route.store, route.key, cancellable, error) : NULL;
}

static VsStoreUpload *
route_upload_new_headed (VsStore * store, const gchar * key,
    const VsStoreHead * head, GCancellable * cancellable, GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error) ?
      vs_store_upload_new_headed (route.store, route.key, head, cancellable,
      error) : NULL;
}

static gboolean
route_check_headed (VsStore * store, const gchar * folder, GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, folder, &route, error)
      && vs_store_check_headed (route.store, route.key, error);
}

static GBytes *
route_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error) ?
      vs_store_get (route.store, route.key, offset, length, max, cancellable,
      error) : NULL;
}

static gboolean
route_read (VsStore * store, const gchar * key, const VsStorePart * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error)
      && vs_store_read (route.store, route.key, parts, n_parts, cancellable,
      error);
}

static VsStoreObject *
route_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Route) route = { NULL, };
  VsStoreObject *object;

  if (!find_route ((VsRouteStore *) store, key, &route, error))
    return NULL;
  object = vs_store_stat (route.store, route.key, cancellable, error);
  if (object) {
    g_free (object->key);
    object->key = g_strdup (key);
  }
  return object;
}

/* The keys of @objects as they are here: with @before ahead of them. */
static void
prepend (GPtrArray * objects, const gchar * before, gsize length)
{
  for (guint i = 0; i < objects->len; i++) {
    VsStoreObject *object = g_ptr_array_index (objects, i);
    g_autofree gchar *key = object->key;

    object->key = g_strdup_printf ("%.*s%s%s", (gint) length, before,
        length > 0 && before[length - 1] != '/' ? "/" : "", key);
  }
}

/* The accounts are known where a file has them; their events, where each has a
 * folder of its own. */
static GPtrArray *
list_accounts (VsRouteStore * self, const gchar * suffix)
{
  GPtrArray *objects =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_store_object_free);
  g_auto (GStrv) names = self->accounts && (suffix == NULL
      || strcmp (suffix, "/") == 0) ? vs_accounts_list (self->accounts) : NULL;

  for (guint i = 0; names && names[i]; i++) {
    g_autofree gchar *key = g_strconcat (names[i], "/", NULL);

    g_ptr_array_add (objects, vs_store_object_new (key, 0, 0, NULL));
  }
  return objects;
}

/* The store above the events of an account: the location up to the last part,
 * where that is `{event}`. */
static gboolean
find_parent (VsRouteStore * self, const gchar * account, Route * route,
    GError ** error)
{
  g_autoptr (VsStoreCopy) copy = self->accounts ?
      vs_accounts_find (self->accounts, account, error) :
      vs_store_copy_ref (self->settings);
  g_autofree gchar *expanded = NULL;
  const gchar *template;

  if (copy == NULL)
    return FALSE;
  template = vs_store_copy_get (copy)->location;
  if (!g_str_has_suffix (template, "/" EVENT)) {
    route->skipped = strstr (template, ACCOUNT) ? strlen (account) : 0;
    route->key = g_strdup (route->skipped ? "" : account);
  }
  expanded = expand (template, account, "");
  while (g_str_has_suffix (expanded, "/") && !g_str_has_suffix (expanded,
          "://"))
    expanded[strlen (expanded) - 1] = '\0';
  if (route->key == NULL) {
    route->key = g_strdup ("");
    route->skipped = strlen (account);
  }
  route->store = open_store (self, copy, expanded, error);
  return route->store != NULL;
}

static GPtrArray *
route_list (VsStore * store, const gchar * prefix, const gchar * suffix,
    GCancellable * cancellable, GError ** error)
{
  VsRouteStore *self = (VsRouteStore *) store;
  g_auto (Route) route = { NULL, };
  GPtrArray *objects;
  gboolean found;

  if (prefix[0] == '\0')
    return list_accounts (self, suffix);
  found = strchr (prefix, '/') ? find_route (self, prefix, &route, error) :
      find_parent (self, prefix, &route, error);
  if (!found)
    return NULL;
  objects = vs_store_list (route.store, route.key, suffix, cancellable, error);
  if (objects)
    prepend (objects, prefix, route.skipped);
  return objects;
}

static gboolean
route_find (VsStore * store, const gchar * const *keys, guint n_keys,
    gboolean * found, GCancellable * cancellable, GError ** error)
{
  g_auto (Route) route = { NULL, };
  g_autofree const gchar **inner = g_new (const gchar *, n_keys);

  if (n_keys == 0)
    return TRUE;
  /* they are of one folder */
  if (!find_route ((VsRouteStore *) store, keys[0], &route, error))
    return FALSE;
  for (guint i = 0; i < n_keys; i++)
    inner[i] = keys[i] + route.skipped;
  return vs_store_find (route.store, inner, n_keys, found, cancellable, error);
}

static gboolean
route_can_put_if (VsStore * store, const gchar * folder)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, folder, &route, NULL)
      && vs_store_can_put_if (route.store, route.key);
}

static gboolean
route_put_if (VsStore * store, const gchar * key, GBytes * bytes,
    const gchar * etag, gchar ** new_etag, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error)
      && vs_store_put_if (route.store, route.key, bytes, etag, new_etag,
      cancellable, error);
}

static gint64
route_get_time (VsStore * store, const gchar * key)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, NULL) ?
      vs_store_get_time (route.store, route.key) : -1;
}

static gboolean
route_clean (VsStore * store, const gchar * prefix, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, prefix, &route, error)
      && vs_store_clean (route.store, route.key, cancellable, error);
}

static gboolean
route_remove (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Route) route = { NULL, };

  return find_route ((VsRouteStore *) store, key, &route, error)
      && vs_store_delete (route.store, route.key, cancellable, error);
}

typedef struct
{
  VsStore *store;
  gpointer lock;
} RouteLock;

static gpointer
route_lock (VsStore * store, const gchar * prefix, GError ** error)
{
  g_auto (Route) route = { NULL, };
  gpointer inner;
  RouteLock *lock;

  if (!find_route ((VsRouteStore *) store, prefix, &route, error))
    return NULL;
  inner = vs_store_lock (route.store, route.key, error);
  if (inner == NULL)
    return NULL;
  lock = g_new (RouteLock, 1);
  lock->store = g_steal_pointer (&route.store);
  lock->lock = inner;
  return lock;
}

static void
route_unlock (VsStore * store, gpointer data)
{
  RouteLock *lock = data;

  vs_store_unlock (lock->store, lock->lock);
  vs_store_unref (lock->store);
  g_free (lock);
}

static void
route_finalize (VsStore * store)
{
  VsRouteStore *self = (VsRouteStore *) store;

  g_hash_table_unref (self->open);
  g_clear_pointer (&self->settings, vs_store_copy_unref);
  g_clear_pointer (&self->accounts, vs_accounts_free);
  g_mutex_clear (&self->lock);
}

#define OPERATIONS                                                      \
  .upload_new = route_upload_new,                                       \
  .upload_new_headed = route_upload_new_headed,                         \
  .check_headed = route_check_headed,                                   \
  .get = route_get, .read = route_read,                                 \
  .stat = route_stat, .list = route_list, .find = route_find,           \
  .put_if = route_put_if, .get_time = route_get_time,                   \
  .can_put_if = route_can_put_if,                                       \
  .clean = route_clean, .remove = route_remove, .lock = route_lock,     \
  .unlock = route_unlock, .finalize = route_finalize

static const VsStoreClass route_class = { OPERATIONS };
static const VsStoreClass remote_route_class = {.is_remote = TRUE, OPERATIONS };

/* ---- opening ------------------------------------------------------------ */

static gboolean
check_template (const gchar * location, GError ** error)
{
  g_autofree gchar *filled = expand (location, "a", "a");

  if (strstr (location, EVENT) && !strstr (location, ACCOUNT)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s: with " EVENT " alone, accounts would share each other's events: "
        "put " ACCOUNT " in too", location);
    return FALSE;
  }
  if (!strpbrk (filled, "{}"))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
      "%s: what can stand in braces is " ACCOUNT " and " EVENT, location);
  return FALSE;
}

static gboolean
is_directory (const gchar * location)
{
  g_autofree gchar *scheme = g_uri_parse_scheme (location);

  return scheme == NULL || g_ascii_strcasecmp (scheme, "file") == 0;
}

VsStore *
vs_route_store_open (const VsStoreSettings * settings, GError ** error)
{
  const gchar *location = settings->location;
  VsAccounts *accounts = NULL;
  VsRouteStore *self;

  if (!settings->accounts_file && !check_template (location, error))
    return NULL;
  if (settings->accounts_file) {
    accounts = vs_accounts_open (settings->accounts_file, settings, error);
    if (accounts == NULL)
      return NULL;
  }
  self = g_new0 (VsRouteStore, 1);
  vs_store_init (&self->parent, !accounts && is_directory (location) ?
      &route_class : &remote_route_class,
      accounts ? settings->accounts_file : location);
  self->settings = vs_store_copy_new (settings);
  self->accounts = accounts;
  g_mutex_init (&self->lock);
  self->open = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) open_free);
  return &self->parent;
}
