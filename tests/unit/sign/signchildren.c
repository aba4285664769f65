/* VisionStream: tests of places for a viewer's query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * In what texts are to become, "{Q}" stands for the query; what is read in
 * pieces is the same. Real manifests are compared with what GRegex and libxml2
 * make of them.
 */
#include <gst/check/gstcheck.h>
#include <libxml/parser.h>
#include <string.h>

#include "manifest/smoothfixture.h"
#include "manifest/vsm3u8.h"
#include "manifest/vsmpd.h"
#include "sign/signfixture.h"
#include "sign/vssignchildren.h"

#define PREFIX "/out/v1/acct/"
#define FOLDER "https://h" PREFIX "ev/hls/"
#define EXPIRES 2000

static VsUrlSigner *signer;
static VsUrlVerifier *verifier;
static VsKeyGroup *group;
static gchar *query;

static void
setup (void)
{
  VsUrlVerifierSettings settings = { 0 };
  GString *text = g_string_new (NULL);

  signer = make_signer ("rsa", "K1", VS_SIGN_WILDCARD, VS_SIGN_SHA1, EXPIRES);
  verifier = vs_url_verifier_new (&settings);
  group = load_group ();
  fail_unless (vs_url_signer_append_query (signer, text,
          "https://h" PREFIX "ev/*", NULL));
  query = g_string_free (text, FALSE);
}

static void
teardown (void)
{
  vs_url_signer_free (signer);
  vs_url_verifier_free (verifier);
  vs_key_group_unref (group);
  g_free (query);
}

/* ---- helpers ------------------------------------------------------------- */

/* Any pieces give what the whole is. */
static void
check_pieces (const VsSignChildren * children, const gchar * text, gsize size,
    const gchar * escaped, const gchar * whole, gsize total)
{
  gsize n = strlen (escaped);
  g_autofree gchar *piece = g_malloc (total + 1);

  for (guint i = 0; i < 300; i++) {
    gsize offset = g_random_int_range (0, (gint) total + 2);
    gsize length = g_random_int_range (0, i % 2 ? 20 : (gint) total + 1);
    gsize want = offset < total ? MIN (length, total - offset) : 0;
    g_autofree gchar *exact = g_malloc (want + 1);

    exact[want] = 'x';
    fail_unless_equals_uint64 (vs_sign_children_read (children, text, size,
            escaped, n, offset, want, exact), want);
    fail_unless (memcmp (exact, whole + MIN (offset, total), want) == 0);
    fail_unless_equals_int (exact[want], 'x');
    fail_unless_equals_uint64 (vs_sign_children_read (children, text, size,
            escaped, n, offset, length, piece), want);
  }
}

/* (transfer full): the whole text, with @with in each place */
static gchar *
fill (VsSignTextKind kind, const gchar * text, const gchar * with)
{
  gsize size = strlen (text), total;
  /* what is behind it may not be looked at */
  g_autofree gchar *bytes = g_memdup2 (text, size);
  g_autoptr (VsSignChildren) children =
      vs_sign_children_find (kind, PREFIX, bytes, size);
  gchar *whole;

  fail_unless (vs_sign_children_get_size (children, strlen (with), &total));
  whole = g_malloc (total + 1);
  fail_unless_equals_uint64 (vs_sign_children_read (children, bytes, size,
          with, strlen (with), 0, total, whole), total);
  whole[total] = '\0';
  check_pieces (children, bytes, size, with, whole, total);
  return whole;
}

static void
check (VsSignTextKind kind, const gchar * want)
{
  g_autoptr (GString) text = g_string_new (want);
  g_autofree gchar *got = NULL;

  g_string_replace (text, "?{Q}", "", 0);
  g_string_replace (text, "&amp;{Q}", "", 0);
  g_string_replace (text, "&{Q}", "", 0);
  got = fill (kind, text->str, "{Q}");
  fail_unless_equals_string (got, want);
}

/* ---- what gets the query, and what does not ------------------------------ */

GST_START_TEST (test_hls)
{
  static const gchar *const cases[] = {
    "", "\n", "#", "#EXTM3U", "#EXTM3U\n\n\r\n \r\n",
    "a.ts?{Q}", "a.ts?{Q}\n", "a.ts?{Q}\r\n\r\nb.ts?{Q}\n",
    "\xef\xbb\xbf#EXTM3U\n../b/a.ts?{Q}\n", " a.ts?{Q} \n", "#EXTINF:6,\na?{Q}",
    "a.ts?b=c&{Q}\n?b&{Q}\na?b?&{Q}\n", "a/b:c?{Q}\na?b:c&{Q}\n",
    "a.ts?{Q}#f?\na?b&{Q}#\n#f\n \n",
    PREFIX "x?{Q}\n/out/v1/other/x\n/out/v1/acct\n/\n//h" PREFIX "x\n",
    "https://h" PREFIX "x\nHTTP:x\nskd://k\ndata:,\n:x\n\\\\h/x\n/\\h/x\n",
    "a\\b\na\tb\na\x01\n\x7f\n{$v}/a\n \t//h\na b?{Q}\n\xc3\xa4?{Q}\n",
    "#EXT-X-MAP:URI=\"i.mp4?{Q}\",BYTERANGE=\"1@0\"\n",
    "#EXT-X-KEY:METHOD=AES-128,URI=\"k?{Q}\",IV=0x1\r\n",
    "#EXT-X-KEY:METHOD=AES-128,URI=\"https://k/1\"\n",
    "#EXT-X-SESSION-KEY:METHOD=X,URI=\"skd://k/1\",KEYFORMAT=\"URI=\"\n",
    "#EXT-X-MEDIA:NAME=\"URI=\\\",A=1,URI=\"a?b&{Q}\",X-URI=\"c?{Q}\"\n",
    "#EXT-X-DATERANGE:X-ASSET-URI=\"a?{Q}\",X-ASSET-LIST=\"" PREFIX "l?{Q}\"\n",
    "#EXT-X-I-FRAME-STREAM-INF:URI=\"i?{Q}\"\n#EXT-X-PART:URI=\"p?{Q}\"\n",
    "#EXT-X-RENDITION-REPORT:URI=\"../r?{Q}\",LAST-MSN=1\n",
    "#EXT-X-CONTENT-STEERING:SERVER-URI=\"/s\",PATHWAY-ID=\"a\"\n",
    "#EXT-X-MAP:URI=\"\"\n#EXT-X-MAP:URI=\" a?{Q} \"\n#EXT-X-MAP:URI=\"i\n",
    "#EXT-X-MAP:URI=x,NURI=\"a\"\n#EXTINF:6,URI=\"a\"\n#EXT-X-\n#EXT-X-A:URI=",
    "# URI=\"a\"\n#EXT-X-A URI=\"a\"\n#EXT-X-A:B=\"c\";URI=\"a\"\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (VS_SIGN_TEXT_HLS, cases[i]);
}

GST_END_TEST;

GST_START_TEST (test_bare_marks)
{
  g_autofree gchar *hls = fill (VS_SIGN_TEXT_HLS, "a?\nb?#f\n", "Q");
  g_autofree gchar *dash = fill (VS_SIGN_TEXT_DASH,
      "<SegmentURL media='a?' index='b&#63;'/>", "Q");

  fail_unless_equals_string (hls, "a?Q\nb?Q#f\n");
  fail_unless_equals_string (dash, "<SegmentURL media='a?Q' index='b&#63;Q'/>");
}

GST_END_TEST;

GST_START_TEST (test_dash)
{
  static const gchar *const cases[] = {
    "<", "<MPD", "<MPD a", "<MPD a=", "<MPD a='", "<!", "<!-", "<?", "</",
    "<!-- <BaseURL>a</BaseURL> media='a' --><Location>a?{Q}</Location>",
    "<!--><Location>a</Location>--><Location>b?{Q}</Location>",
    "<![CDATA[<Location>a</Location>]]]><Location>b?{Q}</Location>",
    "<?x <Location>a</Location>?><Location>b?{Q}</Location>",
    "<!DOCTYPE MPD><Location>a</Location>",
    "<SegmentTemplate media = \"$Time$.m4s?{Q}\" initialization='i?a&amp;{Q}'"
        " index='i?{Q}'\n bitstreamSwitching='b?{Q}' timescale='1'/>",
    "<AdaptationSet bitstreamSwitching='true' media='a'>",
    "<x:SegmentURL media='a?{Q}' index=\"b?{Q}\" mediaRange='1-2'/>",
    "<Initialization sourceURL='i?{Q}'/><RepresentationIndex sourceURL='r?{Q}'"
        "/><BitstreamSwitching sourceURL='b?{Q}'/><InitializationSet "
        "initialization='i?{Q}'/>",
    "<Period xlink:href='p.xml?{Q}'/><Period xlink:href='urn:x:y'/>",
    "<Location> a?b&amp;{Q}\n</Location><PatchLocation ttl='1'>p?{Q}</"
        "PatchLocation><ContentSteering>/s</ContentSteering>",
    "<Location/>a<Location>a<b/></Location><Location>a<!-- --></Location>",
    "<Location>https://h/a</Location><Location>&#104;ttps&#58;//h</Location>",
    "<Location>&#x2f;/h</Location><Location>&#47;out/v1/acct/&#x61;?{Q}</"
        "Location><Location>a&nbsp;b</Location><Location>a&</Location>",
    "<Location>&#32;//h</Location><Location>a&#10;b</Location>",
    "<UTCTiming schemeIdUri='u' value='now'/><S media='a'/>",
    "<BaseURL>v/</BaseURL><BaseURL>v.mp4?{Q}</BaseURL><BaseURL/><BaseURL>"
        "</BaseURL><SegmentURL media='a?{Q}'/>",
    "<BaseURL>" PREFIX "v/</BaseURL><SegmentURL media='a>b?{Q}'/>",
    "SegmentURL media='a' <a media='b'>media='c'</a>",
    "<SegmentURL media='a?{Q}' index/><SegmentURL media=a index='b'/>",
    "<SegmentURL media='a?{Q}' index='b",
    "<SegmentURL media='https://h/a' index='//h/a'/>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (VS_SIGN_TEXT_DASH, cases[i]);
}

GST_END_TEST;

/* What is relative to a base elsewhere is elsewhere. */
GST_START_TEST (test_dash_bases)
{
  static const gchar *const bases[] = { "https://cdn/x/", "//cdn/x/", "/x/",
    "https://cdn/f.mp4", "v<!-- c -->/", "<![CDATA[v/]]>", "a\\b/", "v/<b/>"
  };

  for (guint i = 0; i < G_N_ELEMENTS (bases); i++) {
    g_autofree gchar *before = g_strdup_printf ("<MPD><BaseURL>%s</BaseURL>"
        "<Location>m?{Q}</Location><SegmentTemplate media='a'/></MPD>",
        bases[i]);
    g_autofree gchar *behind =
        g_strdup_printf ("<MPD><Location>m?{Q}</Location>"
        "<SegmentTemplate media='a'/><Representation><BaseURL>%s</BaseURL>"
        "</Representation><BaseURL>b.mp4</BaseURL></MPD>", bases[i]);

    check (VS_SIGN_TEXT_DASH, before);
    check (VS_SIGN_TEXT_DASH, behind);
  }
}

GST_END_TEST;

GST_START_TEST (test_smooth)
{
  static const gchar *const cases[] = {
    "<SmoothStreamingMedia><StreamIndex Type='video' Url=\"QualityLevels("
        "{bitrate})/Fragments(video={start time})?{Q}\"><c d='1'/>",
    "<StreamIndex Url='a/Q({bitrate})?m=1-2&amp;{Q}'/><c Url='a'/>",
    "<StreamIndex Url='http://h/Q({bitrate})'/><Location>a</Location>",
    "<QualityLevel Url='a' media='b'/><BaseURL>https://h/</BaseURL>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (VS_SIGN_TEXT_SMOOTH, cases[i]);
}

GST_END_TEST;

GST_START_TEST (test_prefixes)
{
  static const struct
  {
    const gchar *prefix, *text, *want;
  } cases[] = {
    {NULL, "/a\n//b\nc", "/a\n//b\nc?Q"},
    {"", "/a\n//b\nc", "/a\n//b\nc?Q"},
    {"/", "/a\n//b\n/\nc", "/a?Q\n//b\n/?Q\nc?Q"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gsize size = strlen (cases[i].text), total;
    g_autoptr (VsSignChildren) children =
        vs_sign_children_find (VS_SIGN_TEXT_HLS, cases[i].prefix,
        cases[i].text, size);
    g_autofree gchar *out = NULL;

    fail_unless (vs_sign_children_get_size (children, 1, &total));
    out = g_malloc0 (total + 1);
    vs_sign_children_read (children, cases[i].text, size, "Q", 1, 0, total,
        out);
    fail_unless_equals_string (out, cases[i].want);
  }
}

GST_END_TEST;

GST_START_TEST (test_sizes)
{
  g_autoptr (VsSignChildren) none =
      vs_sign_children_find (VS_SIGN_TEXT_HLS, NULL, NULL, 0);
  g_autoptr (VsSignChildren) one =
      vs_sign_children_find (VS_SIGN_TEXT_HLS, NULL, "a\n", 2);
  g_autoptr (VsSignChildren) two =
      vs_sign_children_find (VS_SIGN_TEXT_HLS, NULL, "a\nb", 3);
  g_autoptr (VsSignChildren) shared = vs_sign_children_ref (two);
  gsize size;

  fail_unless (vs_sign_children_get_size (none, G_MAXSIZE, &size));
  fail_unless_equals_uint64 (size, 0);
  fail_unless (vs_sign_children_get_size (one, G_MAXSIZE - 3, &size));
  fail_unless_equals_uint64 (size, G_MAXSIZE);
  fail_if (vs_sign_children_get_size (one, G_MAXSIZE - 2, &size));
  fail_if (vs_sign_children_get_size (shared, G_MAXSIZE / 2 + 1, &size));
  fail_if (vs_sign_children_get_size (shared, G_MAXSIZE / 2, &size));
  fail_unless_equals_uint64 (vs_sign_children_read (shared, "a\nb", 3, "Q",
          G_MAXSIZE / 2, 0, 3, NULL), 0);
  fail_unless (vs_sign_children_find (VS_SIGN_TEXT_HLS, NULL, "",
          (gsize) VS_SIGN_CHILDREN_TEXT_MAX + 1) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_escape)
{
  g_autofree gchar *hls =
      vs_sign_children_escape_query (VS_SIGN_TEXT_HLS, "a=b&c='$");
  g_autofree gchar *smooth =
      vs_sign_children_escape_query (VS_SIGN_TEXT_SMOOTH, "a=b&c='$");

  fail_unless_equals_string (hls, "a=b&c='$");
  fail_unless_equals_string (smooth, "a=b&amp;c=&apos;$");
  fail_unless (vs_sign_children_escape_query (VS_SIGN_TEXT_DASH, "a=$b") ==
      NULL);
  for (VsSignTextKind kind = VS_SIGN_TEXT_HLS; kind <= VS_SIGN_TEXT_SMOOTH;
      kind++) {
    fail_unless (vs_sign_children_escape_query (kind, "a=\"") == NULL);
    fail_unless (vs_sign_children_escape_query (kind, "a=\n") == NULL);
    fail_unless (vs_sign_children_escape_query (kind, "a=<") == NULL);
    fail_unless (vs_sign_children_escape_query (kind, "a#") == NULL);
  }
}

GST_END_TEST;

/* ---- the oracle ---------------------------------------------------------- */

static void
append_expected (GString * out, const gchar * reference, const gchar * with)
{
  gsize n = strcspn (reference, "#");
  g_autofree gchar *scheme = g_uri_parse_scheme (reference);
  gboolean other = scheme || g_str_has_prefix (reference, "//")
      || (*reference == '/' && !g_str_has_prefix (reference, PREFIX));

  if (other || n == 0) {
    g_string_append (out, reference);
    return;
  }
  g_string_append_len (out, reference, n);
  if (strchr (reference, '?') == NULL)
    g_string_append_c (out, '?');
  else if (!g_str_has_suffix (reference, "?"))
    g_string_append_c (out, '&');
  g_string_append (out, with);
  g_string_append (out, reference + n);
}

static gboolean
append_match (const GMatchInfo * match, GString * out, gpointer with)
{
  g_autofree gchar *name = g_match_info_fetch (match, 1);
  g_autofree gchar *reference = g_match_info_fetch (match, 2);

  g_string_append (out, name);
  append_expected (out, reference, with);
  return FALSE;
}

static gchar *
expect_hls (const gchar * text, const gchar * with)
{
  g_autoptr (GRegex) regex = g_regex_new ("([:,-]URI=\")([^\"]*)", 0, 0, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *tag = g_regex_replace_eval (regex, lines[i], -1, 0, 0,
        append_match, (gpointer) with, NULL);

    if (lines[i][0] == '#')
      g_string_append (out, tag);
    else
      append_expected (out, lines[i], with);
    if (lines[i + 1])
      g_string_append_c (out, '\n');
  }
  return g_strdup (out->str);
}

static gboolean
is_url (const xmlNode * element, const gchar * attribute)
{
  static const gchar *const urls[] = { "SegmentTemplate@media",
    "SegmentTemplate@initialization", "SegmentURL@media",
    "Initialization@sourceURL", "StreamIndex@Url", "BaseURL@", "Location@",
    NULL
  };
  g_autofree gchar *name = g_strdup_printf ("%s@%s", element->name, attribute);

  return g_strv_contains (urls, name);
}

/* What a player would request passes the verifier. */
static void
check_request (const gchar * reference)
{
  g_autoptr (GString) text = g_string_new (reference);
  g_autofree gchar *url = NULL;
  VsSignedRequest request = {.origin = "https://h",.now = 1000 };

  g_string_replace (text, "$RepresentationID$", "1", 0);
  g_string_replace (text, "$Number$", "1", 0);
  g_string_replace (text, "$Number%05d$", "00001", 0);
  g_string_replace (text, "{bitrate}", "1", 0);
  g_string_replace (text, "{start time}", "1", 0);
  url = vs_url_resolve (FOLDER "index", text->str, NULL);
  fail_unless (url != NULL, "%s", reference);
  request.target = url + strlen (request.origin);
  fail_unless_equals_int (vs_url_verifier_check (verifier, group, &request,
          NULL), VS_SIGN_VALID);
}

static void
check_value (gboolean url, xmlChar * was, xmlChar * is)
{
  g_autoptr (GString) want = g_string_new (NULL);

  if (url) {
    append_expected (want, (const gchar *) was, query);
    check_request ((const gchar *) is);
  } else {
    g_string_append (want, (const gchar *) was);
  }
  fail_unless_equals_string ((const gchar *) is, want->str);
  xmlFree (was);
  xmlFree (is);
}

/* Both documents are one but for the URLs. Returns: how many there were */
static guint
check_elements (xmlNode * was, xmlNode * is)
{
  guint n = 0;

  for (; was && is; was = was->next, is = is->next) {
    gboolean text = was->type == XML_TEXT_NODE && is_url (was->parent, "")
        && !g_str_has_suffix ((const gchar *) was->content, "/");
    xmlAttr *now = was->type == XML_ELEMENT_NODE ? is->properties : NULL;

    fail_unless_equals_int (is->type, was->type);
    for (xmlAttr * old = now ? was->properties : NULL; old; old = old->next) {
      gboolean url = is_url (was, (const gchar *) old->name);

      fail_unless (now != NULL);
      check_value (url, xmlNodeGetContent ((xmlNode *) old),
          xmlNodeGetContent ((xmlNode *) now));
      now = now->next;
      n += url;
    }
    if (was->type == XML_TEXT_NODE)
      check_value (text, xmlNodeGetContent (was), xmlNodeGetContent (is));
    n += text + check_elements (was->children, is->children);
  }
  fail_unless (was == NULL && is == NULL);
  return n;
}

/* Returns: how many URLs were signed */
static guint
check_xml (VsSignTextKind kind, const gchar * text)
{
  g_autofree gchar *escaped = vs_sign_children_escape_query (kind, query);
  g_autofree gchar *whole = fill (kind, text, escaped);
  g_autoptr (GString) stripped = g_string_new (whole);
  xmlDoc *was = xmlReadDoc ((const xmlChar *) text, NULL, NULL, 0);
  xmlDoc *is = xmlReadDoc ((const xmlChar *) whole, NULL, NULL, 0);
  g_autofree gchar *next = g_strconcat ("&amp;", escaped, NULL);
  g_autofree gchar *mark = g_strconcat ("?", escaped, NULL);
  guint n;

  fail_unless (was && is, "%s", whole);
  n = check_elements (xmlDocGetRootElement (was), xmlDocGetRootElement (is));
  xmlFreeDoc (was);
  xmlFreeDoc (is);
  g_string_replace (stripped, next, "", 0);
  g_string_replace (stripped, mark, "", 0);
  fail_unless_equals_string (stripped->str, text);
  return n;
}

static guint
check_hls (const gchar * text)
{
  g_autofree gchar *whole = fill (VS_SIGN_TEXT_HLS, text, query);
  g_autofree gchar *want = expect_hls (text, query);
  g_autoptr (GRegex) regex = g_regex_new ("^[^#\r\n]+|URI=\"\\K[^\"]+",
      G_REGEX_MULTILINE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  guint n = 0;

  fail_unless_equals_string (whole, want);
  for (g_regex_match (regex, whole, 0, &match); g_match_info_matches (match);
      g_match_info_next (match, NULL)) {
    g_autofree gchar *url = g_match_info_fetch (match, 0);

    check_request (url);
    n++;
  }
  return n;
}

/* ---- manifests of our own ------------------------------------------------ */

static void
append_uri (GString * out, const VsSegment * segment, gpointer user_data)
{
  g_string_append_printf (out, "video_%" G_GUINT64_FORMAT ".m4s%s",
      segment->sequence, segment->sequence % 2 ? "?m=1-2" : "");
}

static void
append_map (GString * out, const gchar * config_id, gpointer user_data)
{
  g_string_append_printf (out, "init_%s.mp4", config_id);
}

GST_START_TEST (test_own_hls)
{
  VsM3u8MediaSettings settings = {.uri = append_uri,.map = append_map,
    .track = VS_MEDIA_VIDEO
  };
  VsM3u8Variant variant = {.uri = "720p.m3u8?m=1-2",.bandwidth = 1,
    .codecs = "avc1.640028,mp4a.40.2",.audio_group = "a"
  };
  VsM3u8Audio audio = { "a", "English", "en", "audio.m3u8", TRUE, 2 };
  VsM3u8MainSettings main_settings = { &variant, 1, &audio, 1, TRUE,
    "../../ev/hls/"
  };
  g_autofree gchar *main = vs_m3u8_write_main (&main_settings);
  g_autofree gchar *media = NULL;
  g_auto (Fixture) f;

  fixture_init (&f);
  fixture_fill (&f, 40, 20);
  for (guint i = 0; i < f.views[0].segments->len; i++) {
    VsSegment *segment = g_ptr_array_index (f.views[0].segments, i);

    g_strlcpy (segment->tracks[0].config_id, i < 30 ? "00000001" : "00000002",
        9);
  }
  media = vs_m3u8_write_media (&f.views[0], &settings);
  fail_unless_equals_int (check_hls (main), 4);
  fail_unless_equals_int (check_hls (media), 62);
}

GST_END_TEST;

GST_START_TEST (test_own_dash)
{
  g_auto (Fixture) f;
  VsMpdTrack tracks[] = { {&f.views[0], VS_MEDIA_VIDEO, "720p", 3000000},
  {&f.views[1], VS_MEDIA_VIDEO, "360p", 800000},
  {&f.views[0], VS_MEDIA_AUDIO, "audio", 128000}
  };
  VsMpdSettings settings = {.media = "$RepresentationID$_$Number$.m4s?m=1-2",
    .initialization = "$RepresentationID$_init_%s.mp4",
    .availability_start_us = UTC_US,.publish_us = UTC_US,
    .base_urls = "../hls/ " PREFIX "ev/dash/",
    .utc_timing = VS_UTC_TIMING_HTTP_ISO,.utc_timing_uri = "https://time/now"
  };
  g_autofree gchar *full = NULL;
  g_autofree gchar *compact = NULL;
  g_autofree gchar *elsewhere = NULL;
  g_autofree gchar *unsigned_ = NULL;

  fixture_init (&f);
  fixture_fill (&f, 40, 20);
  for (guint i = 0; i < N_VIEWS; i++) {
    VsCodecConfig *config = g_ptr_array_index (f.views[i].configs, 0);

    g_strlcpy (config->mime, "avc1.64001f", sizeof config->mime);
  }
  full = vs_mpd_write (tracks, 3, &settings);
  settings.layout = VS_LAYOUT_COMPACT;
  compact = vs_mpd_write (tracks, 3, &settings);
  settings.base_urls = "https://cdn.example/";
  elsewhere = vs_mpd_write (tracks, 3, &settings);
  /* two in each of three representations and two Periods; sets share media */
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_DASH, full), 12);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_DASH, compact), 10);
  unsigned_ = fill (VS_SIGN_TEXT_DASH, elsewhere, "Q");
  fail_unless_equals_string (unsigned_, elsewhere);
}

GST_END_TEST;

GST_START_TEST (test_own_smooth)
{
  static const VsSmoothSettings live = { 2, 0, FALSE, "a2/", "?m=1-2" };
  static const VsSmoothSettings compact = { 2, 0, TRUE };
  g_auto (Fixture) f;
  g_autofree gchar *full = NULL;
  g_autofree gchar *small = NULL;

  fixture_init (&f);
  fixture_fill (&f, 40, 20);
  full = vs_smooth_manifest_write (f.levels, N_LEVELS, &live);
  small = vs_smooth_manifest_write (f.levels, N_LEVELS, &compact);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_SMOOTH, full), 2);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_SMOOTH, small), 2);
}

GST_END_TEST;

/* ---- manifests of ffmpeg's ----------------------------------------------- */

static const gchar ffmpeg_main[] = "#EXTM3U\n#EXT-X-VERSION:7\n"
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"group_a\",NAME=\"audio_1\","
    "DEFAULT=YES,LANGUAGE=\"en\",URI=\"v1.m3u8\"\n"
    "#EXT-X-STREAM-INF:BANDWIDTH=97900,RESOLUTION=64x64,"
    "CODECS=\"avc1.f4000a,mp4a.40.2\",AUDIO=\"group_a\"\nv0.m3u8\n\n"
    "#EXT-X-STREAM-INF:BANDWIDTH=75900,CODECS=\"mp4a.40.2\","
    "AUDIO=\"group_a\"\nv1.m3u8\n\n";

static const gchar ffmpeg_media[] = "#EXTM3U\n#EXT-X-VERSION:7\n"
    "#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
    "#EXT-X-MAP:URI=\"init_0.mp4\"\n#EXTINF:2.000000,\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T01:00:16.922+0000\nv00.m4s\n"
    "#EXTINF:2.000000,\n"
    "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T01:00:18.922+0000\nv01.m4s\n"
    "#EXT-X-ENDLIST\n";

#define FFMPEG_MPD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" \
    "<MPD xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n" \
    "\txmlns=\"urn:mpeg:dash:schema:mpd:2011\"\n" \
    "\txmlns:xlink=\"http://www.w3.org/1999/xlink\"\n" \
    "\tprofiles=\"urn:mpeg:dash:profile:isoff-live:2011\"\n" \
    "\ttype=\"static\">\n\t<ProgramInformation>\n\t</ProgramInformation>\n" \
    "\t<Period id=\"0\" start=\"PT0.0S\">\n\t\t<AdaptationSet id=\"0\" " \
    "bitstreamSwitching=\"true\">\n\t\t\t<Representation id=\"0\" " \
    "mimeType=\"video/mp4\">\n"
#define FFMPEG_MPD_END "\t\t\t</Representation>\n\t\t</AdaptationSet>\n" \
    "\t</Period>\n</MPD>\n"

static const gchar ffmpeg_template[] = FFMPEG_MPD
    "\t\t\t\t<SegmentTemplate timescale=\"10240\" initialization=\"init-stream"
    "$RepresentationID$.m4s\" media=\"chunk-stream$RepresentationID$-"
    "$Number%05d$.m4s\" startNumber=\"1\">\n\t\t\t\t\t<SegmentTimeline>\n"
    "\t\t\t\t\t\t<S t=\"0\" d=\"20480\" r=\"2\" />\n"
    "\t\t\t\t\t</SegmentTimeline>\n\t\t\t\t</SegmentTemplate>\n" FFMPEG_MPD_END;

static const gchar ffmpeg_list[] = FFMPEG_MPD
    "\t\t\t\t<SegmentList timescale=\"1000000\" duration=\"2000000\">\n"
    "\t\t\t\t\t<Initialization sourceURL=\"init-stream0.m4s\" />\n"
    "\t\t\t\t\t<SegmentURL media=\"chunk-stream0-00001.m4s\" />\n"
    "\t\t\t\t\t<SegmentURL media=\"chunk-stream0-00002.m4s\" />\n"
    "\t\t\t\t</SegmentList>\n" FFMPEG_MPD_END;

static const gchar ffmpeg_single[] = FFMPEG_MPD
    "\t\t\t\t<BaseURL>s-stream0.mp4</BaseURL>\n"
    "\t\t\t\t<SegmentList timescale=\"1000000\" duration=\"2000000\">\n"
    "\t\t\t\t\t<Initialization range=\"0-832\" />\n\t\t\t\t\t<SegmentURL "
    "mediaRange=\"833-3752\" indexRange=\"833-884\" />\n"
    "\t\t\t\t</SegmentList>\n" FFMPEG_MPD_END;

static const gchar ffmpeg_smooth[] =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SmoothStreamingMedia "
    "MajorVersion=\"2\" MinorVersion=\"0\" Duration=\"44000000\">\n"
    "<StreamIndex Type=\"video\" QualityLevels=\"1\" Chunks=\"1\" "
    "Url=\"QualityLevels({bitrate})/Fragments(video={start time})\">\n"
    "<QualityLevel Index=\"0\" Bitrate=\"20000\" FourCC=\"H264\" />\n"
    "<c n=\"0\" d=\"40000000\" />\n</StreamIndex>\n</SmoothStreamingMedia>\n";

GST_START_TEST (test_ffmpeg)
{
  fail_unless_equals_int (check_hls (ffmpeg_main), 3);
  fail_unless_equals_int (check_hls (ffmpeg_media), 3);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_DASH, ffmpeg_template), 2);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_DASH, ffmpeg_list), 3);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_DASH, ffmpeg_single), 1);
  fail_unless_equals_int (check_xml (VS_SIGN_TEXT_SMOOTH, ffmpeg_smooth), 1);
}

GST_END_TEST;

static Suite *
sign_children_suite (void)
{
  Suite *s = suite_create ("sign/signchildren");
  TCase *tc = tcase_create ("children");

  tcase_add_unchecked_fixture (tc, sign_setup, sign_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hls);
  tcase_add_test (tc, test_bare_marks);
  tcase_add_test (tc, test_dash);
  tcase_add_test (tc, test_dash_bases);
  tcase_add_test (tc, test_smooth);
  tcase_add_test (tc, test_prefixes);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_escape);
  tcase_add_test (tc, test_own_hls);
  tcase_add_test (tc, test_own_dash);
  tcase_add_test (tc, test_own_smooth);
  tcase_add_test (tc, test_ffmpeg);
  return s;
}

GST_CHECK_MAIN (sign_children);
