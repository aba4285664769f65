/* VisionStream: an endpoint of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"

G_BEGIN_DECLS

/* A child object of the element: its name is the endpoint's name in URLs, its
 * properties are the endpoint's settings: the table of
 * vs_endpoint_get_settings (). */
#define GST_TYPE_VS_JIT_PACKAGER_ENDPOINT \
  (gst_vs_jit_packager_endpoint_get_type ())
G_DECLARE_FINAL_TYPE (GstVsJitPackagerEndpoint, gst_vs_jit_packager_endpoint,
    GST, VS_JIT_PACKAGER_ENDPOINT, GstObject)

/* (transfer full): not floating */
GstVsJitPackagerEndpoint *gst_vs_jit_packager_endpoint_new (
    const gchar *name, VsEndpointType type);
/* (transfer full): the settings as they are now */
VsEndpoint *gst_vs_jit_packager_endpoint_get (GstVsJitPackagerEndpoint *self);

G_END_DECLS
