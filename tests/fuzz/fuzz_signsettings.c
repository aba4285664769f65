/* VisionStream: settings files of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is taken is what vssignsettings.h says that it is.
 */
#include <string.h>

#include "sign/vssignaccounts.h"
#include "sign/vssignsettings.h"
#include "sign/vsviewerchecks.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static void
check_viewers (const VsAccountSettings * account)
{
  for (guint i = 0; i < account->viewers->len; i++) {
    const VsViewerSettings *viewer = account->viewers->pdata[i];

    if (!vs_viewer_hash_is_strong (viewer->hash)
        || strlen (viewer->user) > VS_VIEWER_NAME_MAX
        || vs_account_settings_find_viewer (account, viewer->user) !=
        viewer->hash)
      g_error ("%s is no viewer", viewer->user);
  }
}

static void
check_account (const VsAccountSettings * account)
{
  if (account->ids->len != account->paths->len
      || account->ids->len > VS_KEY_GROUP_MAX)
    g_error ("%s has other keys than files", account->name);
  for (guint i = 0; i < account->ids->len; i++) {
    if (!vs_key_id_is_valid (account->ids->pdata[i]))
      g_error ("%s has a key by no name", account->name);
  }
  if (account->key_id && (account->private_key == NULL
          || account->expires_in < 1
          || account->expires_in > VS_SIGN_EXPIRES_MAX))
    g_error ("%s does not sign", account->name);
  check_viewers (account);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) accounts =
      vs_sign_settings_parse ((const gchar *) data, size, &error);

  if ((accounts == NULL) != (error != NULL))
    g_error ("no accounts, and no reason");
  for (guint i = 0; accounts && i < accounts->len; i++)
    check_account (accounts->pdata[i]);
  return 0;
}
