/* VisionStream: a folder of files, served from memory
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsstaticfiles.h"

#include <gio/gio.h>

#define MAX_FILES 256
#define MAX_DEPTH 4
#define MAX_BYTES (32 * 1024 * 1024)
#define INDEX_FILE "index.html"

static const struct
{
  const gchar *suffix, *type;
  gboolean text;                /* worth compressing */
} types[] = {
  {".html", "text/html; charset=utf-8", TRUE},
  {".js", "text/javascript; charset=utf-8", TRUE},
  {".css", "text/css; charset=utf-8", TRUE},
  {".json", "application/json", TRUE},
  {".svg", "image/svg+xml", TRUE},
  {".txt", "text/plain; charset=utf-8", TRUE},
  {".webmanifest", "application/manifest+json", TRUE},
  {".png", "image/png", FALSE},
  {".ico", "image/x-icon", FALSE},
  {".woff2", "font/woff2", FALSE},
  {".wasm", "application/wasm", FALSE},
};

struct _VsStaticFiles
{
  GHashTable *files;            /* path -> VsObject */
  gsize size;
};

static gint
find_type (const gchar * path)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (path, types[i].suffix))
      return i;
  return -1;
}

static void
add_file (VsStaticFiles * files, GFile * file, const gchar * path, goffset size)
{
  gint type = find_type (path);
  GBytes *bytes;

  if (g_hash_table_size (files->files) >= MAX_FILES
      || size > (goffset) (MAX_BYTES - files->size))
    return;
  bytes = g_file_load_bytes (file, NULL, NULL, NULL);
  if (bytes == NULL)
    return;
  files->size += g_bytes_get_size (bytes);
  g_hash_table_insert (files->files, g_strdup (path),
      vs_object_new (bytes, type >= 0 && types[type].text));
}

static void
add_folder (VsStaticFiles * files, GFile * folder, const gchar * prefix,
    guint depth)
{
  g_autoptr (GFileEnumerator) children = NULL;
  GFileInfo *info;
  GFile *child;

  children = g_file_enumerate_children (folder,
      G_FILE_ATTRIBUTE_STANDARD_NAME "," G_FILE_ATTRIBUTE_STANDARD_TYPE ","
      G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_STANDARD_IS_HIDDEN,
      G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
  while (children && g_file_enumerator_iterate (children, &info, &child, NULL,
          NULL) && info) {
    g_autofree gchar *path =
        g_strconcat (prefix, "/", g_file_info_get_name (info), NULL);

    if (g_file_info_get_is_hidden (info))
      continue;
    if (g_file_info_get_file_type (info) == G_FILE_TYPE_REGULAR)
      add_file (files, child, path, g_file_info_get_size (info));
    else if (g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY
        && depth + 1 < MAX_DEPTH)
      add_folder (files, child, path, depth + 1);
  }
}

VsStaticFiles *
vs_static_files_new (const gchar * folder)
{
  VsStaticFiles *files = g_new0 (VsStaticFiles, 1);
  g_autoptr (GFile) root = g_file_new_for_path (folder);

  files->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) vs_object_unref);
  add_folder (files, root, "", 0);
  return files;
}

void
vs_static_files_free (VsStaticFiles * files)
{
  g_hash_table_unref (files->files);
  g_free (files);
}

guint
vs_static_files_get_count (VsStaticFiles * files)
{
  return g_hash_table_size (files->files);
}

VsObject *
vs_static_files_get (VsStaticFiles * files, const gchar * path,
    const gchar ** content_type)
{
  VsObject *object;
  gint type;

  if (g_str_equal (path, "/"))
    path = "/" INDEX_FILE;
  object = g_hash_table_lookup (files->files, path);
  type = find_type (path);
  *content_type = type >= 0 ? types[type].type : "application/octet-stream";
  return object;
}
