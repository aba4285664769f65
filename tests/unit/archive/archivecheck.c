/* VisionStream: what holds of every archive at any moment
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <openssl/sha.h>

#include "archive/archivecheck.h"
#include "manifest/vsm3u8.h"

/* stated here once more, apart from the code: README.md in gst/archive */
#define PART 32
#define SEGMENT_MS 40

static VsM3u8Media *
read_playlist (VsStore * store, const gchar * folder, const gchar * name)
{
  g_autofree gchar *key = g_strconcat (folder, "/", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      vs_store_get (store, key, 0, -1, 1 << 26, NULL, &error);
  VsM3u8Media *media;
  gsize size;
  const gchar *text;

  fail_unless (bytes != NULL, "%s is named: %s", key,
      error ? error->message : "");
  text = g_bytes_get_data (bytes, &size);
  media = vs_m3u8_read_media (text, size, &error);
  fail_unless (media != NULL, "%s: %s", key, error ? error->message : "");
  fail_if (media->foreign);
  return media;
}

static void
check_segment (VsStore * store, const gchar * folder, const VsSegment * segment)
{
  g_autofree gchar *key = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint8 hash[SHA256_DIGEST_LENGTH];

  if (segment->gap)
    return;
  key = g_strconcat (folder, "/", segment->uri, NULL);
  bytes = vs_store_get (store, key, 0, -1, 1 << 26, NULL, NULL);
  fail_unless (bytes != NULL, "%s is listed and not there", key);
  fail_unless_equals_uint64 (g_bytes_get_size (bytes), segment->size);
  SHA256 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), hash);
  fail_unless (memcmp (hash, segment->sha256, sizeof hash) == 0,
      "%s is not what is listed", key);
}

/* Entries in a row: numbers one by one, time only up, a discontinuity where a
 * run begins and nowhere else. */
static void
check_order (const VsSegment * before, const VsSegment * after)
{
  if (before == NULL)
    return;
  fail_unless_equals_uint64 (after->sequence, before->sequence + 1);
  fail_unless (after->utc_us >= before->utc_us);
  fail_unless_equals_uint64 (after->discontinuity_sequence,
      before->discontinuity_sequence + after->discontinuity);
  fail_unless_equals_uint64 (after->run, before->run + after->discontinuity);
}

static void
check_entries (VsStore * store, const gchar * folder, GPtrArray * entries,
    guint64 first, VsSegment ** last)
{
  for (guint i = 0; i < entries->len; i++) {
    VsSegment *segment = g_ptr_array_index (entries, i);

    if (segment->sequence < first)
      continue;
    check_segment (store, folder, segment);
    check_order (*last, segment);
    g_clear_pointer (last, vs_segment_unref);
    *last = vs_segment_ref (segment);
  }
}

/* The sealed parts from @first up to where the playlist begins. */
static void
check_parts (VsStore * store, const gchar * folder, const gchar * rendition,
    guint64 first, guint64 end, VsSegment ** last)
{
  for (guint64 start = (first - 1) / PART * PART + 1;
      first < end && start < end; start += PART) {
    g_autofree gchar *name = g_strdup_printf ("index_%s.%05" G_GUINT64_FORMAT
        ".m3u8", rendition, start);
    g_autoptr (VsM3u8Media) part = read_playlist (store, folder, name);

    check_entries (store, folder, part->segments, first, last);
  }
}

static void
check_list (VsStore * store, const gchar * folder, const gchar * name)
{
  g_autoptr (VsM3u8Media) media = read_playlist (store, folder, name);
  g_autoptr (VsSegment) last = NULL;

  fail_unless (media->segments->len > 0);
  fail_unless (media->first_sequence <= media->media_sequence);
  fail_unless (media->target_duration > 0);
  if (!media->ended)
    fail_unless (media->segments->len <= 2 * PART);
  check_parts (store, folder, media->rendition->name, media->first_sequence,
      media->media_sequence, &last);
  check_entries (store, folder, media->segments, 0, &last);
}

void
archive_check (VsStore * store, const gchar * folder)
{
  g_autofree gchar *key = g_strconcat (folder, "/index.m3u8", NULL);
  g_autoptr (GBytes) bytes =
      vs_store_get (store, key, 0, -1, 1 << 20, NULL, NULL);
  g_autoptr (GPtrArray) variants = NULL;

  if (bytes == NULL)
    return;
  variants = vs_m3u8_read_main (g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes), NULL);
  fail_unless (variants && variants->len > 0);
  for (guint i = 0; i < variants->len; i++) {
    VsM3u8MainEntry *entry = g_ptr_array_index (variants, i);

    fail_unless (entry->bandwidth > 0);
    check_list (store, folder, entry->uri);
  }
}

GPtrArray *
archive_read_list (VsStore * store, const gchar * folder,
    const gchar * rendition, gboolean * ended)
{
  g_autofree gchar *name = g_strdup_printf ("index_%s.m3u8", rendition);
  g_autoptr (VsM3u8Media) media = read_playlist (store, folder, name);

  if (ended)
    *ended = media->ended;
  return g_ptr_array_ref (media->segments);
}

GPtrArray *
archive_check_ended (VsStore * store, const gchar * folder,
    const gchar * rendition)
{
  gboolean ended = FALSE;
  GPtrArray *entries = archive_read_list (store, folder, rendition, &ended);

  fail_unless (ended);
  archive_check (store, folder);
  return entries;
}

VsSegment *
archive_make_segment (const gchar * rendition, guint64 sequence, gsize size,
    GBytes ** bytes)
{
  VsSegment *segment = vs_segment_new ();
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = rendition[0] * 31 + sequence * 7 + i;
  SHA256 (data, size, segment->sha256);
  *bytes = g_bytes_new_take (data, size);
  segment->sequence = sequence;
  segment->start_pts_90k = sequence * SEGMENT_MS * 90;
  segment->utc_us = G_GINT64_CONSTANT (1700000000000000)
      + sequence * SEGMENT_MS * 1000;
  segment->event_utc_us = ARCHIVE_EVENT_UTC_US;
  segment->duration = SEGMENT_MS * GST_MSECOND;
  segment->independent = TRUE;
  segment->size = size;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  segment->tracks[0].timescale = 90000;
  segment->tracks[0].start = segment->start_pts_90k;
  segment->tracks[0].duration = SEGMENT_MS * 90;
  g_strlcpy (segment->tracks[0].config_id, "0a0b0c0d", 9);
  segment->tracks[0].size = size - size / 10;
  return segment;
}

VsCodecConfig *
archive_make_config (void)
{
  VsCodecConfig *config = vs_codec_config_new (VS_CODEC_H264);

  g_strlcpy (config->id, "0a0b0c0d", sizeof config->id);
  g_strlcpy (config->mime, "avc1.64001f", sizeof config->mime);
  config->width = 1280;
  config->height = 720;
  config->fps_n = 25;
  return config;
}
