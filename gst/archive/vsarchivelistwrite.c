/* VisionStream: writes a rendition's playlists into an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rolling playlist and the sealed parts are made in memory; the complete
 * one, which may be as long as the stream was, is written part by part.
 */
#include "archive/vsarchivelistprivate.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

#include <string.h>

static const VsM3u8MediaSettings entry_settings = {.archive = TRUE };

static void
add_named_configs (GHashTable * named, VsArchiveList * list,
    GPtrArray * segments)
{
  for (guint i = 0; i < segments->len; i++) {
    const VsSegment *segment = vs_archive_list_nth (segments, i);

    for (guint t = 0; t < segment->n_tracks; t++) {
      VsCodecConfig *config = g_hash_table_lookup (list->configs,
          segment->tracks[t].config_id);

      if (config)
        vs_archive_configs_add (named, config);
    }
  }
}

static gint
compare_configs (gconstpointer a, gconstpointer b)
{
  const VsCodecConfig *const *x = a, *const *y = b;

  return strcmp ((*x)->id, (*y)->id);
}

/* By id: equal runs give equal playlists. */
static GPtrArray *
sorted_configs (GHashTable * configs)
{
  GPtrArray *sorted = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer config;

  g_hash_table_iter_init (&iter, configs);
  while (g_hash_table_iter_next (&iter, NULL, &config))
    g_ptr_array_add (sorted, config);
  g_ptr_array_sort (sorted, compare_configs);
  return sorted;
}

static void
append_head (GString * out, VsArchiveList * list, VsTimelineView * view,
    GHashTable * configs, gboolean independent, const gchar * last)
{
  g_autofree gchar *bytes =
      g_strdup_printf ("%" G_GUINT64_FORMAT, list->total_bytes);
  g_autofree gchar *duration =
      g_strdup_printf ("%" G_GUINT64_FORMAT, list->total_duration);
  g_autofree gchar *retained =
      g_strdup_printf ("%" G_GUINT64_FORMAT, list->retained_bytes);
  const gchar *attributes[] = {
    VS_ARCHIVE_ATTRIBUTE_BYTES, bytes, VS_ARCHIVE_ATTRIBUTE_DURATION, duration,
    VS_ARCHIVE_ATTRIBUTE_RETAINED, retained,
    VS_ARCHIVE_ATTRIBUTE_DEPENDENT, list->dependent ? "YES" : "NO",
    last ? VS_ARCHIVE_ATTRIBUTE_LAST : NULL, last, NULL
  };
  VsM3u8MediaSettings settings = {
    .archive = TRUE,
    .first_sequence = list->first,
    .attributes = attributes,
  };
  g_autoptr (GPtrArray) sorted = sorted_configs (configs);

  view->rendition = list->rendition;
  view->configs = sorted;
  view->target_duration = list->target_duration;
  view->peaks = list->peaks;
  view->average_bandwidth = vs_archive_list_get_average (list);
  vs_m3u8_append_head (out, view, independent, &settings);
}

static gboolean
all_independent (GPtrArray * segments)
{
  for (guint i = 0; i < segments->len; i++) {
    if (!vs_archive_list_nth (segments, i)->independent
        && !vs_archive_list_nth (segments, i)->gap)
      return FALSE;
  }
  return TRUE;
}

static void
append_entries (GString * out, GPtrArray * segments, VsSegment * previous)
{
  for (guint i = 0; i < segments->len; i++) {
    vs_m3u8_append_entry (out, vs_archive_list_nth (segments, i), previous,
        &entry_settings);
    previous = vs_archive_list_nth (segments, i);
  }
}

/* A whole playlist of @segments: the rolling one, or (@ended) a part. */
static GBytes *
render (VsArchiveList * list, GPtrArray * segments, gboolean ended)
{
  g_autoptr (GHashTable) configs = vs_archive_configs_new ();
  VsTimelineView view = {.segments = segments,.ended = ended };
  GString *out = g_string_new (NULL);

  add_named_configs (configs, list, segments);
  append_head (out, list, &view, configs, all_independent (segments), NULL);
  append_entries (out, segments, NULL);
  if (ended)
    g_string_append (out, VS_M3U8_END);
  return g_string_free_to_bytes (out);
}

static gboolean
put (const VsArchivePlace * place, const gchar * name, GBytes * bytes,
    GError ** error)
{
  g_autofree gchar *key = vs_archive_key (place->folder, name);

  return vs_store_put (place->store, key, &bytes, 1, place->cancellable, error);
}

gboolean
vs_archive_list_write (VsArchiveList * list, const VsArchivePlace * place,
    GError ** error)
{
  g_autofree gchar *name = vs_archive_playlist_name (list->name);
  g_autoptr (GBytes) bytes = render (list, list->tail, FALSE);

  if (!put (place, name, bytes, error))
    return FALSE;
  vs_archive_list_update_longest (list);
  list->stored = TRUE;
  list->dirty = FALSE;
  list->stored_first = list->first;
  list->ended = FALSE;
  return TRUE;
}

/* How many of the tail's entries from @from on lie in one part. */
static guint
count_part (VsArchiveList * list, guint from)
{
  guint64 start =
      vs_archive_part_start (vs_archive_list_nth (list->tail, from)->sequence);
  guint n = 0;

  while (from + n < list->tail->len
      && vs_archive_list_nth (list->tail,
          from + n)->sequence < start + VS_ARCHIVE_PART)
    n++;
  return n;
}

static gboolean
write_part (VsArchiveList * list, guint from, guint n,
    const VsArchivePlace * place, GError ** error)
{
  g_autoptr (GPtrArray) segments = g_ptr_array_new ();
  g_autofree gchar *name =
      vs_archive_part_name (list->name, vs_archive_list_nth (list->tail,
          from)->sequence);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (segments, vs_archive_list_nth (list->tail, from + i));
  bytes = render (list, segments, TRUE);
  return put (place, name, bytes, error);
}

gboolean
vs_archive_list_is_full (VsArchiveList * list)
{
  return list->tail->len > 0
      && list->tail->len - count_part (list, 0) >= VS_ARCHIVE_PART;
}

/* What only sealed entries name is in their part's head. */
static void
forget_configs (VsArchiveList * list)
{
  GHashTable *configs = vs_archive_configs_new ();

  add_named_configs (configs, list, list->tail);
  g_hash_table_unref (list->configs);
  list->configs = configs;
}

gboolean
vs_archive_list_seal (VsArchiveList * list, const VsArchivePlace * place,
    GError ** error)
{
  guint n = count_part (list, 0);

  if (!write_part (list, 0, n, place, error))
    return FALSE;
  g_ptr_array_remove_range (list->tail, 0, n);
  forget_configs (list);
  return TRUE;
}

/* ---- the complete playlist ---------------------------------------------- */

/* Writes what the tail holds as parts, the last one as far as it goes: should
 * the event be continued, that one is written again when it is whole. */
static gboolean
write_tail_parts (VsArchiveList * list, const VsArchivePlace * place,
    GError ** error)
{
  for (guint from = 0; from < list->tail->len;) {
    guint n = count_part (list, from);

    if (!write_part (list, from, n, place, error))
      return FALSE;
    from += n;
  }
  return TRUE;
}

typedef gboolean (*PartFunc) (GPtrArray * segments, gpointer user_data,
    GError ** error);

/* Calls @func for each part that was sealed before the tail, then for the
 * tail. */
static gboolean
for_each_part (VsArchiveList * list, GHashTable * configs,
    const VsArchivePlace * place, PartFunc func, gpointer user_data,
    GError ** error)
{
  guint64 end = vs_archive_list_get_tail_start (list);
  guint64 start = vs_archive_part_start (list->first);

  /* a tail with parts before it begins where a part begins */
  for (; list->first < end && start < end; start += VS_ARCHIVE_PART) {
    g_autoptr (GPtrArray) part =
        vs_archive_list_read_part (list, start, configs, place, error);

    if (part == NULL || !func (part, user_data, error))
      return FALSE;
  }
  return func (list->tail, user_data, error);
}

/* First pass: what the head has to say. */
typedef struct
{
  GPtrArray *first;             /* the first entry alone */
  gboolean independent;
} Summary;

static gboolean
sum_up (GPtrArray * segments, gpointer user_data, GError ** error)
{
  Summary *summary = user_data;

  if (summary->first->len == 0 && segments->len > 0)
    g_ptr_array_add (summary->first,
        vs_segment_ref (vs_archive_list_nth (segments, 0)));
  summary->independent &= all_independent (segments);
  return TRUE;
}

/* Second pass: the entries. */
typedef struct
{
  VsStoreUpload *upload;
  VsSegment *previous;
} Copy;

static gboolean
write_text (VsStoreUpload * upload, GString * text, GError ** error)
{
  g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);

  return vs_store_upload_write (upload, &bytes, 1, error);
}

static gboolean
copy_entries (GPtrArray * segments, gpointer user_data, GError ** error)
{
  Copy *copy = user_data;
  GString *text = g_string_new (NULL);

  append_entries (text, segments, copy->previous);
  if (segments->len > 0) {
    g_clear_pointer (&copy->previous, vs_segment_unref);
    copy->previous =
        vs_segment_ref (vs_archive_list_nth (segments, segments->len - 1));
  }
  return write_text (copy->upload, text, error);
}

static gboolean
write_complete (VsArchiveList * list, GHashTable * configs,
    const Summary * summary, const VsArchivePlace * place, GError ** error)
{
  g_autofree gchar *name = vs_archive_playlist_name (list->name);
  g_autofree gchar *key = vs_archive_key (place->folder, name);
  g_autofree gchar *last =
      g_strdup_printf ("%" G_GUINT64_FORMAT, list->next - 1);
  g_autoptr (VsStoreUpload) upload =
      vs_store_upload_new (place->store, key, place->cancellable, error);
  VsTimelineView view = {.segments = summary->first,.ended = TRUE };
  GString *head = g_string_new (NULL);
  Copy copy = { upload, NULL };
  gboolean ok;

  append_head (head, list, &view, configs, summary->independent, last);
  if (upload == NULL) {
    g_string_free (head, TRUE);
    return FALSE;
  }
  ok = write_text (upload, head, error)
      && for_each_part (list, configs, place, copy_entries, &copy, error)
      && write_text (upload, g_string_new (VS_M3U8_END), error)
      && vs_store_upload_commit (upload, error);
  g_clear_pointer (&copy.previous, vs_segment_unref);
  return ok;
}

gboolean
vs_archive_list_write_complete (VsArchiveList * list,
    const VsArchivePlace * place, GError ** error)
{
  g_autoptr (GHashTable) configs = vs_archive_configs_new ();
  g_autoptr (GPtrArray) first = vs_archive_segments_new ();
  Summary summary = { first, TRUE };

  add_named_configs (configs, list, list->tail);
  if (!write_tail_parts (list, place, error)
      || !for_each_part (list, configs, place, sum_up, &summary, error)
      || !write_complete (list, configs, &summary, place, error))
    return FALSE;
  list->stored = TRUE;
  list->dirty = FALSE;
  list->stored_first = list->first;
  list->ended = TRUE;
  return TRUE;
}
