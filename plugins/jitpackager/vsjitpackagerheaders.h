/* VisionStream: headers that tell edges of the origin's answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsorigin.h"

G_BEGIN_DECLS

/**
 * vs_jit_packager_headers_new:
 *
 * MediaPackage's freshness headers and CMSD-Static (CTA-5006) of an answer
 * with something in it: name, value, ..., NULL.
 *
 * Returns: (transfer full) (nullable): to be freed by g_strfreev ()
 */
gchar **vs_jit_packager_headers_new (const VsOriginResponse *response);

G_END_DECLS
