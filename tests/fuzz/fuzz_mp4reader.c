/* VisionStream: movie boxes of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The input is a file with its movie box alone. What reads must keep to the
 * file; its samples are made into units out of the input itself. Lists of
 * files come in the same way.
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

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (VsMp4Movie) movie = vs_mp4_movie_parse (data, size, size, NULL);
  GPtrArray *json = vs_asset_list_parse_json ((const gchar *) data, size, NULL);
  GPtrArray *smil = vs_asset_list_parse_smil ((const gchar *) data, size, NULL);

  for (guint i = 0; movie && i < movie->tracks->len; i++)
    check_track (g_ptr_array_index (movie->tracks, i), data, size);
  g_clear_pointer (&json, g_ptr_array_unref);
  g_clear_pointer (&smil, g_ptr_array_unref);
  return 0;
}
