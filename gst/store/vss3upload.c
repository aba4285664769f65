/* VisionStream: objects into S3, whole or in parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An object that fits into one part is put with one request when it is
 * committed. For a larger one a multipart upload is begun, and a part is sent
 * whenever one is full; the object is there when the upload is completed
 * (Amazon S3 API Reference: CreateMultipartUpload, UploadPart,
 * CompleteMultipartUpload).
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

typedef struct
{
  VsStoreUpload parent;
  gchar *key;
  gchar *id;                    /* of the multipart upload, or NULL */
  GPtrArray *etags;             /* of the parts that were sent */
  guint8 *data;                 /* the part that is being filled: a block */
  gsize size, capacity;
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
    wanted->text = g_strndup (text, ID_MAX);
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

static gboolean
begin_parts (VsS3Upload * self, GError ** error)
{
  static const gchar *const query[] = { "uploads", "", NULL };
  VsS3Call call = {
    .method = "POST",.key = self->key,.query = query,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };

  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  self->id = find_text (reply.body, "InitiateMultipartUploadResult/UploadId");
  return (self->id && self->id[0]) || set_strange_error (self, error);
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
  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  etag = soup_message_headers_get_one (reply.headers, "ETag");
  if (etag == NULL || strlen (etag) > ID_MAX)
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

/* The answer may be 200 and tell of an error all the same. */
static gboolean
complete_parts (VsS3Upload * self, GError ** error)
{
  const gchar *query[] = { "uploadId", self->id, NULL };
  g_autoptr (GBytes) bytes = render_parts (self);
  VsHttpBody body = {.parts = &bytes,.n_parts = 1 };
  VsS3Call call = {
    .method = "POST",.key = self->key,.query = query,.body = &body,
    .max_answer = VS_S3_DOCUMENT_MAX
  };
  g_auto (VsHttpReply) reply = { 0, };
  g_autofree gchar *code = NULL;

  if (!vs_s3_client_send (client_of (self), &call, self->parent.cancellable,
          &reply, error))
    return FALSE;
  code = find_text (reply.body, "Error/Code");
  if (code) {
    g_strcanon (code, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '?');
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s/%s: %s",
        self->parent.store->location, self->key, code);
  }
  return code == NULL;
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

  self->done = self->id == NULL ? put_whole (self, error) :
      (self->size == 0 || send_part (self, error))
      && complete_parts (self, error);
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
  g_ptr_array_unref (self->etags);
  g_free (self->id);
  g_free (self->key);
}

/* ---- what others left --------------------------------------------------- */

typedef struct
{
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
      && found->key && found->id) {
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
  Found found = { pairs, NULL, NULL };
  gboolean ok;

  ok = vs_s3_client_send (self->client, &call, cancellable, &reply, error)
      && vs_xml_walk (reply.body, on_upload, &found, error);
  g_free (found.key);
  g_free (found.id);
  return ok;
}

/* One page of them: what is left after a thousand goes the next time. */
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

    if (g_str_has_prefix (key, prefix)
        && !abort_upload (self->client, key, g_ptr_array_index (pairs, i + 1),
            cancellable, &cause)
        && !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  }
  return TRUE;
}
