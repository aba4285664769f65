/* VisionStream: uploads into S3 that others began and never finished
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Their parts cost money, and nobody sees them (Amazon S3 API Reference:
 * ListMultipartUploads, AbortMultipartUpload).
 */
#include "store/vss3store.h"

#include <string.h>

#include "store/vsxmlwalk.h"

/* A page of them */
#define UPLOADS_MAX 1000

typedef struct
{
  const gchar *prefix;
  GPtrArray *pairs;             /* key, id */
  gchar *key, *id;
} Found;

static void
set_text (gchar ** field, const gchar * text)
{
  g_free (*field);
  *field = g_strdup (text);
}

static void
on_upload (const gchar * path, const gchar * text, gpointer user_data)
{
  Found *found = user_data;

  if (strcmp (path, "ListMultipartUploadsResult/Upload/Key") == 0)
    set_text (&found->key, text);
  else if (strcmp (path, "ListMultipartUploadsResult/Upload/UploadId") == 0)
    set_text (&found->id, text);
  else if (strcmp (path, "ListMultipartUploadsResult/Upload") == 0
      && found->key && found->id && vs_s3_upload_is_id (found->id)
      && g_str_has_prefix (found->key, found->prefix)
      && found->pairs->len < 2 * UPLOADS_MAX) {
    g_ptr_array_add (found->pairs, g_steal_pointer (&found->key));
    g_ptr_array_add (found->pairs, g_steal_pointer (&found->id));
  }
}

/* Those of a page, up to where it can't be read: another's upload may have a
 * name that XML has no characters for, and URL-encoded ones are not asked for
 * because Ceph 16 does not say whether it encodes these. */
static gboolean
list_uploads (VsS3Store * self, const gchar * prefix, GPtrArray * pairs,
    GCancellable * cancellable, GError ** error)
{
  const gchar *query[] = {
    "uploads", "", "delimiter", "/", "prefix", prefix, NULL
  };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  Found found = { prefix, pairs, NULL, NULL };
  g_autoptr (GError) unread = NULL;

  if (!vs_s3_client_send (self->client, &call, cancellable, &reply, error))
    return FALSE;
  if (!vs_xml_walk (reply.body, on_upload, &found, &unread))
    g_info ("%s/%s: uploads that others left: %s", self->parent.location,
        prefix, unread->message);
  g_free (found.key);
  g_free (found.id);
  return TRUE;
}

static gboolean
is_under_way (VsS3Store * store, const gchar * id)
{
  gboolean found;

  g_mutex_lock (&store->lock);
  found = g_hash_table_contains (store->uploads, id);
  g_mutex_unlock (&store->lock);
  return found;
}

/* One that is gone by now is ended, too. */
static gboolean
abort_found (VsS3Store * self, const gchar * key, const gchar * id,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  if (is_under_way (self, id)
      || vs_s3_upload_abort (self->client, key, id, cancellable, &cause)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Those whose creation was never heard of are found so too: by their keys. What
 * lies deeper is another folder's, and may be under way. One page of them: what
 * is left after that goes the next time. */
gboolean
vs_s3_upload_abort_all (VsS3Store * self, const gchar * prefix,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  if (!list_uploads (self, prefix, pairs, cancellable, error))
    return FALSE;
  for (guint i = 0; i + 1 < pairs->len; i += 2) {
    const gchar *key = g_ptr_array_index (pairs, i);

    if (!strchr (key + strlen (prefix), '/')
        && !abort_found (self, key, g_ptr_array_index (pairs, i + 1),
            cancellable, error))
      return FALSE;
  }
  return TRUE;
}
