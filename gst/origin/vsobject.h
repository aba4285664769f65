/* VisionStream: a finished object: bytes, entity tags, gzip form
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * VsObject:
 *
 * What the origin answers with and keeps in its cache: immutable, reference
 * counted. Entity tags are derived from the bytes alone, so that every origin
 * gives the same ones.
 */
typedef struct
{
  /* one of the two at least */
  GBytes *body;
  gchar *etag;                  /* with its quotes */
  GBytes *gzip;                 /* the same, compressed; or NULL */
  gchar *gzip_etag;
  /* of a manifest: the newest segment that it shows, as it counts them; set
   * by its maker before anyone else has it */
  guint64 last_sequence;

  /*< private >*/
  gint ref_count;
} VsObject;

/**
 * vs_object_new:
 * @body: (transfer full): the bytes
 * @compress: make the gzip form too (kept if it is the smaller one)
 */
VsObject *vs_object_new (GBytes *body, gboolean compress);
/* With a SHA-256 that identifies @body already known: its own, or that of all
 * that it was made from. */
VsObject *vs_object_new_hashed (GBytes *body, const guint8 sha256[32]);
/* The same of a compressed form alone. */
VsObject *vs_object_new_gzip (GBytes *gzip, const guint8 sha256[32]);
VsObject *vs_object_ref (VsObject *object);
void      vs_object_unref (VsObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsObject, vs_object_unref)

/* Bytes that the object takes in memory. */
gsize     vs_object_get_size (const VsObject *object);

G_END_DECLS
