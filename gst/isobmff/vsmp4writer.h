/* VisionStream: MP4 files written: the movie box of a progressive file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file that plays from its first bytes on has its movie box in front, and
 * that is known when the last sample is. So the file is made from two sides:
 * the caller appends the payload of samples to wherever it keeps it, while
 * the writer is told of them; at the end the writer has the head, which is all
 * that stands ahead of the payload: ftyp, moov, free where there is room left,
 * and the header of mdat. The head is written in front of the payload, into
 * room that was reserved there or as the first part of an upload.
 *
 * What it knows of the samples is bounded in memory at any length: see
 * vs_mp4_writer_new (). A writer is used from one thread at a time; it has no
 * clock, and the same calls give the same bytes.
 */
#pragma once

#include "isobmff/vssamples.h"

G_BEGIN_DECLS

/* Of the movie: units a second of edits and durations. */
#define VS_MP4_WRITER_TIMESCALE 90000
/* Tracks of a movie, and configurations of a track: more are refused, and
 * vs_mp4_movie_parse () reads no more. */
#define VS_MP4_WRITER_TRACKS_MAX 64
#define VS_MP4_WRITER_CONFIGS_MAX 16
/* bytes that may be reserved for the head: what a free box can have */
#define VS_MP4_WRITER_RESERVE_MAX 0x80000000

typedef struct _VsMp4Writer VsMp4Writer;

/**
 * vs_mp4_writer_new:
 * @spill_directory: (nullable): where the sample tables go, into a file
 *   without a name that is gone with the process; NULL: they stay in memory
 *
 * With a directory the writer takes less than a MiB a track, and on disk about
 * what the movie box will take: 4 bytes a sample, and 8 more where composition
 * offsets change from sample to sample.
 */
VsMp4Writer *vs_mp4_writer_new (const gchar *spill_directory);
void vs_mp4_writer_free (VsMp4Writer *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMp4Writer, vs_mp4_writer_free)

/**
 * vs_mp4_writer_set_created:
 * @utc: s since 1970
 *
 * The time that the movie's headers tell; none without it.
 *
 * vs_mp4_writer_set_start:
 * @start: on the common timeline, in %VS_MP4_WRITER_TIMESCALE
 *
 * Where the movie begins: what tracks have ahead of it is not shown. Without
 * it the movie begins with the first track that does.
 */
void vs_mp4_writer_set_created (VsMp4Writer *writer, gint64 utc);
void vs_mp4_writer_set_start (VsMp4Writer *writer, gint64 start);

/**
 * vs_mp4_writer_add_track:
 * @config: of its first samples: H.264, H.265, AAC, AC-3 or E-AC-3 with its
 *   record, or MPEG audio
 * @timescale: units a second of the track's times, not 0
 * @language: (nullable): BCP 47
 *
 * In the file video tracks are first; of several audio tracks the first is
 * enabled, the others are its alternates. A track without samples is left out.
 *
 * Returns: the track's number, or -1 with %VS_PACKAGE_ERROR_UNSUPPORTED
 */
gint vs_mp4_writer_add_track (VsMp4Writer *writer,
    const VsCodecConfig *config, guint32 timescale, const gchar *language,
    GError **error);

/**
 * vs_mp4_writer_set_config:
 *
 * Chunks of @track from here on have @config (14496-12 8.5.2: one more sample
 * entry, unless the track had it before).
 *
 * Returns: FALSE with %VS_PACKAGE_ERROR_UNSUPPORTED: it has no mapping, is of
 *   another codec, or is one too many; the one in force stays
 */
gboolean vs_mp4_writer_set_config (VsMp4Writer *writer, guint track,
    const VsCodecConfig *config, GError **error);

/**
 * VsMp4Chunk:
 * @position: of its first byte in the payload
 * @start: what times of @samples count from, on the timeline that all tracks
 *   have in common, in the track's timescale; any sign
 * @samples: in decoding order, their bytes behind each other from @position
 *   on; of audio all are taken to be sync samples
 *
 * Samples of a track that lie side by side. Half a second to a second is best:
 * players seek by chunks, and read the tracks' chunks alternately.
 *
 * Times of decoding grow from sample to sample. A sample lasts until the next
 * one is decoded, the last one its own duration. So where something is missing
 * the picture ahead of it stands still, and sound is silent: a hole stays a
 * hole, and what comes behind it is in sync. An empty edit would tell the same,
 * but players know such edits only where a track begins: ffmpeg, and what is
 * built on it, shows the start of the media there, and qtdemux loses what
 * follows. To close a hole, move all tracks' times behind it.
 */
typedef struct
{
  guint64 position;
  gint64 start;
  const VsSample *samples;
  guint n_samples;
} VsMp4Chunk;

/**
 * vs_mp4_writer_add_chunk:
 *
 * Returns: FALSE, and nothing of the chunk is taken: with %G_IO_ERROR
 *   (%G_IO_ERROR_NO_SPACE, ...) when the tables can't be written, where it may
 *   be tried again; with %VS_PACKAGE_ERROR_DAMAGED when times do not grow or
 *   are out of range; with %VS_PACKAGE_ERROR_UNSUPPORTED when a sample would
 *   last 2^31 units (6 hours of 90 kHz) or the movie box would get longer than
 *   a box can be (months of video)
 */
gboolean vs_mp4_writer_add_chunk (VsMp4Writer *writer, guint track,
    const VsMp4Chunk *chunk, GError **error);

/**
 * vs_mp4_writer_get_head_size:
 * @reserved: room for the head, up to %VS_MP4_WRITER_RESERVE_MAX
 *
 * What the head would take if the movie ended here: @reserved, or more where
 * that is too small; 0 gives the least there is. Any reserve that is large
 * enough can be filled: by a free box, or, as that has 8 bytes at least, by up
 * to 7 bytes at the start of mdat. It takes no longer in a long movie.
 */
guint64 vs_mp4_writer_get_head_size (VsMp4Writer *writer, guint64 reserved);

/* Takes the head's bytes in their order, some 64 KiB at a time. FALSE with an
 * error of its own ends the writing. */
typedef gboolean (*VsMp4Sink) (gconstpointer bytes, gsize size,
    gpointer user_data, GError **error);

/**
 * vs_mp4_writer_write_head:
 * @reserved: as for vs_mp4_writer_get_head_size (), whose size it writes
 * @payload_size: bytes of it; they follow the head
 *
 * Offsets of chunks have 64 bits where one does not fit into 32. The movie may
 * go on behind that, and the head be written again.
 *
 * Returns: FALSE with %G_IO_ERROR, or with the error of @sink
 */
gboolean vs_mp4_writer_write_head (VsMp4Writer *writer, guint64 reserved,
    guint64 payload_size, VsMp4Sink sink, gpointer user_data, GError **error);

G_END_DECLS
