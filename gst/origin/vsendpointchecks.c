/* VisionStream: whether the text of an endpoint's setting can be taken
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsendpointchecks.h"

#include <string.h>

#include "origin/vsaccess.h"
#include "origin/vsmanifestfilter.h"
#include "timeline/vssegment.h"

/* of X-MediaPackage-CDNIdentifier */
#define IDENTIFIER_MIN 8
#define IDENTIFIER_MAX 128
/* 9999-12-31: the last date that ISO 8601 writes with four digits */
#define MAX_SECONDS G_GINT64_CONSTANT (253402300799)
#define DATE_MAX 40

gchar *
vs_endpoint_check_name (const gchar * text)
{
  if (vs_name_is_valid (text))
    return NULL;
  return g_strdup_printf ("\"%s\" is no name: letters, digits, _ and -, at "
      "most %d", text, VS_NAME_MAX);
}

gchar *
vs_endpoint_check_separator (const gchar * text)
{
  if (strcmp (text, "_") == 0 || strcmp (text, "-") == 0)
    return NULL;
  return g_strdup_printf ("\"%s\" is neither _ nor -", text);
}

gboolean
vs_date_parse (const gchar * text, gsize length, gint64 * us)
{
  gchar copy[DATE_MAX + 1];
  g_autoptr (GDateTime) date = NULL;
  guint64 seconds;

  if (length == 0 || length > DATE_MAX)
    return FALSE;
  memcpy (copy, text, length);
  copy[length] = '\0';
  if (g_ascii_string_to_unsigned (copy, 10, 1, MAX_SECONDS, &seconds, NULL)) {
    *us = (gint64) seconds *G_USEC_PER_SEC;
    return TRUE;
  }
  date = g_date_time_new_from_iso8601 (copy, NULL);
  if (date == NULL || g_date_time_to_unix (date) <= 0)
    return FALSE;
  *us = g_date_time_to_unix (date) * G_USEC_PER_SEC
      + g_date_time_get_microsecond (date);
  return TRUE;
}

gchar *
vs_endpoint_check_date (const gchar * text)
{
  gint64 us;

  if (vs_date_parse (text, strlen (text), &us))
    return NULL;
  return g_strdup_printf ("\"%s\" is no date: give ISO 8601 with a time zone, "
      "such as 2026-01-31T12:00:00Z, or seconds since 1970", text);
}

gchar *
vs_endpoint_check_filter (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsManifestFilter) filter =
      vs_manifest_filter_new (text, strlen (text), &error);

  return filter ? NULL : g_strdup (error->message);
}

static gboolean
is_url (const gchar * text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  return uri && g_uri_get_host (uri)
      && (g_str_equal (g_uri_get_scheme (uri), "http")
      || g_str_equal (g_uri_get_scheme (uri), "https"));
}

gchar *
vs_endpoint_check_urls (const gchar * text)
{
  g_auto (GStrv) urls = g_strsplit (text, " ", -1);

  for (guint i = 0; urls[i]; i++)
    if (urls[i][0] && !is_url (urls[i]))
      return g_strdup_printf ("\"%s\" is no http:// or https:// URL", urls[i]);
  return NULL;
}

gchar *
vs_endpoint_check_cidrs (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsAddressList) list = vs_address_list_new (text, &error);

  return list ? NULL : g_strdup (error->message);
}

gchar *
vs_endpoint_check_identifier (const gchar * text)
{
  gsize length = strlen (text);

  if (length < IDENTIFIER_MIN || length > IDENTIFIER_MAX)
    return g_strdup_printf ("%u to %u characters are needed", IDENTIFIER_MIN,
        IDENTIFIER_MAX);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return g_strdup ("only visible ASCII characters can be sent in a header");
  return NULL;
}
