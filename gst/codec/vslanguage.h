/* VisionStream: languages as manifests name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * vs_language_dup_tag:
 * @code: (nullable): of ISO 639-2, or a tag already
 *
 * BCP 47 has the two letters of ISO 639-1 where there are such: "en" for
 * "eng". All else stays as it is.
 *
 * Returns: (transfer full) (nullable): the tag
 */
gchar *vs_language_dup_tag (const gchar *code);

G_END_DECLS
