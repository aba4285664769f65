/* VisionStream: raw media onto an unbroken grid of times
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* What comes is put into a short queue by the decoder's thread and taken out
 * by a task of our own, the only one that pushes. The task, and not chain, so
 * that a live grid can go on by the clock while nothing comes: each time on
 * the grid is due at its running time plus upstream's latency plus
 * VS_LADDER_LIVE_HOLD. Not live, the order of what comes decides alone, GAP
 * events included, and the same input gives the same output.
 *
 * self->lock guards the queue and the flags; it is not held over a push or a
 * vfunc. */

#include "ladder/gstvsladdergrid.h"

#include "ladder/gstvsladderinput.h"

GST_DEBUG_CATEGORY_STATIC (vsladdergrid_debug);
#define GST_CAT_DEFAULT vsladdergrid_debug

typedef struct
{
  GstPad *sinkpad;
  GstTask *task;
  GRecMutex task_lock;

  GMutex lock;
  GCond cond;

  /* protected by lock */
  GQueue items;                 /* of GstMiniObject */
  guint n_buffers;
  gboolean flushing;
  gboolean stopping;            /* the task is to return */
  gboolean playing;
  GstFlowReturn flow;

  /* task only */
  GstSegment segment;
  gboolean started;
  gboolean ended;
  gboolean live;
  GstClockTime latency;
  GstClockTime end;             /* that a GAP without duration told, or 0 */
  GstCaps *caps;                /* of the buffers to come, not yet in force */
} GstVsLadderGridPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GstVsLadderGrid, gst_vs_ladder_grid,
    GST_TYPE_ELEMENT);

static GstVsLadderGridPrivate *
grid_get_private (GstVsLadderGrid * self)
{
  return gst_vs_ladder_grid_get_instance_private (self);
}

static gboolean
grid_query_upstream (GstVsLadderGrid * self, gboolean * live,
    GstClockTime * min, GstClockTime * max)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();

  *live = FALSE;
  *min = 0;
  *max = GST_CLOCK_TIME_NONE;
  if (!gst_pad_peer_query (grid_get_private (self)->sinkpad, query))
    return FALSE;
  gst_query_parse_latency (query, live, min, max);
  return TRUE;
}

gboolean
gst_vs_ladder_grid_query_latency (GstVsLadderGrid * self, GstQuery * query,
    GstClockTime hold)
{
  GstClockTime min, max;
  gboolean live;

  if (!grid_query_upstream (self, &live, &min, &max))
    return FALSE;
  hold += VS_LADDER_LIVE_HOLD;
  gst_query_set_latency (query, live, min + hold,
      GST_CLOCK_TIME_IS_VALID (max) ? max + hold : max);
  return TRUE;
}

/* The segment is the entrance's own: ladder time, one for the whole run. */
static void
grid_handle_segment (GstVsLadderGrid * self, GstEvent * event)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstClockTime max;

  gst_event_copy_segment (event, &priv->segment);
  if (priv->started)
    return;
  grid_query_upstream (self, &priv->live, &priv->latency, &max);
  priv->started =
      GST_VS_LADDER_GRID_GET_CLASS (self)->start (self, &priv->segment);
}

static GstFlowReturn
grid_handle_eos (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstVsLadderGridClass *klass = GST_VS_LADDER_GRID_GET_CLASS (self);

  if (priv->started)
    klass->fill (self, priv->end, TRUE);
  priv->ended = TRUE;
  klass->push_event (self, gst_event_new_eos ());
  return GST_FLOW_EOS;
}

static GstFlowReturn
grid_handle_event (GstVsLadderGrid * self, GstEvent * event)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstVsLadderGridClass *klass = GST_VS_LADDER_GRID_GET_CLASS (self);
  GstClockTime start, duration;
  GstFlowReturn flow = GST_FLOW_OK;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_SEGMENT:
      grid_handle_segment (self, event);
      break;
    case GST_EVENT_CAPS:
      /* In force with the first buffer: a decoder that has seen only a gap
       * makes caps up. */
      gst_event_parse_caps (event, &caps);
      gst_caps_replace (&priv->caps, caps);
      break;
    case GST_EVENT_GAP:
      gst_event_parse_gap (event, &start, &duration);
      if (duration == 0)
        priv->end = start;
      else if (GST_CLOCK_TIME_IS_VALID (duration))
        start += duration;
      if (priv->started && duration != 0)
        flow = klass->fill (self, start, FALSE);
      break;
    case GST_EVENT_EOS:
      flow = grid_handle_eos (self);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return flow;
}

static GstFlowReturn
grid_handle_buffer (GstVsLadderGrid * self, GstBuffer * buffer)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstVsLadderGridClass *klass = GST_VS_LADDER_GRID_GET_CLASS (self);
  gboolean understood = TRUE;

  if (priv->caps) {
    understood = klass->caps (self, priv->caps);
    gst_clear_caps (&priv->caps);
  }
  if (!understood || !priv->started || !GST_BUFFER_PTS_IS_VALID (buffer)) {
    gst_buffer_unref (buffer);
    return understood ? GST_FLOW_OK : GST_FLOW_NOT_NEGOTIATED;
  }
  return klass->buffer (self, buffer);
}

/* Monotonic time at which what comes next is due; -1 when the clock has no
 * say. */
static gint64
grid_get_deadline (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  g_autoptr (GstClock) clock = NULL;
  GstClockTime due, now;

  if (!priv->live || !priv->started || priv->ended)
    return -1;
  clock = gst_element_get_clock (GST_ELEMENT (self));
  if (clock == NULL)
    return -1;
  due = GST_VS_LADDER_GRID_GET_CLASS (self)->due (self);
  due = gst_segment_to_running_time (&priv->segment, GST_FORMAT_TIME, due);
  due += GST_ELEMENT (self)->base_time + priv->latency + VS_LADDER_LIVE_HOLD;
  now = gst_clock_get_time (clock);
  return g_get_monotonic_time () +
      (due > now ? (gint64) ((due - now) / GST_USECOND) : 0);
}

/* Waits for the next item; NULL when the deadline passed or on flush. */
static GstMiniObject *
grid_wait (GstVsLadderGrid * self, gboolean * flushing)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  const gint64 deadline = grid_get_deadline (self);
  GstMiniObject *item = NULL;

  g_mutex_lock (&priv->lock);
  while (!priv->flushing && (item = g_queue_pop_head (&priv->items)) == NULL) {
    if (deadline < 0 || !priv->playing)
      g_cond_wait (&priv->cond, &priv->lock);
    else if (!g_cond_wait_until (&priv->cond, &priv->lock, deadline))
      break;
    if (deadline < 0 && priv->live && priv->playing)
      break;                    /* the clock has a say from now on */
  }
  if (item && GST_IS_BUFFER (item))
    priv->n_buffers--;
  *flushing = priv->flushing;
  g_cond_broadcast (&priv->cond);
  g_mutex_unlock (&priv->lock);
  return item;
}

/* Nothing more goes out. The task waits here to be stopped: to pause it would
 * undo a stop that came just before. */
static void
grid_finish (GstVsLadderGrid * self, GstFlowReturn flow)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  g_mutex_lock (&priv->lock);
  priv->flow = flow;
  g_cond_broadcast (&priv->cond);
  g_mutex_unlock (&priv->lock);
  if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS) {
    GST_ELEMENT_FLOW_ERROR (self, flow);
    GST_VS_LADDER_GRID_GET_CLASS (self)->push_event (self,
        gst_event_new_eos ());
  }
  g_mutex_lock (&priv->lock);
  while (!priv->stopping)
    g_cond_wait (&priv->cond, &priv->lock);
  g_mutex_unlock (&priv->lock);
}

static void
grid_loop (gpointer user_data)
{
  GstVsLadderGrid *self = user_data;
  GstFlowReturn flow = GST_FLOW_OK;
  gboolean flushing;
  GstMiniObject *item = grid_wait (self, &flushing);

  if (item && GST_IS_BUFFER (item))
    flow = grid_handle_buffer (self, GST_BUFFER_CAST (item));
  else if (item)
    flow = grid_handle_event (self, GST_EVENT_CAST (item));
  else if (flushing)
    flow = GST_FLOW_FLUSHING;
  else if (grid_get_deadline (self) >= 0)
    flow = GST_VS_LADDER_GRID_GET_CLASS (self)->fill (self,
        GST_VS_LADDER_GRID_GET_CLASS (self)->due (self), FALSE);
  if (flow != GST_FLOW_OK)
    grid_finish (self, flow);
}

static GstFlowReturn
grid_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstVsLadderGrid *self = GST_VS_LADDER_GRID (parent);
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  const guint max = GST_VS_LADDER_GRID_GET_CLASS (self)->max_buffers;
  GstFlowReturn flow;

  g_mutex_lock (&priv->lock);
  while (!priv->flushing && priv->flow == GST_FLOW_OK && priv->n_buffers >= max)
    g_cond_wait (&priv->cond, &priv->lock);
  flow = priv->flushing ? GST_FLOW_FLUSHING : priv->flow;
  if (flow == GST_FLOW_OK) {
    g_queue_push_tail (&priv->items, buffer);
    priv->n_buffers++;
    g_cond_broadcast (&priv->cond);
  } else {
    gst_buffer_unref (buffer);
  }
  g_mutex_unlock (&priv->lock);
  return flow;
}

static void
grid_clear (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  g_queue_clear_full (&priv->items, (GDestroyNotify) gst_mini_object_unref);
  priv->n_buffers = 0;
  gst_clear_caps (&priv->caps);
  priv->started = priv->ended = priv->live = FALSE;
  priv->end = 0;
  GST_VS_LADDER_GRID_GET_CLASS (self)->reset (self);
}

static void
grid_set_flushing (GstVsLadderGrid * self, gboolean flushing)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  g_mutex_lock (&priv->lock);
  priv->flushing = flushing;
  if (!flushing) {
    priv->flow = GST_FLOW_OK;
    priv->stopping = FALSE;
  }
  g_cond_broadcast (&priv->cond);
  g_mutex_unlock (&priv->lock);
}

static void
grid_stop (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  grid_set_flushing (self, TRUE);
  gst_task_stop (priv->task);
  g_mutex_lock (&priv->lock);
  priv->stopping = TRUE;
  g_cond_broadcast (&priv->cond);
  g_mutex_unlock (&priv->lock);
  gst_task_join (priv->task);
  grid_clear (self);
}

static void
grid_start (GstVsLadderGrid * self)
{
  grid_set_flushing (self, FALSE);
  gst_task_start (grid_get_private (self)->task);
}

static gboolean
grid_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstVsLadderGrid *self = GST_VS_LADDER_GRID (parent);
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstVsLadderGridClass *klass = GST_VS_LADDER_GRID_GET_CLASS (self);
  gboolean taken;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START) {
    klass->push_event (self, event);
    grid_set_flushing (self, TRUE);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    grid_stop (self);
    klass->push_event (self, event);
    grid_start (self);
    return TRUE;
  }
  g_mutex_lock (&priv->lock);
  taken = !priv->flushing && priv->flow == GST_FLOW_OK;
  if (taken)
    g_queue_push_tail (&priv->items, event);
  else
    gst_event_unref (event);
  g_cond_broadcast (&priv->cond);
  g_mutex_unlock (&priv->lock);
  return taken;
}

static GstStateChangeReturn
gst_vs_ladder_grid_change_state (GstElement * element,
    GstStateChange transition)
{
  GstVsLadderGrid *self = GST_VS_LADDER_GRID (element);
  GstVsLadderGridPrivate *priv = grid_get_private (self);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    grid_set_flushing (self, FALSE);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    grid_set_flushing (self, TRUE);
  ret = GST_ELEMENT_CLASS (gst_vs_ladder_grid_parent_class)->change_state
      (element, transition);

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      gst_task_start (priv->task);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      g_mutex_lock (&priv->lock);
      priv->playing = transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING;
      g_cond_broadcast (&priv->cond);
      g_mutex_unlock (&priv->lock);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      /* pads are inactive now: nothing the task could be held up in */
      grid_stop (self);
      break;
    default:
      break;
  }
  return ret;
}

void
gst_vs_ladder_grid_add_sink_pad (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  priv->sinkpad = gst_pad_new_from_template (gst_element_class_get_pad_template
      (GST_ELEMENT_GET_CLASS (self), "sink"), "sink");
  gst_pad_set_chain_function (priv->sinkpad, grid_chain);
  gst_pad_set_event_function (priv->sinkpad, grid_sink_event);
  gst_element_add_pad (GST_ELEMENT (self), priv->sinkpad);
}

static void
gst_vs_ladder_grid_init (GstVsLadderGrid * self)
{
  GstVsLadderGridPrivate *priv = grid_get_private (self);

  g_mutex_init (&priv->lock);
  g_cond_init (&priv->cond);
  g_rec_mutex_init (&priv->task_lock);
  g_queue_init (&priv->items);
  priv->flushing = TRUE;
  priv->task = gst_task_new (grid_loop, self, NULL);
  gst_task_set_lock (priv->task, &priv->task_lock);
  gst_segment_init (&priv->segment, GST_FORMAT_TIME);
}

static void
gst_vs_ladder_grid_finalize (GObject * object)
{
  GstVsLadderGridPrivate *priv = grid_get_private (GST_VS_LADDER_GRID (object));

  g_queue_clear_full (&priv->items, (GDestroyNotify) gst_mini_object_unref);
  gst_clear_caps (&priv->caps);
  gst_object_unref (priv->task);
  g_rec_mutex_clear (&priv->task_lock);
  g_mutex_clear (&priv->lock);
  g_cond_clear (&priv->cond);
  G_OBJECT_CLASS (gst_vs_ladder_grid_parent_class)->finalize (object);
}

static void
gst_vs_ladder_grid_class_init (GstVsLadderGridClass * klass)
{
  GST_DEBUG_CATEGORY_INIT (vsladdergrid_debug, "vsladdergrid", 0,
      "vsladder grids");
  G_OBJECT_CLASS (klass)->finalize = gst_vs_ladder_grid_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = gst_vs_ladder_grid_change_state;
}
