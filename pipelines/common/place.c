/* VisionStream: where events are, as the shell's tools are told it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "place.h"

#include <gst/gst.h>
#include "archive/vsarchivelocation.h"
#include "job.h"

void
vs_place_clear (VsPlace * place)
{
  g_clear_pointer (&place->location, g_free);
  g_clear_pointer (&place->account, g_free);
  g_clear_pointer (&place->event, g_free);
  g_clear_pointer (&place->breakout, g_free);
}

gboolean
vs_place_parse_event (VsPlace * place, const gchar * text, guint max,
    GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", -1);
  guint n = g_strv_length (parts);
  const gchar *account = n > 1 ? parts[0] : VS_DEFAULT_ACCOUNT;
  const gchar *event = n > 1 ? parts[1] : parts[0];

  if (n < 1 || n > max || !vs_name_is_valid (account)
      || !vs_event_name_is_valid (event)
      || (n > 2 && !vs_event_name_is_valid (parts[2]))) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "\"%s\" is no event: write EVENT or ACCOUNT/EVENT, of letters, digits, "
        "- and _", text);
    return FALSE;
  }
  place->account = g_strdup (account);
  place->event = g_strdup (event);
  place->breakout = n > 2 ? g_strdup (parts[2]) : NULL;
  return TRUE;
}

gboolean
vs_place_parse (VsPlace * place, const gchar * text, GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (text, "#", 2);
  gboolean has_event = parts[0] && parts[1];

  place->location = g_strdup (parts[0] ? parts[0] : "");
  return vs_place_parse_event (place, has_event ? parts[1] : VS_DEFAULT_EVENT,
      VS_PLACE_BREAKOUT, error);
}

gboolean
vs_place_parse_time (const gchar * text, VsArchiveTime * time, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  return vs_archive_time_parse (text, time, &cause)
      || vs_job_set_usage (error, "%s", cause->message);
}

static void
read_environment (VsStoreSettings * settings)
{
  settings->endpoint_uri = g_getenv ("AWS_ENDPOINT_URL_S3");
  if (settings->endpoint_uri == NULL)
    settings->endpoint_uri = g_getenv ("AWS_ENDPOINT_URL");
  settings->force_path_style =
      g_strcmp0 (g_getenv ("VS_FORCE_PATH_STYLE"), "1") == 0;
  settings->ca_file = g_getenv ("AWS_CA_BUNDLE");
  settings->user = g_getenv ("VS_USER");
  settings->password = g_getenv ("VS_PASSWORD");
}

VsStore *
vs_place_open_store (const gchar * location, gboolean create, GError ** error)
{
  VsStoreSettings settings = {.location = location,.create = create };

  read_environment (&settings);
  return vs_store_open_with (&settings, error);
}

VsStore *
vs_place_open_source (const gchar * location, gchar ** playlist,
    GError ** error)
{
  VsStoreSettings settings = {.location = location };

  read_environment (&settings);
  return vs_archive_location_open (&settings, playlist, error);
}

void
vs_place_set_on (const VsPlace * place, GstElement * element)
{
  VsStoreSettings settings = { NULL };

  read_environment (&settings);
  g_object_set (element, "location", place->location,
      "account", place->account, "event", place->event,
      "breakout", place->breakout, "endpoint-uri", settings.endpoint_uri,
      "force-path-style", settings.force_path_style,
      "ca-file", settings.ca_file, "user", settings.user,
      "password", settings.password, NULL);
}

gchar *
vs_place_spool_directory (const gchar * directory)
{
  return directory ? g_strdup (directory) :
      g_build_filename (g_get_user_state_dir (), "visionstream", "spool", NULL);
}
