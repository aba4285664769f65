/* VisionStream: the endpoints and pads of vsjitpackager, as its children
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/gstvsjitpackagerprivate.h"

#include <string.h>

#include "jitpackager/gstvsjitpackagerendpoint.h"

static GObject *
child_proxy_get_child_by_index (GstChildProxy * proxy, guint index)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (proxy);
  GObject *child = NULL;

  GST_OBJECT_LOCK (self);
  if (index < self->endpoints->len)
    child = g_object_ref (g_ptr_array_index (self->endpoints, index));
  else
    child = g_list_nth_data (GST_ELEMENT (self)->sinkpads,
        index - self->endpoints->len);
  if (child && index >= self->endpoints->len)
    g_object_ref (child);
  GST_OBJECT_UNLOCK (self);
  return child;
}

static guint
child_proxy_get_children_count (GstChildProxy * proxy)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (proxy);
  guint count;

  GST_OBJECT_LOCK (self);
  count = self->endpoints->len + GST_ELEMENT (self)->numsinkpads;
  GST_OBJECT_UNLOCK (self);
  return count;
}

static GObject *
find_child (GstVsJitPackager * self, const gchar * name)
{
  GObject *found = NULL;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < self->endpoints->len && !found; i++) {
    GstObject *endpoint = g_ptr_array_index (self->endpoints, i);

    if (strcmp (GST_OBJECT_NAME (endpoint), name) == 0)
      found = g_object_ref (G_OBJECT (endpoint));
  }
  GST_OBJECT_UNLOCK (self);
  if (found == NULL)
    found = (GObject *) gst_element_get_static_pad (GST_ELEMENT (self), name);
  return found;
}

/* gst-launch takes the properties of a child that is not there without a
 * word: here is the last place to say so. */
static GObject *
child_proxy_get_child_by_name (GstChildProxy * proxy, const gchar * name)
{
  GstVsJitPackager *self = GST_VS_JIT_PACKAGER (proxy);
  GObject *child = find_child (self, name);

  if (child == NULL && !g_str_has_prefix (name, "sink_"))
    g_warning ("vsjitpackager has no endpoint \"%s\"", name);
  return child;
}

void
gst_vs_jit_packager_child_proxy_init (gpointer iface, gpointer data)
{
  GstChildProxyInterface *proxy = iface;

  proxy->get_child_by_index = child_proxy_get_child_by_index;
  proxy->get_child_by_name = child_proxy_get_child_by_name;
  proxy->get_children_count = child_proxy_get_children_count;
}

/* The endpoints. */

static void
apply_endpoint (GstVsJitPackagerEndpoint * endpoint, VsOrigin * origin)
{
  g_autoptr (VsEndpoint) settings = gst_vs_jit_packager_endpoint_get (endpoint);

  vs_origin_set_endpoint (origin, settings);
}

void
gst_vs_jit_packager_apply_endpoints (GstVsJitPackager * self, VsOrigin * origin)
{
  g_autoptr (GPtrArray) endpoints = NULL;

  GST_OBJECT_LOCK (self);
  endpoints = g_ptr_array_copy (self->endpoints, (GCopyFunc) gst_object_ref,
      NULL);
  g_ptr_array_set_free_func (endpoints, gst_object_unref);
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < endpoints->len; i++)
    apply_endpoint (g_ptr_array_index (endpoints, i), origin);
}

/* (transfer full) (nullable) */
static VsOrigin *
ref_origin (GstVsJitPackager * self)
{
  VsOrigin *origin;

  g_mutex_lock (&self->lock);
  origin = self->origin ? vs_origin_ref (self->origin) : NULL;
  g_mutex_unlock (&self->lock);
  return origin;
}

static void
endpoint_changed (GstVsJitPackagerEndpoint * endpoint, GParamSpec * pspec,
    GstVsJitPackager * self)
{
  g_autoptr (VsOrigin) origin = ref_origin (self);

  if (origin)
    apply_endpoint (endpoint, origin);
}

gboolean
gst_vs_jit_packager_add_endpoint (GstVsJitPackager * self,
    const gchar * name, const gchar * type_name)
{
  GstVsJitPackagerEndpoint *endpoint;
  g_autoptr (GObject) known = NULL;
  VsEndpointType type;

  /* in URLs an endpoint stands where an event's folders do */
  if (name == NULL || !vs_event_name_is_valid (name)
      || !vs_endpoint_type_from_string (type_name, &type))
    return FALSE;
  known = find_child (self, name);
  if (known)
    return FALSE;

  endpoint = gst_vs_jit_packager_endpoint_new (name, type);
  g_signal_connect (endpoint, "notify", G_CALLBACK (endpoint_changed), self);
  GST_OBJECT_LOCK (self);
  g_ptr_array_add (self->endpoints, endpoint);
  GST_OBJECT_UNLOCK (self);
  gst_child_proxy_child_added (GST_CHILD_PROXY (self), G_OBJECT (endpoint),
      name);
  endpoint_changed (endpoint, NULL, self);
  return TRUE;
}

static void
release_endpoint (gpointer endpoint)
{
  g_signal_handlers_disconnect_matched (endpoint, G_SIGNAL_MATCH_FUNC, 0, 0,
      NULL, endpoint_changed, NULL);
  gst_object_unref (endpoint);
}

void
gst_vs_jit_packager_init_endpoints (GstVsJitPackager * self)
{
  static const gchar *const names[] = { "hls", "cmaf", "dash", "mss" };

  self->endpoints = g_ptr_array_new_with_free_func (release_endpoint);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    gst_vs_jit_packager_add_endpoint (self, names[i], names[i]);
}
