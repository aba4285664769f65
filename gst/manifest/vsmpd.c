/* VisionStream: DASH media presentation descriptions (ISO/IEC 23009-1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An MPD is written in one pass, outside in: the Periods (which runs there
 * are, and when they start) are found first, then each writes its adaptation
 * sets, these their representations, these their timelines. Nothing is kept.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <libxml/xmlwriter.h>

#include "manifest/vsmediatime.h"
#include "manifest/vsmpd.h"

#define MPD_NAMESPACE "urn:mpeg:dash:schema:mpd:2011"
#define PROFILE_LIVE "urn:mpeg:dash:profile:isoff-live:2011"
#define SCHEME_ROLE "urn:mpeg:dash:role:2011"
/* values are ISO/IEC 23001-8 ChannelConfiguration */
#define SCHEME_CHANNELS "urn:mpeg:mpegB:cicp:ChannelConfiguration"
#define SCHEME_UTC "urn:mpeg:dash:utc:http-iso:2014"

#define PTS_TIMESCALE 90000
#define US_PER_MS 1000
/* @suggestedPresentationDelay, in target durations: as HLS's hold-back, and
 * one more, because it counts from the clock and not from the end of the
 * newest segment */
#define DELAY_TARGETS 4

typedef struct
{
  xmlTextWriter *xml;
  const VsMpdTrack *tracks;
  guint n_tracks;
  const VsMpdSettings *settings;
  gboolean ended;
  guint target_duration;        /* s */
  gint64 availability_start_ms; /* as it is written */
} Mpd;

typedef struct
{
  guint64 run;
  gint64 start_us;              /* Period@start */
  gint64 duration_us;           /* written when the MPD is static */
  gint64 offset_pts_90k;        /* media time of the start */
} Period;

/* The part of a track that a Period holds. */
typedef struct
{
  const VsMpdTrack *track;
  const VsCodecConfig *config;
  guint32 timescale;
  guint first, n;               /* in view->segments */
} Representation;

/* Dates are written in milliseconds. */
static gint64
floor_ms (gint64 us)
{
  return us / US_PER_MS - (us % US_PER_MS < 0);
}

static const VsSegment *
nth_segment (const VsTimelineView * view, guint i)
{
  return g_ptr_array_index (view->segments, i);
}

/* The writer's functions fail for want of memory only; GLib's would abort. */
static void
start (Mpd * mpd, const gchar * name)
{
  xmlTextWriterStartElement (mpd->xml, BAD_CAST name);
}

static void
end (Mpd * mpd)
{
  xmlTextWriterEndElement (mpd->xml);
}

static void
put (Mpd * mpd, const gchar * name, const gchar * value)
{
  xmlTextWriterWriteAttribute (mpd->xml, BAD_CAST name, BAD_CAST value);
}

static void
put_int (Mpd * mpd, const gchar * name, gint64 value)
{
  gchar text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  put (mpd, name, text);
}

static void
put_ratio (Mpd * mpd, const gchar * name, guint n, guint d, gchar separator)
{
  gchar text[24];

  g_snprintf (text, sizeof text, "%u%c%u", n, separator, d);
  put (mpd, name, text);
}

/* xs:duration, in seconds and as few decimals as it takes */
static void
put_duration (Mpd * mpd, const gchar * name, gint64 us)
{
  gchar text[32];
  gsize length;

  us = MAX (us, 0);
  g_snprintf (text, sizeof text, "PT%" G_GINT64_FORMAT ".%06d",
      us / G_USEC_PER_SEC, (gint) (us % G_USEC_PER_SEC));
  for (length = strlen (text); text[length - 1] == '0'; length--);
  if (text[length - 1] == '.')
    length--;
  text[length] = 'S';
  text[length + 1] = '\0';
  put (mpd, name, text);
}

static void
put_utc (Mpd * mpd, const gchar * name, gint64 utc_us)
{
  g_autofree gchar *text = vs_media_time_format_utc (utc_us);

  put (mpd, name, text);
}

static void
write_descriptor (Mpd * mpd, const gchar * name, const gchar * scheme,
    const gchar * value)
{
  start (mpd, name);
  put (mpd, "schemeIdUri", scheme);
  put (mpd, "value", value);
  end (mpd);
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

/* What a track has of a run, from its first segment there to its last: FALSE
 * when it has nothing, or nothing is known of its codec. */
static gboolean
find_representation (const VsMpdTrack * track, guint64 run,
    Representation * representation)
{
  const VsTimelineView *view = track->view;

  memset (representation, 0, sizeof *representation);
  representation->track = track;
  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *segment = nth_segment (view, i);
    const VsSegmentTrack *part = vs_media_time_get_track (segment,
        track->type);

    if (segment->run != run || part == NULL)
      continue;
    if (representation->config == NULL) {
      representation->config = find_config (view, part->config_id);
      representation->timescale = part->timescale;
      representation->first = i;
    }
    representation->n = i + 1 - representation->first;
  }
  return representation->config != NULL;
}

/* 90 kHz ticks in another timescale, rounded */
static gint64
rescale_pts (gint64 pts_90k, guint32 timescale)
{
  guint64 magnitude = pts_90k < 0 ? -(guint64) pts_90k : (guint64) pts_90k;
  guint64 scaled =
      gst_util_uint64_scale_round (magnitude, timescale, PTS_TIMESCALE);

  return pts_90k < 0 ? -(gint64) scaled : (gint64) scaled;
}

/* Where a segment lies on the representation's clock; one without the track
 * (a gap) lies where its boundaries are. */
static void
get_extent (const Representation * representation, const VsSegment * segment,
    gint64 * start_time, gint64 * duration)
{
  const VsSegmentTrack *part =
      vs_media_time_get_track (segment, representation->track->type);
  gint64 ticks;

  if (part != NULL && part->timescale == representation->timescale) {
    *start_time = part->start;
    *duration = part->duration;
    return;
  }
  ticks = gst_util_uint64_scale_round (segment->duration, PTS_TIMESCALE,
      GST_SECOND);
  *start_time = rescale_pts (segment->start_pts_90k, representation->timescale);
  *duration = rescale_pts (segment->start_pts_90k + ticks,
      representation->timescale) - *start_time;
}

typedef struct
{
  gint64 time, duration;
  gint64 repeat;                /* S@r */
  gboolean jumps;               /* S@t is due */
} TimelineEntry;

static void
write_timeline_entry (Mpd * mpd, const TimelineEntry * entry)
{
  start (mpd, "S");
  if (entry->jumps)
    put_int (mpd, "t", entry->time);
  put_int (mpd, "d", entry->duration);
  if (entry->repeat > 0)
    put_int (mpd, "r", entry->repeat);
  end (mpd);
}

/* Neighbours that touch and last equally long share an S element. */
static void
write_timeline (Mpd * mpd, const Representation * representation)
{
  const VsTimelineView *view = representation->track->view;
  TimelineEntry entry = { 0 };
  gint64 expected = 0;

  start (mpd, "SegmentTimeline");
  for (guint i = 0; i < representation->n; i++) {
    gint64 time, duration;

    get_extent (representation, nth_segment (view, representation->first + i),
        &time, &duration);
    if (i > 0 && time == expected && duration == entry.duration) {
      entry.repeat++;
    } else {
      if (i > 0)
        write_timeline_entry (mpd, &entry);
      entry.jumps = i == 0 || time != expected;
      entry.time = time;
      entry.duration = duration;
      entry.repeat = 0;
    }
    expected = time + duration;
  }
  write_timeline_entry (mpd, &entry);
  end (mpd);
}

static void
write_template (Mpd * mpd, const Period * period,
    const Representation * representation)
{
  const VsSegment *first =
      nth_segment (representation->track->view, representation->first);
  g_auto (GStrv) parts = g_strsplit (mpd->settings->initialization, "%s", 2);
  g_autofree gchar *initialization = g_strjoinv (representation->config->id,
      parts);
  gint64 offset = rescale_pts (period->offset_pts_90k,
      representation->timescale);

  start (mpd, "SegmentTemplate");
  put (mpd, "media", mpd->settings->media);
  put (mpd, "initialization", initialization);
  put_int (mpd, "timescale", representation->timescale);
  if (offset != 0)
    put_int (mpd, "presentationTimeOffset", offset);
  put_int (mpd, "startNumber", first->sequence);
  write_timeline (mpd, representation);
  end (mpd);
}

/* What VUI says, else what the ladder meant. FALSE: neither knows. */
static gboolean
get_frame_rate (const Representation * representation, guint * n, guint * d)
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
put_frame_rate (Mpd * mpd, const gchar * name, guint n, guint d)
{
  if (n % d == 0)
    put_int (mpd, name, n / d);
  else
    put_ratio (mpd, name, n, d, '/');
}

static void
put_video_attributes (Mpd * mpd, const Representation * representation)
{
  const VsCodecConfig *config = representation->config;
  guint n, d;

  put_int (mpd, "width", config->width);
  put_int (mpd, "height", config->height);
  if (config->par_n > 0 && config->par_d > 0)
    put_ratio (mpd, "sar", config->par_n, config->par_d, ':');
  if (get_frame_rate (representation, &n, &d))
    put_frame_rate (mpd, "frameRate", n, d);
  put (mpd, "scanType", config->interlaced ? "interlaced" : "progressive");
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
write_channels (Mpd * mpd, const VsCodecConfig * config)
{
  gchar text[16];

  if (config->channels == 0)
    return;
  g_snprintf (text, sizeof text, "%u",
      get_channel_configuration (config->channels));
  write_descriptor (mpd, "AudioChannelConfiguration", SCHEME_CHANNELS, text);
}

static void
write_representation (Mpd * mpd, const Period * period,
    const Representation * representation)
{
  const VsMpdTrack *track = representation->track;

  start (mpd, "Representation");
  put (mpd, "id", track->id);
  put_int (mpd, "bandwidth", track->bandwidth);
  put (mpd, "codecs", representation->config->mime);
  if (track->type == VS_MEDIA_VIDEO)
    put_video_attributes (mpd, representation);
  else if (representation->config->sample_rate > 0)
    put_int (mpd, "audioSamplingRate", representation->config->sample_rate);
  if (track->type == VS_MEDIA_AUDIO)
    write_channels (mpd, representation->config);
  write_template (mpd, period, representation);
  end (mpd);
}

/* Whether two representations are alternatives to switch between. */
static gboolean
is_same_set (const Representation * a, const Representation * b)
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
get_sap_type (const Representation * representations, guint n)
{
  if (representations[0].track->type == VS_MEDIA_AUDIO)
    return 1;
  for (guint i = 0; i < n; i++) {
    const Representation *one = &representations[i];

    for (guint k = one->first; k < one->first + one->n; k++) {
      const VsSegment *segment = nth_segment (one->track->view, k);

      if (!segment->independent && !segment->gap)
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
put_largest_picture (Mpd * mpd, const Representation * set, guint n)
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
  put_int (mpd, "maxWidth", width);
  put_int (mpd, "maxHeight", height);
  if (fps_n > 0)
    put_frame_rate (mpd, "maxFrameRate", fps_n, fps_d);
}

static void
write_adaptation_set (Mpd * mpd, const Period * period, guint id,
    const Representation * set, guint n)
{
  const VsRendition *rendition = set[0].track->view->rendition;
  gboolean video = set[0].track->type == VS_MEDIA_VIDEO;
  guint sap_type = get_sap_type (set, n);

  start (mpd, "AdaptationSet");
  put_int (mpd, "id", id);
  put (mpd, "contentType", video ? "video" : "audio");
  put (mpd, "mimeType", video ? "video/mp4" : "audio/mp4");
  if (!video && is_language (rendition->language))
    put (mpd, "lang", rendition->language);
  put (mpd, "segmentAlignment", "true");
  if (sap_type > 0)
    put_int (mpd, "startWithSAP", sap_type);
  if (video)
    put_largest_picture (mpd, set, n);
  write_descriptor (mpd, "Role", SCHEME_ROLE,
      vs_name_is_valid (rendition->role) ? rendition->role : "main");
  for (guint i = 0; i < n; i++)
    write_representation (mpd, period, &set[i]);
  end (mpd);
}

/* Moves those of @all that belong with the first to its side. */
static guint
gather_set (Representation * all, guint n)
{
  guint size = 1;

  for (guint i = 1; i < n; i++) {
    Representation one = all[i];

    if (!is_same_set (&all[0], &one))
      continue;
    memmove (&all[size + 1], &all[size], (i - size) * sizeof *all);
    all[size++] = one;
  }
  return size;
}

static void
write_period (Mpd * mpd, const Period * period)
{
  g_autofree Representation *all = g_new (Representation, mpd->n_tracks);
  gchar id[32];
  guint n = 0, size, set_id = 0;

  for (guint i = 0; i < mpd->n_tracks; i++)
    n += find_representation (&mpd->tracks[i], period->run, &all[n]);

  g_snprintf (id, sizeof id, "p%" G_GUINT64_FORMAT, period->run);
  start (mpd, "Period");
  put (mpd, "id", id);
  put_duration (mpd, "start", period->start_us);
  if (mpd->ended)
    put_duration (mpd, "duration", period->duration_us);
  for (guint i = 0; i < n; i += size) {
    size = gather_set (&all[i], n - i);
    write_adaptation_set (mpd, period, set_id++, &all[i], size);
  }
  end (mpd);
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
      + gst_util_uint64_scale_round (segment->duration, PTS_TIMESCALE,
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
      MAX (end_us, vs_media_time_to_us (end_pts, PTS_TIMESCALE));
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

static GArray *
find_extents (const Mpd * mpd)
{
  GArray *extents = g_array_new (FALSE, FALSE, sizeof (Extent));

  for (guint i = 0; i < mpd->n_tracks; i++) {
    const VsTimelineView *view = mpd->tracks[i].view;

    for (guint k = 0; k < view->segments->len; k++)
      extend (extents, nth_segment (view, k), mpd->tracks[i].type);
  }
  return extents;
}

/* Periods follow each other at their boundaries; the last one lasts as long
 * as its longest track, in whole ms rounded up: a player may take the declared end for the
 * end and never see its own (dash.js stops there of its own accord, ahead of
 * the element's `ended`). */
static gint64
get_period_duration (const Extent * extent, gboolean last)
{
  gint64 start_us = vs_media_time_to_us (extent->start_pts_90k, PTS_TIMESCALE);

  if (!last)
    return vs_media_time_to_us (extent->end_pts_90k, PTS_TIMESCALE) - start_us;
  return (extent->last_end_us - start_us + US_PER_MS - 1) / US_PER_MS
      * US_PER_MS;
}

static void
place_period (const Mpd * mpd, const Extent * extent, gboolean last,
    gint64 previous_end_us, Period * period)
{
  period->run = extent->run;
  if (mpd->ended) {
    period->start_us = previous_end_us;
    period->offset_pts_90k = extent->start_pts_90k;
    period->duration_us = get_period_duration (extent, last);
  } else {
    /* exactly 0 for the first run: where a player joins at the very start of
     * the window, dash.js does not seek, and Chromium, which begins at 0,
     * waits for ever if the media begins anywhere else */
    period->start_us = (floor_ms (extent->utc_us) - mpd->availability_start_ms)
        * US_PER_MS;
    period->offset_pts_90k = extent->run_start_pts_90k;
  }
}

static GArray *
find_periods (const Mpd * mpd)
{
  g_autoptr (GArray) extents = find_extents (mpd);
  GArray *periods = g_array_new (FALSE, TRUE, sizeof (Period));
  gint64 end_us = 0;

  for (guint i = 0; i < extents->len; i++) {
    Period period = { 0 };

    place_period (mpd, &g_array_index (extents, Extent, i),
        i + 1 == extents->len, end_us, &period);
    end_us = period.start_us + period.duration_us;
    g_array_append_val (periods, period);
  }
  return periods;
}

static void
put_static_attributes (Mpd * mpd, const GArray * periods)
{
  gint64 duration_us = 0;

  for (guint i = 0; i < periods->len; i++)
    duration_us += g_array_index (periods, Period, i).duration_us;
  put (mpd, "type", "static");
  put_duration (mpd, "mediaPresentationDuration", duration_us);
}

static void
put_dynamic_attributes (Mpd * mpd)
{
  const VsMpdSettings *settings = mpd->settings;
  gint64 target_us = mpd->target_duration * G_USEC_PER_SEC;

  put (mpd, "type", "dynamic");
  put_utc (mpd, "availabilityStartTime",
      mpd->availability_start_ms * US_PER_MS);
  put_utc (mpd, "publishTime", settings->publish_us);
  put_duration (mpd, "minimumUpdatePeriod", target_us);
  if (settings->window > 0)
    put_duration (mpd, "timeShiftBufferDepth",
        GST_TIME_AS_USECONDS (settings->window));
  put_duration (mpd, "suggestedPresentationDelay",
      settings->suggested_delay > 0
      ? (gint64) GST_TIME_AS_USECONDS (settings->suggested_delay)
      : DELAY_TARGETS * target_us);
}

static void
write_mpd (Mpd * mpd)
{
  g_autoptr (GArray) periods = find_periods (mpd);
  gint64 target_us = mpd->target_duration * G_USEC_PER_SEC;

  start (mpd, "MPD");
  put (mpd, "xmlns", MPD_NAMESPACE);
  put (mpd, "profiles", PROFILE_LIVE);
  if (mpd->ended)
    put_static_attributes (mpd, periods);
  else
    put_dynamic_attributes (mpd);
  put_duration (mpd, "minBufferTime", target_us);
  /* a segment's duration rounds to the target at most */
  put_duration (mpd, "maxSegmentDuration", target_us + G_USEC_PER_SEC / 2);
  for (guint i = 0; i < periods->len; i++)
    write_period (mpd, &g_array_index (periods, Period, i));
  if (!mpd->ended && mpd->settings->utc_timing_uri)
    write_descriptor (mpd, "UTCTiming", SCHEME_UTC,
        mpd->settings->utc_timing_uri);
  end (mpd);
}

gchar *
vs_mpd_write (const VsMpdTrack * tracks, guint n_tracks,
    const VsMpdSettings * settings)
{
  xmlBuffer *buffer = xmlBufferCreate ();
  Mpd mpd = {
    .xml = xmlNewTextWriterMemory (buffer, 0),
    .tracks = tracks,
    .n_tracks = n_tracks,
    .settings = settings,
    .ended = TRUE,
    .target_duration = 1,
    .availability_start_ms = floor_ms (settings->availability_start_us),
  };
  gchar *text;

  for (guint i = 0; i < n_tracks; i++) {
    mpd.ended &= tracks[i].view->ended;
    mpd.target_duration =
        MAX (mpd.target_duration, tracks[i].view->target_duration);
  }
  xmlTextWriterSetIndent (mpd.xml, 1);
  xmlTextWriterStartDocument (mpd.xml, NULL, "UTF-8", NULL);
  write_mpd (&mpd);
  xmlTextWriterEndDocument (mpd.xml);
  xmlFreeTextWriter (mpd.xml);
  text = g_strdup ((const gchar *) xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  return text;
}
