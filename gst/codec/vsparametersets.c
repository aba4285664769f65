/* VisionStream: the parameter sets of an H.264 or H.265 stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A stream may send a parameter set alone, anywhere, and only once. What is in
 * force is therefore what the configuration so far has, with what a unit
 * brings put over it; the record of the configuration is the memory.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vscodecrecord.h"
#include "codec/vsnaltypes.h"
#include "codec/vsparametersets.h"

static gboolean
is_equal (const VsNal * a, const VsNal * b)
{
  return a->size == b->size && memcmp (a->data, b->data, a->size) == 0;
}

/* Where @id stands in its level, or would. */
static guint
find_place (const VsParameterSets * sets, guint level, guint id)
{
  guint i = 0;

  while (i < sets->levels[level].n && sets->levels[level].sets[i].id < id)
    i++;
  return i;
}

static const VsParameterSet *
find (const VsParameterSets * sets, guint level, guint id)
{
  guint i = find_place (sets, level, id);

  if (i == sets->levels[level].n || sets->levels[level].sets[i].id != id)
    return NULL;
  return &sets->levels[level].sets[i];
}

/* Removes what refers to set @parent of the level above, or, with @others, all
 * that does not; and what refers to that in turn. */
static void
drop_children (VsParameterSets * sets, guint level, guint parent,
    gboolean others)
{
  guint kept = 0;

  if (level == sets->n_levels)
    return;
  for (guint i = 0; i < sets->levels[level].n; i++) {
    VsParameterSet set = sets->levels[level].sets[i];

    if ((set.parent == parent) != others)
      drop_children (sets, level + 1, set.id, FALSE);
    else
      sets->levels[level].sets[kept++] = set;
  }
  sets->levels[level].n = kept;
}

static gboolean
put (VsParameterSets * sets, guint level, const VsParameterSet * set)
{
  guint i = find_place (sets, level, set->id);
  VsParameterSet *place = &sets->levels[level].sets[i];
  guint n = sets->levels[level].n;

  if (i < n && place->id == set->id) {
    if (level + 2 == sets->n_levels && !is_equal (&place->nal, &set->nal))
      drop_children (sets, level + 1, set->id, FALSE);
    *place = *set;
    return TRUE;
  }
  if (n == VS_NAL_SET_MAX)
    return FALSE;
  memmove (place + 1, place, (n - i) * sizeof *place);
  *place = *set;
  sets->levels[level].n++;
  return TRUE;
}

/* Levels from the top: a set is there before those that refer to it. */
static gboolean
put_all (VsParameterSets * sets, const VsNalSet * from, guint n_levels,
    VsParameterSetFunc identify)
{
  for (guint level = 0; level < n_levels; level++) {
    for (guint i = 0; i < from[level].n; i++) {
      VsParameterSet set = { from[level].nals[i], 0, 0 };

      if (identify (level, &set) && !put (sets, level, &set))
        return FALSE;
    }
  }
  return TRUE;
}

void
vs_parameter_sets_merge (VsParameterSets * sets, guint n_levels,
    const VsNalSet * old, const VsNalSet * own, VsParameterSetFunc identify)
{
  memset (sets, 0, sizeof *sets);
  sets->n_levels = n_levels;
  put_all (sets, old, n_levels, identify);
  if (put_all (sets, own, n_levels, identify))
    return;
  memset (sets, 0, sizeof *sets);
  sets->n_levels = n_levels;
  put_all (sets, old, n_levels - 1, identify);
  put_all (sets, own, n_levels, identify);
}

static const VsParameterSet *
find_active (const VsParameterSets * sets, gint picture_id,
    const VsNalSet * own, VsParameterSetFunc identify)
{
  guint level = sets->n_levels - 1;
  const VsParameterSet *active = NULL;

  if (picture_id >= 0)
    active = find (sets, level, picture_id);
  for (guint i = 0; i < own[level].n && active == NULL; i++) {
    VsParameterSet set = { own[level].nals[i], 0, 0 };

    if (identify (level, &set))
      active = find (sets, level, set.id);
  }
  if (active == NULL && sets->levels[level].n > 0)
    active = &sets->levels[level].sets[0];
  return active;
}

gboolean
vs_parameter_sets_activate (VsParameterSets * sets, gint picture_id,
    const VsNalSet * own, VsParameterSetFunc identify)
{
  const VsParameterSet *set = find_active (sets, picture_id, own, identify);
  guint ids[VS_PARAMETER_LEVELS_MAX];

  if (set == NULL)
    return FALSE;
  for (guint level = sets->n_levels - 1; level-- > 0;) {
    ids[level] = set->parent;
    set = find (sets, level, ids[level]);
    if (set == NULL)
      return FALSE;
  }
  for (guint level = 0; level + 1 < sets->n_levels; level++) {
    sets->levels[level].sets[0] = *find (sets, level, ids[level]);
    sets->levels[level].n = 1;
    drop_children (sets, level + 1, ids[level], TRUE);
  }
  return TRUE;
}

static void
append (GByteArray * record, const VsNal * nal)
{
  guint8 length[2] = { nal->size >> 8, nal->size & 0xff };

  g_byte_array_append (record, length, sizeof length);
  g_byte_array_append (record, nal->data, nal->size);
}

void
vs_parameter_sets_append (const VsParameterSets * sets, guint level,
    GByteArray * record)
{
  for (guint i = 0; i < sets->levels[level].n; i++)
    append (record, &sets->levels[level].sets[i].nal);
}

gboolean
vs_nal_sets_include (const VsNalSet * all, const VsNalSet * own, guint n_levels)
{
  for (guint level = 0; level < n_levels; level++) {
    for (guint i = 0; i < own[level].n; i++) {
      guint j = 0;

      while (j < all[level].n
          && !is_equal (&all[level].nals[j], &own[level].nals[i]))
        j++;
      if (j == all[level].n)
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
add_set (const guint8 * set, gsize size, gpointer user_data)
{
  const VsNal nal = { set, size };

  return vs_nal_set_add (&((VsNalSet *) user_data)[H264_TYPE (*set) ==
          H264_SPS ? 0 : 1], &nal);
}

static gboolean
add_set_h265 (const guint8 * set, gsize size, gpointer user_data)
{
  const VsNal nal = { set, size };
  guint type = H265_TYPE (*set);

  return type >= H265_VPS && type <= H265_PPS
      && vs_nal_set_add (&((VsNalSet *) user_data)[type - H265_VPS], &nal);
}

gboolean
vs_nal_sets_read_record (VsNalSet * sets, VsCodec codec,
    const VsCodecConfig * config)
{
  gboolean h264 = codec == VS_CODEC_H264;
  GstByteReader record;
  const guint8 *data;
  gsize size;

  for (guint i = 0; i < (h264 ? 2 : 3); i++)
    sets[i].n = 0;
  if (config == NULL || config->codec != codec || config->record == NULL)
    return TRUE;
  data = g_bytes_get_data (config->record, &size);
  gst_byte_reader_init (&record, data, size);
  return vs_codec_record_for_each_set (codec, &record,
      h264 ? add_set : add_set_h265, sets) > 0;
}
