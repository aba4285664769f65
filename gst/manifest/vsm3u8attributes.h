/* VisionStream: attribute lists of playlists (RFC 8216bis 4.2)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One NAME=VALUE; a quoted value is without its quotes. */
typedef struct
{
  gchar *name, *value;
  gboolean quoted;
} VsAttribute;

/**
 * vs_attribute_next:
 * @cursor: (inout): where in the list; the list is cut up in place
 *
 * Returns: FALSE at the end (*@cursor is NULL) and at what is no attribute
 *   (*@cursor stands there)
 */
gboolean vs_attribute_next (gchar **cursor, VsAttribute *attribute);

/* decimal-integer of at most @max; nothing else may stand in @text */
gboolean vs_attribute_parse_uint (const gchar *text, guint64 max,
    guint64 *value);
/* [-]decimal-integer of at most @max either way */
gboolean vs_attribute_parse_int (const gchar *text, gint64 max,
    gint64 *value);

/* Appends @text between quotes: what a quoted-string can't hold is replaced
 * by a blank. For the standard's own attributes. */
void vs_attribute_append_quoted (GString *out, const gchar *text);

/**
 * VsAttributeField:
 *
 * A member of a C structure that an attribute of an archive's comment line
 * holds. Lines are written and read by tables of these, so that both sides
 * agree. Numbers are always written unless they are optional and 0; flags
 * that are FALSE and strings that are NULL or empty (an array) are left out.
 * In strings '"', '%' and control characters are %XX.
 */
typedef enum
{
  VS_FIELD_UINT,                /* guint */
  VS_FIELD_U64,
  VS_FIELD_I64,
  VS_FIELD_OPTIONAL_UINT,       /* left out when 0 */
  VS_FIELD_OPTIONAL_I64,
  VS_FIELD_FLAG,                /* gboolean: YES or NO */
  VS_FIELD_STRING,              /* gchar *, owned */
  VS_FIELD_ARRAY,               /* gchar[max + 1] */
  VS_FIELD_RATIO,               /* two guint, "n/d" */
  VS_FIELD_BYTES                /* guint8[max], 0x... */
} VsFieldKind;

typedef struct
{
  const gchar *name;
  VsFieldKind kind;
  gsize offset;
  guint64 max;                  /* value or size */
} VsAttributeField;

/* Appends ",NAME=VALUE" for each field, the first without a comma when @out
 * ends with a colon. */
void vs_attribute_write_fields (GString *out, const VsAttributeField *fields,
    guint n_fields, gconstpointer object);

/**
 * vs_attribute_read_field:
 * @seen: (inout): bit i for field i
 *
 * Sets the member that @attribute names. Unknown names are passed over, so
 * that later versions may add some.
 *
 * Returns: FALSE when the value can't be taken, or came before
 */
gboolean vs_attribute_read_field (const VsAttribute *attribute,
    const VsAttributeField *fields, guint n_fields, gpointer object,
    guint64 *seen);

/* The first field that has to be there and was not seen, or NULL. */
const gchar *vs_attribute_find_missing (const VsAttributeField *fields,
    guint n_fields, guint64 seen);

/* The string that @text stands for, (transfer full). */
gchar *vs_attribute_unescape (const gchar *text);
void   vs_attribute_append_escaped (GString *out, const gchar *text);

G_END_DECLS
