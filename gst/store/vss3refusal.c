/* VisionStream: what an S3 service says when it refuses
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vss3refusal.h"

#include <string.h>

#include "store/vsxmlwalk.h"

#define CODE_MAX 64
#define MESSAGE_MAX 200
#define REGION_MAX 64

/* A word as long as that may be a signature (64), a secret (40) or a token. */
#define WORD_MAX 32

static const struct
{
  const gchar *code;
  gint error;
  const gchar *remedy;
} refusals[] = {
  {"NoSuchBucket", G_IO_ERROR_NOT_MOUNTED,
      "there is no such bucket: make it, or correct location"},
  {"NoSuchKey", G_IO_ERROR_NOT_FOUND, NULL},
  {"NoSuchUpload", G_IO_ERROR_NOT_FOUND, NULL},
  {"SignatureDoesNotMatch", G_IO_ERROR_PERMISSION_DENIED,
      "the secret access key is not this access key's"},
  {"InvalidAccessKeyId", G_IO_ERROR_PERMISSION_DENIED,
      "the service does not know this access key: renew it where it comes "
        "from, or correct endpoint-uri"},
  {"ExpiredToken", G_IO_ERROR_PERMISSION_DENIED,
      "the credentials have expired: renew them where they come from"},
  {"TokenRefreshRequired", G_IO_ERROR_PERMISSION_DENIED,
      "the credentials have expired: renew them where they come from"},
  {"InvalidToken", G_IO_ERROR_PERMISSION_DENIED,
      "the session token is not these keys': renew them where they come from"},
  {"AccessDenied", G_IO_ERROR_PERMISSION_DENIED,
      "the credentials may not do that: look at the bucket's policy"},
  {"RequestTimeTooSkewed", G_IO_ERROR_PERMISSION_DENIED,
      "this machine's clock is wrong: set it"},
  {"PreconditionFailed", G_IO_ERROR_EXISTS, NULL},
  {"ConditionalRequestConflict", G_IO_ERROR_EXISTS, NULL},
  {"NotImplemented", G_IO_ERROR_NOT_SUPPORTED, NULL},
  {"SlowDown", G_IO_ERROR_BUSY, NULL},
};

void
vs_s3_refusal_clear (VsS3Refusal * self)
{
  g_clear_pointer (&self->code, g_free);
  g_clear_pointer (&self->message, g_free);
  g_clear_pointer (&self->region, g_free);
}

/* ---- reading ------------------------------------------------------------- */

/* A service may say back what it was sent, keys' token and signature with it:
 * no word is shown that is as long as these. */
static gchar *
dup_message (const gchar * text)
{
  GString *message = g_string_new (NULL);

  while (*text && message->len < MESSAGE_MAX) {
    gsize blanks = strspn (text, " \t\r\n");
    gsize length = strcspn (text + blanks, " \t\r\n");

    if (blanks > 0)
      g_string_append_c (message, ' ');
    text += blanks;
    if (length > WORD_MAX)
      g_string_append (message, "...");
    else
      g_string_append_len (message, text, length);
    text += length;
  }
  for (gchar * c = message->str; *c; c++)
    if (g_ascii_iscntrl (*c) || (guchar) * c > 126)
      *c = '?';
  return g_string_free (message, FALSE);
}

static gchar *
dup_region (const gchar * text)
{
  gsize length = strlen (text);

  return length > 0 && length < REGION_MAX
      && strspn (text, G_CSET_a_2_z G_CSET_DIGITS "-") == length ?
      g_strdup (text) : NULL;
}

static void
on_element (const gchar * path, const gchar * text, gpointer user_data)
{
  VsS3Refusal *self = user_data;

  if (strcmp (path, "Error/Code") == 0 && self->code == NULL)
    self->code = g_strndup (text, CODE_MAX);
  else if (strcmp (path, "Error/Message") == 0 && self->message == NULL)
    self->message = dup_message (text);
  else if (strcmp (path, "Error/Region") == 0 && self->region == NULL)
    self->region = dup_region (text);
}

static gboolean
read_document (VsS3Refusal * self, GBytes * document)
{
  if (vs_xml_walk (document, on_element, self, NULL) && self->code) {
    g_strcanon (self->code, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS, '?');
    return TRUE;
  }
  vs_s3_refusal_clear (self);
  return FALSE;
}

void
vs_s3_refusal_read (VsS3Refusal * self, const VsHttpReply * reply)
{
  const gchar *region = soup_message_headers_get_one (reply->headers,
      "x-amz-bucket-region");

  self->status = reply->status;
  if (!read_document (self, reply->body))
    self->code = g_strdup_printf ("HTTP status %u", reply->status);
  if (self->region == NULL && region)
    self->region = dup_region (region);
}

gboolean
vs_s3_refusal_read_late (VsS3Refusal * self, const VsHttpReply * reply)
{
  self->status = reply->status;
  return read_document (self, reply->body);
}

/* ---- what it means ------------------------------------------------------- */

static gboolean
is_among (const VsS3Refusal * self, const gchar * const *codes)
{
  return g_strv_contains (codes, self->code);
}

gboolean
vs_s3_refusal_is_of_keys (const VsS3Refusal * self)
{
  static const gchar *const codes[] = {
    "ExpiredToken", "InvalidAccessKeyId", "InvalidToken",
    "TokenRefreshRequired", NULL
  };

  return is_among (self, codes);
}

/* RequestTimeout has status 400, the conflicts 409. */
gboolean
vs_s3_refusal_is_passing (const VsS3Refusal * self)
{
  static const gchar *const codes[] = {
    "InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout",
    "OperationAborted", "ConditionalRequestConflict", NULL
  };

  return vs_http_status_is_retryable (self->status) || is_among (self, codes);
}

static gint
code_from_status (guint status)
{
  switch (status) {
    case 404:
      return G_IO_ERROR_NOT_FOUND;
    case 401:
    case 403:
      return G_IO_ERROR_PERMISSION_DENIED;
    case 412:
      return G_IO_ERROR_EXISTS;
    case 429:
    case 503:
      return G_IO_ERROR_BUSY;
    case 501:
      return G_IO_ERROR_NOT_SUPPORTED;
    default:
      return G_IO_ERROR_FAILED;
  }
}

/* The region is said where it is another one's bucket. */
static gchar *
dup_remedy (const VsS3Refusal * self, const gchar * region, const gchar * known)
{
  if (self->region && strcmp (self->region, region) != 0)
    return g_strdup_printf ("the bucket is in region %s: set region",
        self->region);
  if (known)
    return g_strdup (known);
  return self->status / 100 == 3 ?
      g_strdup ("the bucket is elsewhere: set region or endpoint-uri") : NULL;
}

void
vs_s3_refusal_set_error (const VsS3Refusal * self, const gchar * object,
    const gchar * region, GError ** error)
{
  gint code = code_from_status (self->status);
  const gchar *known = NULL;
  g_autofree gchar *remedy = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    if (strcmp (self->code, refusals[i].code) == 0) {
      code = refusals[i].error;
      known = refusals[i].remedy;
    }
  }
  remedy = dup_remedy (self, region, known);
  g_set_error (error, G_IO_ERROR, code, "%s: %s%s%s%s%s", object, self->code,
      self->message && *self->message ? ": " : "",
      self->message ? self->message : "", remedy ? "; " : "",
      remedy ? remedy : "");
}
