/* VisionStream: packages a rendition of an archive as CMAF, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   archivetool PLAYLIST video|audio OUT.mp4
 *
 * Writes the header and all fragments, one after the other.
 */
#include <string.h>

#include "isobmff/vscmaf.h"
#include "manifest/vsm3u8.h"

static GBytes *
load (const gchar * path)
{
  g_autoptr (GError) error = NULL;
  gchar *data;
  gsize size;

  if (!g_file_get_contents (path, &data, &size, &error))
    g_error ("%s", error->message);
  return g_bytes_new_take (data, size);
}

static void
append (GByteArray * out, GBytes * bytes)
{
  g_byte_array_append (out, g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes));
}

static void
append_header (GByteArray * out, GBytes * ts, VsMediaType type)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VsCodecConfig) config = vs_cmaf_find_config (ts, type, &error);
  g_autoptr (GBytes) header =
      config ? vs_cmaf_header (config, NULL, &error) : NULL;

  if (header == NULL)
    g_error ("%s", error->message);
  append (out, header);
}

static void
append_segments (GByteArray * out, const VsM3u8Media * media,
    const gchar * folder, VsMediaType type)
{
  for (guint i = 0; i < media->segments->len; i++) {
    const VsSegment *segment = g_ptr_array_index (media->segments, i);
    const VsSegmentTrack *track = vs_segment_get_track (segment, type);
    g_autofree gchar *path = g_build_filename (folder, segment->uri, NULL);
    g_autoptr (GBytes) ts = load (path), fragment = NULL;
    g_autoptr (GError) error = NULL;

    /* the sound may end before the picture does */
    if (track == NULL || track->duration == 0)
      continue;
    fragment = vs_cmaf_fragment (ts, segment, type, &error);
    if (fragment == NULL)
      g_error ("%s: %s", path, error->message);
    if (out->len == 0)
      append_header (out, ts, type);
    append (out, fragment);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GBytes) text = NULL;
  g_autoptr (VsM3u8Media) media = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *folder = NULL;

  if (argc != 4)
    g_error ("usage: archivetool PLAYLIST video|audio OUT.mp4");
  gst_init (NULL, NULL);
  text = load (argv[1]);
  folder = g_path_get_dirname (argv[1]);
  media = vs_m3u8_read_media (g_bytes_get_data (text, NULL),
      g_bytes_get_size (text), &error);
  if (media == NULL)
    g_error ("%s", error->message);
  append_segments (out, media, folder,
      strcmp (argv[2], "video") == 0 ? VS_MEDIA_VIDEO : VS_MEDIA_AUDIO);
  if (!g_file_set_contents (argv[3], (const gchar *) out->data, out->len,
          &error))
    g_error ("%s", error->message);
  return 0;
}
