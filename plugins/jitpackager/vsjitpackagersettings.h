/* VisionStream: the settings of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "common/vselement.h"
#include "common/vsstoreproperties.h"
#include "jitpackager/vsjitpackagergate.h"

G_BEGIN_DECLS

/* What the element's properties set; protected by its object lock, copied
 * when it starts. */
typedef struct
{
  VsIdentity identity;
  VsStoreProperties store;
  gchar *address;
  guint port;
  gchar *base_path;             /* "", or with a slash ahead and none behind */
  gchar *hosts;
  gchar *tls_certificate, *tls_key;
  gchar *access_log;
  gchar *trusted_proxies;
  gchar *key_groups;
  gchar *cors_origins;
  VsSignedUrls signed_urls;
  VsSignedChildren signed_children;
  GstClockTime clock_skew;
  gboolean allow_any_resource;
  GstClockTime linger;
  GstClockTime target_duration;
  guint64 cache_size, live_cache_size;
  guint threads, max_queue;
  guint max_connections, max_connections_per_ip;
} VsJitPackagerSettings;

/* property ids that the element itself answers for */
#define VS_JIT_PACKAGER_PROP_PORT 100
#define VS_JIT_PACKAGER_PROP_STATS 101

void vs_jit_packager_settings_init (VsJitPackagerSettings *settings);
void vs_jit_packager_settings_copy (VsJitPackagerSettings *dest,
    const VsJitPackagerSettings *src);
void vs_jit_packager_settings_clear (VsJitPackagerSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsJitPackagerSettings,
    vs_jit_packager_settings_clear)

void vs_jit_packager_settings_install_properties (GObjectClass *klass);
/* These take the object lock. */
void vs_jit_packager_settings_set_property (VsJitPackagerSettings *settings,
    GObject *object, guint id, const GValue *value, GParamSpec *pspec);
void vs_jit_packager_settings_get_property (VsJitPackagerSettings *settings,
    GObject *object, guint id, GValue *value, GParamSpec *pspec);

G_END_DECLS
