/* VisionStream: a bin whose inside is chosen by the caps that come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/gstvsladderstage.h"

/* What is inside until caps come: events (EOS, GAP) must pass then too. */
#define INITIAL_CHAIN "identity silent=true"

struct _GstVsLadderStage
{
  GstBin parent;

  GstPad *sinkpad, *srcpad;
  GstVsLadderStageFunc func;
  gpointer user_data;

  /* streaming thread only, once data flows */
  GstElement *chain;            /* owned by the bin */
  gchar *description;
};

G_DEFINE_TYPE (GstVsLadderStage, gst_vs_ladder_stage, GST_TYPE_BIN);

static GstPadProbeReturn
drop_eos (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  return GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS ?
      GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Decoders hold frames: what is inside comes out before the chain goes. */
static void
stage_drain (GstVsLadderStage * self)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (self->chain, "sink");
  g_autoptr (GstPad) src = gst_element_get_static_pad (self->chain, "src");

  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_eos, NULL,
      NULL);
  gst_pad_send_event (sink, gst_event_new_eos ());
}

static void
stage_remove_chain (GstVsLadderStage * self)
{
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->sinkpad), NULL);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->srcpad), NULL);
  gst_element_set_locked_state (self->chain, TRUE);
  gst_element_set_state (self->chain, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), self->chain);
  self->chain = NULL;
}

static gboolean
stage_set_chain (GstVsLadderStage * self, const gchar * description,
    GError ** error)
{
  GstElement *chain = gst_parse_bin_from_description (description, TRUE,
      error);
  g_autoptr (GstPad) sink = NULL, src = NULL;

  if (chain == NULL)
    return FALSE;
  gst_object_set_name (GST_OBJECT (chain), NULL);
  if (self->chain) {
    stage_drain (self);
    stage_remove_chain (self);
  }
  gst_bin_add (GST_BIN (self), chain);
  sink = gst_element_get_static_pad (chain, "sink");
  src = gst_element_get_static_pad (chain, "src");
  self->chain = chain;
  g_free (self->description);
  self->description = g_strdup (description);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->srcpad), src);
  gst_element_sync_state_with_parent (chain);
  return gst_ghost_pad_set_target (GST_GHOST_PAD (self->sinkpad), sink);
}

static gboolean
stage_handle_caps (GstVsLadderStage * self, const GstCaps * caps)
{
  g_autofree gchar *description = self->func (caps, self->user_data);
  g_autoptr (GError) error = NULL;

  if (description == NULL) {
    GST_ELEMENT_ERROR (self, STREAM, CODEC_NOT_FOUND,
        ("No decoder for this stream is installed."),
        ("caps %" GST_PTR_FORMAT, caps));
    return FALSE;
  }
  if (g_str_equal (description, self->description))
    return TRUE;
  GST_INFO_OBJECT (self, "%s for %" GST_PTR_FORMAT, description, caps);
  if (!stage_set_chain (self, description, &error)) {
    GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
        ("An element that this stream needs is not installed."),
        ("%s: %s", description, error ? error->message : "not linked"));
    return FALSE;
  }
  return TRUE;
}

static gboolean
stage_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    GstCaps *caps;

    gst_event_parse_caps (event, &caps);
    if (!stage_handle_caps (GST_VS_LADDER_STAGE (parent), caps)) {
      gst_event_unref (event);
      return FALSE;
    }
  }
  return gst_pad_event_default (pad, parent, event);
}

/* What is inside now says nothing about what may come. */
static gboolean
stage_sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    case GST_QUERY_CAPS:{
      GstCaps *filter;
      g_autoptr (GstCaps) any = gst_caps_new_any ();

      gst_query_parse_caps (query, &filter);
      gst_query_set_caps_result (query, filter ? filter : any);
      return TRUE;
    }
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static void
gst_vs_ladder_stage_init (GstVsLadderStage * self)
{
  self->sinkpad = gst_ghost_pad_new_no_target ("sink", GST_PAD_SINK);
  gst_pad_set_event_function (self->sinkpad, stage_sink_event);
  gst_pad_set_query_function (self->sinkpad, stage_sink_query);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_ghost_pad_new_no_target ("src", GST_PAD_SRC);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_vs_ladder_stage_finalize (GObject * object)
{
  g_free (GST_VS_LADDER_STAGE (object)->description);
  G_OBJECT_CLASS (gst_vs_ladder_stage_parent_class)->finalize (object);
}

static void
gst_vs_ladder_stage_class_init (GstVsLadderStageClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_stage_finalize;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Ladder stage", "Bin", "Holds what the caps that come call for",
      "VisionStream");
}

GstElement *
gst_vs_ladder_stage_new (const gchar * name, GstVsLadderStageFunc func,
    gpointer user_data)
{
  GstVsLadderStage *self =
      g_object_new (GST_TYPE_VS_LADDER_STAGE, "name", name, NULL);

  self->func = func;
  self->user_data = user_data;
  /* identity is of the core: its making cannot fail */
  stage_set_chain (self, INITIAL_CHAIN, NULL);
  return GST_ELEMENT (self);
}
