/* VisionStream: tests of CloudFront's policies
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "sign/vssignpolicy.h"

#define R "\"Resource\":\"https://h/*\""
#define END "\"DateLessThan\":{\"AWS:EpochTime\":9}"
#define START "\"DateGreaterThan\":{\"AWS:EpochTime\":5}"
#define IP(x) "\"IpAddress\":{\"AWS:SourceIp\":\"" x "\"}"
#define POLICY(x) "{\"Statement\":[{" x "}]}"
#define WITH(x) POLICY (R ",\"Condition\":{" x "}")

static gboolean
parse (const gchar * text, VsSignPolicy * policy)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = vs_sign_policy_parse (text, strlen (text), policy, &error);

  fail_unless (ok == (error == NULL));
  fail_unless (ok || g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_INVALID_DATA));
  return ok;
}

GST_START_TEST (test_text)
{
  VsSignPolicy policy = { (gchar *) "https://h/*", 9, 5, 0xc0000207, 24 };
  g_autoptr (GString) text = g_string_new (NULL);

  vs_sign_policy_append (text, &policy);
  fail_unless_equals_string (text->str, WITH (END "," IP ("192.0.2.7/24") ","
          START));
  g_string_truncate (text, 0);
  policy.prefix = 0;
  policy.starts = 0;
  vs_sign_policy_append (text, &policy);
  fail_unless_equals_string (text->str, WITH (END));
  g_string_truncate (text, 0);
  vs_sign_policy_append_canned (text, "https://h/*&c", 11, 9);
  fail_unless_equals_string (text->str, WITH (END));
}

GST_END_TEST;

GST_START_TEST (test_taken)
{
  static const gchar *const cases[] = {
    WITH (END), WITH (END "," START), WITH (START "," END),
    WITH (START "," IP ("10.0.0.0/8") "," END),
    POLICY ("\"Condition\":{" END "}," R),
    " {\n\"Statement\" :\t[ { " R " ,\r\"Condition\" : { " END " } } ] } \n",
    "{\"\\u0053tatement\":[{\"Resource\":\"https:\\/\\/h\\/\\u002a\","
        "\"Condition\":{" END "}}]}",
    POLICY ("\"Resource\":\"*\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"http*://h/?\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"*://*/*\",\"Condition\":{" END "}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":0}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":9007199254740991}"),
    WITH (END "," IP ("0.0.0.0/0")), WITH (END "," IP ("1.2.3.4")),
    POLICY ("\"Condition\":{" END "}"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (VsSignPolicy) policy = { 0 };

    fail_unless (parse (cases[i], &policy), "%s", cases[i]);
    fail_unless ((policy.resource == NULL) == !strstr (cases[i], "Resource"));
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const gchar *const cases[] = {
    "", "{}", "[]", "null", "{\"Statement\":[]}", "{\"Statement\":{}}",
    "{\"Statement\":[{}]}", POLICY (R), POLICY (R ",\"Condition\":{}"),
    WITH (START), WITH (IP ("1.2.3.4")),
    /* twice, also where escapes hide it */
    WITH (END "," END), WITH (END "," START "," START),
    POLICY (R "," R ",\"Condition\":{" END "}"),
    POLICY (R ",\"Condition\":{" END "},\"Condition\":{" END "}"),
    POLICY (R ",\"\\u0052esource\":\"*\",\"Condition\":{" END "}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":9,\"AWS:EpochTime\":10}"),
    "{\"Statement\":[{" R ",\"Condition\":{" END "}},{" R
        ",\"Condition\":{" END "}}]}",
    "{\"Statement\":[{" R ",\"Condition\":{" END "}}],\"Statement\":[]}",
    /* what nobody knows */
    "{\"Version\":\"1\",\"Statement\":[{" R ",\"Condition\":{" END "}}]}",
    POLICY ("\"Effect\":\"Allow\"," R ",\"Condition\":{" END "}"),
    WITH (END ",\"DateEquals\":{\"AWS:EpochTime\":9}"),
    POLICY ("\"resource\":\"https://h/\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":[\"https://h/\"],\"Condition\":{" END "}"),
    POLICY ("\"Resource\":null,\"Condition\":{" END "}"),
    /* no patterns */
    POLICY ("\"Resource\":\"\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"/a\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"h/a\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"**\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"ftp://h/\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/a b\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\\\"\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\\u00e4\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\\n\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\xc3\xa4\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\n\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\\u00\",\"Condition\":{" END "}"),
    POLICY ("\"Resource\":\"https://h/\\x\",\"Condition\":{" END "}"),
    /* no dates */
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":\"9\"}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":-9}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":+9}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":09}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":9.0}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":9e1}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":0x9}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":9007199254740992}"),
    WITH ("\"DateLessThan\":{\"AWS:EpochTime\":99999999999999999999999}"),
    WITH ("\"DateLessThan\":9"), WITH ("\"DateLessThan\":{}"),
    /* no addresses */
    WITH (END "," IP ("::1")), WITH (END "," IP ("2001:db8::/32")),
    WITH (END "," IP ("")), WITH (END "," IP ("10.0.0.0/0")),
    /* no JSON */
    WITH (END ","), WITH ("," END), WITH (END) "x", WITH (END) WITH (END),
    "\xef\xbb\xbf" WITH (END), "/**/" WITH (END),
    "{\"Statement\":[{" R ",\"Condition\":{" END "}},]}",
    "{\"Statement\":[{" R ",\"Condition\":{" END "}}]",
    "{'Statement':[{" R ",\"Condition\":{" END "}}]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VsSignPolicy policy;

    fail_if (parse (cases[i], &policy), "%s", cases[i]);
  }
}

GST_END_TEST;

/* What is cut off anywhere, is too long, or goes on behind a NUL. */
GST_START_TEST (test_sizes)
{
  static const gchar text[] = WITH (END "," IP ("1.2.3.4/8") "," START);
  g_autofree gchar *longest = g_strnfill (VS_URL_MAX, ' ');
  g_auto (VsSignPolicy) policy = { 0 };

  for (gsize size = 0; size < sizeof text - 1; size++) {
    g_autofree gchar *cut = g_memdup2 (text, size + 1);

    cut[size] = 'x';
    fail_if (vs_sign_policy_parse (cut, size, &policy, NULL));
  }
  fail_if (vs_sign_policy_parse (text, sizeof text, &policy, NULL));
  memcpy (longest, text, sizeof text - 1);
  fail_if (vs_sign_policy_parse (longest, VS_URL_MAX + 1, &policy, NULL));
  fail_unless (vs_sign_policy_parse (longest, VS_URL_MAX, &policy, NULL));
}

GST_END_TEST;

static gboolean
allows (const gchar * cidr, const gchar * text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  VsSignPolicy policy = { 0 };

  fail_unless (vs_sign_policy_set_source (&policy, cidr, NULL), "%s", cidr);
  return vs_sign_policy_allows_address (&policy, address);
}

GST_START_TEST (test_addresses)
{
  static const struct
  {
    const gchar *cidr, *in, *out;
  } cases[] = {
    {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
    {"192.0.2.1/32", "::ffff:192.0.2.1", "192.0.2.0"},
    {"192.0.2.0/24", "192.0.2.0", "192.0.1.255"},
    {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
    {"192.0.2.77/24", "192.0.2.1", "::ffff:192.0.3.1"},
    {"128.0.0.0/1", "255.255.255.255", "127.255.255.255"},
    {"0.0.0.0/1", "127.255.255.255", "128.0.0.0"},
    {"10.0.0.0/31", "10.0.0.1", "10.0.0.2"},
    {"0.0.0.0", "0.0.0.0", "0.0.0.1"},
    {"192.0.2.0/24", "192.0.2.9", "::1"},
    {"192.0.2.0/24", "192.0.2.9", "::192.0.2.9"},
  };
  VsSignPolicy policy = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    fail_unless (allows (cases[i].cidr, cases[i].in), "%u", i);
    fail_if (allows (cases[i].cidr, cases[i].out), "%u", i);
  }
  fail_unless (allows ("0.0.0.0/0", "2001:db8::1"));
  fail_unless (allows (NULL, "2001:db8::1"));
  fail_unless (vs_sign_policy_allows_address (&policy, NULL));
  policy.prefix = 8;
  fail_if (vs_sign_policy_allows_address (&policy, NULL));
}

GST_END_TEST;

GST_START_TEST (test_no_addresses)
{
  static const gchar *const cases[] = { "", "1", "1.2.3", "1.2.3.4.5",
    "256.0.0.1", "01.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/032",
    "1.2.3.4/-1", "1.2.3.4/0", "1.2.3.4/8/8", " 1.2.3.4", "1.2.3.4 ",
    "1.2.3.4/ 8", "1..3.4", "0x1.2.3.4", "::1", "a.b.c.d", "1.2.3.99999999999"
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VsSignPolicy policy = { 0 };

    fail_if (vs_sign_policy_set_source (&policy, cases[i], &error), "%s",
        cases[i]);
    fail_unless (g_error_matches (error, G_IO_ERROR,
            G_IO_ERROR_INVALID_ARGUMENT));
  }
}

GST_END_TEST;

static Suite *
signpolicy_suite (void)
{
  Suite *s = suite_create ("signpolicy");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_text);
  tcase_add_test (tc, test_taken);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_no_addresses);
  return s;
}

GST_CHECK_MAIN (signpolicy);
