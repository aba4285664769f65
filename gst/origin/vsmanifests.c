/* VisionStream: an endpoint's manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From an event's view to the tables that the playlist writers take: which
 * renditions are variants, which audio tracks make up their groups, what the
 * URLs are.
 */
#include "config.h"
#include "origin/vsmanifests.h"

#include <string.h>

#include "manifest/vsm3u8.h"
#include "manifest/vsmpd.h"
#include "origin/vspackage.h"

/* Names live as long as the tables that point at them. */
typedef struct
{
  const VsEventView *view;
  VsEndpointType type;
  GStringChunk *strings;
  GArray *variants;             /* VsM3u8Variant */
  GArray *audios;               /* VsM3u8Audio */
} MainPlaylist;

static const gchar *
keep (MainPlaylist * main, gchar * string)
{
  g_autofree gchar *owned = string;

  return g_string_chunk_insert (main->strings, owned);
}

static const gchar *
media_uri (MainPlaylist * main, VsMediaType track, const gchar * name)
{
  if (track == VS_MEDIA_OTHER)
    return keep (main, g_strdup_printf ("index_%s.m3u8", name));
  return keep (main, g_strdup_printf ("index_%s_%s.m3u8",
          vs_object_name_track (track), name));
}

static const VsTimelineView *
audio_view (const VsEventView * view, gint audio)
{
  const VsAudioTrack *track = g_ptr_array_index (view->audios, audio);

  return g_ptr_array_index (view->views, track->view);
}

static gboolean
has_video (const VsTimelineView * view)
{
  return vs_timeline_view_find_config (view, VS_MEDIA_VIDEO) != NULL;
}

static gboolean
event_has_video (const VsEventView * view)
{
  for (guint i = 0; i < view->views->len; i++)
    if (has_video (g_ptr_array_index (view->views, i)))
      return TRUE;
  return FALSE;
}

/* An audio-only rendition is a choice of language beside the video, or, with
 * no language told, the lowest rung of the ladder. */
static gboolean
is_alternative_audio (const VsEventView * view, const VsTimelineView * one)
{
  return one->rendition->language && !has_video (one)
      && event_has_video (view);
}

static gint
first_alternative (const VsEventView * view)
{
  for (guint i = 0; i < view->audios->len; i++)
    if (is_alternative_audio (view, audio_view (view, i)))
      return i;
  return -1;
}

/* ISO/IEC 23091-2 transfer characteristics of PQ and HLG */
#define TRANSFER_PQ 16
#define TRANSFER_HLG 18

static const gchar *
video_range (const VsCodecConfig * video)
{
  switch (video->transfer) {
    case TRANSFER_PQ:
      return "PQ";
    case TRANSFER_HLG:
      return "HLG";
    default:
      return "SDR";
  }
}

/* The frame rate as its maker told it, else as the stream does. */
static void
set_frame_rate (VsM3u8Variant * variant, const VsTimelineView * one,
    const VsCodecConfig * video)
{
  variant->fps_n = video->fps_n;
  variant->fps_d = video->fps_d;
  if (one->rendition->fps_n > 0 && one->rendition->fps_d > 0) {
    variant->fps_n = one->rendition->fps_n;
    variant->fps_d = one->rendition->fps_d;
  }
}

static const gchar *
join_codecs (MainPlaylist * main, const VsCodecConfig * video,
    const VsCodecConfig * audio)
{
  if (video && audio)
    return keep (main, g_strdup_printf ("%s,%s", video->mime, audio->mime));
  return video ? video->mime : audio->mime;
}

static void
add_variant (MainPlaylist * main, guint index, const gchar * group, gint audio)
{
  const VsTimelineView *one = g_ptr_array_index (main->view->views, index);
  VsCodecConfig *video = vs_timeline_view_find_config (one, VS_MEDIA_VIDEO);
  VsCodecConfig *sound = vs_timeline_view_find_config (one, VS_MEDIA_AUDIO);
  VsM3u8Variant variant = {
    .bandwidth = one->peaks.whole,
    .average_bandwidth = one->average_bandwidth,
    .audio_group = group,
  };

  if (audio >= 0 && !sound) {
    const VsTimelineView *carrier = audio_view (main->view, audio);

    sound = vs_timeline_view_find_config (carrier, VS_MEDIA_AUDIO);
    variant.bandwidth += carrier->peaks.whole;
    variant.average_bandwidth += carrier->average_bandwidth;
  }
  if (!video && !sound)
    return;
  variant.codecs = join_codecs (main, video, sound);
  if (video) {
    variant.width = video->width;
    variant.height = video->height;
    variant.video_range = video_range (video);
    set_frame_rate (&variant, one, video);
  }
  if (main->type == VS_ENDPOINT_HLS)
    variant.uri = media_uri (main, VS_MEDIA_OTHER, one->rendition->name);
  else if (video)
    variant.uri = media_uri (main, VS_MEDIA_VIDEO, one->rendition->name);
  else {
    const VsAudioTrack *track = g_ptr_array_index (main->view->audios, audio);

    variant.uri = media_uri (main, VS_MEDIA_AUDIO, track->name);
  }
  g_array_append_val (main->variants, variant);
}

static gboolean
has_group (const MainPlaylist * main, const gchar * group)
{
  for (guint i = 0; i < main->audios->len; i++)
    if (strcmp (g_array_index (main->audios, VsM3u8Audio, i).group, group) == 0)
      return TRUE;
  return FALSE;
}

/* @uri: NULL for the audio that is muxed with the video */
static void
add_group_member (MainPlaylist * main, const gchar * group,
    const VsTimelineView * carrier, const gchar * name, const gchar * uri,
    gboolean is_default)
{
  VsCodecConfig *config =
      vs_timeline_view_find_config (carrier, VS_MEDIA_AUDIO);
  const gchar *language = carrier->rendition->language;
  VsM3u8Audio audio = {
    .group = group,
    .name = language ? language : name,
    .language = language,
    .uri = uri,
    .is_default = is_default,
    .channels = config ? config->channels : 0,
  };

  g_array_append_val (main->audios, audio);
}

static void
add_alternatives (MainPlaylist * main, const gchar * group, gint own)
{
  for (guint i = 0; i < main->view->audios->len; i++) {
    const VsAudioTrack *track = g_ptr_array_index (main->view->audios, i);
    const VsTimelineView *carrier = audio_view (main->view, i);
    VsMediaType type = VS_MEDIA_AUDIO;
    const gchar *name = track->name;

    if ((gint) i == own || !is_alternative_audio (main->view, carrier))
      continue;
    if (main->type == VS_ENDPOINT_HLS) {
      type = VS_MEDIA_OTHER;
      name = carrier->rendition->name;
    }
    add_group_member (main, group, carrier, track->name,
        media_uri (main, type, name), own < 0 && !has_group (main, group));
  }
}

/* The group of a video variant: its own audio, then the other languages. */
static const gchar *
add_group (MainPlaylist * main, gint own)
{
  const VsAudioTrack *track = NULL;
  const gchar *group = "audio";

  if (own >= 0) {
    track = g_ptr_array_index (main->view->audios, own);
    group = track->name;
  }
  if (has_group (main, group))
    return group;
  if (track) {
    gboolean muxed = main->type == VS_ENDPOINT_HLS;

    add_group_member (main, group, audio_view (main->view, own), track->name,
        muxed ? NULL : media_uri (main, VS_MEDIA_AUDIO, track->name), TRUE);
  }
  add_alternatives (main, group, own);
  return has_group (main, group) ? group : NULL;
}

/* With TS a group is needed only where there is something to choose. */
static gboolean
wants_groups (const MainPlaylist * main)
{
  if (main->type != VS_ENDPOINT_HLS)
    return TRUE;
  for (guint i = 0; i < main->view->views->len; i++)
    if (is_alternative_audio (main->view,
            g_ptr_array_index (main->view->views, i)))
      return TRUE;
  return FALSE;
}

static void
add_rendition (MainPlaylist * main, guint index)
{
  const VsTimelineView *one = g_ptr_array_index (main->view->views, index);
  gint audio = vs_event_view_get_audio (main->view, index);
  const gchar *group = NULL;

  if (is_alternative_audio (main->view, one))
    return;
  if (has_video (one) && wants_groups (main)) {
    group = add_group (main, audio);
    if (audio < 0 && group)
      audio = first_alternative (main->view);
  }
  if (!has_video (one) && audio < 0)
    return;
  add_variant (main, index, group, audio);
}

static gboolean
all_independent (const VsEventView * view)
{
  for (guint i = 0; i < view->views->len; i++) {
    const VsTimelineView *one = g_ptr_array_index (view->views, i);

    for (guint j = 0; j < one->segments->len; j++) {
      const VsSegment *segment = g_ptr_array_index (one->segments, j);

      if (!segment->independent && !segment->gap)
        return FALSE;
    }
  }
  return TRUE;
}

static gchar *
write_main (const VsEventView * view, VsEndpointType type)
{
  MainPlaylist main = { view, type };
  gchar *text = NULL;

  main.strings = g_string_chunk_new (256);
  main.variants = g_array_new (FALSE, FALSE, sizeof (VsM3u8Variant));
  main.audios = g_array_new (FALSE, FALSE, sizeof (VsM3u8Audio));
  for (guint i = 0; i < view->views->len; i++)
    add_rendition (&main, i);
  if (main.variants->len > 0)
    text = vs_m3u8_write_main ((VsM3u8Variant *) main.variants->data,
        main.variants->len, (VsM3u8Audio *) main.audios->data,
        main.audios->len, all_independent (view));
  g_array_unref (main.variants);
  g_array_unref (main.audios);
  g_string_chunk_free (main.strings);
  return text;
}

typedef struct
{
  VsMediaType track;
  const gchar *name;
  VsFormat format;
} MediaNames;

static void
append_segment_uri (GString * out, const VsSegment * segment,
    gpointer user_data)
{
  const MediaNames *names = user_data;

  vs_object_name_append_segment (out, names->track, names->name,
      segment->sequence);
  vs_package_append_token (out, names->format, segment);
}

static void
append_init_uri (GString * out, const gchar * config_id, gpointer user_data)
{
  const MediaNames *names = user_data;

  vs_object_name_append_init (out, names->track, names->name, config_id);
  vs_package_append_init_token (out);
}

static gchar *
write_media (const VsEventView * view, const VsObjectName * name)
{
  const VsTimelineView *one =
      vs_event_view_find (view, name->track, name->name);
  gboolean muxed = name->track == VS_MEDIA_OTHER;
  MediaNames names = { name->track, name->name,
    muxed ? VS_FORMAT_TS : VS_FORMAT_CMAF
  };
  VsM3u8MediaSettings settings = {
    .uri = append_segment_uri,
    .map = muxed ? NULL : append_init_uri,
    .user_data = &names,
    .track = name->track,
  };

  if (one == NULL)
    return NULL;
  if (muxed)
    settings.track = has_video (one) ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO;
  return vs_m3u8_write_media (one, &settings);
}

/* Representation@bandwidth keeps its first two digits: the peak is rounded up
 * to that, which leaves room for the boxes around the samples, and seldom
 * changes while an event goes on. */
#define BANDWIDTH_DIGITS 100

static guint
round_up_bandwidth (guint bandwidth)
{
  guint64 step = 1;

  while (bandwidth / step >= BANDWIDTH_DIGITS)
    step *= 10;
  return MIN ((bandwidth + step - 1) / step * step, G_MAXUINT);
}

/* The peak of a track; of the whole segments where an archive's maker did not
 * count its bytes. */
static guint
track_bandwidth (const VsTimelineView * carrier, VsMediaType track)
{
  const VsPeaks *peaks = &carrier->peaks;
  guint peak = track == VS_MEDIA_VIDEO ? peaks->video : peaks->audio;

  return round_up_bandwidth (peak > 0 ? peak : peaks->whole);
}

static gint64
newest_utc_us (const VsEventView * view)
{
  gint64 newest = 0;

  for (guint i = 0; i < view->views->len; i++) {
    const VsTimelineView *one = g_ptr_array_index (view->views, i);
    const VsSegment *last;

    if (one->segments->len == 0)
      continue;
    last = g_ptr_array_index (one->segments, one->segments->len - 1);
    newest = MAX (newest, last->utc_us + (gint64) (last->duration
            / GST_USECOND));
  }
  return newest;
}

/* The first of them that there is: all segments of an event tell the same,
 * and those of an archive that does not tell, 1970. */
static gint64
event_utc_us (const VsEventView * view)
{
  const VsTimelineView *one = g_ptr_array_index (view->views, 0);
  const VsSegment *first = g_ptr_array_index (one->segments, 0);

  return first->event_utc_us;
}

static GArray *
list_mpd_tracks (const VsEventView * view, GStringChunk * strings)
{
  GArray *tracks = g_array_new (FALSE, FALSE, sizeof (VsMpdTrack));

  for (guint i = 0; i < view->views->len; i++) {
    const VsTimelineView *one = g_ptr_array_index (view->views, i);
    g_autofree gchar *id = g_strconcat ("video_", one->rendition->name, NULL);
    VsMpdTrack track = { one, VS_MEDIA_VIDEO };

    if (one->segments->len == 0 || !has_video (one))
      continue;
    track.id = g_string_chunk_insert (strings, id);
    track.bandwidth = track_bandwidth (one, VS_MEDIA_VIDEO);
    g_array_append_val (tracks, track);
  }
  for (guint i = 0; i < view->audios->len; i++) {
    const VsAudioTrack *audio = g_ptr_array_index (view->audios, i);
    g_autofree gchar *id = g_strconcat ("audio_", audio->name, NULL);
    VsMpdTrack track = { audio_view (view, i), VS_MEDIA_AUDIO };

    if (track.view->segments->len == 0)
      continue;
    track.id = g_string_chunk_insert (strings, id);
    track.bandwidth = track_bandwidth (track.view, VS_MEDIA_AUDIO);
    g_array_append_val (tracks, track);
  }
  return tracks;
}

/* What tells the segments of one run of the origin from those of another that
 * counts from 1 too: a template can not hold a hash a segment. */
static gchar *
media_template (const VsEventView * view)
{
  GString *out = g_string_new ("$RepresentationID$_$Number$.m4s");
  const VsTimelineView *one = g_ptr_array_index (view->views, 0);

  vs_package_append_run_token (out, g_ptr_array_index (one->segments, 0));
  return g_string_free (out, FALSE);
}

static gchar *
write_mpd (VsEventView * view, const VsEndpoint * endpoint,
    const gchar * utc_timing_uri)
{
  g_autoptr (GString) init = NULL;
  g_autofree gchar *media = NULL;
  g_autoptr (GArray) tracks = NULL;
  GStringChunk *strings;
  VsMpdSettings settings = { 0 };
  gchar *text = NULL;

  vs_event_view_align (view);
  strings = g_string_chunk_new (256);
  tracks = list_mpd_tracks (view, strings);
  if (tracks->len > 0) {
    init = g_string_new ("$RepresentationID$_init_%s.mp4");
    vs_package_append_init_token (init);
    media = media_template (view);
    settings.media = media;
    settings.initialization = init->str;
    settings.availability_start_us = event_utc_us (view);
    settings.publish_us = newest_utc_us (view);
    settings.window = endpoint->window;
    settings.utc_timing_uri = utc_timing_uri;
    text = vs_mpd_write ((VsMpdTrack *) tracks->data, tracks->len, &settings);
  }
  g_string_chunk_free (strings);
  return text;
}

gchar *
vs_manifest_write (VsEventView * view, const VsEndpoint * endpoint,
    const VsObjectName * name, const gchar * utc_timing_uri)
{
  if (view->views->len == 0)
    return NULL;
  if (endpoint->type == VS_ENDPOINT_DASH)
    return write_mpd (view, endpoint, utc_timing_uri);
  if (name->kind == VS_OBJECT_MAIN)
    return write_main (view, endpoint->type);
  return write_media (view, name);
}
