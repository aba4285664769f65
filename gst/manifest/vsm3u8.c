/* VisionStream: HLS playlists, written (RFC 8216bis)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "manifest/vsm3u8archive.h"
#include "manifest/vsm3u8attributes.h"
#include "manifest/vsmediatime.h"

/* RFC 8216bis 8: what the tags used demand */
#define VERSION_FLOAT_DURATION 3
#define VERSION_MEDIA_GROUPS 4
#define VERSION_MAP 6
#define VERSION_GAP 8

static const VsSegment *
nth_segment (const VsTimelineView * view, guint i)
{
  return g_ptr_array_index (view->segments, i);
}

/* EXTINF in µs: the difference of two rounded times of one clock. */
static gint64
duration_us (const VsSegment * segment, VsMediaType track)
{
  gint64 start_us, end_us;

  vs_media_time_of_segment (segment, track, &start_us, &end_us);
  return MAX (end_us - start_us, 0);
}

static const gchar *
get_config_id (const VsSegment * segment, VsMediaType type)
{
  const VsSegmentTrack *track =
      segment ? vs_media_time_get_track (segment, type) : NULL;

  return track ? track->config_id : "";
}

/* A map is in force until the next. A gap may name no configuration: then
 * the entry after it says again which it has. */
static void
append_map (GString * out, const VsSegment * segment,
    const VsSegment * previous, const VsM3u8MediaSettings * settings)
{
  const gchar *id = get_config_id (segment, settings->track);

  if (*id == '\0' || strcmp (id, get_config_id (previous,
              settings->track)) == 0)
    return;
  g_string_append (out, "#EXT-X-MAP:URI=\"");
  settings->map (out, id, settings->user_data);
  g_string_append (out, "\"\n");
}

/* Whether there is nothing to fetch: also where a playlist of one track has
 * an entry without it. */
static gboolean
is_gap (const VsSegment * segment, const VsM3u8MediaSettings * settings)
{
  return segment->gap || ((settings->map || settings->one_track)
      && vs_media_time_get_track (segment, settings->track) == NULL);
}

static void
append_uri (GString * out, const VsSegment * segment,
    const VsM3u8MediaSettings * settings)
{
  if (settings->uri)
    settings->uri (out, segment, settings->user_data);
  else
    g_string_append (out, segment->uri ? segment->uri : VS_M3U8_GAP_URI);
  g_string_append_c (out, '\n');
}

/* Whether a whole multiple of the interval lies between an entry and the one
 * before it: each entry is judged by itself, whatever the playlist begins
 * with. */
static gboolean
has_date (const VsSegment * segment, const VsSegment * previous,
    const VsM3u8MediaSettings * settings)
{
  gint64 interval_us = settings->date_interval / 1000;

  if (settings->date_interval < 0)
    return FALSE;
  return previous == NULL || segment->discontinuity || interval_us == 0
      || segment->utc_us / interval_us != previous->utc_us / interval_us;
}

static void
append_date (GString * out, const VsSegment * segment,
    const VsM3u8MediaSettings * settings)
{
  g_autofree gchar *date = vs_media_time_format_utc
      (vs_media_time_get_utc (segment, settings->track));

  g_string_append_printf (out, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date);
}

void
vs_m3u8_append_entry (GString * out, const VsSegment * segment,
    const VsSegment * previous, const VsM3u8MediaSettings * settings)
{
  gint64 us = duration_us (segment, settings->track);

  if (previous && segment->discontinuity)
    g_string_append (out, "#EXT-X-DISCONTINUITY\n");
  if (settings->map)
    append_map (out, segment, previous, settings);
  if (has_date (segment, previous, settings))
    append_date (out, segment, settings);
  if (is_gap (segment, settings))
    g_string_append (out, "#EXT-X-GAP\n");
  if (settings->archive)
    vs_m3u8_append_archive_segment (out, segment);
  g_string_append_printf (out, "#EXTINF:%" G_GINT64_FORMAT ".%06d,\n",
      us / G_USEC_PER_SEC, (gint) (us % G_USEC_PER_SEC));
  append_uri (out, segment, settings);
}

static guint
rounded_seconds (const VsSegment * segment, VsMediaType track)
{
  return (duration_us (segment, track) + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;
}

/* The value that was fixed; more only if an entry would break the rule that
 * its rounded duration is at most this (RFC 8216bis 4.4.3.1). */
static guint
get_target_duration (const VsTimelineView * view, VsMediaType track)
{
  guint target = MAX (view->target_duration, 1);

  for (guint i = 0; i < view->segments->len; i++)
    target = MAX (target, rounded_seconds (nth_segment (view, i), track));
  return target;
}

/* Sound alone can always be decoded without another entry. */
static gboolean
is_dependent (const VsSegment * segment, const VsM3u8MediaSettings * settings)
{
  if ((settings->map || settings->one_track)
      && settings->track == VS_MEDIA_AUDIO)
    return FALSE;
  return !segment->independent && !segment->gap;
}

static gboolean
is_independent (const VsTimelineView * view,
    const VsM3u8MediaSettings * settings)
{
  for (guint i = 0; i < view->segments->len; i++)
    if (is_dependent (nth_segment (view, i), settings))
      return FALSE;
  return view->segments->len > 0;
}

void
vs_m3u8_sum_up (VsM3u8Sum * sum, const VsSegment * segment,
    const VsM3u8MediaSettings * settings)
{
  sum->target_duration = MAX (sum->target_duration,
      rounded_seconds (segment, settings->track));
  sum->dependent |= is_dependent (segment, settings);
}

void
vs_m3u8_sum_add (VsM3u8Sum * sum, const VsM3u8Sum * other)
{
  sum->target_duration = MAX (sum->target_duration, other->target_duration);
  sum->dependent |= other->dependent;
}

/* RFC 8216bis 4.4.2.2: TIME-OFFSET in seconds, to the ms */
static void
append_start (GString * out, const VsM3u8MediaSettings * settings)
{
  gint64 ms = settings->start_offset / (gint64) GST_MSECOND;

  g_string_append_printf (out, "#EXT-X-START:TIME-OFFSET=%s%" G_GINT64_FORMAT
      ".%03d", ms < 0 ? "-" : "", ABS (ms) / 1000, (gint) (ABS (ms) % 1000));
  if (settings->start_precise)
    g_string_append (out, ",PRECISE=YES");
  g_string_append_c (out, '\n');
}

/* An archive's head stands ahead of entries that are still to come, and
 * nothing goes by its version. */
static guint
get_version (const VsTimelineView * view, const VsM3u8MediaSettings * settings)
{
  for (guint i = 0; i < view->segments->len && !settings->archive; i++)
    if (is_gap (nth_segment (view, i), settings))
      return VERSION_GAP;
  return settings->map ? VERSION_MAP : VERSION_FLOAT_DURATION;
}

void
vs_m3u8_append_head (GString * out, const VsTimelineView * view,
    gboolean independent, const VsM3u8MediaSettings * settings)
{
  const VsSegment *first =
      view->segments->len > 0 ? nth_segment (view, 0) : NULL;

  g_string_append_printf (out, "#EXTM3U\n#EXT-X-VERSION:%u\n"
      "#EXT-X-TARGETDURATION:%u\n",
      get_version (view, settings),
      get_target_duration (view, settings->track));
  /* one whose entries were all pruned does not go back to 0 */
  if (first || settings->first_sequence > 0)
    g_string_append_printf (out, "#EXT-X-MEDIA-SEQUENCE:%" G_GUINT64_FORMAT
        "\n", first ? first->sequence : settings->first_sequence);
  if (first && first->discontinuity_sequence > 0)
    g_string_append_printf (out, "#EXT-X-DISCONTINUITY-SEQUENCE:%"
        G_GUINT64_FORMAT "\n", first->discontinuity_sequence);
  if (view->ended)
    g_string_append (out, "#EXT-X-PLAYLIST-TYPE:VOD\n");
  else if (settings->event_type)
    g_string_append (out, "#EXT-X-PLAYLIST-TYPE:EVENT\n");
  if (independent)
    g_string_append (out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
  if (settings->has_start)
    append_start (out, settings);
  if (settings->archive)
    vs_m3u8_append_archive_head (out, view, settings);
}

gchar *
vs_m3u8_write_media (const VsTimelineView * view,
    const VsM3u8MediaSettings * settings)
{
  /* an archive's entry takes about 400 bytes */
  GString *out = g_string_sized_new (1024 + view->segments->len * 400);
  const VsSegment *previous = NULL;

  vs_m3u8_append_head (out, view, is_independent (view, settings), settings);
  for (guint i = 0; i < view->segments->len; i++) {
    const VsSegment *segment = nth_segment (view, i);

    vs_m3u8_append_entry (out, segment, previous, settings);
    previous = segment;
  }
  if (view->ended)
    g_string_append (out, VS_M3U8_END);
  return g_string_free (out, FALSE);
}

static void
append_quoted_attribute (GString * out, const gchar * name, const gchar * value)
{
  if (value == NULL)
    return;
  g_string_append_printf (out, ",%s=", name);
  vs_attribute_append_quoted (out, value);
}

/* Whose entries are written */
typedef struct
{
  const gchar *mark;            /* ahead of each tag */
  const gchar *folder;          /* of all URIs */
  const gchar *suffix;          /* of groups */
} Chain;

static void
append_joined_attribute (GString * out, const gchar * name,
    const gchar * value, const gchar * suffix)
{
  g_autofree gchar *joined = value ? g_strconcat (value, suffix, NULL) : NULL;

  append_quoted_attribute (out, name, joined);
}

static void
append_audio (GString * out, const VsM3u8Audio * audio, const Chain * chain)
{
  g_string_append_printf (out, "%s#EXT-X-MEDIA:TYPE=AUDIO", chain->mark);
  append_joined_attribute (out, "GROUP-ID", audio->group, chain->suffix);
  append_quoted_attribute (out, "NAME", audio->name);
  /* Apple's authoring rules want it; "und" is RFC 5646's for what is unknown */
  append_quoted_attribute (out, "LANGUAGE",
      audio->language ? audio->language : "und");
  g_string_append_printf (out, ",DEFAULT=%s,AUTOSELECT=YES",
      audio->is_default ? "YES" : "NO");
  if (audio->channels > 0)
    g_string_append_printf (out, ",CHANNELS=\"%u\"", audio->channels);
  if (audio->uri)
    append_joined_attribute (out, "URI", chain->folder, audio->uri);
  g_string_append_c (out, '\n');
}

/* RFC 8216bis 4.4.6.2: three decimals, rounded */
static void
append_frame_rate (GString * out, guint fps_n, guint fps_d)
{
  guint64 thousandths;

  if (fps_n == 0 || fps_d == 0)
    return;
  thousandths = gst_util_uint64_scale_round (fps_n, 1000, fps_d);
  g_string_append_printf (out, ",FRAME-RATE=%" G_GUINT64_FORMAT ".%03u",
      thousandths / 1000, (guint) (thousandths % 1000));
}

static void
append_variant (GString * out, const VsM3u8Variant * variant,
    const Chain * chain)
{
  g_string_append_printf (out, "%s#EXT-X-STREAM-INF:BANDWIDTH=%u",
      chain->mark, variant->bandwidth);
  if (variant->average_bandwidth > 0)
    g_string_append_printf (out, ",AVERAGE-BANDWIDTH=%u",
        variant->average_bandwidth);
  append_quoted_attribute (out, "CODECS", variant->codecs);
  if (variant->width > 0 && variant->height > 0)
    g_string_append_printf (out, ",RESOLUTION=%ux%u", variant->width,
        variant->height);
  append_frame_rate (out, variant->fps_n, variant->fps_d);
  if (variant->video_range)
    g_string_append_printf (out, ",VIDEO-RANGE=%s", variant->video_range);
  append_joined_attribute (out, "AUDIO", variant->audio_group, chain->suffix);
  g_string_append_printf (out, "\n%s%s\n", chain->folder, variant->uri);
}

gchar *
vs_m3u8_write_main (const VsM3u8MainSettings * settings)
{
  const Chain chains[] = {
    {"", "", settings->redundant ? "-0" : ""},
    {VS_M3U8_TAG_REDUNDANT "\n", settings->redundant, "-1"},
  };
  guint n_chains = settings->redundant ? 2 : 1;
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "#EXTM3U\n#EXT-X-VERSION:%u\n",
      settings->n_audios > 0 ? VERSION_MEDIA_GROUPS : VERSION_FLOAT_DURATION);
  if (settings->independent)
    g_string_append (out, "#EXT-X-INDEPENDENT-SEGMENTS\n");
  for (guint c = 0; c < n_chains; c++)
    for (guint i = 0; i < settings->n_audios; i++)
      append_audio (out, &settings->audios[i], &chains[c]);
  for (guint c = 0; c < n_chains; c++)
    for (guint i = 0; i < settings->n_variants; i++)
      append_variant (out, &settings->variants[i], &chains[c]);
  return g_string_free (out, FALSE);
}
