/* VisionStream: what the tests of gst/codec share: streams made by ffmpeg and
 * what ffmpeg and ffprobe say of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "codec/vscodec.h"

static inline gchar *
test_run (const gchar *command)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar *out = NULL;
  gint status = -1;

  fail_unless (g_shell_parse_argv (command, NULL, &argv, NULL));
  fail_unless (g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
          | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, &status,
          NULL));
  fail_unless (g_spawn_check_wait_status (status, NULL), "%s", command);
  return g_steal_pointer (&out);
}

/* An elementary stream, and an MP4 file with the same packets where @mp4 is
 * set; both are removed again once read. */
static inline GBytes *
test_encode (const gchar *input, const gchar *options, const gchar *format,
    gchar **probe, GBytes **mp4)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-codec-XXXXXX", NULL);
  g_autofree gchar *raw = g_build_filename (folder, "raw", NULL);
  g_autofree gchar *file = g_build_filename (folder, "file.mp4", NULL);
  g_autofree gchar *encode = g_strdup_printf ("ffmpeg -v error -f lavfi -i %s "
      "%s -f %s %s", input, options, format, raw);
  g_autofree gchar *show = g_strdup_printf ("ffprobe -v error -show_streams %s",
      raw);
  gchar *data;
  gsize size;
  GBytes *bytes;

  g_free (test_run (encode));
  fail_unless (g_file_get_contents (raw, &data, &size, NULL));
  bytes = g_bytes_new_take (data, size);
  *probe = test_run (show);
  if (mp4) {
    g_autofree gchar *mux = g_strdup_printf ("ffmpeg -v error -i %s -c copy "
        "-strict -2 %s", raw, file);

    g_free (test_run (mux));
    fail_unless (g_file_get_contents (file, &data, &size, NULL));
    *mp4 = g_bytes_new_take (data, size);
  }
  g_unlink (raw);
  g_unlink (file);
  g_rmdir (folder);
  return bytes;
}

/* The value of "key=" in ffprobe's output, NULL where it has none */
static inline gchar *
test_probe_value (const gchar *probe, const gchar *key)
{
  g_autofree gchar *pattern = g_strdup_printf ("\n%s=", key);
  const gchar *value = strstr (probe, pattern);

  if (value == NULL)
    return NULL;
  value += strlen (pattern);
  return g_strndup (value, strcspn (value, "\n"));
}

static inline void
assert_probed (const gchar *probe, const gchar *key, gint64 value)
{
  g_autofree gchar *text = test_probe_value (probe, key);

  fail_unless (text != NULL && g_ascii_strtoll (text, NULL, 10) == value,
      "%s is %s, not %" G_GINT64_FORMAT, key, text, value);
}

/* The payload of the first box of a type in an MP4 file */
static inline const guint8 *
test_find_box (GBytes *mp4, const gchar *type, gsize *size)
{
  gsize total;
  const guint8 *data = g_bytes_get_data (mp4, &total);

  for (gsize i = 4; i + 4 <= total; i++) {
    if (memcmp (data + i, type, 4) == 0) {
      *size = GST_READ_UINT32_BE (data + i - 4) - 8;
      fail_unless (i + 4 + *size <= total);
      return data + i + 4;
    }
  }
  return NULL;
}

static inline void
assert_record (const VsCodecConfig *config, const guint8 *data, gsize size)
{
  gsize own_size;
  const guint8 *own = g_bytes_get_data (config->record, &own_size);

  fail_unless_equals_uint64 (own_size, size);
  fail_unless (memcmp (own, data, size) == 0);
}

/* Nothing in the stream's first bytes may be trusted: cut and damaged ones
 * must do no harm. */
static inline void
test_damage (VsCodec codec, GBytes *bytes, gsize head)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (codec);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  head = MIN (head, size);
  for (guint round = 0; round < 2000; round++) {
    gsize length = round < head ? round : head;
    g_autofree guint8 *copy = g_memdup2 (data, length);
    VsCodecConfig *config;
    gsize frame = length;
    guint rate;

    for (guint i = 0; round >= head / 2 && i < 1 + round % 4 && length; i++)
      copy[g_rand_int_range (rand, 0, length)] ^=
          1 << g_rand_int_range (rand, 0, 8);
    config = vs_codec_config_from_unit (codec, copy, length, NULL);
    if (config) {
      fail_unless (strlen (config->mime) < sizeof config->mime);
      fail_unless_equals_int (strlen (config->id), 8);
      vs_codec_config_unref (config);
    }
    vs_codec_is_keyframe (codec, copy, length);
    vs_codec_audio_frame (codec, copy, &frame, &rate);
    fail_unless (frame <= length);
  }
}
