/* VisionStream: tests of texts whose URLs get signed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In what lines are to become, {url} stands for that one with a signature;
 * manifests are read by libxml2. Every URL has to pass the verifier.
 */
#include <gst/check/gstcheck.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <string.h>

#include "sign/signfixture.h"
#include "sign/vssigntext.h"

#define EXPIRES 2000
#define BASE "https://h/a/index.m3u8"

static VsUrlSigner *signers[VS_SIGN_WILDCARD + 1];
static VsUrlVerifier *verifier;
static VsKeyGroup *group;

static void
setup (void)
{
  VsUrlVerifierSettings settings = { 0 };

  for (VsSignKind kind = VS_SIGN_CANNED; kind <= VS_SIGN_WILDCARD; kind++)
    signers[kind] = make_signer ("rsa", "K1", kind, VS_SIGN_SHA1, EXPIRES);
  verifier = vs_url_verifier_new (&settings);
  group = load_group ();
}

static void
teardown (void)
{
  for (VsSignKind kind = VS_SIGN_CANNED; kind <= VS_SIGN_WILDCARD; kind++)
    vs_url_signer_free (signers[kind]);
  vs_url_verifier_free (verifier);
  vs_key_group_unref (group);
}

/* ---- helpers ------------------------------------------------------------- */

typedef struct
{
  VsSignKind kind;
  VsSignTextKind text_kind;
  const gchar *base;
} How;

static const How list = { VS_SIGN_CANNED, VS_SIGN_TEXT_UNKNOWN, NULL };
static const How hls = { VS_SIGN_CANNED, VS_SIGN_TEXT_UNKNOWN, BASE };
static const How hls_folder = { VS_SIGN_WILDCARD, VS_SIGN_TEXT_UNKNOWN, BASE };

static const How mpd = { VS_SIGN_CANNED, VS_SIGN_TEXT_UNKNOWN,
  "https://h/a/index.mpd"
};

static const How smooth = { VS_SIGN_CANNED, VS_SIGN_TEXT_UNKNOWN,
  "https://h/a/x.ism/Manifest"
};

/* (transfer full): what comes out of @text in pieces of @piece bytes, up to an
 * error */
static gchar *
run (const How * how, const gchar * text, gsize size, gsize first, gsize piece,
    GError ** error)
{
  g_autoptr (VsSignText) signer = vs_sign_text_new (signers[how->kind],
      how->text_kind, how->base);
  GString *out = g_string_new (NULL);
  gsize n = MIN (first, size);
  gboolean ok = vs_sign_text_push (signer, text, n, out, error);

  for (gsize at = n; ok && at < size; at += n) {
    n = MIN (piece, size - at);
    ok = vs_sign_text_push (signer, text + at, n, out, error);
  }
  if (ok)
    vs_sign_text_finish (signer, out, error);
  return g_string_free (out, FALSE);
}

/* The same however it is cut. */
static gchar *
sign_text (const How * how, const gchar * text)
{
  gsize size = strlen (text);
  GError *error = NULL;
  gchar *whole = run (how, text, size, size, size, &error);

  fail_unless (error == NULL, "%s: %s", error ? error->message : "", text);
  for (gsize cut = 0; cut <= size; cut++) {
    g_autofree gchar *out = run (how, text, size, cut, size, NULL);

    fail_unless_equals_string (out, whole);
  }
  for (gsize piece = 1; piece < 4; piece++) {
    g_autofree gchar *out = run (how, text, size, piece, piece, NULL);

    fail_unless_equals_string (out, whole);
  }
  return whole;
}

static void
check_error (const How * how, const gchar * text, const gchar * message,
    const gchar * before)
{
  gsize size = strlen (text);

  for (gsize piece = 1; piece <= size; piece++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *out = run (how, text, size, piece, piece, &error);

    fail_unless (error != NULL, "%s", text);
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA),
        "%s", error->message);
    fail_unless (g_str_has_prefix (error->message, message), "%s: %s",
        error->message, text);
    if (before)
      fail_unless_equals_string (out, before);
  }
}

static gboolean
passes (const gchar * url)
{
  const gchar *host = strstr (url, "://"), *path;
  g_autofree gchar *origin = NULL;
  VsSignedRequest request = {.now = 1000 };

  fail_unless (host != NULL, "%s", url);
  path = host + 3 + strcspn (host + 3, "/?");
  origin = g_strndup (url, path - url);
  request.origin = origin;
  request.target = path;
  return vs_url_verifier_check (verifier, group, &request, NULL) ==
      VS_SIGN_VALID;
}

/* Takes the signature out of @text at @at, and says whether it was one. */
static gboolean
cut_signature (GString * text, gsize at, const gchar * end)
{
  gsize size = strcspn (text->str + at, end), start = at;
  g_autofree gchar *url = g_strndup (text->str + at, size);
  g_autoptr (GString) stripped = g_string_new (NULL);

  if (!passes (url))
    return FALSE;
  vs_signed_target_strip (stripped, url);
  g_string_erase (text, start, size);
  g_string_insert (text, start, stripped->str);
  return TRUE;
}

/* @want: each {url} stands for that URL, signed; and nothing else is. */
static void
check_lines (const How * how, const gchar * text, const gchar * want)
{
  g_autofree gchar *got = sign_text (how, text);
  g_autoptr (GString) rest = g_string_new (got);
  g_autoptr (GString) plain = g_string_new (want);
  const gchar *mark;

  while ((mark = strchr (plain->str, '{'))) {
    gsize at = mark - plain->str;

    g_string_erase (plain, at, 1);
    g_string_erase (plain, strchr (plain->str, '}') - plain->str, 1);
    fail_unless (rest->len > at && cut_signature (rest, at, "\"\r\n"),
        "%s: %s", text, got);
  }
  fail_unless_equals_string (rest->str, plain->str);
}

/* ---- lists --------------------------------------------------------------- */

GST_START_TEST (test_list)
{
  check_lines (&list, "", "");
  check_lines (&list, "https://h/a\n", "{https://h/a}\n");
  check_lines (&list, "https://h/a", "{https://h/a}");
  check_lines (&list, "# c\r\nhttps://h/a?b\r\n\r\n\nhttp://i/c",
      "# c\r\n{https://h/a?b}\r\n\r\n\n{http://i/c}");
  check_lines (&list, "\xef\xbb\xbfhttps://h/a\n",
      "\xef\xbb\xbf{https://h/a}\n");
  check_lines (&list, "#EXTM3", "#EXTM3");
  check_lines (&hls, "../b\n//i/c\n", "{https://h/b}\n{https://i/c}\n");
  check_lines (&hls_folder, "b/c?d\n../e\n",
      "{https://h/a/b/c?d}\n{https://h/e}\n");
}

GST_END_TEST;

GST_START_TEST (test_list_errors)
{
  g_autofree gchar *longest = g_strnfill (VS_SIGN_TEXT_LINE_MAX, '#');
  g_autofree gchar *fits = g_strconcat (longest, "\r\n", NULL);
  g_autofree gchar *longer = g_strconcat ("#\n", longest, "##", NULL);
  g_autofree gchar *cr = g_strconcat ("#\n", longest, "#\n", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *out = run (&list, fits, strlen (fits), 100, 100, NULL);

  fail_unless_equals_string (out, fits);
  check_error (&list, "# c\nno url\nhttps://h/a\n", "line 2: ", "# c\n");
  check_error (&list, "\n\nftp://h/a", "line 3: ", "\n\n");
  check_error (&list, "https://h/a?Expires=1\n", "line 1: ", "");
  check_error (&list, "data:,a\n", "line 1: ", "");
  check_error (&hls, "a\tb\n", "line 1: ", "");
  g_free (out);
  out = run (&list, longer, strlen (longer), 50, 50, &error);
  fail_unless (error && g_str_has_prefix (error->message, "line 2: "));
  fail_unless_equals_string (out, "#\n");
  g_clear_error (&error);
  g_free (out);
  out = run (&list, cr, strlen (cr), strlen (cr), 1, &error);
  fail_unless (error && g_str_has_prefix (error->message, "line 2: "));
  fail_unless_equals_string (out, "#\n");
  g_clear_error (&error);
  g_free (out);
  out = run (&list, "#\0\n", 3, 3, 1, &error);
  fail_unless (error != NULL);
}

GST_END_TEST;

/* ---- HLS ----------------------------------------------------------------- */

#define M "#EXTM3U\n"

GST_START_TEST (test_hls)
{
  static const gchar *const cases[][2] = {
    {"#EXTINF:6,URI=\"x\"\na.ts\n",
        "#EXTINF:6,URI=\"x\"\n{https://h/a/a.ts}\n"},
    {"#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\"\nv/i.m3u8?x=1\n",
        "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"a,b\"\n"
          "{https://h/a/v/i.m3u8?x=1}\n"},
    {"#EXT-X-MEDIA:TYPE=AUDIO,URI=\"a.m3u8\",NAME=\"URI=\"\n",
        "#EXT-X-MEDIA:TYPE=AUDIO,URI=\"{https://h/a/a.m3u8}\",NAME=\"URI=\""
          "\n"},
    {"#EXT-X-KEY:METHOD=AES-128,URI=\"https://k/1\",IV=0x1\n",
        "#EXT-X-KEY:METHOD=AES-128,URI=\"{https://k/1}\",IV=0x1\n"},
    {"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k/1\",KEYFORMAT=\"c\"\n",
        "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k/1\",KEYFORMAT=\"c\"\n"},
    {"#EXT-X-SESSION-KEY:METHOD=X,URI=\"data:text/plain;base64,AA==\"\n",
        "#EXT-X-SESSION-KEY:METHOD=X,URI=\"data:text/plain;base64,AA==\"\n"},
    {"#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"1@0\"\n",
        "#EXT-X-MAP:URI=\"{https://h/a/init.mp4}\",BYTERANGE=\"1@0\"\n"},
    {"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i.m3u8\"\n",
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"{https://h/a/i.m3u8}\"\n"},
    {"#EXT-X-PART:DURATION=0.5,URI=\"p.mp4\",INDEPENDENT=YES\n",
        "#EXT-X-PART:DURATION=0.5,URI=\"{https://h/a/p.mp4}\","
          "INDEPENDENT=YES\n"},
    {"#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p.mp4\"\n",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{https://h/a/p.mp4}\"\n"},
    {"#EXT-X-RENDITION-REPORT:URI=\"../b/i.m3u8\",LAST-MSN=1\n",
        "#EXT-X-RENDITION-REPORT:URI=\"{https://h/b/i.m3u8}\",LAST-MSN=1\n"},
    {"#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"d.json\"\n",
        "#EXT-X-SESSION-DATA:DATA-ID=\"a\",URI=\"{https://h/a/d.json}\"\n"},
    {"#EXT-X-CONTENT-STEERING:SERVER-URI=\"/s\",PATHWAY-ID=\"a\"\n",
        "#EXT-X-CONTENT-STEERING:SERVER-URI=\"{https://h/s}\",PATHWAY-ID=\"a\""
          "\n"},
    {"#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"ad.m3u8\",X-ASSET-LIST=\"l\"\n",
        "#EXT-X-DATERANGE:ID=\"a\",X-ASSET-URI=\"{https://h/a/ad.m3u8}\","
          "X-ASSET-LIST=\"{https://h/a/l}\"\n"},
    {"#EXT-X-KEY:METHOD=NONE\n#EXT-X-ENDLIST\n#EXT-X-VERSION:9\n# URI=\"a\"\n",
        "#EXT-X-KEY:METHOD=NONE\n#EXT-X-ENDLIST\n#EXT-X-VERSION:9\n"
          "# URI=\"a\"\n"},
    {"#EXT-X-MAP: URI=\"i\" , BYTERANGE=\"1\"\n",
        "#EXT-X-MAP: URI=\"{https://h/a/i}\" , BYTERANGE=\"1\"\n"},
    {"#EXT-X-MAP:URI=\"\"\n", "#EXT-X-MAP:URI=\"\"\n"},
    {"#EXT-X-VENDOR:some \"text\" URI=x\n#EXT-X-MAP:URI=\"i\n",
        "#EXT-X-VENDOR:some \"text\" URI=x\n#EXT-X-MAP:URI=\"i\n"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = g_strconcat (M, cases[i][0], NULL);
    g_autofree gchar *want = g_strconcat (M, cases[i][1], NULL);

    check_lines (&hls, text, want);
    check_lines (&hls_folder, text, want);
  }
}

GST_END_TEST;

/* One query for all in the folder, another for what is not. */
GST_START_TEST (test_hls_folder)
{
  g_autofree gchar *out = sign_text (&hls_folder, M "v/1.ts\n2.ts\n/b/3.ts\n");
  g_auto (GStrv) lines = g_strsplit (out, "\n", -1);

  fail_unless_equals_string (strchr (lines[1], '?'), strchr (lines[2], '?'));
  fail_unless (strcmp (strchr (lines[1], '?'), strchr (lines[3], '?')) != 0);
}

GST_END_TEST;

GST_START_TEST (test_hls_errors)
{
  static const How no_base = { VS_SIGN_CANNED, VS_SIGN_TEXT_HLS, NULL };

  check_error (&hls, M "#EXTINF:6,\n{$v}.ts\n", "line 3: ", M "#EXTINF:6,\n");
  check_error (&no_base, M "a.ts\n", "line 2: ", M);
  check_error (&hls, M "#EXT-X-KEY:URI=\"a b\"\n", "line 2: ", M);
  check_error (&hls, M "a.ts \n", "line 2: ", M);
}

GST_END_TEST;

/* ---- manifests ----------------------------------------------------------- */

/* What libxml2 finds at @path: attributes, or texts of elements. */
static GPtrArray *
find_all (const gchar * xml, const gchar * path)
{
  GPtrArray *found = g_ptr_array_new_with_free_func (g_free);
  xmlDocPtr doc = xmlReadMemory (xml, (gint) strlen (xml), NULL, NULL,
      XML_PARSE_NONET | XML_PARSE_NOERROR);
  xmlXPathContextPtr context;
  xmlXPathObjectPtr object;

  fail_unless (doc != NULL, "%s", xml);
  context = xmlXPathNewContext (doc);
  object = xmlXPathEvalExpression ((const xmlChar *) path, context);
  for (gint i = 0; object->nodesetval && i < object->nodesetval->nodeNr; i++) {
    xmlChar *text = xmlNodeGetContent (object->nodesetval->nodeTab[i]);

    g_ptr_array_add (found, g_strstrip (g_strdup ((gchar *) text)));
    xmlFree (text);
  }
  xmlXPathFreeObject (object);
  xmlXPathFreeContext (context);
  xmlFreeDoc (doc);
  return found;
}

/* All at @path are signed as URLs relative to @base, templates filled in. */
static void
check_signed (const gchar * xml, const gchar * path, const gchar * base,
    guint n)
{
  g_autoptr (GPtrArray) found = find_all (xml, path);

  fail_unless_equals_int (found->len, n);
  for (guint i = 0; i < found->len; i++) {
    g_autoptr (GString) text = g_string_new (found->pdata[i]);
    g_autofree gchar *url = NULL;

    g_string_replace (text, "$RepresentationID$", "video/1", 0);
    g_string_replace (text, "$Number%05d$", "00042", 0);
    g_string_replace (text, "$Time$", "42", 0);
    g_string_replace (text, "{bitrate}", "500000", 0);
    g_string_replace (text, "{start time}", "42", 0);
    url = vs_url_resolve (base, text->str, NULL);
    fail_unless (url && passes (url), "%s of %s", text->str, xml);
  }
}

#define ATTRIBUTES "//@media|//@initialization|//@index|//@sourceURL|" \
  "//@bitstreamSwitching|//@*[name()='xlink:href']"

GST_START_TEST (test_dash)
{
  static const gchar text[] = "<?xml version='1.0'?>\n<!-- <BaseURL>x -->\n"
      "<MPD xmlns:xlink=\"http://www.w3.org/1999/xlink\" profiles='a>b'>\n"
      "<Location>https://h/a/other.mpd?x=1&amp;y=2</Location>\n"
      "<PatchLocation ttl='1'>p.mpp</PatchLocation>\n"
      "<UTCTiming schemeIdUri='u' value='https://time.example/now'/>\n"
      "<UTCTiming schemeIdUri='u' value='/a/now'/>\n"
      "<Period xlink:href='remote.xml' xlink:actuate=\"onLoad\">\n"
      "<Period xlink:href='urn:mpeg:dash:resolve-to-zero:2013'/>\n"
      "<AdaptationSet><SegmentTemplate media = \"$RepresentationID$/s_"
      "$Number%05d$.m4s\" initialization='i&amp;x.mp4?a=b&amp;c' index='i'"
      " bitstreamSwitching=\"b\" timescale='1'/>\n"
      "<Representation id='1'><SegmentList><Initialization sourceURL='i.mp4'/>"
      "<RepresentationIndex sourceURL='r'/><SegmentURL media='1.m4s' index="
      "'1.idx'/><SegmentURL mediaRange='0-1'/></SegmentList></Representation>"
      "<Representation id='2'><BaseURL> v.mp4 </BaseURL></Representation>"
      "</AdaptationSet></Period>\n<![CDATA[ <BaseURL>x</BaseURL> ]]]>\n"
      "<BaseURL>last.mp4</BaseURL></MPD>\n";
  g_autofree gchar *out = sign_text (&mpd, text);

  check_signed (out, "//Location|//PatchLocation", mpd.base, 2);
  check_signed (out, "(" ATTRIBUTES ")[not(starts-with(.,'urn:'))]", mpd.base,
      9);
  check_signed (out, "//BaseURL", mpd.base, 2);
  check_signed (out, "//UTCTiming[2]/@value", mpd.base, 1);
  fail_unless (strstr (out, "value='https://time.example/now'/>") != NULL);
  fail_unless (strstr (out, "'urn:mpeg:dash:resolve-to-zero:2013'") != NULL);
  fail_unless (strstr (out, "<!-- <BaseURL>x -->") != NULL);
  fail_unless (strstr (out, "<![CDATA[ <BaseURL>x</BaseURL> ]]]>") != NULL);
  fail_unless (strstr (out, "$RepresentationID$/s_$Number%05d$.m4s?P") != NULL);
}

GST_END_TEST;

/* By BaseURLs at every level; all that is relative to one is under its
 * policy. */
GST_START_TEST (test_dash_bases)
{
  g_autofree gchar *out = sign_text (&mpd, "<MPD><BaseURL>https://cdn/x/"
      "</BaseURL><Period><BaseURL>p1/</BaseURL><AdaptationSet>"
      "<Representation><BaseURL serviceLocation='a'>r<!-- c -->/</BaseURL>"
      "<SegmentTemplate media='$Time$.m4s'/></Representation>"
      "</AdaptationSet></Period></MPD>");
  g_autofree gchar *files = sign_text (&mpd, "<MPD><BaseURL>https://cdn/x/"
      "</BaseURL><Period><AdaptationSet><Representation><BaseURL><![CDATA["
      "f.mp4?a&b]]></BaseURL><SegmentBase/></Representation><Representation>"
      "<BaseURL>g.mp4?a&#38;b</BaseURL></Representation></AdaptationSet>"
      "</Period></MPD>");

  check_signed (out, "//@media", "https://cdn/x/p1/r/", 1);
  fail_unless (strstr (out, "<BaseURL>https://cdn/x/</BaseURL>") != NULL);
  check_signed (files, "//Representation/BaseURL", "https://cdn/x/", 2);
}

GST_END_TEST;

GST_START_TEST (test_dash_two_folders)
{
  check_error (&mpd, "<MPD>\n<BaseURL>https://i/</BaseURL>\n"
      "<BaseURL>https://j/</BaseURL>", "line 3: BaseURLs", NULL);
  check_error (&mpd, "<MPD><Period><AdaptationSet>"
      "<SegmentTemplate media='$Number$'/>\n<Representation>"
      "<BaseURL>https://i/</BaseURL>", "line 2: BaseURLs", NULL);
  check_error (&mpd, "<MPD><Period><SegmentTemplate media='$Time$/../../x'/>",
      "line 1: a template", "<MPD><Period>");
}

GST_END_TEST;

GST_START_TEST (test_smooth)
{
  static const gchar text[] = "\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n"
      "<SmoothStreamingMedia Duration=\"0\"><StreamIndex Type=\"video\" "
      "Url=\"QualityLevels({bitrate})/Fragments(video={start time})\">"
      "<QualityLevel Bitrate=\"500000\"/><c d=\"1\"/></StreamIndex>"
      "<StreamIndex Type='audio' Url='Q({bitrate},x=1)/F(a={start time})?y'/>"
      "<Protection><ProtectionHeader>AAAA</ProtectionHeader></Protection>"
      "</SmoothStreamingMedia>";
  g_autofree gchar *out = sign_text (&smooth, text);
  g_autoptr (GPtrArray) urls = find_all (out, "//@Url");

  fail_unless_equals_int (urls->len, 2);
  check_signed (out, "//@Url", smooth.base, 2);
  fail_unless (strstr (out, "start time})?Policy=") != NULL);
  fail_unless (strstr (out, "start time})?y&amp;Policy=") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_xml_errors)
{
  static const gchar *const cases[] = {
    "<MPD>", "<MPD", "<MPD><BaseURL>a", "<!-- ", "<", "<MPD/><MPD/>",
    "<html/>", "</MPD>", "<>", "</>", "<MPD><Period x></Period></MPD>",
    "<!DOCTYPE MPD><MPD/>", "<!DOCTYPE MPD [<!ENTITY a 'b'>]><MPD/>",
    "<MPD><BaseURL>&a;</BaseURL></MPD>", "<MPD><BaseURL>&#0;</BaseURL></MPD>",
    "<MPD><BaseURL><a/></BaseURL></MPD>", "<MPD x='<MPD/>", "<MPD x='1' <a/>",
    "<MPD><BaseURL>a b</BaseURL></MPD>", "<MPD x=1/>",
    "<MPD><Period><Period><Period><Period><Period><Period><Period><Period>",
    "<MPD><BaseURL>a?Policy=b</BaseURL></MPD>",
    "<MPD><Location>a?x&amp;Signature=b</Location></MPD>",
  };

  g_autofree gchar *out = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_error (&mpd, cases[i], "line 1: ", NULL);
  out = run (&mpd, "<MPD>\0</MPD>", 12, 12, 12, &error);
  fail_unless (error != NULL);
  fail_unless_equals_string (out, "<MPD>");
}

GST_END_TEST;

GST_START_TEST (test_kinds)
{
  static const struct
  {
    const gchar *text;
    VsSignTextKind kind;
  } cases[] = {
    {"#EXTM3U\n", VS_SIGN_TEXT_HLS}, {"\n#EXTM3U\n", VS_SIGN_TEXT_URI_LIST},
    {"#EXTM3 \n", VS_SIGN_TEXT_URI_LIST}, {"#", VS_SIGN_TEXT_URI_LIST},
    {"https://h/", VS_SIGN_TEXT_URI_LIST}, {"", VS_SIGN_TEXT_URI_LIST},
    {"\xef\xbb\xbf#EXTM3U", VS_SIGN_TEXT_HLS}, {"\n <MPD/>", VS_SIGN_TEXT_DASH},
    {"<?xml?><a:MPD/>", VS_SIGN_TEXT_DASH},
    {"<SmoothStreamingMedia/>", VS_SIGN_TEXT_SMOOTH},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VsSignText) text = vs_sign_text_new (signers[0],
        VS_SIGN_TEXT_UNKNOWN, BASE);
    g_autoptr (GString) out = g_string_new (NULL);

    vs_sign_text_push (text, cases[i].text, strlen (cases[i].text), out, NULL);
    vs_sign_text_finish (text, out, NULL);
    fail_unless (vs_sign_text_get_kind (text) == cases[i].kind, "%s",
        cases[i].text);
  }
}

GST_END_TEST;

/* A day of segments, one by one: nothing stays but a tag. */
GST_START_TEST (test_a_day)
{
  static const gchar *const heads[] = { "<MPD><Period><AdaptationSet>"
        "<SegmentTemplate media='$Time$'><SegmentTimeline>", M
  };
  static const gchar *const lines[][2] = { {"<S t='", "' d='6'/>\n"},
  {"#EXTINF:6,\n", ".ts\n"}
  };

  for (guint kind = 0; kind < 2; kind++) {
    g_autoptr (VsSignText) text = vs_sign_text_new (signers[VS_SIGN_WILDCARD],
        VS_SIGN_TEXT_UNKNOWN, BASE);
    g_autoptr (GString) out = g_string_new (NULL);
    gsize most = 0;

    vs_sign_text_push (text, heads[kind], strlen (heads[kind]), out, NULL);
    for (guint i = 0; i < 86400; i++) {
      g_autofree gchar *line = g_strdup_printf ("%s%u%s", lines[kind][0], i,
          lines[kind][1]);

      g_string_truncate (out, 0);
      fail_unless (vs_sign_text_push (text, line, strlen (line), out, NULL));
      most = MAX (most, out->len);
      /* as much as a line holds comes out of it at once */
      fail_unless (out->len >= strlen (line));
    }
    fail_unless (most < 2048);
  }
}

GST_END_TEST;

static Suite *
signtext_suite (void)
{
  Suite *s = suite_create ("signtext");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_list_errors);
  tcase_add_test (tc, test_hls);
  tcase_add_test (tc, test_hls_folder);
  tcase_add_test (tc, test_hls_errors);
  tcase_add_test (tc, test_dash);
  tcase_add_test (tc, test_dash_bases);
  tcase_add_test (tc, test_dash_two_folders);
  tcase_add_test (tc, test_smooth);
  tcase_add_test (tc, test_xml_errors);
  tcase_add_test (tc, test_kinds);
  tcase_add_test (tc, test_a_day);
  return s;
}

GST_CHECK_MAIN (signtext);
