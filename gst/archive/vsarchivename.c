/* VisionStream: names in an archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"

#include <string.h>

#define PREFIX "index_"
#define SUFFIX ".m3u8"

guint64
vs_archive_part_start (guint64 sequence)
{
  return vs_timeline_part_start (sequence);
}

gchar *
vs_archive_part_name (const gchar * rendition, guint64 sequence)
{
  return g_strdup_printf (PREFIX "%s.%05" G_GUINT64_FORMAT SUFFIX, rendition,
      vs_archive_part_start (sequence));
}

gchar *
vs_archive_segment_name (const gchar * rendition, guint64 sequence)
{
  return g_strdup_printf (PREFIX "%s_%05" G_GUINT64_FORMAT ".ts", rendition,
      sequence);
}

gchar *
vs_archive_playlist_name (const gchar * rendition)
{
  return g_strconcat (PREFIX, rendition, SUFFIX, NULL);
}

gchar *
vs_archive_name_to_rendition (const gchar * name)
{
  g_autofree gchar *rendition = NULL;
  gsize length = strlen (name);

  if (!g_str_has_prefix (name, PREFIX) || !g_str_has_suffix (name, SUFFIX)
      || length <= strlen (PREFIX SUFFIX))
    return NULL;
  rendition = g_strndup (name + strlen (PREFIX),
      length - strlen (PREFIX SUFFIX));
  return vs_name_is_valid (rendition) ? g_steal_pointer (&rendition) : NULL;
}

gchar *
vs_archive_folder (const gchar * account, const gchar * event,
    const gchar * breakout)
{
  return g_strconcat (account ? account : VS_DEFAULT_ACCOUNT, "/",
      event ? event : VS_DEFAULT_EVENT, breakout ? "/" : NULL, breakout, NULL);
}

gchar *
vs_archive_path_to_event (const gchar * other, const gchar * breakout)
{
  if (breakout)
    return g_strconcat ("../../", other, "/", breakout, "/", NULL);
  return g_strconcat ("../", other, "/", NULL);
}

gchar *
vs_archive_key (const gchar * folder, const gchar * name)
{
  return g_strconcat (folder, *folder ? "/" : "", name, NULL);
}
