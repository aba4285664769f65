/* VisionStream: AWS Signature Version 4, in the Authorization header
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * After AWS's "Create a signed AWS API request" (IAM User Guide) and, for S3,
 * "Signature Calculations for the Authorization Header: Transferring Payload
 * in a Single Chunk" (S3 API Reference). No sockets and no clock: the same
 * input gives the same text.
 */
#pragma once

#include "store/vssha256.h"

G_BEGIN_DECLS

/* whose signature it is, when and for what it holds */
typedef struct
{
  const gchar *access_key_id;
  const gchar *secret_access_key;
  const gchar *session_token;   /* (nullable): of temporary credentials */
  const gchar *region;
  const gchar *service;         /* "s3" */
  gint64 time;                  /* seconds since 1970, UTC */
} VsSigV4Scope;

/**
 * VsSigV4Rules:
 * @VS_SIGV4_S3: the path is signed as it is sent, and the hash of the payload
 *   goes along as x-amz-content-sha256
 * @VS_SIGV4_NO_CONTENT_SHA256: no such header
 * @VS_SIGV4_NORMALIZE_PATH: "." and ".." and double slashes are resolved in
 *   what is signed
 * @VS_SIGV4_ENCODE_PATH_TWICE: what is signed is percent-encoded once more
 *   than what is sent
 * @VS_SIGV4_GENERIC: as all services but S3 have it
 */
typedef enum
{
  VS_SIGV4_S3 = 0,
  VS_SIGV4_NO_CONTENT_SHA256 = 1 << 0,
  VS_SIGV4_NORMALIZE_PATH = 1 << 1,
  VS_SIGV4_ENCODE_PATH_TWICE = 1 << 2,
  VS_SIGV4_GENERIC = VS_SIGV4_NO_CONTENT_SHA256 | VS_SIGV4_NORMALIZE_PATH
      | VS_SIGV4_ENCODE_PATH_TWICE
} VsSigV4Rules;

/**
 * VsSigV4Request:
 * @path: not encoded, as the key is: "/bucket/a b.ts"; "" is "/"
 * @query: (nullable): name, value, name, value, ..., NULL; not encoded; a name
 *   alone ("?uploads") has the value ""
 * @headers: (nullable): name, value, ..., NULL; what is to be signed: Host,
 *   and best all that no proxy changes. Not among them: Authorization and
 *   what the signer adds (see #VsSigV4Signed). A name that comes more than
 *   once is signed as one header, its values in this order.
 * @payload_sha256: hex (vs_sha256_hex ()), or "UNSIGNED-PAYLOAD"
 */
typedef struct
{
  const gchar *method;
  const gchar *path;
  const gchar *const *query;
  const gchar *const *headers;
  const gchar *payload_sha256;
  VsSigV4Rules rules;
} VsSigV4Request;

/**
 * VsSigV4Signed:
 * @path: as it is to be sent: percent-encoded but for RFC 3986's unreserved
 *   characters and "/"
 * @query: the same without "?", by ascending names; "" when there is none
 * @date: the value of x-amz-date
 * @authorization: the value of Authorization
 *
 * What makes a request a signed one. The headers signed are those given and
 * x-amz-date; x-amz-security-token, when the scope has a token; and for S3
 * x-amz-content-sha256, which is @payload_sha256. All of them are to be sent.
 */
typedef struct
{
  gchar *path;
  gchar *query;
  gchar *date;
  gchar *authorization;
} VsSigV4Signed;

/* The key that signs: one for each secret, UTC day, region and service. */
typedef struct
{
  guint8 bytes[VS_SHA256_SIZE];
} VsSigV4Key;

void vs_sigv4_key_init (VsSigV4Key *key, const VsSigV4Scope *scope);
/* Wipes it. */
void vs_sigv4_key_clear (VsSigV4Key *key);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSigV4Key, vs_sigv4_key_clear)

/**
 * vs_sigv4_sign:
 * @key: (nullable): the key of @scope, where the caller keeps it for the day
 */
VsSigV4Signed *vs_sigv4_sign (const VsSigV4Scope *scope,
    const VsSigV4Key *key, const VsSigV4Request *request);
void vs_sigv4_signed_free (VsSigV4Signed *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsSigV4Signed, vs_sigv4_signed_free)

/**
 * vs_sigv4_encode_path:
 *
 * Percent-encodes all but RFC 3986's unreserved characters (2.3) and "/".
 */
gchar *vs_sigv4_encode_path (const gchar *path);

G_END_DECLS
