/* VisionStream: policies of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is taken is written and read again: both say the same.
 */
#include <string.h>

#include "sign/vssignbase64.h"
#include "sign/vssignpolicy.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static void
check_again (const VsSignPolicy * policy)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (VsSignPolicy) again = { 0 };

  vs_sign_policy_append (text, policy);
  if (text->len > VS_URL_MAX)
    return;
  if (!vs_sign_policy_parse (text->str, text->len, &again, NULL)
      || g_strcmp0 (again.resource, policy->resource) != 0
      || again.expires != policy->expires || again.starts != policy->starts
      || again.prefix != policy->prefix
      || (policy->prefix > 0 && again.source != policy->source))
    g_error ("%s is another", text->str);
}

static void
check_base64 (const gchar * data, gsize size)
{
  GBytes *bytes = vs_sign_base64_decode (data, size);
  g_autoptr (GString) again = g_string_new (NULL);

  if (bytes == NULL)
    return;
  vs_sign_base64_append (again, g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes));
  if (again->len != size || memcmp (again->str, data, size) != 0)
    g_error ("two texts of one value");
  g_bytes_unref (bytes);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_auto (VsSignPolicy) policy = { 0 };
  const gchar *url = "https://h/a/b.ts?c=d";

  check_base64 ((const gchar *) data, size);
  if (!vs_sign_policy_parse ((const gchar *) data, size, &policy, NULL))
    return 0;
  check_again (&policy);
  if (policy.resource)
    vs_url_matches (policy.resource, strlen (policy.resource), url,
        strlen (url));
  return 0;
}
