/* VisionStream: a stream that passes through vsurlsigner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Buffers, events and queries pass as they are. What events tell of the store
 * upstream is signed and posted ahead of them.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsurlsignerpad.h"

#include "common/vselement.h"

#define RECORDING_EVENT "visionstream-recording"
/* of an event's folder, which vssegmentstore keeps them in */
#define RECORDINGS "recordings/"

G_DEFINE_TYPE (GstVsUrlSignerPad, gst_vs_url_signer_pad, GST_TYPE_PAD);

static GstVsUrlSigner *
get_element (GstVsUrlSignerPad * pad)
{
  return GST_VS_URL_SIGNER (GST_PAD_PARENT (pad));
}

/* ---- what is signed ----------------------------------------------------- */

/* Once a stream: that goes on. */
static void
warn (GstVsUrlSignerPad * pad, const gchar * text)
{
  if (!pad->warned)
    GST_ELEMENT_WARNING (get_element (pad), LIBRARY, ENCODE,
        ("%s: what the store has can't be signed: %s.", GST_PAD_NAME (pad),
            text), (NULL));
  pad->warned = TRUE;
}

/* (transfer full) (nullable) */
static gchar *
find_url (GstVsUrlSignerPad * pad, VsSigning * signing, const gchar * name)
{
  const VsRendition *rendition = pad->rendition;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *folder = vs_signing_find_folder (signing,
      rendition->archive, rendition->account, rendition->event,
      rendition->breakout);
  gchar *url;

  if (folder == NULL) {
    warn (pad, "set base-url to where clients find the store's location");
    return NULL;
  }
  url = vs_url_resolve (folder, name, &error);
  if (url == NULL)
    warn (pad, error->message);
  return url;
}

/* Signs @name, which is in the event's folder; @told: (transfer full): what else
 * is known of it */
static void
sign (GstVsUrlSignerPad * pad, const gchar * name, GstStructure * told)
{
  GstVsUrlSigner *self = get_element (pad);
  g_autoptr (GstStructure) fields = told;
  g_autoptr (VsSigning) signing = gst_vs_url_signer_get_signing (self);
  g_autoptr (VsUrlSigner) signer = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *url = NULL;
  gint64 expires;

  if (signing == NULL)
    return;
  url = find_url (pad, signing, name);
  if (url == NULL)
    return;
  signer = vs_signing_begin (signing, &expires);
  if (!vs_url_signer_append (signer, text, url, &error)) {
    warn (pad, error->message);
    return;
  }
  gst_structure_set (fields, "uri", G_TYPE_STRING, url,
      "signed-uri", G_TYPE_STRING, text->str,
      "expires", G_TYPE_UINT64, (guint64) expires,
      "rendition", G_TYPE_STRING, pad->rendition->name, NULL);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), g_steal_pointer (&fields)));
}

static void
take_rendition (GstVsUrlSignerPad * pad, GstEvent * event)
{
  VsRendition *rendition = vs_event_parse_rendition (event);

  if (rendition == NULL)
    return;
  g_clear_pointer (&pad->rendition, vs_rendition_unref);
  pad->rendition = rendition;
}

static void
take_segment (GstVsUrlSignerPad * pad, GstEvent * event)
{
  g_autoptr (VsSegment) opened = NULL;
  g_autoptr (VsSegment) closed = NULL;

  if (!vs_event_parse_segment (event, &opened, &closed) || closed == NULL
      || closed->uri == NULL || closed->gap)
    return;
  sign (pad, closed->uri, gst_structure_new ("vsurlsigner-signed",
          "kind", G_TYPE_STRING, "segment",
          "fragment-id", G_TYPE_UINT64, closed->sequence,
          "timestamp", G_TYPE_UINT64, (guint64) closed->utc_us * GST_USECOND,
          "duration", G_TYPE_UINT64, closed->duration,
          "size", G_TYPE_UINT64, closed->size, NULL));
}

static void
take_recording (GstVsUrlSignerPad * pad, GstEvent * event)
{
  const GstStructure *s = gst_event_get_structure (event);
  const gchar *location = gst_structure_get_string (s, "location");
  guint64 duration = 0, size = 0;
  g_autofree gchar *file = NULL;
  g_autofree gchar *name = NULL;

  if (location == NULL)
    return;
  gst_structure_get_uint64 (s, "duration", &duration);
  gst_structure_get_uint64 (s, "size", &size);
  file = g_path_get_basename (location);
  name = g_strconcat (RECORDINGS, file, NULL);
  sign (pad, name, gst_structure_new ("vsurlsigner-signed",
          "kind", G_TYPE_STRING, "recording",
          "duration", G_TYPE_UINT64, duration,
          "size", G_TYPE_UINT64, size, NULL));
}

/* ---- what passes -------------------------------------------------------- */

static gboolean
sink_event (GstPad * sinkpad, GstObject * parent, GstEvent * event)
{
  GstVsUrlSignerPad *pad = GST_VS_URL_SIGNER_PAD (sinkpad);

  if (vs_event_is_rendition (event))
    take_rendition (pad, event);
  else if (pad->rendition && vs_event_is_segment (event))
    take_segment (pad, event);
  else if (pad->rendition && gst_event_has_name (event, RECORDING_EVENT))
    take_recording (pad, event);
  return gst_pad_push_event (pad->srcpad, event);
}

static GstFlowReturn
sink_chain (GstPad * sinkpad, GstObject * parent, GstBuffer * buffer)
{
  return gst_pad_push (GST_VS_URL_SIGNER_PAD (sinkpad)->srcpad, buffer);
}

static GstFlowReturn
sink_chain_list (GstPad * sinkpad, GstObject * parent, GstBufferList * list)
{
  return gst_pad_push_list (GST_VS_URL_SIGNER_PAD (sinkpad)->srcpad, list);
}

static GstIterator *
sink_links (GstPad * sinkpad, GstObject * parent)
{
  return vs_pad_iterate (GST_VS_URL_SIGNER_PAD (sinkpad)->srcpad);
}

static GstIterator *
src_links (GstPad * srcpad, GstObject * parent)
{
  return vs_pad_iterate (gst_pad_get_element_private (srcpad));
}

/* ---- life --------------------------------------------------------------- */

void
gst_vs_url_signer_pad_reset (GstVsUrlSignerPad * pad)
{
  g_clear_pointer (&pad->rendition, vs_rendition_unref);
  pad->warned = FALSE;
}

static void
gst_vs_url_signer_pad_finalize (GObject * object)
{
  gst_vs_url_signer_pad_reset (GST_VS_URL_SIGNER_PAD (object));
  G_OBJECT_CLASS (gst_vs_url_signer_pad_parent_class)->finalize (object);
}

static void
gst_vs_url_signer_pad_class_init (GstVsUrlSignerPadClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_vs_url_signer_pad_finalize;
}

static void
gst_vs_url_signer_pad_init (GstVsUrlSignerPad * pad)
{
}

static void
set_proxy (GstPad * pad)
{
  GST_PAD_SET_PROXY_CAPS (pad);
  GST_PAD_SET_PROXY_ALLOCATION (pad);
}

GstPad *
gst_vs_url_signer_pad_new (GstPadTemplate * sink_templ,
    GstPadTemplate * src_templ, guint number)
{
  g_autofree gchar *name = g_strdup_printf ("sink_%u", number);
  g_autofree gchar *src_name = g_strdup_printf ("src_%u", number);
  GstVsUrlSignerPad *pad = g_object_new (GST_TYPE_VS_URL_SIGNER_PAD,
      "name", name, "direction", GST_PAD_SINK, "template", sink_templ, NULL);

  gst_pad_set_chain_function (GST_PAD (pad), sink_chain);
  gst_pad_set_chain_list_function (GST_PAD (pad), sink_chain_list);
  gst_pad_set_event_function (GST_PAD (pad), sink_event);
  gst_pad_set_iterate_internal_links_function (GST_PAD (pad), sink_links);
  set_proxy (GST_PAD (pad));

  pad->srcpad = gst_pad_new_from_template (src_templ, src_name);
  gst_pad_set_element_private (pad->srcpad, pad);
  gst_pad_set_iterate_internal_links_function (pad->srcpad, src_links);
  set_proxy (pad->srcpad);
  return GST_PAD (pad);
}
