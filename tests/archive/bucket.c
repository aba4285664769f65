/* VisionStream: a bucket of a test's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "bucket.h"
#include "store/vss3store.h"

VsStore *
bucket_open (const gchar * location, const gchar * key, const gchar * secret)
{
  VsStoreSettings settings = {
    .location = location,
    .endpoint_uri = g_getenv ("VS_S3_ENDPOINT"),
    .access_key_id = key,
    .secret_access_key = secret,
    .force_path_style = TRUE,
  };
  g_autoptr (GError) error = NULL;
  VsStore *opened = vs_store_open_with (&settings, &error);

  fail_unless (opened != NULL, "%s", error ? error->message : "");
  return opened;
}

static void
make_bucket (const gchar * name)
{
  VsStoreSettings settings = {
    .location = "s3://none",
    .endpoint_uri = g_getenv ("VS_S3_ENDPOINT"),
    .access_key_id = g_getenv ("VS_S3_KEY"),
    .secret_access_key = g_getenv ("VS_S3_SECRET"),
    .force_path_style = TRUE,
  };
  VsS3Client *client = vs_s3_client_new (name, &settings, NULL);
  VsS3Call call = {.method = "PUT",.key = "",.max_answer = 65536 };
  g_auto (VsHttpReply) reply = { 0, };
  g_autoptr (GError) error = NULL;

  fail_unless (client != NULL);
  fail_unless (vs_s3_client_send (client, &call, NULL, &reply, &error), "%s",
      error ? error->message : "");
  vs_s3_client_free (client);
}

gchar *
bucket_new (void)
{
  gchar *name = g_strdup_printf ("test-%08x", g_random_int ());

  make_bucket (name);
  return name;
}
