/* VisionStream: the chunked transfer coding, read strictly
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * vs_http_chunked_new:
 * @answer: what soup_session_send () returned for a chunked answer
 *
 * RFC 9112 7.1. libsoup 3.2 takes a chunked answer that is cut between two
 * chunks for a whole one, and lines that end in LF alone; here the first is
 * %G_IO_ERROR_PARTIAL_INPUT and the second %G_IO_ERROR_INVALID_DATA. It reads
 * past libsoup, which therefore closes the connection after it.
 *
 * Returns: (transfer full)
 */
GInputStream *vs_http_chunked_new (GInputStream *answer);

G_END_DECLS
