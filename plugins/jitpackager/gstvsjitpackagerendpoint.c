/* VisionStream: an endpoint of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/gstvsjitpackagerendpoint.h"

#include <string.h>

enum
{
  PROP_0,
  PROP_TYPE,
  PROP_SETTINGS                 /* then one each, in the table's order */
};

struct _GstVsJitPackagerEndpoint
{
  GstObject parent;

  /* protected by the object lock; never changed in place */
  VsEndpoint *settings;
};

G_DEFINE_TYPE (GstVsJitPackagerEndpoint, gst_vs_jit_packager_endpoint,
    GST_TYPE_OBJECT);

static const VsEndpointSetting *
get_setting (guint property)
{
  guint n_settings;
  const VsEndpointSetting *settings = vs_endpoint_get_settings (&n_settings);

  g_return_val_if_fail (property - PROP_SETTINGS < n_settings, NULL);
  return &settings[property - PROP_SETTINGS];
}

/* FALSE with @error, and nothing changed, when the value can't be taken. */
static gboolean
set_setting_value (VsEndpoint * endpoint, const VsEndpointSetting * setting,
    const GValue * value, GError ** error)
{
  gpointer member = G_STRUCT_MEMBER_P (endpoint, setting->offset);

  switch (setting->kind) {
    case VS_SETTING_TIME:
      *(guint64 *) member = g_value_get_uint64 (value);
      break;
    case VS_SETTING_OFFSET:
      *(gint64 *) member = g_value_get_int64 (value);
      break;
    case VS_SETTING_UINT:
      *(guint *) member = g_value_get_uint (value);
      break;
    case VS_SETTING_FLAG:
      *(gboolean *) member = g_value_get_boolean (value);
      break;
    case VS_SETTING_CHOICE:
      *(gint *) member = g_value_get_enum (value);
      break;
    case VS_SETTING_TEXT:
    case VS_SETTING_SECRET:
      return vs_endpoint_set_text (endpoint, setting,
          g_value_get_string (value), error);
  }
  return TRUE;
}

static void
endpoint_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerEndpoint *self = GST_VS_JIT_PACKAGER_ENDPOINT (object);
  g_autoptr (GError) error = NULL;
  VsEndpoint *changed;

  GST_OBJECT_LOCK (self);
  changed = vs_endpoint_copy (self->settings);
  set_setting_value (changed, get_setting (id), value, &error);
  vs_endpoint_unref (self->settings);
  self->settings = changed;
  GST_OBJECT_UNLOCK (self);
  if (error)
    g_warning ("%s: %s; it stays as it was", GST_OBJECT_NAME (self),
        error->message);
}

static void
get_setting_value (const VsEndpoint * endpoint,
    const VsEndpointSetting * setting, GValue * value)
{
  gconstpointer member = G_STRUCT_MEMBER_P (endpoint, setting->offset);

  switch (setting->kind) {
    case VS_SETTING_TIME:
      g_value_set_uint64 (value, *(const guint64 *) member);
      break;
    case VS_SETTING_OFFSET:
      g_value_set_int64 (value, *(const gint64 *) member);
      break;
    case VS_SETTING_UINT:
      g_value_set_uint (value, *(const guint *) member);
      break;
    case VS_SETTING_FLAG:
      g_value_set_boolean (value, *(const gboolean *) member);
      break;
    case VS_SETTING_CHOICE:
      g_value_set_enum (value, *(const gint *) member);
      break;
    case VS_SETTING_TEXT:
      g_value_set_string (value, *(gchar * const *) member);
      break;
    case VS_SETTING_SECRET:
      break;
  }
}

static void
endpoint_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstVsJitPackagerEndpoint *self = GST_VS_JIT_PACKAGER_ENDPOINT (object);
  g_autoptr (VsEndpoint) endpoint = gst_vs_jit_packager_endpoint_get (self);

  if (id == PROP_TYPE)
    g_value_set_string (value, vs_endpoint_type_to_string (endpoint->type));
  else
    get_setting_value (endpoint, get_setting (id), value);
}

static void
endpoint_finalize (GObject * object)
{
  GstVsJitPackagerEndpoint *self = GST_VS_JIT_PACKAGER_ENDPOINT (object);

  g_clear_pointer (&self->settings, vs_endpoint_unref);
  G_OBJECT_CLASS (gst_vs_jit_packager_endpoint_parent_class)->finalize (object);
}

static GType
get_choice_type (const VsEndpointSetting * setting)
{
  GType type = g_type_from_name (setting->choice_type);

  return type ? type : g_enum_register_static (setting->choice_type,
      setting->choices);
}

static GParamSpec *
new_property (const VsEndpointSetting * setting)
{
  const gchar *name = setting->name, *nick = setting->nick;
  const gchar *blurb = setting->blurb;
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;

  switch (setting->kind) {
    case VS_SETTING_TIME:
      return g_param_spec_uint64 (name, nick, blurb, setting->min,
          setting->max, setting->value, flags);
    case VS_SETTING_OFFSET:
      return g_param_spec_int64 (name, nick, blurb, setting->min,
          setting->max, setting->value, flags);
    case VS_SETTING_UINT:
      return g_param_spec_uint (name, nick, blurb, setting->min,
          setting->max, setting->value, flags);
    case VS_SETTING_FLAG:
      return g_param_spec_boolean (name, nick, blurb, setting->value, flags);
    case VS_SETTING_CHOICE:
      return g_param_spec_enum (name, nick, blurb, get_choice_type (setting),
          setting->value, flags);
    case VS_SETTING_TEXT:
      return g_param_spec_string (name, nick, blurb, setting->text, flags);
    case VS_SETTING_SECRET:
      return g_param_spec_string (name, nick, blurb, NULL,
          flags & ~G_PARAM_READABLE);
  }
  g_return_val_if_reached (NULL);
}

static void
gst_vs_jit_packager_endpoint_class_init (GstVsJitPackagerEndpointClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  guint n_settings;
  const VsEndpointSetting *settings = vs_endpoint_get_settings (&n_settings);

  object_class->set_property = endpoint_set_property;
  object_class->get_property = endpoint_get_property;
  object_class->finalize = endpoint_finalize;

  g_object_class_install_property (object_class, PROP_TYPE,
      g_param_spec_string ("type", "Type", "What the endpoint serves: hls "
          "(HLS with TS), cmaf (HLS with CMAF), dash or mss (Smooth "
          "Streaming)", "hls", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  for (guint i = 0; i < n_settings; i++)
    g_object_class_install_property (object_class, PROP_SETTINGS + i,
        new_property (&settings[i]));
}

static void
gst_vs_jit_packager_endpoint_init (GstVsJitPackagerEndpoint * self)
{
}

GstVsJitPackagerEndpoint *
gst_vs_jit_packager_endpoint_new (const gchar * name, VsEndpointType type)
{
  GstVsJitPackagerEndpoint *self =
      g_object_new (GST_TYPE_VS_JIT_PACKAGER_ENDPOINT, "name", name, NULL);

  self->settings = vs_endpoint_new (name, type);
  return gst_object_ref_sink (self);
}

VsEndpoint *
gst_vs_jit_packager_endpoint_get (GstVsJitPackagerEndpoint * self)
{
  VsEndpoint *settings;

  GST_OBJECT_LOCK (self);
  settings = vs_endpoint_ref (self->settings);
  GST_OBJECT_UNLOCK (self);
  return settings;
}
