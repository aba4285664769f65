/* VisionStream: MP4 files read: the movie box and its sample tables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/gstbytereader.h>
#include "codec/vscodec.h"

G_BEGIN_DECLS

/* A movie box larger than this is not read: days of video stay below. */
#define VS_MP4_MOVIE_MAX (64 * 1024 * 1024)
/* samples of a movie: ten hours of 60 frames a second with sound */
#define VS_MP4_SAMPLES_MAX (4 * 1024 * 1024)
/* bytes of a sample: what an access unit may have in a transport stream */
#define VS_MP4_SAMPLE_SIZE_MAX (16 * 1024 * 1024)
/* s that a track lasts */
#define VS_MP4_SECONDS_MAX 1000000
/* A movie fragment larger than this is not read, nor are more of them. */
#define VS_MP4_FRAGMENT_MAX (8 * 1024 * 1024)
#define VS_MP4_FRAGMENTS_MAX (128 * 1024)

#define VS_MP4_ERROR (vs_mp4_error_quark ())
GQuark vs_mp4_error_quark (void);

typedef enum
{
  VS_MP4_ERROR_DAMAGED,         /* what is there contradicts itself */
  VS_MP4_ERROR_UNSUPPORTED      /* several edits, encryption, ... */
} VsMp4Error;

/**
 * VsMp4Box:
 *
 * A box header (ISO/IEC 14496-12 4.2).
 */
#define VS_MP4_BOX_HEADER_MAX 16
typedef struct
{
  guint32 type;                 /* GST_MAKE_FOURCC backwards: big-endian */
  guint header;                 /* bytes ahead of the payload */
  guint64 size;                 /* with its header */
} VsMp4Box;

#define VS_MP4_TYPE(a, b, c, d) \
  ((guint32) (a) << 24 | (guint32) (b) << 16 | (guint32) (c) << 8 | (d))

/**
 * vs_mp4_box_parse:
 * @available: bytes from the box's start to the end of what it lies in
 *
 * Returns: FALSE when @size bytes are no header, or the box does not fit
 */
gboolean vs_mp4_box_parse (const guint8 *data, gsize size,
    guint64 available, VsMp4Box *box);

/**
 * VsMp4Description:
 *
 * A sample entry (14496-12 8.5.2). %VS_CODEC_UNKNOWN where it is of no use.
 */
typedef struct
{
  VsCodec codec;
  guint nal_length_size;        /* bytes; of H.264 and H.265 */
  /* ahead of a sample that begins a sequence: the parameter sets of avcC or
   * hvcC as Annex B has them; NULL for audio */
  GBytes *parameter_sets;
  guint8 adts[7];               /* of AAC: the header, but for the length */
  guint rotation;               /* of video: see VsMp4Track */
} VsMp4Description;

/* 24 bytes: there are many. */
typedef struct
{
  guint64 offset;               /* in the file */
  gint64 dts;                   /* in the track's timescale */
  gint32 composition;           /* of the PTS against it */
  guint32 size : 25;            /* up to %VS_MP4_SAMPLE_SIZE_MAX */
  guint32 description : 6;      /* index */
  guint32 sync : 1;
} VsMp4Sample;

/**
 * VsMp4Track:
 *
 * A video or audio track; samples in decoding order, none of them empty, all
 * of them within the file, times of decoding never falling.
 */
typedef struct
{
  VsMediaType type;
  guint32 id;
  guint32 timescale;
  gchar *language;              /* BCP 47, or NULL */
  /* degrees by which pictures are turned clockwise to be shown: 0, 90, 180 or
   * 270; other transformations are passed over */
  guint rotation;
  GArray *descriptions;         /* VsMp4Description */
  GArray *samples;              /* VsMp4Sample */
  gint64 end;                   /* DTS where the last sample is over */
  /* The edit list, in the track's timescale: what is shown of the media, and
   * the media time that is shown at the movie's start. */
  gint64 shown_from, shown_to;
  gint64 origin;
} VsMp4Track;

/**
 * VsMp4Movie:
 * @tracks: (element-type VsMp4Track): in the file's order
 * @fragmented: there may be movie fragments: see vs_mp4_movie_add_fragment ()
 */
typedef struct
{
  GPtrArray *tracks;
  gboolean fragmented;

  /*< private >*/
  guint n_samples, n_fragments; /* that were read */
  GArray *defaults;             /* VsMp4Defaults: of each track, by its id */
} VsMp4Movie;

/**
 * vs_mp4_movie_parse:
 * @data: the payload of a movie box
 * @file_size: no sample may end past it
 *
 * Reads sample tables of 14496-12 8.6 and 8.7, edit lists of one edit (8.6.6)
 * with empty ones ahead of it, entries of H.264, H.265, AAC, AC-3 and E-AC-3.
 * Tracks of other kinds are left out; encrypted ones are refused. No count or
 * offset is trusted; memory is 24 bytes a sample.
 *
 * A fragmented movie is not whole yet: its tracks may have no samples until
 * its fragments are added, and vs_mp4_movie_finish () is called.
 *
 * Returns: (transfer full): the movie, or NULL with %VS_MP4_ERROR
 */
VsMp4Movie *vs_mp4_movie_parse (const guint8 *data, gsize size,
    guint64 file_size, GError **error);

/**
 * vs_mp4_movie_add_fragment:
 * @data: the payload of a movie fragment box (moof)
 * @offset: where the box begins in the file
 *
 * Adds the samples of a movie fragment (14496-12 8.8), the next one in the
 * file. A base of offsets, sample defaults and decoding times may be given in
 * each way that 8.8.3, 8.8.7, 8.8.8 and 8.8.12 have; but times of decoding
 * that go back are damage.
 *
 * vs_mp4_movie_finish:
 *
 * Ends a fragmented movie: tracks without samples go.
 *
 * Returns: FALSE with %VS_MP4_ERROR: the movie is of no use then
 */
gboolean    vs_mp4_movie_add_fragment (VsMp4Movie *movie, const guint8 *data,
    gsize size, guint64 offset, guint64 file_size, GError **error);
gboolean    vs_mp4_movie_finish (VsMp4Movie *movie, GError **error);

void        vs_mp4_movie_free (VsMp4Movie *movie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMp4Movie, vs_mp4_movie_free)

/* Bytes of memory that it takes. */
gsize vs_mp4_movie_get_footprint (const VsMp4Movie *movie);

/**
 * vs_mp4_append_unit:
 * @sample: the bytes of a sample
 * @sync: it begins a sequence
 *
 * Appends it as it stands in a transport stream: NAL units behind start codes,
 * with the parameter sets of its description ahead of them where it begins a
 * sequence and has none of its own (they go behind an access unit delimiter);
 * an AAC frame behind an ADTS header. A rotation becomes a display orientation
 * message (H.264 D.1.27, H.265 D.2.17) of each sample that begins a sequence.
 *
 * Returns: FALSE with %VS_MP4_ERROR_DAMAGED
 */
gboolean vs_mp4_append_unit (const VsMp4Description *description,
    const guint8 *sample, gsize size, gboolean sync, GByteArray *out,
    GError **error);

/**
 * vs_mp4_next_nal:
 * @sample: what is left of a sample of H.264 or H.265
 *
 * Steps over a NAL unit, which may be empty; FALSE when it is longer than what
 * is left.
 */
gboolean vs_mp4_next_nal (const VsMp4Description *description,
    GstByteReader *sample, const guint8 **data, guint32 *size);

/* Whether a sample has a sequence's parameter sets of its own. */
gboolean vs_mp4_has_parameter_sets (const VsMp4Description *description,
    const guint8 *sample, gsize size);

G_END_DECLS
