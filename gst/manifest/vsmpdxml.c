/* VisionStream: DASH MPDs: elements and attributes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "manifest/vsmpdprivate.h"

#include <string.h>

#include "manifest/vsmediatime.h"

void
vs_mpd_start (VsMpd * mpd, const gchar * name)
{
  xmlTextWriterStartElement (mpd->xml, BAD_CAST name);
  mpd->depth++;
}

void
vs_mpd_end (VsMpd * mpd)
{
  xmlTextWriterEndElement (mpd->xml);
  mpd->depth--;
}

void
vs_mpd_put (VsMpd * mpd, const gchar * name, const gchar * value)
{
  xmlTextWriterWriteAttribute (mpd->xml, BAD_CAST name, BAD_CAST value);
}

void
vs_mpd_put_int (VsMpd * mpd, const gchar * name, gint64 value)
{
  gchar text[24];

  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, value);
  vs_mpd_put (mpd, name, text);
}

void
vs_mpd_put_ratio (VsMpd * mpd, const gchar * name, guint n, guint d,
    gchar separator)
{
  gchar text[24];

  g_snprintf (text, sizeof text, "%u%c%u", n, separator, d);
  vs_mpd_put (mpd, name, text);
}

void
vs_mpd_put_duration (VsMpd * mpd, const gchar * name, gint64 us)
{
  gchar text[32];
  gsize length;

  us = MAX (us, 0);
  g_snprintf (text, sizeof text, "PT%" G_GINT64_FORMAT ".%06d",
      us / G_USEC_PER_SEC, (gint) (us % G_USEC_PER_SEC));
  for (length = strlen (text); text[length - 1] == '0'; length--);
  if (text[length - 1] == '.')
    length--;
  text[length] = 'S';
  text[length + 1] = '\0';
  vs_mpd_put (mpd, name, text);
}

void
vs_mpd_put_utc (VsMpd * mpd, const gchar * name, gint64 utc_us)
{
  g_autofree gchar *text = vs_media_time_format_utc (utc_us);

  vs_mpd_put (mpd, name, text);
}

void
vs_mpd_write_descriptor (VsMpd * mpd, const gchar * name, const gchar * scheme,
    const gchar * value)
{
  vs_mpd_start (mpd, name);
  vs_mpd_put (mpd, "schemeIdUri", scheme);
  vs_mpd_put (mpd, "value", value);
  vs_mpd_end (mpd);
}

void
vs_mpd_write_text (VsMpd * mpd, const gchar * name, const gchar * text)
{
  if (text)
    xmlTextWriterWriteElement (mpd->xml, BAD_CAST name, BAD_CAST text);
}
