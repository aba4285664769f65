/* VisionStream: playlists of any bytes, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What reads is written again, as an archive's playlist and as one of CMAF,
 * and has to read back as the same.
 */
#include <string.h>

#include "manifest/vsm3u8.h"

int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

static gchar *
write_again (const VsM3u8Media * media)
{
  VsTimelineView view = {
    .rendition = media->rendition,
    .segments = media->segments,
    .configs = media->configs,
    .ended = media->ended,
    .target_duration = media->target_duration,
    .peaks = media->peaks,
    .average_bandwidth = media->average_bandwidth,
  };
  VsM3u8MediaSettings settings = {
    .archive = TRUE,
    .first_sequence = media->first_sequence,
  };
  VsM3u8MediaSettings audio = {.track = VS_MEDIA_AUDIO };

  g_free (vs_m3u8_write_media (&view, &audio));
  return vs_m3u8_write_media (&view, &settings);
}

static void
check_round_trip (const VsM3u8Media * media)
{
  g_autofree gchar *text = write_again (media);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsM3u8Media) again =
      vs_m3u8_read_media (text, strlen (text), &error);
  g_autofree gchar *same = NULL;

  if (again == NULL)
    g_error ("%s\n%s", error->message, text);
  same = write_again (again);
  if (strcmp (text, same) != 0)
    g_error ("%s\nis not\n%s", same, text);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  g_autoptr (VsM3u8Media) media =
      vs_m3u8_read_media ((const gchar *) data, size, NULL);
  GPtrArray *entries = vs_m3u8_read_main ((const gchar *) data, size, NULL);

  if (media != NULL && !media->foreign)
    check_round_trip (media);
  g_clear_pointer (&entries, g_ptr_array_unref);
  return 0;
}
