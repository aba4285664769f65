/* VisionStream: an endpoint: what is served of an event, and how
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "manifest/vsmpd.h"
#include "origin/vsaccess.h"

G_BEGIN_DECLS

typedef enum
{
  VS_ENDPOINT_HLS,              /* HLS with TS */
  VS_ENDPOINT_CMAF,             /* HLS with CMAF */
  VS_ENDPOINT_DASH,
  VS_ENDPOINT_MSS               /* Smooth Streaming */
} VsEndpointType;

/* EXT-X-PLAYLIST-TYPE while the event is live; what has ended is VOD */
typedef enum
{
  VS_PLAYLIST_SLIDING,          /* no type: the window slides */
  VS_PLAYLIST_EVENT             /* nothing is ever removed */
} VsPlaylistType;

typedef enum
{
  VS_STREAM_ORDER_ORIGINAL,     /* the ladder's */
  VS_STREAM_ORDER_ASCENDING,    /* by video bit rate */
  VS_STREAM_ORDER_DESCENDING
} VsStreamOrder;

typedef enum
{
  VS_URI_LEAF,                  /* relative to the manifest */
  VS_URI_ROOT                   /* from the root of the host */
} VsUriType;

/* no start offset is told */
#define VS_START_OFFSET_NONE G_MAXINT64

/**
 * VsEndpoint:
 *
 * The settings of an endpoint; immutable once shared (vs_endpoint_ref ()).
 * Each is described in the table of vs_endpoint_get_settings (). Times are
 * ns, dates µs since 1970 and 0 for none; strings are NULL for none.
 */
typedef struct
{
  gchar *name;                  /* in the URL: "hls" */
  VsEndpointType type;
  gchar *id;                    /* of MediaPackage v1's URLs */

  /* what is shown */
  GstClockTime window, startover_window, time_delay;
  GstClockTime segment_duration;        /* at least; 0 for the stored one */
  gchar *clip_start;
  gchar *manifest_filter;
  VsStreamOrder stream_order;
  guint min_video_bitrate, max_video_bitrate;   /* bit/s */

  /* how it is called */
  gchar *manifest_name, *segment_prefix, *separator;
  VsUriType uri_type;

  /* HLS */
  gint64 program_date_time_interval;    /* -1 for none */
  gint64 start_offset;
  gboolean start_precise;
  VsPlaylistType playlist_type;
  gboolean audio_groups;

  /* DASH */
  VsDashTemplate dash_template;
  VsDashProfile dash_profile;
  VsLayout layout;              /* and Smooth Streaming */
  gboolean multi_period;
  gchar *base_urls;
  GstClockTime min_buffer_time, minimum_update_period, suggested_delay;
  VsUtcTiming utc_timing;
  gchar *utc_timing_source;
  gchar *program_title, *program_source, *program_copyright;
  gchar *program_information_url, *program_language;

  /* Smooth Streaming */
  guint look_ahead;             /* fragments */

  /* who gets it */
  gboolean origination;
  gchar *allow_list;
  gchar *cdn_identifier, *cdn_identifier_previous;      /* secret */
  gboolean error_on_stale, error_on_incomplete;

  /*< private >*/
  VsAddressList *allowed;       /* what allow_list says; NULL for all */
  gint ref_count;               /* last: not copied */
} VsEndpoint;

/* With the defaults. (transfer full) */
VsEndpoint *vs_endpoint_new (const gchar *name, VsEndpointType type);
/* (transfer full): to be changed */
VsEndpoint *vs_endpoint_copy (const VsEndpoint *endpoint);
VsEndpoint *vs_endpoint_ref (VsEndpoint *endpoint);
void vs_endpoint_unref (VsEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsEndpoint, vs_endpoint_unref)

typedef enum
{
  VS_SETTING_TIME,              /* GstClockTime */
  VS_SETTING_OFFSET,            /* gint64, ns */
  VS_SETTING_UINT,              /* guint */
  VS_SETTING_FLAG,              /* gboolean */
  VS_SETTING_CHOICE,            /* an enumeration */
  VS_SETTING_TEXT,              /* gchar *, owned */
  VS_SETTING_SECRET             /* the same, never shown */
} VsSettingKind;

/**
 * VsEndpointSetting:
 * @offset: of the member in VsEndpoint
 * @check: (nullable): of a text, which is not NULL: says what is wrong,
 *   (transfer full), or NULL
 *
 * A setting as users see it: a property of the endpoint, a line of a
 * settings file.
 */
typedef struct
{
  const gchar *name, *nick, *blurb;
  VsSettingKind kind;
  gsize offset;
  gint64 min, max, value;       /* bounds and default of a number */
  const gchar *text;            /* default of a text */
  const GEnumValue *choices;    /* with an end mark */
  const gchar *choice_type;     /* "VsStreamOrder" */
  gchar *(*check) (const gchar *text);
} VsEndpointSetting;

const VsEndpointSetting *vs_endpoint_get_settings (guint *n_settings);
/* NULL where none has the name */
const VsEndpointSetting *vs_endpoint_find_setting (const gchar *name);

/**
 * vs_endpoint_set_text:
 * @text: (nullable)
 *
 * Sets a VS_SETTING_TEXT or VS_SETTING_SECRET of an endpoint that is not
 * shared yet. An empty text is none.
 *
 * Returns: FALSE with %G_IO_ERROR_INVALID_ARGUMENT, and nothing changed,
 *   when its check refuses @text
 */
gboolean vs_endpoint_set_text (VsEndpoint *endpoint,
    const VsEndpointSetting *setting, const gchar *text, GError **error);

/* "hls", "cmaf", "dash", "mss" */
gboolean vs_endpoint_type_from_string (const gchar *name,
    VsEndpointType *type);
const gchar *vs_endpoint_type_to_string (VsEndpointType type);

G_END_DECLS
