/* VisionStream: a ladder's rungs and their text form
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ladder/vsladderspec.h"

#include <string.h>
#include "timeline/vssegment.h"

#define MIN_SIZE 16
/* H.264 level 6.2 */
#define MAX_SIZE 8192
#define MIN_BITRATE 8000
#define MAX_BITRATE 800000000
#define MAX_FPS 300
#define NTSC_DENOMINATOR 1001

GQuark
vs_ladder_spec_error_quark (void)
{
  return g_quark_from_static_string ("vs-ladder-spec-error-quark");
}

GType
vs_ladder_rate_control_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_LADDER_CBR, "Constant bit rate", "cbr"},
    {VS_LADDER_VBR, "Average bit rate, capped", "vbr"},
    {VS_LADDER_CRF, "Constant quality, capped", "crf"},
    {0, NULL, NULL}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsLadderRateControl", values));
  return type;
}

static void
rung_free (VsLadderRung * rung)
{
  g_free (rung->name);
  g_free (rung->profile);
  g_free (rung->level);
  g_free (rung->speed_preset);
  g_free (rung);
}

static gboolean
parse_number (const gchar * text, guint64 min, guint64 max, guint * value)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, min, max, &number, NULL))
    return FALSE;
  *value = number;
  return TRUE;
}

/* "5000k", "5M", "2.5M", "128000" */
static gboolean
parse_bitrate (const gchar * text, guint * bitrate)
{
  gchar *end;
  gdouble value = g_ascii_strtod (text, &end);

  if (end == text)
    return FALSE;
  if (*end == 'k' || *end == 'K') {
    value *= 1e3;
    end++;
  } else if (*end == 'M') {
    value *= 1e6;
    end++;
  }
  if (*end != '\0' || !(value >= MIN_BITRATE && value <= MAX_BITRATE))
    return FALSE;
  *bitrate = value + 0.5;
  return TRUE;
}

gboolean
vs_ladder_parse_frame_rate (const gchar * text, guint * fps_n, guint * fps_d)
{
  const gchar *slash = strchr (text, '/');
  guint n, d;

  if (slash) {
    g_autofree gchar *numerator = g_strndup (text, slash - text);

    if (!parse_number (numerator, 1, G_MAXINT / 1000, &n) ||
        !parse_number (slash + 1, 1, G_MAXINT / 1000, &d))
      return FALSE;
  } else {
    gchar *end;
    gdouble rate = g_ascii_strtod (text, &end);
    guint ntsc;

    if (end == text || *end != '\0' || !(rate >= 1 && rate <= MAX_FPS))
      return FALSE;
    ntsc = (guint) (rate + 0.5) * 1000;
    if (rate == (guint) rate) {
      n = rate;
      d = 1;
    } else if (ABS (rate - (gdouble) ntsc / NTSC_DENOMINATOR) < rate / 1000) {
      n = ntsc;
      d = NTSC_DENOMINATOR;
    } else {
      n = rate * 1000 + 0.5;
      d = 1000;
    }
  }
  if (n < d || n / d > MAX_FPS)
    return FALSE;
  *fps_n = n;
  *fps_d = d;
  return TRUE;
}

static gboolean
parse_size (const gchar * text, VsLadderRung * rung)
{
  g_autofree gchar *size = g_strdup (text);
  gchar *at = strchr (size, '@');
  gchar *x = strchr (size, 'x');

  if (x == NULL || (at && x > at))
    return FALSE;
  *x++ = '\0';
  if (at) {
    *at++ = '\0';
    if (!vs_ladder_parse_frame_rate (at, &rung->fps_n, &rung->fps_d))
      return FALSE;
  }
  if (!parse_number (size, MIN_SIZE, MAX_SIZE, &rung->width) ||
      !parse_number (x, MIN_SIZE, MAX_SIZE, &rung->height))
    return FALSE;
  return rung->width % 2 == 0 && rung->height % 2 == 0;
}

static gboolean
value_is_word (const gchar * value)
{
  return *value && strspn (value, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS
      "-.") == strlen (value);
}

static gboolean
parse_word (const gchar * value, gchar ** field)
{
  if (!value_is_word (value))
    return FALSE;
  g_free (*field);
  *field = g_strdup (value);
  return TRUE;
}

static gboolean
parse_rate_control (const gchar * value, gint * rate_control)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (VS_TYPE_LADDER_RATE_CONTROL);
  GEnumValue *found = g_enum_get_value_by_nick (klass, value);

  if (found == NULL)
    return FALSE;
  *rate_control = found->value;
  return TRUE;
}

/* H.264 table A-1 */
static gboolean
parse_level (const gchar * value, gchar ** field)
{
  static const gchar *const levels[] = { "1", "1.0", "1b", "1.1", "1.2", "1.3",
    "2", "2.0", "2.1", "2.2", "3", "3.0", "3.1", "3.2", "4", "4.0", "4.1",
    "4.2", "5", "5.0", "5.1", "5.2", "6", "6.0", "6.1", "6.2", NULL
  };

  return g_strv_contains (levels, value) && parse_word (value, field);
}

/* Returns NULL, or what is expected instead */
static const gchar *
parse_key (const gchar * key, const gchar * value, VsLadderRung * rung)
{
  if (g_str_equal (key, "audio"))
    return parse_bitrate (value, &rung->audio_bitrate) ? NULL : "a bit rate";
  if (g_str_equal (key, "max-bitrate"))
    return parse_bitrate (value, &rung->max_bitrate) ? NULL : "a bit rate";
  if (g_str_equal (key, "vbv"))
    return parse_number (value, 50, 60000, &rung->vbv_ms) ? NULL :
        "50 to 60000 ms";
  if (g_str_equal (key, "profile"))
    return parse_word (value, &rung->profile) ? NULL : "a profile";
  if (g_str_equal (key, "level"))
    return parse_level (value, &rung->level) ? NULL :
        "an H.264 level such as 4.1";
  if (g_str_equal (key, "speed-preset"))
    return parse_word (value, &rung->speed_preset) ? NULL : "a preset";
  if (g_str_equal (key, "rate-control"))
    return parse_rate_control (value, &rung->rate_control) ? NULL :
        "cbr, vbr or crf";
  if (g_str_equal (key, "crf")) {
    gchar *end;

    rung->crf = g_ascii_strtod (value, &end);
    return end != value && *end == '\0' && rung->crf >= 1 && rung->crf <= 50 ?
        NULL : "1 to 50";
  }
  return "audio, max-bitrate, vbv, profile, level, speed-preset, "
      "rate-control or crf";
}

/* The @nth field after the name; returns NULL, or what is expected instead */
static const gchar *
parse_field (gchar * field, guint nth, VsLadderRung * rung)
{
  gchar *equals = strchr (field, '=');

  if (nth == 0)
    return parse_size (field, rung) ? NULL :
        "an even WIDTHxHEIGHT (16 to 8192), or WIDTHxHEIGHT@FPS";
  if (nth == 1)
    return parse_bitrate (field, &rung->bitrate) ? NULL :
        "a video bit rate such as 3000k";
  if (equals) {
    *equals = '\0';
    return parse_key (field, equals + 1, rung);
  }
  if (nth == 2)
    return parse_bitrate (field, &rung->audio_bitrate) ? NULL :
        "an audio bit rate such as 128k, or key=value";
  return "key=value";
}

static gboolean
name_is_taken (GPtrArray * rungs, const gchar * name)
{
  for (guint i = 0; i < rungs->len; i++) {
    const VsLadderRung *rung = g_ptr_array_index (rungs, i);

    if (g_str_equal (rung->name, name))
      return TRUE;
  }
  return FALSE;
}

static gboolean
parse_rung (const gchar * text, gsize offset, GPtrArray * rungs,
    GError ** error)
{
  VsLadderRung *rung = g_new0 (VsLadderRung, 1);
  const guint number = rungs->len + 1;
  const gchar *colon = strchr (text, ':');
  g_autofree gchar *name = NULL;
  g_auto (GStrv) fields = NULL;
  gsize position;

  rung->fps_d = 1;
  rung->rate_control = -1;
  name = g_strstrip (g_strndup (text, colon ? colon - text : strlen (text)));
  if (colon == NULL || !vs_name_is_valid (name) || name_is_taken (rungs, name)) {
    rung_free (rung);
    g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_SYNTAX,
        "rung %u, character %" G_GSIZE_FORMAT ": expected a name of its own "
        "and a colon, found \"%s\"", number, offset + 1, text);
    return FALSE;
  }
  rung->name = g_steal_pointer (&name);
  g_ptr_array_add (rungs, rung);

  position = offset + (colon - text) + 1;
  fields = g_strsplit (colon + 1, ",", -1);
  for (guint i = 0; i < MAX (g_strv_length (fields), 2); i++) {
    g_autofree gchar *field = g_strdup (fields[i] ? fields[i] : "");
    const gchar *expected = parse_field (g_strstrip (field), i, rung);

    if (expected) {
      g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_VALUE,
          "rung %u (\"%s\"), character %" G_GSIZE_FORMAT ": expected %s, "
          "found \"%s\"", number, rung->name, position + 1, expected,
          fields[i] ? fields[i] : "");
      return FALSE;
    }
    if (fields[i] == NULL)
      break;
    position += strlen (fields[i]) + 1;
  }
  if (rung->max_bitrate && rung->max_bitrate < rung->bitrate) {
    g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_VALUE,
        "rung %u (\"%s\"), character %" G_GSIZE_FORMAT ": max-bitrate is "
        "below the bit rate", number, rung->name, offset + 1);
    return FALSE;
  }
  return TRUE;
}

GPtrArray *
vs_ladder_spec_parse (const gchar * text, GError ** error)
{
  g_autoptr (GPtrArray) rungs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) rung_free);
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);
  gsize offset = 0;

  if (parts[0] == NULL)
    return parse_rung ("", 0, rungs, error) ? g_steal_pointer (&rungs) : NULL;
  for (guint i = 0; parts[i]; i++) {
    const gsize length = strlen (parts[i]);
    const gboolean last = parts[i + 1] == NULL;

    if (last && i > 0 && *g_strchug (parts[i]) == '\0')
      break;                    /* a semicolon at the end is no rung */
    if (rungs->len == VS_LADDER_MAX_RUNGS) {
      g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_VALUE,
          "rung %u, character %" G_GSIZE_FORMAT ": a ladder has at most %d "
          "rungs", i + 1, offset + 1, VS_LADDER_MAX_RUNGS);
      return NULL;
    }
    if (!parse_rung (parts[i], offset, rungs, error))
      return NULL;
    offset += length + 1;
  }
  return g_steal_pointer (&rungs);
}

/* a/b == c/d within 0.5 %: 2997/100 is 29.97, and a camera's 30.01 is 30 */
static gboolean
rates_are_alike (guint64 a, guint64 b, guint64 c, guint64 d)
{
  const guint64 x = a * d, y = c * b;

  return (x > y ? x - y : y - x) * 2000 <= MAX (x, y);
}

void
vs_ladder_frame_rate_family (guint source_n, guint source_d, guint * fps_n,
    guint * fps_d)
{
  static const guint rates[][2] = {
    {24000, NTSC_DENOMINATOR}, {24, 1}, {25, 1},
    {30000, NTSC_DENOMINATOR}, {30, 1}
  };
  /* of the source's rate: as it is, halved, a quarter, doubled, three times */
  static const guint factors[][2] = { {1, 1}, {1, 2}, {1, 4}, {2, 1}, {3, 1} };

  *fps_n = 30;
  *fps_d = 1;
  if (source_n == 0 || source_d == 0)
    return;
  for (guint f = 0; f < G_N_ELEMENTS (factors); f++) {
    for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
      if (rates_are_alike ((guint64) source_n * factors[f][0],
              (guint64) source_d * factors[f][1], rates[i][0], rates[i][1])) {
        *fps_n = rates[i][0];
        *fps_d = rates[i][1];
        return;
      }
    }
  }
}

/* A rung that does not say has the default rate. */
static void
get_fastest (GPtrArray * rungs, guint * fps_n, guint * fps_d)
{
  *fps_n = 0;
  *fps_d = 1;
  for (guint i = 0; i < rungs->len; i++) {
    const VsLadderRung *rung = g_ptr_array_index (rungs, i);
    const guint n = rung->fps_n ? rung->fps_n : VS_LADDER_DEFAULT_FPS;
    const guint d = rung->fps_n ? rung->fps_d : 1;

    if ((guint64) n * *fps_d > (guint64) * fps_n * d) {
      *fps_n = n;
      *fps_d = d;
    }
  }
}

gboolean
vs_ladder_spec_strides (GPtrArray * rungs, guint * fps_n, guint * fps_d,
    guint * strides, GError ** error)
{
  if (*fps_n == 0)
    get_fastest (rungs, fps_n, fps_d);
  for (guint i = 0; i < rungs->len; i++) {
    const VsLadderRung *rung = g_ptr_array_index (rungs, i);
    const guint64 have = (guint64) * fps_n * rung->fps_d;
    const guint64 want = (guint64) * fps_d * rung->fps_n;

    strides[i] = want ? (have + want / 2) / want : 1;
    if (want && (strides[i] == 0 ||
            !rates_are_alike (*fps_n, (guint64) * fps_d * strides[i],
                rung->fps_n, rung->fps_d))) {
      g_set_error (error, VS_LADDER_SPEC_ERROR, VS_LADDER_SPEC_ERROR_VALUE,
          "rung %u (\"%s\"): %u/%u frames a second is no whole fraction of "
          "the ladder's %u/%u", i + 1, rung->name, rung->fps_n, rung->fps_d,
          *fps_n, *fps_d);
      return FALSE;
    }
  }
  return TRUE;
}

static guint
greatest_common_divisor (guint a, guint b)
{
  while (b) {
    const guint rest = a % b;

    a = b;
    b = rest;
  }
  return a;
}

guint
vs_ladder_gop_frames (guint64 gop_duration, guint fps_n, guint fps_d,
    const guint * strides, guint n_strides)
{
  const gdouble frames = (gdouble) gop_duration * fps_n / (1e9 * fps_d);
  guint multiple = 1;

  for (guint i = 0; i < n_strides; i++)
    multiple = multiple / greatest_common_divisor (multiple, strides[i]) *
        strides[i];
  return MAX ((guint) (frames / multiple + 0.5), 1) * multiple;
}
