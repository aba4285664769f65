/* VisionStream: tests of the access log
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "http/vsaccesslog.h"

static VsAccessRecord *
make_record (void)
{
  VsAccessRecord *record = g_new0 (VsAccessRecord, 1);

  record->time_us = G_GINT64_CONSTANT (1594670396293656);
  record->client_ip = g_strdup ("192.0.2.1");
  record->processing_time = 0.445;
  record->status = 200;
  record->received = 468;
  record->sent = 2859;
  record->method = "GET";
  record->request = g_strdup ("/out/v1/default/live/hls/index.m3u8?start=1");
  record->protocol = "HTTP/1.1";
  record->user_agent = g_strdup ("agent");
  record->host = g_strdup ("tv.example");
  record->id = 0x1234;
  record->account = g_strdup ("default");
  record->event = g_strdup ("live");
  record->endpoint = g_strdup ("hls");
  return record;
}

/* One line, parsed by a JSON reader that is not ours. */
static JsonObject *
to_object (VsAccessRecord * record)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  vs_access_record_to_json (record, line);
  vs_access_record_free (record);
  fail_unless (g_str_has_suffix (line->str, "}\n"));
  fail_unless (strchr (line->str, '\n') == line->str + line->len - 1);
  fail_unless (g_utf8_validate (line->str, line->len, NULL));
  node = json_from_string (line->str, &error);
  fail_unless (node != NULL, "%s: %s", line->str, error ? error->message : "");
  return json_object_ref (json_node_get_object (node));
}

GST_START_TEST (test_fields)
{
  g_autoptr (JsonObject) object = to_object (make_record ());
  const gchar *const strings[][2] = {
    {"timestamp", "2020-07-13T19:59:56.293656Z"},
    {"clientIp", "192.0.2.1"}, {"statusCode", "200"}, {"method", "GET"},
    {"request", "/out/v1/default/live/hls/index.m3u8?start=1"},
    {"protocol", "HTTP/1.1"}, {"userAgent", "agent"},
    {"account", "default"}, {"channelId", "live"},
    {"domainName", "tv.example"}, {"requestId", "0000000000001234"},
    {"endpointId", "hls"}, {"eventId", "live"},
  };
  const gchar *const nulls[] = { "channelArn", "endpointArn", "breakoutId",
    "reason"
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (strings); i++)
    fail_unless_equals_string (json_object_get_string_member (object,
            strings[i][0]), strings[i][1]);
  for (i = 0; i < G_N_ELEMENTS (nulls); i++)
    fail_unless (json_object_get_null_member (object, nulls[i]));
  fail_unless_equals_int (json_object_get_int_member (object,
          "receivedBytes"), 468);
  fail_unless_equals_int (json_object_get_int_member (object, "sentBytes"),
      2859);
  fail_unless (json_object_get_double_member (object, "processingTime") ==
      0.445);
}

GST_END_TEST;

/* faults.md row 66: one event is one line of valid JSON. */
GST_START_TEST (test_injection)
{
  const gchar *const agents[][2] = {
    {"a\r\n{\"x\":1}", "a\r\n{\"x\":1}"},
    {"\x1b[31mred\x7f", "\x1b[31mred\x7f"},
    {"quo\"te\\", "quo\"te\\"},
    {"\xff\xc3(\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac"},
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (agents); i++) {
    VsAccessRecord *record = make_record ();
    g_autoptr (JsonObject) object = NULL;

    g_free (record->user_agent);
    record->user_agent = g_strdup (agents[i][0]);
    object = to_object (record);
    fail_unless_equals_string (json_object_get_string_member (object,
            "userAgent"), agents[i][1]);
  }
}

GST_END_TEST;

GST_START_TEST (test_secrets)
{
  VsAccessRecord *record = make_record ();
  g_autoptr (JsonObject) object = NULL;

  g_free (record->request);
  record->request = g_strdup ("/a?Policy=abc&x=1&Signature=d%20ef&"
      "Key-Pair-Id=K&signature=g&y=Signature");
  object = to_object (record);
  fail_unless_equals_string (json_object_get_string_member (object,
          "request"),
      "/a?Policy=&x=1&Signature=&Key-Pair-Id=&signature=&y=Signature");
}

GST_END_TEST;

GST_START_TEST (test_reason)
{
  VsAccessRecord *record = make_record ();
  g_autoptr (JsonObject) object = NULL;

  record->reason = g_strdup ("policy \"x\"\nexpired");
  object = to_object (record);
  fail_unless_equals_string (json_object_get_string_member (object,
          "reason"), "policy \"x\"\nexpired");
}

GST_END_TEST;

GST_START_TEST (test_long_agent)
{
  VsAccessRecord *record = make_record ();
  g_autoptr (JsonObject) object = NULL;

  g_free (record->user_agent);
  record->user_agent = g_strnfill (20000, 'u');
  object = to_object (record);
  fail_unless_equals_int (strlen (json_object_get_string_member (object,
              "userAgent")), 8192);
}

GST_END_TEST;

GST_START_TEST (test_file)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-accesslog-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint round, i, total = 0;

  /* the second run appends */
  for (round = 0; round < 2; round++) {
    VsAccessLog *log = vs_access_log_new (path, NULL);

    fail_unless (log != NULL);
    for (i = 0; i < 500; i++)
      vs_access_log_push (log, make_record ());
    fail_unless_equals_uint64 (vs_access_log_get_dropped (log), 0);
    vs_access_log_free (log);
  }
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (i = 0; lines[i] && *lines[i]; i++)
    total++;
  fail_unless_equals_int (total, 1000);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

GST_START_TEST (test_full_disk)
{
  VsAccessLog *log = vs_access_log_new ("/dev/full", NULL);
  g_autoptr (GError) error = NULL;
  guint i;

  fail_unless (log != NULL);
  vs_access_log_push (log, make_record ());
  for (i = 0; i < 5000 && vs_access_log_get_dropped (log) == 0; i++)
    g_usleep (1000);
  fail_unless_equals_uint64 (vs_access_log_get_dropped (log), 1);
  vs_access_log_free (log);

  fail_unless (vs_access_log_new ("/no/such/folder/log", &error) == NULL);
  fail_unless (strstr (error->message, "/no/such/folder/log") != NULL);
}

GST_END_TEST;

static guint
count_lines (const gchar * path)
{
  g_autofree gchar *text = NULL;
  guint n = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  for (const gchar * p = strchr (text, '\n'); p; p = strchr (p + 1, '\n'))
    n++;
  return n;
}

static void
await_lines (const gchar * path, guint lines)
{
  for (guint i = 0; i < 5000 && count_lines (path) < lines; i++)
    g_usleep (1000);
  fail_unless_equals_int (count_lines (path), lines);
}

/* What logrotate does: rename, or remove; nobody is told. */
GST_START_TEST (test_rotation)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-accesslog-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "access.log", NULL);
  g_autofree gchar *old = g_build_filename (folder, "access.log.1", NULL);
  VsAccessLog *log = vs_access_log_new (path, NULL);

  vs_access_log_push (log, make_record ());
  await_lines (path, 1);
  fail_unless (g_rename (path, old) == 0);
  vs_access_log_push (log, make_record ());
  vs_access_log_push (log, make_record ());
  await_lines (path, 2);
  fail_unless_equals_int (count_lines (old), 1);

  fail_unless (g_unlink (path) == 0);
  vs_access_log_push (log, make_record ());
  await_lines (path, 1);
  fail_unless_equals_uint64 (vs_access_log_get_dropped (log), 0);
  vs_access_log_free (log);
  g_unlink (path);
  g_unlink (old);
  g_rmdir (folder);
}

GST_END_TEST;

/* A disk that takes nothing holds up nobody who logs, and memory is bounded:
 * a pipe that nobody reads any more stands for it. */
GST_START_TEST (test_stuck_disk)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vs-accesslog-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "pipe", NULL);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  gint64 end = g_get_monotonic_time () + 40 * G_USEC_PER_SEC;
  const gchar *last;
  VsAccessLog *log;
  gchar buffer[4096];
  gssize n;
  gint fd;

  fail_unless (mkfifo (path, 0600) == 0);
  fail_unless (vs_access_log_new (path, NULL) == NULL);
  fd = g_open (path, O_RDONLY | O_NONBLOCK, 0);
  log = vs_access_log_new (path, NULL);
  fail_unless (log != NULL);
  for (guint i = 0; i < 20000; i++)
    vs_access_log_push (log, make_record ());
  while (vs_access_log_get_dropped (log) == 0) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (1000);
  }

  /* with room again lines are whole again, after the torn one */
  do {
    fail_unless (g_get_monotonic_time () < end);
    vs_access_log_push (log, make_record ());
    g_usleep (10000);
    while ((n = read (fd, buffer, sizeof buffer)) > 0)
      g_string_append_len (text, buffer, n);
  } while (!g_str_has_suffix (text->str, "}\n"));
  g_string_truncate (text, text->len - 1);
  last = strrchr (text->str, '\n');
  fail_unless (json_parser_load_from_data (parser, last ? last + 1 :
          text->str, -1, NULL));
  vs_access_log_free (log);
  close (fd);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
http_accesslog_suite (void)
{
  Suite *s = suite_create ("http_accesslog");
  TCase *tc = tcase_create ("accesslog");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_fields);
  tcase_add_test (tc, test_injection);
  tcase_add_test (tc, test_secrets);
  tcase_add_test (tc, test_reason);
  tcase_add_test (tc, test_long_agent);
  tcase_add_test (tc, test_file);
  tcase_add_test (tc, test_full_disk);
  tcase_add_test (tc, test_rotation);
  tcase_add_test (tc, test_stuck_disk);
  return s;
}

GST_CHECK_MAIN (http_accesslog);
