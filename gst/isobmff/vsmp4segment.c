/* VisionStream: segments of fragmented MP4
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "isobmff/vsmp4segment.h"

/* boxes at the top level of a header, and of a segment */
#define MAX_BOXES 100000

#define MOOV VS_MP4_TYPE ('m', 'o', 'o', 'v')
#define MOOF VS_MP4_TYPE ('m', 'o', 'o', 'f')

static gboolean
damaged (GError ** error, const gchar * why)
{
  g_set_error_literal (error, VS_MP4_ERROR, VS_MP4_ERROR_DAMAGED, why);
  return FALSE;
}

gboolean
vs_mp4_segment_is_one (const guint8 * data, gsize size)
{
  static const guint32 types[] = {
    VS_MP4_TYPE ('s', 't', 'y', 'p'), VS_MP4_TYPE ('f', 't', 'y', 'p'),
    VS_MP4_TYPE ('s', 'i', 'd', 'x'), VS_MP4_TYPE ('e', 'm', 's', 'g'),
    VS_MP4_TYPE ('p', 'r', 'f', 't'), VS_MP4_TYPE ('f', 'r', 'e', 'e'),
    VS_MP4_TYPE ('m', 'd', 'a', 't'), MOOF, MOOV
  };
  guint32 type;

  if (size < 8)
    return FALSE;
  type = GST_READ_UINT32_BE (data + 4);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i] == type)
      return TRUE;
  return FALSE;
}

/* The next box, FALSE at the end or at what is none: then @error is set. */
static gboolean
next_box (GBytes * bytes, gsize * offset, VsMp4Box * box, guint * n,
    GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (*offset == size)
    return FALSE;
  if ((*n)++ == MAX_BOXES
      || !vs_mp4_box_parse (data + *offset, size - *offset, size - *offset,
          box))
    return damaged (error, "The segment is cut off, or not of MP4's boxes");
  *offset += box->size;
  return TRUE;
}

/* The payload of a box that ends at @end. */
static const guint8 *
get_payload (GBytes * bytes, gsize end, const VsMp4Box * box, gsize * size)
{
  const guint8 *data = g_bytes_get_data (bytes, NULL);

  *size = box->size - box->header;
  return data + end - *size;
}

static gboolean
take_movie (VsMp4Segment * segment, const guint8 * data, gsize size,
    GError ** error)
{
  if (segment->movie)
    return damaged (error, "There are two movie boxes");
  /* what is in the movie box itself has no place in a segment */
  segment->movie = vs_mp4_movie_parse (data, size, 0, error);
  if (segment->movie && !segment->movie->fragmented)
    return damaged (error, "The movie has no fragments");
  return segment->movie != NULL;
}

static gboolean
read_boxes (VsMp4Segment * segment, GBytes * bytes, gboolean is_header,
    GError ** error)
{
  guint64 end_of_file = segment->offset + g_bytes_get_size (segment->bytes);
  GError *cause = NULL;
  gsize offset = 0;
  guint n = 0;
  VsMp4Box box;

  while (next_box (bytes, &offset, &box, &n, &cause)) {
    gsize size;
    const guint8 *data = get_payload (bytes, offset, &box, &size);

    if (box.type == MOOV && !take_movie (segment, data, size, error))
      return FALSE;
    if (box.type != MOOF || is_header)
      continue;
    if (segment->movie == NULL)
      return damaged (error, "There is no movie box ahead of the fragments");
    if (!vs_mp4_movie_add_fragment (segment->movie, data, size,
            segment->offset + offset - box.size, end_of_file, error))
      return FALSE;
  }
  if (cause)
    g_propagate_error (error, cause);
  return cause == NULL;
}

/* The reader has seen to it that they end within the file. */
static gboolean
check_samples (const VsMp4Segment * segment, GError ** error)
{
  for (guint i = 0; i < segment->movie->tracks->len; i++) {
    const VsMp4Track *track = g_ptr_array_index (segment->movie->tracks, i);

    for (guint k = 0; k < track->samples->len; k++)
      if (g_array_index (track->samples, VsMp4Sample, k).offset
          < segment->offset)
        return damaged (error, "A sample lies outside of its segment");
  }
  return TRUE;
}

VsMp4Segment *
vs_mp4_segment_parse (GBytes * header, GBytes * bytes, guint64 offset,
    GError ** error)
{
  g_autoptr (VsMp4Segment) segment = g_new0 (VsMp4Segment, 1);

  segment->bytes = g_bytes_ref (bytes);
  segment->offset = offset;
  if (offset > G_MAXINT64 - g_bytes_get_size (bytes)) {
    damaged (error, "The segment's place is out of range");
    return NULL;
  }
  if ((header && !read_boxes (segment, header, TRUE, error))
      || !read_boxes (segment, bytes, FALSE, error))
    return NULL;
  if (segment->movie == NULL) {
    damaged (error, "There is no movie box");
    return NULL;
  }
  return vs_mp4_movie_finish (segment->movie, error)
      && check_samples (segment, error) ? g_steal_pointer (&segment) : NULL;
}

void
vs_mp4_segment_free (VsMp4Segment * segment)
{
  g_clear_pointer (&segment->movie, vs_mp4_movie_free);
  g_bytes_unref (segment->bytes);
  g_free (segment);
}

const VsMp4Track *
vs_mp4_segment_get_track (const VsMp4Segment * segment, VsMediaType type)
{
  for (guint i = 0; i < segment->movie->tracks->len; i++) {
    const VsMp4Track *track = g_ptr_array_index (segment->movie->tracks, i);

    if (track->type == type)
      return track;
  }
  return NULL;
}

const guint8 *
vs_mp4_segment_get_data (const VsMp4Segment * segment,
    const VsMp4Sample * sample)
{
  const guint8 *data = g_bytes_get_data (segment->bytes, NULL);

  return data + (sample->offset - segment->offset);
}
