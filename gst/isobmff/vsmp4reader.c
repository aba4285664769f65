/* VisionStream: MP4 files read: the movie box
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "isobmff/vsmp4private.h"

#include "codec/vslanguage.h"

/* tracks of a movie that are looked at */
#define MAX_TRACKS 64
/* edits of a list: empty ones, and one that is none */
#define MAX_EDITS 16
#define BOX_HEADER 8

GQuark
vs_mp4_error_quark (void)
{
  return g_quark_from_static_string ("vs-mp4-error-quark");
}

gboolean
vs_mp4_box_parse (const guint8 * data, gsize size, guint64 available,
    VsMp4Box * box)
{
  GstByteReader reader = GST_BYTE_READER_INIT (data, MIN (size, G_MAXUINT));
  guint32 size32;

  if (!gst_byte_reader_get_uint32_be (&reader, &size32)
      || !gst_byte_reader_get_uint32_be (&reader, &box->type))
    return FALSE;
  box->size = size32;
  if (size32 == 1 && !gst_byte_reader_get_uint64_be (&reader, &box->size))
    return FALSE;
  if (size32 == 0)
    box->size = available;
  box->header = gst_byte_reader_get_pos (&reader);
  return box->size >= box->header && box->size <= available;
}

gboolean
vs_mp4_next (GstByteReader * parent, guint32 * type, GstByteReader * body)
{
  guint available = gst_byte_reader_get_remaining (parent);
  const guint8 *data;
  VsMp4Box box;

  if (available < BOX_HEADER
      || !gst_byte_reader_peek_data (parent, available, &data)
      || !vs_mp4_box_parse (data, available, available, &box))
    return FALSE;
  *type = box.type;
  gst_byte_reader_init (body, data + box.header, box.size - box.header);
  return gst_byte_reader_skip (parent, box.size);
}

gboolean
vs_mp4_find (const GstByteReader * parent, guint32 type, GstByteReader * body)
{
  GstByteReader reader = *parent;
  guint32 found;

  while (vs_mp4_next (&reader, &found, body))
    if (found == type)
      return TRUE;
  return FALSE;
}

gboolean
vs_mp4_get_full (GstByteReader * body, guint8 * version, guint32 * flags)
{
  return gst_byte_reader_get_uint8 (body, version)
      && gst_byte_reader_get_uint24_be (body, flags);
}

/* The timescale of mvhd and mdhd (8.2.2, 8.4.2): the reader ends behind it. */
static gboolean
get_timescale (GstByteReader * body, guint32 * timescale, guint8 * version)
{
  guint32 flags;

  return vs_mp4_get_full (body, version, &flags)
      && gst_byte_reader_skip (body, *version == 1 ? 16 : 8)
      && gst_byte_reader_get_uint32_be (body, timescale) && *timescale > 0;
}

/* Three letters of five bits each (8.4.2.3). */
static gchar *
unpack_language (guint16 packed)
{
  gchar code[4] = { 0 };

  for (guint i = 0; i < 3; i++) {
    code[i] = (packed >> (10 - 5 * i) & 0x1f) + 0x60;
    if (!g_ascii_islower (code[i]))
      return NULL;
  }
  if (g_str_equal (code, "und"))
    return NULL;
  return vs_language_dup_tag (code);
}

/* The extended language tag (8.4.6), if it is one. */
static gchar *
read_elng (const GstByteReader * mdia)
{
  GstByteReader elng;
  const gchar *tag;
  guint8 version;
  guint32 flags;

  if (!vs_mp4_find (mdia, VS_MP4_TYPE ('e', 'l', 'n', 'g'), &elng)
      || !vs_mp4_get_full (&elng, &version, &flags)
      || !gst_byte_reader_get_string_utf8 (&elng, &tag) || strlen (tag) < 2
      || strlen (tag) > 35)
    return NULL;
  for (const gchar * p = tag; *p; p++)
    if (!g_ascii_isalnum (*p) && *p != '-')
      return NULL;
  return g_strdup (tag);
}

static gboolean
read_mdhd (const GstByteReader * mdia, VsMp4Track * track)
{
  GstByteReader mdhd;
  guint8 version;
  guint16 language;

  if (!vs_mp4_find (mdia, VS_MP4_TYPE ('m', 'd', 'h', 'd'), &mdhd)
      || !get_timescale (&mdhd, &track->timescale, &version)
      || !gst_byte_reader_skip (&mdhd, version == 1 ? 8 : 4)
      || !gst_byte_reader_get_uint16_be (&mdhd, &language))
    return FALSE;
  track->language = read_elng (mdia);
  if (track->language == NULL)
    track->language = unpack_language (language);
  return TRUE;
}

static VsMediaType
read_handler (const GstByteReader * mdia)
{
  GstByteReader hdlr;
  guint32 type;

  /* version, flags, pre_defined (8.4.3) */
  if (!vs_mp4_find (mdia, VS_MP4_TYPE ('h', 'd', 'l', 'r'), &hdlr)
      || !gst_byte_reader_skip (&hdlr, 8)
      || !gst_byte_reader_get_uint32_be (&hdlr, &type))
    return VS_MEDIA_OTHER;
  switch (type) {
    case VS_MP4_TYPE ('v', 'i', 'd', 'e'):
      return VS_MEDIA_VIDEO;
    case VS_MP4_TYPE ('s', 'o', 'u', 'n'):
      return VS_MEDIA_AUDIO;
    default:
      return VS_MEDIA_OTHER;
  }
}

typedef struct
{
  guint64 duration;             /* in the movie's timescale, 0: to the end */
  gint64 media_time;            /* -1: empty */
} Edit;

static gboolean
get_edit (GstByteReader * elst, guint8 version, Edit * edit)
{
  guint32 duration32;
  gint32 time32;

  if (version == 1)
    return gst_byte_reader_get_uint64_be (elst, &edit->duration)
        && gst_byte_reader_get_int64_be (elst, &edit->media_time)
        && gst_byte_reader_skip (elst, 4);
  if (!gst_byte_reader_get_uint32_be (elst, &duration32)
      || !gst_byte_reader_get_int32_be (elst, &time32)
      || !gst_byte_reader_skip (elst, 4))
    return FALSE;
  edit->duration = duration32;
  edit->media_time = time32;
  return TRUE;
}

/* From the movie's timescale to the track's; G_MAXINT64 where it is too
 * long. */
static gint64
to_track (const VsMp4Track * track, guint64 duration, guint32 movie_timescale)
{
  guint64 limit = (guint64) VS_MP4_SECONDS_MAX * movie_timescale;

  if (duration > limit)
    return G_MAXINT64;
  return gst_util_uint64_scale_round (duration, track->timescale,
      movie_timescale);
}

/* TRUE when there is no more to come. */
static gboolean
take_edit (VsMp4Track * track, const Edit * edit, guint32 movie_timescale,
    gint64 * delay)
{
  gint64 length = to_track (track, edit->duration, movie_timescale);
  gint64 latest = (gint64) VS_MP4_SECONDS_MAX * track->timescale;

  if (edit->media_time < 0) {
    *delay = length > latest - *delay ? latest : *delay + length;
    return FALSE;
  }
  track->shown_from = MIN (edit->media_time, VS_MP4_TIME_MAX);
  if (edit->duration > 0 && length < latest)
    track->shown_to = track->shown_from + length;
  return TRUE;
}

static gboolean
read_edits (const GstByteReader * trak, guint32 movie_timescale,
    VsMp4Track * track, GError ** error)
{
  GstByteReader edts, elst;
  gboolean shown = FALSE;
  gint64 delay = 0;
  guint32 flags, n;
  guint8 version;
  Edit edit;

  track->shown_to = G_MAXINT64;
  if (!vs_mp4_find (trak, VS_MP4_TYPE ('e', 'd', 't', 's'), &edts)
      || !vs_mp4_find (&edts, VS_MP4_TYPE ('e', 'l', 's', 't'), &elst))
    return TRUE;
  if (!vs_mp4_get_full (&elst, &version, &flags)
      || !gst_byte_reader_get_uint32_be (&elst, &n))
    n = G_MAXUINT32;
  for (guint i = 0; i < MIN (n, MAX_EDITS + 1); i++) {
    if (!get_edit (&elst, version, &edit)) {
      g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED,
          "The edit list is cut off");
      return FALSE;
    }
    if (shown || i == MAX_EDITS) {
      g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
          "A track has several edits");
      return FALSE;
    }
    shown = take_edit (track, &edit, movie_timescale, &delay);
  }
  track->origin = track->shown_from - delay;
  return TRUE;
}

static void
description_clear (gpointer data)
{
  VsMp4Description *description = data;

  g_clear_pointer (&description->parameter_sets, g_bytes_unref);
}

static void
track_free (VsMp4Track * track)
{
  g_free (track->language);
  g_array_unref (track->descriptions);
  g_array_unref (track->samples);
  g_free (track);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsMp4Track, track_free);

static VsMp4Track *
track_new (VsMediaType type)
{
  VsMp4Track *track = g_new0 (VsMp4Track, 1);

  track->type = type;
  track->descriptions = g_array_new (FALSE, TRUE, sizeof (VsMp4Description));
  g_array_set_clear_func (track->descriptions, description_clear);
  track->samples = g_array_new (FALSE, FALSE, sizeof (VsMp4Sample));
  return track;
}

static gboolean
has_codec (const VsMp4Track * track)
{
  for (guint i = 0; i < track->descriptions->len; i++)
    if (vs_codec_get_media_type (g_array_index (track->descriptions,
                VsMp4Description, i).codec) == track->type)
      return TRUE;
  return FALSE;
}

/* a, b, u, c and d of a matrix (8.3.2.3): x right and y down, scaled or not */
static guint
find_rotation (const gint32 matrix[5])
{
  gint32 a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];

  if (a == 0 && d == 0 && b != 0 && c != 0 && (b > 0) != (c > 0))
    return b > 0 ? 90 : 270;
  return a < 0 && d < 0 && b == 0 && c == 0 ? 180 : 0;
}

static gboolean
read_tkhd (const GstByteReader * trak, VsMp4Track * track)
{
  GstByteReader tkhd;
  gint32 matrix[5];
  guint8 version;
  guint32 flags;

  if (!vs_mp4_find (trak, VS_MP4_TYPE ('t', 'k', 'h', 'd'), &tkhd)
      || !vs_mp4_get_full (&tkhd, &version, &flags)
      || !gst_byte_reader_skip (&tkhd, version == 1 ? 16 : 8)
      || !gst_byte_reader_get_uint32_be (&tkhd, &track->id)
      /* duration; layer, group and volume between what is reserved */
      || !gst_byte_reader_skip (&tkhd, (version == 1 ? 12 : 8) + 16))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (matrix); i++)
    if (!gst_byte_reader_get_int32_be (&tkhd, &matrix[i]))
      return FALSE;
  if (track->type == VS_MEDIA_VIDEO)
    track->rotation = find_rotation (matrix);
  return TRUE;
}

/* Adds a track that is of use. */
static gboolean
read_track (const GstByteReader * trak, guint32 movie_timescale,
    guint64 file_size, VsMp4Movie * movie, GError ** error)
{
  GstByteReader mdia, minf, stbl;
  VsMediaType type = VS_MEDIA_OTHER;
  g_autoptr (VsMp4Track) track = NULL;

  if (vs_mp4_find (trak, VS_MP4_TYPE ('m', 'd', 'i', 'a'), &mdia))
    type = read_handler (&mdia);
  if (type == VS_MEDIA_OTHER)
    return TRUE;
  track = track_new (type);
  if (!read_tkhd (trak, track) || !read_mdhd (&mdia, track)
      || !vs_mp4_find (&mdia, VS_MP4_TYPE ('m', 'i', 'n', 'f'), &minf)
      || !vs_mp4_find (&minf, VS_MP4_TYPE ('s', 't', 'b', 'l'), &stbl)) {
    g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED,
        "A track has no header or no sample table");
    return FALSE;
  }
  if (!read_edits (trak, movie_timescale, track, error)
      || !vs_mp4_samples_parse (&stbl, movie->fragmented, file_size,
          VS_MP4_SAMPLES_MAX - movie->n_samples, track, error))
    return FALSE;
  movie->n_samples += track->samples->len;
  for (guint i = 0; i < track->descriptions->len; i++)
    g_array_index (track->descriptions, VsMp4Description, i).rotation =
        track->rotation;
  if (has_codec (track))
    g_ptr_array_add (movie->tracks, g_steal_pointer (&track));
  return TRUE;
}

static gboolean
read_tracks (const GstByteReader * moov, guint32 movie_timescale,
    guint64 file_size, VsMp4Movie * movie, GError ** error)
{
  GstByteReader reader = *moov, trak;
  guint n = 0;
  guint32 type;

  while (vs_mp4_next (&reader, &type, &trak)) {
    if (type != VS_MP4_TYPE ('t', 'r', 'a', 'k'))
      continue;
    if (n++ == MAX_TRACKS)
      break;
    if (!read_track (&trak, movie_timescale, file_size, movie, error))
      return FALSE;
  }
  return TRUE;
}

/* An array that has grown takes up to twice what is in it. */
static void
trim_samples (VsMp4Track * track)
{
  GArray *samples = g_array_sized_new (FALSE, FALSE, sizeof (VsMp4Sample),
      track->samples->len);

  g_array_append_vals (samples, track->samples->data, track->samples->len);
  g_array_unref (track->samples);
  track->samples = samples;
}

gboolean
vs_mp4_movie_finish (VsMp4Movie * movie, GError ** error)
{
  for (guint i = movie->tracks->len; i > 0; i--) {
    VsMp4Track *track = g_ptr_array_index (movie->tracks, i - 1);

    if (track->samples->len == 0)
      g_ptr_array_remove_index (movie->tracks, i - 1);
    else
      trim_samples (track);
  }
  if (movie->tracks->len > 0)
    return TRUE;
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_UNSUPPORTED,
      "The movie has no track of H.264, H.265, AAC, AC-3 or E-AC-3");
  return FALSE;
}

static VsMp4Movie *
movie_new (void)
{
  VsMp4Movie *movie = g_new0 (VsMp4Movie, 1);

  movie->tracks = g_ptr_array_new_with_free_func ((GDestroyNotify) track_free);
  movie->defaults = g_array_new (FALSE, FALSE, sizeof (VsMp4Defaults));
  return movie;
}

VsMp4Movie *
vs_mp4_movie_parse (const guint8 * data, gsize size, guint64 file_size,
    GError ** error)
{
  g_autoptr (VsMp4Movie) movie = movie_new ();
  GstByteReader moov, found;
  guint32 timescale;
  guint8 version;

  gst_byte_reader_init (&moov, data, MIN (size, VS_MP4_MOVIE_MAX));
  movie->fragmented =
      vs_mp4_find (&moov, VS_MP4_TYPE ('m', 'v', 'e', 'x'), &found);
  if (movie->fragmented && !vs_mp4_defaults_parse (&found, movie->defaults)) {
    g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED,
        "The defaults of movie fragments do not hold");
    return NULL;
  }
  if (!vs_mp4_find (&moov, VS_MP4_TYPE ('m', 'v', 'h', 'd'), &found)
      || !get_timescale (&found, &timescale, &version)) {
    g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED,
        "The movie has no header");
    return NULL;
  }
  if (!read_tracks (&moov, timescale, file_size, movie, error)
      || (!movie->fragmented && !vs_mp4_movie_finish (movie, error)))
    return NULL;
  return g_steal_pointer (&movie);
}

void
vs_mp4_movie_free (VsMp4Movie * movie)
{
  g_ptr_array_unref (movie->tracks);
  g_array_unref (movie->defaults);
  g_free (movie);
}

gsize
vs_mp4_movie_get_footprint (const VsMp4Movie * movie)
{
  gsize size = sizeof *movie;

  for (guint i = 0; i < movie->tracks->len; i++) {
    const VsMp4Track *track = g_ptr_array_index (movie->tracks, i);

    size += sizeof *track + track->samples->len * sizeof (VsMp4Sample);
  }
  return size;
}
