/* VisionStream: a conversion's pipeline
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "feed.h"

G_BEGIN_DECLS

/* The codecs' parts of a line: (transfer full), NULL with
 * %G_IO_ERROR_NOT_SUPPORTED for one that there is no decoder of. */

/* "appsrc ... ! parser": the track's access units, see VsFeed */
gchar *vs_chain_track (const VsConvert *convert, VsMediaType type,
    GError **error);
/* the same, decoded */
gchar *vs_chain_decoded (const VsConvert *convert, VsMediaType type,
    GError **error);
/* pictures that the appsrc "keyframes" is given, decoded; nothing is read */
gchar *vs_chain_keyframes (const VsConvert *convert, GError **error);

/**
 * VsChain:
 *
 * A pipeline that runs as fast as it can. The element "watch", or the first source pad of "ladder", is where its progress
 * is taken from.
 */
typedef struct _VsChain VsChain;
struct _VsChain
{
  VsConvert *convert;
  GstElement *pipeline;
  gboolean (*at_end) (VsChain *chain, GError **error);

  /*< private >*/
  GstClockTime total;           /* of what is read, as far as it is known */
  VsFeed *feed;                 /* while it runs */
  GMutex lock;
  GstClockTime position;        /* protected by lock: the streaming threads
                                 * write it */
};

gboolean vs_chain_init (VsChain *chain, VsConvert *convert,
    const gchar *line, GError **error);
/* The element of that name: (transfer full) (nullable) */
GstElement *vs_chain_get (VsChain *chain, const gchar *name);
/**
 * vs_chain_run:
 *
 * Runs it to its end; it is at rest afterwards. Errors are the elements', and
 * %G_IO_ERROR_CANCELLED.
 */
gboolean vs_chain_run (VsChain *chain, GCancellable *cancellable,
    GError **error);
/* Calls @func with each buffer that leaves an element; for pads' probes. */
void     vs_chain_add_probe (VsChain *chain, const gchar *name,
    GstPadProbeCallback func, gpointer user_data);
/* The running time of a buffer that is at @pad, GST_CLOCK_TIME_NONE for one
 * that is not to be seen. */
GstClockTime vs_chain_get_time (GstPad *pad, GstBuffer *buffer);
/* How long that is which came out: whole frames of sound or pictures, or all of
 * the range where it is but a frame less. */
GstClockTime vs_chain_get_duration (VsChain *chain);
/* How long the range is: what is missing in it may have been closed up. */
GstClockTime vs_chain_get_total (VsChain *chain);
void     vs_chain_clear (VsChain *chain);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsChain, vs_chain_clear)

G_END_DECLS
