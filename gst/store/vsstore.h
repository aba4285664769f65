/* VisionStream: where an archive's objects lie
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsStore:
 *
 * A key-value store of objects. Keys are relative paths of name parts that
 * never leave the root: empty parts, parts that begin with a dot, control
 * characters, backslash and parts above 255 bytes are refused with
 * %G_IO_ERROR_INVALID_FILENAME. All calls block and belong into worker
 * threads; errors are of %G_IO_ERROR and name the object.
 */
typedef struct _VsStore VsStore;

typedef struct
{
  gchar *key;
  guint64 size;
  gint64 mtime_us;
  /* changes whenever the object does */
  gchar *etag;
} VsStoreObject;

void vs_store_object_free (VsStoreObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsStoreObject, vs_store_object_free)

/* Whether @key is one. */
gboolean vs_store_key_is_valid (const gchar *key);

/**
 * VsStoreSettings:
 * @location: a directory, `file://`, `s3://bucket[/prefix]`, or
 *   `http(s)://host[:port][/folder]` of a server that takes PUT, and best all
 *   of WebDAV (RFC 4918); with `{account}` and `{event}` in it, which stand for
 *   a key's first two parts and do not stand in the key then, one store for each
 * @accounts_file: (nullable): each account's own settings (VsAccounts)
 * @create: make the directory or folder when it is missing; a bucket never is
 *   made
 * @endpoint_uri: (nullable): another S3 service than AWS: "https://host[:port]"
 * @region: (nullable): of the bucket; else as the environment or the shared
 *   configuration file says, else us-east-1
 * @force_path_style: the bucket stands in the path, not in the host's name
 * @access_key_id: (nullable): with @secret_access_key, and @session_token for
 *   temporary ones; else see VsS3Credentials
 * @ca_file: (nullable): PEM, whom to trust instead of the system's authorities
 * @user: (nullable): for http, with @password, where the server asks (Digest,
 *   or Basic over TLS or to this machine); in @location they are refused
 * @queries: for http, to read: a key may have a query behind it
 *   ("any.m3u8?token=1"), which goes with its request and stands in no message
 */
typedef struct
{
  const gchar *location, *accounts_file;
  gboolean create;
  const gchar *endpoint_uri, *region;
  gboolean force_path_style;
  const gchar *access_key_id, *secret_access_key, *session_token;
  const gchar *ca_file;
  const gchar *user, *password;
  gboolean queries;
} VsStoreSettings;

/**
 * vs_store_open:
 *
 * Opens a directory, or what is behind a URI; connects to nothing yet.
 */
VsStore *vs_store_open (const gchar *location, gboolean create,
    GError ** error);
VsStore *vs_store_open_with (const VsStoreSettings *settings,
    GError **error);
/**
 * vs_store_publish:
 *
 * Lets others of this process use @store as long as it lives: they have its
 * location, but not the credentials that open it.
 */
void     vs_store_publish (VsStore *store);
/* (transfer full) (nullable): what was published for a location last */
VsStore *vs_store_find_published (const gchar *location);

/* Whether keys may have queries. */
gboolean vs_store_has_queries (VsStore *store);
/* (transfer full): @key without a query: what may be shown of it */
gchar   *vs_store_get_name (VsStore *store, const gchar *key);
/* Whether each operation goes over a network. */
gboolean vs_store_is_remote (VsStore *store);
VsStore *vs_store_ref (VsStore *store);
void     vs_store_unref (VsStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsStore, vs_store_unref)

const gchar *vs_store_get_location (VsStore *store);

/**
 * vs_store_put:
 * @parts: the body, in pieces
 *
 * Writes an object whole: it is there under its name with all of @parts and
 * durable (file: tmp, fdatasync, rename, directory fsync) or not at all.
 */
gboolean vs_store_put (VsStore *store, const gchar *key, GBytes **parts,
    guint n_parts, GCancellable *cancellable, GError ** error);

/**
 * VsStoreUpload:
 *
 * An object that is written piece by piece: it is not there until
 * vs_store_upload_commit () returned TRUE. For bodies too large for memory.
 */
typedef struct _VsStoreUpload VsStoreUpload;

VsStoreUpload *vs_store_upload_new (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError ** error);
/* What is known of the body ahead of its first byte, which saves a store that
 * has to tell it from finding it out. Where it is not true the commit fails. */
void           vs_store_upload_set_size (VsStoreUpload *upload, guint64 size);
void           vs_store_upload_set_sha256 (VsStoreUpload *upload,
    const guint8 *sha256);
gboolean       vs_store_upload_write (VsStoreUpload *upload, GBytes **parts,
    guint n_parts, GError ** error);
/* After an error the upload can only be freed: to try again is to begin anew
 * (what a failed fdatasync left behind can't be known). */
gboolean       vs_store_upload_commit (VsStoreUpload *upload,
    GError ** error);
/* Without a commit before, nothing of it stays. */
void           vs_store_upload_free (VsStoreUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsStoreUpload, vs_store_upload_free)

/**
 * VsStoreHead:
 * @reserve: bytes that the head will probably have at most
 * @rewriting: (nullable): called when the head is longer and room for it can
 *   only be made by writing all anew, ahead of that, in the caller's thread
 */
typedef struct
{
  guint64 reserve;
  void (*rewriting) (guint64 size, gpointer user_data);
  gpointer user_data;
} VsStoreHead;

/**
 * vs_store_upload_new_headed:
 * @head: (transfer none)
 *
 * An upload whose beginning is written last, because only the end tells it.
 * What vs_store_upload_write () gets comes behind it.
 *
 * After an error it may go on: nothing of what failed was taken, and the same
 * call may be tried again, unless vs_store_upload_is_lost ().
 *
 * Returns: NULL with %G_IO_ERROR_NOT_SUPPORTED also for a spool
 */
VsStoreUpload *vs_store_upload_new_headed (VsStore *store,
    const gchar *key, const VsStoreHead *head, GCancellable *cancellable,
    GError **error);
/**
 * vs_store_check_headed:
 *
 * Whether there can be such uploads in @folder: %G_IO_ERROR_NOT_SUPPORTED where
 * a server takes objects from their beginning to their end alone.
 */
gboolean       vs_store_check_headed (VsStore *store, const gchar *folder,
    GError **error);
/* Whether nothing can come of it any more: it is to be begun anew. */
gboolean       vs_store_upload_is_lost (VsStoreUpload *upload);

/**
 * vs_store_upload_make_head:
 * @needed: bytes
 * @size: (out): that the head is to have: @needed, or more
 *
 * Makes room for the head, when all else is written: of a file, in the
 * reserve, whose rest is cut out where the file system can or all else is
 * shorter than it, or past it. Begins the head; again, where it was begun
 * before.
 */
gboolean vs_store_upload_make_head (VsStoreUpload *upload, guint64 needed,
    guint64 *size, GError **error);
/* The head's next bytes; there are as many as it has, then the commit. */
gboolean vs_store_upload_write_head (VsStoreUpload *upload, GBytes **parts,
    guint n_parts, GError **error);

/**
 * vs_store_get:
 * @offset: first byte
 * @length: how many, -1 for all; fewer come at the object's end
 * @max: an object (or range) larger than this is %G_IO_ERROR_MESSAGE_TOO_LARGE
 */
GBytes *vs_store_get (VsStore *store, const gchar *key, guint64 offset,
    gssize length, gsize max, GCancellable *cancellable, GError ** error);

/* @size bytes of an object from @offset on, and where they are to go */
typedef struct
{
  guint64 offset;
  gsize size;
  guint8 *to;
} VsStorePart;

/**
 * vs_store_read:
 * @parts: best by ascending offset
 *
 * Reads many parts of an object at once: what lies near to each other in as
 * few operations as the store takes for it.
 *
 * Returns: FALSE: with %G_IO_ERROR_PARTIAL_INPUT when the object ends ahead of
 *   the end of a part
 */
gboolean vs_store_read (VsStore *store, const gchar *key,
    const VsStorePart *parts, guint n_parts, GCancellable *cancellable,
    GError **error);

VsStoreObject *vs_store_stat (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError ** error);

/**
 * vs_store_list:
 * @prefix: a folder's key, "" for the root
 * @suffix: (nullable): only objects whose names end so, and no folders; "/"
 *   only folders
 *
 * What lies directly in a folder, sorted: objects, and folders whose keys
 * end in a slash. Names that begin with a dot (temporary files, locks) are
 * left out. A folder that is not there is empty.
 *
 * Returns: (element-type VsStoreObject) (transfer full)
 */
GPtrArray *vs_store_list (VsStore *store, const gchar *prefix,
    const gchar *suffix, GCancellable *cancellable, GError ** error);

/**
 * vs_store_find:
 * @keys: of one folder, names that differ in little but a number, ascending
 * @found: (array length=n_keys) (out caller-allocates): which are there
 *
 * Looks for many objects with as few operations as the store takes for it.
 */
gboolean vs_store_find (VsStore *store, const gchar *const *keys,
    guint n_keys, gboolean *found, GCancellable *cancellable,
    GError **error);

/**
 * vs_store_clean:
 *
 * Removes what a writer that died left half written in a folder, and nothing
 * that goes through @store now. For the holder of the folder's lease.
 */
gboolean vs_store_clean (VsStore *store, const gchar *prefix,
    GCancellable *cancellable, GError ** error);

/* Deleting what is not there is no error. */
gboolean vs_store_delete (VsStore *store, const gchar *key,
    GCancellable *cancellable, GError ** error);

/**
 * vs_store_lock:
 *
 * Takes the lease of a folder for one writer: file: flock on `.lock` in it,
 * gone with the process. %G_IO_ERROR_BUSY when another has it.
 *
 * Returns: (transfer full): to be given to vs_store_unlock ()
 */
gpointer vs_store_lock (VsStore *store, const gchar *prefix,
    GError ** error);
void     vs_store_unlock (VsStore *store, gpointer lock);

G_END_DECLS
