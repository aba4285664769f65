/* VisionStream: languages as manifests name them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tag/tag.h>
#include <string.h>

#include "codec/vslanguage.h"

gchar *
vs_language_dup_tag (const gchar * code)
{
  const gchar *brief = code && strlen (code) == 3 ?
      gst_tag_get_language_code_iso_639_1 (code) : NULL;

  return g_strdup (brief ? brief : code);
}
