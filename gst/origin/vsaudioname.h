/* VisionStream: what people are shown of an audio track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * vs_audio_name:
 * @language: (nullable): BCP 47
 * @channels: 0 when not known
 *
 * The NAME of an audio rendition: its language, else its channels. The same in
 * every process: it does not follow the locale.
 *
 * Returns: (transfer full)
 */
gchar *vs_audio_name (const gchar *language, guint channels);

G_END_DECLS
