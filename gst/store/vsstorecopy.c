/* VisionStream: settings of a store that outlive their owner
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vsstorecopy.h"

#include "store/vss3keys.h"

struct _VsStoreCopy
{
  VsStoreSettings settings;     /* its texts are ours */
  gint ref_count;
};

VsStoreCopy *
vs_store_copy_new (const VsStoreSettings * settings)
{
  VsStoreCopy *copy = g_new0 (VsStoreCopy, 1);

  copy->ref_count = 1;
  copy->settings = *settings;
  copy->settings.location = g_strdup (settings->location);
  copy->settings.accounts_file = NULL;
  copy->settings.endpoint_uri = g_strdup (settings->endpoint_uri);
  copy->settings.region = g_strdup (settings->region);
  copy->settings.access_key_id = g_strdup (settings->access_key_id);
  copy->settings.secret_access_key = g_strdup (settings->secret_access_key);
  copy->settings.session_token = g_strdup (settings->session_token);
  copy->settings.user = g_strdup (settings->user);
  copy->settings.password = g_strdup (settings->password);
  copy->settings.ca_file = g_strdup (settings->ca_file);
  return copy;
}

VsStoreCopy *
vs_store_copy_ref (VsStoreCopy * copy)
{
  g_atomic_int_inc (&copy->ref_count);
  return copy;
}

void
vs_store_copy_unref (VsStoreCopy * copy)
{
  if (!g_atomic_int_dec_and_test (&copy->ref_count))
    return;
  g_free ((gchar *) copy->settings.location);
  g_free ((gchar *) copy->settings.endpoint_uri);
  g_free ((gchar *) copy->settings.region);
  g_free ((gchar *) copy->settings.access_key_id);
  vs_s3_secret_free ((gchar *) copy->settings.secret_access_key);
  vs_s3_secret_free ((gchar *) copy->settings.session_token);
  g_free ((gchar *) copy->settings.user);
  vs_s3_secret_free ((gchar *) copy->settings.password);
  g_free ((gchar *) copy->settings.ca_file);
  g_free (copy);
}

const VsStoreSettings *
vs_store_copy_get (VsStoreCopy * copy)
{
  return &copy->settings;
}
