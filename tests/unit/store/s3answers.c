/* VisionStream: test of the S3 store by documents that no service should send
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "store/fakes3.h"

#define LIST "GET /bucket*list-type"
#define PATH "/bucket/pre/a.ts"
#define PART_SIZE (8 * 1024 * 1024)

#define PAGE(content) "<?xml version=\"1.0\"?><ListBucketResult " \
    "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" content \
    "</ListBucketResult>"
#define OBJECT(key, size) "<Contents><Key>" key "</Key><Size>" size "</Size>" \
    "<ETag>&quot;x&quot;</ETag>" \
    "<LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
#define FOLDER(key) "<CommonPrefixes><Prefix>" key "</Prefix></CommonPrefixes>"
#define MORE(token) "<IsTruncated>true</IsTruncated>" \
    "<NextContinuationToken>" token "</NextContinuationToken>"
/* goes until the connection is closed, so "@" may be of any length */
#define OPEN_END "HTTP/1.1 200 x\r\nConnection: close\r\n\r\n"

static void
answer_list (guint times, const gchar * content)
{
  g_autofree gchar *answer = fake_s3_answer (200, NULL, content);

  fake_s3_fail (LIST, times, FALSE, answer);
}

static GPtrArray *
list (GError ** error)
{
  return vs_store_list (bucket, "", NULL, NULL, error);
}

static void
assert_keys (const gchar * expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) objects = list (&error);
  g_autoptr (GString) keys = g_string_new (NULL);

  fail_unless (objects != NULL, "%s", error ? error->message : "");
  for (guint i = 0; i < objects->len; i++) {
    VsStoreObject *object = g_ptr_array_index (objects, i);

    g_string_append_printf (keys, "%s:%" G_GUINT64_FORMAT " ", object->key,
        object->size);
  }
  fail_unless_equals_string (keys->str, expected);
}

static void
assert_refused (gint code, const gchar * text)
{
  g_autoptr (GError) error = NULL;

  fail_unless (list (&error) == NULL, "%s", text);
  fail_unless (g_error_matches (error, G_IO_ERROR, code), "%s: %s", text,
      error->message);
  fail_unless (strstr (error->message, text) != NULL, "%s", error->message);
}

/* ---- listings ------------------------------------------------------------ */

GST_START_TEST (test_pages)
{
  answer_list (1, PAGE (OBJECT ("pre/b.ts", "2") FOLDER ("pre/d/") MORE ("t")));
  answer_list (1, PAGE (MORE ("u")));
  answer_list (1, PAGE (OBJECT ("pre/a.ts", "1")
          "<IsTruncated>false</IsTruncated>"));
  assert_keys ("a.ts:1 b.ts:2 d/:0 ");
  fail_unless_equals_int (fake_s3_count (fake, LIST), 3);
  fail_unless_equals_int (fake_s3_count (fake, LIST "*continuation-token=u"),
      0);
  fail_unless_equals_int (fake_s3_count (fake,
          "GET /bucket*continuation-token=t*list-type"), 1);
}

GST_END_TEST;

/* Another's names; none of ours comes out of them. */
GST_START_TEST (test_strange_keys)
{
  answer_list (1, PAGE (OBJECT ("a.ts", "1") OBJECT ("other/a.ts", "1")
          OBJECT ("prefix.ts", "1") OBJECT ("pre/../b.ts", "1")
          OBJECT ("pre/./c.ts", "1") OBJECT ("pre//d.ts", "1")
          OBJECT ("/pre/e.ts", "1") OBJECT ("pre/f&#9;.ts", "1")
          OBJECT ("pre/g&#10;.ts", "1") OBJECT ("pre/h\\i.ts", "1")
          OBJECT ("pre/", "0") OBJECT ("", "0") FOLDER ("pre/../")
          FOLDER ("pre/") FOLDER ("") FOLDER ("/") OBJECT ("pre/.lock", "1")
          "<Other>" OBJECT ("pre/j.ts", "1") "</Other>"
          OBJECT ("pre/ok.ts", "9223372036854775807")));
  assert_keys ("ok.ts:9223372036854775807 ");
}

GST_END_TEST;

/* As Ceph encodes them, and as AWS does; the word for it may come last. What
 * can be no name of ours, and no character of XML either, is passed over. */
GST_START_TEST (test_encoded_keys)
{
  answer_list (1, PAGE ("<EncodingType>url</EncodingType>"
          OBJECT ("pre%2Fx%01y.ts", "1") OBJECT ("pre%2Fn%00.ts", "1")
          OBJECT ("pre%2Fu%FF.ts", "1") OBJECT ("pre%2Fz%EF%BF%BF.ts", "1")
          OBJECT ("pre%2Fe%", "1") OBJECT ("pre%2F..%2Fup.ts", "1")
          OBJECT ("pre%2Fa%20b%2Bc%25.ts", "1") FOLDER ("pre/d%C3%A9/")));
  assert_keys ("a b+c%.ts:1 d\303\251/:0 z\357\277\277.ts:1 ");
  answer_list (1, PAGE (OBJECT ("pre/a+b%2Bc.ts", "1")
          "<EncodingType>url</EncodingType>"));
  assert_keys ("a b+c.ts:1 ");
  /* a service that knows of none */
  answer_list (1, PAGE (OBJECT ("pre/a+b%2Bc.ts", "1")));
  assert_keys ("a+b%2Bc.ts:1 ");
  fail_unless_equals_int (fake_s3_count (fake, LIST), 3);
  fail_unless_equals_int (fake_s3_count (fake,
          "GET /bucket*encoding-type=url*list-type"), 3);
}

GST_END_TEST;

GST_START_TEST (test_sizes)
{
  static const gchar *const pages[] = {
    PAGE (OBJECT ("pre/a.ts", "-1")),
    PAGE (OBJECT ("pre/a.ts", "9223372036854775808")),
    PAGE (OBJECT ("pre/a.ts", "99999999999999999999999999")),
    PAGE (OBJECT ("pre/a.ts", "1e3")), PAGE (OBJECT ("pre/a.ts", "")),
    PAGE (OBJECT ("pre/a.ts", "1 ")),
    PAGE (OBJECT ("pre/b.ts", "1") "<Contents><Key>pre/a.ts</Key></Contents>"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    answer_list (1, pages[i]);
    assert_refused (G_IO_ERROR_INVALID_DATA, "size");
  }
  answer_list (1, PAGE ("<Contents><Size>1</Size></Contents>"));
  assert_refused (G_IO_ERROR_INVALID_DATA, "no key");
}

GST_END_TEST;

/* What is no listing is no empty folder. */
GST_START_TEST (test_no_listing)
{
  static const gchar *const documents[] = {
    "", " ", "none", "<", "<html><body>Sign in</body></html>", "<a/><b/>",
    "{\"Contents\": []}", "<ListBucketResult>", PAGE ("<Contents>"),
    "<x>" PAGE ("") "</x>", "<ListBucketResult/>x", "\xff\xfe<\x80",
    PAGE (OBJECT ("pre/a\xff.ts", "1")), PAGE (OBJECT ("pre/a&#1;.ts", "1")),
    "<Error><Code>InternalError</Code></Error>",
    PAGE ("<IsTruncated>true</IsTruncated>"),
    PAGE ("<IsTruncated>true</IsTruncated>"
        "<NextContinuationToken></NextContinuationToken>"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    answer_list (1, documents[i]);
    assert_refused (G_IO_ERROR_INVALID_DATA, "bucket");
  }
  fail_unless_equals_int (fake_s3_count (fake, LIST), G_N_ELEMENTS (documents));
}

GST_END_TEST;

/* At each byte. */
GST_START_TEST (test_truncated)
{
  static const gchar page[] = PAGE (OBJECT ("pre/a.ts", "1") MORE ("t"));

  for (gsize size = 0; size < strlen (page); size += 7) {
    g_autofree gchar *piece = g_strndup (page, size);

    answer_list (1, piece);
    assert_refused (G_IO_ERROR_INVALID_DATA, "bucket");
  }
}

GST_END_TEST;

GST_START_TEST (test_endless)
{
  answer_list (100, PAGE (OBJECT ("pre/a.ts", "1") MORE ("same")));
  assert_refused (G_IO_ERROR_INVALID_DATA, "same page");
  fail_unless_equals_int (fake_s3_count (fake, LIST), 2);
  fake_s3_clear_faults (fake);

  fake_s3_fail (LIST, 100, FALSE, OPEN_END
      PAGE (OBJECT ("pre/a.ts", "1") MORE ("@")));
  assert_refused (G_IO_ERROR_INVALID_DATA, "same page");
  fail_unless_equals_int (fake_s3_count (fake, LIST), 4);
  fake_s3_clear_faults (fake);

  fake_s3_fail (LIST, G_MAXUINT, FALSE, OPEN_END PAGE (MORE ("@")));
  assert_refused (G_IO_ERROR_INVALID_DATA, "no end");
  fail_unless_equals_int (fake_s3_count (fake, LIST), 104);
}

GST_END_TEST;

static const struct
{
  const gchar *answer, *filler;
} floods[] = {
  {"HTTP/1.1 200 x\r\nContent-Length: 104857600\r\n\r\n", NULL},
  {OPEN_END "<ListBucketResult>", NULL},
  {OPEN_END "<ListBucketResult>", FOLDER ("pre/folder/")},
  {OPEN_END "<ListBucketResult>", "<deeper>"},
  {"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n",
      "10\r\n<a>text</a>     \r\n"},
};

/* All of them are 100 MB; what is between here and there is some of it. */
GST_START_TEST (test_flood)
{
  g_autofree gchar *blanks = g_strnfill (1024, ' ');
  const gchar *filler = floods[__i__].filler ? floods[__i__].filler : blanks;
  FakeFault fault = {
    .match = LIST,.times = 1,.answer = floods[__i__].answer,.filler = filler,
    .n_fillers = 100 * 1024 * 1024 / strlen (filler)
  };

  fake_s3_add_fault (fake, &fault);
  assert_refused (G_IO_ERROR_MESSAGE_TOO_LARGE, "more than");
  g_mutex_lock (&fake->lock);
  fail_unless (fake->n_filled < 50 * 1024 * 1024);
  g_mutex_unlock (&fake->lock);
}

GST_END_TEST;

GST_START_TEST (test_deep)
{
  g_autoptr (GString) page = g_string_new ("<ListBucketResult>");

  for (guint i = 0; i < 100000; i++)
    g_string_append (page, "<Contents>");
  for (guint i = 0; i < 100000; i++)
    g_string_append (page, "</Contents>");
  g_string_append (page, "</ListBucketResult>");
  answer_list (1, page->str);
  assert_refused (G_IO_ERROR_INVALID_DATA, "too deep");
}

GST_END_TEST;

/* ---- document types ------------------------------------------------------ */

static gboolean
on_outside (RawRequest * request, gpointer user_data)
{
  return FALSE;
}

/* Billion laughs, quadratic blow-up, and what is outside: a file, a server */
GST_START_TEST (test_document_type)
{
  static const gchar *const types[] = {
    "<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
        "<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">"
        "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">"
        "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">"
        "<!ENTITY x \"&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;\">",
    "<!ENTITY x SYSTEM \"FILE\">", "<!ENTITY x SYSTEM \"SERVER\">",
    "<!ENTITY % p SYSTEM \"FILE\">%p;<!ENTITY x \"\">",
    "<!ENTITY % p SYSTEM \"SERVER\">%p;<!ENTITY x \"\">",
    "<!ENTITY x \"\"><!ATTLIST ListBucketResult a CDATA \"&x;\">",
  };
  RawServer *outside = raw_server_new (on_outside, NULL);
  g_autofree gchar *server =
      g_strdup_printf ("http://127.0.0.1:%u/x", outside->port);
  gchar file[] = "/tmp/vs-s3-XXXXXX";
  gint fd = g_mkstemp (file), watch = inotify_init1 (IN_NONBLOCK);
  gchar event[4096];

  close (fd);
  fail_unless (inotify_add_watch (watch, file, IN_OPEN) >= 0);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (types); i++) {
    g_autoptr (GString) page = g_string_new (i % 2 ?
        "<!DOCTYPE ListBucketResult SYSTEM \"FILE\" [" :
        "<!DOCTYPE ListBucketResult [");

    g_string_append (page, types[i / 2]);
    g_string_append (page, "]><ListBucketResult><Contents><Key>pre/&x;</Key>"
        "<Size>1</Size></Contents></ListBucketResult>");
    g_string_replace (page, "FILE", file, 0);
    g_string_replace (page, "SERVER", server, 0);
    answer_list (1, page->str);
    assert_refused (G_IO_ERROR_INVALID_DATA, "bucket");
  }
  fail_unless (read (watch, event, sizeof event) < 0);
  fail_unless_equals_int (g_atomic_int_get (&outside->n_connections), 0);
  raw_server_free (outside);
  close (watch);
  unlink (file);
}

GST_END_TEST;

/* ---- looking for some ---------------------------------------------------- */

static const gchar *const wanted[] = { "e/1.ts", "e/2.ts", "e/10.ts" };

GST_START_TEST (test_find)
{
  gboolean found[3] = { 7, 7, 7 };

  answer_list (1, PAGE (OBJECT ("pre/e/1.ts", "1")
          "<IsTruncated>true</IsTruncated>"));
  answer_list (1, PAGE (OBJECT ("pre/e/3.ts", "1")
          "<IsTruncated>true</IsTruncated>"));
  answer_list (1, PAGE (OBJECT ("pre/e/10.ts", "1")));
  fail_unless (vs_store_find (bucket, wanted, 3, found, NULL, NULL));
  fail_unless (found[0] == TRUE && found[1] == FALSE && found[2] == TRUE);

  answer_list (1, PAGE ("<EncodingType>url</EncodingType>"
          OBJECT ("pre%2Fe%2F1%01.ts", "1") OBJECT ("pre%2Fe%2F2.ts", "1")
          "<IsTruncated>true</IsTruncated>"));
  answer_list (1, PAGE (OBJECT ("pre/e/10.ts", "1")));
  fail_unless (vs_store_find (bucket, wanted, 3, found, NULL, NULL));
  fail_unless (found[0] == FALSE && found[1] == TRUE && found[2] == TRUE);
}

GST_END_TEST;

/* None of these says that the objects are not there. */
GST_START_TEST (test_find_faults)
{
  static const gchar *const pages[] = {
    "<html></html>", PAGE ("<IsTruncated>true</IsTruncated>"),
    PAGE (OBJECT ("pre/e/1.t", "1") "<IsTruncated>true</IsTruncated>"),
    PAGE (OBJECT ("pre/a", "1") "<IsTruncated>true</IsTruncated>"),
  };
  gboolean found[3];

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    g_autoptr (GError) error = NULL;

    answer_list (100, pages[i]);
    fail_if (vs_store_find (bucket, wanted, 3, found, NULL, &error));
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
    fail_unless (fake_s3_count (fake, LIST) <= 2 * (i + 1));
    fake_s3_clear_faults (fake);
  }
}

GST_END_TEST;

/* ---- uploads in parts ---------------------------------------------------- */

static gboolean
put_large (GError ** error)
{
  g_autofree gchar *text = g_strnfill (PART_SIZE + 1000, 'x');

  return fake_s3_put (bucket, "a.ts", text, error);
}

#define INITIATED(id) "<InitiateMultipartUploadResult>" id \
    "</InitiateMultipartUploadResult>"

GST_START_TEST (test_upload_ids)
{
  g_autofree gchar *many = g_strnfill (10 * 1024 * 1024, 'x');
  g_autofree gchar *some = g_strndup (many, 100000);
  g_autofree gchar *huge = g_strconcat ("<InitiateMultipartUploadResult>"
      "<UploadId>", many, "</UploadId></InitiateMultipartUploadResult>", NULL);
  g_autofree gchar *large = g_strconcat ("<InitiateMultipartUploadResult>"
      "<UploadId>", some, "</UploadId></InitiateMultipartUploadResult>", NULL);
  const gchar *const documents[] = {
    "", "<Other/>", INITIATED (""), INITIATED ("<UploadId/>"),
    INITIATED ("<UploadId>a&#10;b</UploadId>"), large, huge
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_autofree gchar *answer = fake_s3_answer (200, NULL, documents[i]);
    g_autoptr (GError) error = NULL;

    fake_s3_fail ("POST", 1, FALSE, answer);
    fail_if (put_large (&error));
    fail_unless (g_error_matches (error, G_IO_ERROR, documents[i] == huge ?
            G_IO_ERROR_MESSAGE_TOO_LARGE : G_IO_ERROR_INVALID_DATA), "%s",
        error->message);
    fail_unless (strstr (error->message, "a.ts") != NULL);
  }
  /* what has no id can't be aborted: that would delete the object */
  fail_unless_equals_int (fake_s3_count (fake, "DELETE"), 0);
}

GST_END_TEST;

GST_START_TEST (test_part_etags)
{
  static const gchar *const headers[] = {
    NULL, "ETag:\r\n", "ETag: a\tb\r\n", "ETag: \"\303\244\"\r\n"
  };

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autofree gchar *answer = fake_s3_answer (200, headers[i], "");
    g_autoptr (GError) error = NULL;

    fake_s3_fail ("PUT", 1, FALSE, answer);
    fail_if (put_large (&error));
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_DATA), "%s", error->message);
    fail_unless_equals_int (g_hash_table_size (fake->uploads), 0);
  }
  fail_unless_equals_int (fake_s3_count_objects (fake), 0);
}

GST_END_TEST;

#define UPLOAD(key, id) "<Upload><Key>" key "</Key><UploadId>" id \
    "</UploadId></Upload>"

/* What others left: only what lies in the folder is ended. */
GST_START_TEST (test_clean)
{
  g_autofree gchar *answer = fake_s3_answer (200, NULL,
      "<ListMultipartUploadsResult>" UPLOAD ("pre/e/a.ts", "1")
      UPLOAD ("pre/other/a.ts", "2") UPLOAD ("a.ts", "3")
      UPLOAD ("pre/e/b.ts", "") UPLOAD ("pre/e/c.ts", "a b")
      "<Upload><Key>pre/e/d.ts</Key></Upload></ListMultipartUploadsResult>");

  fake_s3_fail ("GET*uploads", 1, FALSE, answer);
  fail_unless (vs_store_clean (bucket, "e", NULL, NULL));
  fail_unless_equals_int (fake_s3_count (fake, "DELETE"), 1);
  fail_unless_equals_int (fake_s3_count (fake,
          "DELETE /bucket/pre/e/a.ts?uploadId=1"), 1);
}

GST_END_TEST;

/* One of them has a name that no document can have: that is no reason to
 * record nothing, for ever. The parser reads some blocks ahead. */
GST_START_TEST (test_clean_unreadable)
{
  g_autofree gchar *blanks = g_strnfill (4096, ' ');
  g_autofree gchar *page = g_strconcat ("<ListMultipartUploadsResult>"
      UPLOAD ("pre/e/a.ts", "1"), blanks, UPLOAD ("pre/e/b&#1;.ts", "2")
      "</ListMultipartUploadsResult>", NULL);
  g_autofree gchar *answer = fake_s3_answer (200, NULL, page);

  fake_s3_fail ("GET*uploads", 1, FALSE, answer);
  fail_unless (vs_store_clean (bucket, "e", NULL, NULL));
  fail_unless_equals_int (fake_s3_count (fake, "DELETE"), 1);
  fail_unless_equals_int (fake_s3_count (fake,
          "DELETE /bucket/pre/e/a.ts?uploadId=1"), 1);
}

GST_END_TEST;

static Suite *
s3answers_suite (void)
{
  Suite *s = suite_create ("s3answers");
  TCase *tc = tcase_create ("s3answers");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fake_s3_setup, fake_s3_teardown);
  tcase_add_test (tc, test_pages);
  tcase_add_test (tc, test_strange_keys);
  tcase_add_test (tc, test_encoded_keys);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_no_listing);
  tcase_add_test (tc, test_truncated);
  tcase_add_test (tc, test_endless);
  tcase_add_loop_test (tc, test_flood, 0, G_N_ELEMENTS (floods));
  tcase_add_test (tc, test_deep);
  tcase_add_test (tc, test_document_type);
  tcase_add_test (tc, test_find);
  tcase_add_test (tc, test_find_faults);
  tcase_add_test (tc, test_upload_ids);
  tcase_add_test (tc, test_part_etags);
  tcase_add_test (tc, test_clean);
  tcase_add_test (tc, test_clean_unreadable);
  return s;
}

GST_CHECK_MAIN (s3answers);
