/* VisionStream: names within a Smooth Streaming presentation
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "isobmff/vssmoothcodec.h"
#include "manifest/vssmoothname.h"

#define AUDIO_PREFIX "audio_"

static gboolean
skip (const gchar ** text, const gchar * expected)
{
  gsize length = strlen (expected);

  if (strncmp (*text, expected, length) != 0)
    return FALSE;
  *text += length;
  return TRUE;
}

/* A number in the one spelling that is written: no sign, no leading zero. */
static gboolean
parse_number (const gchar ** text, guint64 max, guint64 * value)
{
  const gchar *at = *text;

  *value = 0;
  if (!g_ascii_isdigit (*at) || (*at == '0' && g_ascii_isdigit (at[1])))
    return FALSE;
  for (; g_ascii_isdigit (*at); at++) {
    guint digit = g_ascii_digit_value (*at);

    if (*value > (max - digit) / 10)
      return FALSE;
    *value = *value * 10 + digit;
  }
  *text = at;
  return TRUE;
}

/* The name, and the base where there is one. */
static gboolean
parse_stream (const gchar ** text, VsSmoothName * name)
{
  gsize length = strcspn (*text, ".=");

  if (length > VS_NAME_MAX)
    return FALSE;
  memcpy (name->stream, *text, length);
  name->stream[length] = '\0';
  *text += length;
  if (!vs_name_is_valid (name->stream))
    return FALSE;
  return !skip (text, ".")
      || (parse_number (text, G_MAXUINT64, &name->base) && name->base > 0);
}

gboolean
vs_smooth_name_parse (const gchar * object, VsSmoothName * name)
{
  guint64 bitrate;

  memset (name, 0, sizeof *name);
  if (!skip (&object, "QualityLevels(")
      || !parse_number (&object, G_MAXUINT, &bitrate)
      || !skip (&object, ")/"))
    return FALSE;
  name->bitrate = bitrate;
  name->info = skip (&object, "FragmentInfo(");
  if (!name->info && !skip (&object, "Fragments("))
    return FALSE;
  return parse_stream (&object, name)
      && skip (&object, "=")
      && parse_number (&object, G_MAXUINT64, &name->time)
      && strcmp (object, ")") == 0;
}

VsMediaType
vs_smooth_stream_get_type (const gchar * stream)
{
  return g_str_has_prefix (stream, AUDIO_PREFIX) ? VS_MEDIA_AUDIO :
      VS_MEDIA_VIDEO;
}

void
vs_smooth_name_append_template (GString * out, const gchar * stream,
    guint64 base)
{
  g_string_append_printf (out, "QualityLevels({bitrate})/Fragments(%s", stream);
  if (base > 0)
    g_string_append_printf (out, ".%" G_GUINT64_FORMAT, base);
  g_string_append (out, "={start time})");
}

gchar *
vs_smooth_stream_name (VsCodec codec, const gchar * track)
{
  gchar *name;

  if (!vs_smooth_supports (codec))
    return NULL;
  if (codec == VS_CODEC_H264)
    return g_strdup ("video");
  if (codec == VS_CODEC_H265)
    return g_strdup ("video_hevc");
  name = g_strconcat (AUDIO_PREFIX, track, NULL);
  /* of names this long the end is what differs, if anything */
  if (strlen (name) > VS_NAME_MAX) {
    memmove (name + strlen (AUDIO_PREFIX),
        name + strlen (name) - (VS_NAME_MAX - strlen (AUDIO_PREFIX)),
        VS_NAME_MAX - strlen (AUDIO_PREFIX) + 1);
  }
  return name;
}
