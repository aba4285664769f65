/* VisionStream: packaging, a pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vspackage.h"

#include <openssl/sha.h>
#include <string.h>

#include "mpegts/vstsextract.h"

/* Hz of PTS, ISO/IEC 13818-1 2.4.3.6 */
#define VS_TS_CLOCK_RATE 90000
/* bytes of the SHA-256 that a token shows */
#define TOKEN_HASH_BYTES 4

static GBytes *
extract_track (GBytes * ts, VsMediaType track, GError ** error)
{
  GBytes *out = vs_ts_extract (ts, track);

  if (out == NULL)
    g_set_error_literal (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_DAMAGED,
        "No such track, or no whole packets");
  return out;
}

GBytes *
vs_package (GBytes * ts, const VsSegment * segment, VsFormat format,
    VsMediaType track, GError ** error)
{
  switch (format) {
    case VS_FORMAT_TS:
      return track == VS_MEDIA_OTHER ? g_bytes_ref (ts) :
          extract_track (ts, track, error);
    case VS_FORMAT_CMAF:
      return vs_cmaf_fragment (ts, segment, track, error);
  }
  g_return_val_if_reached (NULL);
}

gboolean
vs_package_digest (const VsSegment * segment, VsFormat format,
    VsMediaType track, guint8 sha256[SHA256_DIGEST_LENGTH])
{
  static const guint8 unknown[SHA256_DIGEST_LENGTH] = { 0 };
  g_autoptr (GByteArray) all = NULL;
  g_autofree gchar *what = NULL;

  if (memcmp (segment->sha256, unknown, sizeof unknown) == 0)
    return FALSE;
  if (format == VS_FORMAT_TS && track == VS_MEDIA_OTHER) {
    memcpy (sha256, segment->sha256, SHA256_DIGEST_LENGTH);
    return TRUE;
  }
  what = g_strdup_printf ("%s %d %d %" G_GUINT64_FORMAT,
      format == VS_FORMAT_TS ? "ts" : "cmaf", VS_CMAF_VERSION, track,
      segment->sequence);
  all = g_byte_array_new ();
  g_byte_array_append (all, segment->sha256, sizeof segment->sha256);
  g_byte_array_append (all, (const guint8 *) what, strlen (what));
  SHA256 (all->data, all->len, sha256);
  return TRUE;
}

void
vs_package_append_token (GString * out, VsFormat format,
    const VsSegment * segment)
{
  g_string_append (out, "?m=");
  if (format == VS_FORMAT_CMAF)
    g_string_append_printf (out, "%d-", VS_CMAF_VERSION);
  for (guint i = 0; i < TOKEN_HASH_BYTES; i++)
    g_string_append_printf (out, "%02x", segment->sha256[i]);
}

void
vs_package_append_event_token (GString * out, const VsSegment * segment)
{
  gint64 start_us = segment->event_utc_us;

  if (start_us == 0)
    start_us = vs_segment_get_run_utc (segment);
  g_string_append_printf (out, "?m=%d-%" G_GINT64_MODIFIER "x",
      VS_CMAF_VERSION, (guint64) start_us);
}

void
vs_package_append_init_token (GString * out)
{
  g_string_append_printf (out, "?m=%d", VS_CMAF_VERSION);
}

/* The value of the parameter `m`, (transfer full), or NULL. */
static gchar *
find_token (const gchar * query)
{
  g_auto (GStrv) parameters = g_strsplit (query ? query : "", "&", -1);

  for (guint i = 0; parameters[i]; i++)
    if (g_str_has_prefix (parameters[i], "m="))
      return g_strconcat ("?", parameters[i], NULL);
  return NULL;
}

VsToken
vs_package_check_token (const gchar * query, VsFormat format,
    const VsSegment * segment)
{
  g_autofree gchar *token = find_token (query);
  g_autoptr (GString) own = g_string_new (NULL);
  g_autoptr (GString) common = g_string_new (NULL);

  if (token == NULL)
    return VS_TOKEN_NONE;
  if (segment) {
    vs_package_append_token (own, format, segment);
    vs_package_append_event_token (common, segment);
  } else {
    vs_package_append_init_token (own);
  }
  return strcmp (token, own->str) == 0 || strcmp (token, common->str) == 0 ?
      VS_TOKEN_RIGHT : VS_TOKEN_WRONG;
}
