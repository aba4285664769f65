/* VisionStream: base64 as CloudFront writes it into URLs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RFC 4648, section 4, with "-" for "+", "_" for "=" and "~" for "/": not
 * section 5's alphabet, in which "_" stands for "/".
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Appends @data, @size bytes of it. */
void vs_sign_base64_append (GString *text, gconstpointer data, gsize size);

/**
 * vs_sign_base64_decode:
 * @text: @size bytes, no NUL needed
 *
 * Only what vs_sign_base64_append () would write is taken: padded, no bit set
 * that no byte is made of, nothing else in between. One value so has one text.
 *
 * Returns: (transfer full) (nullable): NULL when it is none
 */
GBytes *vs_sign_base64_decode (const gchar *text, gsize size);

G_END_DECLS
