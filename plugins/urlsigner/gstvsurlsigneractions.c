/* VisionStream: what applications ask vsurlsigner to sign and to verify
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvsurlsigner.h"

#include <string.h>

/* (transfer full) (nullable): NULL, and said why, below READY */
static VsSigning *
get_signing (GstVsUrlSigner * self)
{
  VsSigning *signing = gst_vs_url_signer_get_signing (self);

  if (signing == NULL)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("Nothing can be signed or verified below READY: no key is read."),
        (NULL));
  return signing;
}

static void
warn (GstVsUrlSigner * self, const GError * error)
{
  GST_ELEMENT_WARNING (self, LIBRARY, ENCODE, ("What was asked for can't be "
          "signed: %s.", error->message), (NULL));
}

static gchar *
on_sign_url (GstVsUrlSigner * self, const gchar * url)
{
  g_autoptr (VsSigning) signing = get_signing (self);
  g_autoptr (VsUrlSigner) signer = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *absolute = NULL;

  if (signing == NULL)
    return NULL;
  signer = vs_signing_begin (signing, NULL);
  absolute = vs_url_resolve (vs_signing_get_base (signing), url ? url : "",
      &error);
  if (absolute && vs_url_signer_append (signer, text, absolute, &error))
    return g_string_free (g_steal_pointer (&text), FALSE);
  warn (self, error);
  return NULL;
}

/* (transfer full) (nullable): what cookies are for */
static gchar *
find_resource (VsUrlSigner * signer, const gchar * resource, GError ** error)
{
  if (resource && vs_url_signer_get_kind (signer) == VS_SIGN_WILDCARD
      && strchr (resource, '*') == NULL)
    return vs_sign_folder_of (resource, error);
  return g_strdup (resource ? resource : "");
}

static gchar **
on_sign_cookies (GstVsUrlSigner * self, const gchar * resource)
{
  g_autoptr (VsSigning) signing = get_signing (self);
  g_autoptr (VsUrlSigner) signer = NULL;
  VsSignedCookie cookies[VS_SIGNED_COOKIES_MAX];
  g_autoptr (GError) error = NULL;
  g_autofree gchar *pattern = NULL;
  GPtrArray *lines;
  guint n = 0;

  if (signing == NULL)
    return NULL;
  signer = vs_signing_begin (signing, NULL);
  pattern = find_resource (signer, resource, &error);
  if (pattern)
    n = vs_url_signer_make_cookies (signer, pattern, cookies, &error);
  if (n == 0) {
    warn (self, error);
    return NULL;
  }
  lines = g_ptr_array_new ();
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (lines, g_strdup_printf ("%s=%s", cookies[i].name,
            cookies[i].value));
  g_ptr_array_add (lines, NULL);
  vs_signed_cookies_clear (cookies, n);
  return (gchar **) g_ptr_array_free (lines, FALSE);
}

static gchar *
on_verify_url (GstVsUrlSigner * self, const gchar * url, const gchar * client,
    const gchar * cookie)
{
  g_autoptr (VsSigning) signing = get_signing (self);

  if (signing == NULL)
    return NULL;
  return g_strdup (vs_sign_verdict_get_name (vs_signing_verify (signing,
              url ? url : "", client, cookie)));
}

void
gst_vs_url_signer_install_actions (GObjectClass * klass)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /**
   * GstVsUrlSigner::sign-url:
   * @url: as it will be requested; a relative one is resolved against
   *   #GstVsUrlSigner:base-url
   *
   * Returns: (nullable): the signed URL; NULL, and a WARNING, when it can't be
   *   signed
   */
  g_signal_new_class_handler ("sign-url", G_TYPE_FROM_CLASS (klass), flags,
      G_CALLBACK (on_sign_url), NULL, NULL, NULL, G_TYPE_STRING, 1,
      G_TYPE_STRING);
  /**
   * GstVsUrlSigner::sign-cookies:
   * @resource: a URL, with wildcards where the policy is not canned; with
   *   `policy=wildcard` one without any stands for all that is in its folder
   *
   * Returns: (nullable): cookies, each as `name=value`, to which the application
   *   adds attributes (Path, Secure, HttpOnly); NULL, and a WARNING, when there
   *   can't be any
   */
  g_signal_new_class_handler ("sign-cookies", G_TYPE_FROM_CLASS (klass), flags,
      G_CALLBACK (on_sign_cookies), NULL, NULL, NULL, G_TYPE_STRV, 1,
      G_TYPE_STRING);
  /**
   * GstVsUrlSigner::verify-url:
   * @url: as it was requested, absolute
   * @client: (nullable): the client's IP address; without it, a policy for an
   *   address does not hold
   * @cookie: (nullable): the request's Cookie header, which counts when the URL
   *   has no signature
   *
   * Returns: (nullable): "valid", or why it is refused, which is for the log and
   *   not for the client: "unsigned", "malformed", "unknown-key", "forged",
   *   "policy", "resource", "expired", "early", "address"; NULL, and a WARNING,
   *   below READY
   */
  g_signal_new_class_handler ("verify-url", G_TYPE_FROM_CLASS (klass), flags,
      G_CALLBACK (on_verify_url), NULL, NULL, NULL, G_TYPE_STRING, 3,
      G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}
