/* VisionStream: what every element of the set has in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/vselement.h"

enum
{
  NTH_ACCOUNT,
  NTH_EVENT,
  NTH_BREAKOUT
};

void
vs_identity_init (VsIdentity * identity)
{
  identity->account = g_strdup (VS_DEFAULT_ACCOUNT);
  identity->event = g_strdup (VS_DEFAULT_EVENT);
  identity->breakout = NULL;
}

void
vs_identity_copy (VsIdentity * dest, const VsIdentity * src)
{
  dest->account = g_strdup (src->account);
  dest->event = g_strdup (src->event);
  dest->breakout = g_strdup (src->breakout);
}

void
vs_identity_clear (VsIdentity * identity)
{
  g_clear_pointer (&identity->account, g_free);
  g_clear_pointer (&identity->event, g_free);
  g_clear_pointer (&identity->breakout, g_free);
}

void
vs_identity_install_properties (GObjectClass * klass, guint first_id)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, first_id + NTH_ACCOUNT,
      g_param_spec_string ("account", "Account",
          "Account that the stream belongs to (letters, digits, _ and -, at "
          "most 64)", VS_DEFAULT_ACCOUNT, flags));
  g_object_class_install_property (klass, first_id + NTH_EVENT,
      g_param_spec_string ("event", "Event",
          "Event within the account (letters, digits, _ and -, at most 64; "
          "not \"recordings\" or \"media\")", VS_DEFAULT_EVENT, flags));
  g_object_class_install_property (klass, first_id + NTH_BREAKOUT,
      g_param_spec_string ("breakout", "Breakout",
          "Breakout session of the event (letters, digits, _ and -, at most "
          "64), or none", NULL, flags));
}

static gchar **
identity_field (VsIdentity * identity, guint nth)
{
  switch (nth) {
    case NTH_ACCOUNT:
      return &identity->account;
    case NTH_EVENT:
      return &identity->event;
    default:
      return &identity->breakout;
  }
}

static gboolean
name_is_valid (guint nth, const gchar * name)
{
  if (name == NULL || *name == '\0')
    return nth == NTH_BREAKOUT;
  return nth == NTH_ACCOUNT ? vs_name_is_valid (name) :
      vs_event_name_is_valid (name);
}

void
vs_identity_set_property (VsIdentity * identity, GObject * object, guint nth,
    const GValue * value)
{
  const gchar *name = g_value_get_string (value);

  if (!name_is_valid (nth, name)) {
    g_warning ("%s: \"%s\" is no valid name: use letters, digits, _ and -, "
        "at most %d", G_OBJECT_TYPE_NAME (object), name ? name : "",
        VS_NAME_MAX);
    return;
  }
  GST_OBJECT_LOCK (object);
  gchar **field = identity_field (identity, nth);
  g_free (*field);
  *field = name && *name ? g_strdup (name) : NULL;
  GST_OBJECT_UNLOCK (object);
}

void
vs_identity_get_property (VsIdentity * identity, GObject * object, guint nth,
    GValue * value)
{
  GST_OBJECT_LOCK (object);
  g_value_set_string (value, *identity_field (identity, nth));
  GST_OBJECT_UNLOCK (object);
}

gboolean
vs_pad_may_block (GstPad * sinkpad)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = TRUE;

  if (gst_pad_peer_query (sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return !live;
}

GstIterator *
vs_pad_iterate (GstPad * pad)
{
  GValue value = G_VALUE_INIT;
  GstIterator *iterator;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, pad);
  iterator = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return iterator;
}
