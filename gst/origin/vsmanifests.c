/* VisionStream: an endpoint's manifests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsmanifests.h"

#include <gio/gio.h>

void
vs_manifest_append_uri (GString * out, const VsManifestContext * context,
    const VsObjectName * name)
{
  if (context->endpoint->uri_type == VS_URI_ROOT)
    g_string_append (out, context->root);
  vs_object_name_append (out, context->endpoint, name);
}

static gchar *
write_choice (const VsManifestContext * context, const VsChoice * choice)
{
  switch (context->endpoint->type) {
    case VS_ENDPOINT_DASH:
      return vs_manifest_write_dash (context, choice);
    case VS_ENDPOINT_MSS:
      return vs_manifest_write_mss (context, choice);
    default:
      return vs_manifest_write_hls_main (context, choice);
  }
}

static gboolean
is_empty (const VsChoice * choice)
{
  for (guint i = 0; i < choice->view->views->len; i++)
    if (choice->videos[i])
      return FALSE;
  for (guint i = 0; i < choice->view->audios->len; i++)
    if (choice->audios[i])
      return FALSE;
  return TRUE;
}

static gchar *
write_main (const VsManifestContext * context, GError ** error)
{
  const VsManifestFilter *filter =
      context->selection ? context->selection->filter : NULL;
  VsEndpointType type = context->endpoint->type;
  g_autoptr (VsChoice) choice = NULL;
  gchar *text;

  if (type == VS_ENDPOINT_DASH || type == VS_ENDPOINT_MSS)
    vs_event_view_align (context->view);
  choice = vs_choice_new (context->view, context->endpoint, filter);
  text = write_choice (context, choice);
  /* of Smooth Streaming the first fragments may not be there yet */
  if (text == NULL && filter && (type != VS_ENDPOINT_MSS || is_empty (choice)))
    g_set_error_literal (error, VS_SELECTION_ERROR,
        VS_SELECTION_ERROR_MALFORMED, "The filter leaves nothing");
  return text;
}

gchar *
vs_manifest_write (const VsManifestContext * context,
    const VsObjectName * name, GError ** error)
{
  g_autoptr (GError) cause = NULL;
  gchar *text = NULL;

  if (context->view->views->len > 0)
    text = name->kind == VS_OBJECT_MAIN ? write_main (context, &cause) :
        vs_manifest_write_hls_media (context, name);
  if (cause)
    g_propagate_error (error, g_steal_pointer (&cause));
  else if (text == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is nothing to show yet");
  return text;
}
