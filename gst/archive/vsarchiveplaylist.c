/* VisionStream: an archive's playlists, read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivelistprivate.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchiveuri.h"

/* A rolling playlist or a part takes some 30 kB; what is larger is complete
 * and read by its head alone. */
#define HEAD_MAX (256 * 1024)

#define FIRST_LINE_OF_ENTRY "\n#EXT-X-PROGRAM-DATE-TIME:"
#define ARCHIVE_HEAD "\n#VISIONSTREAM-PLAYLIST:"

static VsM3u8Media *
parse (const VsArchivePlace * place, const gchar * name, const gchar * text,
    gsize size, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  VsM3u8Media *media = vs_m3u8_read_media (text, size, &cause);

  if (media == NULL) {
    g_autofree gchar *shown =
        vs_archive_show (place->store, place->folder, name);

    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", shown,
        cause->message);
  }
  return media;
}

/* EXT-X-ENDLIST is at the other end: every complete playlist has it. */
static VsM3u8Media *
parse_head (const VsArchivePlace * place, const gchar * name,
    const gchar * text, gsize size, GError ** error)
{
  VsM3u8Media *media = parse (place, name, text, size, error);

  if (media)
    media->ended = TRUE;
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
    return parse_head (place, name, text, entry + 1 - text, error);
  *whole = TRUE;
  return vs_archive_read_whole_playlist (place, name, error);
}

guint64
vs_archive_get_number (VsM3u8Media * media, const gchar * name)
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
  return vs_archive_get_number (media, VS_ARCHIVE_ATTRIBUTE_LAST);
}
