/* VisionStream: requests for stored files
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsrequest.h"

#include "archive/vsrecordingmarker.h"
#include "asset/vsasset.h"
#include "origin/vsoriginfile.h"

/* Recordings are finished when they are there, and never change; a media file
 * may be put there again. */
static VsCacheClass
cache_class (const VsRoute * route)
{
  return route->asset[0] ? VS_CACHE_FINISHED : VS_CACHE_IMMUTABLE;
}

static gchar *
make_key (const VsRequest * request)
{
  const VsRoute *route = &request->route;
  g_autofree gchar *folder = NULL;

  if (route->asset[0])
    return g_strjoin ("/", route->account, VS_ASSET_FOLDER, route->asset, NULL);
  folder = vs_recordings_folder (request->folder);
  return g_strconcat (folder, "/", request->object, NULL);
}

static void
open_file (gpointer data)
{
  VsRequest *request = data;
  VsStore *store =
      vs_archive_events_get_store (vs_origin_get_archives (request->origin));
  g_autofree gchar *key = make_key (request);
  g_autoptr (GError) error = NULL;
  VsOriginFile *file = vs_origin_file_open (request->origin, store, key,
      &error);

  if (file)
    vs_request_answer (request, vs_origin_response_new_file (file,
            cache_class (&request->route)));
  else
    vs_request_answer_error (request, error);
}

static void
drop_file (gpointer data)
{
  vs_request_answer_status (data, VS_STATUS_SERVICE_UNAVAILABLE);
}

void
vs_request_file (VsRequest * request)
{
  VsOrigin *origin = request->origin;

  if (vs_origin_get_archives (origin) == NULL)
    vs_request_answer_status (request, VS_STATUS_NOT_FOUND);
  else if (!vs_pool_push (vs_origin_get_readers (origin), VS_POOL_VOD,
          open_file, drop_file, request))
    drop_file (request);
}
