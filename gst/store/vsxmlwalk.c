/* VisionStream: a server's XML, element by element
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vsxmlwalk.h"

#include <libxml/xmlreader.h>

/* WebDAV's multistatus has six (RFC 4918 14.16). */
#define MAX_DEPTH 16
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)

typedef struct
{
  xmlTextReader *reader;
  VsXmlFunc func;
  gpointer user_data;
  GString *path;
  GString *texts[MAX_DEPTH];    /* of the elements that are open */
  guint depth;
  GError *error;
} Walk;

static gboolean
refuse (Walk * walk, const gchar * reason)
{
  g_set_error (&walk->error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
      "XML in line %d: %s", xmlTextReaderGetParserLineNumber (walk->reader),
      reason);
  return FALSE;
}

static void
leave (Walk * walk)
{
  GString *text = walk->texts[--walk->depth];
  gchar *slash;

  walk->func (walk->path->str, text->str, walk->user_data);
  g_string_free (text, TRUE);
  slash = strrchr (walk->path->str, '/');
  g_string_truncate (walk->path, slash ? slash - walk->path->str : 0);
}

static gboolean
enter (Walk * walk)
{
  const xmlChar *name = xmlTextReaderConstLocalName (walk->reader);

  if (walk->depth == MAX_DEPTH)
    return refuse (walk, "too deep");
  if (walk->depth > 0)
    g_string_append_c (walk->path, '/');
  g_string_append (walk->path, (const gchar *) name);
  walk->texts[walk->depth++] = g_string_new (NULL);
  if (xmlTextReaderIsEmptyElement (walk->reader) == 1)
    leave (walk);
  return TRUE;
}

static gboolean
read_node (Walk * walk)
{
  switch (xmlTextReaderNodeType (walk->reader)) {
    case XML_READER_TYPE_ELEMENT:
      return enter (walk);
    case XML_READER_TYPE_END_ELEMENT:
      leave (walk);
      return TRUE;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
      if (walk->depth > 0)
        g_string_append (walk->texts[walk->depth - 1],
            (const gchar *) xmlTextReaderConstValue (walk->reader));
      return TRUE;
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
      return refuse (walk, "no document type is expected here");
    default:
      return TRUE;
  }
}

/* libxml2 sets itself up at its first use, and not for several threads. */
static void
init_once (void)
{
  static gsize done;

  if (g_once_init_enter (&done)) {
    xmlInitParser ();
    g_once_init_leave (&done, 1);
  }
}

gboolean
vs_xml_walk (GBytes * document, VsXmlFunc func, gpointer user_data,
    GError ** error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (document, &size);
  Walk walk = {.func = func,.user_data = user_data };
  gint result;

  init_once ();
  /* which S3 sends ahead of a slow answer, to keep the connection */
  for (; size > 0 && g_ascii_isspace (*data); size--)
    data++;
  walk.reader = size > 0 && size <= G_MAXINT ?
      xmlReaderForMemory (data, size, NULL, NULL, OPTIONS) : NULL;
  if (walk.reader == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "no XML");
    return FALSE;
  }
  walk.path = g_string_new (NULL);
  while ((result = xmlTextReaderRead (walk.reader)) == 1 && read_node (&walk));
  if (result < 0 && walk.error == NULL)
    refuse (&walk, "not well-formed");
  while (walk.depth > 0)
    g_string_free (walk.texts[--walk.depth], TRUE);
  g_string_free (walk.path, TRUE);
  xmlFreeTextReader (walk.reader);
  if (walk.error)
    g_propagate_error (error, walk.error);
  return result == 0;
}
