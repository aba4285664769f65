/* VisionStream: the properties with which an element opens a store
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "store/vsstore.h"

G_BEGIN_DECLS

/**
 * VsStoreProperties:
 *
 * `location` and what an S3 or HTTP store behind it needs. Protected by the
 * owner's object lock. Secrets can be set and never read.
 */
typedef struct
{
  gchar *location, *accounts;
  gchar *endpoint_uri, *region, *ca_file;
  gboolean force_path_style;
  gchar *access_key, *secret_access_key, *session_token;
  gchar *user, *password;
} VsStoreProperties;

/* Ids that vs_store_properties_install () takes, the first of them location's,
 * which elements that say something of their own of it install themselves. */
#define VS_STORE_PROPERTIES_N 11

void vs_store_properties_init (VsStoreProperties *properties,
    const gchar *location);
/* What is copied is wiped too. */
void vs_store_properties_copy (VsStoreProperties *dest,
    const VsStoreProperties *src);
void vs_store_properties_clear (VsStoreProperties *properties);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsStoreProperties, vs_store_properties_clear)

/* A copy is to name another place: accounts no longer say where that is, and
 * `user` and `password` do not go along to another server. */
void vs_store_properties_move (VsStoreProperties *properties,
    const gchar *location);

/**
 * vs_store_properties_install:
 * @location: its default, or NULL
 * @blurb: what `location` is to this element
 */
void vs_store_properties_install (GObjectClass *klass, guint first_id,
    const gchar *location, const gchar *blurb);
/* @nth: property id less @first_id; these take the object lock. */
void vs_store_properties_set (VsStoreProperties *properties, GObject *object,
    guint nth, const GValue *value);
void vs_store_properties_get (VsStoreProperties *properties, GObject *object,
    guint nth, GValue *value);

/* What a copy of the properties says, (transfer none); FALSE where there is no
 * location. */
gboolean vs_store_properties_get_settings (const VsStoreProperties *properties,
    VsStoreSettings *settings, GError **error);
/* Opens what a copy of the properties names. */
VsStore *vs_store_properties_open (const VsStoreProperties *properties,
    gboolean create, GError **error);

G_END_DECLS
