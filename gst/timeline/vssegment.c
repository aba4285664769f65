/* VisionStream: renditions and segments, and the events that carry them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The events are custom GstEvents, so any element passes them on and any
 * application can make one. A parsed structure is therefore input like any
 * other: a field of the wrong type, a name that could leave its folder or a
 * time that could overflow refuses the whole event.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "timeline/vssegment.h"

#define RENDITION_EVENT "visionstream-rendition"
#define SEGMENT_EVENT "visionstream-segment"

/* Sums and products with these never overflow 64 bits. In 90 kHz ticks the
 * first is 25000 years. */
#define MEDIA_TIME_MAX (G_GINT64_CONSTANT (1) << 56)
#define DURATION_MAX (1000000 * GST_SECOND)
/* 9999-12-31T23:59:59.999999Z, the last that an ISO 8601 date can write */
#define UTC_US_MAX G_GINT64_CONSTANT (253402300799999999)
#define URI_MAX 1024
/* RFC 5646 4.4.1 */
#define LANGUAGE_MAX 35

static gboolean
is_word (const gchar * text, gsize max)
{
  gsize i;

  if (text == NULL)
    return FALSE;
  for (i = 0; text[i] != '\0'; i++) {
    if (i >= max || !(g_ascii_isalnum (text[i]) || text[i] == '_'
            || text[i] == '-'))
      return FALSE;
  }
  return i > 0;
}

gboolean
vs_name_is_valid (const gchar * name)
{
  return is_word (name, VS_NAME_MAX);
}

gboolean
vs_event_name_is_valid (const gchar * name)
{
  return vs_name_is_valid (name) && strcmp (name, "recordings") != 0
      && strcmp (name, "media") != 0;
}

G_DEFINE_BOXED_TYPE (VsRendition, vs_rendition, vs_rendition_ref,
    vs_rendition_unref);
G_DEFINE_BOXED_TYPE (VsSegment, vs_segment, vs_segment_ref, vs_segment_unref);

/**
 * vs_rendition_new:
 * @account: (nullable): NULL for the default one
 * @event: (nullable): NULL for the default one
 * @breakout: (nullable): NULL for none
 *
 * Returns: (transfer full): a rendition of which nothing else is known
 */
VsRendition *
vs_rendition_new (const gchar * account, const gchar * event,
    const gchar * breakout, const gchar * name)
{
  VsRendition *rendition = g_new0 (VsRendition, 1);

  rendition->account = g_strdup (account ? account : VS_DEFAULT_ACCOUNT);
  rendition->event = g_strdup (event ? event : VS_DEFAULT_EVENT);
  rendition->breakout = g_strdup (breakout);
  rendition->name = g_strdup (name);
  rendition->fps_d = 1;
  rendition->ref_count = 1;
  return rendition;
}

VsRendition *
vs_rendition_copy (const VsRendition * rendition)
{
  VsRendition *copy = g_new (VsRendition, 1);

  *copy = *rendition;
  copy->account = g_strdup (rendition->account);
  copy->event = g_strdup (rendition->event);
  copy->breakout = g_strdup (rendition->breakout);
  copy->name = g_strdup (rendition->name);
  copy->audio_id = g_strdup (rendition->audio_id);
  copy->language = g_strdup (rendition->language);
  copy->role = g_strdup (rendition->role);
  copy->archive = g_strdup (rendition->archive);
  copy->ref_count = 1;
  return copy;
}

VsRendition *
vs_rendition_ref (VsRendition * rendition)
{
  g_atomic_int_inc (&rendition->ref_count);
  return rendition;
}

void
vs_rendition_unref (VsRendition * rendition)
{
  if (!g_atomic_int_dec_and_test (&rendition->ref_count))
    return;
  g_free (rendition->account);
  g_free (rendition->event);
  g_free (rendition->breakout);
  g_free (rendition->name);
  g_free (rendition->audio_id);
  g_free (rendition->language);
  g_free (rendition->role);
  g_free (rendition->archive);
  g_free (rendition);
}

VsSegment *
vs_segment_new (void)
{
  VsSegment *segment = g_new0 (VsSegment, 1);

  segment->sequence = 1;
  segment->duration = GST_CLOCK_TIME_NONE;
  segment->ref_count = 1;
  return segment;
}

VsSegment *
vs_segment_copy (const VsSegment * segment)
{
  VsSegment *copy = g_new0 (VsSegment, 1);

  /* the count, which is the last, may change meanwhile */
  memcpy (copy, segment, G_STRUCT_OFFSET (VsSegment, ref_count));
  copy->uri = g_strdup (segment->uri);
  if (segment->storage)
    copy->storage = vs_segment_storage_ref (segment->storage);
  copy->ref_count = 1;
  return copy;
}

VsSegment *
vs_segment_ref (VsSegment * segment)
{
  g_atomic_int_inc (&segment->ref_count);
  return segment;
}

void
vs_segment_unref (VsSegment * segment)
{
  if (!g_atomic_int_dec_and_test (&segment->ref_count))
    return;
  g_free (segment->uri);
  g_clear_pointer (&segment->storage, vs_segment_storage_unref);
  g_free (segment);
}

/**
 * vs_segment_get_track:
 *
 * Returns: (nullable): the segment's first track of @type
 */
const VsSegmentTrack *
vs_segment_get_track (const VsSegment * segment, VsMediaType type)
{
  for (guint i = 0; i < segment->n_tracks; i++) {
    if (segment->tracks[i].type == type)
      return &segment->tracks[i];
  }
  return NULL;
}

gint64
vs_segment_get_run_utc (const VsSegment * segment)
{
  gint64 ticks = segment->start_pts_90k - segment->run_start_pts_90k;
  gint64 quotient = ticks / 9, rest = ticks % 9;

  /* 100 µs are 9 ticks; rounded down, as utc_us is */
  return segment->utc_us - (quotient * 100 + rest * 100 / 9 - (rest < 0));
}

static void
set_string (GstStructure * s, const gchar * field, const gchar * value)
{
  if (value)
    gst_structure_set (s, field, G_TYPE_STRING, value, NULL);
}

/* Copies the string of a field, NULL when it is not there. FALSE when it is
 * no string, or none that @check takes. */
static gboolean
get_string (const GstStructure * s, const gchar * field,
    gboolean (*check) (const gchar *), gchar ** value)
{
  const gchar *text;

  *value = NULL;
  if (!gst_structure_has_field (s, field))
    return TRUE;
  text = gst_structure_get_string (s, field);
  if (text == NULL || !check (text))
    return FALSE;
  *value = g_strdup (text);
  return TRUE;
}

static gboolean
language_is_valid (const gchar * text)
{
  return is_word (text, LANGUAGE_MAX);
}

/* Where a store is: opened by whoever configured the element that sent it. */
static gboolean
location_is_valid (const gchar * text)
{
  gsize length = strnlen (text, URI_MAX + 1);

  return length > 0 && length <= URI_MAX
      && g_utf8_validate (text, length, NULL);
}

/* A path below the event's folder: no scheme, no way up, no way out of the
 * playlist line that it will stand in. */
static gboolean
uri_is_valid (const gchar * text)
{
  g_auto (GStrv) parts = NULL;
  gsize length = strnlen (text, URI_MAX + 1);

  if (length == 0 || length > URI_MAX || !g_utf8_validate (text, length, NULL))
    return FALSE;
  for (const gchar * c = text; *c; c++) {
    if (g_ascii_iscntrl (*c) || *c == '\\' || *c == ':')
      return FALSE;
  }
  parts = g_strsplit (text, "/", -1);
  for (guint i = 0; parts[i]; i++) {
    if (parts[i][0] == '\0' || g_str_equal (parts[i], ".")
        || g_str_equal (parts[i], ".."))
      return FALSE;
  }
  return TRUE;
}

GstEvent *
vs_event_new_rendition (const VsRendition * rendition)
{
  GstStructure *s = gst_structure_new (RENDITION_EVENT,
      "account", G_TYPE_STRING, rendition->account,
      "event", G_TYPE_STRING, rendition->event,
      "ingest-index", G_TYPE_UINT, rendition->ingest_index,
      "name", G_TYPE_STRING, rendition->name,
      "track-count", G_TYPE_UINT, rendition->track_count,
      "target-duration", G_TYPE_UINT64, rendition->target_duration,
      "segmented", G_TYPE_BOOLEAN, rendition->segmented,
      "bitrate", G_TYPE_UINT, rendition->bitrate,
      "fps-n", G_TYPE_UINT, rendition->fps_n,
      "fps-d", G_TYPE_UINT, rendition->fps_d, NULL);

  set_string (s, "breakout", rendition->breakout);
  set_string (s, "audio-id", rendition->audio_id);
  set_string (s, "language", rendition->language);
  set_string (s, "role", rendition->role);
  set_string (s, "archive", rendition->archive);
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, s);
}

gboolean
vs_event_is_rendition (GstEvent * event)
{
  return GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY
      && gst_event_has_name (event, RENDITION_EVENT);
}

static gboolean
get_rendition_numbers (const GstStructure * s, VsRendition * rendition)
{
  return gst_structure_get_uint (s, "ingest-index", &rendition->ingest_index)
      && gst_structure_get_uint (s, "track-count", &rendition->track_count)
      && gst_structure_get_uint64 (s, "target-duration",
      &rendition->target_duration)
      && rendition->target_duration <= DURATION_MAX
      && gst_structure_get_boolean (s, "segmented", &rendition->segmented)
      && gst_structure_get_uint (s, "bitrate", &rendition->bitrate)
      && gst_structure_get_uint (s, "fps-n", &rendition->fps_n)
      && gst_structure_get_uint (s, "fps-d", &rendition->fps_d)
      && (rendition->fps_d > 0 || rendition->fps_n == 0);
}

/**
 * vs_event_parse_rendition:
 *
 * Returns: (transfer full) (nullable): NULL when @event is another one or is
 *   not well formed
 */
VsRendition *
vs_event_parse_rendition (GstEvent * event)
{
  g_autoptr (VsRendition) rendition = NULL;
  const GstStructure *s;

  if (!vs_event_is_rendition (event))
    return NULL;
  s = gst_event_get_structure (event);
  rendition = g_new0 (VsRendition, 1);
  rendition->ref_count = 1;
  if (!get_string (s, "account", vs_name_is_valid, &rendition->account)
      || !get_string (s, "event", vs_event_name_is_valid, &rendition->event)
      || !get_string (s, "breakout", vs_event_name_is_valid,
          &rendition->breakout)
      || !get_string (s, "name", vs_name_is_valid, &rendition->name)
      || !get_string (s, "audio-id", vs_name_is_valid, &rendition->audio_id)
      || !get_string (s, "language", language_is_valid, &rendition->language)
      || !get_string (s, "role", vs_name_is_valid, &rendition->role)
      || !get_string (s, "archive", location_is_valid, &rendition->archive)
      || !get_rendition_numbers (s, rendition)
      || !rendition->account || !rendition->event || !rendition->name)
    return NULL;
  if (rendition->fps_d == 0)
    rendition->fps_d = 1;
  return g_steal_pointer (&rendition);
}

static const gchar *const media_types[] = { "other", "video", "audio" };

static const gchar *const track_fields[VS_SEGMENT_MAX_TRACKS] = {
  "track-0", "track-1"
};

static gchar *
hash_to_string (const guint8 hash[32])
{
  GString *text = g_string_sized_new (64);

  for (guint i = 0; i < 32; i++)
    g_string_append_printf (text, "%02x", hash[i]);
  return g_string_free (text, FALSE);
}

static gboolean
hash_from_string (const gchar * text, guint8 hash[32])
{
  for (guint i = 0; i < 32; i++) {
    gint high = g_ascii_xdigit_value (text[2 * i]);
    gint low = high < 0 ? -1 : g_ascii_xdigit_value (text[2 * i + 1]);

    if (low < 0)
      return FALSE;
    hash[i] = high << 4 | low;
  }
  return text[64] == '\0';
}

static GstStructure *
track_to_structure (const VsSegmentTrack * track)
{
  return gst_structure_new ("track",
      "type", G_TYPE_STRING, media_types[track->type],
      "timescale", G_TYPE_UINT, track->timescale,
      "start", G_TYPE_INT64, track->start,
      "duration", G_TYPE_INT64, track->duration,
      "config-id", G_TYPE_STRING, track->config_id,
      "size", G_TYPE_UINT64, track->size, NULL);
}

static GstStructure *
segment_to_structure (const VsSegment * segment)
{
  g_autofree gchar *hash = hash_to_string (segment->sha256);
  GstStructure *s = gst_structure_new ("segment",
      "sequence", G_TYPE_UINT64, segment->sequence,
      "discontinuity-sequence", G_TYPE_UINT64, segment->discontinuity_sequence,
      "discontinuity", G_TYPE_BOOLEAN, segment->discontinuity,
      "run", G_TYPE_UINT64, segment->run,
      "run-start-pts-90k", G_TYPE_INT64, segment->run_start_pts_90k,
      "start-pts-90k", G_TYPE_INT64, segment->start_pts_90k,
      "utc-us", G_TYPE_INT64, segment->utc_us,
      "event-utc-us", G_TYPE_INT64, segment->event_utc_us,
      "duration", G_TYPE_UINT64, segment->duration,
      "cause", G_TYPE_STRING, segment->cause,
      "independent", G_TYPE_BOOLEAN, segment->independent,
      "gap", G_TYPE_BOOLEAN, segment->gap,
      "size", G_TYPE_UINT64, segment->size,
      "sha256", G_TYPE_STRING, hash, NULL);

  set_string (s, "uri", segment->uri);
  for (guint i = 0; i < segment->n_tracks; i++) {
    g_autoptr (GstStructure) track = track_to_structure (&segment->tracks[i]);
    gst_structure_set (s, track_fields[i], GST_TYPE_STRUCTURE, track, NULL);
  }
  return s;
}

/* Copies a short word into an array of the segment; an empty one is allowed
 * where nothing is known yet. */
static gboolean
get_word (const GstStructure * s, const gchar * field, gchar * value,
    gsize size)
{
  const gchar *text = gst_structure_get_string (s, field);

  if (text == NULL || (*text && !is_word (text, size - 1)))
    return FALSE;
  g_strlcpy (value, text, size);
  return TRUE;
}

static gboolean
get_media_time (const GstStructure * s, const gchar * field, gint64 * value)
{
  return gst_structure_get_int64 (s, field, value)
      && *value >= -MEDIA_TIME_MAX && *value <= MEDIA_TIME_MAX;
}

static gboolean
get_utc (const GstStructure * s, const gchar * field, gint64 * utc_us)
{
  return gst_structure_get_int64 (s, field, utc_us)
      && *utc_us >= 0 && *utc_us <= UTC_US_MAX;
}

static gboolean
parse_track (const GstStructure * s, VsSegmentTrack * track)
{
  const gchar *type = gst_structure_get_string (s, "type");
  gint i;

  for (i = G_N_ELEMENTS (media_types) - 1; i >= 0; i--) {
    if (g_strcmp0 (type, media_types[i]) == 0)
      break;
  }
  if (i < 0)
    return FALSE;
  track->type = i;
  return gst_structure_get_uint (s, "timescale", &track->timescale)
      && track->timescale > 0 && get_media_time (s, "start", &track->start)
      && get_media_time (s, "duration", &track->duration)
      && track->duration >= 0
      && get_word (s, "config-id", track->config_id, sizeof track->config_id)
      && gst_structure_get_uint64 (s, "size", &track->size)
      && track->size <= G_MAXINT64;
}

static gboolean
parse_tracks (const GstStructure * s, VsSegment * segment)
{
  for (guint i = 0; i < VS_SEGMENT_MAX_TRACKS; i++) {
    const GValue *value = gst_structure_get_value (s, track_fields[i]);

    if (value == NULL)
      return TRUE;
    if (!GST_VALUE_HOLDS_STRUCTURE (value)
        || gst_value_get_structure (value) == NULL
        || !parse_track (gst_value_get_structure (value), &segment->tracks[i]))
      return FALSE;
    segment->n_tracks++;
  }
  return TRUE;
}

static gboolean
parse_boundary (const GstStructure * s, VsSegment * segment)
{
  return gst_structure_get_uint64 (s, "sequence", &segment->sequence)
      && segment->sequence > 0 && segment->sequence <= G_MAXINT64
      && gst_structure_get_uint64 (s, "discontinuity-sequence",
      &segment->discontinuity_sequence)
      && segment->discontinuity_sequence <= G_MAXINT64
      && gst_structure_get_boolean (s, "discontinuity", &segment->discontinuity)
      && gst_structure_get_uint64 (s, "run", &segment->run)
      && segment->run <= G_MAXINT64
      && get_media_time (s, "run-start-pts-90k", &segment->run_start_pts_90k)
      && get_media_time (s, "start-pts-90k", &segment->start_pts_90k)
      && get_utc (s, "utc-us", &segment->utc_us)
      && get_utc (s, "event-utc-us", &segment->event_utc_us)
      && gst_structure_get_uint64 (s, "duration", &segment->duration)
      && (segment->duration == GST_CLOCK_TIME_NONE
      || segment->duration <= DURATION_MAX)
      && get_word (s, "cause", segment->cause, sizeof segment->cause);
}

static VsSegment *
segment_from_structure (const GstStructure * s)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  const gchar *hash = gst_structure_get_string (s, "sha256");

  if (!parse_boundary (s, segment) || !parse_tracks (s, segment)
      || !gst_structure_get_boolean (s, "independent", &segment->independent)
      || !gst_structure_get_boolean (s, "gap", &segment->gap)
      || !gst_structure_get_uint64 (s, "size", &segment->size)
      || segment->size > G_MAXINT64
      || hash == NULL || !hash_from_string (hash, segment->sha256)
      || !get_string (s, "uri", uri_is_valid, &segment->uri))
    return NULL;
  return g_steal_pointer (&segment);
}

GstEvent *
vs_event_new_segment (const VsSegment * opened, const VsSegment * closed)
{
  GstStructure *s = gst_structure_new (SEGMENT_EVENT,
      "final", G_TYPE_BOOLEAN, opened == NULL, NULL);

  if (opened) {
    g_autoptr (GstStructure) field = segment_to_structure (opened);
    gst_structure_set (s, "opened", GST_TYPE_STRUCTURE, field, NULL);
  }
  if (closed) {
    g_autoptr (GstStructure) field = segment_to_structure (closed);
    gst_structure_set (s, "closed", GST_TYPE_STRUCTURE, field, NULL);
  }
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, s);
}

gboolean
vs_event_is_segment (GstEvent * event)
{
  return GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM
      && gst_event_has_name (event, SEGMENT_EVENT);
}

static gboolean
get_segment (const GstStructure * s, const gchar * field, VsSegment ** segment)
{
  const GValue *value = gst_structure_get_value (s, field);

  if (value == NULL)
    return TRUE;
  if (!GST_VALUE_HOLDS_STRUCTURE (value)
      || gst_value_get_structure (value) == NULL)
    return FALSE;
  *segment = segment_from_structure (gst_value_get_structure (value));
  return *segment != NULL;
}

/**
 * vs_event_parse_segment:
 * @opened: (out) (transfer full) (nullable): NULL in the final event
 * @closed: (out) (transfer full) (nullable): NULL in the first event
 *
 * Returns: FALSE, and neither segment, when @event is another one or is not
 *   well formed
 */
gboolean
vs_event_parse_segment (GstEvent * event, VsSegment ** opened,
    VsSegment ** closed)
{
  g_autoptr (VsSegment) first = NULL;
  g_autoptr (VsSegment) second = NULL;
  const GstStructure *s;
  gboolean final;

  *opened = *closed = NULL;
  if (!vs_event_is_segment (event))
    return FALSE;
  s = gst_event_get_structure (event);
  if (!gst_structure_get_boolean (s, "final", &final)
      || !get_segment (s, "opened", &first)
      || !get_segment (s, "closed", &second)
      || final != (first == NULL))
    return FALSE;
  *opened = g_steal_pointer (&first);
  *closed = g_steal_pointer (&second);
  return TRUE;
}
