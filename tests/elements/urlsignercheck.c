/* VisionStream: what the tests of vsurlsigner share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "urlsignercheck.h"

#include <string.h>

/* ---- signatures, without gst/sign --------------------------------------- */

static guchar *
decode (const gchar * text, gsize * size)
{
  g_autofree gchar *plain = g_strdup (text);

  g_strdelimit (plain, "-", '+');
  g_strdelimit (plain, "_", '=');
  g_strdelimit (plain, "~", '/');
  return g_base64_decode (plain, size);
}

/* (transfer full) (nullable): a parameter's value in @query */
static gchar *
find (const gchar * query, const gchar * name)
{
  g_auto (GStrv) parameters = g_strsplit (query, "&", -1);
  g_autofree gchar *start = g_strconcat (name, "=", NULL);

  for (guint i = 0; parameters[i]; i++) {
    if (g_str_has_prefix (parameters[i], start))
      return g_strdup (parameters[i] + strlen (start));
  }
  return NULL;
}

static gint64
find_date (const gchar * policy, const gchar * name)
{
  const gchar *at = strstr (policy, name);

  fail_unless (at != NULL, "%s in %s", name, policy);
  return g_ascii_strtoll (at + strcspn (at, "0123456789"), NULL, 10);
}

static void
read_policy (Signed * signature, const gchar * query)
{
  g_autofree gchar *expires = find (query, "Expires");
  g_autofree gchar *encoded = find (query, "Policy");
  gsize size;

  if (expires) {
    signature->expires = g_ascii_strtoll (expires, NULL, 10);
    signature->policy = g_strdup_printf ("{\"Statement\":[{\"Resource\":\"%s\","
        "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":%s}}}]}",
        signature->url, expires);
    return;
  }
  fail_unless (encoded != NULL, "%s", query);
  signature->policy = (gchar *) decode (encoded, &size);
  signature->policy = g_realloc (signature->policy, size + 1);
  signature->policy[size] = '\0';
  signature->expires = find_date (signature->policy, "DateLessThan");
}

void
signed_read (Signed * signature, const gchar * text, const gchar * key,
    const gchar * hash)
{
  const gchar *at = strstr (text, "Expires=");
  g_autofree gchar *encoded = find (text, "Signature");
  g_autofree gchar *path = path_of ("sig");
  g_autofree guchar *bytes = NULL;
  gsize size;

  at = at ? at : strstr (text, "Policy=");
  fail_unless (at > text && encoded != NULL, "%s", text);
  signature->url = g_strndup (text, (gsize) (at - 1 - text));
  read_policy (signature, at);
  bytes = decode (encoded, &size);
  fail_unless (g_file_set_contents (path, (gchar *) bytes, (gssize) size,
          NULL));
  write_text ("policy", signature->policy, 0600);
  fail_unless (openssl ("dgst -%s -verify %s.pub.pem -signature sig policy",
          hash, key), "%s", signature->policy);
}

void
signed_clear (Signed * signature)
{
  g_free (signature->url);
  g_free (signature->policy);
}

void
check_canned (const gchar * text, const gchar * url, gint64 seconds)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  Signed signature;

  signed_read (&signature, text, "rsa", "sha1");
  fail_unless_equals_string (signature.url, url);
  fail_unless (signature.expires > now + seconds - 60
      && signature.expires <= now + seconds, "%" G_GINT64_FORMAT,
      signature.expires);
  fail_unless (g_str_has_suffix (text, "&Key-Pair-Id=K1"), "%s", text);
  signed_clear (&signature);
}

/* ---- the element -------------------------------------------------------- */

GstElement *
signer_new (const gchar * properties)
{
  g_autofree gchar *path = path_of ("rsa.pem");
  g_autofree gchar *line = g_strdup_printf ("vsurlsigner private-key=%s "
      "key-pair-id=K1 %s", path, properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);

  fail_unless (error == NULL, "%s: %s", line, error ? error->message : "");
  return element;
}

GstHarness *
signer_harness (const gchar * properties, const gchar * sink, const gchar * src)
{
  g_autoptr (GstElement) element = gst_object_ref_sink
      (signer_new (properties));

  return gst_harness_new_with_element (element, sink, src);
}

GstBus *
watch (GstHarness * h)
{
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  return bus;
}

GstMessage *
next_message (GstBus * bus, GstMessageType type)
{
  return gst_bus_pop_filtered (bus, type);
}

gchar *
next_text (GstBus * bus, GstMessageType type)
{
  g_autoptr (GstMessage) message = next_message (bus, type);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}
