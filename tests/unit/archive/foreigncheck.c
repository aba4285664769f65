/* VisionStream: other makers' playlists under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/foreigncheck.h"

#include <stdio.h>
#include <string.h>

#include "archive/vsarchivelocation.h"

#define HLS "-hls_playlist_type vod -hls_time 2 "

gboolean
foreign_run (const gchar * format, ...)
{
  g_autofree gchar *line = NULL, *command = NULL;
  const gchar *argv[] = { "sh", "-c", NULL, NULL };
  va_list args;
  gint status;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  command = g_strdup_printf ("cd %s && %s", root, line);
  argv[2] = command;
  return g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
      NULL, NULL, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL);
}

gboolean
foreign_make_source (const gchar * codecs)
{
  if (foreign_run
      ("ffmpeg -v error -y -f lavfi -i testsrc2=s=96x64:r=25:d=%u -f lavfi "
          "-i sine=d=%u:r=48000 -pix_fmt yuv420p -g 25 %s source.mp4",
          FOREIGN_SECONDS, FOREIGN_SECONDS,
          codecs ? codecs :
          "-c:v libx264 -preset ultrafast -bf 2 -sc_threshold 0 -c:a aac"))
    return TRUE;
  g_print ("skipped: no ffmpeg with libx264 and libx265\n");
  return FALSE;
}

gboolean
foreign_make_hls (const gchar * options)
{
  return foreign_run ("ffmpeg -v error -y -i source.mp4 -c copy -f hls " HLS
      "%s", options);
}

void
foreign_put_text (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

gchar *
foreign_get_text (const gchar * name, gsize * size)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);
  gchar *text;

  fail_unless (g_file_get_contents (path, &text, size, NULL), "%s", name);
  return text;
}

/* ---- what a cursor gives ------------------------------------------------ */

void
foreign_given_clear (ForeignGiven * given)
{
  if (given->said)
    g_string_free (given->said, TRUE);
}

VsArchiveCursor *
foreign_open (const gchar * name, const VsArchiveCursorSettings * given,
    GError ** error)
{
  g_autofree gchar *location = g_build_filename (root, name, NULL);
  VsArchiveCursorSettings settings = { 0 };
  VsStoreSettings place = {.location = location };
  g_autofree gchar *playlist = NULL;
  g_autoptr (VsStore) opened =
      vs_archive_location_open (&place, &playlist, NULL);

  fail_unless (opened != NULL && playlist != NULL);
  if (given)
    settings = *given;
  settings.playlist = playlist;
  return vs_archive_cursor_open (opened, NULL, NULL, NULL, &settings, NULL,
      error);
}

static void
note (ForeignGiven * given, const VsArchiveChunk * chunk, FILE * out)
{
  gsize size;
  gconstpointer data;

  if (chunk->problem) {
    given->problems++;
    g_string_append_printf (given->said, "%s\n", chunk->problem->message);
  }
  if (chunk->bytes == NULL)
    return;
  data = g_bytes_get_data (chunk->bytes, &size);
  fail_unless_equals_uint64 (fwrite (data, 1, size, out), size);
  given->chunks++;
  given->disconts += chunk->discont;
}

void
foreign_read (ForeignGiven * given, const gchar * name,
    const VsArchiveCursorSettings * settings)
{
  g_autofree gchar *path = g_build_filename (root, "out.ts", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsArchiveCursor) cursor = foreign_open (name, settings, &error);
  FILE *out = fopen (path, "w");
  VsArchiveChunk *chunk;

  *given = (ForeignGiven) {
  .said = g_string_new (NULL)};
  fail_unless (cursor != NULL, "%s", error ? error->message : "");
  while ((chunk = vs_archive_cursor_next (cursor, NULL, &error))) {
    note (given, chunk, out);
    vs_archive_chunk_free (chunk);
  }
  fail_unless (error == NULL, "%s", error ? error->message : "");
  fail_unless (vs_archive_cursor_is_foreign (cursor));
  fclose (out);
}

/* ---- what ffmpeg makes of it -------------------------------------------- */

void
foreign_decoded_clear (ForeignDecoded * decoded)
{
  g_clear_pointer (&decoded->hashes[0], g_ptr_array_unref);
  g_clear_pointer (&decoded->hashes[1], g_ptr_array_unref);
}

/* One stream: "#tb 0: 1/25", then "0, dts, pts, duration, size, hash" */
void
foreign_decode_stream (ForeignDecoded * decoded, guint i, const gchar * name)
{
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  gdouble scale = 0;

  decoded->hashes[i] = g_ptr_array_new_with_free_func (g_free);
  fail_unless (foreign_run
      ("ffmpeg -v error -xerror -y -copyts -i %s -map 0:%s "
          "-f framemd5 hashes", name, i == 0 ? "v" : "a -c copy"), "%s", name);
  text = foreign_get_text ("hashes", NULL);
  lines = g_strsplit (text, "\n", -1);
  for (guint k = 0; lines[k]; k++) {
    g_auto (GStrv) fields = g_strsplit (lines[k], ",", -1);
    guint num, den;

    if (sscanf (lines[k], "#tb 0: %u/%u", &num, &den) == 2)
      scale = 1000.0 * num / den;
    if (lines[k][0] == '#' || g_strv_length (fields) < 6)
      continue;
    if (decoded->hashes[i]->len == 0)
      decoded->first_ms[i] = g_ascii_strtoll (g_strstrip (fields[2]), NULL,
          10) * scale;
    g_ptr_array_add (decoded->hashes[i], g_strdup (g_strstrip (fields[5])));
  }
}

void
foreign_decode (ForeignDecoded * decoded, const gchar * name)
{
  foreign_decode_stream (decoded, 0, name);
  foreign_decode_stream (decoded, 1, name);
}

void
foreign_assert_hashes (GPtrArray * is, GPtrArray * was, guint from, guint n)
{
  fail_unless_equals_int (is->len, n);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_string (g_ptr_array_index (is, i),
        g_ptr_array_index (was, from + i));
}

void
foreign_assert_whole (gdouble tolerance_ms)
{
  g_auto (ForeignDecoded) was = { 0 }, is = { 0 };

  fail_unless (foreign_run
      ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  foreign_decode (&was, "source.ts");
  foreign_decode (&is, "out.ts");
  fail_unless_equals_int (was.hashes[0]->len, FOREIGN_FRAMES);
  for (guint i = 0; i < 2; i++)
    foreign_assert_hashes (is.hashes[i], was.hashes[i], 0, was.hashes[i]->len);
  fail_unless (ABS ((is.first_ms[1] - is.first_ms[0]) - (was.first_ms[1]
              - was.first_ms[0])) < tolerance_ms, "%f and %f against %f and %f",
      is.first_ms[0], is.first_ms[1], was.first_ms[0], was.first_ms[1]);
}

void
foreign_make_encrypted (const gchar * key)
{
  foreign_put_text ("my.key", "0123456789abcdef");
  foreign_put_text ("info", "my.key\nmy.key\n");
  fail_unless (foreign_make_hls ("-hls_key_info_file info a.m3u8"));
  if (key)
    foreign_put_text ("my.key", key);
}
