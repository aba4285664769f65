/* VisionStream: vsurlsigner, signs the URLs in what flows through it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-vsurlsigner
 * @title: vsurlsigner
 *
 * Signs URLs as CloudFront has it, so that who has one may fetch what it names
 * until it expires, and nobody else: #GstVsJitPackager, CloudFront, and what
 * else knows its signatures verify them. The key is a file that
 * #GstVsUrlSigner:private-key names; it is read at READY, and told nowhere.
 *
 * ## Text
 *
 * `sink` and `src` are a filter for text: lists of URLs (`text/uri-list`, one a
 * line), playlists (`application/x-hls`), DASH and Smooth Streaming manifests
 * (`application/dash+xml`, `application/vnd.ms-sstr+xml`). Where caps do not
 * tell which, its first bytes do. Relative URLs are resolved against
 * #GstVsUrlSigner:base-url, or where the text comes from. With
 * `policy=wildcard`, and in manifests with templates, one signature is for all
 * that is in the text's folder. A line is held at a time, however long the text
 * is. One that is no URL, or longer than 8 KiB, is an ERROR that names it; what
 * is before it has been passed on.
 *
 * ## Streams
 *
 * Each `sink_%u` has a `src_%u`, through which what comes passes as it is:
 * behind #GstVsSegmentStore the element signs the URLs of segments and
 * recordings as the store tells of them, and posts them. It needs to know
 * where clients find them: #GstVsUrlSigner:base-url.
 *
 * ## Messages
 *
 * Element message `vsurlsigner-signed`, from the streaming thread, ahead of the
 * next segment's first buffer:
 *
 * * gchararray `kind`: "segment" or "recording"
 * * gchararray `uri`
 * * gchararray `signed-uri`
 * * guint64 `expires`: s since 1970
 * * gchararray `rendition`: "720p"
 * * guint64 `duration`: ns
 * * guint64 `size`: bytes
 * * guint64 `fragment-id`: media sequence number; segments only
 * * guint64 `timestamp`: of its start, ns since 1970, UTC; segments only
 *
 * The segment may still be on its way to the store:
 * `vssegmentstore-segment-stored` tells when it is there. Whoever reads the
 * message, or a log of all messages (`GST_DEBUG=GST_MESSAGE:5`), may use the URL.
 *
 * ## Actions
 *
 * `sign-url`, `sign-cookies` and `verify-url` do the same for an application, in
 * READY and above; no pad needs to be there. Properties that are set in READY
 * count from PAUSED on.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -q fdsrc ! vsurlsigner private-key=key.pem key-pair-id=K2JCJMDEHXQW5F expires-in=3600 ! fdsink
 * ]| A Unix filter: URLs in, a line each, signed URLs out.
 * |[
 * gst-launch-1.0 souphttpsrc location=https://host/live/index.m3u8 ! vsurlsigner private-key=key.pem key-pair-id=K2JCJMDEHXQW5F policy=wildcard ! filesink location=signed.m3u8
 * ]| A playlist whose URLs are absolute and signed.
 * |[
 * gst-launch-1.0 -e -m videotestsrc num-buffers=300 ! x264enc key-int-max=60 ! h264parse ! mpegtsmux ! vssegmentstore location=archive : vsurlsigner private-key=key.pem key-pair-id=K2JCJMDEHXQW5F base-url=https://cdn.example.com : vsjitpackager port=8080
 * ]| Tells the signed URL of each segment that is stored, while the stream is served.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsurlsignerpad.h"
#include "gstvsurlsignertextpad.h"

#include <string.h>

GST_DEBUG_CATEGORY (vsurlsigner_debug);
#define GST_CAT_DEFAULT vsurlsigner_debug

#define TEXT_CAPS "text/uri-list; application/x-hls; application/dash+xml; " \
    "application/vnd.ms-sstr+xml"

/* The first that fits is the one that gst-launch-1.0 asks for: what has no caps
 * is text, and MPEG-TS is none. */
static GstStaticPadTemplate text_sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS (TEXT_CAPS "; text/plain; application/xml; "
        "application/octet-stream"));

static GstStaticPadTemplate text_src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS (TEXT_CAPS));

static GstStaticPadTemplate sink_template =
GST_STATIC_PAD_TEMPLATE ("sink_%u", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS_ANY);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src_%u",
    GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE (GstVsUrlSigner, gst_vs_url_signer, GST_TYPE_ELEMENT);
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vsurlsigner, "vsurlsigner",
    GST_RANK_NONE, GST_TYPE_VS_URL_SIGNER,
    GST_DEBUG_CATEGORY_INIT (vsurlsigner_debug, "vsurlsigner", 0,
        "vsurlsigner"));

/* ---- what signs --------------------------------------------------------- */

VsSigning *
gst_vs_url_signer_get_signing (GstVsUrlSigner * self)
{
  VsSigning *signing;

  GST_OBJECT_LOCK (self);
  signing = self->signing ? vs_signing_ref (self->signing) : NULL;
  GST_OBJECT_UNLOCK (self);
  return signing;
}

/* (transfer full) (nullable) @signing */
static void
set_signing (GstVsUrlSigner * self, VsSigning * signing)
{
  VsSigning *old;

  GST_OBJECT_LOCK (self);
  old = self->signing;
  self->signing = signing;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&old, vs_signing_unref);
}

static void
post_error (GstVsUrlSigner * self, const GError * error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s.", error->message),
        (NULL));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("There is no private key: %s. Check private-key; \"openssl genrsa -out "
            "key.pem 2048\" makes one.", error->message), (NULL));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("The private key can't be used: %s. Who runs this has to be able to "
            "read it, and nobody else.", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("The private key can't be used: %s. It has to be a file with an RSA key "
            "of 2048 to 4096 bits, or one on P-256, in PEM, not encrypted.",
            error->message), (NULL));
}

static gboolean
read_settings (GstVsUrlSigner * self)
{
  g_auto (VsSigningSettings) settings = { 0, };
  g_autoptr (GError) error = NULL;
  VsSigning *signing;

  GST_OBJECT_LOCK (self);
  self->changed = FALSE;
  GST_OBJECT_UNLOCK (self);
  vs_signing_settings_copy (&settings, &self->settings, G_OBJECT (self));
  signing = vs_signing_new (&settings, &error);
  if (signing == NULL) {
    post_error (self, error);
    return FALSE;
  }
  set_signing (self, signing);
  return TRUE;
}

/* ---- states ------------------------------------------------------------- */

static gboolean
reset_pad (GstElement * element, GstPad * pad, gpointer user_data)
{
  if (GST_IS_VS_URL_SIGNER_TEXT_PAD (pad))
    gst_vs_url_signer_text_pad_reset (GST_VS_URL_SIGNER_TEXT_PAD (pad));
  else
    gst_vs_url_signer_pad_reset (GST_VS_URL_SIGNER_PAD (pad));
  return TRUE;
}

static gboolean
start (GstVsUrlSigner * self)
{
  gboolean changed, linked;

  GST_OBJECT_LOCK (self);
  changed = self->changed;
  linked = GST_ELEMENT (self)->numsinkpads > 0;
  GST_OBJECT_UNLOCK (self);
  if (!linked)
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("Nothing is linked to the element: it takes text into its pad sink, "
            "and streams into sink_%%u."), (NULL));
  return !changed || read_settings (self);
}

static GstStateChangeReturn
gst_vs_url_signer_change_state (GstElement * element, GstStateChange transition)
{
  GstVsUrlSigner *self = GST_VS_URL_SIGNER (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !read_settings (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  result = GST_ELEMENT_CLASS (gst_vs_url_signer_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_element_foreach_sink_pad (element, reset_pad, NULL);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    set_signing (self, NULL);
  return result;
}

/* ---- pads --------------------------------------------------------------- */

static gboolean
has_pad (GstVsUrlSigner * self, const gchar * name)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (GST_ELEMENT (self), name);

  return pad != NULL;
}

static gboolean
choose_number (GstVsUrlSigner * self, const gchar * name, guint * number)
{
  g_autofree gchar *free_name = NULL;
  guint64 wanted;

  if (name != NULL && !g_str_equal (name, "sink_%u")) {
    if (!g_str_has_prefix (name, "sink_")
        || !g_ascii_string_to_unsigned (name + strlen ("sink_"), 10, 0,
            G_MAXINT32, &wanted, NULL))
      return FALSE;
    *number = (guint) wanted;
    return !has_pad (self, name);
  }
  do {
    GST_OBJECT_LOCK (self);
    *number = self->next_pad++;
    GST_OBJECT_UNLOCK (self);
    g_free (free_name);
    free_name = g_strdup_printf ("sink_%u", *number);
  } while (has_pad (self, free_name));
  return TRUE;
}

static GstPadTemplate *
get_template (GstVsUrlSigner * self, const gchar * name)
{
  return gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self),
      name);
}

static void
add_pads (GstVsUrlSigner * self, GstPad * sinkpad, GstPad * srcpad)
{
  gst_pad_set_active (srcpad, TRUE);
  gst_pad_set_active (sinkpad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), srcpad);
  gst_element_add_pad (GST_ELEMENT (self), sinkpad);
}

static GstPad *
gst_vs_url_signer_request_new_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps)
{
  GstVsUrlSigner *self = GST_VS_URL_SIGNER (element);
  guint number = 0;
  GstPad *sinkpad;

  if (g_str_equal (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), "sink")) {
    if (has_pad (self, "sink"))
      return NULL;
    sinkpad = gst_vs_url_signer_text_pad_new (templ,
        get_template (self, "src"));
    add_pads (self, sinkpad, GST_VS_URL_SIGNER_TEXT_PAD (sinkpad)->srcpad);
    return sinkpad;
  }
  if (!choose_number (self, name, &number)) {
    GST_WARNING_OBJECT (self, "there can't be a pad %s", name);
    return NULL;
  }
  sinkpad = gst_vs_url_signer_pad_new (templ, get_template (self, "src_%u"),
      number);
  add_pads (self, sinkpad, GST_VS_URL_SIGNER_PAD (sinkpad)->srcpad);
  return sinkpad;
}

static void
gst_vs_url_signer_release_pad (GstElement * element, GstPad * sinkpad)
{
  GstPad *srcpad = GST_IS_VS_URL_SIGNER_TEXT_PAD (sinkpad)
      ? GST_VS_URL_SIGNER_TEXT_PAD (sinkpad)->srcpad
      : GST_VS_URL_SIGNER_PAD (sinkpad)->srcpad;

  gst_object_ref (sinkpad);
  gst_pad_set_active (srcpad, FALSE);
  gst_pad_set_active (sinkpad, FALSE);
  gst_element_remove_pad (element, srcpad);
  gst_element_remove_pad (element, sinkpad);
  gst_object_unref (sinkpad);
}

/* ---- the object --------------------------------------------------------- */

static void
gst_vs_url_signer_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstVsUrlSigner *self = GST_VS_URL_SIGNER (object);

  vs_signing_settings_set_property (&self->settings, object, id, value, pspec);
  GST_OBJECT_LOCK (self);
  self->changed = TRUE;
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vs_url_signer_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  vs_signing_settings_get_property (&GST_VS_URL_SIGNER (object)->settings,
      object, id, value, pspec);
}

static void
gst_vs_url_signer_finalize (GObject * object)
{
  GstVsUrlSigner *self = GST_VS_URL_SIGNER (object);

  vs_signing_settings_clear (&self->settings);
  g_clear_pointer (&self->signing, vs_signing_unref);
  G_OBJECT_CLASS (gst_vs_url_signer_parent_class)->finalize (object);
}

static void
gst_vs_url_signer_class_init (GstVsUrlSignerClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_vs_url_signer_set_property;
  object_class->get_property = gst_vs_url_signer_get_property;
  object_class->finalize = gst_vs_url_signer_finalize;
  vs_signing_settings_install_properties (object_class);
  gst_vs_url_signer_install_actions (object_class);

  element_class->change_state = gst_vs_url_signer_change_state;
  element_class->request_new_pad = gst_vs_url_signer_request_new_pad;
  element_class->release_pad = gst_vs_url_signer_release_pad;
  gst_element_class_add_static_pad_template (element_class,
      &text_sink_template);
  gst_element_class_add_static_pad_template (element_class, &text_src_template);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "URL signer",
      "Filter/Metadata",
      "Signs the URLs in lists, playlists and manifests, and of what a store "
      "upstream finishes, as CloudFront does", "VisionStream");
  gst_type_mark_as_plugin_api (vs_signing_policy_get_type (), 0);
  gst_type_mark_as_plugin_api (vs_signing_hash_get_type (), 0);
}

static void
gst_vs_url_signer_init (GstVsUrlSigner * self)
{
  vs_signing_settings_init (&self->settings);
}
