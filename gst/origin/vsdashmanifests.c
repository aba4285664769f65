/* VisionStream: an endpoint's DASH manifest
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmanifests.h"

#include "manifest/vsmpd.h"
#include "origin/vspackage.h"
#include "timeline/vsspan.h"

static gint64
newest_utc_us (const VsEventView * view)
{
  gint64 newest = 0;

  for (guint i = 0; i < view->views->len; i++) {
    VsSegment last;

    if (!vs_timeline_view_get_last (g_ptr_array_index (view->views, i), &last))
      continue;
    newest = MAX (newest, last.utc_us + (gint64) (last.duration / GST_USECOND));
  }
  return newest;
}

/* Representation@id: the name of the track in the URLs of its objects */
static void
add_track (GArray * tracks, GStringChunk * strings,
    const VsManifestContext * context, const VsTimelineView * view,
    VsMediaType type, const gchar * name)
{
  g_autofree gchar *id = g_strconcat (vs_object_name_track (type),
      context->endpoint->separator, name, NULL);
  VsMpdTrack track = { view, type };
  VsSegment last;

  if (!vs_timeline_view_get_last (view, &last))
    return;
  track.id = g_string_chunk_insert (strings, id);
  track.bandwidth = vs_choice_get_bandwidth (view, type);
  g_array_append_val (tracks, track);
}

static GArray *
list_tracks (const VsManifestContext * context, const VsChoice * choice,
    GStringChunk * strings)
{
  GArray *tracks = g_array_new (FALSE, FALSE, sizeof (VsMpdTrack));
  const VsEventView *view = context->view;

  for (guint i = 0; i < choice->order->len; i++) {
    guint index = g_array_index (choice->order, guint, i);
    const VsTimelineView *one = g_ptr_array_index (view->views, index);

    if (choice->videos[index])
      add_track (tracks, strings, context, one, VS_MEDIA_VIDEO,
          one->rendition->name);
  }
  for (guint i = 0; i < view->audios->len; i++) {
    const VsAudioTrack *audio = g_ptr_array_index (view->audios, i);

    if (choice->audios[i])
      add_track (tracks, strings, context,
          g_ptr_array_index (view->views, audio->view), VS_MEDIA_AUDIO,
          audio->name);
  }
  return tracks;
}

static void
append_prefix (GString * out, const VsManifestContext * context)
{
  const VsEndpoint *endpoint = context->endpoint;

  if (endpoint->uri_type == VS_URI_ROOT)
    g_string_append (out, context->root);
  if (endpoint->segment_prefix)
    g_string_append_printf (out, "%s%s", endpoint->segment_prefix,
        endpoint->separator);
}

/* What tells the segments of one event from those of another that counts from
 * 1 too: a template can not hold a hash a segment. */
static gchar *
media_template (const VsManifestContext * context, const VsSegment * first)
{
  GString *out = g_string_new (NULL);

  append_prefix (out, context);
  g_string_append_printf (out, "$RepresentationID$%s",
      context->endpoint->separator);
  g_string_append (out, context->endpoint->dash_template
      == VS_DASH_TIME_TIMELINE ? "%st$Time$" : "$Number$");
  if (context->view->join > 1)
    g_string_append_printf (out, "x%u", context->view->join);
  g_string_append (out, ".m4s");
  vs_package_append_event_token (out, VS_FORMAT_CMAF, first);
  return g_string_free (out, FALSE);
}

static gchar *
init_template (const VsManifestContext * context)
{
  GString *out = g_string_new (NULL);
  const gchar *separator = context->endpoint->separator;

  append_prefix (out, context);
  g_string_append_printf (out, "$RepresentationID$%sinit%s%%s.mp4", separator,
      separator);
  vs_package_append_init_token (out);
  return g_string_free (out, FALSE);
}

gchar *
vs_manifest_write_dash (const VsManifestContext * context,
    const VsChoice * choice)
{
  const VsEventView *view = context->view;
  const VsEndpoint *endpoint = context->endpoint;
  g_autofree gchar *init = NULL, *media = NULL;
  g_autoptr (GArray) tracks = NULL;
  GStringChunk *strings = g_string_chunk_new (256);
  gchar *text = NULL;
  VsSegment first;

  tracks = list_tracks (context, choice, strings);
  if (tracks->len > 0 && vs_event_view_get_first (view, &first)) {
    VsMpdSettings settings = {
      /* of an archive that does not tell, 1970 */
      .availability_start_us = first.event_utc_us,
      .publish_us = newest_utc_us (view),
      .window = view->slides ? endpoint->window : 0,
      .suggested_delay = endpoint->suggested_delay,
      .min_buffer = endpoint->min_buffer_time,
      .update_period = endpoint->minimum_update_period,
      .utc_timing = endpoint->utc_timing,
      .utc_timing_uri = endpoint->utc_timing_source ?
          endpoint->utc_timing_source : context->utc_timing_uri,
      .addressing = endpoint->dash_template,
      .profile = endpoint->dash_profile,
      .layout = endpoint->layout,
      .newest_run_only = !endpoint->multi_period,
      .base_urls = endpoint->base_urls,
      .title = endpoint->program_title,
      .source = endpoint->program_source,
      .copyright = endpoint->program_copyright,
      .more_url = endpoint->program_information_url,
      .language = endpoint->program_language,
      .cuts = context->cuts,
    };

    settings.initialization = init = init_template (context);
    settings.media = media = media_template (context, &first);
    text = vs_mpd_write ((VsMpdTrack *) tracks->data, tracks->len, &settings);
  }
  g_string_chunk_free (strings);
  return text;
}
