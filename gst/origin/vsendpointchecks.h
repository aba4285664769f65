/* VisionStream: whether the text of an endpoint's setting can be taken
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Each returns what is wrong, (transfer full), in words that repeat nothing
 * secret; or NULL when all is well. */
gchar *vs_endpoint_check_name (const gchar *text);
/* "_" or "-" */
gchar *vs_endpoint_check_separator (const gchar *text);
gchar *vs_endpoint_check_date (const gchar *text);
gchar *vs_endpoint_check_filter (const gchar *text);
/* absolute http and https URLs, separated by blanks */
gchar *vs_endpoint_check_urls (const gchar *text);
/* addresses and CIDR masks, separated by commas or blanks */
gchar *vs_endpoint_check_cidrs (const gchar *text);
/* 8 to 128 visible ASCII characters */
gchar *vs_endpoint_check_identifier (const gchar *text);

/**
 * vs_date_parse:
 * @text: seconds since 1970 in decimal, or ISO 8601 with a time zone
 *
 * Returns: FALSE when it is neither; @us: µs since 1970, above 0
 */
gboolean vs_date_parse (const gchar *text, gsize length, gint64 *us);

G_END_DECLS
