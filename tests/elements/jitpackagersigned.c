/* VisionStream: tests of signed URLs through vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two accounts with an event each, served from an archive: what is signed with
 * the keys of one is tried on everything of both.
 */
#include "common/await.h"
#include "common/deadline.h"
#include "common/folder.h"
#include "packager.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "sign/vsurlsign.h"

#define AWAIT_DEADLINE test_deadline (60)
#define SIGNED "hosts=127.0.0.1 signed-urls=required "
#define ENDPOINTS 4
/* bytes; more than what is on its way between the server and a client */
#define FILE_SIZE (64 * 1024 * 1024)
#define FILE_PART (1024 * 1024)

/* what endpoints are called by default, and their main manifests */
static const gchar *const mains[ENDPOINTS] = {
  "hls/index.m3u8", "cmaf/index.m3u8", "dash/index.mpd",
  "mss/index.ism/Manifest"
};

static gchar *keys;             /* a folder: alpha/A1.pem, beta/B1.pem, *.key */

/* ---- keys ---------------------------------------------------------------- */

static void
make_key (const gchar * account, const gchar * id)
{
  g_autofree gchar *private = g_strdup_printf ("%s/%s.key", keys, id);
  g_autofree gchar *parent = g_build_filename (keys, "groups", account, NULL);
  g_autofree gchar *public = g_strdup_printf ("%s/%s.pem", parent, id);
  const gchar *make[] = { "openssl", "genpkey", "-quiet", "-algorithm", "RSA",
    "-pkeyopt", "rsa_keygen_bits:2048", "-out", private, NULL
  };
  const gchar *publish[] = { "openssl", "pkey", "-in", private, "-pubout",
    "-out", public, NULL
  };

  g_mkdir_with_parents (parent, 0700);
  g_free (run (make));
  g_free (run (publish));
}

static void
make_keys (void)
{
  keys = g_dir_make_tmp ("vs-signed-XXXXXX", NULL);
  make_key ("alpha", "A1");
  make_key ("beta", "B1");
}

static void
remove_keys (void)
{
  test_folder_remove (keys);
  g_clear_pointer (&keys, g_free);
}

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static VsUrlSigner *
make_signer (const gchar * id, VsSignKind kind, gint64 expires)
{
  g_autofree gchar *path = g_strdup_printf ("%s/%s.key", keys, id);
  g_autoptr (GError) error = NULL;
  g_autoptr (VsSignKey) key = vs_sign_key_new_private (path, &error);
  VsUrlSignerSettings settings = {
    .key = key,.key_id = id,.kind = kind,.conditions.expires = expires
  };
  VsUrlSigner *signer;

  g_assert_no_error (error);
  signer = vs_url_signer_new (&settings, &error);
  g_assert_no_error (error);
  return signer;
}

/* (transfer full): @path with its signature */
static gchar *
sign_until (const gchar * id, VsSignKind kind, const gchar * path,
    gint64 expires)
{
  g_autoptr (VsUrlSigner) signer = make_signer (id, kind, expires);
  g_autofree gchar *url = url_of (path);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree gchar *folder_of = vs_sign_folder_of (url, NULL);
  g_autoptr (GError) error = NULL;

  if (kind == VS_SIGN_WILDCARD)
    vs_url_signer_append_under (signer, text, url, folder_of, &error);
  else
    vs_url_signer_append (signer, text, url, &error);
  g_assert_no_error (error);
  return g_strdup (strstr (text->str, "/out/"));
}

static gchar *
sign (const gchar * id, VsSignKind kind, const gchar * path)
{
  return sign_until (id, kind, path, now () + 600);
}

/* A query that is good for all that the account's key is good for. */
static gchar *
sign_everything (const gchar * id)
{
  g_autoptr (VsUrlSigner) signer =
      make_signer (id, VS_SIGN_WILDCARD, now () + 600);
  g_autoptr (GString) text = g_string_new (NULL);

  fail_unless (vs_url_signer_append_query (signer, text, "*", NULL));
  return g_strdup (text->str);
}

/* ---- the archive --------------------------------------------------------- */

static void
store_event (const gchar * account)
{
  g_autofree gchar *line = g_strdup_printf (STREAM "vssegmentstore "
      "location=%s account=%s target-duration=1000000000 recording=mp4 ! "
      "fakesink", folder, account);

  start_pipeline (line);
  await_message (GST_MESSAGE_EOS);
  stop_pipeline ();
}

static void
start_signed (const gchar * properties)
{
  g_autofree gchar *all = g_strdup_printf (SIGNED "key-groups=%s/groups %s",
      keys, properties);

  start_origin (all);
}

static gchar *
main_of (const gchar * account, guint endpoint)
{
  return g_strdup_printf ("/out/v1/%s/live/%s", account, mains[endpoint]);
}

/* ---- what a manifest names ----------------------------------------------- */

static void
add_reference (GPtrArray * paths, const gchar * base, const gchar * text)
{
  g_autofree gchar *absolute = g_strconcat ("http://h", base, NULL);
  g_autofree gchar *url = g_uri_resolve_relative (absolute, text,
      G_URI_FLAGS_ENCODED, NULL);

  g_ptr_array_add (paths, g_strdup (url + strlen ("http://h")));
}

static gchar *
replace_all (const gchar * text, const gchar * from, const gchar * to)
{
  GString *out = g_string_new (text);

  g_string_replace (out, from, to, 0);
  return g_string_free (out, FALSE);
}

/* The value behind @name in @text, XML's ampersands undone. */
static gchar *
attribute (const gchar * text, const gchar * name)
{
  g_autofree gchar *start = g_strdup_printf (" %s=\"", name);
  const gchar *value = strstr (text, start);
  g_autofree gchar *copy = NULL;

  fail_unless (value != NULL, "no %s in %s", name, text);
  value += strlen (start);
  copy = g_strndup (value, strcspn (value, "\""));
  return replace_all (copy, "&amp;", "&");
}

static void
add_template (GPtrArray * paths, const gchar * base, const gchar * mpd,
    const gchar * name)
{
  g_autofree gchar *template = attribute (mpd, name);
  const gchar *representation = strstr (mpd, "<Representation ");
  g_autofree gchar *id = attribute (representation, "id");
  g_autofree gchar *number = attribute (mpd, "startNumber");
  g_autofree gchar *with_id = replace_all (template, "$RepresentationID$", id);
  g_autofree gchar *with_number = replace_all (with_id, "$Number$", number);

  fail_unless (strchr (with_number, '$') == NULL, "%s", with_number);
  add_reference (paths, base, with_number);
}

static void
add_fragment (GPtrArray * paths, const gchar * base, const gchar * manifest)
{
  g_autofree gchar *url = attribute (manifest, "Url");
  g_autofree gchar *bitrate = attribute (strstr (manifest, "<QualityLevel "),
      "Bitrate");
  g_autofree gchar *time = attribute (strstr (manifest, "<c "), "t");
  g_autofree gchar *with_rate = replace_all (url, "{bitrate}", bitrate);
  g_autofree gchar *with_time = replace_all (with_rate, "{start time}", time);

  add_reference (paths, base, with_time);
}

static void
add_playlist (GPtrArray * paths, const gchar * base, const gchar * text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    const gchar *uri = strstr (lines[i], "URI=\"");
    g_autofree gchar *value = NULL;

    if (lines[i][0] && lines[i][0] != '#')
      add_reference (paths, base, lines[i]);
    if (lines[i][0] != '#' || uri == NULL)
      continue;
    value = g_strndup (uri + 5, strcspn (uri + 5, "\""));
    add_reference (paths, base, value);
  }
}

/* What is named by the manifest at @path, which is answered with @text. */
static void
add_children (GPtrArray * paths, const gchar * path, const gchar * text)
{
  if (strstr (path, ".m3u8")) {
    add_playlist (paths, path, text);
  } else if (strstr (path, ".mpd")) {
    add_template (paths, path, text, "initialization");
    add_template (paths, path, text, "media");
  } else {
    add_fragment (paths, path, text);
  }
}

static gboolean
is_manifest (const gchar * path)
{
  return strstr (path, ".m3u8") || strstr (path, ".mpd")
      || strstr (path, "/Manifest");
}

/* (transfer full): all paths that players of the manifest at @path may come
 * to, as its answers have them; each is 200 */
static GPtrArray *
walk (const gchar * path)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (paths, g_strdup (path));
  for (guint i = 0; i < paths->len; i++) {
    const gchar *next = g_ptr_array_index (paths, i);
    g_auto (Reply) reply = { 0 };
    g_autofree gchar *text = NULL;

    get (next, &reply);
    fail_unless (reply.status == 200, "%u: %s", reply.status, next);
    text = reply_text (&reply);
    if (is_manifest (next))
      add_children (paths, next, text);
  }
  return paths;
}

static void
expect_status (const gchar * path, guint status)
{
  g_auto (Reply) reply = { 0 };

  get (path, &reply);
  fail_unless (reply.status == status, "%u: %s", reply.status, path);
}

static void
expect_forbidden (const gchar * path)
{
  g_auto (Reply) reply = { 0 };
  g_autofree gchar *text = NULL;

  get (path, &reply);
  text = reply_text (&reply);
  fail_unless (reply.status == 403, "%u: %s", reply.status, path);
  fail_unless_equals_string (text, "Forbidden\n");
  fail_unless_equals_string (header (&reply, "Cache-Control"),
      "private, max-age=1");
  fail_if (header (&reply, "Set-Cookie"));
  fail_if (header (&reply, "ETag"));
}

static void
use_cookies (void)
{
  soup_session_add_feature_by_type (session, SOUP_TYPE_COOKIE_JAR);
}

static void
drop_cookies (void)
{
  soup_session_remove_feature_by_type (session, SOUP_TYPE_COOKIE_JAR);
}

/* ---- tests --------------------------------------------------------------- */

/* Nothing without a signature, and it does not tell what there is. */
GST_START_TEST (test_unsigned)
{
  static const gchar *const paths[] = {
    "/out/v1/alpha/live/hls/index.m3u8", "/out/v1/alpha/live/hls/none.m3u8",
    "/out/v1/none/live/hls/index.m3u8", "/out/v1/alpha/live/none/index.m3u8",
    "/out/v1/alpha/live/recordings/none.mp4", "/out/v1/alpha/media/none.mp4",
    "/out/v1/x", "/out/v1/hls/index.m3u8", "/out/v1/a/b/c/d/e/f/g/h/i",
    "/api/events",
  };

  store_event ("alpha");
  start_signed ("");
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    expect_forbidden (paths[i]);
  expect_status ("/api/time", 200);
  expect_status ("/none", 404);
  stop_pipeline ();
}

GST_END_TEST;

/* One URL is one URL. */
GST_START_TEST (test_canned)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *target = NULL;
  g_autofree gchar *reload = NULL;
  g_autofree gchar *none = NULL;
  g_auto (Reply) reply = { 0 };

  store_event ("alpha");
  start_signed ("");
  path = main_of ("alpha", 0);
  target = sign ("A1", VS_SIGN_CANNED, path);
  get (target, &reply);
  fail_unless_equals_int (reply.status, 200);
  fail_if (header (&reply, "Set-Cookie"));
  fail_unless (g_str_has_prefix (header (&reply, "Cache-Control"),
          "private, max-age="));
  reload = g_strconcat (target, "&_HLS_msn=3", NULL);
  expect_forbidden (reload);
  none = sign ("A1", VS_SIGN_CANNED, "/out/v1/alpha/live/hls/none.m3u8");
  expect_status (none, 404);
  stop_pipeline ();
}

GST_END_TEST;

/* All that a player comes to, by the cookies that the main manifest sets; the
 * bodies are what they are without signatures. */
GST_START_TEST (test_cookies)
{
  GPtrArray *plain[ENDPOINTS];

  store_event ("alpha");
  start_origin ("");
  for (guint i = 0; i < ENDPOINTS; i++) {
    g_autofree gchar *path = main_of ("alpha", i);

    plain[i] = walk (path);
    fail_unless (plain[i]->len > 1);
  }
  stop_pipeline ();

  start_signed ("");
  for (guint i = 0; i < ENDPOINTS; i++) {
    g_autofree gchar *target = sign ("A1", VS_SIGN_WILDCARD,
        g_ptr_array_index (plain[i], 0));
    g_autoptr (GPtrArray) paths = NULL;

    use_cookies ();
    paths = walk (target);
    fail_unless_equals_int (paths->len, plain[i]->len);
    for (guint n = 1; n < paths->len; n++)
      fail_unless_equals_string (g_ptr_array_index (paths, n),
          g_ptr_array_index (plain[i], n));
    drop_cookies ();
    for (guint n = 1; n < paths->len; n++)
      expect_forbidden (g_ptr_array_index (paths, n));
    g_ptr_array_unref (plain[i]);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* The same by the policy in each URL; nobody else's body is made for it. */
GST_START_TEST (test_urls)
{
  guint64 packaged;

  store_event ("alpha");
  start_signed ("signed-children=urls");
  for (guint i = 0; i < ENDPOINTS; i++) {
    g_autofree gchar *path = main_of ("alpha", i);
    g_autofree gchar *target = sign ("A1", VS_SIGN_WILDCARD, path);
    g_autofree gchar *second = sign_until ("A1", VS_SIGN_WILDCARD, path,
        now () + 900);
    g_autoptr (GPtrArray) paths = walk (target);
    g_autoptr (GPtrArray) again = NULL;
    g_auto (Reply) reply = { 0 }, other = { 0 };

    packaged = get_stat ("packaged");
    again = walk (second);
    fail_unless_equals_int (again->len, paths->len);
    fail_unless_equals_uint64 (get_stat ("packaged"), packaged);
    get (target, &reply);
    get (second, &other);
    fail_unless (strcmp (header (&reply, "ETag"), header (&other, "ETag")));
    fail_unless (g_str_has_prefix (header (&reply, "Cache-Control"),
            "private, "));
    fail_if (header (&reply, "Set-Cookie"));
  }
  stop_pipeline ();
}

GST_END_TEST;

/* (transfer full): @playlist with the query in each line that is a URL */
static gchar *
put_query (const gchar * playlist, const gchar * query)
{
  g_auto (GStrv) lines = g_strsplit (playlist, "\n", -1);

  for (guint i = 0; lines[i]; i++) {
    gchar *line = lines[i];

    if (line[0] == '\0' || line[0] == '#')
      continue;
    lines[i] = g_strconcat (line, strchr (line, '?') ? "&" : "?", query, NULL);
    g_free (line);
  }
  return g_strjoinv ("\n", lines);
}

/* A playlist of which the places of queries are found once for several. */
GST_START_TEST (test_long)
{
  g_autofree gchar *media = g_build_filename (folder, "alpha", "media", NULL);
  g_autofree gchar *file = g_build_filename (media, "long.mp4", NULL);
  const gchar *make[] = { "ffmpeg", "-v", "error", "-f", "lavfi", "-i",
    "color=s=64x36:r=1", "-t", "20000", "-c:v", "libx264", "-preset",
    "ultrafast", "-g", "6", "-pix_fmt", "yuv420p", file, NULL
  };
  const gchar *path = "/out/v1/alpha/media/long.mp4/hls/index_long.m3u8";
  g_autofree gchar *plain = NULL, *made = NULL;

  g_mkdir_with_parents (media, 0755);
  made = run (make);
  if (made == NULL)
    return;
  start_origin ("");
  plain = get_text (path);
  fail_unless (strlen (plain) > 80000);
  stop_pipeline ();

  start_signed ("signed-children=urls");
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *target = sign_until ("A1", VS_SIGN_WILDCARD, path,
        now () + 600 + i / 2);
    g_autofree gchar *wanted = put_query (plain, strchr (target, '?') + 1);
    g_autofree gchar *text = get_text (target);
    g_auto (Reply) part = { 0 };
    g_autofree gchar *cut = NULL;

    fail_unless (strcmp (text, wanted) == 0);
    request ("GET", target, "Range", "bytes=100000-100999", &part);
    cut = reply_text (&part);
    fail_unless_equals_int (part.status, 206);
    fail_unless (strncmp (cut, wanted + 100000, 1000) == 0);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* Everything of either account, by all that the other one's keys can sign. */
GST_START_TEST (test_accounts)
{
  static const gchar *const accounts[][2] = { {"alpha", "A1"}, {"beta", "B1"} };

  store_event ("alpha");
  store_event ("beta");
  start_signed ("signed-children=urls");
  for (guint a = 0; a < G_N_ELEMENTS (accounts); a++) {
    g_autofree gchar *own = sign_everything (accounts[a][1]);
    g_autofree gchar *other = sign_everything (accounts[1 - a][1]);

    for (guint i = 0; i < ENDPOINTS; i++) {
      g_autofree gchar *path = main_of (accounts[a][0], i);
      g_autofree gchar *target = g_strconcat (path, "?", own, NULL);
      g_autoptr (GPtrArray) paths = walk (target);

      for (guint n = 0; n < paths->len; n++) {
        g_autofree gchar *stolen =
            replace_all (g_ptr_array_index (paths, n), own, other);

        fail_unless (strstr (stolen, other) != NULL, "%s", stolen);
        expect_forbidden (stolen);
      }
    }
  }
  stop_pipeline ();
}

GST_END_TEST;

GST_START_TEST (test_over)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *over = NULL;
  g_autofree gchar *forged = NULL;
  g_autofree gchar *unknown = NULL;

  store_event ("alpha");
  start_signed ("");
  path = main_of ("alpha", 0);
  over = sign_until ("A1", VS_SIGN_WILDCARD, path, now () - 1);
  expect_forbidden (over);
  forged = sign ("A1", VS_SIGN_WILDCARD, path);
  strstr (forged, "Signature=")[20] ^= 1;
  expect_forbidden (forged);
  unknown = sign ("B1", VS_SIGN_WILDCARD, path);
  expect_forbidden (unknown);
  stop_pipeline ();

  start_signed ("clock-skew=5000000000");
  g_free (over);
  over = sign_until ("A1", VS_SIGN_WILDCARD, path, now () - 1);
  expect_status (over, 200);
  g_free (over);
  over = sign_until ("A1", VS_SIGN_WILDCARD, path, now () - 6);
  expect_forbidden (over);
  stop_pipeline ();
}

GST_END_TEST;

/* By another name than the server's own, or another scheme than it came by. */
GST_START_TEST (test_origin)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *target = NULL;
  g_auto (Reply) renamed = { 0 }, by_tls = { 0 };

  store_event ("alpha");
  start_signed ("trusted-proxies=127.0.0.1");
  path = main_of ("alpha", 0);
  target = sign ("A1", VS_SIGN_CANNED, path);
  expect_status (target, 200);
  request ("GET", target, "X-Forwarded-Proto", "https", &by_tls);
  fail_unless_equals_int (by_tls.status, 403);
  request ("GET", target, "Host", "127.0.0.1:1", &renamed);
  fail_unless_equals_int (renamed.status, 403);
  stop_pipeline ();
}

GST_END_TEST;

/* A policy for one viewer's address, as a proxy tells it. */
GST_START_TEST (test_address)
{
  g_autoptr (VsUrlSigner) signer = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree gchar *path = g_strdup_printf ("%s/A1.key", keys);
  g_autoptr (VsSignKey) key = vs_sign_key_new_private (path, NULL);
  VsUrlSignerSettings settings = {
    .key = key,.key_id = "A1",.kind = VS_SIGN_CUSTOM,
    .conditions.expires = now () + 600
  };
  g_auto (Reply) right = { 0 }, wrong = { 0 };
  g_autofree gchar *url = NULL;
  const gchar *target;

  store_event ("alpha");
  start_signed ("trusted-proxies=127.0.0.1");
  vs_sign_policy_set_source (&settings.conditions, "192.0.2.0/24", NULL);
  signer = vs_url_signer_new (&settings, NULL);
  url = url_of ("/out/v1/alpha/live/hls/index.m3u8");
  fail_unless (vs_url_signer_append (signer, text, url, NULL));
  target = strstr (text->str, "/out/");
  request ("GET", target, "X-Forwarded-For", "192.0.2.7", &right);
  fail_unless_equals_int (right.status, 200);
  /* the proxy may keep it, and asks for each of its viewers */
  fail_unless (g_str_has_prefix (header (&right, "Cache-Control"),
          "s-maxage=0, proxy-revalidate, max-age="));
  request ("GET", target, "X-Forwarded-For", "192.0.2.7, 192.0.3.7", &wrong);
  fail_unless_equals_int (wrong.status, 403);
  expect_forbidden (target);
  stop_pipeline ();
}

GST_END_TEST;

/* A file that takes longer than its URL is good for; another one can't be begun
 * any more. */
GST_START_TEST (test_download)
{
  g_autofree gchar *media = g_build_filename (folder, "alpha", "media", NULL);
  g_autofree gchar *file = g_build_filename (media, "film.mp4", NULL);
  g_autofree gchar *target = NULL;
  g_autofree gchar *url = NULL;
  g_autofree guint8 *part = g_malloc (FILE_PART);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GInputStream) body = NULL;
  gint64 expires;
  gsize got = 0;
  gssize n;

  g_mkdir_with_parents (media, 0755);
  fail_unless (g_file_set_contents (file, "", 0, NULL));
  fail_unless_equals_int (truncate (file, FILE_SIZE), 0);
  start_signed ("");
  expires = now () + 2;
  target = sign_until ("A1", VS_SIGN_CANNED, "/out/v1/alpha/media/film.mp4",
      expires);
  url = url_of (target);
  message = soup_message_new ("GET", url);
  body = soup_session_send (session, message, NULL, NULL);
  fail_unless_equals_int (soup_message_get_status (message), 200);
  while ((n = g_input_stream_read (body, part, FILE_PART, NULL, NULL)) > 0) {
    got += (gsize) n;
    AWAIT (got < FILE_PART || now () > expires);
  }
  fail_unless_equals_uint64 (got, FILE_SIZE);
  expect_forbidden (target);
  stop_pipeline ();
}

GST_END_TEST;

/* Keys come and go with their files, while players go on. */
GST_START_TEST (test_rotation)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *old = NULL;
  g_autofree gchar *new = NULL;
  g_autofree gchar *file = NULL;
  guint status = 0;

  make_key ("gamma", "G1");
  store_event ("gamma");
  start_signed ("");
  path = main_of ("gamma", 0);
  old = sign ("G1", VS_SIGN_WILDCARD, path);
  expect_status (old, 200);
  make_key ("gamma", "G2");
  new = sign ("G2", VS_SIGN_WILDCARD, path);
  while (status != 200) {
    g_auto (Reply) reply = { 0 };

    expect_status (old, 200);
    get (new, &reply);
    status = reply.status;
    g_usleep (100000);
  }

  file = g_build_filename (keys, "groups", "gamma", "G1.pem", NULL);
  fail_unless_equals_int (g_unlink (file), 0);
  while (status != 403) {
    g_auto (Reply) reply = { 0 };

    expect_status (new, 200);
    get (old, &reply);
    status = reply.status;
    g_usleep (100000);
  }
  stop_pipeline ();
}

GST_END_TEST;

/* What the operator is told, and nobody else. */
GST_START_TEST (test_log)
{
  g_autofree gchar *log = g_build_filename (folder, "access.log", NULL);
  g_autofree gchar *properties = g_strdup_printf ("access-log=%s", log);
  g_autofree gchar *path = NULL;
  g_autofree gchar *over = NULL;
  g_autofree gchar *text = NULL;

  store_event ("alpha");
  start_signed (properties);
  path = main_of ("alpha", 0);
  over = sign_until ("A1", VS_SIGN_WILDCARD, path, 1);
  expect_forbidden (path);
  expect_forbidden (over);
  stop_pipeline ();
  fail_unless (g_file_get_contents (log, &text, NULL, NULL));
  fail_unless_equals_int (count (text, "\"unsigned\""), 1);
  fail_unless_equals_int (count (text, "\"account\":\"alpha\""), 2);
  fail_unless (count (text, "\"expired\"") == 1, "%s", text);
  fail_if (strstr (text, strstr (over, "Signature=") + 10), "%s", text);
}

GST_END_TEST;

static void
expect_error (const gchar * properties, const gchar * remedy)
{
  g_autofree gchar *line = g_strdup_printf ("vsjitpackager port=0 %s",
      properties);
  g_autoptr (GstElement) element = gst_parse_launch (line, NULL);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, remedy) != NULL, "%s", error->message);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
}

GST_START_TEST (test_settings)
{
  g_autofree gchar *groups = g_strdup_printf ("key-groups=%s/groups", keys);
  g_autofree gchar *no_hosts = g_strconcat ("signed-urls=required ", groups,
      NULL);
  g_autofree gchar *no_hosts_listed = NULL;

  expect_error ("signed-urls=required hosts=a", "key-groups");
  expect_error (no_hosts, "hosts=video.example.com");
  no_hosts_listed = g_strconcat (no_hosts, " hosts=\",\"", NULL);
  expect_error (no_hosts_listed, "hosts=video.example.com");
  expect_error (SIGNED "key-groups=/none", "/none");
  expect_error ("cors-origins=www.example.com", "https://www.example.com");
  expect_error ("cors-origins=https://www.example.com/", "without a path");
}

GST_END_TEST;

static Suite *
jitpackagersigned_suite (void)
{
  Suite *s = suite_create ("jitpackagersigned");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_unchecked_fixture (tc, make_keys, remove_keys);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_unsigned);
  tcase_add_test (tc, test_canned);
  tcase_add_test (tc, test_cookies);
  tcase_add_test (tc, test_urls);
  tcase_add_test (tc, test_long);
  tcase_add_test (tc, test_accounts);
  tcase_add_test (tc, test_over);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_address);
  tcase_add_test (tc, test_download);
  tcase_add_test (tc, test_rotation);
  tcase_add_test (tc, test_log);
  tcase_add_test (tc, test_settings);
  return s;
}

GST_CHECK_MAIN (jitpackagersigned);
