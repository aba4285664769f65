/* VisionStream: a chain's input, cut after a duration
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * VsChainLimit:
 *
 * Ends each of an element's sink pads with EOS once a duration of media went
 * in, to the frame, counted from the first buffer of any of them. Ending the
 * sources instead would let through what is queued behind them.
 */
typedef struct _VsChainLimit VsChainLimit;

VsChainLimit *vs_chain_limit_new (GstElement *element, GstClockTime duration);
/* Once the element's pads are no longer active. */
void          vs_chain_limit_free (VsChainLimit *limit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsChainLimit, vs_chain_limit_free)

/* Whether as much wall-clock time has passed: then the sources are to end too,
 * also those that send nothing any more. */
gboolean vs_chain_limit_is_over (VsChainLimit *limit);

G_END_DECLS
