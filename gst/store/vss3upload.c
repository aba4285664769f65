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
 */
#include "store/vss3store.h"

#include <string.h>

#include "memory/vsmemory.h"
#include "store/vssha256.h"
#include "store/vsxmlwalk.h"

/* A part has at least 5 MiB, but for the last; there are 10,000 at most. With
 * these sizes that is 620 GB in 64 MiB of memory. */
#define PART_SIZE (8 * 1024 * 1024)
#define LARGE_PART_SIZE (64 * 1024 * 1024)
#define SMALL_PARTS 256
#define PARTS_MAX 10000

/* An upload's id and an ETag, as services make them */
#define ID_MAX 1024

/* A page of uploads that are on their way */
#define UPLOADS_MAX 1000

typedef struct
{
  VsStoreUpload parent;
  gchar *key;
  gchar *id;                    /* of the multipart upload, or NULL */
  gchar *name;                  /* that the object has from it */
  GPtrArray *etags;             /* of the parts that were sent */
  guint8 *data;                 /* the part that is being filled: a block */
  gsize size, capacity;
  guint64 written;              /* all in all */
  VsSha256 sha256;              /* of the parts, where it was told ahead */
  gboolean done;
} VsS3Upload;

static VsS3Client *
client_of (VsS3Upload * self)
{
  return ((VsS3Store *) self->parent.store)->client;
}

static gsize
part_size (VsS3Upload * self)
{
  return self->etags->len < SMALL_PARTS ? PART_SIZE : LARGE_PART_SIZE;
}

VsStoreUpload *
vs_s3_upload_new (VsStore * store, const gchar * key,
    GCancellable * cancellable, GError ** error)
{
  VsS3Upload *self = g_new0 (VsS3Upload, 1);

  vs_store_upload_init (&self->parent, store, cancellable);
  self->key = vs_s3_store_get_key ((VsS3Store *) store, key);
  self->etags = g_ptr_array_new_with_free_func (g_free);
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

/* What can go into a request, and is no book. */
static gboolean
is_id (const gchar * text)
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

  if (self->parent.has_sha256)
    vs_sha256_init (&self->sha256);
  vs_sha256_to_hex (self->parent.sha256, VS_SHA256_SIZE, hash);
  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  id = find_text (reply.body, "InitiateMultipartUploadResult/UploadId");
  if (id == NULL || !is_id (id))
    return set_strange_error (self, error);
  self->id = g_steal_pointer (&id);
  return TRUE;
}

/* The block goes with what is returned. */
static GBytes *
take_data (VsS3Upload * self)
{
  GBytes *bytes = self->data ? vs_memory_to_bytes (self->data, self->size) :
      g_bytes_new (NULL, 0);

  self->data = NULL;
  self->size = self->capacity = 0;
  return bytes;
}

static void
hash_part (VsS3Upload * self, GBytes * bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (self->parent.has_sha256)
    vs_sha256_update (&self->sha256, data, size);
}

static gboolean
send_part (VsS3Upload * self, GError ** error)
{
  g_autofree gchar *number = g_strdup_printf ("%u", self->etags->len + 1);
  const gchar *query[] = {
    "partNumber", number, "uploadId", self->id, NULL
  };
  g_autoptr (GBytes) bytes = take_data (self);
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  VsS3Call call = {
    .method = "PUT",.key = self->key,.query = query,.body = &body,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  const gchar *etag;

  if (self->etags->len == PARTS_MAX) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
        "%s/%s: more than S3 takes as one object",
        self->parent.store->location, self->key);
    return FALSE;
  }
  hash_part (self, bytes);
  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  etag = soup_message_headers_get_one (reply.headers, "ETag");
  if (etag == NULL || !is_id (etag))
    return set_strange_error (self, error);
  g_ptr_array_add (self->etags, g_strdup (etag));
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

  return object && object->size == self->written
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

  if (!self->parent.has_sha256)
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
put_whole (VsS3Upload * self, GError ** error)
{
  gchar hash[VS_SHA256_HEX_SIZE];
  const gchar *headers[] = { VS_S3_SHA256_HEADER, hash, NULL };
  g_autoptr (GBytes) bytes = take_data (self);
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  guint8 digest[VS_SHA256_SIZE];
  VsS3Call call = {
    .method = "PUT",.key = self->key,.headers = headers,.body = &body,
    .sha256 = digest,.max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (self->parent.has_sha256) {
    memcpy (digest, self->parent.sha256, sizeof digest);
  } else {
    g_auto (VsSha256) sha256 = { NULL };
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);

    vs_sha256_init (&sha256);
    vs_sha256_update (&sha256, data, size);
    vs_sha256_finish (&sha256, digest);
  }
  vs_sha256_to_hex (digest, sizeof digest, hash);
  return vs_s3_client_send (client_of (self), &call,
      self->parent.cancellable, &reply, error);
}

/* Room for the part, or for all there will be. */
static gboolean
make_room (VsS3Upload * self, GError ** error)
{
  gsize wanted = part_size (self);

  if (self->data)
    return TRUE;
  if (self->parent.has_size && self->id == NULL)
    wanted = CLAMP (self->parent.size, 1, wanted);
  self->data = vs_memory_try_alloc (wanted);
  if (self->data == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
        "%s/%s: no memory for a part", self->parent.store->location, self->key);
    return FALSE;
  }
  self->capacity = wanted;
  return TRUE;
}

/* The part is full, and more comes. */
static gboolean
flush (VsS3Upload * self, GError ** error)
{
  if (self->capacity < part_size (self)) {
    self->data = vs_memory_realloc (self->data, part_size (self));
    self->capacity = part_size (self);
    return TRUE;
  }
  return (self->id || begin_parts (self, error)) && send_part (self, error);
}

static gboolean
add (VsS3Upload * self, const guint8 * data, gsize size, GError ** error)
{
  while (size > 0) {
    gsize n;

    if ((self->data && self->size == self->capacity && !flush (self, error))
        || !make_room (self, error))
      return FALSE;
    n = MIN (size, self->capacity - self->size);
    memcpy (self->data + self->size, data, n);
    self->size += n;
    self->written += n;
    data += n;
    size -= n;
  }
  return TRUE;
}

gboolean
vs_s3_upload_write (VsStoreUpload * upload, GBytes ** parts, guint n_parts,
    GError ** error)
{
  for (guint i = 0; i < n_parts; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (parts[i], &size);

    if (!add ((VsS3Upload *) upload, data, size, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
vs_s3_upload_commit (VsStoreUpload * upload, GError ** error)
{
  VsS3Upload *self = (VsS3Upload *) upload;

  if (upload->has_size && upload->size != self->written) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s: %" G_GUINT64_FORMAT " bytes were written, and %"
        G_GUINT64_FORMAT " told", upload->store->location, self->key,
        self->written, upload->size);
    return FALSE;
  }
  self->done = self->id == NULL ? put_whole (self, error) :
      (self->size == 0 || send_part (self, error))
      && check_parts (self, error) && complete_parts (self, error);
  return self->done;
}

static gboolean
abort_upload (VsS3Client * client, const gchar * key, const gchar * id,
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
    abort_upload (client_of (self), self->key, self->id, upload->cancellable,
        NULL);
  vs_memory_free (self->data);
  vs_sha256_clear (&self->sha256);
  g_ptr_array_unref (self->etags);
  g_free (self->name);
  g_free (self->id);
  g_free (self->key);
}

/* ---- what others left --------------------------------------------------- */

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
      && found->key && found->id && is_id (found->id)
      && g_str_has_prefix (found->key, found->prefix)
      && found->pairs->len < 2 * UPLOADS_MAX) {
    g_ptr_array_add (found->pairs, g_steal_pointer (&found->key));
    g_ptr_array_add (found->pairs, g_steal_pointer (&found->id));
  }
}

static gboolean
list_uploads (VsS3Store * self, const gchar * prefix, GPtrArray * pairs,
    GCancellable * cancellable, GError ** error)
{
  const gchar *query[] = { "uploads", "", "prefix", prefix, NULL };
  VsS3Call call = {
    .method = "GET",.key = "",.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  Found found = { prefix, pairs, NULL, NULL };
  gboolean ok;

  ok = vs_s3_client_send (self->client, &call, cancellable, &reply, error)
      && vs_xml_walk (reply.body, on_upload, &found, error);
  g_free (found.key);
  g_free (found.id);
  return ok;
}

/* One page of them: what is left after that goes the next time. */
gboolean
vs_s3_upload_abort_all (VsS3Store * self, const gchar * prefix,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);

  if (!list_uploads (self, prefix, pairs, cancellable, error))
    return FALSE;
  for (guint i = 0; i + 1 < pairs->len; i += 2) {
    const gchar *key = g_ptr_array_index (pairs, i);
    g_autoptr (GError) cause = NULL;

    if (!abort_upload (self->client, key, g_ptr_array_index (pairs, i + 1),
            cancellable, &cause)
        && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  }
  return TRUE;
}
