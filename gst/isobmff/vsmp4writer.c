/* VisionStream: MP4 files written: the movie box of a progressive file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The head is measured before it is written, for offsets of chunks count from
 * the file's start and the head is ahead of them. Whether they have 32 or 64
 * bits makes the head longer, but never shorter again: two measures are enough.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vsmp4index.h"
#include "isobmff/vssampleentry.h"
#include "isobmff/vstrackboxes.h"

/* s from 1904 to 1970: times of 14496-12 8.2.2.3 */
#define UNIX_EPOCH G_GUINT64_CONSTANT (2082844800)
/* of audio tracks, of which one is played */
#define AUDIO_GROUP 1
#define BOX_HEADER 8
/* of mdat: always with a 64-bit size, so that the head's size does not depend
 * on the payload's */
#define MDAT_HEADER 16
/* Bytes that tables may have: what is left of a box's 32 bits is for all the
 * others. */
#define TABLES_MAX G_GUINT64_CONSTANT (0xf0000000)

typedef struct
{
  GPtrArray *configs;           /* VsCodecConfig, as in stsd */
  guint32 description;          /* of the next chunk, from 1 */
  gchar *language;
  VsMp4Index index;
} Track;

struct _VsMp4Writer
{
  VsMp4Spill spill;
  GPtrArray *tracks;            /* Track */
  guint64 created;              /* s since 1904, or 0 */
  gint64 start;                 /* G_MININT64: of the earliest track */
};

static VsCodecConfig *
get_first_config (const Track * track)
{
  return g_ptr_array_index (track->configs, 0);
}

static gboolean
is_video (const Track * track)
{
  return vs_codec_get_media_type (get_first_config (track)->codec) ==
      VS_MEDIA_VIDEO;
}

static Track *
track_new (VsMp4Spill * spill, const VsCodecConfig * config,
    guint32 timescale, const gchar * language)
{
  Track *track = g_new0 (Track, 1);

  track->configs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vs_codec_config_unref);
  g_ptr_array_add (track->configs,
      vs_codec_config_ref ((VsCodecConfig *) config));
  track->description = 1;
  track->language = g_strdup (language);
  vs_mp4_index_init (&track->index, spill, timescale, !is_video (track));
  return track;
}

static void
track_free (Track * track)
{
  g_ptr_array_unref (track->configs);
  g_free (track->language);
  vs_mp4_index_clear (&track->index);
  g_free (track);
}

VsMp4Writer *
vs_mp4_writer_new (const gchar * spill_directory)
{
  VsMp4Writer *writer = g_new0 (VsMp4Writer, 1);

  vs_mp4_spill_init (&writer->spill, spill_directory);
  writer->tracks = g_ptr_array_new_with_free_func ((GDestroyNotify) track_free);
  writer->start = G_MININT64;
  return writer;
}

void
vs_mp4_writer_free (VsMp4Writer * writer)
{
  g_ptr_array_unref (writer->tracks);
  vs_mp4_spill_clear (&writer->spill);
  g_free (writer);
}

void
vs_mp4_writer_set_created (VsMp4Writer * writer, gint64 utc)
{
  writer->created = UNIX_EPOCH + MAX (utc, 0);
}

void
vs_mp4_writer_set_start (VsMp4Writer * writer, gint64 start)
{
  writer->start = start;
}

static Track *
get_track (const VsMp4Writer * writer, guint i)
{
  return g_ptr_array_index (writer->tracks, i);
}

static gboolean
refuse (GError ** error, const gchar * what)
{
  g_set_error_literal (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
      what);
  return FALSE;
}

gint
vs_mp4_writer_add_track (VsMp4Writer * writer, const VsCodecConfig * config,
    guint32 timescale, const gchar * language, GError ** error)
{
  g_return_val_if_fail (timescale > 0, -1);

  if (!vs_sample_entry_check (config, error))
    return -1;
  if (writer->tracks->len == VS_MP4_WRITER_TRACKS_MAX) {
    refuse (error, "the movie has too many tracks");
    return -1;
  }
  g_ptr_array_add (writer->tracks,
      track_new (&writer->spill, config, timescale, language));
  return writer->tracks->len - 1;
}

static gboolean
record_equal (GBytes * a, GBytes * b)
{
  return a == b || (a && b && g_bytes_equal (a, b));
}

/* whether they have the same sample entry */
static gboolean
config_equal (const VsCodecConfig * a, const VsCodecConfig * b)
{
  return record_equal (a->record, b->record) && a->width == b->width
      && a->height == b->height && a->par_n == b->par_n
      && a->par_d == b->par_d && a->colour_primaries == b->colour_primaries
      && a->transfer == b->transfer && a->matrix == b->matrix
      && a->full_range == b->full_range && a->sample_rate == b->sample_rate
      && a->channels == b->channels;
}

/* the number of the sample entry, 0: there is none */
static guint32
find_description (const Track * track, const VsCodecConfig * config)
{
  for (guint i = 0; i < track->configs->len; i++)
    if (config_equal (g_ptr_array_index (track->configs, i), config))
      return i + 1;
  return 0;
}

gboolean
vs_mp4_writer_set_config (VsMp4Writer * writer, guint track_number,
    const VsCodecConfig * config, GError ** error)
{
  Track *track = get_track (writer, track_number);
  guint32 description;

  if (!vs_sample_entry_check (config, error))
    return FALSE;
  if (config->codec != get_first_config (track)->codec)
    return refuse (error, "the track is of another codec");
  description = find_description (track, config);
  if (description == 0) {
    if (track->configs->len == VS_MP4_WRITER_CONFIGS_MAX)
      return refuse (error, "the track has too many configurations");
    g_ptr_array_add (track->configs,
        vs_codec_config_ref ((VsCodecConfig *) config));
    description = track->configs->len;
  }
  track->description = description;
  return TRUE;
}

static gboolean
has_room (const VsMp4Writer * writer, const VsMp4Chunk * chunk, GError ** error)
{
  guint64 size = vs_mp4_index_get_growth (chunk->n_samples);

  for (guint i = 0; i < writer->tracks->len; i++)
    size += vs_mp4_index_get_size (&get_track (writer, i)->index);
  return size <= TABLES_MAX
      || refuse (error, "the movie has more samples than a box can have");
}

/* What can fail comes first. */
gboolean
vs_mp4_writer_add_chunk (VsMp4Writer * writer, guint track_number,
    const VsMp4Chunk * chunk, GError ** error)
{
  Track *track = get_track (writer, track_number);

  if (!vs_mp4_index_check (&track->index, chunk, error)
      || !has_room (writer, chunk, error)
      || !vs_mp4_index_spill (&track->index, error))
    return FALSE;
  vs_mp4_index_add (&track->index, chunk, track->description);
  return TRUE;
}

/* How the head is written. */
typedef struct
{
  VsMp4Writer *writer;
  VsMp4Edits edits[VS_MP4_WRITER_TRACKS_MAX];
  /* tracks that are in the file, in its order */
  guint tracks[VS_MP4_WRITER_TRACKS_MAX];
  guint n_tracks;
  gint64 duration;
  guint64 last_position;        /* of all chunks */
  gboolean wide;                /* offsets of chunks have 64 bits */
  guint64 size;                 /* of the head, with what fills it up */
  guint64 free_size;            /* of the free box */
  guint64 padding;              /* ahead of the payload, in mdat */
  guint64 payload_size;
} Head;

static gint64
find_start (const VsMp4Writer * writer)
{
  gint64 start = G_MAXINT64;

  if (writer->start != G_MININT64)
    return writer->start;
  for (guint i = 0; i < writer->tracks->len; i++) {
    const VsMp4Index *index = &get_track (writer, i)->index;

    if (index->n_samples > 0)
      start = MIN (start, vs_mp4_extent_to_movie (&index->extent,
              index->extent.start));
  }
  return start;
}

static void
take_track (Head * head, guint i)
{
  const VsMp4Index *index = &get_track (head->writer, i)->index;
  const VsMp4Edits *edits = &head->edits[i];

  head->tracks[head->n_tracks++] = i;
  head->duration = MAX (head->duration, edits->empty + edits->duration);
  head->last_position = MAX (head->last_position, index->last_position);
}

/* Tracks of which there is something to show. */
static void
take_tracks (Head * head, gboolean video)
{
  gint64 start = find_start (head->writer);

  for (guint i = 0; i < head->writer->tracks->len; i++) {
    const Track *track = get_track (head->writer, i);

    if (is_video (track) != video || track->index.n_samples == 0)
      continue;
    vs_mp4_edits_init (&head->edits[i], &track->index.extent,
        vs_mp4_index_get_shift (&track->index), start);
    if (head->edits[i].duration > 0)
      take_track (head, i);
  }
}

/* isom, iso2, avc1 or hvc1, mp41: edit lists and version 0 of ctts are in the
 * first of them. */
static void
put_ftyp (VsBoxWriter * w, gconstpointer data)
{
  const Head *head = data;
  gsize ftyp = vs_box_open (w, "ftyp");
  VsCodec codec = VS_CODEC_UNKNOWN;

  if (head->n_tracks > 0)
    codec = get_first_config (get_track (head->writer, head->tracks[0]))->codec;
  vs_box_put_bytes (w, "isom", 4);
  vs_box_put_u32 (w, 0x200);
  vs_box_put_bytes (w, "isom", 4);
  vs_box_put_bytes (w, "iso2", 4);
  if (codec == VS_CODEC_H264)
    vs_box_put_bytes (w, "avc1", 4);
  if (codec == VS_CODEC_H265)
    vs_box_put_bytes (w, "hvc1", 4);
  vs_box_put_bytes (w, "mp41", 4);
  vs_box_close (w, ftyp);
}

static void
put_mvhd (VsBoxWriter * w, gconstpointer data)
{
  const Head *head = data;
  const VsMovieHeader movie = {.timescale = VS_MP4_WRITER_TIMESCALE,
    .duration = head->duration,.created = head->writer->created,
    .next_track_id = head->n_tracks + 1
  };

  vs_movie_put_mvhd (w, &movie);
}

static void
put_tkhd (VsBoxWriter * w, gconstpointer data)
{
  vs_track_put_tkhd (w, data);
}

static void
put_edits (VsBoxWriter * w, gconstpointer data)
{
  vs_mp4_edits_put (w, data);
}

static void
put_media (VsBoxWriter * w, gconstpointer data)
{
  vs_track_put_media (w, data);
}

static void
put_information (VsBoxWriter * w, gconstpointer data)
{
  vs_track_put_information (w, data);
}

static void
put_stsd (VsBoxWriter * w, gconstpointer data)
{
  const Track *track = data;
  gsize stsd = vs_box_open_full (w, "stsd", 0, 0);

  vs_box_put_u32 (w, track->configs->len);
  for (guint i = 0; i < track->configs->len; i++)
    vs_sample_entry_put (w, g_ptr_array_index (track->configs, i));
  vs_box_close (w, stsd);
}

static void
put_mdia (const Head * head, const Track * track,
    const VsTrackHeader * header, VsMp4Output * output)
{
  guint mdia = vs_mp4_output_open (output, "mdia"), minf, stbl;

  vs_mp4_output_put (output, put_media, header);
  minf = vs_mp4_output_open (output, "minf");
  vs_mp4_output_put (output, put_information, header);
  stbl = vs_mp4_output_open (output, "stbl");
  vs_mp4_output_put (output, put_stsd, track);
  vs_mp4_index_put (&track->index, head->wide, head->size, output);
  vs_mp4_output_close (output, stbl);
  vs_mp4_output_close (output, minf);
  vs_mp4_output_close (output, mdia);
}

/* Of audio tracks the one that comes first is played. */
static VsTrackHeader
make_header (const Head * head, guint place)
{
  guint number = head->tracks[place];
  const Track *track = get_track (head->writer, number);
  const VsMp4Edits *edits = &head->edits[number];
  VsTrackHeader header = {.config = get_first_config (track),
    .language = track->language,.id = place + 1,
    .timescale = track->index.extent.timescale,
    .flags = VS_TKHD_ENABLED | VS_TKHD_IN_MOVIE,
    .created = head->writer->created,
    .duration = track->index.media_duration,
    .movie_duration = edits->empty + edits->duration
  };

  if (is_video (track))
    return header;
  header.alternate_group = AUDIO_GROUP;
  if (place > 0
      && !is_video (get_track (head->writer, head->tracks[place - 1])))
    header.flags &= ~VS_TKHD_ENABLED;
  return header;
}

static void
put_trak (const Head * head, guint place, VsMp4Output * output)
{
  guint number = head->tracks[place];
  const Track *track = get_track (head->writer, number);
  const VsTrackHeader header = make_header (head, place);
  guint trak = vs_mp4_output_open (output, "trak");

  vs_mp4_output_put (output, put_tkhd, &header);
  vs_mp4_output_put (output, put_edits, &head->edits[number]);
  put_mdia (head, track, &header, output);
  vs_mp4_output_close (output, trak);
}

static void
put_filling (const Head * head, VsMp4Output * output)
{
  guint box;

  if (head->free_size == 0)
    return;
  box = vs_mp4_output_open (output, "free");
  vs_mp4_output_put_zeros (output, head->free_size - BOX_HEADER);
  vs_mp4_output_close (output, box);
}

/* The box is longer than what is written of it here: see 14496-12 4.2 for the
 * form of its size. */
static void
put_mdat_header (VsBoxWriter * w, gconstpointer data)
{
  const Head *head = data;

  vs_box_put_u32 (w, 1);
  vs_box_put_bytes (w, "mdat", 4);
  vs_box_put_u64 (w, MDAT_HEADER + head->padding + head->payload_size);
  vs_box_put_zeros (w, head->padding);
}

static void
put_head (const Head * head, VsMp4Output * output)
{
  guint moov;

  vs_mp4_output_put (output, put_ftyp, head);
  moov = vs_mp4_output_open (output, "moov");
  vs_mp4_output_put (output, put_mvhd, head);
  for (guint i = 0; i < head->n_tracks; i++)
    put_trak (head, i, output);
  vs_mp4_output_close (output, moov);
  put_filling (head, output);
  vs_mp4_output_put (output, put_mdat_header, head);
}

static void
measure (Head * head, guint64 reserved)
{
  g_auto (VsMp4Output) output = { 0 };
  guint64 rest;

  vs_mp4_output_init (&output);
  head->free_size = head->padding = 0;
  put_head (head, &output);
  head->size = MAX (output.offset, reserved);
  rest = head->size - output.offset;
  if (rest >= BOX_HEADER)
    head->free_size = rest;
  else
    head->padding = rest;
}

static void
plan_head (Head * head, guint64 reserved)
{
  take_tracks (head, TRUE);
  take_tracks (head, FALSE);
  measure (head, reserved);
  if (head->size + head->last_position > G_MAXUINT32) {
    head->wide = TRUE;
    measure (head, reserved);
  }
}

guint64
vs_mp4_writer_get_head_size (VsMp4Writer * writer, guint64 reserved)
{
  Head head = {.writer = writer };

  g_return_val_if_fail (reserved <= VS_MP4_WRITER_RESERVE_MAX, 0);
  plan_head (&head, reserved);
  return head.size;
}

gboolean
vs_mp4_writer_write_head (VsMp4Writer * writer, guint64 reserved,
    guint64 payload_size, VsMp4Sink sink, gpointer user_data, GError ** error)
{
  Head head = {.writer = writer,.payload_size = payload_size };
  g_auto (VsMp4Output) output = { 0 };

  g_return_val_if_fail (reserved <= VS_MP4_WRITER_RESERVE_MAX, FALSE);
  g_return_val_if_fail (sink != NULL, FALSE);
  plan_head (&head, reserved);
  vs_mp4_output_init (&output);
  put_head (&head, &output);
  vs_mp4_output_set_sink (&output, sink, user_data);
  put_head (&head, &output);
  return vs_mp4_output_finish (&output, error);
}
