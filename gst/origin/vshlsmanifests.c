/* VisionStream: an endpoint's HLS playlists
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
#include "origin/vsaudioname.h"
#include "origin/vshlsmedia.h"
#include "origin/vspackage.h"
#include "timeline/vsspan.h"

/* Names live as long as the tables that point at them. */
typedef struct
{
  const VsManifestContext *context;
  const VsChoice *choice;
  const VsEventView *view;
  gboolean split;               /* a playlist a track, not one for all */
  GStringChunk *strings;
  GArray *variants;             /* VsM3u8Variant */
  GArray *audios;               /* VsM3u8Audio */
  /* of what is heard with the videos, whatever its bit rate */
  gboolean *is_own;             /* of each audio track: it is heard with one */
  const gchar *own_language;    /* of the first that tells one */
  guint own_channels;           /* 0 where they differ */
} MainPlaylist;

static const gchar *
media_uri (MainPlaylist * main, VsMediaType track, const gchar * name)
{
  VsObjectName object = {.kind = VS_OBJECT_MEDIA,.track = track };
  g_autoptr (GString) out = g_string_new (NULL);

  g_strlcpy (object.name, name, sizeof object.name);
  vs_manifest_append_uri (out, main->context, &object);
  if (main->context->selection)
    vs_selection_append_query (out, main->context->selection);
  return g_string_chunk_insert (main->strings, out->str);
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
event_has_video (const MainPlaylist * main)
{
  for (guint i = 0; i < main->view->views->len; i++)
    if (main->choice->videos[i])
      return TRUE;
  return FALSE;
}

/* An audio-only rendition is a choice of language beside the video, or, with
 * no language told, the lowest rung of the ladder. */
static gboolean
is_alternative_audio (const MainPlaylist * main, const VsTimelineView * one)
{
  return one->rendition->language && !has_video (one)
      && event_has_video (main);
}

static gint
first_alternative (const MainPlaylist * main)
{
  for (guint i = 0; i < main->view->audios->len; i++)
    if (main->choice->audios[i]
        && is_alternative_audio (main, audio_view (main->view, i)))
      return i;
  return -1;
}

static const gchar *
join_codecs (MainPlaylist * main, const VsCodecConfig * video,
    const VsCodecConfig * audio)
{
  g_autofree gchar *both = NULL;

  if (video == NULL || audio == NULL)
    return video ? video->mime : audio->mime;
  both = g_strdup_printf ("%s,%s", video->mime, audio->mime);
  return g_string_chunk_insert (main->strings, both);
}

static const gchar *
variant_uri (MainPlaylist * main, const VsTimelineView * one, gboolean video,
    gint audio)
{
  const VsAudioTrack *track;

  if (!main->split)
    return media_uri (main, VS_MEDIA_OTHER, one->rendition->name);
  if (video)
    return media_uri (main, VS_MEDIA_VIDEO, one->rendition->name);
  track = g_ptr_array_index (main->view->audios, audio);
  return media_uri (main, VS_MEDIA_AUDIO, track->name);
}

/* A variant takes what its own segments do and the audio that is heard with
 * it, which may be in them. */
static void
measure (const MainPlaylist * main, const VsTimelineView * one, gboolean video,
    gint audio, VsM3u8Variant * variant)
{
  const VsTimelineView *carrier =
      audio >= 0 ? audio_view (main->view, audio) : NULL;

  if (main->context->endpoint->type == VS_ENDPOINT_CMAF) {
    if (video) {
      variant->bandwidth = vs_choice_get_bandwidth (one, VS_MEDIA_VIDEO);
      variant->average_bandwidth = vs_choice_get_average (one, VS_MEDIA_VIDEO);
    }
    if (carrier) {
      variant->bandwidth += vs_choice_get_bandwidth (carrier, VS_MEDIA_AUDIO);
      variant->average_bandwidth += vs_choice_get_average (carrier,
          VS_MEDIA_AUDIO);
    }
    return;
  }
  variant->bandwidth = one->peaks.whole;
  variant->average_bandwidth = one->average_bandwidth;
  if (carrier && !vs_timeline_view_find_config (one, VS_MEDIA_AUDIO)) {
    variant->bandwidth += carrier->peaks.whole;
    variant->average_bandwidth += carrier->average_bandwidth;
  }
}

/* @audio: of the view's audio tracks the one that is heard with it, or -1 */
static void
add_variant (MainPlaylist * main, guint index, const gchar * group, gint audio)
{
  const VsTimelineView *one = g_ptr_array_index (main->view->views, index);
  VsCodecConfig *video = main->choice->videos[index] ?
      vs_timeline_view_find_config (one, VS_MEDIA_VIDEO) : NULL;
  VsCodecConfig *sound = NULL;
  VsM3u8Variant variant = {.audio_group = group };

  if (audio >= 0)
    sound = vs_timeline_view_find_config (audio_view (main->view, audio),
        VS_MEDIA_AUDIO);
  if (!video && !sound)
    return;
  measure (main, one, video != NULL, audio, &variant);
  variant.codecs = join_codecs (main, video, sound);
  if (video) {
    variant.width = video->width;
    variant.height = video->height;
    variant.video_range = vs_video_range (video);
    vs_video_frame_rate (one, video, &variant.fps_n, &variant.fps_d);
  }
  variant.uri = variant_uri (main, one, video != NULL, audio);
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

static guint
count_channels (const VsTimelineView * carrier)
{
  VsCodecConfig *config =
      vs_timeline_view_find_config (carrier, VS_MEDIA_AUDIO);

  return config ? config->channels : 0;
}

/* RFC 8216bis 4.4.6.1.1: groups have the same members, which are told by the
 * same name and attributes. What is heard with one video is what is heard with
 * the others, at another bit rate or with other channels. */
static void
describe_own (MainPlaylist * main)
{
  gboolean first = TRUE;

  main->is_own = g_new0 (gboolean, main->view->audios->len);
  for (guint i = 0; i < main->choice->order->len; i++) {
    guint index = g_array_index (main->choice->order, guint, i);
    gint audio = vs_event_view_get_audio (main->view, index);
    const VsTimelineView *carrier;

    if (!main->choice->videos[index] || audio < 0
        || !main->choice->audios[audio] || main->is_own[audio])
      continue;
    main->is_own[audio] = TRUE;
    carrier = audio_view (main->view, audio);
    if (main->own_language == NULL)
      main->own_language = carrier->rendition->language;
    if (first)
      main->own_channels = count_channels (carrier);
    else if (main->own_channels != count_channels (carrier))
      main->own_channels = 0;
    first = FALSE;
  }
}

static gboolean
has_name (const MainPlaylist * main, const gchar * group, const gchar * name)
{
  for (guint i = 0; i < main->audios->len; i++) {
    const VsM3u8Audio *other = &g_array_index (main->audios, VsM3u8Audio, i);

    if (strcmp (other->group, group) == 0 && strcmp (other->name, name) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A name stands once in its group. @wanted: (transfer full) */
static const gchar *
unique_name (MainPlaylist * main, const gchar * group, gchar * wanted)
{
  g_autofree gchar *base = wanted;
  g_autofree gchar *name = g_strdup (base);

  for (guint n = 2; has_name (main, group, name); n++) {
    g_free (name);
    name = g_strdup_printf ("%s %u", base, n);
  }
  return g_string_chunk_insert (main->strings, name);
}

/* @uri: NULL for the audio that is muxed with the video
 * @language: (nullable)
 * @channels: that it is named after, where no language is known */
static void
add_group_member (MainPlaylist * main, const gchar * group,
    const VsTimelineView * carrier, const gchar * uri,
    const gchar * language, guint channels, gboolean is_default)
{
  VsM3u8Audio audio = {
    .group = group,
    .name = unique_name (main, group, vs_audio_name (language, channels)),
    .language = language,
    .uri = uri,
    .is_default = is_default,
    .channels = count_channels (carrier),
  };

  g_array_append_val (main->audios, audio);
}

/* The language of what is heard with a video, where it tells none that of the
 * others. */
static const gchar *
own_language (const MainPlaylist * main, const VsTimelineView * carrier)
{
  const gchar *language = carrier->rendition->language;

  return language ? language : main->own_language;
}

/* Whether a track is what is heard with another video, and in the group as
 * @own already. */
static gboolean
is_twin (const MainPlaylist * main, guint audio, gint own)
{
  return own >= 0 && main->is_own[audio]
      && g_strcmp0 (own_language (main, audio_view (main->view, audio)),
      own_language (main, audio_view (main->view, own))) == 0;
}

static void
add_alternatives (MainPlaylist * main, const gchar * group, gint own)
{
  for (guint i = 0; i < main->view->audios->len; i++) {
    const VsAudioTrack *track = g_ptr_array_index (main->view->audios, i);
    const VsTimelineView *carrier = audio_view (main->view, i);

    if ((gint) i == own || is_twin (main, i, own) || !main->choice->audios[i]
        || !is_alternative_audio (main, carrier))
      continue;
    add_group_member (main, group, carrier, main->split ?
        media_uri (main, VS_MEDIA_AUDIO, track->name) :
        media_uri (main, VS_MEDIA_OTHER, carrier->rendition->name),
        carrier->rendition->language, 0, own < 0 && !has_group (main, group));
  }
}

/* The group of a video variant: its own audio, then the other languages. */
static const gchar *
add_group (MainPlaylist * main, gint own)
{
  const VsAudioTrack *track = NULL;
  const VsTimelineView *carrier;
  const gchar *group = "audio";

  if (own >= 0) {
    track = g_ptr_array_index (main->view->audios, own);
    group = track->name;
  }
  if (has_group (main, group))
    return group;
  if (track) {
    carrier = audio_view (main->view, own);
    add_group_member (main, group, carrier,
        main->split ? media_uri (main, VS_MEDIA_AUDIO, track->name) : NULL,
        own_language (main, carrier), main->own_channels, TRUE);
  }
  add_alternatives (main, group, own);
  return has_group (main, group) ? group : NULL;
}

/* With muxed TS a group is needed only where there is something to choose. */
static gboolean
wants_groups (const MainPlaylist * main)
{
  return main->split || first_alternative (main) >= 0;
}

static void
add_rendition (MainPlaylist * main, guint index)
{
  const VsTimelineView *one = g_ptr_array_index (main->view->views, index);
  gboolean video = main->choice->videos[index];
  gint audio = vs_event_view_get_audio (main->view, index);
  const gchar *group = NULL;

  if (audio >= 0 && !main->choice->audios[audio]) {
    /* what is muxed can't be left out */
    if (!main->split)
      return;
    audio = -1;
  }
  if (is_alternative_audio (main, one) || (!video && has_video (one))
      || (!video && audio < 0))
    return;
  if (video && wants_groups (main)) {
    group = add_group (main, audio);
    if (audio < 0 && group)
      audio = first_alternative (main);
  }
  add_variant (main, index, group, audio);
}

/* The sound of renditions whose video is not shown. */
static void
add_sound_alone (MainPlaylist * main)
{
  for (guint i = 0; i < main->view->audios->len; i++) {
    const VsAudioTrack *track = g_ptr_array_index (main->view->audios, i);
    const VsTimelineView *carrier = audio_view (main->view, i);

    if (main->split && main->choice->audios[i] && has_video (carrier))
      add_variant (main, track->view, NULL, i);
  }
}

static gboolean
all_independent (const VsEventView * view)
{
  for (guint i = 0; i < view->views->len; i++) {
    g_autoptr (GArray) spans =
        vs_timeline_view_get_spans (g_ptr_array_index (view->views, i),
        VS_MEDIA_VIDEO);

    for (guint j = 0; j < spans->len; j++) {
      const VsSpan *span = &g_array_index (spans, VsSpan, j);

      if (!span->independent && !span->gap)
        return FALSE;
    }
  }
  return TRUE;
}

gchar *
vs_manifest_write_hls_main (const VsManifestContext * context,
    const VsChoice * choice)
{
  MainPlaylist main = { context, choice, context->view };
  const VsEndpoint *endpoint = context->endpoint;
  VsM3u8MainSettings settings = { 0 };
  gchar *text = NULL;

  main.split = endpoint->type == VS_ENDPOINT_CMAF || endpoint->audio_groups;
  main.strings = g_string_chunk_new (256);
  main.variants = g_array_new (FALSE, FALSE, sizeof (VsM3u8Variant));
  main.audios = g_array_new (FALSE, FALSE, sizeof (VsM3u8Audio));
  describe_own (&main);
  for (guint i = 0; i < choice->order->len; i++)
    add_rendition (&main, g_array_index (choice->order, guint, i));
  if (main.variants->len == 0)
    add_sound_alone (&main);
  settings.variants = (VsM3u8Variant *) main.variants->data;
  settings.n_variants = main.variants->len;
  settings.audios = (VsM3u8Audio *) main.audios->data;
  settings.n_audios = main.audios->len;
  settings.independent = all_independent (context->view);
  if (main.variants->len > 0)
    text = vs_m3u8_write_main (&settings);
  g_array_unref (main.variants);
  g_array_unref (main.audios);
  g_string_chunk_free (main.strings);
  g_free (main.is_own);
  return text;
}

static void
append_segment_uri (GString * out, const VsSegment * segment,
    gpointer user_data)
{
  VsHlsMedia *media = user_data;

  media->object.kind = VS_OBJECT_SEGMENT;
  media->object.sequence = segment->sequence;
  vs_manifest_append_uri (out, media->context, &media->object);
  vs_package_append_token (out, media->format, segment);
}

static void
append_init_uri (GString * out, const gchar * config_id, gpointer user_data)
{
  VsHlsMedia *media = user_data;

  media->object.kind = VS_OBJECT_INIT;
  g_strlcpy (media->object.config_id, config_id,
      sizeof media->object.config_id);
  vs_manifest_append_uri (out, media->context, &media->object);
  vs_package_append_init_token (out);
}

void
vs_hls_media_init (VsHlsMedia * media, const VsManifestContext * context,
    const VsObjectName * name, const VsTimelineView * one)
{
  const VsEndpoint *endpoint = context->endpoint;
  gboolean cmaf = endpoint->type == VS_ENDPOINT_CMAF;

  media->context = context;
  media->object = *name;
  media->object.join = context->view->join;
  media->format = cmaf ? VS_FORMAT_CMAF : VS_FORMAT_TS;
  media->settings = (VsM3u8MediaSettings) {
  .uri = append_segment_uri,.map = cmaf ? append_init_uri : NULL,.user_data =
        media,.track = name->track,.one_track =
        name->track != VS_MEDIA_OTHER,.event_type =
        !context->view->slides,.date_interval =
        endpoint->program_date_time_interval,.has_start =
        endpoint->start_offset != VS_START_OFFSET_NONE,.start_offset =
        endpoint->start_offset,.start_precise = endpoint->start_precise,};
  if (name->track == VS_MEDIA_OTHER)
    media->settings.track = has_video (one) ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO;
}

gchar *
vs_manifest_write_hls_media (const VsManifestContext * context,
    const VsObjectName * name)
{
  const VsTimelineView *one =
      vs_event_view_find (context->view, name->track, name->name);
  VsHlsMedia media;

  if (one == NULL)
    return NULL;
  vs_hls_media_init (&media, context, name, one);
  return vs_m3u8_write_media (one, &media.settings);
}
