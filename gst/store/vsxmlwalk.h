/* VisionStream: a server's XML, element by element
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsXmlFunc:
 * @path: local names from the root on: "ListBucketResult/Contents/Key"
 * @text: what it contains but for its children
 *
 * Called when an element ends, so for children ahead of their parent.
 */
typedef void (*VsXmlFunc) (const gchar *path, const gchar *text,
    gpointer user_data);

/**
 * vs_xml_walk:
 *
 * Reads a document that a server sent. Namespaces are not looked at. A
 * document type, which none of these protocols has, is refused, and with it
 * all entities; so is one that is deeper than any of them.
 *
 * Returns: FALSE with %G_IO_ERROR_INVALID_DATA; @func may have been called
 */
gboolean vs_xml_walk (GBytes *document, VsXmlFunc func, gpointer user_data,
    GError **error);

G_END_DECLS
