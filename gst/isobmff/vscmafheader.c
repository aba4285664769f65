/* VisionStream: CMAF headers (ISO/IEC 23000-19 7.3.1)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One function a box, in the order in which the boxes stand.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tag/tag.h>

#include "isobmff/vsboxwriter.h"
#include "isobmff/vscmaf.h"

GQuark
vs_package_error_quark (void)
{
  return g_quark_from_static_string ("vs-package-error-quark");
}

/* The TS clock is the video's (see VsSegmentTrack). */
#define VIDEO_TIMESCALE 90000
#define TRACK_ID 1

/* 14496-12 8.3.2: enabled, in movie, in preview */
#define TKHD_FLAGS 7
/* 14496-12 8.7.2: the media is in the same file */
#define URL_SELF_CONTAINED 1
/* 14496-1: tags of descriptors (7.2.2.1), the object type of AAC (table 5)
 * and the stream type of audio (table 6) with its upStream and reserved bit */
#define TAG_ES 3
#define TAG_DECODER_CONFIG 4
#define TAG_DECODER_SPECIFIC 5
#define TAG_SL_CONFIG 6
#define OBJECT_TYPE_AAC 0x40
#define STREAM_TYPE_AUDIO (5 << 2 | 1)
#define SL_PREDEFINED_MP4 2
/* 14496-12 12.1.3: 72 dpi, 16.16 */
#define RESOLUTION_72_DPI 0x00480000
#define DEPTH_COLOUR 0x18
#define SAMPLE_BITS 16

typedef struct
{
  const VsCodecConfig *config;
  const gchar *sample_entry, *record_box;
  gboolean video;
  guint32 timescale;
  const gchar *language;        /* BCP 47, or NULL */
} Header;

static const struct
{
  VsCodec codec;
  const gchar *sample_entry, *record_box;
} mappings[] = {
  {VS_CODEC_H264, "avc1", "avcC"},
  {VS_CODEC_H265, "hvc1", "hvcC"},
  {VS_CODEC_AAC, "mp4a", "esds"},
  {VS_CODEC_AC3, "ac-3", "dac3"},
  {VS_CODEC_EAC3, "ec-3", "dec3"},
};

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

/* Negative composition offsets are cmf2's (23000-19 7.7.3). */
static void
put_ftyp (VsBoxWriter * w, const Header * header)
{
  const gchar *brand = find_brand (header->config);
  gsize ftyp = vs_box_open (w, "ftyp");

  vs_box_put_bytes (w, header->video ? "cmf2" : "cmfc", 4);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, "iso6", 4);
  vs_box_put_bytes (w, "cmfc", 4);
  if (header->video)
    vs_box_put_bytes (w, "cmf2", 4);
  if (brand)
    vs_box_put_bytes (w, brand, 4);
  vs_box_close (w, ftyp);
}

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

static void
put_mvhd (VsBoxWriter * w, const Header * header)
{
  gsize mvhd = vs_box_open_full (w, "mvhd", 0, 0);

  vs_box_put_zeros (w, 8);      /* creation and modification time */
  vs_box_put_u32 (w, header->timescale);
  vs_box_put_u32 (w, 0);        /* duration */
  vs_box_put_u32 (w, 0x00010000);       /* rate */
  vs_box_put_u16 (w, 0x0100);   /* volume */
  vs_box_put_zeros (w, 10);
  put_matrix (w);
  vs_box_put_zeros (w, 24);
  vs_box_put_u32 (w, TRACK_ID + 1);
  vs_box_close (w, mvhd);
}

static void
put_tkhd (VsBoxWriter * w, const Header * header)
{
  const VsCodecConfig *config = header->config;
  guint64 width = config->width;
  gsize tkhd = vs_box_open_full (w, "tkhd", 0, TKHD_FLAGS);

  if (config->par_n > 0 && config->par_d > 0)
    width = gst_util_uint64_scale_round (width, config->par_n, config->par_d);
  vs_box_put_zeros (w, 8);
  vs_box_put_u32 (w, TRACK_ID);
  vs_box_put_u32 (w, 0);
  vs_box_put_u32 (w, 0);        /* duration */
  vs_box_put_zeros (w, 8 + 2 + 2);
  vs_box_put_u16 (w, header->video ? 0 : 0x0100);
  vs_box_put_u16 (w, 0);
  put_matrix (w);
  /* 16.16, as shown: in square pixels */
  vs_box_put_u32 (w, header->video ? MIN (width, G_MAXUINT16) << 16 : 0);
  vs_box_put_u32 (w, header->video ? config->height << 16 : 0);
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
put_mdhd (VsBoxWriter * w, const Header * header)
{
  gsize mdhd = vs_box_open_full (w, "mdhd", 0, 0);

  vs_box_put_zeros (w, 8);
  vs_box_put_u32 (w, header->timescale);
  vs_box_put_u32 (w, 0);        /* duration */
  vs_box_put_u16 (w, pack_language (header->language));
  vs_box_put_u16 (w, 0);
  vs_box_close (w, mdhd);
}

static void
put_hdlr (VsBoxWriter * w, const Header * header)
{
  gsize hdlr = vs_box_open_full (w, "hdlr", 0, 0);

  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, header->video ? "vide" : "soun", 4);
  vs_box_put_zeros (w, 12);
  vs_box_put_bytes (w, header->video ? "Video" : "Sound", sizeof "Video");
  vs_box_close (w, hdlr);
}

/* The tag as it was given: 14496-12 8.4.6, for what mdhd can't say. */
static void
put_elng (VsBoxWriter * w, const Header * header)
{
  gsize elng;

  if (header->language == NULL)
    return;
  elng = vs_box_open_full (w, "elng", 0, 0);
  vs_box_put_bytes (w, header->language, strlen (header->language) + 1);
  vs_box_close (w, elng);
}

static void
put_media_header (VsBoxWriter * w, const Header * header)
{
  gsize box;

  if (header->video) {
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

static void
put_record (VsBoxWriter * w, const Header * header)
{
  gsize size, box = vs_box_open (w, header->record_box);
  gconstpointer record = g_bytes_get_data (header->config->record, &size);

  vs_box_put_bytes (w, record, size);
  vs_box_close (w, box);
}

/* 14496-12 12.1.5 */
static void
put_colr (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize colr;

  if (config->colour_primaries == VS_CODE_POINT_UNSPECIFIED
      && config->transfer == VS_CODE_POINT_UNSPECIFIED
      && config->matrix == VS_CODE_POINT_UNSPECIFIED)
    return;
  colr = vs_box_open (w, "colr");
  vs_box_put_bytes (w, "nclx", 4);
  vs_box_put_u16 (w, config->colour_primaries);
  vs_box_put_u16 (w, config->transfer);
  vs_box_put_u16 (w, config->matrix);
  vs_box_put_u8 (w, config->full_range ? 0x80 : 0);
  vs_box_close (w, colr);
}

/* 14496-12 12.1.4 */
static void
put_pasp (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize pasp;

  if (config->par_n == 0 || config->par_d == 0)
    return;
  pasp = vs_box_open (w, "pasp");
  vs_box_put_u32 (w, config->par_n);
  vs_box_put_u32 (w, config->par_d);
  vs_box_close (w, pasp);
}

/* 14496-12 8.5.2: what all sample entries begin with */
static gsize
open_sample_entry (VsBoxWriter * w, const Header * header)
{
  gsize entry = vs_box_open (w, header->sample_entry);

  vs_box_put_zeros (w, 6);
  vs_box_put_u16 (w, 1);        /* data_reference_index */
  return entry;
}

/* 14496-12 12.1.3, 14496-15 5.4.2 and 8.4.1 */
static void
put_video_sample_entry (VsBoxWriter * w, const Header * header)
{
  const VsCodecConfig *config = header->config;
  gsize entry = open_sample_entry (w, header);

  vs_box_put_zeros (w, 16);
  vs_box_put_u16 (w, config->width);
  vs_box_put_u16 (w, config->height);
  vs_box_put_u32 (w, RESOLUTION_72_DPI);
  vs_box_put_u32 (w, RESOLUTION_72_DPI);
  vs_box_put_u32 (w, 0);
  vs_box_put_u16 (w, 1);        /* frame_count */
  vs_box_put_zeros (w, 32);     /* compressorname */
  vs_box_put_u16 (w, DEPTH_COLOUR);
  vs_box_put_u16 (w, G_MAXUINT16);
  put_record (w, header);
  put_colr (w, config);
  put_pasp (w, config);
  vs_box_close (w, entry);
}

/* A descriptor's tag and size; the size in the four-byte form that all
 * readers know (14496-1 8.3.3). */
static void
put_descriptor (VsBoxWriter * w, guint8 tag, guint32 size)
{
  vs_box_put_u8 (w, tag);
  vs_box_put_u8 (w, 0x80 | (size >> 21 & 0x7f));
  vs_box_put_u8 (w, 0x80 | (size >> 14 & 0x7f));
  vs_box_put_u8 (w, 0x80 | (size >> 7 & 0x7f));
  vs_box_put_u8 (w, size & 0x7f);
}

#define DESCRIPTOR_HEAD 5

/* 14496-14 5.6: ES_ID is 0 in a file */
static void
put_esds (VsBoxWriter * w, const Header * header)
{
  gsize size, esds = vs_box_open_full (w, "esds", 0, 0);
  gconstpointer record = g_bytes_get_data (header->config->record, &size);
  guint32 specific = DESCRIPTOR_HEAD + size;
  guint32 decoder = DESCRIPTOR_HEAD + 13 + specific;

  put_descriptor (w, TAG_ES, 3 + decoder + DESCRIPTOR_HEAD + 1);
  vs_box_put_u16 (w, 0);        /* ES_ID */
  vs_box_put_u8 (w, 0);
  put_descriptor (w, TAG_DECODER_CONFIG, decoder - DESCRIPTOR_HEAD);
  vs_box_put_u8 (w, OBJECT_TYPE_AAC);
  vs_box_put_u8 (w, STREAM_TYPE_AUDIO);
  vs_box_put_zeros (w, 3 + 4 + 4);      /* buffer size, bit rates: not known */
  put_descriptor (w, TAG_DECODER_SPECIFIC, size);
  vs_box_put_bytes (w, record, size);
  put_descriptor (w, TAG_SL_CONFIG, 1);
  vs_box_put_u8 (w, SL_PREDEFINED_MP4);
  vs_box_close (w, esds);
}

/* 14496-12 12.2.3, ETSI TS 102 366 F.2 and F.5 */
static void
put_audio_sample_entry (VsBoxWriter * w, const Header * header)
{
  const VsCodecConfig *config = header->config;
  gsize entry = open_sample_entry (w, header);

  vs_box_put_zeros (w, 8);
  vs_box_put_u16 (w, config->channels);
  vs_box_put_u16 (w, SAMPLE_BITS);
  vs_box_put_zeros (w, 4);
  vs_box_put_u32 (w, config->sample_rate <= G_MAXUINT16
      ? config->sample_rate << 16 : 0);
  if (config->codec == VS_CODEC_AAC)
    put_esds (w, header);
  else
    put_record (w, header);
  vs_box_close (w, entry);
}

static void
put_stsd (VsBoxWriter * w, const Header * header)
{
  gsize stsd = vs_box_open_full (w, "stsd", 0, 0);

  vs_box_put_u32 (w, 1);
  if (header->video)
    put_video_sample_entry (w, header);
  else
    put_audio_sample_entry (w, header);
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
put_minf (VsBoxWriter * w, const Header * header)
{
  gsize stbl, minf = vs_box_open (w, "minf");

  put_media_header (w, header);
  put_dinf (w);
  stbl = vs_box_open (w, "stbl");
  put_stsd (w, header);
  put_empty_tables (w);
  vs_box_close (w, stbl);
  vs_box_close (w, minf);
}

static void
put_trak (VsBoxWriter * w, const Header * header)
{
  gsize mdia, trak = vs_box_open (w, "trak");

  put_tkhd (w, header);
  mdia = vs_box_open (w, "mdia");
  put_mdhd (w, header);
  put_hdlr (w, header);
  put_elng (w, header);
  put_minf (w, header);
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
put_header (VsBoxWriter * w, const Header * header)
{
  gsize moov;

  put_ftyp (w, header);
  moov = vs_box_open (w, "moov");
  put_mvhd (w, header);
  put_trak (w, header);
  put_mvex (w);
  vs_box_close (w, moov);
}

static gint
find_mapping (VsCodec codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++) {
    if (mappings[i].codec == codec)
      return i;
  }
  return -1;
}

gboolean
vs_cmaf_supports (VsCodec codec)
{
  return find_mapping (codec) >= 0;
}

GBytes *
vs_cmaf_header (const VsCodecConfig * config, const gchar * language,
    GError ** error)
{
  Header header = {.config = config,.language = language };
  gint mapping = find_mapping (config->codec);
  VsBoxWriter w = { NULL };
  gsize size;

  if (mapping < 0 || config->record == NULL) {
    g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
        mapping < 0 ? "%s has no CMAF mapping"
        : "no configuration record of %s is known",
        vs_codec_to_string (config->codec));
    return NULL;
  }
  header.sample_entry = mappings[mapping].sample_entry;
  header.record_box = mappings[mapping].record_box;
  header.video = vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO;
  header.timescale = header.video ? VIDEO_TIMESCALE : config->sample_rate;
  put_header (&w, &header);
  size = w.offset;
  w = (VsBoxWriter) {
  g_malloc (size)};
  put_header (&w, &header);
  return g_bytes_new_take (w.data, size);
}
