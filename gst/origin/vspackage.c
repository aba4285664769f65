/* VisionStream: packaging, a pure function
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vspackage.h"

#include <openssl/sha.h>
#include <string.h>

/* Hz of PTS, ISO/IEC 13818-1 2.4.3.6 */
#define VS_TS_CLOCK_RATE 90000
/* bytes of the SHA-256 that a token shows */
#define TOKEN_HASH_BYTES 4

GBytes *
vs_package (GBytes * ts, const VsSegment * segment, VsFormat format,
    VsMediaType track, GError ** error)
{
  switch (format) {
    case VS_FORMAT_TS:
      return g_bytes_ref (ts);
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
  if (format == VS_FORMAT_TS) {
    memcpy (sha256, segment->sha256, SHA256_DIGEST_LENGTH);
    return TRUE;
  }
  what = g_strdup_printf ("cmaf %d %d %" G_GUINT64_FORMAT, VS_CMAF_VERSION,
      track, segment->sequence);
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

/* the UTC in µs at which the run started: see VsSegment.utc_us */
static gint64
run_start_utc_us (const VsSegment * segment)
{
  return segment->utc_us - (gint64) gst_util_uint64_scale (MAX (0,
          segment->start_pts_90k - segment->run_start_pts_90k), G_USEC_PER_SEC,
      VS_TS_CLOCK_RATE);
}

void
vs_package_append_event_token (GString * out, const VsSegment * segment)
{
  gint64 start_us = segment->event_utc_us;

  if (start_us == 0)
    start_us = run_start_utc_us (segment);
  g_string_append_printf (out, "?m=%d-%" G_GINT64_MODIFIER "x",
      VS_CMAF_VERSION, (guint64) start_us);
}

void
vs_package_append_init_token (GString * out)
{
  g_string_append_printf (out, "?m=%d", VS_CMAF_VERSION);
}
