/* VisionStream: headers of movies and tracks (ISO/IEC 14496-12 8.2 to 8.7)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One function a box, in the order in which the boxes stand.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tag/tag.h>

#include "isobmff/vstrackboxes.h"

/* 14496-12 8.7.2: the media is in the same file */
#define URL_SELF_CONTAINED 1

/* 14496-12 8.2.2.2: the unity matrix */
static void
put_matrix (VsBoxWriter * w)
{
  static const guint32 matrix[9] = {
    0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000
  };

  for (guint i = 0; i < G_N_ELEMENTS (matrix); i++)
    vs_box_put_u32 (w, matrix[i]);
}

/* Version 1 has 64 bits for times; in 32 bits all ones is no duration. */
static guint8
get_version (guint64 created, guint64 duration)
{
  return created > G_MAXUINT32 || duration >= G_MAXUINT32;
}

static void
put_time (VsBoxWriter * w, guint8 version, guint64 time)
{
  if (version == 1)
    vs_box_put_u64 (w, time);
  else
    vs_box_put_u32 (w, time);
}

/* of creation and of modification, which are the same */
static void
put_times (VsBoxWriter * w, guint8 version, guint64 created)
{
  put_time (w, version, created);
  put_time (w, version, created);
}

void
vs_movie_put_mvhd (VsBoxWriter * w, const VsMovieHeader * movie)
{
  guint8 version = get_version (movie->created, movie->duration);
  gsize mvhd = vs_box_open_full (w, "mvhd", version, 0);

  put_times (w, version, movie->created);
  vs_box_put_u32 (w, movie->timescale);
  put_time (w, version, movie->duration);
  vs_box_put_u32 (w, 0x00010000);       /* rate */
  vs_box_put_u16 (w, 0x0100);   /* volume */
  vs_box_put_zeros (w, 10);
  put_matrix (w);
  vs_box_put_zeros (w, 24);
  vs_box_put_u32 (w, movie->next_track_id);
  vs_box_close (w, mvhd);
}

static gboolean
is_video (const VsTrackHeader * track)
{
  return vs_codec_get_media_type (track->config->codec) == VS_MEDIA_VIDEO;
}

/* In square pixels; 16.16 has no room for more than 16 bits of them. */
static void
put_shown_size (VsBoxWriter * w, const VsCodecConfig * config)
{
  guint64 width = config->width;

  if (config->par_n > 0 && config->par_d > 0)
    width = gst_util_uint64_scale_round (width, config->par_n, config->par_d);
  vs_box_put_u32 (w, MIN (width, G_MAXUINT16) << 16);
  vs_box_put_u32 (w, MIN (config->height, G_MAXUINT16) << 16);
}

void
vs_track_put_tkhd (VsBoxWriter * w, const VsTrackHeader * track)
{
  guint8 version = get_version (track->created, track->movie_duration);
  gsize tkhd = vs_box_open_full (w, "tkhd", version, track->flags);

  put_times (w, version, track->created);
  vs_box_put_u32 (w, track->id);
  vs_box_put_u32 (w, 0);
  put_time (w, version, track->movie_duration);
  vs_box_put_zeros (w, 8 + 2);
  vs_box_put_u16 (w, track->alternate_group);
  vs_box_put_u16 (w, is_video (track) ? 0 : 0x0100);
  vs_box_put_u16 (w, 0);
  put_matrix (w);
  if (is_video (track))
    put_shown_size (w, track->config);
  else
    vs_box_put_zeros (w, 8);
  vs_box_close (w, tkhd);
}

/* ISO 639-2/T in three times five bits, 14496-12 8.4.2.3 */
static guint16
pack_language (const gchar * language)
{
  g_auto (GStrv) subtags = g_strsplit (language ? language : "und", "-", 2);
  g_autofree gchar *primary = g_ascii_strdown (subtags[0] ? subtags[0] : "",
      -1);
  const gchar *code = gst_tag_get_language_code_iso_639_2T (primary);
  guint16 packed = 0;

  if (code == NULL)
    code = "und";
  for (guint i = 0; i < 3; i++)
    packed = packed << 5 | (code[i] - 0x60);
  return packed;
}

static void
put_mdhd (VsBoxWriter * w, const VsTrackHeader * track)
{
  guint8 version = get_version (track->created, track->duration);
  gsize mdhd = vs_box_open_full (w, "mdhd", version, 0);

  put_times (w, version, track->created);
  vs_box_put_u32 (w, track->timescale);
  put_time (w, version, track->duration);
  vs_box_put_u16 (w, pack_language (track->language));
  vs_box_put_u16 (w, 0);
  vs_box_close (w, mdhd);
}

static void
put_hdlr (VsBoxWriter * w, const VsTrackHeader * track)
{
  gsize hdlr = vs_box_open_full (w, "hdlr", 0, 0);

  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, is_video (track) ? "vide" : "soun", 4);
  vs_box_put_zeros (w, 12);
  vs_box_put_bytes (w, is_video (track) ? "Video" : "Sound", sizeof "Video");
  vs_box_close (w, hdlr);
}

/* The tag as it was given: 14496-12 8.4.6, for what mdhd can't say. */
static void
put_elng (VsBoxWriter * w, const VsTrackHeader * track)
{
  gsize elng;

  if (track->language == NULL)
    return;
  elng = vs_box_open_full (w, "elng", 0, 0);
  vs_box_put_bytes (w, track->language, strlen (track->language) + 1);
  vs_box_close (w, elng);
}

void
vs_track_put_media (VsBoxWriter * w, const VsTrackHeader * track)
{
  put_mdhd (w, track);
  put_hdlr (w, track);
  put_elng (w, track);
}

static void
put_media_header (VsBoxWriter * w, const VsTrackHeader * track)
{
  gsize box;

  if (is_video (track)) {
    box = vs_box_open_full (w, "vmhd", 0, 1);
    vs_box_put_zeros (w, 8);    /* graphicsmode, opcolor */
  } else {
    box = vs_box_open_full (w, "smhd", 0, 0);
    vs_box_put_zeros (w, 4);    /* balance */
  }
  vs_box_close (w, box);
}

static void
put_dinf (VsBoxWriter * w)
{
  gsize dinf = vs_box_open (w, "dinf");
  gsize dref = vs_box_open_full (w, "dref", 0, 0);
  gsize url;

  vs_box_put_u32 (w, 1);
  url = vs_box_open_full (w, "url ", 0, URL_SELF_CONTAINED);
  vs_box_close (w, url);
  vs_box_close (w, dref);
  vs_box_close (w, dinf);
}


void
vs_track_put_information (VsBoxWriter * w, const VsTrackHeader * track)
{
  put_media_header (w, track);
  put_dinf (w);
}
