/* VisionStream: the origin's answers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsoriginresponse.h"

#include <string.h>

#include "isobmff/vscmaf.h"
#include "manifest/vssmoothname.h"
#include "origin/vsoriginfile.h"
#include "origin/vsselection.h"

/* s: a year, the longest that RFC 9111's forerunners allow */
#define IMMUTABLE_MAX_AGE 31536000
#define FINISHED_MAX_AGE 60
#define BRIEF_MAX_AGE 1
/* s: when to try again what was refused for want of room */
#define RETRY_AFTER 1

static const struct
{
  guint status;
  const gchar *phrase;          /* RFC 9110 15 */
} statuses[] = {
  {VS_STATUS_BAD_REQUEST, "Bad Request"},
  {VS_STATUS_FORBIDDEN, "Forbidden"},
  {VS_STATUS_NOT_FOUND, "Not Found"},
  {VS_STATUS_PRECONDITION_FAILED, "Precondition Failed"},
  {VS_STATUS_BAD_GATEWAY, "Bad Gateway"},
  {VS_STATUS_SERVICE_UNAVAILABLE, "Service Unavailable"},
};

static const gchar *
status_phrase (guint status)
{
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    if (statuses[i].status == status)
      return statuses[i].phrase;
  g_return_val_if_reached ("");
}

VsOriginResponse *
vs_origin_response_ref (VsOriginResponse * response)
{
  g_atomic_int_inc (&response->ref_count);
  return response;
}

void
vs_origin_response_unref (VsOriginResponse * response)
{
  if (!g_atomic_int_dec_and_test (&response->ref_count))
    return;
  g_clear_pointer (&response->body, g_bytes_unref);
  g_clear_pointer (&response->file, vs_origin_file_unref);
  g_free (response->etag);
  g_free (response->cache_control);
  g_free (response->account);
  g_free (response->event);
  g_free (response->breakout);
  g_free (response->endpoint);
  g_free (response);
}

static gchar *
cache_control (VsCacheClass klass, guint target_duration)
{
  switch (klass) {
    case VS_CACHE_GROWING:
      return g_strdup_printf ("max-age=%u, stale-if-error=0",
          MAX (target_duration / 2, 1));
    case VS_CACHE_FINISHED:
      return g_strdup_printf ("max-age=%d, stale-if-error=0", FINISHED_MAX_AGE);
    case VS_CACHE_IMMUTABLE:
      return g_strdup_printf ("max-age=%d, immutable", IMMUTABLE_MAX_AGE);
    case VS_CACHE_BRIEF:
      return g_strdup_printf ("max-age=%d", BRIEF_MAX_AGE);
  }
  g_return_val_if_reached (NULL);
}

VsOriginResponse *
vs_origin_response_new (VsObject * object, gboolean accept_gzip,
    const gchar * content_type, VsCacheClass klass, guint target_duration)
{
  VsOriginResponse *response = g_new0 (VsOriginResponse, 1);
  gboolean gzip = object->gzip && (accept_gzip || !object->body);

  response->ref_count = 1;
  response->status = VS_STATUS_OK;
  response->body = g_bytes_ref (gzip ? object->gzip : object->body);
  response->etag = g_strdup (gzip ? object->gzip_etag : object->etag);
  response->content_type = content_type;
  response->content_encoding = gzip ? "gzip" : NULL;
  response->cache_control = cache_control (klass, target_duration);
  return response;
}

VsOriginResponse *
vs_origin_response_new_file (VsOriginFile * file, VsCacheClass klass)
{
  VsOriginResponse *response = g_new0 (VsOriginResponse, 1);

  response->ref_count = 1;
  response->status = VS_STATUS_OK;
  response->file = file;
  response->etag = vs_origin_file_make_etag (file);
  response->content_type = VS_ORIGIN_FILE_TYPE;
  response->cache_control = cache_control (klass, 0);
  return response;
}

VsOriginResponse *
vs_origin_response_new_error (guint status)
{
  VsOriginResponse *response = g_new0 (VsOriginResponse, 1);
  gchar *text = g_strdup_printf ("%s\n", status_phrase (status));

  response->ref_count = 1;
  response->status = status;
  response->body = g_bytes_new_take (text, strlen (text));
  response->content_type = "text/plain; charset=utf-8";
  response->cache_control = cache_control (VS_CACHE_BRIEF, 0);
  if (status == VS_STATUS_SERVICE_UNAVAILABLE)
    response->retry_after = RETRY_AFTER;
  return response;
}

VsOriginResponse *
vs_origin_response_new_from_error (const GError * error)
{
  guint status = VS_STATUS_BAD_GATEWAY;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
      || g_error_matches (error, VS_PACKAGE_ERROR, VS_PACKAGE_ERROR_NO_TRACK))
    status = VS_STATUS_NOT_FOUND;
  else if (g_error_matches (error, VS_SELECTION_ERROR,
          VS_SELECTION_ERROR_OUTSIDE))
    status = VS_STATUS_NOT_FOUND;
  else if (error->domain == VS_SELECTION_ERROR)
    status = VS_STATUS_BAD_REQUEST;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BUSY))
    status = VS_STATUS_SERVICE_UNAVAILABLE;
  return vs_origin_response_new_error (status);
}

const gchar *
vs_origin_format_letter (VsEndpointType type)
{
  return type == VS_ENDPOINT_DASH ? "d" : type == VS_ENDPOINT_MSS ? "s" : "h";
}

static const gchar *
manifest_type (VsEndpointType type)
{
  switch (type) {
    case VS_ENDPOINT_DASH:
      return "application/dash+xml";
    case VS_ENDPOINT_MSS:
      return VS_SMOOTH_MANIFEST_TYPE;
    default:
      return "application/vnd.apple.mpegurl";
  }
}

const gchar *
vs_origin_content_type (VsEndpointType type, const VsObjectName * name)
{
  if (name->kind == VS_OBJECT_MAIN || name->kind == VS_OBJECT_MEDIA)
    return manifest_type (type);
  switch (name->track) {
    case VS_MEDIA_VIDEO:
      return "video/mp4";
    case VS_MEDIA_AUDIO:
      return "audio/mp4";
    default:
      return "video/mp2t";
  }
}
