/* VisionStream: what every element of the set has in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/**
 * VsIdentity:
 *
 * The account, event and breakout that an element works for: the first three
 * parts of a rendition's identity. Protected by the owner's object lock.
 */
typedef struct
{
  gchar *account, *event, *breakout;    /* breakout NULL for none */
} VsIdentity;

void vs_identity_init (VsIdentity *identity);
void vs_identity_copy (VsIdentity *dest, const VsIdentity *src);
void vs_identity_clear (VsIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsIdentity, vs_identity_clear)

/**
 * vs_identity_install_properties:
 * @first_id: ids @first_id to @first_id + 2 are taken
 *
 * Installs `account`, `event` and `breakout`.
 */
void vs_identity_install_properties (GObjectClass *klass, guint first_id);

/**
 * vs_identity_set_property:
 * @nth: property id less @first_id
 *
 * A name that is not valid leaves the old one and is warned of.
 */
void vs_identity_set_property (VsIdentity *identity, GObject *object,
    guint nth, const GValue *value);
void vs_identity_get_property (VsIdentity *identity, GObject *object,
    guint nth, GValue *value);

/**
 * vs_pad_may_block:
 * @sinkpad: that bytes come into
 *
 * Whether what is upstream can wait: a live source can't, and one that does
 * not say is taken for live.
 */
gboolean vs_pad_may_block (GstPad *sinkpad);

/* (transfer full): over @pad alone, for GstPadIterIntLinkFunction */
GstIterator *vs_pad_iterate (GstPad *pad);

G_END_DECLS
