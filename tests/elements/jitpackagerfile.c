/* VisionStream: tests of MP4 files that vsjitpackager serves as they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/await.h"
#include "common/deadline.h"
#include "packager.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AWAIT_DEADLINE test_deadline (60)

#define MIB (1024 * 1024)
/* a film; nearly all of it are holes on the disk */
#define LARGE_SIZE (G_GUINT64_CONSTANT (1024) * MIB)
#define LARGE "/out/v1/default/media/large.mp4"
/* there are eight bytes each so many of it that tell where they are */
#define MARK_DISTANCE (16 * MIB)
#define CLIENTS 20
#define CLIENT_BYTES (40 * MIB)
/* of memory: two pieces of 1 MiB for each client, and what is passed on
 * meanwhile: a read in each thread, the allocator's own */
#define MOST_MEMORY (CLIENTS * 2 * MIB + 24 * MIB)

/* A recording. */

/* (transfer full) (nullable): the first name that ends so */
static gchar *
find_file (const gchar * parent, const gchar * suffix)
{
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const gchar *name = NULL;

  while (dir && (name = g_dir_read_name (dir)))
    if (name[0] != '.' && g_str_has_suffix (name, suffix))
      break;
  return g_strdup (name);
}

/* (transfer full): its name, once it is finished */
static gchar *
make_recording (void)
{
  g_autofree gchar *line = g_strdup_printf (STREAM "vssegmentstore "
      "location=%s target-duration=1000000000 recording=mp4 ! " PACKAGER
      FOREVER,
      folder);
  g_autofree gchar *recordings =
      g_build_filename (folder, "default", "live", "recordings", NULL);
  gchar *name = NULL;

  start_pipeline (line);
  AWAIT ((name = find_file (recordings, ".mp4")) != NULL);
  return name;
}

static void
assert_part (const gchar * path, const gchar * range, guint status,
    const gchar * bytes, gsize size)
{
  g_auto (Reply) reply = { 0 };

  request ("GET", path, range ? "Range" : NULL, range, &reply);
  fail_unless_equals_int (reply.status, status);
  fail_unless_equals_int (g_bytes_get_size (reply.body), size);
  fail_unless (size == 0 || memcmp (g_bytes_get_data (reply.body, NULL),
          bytes, size) == 0, "%s", range);
}

static void
assert_headers (const gchar * path, gsize size)
{
  g_autofree gchar *length = g_strdup_printf ("%" G_GSIZE_FORMAT, size);
  g_auto (Reply) head = { 0 }, same = { 0 }, none = { 0 };

  request ("HEAD", path, NULL, NULL, &head);
  fail_unless_equals_int (head.status, 200);
  fail_unless_equals_string (header (&head, "Content-Length"), length);
  fail_unless_equals_string (header (&head, "Content-Type"), "video/mp4");
  fail_unless_equals_string (header (&head, "Accept-Ranges"), "bytes");
  fail_unless_equals_string (header (&head, "Cache-Control"),
      "max-age=31536000, immutable");
  fail_unless (strstr (header (&head, "CMSD-Static"), "ot=av") != NULL);
  request ("GET", path, "If-None-Match", header (&head, "ETag"), &same);
  fail_unless_equals_int (same.status, 304);
  get ("recordings/none.mp4", &none);
  fail_unless_equals_int (none.status, 404);
}

/* What other programs make of it. */
static void
assert_played (const gchar * path, const gchar * file, const gchar * bytes)
{
  g_autofree gchar *url = url_of (path);
  const gchar *curl[] = { "curl", "-sS", "-r", "100-1099", url, NULL };
  const gchar *probe[] = { "ffprobe", "-v", "error", "-show_entries",
    "stream=codec_name", "-of", "csv=p=0", url, NULL
  };
  const gchar *decode[] = { "ffmpeg", "-v", "error", "-ss", "3", "-i", url,
    "-f", "md5", "-", NULL
  };
  const gchar *local[] = { "ffmpeg", "-v", "error", "-ss", "3", "-i", file,
    "-f", "md5", "-", NULL
  };
  g_autofree gchar *cut = run (curl);
  g_autofree gchar *codecs = run (probe);
  g_autofree gchar *over_http = run (decode);
  g_autofree gchar *from_disk = run (local);

  fail_unless (cut == NULL || memcmp (cut, bytes + 100,
          strnlen (bytes + 100, 1000)) == 0);
  if (codecs)
    fail_unless (strstr (codecs, "h264") && strstr (codecs, "aac"), "%s",
        codecs);
  fail_unless_equals_string (over_http, from_disk);
}

GST_START_TEST (test_recording)
{
  g_autofree gchar *name = make_recording ();
  g_autofree gchar *path = g_strconcat ("recordings/", name, NULL);
  g_autofree gchar *file = g_build_filename (folder, "default", "live",
      "recordings", name, NULL);
  g_autofree gchar *bytes = NULL;
  gsize size;

  fail_unless (g_file_get_contents (file, &bytes, &size, NULL));
  fail_unless (size > 10000);
  assert_part (path, NULL, 200, bytes, size);
  assert_part (path, "bytes=0-", 206, bytes, size);
  assert_part (path, "bytes=1000-4999", 206, bytes + 1000, 4000);
  assert_part (path, "bytes=-500", 206, bytes + size - 500, 500);
  assert_part (path, "bytes=99999999-", 416, "", 0);
  assert_headers (path, size);
  assert_played (path, file, bytes);
  stop_pipeline ();
}

GST_END_TEST;

/* A large file. */

static void
make_large (void)
{
  g_autofree gchar *media = g_build_filename (folder, "default", "media", NULL);
  g_autofree gchar *path = g_build_filename (media, "large.mp4", NULL);
  gint fd;

  fail_unless (g_mkdir_with_parents (media, 0700) == 0);
  fd = g_open (path, O_WRONLY | O_CREAT, 0600);
  fail_unless (fd >= 0 && ftruncate (fd, LARGE_SIZE) == 0);
  for (guint64 at = 0; at < LARGE_SIZE; at += MARK_DISTANCE)
    fail_unless_equals_int (pwrite (fd, &at, sizeof at, at), sizeof at);
  close (fd);
}

static gsize
get_memory (const gchar * name)
{
  g_autofree gchar *text = NULL;
  const gchar *line;

  fail_unless (g_file_get_contents ("/proc/self/status", &text, NULL, NULL));
  line = strstr (text, name);
  fail_unless (line != NULL);
  return strtoull (line + strlen (name) + 1, NULL, 10) * 1024;
}

/* The peak is counted from here on. */
static void
forget_peak (void)
{
  gint fd = g_open ("/proc/self/clear_refs", O_WRONLY, 0);

  fail_unless (fd >= 0 && write (fd, "5", 1) == 1);
  close (fd);
}

/* Reads @size bytes, and looks at the marks in them. */
static void
read_marked (GInputStream * stream, guint64 offset, guint64 size)
{
  g_autofree guint8 *buffer = g_malloc (64 * 1024);
  guint64 end = offset + size, mark;
  gsize n;

  while (offset < end) {
    fail_unless (g_input_stream_read_all (stream, buffer, 64 * 1024, &n, NULL,
            NULL) && n > 0);
    if (offset % MARK_DISTANCE == 0) {
      memcpy (&mark, buffer, sizeof mark);
      fail_unless_equals_uint64 (mark, offset);
    }
    offset += n;
  }
  fail_unless_equals_uint64 (offset, end);
}

static gpointer
client_thread (gpointer data)
{
  guint64 offset = GPOINTER_TO_UINT (data) * (guint64) MARK_DISTANCE;
  g_autofree gchar *url = url_of (LARGE);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", url);
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (SoupSession) own = soup_session_new_with_options
      ("proxy-resolver", NULL, NULL);

  soup_message_headers_set_range (soup_message_get_request_headers (message),
      offset, offset + CLIENT_BYTES - 1);
  stream = soup_session_send (own, message, NULL, NULL);
  fail_unless (stream != NULL);
  fail_unless_equals_int (soup_message_get_status (message), 206);
  read_marked (stream, offset, CLIENT_BYTES);
  return NULL;
}

static void
run_clients (void)
{
  GThread *clients[CLIENTS];

  for (guint i = 0; i < CLIENTS; i++)
    clients[i] = g_thread_new ("client", client_thread, GUINT_TO_POINTER (i));
  for (guint i = 0; i < CLIENTS; i++)
    g_thread_join (clients[i]);
}

/* A sanitizer keeps what was freed for a while. */
static void
check_memory (gsize before)
{
#ifndef __SANITIZE_ADDRESS__
  gsize most = get_memory ("VmHWM:");

  fail_unless (most < before + MOST_MEMORY, "%" G_GSIZE_FORMAT " MiB",
      (most - before) / MIB);
#endif
}

GST_START_TEST (test_large)
{
  g_autofree gchar *whole = NULL;
  g_auto (Reply) last = { 0 };
  gsize before;

  make_large ();
  start_origin (FOREVER);
  {
    g_autofree gchar *url = url_of (LARGE);
    const gchar *curl[] = { "curl", "-sS", "-o", "/dev/null", "-w",
      "%{size_download}", url, NULL
    };

    before = get_memory ("VmRSS:");
    forget_peak ();
    whole = run (curl);
    if (whole)
      fail_unless_equals_string (whole, "1073741824");
  }
  run_clients ();
  check_memory (before);
  request ("GET", LARGE, "Range", "bytes=1073741823-", &last);
  fail_unless_equals_int (last.status, 206);
  fail_unless_equals_string (header (&last, "Content-Range"),
      "bytes 1073741823-1073741823/1073741824");
  stop_pipeline ();
}

GST_END_TEST;

/* The same through TLS, where bytes leave in records. */
GST_START_TEST (test_tls)
{
  g_autofree gchar *key = g_build_filename (folder, "server.key", NULL);
  g_autofree gchar *cert = g_build_filename (folder, "server.crt", NULL);
  g_autofree gchar *media = g_build_filename (folder, "default", "media", NULL);
  g_autofree gchar *film = g_build_filename (media, "film.mp4", NULL);
  g_autofree gchar *properties = g_strdup_printf (FOREVER
      "tls-certificate=%s tls-key=%s", cert, key);
  const gchar *make[] = { "openssl", "req", "-x509", "-newkey", "ec",
    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
    "-subj", "/CN=a", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
    "-out", cert, NULL
  };
  g_autofree gchar *bytes = g_malloc (9 * MIB + 7);
  g_autofree gchar *output = run (make), *got = NULL;
  g_autofree gchar *copy = g_build_filename (folder, "copy", NULL);
  gsize size;

  fail_unless (g_mkdir_with_parents (media, 0700) == 0);
  for (gsize i = 0; i < 9 * MIB + 7; i++)
    bytes[i] = i % 253;
  fail_unless (g_file_set_contents (film, bytes, 9 * MIB + 7, NULL));
  start_origin (properties);
  {
    g_autofree gchar *url = g_strdup_printf ("https://127.0.0.1:%u"
        "/out/v1/default/media/film.mp4", get_port ());
    const gchar *curl[] = { "curl", "-sS", "--cacert", cert, "-o", copy, url,
      NULL
    };
    g_autofree gchar *said = run (curl);

    if (said == NULL) {
      stop_pipeline ();
      return;
    }
  }
  fail_unless (g_file_get_contents (copy, &got, &size, NULL));
  fail_unless_equals_int (size, 9 * MIB + 7);
  fail_unless (memcmp (got, bytes, size) == 0);
  stop_pipeline ();
}

GST_END_TEST;

/* A file that becomes another one while it is sent ends too early. */
GST_START_TEST (test_replaced)
{
  g_autofree gchar *path = g_build_filename (folder, "default", "media",
      "large.mp4", NULL);
  g_autofree guint8 *buffer = g_malloc (MIB);
  g_autofree gchar *url = NULL;
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) stream = NULL;
  gsize n = 0, total = 0;

  make_large ();
  start_origin (FOREVER);
  url = url_of (LARGE);
  message = soup_message_new ("GET", url);
  stream = soup_session_send (session, message, NULL, NULL);
  fail_unless (stream != NULL);
  fail_unless (g_input_stream_read_all (stream, buffer, MIB, &n, NULL, NULL));
  fail_unless (g_file_set_contents (path, "another", -1, NULL));
  while (g_input_stream_read_all (stream, buffer, MIB, &n, NULL, NULL) && n > 0)
    total += n;
  fail_unless (total < LARGE_SIZE - MIB);
  stop_pipeline ();
}

GST_END_TEST;

/* Proxies. */

static guint
status_for (const gchar * address)
{
  g_auto (Reply) reply = { 0 };

  request ("GET", "hls/index.m3u8", address ? "X-Forwarded-For" : NULL, address,
      &reply);
  return reply.status;
}

GST_START_TEST (test_trusted_proxies)
{
  start_pipeline (STREAM PACKAGER FOREVER
      "trusted-proxies=\"10.0.0.0/8, 127.0.0.1\" "
      "hls::allow-list=198.51.100.0/24");
  AWAIT (status_for ("198.51.100.7") == 200);
  fail_unless_equals_int (status_for ("1.1.1.1, 198.51.100.7, 10.0.0.2"), 200);
  fail_unless_equals_int (status_for ("198.51.100.7, 1.1.1.1"), 403);
  fail_unless_equals_int (status_for ("unknown"), 403);
  fail_unless_equals_int (status_for (NULL), 403);
  stop_pipeline ();

  start_pipeline (STREAM PACKAGER FOREVER "trusted-proxies=10.0.0.0/8 "
      "hls::allow-list=198.51.100.0/24 cmaf::allow-list=127.0.0.1");
  await_text ("cmaf/index_video_108p.m3u8", "#EXT-X-ENDLIST", 1);
  fail_unless_equals_int (status_for ("198.51.100.7"), 403);
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_bad_proxies)
{
  g_autoptr (GstElement) element = gst_object_ref_sink
      (gst_element_factory_make_full ("vsjitpackager", "port", 0,
          "trusted-proxies", "10.0.0.0/33", NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (element, bus);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "10.0.0.0/33") != NULL, "%s",
      error->message);
  gst_element_set_bus (element, NULL);
  gst_element_set_state (element, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
jitpackagerfile_suite (void)
{
  Suite *s = suite_create ("vsjitpackager-file");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_recording);
  tcase_add_test (tc, test_large);
  tcase_add_test (tc, test_tls);
  tcase_add_test (tc, test_replaced);
  tcase_add_test (tc, test_trusted_proxies);
  tcase_add_test (tc, test_bad_proxies);
  return s;
}

GST_CHECK_MAIN (jitpackagerfile);
