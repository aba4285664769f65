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
#include "archive/vsarchivelist.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

#include <string.h>

/* A rolling playlist or a part takes some 30 kB; what is larger is complete
 * and read by its head alone. */
#define HEAD_MAX (256 * 1024)

/* As VsTimeline measures: a peak is taken over any run of segments that lasts
 * 0.5 to 1.5 target durations (RFC 8216bis 4.4.6.2, BANDWIDTH). */
#define PEAK_RUN_MAX 64

#define FIRST_LINE_OF_ENTRY "\n#EXT-X-PROGRAM-DATE-TIME:"
#define ARCHIVE_HEAD "\n#VISIONSTREAM-PLAYLIST:"

/* Attributes of our own in the head. */
#define ATTRIBUTE_LAST "LAST-SEQUENCE"
#define ATTRIBUTE_BYTES "TOTAL-BYTES"
#define ATTRIBUTE_DURATION "TOTAL-DURATION"
#define ATTRIBUTE_RETAINED "RETAINED-BYTES"
#define ATTRIBUTE_DEPENDENT "DEPENDENT"

static const VsM3u8MediaSettings entry_settings = {.archive = TRUE };

static GPtrArray *
segments_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vs_segment_unref);
}

static GHashTable *
configs_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) vs_codec_config_unref);
}

static void
configs_add (GHashTable * configs, VsCodecConfig * config)
{
  g_hash_table_replace (configs, config->id, vs_codec_config_ref (config));
}

VsArchiveList *
vs_archive_list_new (const gchar * name)
{
  VsArchiveList *list = g_new0 (VsArchiveList, 1);

  list->name = g_strdup (name);
  list->configs = configs_new ();
  list->tail = segments_new ();
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
  configs_add (list->configs, config);
}

static VsSegment *
nth (GPtrArray * segments, guint i)
{
  return g_ptr_array_index (segments, i);
}

VsSegment *
vs_archive_list_get_last (VsArchiveList * list)
{
  return list->tail->len ? nth (list->tail, list->tail->len - 1) : NULL;
}

/* ---- measuring ---------------------------------------------------------- */

static gboolean
is_measurable (const VsSegment * segment)
{
  return !segment->gap && segment->size > 0 && segment->duration > 0;
}

static guint
bits_per_second (guint64 bytes, GstClockTime duration)
{
  guint64 rate = duration == 0 ? 0 :
      gst_util_uint64_scale_ceil (bytes, 8 * GST_SECOND, duration);

  return MIN (rate, G_MAXUINT);
}

guint
vs_archive_list_get_average (VsArchiveList * list)
{
  return bits_per_second (list->total_bytes, list->total_duration);
}

/* Looks at the runs that end with the newest entry. */
static void
update_peak (VsArchiveList * list)
{
  GstClockTime target = list->target_duration * GST_SECOND, duration = 0;
  guint64 bytes = 0;

  for (guint i = 0; i < MIN (PEAK_RUN_MAX, list->tail->len); i++) {
    const VsSegment *segment = nth (list->tail, list->tail->len - 1 - i);

    if (!is_measurable (segment))
      break;
    duration += segment->duration;
    bytes += segment->size;
    if (i > 0 && duration > target + target / 2)
      break;
    if (duration >= target / 2)
      list->peak_bandwidth =
          MAX (list->peak_bandwidth, bits_per_second (bytes, duration));
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
  if (!is_measurable (segment))
    return;

  list->total_bytes += segment->size;
  list->retained_bytes += segment->size;
  list->total_duration += segment->duration;
  if (!segment->independent)
    list->dependent = TRUE;
  update_peak (list);
}

static void
update_longest (VsArchiveList * list)
{
  GstClockTime sum = 0;

  for (guint i = 0; i < list->tail->len; i++)
    sum += nth (list->tail, i)->duration;
  list->longest = MAX (list->longest, sum);
}

/* ---- writing ------------------------------------------------------------ */

static void
add_named_configs (GHashTable * named, VsArchiveList * list,
    GPtrArray * segments)
{
  for (guint i = 0; i < segments->len; i++) {
    const VsSegment *segment = nth (segments, i);

    for (guint t = 0; t < segment->n_tracks; t++) {
      VsCodecConfig *config = g_hash_table_lookup (list->configs,
          segment->tracks[t].config_id);

      if (config)
        configs_add (named, config);
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
    ATTRIBUTE_BYTES, bytes, ATTRIBUTE_DURATION, duration,
    ATTRIBUTE_RETAINED, retained,
    ATTRIBUTE_DEPENDENT, list->dependent ? "YES" : "NO",
    last ? ATTRIBUTE_LAST : NULL, last, NULL
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
  view->peak_bandwidth = list->peak_bandwidth;
  view->average_bandwidth = vs_archive_list_get_average (list);
  vs_m3u8_append_head (out, view, independent, &settings);
}

static gboolean
all_independent (GPtrArray * segments)
{
  for (guint i = 0; i < segments->len; i++) {
    if (!nth (segments, i)->independent && !nth (segments, i)->gap)
      return FALSE;
  }
  return TRUE;
}

static void
append_entries (GString * out, GPtrArray * segments, VsSegment * previous)
{
  for (guint i = 0; i < segments->len; i++) {
    vs_m3u8_append_entry (out, nth (segments, i), previous, &entry_settings);
    previous = nth (segments, i);
  }
}

/* A whole playlist of @segments: the rolling one, or (@ended) a part. */
static GBytes *
render (VsArchiveList * list, GPtrArray * segments, gboolean ended)
{
  g_autoptr (GHashTable) configs = configs_new ();
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
  update_longest (list);
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
  guint64 start = vs_archive_part_start (nth (list->tail, from)->sequence);
  guint n = 0;

  while (from + n < list->tail->len
      && nth (list->tail, from + n)->sequence < start + VS_ARCHIVE_PART)
    n++;
  return n;
}

static gboolean
write_part (VsArchiveList * list, guint from, guint n,
    const VsArchivePlace * place, GError ** error)
{
  g_autoptr (GPtrArray) segments = g_ptr_array_new ();
  g_autofree gchar *name =
      vs_archive_part_name (list->name, nth (list->tail, from)->sequence);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (segments, nth (list->tail, from + i));
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
  GHashTable *configs = configs_new ();

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

/* ---- reading back ------------------------------------------------------- */

static VsM3u8Media *
parse (const VsArchivePlace * place, const gchar * name, const gchar * text,
    gsize size, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  VsM3u8Media *media = vs_m3u8_read_media (text, size, &cause);

  if (media == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s/%s/%s: %s",
        vs_store_get_location (place->store), place->folder, name,
        cause->message);
  return media;
}

VsM3u8Media *
vs_archive_read_whole_playlist (const VsArchivePlace * place,
    const gchar * name, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (place->folder, name);
  g_autoptr (GBytes) bytes = vs_store_get (place->store, key, 0, -1,
      VS_M3U8_MAX_SIZE, place->cancellable, error);
  gconstpointer text;
  gsize size;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &size);
  return parse (place, name, text, size, error);
}

VsM3u8Media *
vs_archive_read_playlist (const VsArchivePlace * place, const gchar * name,
    gboolean * whole, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (place->folder, name);
  g_autoptr (GBytes) bytes = vs_store_get (place->store, key, 0, HEAD_MAX,
      HEAD_MAX, place->cancellable, error);
  const gchar *text, *entry;
  gsize size;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &size);
  *whole = size < HEAD_MAX;
  if (*whole)
    return parse (place, name, text, size, error);

  entry = g_strstr_len (text, size, FIRST_LINE_OF_ENTRY);
  if (entry && g_strstr_len (text, entry - text, ARCHIVE_HEAD))
    return parse (place, name, text, entry + 1 - text, error);
  *whole = TRUE;
  return vs_archive_read_whole_playlist (place, name, error);
}

static guint64
get_number (VsM3u8Media * media, const gchar * name)
{
  const gchar *text = g_hash_table_lookup (media->attributes, name);
  guint64 value = 0;

  if (text)
    g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &value, NULL);
  return value;
}

guint64
vs_archive_get_last_sequence (VsM3u8Media * media)
{
  return get_number (media, ATTRIBUTE_LAST);
}

/* The entries of the part that holds @sequence, as far as they are retained;
 * their configurations go to @configs. */
static GPtrArray *
read_part (VsArchiveList * list, guint64 sequence, GHashTable * configs,
    const VsArchivePlace * place, GError ** error)
{
  g_autofree gchar *name = vs_archive_part_name (list->name, sequence);
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_whole_playlist (place, name, error);

  if (media == NULL)
    return NULL;
  for (guint i = 0; i < media->configs->len; i++)
    configs_add (configs, g_ptr_array_index (media->configs, i));
  while (media->segments->len > 0
      && nth (media->segments, 0)->sequence < list->first)
    g_ptr_array_remove_index (media->segments, 0);
  return g_ptr_array_ref (media->segments);
}

static guint64
tail_start (VsArchiveList * list)
{
  return list->tail->len ? nth (list->tail, 0)->sequence : list->next;
}

VsSegment *
vs_archive_list_get (VsArchiveList * list, guint64 sequence,
    const VsArchivePlace * place, GError ** error)
{
  guint64 start = tail_start (list);
  GPtrArray *from = list->part;

  if (sequence < list->first || sequence >= list->next) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "no segment %" G_GUINT64_FORMAT " of %s", sequence, list->name);
    return NULL;
  }
  if (sequence >= start)
    return nth (list->tail, sequence - start);

  if (from == NULL || from->len == 0 || sequence < nth (from, 0)->sequence
      || sequence - nth (from, 0)->sequence >= from->len) {
    g_autoptr (GHashTable) configs = configs_new ();

    from = read_part (list, sequence, configs, place, error);
    if (from == NULL)
      return NULL;
    g_clear_pointer (&list->part, g_ptr_array_unref);
    list->part = from;
  }
  if (from->len == 0 || sequence - nth (from, 0)->sequence >= from->len) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the part of segment %" G_GUINT64_FORMAT " of %s lacks it", sequence,
        list->name);
    return NULL;
  }
  return nth (from, sequence - nth (from, 0)->sequence);
}

void
vs_archive_list_drop_first (VsArchiveList * list, const VsSegment * segment)
{
  list->retained_bytes -= MIN (segment->size, list->retained_bytes);
  list->first++;
  if (tail_start (list) < list->first)
    g_ptr_array_remove_index (list->tail, 0);
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
        read_part (list, start, list->configs, place, error);

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
  list->peak_bandwidth = media->peak_bandwidth;
  list->total_bytes = get_number (media, ATTRIBUTE_BYTES);
  list->total_duration = get_number (media, ATTRIBUTE_DURATION);
  list->retained_bytes = get_number (media, ATTRIBUTE_RETAINED);
  list->dependent = g_strcmp0 (g_hash_table_lookup (media->attributes,
          ATTRIBUTE_DEPENDENT), "YES") == 0;
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
      configs_add (list->configs, g_ptr_array_index (media->configs, i));
    g_ptr_array_extend (list->tail, media->segments,
        (GCopyFunc) vs_segment_ref, NULL);
  }
  update_longest (list);
  if (list->tail->len > 0)
    list->next = vs_archive_list_get_last (list)->sequence + 1;
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
  guint64 end = tail_start (list);
  guint64 start = vs_archive_part_start (list->first);

  /* a tail with parts before it begins where a part begins */
  for (; list->first < end && start < end; start += VS_ARCHIVE_PART) {
    g_autoptr (GPtrArray) part = read_part (list, start, configs, place, error);

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
    g_ptr_array_add (summary->first, vs_segment_ref (nth (segments, 0)));
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
    copy->previous = vs_segment_ref (nth (segments, segments->len - 1));
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
  g_autoptr (GHashTable) configs = configs_new ();
  g_autoptr (GPtrArray) first = segments_new ();
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
