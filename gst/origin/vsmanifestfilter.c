/* VisionStream: which tracks a request wants (aws.manifestfilter)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmanifestfilter.h"

#include <gio/gio.h>
#include <string.h>

/* frame rates are compared in thousandths: three decimals are told */
#define RATE_DECIMALS 3
#define RATE_SCALE 1000

typedef enum
{
  NAME_AUDIO_BITRATE,
  NAME_AUDIO_CHANNELS,
  NAME_AUDIO_CODEC,
  NAME_AUDIO_LANGUAGE,
  NAME_AUDIO_SAMPLE_RATE,
  NAME_SUBTITLE_LANGUAGE,
  NAME_TRICKPLAY_HEIGHT,
  NAME_TRICKPLAY_TYPE,
  NAME_VIDEO_BITRATE,
  NAME_VIDEO_CODEC,
  NAME_VIDEO_DYNAMIC_RANGE,
  NAME_VIDEO_FRAMERATE,
  NAME_VIDEO_HEIGHT,
  N_NAMES
} Name;

typedef enum
{
  VALUE_NUMBER,
  VALUE_RATE,                   /* with decimals */
  VALUE_WORD                    /* of a list */
} ValueKind;

static const gchar *const video_codecs[] = { "h264", "h265", "av1", NULL };

static const gchar *const dynamic_ranges[] = { "sdr", "hdr10", "hlg",
  "dolby-vision", NULL
};

static const gchar *const audio_codecs[] = { "aacl", "aach", "aac", "ac-3",
  "ec-3", NULL
};

static const gchar *const trickplay_types[] = { "iframe", "image", "none",
  NULL
};

static const struct
{
  const gchar *name;
  VsMediaType type;             /* of the tracks that it speaks of */
  ValueKind kind;
  const gchar *const *words;    /* all that there are; NULL: an open list */
} names[N_NAMES] = {
  [NAME_AUDIO_BITRATE] = {"audio_bitrate", VS_MEDIA_AUDIO, VALUE_NUMBER},
  [NAME_AUDIO_CHANNELS] = {"audio_channels", VS_MEDIA_AUDIO, VALUE_NUMBER},
  [NAME_AUDIO_CODEC] = {"audio_codec", VS_MEDIA_AUDIO, VALUE_WORD,
      audio_codecs},
  [NAME_AUDIO_LANGUAGE] = {"audio_language", VS_MEDIA_AUDIO, VALUE_WORD},
  [NAME_AUDIO_SAMPLE_RATE] = {"audio_sample_rate", VS_MEDIA_AUDIO,
      VALUE_NUMBER},
  [NAME_SUBTITLE_LANGUAGE] = {"subtitle_language", VS_MEDIA_OTHER,
      VALUE_WORD},
  [NAME_TRICKPLAY_HEIGHT] = {"trickplay_height", VS_MEDIA_OTHER,
      VALUE_NUMBER},
  [NAME_TRICKPLAY_TYPE] = {"trickplay_type", VS_MEDIA_OTHER, VALUE_WORD,
      trickplay_types},
  [NAME_VIDEO_BITRATE] = {"video_bitrate", VS_MEDIA_VIDEO, VALUE_NUMBER},
  [NAME_VIDEO_CODEC] = {"video_codec", VS_MEDIA_VIDEO, VALUE_WORD,
      video_codecs},
  [NAME_VIDEO_DYNAMIC_RANGE] = {"video_dynamic_range", VS_MEDIA_VIDEO,
      VALUE_WORD, dynamic_ranges},
  [NAME_VIDEO_FRAMERATE] = {"video_framerate", VS_MEDIA_VIDEO, VALUE_RATE},
  [NAME_VIDEO_HEIGHT] = {"video_height", VS_MEDIA_VIDEO, VALUE_NUMBER},
};

/* One of a condition's values: a range of numbers, both ends included, or a
 * word. */
typedef struct
{
  guint64 min, max;
  gchar *word;
} Value;

typedef struct
{
  Name name;
  GArray *values;               /* Value: any of them will do */
} Condition;

struct _VsManifestFilter
{
  gint ref_count;
  GArray *conditions;           /* Condition: all have to hold; by name */
};

static void
value_clear (gpointer value)
{
  g_free (((Value *) value)->word);
}

static void
condition_clear (gpointer condition)
{
  g_array_unref (((Condition *) condition)->values);
}

/* "720" or, with decimals, "29.97" as 29970 */
static gboolean
parse_number (const gchar * text, ValueKind kind, guint64 * number)
{
  g_auto (GStrv) halves = g_strsplit (text, ".", 2);
  guint64 fraction = 0;

  if (halves[0] == NULL
      || !g_ascii_string_to_unsigned (halves[0], 10, 0, G_MAXINT32, number,
          NULL))
    return FALSE;
  if (kind == VALUE_NUMBER)
    return halves[1] == NULL;
  *number *= RATE_SCALE;
  if (halves[1]) {
    gsize digits = strlen (halves[1]);

    if (digits == 0 || digits > RATE_DECIMALS
        || !g_ascii_string_to_unsigned (halves[1], 10, 0, RATE_SCALE - 1,
            &fraction, NULL))
      return FALSE;
    for (; digits < RATE_DECIMALS; digits++)
      fraction *= 10;
  }
  *number += fraction;
  return TRUE;
}

static gboolean
parse_range (const gchar * text, ValueKind kind, Value * value)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);

  if (ends[0] == NULL || !parse_number (ends[0], kind, &value->min))
    return FALSE;
  value->max = value->min;
  if (ends[1] && !parse_number (ends[1], kind, &value->max))
    return FALSE;
  return value->min <= value->max;
}

static gboolean
parse_word (const gchar * text, const gchar * const *words, Value * value)
{
  if (words && !g_strv_contains (words, text))
    return FALSE;
  for (const gchar * c = text; *c; c++)
    if (!g_ascii_isalnum (*c) && *c != '-')
      return FALSE;
  value->word = g_strdup (text);
  return *text != '\0';
}

static gboolean
parse_values (Condition * condition, const gchar * text, GError ** error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);
  ValueKind kind = names[condition->name].kind;

  if (parts[0] == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s has no value", names[condition->name].name);
    return FALSE;
  }
  for (guint i = 0; parts[i]; i++) {
    Value value = { 0 };
    gboolean good = kind == VALUE_WORD ?
        parse_word (parts[i], names[condition->name].words, &value) :
        parse_range (parts[i], kind, &value);

    g_array_append_val (condition->values, value);
    if (!good) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "%s: \"%s\" can't be taken", names[condition->name].name, parts[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
find_name (const gchar * text, Name * name)
{
  for (guint i = 0; i < N_NAMES; i++) {
    if (strcmp (names[i].name, text) == 0) {
      *name = i;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
has_condition (const VsManifestFilter * filter, Name name)
{
  for (guint i = 0; i < filter->conditions->len; i++)
    if (g_array_index (filter->conditions, Condition, i).name == name)
      return TRUE;
  return FALSE;
}

static gboolean
parse_condition (VsManifestFilter * filter, const gchar * text, GError ** error)
{
  g_auto (GStrv) halves = g_strsplit (text, ":", 2);
  Condition condition;

  if (halves[0] == NULL || halves[1] == NULL
      || !find_name (halves[0], &condition.name)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" is no condition such as video_height:240-720", text);
    return FALSE;
  }
  if (has_condition (filter, condition.name)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s comes twice", halves[0]);
    return FALSE;
  }
  condition.values = g_array_new (FALSE, FALSE, sizeof (Value));
  g_array_set_clear_func (condition.values, value_clear);
  g_array_append_val (filter->conditions, condition);
  return parse_values (&condition, halves[1], error);
}

static gint
compare_conditions (gconstpointer a, gconstpointer b)
{
  return (gint) ((const Condition *) a)->name -
      (gint) ((const Condition *) b)->name;
}

VsManifestFilter *
vs_manifest_filter_new (const gchar * text, gsize length, GError ** error)
{
  g_autoptr (VsManifestFilter) filter = g_new0 (VsManifestFilter, 1);
  g_autofree gchar *lower = NULL;
  g_auto (GStrv) parts = NULL;

  filter->ref_count = 1;
  filter->conditions = g_array_new (FALSE, FALSE, sizeof (Condition));
  g_array_set_clear_func (filter->conditions, condition_clear);
  if (length == 0 || length > VS_MANIFEST_FILTER_MAX
      || memchr (text, '\0', length)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "a filter has 1 to %d characters", VS_MANIFEST_FILTER_MAX);
    return NULL;
  }
  lower = g_ascii_strdown (text, length);
  parts = g_strsplit (lower, ";", -1);
  for (guint i = 0; parts[i]; i++)
    if (!parse_condition (filter, parts[i], error))
      return NULL;
  g_array_sort (filter->conditions, compare_conditions);
  return g_steal_pointer (&filter);
}

VsManifestFilter *
vs_manifest_filter_ref (VsManifestFilter * filter)
{
  g_atomic_int_inc (&filter->ref_count);
  return filter;
}

void
vs_manifest_filter_unref (VsManifestFilter * filter)
{
  if (!g_atomic_int_dec_and_test (&filter->ref_count))
    return;
  g_array_unref (filter->conditions);
  g_free (filter);
}

static const gchar *
codec_word (VsCodec codec)
{
  switch (codec) {
    case VS_CODEC_H264:
      return "h264";
    case VS_CODEC_H265:
      return "h265";
    case VS_CODEC_AC3:
      return "ac-3";
    case VS_CODEC_EAC3:
      return "ec-3";
    default:
      return "";
  }
}

static gboolean
matches_audio_codec (const VsFilterTrack * track, const gchar * word)
{
  if (track->codec != VS_CODEC_AAC)
    return strcmp (codec_word (track->codec), word) == 0;
  if (strcmp (word, "aac") == 0)
    return TRUE;
  return strcmp (word, track->high_efficiency ? "aach" : "aacl") == 0;
}

static gboolean
matches_word (Name name, const VsFilterTrack * track, const gchar * word)
{
  switch (name) {
    case NAME_AUDIO_CODEC:
      return matches_audio_codec (track, word);
    case NAME_VIDEO_CODEC:
      return strcmp (codec_word (track->codec), word) == 0;
    case NAME_AUDIO_LANGUAGE:
      return track->language && g_ascii_strcasecmp (track->language, word) == 0;
    case NAME_VIDEO_DYNAMIC_RANGE:
      return track->dynamic_range
          && g_ascii_strcasecmp (track->dynamic_range, word) == 0;
    default:
      return FALSE;
  }
}

static guint64
number_of (Name name, const VsFilterTrack * track)
{
  switch (name) {
    case NAME_AUDIO_BITRATE:
    case NAME_VIDEO_BITRATE:
      return track->bitrate;
    case NAME_AUDIO_CHANNELS:
      return track->channels;
    case NAME_AUDIO_SAMPLE_RATE:
      return track->sample_rate;
    case NAME_VIDEO_HEIGHT:
      return track->height;
    case NAME_VIDEO_FRAMERATE:
      return track->fps_d ?
          ((guint64) track->fps_n * RATE_SCALE + track->fps_d / 2)
          / track->fps_d : 0;
    default:
      g_return_val_if_reached (0);
  }
}

static gboolean
condition_matches (const Condition * condition, const VsFilterTrack * track)
{
  gboolean words = names[condition->name].kind == VALUE_WORD;
  guint64 number = words ? 0 : number_of (condition->name, track);

  for (guint i = 0; i < condition->values->len; i++) {
    const Value *value = &g_array_index (condition->values, Value, i);

    if (words ? matches_word (condition->name, track, value->word) :
        number >= value->min && number <= value->max)
      return TRUE;
  }
  return FALSE;
}

gboolean
vs_manifest_filter_matches (const VsManifestFilter * filter,
    const VsFilterTrack * track)
{
  for (guint i = 0; i < filter->conditions->len; i++) {
    const Condition *condition =
        &g_array_index (filter->conditions, Condition, i);

    if (names[condition->name].type == track->type
        && !condition_matches (condition, track))
      return FALSE;
  }
  return TRUE;
}

void
vs_manifest_filter_append (GString * out, const VsManifestFilter * filter)
{
  for (guint i = 0; i < filter->conditions->len; i++) {
    const Condition *condition =
        &g_array_index (filter->conditions, Condition, i);

    g_string_append_printf (out, "%s%s:", i ? ";" : "",
        names[condition->name].name);
    for (guint j = 0; j < condition->values->len; j++) {
      const Value *value = &g_array_index (condition->values, Value, j);

      if (j)
        g_string_append_c (out, ',');
      if (value->word)
        g_string_append (out, value->word);
      else
        g_string_append_printf (out, "%" G_GUINT64_FORMAT "-%"
            G_GUINT64_FORMAT, value->min, value->max);
    }
  }
}
