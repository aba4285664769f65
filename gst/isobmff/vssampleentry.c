/* VisionStream: sample entries (ISO/IEC 14496-12 8.5.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vscmaf.h"
#include "isobmff/vssampleentry.h"

/* 14496-1: tags of descriptors (7.2.2.1), object types (table 5) and the
 * stream type of audio (table 6) with its upStream and reserved bit */
#define TAG_ES 3
#define TAG_DECODER_CONFIG 4
#define TAG_DECODER_SPECIFIC 5
#define TAG_SL_CONFIG 6
#define OBJECT_TYPE_AAC 0x40
#define OBJECT_TYPE_MPEG2_AUDIO 0x69
#define OBJECT_TYPE_MPEG1_AUDIO 0x6b
#define STREAM_TYPE_AUDIO (5 << 2 | 1)
#define SL_PREDEFINED_MP4 2
/* ISO/IEC 11172-3 2.4.2.3: lower ones are 13818-3's */
#define MPEG1_AUDIO_LEAST_RATE 32000
/* 14496-12 12.1.3: 72 dpi, 16.16 */
#define RESOLUTION_72_DPI 0x00480000
#define DEPTH_COLOUR 0x18
#define SAMPLE_BITS 16

typedef struct
{
  VsCodec codec;
  const gchar *entry, *record_box;
} Mapping;

static const Mapping mappings[] = {
  {VS_CODEC_H264, "avc1", "avcC"},
  {VS_CODEC_H265, "hvc1", "hvcC"},
  {VS_CODEC_AAC, "mp4a", "esds"},
  {VS_CODEC_AC3, "ac-3", "dac3"},
  {VS_CODEC_EAC3, "ec-3", "dec3"},
  {VS_CODEC_MPEG_AUDIO, "mp4a", "esds"},
};

static const Mapping *
find_mapping (VsCodec codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (mappings); i++) {
    if (mappings[i].codec == codec)
      return &mappings[i];
  }
  return NULL;
}

gboolean
vs_sample_entry_supports (VsCodec codec)
{
  return find_mapping (codec) != NULL;
}

gboolean
vs_sample_entry_check (const VsCodecConfig * config, GError ** error)
{
  gboolean mapped = find_mapping (config->codec) != NULL;

  if (mapped && (config->record || config->codec == VS_CODEC_MPEG_AUDIO))
    return TRUE;
  g_set_error (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_UNSUPPORTED,
      mapped ? "no configuration record of %s is known"
      : "%s has no mapping to ISO base media files",
      vs_codec_to_string (config->codec));
  return FALSE;
}

static void
put_record (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize size, box = vs_box_open (w, find_mapping (config->codec)->record_box);
  gconstpointer record = g_bytes_get_data (config->record, &size);

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
open_sample_entry (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize entry = vs_box_open (w, find_mapping (config->codec)->entry);

  vs_box_put_zeros (w, 6);
  vs_box_put_u16 (w, 1);        /* data_reference_index */
  return entry;
}

/* 14496-12 12.1.3, 14496-15 5.4.2 and 8.4.1 */
static void
put_video_sample_entry (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize entry = open_sample_entry (w, config);

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
  put_record (w, config);
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

static guint8
get_object_type (const VsCodecConfig * config)
{
  if (config->codec == VS_CODEC_AAC)
    return OBJECT_TYPE_AAC;
  return config->sample_rate < MPEG1_AUDIO_LEAST_RATE
      ? OBJECT_TYPE_MPEG2_AUDIO : OBJECT_TYPE_MPEG1_AUDIO;
}

/* MPEG audio needs no DecoderSpecificInfo: its frames tell all. */
static void
put_decoder_specific (VsBoxWriter * w, const VsCodecConfig * config)
{
  gconstpointer record;
  gsize size;

  if (config->codec != VS_CODEC_AAC)
    return;
  record = g_bytes_get_data (config->record, &size);
  put_descriptor (w, TAG_DECODER_SPECIFIC, size);
  vs_box_put_bytes (w, record, size);
}

/* 14496-14 5.6: ES_ID is 0 in a file */
static void
put_esds (VsBoxWriter * w, const VsCodecConfig * config)
{
  VsBoxWriter specific = { NULL };
  gsize esds = vs_box_open_full (w, "esds", 0, 0);
  guint32 decoder;

  put_decoder_specific (&specific, config);
  decoder = DESCRIPTOR_HEAD + 13 + specific.offset;
  put_descriptor (w, TAG_ES, 3 + decoder + DESCRIPTOR_HEAD + 1);
  vs_box_put_u16 (w, 0);        /* ES_ID */
  vs_box_put_u8 (w, 0);
  put_descriptor (w, TAG_DECODER_CONFIG, decoder - DESCRIPTOR_HEAD);
  vs_box_put_u8 (w, get_object_type (config));
  vs_box_put_u8 (w, STREAM_TYPE_AUDIO);
  vs_box_put_zeros (w, 3 + 4 + 4);      /* buffer size, bit rates: not known */
  put_decoder_specific (w, config);
  put_descriptor (w, TAG_SL_CONFIG, 1);
  vs_box_put_u8 (w, SL_PREDEFINED_MP4);
  vs_box_close (w, esds);
}

/* 14496-12 12.2.3, ETSI TS 102 366 F.2 and F.5 */
static void
put_audio_sample_entry (VsBoxWriter * w, const VsCodecConfig * config)
{
  gsize entry = open_sample_entry (w, config);

  vs_box_put_zeros (w, 8);
  vs_box_put_u16 (w, config->channels);
  vs_box_put_u16 (w, SAMPLE_BITS);
  vs_box_put_zeros (w, 4);
  vs_box_put_u32 (w, config->sample_rate <= G_MAXUINT16
      ? config->sample_rate << 16 : 0);
  if (strcmp (find_mapping (config->codec)->record_box, "esds") == 0)
    put_esds (w, config);
  else
    put_record (w, config);
  vs_box_close (w, entry);
}

void
vs_sample_entry_put (VsBoxWriter * w, const VsCodecConfig * config)
{
  if (vs_codec_get_media_type (config->codec) == VS_MEDIA_VIDEO)
    put_video_sample_entry (w, config);
  else
    put_audio_sample_entry (w, config);
}
