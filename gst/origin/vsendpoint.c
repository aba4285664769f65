/* VisionStream: an endpoint: what is served of an event, and how
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsendpoint.h"

#include <string.h>

#include "origin/vsendpointchecks.h"

#define SECONDS(n) ((gint64) (n) * GST_SECOND)
#define DAYS(n) SECONDS ((n) * 24 * 60 * 60)
/* contracts of MediaPackage: longest startover window and time delay */
#define MAX_STARTOVER DAYS (14)
#define MAX_MANIFEST DAYS (1)

#define CHOICE(value, nick) { value, #value, nick }
#define CHOICES_END { 0, NULL, NULL }

static const GEnumValue playlist_types[] = {
  CHOICE (VS_PLAYLIST_SLIDING, "sliding"),
  CHOICE (VS_PLAYLIST_EVENT, "event"),
  CHOICES_END
};

static const GEnumValue stream_orders[] = {
  CHOICE (VS_STREAM_ORDER_ORIGINAL, "original"),
  CHOICE (VS_STREAM_ORDER_ASCENDING, "video-bitrate-ascending"),
  CHOICE (VS_STREAM_ORDER_DESCENDING, "video-bitrate-descending"),
  CHOICES_END
};

static const GEnumValue dash_templates[] = {
  CHOICE (VS_DASH_NUMBER_TIMELINE, "number-with-timeline"),
  CHOICE (VS_DASH_TIME_TIMELINE, "time-with-timeline"),
  CHOICE (VS_DASH_NUMBER_DURATION, "number-with-duration"),
  CHOICES_END
};

static const GEnumValue dash_profiles[] = {
  CHOICE (VS_DASH_PROFILE_ISOFF_LIVE, "isoff-live"),
  CHOICE (VS_DASH_PROFILE_HBBTV, "hbbtv-1.5"),
  CHOICE (VS_DASH_PROFILE_DVB, "dvb-dash-2014"),
  CHOICE (VS_DASH_PROFILE_HYBRIDCAST, "hybridcast"),
  CHOICES_END
};

static const GEnumValue layouts[] = {
  CHOICE (VS_LAYOUT_FULL, "full"),
  CHOICE (VS_LAYOUT_COMPACT, "compact"),
  CHOICES_END
};

static const GEnumValue utc_timings[] = {
  CHOICE (VS_UTC_TIMING_NONE, "none"),
  CHOICE (VS_UTC_TIMING_HTTP_HEAD, "http-head"),
  CHOICE (VS_UTC_TIMING_HTTP_ISO, "http-iso"),
  CHOICE (VS_UTC_TIMING_HTTP_XSDATE, "http-xsdate"),
  CHOICE (VS_UTC_TIMING_DIRECT, "direct"),
  CHOICES_END
};

static const GEnumValue uri_types[] = {
  CHOICE (VS_URI_LEAF, "leaf"),
  CHOICE (VS_URI_ROOT, "root"),
  CHOICES_END
};

#define AT(member) G_STRUCT_OFFSET (VsEndpoint, member)

#define TIME(name, member, nick, low, high, standard, blurb) \
  { name, nick, blurb, VS_SETTING_TIME, AT (member), low, high, standard }
#define UINT(name, member, nick, high, standard, blurb) \
  { name, nick, blurb, VS_SETTING_UINT, AT (member), 0, high, standard }
#define FLAG(name, member, nick, standard, blurb) \
  { name, nick, blurb, VS_SETTING_FLAG, AT (member), 0, 1, standard }
#define CHOOSE(name, member, nick, type, list, standard, blurb) \
  { name, nick, blurb, VS_SETTING_CHOICE, AT (member), 0, 0, standard, \
    NULL, list, type }
#define TEXT(name, member, nick, standard, check, blurb) \
  { name, nick, blurb, VS_SETTING_TEXT, AT (member), 0, 0, 0, standard, \
    NULL, NULL, check }
#define SECRET(name, member, nick, check, blurb) \
  { name, nick, blurb, VS_SETTING_SECRET, AT (member), 0, 0, 0, NULL, \
    NULL, NULL, check }

static const VsEndpointSetting settings[] = {
  TEXT ("id", id, "Id", NULL, vs_endpoint_check_name,
      "Name in MediaPackage v1's URLs: /out/v1/<id>/index.m3u8 is this "
      "endpoint of the element's own event"),

  TIME ("window", window, "Window", SECONDS (1), MAX_MANIFEST,
      SECONDS (5 * 60), "Length of a live manifest in nanoseconds, at most "
      "24 hours"),
  TIME ("startover-window", startover_window, "Startover window", 0,
      MAX_STARTOVER, MAX_STARTOVER, "How far back `start` and `end` may ask, "
      "in nanoseconds, at most 14 days; 0 answers 404 to all that do"),
  TIME ("time-delay", time_delay, "Time delay", 0, MAX_STARTOVER, 0,
      "How much later than live the endpoint shows all, in nanoseconds"),
  TIME ("segment-duration", segment_duration, "Segment duration", 0,
      SECONDS (60), 0, "Least duration of a segment in nanoseconds: as many "
      "stored ones are joined as it takes; 0 serves them as they are"),
  TEXT ("clip-start", clip_start, "Clip start", NULL, vs_endpoint_check_date,
      "Date (ISO 8601 or seconds since 1970) ahead of which nothing is shown"),
  TEXT ("manifest-filter", manifest_filter, "Manifest filter", NULL,
      vs_endpoint_check_filter, "Tracks to show, as aws.manifestfilter has "
      "it, such as \"video_height:240-720\"; requests may then not filter"),
  CHOOSE ("stream-order", stream_order, "Stream order", "VsStreamOrder",
      stream_orders, VS_STREAM_ORDER_ORIGINAL, "Order of the video streams "
      "in a manifest"),
  UINT ("min-video-bitrate", min_video_bitrate, "Least video bit rate",
      G_MAXINT, 0, "Video of less is not shown, in bits per second"),
  UINT ("max-video-bitrate", max_video_bitrate, "Greatest video bit rate",
      G_MAXINT, G_MAXINT, "Video of more is not shown, in bits per second"),

  TEXT ("manifest-name", manifest_name, "Manifest name", "index",
      vs_endpoint_check_name, "Name of the manifests, without the ending"),
  TEXT ("segment-prefix", segment_prefix, "Segment prefix", NULL,
      vs_endpoint_check_name, "Put ahead of the names of segments"),
  TEXT ("separator", separator, "Separator", "_", vs_endpoint_check_separator,
      "Between the parts of a name: _ or -"),
  CHOOSE ("uri-type", uri_type, "URI type", "VsUriType", uri_types,
      VS_URI_LEAF, "Whether URIs in manifests are relative (leaf) or begin "
      "at the root of the host"),

  {"program-date-time-interval", "Date interval", "Nanoseconds between two "
        "EXT-X-PROGRAM-DATE-TIME, 0 for one a segment, -1 for none",
      VS_SETTING_OFFSET, AT (program_date_time_interval), -1, MAX_MANIFEST, 0},
  {"start-offset", "Start offset", "TIME-OFFSET of EXT-X-START in "
        "nanoseconds, from the end when negative; the greatest value for none",
        VS_SETTING_OFFSET, AT (start_offset), -MAX_MANIFEST, G_MAXINT64,
      VS_START_OFFSET_NONE},
  FLAG ("start-precise", start_precise, "Start precise", FALSE,
      "PRECISE of EXT-X-START"),
  CHOOSE ("playlist-type", playlist_type, "Playlist type", "VsPlaylistType",
      playlist_types, VS_PLAYLIST_SLIDING, "Type of a live playlist: sliding, "
      "or event, which keeps all since the start and is limited to 24 hours"),
  FLAG ("audio-groups", audio_groups, "Audio groups", FALSE, "HLS with TS: "
      "audio is a rendition group of its own, not muxed with the video"),

  CHOOSE ("template", dash_template, "Template", "VsDashTemplate",
      dash_templates, VS_DASH_NUMBER_TIMELINE, "How DASH segments are "
      "addressed"),
  CHOOSE ("profile", dash_profile, "Profile", "VsDashProfile", dash_profiles,
      VS_DASH_PROFILE_ISOFF_LIVE, "Profile of DASH that the manifest keeps to"),
  CHOOSE ("layout", layout, "Layout", "VsLayout", layouts, VS_LAYOUT_FULL,
      "DASH and Smooth Streaming: compact writes what streams have in common "
      "once"),
  FLAG ("multi-period", multi_period, "Multiple periods", TRUE, "DASH: a "
      "period a discontinuity; else the manifest shows the newest run alone"),
  TEXT ("base-urls", base_urls, "Base URLs", NULL, vs_endpoint_check_urls,
      "BaseURL elements of DASH, separated by blanks"),
  TIME ("min-buffer-time", min_buffer_time, "Least buffer", 0,
      SECONDS (3600), 0, "minBufferTime of DASH in nanoseconds, 0 for one "
      "segment"),
  TIME ("minimum-update-period", minimum_update_period, "Update period", 0,
      SECONDS (3600), 0, "minimumUpdatePeriod of DASH in nanoseconds, 0 for "
      "one segment"),
  TIME ("suggested-presentation-delay", suggested_delay, "Suggested delay", 0,
      SECONDS (3600), 0, "suggestedPresentationDelay of DASH in nanoseconds, "
      "0 for four segments"),
  CHOOSE ("utc-timing", utc_timing, "UTC timing", "VsUtcTiming", utc_timings,
      VS_UTC_TIMING_HTTP_ISO, "How DASH players learn the time"),
  TEXT ("utc-timing-source", utc_timing_source, "UTC timing source", NULL,
      vs_endpoint_check_urls, "Where from: a URL; none for this server"),
  TEXT ("program-title", program_title, "Title", NULL, NULL,
      "ProgramInformation of DASH: title"),
  TEXT ("program-source", program_source, "Source", NULL, NULL,
      "ProgramInformation of DASH: who made the programme"),
  TEXT ("program-copyright", program_copyright, "Copyright", NULL, NULL,
      "ProgramInformation of DASH: copyright"),
  TEXT ("program-information-url", program_information_url, "More", NULL,
      vs_endpoint_check_urls, "ProgramInformation of DASH: URL of more"),
  TEXT ("program-language", program_language, "Language", NULL,
      vs_endpoint_check_name, "ProgramInformation of DASH: its language"),

  UINT ("look-ahead", look_ahead, "Look-ahead", 8, 2, "Smooth Streaming: "
      "following fragments that a live fragment tells of"),

  FLAG ("origination", origination, "Origination", TRUE,
      "Whether the endpoint is served: 403 otherwise"),
  TEXT ("allow-list", allow_list, "Allow list", NULL, vs_endpoint_check_cidrs,
      "Addresses (CIDR, IPv4 and IPv6, separated by commas) that are served; "
      "none for all"),
  SECRET ("cdn-identifier", cdn_identifier, "CDN identifier",
      vs_endpoint_check_identifier, "What the request header "
      "X-MediaPackage-CDNIdentifier has to say, 8 to 128 characters"),
  SECRET ("cdn-identifier-previous", cdn_identifier_previous,
      "Previous CDN identifier", vs_endpoint_check_identifier,
      "The one before it, while it is being replaced"),
  FLAG ("error-on-stale-manifest", error_on_stale, "Error on stale manifest",
      FALSE, "404 for the manifests of a live event that has stopped growing"),
  FLAG ("error-on-incomplete-manifest", error_on_incomplete,
      "Error on incomplete manifest", FALSE, "404 for manifests with a gap in "
      "their newest segments"),
};

const VsEndpointSetting *
vs_endpoint_get_settings (guint * n_settings)
{
  *n_settings = G_N_ELEMENTS (settings);
  return settings;
}

const VsEndpointSetting *
vs_endpoint_find_setting (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (strcmp (settings[i].name, name) == 0)
      return &settings[i];
  return NULL;
}

static gchar **
text_of (VsEndpoint * endpoint, const VsEndpointSetting * setting)
{
  return G_STRUCT_MEMBER_P (endpoint, setting->offset);
}

static gboolean
is_text (const VsEndpointSetting * setting)
{
  return setting->kind == VS_SETTING_TEXT || setting->kind == VS_SETTING_SECRET;
}

static void
set_default (VsEndpoint * endpoint, const VsEndpointSetting * setting)
{
  gpointer member = G_STRUCT_MEMBER_P (endpoint, setting->offset);

  switch (setting->kind) {
    case VS_SETTING_TIME:
    case VS_SETTING_OFFSET:
      *(gint64 *) member = setting->value;
      break;
    case VS_SETTING_UINT:
    case VS_SETTING_FLAG:
    case VS_SETTING_CHOICE:
      *(guint *) member = (guint) setting->value;
      break;
    case VS_SETTING_TEXT:
    case VS_SETTING_SECRET:
      *(gchar **) member = g_strdup (setting->text);
      break;
  }
}

VsEndpoint *
vs_endpoint_new (const gchar * name, VsEndpointType type)
{
  VsEndpoint *endpoint = g_new0 (VsEndpoint, 1);

  endpoint->ref_count = 1;
  endpoint->name = g_strdup (name);
  endpoint->type = type;
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    set_default (endpoint, &settings[i]);
  return endpoint;
}

VsEndpoint *
vs_endpoint_copy (const VsEndpoint * endpoint)
{
  VsEndpoint *copy = g_new0 (VsEndpoint, 1);

  /* others may take references meanwhile */
  memcpy (copy, endpoint, G_STRUCT_OFFSET (VsEndpoint, ref_count));
  copy->ref_count = 1;
  copy->name = g_strdup (endpoint->name);
  if (copy->allowed)
    vs_address_list_ref (copy->allowed);
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (is_text (&settings[i]))
      *text_of (copy, &settings[i]) = g_strdup (*text_of (copy, &settings[i]));
  return copy;
}

VsEndpoint *
vs_endpoint_ref (VsEndpoint * endpoint)
{
  g_atomic_int_inc (&endpoint->ref_count);
  return endpoint;
}

void
vs_endpoint_unref (VsEndpoint * endpoint)
{
  if (!g_atomic_int_dec_and_test (&endpoint->ref_count))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (is_text (&settings[i]))
      g_free (*text_of (endpoint, &settings[i]));
  g_clear_pointer (&endpoint->allowed, vs_address_list_unref);
  g_free (endpoint->name);
  g_free (endpoint);
}

gboolean
vs_endpoint_set_text (VsEndpoint * endpoint, const VsEndpointSetting * setting,
    const gchar * text, GError ** error)
{
  gchar **member = text_of (endpoint, setting);
  g_autofree gchar *wrong = NULL;

  g_return_val_if_fail (is_text (setting), FALSE);
  if (text && *text == '\0')
    text = NULL;
  if (text && setting->check)
    wrong = setting->check (text);
  if (wrong) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s",
        setting->name, wrong);
    return FALSE;
  }
  g_free (*member);
  *member = g_strdup (text ? text : setting->text);
  if (setting->offset == AT (allow_list)) {
    g_clear_pointer (&endpoint->allowed, vs_address_list_unref);
    if (text)
      endpoint->allowed = vs_address_list_new (text, NULL);
  }
  return TRUE;
}

static const gchar *const type_names[] = { "hls", "cmaf", "dash", "mss" };

gboolean
vs_endpoint_type_from_string (const gchar * name, VsEndpointType * type)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++) {
    if (g_strcmp0 (name, type_names[i]) == 0) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

const gchar *
vs_endpoint_type_to_string (VsEndpointType type)
{
  return type_names[type];
}
