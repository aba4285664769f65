/* VisionStream: the settings of vsurlsigner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "sign/vsurlsign.h"

G_BEGIN_DECLS

/**
 * VsSigningSettings:
 *
 * What the element's properties set; protected by its object lock. The key's
 * file is never told: somebody may have put the key itself there.
 */
typedef struct
{
  gchar *private_key, *key_pair_id;
  VsSignKind policy;
  VsSignHash hash;
  guint expires_in;             /* s */
  gchar *starts_at, *allowed_source;
  gchar *base_url;
} VsSigningSettings;

/* GstVsUrlSignerPolicy, GstVsUrlSignerHash: the numbers are those of VsSignKind
 * and VsSignHash */
GType vs_signing_policy_get_type (void);
GType vs_signing_hash_get_type (void);

void vs_signing_settings_init (VsSigningSettings *settings);
void vs_signing_settings_clear (VsSigningSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSigningSettings, vs_signing_settings_clear)

void vs_signing_settings_install_properties (GObjectClass *klass);
/* These take the object lock. */
void vs_signing_settings_copy (VsSigningSettings *to,
    const VsSigningSettings *from, GObject *object);
void vs_signing_settings_set_property (VsSigningSettings *settings,
    GObject *object, guint id, const GValue *value, GParamSpec *pspec);
void vs_signing_settings_get_property (VsSigningSettings *settings,
    GObject *object, guint id, GValue *value, GParamSpec *pspec);

G_END_DECLS
