/* VisionStream: the settings of vssegmentstore
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vssegmentstoresettings.h"

#include "archive/vsrecordingname.h"

#define DEFAULT_LOCATION "archive"
#define DEFAULT_TARGET_DURATION (6 * GST_SECOND)
/* Below it a playlist's reload alone costs more than the segments; EXTINF and
 * EXT-X-TARGETDURATION are whole seconds at most an hour. */
#define MIN_TARGET_DURATION (100 * GST_MSECOND)
#define MAX_TARGET_DURATION (3600 * GST_SECOND)

/* An hour and more of the default ladder */
#define DEFAULT_SPOOL_MAX_BYTES (G_GUINT64_CONSTANT (8) << 30)

/* What is always there at the end of an event, whatever its ladder. */
#define DEFAULT_RENDITIONS "best"
#define DEFAULT_MAX_DURATION (12 * 3600 * GST_SECOND)

enum
{
  PROP_0,
  PROP_SPOOL_DIRECTORY,
  PROP_SPOOL_MAX_BYTES,
  PROP_TARGET_DURATION,
  PROP_MAX_AGE,
  PROP_MAX_SEGMENTS,
  PROP_MAX_BYTES,
  PROP_START_TIME,
  PROP_REDUNDANT_EVENT,
  PROP_RECORDING,
  PROP_RECORDING_RENDITIONS,
  PROP_RECORDING_MAX_DURATION,
  PROP_RECORDING_ROLLOVER,
  PROP_RECORDING_NAME,
  PROP_RECORDING_GAPS,
  PROP_STATS = VS_SEGMENT_STORE_PROP_STATS,
  PROP_STORE,                   /* location, ... */
  PROP_IDENTITY = PROP_STORE + VS_STORE_PROPERTIES_N    /* account, ... */
};

#define TYPE_RECORDING (recording_get_type ())
static GType
recording_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_RECORDING_FORMAT_NONE, "No recording", "none"},
    {VS_RECORDING_FORMAT_MP4, "MP4 files with their index in front", "mp4"},
    {0, NULL, NULL}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsSegmentStoreRecording", values));
  return type;
}

#define TYPE_RECORDING_GAPS (recording_gaps_get_type ())
static GType
recording_gaps_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_RECORDING_GAPS_CLOSE, "What follows a gap is moved up to it", "close"},
    {VS_RECORDING_GAPS_KEEP, "A gap is as long as it was on the wall clock",
        "keep"},
    {0, NULL, NULL}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsSegmentStoreRecordingGaps", values));
  return type;
}

void
vs_segment_store_settings_init (VsSegmentStoreSettings * settings)
{
  vs_identity_init (&settings->identity);
  vs_store_properties_init (&settings->store, DEFAULT_LOCATION);
  settings->spool_max_bytes = DEFAULT_SPOOL_MAX_BYTES;
  settings->target_duration = DEFAULT_TARGET_DURATION;
  settings->recording_renditions = g_strdup (DEFAULT_RENDITIONS);
  settings->recording_name = g_strdup (VS_RECORDING_NAME_DEFAULT);
  settings->recording_max_duration = DEFAULT_MAX_DURATION;
}

void
vs_segment_store_settings_clear (VsSegmentStoreSettings * settings)
{
  vs_identity_clear (&settings->identity);
  vs_store_properties_clear (&settings->store);
  g_clear_pointer (&settings->spool_directory, g_free);
  g_clear_pointer (&settings->start_time, g_free);
  g_clear_pointer (&settings->redundant_event, g_free);
  g_clear_pointer (&settings->recording_renditions, g_free);
  g_clear_pointer (&settings->recording_name, g_free);
}

/* Of a property whose string may be unset, NULL of any other. */
static gchar **
string_field (VsSegmentStoreSettings * settings, guint id)
{
  switch (id) {
    case PROP_SPOOL_DIRECTORY:
      return &settings->spool_directory;
    case PROP_START_TIME:
      return &settings->start_time;
    case PROP_REDUNDANT_EVENT:
      return &settings->redundant_event;
    default:
      return NULL;
  }
}

static void
set_string (GObject * object, gchar ** field, const GValue * value)
{
  GST_OBJECT_LOCK (object);
  g_free (*field);
  *field = g_value_dup_string (value);
  GST_OBJECT_UNLOCK (object);
}

void
vs_segment_store_settings_set_property (VsSegmentStoreSettings * settings,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  if (id >= PROP_IDENTITY) {
    vs_identity_set_property (&settings->identity, object, id - PROP_IDENTITY,
        value);
    return;
  }
  if (id >= PROP_STORE) {
    vs_store_properties_set (&settings->store, object, id - PROP_STORE, value);
    return;
  }
  if (string_field (settings, id)) {
    set_string (object, string_field (settings, id), value);
    return;
  }
  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_TARGET_DURATION:
      settings->target_duration = g_value_get_uint64 (value);
      break;
    case PROP_SPOOL_MAX_BYTES:
      settings->spool_max_bytes = g_value_get_uint64 (value);
      break;
    case PROP_MAX_AGE:
      settings->max_age = g_value_get_uint64 (value);
      break;
    case PROP_MAX_SEGMENTS:
      settings->max_segments = g_value_get_uint64 (value);
      break;
    case PROP_MAX_BYTES:
      settings->max_bytes = g_value_get_uint64 (value);
      break;
    case PROP_RECORDING:
      settings->recording = g_value_get_enum (value);
      break;
    case PROP_RECORDING_RENDITIONS:
      g_free (settings->recording_renditions);
      settings->recording_renditions = g_strdup (g_value_get_string (value) ?
          g_value_get_string (value) : DEFAULT_RENDITIONS);
      break;
    case PROP_RECORDING_MAX_DURATION:
      settings->recording_max_duration = g_value_get_uint64 (value);
      break;
    case PROP_RECORDING_ROLLOVER:
      settings->recording_rollover = g_value_get_uint64 (value);
      break;
    case PROP_RECORDING_NAME:
      g_free (settings->recording_name);
      settings->recording_name = g_strdup (g_value_get_string (value) ?
          g_value_get_string (value) : VS_RECORDING_NAME_DEFAULT);
      break;
    case PROP_RECORDING_GAPS:
      settings->recording_gaps = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_segment_store_settings_get_property (VsSegmentStoreSettings * settings,
    GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  if (id >= PROP_IDENTITY) {
    vs_identity_get_property (&settings->identity, object, id - PROP_IDENTITY,
        value);
    return;
  }
  if (id >= PROP_STORE) {
    vs_store_properties_get (&settings->store, object, id - PROP_STORE, value);
    return;
  }
  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_SPOOL_DIRECTORY:
    case PROP_START_TIME:
    case PROP_REDUNDANT_EVENT:
      g_value_set_string (value, *string_field (settings, id));
      break;
    case PROP_SPOOL_MAX_BYTES:
      g_value_set_uint64 (value, settings->spool_max_bytes);
      break;
    case PROP_TARGET_DURATION:
      g_value_set_uint64 (value, settings->target_duration);
      break;
    case PROP_MAX_AGE:
      g_value_set_uint64 (value, settings->max_age);
      break;
    case PROP_MAX_SEGMENTS:
      g_value_set_uint64 (value, settings->max_segments);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, settings->max_bytes);
      break;
    case PROP_RECORDING:
      g_value_set_enum (value, settings->recording);
      break;
    case PROP_RECORDING_RENDITIONS:
      g_value_set_string (value, settings->recording_renditions);
      break;
    case PROP_RECORDING_MAX_DURATION:
      g_value_set_uint64 (value, settings->recording_max_duration);
      break;
    case PROP_RECORDING_ROLLOVER:
      g_value_set_uint64 (value, settings->recording_rollover);
      break;
    case PROP_RECORDING_NAME:
      g_value_set_string (value, settings->recording_name);
      break;
    case PROP_RECORDING_GAPS:
      g_value_set_enum (value, settings->recording_gaps);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_segment_store_settings_install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  /**
   * GstVsSegmentStore:location:
   *
   * Where the archive lies: a directory, `s3://bucket/prefix`, or
   * `https://host/folder` (or http) of a server that takes PUT: WebDAV, or an
   * ingest that can only be pushed to. `<account>/<event>[/<breakout>]` is made
   * below. User and password are properties of their own.
   */
  vs_store_properties_install (klass, PROP_STORE, DEFAULT_LOCATION,
      "Directory of the archive (made when missing), s3://bucket/prefix, or "
      "http(s)://host/folder of a server that takes PUT (WebDAV); the event "
      "lies in <account>/<event> below");
  /**
   * GstVsSegmentStore:spool-directory:
   *
   * Where what is on its way to a bucket or a server waits, on a local disk.
   * One directory serves any number of events. A start with the same directory
   * and location sends what an earlier one left.
   */
  g_object_class_install_property (klass, PROP_SPOOL_DIRECTORY,
      g_param_spec_string ("spool-directory", "Spool directory",
          "Local directory in which segments wait for a store that is not one "
          "(unset = visionstream/spool in the user's state directory)", NULL,
          flags));
  /**
   * GstVsSegmentStore:spool-max-bytes:
   *
   * What waits at most. When it is full, new segments wait in memory, and then
   * the oldest of these are given up: they become gaps, which are posted and
   * logged. What is in the spool is kept and sent.
   */
  g_object_class_install_property (klass, PROP_SPOOL_MAX_BYTES,
      g_param_spec_uint64 ("spool-max-bytes", "Spool maximum bytes",
          "Bytes of segments that wait in the spool at most; past it new ones "
          "are given up", 1, G_MAXUINT64, DEFAULT_SPOOL_MAX_BYTES, flags));
  /**
   * GstVsSegmentStore:target-duration:
   *
   * A segment ends at the first keyframe at or after it. An archive that is
   * continued keeps the EXT-X-TARGETDURATION that it has.
   */
  g_object_class_install_property (klass, PROP_TARGET_DURATION,
      g_param_spec_uint64 ("target-duration", "Target duration",
          "Least duration of a segment, in ns: it ends at the first keyframe "
          "from then on", MIN_TARGET_DURATION, MAX_TARGET_DURATION,
          DEFAULT_TARGET_DURATION, flags));
  /**
   * GstVsSegmentStore:max-age:
   *
   * Segments that are older go, with their entries in the playlists.
   */
  g_object_class_install_property (klass, PROP_MAX_AGE,
      g_param_spec_uint64 ("max-age", "Maximum age",
          "Age in seconds at which segments are removed (0 = never)", 0,
          G_MAXUINT64 / GST_SECOND, 0, flags));
  /**
   * GstVsSegmentStore:max-segments:
   */
  g_object_class_install_property (klass, PROP_MAX_SEGMENTS,
      g_param_spec_uint64 ("max-segments", "Maximum segments",
          "Segments of a rendition that are kept, the oldest are removed "
          "(0 = all)", 0, G_MAXUINT64, 0, flags));
  /**
   * GstVsSegmentStore:max-bytes:
   */
  g_object_class_install_property (klass, PROP_MAX_BYTES,
      g_param_spec_uint64 ("max-bytes", "Maximum bytes",
          "Bytes of all renditions that are kept, the oldest segments are "
          "removed (0 = all)", 0, G_MAXUINT64, 0, flags));
  /**
   * GstVsSegmentStore:start-time:
   *
   * Pins the wall clock of the first segment, for runs that are to give the
   * same bytes. An archive that is continued never goes back in time for it.
   */
  g_object_class_install_property (klass, PROP_START_TIME,
      g_param_spec_string ("start-time", "Start time",
          "Date and time of the first segment, as 2026-01-01T00:00:00Z (unset "
          "= when it comes)", NULL, flags));
  /**
   * GstVsSegmentStore:redundant-event:
   *
   * The event, of the same account and location (and with the same breakout),
   * that another chain with the same settings stores the programme as: of
   * `event=live-0 redundant-event=live-1` and `event=live-1
   * redundant-event=live-0` each main playlist names its own renditions, and
   * then the other's, with the same attributes. A player that fails on one goes
   * on with the other. The other's folder is not looked at.
   */
  g_object_class_install_property (klass, PROP_REDUNDANT_EVENT,
      g_param_spec_string ("redundant-event", "Redundant event",
          "Event that a second chain with the same settings stores the same "
          "programme as, here and in this account: the main playlist names its "
          "renditions too, for players that fail on one of ours (unset = none)",
          NULL, flags));
  /**
   * GstVsSegmentStore:recording:
   *
   * Makes files of the event in `recordings/` while it runs.
   */
  g_object_class_install_property (klass, PROP_RECORDING,
      g_param_spec_enum ("recording", "Recording",
          "Whether the event is recorded to a file", TYPE_RECORDING,
          VS_RECORDING_FORMAT_NONE, flags));
  /**
   * GstVsSegmentStore:recording-renditions:
   *
   * Each makes a file of its own. The best rendition is the one with the
   * largest picture among those that have a first segment.
   */
  g_object_class_install_property (klass, PROP_RECORDING_RENDITIONS,
      g_param_spec_string ("recording-renditions", "Recording renditions",
          "What is recorded: \"best\", \"all\", or names of renditions with "
          "commas between them", DEFAULT_RENDITIONS, flags));
  /**
   * GstVsSegmentStore:recording-max-duration:
   *
   * In a directory, room for the index is reserved in front of the file. Past
   * it the file system puts some more in (ext4, XFS), or the file is copied at
   * the end, which is warned of.
   */
  g_object_class_install_property (klass, PROP_RECORDING_MAX_DURATION,
      g_param_spec_uint64 ("recording-max-duration", "Recording maximum "
          "duration", "How long a recording will last at most, in ns: up to "
          "that it is finished at once", GST_SECOND, G_MAXINT64,
          DEFAULT_MAX_DURATION, flags));
  /**
   * GstVsSegmentStore:recording-rollover:
   *
   * Each file is finished, and posted, when it is that long, and the next one
   * begins with the next segment.
   */
  g_object_class_install_property (klass, PROP_RECORDING_ROLLOVER,
      g_param_spec_uint64 ("recording-rollover", "Recording rollover",
          "Nanoseconds after which a recording goes on in another file, at the "
          "next segment (0 = never)", 0, G_MAXINT64, 0, flags));
  /**
   * GstVsSegmentStore:recording-name:
   *
   * `{event}`, `{rendition}`, and MediaLive's codes, which tell of a file's
   * first segment: `$dt$` (20260101T000000, UTC), `$d$` (20260101), `$t$`
   * (000000), `$w$`, `$h$`, `$f$` (whole frames a second); numbers may be
   * padded with zeros, `$h%05$`. A name that is there already gets a number.
   */
  g_object_class_install_property (klass, PROP_RECORDING_NAME,
      g_param_spec_string ("recording-name", "Recording name",
          "What recordings are called, without .mp4: {event}, {rendition}, and "
          "$dt$, $d$, $t$ (UTC), $w$, $h$, $f$ of the first segment",
          VS_RECORDING_NAME_DEFAULT, flags));
  /**
   * GstVsSegmentStore:recording-gaps:
   *
   * What becomes of a time in which there was no stream, or whose segments are
   * lost. Sound and picture are in sync behind it in any case.
   */
  g_object_class_install_property (klass, PROP_RECORDING_GAPS,
      g_param_spec_enum ("recording-gaps", "Recording gaps",
          "What becomes of gaps in a recording", TYPE_RECORDING_GAPS,
          VS_RECORDING_GAPS_CLOSE, flags));
  /**
   * GstVsSegmentStore:stats:
   *
   * Counters since READY: `segments-stored`, `segments-lost`, `bytes-stored`,
   * `last-segment-end` (ns since 1970), `failing`, what waits in the spool
   * (`spool-objects`, `spool-bytes`), `recordings-open`, `recordings-finished`,
   * `recordings-bytes`, and what was wrong with the input, by ETSI TR 101 290:
   * `packets`, `sync-losses`,
   * `continuity-errors`, `transport-errors`, `crc-errors`, `pid-changes`,
   * `clock-jumps`.
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters since READY: what was stored and lost, and errors of the "
          "input",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  vs_identity_install_properties (klass, PROP_IDENTITY);
}
