/* VisionStream: one writer for a folder of a store that has no locks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vslease.h"
#include "store/vsstoreclass.h"

#include <string.h>

#define NAME "writer.lease"
#define GROUP "lease"
#define SIZE_MAX_READ 4096

/* An ETag that the lease never has: an MD5 of nothing that is known */
#define NO_ETAG "\"00000000000000000000000000000000\""

struct _VsLease
{
  VsStore *store;
  gchar *key;
  gchar *owner;
  gchar *etag;                  /* that we put last, or NULL */
  gboolean weak;                /* the service knows no conditions, */
  gboolean checked;             /* once it was looked at */
  gboolean is_others;           /* as it was seen last */
};

/* What the object says. */
typedef struct
{
  gchar *etag;
  gchar *owner, *host;
  gboolean released;
  gint64 age_us;
} Found;

static void
found_clear (Found * found)
{
  g_clear_pointer (&found->etag, g_free);
  g_clear_pointer (&found->owner, g_free);
  g_clear_pointer (&found->host, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, found_clear);

VsLease *
vs_lease_new (VsStore * store, const gchar * folder, const gchar * owner)
{
  VsLease *lease = g_new0 (VsLease, 1);

  lease->store = vs_store_ref (store);
  lease->key = g_strconcat (folder, "/" NAME, NULL);
  lease->owner = g_strdup (owner);
  return lease;
}

void
vs_lease_free (VsLease * lease)
{
  vs_store_unref (lease->store);
  g_free (lease->key);
  g_free (lease->owner);
  g_free (lease->etag);
  g_free (lease);
}

static GBytes *
render (VsLease * lease, gboolean released)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize size;
  gchar *text;

  g_key_file_set_string (file, GROUP, "owner", lease->owner);
  g_key_file_set_string (file, GROUP, "host", g_get_host_name ());
  g_key_file_set_boolean (file, GROUP, "released", released);
  text = g_key_file_to_data (file, &size, NULL);
  return g_bytes_new_take (text, size);
}

gchar *
vs_lease_dup_remark (VsLease * lease)
{
  return lease->weak ? g_strdup_printf ("%s/%s: this service does not put "
      "under a condition: it can't keep two writers apart that begin in the "
      "same moment", vs_store_get_location (lease->store), lease->key) : NULL;
}

static gboolean
put (VsLease * lease, const gchar * etag, gboolean released,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GBytes) bytes = render (lease, released);
  g_autoptr (GError) cause = NULL;
  gchar *put = NULL;

  if (!lease->weak && vs_store_put_if (lease->store, lease->key, bytes, etag,
          &put, cancellable, &cause)) {
    g_free (lease->etag);
    lease->etag = put;
    return TRUE;
  }
  if (cause && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  lease->weak = TRUE;
  return vs_store_put (lease->store, lease->key, &bytes, 1, cancellable, error);
}

/* What can't be read is nobody's. */
static void
parse (GBytes * bytes, Found * found)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (!g_key_file_load_from_bytes (file, bytes, G_KEY_FILE_NONE, NULL))
    return;
  found->owner = g_key_file_get_string (file, GROUP, "owner", NULL);
  found->host = g_key_file_get_string (file, GROUP, "host", NULL);
  found->released = g_key_file_get_boolean (file, GROUP, "released", NULL);
}

static gboolean
read_lease (VsLease * lease, Found * found, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsStoreObject) object = vs_store_stat (lease->store, lease->key,
      cancellable, error);
  g_autoptr (GBytes) bytes = NULL;
  gint64 now;

  if (object == NULL)
    return FALSE;
  found->etag = g_strdup (object->etag);
  now = vs_store_get_time (lease->store, lease->key);
  found->age_us = now < 0 || object->mtime_us <= 0 ? 0 : now - object->mtime_us;
  if (found->etag == NULL)
    lease->weak = TRUE;
  bytes =
      vs_store_get (lease->store, lease->key, 0, -1, SIZE_MAX_READ, cancellable,
      error);
  if (bytes == NULL)
    return FALSE;
  parse (bytes, found);
  return TRUE;
}

static gboolean
set_busy (VsLease * lease, const Found * found, GError ** error)
{
  g_autofree gchar *host = g_strdup (found && found->host ? found->host :
      "another machine");

  g_strcanon (host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-. ", '?');
  lease->is_others = TRUE;
  g_clear_error (error);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_BUSY, "%s/%s: another writer has "
      "this event, on %s: stop that one (what it holds is free %d s after "
      "it died), or choose another event",
      vs_store_get_location (lease->store), lease->key, host, VS_LEASE_SECONDS);
  return FALSE;
}

static gboolean
take_found (VsLease * lease, const Found * found, VsLeaseState * state,
    GCancellable * cancellable, GError ** error)
{
  gboolean ours = g_strcmp0 (found->owner, lease->owner) == 0;

  if (!ours && found->owner && !found->released
      && found->age_us < VS_LEASE_SECONDS * G_TIME_SPAN_SECOND)
    return set_busy (lease, found, error);
  *state = ours ? VS_LEASE_OURS : VS_LEASE_TAKEN_OVER;
  return put (lease, found->etag, FALSE, cancellable, error);
}

static gboolean
take_once (VsLease * lease, VsLeaseState * state, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Found) found = { NULL, };
  g_autoptr (GError) cause = NULL;

  if (read_lease (lease, &found, cancellable, &cause))
    return take_found (lease, &found, state, cancellable, error);
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
    *state = VS_LEASE_NEW;
    return put (lease, NULL, FALSE, cancellable, error);
  }
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Puts it where it is ours all the same: the answer to a put was lost. */
static gboolean
put_ours (VsLease * lease, gboolean released, GCancellable * cancellable,
    GError ** error)
{
  g_auto (Found) found = { NULL, };
  g_autoptr (GError) cause = NULL;

  if (!read_lease (lease, &found, cancellable, &cause)) {
    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
      return put (lease, NULL, released, cancellable, error);
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (g_strcmp0 (found.owner, lease->owner) != 0)
    return set_busy (lease, &found, error);
  return put (lease, found.etag, released, cancellable, error);
}

/* Whether the service looks at a condition that does not hold. What it puts if
 * it does not is what is there. */
static gboolean
try_condition (VsLease * lease, const gchar * etag, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GBytes) bytes = render (lease, FALSE);
  g_autoptr (GError) cause = NULL;

  if (vs_store_put_if (lease->store, lease->key, bytes, etag, NULL,
          cancellable, &cause)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED)) {
    lease->weak = TRUE;
    return TRUE;
  }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Whether it is still ours when all others who saw it free have put it too
 * (Fischer's mutual exclusion). */
static gboolean
settle (VsLease * lease, GCancellable * cancellable, GError ** error)
{
  g_auto (Found) found = { NULL, };

  if (!vs_store_wait (VS_LEASE_SETTLE_MS * G_TIME_SPAN_MILLISECOND,
          cancellable, error) || !read_lease (lease, &found, cancellable,
          error))
    return FALSE;
  return g_strcmp0 (found.owner, lease->owner) == 0
      || set_busy (lease, &found, error);
}

static gboolean
check_service (VsLease * lease, GCancellable * cancellable, GError ** error)
{
  if (!lease->weak && (!try_condition (lease, NULL, cancellable, error)
          || (!lease->weak && !try_condition (lease, NO_ETAG, cancellable,
                  error))))
    return FALSE;
  lease->checked = !lease->weak || settle (lease, cancellable, error);
  return lease->checked;
}

static gboolean
take (VsLease * lease, VsLeaseState * state, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) cause = NULL;
  gboolean ok = take_once (lease, state, cancellable, &cause);

  /* somebody was faster, or an answer was lost */
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS)) {
    g_clear_error (&cause);
    ok = put_ours (lease, FALSE, cancellable, &cause);
  }
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS))
    set_busy (lease, NULL, &cause);
  if (ok)
    return check_service (lease, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static gboolean
renew (VsLease * lease, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  if (lease->etag && lease->checked && !lease->weak
      && put (lease, lease->etag, FALSE, cancellable, &cause))
    return TRUE;
  if (cause == NULL || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_EXISTS)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return put_ours (lease, FALSE, cancellable, error)
        && (lease->checked || check_service (lease, cancellable, error));
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* A service that is busy itself says nothing of whose the folder is. */
static gboolean
hand_on (VsLease * lease, GError * cause, GError ** error)
{
  if (cause == NULL)
    return TRUE;
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_BUSY)
      && !lease->is_others)
    cause->code = G_IO_ERROR_FAILED;
  g_propagate_error (error, cause);
  return FALSE;
}

gboolean
vs_lease_take (VsLease * lease, VsLeaseState * state,
    GCancellable * cancellable, GError ** error)
{
  GError *cause = NULL;

  lease->is_others = FALSE;
  take (lease, state, cancellable, &cause);
  return hand_on (lease, cause, error);
}

gboolean
vs_lease_renew (VsLease * lease, GCancellable * cancellable, GError ** error)
{
  GError *cause = NULL;

  lease->is_others = FALSE;
  renew (lease, cancellable, &cause);
  return hand_on (lease, cause, error);
}

void
vs_lease_release (VsLease * lease, GCancellable * cancellable)
{
  if (lease->weak)
    put_ours (lease, TRUE, cancellable, NULL);
  else if (lease->etag)
    put (lease, lease->etag, TRUE, cancellable, NULL);
}
