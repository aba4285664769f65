/* VisionStream: a text whose URLs vsurlsigner signs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes out has another length than what comes in: it is a stream of bytes
 * of its own, in which nobody can seek.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsurlsignertextpad.h"

#include "common/vselement.h"

GST_DEBUG_CATEGORY_EXTERN (vsurlsigner_debug);
#define GST_CAT_DEFAULT vsurlsigner_debug

/* Bytes that are signed before they go on: what they become can be a hundred
 * times as long. */
#define PIECE 4096

G_DEFINE_TYPE (GstVsUrlSignerTextPad, gst_vs_url_signer_text_pad, GST_TYPE_PAD);

static GstVsUrlSigner *
get_element (GstVsUrlSignerTextPad * pad)
{
  return GST_VS_URL_SIGNER (GST_PAD_PARENT (pad));
}

/* ---- kinds -------------------------------------------------------------- */

static const struct
{
  VsSignTextKind kind;
  const gchar *caps;
} kinds[] = {
  {VS_SIGN_TEXT_URI_LIST, "text/uri-list"},
  {VS_SIGN_TEXT_HLS, "application/x-hls"},
  {VS_SIGN_TEXT_DASH, "application/dash+xml"},
  {VS_SIGN_TEXT_SMOOTH, "application/vnd.ms-sstr+xml"}
};

static VsSignTextKind
tell_kind (GstEvent * event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (gst_structure_has_name (gst_caps_get_structure (caps, 0),
            kinds[i].caps))
      return kinds[i].kind;
  }
  return VS_SIGN_TEXT_UNKNOWN;
}

/* ---- going out ---------------------------------------------------------- */

static void
push_caps (GstVsUrlSignerTextPad * pad)
{
  VsSignTextKind kind = pad->text ? vs_sign_text_get_kind (pad->text)
      : pad->kind;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autoptr (GstCaps) caps = NULL;

    if (kinds[i].kind != kind)
      continue;
    caps = gst_caps_new_empty_simple (kinds[i].caps);
    gst_pad_push_event (pad->srcpad, gst_event_new_caps (caps));
  }
}

static void
push_preamble (GstVsUrlSignerTextPad * pad)
{
  g_autoptr (GstEvent) start = NULL;
  GstSegment segment;

  if (pad->has_preamble)
    return;
  pad->has_preamble = TRUE;
  start = gst_pad_get_sticky_event (pad->srcpad, GST_EVENT_STREAM_START, 0);
  if (start == NULL) {
    g_autofree gchar *id = gst_pad_create_stream_id (pad->srcpad,
        GST_ELEMENT (get_element (pad)), NULL);

    gst_pad_push_event (pad->srcpad, gst_event_new_stream_start (id));
  }
  push_caps (pad);
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_pad_push_event (pad->srcpad, gst_event_new_segment (&segment));
}

/* (transfer full) @out */
static GstFlowReturn
push (GstVsUrlSignerTextPad * pad, GString * out)
{
  gsize size = out->len;
  GstBuffer *buffer;

  if (size == 0) {
    g_string_free (out, TRUE);
    return GST_FLOW_OK;
  }
  push_preamble (pad);
  buffer = gst_buffer_new_wrapped (g_string_free (out, FALSE), size);
  GST_BUFFER_OFFSET (buffer) = pad->offset;
  pad->offset += size;
  GST_BUFFER_OFFSET_END (buffer) = pad->offset;
  return gst_pad_push (pad->srcpad, buffer);
}

/* ---- a text ------------------------------------------------------------- */

static void
drop_text (GstVsUrlSignerTextPad * pad)
{
  g_clear_pointer (&pad->text, vs_sign_text_free);
  g_clear_pointer (&pad->signer, vs_url_signer_free);
  pad->failed = FALSE;
}

/* (transfer full) (nullable): where the text comes from, after all redirects, as
 * a URL that can be signed */
static gchar *
ask_for_base (GstVsUrlSignerTextPad * pad)
{
  g_autoptr (GstQuery) query = gst_query_new_uri ();
  g_autofree gchar *redirected = NULL;
  g_autofree gchar *uri = NULL;
  VsUrlParts parts;

  if (!gst_pad_peer_query (GST_PAD (pad), query))
    return NULL;
  gst_query_parse_uri_redirection (query, &redirected);
  if (redirected == NULL)
    gst_query_parse_uri (query, &uri);
  else
    uri = g_steal_pointer (&redirected);
  return uri && vs_url_parts_split (uri, &parts, NULL) ?
      g_steal_pointer (&uri) : NULL;
}

static gboolean
begin_text (GstVsUrlSignerTextPad * pad)
{
  g_autoptr (VsSigning) signing =
      gst_vs_url_signer_get_signing (get_element (pad));
  g_autofree gchar *base = NULL;

  if (pad->text)
    return TRUE;
  if (signing == NULL)
    return FALSE;
  base = g_strdup (vs_signing_get_base (signing));
  if (base == NULL)
    base = ask_for_base (pad);
  pad->has_base = base != NULL;
  pad->signer = vs_signing_begin (signing, NULL);
  pad->text = vs_sign_text_new (pad->signer, pad->kind, base);
  return TRUE;
}

static GstFlowReturn
fail (GstVsUrlSignerTextPad * pad, const GError * error)
{
  pad->failed = TRUE;
  GST_ELEMENT_ERROR (get_element (pad), STREAM, FORMAT,
      ("The text can't be signed: %s.", error->message),
      ("there is %s", pad->has_base ? "a base URL" :
          "no base URL: base-url is not set, and the source tells none"));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
sign_piece (GstVsUrlSignerTextPad * pad, const gchar * data, gsize size)
{
  GString *out = g_string_sized_new (4 * size);
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow;

  vs_sign_text_push (pad->text, data, size, out, &error);
  flow = push (pad, out);
  return error && flow == GST_FLOW_OK ? fail (pad, error) : flow;
}

static void
finish_text (GstVsUrlSignerTextPad * pad)
{
  g_autoptr (GError) error = NULL;
  GString *out;

  if (pad->text && !pad->failed) {
    out = g_string_new (NULL);
    vs_sign_text_finish (pad->text, out, &error);
    if (push (pad, out) == GST_FLOW_OK && error)
      fail (pad, error);
  }
  drop_text (pad);
}

static GstFlowReturn
sink_chain (GstPad * sinkpad, GstObject * parent, GstBuffer * buffer)
{
  GstVsUrlSignerTextPad *pad = GST_VS_URL_SIGNER_TEXT_PAD (sinkpad);
  GstFlowReturn flow = GST_FLOW_OK;
  GstMapInfo map;

  if (pad->failed || !begin_text (pad)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_ERROR;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (parent, RESOURCE, READ, (NULL),
        ("a buffer that can't be read"));
    return GST_FLOW_ERROR;
  }
  for (gsize at = 0; flow == GST_FLOW_OK && at < map.size; at += PIECE)
    flow = sign_piece (pad, (const gchar *) map.data + at,
        MIN (PIECE, map.size - at));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

/* ---- events and queries ------------------------------------------------- */

static gboolean
sink_event (GstPad * sinkpad, GstObject * parent, GstEvent * event)
{
  GstVsUrlSignerTextPad *pad = GST_VS_URL_SIGNER_TEXT_PAD (sinkpad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      pad->kind = tell_kind (event);
      break;
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
      /* ours are other ones */
      break;
    case GST_EVENT_STREAM_START:
      /* another text behind this one */
      finish_text (pad);
      return gst_pad_push_event (pad->srcpad, event);
    case GST_EVENT_EOS:
      finish_text (pad);
      push_preamble (pad);
      return gst_pad_push_event (pad->srcpad, event);
    case GST_EVENT_FLUSH_STOP:
      drop_text (pad);
      pad->has_preamble = FALSE;
      pad->offset = 0;
      return gst_pad_push_event (pad->srcpad, event);
    default:
      return gst_pad_push_event (pad->srcpad, event);
  }
  gst_event_unref (event);
  return TRUE;
}

static gboolean
src_event (GstPad * srcpad, GstObject * parent, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return gst_pad_event_default (srcpad, parent, event);
  gst_event_unref (event);
  return FALSE;
}

static gboolean
src_query (GstPad * srcpad, GstObject * parent, GstQuery * query)
{
  GstFormat format;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_SEEKING:
      gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
      gst_query_set_seeking (query, format, FALSE, 0, -1);
      return TRUE;
    case GST_QUERY_DURATION:
    case GST_QUERY_POSITION:
    case GST_QUERY_CONVERT:
      return FALSE;
    default:
      return gst_pad_query_default (srcpad, parent, query);
  }
}

static GstIterator *
sink_links (GstPad * sinkpad, GstObject * parent)
{
  return vs_pad_iterate (GST_VS_URL_SIGNER_TEXT_PAD (sinkpad)->srcpad);
}

static GstIterator *
src_links (GstPad * srcpad, GstObject * parent)
{
  return vs_pad_iterate (gst_pad_get_element_private (srcpad));
}

/* ---- life --------------------------------------------------------------- */

void
gst_vs_url_signer_text_pad_reset (GstVsUrlSignerTextPad * pad)
{
  drop_text (pad);
  pad->kind = VS_SIGN_TEXT_UNKNOWN;
  pad->has_preamble = FALSE;
  pad->offset = 0;
}

static void
gst_vs_url_signer_text_pad_finalize (GObject * object)
{
  drop_text (GST_VS_URL_SIGNER_TEXT_PAD (object));
  G_OBJECT_CLASS (gst_vs_url_signer_text_pad_parent_class)->finalize (object);
}

static void
gst_vs_url_signer_text_pad_class_init (GstVsUrlSignerTextPadClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_vs_url_signer_text_pad_finalize;
}

static void
gst_vs_url_signer_text_pad_init (GstVsUrlSignerTextPad * pad)
{
}

GstPad *
gst_vs_url_signer_text_pad_new (GstPadTemplate * sink_templ,
    GstPadTemplate * src_templ)
{
  GstVsUrlSignerTextPad *pad = g_object_new (GST_TYPE_VS_URL_SIGNER_TEXT_PAD,
      "name", "sink", "direction", GST_PAD_SINK, "template", sink_templ, NULL);

  gst_pad_set_chain_function (GST_PAD (pad), sink_chain);
  gst_pad_set_event_function (GST_PAD (pad), sink_event);
  gst_pad_set_iterate_internal_links_function (GST_PAD (pad), sink_links);

  pad->srcpad = gst_pad_new_from_template (src_templ, "src");
  gst_pad_set_element_private (pad->srcpad, pad);
  gst_pad_set_event_function (pad->srcpad, src_event);
  gst_pad_set_query_function (pad->srcpad, src_query);
  gst_pad_set_iterate_internal_links_function (pad->srcpad, src_links);
  return GST_PAD (pad);
}
