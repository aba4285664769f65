/* VisionStream: XML: long lists of small elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "manifest/vsxmllist.h"

#include <string.h>

/* digits and sign of a 64 bit number */
#define NUMBER_MAX 20

/* The element at hand is put together here and added at once: one that is
 * added in bits costs three times as much. */
static void
append (VsXmlList * list, const gchar * bytes, gsize n)
{
  g_return_if_fail (n <= sizeof list->element - list->length);
  memcpy (list->element + list->length, bytes, n);
  list->length += n;
}

static void
append_blanks (VsXmlList * list, guint n)
{
  while (n-- > 0)
    append (list, " ", 1);
}

static void
flush (VsXmlList * list)
{
  g_string_append_len (list->text, list->element, list->length);
  list->length = 0;
}

static int
write_text (void *context, const char *buffer, int length)
{
  g_string_append_len (context, buffer, length);
  return length;
}

/* The writer's functions fail for want of memory only; GLib's would abort. */
xmlTextWriter *
vs_xml_writer_new (GString * text)
{
  xmlTextWriter *xml = xmlNewTextWriter (xmlOutputBufferCreateIO (write_text,
          NULL, text, NULL));

  xmlTextWriterSetIndent (xml, 1);
  return xml;
}

void
vs_xml_list_begin (VsXmlList * list, xmlTextWriter * xml, GString * text,
    guint depth, gboolean follows, VsXmlCuts * cuts)
{
  /* ends the start tag, and the writer's indenting of the end tag */
  xmlTextWriterWriteRaw (xml, BAD_CAST (follows ? "" : "\n"));
  xmlTextWriterFlush (xml);
  list->text = text;
  list->depth = depth;
  list->cuts = cuts;
  list->last = 0;
  list->length = 0;
}

static void
note_cut (VsXmlList * list, guint64 sequence)
{
  guint64 numbers = list->cuts->numbers;
  gsize offset = list->text->len;

  if (list->last > 0 && (sequence - 1) / numbers != (list->last - 1) / numbers)
    g_array_append_val (list->cuts->offsets, offset);
}

void
vs_xml_list_start (VsXmlList * list, const gchar * name, guint64 sequence)
{
  if (list->cuts)
    note_cut (list, sequence);
  list->last = sequence;
  append_blanks (list, list->depth);
  append (list, "<", 1);
  append (list, name, strlen (name));
}

static void
append_number (VsXmlList * list, gint64 value)
{
  gchar digits[NUMBER_MAX];
  guint64 rest = value < 0 ? -(guint64) value : (guint64) value;
  guint n = sizeof digits;

  do
    digits[--n] = '0' + rest % 10;
  while ((rest /= 10) > 0);
  if (value < 0)
    digits[--n] = '-';
  append (list, digits + n, sizeof digits - n);
}

void
vs_xml_list_put (VsXmlList * list, const gchar * name, gint64 value)
{
  append (list, " ", 1);
  append (list, name, strlen (name));
  append (list, "=\"", 2);
  append_number (list, value);
  append (list, "\"", 1);
}

void
vs_xml_list_end (VsXmlList * list)
{
  append (list, "/>\n", 3);
  flush (list);
}

void
vs_xml_list_finish (VsXmlList * list)
{
  append_blanks (list, list->depth - 1);
  flush (list);
}
