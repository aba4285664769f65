/* VisionStream: fuzzes the request guard and what reads its heads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says how the rest is split; the verdict must not depend on
 * it. What passes must hold what the guard promises.
 */
#include <stdint.h>
#include <string.h>
#include "http/vshttpforwarded.h"
#include "http/vshttpguard.h"
#include "http/vshttprange.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

static VsHttpVerdict
judge (VsHttpGuard * guard, const guint8 * data, gsize size, gsize step,
    gsize * used)
{
  static const gchar *const posts[] = { "/sign", NULL };
  const VsHttpRules rules = { NULL, posts };
  VsHttpVerdict verdict = VS_HTTP_VERDICT_MORE;
  gsize offset, taken;

  *used = 0;
  for (offset = 0; offset < size && verdict == VS_HTTP_VERDICT_MORE;
      offset += step) {
    verdict = vs_http_guard_push (guard, data + offset,
        MIN (step, size - offset), &rules, &taken);
    *used += taken;
  }
  return verdict;
}

static void
check_path (const gchar * path)
{
  g_assert (*path == '/');
  g_assert (g_utf8_validate (path, -1, NULL));
  g_assert (strstr (path, "//") == NULL && strchr (path, '\\') == NULL);
  g_assert (strstr (path, "/./") == NULL && strstr (path, "/../") == NULL);
  g_assert (!g_str_has_suffix (path, "/.") && !g_str_has_suffix (path, "/.."));
}

/* Behind proxies that are all trusted every member is read. */
static void
check_forwarded (const VsHttpHead * head)
{
  static VsAddressList *all = NULL;
  g_auto (VsHttpForwarded) told = { 0 };
  g_autoptr (GInetAddress) address = NULL;

  if (!all)
    all = vs_address_list_new ("0.0.0.0/0, ::/0", NULL);
  vs_http_forwarded_read (head, "192.0.2.1", all, &told);
  g_assert (told.by_proxy);
  if (told.client)
    address = g_inet_address_new_from_string (told.client);
  g_assert (!told.client || address);
}

static void
check_head (const VsHttpHead * head)
{
  const gchar *range = vs_http_head_get (head, "Range");
  guint64 offset, length;
  guint i, hosts = 0;

  check_path (head->path);
  g_assert (head->body_size <= VS_HTTP_MAX_BODY);
  g_assert (head->body_size == 0 || head->method == VS_HTTP_POST);
  g_assert (head->method != VS_HTTP_POST || strcmp (head->path, "/sign") == 0);
  for (i = 0; i < head->n_fields; i++) {
    const VsHttpField *field = &head->fields[i];

    g_assert (strpbrk (field->value, "\r\n") == NULL);
    g_assert (g_ascii_strcasecmp (field->name, "Transfer-Encoding") != 0);
    hosts += g_ascii_strcasecmp (field->name, "Host") == 0;
  }
  g_assert (hosts == 1 || (hosts == 0 && head->minor_version == 0));
  check_forwarded (head);
  vs_http_head_accepts_gzip (head);
  vs_http_head_matches_etag (head, "\"etag\"");
  if (range && vs_http_range_parse (range, 1000, &offset, &length) ==
      VS_HTTP_RANGE_PART)
    g_assert (length > 0 && offset < 1000 && length <= 1000 - offset);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (VsHttpGuard) whole = vs_http_guard_new ();
  g_autoptr (VsHttpGuard) split = vs_http_guard_new ();
  VsHttpVerdict verdict;
  gsize used_whole, used_split, step;

  if (size < 1)
    return 0;
  step = data[0] + 1;
  data++;
  size--;
  verdict = judge (whole, data, size, MAX (size, 1), &used_whole);
  g_assert (judge (split, data, size, step, &used_split) == verdict);
  g_assert (used_whole == used_split);
  g_assert (vs_http_guard_get_status (whole) ==
      vs_http_guard_get_status (split));
  if (verdict == VS_HTTP_VERDICT_PASS) {
    g_autoptr (VsHttpHead) head = vs_http_guard_steal_head (whole);

    check_head (head);
  }
  return 0;
}
