/* VisionStream: an endpoint's Smooth Streaming manifest
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmanifests.h"

#include <string.h>

#include "manifest/vssmoothmanifest.h"
#include "origin/vspackage.h"

static gboolean
is_of (const VsSmoothLevel * level, const VsTimelineView * view)
{
  return strcmp (level->view->rendition->name, view->rendition->name) == 0;
}

/* A level of the event as the range has it: the codec may have been another
 * then. */
static void
add_level (GArray * levels, const VsSmoothLevel * level,
    const VsTimelineView * view, gboolean shown)
{
  VsSmoothLevel own = *level;

  own.view = view;
  own.hidden = !shown;
  own.config = vs_timeline_view_find_config (view, level->type);
  if (own.config && own.config->codec == level->config->codec)
    g_array_append_val (levels, own);
}

static gboolean
is_audio_shown (const VsChoice * choice, guint view)
{
  gint audio = vs_event_view_get_audio (choice->view, view);

  return audio >= 0 && choice->audios[audio];
}

static void
add_levels_of (GArray * levels, const GArray * all, const VsChoice * choice,
    guint index, VsMediaType type)
{
  const VsTimelineView *view = g_ptr_array_index (choice->view->views, index);
  gboolean shown = type == VS_MEDIA_VIDEO ? choice->videos[index] :
      is_audio_shown (choice, index);

  for (guint i = 0; i < all->len; i++) {
    const VsSmoothLevel *level = &g_array_index (all, VsSmoothLevel, i);

    if (level->type == type && is_of (level, view))
      add_level (levels, level, view, shown);
  }
}

static GArray *
list_levels (const VsManifestContext * context, const VsChoice * choice)
{
  GArray *levels = g_array_new (FALSE, FALSE, sizeof (VsSmoothLevel));
  const GArray *all = context->mss_levels->levels;

  for (guint i = 0; i < choice->order->len; i++)
    add_levels_of (levels, all, choice,
        g_array_index (choice->order, guint, i), VS_MEDIA_VIDEO);
  for (guint i = 0; i < context->view->views->len; i++)
    add_levels_of (levels, all, choice, i, VS_MEDIA_AUDIO);
  return levels;
}

/* What stands ahead of a fragment's name: relative to `index.ism`. */
static gchar *
make_prefix (const VsManifestContext * context)
{
  const VsEndpoint *endpoint = context->endpoint;
  GString *out = g_string_new (NULL);
  VsObjectName name = {
    .ahead = context->view->ended ? 0 : endpoint->look_ahead,
    .join = context->view->join
  };

  if (endpoint->uri_type == VS_URI_ROOT)
    g_string_append_printf (out, "%s%s.ism/", context->root,
        endpoint->manifest_name);
  vs_object_name_append_variant (out, &name);
  return g_string_free (out, FALSE);
}

gchar *
vs_manifest_write_mss (const VsManifestContext * context,
    const VsChoice * choice)
{
  const VsEndpoint *endpoint = context->endpoint;
  g_autoptr (GArray) levels = list_levels (context, choice);
  g_autofree gchar *prefix = make_prefix (context);
  g_autoptr (GString) query = g_string_new (NULL);
  VsSmoothSettings settings = {
    .look_ahead = endpoint->look_ahead,
    .window = context->view->slides ? endpoint->window : 0,
    .compact = endpoint->layout == VS_LAYOUT_COMPACT,
    .prefix = prefix,
    .cuts = context->cuts
  };
  VsSegment first;

  if (!vs_event_view_get_first (context->view, &first))
    return NULL;
  vs_package_append_event_token (query, VS_FORMAT_SMOOTH, &first);
  settings.query = query->str;
  return vs_smooth_manifest_write ((const VsSmoothLevel *) levels->data,
      levels->len, &settings);
}
