/* VisionStream: a rendition's playlists in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of an entry: it is appended to the tail when its bytes are
 * durable, is written with the rolling child playlist, and, one to two parts
 * later, is sealed into a part that is never written again. What is written
 * for one segment is thereby at most two parts of entries and, amortised, one
 * entry of a part. At the end the tail is sealed too and the parts are strung
 * together, one in memory at a time, to the complete playlist.
 */
#include "archive/vsarchivelistprivate.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

GPtrArray *
vs_archive_segments_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
}

GHashTable *
vs_archive_configs_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) vs_codec_config_unref);
}

void
vs_archive_configs_add (GHashTable * configs, VsCodecConfig * config)
{
  g_hash_table_replace (configs, config->id, vs_codec_config_ref (config));
}

VsArchiveList *
vs_archive_list_new (const gchar * name)
{
  VsArchiveList *list = g_new0 (VsArchiveList, 1);

  list->name = g_strdup (name);
  list->configs = vs_archive_configs_new ();
  list->tail = vs_archive_segments_new ();
  list->order = G_MAXUINT;
  return list;
}

void
vs_archive_list_free (VsArchiveList * list)
{
  g_free (list->name);
  g_clear_pointer (&list->rendition, vs_rendition_unref);
  g_hash_table_unref (list->configs);
  g_ptr_array_unref (list->tail);
  g_clear_pointer (&list->part, g_ptr_array_unref);
  g_free (list);
}

void
vs_archive_list_add_config (VsArchiveList * list, VsCodecConfig * config)
{
  vs_archive_configs_add (list->configs, config);
}

VsSegment *
vs_archive_list_nth (GPtrArray * segments, guint i)
{
  return g_ptr_array_index (segments, i);
}

VsSegment *
vs_archive_list_get_last (VsArchiveList * list)
{
  return list->tail->len ? vs_archive_list_nth (list->tail,
      list->tail->len - 1) : NULL;
}

/* ---- measuring ---------------------------------------------------------- */

guint
vs_archive_list_get_average (VsArchiveList * list)
{
  return vs_bits_per_second (list->total_bytes, list->total_duration);
}

/* Looks at the runs that end with the newest entry. */
static void
update_peaks (VsArchiveList * list)
{
  VsPeakRun run;

  vs_peak_run_begin (&run, list->target_duration);
  for (guint i = list->tail->len; i > 0; i--) {
    if (!vs_peak_run_add (&run, vs_archive_list_nth (list->tail,
                i - 1), &list->peaks))
      break;
  }
}

/* EXT-X-TARGETDURATION is a whole number, and none is 0 */
static guint
rounded_seconds (GstClockTime duration)
{
  return MAX ((duration + GST_SECOND / 2) / GST_SECOND, 1);
}

void
vs_archive_list_append (VsArchiveList * list, VsSegment * segment)
{
  g_ptr_array_add (list->tail, vs_segment_ref (segment));
  if (list->next == 0)
    list->first = segment->sequence;
  list->next = segment->sequence + 1;
  list->target_duration =
      MAX (list->target_duration, rounded_seconds (segment->duration));
  list->dirty = TRUE;
  if (!vs_segment_is_measurable (segment))
    return;

  list->total_bytes += segment->size;
  list->retained_bytes += segment->size;
  list->total_duration += segment->duration;
  if (!segment->independent)
    list->dependent = TRUE;
  update_peaks (list);
}

void
vs_archive_list_update_longest (VsArchiveList * list)
{
  GstClockTime sum = 0;

  for (guint i = 0; i < list->tail->len; i++)
    sum += vs_archive_list_nth (list->tail, i)->duration;
  list->longest = MAX (list->longest, sum);
}

/* ---- reading back ------------------------------------------------------- */

GPtrArray *
vs_archive_list_read_part (VsArchiveList * list, guint64 sequence,
    GHashTable * configs, const VsArchivePlace * place, GError ** error)
{
  g_autofree gchar *name = vs_archive_part_name (list->name, sequence);
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_whole_playlist (place, name, error);

  if (media == NULL)
    return NULL;
  for (guint i = 0; i < media->configs->len; i++)
    vs_archive_configs_add (configs, g_ptr_array_index (media->configs, i));
  while (media->segments->len > 0
      && vs_archive_list_nth (media->segments, 0)->sequence < list->first)
    g_ptr_array_remove_index (media->segments, 0);
  return g_ptr_array_ref (media->segments);
}

guint64
vs_archive_list_get_tail_start (VsArchiveList * list)
{
  return list->tail->len ? vs_archive_list_nth (list->tail,
      0)->sequence : list->next;
}

VsSegment *
vs_archive_list_get (VsArchiveList * list, guint64 sequence,
    const VsArchivePlace * place, GError ** error)
{
  guint64 start = vs_archive_list_get_tail_start (list);
  GPtrArray *from = list->part;

  if (sequence < list->first || sequence >= list->next) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "no segment %" G_GUINT64_FORMAT " of %s", sequence, list->name);
    return NULL;
  }
  if (sequence >= start)
    return vs_archive_list_nth (list->tail, sequence - start);

  if (from == NULL || from->len == 0
      || sequence < vs_archive_list_nth (from, 0)->sequence
      || sequence - vs_archive_list_nth (from, 0)->sequence >= from->len) {
    g_autoptr (GHashTable) configs = vs_archive_configs_new ();

    from = vs_archive_list_read_part (list, sequence, configs, place, error);
    if (from == NULL)
      return NULL;
    g_clear_pointer (&list->part, g_ptr_array_unref);
    list->part = from;
  }
  if (from->len == 0
      || sequence - vs_archive_list_nth (from, 0)->sequence >= from->len) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the part of segment %" G_GUINT64_FORMAT " of %s lacks it", sequence,
        list->name);
    return NULL;
  }
  return vs_archive_list_nth (from, sequence - vs_archive_list_nth (from,
          0)->sequence);
}

void
vs_archive_list_drop_first (VsArchiveList * list, const VsSegment * segment)
{
  list->retained_bytes -= MIN (segment->size, list->retained_bytes);
  list->first++;
  if (vs_archive_list_get_tail_start (list) < list->first)
    g_ptr_array_remove_index (list->tail, 0);
  /* nothing is left to be continued: what comes begins anew */
  if (list->first == list->next)
    list->next = 0;
}

/* The tail behind a complete playlist: its last two parts. */
static gboolean
recover_tail (VsArchiveList * list, guint64 last, const VsArchivePlace * place,
    GError ** error)
{
  guint64 start = vs_archive_part_start (last);

  if (start > VS_ARCHIVE_PART)
    start -= VS_ARCHIVE_PART;
  for (start = MAX (start, vs_archive_part_start (list->first)); start <= last;
      start += VS_ARCHIVE_PART) {
    g_autoptr (GPtrArray) part =
        vs_archive_list_read_part (list, start, list->configs, place, error);

    if (part == NULL)
      return FALSE;
    g_ptr_array_extend (list->tail, part, (GCopyFunc) vs_segment_ref, NULL);
  }
  return TRUE;
}

static void
recover_head (VsArchiveList * list, VsM3u8Media * media)
{
  list->rendition = vs_rendition_ref (media->rendition);
  list->target_duration = media->target_duration;
  list->first = list->stored_first = media->first_sequence;
  list->peaks = media->peaks;
  list->total_bytes = vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_BYTES);
  list->total_duration =
      vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_DURATION);
  list->retained_bytes =
      vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_RETAINED);
  list->dependent =
      g_strcmp0 (g_hash_table_lookup (media->attributes,
          VS_ARCHIVE_ATTRIBUTE_DEPENDENT), "YES") == 0;
  list->ended = media->ended;
  list->stored = TRUE;
}

gboolean
vs_archive_list_recover (VsArchiveList * list, const VsArchivePlace * place,
    GError ** error)
{
  g_autofree gchar *name = vs_archive_playlist_name (list->name);
  gboolean whole;
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_playlist (place, name, &whole, error);
  guint64 last;

  if (media == NULL)
    return FALSE;
  last = vs_archive_get_last_sequence (media);
  if (media->foreign || (media->ended && last < media->first_sequence)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s/%s/%s: another maker's playlist: use another location or event",
        vs_store_get_location (place->store), place->folder, name);
    return FALSE;
  }

  recover_head (list, media);
  if (media->ended) {
    if (!recover_tail (list, last, place, error))
      return FALSE;
  } else {
    for (guint i = 0; i < media->configs->len; i++)
      vs_archive_configs_add (list->configs, g_ptr_array_index (media->configs,
              i));
    g_ptr_array_extend (list->tail, media->segments, (GCopyFunc) vs_segment_ref,
        NULL);
  }
  vs_archive_list_update_longest (list);
  if (list->tail->len > 0)
    list->next = vs_archive_list_get_last (list)->sequence + 1;
  return TRUE;
}
