/* VisionStream: a movie fragment of one track (ISO/IEC 14496-12 8.8)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What CMAF and Smooth Streaming fragments have in common: they are moof and
 * mdat of the same samples, with other boxes around and within.
 */
#pragma once

#include "isobmff/vsboxwriter.h"
#include "isobmff/vssamples.h"

G_BEGIN_DECLS

/* 14496-12 8.8.7.1 */
#define VS_TFHD_DEFAULT_BASE_IS_MOOF 0x020000

typedef struct _VsFragment VsFragment;

/**
 * VsFragment:
 * @put_head: (nullable): writes what stands ahead of the moof
 * @put_traf: writes the children of the traf
 */
struct _VsFragment
{
  const VsSamples *samples;
  guint32 number;               /* mfhd */
  guint8 trun_version;
  void (*put_head) (VsBoxWriter *w);
  void (*put_traf) (VsBoxWriter *w, const VsFragment *fragment);

  /*< private >*/
  /* what all samples have in common, and which of it is not said for each */
  guint32 tfhd_flags, trun_flags;
  guint32 default_duration, default_size, default_flags;
  gsize moof_size;
};

/**
 * vs_fragment_collect:
 *
 * Reads the samples of a segment's track.
 *
 * Returns: FALSE with %VS_PACKAGE_ERROR
 */
gboolean vs_fragment_collect (VsSamples *samples, GBytes *ts,
    const VsSegment *segment, VsMediaType type, GError **error);

/**
 * vs_fragment_place:
 *
 * Places a track's samples in its timescale.
 *
 * Returns: (transfer none): the track's entry, or NULL with %VS_PACKAGE_ERROR
 */
const VsSegmentTrack *vs_fragment_place (VsSamples *samples,
    const VsSegment *segment, GError **error);

/**
 * vs_fragment_init:
 * @samples: placed
 * @tfhd_flags: besides those for defaults
 *
 * Finds the shortest way to write @samples; they stay as they are from here.
 */
void vs_fragment_init (VsFragment *fragment, const VsSamples *samples,
    guint32 number, guint32 tfhd_flags);

const VsSample *vs_fragment_get_sample (const VsFragment *fragment, guint i);
/* 14496-12 8.8.3.1: the flags that describe it */
guint32         vs_fragment_get_sample_flags (const VsSample *sample);
gint32          vs_fragment_get_composition_offset (const VsSample *sample);

/* Boxes, for put_traf () */
void vs_fragment_put_tfhd (VsBoxWriter *w, const VsFragment *fragment);
void vs_fragment_put_trun (VsBoxWriter *w, const VsFragment *fragment);

/* Writes the boxes ahead of the payload; takes the data of @samples, which
 * are those that the fragment was made of. */
GBytes *vs_fragment_assemble (VsFragment *fragment, VsSamples *samples);

G_END_DECLS
