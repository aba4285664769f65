/* VisionStream: tests of other makers' playlists, read as one transport stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ffmpeg's HLS muxer makes them from one file, and its demuxer and decoders
 * read what comes out: the pictures and the frames of sound have to be those of
 * the file, and as far apart.
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "archive/archivefixture.h"
#include "archive/vsarchivecursor.h"
#include "archive/vsarchivelocation.h"

#define HLS "-hls_playlist_type vod -hls_time 2 "
#define FMP4 "-hls_segment_type fmp4 "
#define GROUPS "-map 0:v -map 0:a -var_stream_map " \
    "'v:0,agroup:s a:0,agroup:s,default:yes' -master_pl_name m.m3u8 "
#define SECONDS 8
#define FRAMES (SECONDS * 25)
/* What edit lists of ms lose */
#define TOLERANCE_MS 1.5

static gboolean
run (const gchar * format, ...)
G_GNUC_PRINTF (1, 2);

/* In the fixture's folder. */
     static gboolean run (const gchar * format, ...)
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

/* "source.mp4", H.264 with B-frames and AAC, or what @codecs say. */
static gboolean
make_source (const gchar * codecs)
{
  if (run ("ffmpeg -v error -y -f lavfi -i testsrc2=s=96x64:r=25:d=%u -f lavfi "
          "-i sine=d=%u:r=48000 -pix_fmt yuv420p -g 25 %s source.mp4",
          SECONDS, SECONDS, codecs ? codecs :
          "-c:v libx264 -preset ultrafast -bf 2 -sc_threshold 0 -c:a aac"))
    return TRUE;
  g_print ("skipped: no ffmpeg with libx264 and libx265\n");
  return FALSE;
}

static gboolean
make_hls (const gchar * options)
{
  return run ("ffmpeg -v error -y -i source.mp4 -c copy -f hls " HLS "%s",
      options);
}

static void
put_text (const gchar * name, const gchar * text)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
}

static gchar *
get_text (const gchar * name, gsize * size)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);
  gchar *text;

  fail_unless (g_file_get_contents (path, &text, size, NULL), "%s", name);
  return text;
}

/* ---- what a cursor gives ------------------------------------------------ */

typedef struct
{
  guint chunks, disconts, problems;
  GString *said;                /* of the problems */
} Given;

static void
given_clear (Given * given)
{
  if (given->said)
    g_string_free (given->said, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Given, given_clear);

static VsArchiveCursor *
open_playlist (const gchar * name, VsArchiveCursorSettings settings,
    GError ** error)
{
  g_autofree gchar *location = g_build_filename (root, name, NULL);
  VsStoreSettings place = {.location = location };
  g_autofree gchar *playlist = NULL;
  g_autoptr (VsStore) opened =
      vs_archive_location_open (&place, &playlist, NULL);

  fail_unless (opened != NULL && playlist != NULL);
  settings.playlist = playlist;
  return vs_archive_cursor_open (opened, NULL, NULL, NULL, &settings, NULL,
      error);
}

static void
note (Given * given, const VsArchiveChunk * chunk, FILE * out)
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

/* Into "out.ts" */
static void
read_with (Given * given, const gchar * name, VsArchiveCursorSettings settings)
{
  g_autofree gchar *path = g_build_filename (root, "out.ts", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsArchiveCursor) cursor = open_playlist (name, settings, &error);
  FILE *out = fopen (path, "w");
  VsArchiveChunk *chunk;

  *given = (Given) {
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

static void
read_playlist (Given * given, const gchar * name)
{
  read_with (given, name, (VsArchiveCursorSettings) {
      0});
}

/* ---- what ffmpeg makes of it -------------------------------------------- */

typedef struct
{
  GPtrArray *hashes[2];         /* of pictures, of frames of sound */
  gdouble first_ms[2];
} Decoded;

static void
decoded_clear (Decoded * decoded)
{
  g_clear_pointer (&decoded->hashes[0], g_ptr_array_unref);
  g_clear_pointer (&decoded->hashes[1], g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Decoded, decoded_clear);

/* One stream: "#tb 0: 1/25", then "0, dts, pts, duration, size, hash" */
static void
decode_stream (Decoded * decoded, guint i, const gchar * name)
{
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  gdouble scale = 0;

  decoded->hashes[i] = g_ptr_array_new_with_free_func (g_free);
  fail_unless (run ("ffmpeg -v error -xerror -y -copyts -i %s -map 0:%s "
          "-f framemd5 hashes", name, i == 0 ? "v" : "a -c copy"), "%s", name);
  text = get_text ("hashes", NULL);
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

static void
decode (Decoded * decoded, const gchar * name)
{
  decode_stream (decoded, 0, name);
  decode_stream (decoded, 1, name);
}

static void
assert_hashes (GPtrArray * is, GPtrArray * was, guint from, guint n)
{
  fail_unless_equals_int (is->len, n);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_string (g_ptr_array_index (is, i),
        g_ptr_array_index (was, from + i));
}

/* All of the source, and the sound where it was */
static void
assert_whole_within (gdouble tolerance_ms)
{
  g_auto (Decoded) was = { 0 }, is = { 0 };

  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  decode (&was, "source.ts");
  decode (&is, "out.ts");
  fail_unless_equals_int (was.hashes[0]->len, FRAMES);
  for (guint i = 0; i < 2; i++)
    assert_hashes (is.hashes[i], was.hashes[i], 0, was.hashes[i]->len);
  fail_unless (ABS ((is.first_ms[1] - is.first_ms[0]) - (was.first_ms[1]
              - was.first_ms[0])) < tolerance_ms, "%f and %f against %f and %f",
      is.first_ms[0], is.first_ms[1], was.first_ms[0], was.first_ms[1]);
}

static void
assert_whole (void)
{
  assert_whole_within (TOLERANCE_MS);
}

/* ---- ffmpeg's playlists ------------------------------------------------- */

#define X265 "-c:v libx265 -preset ultrafast -tag:v hvc1 " \
    "-x265-params keyint=25:log-level=none -c:a "

static const struct
{
  const gchar *codecs, *options, *playlist;
} playlists[] = {
  {NULL, "any.m3u8", "any.m3u8"},
  {NULL, "-hls_flags single_file any.m3u8", "any.m3u8"},
  {NULL, FMP4 "film.m3u8", "film.m3u8"},
  {NULL, FMP4 "-hls_fmp4_init_filename head.mp4 -hls_flags single_file f.m3u8",
      "f.m3u8"},
  {NULL, FMP4 "-master_pl_name 'a main one.m3u8' f.m3u8", "a main one.m3u8"},
  {NULL, GROUPS "'%v.m3u8'", "m.m3u8"},
  {NULL, FMP4 GROUPS "-hls_fmp4_init_filename 'i%v.mp4' "
        "-hls_segment_filename '%v/s_%d.m4s' '%v/out.m3u8'", "m.m3u8"},
  {X265 "ac3", FMP4 "film.m3u8", "film.m3u8"},
  {X265 "eac3", FMP4 GROUPS "-hls_fmp4_init_filename 'i%v.mp4' '%v.m3u8'",
      "m.m3u8"},
};

GST_START_TEST (test_playlists)
{
  g_auto (Given) given = { 0 };

  if (!make_source (playlists[__i__].codecs))
    return;
  fail_unless (make_hls (playlists[__i__].options));
  read_playlist (&given, playlists[__i__].playlist);
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_int (given.chunks, SECONDS / 2);
  fail_unless_equals_int (given.disconts, 1);
  assert_whole ();
}

GST_END_TEST;

#define MAIN "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\"," \
    "DEFAULT=YES,AUTOSELECT=YES,URI=\"%s\"\n" \
    "#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"g\"\nv.m3u8\n"

/* Segments of sound that are shorter and longer than those of video */
static const struct
{
  const gchar *type, *seconds;
} boundaries[] = {
  {"", "0.7"}, {"", "3.1"}, {FMP4, "0.7"}, {FMP4, "3.1"}, {FMP4, "20"},
};

/* Both outputs keep what is between them; but those of TS lose what the first
 * DTS is ahead of 0. */
#define TS_SHIFT_MS 60
#define UNSHIFTED "-avoid_negative_ts disabled "

GST_START_TEST (test_boundaries)
{
  const gchar *type = boundaries[__i__].type;
  g_autofree gchar *main_text = g_strdup_printf (MAIN, "a.m3u8");
  g_auto (Given) given = { 0 };

  if (!make_source (NULL))
    return;
  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -map 0:v -c copy "
          UNSHIFTED "-f hls " HLS
          "%s -hls_fmp4_init_filename vi.mp4 v.m3u8 -map 0:a -c copy " UNSHIFTED
          "-f hls -hls_playlist_type vod -hls_time %s %s "
          "-hls_fmp4_init_filename ai.mp4 a.m3u8", type,
          boundaries[__i__].seconds, type));
  put_text ("m.m3u8", main_text);
  read_playlist (&given, "m.m3u8");
  fail_unless_equals_int (given.problems, 0);
  assert_whole_within (*type ? TOLERANCE_MS : TS_SHIFT_MS);
}

GST_END_TEST;

/* From a keyframe to another */
GST_START_TEST (test_range)
{
  g_auto (Decoded) was = { 0 }, is = { 0 };
  VsArchiveCursorSettings settings = { 0 };
  g_auto (Given) given = { 0 };

  if (!make_source (NULL))
    return;
  fail_unless (make_hls (FMP4 GROUPS "-hls_fmp4_init_filename 'i%v.mp4' "
          "'%v.m3u8'"));
  fail_unless (vs_archive_time_parse ("3.2", &settings.start, NULL));
  fail_unless (vs_archive_time_parse ("5.9", &settings.stop, NULL));
  read_with (&given, "m.m3u8", settings);
  fail_unless_equals_int (given.problems, 0);
  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  decode (&was, "source.ts");
  decode (&is, "out.ts");
  assert_hashes (is.hashes[0], was.hashes[0], 3 * 25, 3 * 25);
  /* frames of 1024 samples, of which none begins ahead of the keyframe */
  fail_unless (ABS ((gint) is.hashes[1]->len - 3 * 48000 / 1024) <= 1);
  fail_unless (is.first_ms[1] >= is.first_ms[0]
      && is.first_ms[1] - is.first_ms[0] < 22);
}

GST_END_TEST;

/* ---- encryption --------------------------------------------------------- */

static void
make_encrypted (const gchar * key)
{
  put_text ("my.key", "0123456789abcdef");
  put_text ("info", "my.key\nmy.key\n");
  fail_unless (make_hls ("-hls_key_info_file info a.m3u8"));
  if (key)
    put_text ("my.key", key);
}

GST_START_TEST (test_encrypted)
{
  g_auto (Given) given = { 0 };

  if (!make_source (NULL))
    return;
  make_encrypted (NULL);
  read_playlist (&given, "a.m3u8");
  fail_unless_equals_int (given.problems, 0);
  assert_whole ();
}

GST_END_TEST;

GST_START_TEST (test_wrong_keys)
{
  static const gchar *const keys[] = { "0123456789abcdeX", "short", "" };

  if (!make_source (NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_auto (Given) given = { 0 };

    make_encrypted (keys[i]);
    read_playlist (&given, "a.m3u8");
    fail_unless_equals_int (given.chunks, 0);
    fail_unless_equals_int (given.problems, SECONDS / 2);
    fail_unless (strstr (given.said->str, "a0.ts") || strstr (given.said->str,
            "my.key"), "%s", given.said->str);
  }
  fail_unless (run ("rm my.key"));
  {
    g_auto (Given) given = { 0 };

    read_playlist (&given, "a.m3u8");

    fail_unless_equals_int (given.chunks, 0);
    fail_unless (strstr (given.said->str, "my.key") != NULL
        && strstr (given.said->str, "line 6") != NULL, "%s", given.said->str);
  }
}

GST_END_TEST;

/* ---- what can't be read ------------------------------------------------- */

GST_START_TEST (test_refused)
{
#define MEDIA "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
#define ENTRY "#EXTINF:6,\na.ts\n"
  static const struct
  {
    const gchar *text, *said;
  } cases[] = {
    {MEDIA "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n" ENTRY, "line 3"},
    {MEDIA "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"k\"\n" ENTRY, "line 3"},
    {MEDIA "#EXT-X-KEY:METHOD=AES-128,URI=\"https://example.com/k\"\n" ENTRY,
        "EXT-X-KEY in line 3"},
    {MEDIA "#EXT-X-MAP:URI=\"../i.mp4\"\n" ENTRY, "../i.mp4"},
    {MEDIA "#EXTINF:6,\n../a.ts\n", "../a.ts"},
    {MEDIA "#EXTINF:6,\nhttp://example.com/a.ts\n", "leads out of the folder"},
    {MEDIA "#EXTINF:6,\n/etc/passwd\n", "leads out of the folder"},
    {MEDIA "#EXTINF:6,\nb/../../a.ts\n", "leads out of the folder"},
    {"#EXTM3U\n", "names no rendition"},
    {"text\n", "line 1"},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nnone.m3u8\n", "none.m3u8"},
    {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\np.m3u8\n", "p.m3u8"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    put_text ("p.m3u8", cases[i].text);
    fail_unless (open_playlist ("p.m3u8", (VsArchiveCursorSettings) {
            0}
            , &error) == NULL, "case %u", i);
    fail_unless (strstr (error->message, cases[i].said) != NULL, "case %u: %s",
        i, error->message);
  }
}

GST_END_TEST;

/* Each leaves out what it concerns and no more. */
GST_START_TEST (test_damaged)
{
  static const struct
  {
    const gchar *damage, *said;
    guint frames;
  } cases[] = {
    {"rm f1.m4s", "f1.m4s", FRAMES - 50},
    {"head -c 900 f1.m4s > x && mv x f1.m4s", "f1.m4s", FRAMES - 50},
    {"head -c 9000 /dev/zero > f2.m4s", "f2.m4s", FRAMES - 50},
    {": > f2.m4s", "f2.m4s", FRAMES - 50},
    /* the size of the first movie fragment, and of a run */
    {"printf '\\377' | dd of=f3.m4s bs=1 seek=24 conv=notrunc", "f3.m4s",
        FRAMES - 50},
  };

  if (!make_source (NULL))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Given) given = { 0 };
    g_auto (Decoded) is = { 0 };

    fail_unless (make_hls (FMP4 "f.m3u8"));
    fail_unless (run ("(%s) 2>/dev/null", cases[i].damage));
    read_playlist (&given, "f.m3u8");
    fail_unless_equals_int (given.problems, 1);
    fail_unless (strstr (given.said->str, cases[i].said) != NULL, "%s",
        given.said->str);
    decode (&is, "out.ts");
    fail_unless_equals_int (is.hashes[0]->len, cases[i].frames);
  }
}

GST_END_TEST;

/* Another variant, sound that is not there */
GST_START_TEST (test_beside)
{
  g_auto (Given) given = { 0 };
  g_autofree gchar *main_text = g_strdup_printf (MAIN, "none.m3u8");

  if (!make_source (NULL))
    return;
  fail_unless (make_hls (FMP4 "v.m3u8"));
  put_text ("m.m3u8", "#EXTM3U\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=9,RESOLUTION=960x640\ngone.m3u8\n"
      "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=96x64\nv.m3u8\n");
  read_playlist (&given, "m.m3u8");
  fail_unless_equals_int (given.problems, 1);
  fail_unless (strstr (given.said->str, "gone.m3u8") != NULL);
  assert_whole ();
  given_clear (&given);
  put_text ("m.m3u8", main_text);
  read_playlist (&given, "m.m3u8");
  fail_unless_equals_int (given.chunks, 0);
  fail_unless (strstr (given.said->str, "none.m3u8") != NULL);
}

GST_END_TEST;

/* ---- by hand ------------------------------------------------------------ */

/* Twice the same, with a map of its own each */
GST_START_TEST (test_discontinuity)
{
  g_autofree gchar *text = NULL, *twice = NULL;
  g_auto (Given) given = { 0 };
  g_auto (GStrv) parts = NULL;

  if (!make_source (NULL))
    return;
  fail_unless (make_hls (FMP4 "f.m3u8"));
  text = get_text ("f.m3u8", NULL);
  parts = g_strsplit (text, "#EXT-X-MAP", 2);
  *strstr (parts[1], "#EXT-X-ENDLIST") = '\0';
  twice = g_strconcat (parts[0], "#EXT-X-MAP", parts[1],
      "#EXT-X-DISCONTINUITY\n#EXT-X-MAP", parts[1], "#EXT-X-ENDLIST\n", NULL);
  put_text ("twice.m3u8", twice);
  read_playlist (&given, "twice.m3u8");
  fail_unless_equals_int (given.problems, 0);
  fail_unless_equals_int (given.disconts, 2);
  fail_unless (run ("test $(ffmpeg -v error -xerror -i out.ts -map 0:v -f "
          "framemd5 - | grep -vc '^#') = %u", 2 * FRAMES));
}

GST_END_TEST;

/* An ID3 tag with the time of the first frame (RFC 8216 3.4) */
static GByteArray *
make_tag (guint64 time_90k)
{
  static const gchar owner[] = "com.apple.streaming.transportStreamTimestamp";
  guint8 head[20] = "ID3\4\0\0\0\0\0\0PRIV";
  GByteArray *tag = g_byte_array_new ();

  head[9] = 10 + sizeof owner + 8;
  head[17] = sizeof owner + 8;
  time_90k = GUINT64_TO_BE (time_90k);
  g_byte_array_append (tag, head, sizeof head);
  g_byte_array_append (tag, (const guint8 *) owner, sizeof owner);
  g_byte_array_append (tag, (const guint8 *) &time_90k, sizeof time_90k);
  return tag;
}

/* The source's sound as ADTS frames, in files of @frames each; a playlist */
static void
make_packed (guint frames, guint64 time_90k)
{
  g_autoptr (GString) list = g_string_new ("#EXTM3U\n"
      "#EXT-X-TARGETDURATION:9\n");
  g_autofree gchar *adts = NULL;
  gsize size, done = 0;

  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -map 0:a -c copy a.aac"));
  adts = get_text ("a.aac", &size);
  for (guint i = 0; done < size; i++) {
    g_autoptr (GByteArray) file =
        make_tag (time_90k + i * frames * G_GUINT64_CONSTANT (1920));
    g_autofree gchar *name = g_strdup_printf ("p%u.aac", i);
    g_autofree gchar *path = g_build_filename (root, name, NULL);

    for (guint k = 0; k < frames && done < size; k++) {
      const guint8 *at = (guint8 *) adts + done;
      gsize length = (at[3] & 3) << 11 | at[4] << 3 | at[5] >> 5;

      g_byte_array_append (file, at, length);
      done += length;
    }
    fail_unless (g_file_set_contents (path, (gchar *) file->data, file->len,
            NULL));
    g_string_append_printf (list, "#EXTINF:%f,\n%s\n", frames * 1024 / 48000.0,
        name);
  }
  g_string_append (list, "#EXT-X-ENDLIST\n");
  put_text ("a.m3u8", list->str);
}

GST_START_TEST (test_packed)
{
  g_autofree gchar *main_text = g_strdup_printf (MAIN, "a.m3u8");
  g_auto (Decoded) was = { 0 };
  g_auto (Given) given = { 0 };

  if (!make_source (NULL))
    return;
  fail_unless (make_hls ("-map 0:v v.m3u8"));
  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -c copy source.ts"));
  fail_unless (run ("cat v?.ts > v.ts"));
  decode (&was, "source.ts");
  /* as far from the pictures as it was, which begin elsewhere here */
  {
    g_auto (Decoded) video = { 0 };

    decode_stream (&video, 0, "v.ts");
    make_packed (70, (video.first_ms[0] + was.first_ms[1]
            - was.first_ms[0]) * 90);
  }
  put_text ("m.m3u8", main_text);
  read_playlist (&given, "m.m3u8");
  fail_unless_equals_int (given.problems, 0);
  assert_whole ();
}

GST_END_TEST;

/* Without a tag nobody knows when it is. */
GST_START_TEST (test_packed_without_time)
{
  g_auto (Given) given = { 0 };

  if (!make_source (NULL))
    return;
  fail_unless (run ("ffmpeg -v error -y -i source.mp4 -map 0:a -c copy a.aac"));
  put_text ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:8,\na.aac\n"
      "#EXT-X-ENDLIST\n");
  read_playlist (&given, "a.m3u8");
  fail_unless_equals_int (given.problems, 1);
  fail_unless (strstr (given.said->str, "a.aac: packed audio without") != NULL,
      "%s", given.said->str);
}

GST_END_TEST;

/* ---- locations ---------------------------------------------------------- */

GST_START_TEST (test_locations)
{
  static const struct
  {
    const gchar *location, *store, *playlist;
  } cases[] = {
    {"https://host/a/b/m.m3u8?token=x/y#z", "https://host/a/b",
        "m.m3u8?token=x/y"},
    {"https://host/m%20n.M3U8", "https://host", "m n.M3U8"},
    {"s3://bucket/m.m3u8", "s3://bucket", "m.m3u8"},
    {"s3://bucket/a/100%25.m3u8", "s3://bucket/a", "100%25.m3u8"},
    {"https://host/a/b", "https://host/a/b", NULL},
    {"https://host/a?x=.m3u8", NULL, NULL},
    {"https://host/.m3u8", NULL, NULL},
    {"https://host/a%2fb.m3u8", NULL, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsStoreSettings place = {.location = cases[i].location };
    g_autofree gchar *playlist = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (VsStore) opened =
        vs_archive_location_open (&place, &playlist, &error);

    fail_unless_equals_string (playlist, cases[i].playlist);
    fail_unless ((opened != NULL) == (cases[i].store != NULL), "case %u: %s",
        i, error ? error->message : "");
    if (opened)
      fail_unless_equals_string (vs_store_get_location (opened),
          cases[i].store);
  }
}

GST_END_TEST;

static Suite *
archiveforeign_suite (void)
{
  Suite *suite = suite_create ("archiveforeign");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, archive_setup, archive_teardown);
  tcase_add_loop_test (tcase, test_playlists, 0, G_N_ELEMENTS (playlists));
  tcase_add_loop_test (tcase, test_boundaries, 0, G_N_ELEMENTS (boundaries));
  tcase_add_test (tcase, test_range);
  tcase_add_test (tcase, test_encrypted);
  tcase_add_test (tcase, test_wrong_keys);
  tcase_add_test (tcase, test_refused);
  tcase_add_test (tcase, test_damaged);
  tcase_add_test (tcase, test_beside);
  tcase_add_test (tcase, test_discontinuity);
  tcase_add_test (tcase, test_packed);
  tcase_add_test (tcase, test_packed_without_time);
  tcase_add_test (tcase, test_locations);
  return suite;
}

GST_CHECK_MAIN (archiveforeign);
