/* VisionStream: packaging, a pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vspackage.h"

#include <openssl/sha.h>
#include <string.h>

#include "isobmff/vsfragment.h"
#include "mpegts/vstsextract.h"

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
vs_package_samples (VsSamples * samples, const VsSegment * segment,
    const VsPackaging * packaging, GError ** error)
{
  g_autoptr (GBytes) fragment = NULL;

  g_return_val_if_fail (packaging->format != VS_FORMAT_TS, NULL);
  if (packaging->format == VS_FORMAT_CMAF)
    return vs_cmaf_fragment_from_samples (samples, segment, error);
  fragment = vs_smooth_fragment_from_samples (samples, segment,
      packaging->shift, packaging->ahead, packaging->n_ahead, error);
  if (fragment && packaging->info)
    return vs_smooth_fragment_get_info (fragment);
  return g_steal_pointer (&fragment);
}

static GBytes *
package_track (GBytes * ts, const VsSegment * segment,
    const VsPackaging * packaging, GError ** error)
{
  g_auto (VsSamples) samples = { 0 };

  return vs_fragment_collect (&samples, ts, segment, packaging->track, error) ?
      vs_package_samples (&samples, segment, packaging, error) : NULL;
}

static gboolean
is_stored (const VsPackaging * packaging)
{
  return packaging->format == VS_FORMAT_TS
      && packaging->track == VS_MEDIA_OTHER;
}

GBytes *
vs_package (GBytes * ts, const VsSegment * segment,
    const VsPackaging * packaging, GError ** error)
{
  if (is_stored (packaging))
    return g_bytes_ref (ts);
  return packaging->format == VS_FORMAT_TS ?
      extract_track (ts, packaging->track, error) :
      package_track (ts, segment, packaging, error);
}

/* What is said of the segments that follow. */
static void
append_ahead (GString * what, const VsPackaging * packaging)
{
  for (guint i = 0; i < packaging->n_ahead; i++) {
    guint64 time, duration;

    if (vs_smooth_get_extent (packaging->ahead[i], packaging->track,
            packaging->shift, &time, &duration))
      g_string_append_printf (what, " %" G_GUINT64_FORMAT "+%"
          G_GUINT64_FORMAT, time, duration);
  }
}

static gchar *
describe (const VsSegment * segment, const VsPackaging * packaging)
{
  GString *what = g_string_new (NULL);

  if (packaging->format == VS_FORMAT_SMOOTH) {
    g_string_printf (what, "smooth %d %d %" G_GUINT64_FORMAT " %"
        G_GUINT64_FORMAT " %d", VS_SMOOTH_VERSION, packaging->track,
        segment->sequence, packaging->shift, packaging->info);
    append_ahead (what, packaging);
  } else {
    g_string_printf (what, "%s %d %d %" G_GUINT64_FORMAT,
        packaging->format == VS_FORMAT_TS ? "ts" : "cmaf", VS_CMAF_VERSION,
        packaging->track, segment->sequence);
  }
  return g_string_free (what, FALSE);
}

gboolean
vs_package_digest (const VsSegment * segment, const VsPackaging * packaging,
    guint8 sha256[SHA256_DIGEST_LENGTH])
{
  static const guint8 unknown[SHA256_DIGEST_LENGTH] = { 0 };
  g_autoptr (GByteArray) all = NULL;
  g_autofree gchar *what = NULL;

  if (memcmp (segment->sha256, unknown, sizeof unknown) == 0)
    return FALSE;
  if (is_stored (packaging)) {
    memcpy (sha256, segment->sha256, SHA256_DIGEST_LENGTH);
    return TRUE;
  }
  what = describe (segment, packaging);
  all = g_byte_array_new ();
  g_byte_array_append (all, segment->sha256, sizeof segment->sha256);
  g_byte_array_append (all, (const guint8 *) what, strlen (what));
  SHA256 (all->data, all->len, sha256);
  return TRUE;
}

static gint
format_version (VsFormat format)
{
  return format == VS_FORMAT_SMOOTH ? VS_SMOOTH_VERSION : VS_CMAF_VERSION;
}

void
vs_package_append_token (GString * out, VsFormat format,
    const VsSegment * segment)
{
  g_string_append (out, "?m=");
  if (format != VS_FORMAT_TS)
    g_string_append_printf (out, "%d-", format_version (format));
  for (guint i = 0; i < TOKEN_HASH_BYTES; i++)
    g_string_append_printf (out, "%02x", segment->sha256[i]);
}

void
vs_package_append_event_token (GString * out, VsFormat format,
    const VsSegment * segment)
{
  gint64 start_us = segment->event_utc_us;

  if (start_us == 0)
    start_us = vs_segment_get_run_utc (segment);
  g_string_append_printf (out, "?m=%d-%" G_GINT64_MODIFIER "x",
      format_version (format), (guint64) start_us);
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
    vs_package_append_event_token (common, format, segment);
  } else {
    vs_package_append_init_token (own);
  }
  return strcmp (token, own->str) == 0 || strcmp (token, common->str) == 0 ?
      VS_TOKEN_RIGHT : VS_TOKEN_WRONG;
}
