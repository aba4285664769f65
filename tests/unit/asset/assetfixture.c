/* VisionStream: media files under test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "asset/assetfixture.h"

#include <gst/check/gstcheck.h>

#include "common/folder.h"

VsStore *asset_store;
gchar *asset_folder;
static gchar *root;

void
asset_setup (void)
{
  root = g_dir_make_tmp ("vs-asset-XXXXXX", NULL);
  asset_folder = g_build_filename (root, "default", VS_ASSET_FOLDER, NULL);
  g_mkdir_with_parents (asset_folder, 0700);
  asset_store = vs_store_open (root, FALSE, NULL);
}

void
asset_teardown (void)
{
  vs_store_unref (asset_store);
  test_folder_remove (root);
  g_clear_pointer (&asset_folder, g_free);
  g_clear_pointer (&root, g_free);
}

gboolean
asset_run_ffmpeg (const gchar * line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  gint status;

  if (g_spawn_sync (NULL, argv, NULL, G_SPAWN_SEARCH_PATH
          | G_SPAWN_STDERR_TO_DEV_NULL | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
          NULL, NULL, NULL, &status, NULL)
      && g_spawn_check_wait_status (status, NULL))
    return TRUE;
  g_print ("skipped: no ffmpeg with libx264\n");
  return FALSE;
}

gboolean
asset_make_with (const gchar * name, guint seconds, guint gop,
    const gchar * options)
{
  g_autofree gchar *line = g_strdup_printf ("ffmpeg -y -f lavfi -i "
      "testsrc=s=160x90:r=25 -f lavfi -i sine=r=48000 -t %u -c:v libx264 "
      "-preset ultrafast -bf 2 -pix_fmt yuv420p -g %u -keyint_min %u "
      "-sc_threshold 0 -c:a aac%s %s/%s", seconds, gop, gop, options,
      asset_folder,
      name);

  return asset_run_ffmpeg (line);
}

gboolean
asset_make (const gchar * name, guint seconds, guint gop)
{
  return asset_make_with (name, seconds, gop, "");
}

VsTimelineView *
asset_view (VsSegmentSource * source, guint index)
{
  g_autoptr (GPtrArray) timelines = source->klass->get_timelines (source);

  fail_unless (index < timelines->len);
  return vs_timeline_view (g_ptr_array_index (timelines, index), 0,
      G_MAXUINT64);
}

VsSegmentSource *
asset_open (const gchar * file)
{
  g_autoptr (GError) error = NULL;
  VsSegmentSource *source =
      vs_asset_open (asset_store, "default", file, &error);

  fail_unless (source != NULL, "%s", error ? error->message : "");
  return source;
}
