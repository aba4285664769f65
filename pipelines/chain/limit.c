/* VisionStream: a chain's input, cut after a duration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "limit.h"

struct _VsChainLimit
{
  GstClockTime duration;

  /* protected by lock: each pad has its streaming thread */
  GMutex lock;
  gint64 wall;                  /* us, monotonic, of the first buffer; or 0 */
  GstClockTime end;             /* running time */
};

static GstClockTime
running_time (GstPad * pad, GstBuffer * buffer)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;

  if (event == NULL)
    return GST_CLOCK_TIME_NONE;
  gst_event_parse_segment (event, &segment);
  return segment->format != GST_FORMAT_TIME ? GST_CLOCK_TIME_NONE :
      gst_segment_to_running_time (segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
}

static GstPadProbeReturn
check_buffer (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  VsChainLimit *limit = user_data;
  GstClockTime time = running_time (pad, GST_PAD_PROBE_INFO_BUFFER (info));
  gboolean over;

  if (!GST_CLOCK_TIME_IS_VALID (time))
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&limit->lock);
  if (limit->wall == 0)
    limit->wall = g_get_monotonic_time ();
  /* the earliest pad's: sound may come first, and begin a little later */
  limit->end = MIN (limit->end, time + limit->duration);
  over = time >= limit->end;
  g_mutex_unlock (&limit->lock);
  if (!over)
    return GST_PAD_PROBE_OK;
  /* from this thread, which has the pad's stream lock: in order */
  gst_pad_send_event (pad, gst_event_new_eos ());
  return GST_PAD_PROBE_DROP;
}

static gboolean
watch_pad (GstElement * element, GstPad * pad, gpointer user_data)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, check_buffer, user_data,
      NULL);
  return TRUE;
}

VsChainLimit *
vs_chain_limit_new (GstElement * element, GstClockTime duration)
{
  VsChainLimit *limit = g_new0 (VsChainLimit, 1);

  limit->duration = duration;
  limit->end = GST_CLOCK_TIME_NONE;
  g_mutex_init (&limit->lock);
  gst_element_foreach_sink_pad (element, watch_pad, limit);
  return limit;
}

void
vs_chain_limit_free (VsChainLimit * limit)
{
  g_mutex_clear (&limit->lock);
  g_free (limit);
}

gboolean
vs_chain_limit_is_over (VsChainLimit * limit)
{
  gint64 wall;

  g_mutex_lock (&limit->lock);
  wall = limit->wall;
  g_mutex_unlock (&limit->lock);
  return wall != 0 && g_get_monotonic_time () - wall
      >= (gint64) (limit->duration / GST_USECOND);
}
