/* VisionStream: the settings of vsarchivesrc
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "vsarchivesrcsettings.h"

#define DEFAULT_LOCATION "archive"
#define DEFAULT_FOLLOW TRUE
#define DEFAULT_GAPS GST_VS_ARCHIVE_SRC_GAPS_KEEP
#define DEFAULT_ON_ERROR GST_VS_ARCHIVE_SRC_ON_ERROR_SKIP

enum
{
  PROP_0,
  PROP_RENDITION,
  PROP_START,
  PROP_STOP,
  PROP_FOLLOW,
  PROP_GAPS,
  PROP_ON_ERROR,
  PROP_STATS = VS_ARCHIVE_SRC_PROP_STATS,
  PROP_STORE,                   /* location, ... */
  PROP_IDENTITY = PROP_STORE + VS_STORE_PROPERTIES_N    /* account, ... */
};

GType
vs_archive_src_gaps_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_VS_ARCHIVE_SRC_GAPS_KEEP, "They take the time that they lasted",
        "keep"},
    {GST_VS_ARCHIVE_SRC_GAPS_CLOSE, "They take no time", "close"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsArchiveSrcGaps", values));
  return type;
}

GType
vs_archive_src_on_error_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_VS_ARCHIVE_SRC_ON_ERROR_SKIP, "Leave the segment out", "skip"},
    {GST_VS_ARCHIVE_SRC_ON_ERROR_FAIL, "Stop with an error", "fail"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsArchiveSrcOnError", values));
  return type;
}

void
vs_archive_src_settings_init (VsArchiveSrcSettings * settings)
{
  vs_identity_init (&settings->identity);
  vs_store_properties_init (&settings->store, DEFAULT_LOCATION);
  settings->follow = DEFAULT_FOLLOW;
  settings->gaps = DEFAULT_GAPS;
  settings->on_error = DEFAULT_ON_ERROR;
}

void
vs_archive_src_settings_clear (VsArchiveSrcSettings * settings)
{
  vs_identity_clear (&settings->identity);
  vs_store_properties_clear (&settings->store);
  g_clear_pointer (&settings->rendition, g_free);
  g_clear_pointer (&settings->start, g_free);
  g_clear_pointer (&settings->stop, g_free);
}

void
vs_archive_src_settings_copy (VsArchiveSrcSettings * to,
    const VsArchiveSrcSettings * from, GObject * object)
{
  GST_OBJECT_LOCK (object);
  *to = *from;
  vs_identity_copy (&to->identity, &from->identity);
  vs_store_properties_copy (&to->store, &from->store);
  to->rendition = g_strdup (from->rendition);
  to->start = g_strdup (from->start);
  to->stop = g_strdup (from->stop);
  GST_OBJECT_UNLOCK (object);
}

static gchar **
string_field (VsArchiveSrcSettings * settings, guint id)
{
  switch (id) {
    case PROP_RENDITION:
      return &settings->rendition;
    case PROP_START:
      return &settings->start;
    case PROP_STOP:
      return &settings->stop;
    default:
      return NULL;
  }
}

void
vs_archive_src_settings_set_property (VsArchiveSrcSettings * settings,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);

  if (id >= PROP_IDENTITY) {
    vs_identity_set_property (&settings->identity, object, id - PROP_IDENTITY,
        value);
    return;
  }
  if (id >= PROP_STORE) {
    vs_store_properties_set (&settings->store, object, id - PROP_STORE, value);
    return;
  }
  GST_OBJECT_LOCK (object);
  if (string) {
    g_free (*string);
    *string = g_value_dup_string (value);
  } else if (id == PROP_FOLLOW) {
    settings->follow = g_value_get_boolean (value);
  } else if (id == PROP_GAPS) {
    settings->gaps = g_value_get_enum (value);
  } else if (id == PROP_ON_ERROR) {
    settings->on_error = g_value_get_enum (value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_archive_src_settings_get_property (VsArchiveSrcSettings * settings,
    GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);

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
  if (string)
    g_value_set_string (value, *string);
  else if (id == PROP_FOLLOW)
    g_value_set_boolean (value, settings->follow);
  else if (id == PROP_GAPS)
    g_value_set_enum (value, settings->gaps);
  else if (id == PROP_ON_ERROR)
    g_value_set_enum (value, settings->on_error);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (object);
}

static void
install_range (GObjectClass * klass, GParamFlags flags)
{
  /**
   * GstVsArchiveSrc:start:
   *
   * Where to begin: with the keyframe at or before it. A date and time, in UTC
   * where it has no zone (`2026-01-01T00:00:00Z`, `2026-01-01T01:00:00.5+01:00`),
   * or an offset from the beginning of the archive, in seconds or as
   * `[[hours:]minutes:]seconds` (`90`, `90.5`, `1:30`, `00:01:30.500`); with a
   * `-` ahead of it, from its end, or from what is newest in a live one.
   */
  g_object_class_install_property (klass, PROP_START,
      g_param_spec_string ("start", "Start",
          "Where to begin: 2026-01-01T00:00:00Z, or an offset from the "
          "beginning (90, 1:30, 00:01:30.5) or the end (-90) (unset = the "
          "beginning)", NULL, flags));
  /**
   * GstVsArchiveSrc:stop:
   *
   * Where to end: ahead of the first keyframe at or after it. Written as
   * #GstVsArchiveSrc:start.
   */
  g_object_class_install_property (klass, PROP_STOP,
      g_param_spec_string ("stop", "Stop",
          "Where to end, as start (unset = the end)", NULL, flags));
}

void
vs_archive_src_settings_install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  /**
   * GstVsArchiveSrc:location:
   *
   * Where the archive lies; the event is in `<account>/<event>[/<breakout>]`
   * below. Or the archive itself: an HLS playlist (`.m3u8`, multivariant or
   * media) of whatever name and maker, at a path, `file://`, `s3://` or
   * `http(s)://`. What it names has to lie below its folder.
   */
  vs_store_properties_install (klass, PROP_STORE, DEFAULT_LOCATION,
      "Place of the archive, as vssegmentstore has it: the event lies in "
      "<account>/<event> below; or any HLS playlist: /path/any.m3u8, "
      "https://host/any.m3u8, s3://bucket/any.m3u8");
  /**
   * GstVsArchiveSrc:rendition:
   */
  g_object_class_install_property (klass, PROP_RENDITION,
      g_param_spec_string ("rendition", "Rendition",
          "Which rendition is read: \"1080p\" (unset = the one with the "
          "largest picture)", NULL, flags));
  install_range (klass, flags);
  /**
   * GstVsArchiveSrc:follow:
   *
   * What to do at the end of an archive that is still written.
   */
  g_object_class_install_property (klass, PROP_FOLLOW,
      g_param_spec_boolean ("follow", "Follow",
          "Wait for what is not stored yet, until the event ends; else end "
          "where the archive ends now", DEFAULT_FOLLOW, flags));
  /**
   * GstVsArchiveSrc:gaps:
   *
   * What becomes of times for which nothing is stored, in the times of buffers,
   * positions and offsets. To close them up, the playlist parts of what comes
   * before a position are read first.
   */
  g_object_class_install_property (klass, PROP_GAPS,
      g_param_spec_enum ("gaps", "Gaps",
          "Whether times for which nothing is stored are kept or closed up",
          vs_archive_src_gaps_get_type (), DEFAULT_GAPS, flags));
  /**
   * GstVsArchiveSrc:on-error:
   */
  g_object_class_install_property (klass, PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What to do about a segment that is missing or damaged",
          vs_archive_src_on_error_get_type (), DEFAULT_ON_ERROR, flags));
  /**
   * GstVsArchiveSrc:stats:
   *
   * Counters since READY: `segments-read`, `segments-skipped`, `bytes-read`
   * (of what was given out).
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters since READY: segments read and skipped, bytes read",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  vs_identity_install_properties (klass, PROP_IDENTITY);
}
