/* VisionStream: what an HLS media playlist of 24 h costs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * manifest [SEGMENTS]: segments of 2 s, 43200 by default. One line a try:
 * the first has nothing at hand, before each other one a segment is added.
 */
#include "origin/vshlsblocks.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_SEGMENTS 43200
#define TRIES 6
#define CACHE_BYTES (128 * 1024 * 1024)
#define BEGIN_US G_GINT64_CONSTANT (1767225600000000)

static void
add_segment (VsTimeline * timeline, guint i)
{
  g_autoptr (VsSegment) segment = vs_segment_new ();
  g_autofree gchar *name = g_strdup_printf ("index_720p_%05u.ts", i + 1);
  g_autoptr (GChecksum) hash = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = sizeof segment->sha256;

  segment->sequence = i + 1;
  segment->utc_us = BEGIN_US + i * 2 * G_USEC_PER_SEC;
  segment->start_pts_90k = (gint64) i *180000;
  segment->duration = 2 * GST_SECOND;
  segment->independent = TRUE;
  segment->size = 1000;
  segment->n_tracks = 1;
  segment->tracks[0].type = VS_MEDIA_VIDEO;
  segment->tracks[0].timescale = 90000;
  segment->tracks[0].start = (gint64) i *180000;
  segment->tracks[0].duration = 180000;
  g_strlcpy (segment->tracks[0].config_id, "0000000a", 9);
  g_checksum_update (hash, (const guchar *) name, strlen (name));
  g_checksum_get_digest (hash, segment->sha256, &size);
  segment->uri = g_steal_pointer (&name);
  vs_timeline_append (timeline, segment);
}

static void
try_type (VsEndpointType type, VsTimeline * timeline, guint * n)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("tv", type);
  g_autoptr (GPtrArray) timelines = g_ptr_array_new ();
  g_autoptr (VsLru) cache = vs_lru_new (CACHE_BYTES);
  VsObjectName name = {.kind = VS_OBJECT_MEDIA };

  name.track = type == VS_ENDPOINT_CMAF ? VS_MEDIA_VIDEO : VS_MEDIA_OTHER;
  g_strlcpy (name.name, "720p", sizeof name.name);
  g_ptr_array_add (timelines, timeline);
  for (guint i = 0; i < TRIES; i++) {
    VsRange range = {.start_us = BEGIN_US,.end_us = G_MAXINT64,.grows = TRUE,
      .newest = VS_BLOCK
    };
    gint64 start = g_get_monotonic_time ();
    g_autoptr (VsEventView) view = vs_event_view_new_range (timelines, NULL,
        &range, 0, cache, NULL);
    VsManifestContext context = {.view = view,.endpoint = endpoint,.root = "/"
    };
    VsHistory history;
    VsHlsBlocks blocks = { &context, &name, &history, {0, 0}, TRUE, cache, 1 };
    g_autoptr (VsObject) object = NULL;

    vs_history_init (&history, timeline, NULL);
    vs_range_find (&history, &range, 1, cache, &blocks.bounds, NULL);
    object = vs_hls_blocks_make (&blocks, TRUE, NULL);
    g_print ("%s %u segments: %.1f ms, gzip %" G_GSIZE_FORMAT
        " bytes, cache %" G_GSIZE_FORMAT " bytes\n",
        type == VS_ENDPOINT_CMAF ? "cmaf" : "hls", *n,
        (g_get_monotonic_time () - start) / 1000.0,
        g_bytes_get_size (object->gzip), vs_lru_get_size (cache));
    add_segment (timeline, (*n)++);
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (VsRendition) rendition = NULL;
  g_autoptr (VsTimeline) timeline = NULL;
  g_autoptr (VsCodecConfig) config = NULL;
  guint wanted = argc > 1 ? atoi (argv[1]) : DEFAULT_SEGMENTS;
  guint n = 0;

  gst_init (NULL, NULL);
  rendition = vs_rendition_new (VS_DEFAULT_ACCOUNT, VS_DEFAULT_EVENT, NULL,
      "720p");
  timeline = vs_timeline_new (rendition);
  config = vs_codec_config_new (VS_CODEC_H264);
  g_strlcpy (config->id, "0000000a", sizeof config->id);
  g_strlcpy (config->mime, "avc1.64001f", sizeof config->mime);
  vs_timeline_add_config (timeline, config);
  while (n < wanted)
    add_segment (timeline, n++);
  try_type (VS_ENDPOINT_HLS, timeline, &n);
  try_type (VS_ENDPOINT_CMAF, timeline, &n);
  return 0;
}
