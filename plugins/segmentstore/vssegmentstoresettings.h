/* VisionStream: the settings of vssegmentstore
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "common/vselement.h"
#include "common/vsstoreproperties.h"

G_BEGIN_DECLS

typedef enum
{
  VS_RECORDING_FORMAT_NONE,
  VS_RECORDING_FORMAT_MP4
} VsRecordingFormat;

typedef enum
{
  VS_RECORDING_GAPS_CLOSE,
  VS_RECORDING_GAPS_KEEP
} VsRecordingGaps;

/* What the element's properties set; protected by its object lock. */
typedef struct
{
  VsIdentity identity;
  VsStoreProperties store;
  gchar *spool_directory;       /* NULL for the user's state directory */
  guint64 spool_max_bytes;
  GstClockTime target_duration;
  guint64 max_age;              /* s */
  guint64 max_segments, max_bytes;
  gchar *start_time;
  gchar *redundant_event;       /* or NULL */
  VsRecordingFormat recording;
  gchar *recording_renditions;  /* never NULL */
  gchar *recording_name;        /* never NULL */
  GstClockTime recording_max_duration, recording_rollover;
  VsRecordingGaps recording_gaps;
} VsSegmentStoreSettings;

/* property id that the element itself answers for */
#define VS_SEGMENT_STORE_PROP_STATS 100

void vs_segment_store_settings_init (VsSegmentStoreSettings *settings);
void vs_segment_store_settings_clear (VsSegmentStoreSettings *settings);

void vs_segment_store_settings_install_properties (GObjectClass *klass);
/* These take the object lock. */
void vs_segment_store_settings_set_property (VsSegmentStoreSettings *settings,
    GObject *object, guint id, const GValue *value, GParamSpec *pspec);
void vs_segment_store_settings_get_property (VsSegmentStoreSettings *settings,
    GObject *object, guint id, GValue *value, GParamSpec *pspec);

G_END_DECLS
