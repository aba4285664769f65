/* VisionStream: DASH media presentation descriptions (ISO/IEC 23009-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An MPD is written in one pass, outside in: the Periods (which runs there
 * are, and when they start) are found first, then each writes its adaptation
 * sets, these their representations, these their timelines. Nothing is kept.
 * Segments are walked by spans of equal ones: a day has tens of thousands.
 */
#include "config.h"

#include <string.h>

#include "manifest/vsmediatime.h"
#include "manifest/vsmpdprivate.h"

#define MPD_NAMESPACE "urn:mpeg:dash:schema:mpd:2011"
#define SCHEME_ROLE "urn:mpeg:dash:role:2011"
/* values are ISO/IEC 23001-8 ChannelConfiguration */
#define SCHEME_CHANNELS "urn:mpeg:mpegB:cicp:ChannelConfiguration"

#define US_PER_MS 1000
/* @suggestedPresentationDelay, in target durations: as HLS's hold-back, and
 * one more, because it counts from the clock and not from the end of the
 * newest segment */
#define DELAY_TARGETS 4

static const gchar *const profiles[] = {
  [VS_DASH_PROFILE_ISOFF_LIVE] = "urn:mpeg:dash:profile:isoff-live:2011",
  [VS_DASH_PROFILE_HBBTV] = "urn:hbbtv:dash:profile:isoff-live:2012,"
      "urn:mpeg:dash:profile:isoff-live:2011",
  [VS_DASH_PROFILE_DVB] = "urn:dvb:dash:profile:dvb-dash:2014,"
      "urn:dvb:dash:profile:dvb-dash:isoff-ext-live:2014,"
      "urn:mpeg:dash:profile:isoff-live:2011",
  [VS_DASH_PROFILE_HYBRIDCAST] = "urn:mpeg:dash:profile:isoff-live:2011",
};

static const gchar *const utc_schemes[] = {
  [VS_UTC_TIMING_HTTP_HEAD] = "urn:mpeg:dash:utc:http-head:2014",
  [VS_UTC_TIMING_HTTP_ISO] = "urn:mpeg:dash:utc:http-iso:2014",
  [VS_UTC_TIMING_HTTP_XSDATE] = "urn:mpeg:dash:utc:http-xsdate:2014",
  [VS_UTC_TIMING_DIRECT] = "urn:mpeg:dash:utc:direct:2014",
};

/* Dates are written in milliseconds. */
static gint64
floor_ms (gint64 us)
{
  return us / US_PER_MS - (us % US_PER_MS < 0);
}

static const VsCodecConfig *
find_config (const VsTimelineView * view, const gchar * id)
{
  for (guint i = 0; i < view->configs->len; i++) {
    const VsCodecConfig *config = g_ptr_array_index (view->configs, i);

    if (strcmp (config->id, id) == 0)
      return config;
  }
  return NULL;
}

/* As vs_media_time_get_track () has it. */
static gboolean
has_track (const VsSpan * span)
{
  return span->type != VS_MEDIA_OTHER && span->track_duration > 0;
}

/* What a track has of a run, from its first segment there to its last: FALSE
 * when it has nothing, or nothing is known of its codec. */
static gboolean
find_representation (const VsMpd * mpd, guint index, guint64 run,
    VsMpdRepresentation * representation)
{
  const VsMpdTrack *track = &mpd->tracks[index];
  const GArray *spans = mpd->spans[index];

  memset (representation, 0, sizeof *representation);
  representation->track = track;
  representation->spans = spans;
  for (guint i = 0; i < spans->len; i++) {
    const VsSpan *span = &g_array_index (spans, VsSpan, i);

    if (span->run != run || !has_track (span))
      continue;
    if (representation->config == NULL) {
      representation->config = find_config (track->view, span->config_id);
      representation->timescale = span->timescale;
      representation->first = i;
    }
    representation->n = i + 1 - representation->first;
  }
  return representation->config != NULL;
}

/* What VUI says, else what the ladder meant. FALSE: neither knows. */
static gboolean
get_frame_rate (const VsMpdRepresentation * representation, guint * n,
    guint * d)
{
  const VsRendition *rendition = representation->track->view->rendition;

  *n = representation->config->fps_n;
  *d = representation->config->fps_d;
  if (*n == 0 || *d == 0) {
    *n = rendition->fps_n;
    *d = rendition->fps_d;
  }
  return *n > 0 && *d > 0;
}

static void
put_frame_rate (VsMpd * mpd, const gchar * name, guint n, guint d)
{
  if (n % d == 0)
    vs_mpd_put_int (mpd, name, n / d);
  else
    vs_mpd_put_ratio (mpd, name, n, d, '/');
}

static void
put_video_attributes (VsMpd * mpd, const VsMpdRepresentation * representation)
{
  const VsCodecConfig *config = representation->config;
  guint n, d;

  vs_mpd_put_int (mpd, "width", config->width);
  vs_mpd_put_int (mpd, "height", config->height);
  if (config->par_n > 0 && config->par_d > 0)
    vs_mpd_put_ratio (mpd, "sar", config->par_n, config->par_d, ':');
  if (get_frame_rate (representation, &n, &d))
    put_frame_rate (mpd, "frameRate", n, d);
  vs_mpd_put (mpd, "scanType",
      config->interlaced ? "interlaced" : "progressive");
}

/* ISO/IEC 23001-8 table 7, for layouts as MPEG-2 and AC-3 mean them */
static guint
get_channel_configuration (guint channels)
{
  switch (channels) {
    case 7:
      return 11;                /* 6.1 */
    case 8:
      return 12;                /* 7.1 */
    default:
      return channels;
  }
}

static void
write_channels (VsMpd * mpd, const VsCodecConfig * config)
{
  gchar text[16];

  if (config->channels == 0)
    return;
  g_snprintf (text, sizeof text, "%u",
      get_channel_configuration (config->channels));
  vs_mpd_write_descriptor (mpd, "AudioChannelConfiguration", SCHEME_CHANNELS,
      text);
}

static void
write_representation (VsMpd * mpd, const VsMpdPeriod * period,
    const VsMpdRepresentation * representation, gboolean common)
{
  const VsMpdTrack *track = representation->track;

  vs_mpd_start (mpd, "Representation");
  vs_mpd_put (mpd, "id", track->id);
  vs_mpd_put_int (mpd, "bandwidth", track->bandwidth);
  vs_mpd_put (mpd, "codecs", representation->config->mime);
  if (track->type == VS_MEDIA_VIDEO)
    put_video_attributes (mpd, representation);
  else if (representation->config->sample_rate > 0)
    vs_mpd_put_int (mpd, "audioSamplingRate",
        representation->config->sample_rate);
  if (track->type == VS_MEDIA_AUDIO)
    write_channels (mpd, representation->config);
  if (common)
    vs_mpd_write_own_template (mpd, representation);
  else
    vs_mpd_write_template (mpd, period, representation);
  vs_mpd_end (mpd);
}

/* Whether two representations are alternatives to switch between. */
static gboolean
is_same_set (const VsMpdRepresentation * a, const VsMpdRepresentation * b)
{
  if (a->track->type != b->track->type || a->config->codec != b->config->codec)
    return FALSE;
  return a->track->type == VS_MEDIA_VIDEO
      || (a->config->channels == b->config->channels
      && g_strcmp0 (a->track->view->rendition->language,
          b->track->view->rendition->language) == 0);
}

/* SAP type of the set's segments, 0 where one of them has none: 1 for sound
 * and H.264, 2 where leading pictures may follow an IDR (HEVC IDR_W_RADL). */
static guint
get_sap_type (const VsMpdRepresentation * representations, guint n)
{
  if (representations[0].track->type == VS_MEDIA_AUDIO)
    return 1;
  for (guint i = 0; i < n; i++) {
    const VsMpdRepresentation *one = &representations[i];

    for (guint k = one->first; k < one->first + one->n; k++) {
      const VsSpan *span = &g_array_index (one->spans, VsSpan, k);

      if (!span->independent && !span->gap)
        return 0;
    }
  }
  return representations[0].config->codec == VS_CODEC_H265 ? 2 : 1;
}

/* xs:language: [a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})* */
static gboolean
is_language (const gchar * text)
{
  static GRegex *regex = NULL;

  if (g_once_init_enter (&regex))
    g_once_init_leave (&regex,
        g_regex_new ("^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$",
            G_REGEX_DOLLAR_ENDONLY, 0, NULL));
  return text != NULL && g_regex_match (regex, text, 0, NULL);
}

static void
put_largest_picture (VsMpd * mpd, const VsMpdRepresentation * set, guint n)
{
  guint width = 0, height = 0, fps_n = 0, fps_d = 1;

  for (guint i = 0; i < n; i++) {
    guint one_n, one_d;

    width = MAX (width, set[i].config->width);
    height = MAX (height, set[i].config->height);
    if (get_frame_rate (&set[i], &one_n, &one_d)
        && (guint64) one_n * fps_d > (guint64) fps_n * one_d) {
      fps_n = one_n;
      fps_d = one_d;
    }
  }
  vs_mpd_put_int (mpd, "maxWidth", width);
  vs_mpd_put_int (mpd, "maxHeight", height);
  if (fps_n > 0)
    put_frame_rate (mpd, "maxFrameRate", fps_n, fps_d);
}

static void
write_adaptation_set (VsMpd * mpd, const VsMpdPeriod * period, guint id,
    const VsMpdRepresentation * set, guint n)
{
  const VsRendition *rendition = set[0].track->view->rendition;
  gboolean video = set[0].track->type == VS_MEDIA_VIDEO;
  gboolean common = vs_mpd_has_common_template (mpd, set, n);
  guint sap_type = get_sap_type (set, n);

  vs_mpd_start (mpd, "AdaptationSet");
  vs_mpd_put_int (mpd, "id", id);
  vs_mpd_put (mpd, "contentType", video ? "video" : "audio");
  vs_mpd_put (mpd, "mimeType", video ? "video/mp4" : "audio/mp4");
  if (!video && is_language (rendition->language))
    vs_mpd_put (mpd, "lang", rendition->language);
  vs_mpd_put (mpd, "segmentAlignment", "true");
  if (sap_type > 0)
    vs_mpd_put_int (mpd, "startWithSAP", sap_type);
  if (video)
    put_largest_picture (mpd, set, n);
  vs_mpd_write_descriptor (mpd, "Role", SCHEME_ROLE,
      vs_name_is_valid (rendition->role) ? rendition->role : "main");
  if (common)
    vs_mpd_write_common_template (mpd, period, &set[0]);
  for (guint i = 0; i < n; i++)
    write_representation (mpd, period, &set[i], common);
  vs_mpd_end (mpd);
}

/* Moves those of @all that belong with the first to its side. */
static guint
gather_set (VsMpdRepresentation * all, guint n)
{
  guint size = 1;

  for (guint i = 1; i < n; i++) {
    VsMpdRepresentation one = all[i];

    if (!is_same_set (&all[0], &one))
      continue;
    memmove (&all[size + 1], &all[size], (i - size) * sizeof *all);
    all[size++] = one;
  }
  return size;
}

static void
write_period (VsMpd * mpd, const VsMpdPeriod * period)
{
  g_autofree VsMpdRepresentation *all =
      g_new (VsMpdRepresentation, mpd->n_tracks);
  gchar id[32];
  guint n = 0, size, set_id = 0;

  for (guint i = 0; i < mpd->n_tracks; i++)
    n += find_representation (mpd, i, period->run, &all[n]);

  g_snprintf (id, sizeof id, "p%" G_GUINT64_FORMAT, period->run);
  vs_mpd_start (mpd, "Period");
  vs_mpd_put (mpd, "id", id);
  vs_mpd_put_duration (mpd, "start", period->start_us);
  if (period->duration_us > 0)
    vs_mpd_put_duration (mpd, "duration", period->duration_us);
  for (guint i = 0; i < n; i += size) {
    size = gather_set (&all[i], n - i);
    write_adaptation_set (mpd, period, set_id++, &all[i], size);
  }
  vs_mpd_end (mpd);
}

/* The extent of a run, over all tracks: first start and last end of what is
 * there, on the media clock. */
typedef struct
{
  guint64 run;
  gint64 run_start_pts_90k, start_pts_90k;
  gint64 end_pts_90k;           /* of the last segment, as it was cut */
  gint64 last_end_us;           /* of the track that lasts longest */
  gint64 utc_us;                /* of the run's start */
} Extent;

static void
extend (GArray * extents, const VsSegment * segment, VsMediaType type)
{
  gint64 end_pts = segment->start_pts_90k
      + gst_util_uint64_scale_round (segment->duration, VS_MPD_PTS_TIMESCALE,
      GST_SECOND);
  gint64 start_us, end_us;
  Extent fresh = {
    .run = segment->run,
    .run_start_pts_90k = segment->run_start_pts_90k,
    .start_pts_90k = segment->start_pts_90k,
    .end_pts_90k = end_pts,
    .utc_us = segment->utc_us
        - vs_media_ticks_to_us (segment->start_pts_90k
        - segment->run_start_pts_90k),
  };
  guint i;

  vs_media_time_of_segment (segment, type, &start_us, &end_us);
  fresh.last_end_us =
      MAX (end_us, vs_media_time_to_us (end_pts, VS_MPD_PTS_TIMESCALE));
  for (i = extents->len; i > 0; i--) {
    Extent *extent = &g_array_index (extents, Extent, i - 1);

    if (extent->run == segment->run) {
      extent->start_pts_90k = MIN (extent->start_pts_90k,
          segment->start_pts_90k);
      extent->end_pts_90k = MAX (extent->end_pts_90k, end_pts);
      extent->last_end_us = MAX (extent->last_end_us, fresh.last_end_us);
      return;
    }
    if (extent->run < segment->run)
      break;
  }
  g_array_insert_val (extents, i, fresh);
}

/* Within a span times grow: its ends say it all. */
static void
extend_by_span (GArray * extents, const VsSpan * span, VsMediaType type)
{
  VsSegment segment;

  vs_span_get (span, 0, &segment);
  extend (extents, &segment, type);
  vs_span_get (span, span->n - 1, &segment);
  extend (extents, &segment, type);
}

static GArray *
find_extents (const VsMpd * mpd)
{
  GArray *extents = g_array_new (FALSE, FALSE, sizeof (Extent));

  for (guint i = 0; i < mpd->n_tracks; i++) {
    for (guint k = 0; k < mpd->spans[i]->len; k++)
      extend_by_span (extents, &g_array_index (mpd->spans[i], VsSpan, k),
          mpd->tracks[i].type);
  }
  return extents;
}

/* Periods follow each other at their boundaries; the last one lasts as long
 * as its longest track, in whole ms rounded up: a player may take the declared end for the
 * end and never see its own (dash.js stops there of its own accord, ahead of
 * the element's `ended`). */
static gint64
get_period_duration (const VsMpd * mpd, const Extent * extent, gboolean last)
{
  gint64 start_us =
      vs_media_time_to_us (extent->start_pts_90k, VS_MPD_PTS_TIMESCALE);

  /* with @duration a player counts segments up to the end: a tail of sound
   * would be one more */
  if (!last || mpd->settings->addressing == VS_DASH_NUMBER_DURATION)
    return vs_media_time_to_us (extent->end_pts_90k,
        VS_MPD_PTS_TIMESCALE) - start_us;
  return (extent->last_end_us - start_us + US_PER_MS -
      1) / US_PER_MS * US_PER_MS;
}

static void
place_period (const VsMpd * mpd, const Extent * extent, gboolean last,
    gint64 previous_end_us, VsMpdPeriod * period)
{
  period->run = extent->run;
  if (mpd->ended) {
    period->start_us = previous_end_us;
    period->offset_pts_90k = extent->start_pts_90k;
    period->duration_us = get_period_duration (mpd, extent, last);
  } else {
    /* exactly 0 for the first run: where a player joins at the very start of
     * the window, dash.js does not seek, and Chromium, which begins at 0,
     * waits for ever if the media begins anywhere else */
    period->start_us = (floor_ms (extent->utc_us) - mpd->availability_start_ms)
        * US_PER_MS;
    period->offset_pts_90k = extent->run_start_pts_90k;
    if (!last)
      period->duration_us = vs_media_time_to_us (extent->end_pts_90k
          - extent->run_start_pts_90k, VS_MPD_PTS_TIMESCALE);
  }
}

static gboolean
shows_newest_run_only (const VsMpd * mpd)
{
  return mpd->settings->newest_run_only
      || mpd->settings->profile == VS_DASH_PROFILE_HYBRIDCAST
      || mpd->settings->addressing == VS_DASH_NUMBER_DURATION;
}

static GArray *
find_periods (const VsMpd * mpd)
{
  g_autoptr (GArray) extents = find_extents (mpd);
  GArray *periods = g_array_new (FALSE, TRUE, sizeof (VsMpdPeriod));
  gint64 end_us = 0;

  for (guint i = shows_newest_run_only (mpd) ? MAX (extents->len, 1) - 1 : 0;
      i < extents->len; i++) {
    VsMpdPeriod period = { 0 };

    place_period (mpd, &g_array_index (extents, Extent, i),
        i + 1 == extents->len, end_us, &period);
    end_us = period.start_us + period.duration_us;
    g_array_append_val (periods, period);
  }
  return periods;
}

static void
put_static_attributes (VsMpd * mpd, const GArray * periods)
{
  gint64 duration_us = 0;

  for (guint i = 0; i < periods->len; i++)
    duration_us += g_array_index (periods, VsMpdPeriod, i).duration_us;
  vs_mpd_put (mpd, "type", "static");
  vs_mpd_put_duration (mpd, "mediaPresentationDuration", duration_us);
}

static void
put_dynamic_attributes (VsMpd * mpd)
{
  const VsMpdSettings *settings = mpd->settings;
  gint64 target_us = mpd->target_duration * G_USEC_PER_SEC;

  vs_mpd_put (mpd, "type", "dynamic");
  vs_mpd_put_utc (mpd, "availabilityStartTime",
      mpd->availability_start_ms * US_PER_MS);
  vs_mpd_put_utc (mpd, "publishTime", settings->publish_us);
  vs_mpd_put_duration (mpd, "minimumUpdatePeriod",
      settings->update_period > 0
      ? (gint64) GST_TIME_AS_USECONDS (settings->update_period) : target_us);
  if (settings->window > 0)
    vs_mpd_put_duration (mpd, "timeShiftBufferDepth",
        GST_TIME_AS_USECONDS (settings->window));
  vs_mpd_put_duration (mpd, "suggestedPresentationDelay",
      settings->suggested_delay > 0
      ? (gint64) GST_TIME_AS_USECONDS (settings->suggested_delay)
      : DELAY_TARGETS * target_us);
}

static void
write_program_information (VsMpd * mpd)
{
  const VsMpdSettings *settings = mpd->settings;

  if (!settings->title && !settings->source && !settings->copyright
      && !settings->more_url && !settings->language)
    return;
  vs_mpd_start (mpd, "ProgramInformation");
  if (settings->language && is_language (settings->language))
    vs_mpd_put (mpd, "lang", settings->language);
  if (settings->more_url)
    vs_mpd_put (mpd, "moreInformationURL", settings->more_url);
  vs_mpd_write_text (mpd, "Title", settings->title);
  vs_mpd_write_text (mpd, "Source", settings->source);
  vs_mpd_write_text (mpd, "Copyright", settings->copyright);
  vs_mpd_end (mpd);
}

static void
write_base_urls (VsMpd * mpd)
{
  const gchar *all = mpd->settings->base_urls;
  g_auto (GStrv) urls = g_strsplit (all ? all : "", " ", -1);

  for (guint i = 0; urls[i]; i++)
    if (urls[i][0])
      vs_mpd_write_text (mpd, "BaseURL", urls[i]);
}

static void
write_utc_timing (VsMpd * mpd)
{
  const VsMpdSettings *settings = mpd->settings;
  g_autofree gchar *now = NULL;

  if (settings->utc_timing == VS_UTC_TIMING_DIRECT)
    now = vs_media_time_format_utc (settings->publish_us);
  if (settings->utc_timing != VS_UTC_TIMING_NONE
      && (now || settings->utc_timing_uri))
    vs_mpd_write_descriptor (mpd, "UTCTiming",
        utc_schemes[settings->utc_timing],
        now ? now : settings->utc_timing_uri);
}

static void
write_mpd (VsMpd * mpd)
{
  g_autoptr (GArray) periods = find_periods (mpd);
  gint64 target_us = mpd->target_duration * G_USEC_PER_SEC;

  vs_mpd_start (mpd, "MPD");
  vs_mpd_put (mpd, "xmlns", MPD_NAMESPACE);
  vs_mpd_put (mpd, "profiles", profiles[mpd->settings->profile]);
  if (mpd->ended)
    put_static_attributes (mpd, periods);
  else
    put_dynamic_attributes (mpd);
  vs_mpd_put_duration (mpd, "minBufferTime", mpd->settings->min_buffer > 0
      ? (gint64) GST_TIME_AS_USECONDS (mpd->settings->min_buffer) : target_us);
  /* a segment's duration rounds to the target at most */
  vs_mpd_put_duration (mpd, "maxSegmentDuration",
      target_us + G_USEC_PER_SEC / 2);
  write_program_information (mpd);
  write_base_urls (mpd);
  for (guint i = 0; i < periods->len; i++)
    write_period (mpd, &g_array_index (periods, VsMpdPeriod, i));
  if (!mpd->ended)
    write_utc_timing (mpd);
  vs_mpd_end (mpd);
}

static void
gather_tracks (VsMpd * mpd)
{
  mpd->spans = g_new (GArray *, mpd->n_tracks);
  for (guint i = 0; i < mpd->n_tracks; i++) {
    const VsTimelineView *view = mpd->tracks[i].view;

    mpd->spans[i] = vs_timeline_view_get_spans (view, mpd->tracks[i].type);
    mpd->ended &= view->ended;
    mpd->target_duration = MAX (mpd->target_duration, view->target_duration);
  }
}

gchar *
vs_mpd_write (const VsMpdTrack * tracks, guint n_tracks,
    const VsMpdSettings * settings)
{
  GString *text = g_string_new (NULL);
  VsMpd mpd = {
    .xml = vs_xml_writer_new (text),
    .text = text,
    .tracks = tracks,
    .n_tracks = n_tracks,
    .settings = settings,
    .ended = TRUE,
    .target_duration = 1,
    .availability_start_ms = floor_ms (settings->availability_start_us),
  };

  gather_tracks (&mpd);
  xmlTextWriterStartDocument (mpd.xml, NULL, "UTF-8", NULL);
  write_mpd (&mpd);
  xmlTextWriterEndDocument (mpd.xml);
  xmlFreeTextWriter (mpd.xml);
  for (guint i = 0; i < n_tracks; i++)
    g_array_unref (mpd.spans[i]);
  g_free (mpd.spans);
  return g_string_free (text, FALSE);
}
