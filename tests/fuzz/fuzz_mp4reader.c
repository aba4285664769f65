/* VisionStream: MP4 files of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input is a file: its movie box and movie fragments are read. What reads
 * must keep to the file; its samples are made into units. Lists of files come
 * in the same way.
 */
#include "asset/vsassetlist.h"
#include "isobmff/vsmp4reader.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

/* samples of a track that are made into units */
#define UNITS_MAX 64

static void
check_track (const VsMp4Track * track, const guint8 * data, gsize size)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gint64 last = 0;

  for (guint i = 0; i < track->samples->len; i++) {
    const VsMp4Sample *sample = &g_array_index (track->samples, VsMp4Sample, i);

    if (sample->size == 0 || sample->offset + sample->size > size
        || sample->dts < last || sample->dts > track->end
        || sample->description >= track->descriptions->len)
      g_error ("sample %u is not within the file", i);
    last = sample->dts;
    if (i < UNITS_MAX)
      vs_mp4_append_unit (&g_array_index (track->descriptions,
              VsMp4Description, sample->description), data + sample->offset,
          sample->size, sample->sync, out, NULL);
    g_byte_array_set_size (out, 0);
  }
}

static gboolean
read_box (VsMp4Movie ** movie, const VsMp4Box * box, const guint8 * data,
    guint64 offset, gsize size)
{
  const guint8 *body = data + offset + box->header;
  gsize length = box->size - box->header;

  if (*movie == NULL && box->type == VS_MP4_TYPE ('m', 'o', 'o', 'v'))
    return (*movie = vs_mp4_movie_parse (body, length, size, NULL)) != NULL;
  if (*movie && (*movie)->fragmented
      && box->type == VS_MP4_TYPE ('m', 'o', 'o', 'f'))
    return vs_mp4_movie_add_fragment (*movie, body, length, offset, size, NULL);
  return TRUE;
}

/* A movie fragment that does not hold ends it. */
static VsMp4Movie *
read_movie (const guint8 * data, gsize size)
{
  VsMp4Movie *movie = NULL;
  VsMp4Box box = { 0 };

  for (guint64 offset = 0; offset < size; offset += box.size)
    if (!vs_mp4_box_parse (data + offset, size - offset, size - offset, &box)
        || !read_box (&movie, &box, data, offset, size))
      break;
  if (movie && !vs_mp4_movie_finish (movie, NULL))
    g_clear_pointer (&movie, vs_mp4_movie_free);
  return movie;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (VsMp4Movie) movie = read_movie (data, size);
  GPtrArray *json = vs_asset_list_parse_json ((const gchar *) data, size, NULL);
  GPtrArray *smil = vs_asset_list_parse_smil ((const gchar *) data, size, NULL);

  for (guint i = 0; movie && i < movie->tracks->len; i++)
    check_track (g_ptr_array_index (movie->tracks, i), data, size);
  g_clear_pointer (&json, g_ptr_array_unref);
  g_clear_pointer (&smil, g_ptr_array_unref);
  return 0;
}
