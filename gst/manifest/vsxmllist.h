/* VisionStream: XML: long lists of small elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libxml/xmlwriter.h>

#include "manifest/vsxmlcuts.h"

G_BEGIN_DECLS

/* Writes into @text, indented by one blank a level. */
xmlTextWriter *vs_xml_writer_new (GString *text);

/* most bytes of an element: indentation, names and numbers are short */
#define VS_XML_LIST_ELEMENT 256

/**
 * VsXmlList:
 *
 * Children of the element that a writer is in, which have attributes that are
 * numbers and nothing else: as there are many, they go past the writer. The
 * text is what it would make of them.
 */
typedef struct
{
  /*< private >*/
  GString *text;
  guint depth;
  VsXmlCuts *cuts;
  guint64 last;
  gchar element[VS_XML_LIST_ELEMENT];
  gsize length;                 /* of element */
} VsXmlList;

/**
 * vs_xml_list_begin:
 * @xml: of vs_xml_writer_new ()
 * @text: that it writes into
 * @depth: of the children: 1 below the root
 * @follows: the element has children already
 * @cuts: (nullable): where to note cuts
 */
void vs_xml_list_begin (VsXmlList *list, xmlTextWriter *xml, GString *text,
    guint depth, gboolean follows, VsXmlCuts *cuts);
/* @name: of a child; @sequence: of the first segment that it tells of */
void vs_xml_list_start (VsXmlList *list, const gchar *name,
    guint64 sequence);
void vs_xml_list_put (VsXmlList *list, const gchar *name, gint64 value);
void vs_xml_list_end (VsXmlList *list);
/* After all of them: one at least was started. */
void vs_xml_list_finish (VsXmlList *list);

G_END_DECLS
