/* VisionStream: JSON of a shape that is known
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* bytes of a string or a name */
#define VS_SIGN_JSON_STRING_MAX 4096

/**
 * VsSignJson:
 *
 * Reads a text (RFC 8259) from its beginning to its end, and asks who knows its
 * shape what comes next. A member that is there twice, comments and control
 * characters in strings are errors, as is all that is not asked for: nothing
 * nests deeper than its reader does.
 */
typedef struct
{
  /*< private >*/
  const gchar *text, *at, *end;
  /* names of the members that are open */
  GString *where;
  GError *error;
} VsSignJson;

/* @text: is not copied */
void     vs_sign_json_init (VsSignJson *json, const gchar *text, gsize size);
void     vs_sign_json_clear (VsSignJson *json);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSignJson, vs_sign_json_clear)

/* Returns: %FALSE; the first @problem of a text is its error, with its line and
 * the names of the members that are open before it */
gboolean vs_sign_json_fail (VsSignJson *json, const gchar *problem);

/**
 * vs_sign_json_end:
 *
 * Whether all was read, and nothing failed. %G_IO_ERROR_INVALID_DATA
 */
gboolean vs_sign_json_end (VsSignJson *json, GError **error);

/* Reads the value of @name, whatever it is. */
typedef gboolean (*VsSignJsonFunc) (VsSignJson *json, const gchar *name,
    gpointer user_data);

gboolean vs_sign_json_read_object (VsSignJson *json, VsSignJsonFunc func,
    gpointer user_data);
/* (transfer full) (nullable) */
gchar   *vs_sign_json_read_string (VsSignJson *json);
/* a whole number, without a sign, a fraction or an exponent */
gboolean vs_sign_json_read_number (VsSignJson *json, guint max, guint *number);

G_END_DECLS
