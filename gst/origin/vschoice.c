/* VisionStream: which tracks of an event a manifest shows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vschoice.h"

#include "timeline/vsspan.h"

/* ISO/IEC 23091-2 transfer characteristics of PQ and HLG */
#define TRANSFER_PQ 16
#define TRANSFER_HLG 18

/* a bandwidth's first two digits */
#define BANDWIDTH_DIGITS 100
/* bytes of trun a sample, and of styp, moof and mdat a fragment */
#define SAMPLE_OVERHEAD 16
#define FRAGMENT_OVERHEAD 200

const gchar *
vs_video_range (const VsCodecConfig * video)
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

void
vs_video_frame_rate (const VsTimelineView * view, const VsCodecConfig * video,
    guint * n, guint * d)
{
  *n = video->fps_n;
  *d = video->fps_d;
  if (view->rendition->fps_n > 0 && view->rendition->fps_d > 0) {
    *n = view->rendition->fps_n;
    *d = view->rendition->fps_d;
  }
}

guint
vs_choice_get_bitrate (const VsTimelineView * view, VsMediaType track)
{
  const VsPeaks *peaks = &view->peaks;
  guint audio = peaks->audio;

  if (track == VS_MEDIA_AUDIO)
    return audio ? audio : peaks->whole;
  if (view->rendition->bitrate > audio)
    return view->rendition->bitrate - audio;
  return peaks->video ? peaks->video : peaks->whole;
}

static guint
samples_per_second (const VsTimelineView * view, VsMediaType track)
{
  VsCodecConfig *config = vs_timeline_view_find_config (view, track);
  guint n, d;

  if (config == NULL)
    return 0;
  if (track == VS_MEDIA_AUDIO)
    return config->frame_samples ?
        config->sample_rate / config->frame_samples + 1 : 0;
  vs_video_frame_rate (view, config, &n, &d);
  return d ? n / d + 1 : 0;
}

/* bit/s that boxes add to a track's access units */
static guint
box_overhead (const VsTimelineView * view, VsMediaType track)
{
  return 8 * (samples_per_second (view, track) * SAMPLE_OVERHEAD
      + FRAGMENT_OVERHEAD / MAX (view->target_duration, 1));
}

static guint
round_up (guint bandwidth)
{
  guint64 step = 1;

  while (bandwidth / step >= BANDWIDTH_DIGITS)
    step *= 10;
  return MIN ((bandwidth + step - 1) / step * step, G_MAXUINT);
}

guint
vs_choice_get_bandwidth (const VsTimelineView * view, VsMediaType track)
{
  guint peak = track == VS_MEDIA_VIDEO ? view->peaks.video : view->peaks.audio;

  return round_up (peak ? peak + box_overhead (view, track) :
      view->peaks.whole);
}

guint
vs_choice_get_average (const VsTimelineView * view, VsMediaType track)
{
  g_autoptr (GArray) spans = vs_timeline_view_get_spans (view, track);
  GstClockTime duration = 0;
  guint64 bytes = 0;

  for (guint i = 0; i < spans->len; i++) {
    const VsSpan *span = &g_array_index (spans, VsSpan, i);

    bytes += span->bytes;
    duration += span->measured;
  }
  return bytes ? vs_bits_per_second (bytes, duration)
      + box_overhead (view, track) : view->average_bandwidth;
}

static gboolean
is_high_efficiency (const VsCodecConfig * config)
{
  return g_str_has_suffix (config->mime, ".5")
      || g_str_has_suffix (config->mime, ".29");
}

/* as filters have it */
static const gchar *
dynamic_range (const VsCodecConfig * video)
{
  return video->transfer == TRANSFER_PQ ? "HDR10" : vs_video_range (video);
}

static void
describe (const VsTimelineView * view, const VsCodecConfig * config,
    VsMediaType type, VsFilterTrack * track)
{
  *track = (VsFilterTrack) {
  .type = type,.codec = config->codec,.bitrate =
        vs_choice_get_bitrate (view, type)};
  if (type == VS_MEDIA_VIDEO) {
    track->height = config->height;
    track->dynamic_range = dynamic_range (config);
    vs_video_frame_rate (view, config, &track->fps_n, &track->fps_d);
  } else {
    track->channels = config->channels;
    track->sample_rate = config->sample_rate;
    track->high_efficiency = is_high_efficiency (config);
    track->language = view->rendition->language;
  }
}

static gboolean
is_shown (const VsTimelineView * view, VsMediaType type,
    const VsEndpoint * endpoint, const VsManifestFilter * filter)
{
  VsCodecConfig *config = vs_timeline_view_find_config (view, type);
  VsFilterTrack track;

  if (config == NULL)
    return FALSE;
  describe (view, config, type, &track);
  if (type == VS_MEDIA_VIDEO && (track.bitrate < endpoint->min_video_bitrate
          || track.bitrate > endpoint->max_video_bitrate))
    return FALSE;
  return filter == NULL || vs_manifest_filter_matches (filter, &track);
}

typedef struct
{
  const VsEventView *view;
  gboolean descending;
} Order;

static gint
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Order *order = user_data;
  guint left = vs_choice_get_bitrate (g_ptr_array_index (order->view->views,
          *(const guint *) a), VS_MEDIA_VIDEO);
  guint right = vs_choice_get_bitrate (g_ptr_array_index (order->view->views,
          *(const guint *) b), VS_MEDIA_VIDEO);
  gint result = left < right ? -1 : left > right;

  return order->descending ? -result : result;
}

VsChoice *
vs_choice_new (const VsEventView * view, const VsEndpoint * endpoint,
    const VsManifestFilter * filter)
{
  VsChoice *choice = g_new0 (VsChoice, 1);
  Order order = { view,
    endpoint->stream_order == VS_STREAM_ORDER_DESCENDING
  };

  choice->view = view;
  choice->order = g_array_new (FALSE, FALSE, sizeof (guint));
  choice->videos = g_new0 (gboolean, view->views->len);
  choice->audios = g_new0 (gboolean, view->audios->len);
  for (guint i = 0; i < view->views->len; i++) {
    g_array_append_val (choice->order, i);
    choice->videos[i] = is_shown (g_ptr_array_index (view->views, i),
        VS_MEDIA_VIDEO, endpoint, filter);
  }
  for (guint i = 0; i < view->audios->len; i++) {
    const VsAudioTrack *audio = g_ptr_array_index (view->audios, i);

    choice->audios[i] = is_shown (g_ptr_array_index (view->views, audio->view),
        VS_MEDIA_AUDIO, endpoint, filter);
  }
  if (endpoint->stream_order != VS_STREAM_ORDER_ORIGINAL)
    g_array_sort_with_data (choice->order, compare, &order);
  return choice;
}

void
vs_choice_free (VsChoice * choice)
{
  g_array_unref (choice->order);
  g_free (choice->videos);
  g_free (choice->audios);
  g_free (choice);
}
