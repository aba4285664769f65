/* VisionStream: DASH MPDs, the parts of the writer among themselves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libxml/xmlwriter.h>

#include "manifest/vsmpd.h"
#include "manifest/vsxmllist.h"
#include "timeline/vsspan.h"

G_BEGIN_DECLS

/* Hz of PTS, ISO/IEC 13818-1 2.4.3.6 */
#define VS_MPD_PTS_TIMESCALE 90000

typedef struct
{
  xmlTextWriter *xml;
  GString *text;                /* what xml writes into */
  guint depth;                  /* of the element that is open */
  const VsMpdTrack *tracks;
  GArray **spans;               /* VsSpan: of each track */
  guint n_tracks;
  const VsMpdSettings *settings;
  gboolean ended;
  guint target_duration;        /* s */
  gint64 availability_start_ms; /* as it is written */
} VsMpd;

typedef struct
{
  guint64 run;
  gint64 start_us;              /* Period@start */
  gint64 duration_us;           /* written when the MPD is static */
  gint64 offset_pts_90k;        /* media time of the start */
} VsMpdPeriod;

/* The part of a track that a Period holds. */
typedef struct
{
  const VsMpdTrack *track;
  const VsCodecConfig *config;
  guint32 timescale;
  const GArray *spans;          /* of the track */
  guint first, n;               /* in spans */
} VsMpdRepresentation;

/* The writer's functions fail for want of memory only; GLib's would abort. */
void vs_mpd_start (VsMpd *mpd, const gchar *name);
void vs_mpd_end (VsMpd *mpd);
void vs_mpd_put (VsMpd *mpd, const gchar *name, const gchar *value);
void vs_mpd_put_int (VsMpd *mpd, const gchar *name, gint64 value);
/* "n/d", "n:d" */
void vs_mpd_put_ratio (VsMpd *mpd, const gchar *name, guint n, guint d,
    gchar separator);
/* xs:duration, in seconds and as few decimals as it takes */
void vs_mpd_put_duration (VsMpd *mpd, const gchar *name, gint64 us);
void vs_mpd_put_utc (VsMpd *mpd, const gchar *name, gint64 utc_us);
/* an element with its text; nothing where there is none */
void vs_mpd_write_text (VsMpd *mpd, const gchar *name, const gchar *text);
void vs_mpd_write_descriptor (VsMpd *mpd, const gchar *name,
    const gchar *scheme, const gchar *value);

/* Whether the set can say once what its representations have in common: all
 * of their template but the initialization. */
gboolean vs_mpd_has_common_template (VsMpd *mpd,
    const VsMpdRepresentation *set, guint n);
/* What is common, for the set's own SegmentTemplate. */
void vs_mpd_write_common_template (VsMpd *mpd, const VsMpdPeriod *period,
    const VsMpdRepresentation *representation);
/* What is left to a representation then. */
void vs_mpd_write_own_template (VsMpd *mpd,
    const VsMpdRepresentation *representation);
/* All of it, where nothing is common. */
void vs_mpd_write_template (VsMpd *mpd, const VsMpdPeriod *period,
    const VsMpdRepresentation *representation);

G_END_DECLS
