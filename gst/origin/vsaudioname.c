/* VisionStream: what people are shown of an audio track
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsaudioname.h"

#include <string.h>

/* Languages as their speakers call them; others are shown by their tag. */
static const struct
{
  const gchar *tag, *name;
} languages[] = {
  {"ar", "العربية"},
  {"bn", "বাংলা"},
  {"cs", "Čeština"},
  {"da", "Dansk"},
  {"de", "Deutsch"},
  {"el", "Ελληνικά"},
  {"en", "English"},
  {"es", "Español"},
  {"fa", "فارسی"},
  {"fi", "Suomi"},
  {"fr", "Français"},
  {"he", "עברית"},
  {"hi", "हिन्दी"},
  {"hu", "Magyar"},
  {"id", "Bahasa Indonesia"},
  {"it", "Italiano"},
  {"ja", "日本語"},
  {"ko", "한국어"},
  {"nb", "Norsk bokmål"},
  {"nl", "Nederlands"},
  {"no", "Norsk"},
  {"pl", "Polski"},
  {"pt", "Português"},
  {"ro", "Română"},
  {"ru", "Русский"},
  {"sv", "Svenska"},
  {"th", "ไทย"},
  {"tr", "Türkçe"},
  {"uk", "Українська"},
  {"vi", "Tiếng Việt"},
  {"zh", "中文"},
};

static gchar *
language_name (const gchar * language)
{
  gsize length = strcspn (language, "-");

  for (guint i = 0; i < G_N_ELEMENTS (languages); i++) {
    if (strlen (languages[i].tag) != length
        || g_ascii_strncasecmp (languages[i].tag, language, length) != 0)
      continue;
    if (language[length] == '\0')
      return g_strdup (languages[i].name);
    return g_strdup_printf ("%s (%s)", languages[i].name,
        language + length + 1);
  }
  return g_strdup (language);
}

gchar *
vs_audio_name (const gchar * language, guint channels)
{
  if (language)
    return language_name (language);
  switch (channels) {
    case 0:
      return g_strdup ("Audio");
    case 1:
      return g_strdup ("Mono");
    case 2:
      return g_strdup ("Stereo");
    case 6:
      return g_strdup ("5.1");
    case 8:
      return g_strdup ("7.1");
    default:
      return g_strdup_printf ("%u channels", channels);
  }
}
