/* VisionStream: how a running chain does, as one line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _VsChainStatus VsChainStatus;

/* @pipeline: with elements named ladder and packager */
VsChainStatus *vs_chain_status_new (GstElement *pipeline);
void           vs_chain_status_free (VsChainStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsChainStatus, vs_chain_status_free)

/* Any message of the pipeline's bus; counts the store's. */
void vs_chain_status_message (VsChainStatus *status, GstMessage *message);

/* Whether anything was encoded. */
gboolean       vs_chain_status_has_output (VsChainStatus *status);
/* Segments stored, of the rendition that has most. */
guint          vs_chain_status_segments (VsChainStatus *status);

/* On a terminal each line takes the place of the one before. */
void vs_chain_status_print (VsChainStatus *status);
/* Ends a line that is being kept in place, for other output to follow. */
void vs_chain_status_break (VsChainStatus *status);

G_END_DECLS
