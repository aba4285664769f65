/* VisionStream: what a kind of store implements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vssha256.h"
#include "store/vsstore.h"

G_BEGIN_DECLS

typedef struct _VsStoreClass VsStoreClass;

/**
 * VsStoreClass:
 *
 * The operations of one kind of store. Keys were checked by
 * vs_store_key_is_valid () before they come here; @prefix is a valid key or
 * "". Each is called from any thread. After a failed @upload_write or
 * @upload_commit only @upload_free follows, unless the upload is headed and
 * not lost.
 */
struct _VsStoreClass
{
  gboolean is_remote;

  VsStoreUpload *(*upload_new) (VsStore *store, const gchar *key,
      GCancellable *cancellable, GError ** error);
  gboolean (*upload_write) (VsStoreUpload *upload, GBytes **parts,
      guint n_parts, GError ** error);
  gboolean (*upload_commit) (VsStoreUpload *upload, GError ** error);
  void (*upload_free) (VsStoreUpload *upload);
  /* (nullable): all three or none, but for a store in front of others */
  VsStoreUpload *(*upload_new_headed) (VsStore *store, const gchar *key,
      const VsStoreHead *head, GCancellable *cancellable, GError **error);
  gboolean (*upload_make_head) (VsStoreUpload *upload, guint64 needed,
      guint64 *size, GError **error);
  gboolean (*upload_write_head) (VsStoreUpload *upload, GBytes **parts,
      guint n_parts, GError **error);
  /* (nullable): @upload_new_headed says it then */
  gboolean (*check_headed) (VsStore *store, const gchar *folder,
      GError **error);

  GBytes *(*get) (VsStore *store, const gchar *key, guint64 offset,
      gssize length, gsize max, GCancellable *cancellable, GError ** error);
  /* (nullable): @get does it then, for parts that are near in one go */
  gboolean (*read) (VsStore *store, const gchar *key,
      const VsStorePart *parts, guint n_parts, GCancellable *cancellable,
      GError **error);
  VsStoreObject *(*stat) (VsStore *store, const gchar *key,
      GCancellable *cancellable, GError ** error);
  GPtrArray *(*list) (VsStore *store, const gchar *prefix,
      const gchar *suffix, GCancellable *cancellable, GError ** error);
  /* (nullable): @stat does it then */
  gboolean (*find) (VsStore *store, const gchar *const *keys, guint n_keys,
      gboolean *found, GCancellable *cancellable, GError **error);
  /* (nullable): both or none; see vs_store_put_if () */
  gboolean (*put_if) (VsStore *store, const gchar *key, GBytes *bytes,
      const gchar *etag, gchar **new_etag, GCancellable *cancellable,
      GError **error);
  gint64 (*get_time) (VsStore *store, const gchar *key);
  /* (nullable): @put_if says it then */
  gboolean (*can_put_if) (VsStore *store, const gchar *folder);
  gboolean (*clean) (VsStore *store, const gchar *prefix,
      GCancellable *cancellable, GError ** error);
  gboolean (*remove) (VsStore *store, const gchar *key,
      GCancellable *cancellable, GError ** error);
  gpointer (*lock) (VsStore *store, const gchar *prefix, GError ** error);
  void (*unlock) (VsStore *store, gpointer lock);
  void (*finalize) (VsStore *store);
};

/* First member of every store and of every upload. */
struct _VsStore
{
  const VsStoreClass *klass;
  gchar *location;
  gint ref_count;
  gboolean has_queries;         /* of keys; set when it is opened */
};

struct _VsStoreUpload
{
  VsStore *store;
  GCancellable *cancellable;
  gboolean lost;                /* of a headed one: see vsstore.h */
  /* as they were told */
  gboolean has_size, has_sha256;
  guint64 size;
  guint8 sha256[VS_SHA256_SIZE];
};

/* Fill in the common part; finalize and upload_free undo only their own. */
void vs_store_init (VsStore *store, const VsStoreClass *klass,
    const gchar *location);
void vs_store_upload_init (VsStoreUpload *upload, VsStore *store,
    GCancellable *cancellable);

VsStoreObject *vs_store_object_new (const gchar *key, guint64 size,
    gint64 mtime_us, gchar *etag);

/**
 * vs_store_can_put_if:
 *
 * Whether objects in @folder can be put under a condition, which a lease needs.
 */
gboolean vs_store_can_put_if (VsStore *store, const gchar *folder);

/**
 * vs_store_put_if:
 * @etag: (nullable): that the object has to have now; NULL: there is none
 * @new_etag: (out) (optional): that it has then
 *
 * %G_IO_ERROR_EXISTS when it is otherwise. Some services refuse conditions
 * (%G_IO_ERROR_NOT_SUPPORTED), and some do not look at them.
 */
gboolean vs_store_put_if (VsStore *store, const gchar *key, GBytes *bytes,
    const gchar *etag, gchar **new_etag, GCancellable *cancellable,
    GError **error);
/* The clock of where @key is, µs since 1970, as of its last answer; -1: not
 * known */
gint64   vs_store_get_time (VsStore *store, const gchar *key);

/* Whether a listing for @suffix has @key, a folder's with its slash; names
 * that could be none of ours are another's, and passed over. */
gboolean vs_store_is_listed (const gchar *key, const gchar *suffix);
void     vs_store_sort_objects (GPtrArray *objects);

/* Lets @us pass; FALSE with %G_IO_ERROR_CANCELLED as soon as that happens. */
gboolean vs_store_wait (gint64 us, GCancellable *cancellable,
    GError **error);

/* What vs_store_read () fails with for an object that is too short. */
void vs_store_set_short_error (VsStore *store, const gchar *key,
    GError **error);

/* vs_store_open () for a directory */
VsStore *vs_file_store_open (const gchar *path, gboolean create,
    GError ** error);
/* for a template, or a file of accounts */
VsStore *vs_route_store_open (const VsStoreSettings *settings,
    GError **error);
/* for s3:// */
VsStore *vs_s3_store_open (const VsStoreSettings *settings, GError **error);
/* for http:// and https:// */
VsStore *vs_http_store_open (const VsStoreSettings *settings, GError **error);

G_END_DECLS
