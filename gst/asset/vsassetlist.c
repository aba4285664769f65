/* VisionStream: the lists that make several files one ladder
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "asset/vsassetlist.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <libxml/parser.h>
#include <string.h>

#define FILE_NAME_MAX 128
/* elements within each other: of SMIL, body, switch and what is in it */
#define MAX_DEPTH 8
#define LANGUAGE_MAX 35

static void
entry_free (VsAssetEntry * entry)
{
  g_free (entry->src);
  g_free (entry->name);
  g_free (entry->language);
  g_free (entry);
}

static GPtrArray *
list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
}

gboolean
vs_asset_file_name_is_valid (const gchar * name)
{
  gsize length = strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-");

  return length > 0 && length <= FILE_NAME_MAX && name[length] == '\0'
      && name[0] != '.';
}

static const VsAssetEntry *
find_name (GPtrArray * list, const gchar * name)
{
  for (guint i = 0; i < list->len; i++) {
    const VsAssetEntry *entry = g_ptr_array_index (list, i);

    if (strcmp (entry->name, name) == 0)
      return entry;
  }
  return NULL;
}

/* "clip.final.mp4" is "clip_final", and "clip_final-2" the second time. */
static gchar *
name_from_file (GPtrArray * list, const gchar * src)
{
  g_autofree gchar *base = g_strndup (src, VS_NAME_MAX - 4);
  gchar *suffix = strrchr (base, '.');
  gchar *name;

  if (suffix)
    *suffix = '\0';
  g_strdelimit (base, ".", '_');
  name = g_strdup (base);
  for (guint i = 2; find_name (list, name); i++) {
    g_free (name);
    name = g_strdup_printf ("%s-%u", base, i);
  }
  return name;
}

static gboolean
language_is_valid (const gchar * language)
{
  gsize length = strspn (language,
      G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-");

  return length >= 2 && length <= LANGUAGE_MAX && language[length] == '\0';
}

/* @name: (nullable) */
static gboolean
add (GPtrArray * list, const gchar * src, const gchar * name,
    const gchar * language, GError ** error)
{
  VsAssetEntry *entry;

  if (list->len == VS_ASSET_RENDITIONS_MAX || !src
      || !vs_asset_file_name_is_valid (src)
      || (name && (!vs_name_is_valid (name) || find_name (list, name)))
      || (language && !language_is_valid (language))) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "Entry %u of the list has no valid file, name or language",
        list->len + 1);
    return FALSE;
  }
  entry = g_new0 (VsAssetEntry, 1);
  entry->src = g_strdup (src);
  entry->name = name ? g_strdup (name) : name_from_file (list, src);
  entry->language = g_strdup (language);
  g_ptr_array_add (list, entry);
  return TRUE;
}

GPtrArray *
vs_asset_list_new_single (const gchar * src)
{
  GPtrArray *list = list_new ();

  add (list, src, NULL, NULL, NULL);
  return list;
}

static gboolean
invalid (GError ** error, const gchar * why)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, why);
  return FALSE;
}

/* JSON. */

/* json-glib recurses: what is nested deeper than a list can be is refused
 * ahead of it. */
static gboolean
is_shallow (const gchar * data, gsize size)
{
  gboolean quoted = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++) {
    if (quoted && data[i] == '\\')
      i++;
    else if (data[i] == '"')
      quoted = !quoted;
    else if (!quoted && (data[i] == '{' || data[i] == '['))
      depth++;
    else if (!quoted && (data[i] == '}' || data[i] == ']') && depth > 0)
      depth--;
    if (depth > MAX_DEPTH)
      return FALSE;
  }
  return TRUE;
}

/* (nullable): NULL also where it is no string */
static const gchar *
get_string (JsonObject * object, const gchar * member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING ?
      json_node_get_string (node) : NULL;
}

static gboolean
add_renditions (GPtrArray * list, JsonNode * root, GError ** error)
{
  JsonNode *node = root && JSON_NODE_HOLDS_OBJECT (root) ?
      json_object_get_member (json_node_get_object (root), "renditions") : NULL;
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ?
      json_node_get_array (node) : NULL;

  if (array == NULL || json_array_get_length (array) == 0)
    return invalid (error, "The list has no renditions");
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ?
        json_node_get_object (element) : NULL;

    if (object == NULL)
      return invalid (error, "A rendition of the list is no object");
    if (!add (list, get_string (object, "src"), get_string (object, "name"),
            get_string (object, "language"), error))
      return FALSE;
  }
  return TRUE;
}

GPtrArray *
vs_asset_list_parse_json (const gchar * data, gsize size, GError ** error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GPtrArray) list = list_new ();
  g_autoptr (GError) cause = NULL;

  if (size > VS_ASSET_LIST_MAX || !is_shallow (data, size)) {
    invalid (error, "The list is too long, or nested too deep");
    return NULL;
  }
  if (!json_parser_load_from_data (parser, data, size, &cause)) {
    invalid (error, cause->message);
    return NULL;
  }
  return add_renditions (list, json_parser_get_root (parser), error) ?
      g_steal_pointer (&list) : NULL;
}

/* SMIL. */

static gboolean
is_element (const xmlNode * node, const gchar * name)
{
  return node->type == XML_ELEMENT_NODE
      && strcmp ((const gchar *) node->name, name) == 0;
}

static gboolean
add_media (GPtrArray * list, xmlNode * node, GError ** error)
{
  xmlChar *src = xmlGetProp (node, BAD_CAST "src");
  xmlChar *title = xmlGetProp (node, BAD_CAST "title");
  xmlChar *language = xmlGetProp (node, BAD_CAST "systemLanguage");
  gchar *others = language ? strchr ((gchar *) language, ',') : NULL;
  gboolean added;

  /* that of the first track */
  if (others)
    *others = '\0';
  if (src == NULL)
    src = xmlGetProp (node, BAD_CAST "name");
  added = add (list, (const gchar *) src, (const gchar *) title,
      (const gchar *) language, error);
  xmlFree (src);
  xmlFree (title);
  xmlFree (language);
  return added;
}

static gboolean
add_elements (GPtrArray * list, xmlNode * parent, guint depth, GError ** error)
{
  for (xmlNode * node = parent->children; node; node = node->next) {
    if (is_element (node, "video") || is_element (node, "audio")
        || is_element (node, "ref")) {
      if (!add_media (list, node, error))
        return FALSE;
    } else if (depth < MAX_DEPTH && (is_element (node, "body")
            || is_element (node, "switch") || is_element (node, "par"))) {
      if (!add_elements (list, node, depth + 1, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
has_entities (xmlDoc * doc)
{
  const xmlDtd *subset = xmlGetIntSubset (doc);

  return subset && (subset->entities || subset->pentities);
}

GPtrArray *
vs_asset_list_parse_smil (const gchar * data, gsize size, GError ** error)
{
  g_autoptr (GPtrArray) list = list_new ();
  gboolean whole = FALSE;
  xmlNode *root;
  xmlDoc *doc;

  if (size > VS_ASSET_LIST_MAX) {
    invalid (error, "The list is too long");
    return NULL;
  }
  /* libxml2 limits depth and size */
  doc = xmlReadMemory (data, size, NULL, NULL, XML_PARSE_NONET
      | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
  root = doc ? xmlDocGetRootElement (doc) : NULL;
  if (root == NULL || !is_element (root, "smil") || has_entities (doc))
    invalid (error, "The list is no SMIL document");
  else
    whole = add_elements (list, root, 0, error)
        && (list->len > 0 || invalid (error, "The list has no media"));
  xmlFreeDoc (doc);
  return whole ? g_steal_pointer (&list) : NULL;
}
