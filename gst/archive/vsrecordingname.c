/* VisionStream: how recordings are called
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "archive/vsrecordingname.h"

#include <string.h>

#define EVENT "{event}"
#define RENDITION "{rendition}"
/* bytes of a template, and of the digits that a number is padded to */
#define TEMPLATE_MAX 128
#define DIGITS_MAX 20

/* One of a template's codes */
typedef struct
{
  gchar letters[3];             /* "dt" */
  guint digits;
  gsize size;                   /* of its text */
} Code;

/* At a dollar sign. FALSE: it begins no code. */
static gboolean
read_code (const gchar * text, Code * code)
{
  const gchar *at = text + 1;
  gsize n = strspn (at, "abcdefghijklmnopqrstuvwxyz");
  guint64 digits = 0;

  if (n >= sizeof code->letters)
    return FALSE;
  memset (code, 0, sizeof *code);
  memcpy (code->letters, at, n);
  at += n;
  if (*at == '%' && n > 0) {
    gchar *end;

    if (at[1] != '0' || !g_ascii_isdigit (at[2]))
      return FALSE;
    digits = g_ascii_strtoull (at + 2, &end, 10);
    at = end;
    if (digits < 1 || digits > DIGITS_MAX)
      return FALSE;
  }
  code->digits = digits;
  code->size = at + 1 - text;
  return *at == '$';
}

static void
append_time (GString * name, const gchar * format, gint64 utc_us)
{
  g_autoptr (GDateTime) time =
      g_date_time_new_from_unix_utc (utc_us / G_USEC_PER_SEC);
  g_autofree gchar *text = time ? g_date_time_format (time, format) : NULL;

  g_string_append (name, text ? text : "0");
}

/* FALSE: there is no such code. */
static gboolean
append_code (GString * name, const Code * code,
    const VsRecordingNaming * naming)
{
  static const gchar *const times[][2] = {
    {"dt", "%Y%m%dT%H%M%S"}, {"d", "%Y%m%d"}, {"t", "%H%M%S"}
  };
  const struct
  {
    const gchar *letters;
    guint value;
  } numbers[] = {
    {"w", naming->width}, {"h", naming->height},
    {"f", naming->fps_d ? naming->fps_n / naming->fps_d : 0}
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    if (strcmp (code->letters, numbers[i].letters) == 0) {
      g_string_append_printf (name, "%0*u", (gint) code->digits,
          numbers[i].value);
      return TRUE;
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    if (strcmp (code->letters, times[i][0]) == 0 && code->digits == 0) {
      append_time (name, times[i][1], naming->utc_us);
      return TRUE;
    }
  }
  return FALSE;
}

/* Returns: where it was not understood; NULL: all of it was */
static const gchar *
expand (GString * name, const gchar * template,
    const VsRecordingNaming * naming)
{
  const gchar *at = template;

  while (*at) {
    Code code = { "", 0, 1 };

    if (g_str_has_prefix (at, EVENT)) {
      g_string_append (name, naming->event);
      code.size = strlen (EVENT);
    } else if (g_str_has_prefix (at, RENDITION)) {
      g_string_append (name, naming->rendition);
      code.size = strlen (RENDITION);
    } else if (*at == '$') {
      if (!read_code (at, &code) || !append_code (name, &code, naming))
        return at;
    } else {
      g_string_append_c (name, *at);
    }
    at += code.size;
  }
  return NULL;
}

/* What a URL and every file system take as it is. */
static gboolean
is_file_name (const gchar * name)
{
  return name[0] && name[0] != '.'
      && strspn (name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "0123456789._-") == strlen (name);
}

gboolean
vs_recording_name_check (const gchar * template, GError ** error)
{
  const VsRecordingNaming naming = {.event = "live",.rendition = "1080p" };
  g_autoptr (GString) name = g_string_new (NULL);
  const gchar *bad;

  if (strlen (template) > TEMPLATE_MAX) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "it is longer than %u characters", TEMPLATE_MAX);
    return FALSE;
  }
  bad = expand (name, template, &naming);
  if (bad)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" begins with no code: there are $dt$, $d$, $t$, $w$, $h$, $f$, "
        EVENT " and " RENDITION, bad);
  else if (!is_file_name (name->str))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "\"%s\" would be a file's name: letters, digits, \"_\", \"-\" and "
        "\".\" can be in it, and no \".\" at its beginning", name->str);
  return bad == NULL && is_file_name (name->str);
}

gboolean
vs_recording_name_has_pictures (const gchar * template)
{
  for (const gchar * at = strchr (template, '$'); at; at = strchr (at, '$')) {
    Code code;

    if (!read_code (at, &code))
      return FALSE;
    if (strlen (code.letters) == 1 && strchr ("whf", code.letters[0]))
      return TRUE;
    at += code.size;
  }
  return FALSE;
}

gchar *
vs_recording_name_expand (const gchar * template,
    const VsRecordingNaming * naming)
{
  g_autoptr (GString) name = g_string_new (NULL);

  expand (name, template, naming);
  return g_string_free (g_steal_pointer (&name), FALSE);
}
