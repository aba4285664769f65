/* VisionStream: how a running chain does, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "status.h"

#include <unistd.h>

/* speed is measured over this many calls of vs_chain_status_print () */
#define SPEED_WINDOW 16
/* below this the encoder is said to be too slow */
#define SPEED_ENOUGH 0.95

typedef struct
{
  gint64 wall;                  /* us, monotonic */
  GstClockTime media;
} Progress;

struct _VsChainStatus
{
  GstElement *packager;
  gboolean tty;
  gboolean in_place;            /* a line stands without its newline */

  /* main thread */
  GHashTable *segments;         /* rendition -> count */
  gint64 last_stored;           /* us, monotonic; 0 before the first */
  Progress window[SPEED_WINDOW];
  guint n_progress;

  /* protected by lock: the ladder's streaming threads write them */
  GMutex lock;
  Progress first;               /* its wall is 0 before there is output */
  GstClockTime media;           /* running time that was encoded last */
};

static GstPadProbeReturn
encoded (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  VsChainStatus *status = user_data;
  GstClockTime pts = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));

  g_mutex_lock (&status->lock);
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    if (status->first.wall == 0) {
      status->first.wall = g_get_monotonic_time ();
      status->first.media = pts;
    }
    status->media = MAX (status->media, pts);
  }
  g_mutex_unlock (&status->lock);
  return GST_PAD_PROBE_OK;
}

/* One rendition's output stands for all: the ladder keeps them together. */
static gboolean
watch_first_pad (GstElement * ladder, GstPad * pad, gpointer user_data)
{
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, encoded, user_data, NULL);
  return FALSE;
}

VsChainStatus *
vs_chain_status_new (GstElement * pipeline)
{
  VsChainStatus *status = g_new0 (VsChainStatus, 1);
  g_autoptr (GstElement) ladder =
      gst_bin_get_by_name (GST_BIN (pipeline), "ladder");

  g_mutex_init (&status->lock);
  status->tty = isatty (STDOUT_FILENO);
  status->segments =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  status->packager = gst_bin_get_by_name (GST_BIN (pipeline), "packager");
  gst_element_foreach_src_pad (ladder, watch_first_pad, status);
  return status;
}

void
vs_chain_status_free (VsChainStatus * status)
{
  vs_chain_status_break (status);
  g_clear_object (&status->packager);
  g_hash_table_unref (status->segments);
  g_mutex_clear (&status->lock);
  g_free (status);
}

void
vs_chain_status_message (VsChainStatus * status, GstMessage * message)
{
  const GstStructure *s = gst_message_get_structure (message);
  const gchar *rendition;
  guint count;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ELEMENT
      || !gst_structure_has_name (s, "vssegmentstore-segment-stored"))
    return;
  rendition = gst_structure_get_string (s, "rendition");
  if (rendition == NULL)
    rendition = "";
  count = GPOINTER_TO_UINT (g_hash_table_lookup (status->segments, rendition));
  g_hash_table_replace (status->segments, g_strdup (rendition),
      GUINT_TO_POINTER (count + 1));
  status->last_stored = g_get_monotonic_time ();
}

gboolean
vs_chain_status_has_output (VsChainStatus * status)
{
  gboolean has;

  g_mutex_lock (&status->lock);
  has = status->first.wall != 0;
  g_mutex_unlock (&status->lock);
  return has;
}

guint
vs_chain_status_segments (VsChainStatus * status)
{
  GHashTableIter iter;
  gpointer count;
  guint most = 0;

  g_hash_table_iter_init (&iter, status->segments);
  while (g_hash_table_iter_next (&iter, NULL, &count))
    most = MAX (most, GPOINTER_TO_UINT (count));
  return most;
}

/* Media time a wall-clock time over the window, or 0 while unknown. */
static gdouble
measure_speed (VsChainStatus * status)
{
  Progress *slot = &status->window[status->n_progress % SPEED_WINDOW];
  Progress now = {.wall = g_get_monotonic_time () };
  Progress oldest;

  g_mutex_lock (&status->lock);
  now.media = status->media;
  oldest = status->first;
  g_mutex_unlock (&status->lock);
  if (oldest.wall == 0 || now.wall <= oldest.wall)
    return 0;
  /* the next slot of a full ring holds its oldest entry */
  if (status->n_progress >= SPEED_WINDOW)
    oldest = *slot;
  *slot = now;
  status->n_progress++;
  return (gdouble) (now.media - oldest.media)
      / ((now.wall - oldest.wall) * GST_USECOND);
}

/* With a plain space: g_format_size () has one that does not break, which is
 * no character of the C locale. */
static gchar *
format_size (guint64 bytes)
{
  g_autofree gchar *size = g_format_size (bytes);
  g_auto (GStrv) parts = g_strsplit (size, "\302\240", 2);

  return g_strjoinv (" ", parts);
}

static void
append_packager (VsChainStatus * status, GString * line)
{
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *size = NULL;
  guint viewers = 0;
  guint64 bytes = 0;

  g_object_get (status->packager, "stats", &stats, NULL);
  if (stats == NULL)
    return;
  gst_structure_get (stats, "viewers", G_TYPE_UINT, &viewers,
      "bytes-out", G_TYPE_UINT64, &bytes, NULL);
  size = format_size (bytes);
  g_string_append_printf (line, " | viewers %u | out %s", viewers, size);
}

static gchar *
format_line (VsChainStatus * status)
{
  GString *line = g_string_new (NULL);
  gdouble speed = measure_speed (status);

  if (speed > 0)
    g_string_append_printf (line, "encoding %.2fx%s", speed,
        speed < SPEED_ENOUGH ? " (too slow: try --preset ultrafast)" : "");
  else
    g_string_append (line, "waiting for the input");
  g_string_append_printf (line, " | segments %u",
      vs_chain_status_segments (status));
  if (status->last_stored != 0)
    g_string_append_printf (line, " | last %.1f s ago",
        (g_get_monotonic_time () - status->last_stored)
        / (gdouble) G_USEC_PER_SEC);
  append_packager (status, line);
  return g_string_free (line, FALSE);
}

void
vs_chain_status_print (VsChainStatus * status)
{
  g_autofree gchar *line = format_line (status);

  if (status->tty) {
    /* back to the left edge, and erase what the last line left behind */
    g_print ("\r%s\033[K", line);
    status->in_place = TRUE;
  } else {
    g_print ("%s\n", line);
  }
}

void
vs_chain_status_break (VsChainStatus * status)
{
  if (status->in_place)
    g_print ("\n");
  status->in_place = FALSE;
}
