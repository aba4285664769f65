/* VisionStream: tests of vsurlsigner: texts, keys, secrets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <dlfcn.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "urlsignercheck.h"

#define LONGEST 8192
#define PLAYLIST "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:2,\na.m4s\n" \
    "#EXTINF:2,\nhttps://other/b.m4s?c=d\n"

static GstHarness *
text_harness (const gchar * properties)
{
  return signer_harness (properties, "sink", "src");
}

static GstBuffer *
new_buffer (const gchar * text, gsize size)
{
  return gst_buffer_new_memdup (text, size);
}

/* (transfer full): what came out until now */
static gchar *
take_all (GstHarness * h)
{
  GString *text = g_string_new (NULL);
  GstBuffer *buffer;
  GstMapInfo map;

  while ((buffer = gst_harness_try_pull (h)) != NULL) {
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
    fail_unless (map.size > 0);
    g_string_append_len (text, (gchar *) map.data, (gssize) map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  return g_string_free (text, FALSE);
}

/* (transfer full): what becomes of @text, whose end is told too */
static gchar *
run (GstHarness * h, const gchar * text)
{
  gst_harness_push (h, new_buffer (text, strlen (text)));
  gst_harness_push_event (h, gst_event_new_eos ());
  return take_all (h);
}

static gchar *
run_new (const gchar * properties, const gchar * caps, const gchar * text)
{
  GstHarness *h = text_harness (properties);
  gchar *out;

  gst_harness_set_src_caps_str (h, caps);
  out = run (h, text);
  gst_harness_teardown (h);
  return out;
}

/* ---- texts -------------------------------------------------------------- */

GST_START_TEST (test_list)
{
  g_autofree gchar *out = run_new ("", "text/uri-list",
      "https://h/a.ts\r\n# b\n\nhttp://h:8080/c?d=e");
  g_auto (GStrv) lines = g_strsplit (out, "\n", -1);

  fail_unless_equals_int (g_strv_length (lines), 4);
  fail_unless (g_str_has_suffix (lines[0], "\r"));
  check_canned (g_strchomp (lines[0]), "https://h/a.ts", 3600);
  fail_unless_equals_string (lines[1], "# b");
  fail_unless_equals_string (lines[2], "");
  check_canned (lines[3], "http://h:8080/c?d=e", 3600);
}

GST_END_TEST;

GST_START_TEST (test_policies)
{
  g_autofree gchar *custom = run_new (FIXED "allowed-source=192.0.2.0/24 "
      "hash=sha256", "text/uri-list", "https://h/a/b.ts");
  g_autofree gchar *wildcard = run_new ("policy=wildcard expires-in=60 "
      "starts-at=" START, "text/uri-list", "https://h/a/b.ts");
  Signed signature;

  signed_read (&signature, custom, "rsa", "sha256");
  fail_unless (g_str_has_suffix (custom,
          "&Key-Pair-Id=K1&Hash-Algorithm=SHA256"));
  fail_unless_equals_string (signature.policy,
      "{\"Statement\":[{\"Resource\":\"https://h/a/b.ts\",\"Condition\":{"
      "\"DateLessThan\":{\"AWS:EpochTime\":2208988860},"
      "\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/24\"},"
      "\"DateGreaterThan\":{\"AWS:EpochTime\":2208988800}}}]}");
  signed_clear (&signature);

  signed_read (&signature, wildcard, "rsa", "sha1");
  fail_unless_equals_string (signature.url, "https://h/a/b.ts");
  fail_unless (strstr (signature.policy, "\"https://h/a/*\"") != NULL);
  fail_unless_equals_int64 (signature.expires, START_SECONDS + 60);
  signed_clear (&signature);
}

GST_END_TEST;

static const struct
{
  const gchar *caps, *text, *out_caps;
  /* begins what comes out */
  const gchar *out;
} kinds[] = {
  {"text/uri-list", "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n", "text/uri-list",
      "#EXTM3U\n#EXT-X-MAP:URI=\"a\"\n"},
  {"application/x-hls", "#EXT-X-MAP:URI=\"a\"\n", "application/x-hls",
      "#EXT-X-MAP:URI=\"https://h/f/a?Policy="},
  {"application/dash+xml", "<MPD><Location>a</Location></MPD>",
      "application/dash+xml", "<MPD><Location>a?Policy="},
  {"application/vnd.ms-sstr+xml", "<SmoothStreamingMedia>"
        "<StreamIndex Url=\"a\"/></SmoothStreamingMedia>",
        "application/vnd.ms-sstr+xml",
      "<SmoothStreamingMedia><StreamIndex Url=\"a?Policy="},
  {"text/plain", "#EXTM3U\na\n", "application/x-hls",
      "#EXTM3U\nhttps://h/f/a?Policy="},
  {"text/plain", "a\n", "text/uri-list", "https://h/f/a?Policy="},
  {"application/xml", "<SmoothStreamingMedia/>", "application/vnd.ms-sstr+xml",
      "<SmoothStreamingMedia"},
  {"application/octet-stream", "<?xml version=\"1.0\"?>\n<MPD></MPD>",
      "application/dash+xml", "<?xml version=\"1.0\"?>\n<MPD></MPD>"}
};

GST_START_TEST (test_kinds)
{
  GstHarness *h = text_harness (FIXED "base-url=https://h/f/x");
  g_autofree gchar *out = NULL;
  g_autoptr (GstCaps) caps = NULL;

  gst_harness_set_src_caps_str (h, kinds[__i__].caps);
  out = run (h, kinds[__i__].text);
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0),
          kinds[__i__].out_caps));
  fail_unless (g_str_has_prefix (out, kinds[__i__].out), "%s", out);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- where it comes from ------------------------------------------------ */

typedef struct
{
  const gchar *uri, *redirected;
} Place;

static Place place;

static gboolean
answer (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_URI)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_uri (query, place.uri);
  gst_query_set_uri_redirection (query, place.redirected);
  return TRUE;
}

static const struct
{
  Place place;
  const gchar *properties, *url;        /* NULL: there is no base */
} bases[] = {
  {{"https://h/a/index.m3u8", NULL}, "", "https://h/a/b.ts"},
  {{"https://h/a/index.m3u8", "http://i/c/"}, "", "http://i/c/b.ts"},
  {{"https://h/a/index.m3u8", NULL}, "base-url=https://j:1/k/l",
      "https://j:1/k/b.ts"},
  {{"file:///tmp/a", NULL}, "", NULL},
  {{"fd://0", NULL}, "", NULL}
};

GST_START_TEST (test_base)
{
  GstHarness *h = text_harness (bases[__i__].properties);
  g_autoptr (GstBus) bus = watch (h);
  g_autofree gchar *out = NULL;
  g_autofree gchar *text = NULL;

  place = bases[__i__].place;
  gst_pad_set_query_function (h->srcpad, answer);
  gst_harness_set_src_caps_str (h, "text/uri-list");
  out = run (h, "b.ts");
  if (bases[__i__].url) {
    check_canned (out, bases[__i__].url, 3600);
  } else {
    text = next_text (bus, GST_MESSAGE_ERROR);
    fail_unless (strstr (text, "line 1: a relative URL") != NULL, "%s", text);
    fail_unless_equals_string (out, "");
  }
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- pieces ------------------------------------------------------------- */

static const gchar *const pieces[] = {
  "https://h/a.ts\nhttps://h/b.ts\r\n#\n\nhttps://h/c.ts", PLAYLIST,
  "<?xml version=\"1.0\"?>\n<MPD><Period><AdaptationSet><SegmentTemplate "
      "media=\"$Number$.m4s\" initialization='i.mp4'/></AdaptationSet></Period>"
      "</MPD>\n"
};

GST_START_TEST (test_pieces)
{
  const gchar *text = pieces[__i__];
  gsize size = strlen (text);
  const gchar *properties = FIXED "base-url=https://h/f/";
  g_autofree gchar *whole =
      run_new (properties, "application/octet-stream", text);
  GstHarness *h = text_harness (properties);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  gst_harness_set_src_caps_str (h, "application/octet-stream");
  for (guint round = 0; round < 100; round++) {
    g_autofree gchar *out = NULL;
    gsize n;

    for (gsize at = 0; at < size; at += n) {
      n = (gsize) g_rand_int_range (random, 1, 20);
      n = MIN (n, size - at);
      fail_unless_equals_int (gst_harness_push (h, new_buffer (text + at, n)),
          GST_FLOW_OK);
    }
    /* another text begins, which ends this one */
    gst_harness_push_event (h, gst_event_new_stream_start ("next"));
    out = take_all (h);
    fail_unless_equals_string (out, whole);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What is not ended by anything but a flush or a stop is forgotten. */
GST_START_TEST (test_forgets)
{
  GstHarness *h = text_harness (FIXED);
  g_autofree gchar *whole = run_new (FIXED, "text/uri-list", "https://h/a");
  g_autofree gchar *flushed = NULL;
  g_autofree gchar *restarted = NULL;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_set_src_caps_str (h, "text/uri-list");
  gst_harness_push (h, new_buffer ("https://x/", 10));
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  flushed = run (h, "https://h/a");
  fail_unless_equals_string (flushed, whole);

  gst_harness_push (h, new_buffer ("https://x/", 10));
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  gst_harness_push_event (h, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (h, "text/uri-list");
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  restarted = run (h, "https://h/a");
  fail_unless_equals_string (restarted, whole);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* One signature for all: what is measured is what is held. */
static gsize
get_resident (void)
{
  g_autofree gchar *text = NULL;
  gulong size, resident;

  fail_unless (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  fail_unless_equals_int (sscanf (text, "%lu %lu", &size, &resident), 2);
  return resident * (gsize) getpagesize ();
}

static void
push_urls (GstHarness * h, guint from, guint to, guint64 * lines)
{
  GString *text = g_string_new (NULL);
  GstBuffer *out;
  GstMapInfo map;

  for (guint i = from; i < to; i++)
    g_string_append_printf (text, "https://h/archive/segment_%u.ts\n", i);
  gst_harness_push (h, gst_buffer_new_wrapped (text->str, text->len));
  g_string_free (text, FALSE);
  while ((out = gst_harness_try_pull (h)) != NULL) {
    gst_buffer_map (out, &map, GST_MAP_READ);
    for (const guint8 * at = map.data; at; (*lines) += at != NULL) {
      at = memchr (at, '\n', (gsize) (map.data + map.size - at));
      at = at ? at + 1 : NULL;
    }
    gst_buffer_unmap (out, &map);
    gst_buffer_unref (out);
  }
}

GST_START_TEST (test_million)
{
  const gboolean measured = g_getenv ("VS_VALGRIND") == NULL;
  const guint total = measured ? 1000000 : 20000, step = 1000;
  GstHarness *h = text_harness ("policy=wildcard");
  guint64 lines = 0;
  gsize before = 0, after;

  gst_harness_set_src_caps_str (h, "text/uri-list");
  for (guint i = 0; i < total; i += step) {
    push_urls (h, i, i + step, &lines);
    if (i == total / 10)
      before = get_resident ();
  }
  after = get_resident ();
  fail_unless_equals_uint64 (lines, total);
  fail_unless (!measured
      || after < before + 2 * 1024 * 1024,
      "%" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT, before, after);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- what is no text ---------------------------------------------------- */

static const struct
{
  const gchar *text, *error;
  guint lines;                  /* that were passed on before it */
} wrong[] = {
  {"https://h/a\nhttps://h/b\nno url\nhttps://h/c\n", "line 3: ", 2},
  {"https://h/a\nftp://h/b\n", "line 2: ", 1},
  {"https://h/a\nhttps://h/b?Signature=x\n", "line 2: ", 1},
  {"https://h/a\nhttps://h/b*\n", "line 2: ", 1},
  {"https://h/a\n@", "line 2: ", 1},
  {"https://h/a\nhttps://h/last b", "line 2: ", 1},
  {"<MPD>\n<!DOCTYPE x>\n", "line 2: ", 1},
  {"<MPD>\n<Period>\n<a", "line 3: ", 2},
};

static guint
count_lines (const gchar * text)
{
  guint n = 0;

  while ((text = strchr (text, '\n')) != NULL) {
    text++;
    n++;
  }
  return n;
}

GST_START_TEST (test_wrong)
{
  g_autofree gchar *tail = g_strnfill (LONGEST, 'x');
  g_auto (GStrv) parts = g_strsplit (wrong[__i__].text, "@", 2);
  g_autofree gchar *text = g_strjoinv ("https://h/", parts);
  g_autofree gchar *whole = g_strconcat (text, parts[1] ? tail : "", NULL);
  GstHarness *h = text_harness ("");
  g_autoptr (GstBus) bus = watch (h);
  g_autofree gchar *out = NULL;
  g_autofree gchar *said = NULL;

  gst_harness_set_src_caps_str (h, "application/octet-stream");
  out = run (h, whole);
  said = next_text (bus, GST_MESSAGE_ERROR);
  fail_unless (strstr (said, wrong[__i__].error) != NULL, "%s", said);
  fail_unless_equals_int (count_lines (out), wrong[__i__].lines);
  /* said once, and nothing behind it goes on */
  fail_unless_equals_int (gst_harness_push (h, new_buffer ("https://h/z\n",
              12)), GST_FLOW_EOS);
  fail_unless (next_message (bus, GST_MESSAGE_ERROR) == NULL);
  fail_unless (gst_harness_try_pull (h) == NULL);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- settings ----------------------------------------------------------- */

static void
make_wrong_keys (void)
{
  g_autofree gchar *pem = read_text ("rsa.pem");
  g_autofree gchar *public = read_text ("rsa.pub.pem");

  fail_unless (openssl ("genrsa -out small.pem 1024"));
  fail_unless (openssl
      ("ecparam -name secp384r1 -genkey -noout -out p384.pem"));
  fail_unless (openssl ("genpkey -algorithm ed25519 -out ed25519.pem"));
  fail_unless (openssl ("rsa -aes128 -passout pass:x -in rsa.pem "
          "-out locked.pem"));
  write_text ("open.pem", pem, 0604);
  write_text ("public.pem", public, 0600);
  write_text ("empty.pem", "", 0600);
  for (guint i = 0; i < 4; i++) {
    static const gchar *const made[] = { "small.pem", "p384.pem",
      "ed25519.pem", "locked.pem"
    };
    g_autofree gchar *path = path_of (made[i]);

    fail_unless (g_chmod (path, 0600) == 0);
  }
}

static void
settings_setup (void)
{
  sign_setup ();
  make_wrong_keys ();
}

static const struct
{
  const gchar *key;             /* a file's name, "" for none */
  const gchar *properties;
  /* all in what is said */
  const gchar *cause, *remedy;
} refused[] = {
  {"missing.pem", "key-pair-id=K1", "missing.pem: No such file",
      "Check private-key"},
  {"rsa.pem/x", "key-pair-id=K1", "Not a directory", "RSA key"},
  {".", "key-pair-id=K1", "a folder", "RSA key"},
  {"open.pem", "key-pair-id=K1", "open.pem: everybody can read or write it",
      "chmod 600"},
  {"small.pem", "key-pair-id=K1", "2048 to 4096 bits", "RSA key"},
  {"p384.pem", "key-pair-id=K1", "P-256", "RSA key"},
  {"ed25519.pem", "key-pair-id=K1", "neither an RSA key", "P-256"},
  {"locked.pem", "key-pair-id=K1", "the key is encrypted", "not encrypted"},
  {"public.pem", "key-pair-id=K1", "no private key in PEM", "RSA key"},
  {"empty.pem", "key-pair-id=K1", "no private key in PEM", "RSA key"},
  {"", "key-pair-id=K1", "private-key is not set", "openssl genrsa"},
  {"rsa.pem", "", "key-pair-id is not set", "public key"},
  {"rsa.pem", "key-pair-id=a/b", "key-pair-id has other characters", "letters"},
  {"rsa.pem", "key-pair-id=K1 starts-at=" START, "canned", "policy=custom"},
  {"rsa.pem", "key-pair-id=K1 allowed-source=192.0.2.1", "canned",
      "policy=custom"},
  {"rsa.pem", "key-pair-id=K1 policy=custom starts-at=tomorrow",
      "no time", "2026-01-01T20:00:00Z"},
  {"rsa.pem", "key-pair-id=K1 policy=custom allowed-source=::1",
      "no IPv4 address", "192.0.2.0/24"},
  {"rsa.pem", "key-pair-id=K1 base-url=ftp://h/", "base-url is no URL",
      "https://host/folder"},
};

GST_START_TEST (test_refused)
{
  g_autoptr (GstElement) signer = gst_object_ref_sink
      (gst_element_factory_make ("vsurlsigner", NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autofree gchar *path = path_of (refused[__i__].key);
  g_autofree gchar *said = NULL;
  g_auto (GStrv) pairs = g_strsplit (refused[__i__].properties, " ", -1);

  gst_element_set_bus (signer, bus);
  for (guint i = 0; pairs[i] && *pairs[i]; i++) {
    g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);

    gst_util_set_object_arg (G_OBJECT (signer), pair[0], pair[1]);
  }
  g_object_set (signer, "private-key", *refused[__i__].key ? path : NULL, NULL);
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  said = next_text (bus, GST_MESSAGE_ERROR);
  fail_unless (strstr (said, refused[__i__].cause) != NULL, "%s", said);
  fail_unless (strstr (said, refused[__i__].remedy) != NULL, "%s", said);
  gst_element_set_bus (signer, NULL);
  gst_element_set_state (signer, GST_STATE_NULL);
}

GST_END_TEST;

/* What is set in READY counts from PAUSED on; the key may be gone by then. */
GST_START_TEST (test_settings)
{
  g_autoptr (GstElement) signer = gst_object_ref_sink (signer_new (""));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autofree gchar *said = NULL;
  g_autofree gchar *signed_url = NULL;
  g_autofree gchar *warning = NULL;
  Signed signature;

  gst_element_set_bus (signer, bus);
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  gst_util_set_object_arg (G_OBJECT (signer), "hash", "sha256");
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  warning = next_text (bus, GST_MESSAGE_WARNING);
  fail_unless (g_str_has_prefix (warning, "Nothing is linked"));
  g_signal_emit_by_name (signer, "sign-url", "https://h/a", &signed_url);
  signed_read (&signature, signed_url, "rsa", "sha256");
  signed_clear (&signature);

  gst_element_set_state (signer, GST_STATE_READY);
  gst_util_set_object_arg (G_OBJECT (signer), "key-pair-id", "");
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  said = next_text (bus, GST_MESSAGE_ERROR);
  fail_unless (strstr (said, "key-pair-id") != NULL, "%s", said);
  gst_element_set_bus (signer, NULL);
  gst_element_set_state (signer, GST_STATE_NULL);
}

GST_END_TEST;

/* ---- secrets ------------------------------------------------------------ */

/* Somebody takes the property for the key itself. */
GST_START_TEST (test_key_in_property)
{
  g_autoptr (GstElement) signer = gst_object_ref_sink (signer_new (""));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autofree gchar *pem = read_text ("rsa.pem");
  g_autofree gchar *said = NULL;
  g_auto (GStrv) lines = g_strsplit (pem, "\n", -1);
  GParamSpec *pspec = g_object_class_find_property
      (G_OBJECT_GET_CLASS (signer), "private-key");

  fail_unless (pspec != NULL && !(pspec->flags & G_PARAM_READABLE));
  gst_element_set_bus (signer, bus);
  g_object_set (signer, "private-key", pem, NULL);
  fail_unless_equals_int (gst_element_set_state (signer, GST_STATE_READY),
      GST_STATE_CHANGE_FAILURE);
  said = next_text (bus, GST_MESSAGE_ERROR);
  fail_unless (strstr (said, "the name of a file") != NULL, "%s", said);
  for (guint i = 0; lines[i]; i++)
    fail_unless (*lines[i] == '\0' || strstr (said, lines[i]) == NULL);
  gst_element_set_bus (signer, NULL);
  gst_element_set_state (signer, GST_STATE_NULL);
}

GST_END_TEST;

/* ---- gst-launch-1.0 ----------------------------------------------------- */

extern void __asan_init (void) __attribute__((weak));
extern void __tsan_init (void) __attribute__((weak));

/* (transfer full): what gst-launch-1.0 needs to load our plugins, which may have
 * been built with a sanitizer: its library ahead of all else */
static gchar **
get_environment (void)
{
  gchar **environment = g_get_environ ();
  const gchar *others = g_environ_getenv (environment, "LD_PRELOAD");
  g_autofree gchar *libraries = NULL;
  Dl_info info;

  if ((__asan_init && dladdr ((gpointer) __asan_init, &info))
      || (__tsan_init && dladdr ((gpointer) __tsan_init, &info))) {
    libraries = g_strjoin (":", info.dli_fname, others, NULL);
    environment = g_environ_setenv (environment, "LD_PRELOAD", libraries, TRUE);
  }
  return environment;
}

/* Runs a line of the shell in the test's folder; its exit status */
static gint
shell (const gchar * line)
{
  const gchar *argv[] = { "sh", "-c", line, NULL };
  g_auto (GStrv) environment = get_environment ();
  g_autoptr (GError) error = NULL;
  gint status;

  fail_unless (g_spawn_sync (folder, (gchar **) argv, environment,
          G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error), "%s",
      error ? error->message : "");
  return WEXITSTATUS (status);
}

#define FILTER "gst-launch-1.0 -q fdsrc ! vsurlsigner private-key=rsa.pem " \
    "key-pair-id=K1 expires-in=60 ! fdsink <in >out 2>log"

GST_START_TEST (test_filter)
{
  g_autofree gchar *out = NULL;
  g_auto (GStrv) lines = NULL;

  write_text ("in", "https://h/a.ts\nhttps://h/b.ts?c\n", 0600);
  fail_unless_equals_int (shell (FILTER), 0);
  out = read_text ("out");
  lines = g_strsplit (out, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 3);
  check_canned (lines[0], "https://h/a.ts", 60);
  check_canned (lines[1], "https://h/b.ts?c", 60);
}

GST_END_TEST;

GST_START_TEST (test_filter_fails)
{
  g_autofree gchar *out = NULL;
  g_autofree gchar *log = NULL;

  write_text ("in", "https://h/a.ts\nnothing\nhttps://h/b.ts\n", 0600);
  fail_unless_equals_int (shell (FILTER), 1);
  out = read_text ("out");
  log = read_text ("log");
  fail_unless_equals_int (count_lines (out), 1);
  check_canned (g_strchomp (out), "https://h/a.ts", 60);
  fail_unless (strstr (log, "line 2: ") != NULL, "%s", log);
}

GST_END_TEST;

static void
remove_dots (void)
{
  fail_unless_equals_int (shell ("rm -rf dots; mkdir dots"), 0);
}

/* All that can be told is told: no line of the key is in it. */
GST_START_TEST (test_secrets)
{
  g_autofree gchar *pem = read_text ("rsa.pem");
  g_auto (GStrv) lines = g_strsplit (pem, "\n", -1);
  g_autofree gchar *log = NULL;
  g_autofree gchar *dots = NULL;

  remove_dots ();
  write_text ("in", "https://h/a.ts\n", 0600);
  fail_unless_equals_int (shell ("GST_DEBUG=9 GST_DEBUG_NO_COLOR=1 "
          "GST_DEBUG_DUMP_DOT_DIR=dots GST_TRACERS=leaks " FILTER), 0);
  fail_unless_equals_int (shell ("cat dots/*.dot >all.dot"), 0);
  log = read_text ("log");
  dots = read_text ("all.dot");
  fail_unless (strstr (log, "vsurlsigner") != NULL);
  fail_unless (strstr (dots, "vsurlsigner") != NULL);
  fail_unless (strstr (dots, "rsa.pem") == NULL);
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i] == '\0' || g_str_has_prefix (lines[i], "-----"))
      continue;
    fail_unless (strstr (log, lines[i]) == NULL);
    fail_unless (strstr (dots, lines[i]) == NULL);
  }
  /* nor is what was signed */
  fail_unless (strstr (log, "Signature=") == NULL);
  /* the tracer names what is left alive */
  fail_unless (strstr (log, "object-alive, type-name=(string)G") == NULL);
}

GST_END_TEST;

static Suite *
urlsigner_suite (void)
{
  Suite *s = suite_create ("urlsigner");
  TCase *tc = tcase_create ("text");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_policies);
  tcase_add_loop_test (tc, test_kinds, 0, G_N_ELEMENTS (kinds));
  tcase_add_loop_test (tc, test_base, 0, G_N_ELEMENTS (bases));
  tcase_add_loop_test (tc, test_pieces, 0, G_N_ELEMENTS (pieces));
  tcase_add_test (tc, test_forgets);
  tcase_add_test (tc, test_million);
  tcase_add_loop_test (tc, test_wrong, 0, G_N_ELEMENTS (wrong));

  tc = tcase_create ("settings");
  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, settings_setup, sign_teardown);
  tcase_add_loop_test (tc, test_refused, 0, G_N_ELEMENTS (refused));
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_key_in_property);

  tc = tcase_create ("lines");
  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_test (tc, test_filter);
  tcase_add_test (tc, test_filter_fails);
  tcase_add_test (tc, test_secrets);
  return s;
}

GST_CHECK_MAIN (urlsigner);
