/* VisionStream: a programme of an MPEG-TS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "codec/vslanguage.h"
#include "mpegts/vstssection.h"
#include "mpegts/vstswriter.h"

static GBytes *
bytes_ref (GBytes * bytes)
{
  return bytes ? g_bytes_ref (bytes) : NULL;
}

VsTsProgram *
vs_ts_program_copy (const VsTsProgram * program)
{
  VsTsProgram *copy = g_new (VsTsProgram, 1);

  *copy = *program;
  copy->descriptors = bytes_ref (program->descriptors);
  for (guint i = 0; i < program->n_tracks; i++)
    copy->tracks[i].descriptors = bytes_ref (program->tracks[i].descriptors);
  return copy;
}

void
vs_ts_program_free (VsTsProgram * program)
{
  g_clear_pointer (&program->descriptors, g_bytes_unref);
  for (guint i = 0; i < program->n_tracks; i++)
    g_clear_pointer (&program->tracks[i].descriptors, g_bytes_unref);
  g_free (program);
}

static gchar *
language_to_tag (const gchar * code)
{
  g_autofree gchar *lower = g_ascii_strdown (code, -1);

  return strcmp (lower, "und") == 0 ? NULL : vs_language_dup_tag (lower);
}

gchar *
vs_ts_program_dup_language (const VsTsProgram * program)
{
  gchar *tag = NULL;

  for (guint i = 0; i < program->n_tracks && !tag; i++) {
    const VsTsTrack *track = &program->tracks[i];

    if (vs_codec_get_media_type (track->codec) == VS_MEDIA_AUDIO
        && track->language[0])
      tag = language_to_tag (track->language);
  }
  return tag;
}

/* The registration that a stream type outside of 13818-1 needs (2.6.8), or
 * that tells private data. */
static const gchar *
registration (VsCodec codec)
{
  switch (codec) {
    case VS_CODEC_H265:
      return "HEVC";
    case VS_CODEC_AC3:
      return "AC-3";
    case VS_CODEC_EAC3:
      return "EAC3";
    case VS_CODEC_OPUS:
      return "Opus";
    default:
      return NULL;
  }
}

static void
add_track (VsTsProgram * program, VsCodec codec, const gchar * language)
{
  VsTsTrack *track = &program->tracks[program->n_tracks];
  const gchar *identifier = registration (codec);
  g_autoptr (GByteArray) descriptors = g_byte_array_new ();

  track->pid = VS_TS_PID_FIRST_TRACK + program->n_tracks++;
  track->codec = codec;
  track->stream_type = vs_ts_codec_to_stream_type (codec);
  if (identifier) {
    const guint8 head[] = { VS_TS_DESCRIPTOR_REGISTRATION, 4 };

    g_byte_array_append (descriptors, head, sizeof head);
    g_byte_array_append (descriptors, (const guint8 *) identifier, 4);
  }
  if (language && strlen (language) == 3) {
    const guint8 head[] = { VS_TS_DESCRIPTOR_LANGUAGE, 4 };
    /* with the terminating zero, which is audio_type "undefined" */
    g_strlcpy (track->language, language, sizeof track->language);
    g_byte_array_append (descriptors, head, sizeof head);
    g_byte_array_append (descriptors, (const guint8 *) track->language, 4);
  }
  if (descriptors->len > 0)
    track->descriptors =
        g_byte_array_free_to_bytes (g_steal_pointer (&descriptors));
}

VsTsProgram *
vs_ts_program_new_simple (VsCodec video, VsCodec audio, const gchar * language)
{
  VsTsProgram *program = g_new0 (VsTsProgram, 1);

  program->program_number = 1;
  program->pmt_pid = VS_TS_PID_PMT;
  program->pcr_pid = VS_TS_PID_FIRST_TRACK;
  if (video != VS_CODEC_UNKNOWN)
    add_track (program, video, NULL);
  if (audio != VS_CODEC_UNKNOWN)
    add_track (program, audio, language);
  return program;
}
