/* VisionStream: an endpoint of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/gstvsjitpackagerendpoint.h"

#define DEFAULT_WINDOW (5 * 60 * GST_SECOND)
#define MAX_WINDOW (24 * 60 * 60 * GST_SECOND)

enum
{
  PROP_0,
  PROP_TYPE,
  PROP_WINDOW
};

struct _GstVsJitPackagerEndpoint
{
  GstObject parent;
  VsEndpointType type;

  /* protected by the object lock */
  GstClockTime window;
};

G_DEFINE_TYPE (GstVsJitPackagerEndpoint, gst_vs_jit_packager_endpoint,
    GST_TYPE_OBJECT);

static const gchar *const type_names[] = { "hls", "cmaf", "dash" };

gboolean
vs_endpoint_type_from_string (const gchar * name, VsEndpointType * type)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++) {
    if (g_strcmp0 (name, type_names[i]) == 0) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

static void
endpoint_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerEndpoint *self = GST_VS_JIT_PACKAGER_ENDPOINT (object);

  switch (id) {
    case PROP_WINDOW:
      GST_OBJECT_LOCK (self);
      self->window = g_value_get_uint64 (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
endpoint_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerEndpoint *self = GST_VS_JIT_PACKAGER_ENDPOINT (object);

  switch (id) {
    case PROP_TYPE:
      g_value_set_string (value, type_names[self->type]);
      break;
    case PROP_WINDOW:
      GST_OBJECT_LOCK (self);
      g_value_set_uint64 (value, self->window);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
gst_vs_jit_packager_endpoint_class_init (GstVsJitPackagerEndpointClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = endpoint_set_property;
  object_class->get_property = endpoint_get_property;

  g_object_class_install_property (object_class, PROP_TYPE,
      g_param_spec_string ("type", "Type", "What the endpoint serves: hls "
          "(HLS with TS), cmaf (HLS with CMAF) or dash", "hls",
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * GstVsJitPackagerEndpoint:window:
   *
   * How far a live manifest reaches back. What is older can still be had by
   * its URL as long as an archive has it.
   */
  g_object_class_install_property (object_class, PROP_WINDOW,
      g_param_spec_uint64 ("window", "Window",
          "Length of a live manifest in nanoseconds, at most 24 hours",
          GST_SECOND, MAX_WINDOW, DEFAULT_WINDOW,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));
}

static void
gst_vs_jit_packager_endpoint_init (GstVsJitPackagerEndpoint * self)
{
  self->window = DEFAULT_WINDOW;
}

GstVsJitPackagerEndpoint *
gst_vs_jit_packager_endpoint_new (const gchar * name, VsEndpointType type)
{
  GstVsJitPackagerEndpoint *self =
      g_object_new (GST_TYPE_VS_JIT_PACKAGER_ENDPOINT, "name", name, NULL);

  self->type = type;
  return gst_object_ref_sink (self);
}

void
gst_vs_jit_packager_endpoint_apply (GstVsJitPackagerEndpoint * self,
    VsOrigin * origin)
{
  g_autofree gchar *name = gst_object_get_name (GST_OBJECT (self));
  VsEndpoint endpoint = {.name = name,.type = self->type };

  GST_OBJECT_LOCK (self);
  endpoint.window = self->window;
  GST_OBJECT_UNLOCK (self);
  vs_origin_set_endpoint (origin, &endpoint);
}
