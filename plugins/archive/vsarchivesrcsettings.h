/* VisionStream: the settings of vsarchivesrc
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "common/vselement.h"
#include "common/vsstoreproperties.h"

G_BEGIN_DECLS

/**
 * GstVsArchiveSrcGaps:
 * @GST_VS_ARCHIVE_SRC_GAPS_KEEP: what is missing takes the time that it lasted
 * @GST_VS_ARCHIVE_SRC_GAPS_CLOSE: what is missing takes no time
 */
typedef enum
{
  GST_VS_ARCHIVE_SRC_GAPS_KEEP,
  GST_VS_ARCHIVE_SRC_GAPS_CLOSE
} GstVsArchiveSrcGaps;

/**
 * GstVsArchiveSrcOnError:
 * @GST_VS_ARCHIVE_SRC_ON_ERROR_SKIP: the segment is left out, with a WARNING
 * @GST_VS_ARCHIVE_SRC_ON_ERROR_FAIL: it is an ERROR
 */
typedef enum
{
  GST_VS_ARCHIVE_SRC_ON_ERROR_SKIP,
  GST_VS_ARCHIVE_SRC_ON_ERROR_FAIL
} GstVsArchiveSrcOnError;

/* What the element's properties set; protected by its object lock. */
typedef struct
{
  VsIdentity identity;
  VsStoreProperties store;
  gchar *rendition;
  gchar *start, *stop;
  gboolean follow;
  GstVsArchiveSrcGaps gaps;
  GstVsArchiveSrcOnError on_error;
} VsArchiveSrcSettings;

/* property id that the element itself answers for */
#define VS_ARCHIVE_SRC_PROP_STATS 100

GType vs_archive_src_gaps_get_type (void);
GType vs_archive_src_on_error_get_type (void);

void vs_archive_src_settings_init (VsArchiveSrcSettings *settings);
void vs_archive_src_settings_clear (VsArchiveSrcSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsArchiveSrcSettings,
    vs_archive_src_settings_clear)

void vs_archive_src_settings_install_properties (GObjectClass *klass);
/* These take the object lock. */
void vs_archive_src_settings_copy (VsArchiveSrcSettings *to,
    const VsArchiveSrcSettings *from, GObject *object);
void vs_archive_src_settings_set_property (VsArchiveSrcSettings *settings,
    GObject *object, guint id, const GValue *value, GParamSpec *pspec);
void vs_archive_src_settings_get_property (VsArchiveSrcSettings *settings,
    GObject *object, guint id, GValue *value, GParamSpec *pspec);

G_END_DECLS
