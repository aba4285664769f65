/* VisionStream: what a kind of store implements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

G_BEGIN_DECLS

typedef struct _VsStoreClass VsStoreClass;

/**
 * VsStoreClass:
 *
 * The operations of one kind of store. Keys were checked by
 * vs_store_key_is_valid () before they come here; @prefix is a valid key or
 * "". Each is called from any thread. After a failed @upload_write or
 * @upload_commit only @upload_free follows.
 */
struct _VsStoreClass
{
  VsStoreUpload *(*upload_new) (VsStore *store, const gchar *key,
      GCancellable *cancellable, GError ** error);
  gboolean (*upload_write) (VsStoreUpload *upload, GBytes **parts,
      guint n_parts, GError ** error);
  gboolean (*upload_commit) (VsStoreUpload *upload, GError ** error);
  void (*upload_free) (VsStoreUpload *upload);

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
};

struct _VsStoreUpload
{
  VsStore *store;
  GCancellable *cancellable;
};

/* Fill in the common part; finalize and upload_free undo only their own. */
void vs_store_init (VsStore *store, const VsStoreClass *klass,
    const gchar *location);
void vs_store_upload_init (VsStoreUpload *upload, VsStore *store,
    GCancellable *cancellable);

VsStoreObject *vs_store_object_new (const gchar *key, guint64 size,
    gint64 mtime_us, gchar *etag);

/* What vs_store_read () fails with for an object that is too short. */
void vs_store_set_short_error (VsStore *store, const gchar *key,
    GError **error);

/* vs_store_open () for a directory */
VsStore *vs_file_store_open (const gchar *path, gboolean create,
    GError ** error);

G_END_DECLS
