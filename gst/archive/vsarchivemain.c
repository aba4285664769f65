/* VisionStream: an archive's main playlist
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivemain.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

#include <string.h>

#define MAIN_MAX (1024 * 1024)

/* A rendition with a playlist, which is none of this run. */
#define EARLIER "#VISIONSTREAM-EARLIER:"

/* ISO/IEC 23091-2, TransferCharacteristics */
#define TRANSFER_PQ 16
#define TRANSFER_HLG 18

static gint
compare_order (gconstpointer a, gconstpointer b)
{
  const VsArchiveList *const *x = a, *const *y = b;

  return (*x)->order < (*y)->order ? -1 : (*x)->order > (*y)->order;
}

/* As declared; those of earlier runs last, in their order. One that fell behind
 * until all that it had was pruned is left out. */
static GPtrArray *
select_lists (GPtrArray * lists, gboolean complete)
{
  GPtrArray *selected = g_ptr_array_new ();

  for (guint i = 0; i < lists->len; i++) {
    VsArchiveList *list = g_ptr_array_index (lists, i);

    if (list->stored && list->tail->len > 0
        && (complete || list->order != G_MAXUINT))
      g_ptr_array_add (selected, list);
  }
  /* stable: GLib's is a merge sort */
  g_ptr_array_sort (selected, compare_order);
  return selected;
}

static void
update_shown (VsArchiveList * list, gboolean complete)
{
  guint average = vs_archive_list_get_average (list);
  /* before a run was long enough to be measured */
  guint peak = MAX (list->peaks.whole, average);
  guint off = ABS ((gint64) average - list->shown_average);

  if (complete)
    list->shown_peak = peak;
  else if (peak > list->shown_peak)
    list->shown_peak = MIN (peak + (guint64) peak / 10, G_MAXUINT);
  if (complete || off > list->shown_average / 10)
    list->shown_average = average;
}

static VsCodecConfig *
get_config (VsArchiveList * list, const VsSegment * segment, VsMediaType type)
{
  const VsSegmentTrack *track = vs_segment_get_track (segment, type);

  return track ? g_hash_table_lookup (list->configs, track->config_id) : NULL;
}

/* The newest segment that has something in it. */
static VsSegment *
newest_stored (VsArchiveList * list)
{
  for (guint i = list->tail->len; i > 0; i--) {
    VsSegment *segment = g_ptr_array_index (list->tail, i - 1);

    if (!segment->gap)
      return segment;
  }
  return NULL;
}

static const gchar *
get_video_range (const VsCodecConfig * config)
{
  switch (config->transfer) {
    case TRANSFER_PQ:
      return "PQ";
    case TRANSFER_HLG:
      return "HLG";
    default:
      return NULL;
  }
}

static void
describe_video (VsM3u8Variant * variant, const VsRendition * rendition,
    const VsCodecConfig * config)
{
  variant->width = gst_util_uint64_scale_int_round (config->width,
      MAX (config->par_n, 1), MAX (config->par_d, 1));
  variant->height = config->height;
  variant->fps_n = rendition->fps_n ? rendition->fps_n : config->fps_n;
  variant->fps_d = rendition->fps_n ? rendition->fps_d : config->fps_d;
  variant->video_range = get_video_range (config);
}

static void
describe (VsM3u8Variant * variant, VsArchiveList * list)
{
  const VsSegment *segment = newest_stored (list);
  const VsCodecConfig *video = NULL, *audio = NULL;

  variant->uri = vs_archive_playlist_name (list->name);
  variant->bandwidth = list->shown_peak;
  variant->average_bandwidth = list->shown_average;
  if (segment) {
    video = get_config (list, segment, VS_MEDIA_VIDEO);
    audio = get_config (list, segment, VS_MEDIA_AUDIO);
  }
  if (video)
    describe_video (variant, list->rendition, video);
  if (video || audio)
    variant->codecs = g_strconcat (video ? video->mime : audio->mime,
        video && audio ? "," : NULL, audio ? audio->mime : NULL, NULL);
}

static gchar *
append_earlier (gchar * main, GPtrArray * lists, GPtrArray * selected)
{
  GString *text = g_string_new (main);

  for (guint i = 0; i < lists->len; i++) {
    const VsArchiveList *list = g_ptr_array_index (lists, i);

    if (list->stored && !g_ptr_array_find (selected, list, NULL))
      g_string_append_printf (text, EARLIER "%s\n", list->name);
  }
  g_free (main);
  return g_string_free (text, FALSE);
}

gchar *
vs_archive_main_render (GPtrArray * lists, gboolean complete,
    const gchar * redundant)
{
  g_autoptr (GPtrArray) selected = select_lists (lists, complete);
  g_autofree VsM3u8Variant *variants = g_new0 (VsM3u8Variant, selected->len);
  VsM3u8MainSettings settings = { variants, selected->len, NULL, 0, TRUE,
    redundant
  };
  gchar *text;

  if (selected->len == 0)
    return NULL;

  for (guint i = 0; i < selected->len; i++) {
    VsArchiveList *list = g_ptr_array_index (selected, i);

    update_shown (list, complete);
    describe (&variants[i], list);
    settings.independent &= !list->dependent;
  }
  text = vs_m3u8_write_main (&settings);
  for (guint i = 0; i < selected->len; i++) {
    g_free ((gchar *) variants[i].uri);
    g_free ((gchar *) variants[i].codecs);
  }
  return append_earlier (text, lists, selected);
}

/* ---- reading ------------------------------------------------------------ */

static void
add_name (GPtrArray * names, gchar * name)
{
  if (name && !g_ptr_array_find_with_equal_func (names, name, g_str_equal,
          NULL))
    g_ptr_array_add (names, name);
  else
    g_free (name);
}

static void
add_earlier (GPtrArray * names, const gchar * text, gsize size)
{
  g_autofree gchar *copy = g_strndup (text, size);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *playlist = NULL;

    if (!g_str_has_prefix (lines[i], EARLIER))
      continue;
    playlist = vs_archive_playlist_name (lines[i] + strlen (EARLIER));
    add_name (names, vs_archive_name_to_rendition (playlist));
  }
}

GPtrArray *
vs_archive_main_read_renditions (const VsArchivePlace * place, GError ** error)
{
  g_autofree gchar *key = vs_archive_key (place->folder, VS_ARCHIVE_MAIN);
  g_autoptr (GBytes) bytes = vs_store_get (place->store, key, 0, -1, MAIN_MAX,
      place->cancellable, error);
  g_autoptr (GPtrArray) entries = NULL;
  GPtrArray *names;
  const gchar *text;
  gsize size;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &size);
  entries = vs_m3u8_read_main (text, size, error);
  if (entries == NULL) {
    g_prefix_error (error, "%s/%s: ", vs_store_get_location (place->store),
        key);
    return NULL;
  }
  names = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < entries->len; i++) {
    const VsM3u8MainEntry *entry = g_ptr_array_index (entries, i);

    add_name (names, vs_archive_name_to_rendition (entry->uri));
  }
  add_earlier (names, text, size);
  return names;
}
