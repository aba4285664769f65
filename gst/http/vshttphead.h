/* VisionStream: a request head that was judged
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* faults.md: the limits of a head, in bytes and fields */
#define VS_HTTP_MAX_HEAD (16 * 1024)
#define VS_HTTP_MAX_TARGET (8 * 1024)
#define VS_HTTP_MAX_HEADERS 64
/* bytes of a request's body */
#define VS_HTTP_MAX_BODY (16 * 1024)

typedef enum
{
  VS_HTTP_GET,
  VS_HTTP_HEAD,
  VS_HTTP_OPTIONS,
  VS_HTTP_POST
} VsHttpMethod;

typedef struct
{
  const gchar *name;
  const gchar *value;           /* without spaces around it */
} VsHttpField;

/**
 * VsHttpHead:
 *
 * A request head that VsHttpGuard passed. All strings but @path point into
 * @buffer, which the head owns. @body is put there by who reads it.
 */
typedef struct
{
  VsHttpMethod method;
  guint minor_version;          /* of HTTP/1 */
  const gchar *target;          /* origin-form, as sent */
  gchar *path;                  /* decoded; equals its normalised form */
  const gchar *query;           /* as sent, or NULL */
  const gchar *host;            /* with its port, or NULL (HTTP/1.0 only) */
  gboolean keep_alive;          /* as far as the client is concerned */
  gsize size;                   /* bytes on the wire */
  gsize body_size;              /* of a POST: what follows the head */
  guint n_fields;
  VsHttpField fields[VS_HTTP_MAX_HEADERS];
  GBytes *body;                 /* of @body_size; NULL until it is there */

  /*< private >*/
  gchar *buffer;
} VsHttpHead;

void         vs_http_head_free (VsHttpHead *head);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpHead, vs_http_head_free)

const gchar *vs_http_method_to_string (VsHttpMethod method);

/* The first field of that name (ASCII case ignored), or NULL. */
const gchar *vs_http_head_get (const VsHttpHead *head, const gchar *name);

/* All of a list-valued field's lines, joined by commas (RFC 9110 5.3). */
gchar       *vs_http_head_get_list (const VsHttpHead *head,
    const gchar *name);

/**
 * vs_http_list_next:
 * @list: (inout): where to go on; after the member on return
 * @length: (out): of the member without white space around it
 *
 * Walks a comma-separated list (RFC 9110 5.6.1); commas in quoted strings
 * belong to their member; empty members are left out.
 *
 * Returns: the next member, NULL at the end
 */
const gchar *vs_http_list_next (const gchar **list, gsize *length);

/**
 * vs_http_head_get_origin:
 *
 * Returns: (transfer full) (nullable): whom the request is for, as everybody
 *   writes it: "https://host:8443", in small letters, without the scheme's own
 *   port; NULL where there is no Host
 */
gchar       *vs_http_head_get_origin (const VsHttpHead *head, gboolean tls);

/* Accept-Encoding names gzip with a weight above 0 (RFC 9110 12.5.3). */
gboolean     vs_http_head_accepts_gzip (const VsHttpHead *head);

/* If-None-Match holds @etag (weak comparison, RFC 9110 13.1.2) or "*". */
gboolean     vs_http_head_matches_etag (const VsHttpHead *head,
    const gchar *etag);

G_END_DECLS
