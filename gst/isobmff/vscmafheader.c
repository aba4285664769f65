/* VisionStream: CMAF headers (ISO/IEC 23000-19 7.3.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One function a box, in the order in which the boxes stand.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vscmaf.h"
#include "isobmff/vssampleentry.h"
#include "isobmff/vstrackboxes.h"

GQuark
vs_package_error_quark (void)
{
  return g_quark_from_static_string ("vs-package-error-quark");
}

/* The TS clock is the video's (see VsSegmentTrack). */
#define VIDEO_TIMESCALE 90000
#define TRACK_ID 1

/* CMAF media profiles (23000-19 A.2, A.3, B.2; 23000-19 10.4): the smallest
 * that holds a configuration. Profiles are profile_idc, levels as the codec
 * counts them. */
static const struct
{
  VsCodec codec;
  guint profile, level;
  guint width, height, bit_depth;
  const gchar *brand;
} profiles[] = {
  {VS_CODEC_H264, 100, 31, 864, 576, 8, "cfsd"},
  {VS_CODEC_H264, 100, 40, 1920, 1080, 8, "cfhd"},
  {VS_CODEC_H264, 100, 42, 1920, 1080, 8, "chdf"},
  {VS_CODEC_H265, 1, 123, 1920, 1080, 8, "chhd"},
  {VS_CODEC_H265, 2, 123, 1920, 1080, 10, "chh1"},
};

static const gchar *
find_video_brand (const VsCodecConfig * config)
{
  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    if (profiles[i].codec == config->codec
        && config->profile <= profiles[i].profile
        && config->level <= profiles[i].level
        && config->width <= profiles[i].width
        && config->height <= profiles[i].height
        && config->bit_depth <= profiles[i].bit_depth && !config->interlaced)
      return profiles[i].brand;
  }
  return NULL;
}

static const gchar *
find_brand (const VsCodecConfig * config)
{
  if (config->codec == VS_CODEC_AAC)
    return config->channels <= 2 && config->sample_rate <= 48000
        ? "caac" : NULL;
  return find_video_brand (config);
}

static gboolean
is_video (const VsTrackHeader * track)
{
  return vs_codec_get_media_type (track->config->codec) == VS_MEDIA_VIDEO;
}

/* Negative composition offsets are cmf2's (23000-19 7.7.3). */
static void
put_ftyp (VsBoxWriter * w, const VsTrackHeader * track)
{
  const gchar *brand = find_brand (track->config);
  gsize ftyp = vs_box_open (w, "ftyp");

  vs_box_put_bytes (w, is_video (track) ? "cmf2" : "cmfc", 4);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, "iso6", 4);
  vs_box_put_bytes (w, "cmfc", 4);
  if (is_video (track))
    vs_box_put_bytes (w, "cmf2", 4);
  if (brand)
    vs_box_put_bytes (w, brand, 4);
  vs_box_close (w, ftyp);
}

static void
put_stsd (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize stsd = vs_box_open_full (w, "stsd", 0, 0);

  vs_box_put_u32 (w, 1);
  vs_sample_entry_put (w, config);
  vs_box_close (w, stsd);
}

/* The samples are in fragments: the tables are there, and empty. */
static void
put_empty_tables (VsBoxWriter * w)
{
  static const struct
  {
    const gchar *type;
    gsize size;
  } tables[] = { {"stts", 4}, {"stsc", 4}, {"stsz", 8}, {"stco", 4} };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++) {
    gsize box = vs_box_open_full (w, tables[i].type, 0, 0);

    vs_box_put_zeros (w, tables[i].size);
    vs_box_close (w, box);
  }
}

static void
put_minf (VsBoxWriter * w, const VsTrackHeader * track)
{
  gsize stbl, minf = vs_box_open (w, "minf");

  vs_track_put_information (w, track);
  stbl = vs_box_open (w, "stbl");
  put_stsd (w, track->config);
  put_empty_tables (w);
  vs_box_close (w, stbl);
  vs_box_close (w, minf);
}

static void
put_trak (VsBoxWriter * w, const VsTrackHeader * track)
{
  gsize mdia, trak = vs_box_open (w, "trak");

  vs_track_put_tkhd (w, track);
  mdia = vs_box_open (w, "mdia");
  vs_track_put_media (w, track);
  put_minf (w, track);
  vs_box_close (w, mdia);
  vs_box_close (w, trak);
}

static void
put_mvex (VsBoxWriter * w)
{
  gsize mvex = vs_box_open (w, "mvex");
  gsize trex = vs_box_open_full (w, "trex", 0, 0);

  vs_box_put_u32 (w, TRACK_ID);
  vs_box_put_u32 (w, 1);        /* default_sample_description_index */
  vs_box_put_zeros (w, 12);
  vs_box_close (w, trex);
  vs_box_close (w, mvex);
}

static void
put_header (VsBoxWriter * w, const VsTrackHeader * track)
{
  const VsMovieHeader movie = {.timescale = track->timescale,
    .next_track_id = TRACK_ID + 1
  };
  gsize moov;

  put_ftyp (w, track);
  moov = vs_box_open (w, "moov");
  vs_movie_put_mvhd (w, &movie);
  put_trak (w, track);
  put_mvex (w);
  vs_box_close (w, moov);
}

gboolean
vs_cmaf_supports (VsCodec codec)
{
  switch (codec) {
    case VS_CODEC_H264:
    case VS_CODEC_H265:
    case VS_CODEC_AAC:
    case VS_CODEC_AC3:
    case VS_CODEC_EAC3:
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
check (const VsCodecConfig * config, GError ** error)
{
  if (vs_cmaf_supports (config->codec))
    return vs_sample_entry_check (config, error);
  g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
      "%s has no CMAF mapping", vs_codec_to_string (config->codec));
  return FALSE;
}

GBytes *
vs_cmaf_header (const VsCodecConfig * config, const gchar * language,
    GError ** error)
{
  VsTrackHeader track = {.config = config,.language = language,.id = TRACK_ID,
    .flags = VS_TKHD_ENABLED | VS_TKHD_IN_MOVIE | VS_TKHD_IN_PREVIEW
  };
  VsBoxWriter w = { NULL };
  gsize size;

  if (!check (config, error))
    return NULL;
  track.timescale = is_video (&track) ? VIDEO_TIMESCALE : config->sample_rate;
  put_header (&w, &track);
  size = w.offset;
  w = (VsBoxWriter) {
  g_malloc (size)};
  put_header (&w, &track);
  return g_bytes_new_take (w.data, size);
}
