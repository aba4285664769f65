/* VisionStream: one set of keys to S3
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vss3keys.h"

#include <openssl/crypto.h>
#include <string.h>

/* STS says that its tokens may grow; headers of 16 KiB are refused anyway */
#define TEXT_MAX (16 * 1024)

static gboolean
is_given (const gchar * text)
{
  return text && text[0];
}

static gboolean
check_text (const gchar * text, const gchar * what, const gchar * source,
    GError ** error)
{
  gsize length = 0;

  while (text && g_ascii_isgraph (text[length]))
    length++;
  if (text == NULL || (text[length] == '\0' && length <= TEXT_MAX))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "%s: the %s holds a blank or another character that can't be in one, or "
      "is too long", source, what);
  return FALSE;
}

VsS3Keys *
vs_s3_keys_new (const gchar * access_key_id, const gchar * secret_access_key,
    const gchar * session_token, gint64 expires_us, const gchar * source,
    GError ** error)
{
  VsS3Keys *keys;

  if (!is_given (access_key_id) || !is_given (secret_access_key)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s: the %s is missing", source, is_given (access_key_id) ?
        "secret access key" : "access key id");
    return NULL;
  }
  if (!check_text (access_key_id, "access key id", source, error)
      || !check_text (secret_access_key, "secret access key", source, error)
      || !check_text (session_token, "session token", source, error))
    return NULL;

  keys = g_atomic_rc_box_new0 (VsS3Keys);
  keys->access_key_id = g_strdup (access_key_id);
  keys->secret_access_key = g_strdup (secret_access_key);
  if (is_given (session_token))
    keys->session_token = g_strdup (session_token);
  keys->expires_us = expires_us;
  keys->source = g_strdup (source);
  return keys;
}

VsS3Keys *
vs_s3_keys_ref (VsS3Keys * keys)
{
  return g_atomic_rc_box_acquire (keys);
}

static void
keys_clear (gpointer data)
{
  VsS3Keys *keys = data;

  vs_s3_secret_free ((gchar *) keys->access_key_id);
  vs_s3_secret_free ((gchar *) keys->secret_access_key);
  vs_s3_secret_free ((gchar *) keys->session_token);
  g_free ((gchar *) keys->source);
}

void
vs_s3_keys_unref (VsS3Keys * keys)
{
  g_atomic_rc_box_release_full (keys, keys_clear);
}

void
vs_s3_secret_free (gchar * text)
{
  if (text)
    OPENSSL_cleanse (text, strlen (text));
  g_free (text);
}
