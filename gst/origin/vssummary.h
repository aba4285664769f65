/* VisionStream: what long runs of segments have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsblock.h"

G_BEGIN_DECLS

/**
 * vs_summary_find_start:
 * @cache: (nullable): where the summaries of whole blocks are kept
 * @start: (out): the sequence number from which on the segments up to @last
 *   last at least @duration, or the oldest
 */
gboolean vs_summary_find_start (const VsHistory *history, VsLru *cache,
    guint64 last, GstClockTime duration, guint64 *start, GError **error);

/**
 * vs_summary_find_config:
 * @sequence: (out): of the newest segment that names the configuration; 0 for
 *   none
 */
gboolean vs_summary_find_config (const VsHistory *history, VsLru *cache,
    VsMediaType track, const gchar *config_id, guint64 *sequence,
    GError **error);

G_END_DECLS
