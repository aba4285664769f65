/* VisionStream: objects into S3, whole or in parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An object that fits into one part is put with one request when it is
 * committed. For a larger one a multipart upload is begun, and a part is sent
 * whenever one is full; the object is there when the upload is completed
 * (Amazon S3 API Reference: CreateMultipartUpload, UploadPart,
 * CompleteMultipartUpload).
 *
 * The last of these requests can't be told twice: where its answer was lost,
 * the next one is that there is no such upload. So each upload has a name that
 * goes along with the object, and whether it is there is looked up.
 *
 * Of a headed object the first bytes of the payload are held back, as many as
 * a part must have: with the head in front they are the first part, and it is
 * sent last.
 */
#include "store/vss3store.h"

#include <string.h>

#include "store/vss3part.h"
#include "store/vsxmlwalk.h"

/* A part has at least 5 MiB, but for the last; there are 10,000 at most. With
 * these sizes that is 620 GB, and 8 MiB of them in memory. */
#define PART_MIN (5 * 1024 * 1024)
#define PART_SIZE (8 * 1024 * 1024)
#define LARGE_PART_SIZE (64 * 1024 * 1024)
#define SMALL_PARTS 256
#define PARTS_MAX 10000
/* Parts of a headed object end where a write does: this leaves room for one. */
#define HEADED_PART_SIZE (6 * 1024 * 1024)

/* An upload's id and an ETag, as services make them */
#define ID_MAX 1024

typedef struct
{
  VsStoreUpload parent;
  gchar *key;
  gchar *id;                    /* of the multipart upload, or NULL */
  gchar *name;                  /* that the object has from it */
  GPtrArray *etags;             /* of the parts, as far as they were sent */
  VsS3Part part;                /* that is being filled */
  guint64 size;                 /* of what was sent in parts */
  guint64 written;              /* all in all */
  VsSha256 sha256;              /* of all, where it was told ahead */
  gboolean done;

  gboolean is_headed;
  VsS3Part held;                /* the payload's first bytes */
  VsS3Part head;                /* what goes in front of them */
} VsS3Upload;

static VsS3Client *
client_of (VsS3Upload * self)
{
  return ((VsS3Store *) self->parent.store)->client;
}

static gsize
part_size (VsS3Upload * self)
{
  if (self->etags->len >= SMALL_PARTS)
    return LARGE_PART_SIZE;
  return self->is_headed ? HEADED_PART_SIZE : PART_SIZE;
}

VsStoreUpload *
vs_s3_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  VsS3Upload *self = g_new0 (VsS3Upload, 1);

  vs_store_upload_init (&self->parent, store, cancellable);
  self->key = vs_s3_store_get_key ((VsS3Store *) store, key);
  self->etags = g_ptr_array_new_with_free_func (g_free);
  vs_s3_part_init (&self->part);
  vs_s3_part_init (&self->held);
  vs_s3_part_init (&self->head);
  return &self->parent;
}

/* ---- parts -------------------------------------------------------------- */

typedef struct
{
  const gchar *path;
  gchar *text;
} Wanted;

static void
on_wanted (const gchar * path, const gchar * text, gpointer user_data)
{
  Wanted *wanted = user_data;

  if (wanted->text == NULL && strcmp (path, wanted->path) == 0)
    wanted->text = g_strdup (text);
}

gboolean
vs_s3_upload_is_id (const gchar * text)
{
  gsize length = 0;

  while (length <= ID_MAX && g_ascii_isgraph (text[length]))
    length++;
  return length > 0 && text[length] == '\0';
}

/* The text of one element, NULL without. */
static gchar *
find_text (GBytes * document, const gchar * path)
{
  Wanted wanted = { path, NULL };

  if (!vs_xml_walk (document, on_wanted, &wanted, NULL))
    g_clear_pointer (&wanted.text, g_free);
  return wanted.text;
}

static gboolean
set_strange_error (VsS3Upload * self, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: the service's answer to an upload of %s can't be read",
      self->parent.store->location, self->key);
  return FALSE;
}

/* An upload that is under way is not what a dead writer left. */
static void
set_under_way (VsS3Upload * self, gboolean is_under_way)
{
  VsS3Store *store = (VsS3Store *) self->parent.store;

  g_mutex_lock (&store->lock);
  if (is_under_way)
    g_hash_table_add (store->uploads, g_strdup (self->id));
  else
    g_hash_table_remove (store->uploads, self->id);
  g_mutex_unlock (&store->lock);
}

static gchar *
make_name (void)
{
  return g_strdup_printf ("%08x%08x%08x%08x", g_random_int (),
      g_random_int (), g_random_int (), g_random_int ());
}

static gboolean
begin_parts (VsS3Upload * self, GError ** error)
{
  static const gchar *const query[] = { "uploads", "", NULL };
  gchar hash[VS_SHA256_HEX_SIZE];
  const gchar *headers[] = {
    VS_S3_UPLOAD_HEADER, self->name = make_name (),
    self->parent.has_sha256 ? VS_S3_SHA256_HEADER : NULL, hash, NULL
  };
  VsS3Call call = {
    .method = "POST",.key = self->key,.query = query,.headers = headers,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  g_autofree gchar *id = NULL;

  vs_sha256_to_hex (self->parent.sha256, VS_SHA256_SIZE, hash);
  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  id = find_text (reply.body, "InitiateMultipartUploadResult/UploadId");
  if (id == NULL || !vs_s3_upload_is_id (id))
    return set_strange_error (self, error);
  self->id = g_steal_pointer (&id);
  set_under_way (self, TRUE);
  return TRUE;
}

/* (transfer full): the part's ETag, or NULL */
static gchar *
send_numbered (VsS3Upload * self, VsS3Part * part, guint n, GError ** error)
{
  g_autofree gchar *number = g_strdup_printf ("%u", n);
  const gchar *query[] = {
    "partNumber", number, "uploadId", self->id, NULL
  };
  g_autoptr (GBytes) bytes = NULL;
  guint8 sha256[VS_SHA256_SIZE];
  VsHttpBody body;
  VsS3Call call = {
    .method = "PUT",.key = self->key,.query = query,.body = &body,
    .sha256 = sha256,.max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  const gchar *etag;

  if (n > PARTS_MAX) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "%s/%s: more than S3 takes as one object",
        self->parent.store->location, self->key);
    return NULL;
  }
  if (!vs_s3_part_get_body (part, &body, &bytes, sha256, error)
      || !vs_s3_client_send (client_of (self), &call,
          self->parent.cancellable, &reply, error))
    return NULL;
  etag = soup_message_headers_get_one (reply.headers, "ETag");
  if (etag == NULL || !vs_s3_upload_is_id (etag)) {
    set_strange_error (self, error);
    return NULL;
  }
  return g_strdup (etag);
}

/* What goes with one request the service holds against the hash itself. */
static void
hash (VsS3Upload * self, const guint8 * data, gsize size)
{
  if (!self->parent.has_sha256
      || (self->parent.has_size && self->parent.size <= PART_SIZE))
    return;
  if (self->sha256.context == NULL)
    vs_sha256_init (&self->sha256);
  vs_sha256_update (&self->sha256, data, size);
}

static gboolean
send_part (VsS3Upload * self, GError ** error)
{
  gchar *etag = send_numbered (self, &self->part, self->etags->len + 1, error);

  if (etag == NULL)
    return FALSE;
  g_ptr_array_add (self->etags, etag);
  self->size += self->part.size;
  vs_s3_part_clear (&self->part);
  return TRUE;
}

static GBytes *
render_parts (VsS3Upload * self)
{
  GString *text = g_string_new ("<CompleteMultipartUpload>");

  for (guint i = 0; i < self->etags->len; i++) {
    g_autofree gchar *etag =
        g_markup_escape_text (g_ptr_array_index (self->etags, i), -1);

    g_string_append_printf (text,
        "<Part><PartNumber>%u</PartNumber><ETag>%s</ETag></Part>", i + 1, etag);
  }
  g_string_append (text, "</CompleteMultipartUpload>");
  return g_string_free_to_bytes (text);
}

static gboolean
send_complete (VsS3Upload * self, GError ** error)
{
  const gchar *query[] = { "uploadId", self->id, NULL };
  g_autoptr (GBytes) bytes = render_parts (self);
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  VsS3Call call = {
    .method = "POST",.key = self->key,.query = query,.body = &body,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  g_autofree gchar *root = NULL;

  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  root = find_text (reply.body, "CompleteMultipartUploadResult");
  return root || set_strange_error (self, error);
}

/* Whether the object that is there is of this very upload. */
static gboolean
is_there (VsS3Upload * self)
{
  g_auto (VsHttpReply) reply = { 0, };
  g_autoptr (VsStoreObject) object =
      vs_s3_store_head ((VsS3Store *) self->parent.store, self->key,
      self->parent.cancellable, &reply, NULL);

  return object && object->size == self->size + self->head.size
      && g_strcmp0 (soup_message_headers_get_one (reply.headers,
          VS_S3_UPLOAD_HEADER), self->name) == 0;
}

static gboolean
complete_parts (VsS3Upload * self, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  if (send_complete (self, &cause)
      || (!g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)
          && is_there (self)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* Of what goes in one request, the service itself checks the hash. */
static gboolean
check_parts (VsS3Upload * self, GError ** error)
{
  guint8 digest[VS_SHA256_SIZE];

  if (self->sha256.context == NULL)
    return TRUE;
  vs_sha256_finish (&self->sha256, digest);
  if (memcmp (digest, self->parent.sha256, sizeof digest) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s/%s: what was written is not what was told",
      self->parent.store->location, self->key);
  return FALSE;
}

/* ---- the whole ---------------------------------------------------------- */

static gboolean
put_whole (VsS3Upload * self, VsS3Part * whole, GError ** error)
{
  gchar hash[VS_SHA256_HEX_SIZE];
  const gchar *headers[] = { VS_S3_SHA256_HEADER, hash, NULL };
  g_autoptr (GBytes) bytes = NULL;
  guint8 digest[VS_SHA256_SIZE];
  VsHttpBody body;
  VsS3Call call = {
    .method = "PUT",.key = self->key,.headers = headers,.body = &body,
    .sha256 = digest,.max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!vs_s3_part_get_body (whole, &body, &bytes, digest, error))
    return FALSE;
  if (self->parent.has_sha256)
    memcpy (digest, self->parent.sha256, sizeof digest);
  vs_sha256_to_hex (digest, sizeof digest, hash);
  return vs_s3_client_send (client_of (self), &call,
      self->parent.cancellable, &reply, error);
}

/* What the part will have, as far as that is known. */
static gsize
expected_size (VsS3Upload * self)
{
  if (self->parent.has_size && self->id == NULL)
    return MIN (self->parent.size, part_size (self));
  return part_size (self);
}

/* The part is full, and more comes. */
static gboolean
flush (VsS3Upload * self, GError ** error)
{
  return (self->id || begin_parts (self, error)) && send_part (self, error);
}

static gboolean
add (VsS3Upload * self, const guint8 * data, gsize size, GError ** error)
{
  while (size > 0) {
    gsize n;

    if (self->part.size == part_size (self) && !flush (self, error))
      return FALSE;
    n = MIN (size, part_size (self) - self->part.size);
    if (!vs_s3_part_add (&self->part, data, n, expected_size (self), error))
      return FALSE;
    hash (self, data, n);
    self->written += n;
    data += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
add_headed (VsS3Upload * self, const guint8 * data, gsize size, GError ** error)
{
  gsize n = MIN (size, PART_MIN - self->held.size);

  return vs_s3_part_add (&self->held, data, n, PART_MIN, error)
      && vs_s3_part_add (&self->part, data + n, size - n, part_size (self),
      error);
}

/* Hands on @cause; what is not found any more has to be begun anew. */
static void
propagate (VsS3Upload * self, GError * cause, GError ** error)
{
  self->parent.lost |= self->id != NULL
      && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_propagate_error (error, cause);
}

/* A part that is full goes first, so that what fails leaves all as it was. */
static gboolean
write_headed (VsS3Upload * self, GBytes ** parts, guint n_parts,
    GError ** error)
{
  GError *cause = NULL;
  guint64 held, filled;
  gboolean ok = TRUE;

  if (self->part.size >= part_size (self) && !flush (self, &cause)) {
    propagate (self, cause, error);
    return FALSE;
  }
  held = self->held.size;
  filled = self->part.size;
  for (guint i = 0; ok && i < n_parts; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (parts[i], &size);

    ok = add_headed (self, data, size, error);
  }
  if (!ok) {
    vs_s3_part_truncate (&self->held, held);
    vs_s3_part_truncate (&self->part, filled);
  }
  return ok;
}

gboolean
vs_s3_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  VsS3Upload *self = (VsS3Upload *) upload;

  if (self->is_headed)
    return write_headed (self, parts, n_parts, error);
  for (guint i = 0; i < n_parts; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (parts[i], &size);

    if (!add (self, data, size, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- the head ----------------------------------------------------------- */

VsStoreUpload *
vs_s3_upload_new_headed (VsStore * store, const gchar * key,
    const VsStoreHead * head, GCancellable * cancellable, GError ** error)
{
  VsStoreUpload *upload = vs_s3_upload_new (store, key, cancellable, error);
  VsS3Upload *self = (VsS3Upload *) upload;

  self->is_headed = TRUE;
  /* the place of the first part */
  g_ptr_array_add (self->etags, NULL);
  return upload;
}

gboolean
vs_s3_upload_make_head (VsStoreUpload * upload, guint64 needed,
    guint64 * size, GError ** error)
{
  vs_s3_part_clear (&((VsS3Upload *) upload)->head);
  *size = needed;
  return TRUE;
}

gboolean
vs_s3_upload_write_head (VsStoreUpload * upload, GBytes ** parts,
    guint n_parts, GError ** error)
{
  VsS3Upload *self = (VsS3Upload *) upload;

  for (guint i = 0; i < n_parts; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (parts[i], &size);

    if (!vs_s3_part_add (&self->head, data, size, 0, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
append_part (VsS3Part * to, const VsS3Part * from, GError ** error)
{
  return vs_s3_part_add (to, from->data, from->size, 0, error);
}

static gboolean
complete_headed (VsS3Upload * self, GError ** error)
{
  if (self->part.size > 0 && !send_part (self, error))
    return FALSE;
  g_free (self->etags->pdata[0]);
  self->etags->pdata[0] = send_numbered (self, &self->head, 1, error);
  return self->etags->pdata[0] && complete_parts (self, error);
}

/* What is short enough to be in memory goes with one request. */
static gboolean
commit_headed (VsS3Upload * self, GError ** error)
{
  if (!append_part (&self->head, &self->held, error))
    return FALSE;
  if (self->id || self->part.size > VS_S3_PART_MEMORY)
    return (self->id || begin_parts (self, error))
        && complete_headed (self, error);
  return append_part (&self->head, &self->part, error)
      && put_whole (self, &self->head, error);
}

gboolean
vs_s3_upload_commit (VsStoreUpload * upload, GError ** error)
{
  VsS3Upload *self = (VsS3Upload *) upload;
  GError *cause = NULL;

  if (upload->has_size && upload->size != self->written) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: %" G_GUINT64_FORMAT " bytes were written, and %"
        G_GUINT64_FORMAT " told", upload->store->location, self->key,
        self->written, upload->size);
    return FALSE;
  }
  if (self->is_headed)
    self->done = commit_headed (self, &cause);
  else
    self->done = self->id == NULL ? put_whole (self, &self->part, &cause) :
        (self->part.size == 0 || send_part (self, &cause))
        && check_parts (self, &cause) && complete_parts (self, &cause);
  if (!self->done)
    propagate (self, cause, error);
  return self->done;
}

gboolean
vs_s3_upload_abort (VsS3Client * client, const gchar * key, const gchar * id,
    GCancellable * cancellable, GError ** error)
{
  const gchar *query[] = { "uploadId", id, NULL };
  VsS3Call call = {
    .method = "DELETE",.key = key,.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  return vs_s3_client_send (client, &call, cancellable, &reply, error);
}

void
vs_s3_upload_free (VsStoreUpload * upload)
{
  VsS3Upload *self = (VsS3Upload *) upload;

  /* parts that nobody completes cost money */
  if (self->id && !self->done)
    vs_s3_upload_abort (client_of (self), self->key, self->id,
        upload->cancellable, NULL);
  if (self->id)
    set_under_way (self, FALSE);
  vs_s3_part_clear (&self->part);
  vs_s3_part_clear (&self->held);
  vs_s3_part_clear (&self->head);
  vs_sha256_clear (&self->sha256);
  g_ptr_array_unref (self->etags);
  g_free (self->name);
  g_free (self->id);
  g_free (self->key);
}
