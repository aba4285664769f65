/* VisionStream: headers that tell edges of the origin's answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/vsjitpackagerheaders.h"

#include <string.h>

static void
add (GPtrArray * headers, const gchar * name, gchar * value)
{
  g_ptr_array_add (headers, g_strdup (name));
  g_ptr_array_add (headers, value);
}

/* CTA-5006: the object's type, the streaming format, live or not, the sender */
static gchar *
cmsd_static (const VsOriginResponse * response)
{
  const gchar *type = response->content_type;
  const gchar *object = response->freshness.last_sequence ? "m" :
      response->file ? "av" :
      g_str_has_prefix (type, "audio/") ? "a" :
      g_str_equal (type, "video/mp2t") ? "av" : "v";

  return g_strdup_printf ("ot=%s,sf=%s,st=%c,n=\"visionstream\"", object,
      response->format, response->is_live ? 'l' : 'v');
}

gchar **
vs_jit_packager_headers_new (const VsOriginResponse * response)
{
  const VsFreshness *freshness = &response->freshness;
  GPtrArray *headers;

  if (response->status != 200 || response->event == NULL)
    return NULL;
  headers = g_ptr_array_new ();
  add (headers, "CMSD-Static", cmsd_static (response));
  add (headers, "X-Amzn-Mediapackage-Channel-Id", g_strdup (response->event));
  add (headers, "X-Amzn-Mediapackage-Endpoint-Id",
      g_strdup (response->endpoint));
  if (freshness->last_sequence) {
    add (headers, "X-Amzn-Mediapackage-Active-Input",
        g_strdup_printf ("%u", freshness->active_input));
    add (headers, "X-MediaPackage-Manifest-Last-Sequence",
        g_strdup_printf ("%" G_GUINT64_FORMAT, freshness->last_sequence));
    add (headers, "X-MediaPackage-Manifest-Last-Updated",
        g_strdup_printf ("%" G_GINT64_FORMAT,
            freshness->last_updated_us / 1000));
  }
  g_ptr_array_add (headers, NULL);
  return (gchar **) g_ptr_array_free (headers, FALSE);
}
