/* VisionStream: XML: where a text may be cut
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * VsXmlCuts:
 * @offsets: (element-type gsize): in the text, growing
 * @numbers: how many sequence numbers lie between two cuts
 *
 * Where a text may be cut so that most pieces are the same in the next
 * version: ahead of the first element of each @numbers sequence numbers, from
 * 1 on.
 */
typedef struct
{
  GArray *offsets;
  guint numbers;
} VsXmlCuts;

G_END_DECLS
