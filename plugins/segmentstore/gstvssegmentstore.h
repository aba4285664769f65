/* VisionStream: vssegmentstore, cuts streams into segments and stores them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsrecorderset.h"
#include "timeline/vssegmenter.h"
#include "vssegmentstoresettings.h"

G_BEGIN_DECLS

#define GST_TYPE_VS_SEGMENT_STORE (gst_vs_segment_store_get_type ())
G_DECLARE_FINAL_TYPE (GstVsSegmentStore, gst_vs_segment_store, GST,
    VS_SEGMENT_STORE, GstElement)
GST_ELEMENT_REGISTER_DECLARE (vssegmentstore);

struct _GstVsSegmentStore
{
  GstElement parent;

  VsSegmentStoreSettings settings;      /* under the object lock */

  /* from READY->PAUSED to PAUSED->READY, when no thread streams */
  VsStore *store;               /* the spool, where there is one: these two */
  gboolean has_spool;           /* change under the lock */
  VsArchiveWriter *writer;
  VsRecorderSet *recorders;     /* NULL: nothing is recorded; changes under
                                 * the lock */
  VsSegmenter *segmenter;
  guint earlier_target;         /* s, that stored playlists promise, or 0 */
  gchar *account, *event, *breakout, *redundant;

  GMutex lock;
  GCond served;                 /* a parked pad */
  /* protected by lock */
  GList *pads;                  /* GstVsSegmentStorePad by number, not owned */
  guint next_pad;
  GHashTable *names;            /* of the renditions */
  gboolean anchored;            /* the next two are valid */
  gint64 anchor_utc_us;         /* of the first segment, */
  GstClockTime anchor_running_time;     /* and when it came */
  gboolean ending;              /* all pads have ended */
  gboolean playing, eos_pending;
  guint32 eos_seqnum;
  gboolean failing;             /* the store is */
  guint64 stored, lost, stored_bytes;
  guint64 recorded, recorded_bytes;
  gint64 last_utc_us;           /* end of the newest that was stored */
  GThreadPool *harvest_pool;    /* while the archive is open, which is as long */
  GCancellable *harvest_cancel; /* as jobs may use what is above */
  guint harvests;               /* that run or wait */
};

/* For the pads. */

/* Running time of the first segment, which was at @utc_us, when it is the
 * first to say so. */
GstClockTime gst_vs_segment_store_anchor (GstVsSegmentStore *self,
    gint64 utc_us, GstClockTime running_time, gint64 *anchor_utc_us);
/* Says EOS when all pads have ended. */
void         gst_vs_segment_store_check_end (GstVsSegmentStore *self,
    guint32 seqnum);

G_END_DECLS
