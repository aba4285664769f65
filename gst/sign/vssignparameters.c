/* VisionStream: the parameters of signed URLs and cookies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignparameters.h"

#include <string.h>

static const gchar *const names[VS_SIGN_N_PARAMETERS] = {
  "Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"
};

const gchar *
vs_sign_parameter_get_name (VsSignParameter parameter)
{
  return names[parameter];
}

VsSignParameter
vs_sign_parameter_find (const gchar * name, gsize size)
{
  VsSignParameter i;

  for (i = 0; i < VS_SIGN_N_PARAMETERS; i++) {
    if (strlen (names[i]) == size && memcmp (names[i], name, size) == 0)
      break;
  }
  return i;
}

gboolean
vs_url_query_next (VsUrlPart * query, VsUrlPart * name, VsUrlPart * value)
{
  const gchar *text = query->text, *end, *equals;
  gsize size;

  if (text == NULL)
    return FALSE;
  end = memchr (text, '&', query->size);
  size = end ? (gsize) (end - text) : query->size;
  query->text = end ? end + 1 : NULL;
  query->size = end ? query->size - size - 1 : 0;

  equals = memchr (text, '=', size);
  name->text = text;
  name->size = equals ? (gsize) (equals - text) : size;
  value->text = equals ? equals + 1 : NULL;
  value->size = equals ? size - name->size - 1 : 0;
  return TRUE;
}

gboolean
vs_url_query_is_signed (VsUrlPart query)
{
  VsUrlPart name, value;

  while (vs_url_query_next (&query, &name, &value)) {
    if (vs_sign_parameter_find (name.text, name.size) < VS_SIGN_N_PARAMETERS)
      return TRUE;
  }
  return FALSE;
}
