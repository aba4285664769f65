/* VisionStream: an input, as the part of a gst-launch line that decodes it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * vs_chain_input_describe:
 * @input: (nullable): NULL for the test pattern, a file, or an rtmp://,
 *   udp:// or srt:// URL
 * @cancellable: (nullable): gives up waiting for the first packet of udp://
 *
 * Looks at the input as far as needed: which streams a file has, whether
 * datagrams carry RTP or plain TS.
 *
 * Returns: (transfer full): gst-launch text to put in front of "vsladder
 *   name=ladder": it links all pads of its last element (":"), or refers to
 *   ladder.video and ladder.audio. NULL with a G_IO_ERROR that says what to do
 */
gchar *vs_chain_input_describe (const gchar *input, GCancellable *cancellable,
    GError **error);

/* @text as one quoted argument of a gst-launch property. */
gchar *vs_chain_quote (const gchar *text);

G_END_DECLS
