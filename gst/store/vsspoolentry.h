/* VisionStream: an object in a spool, as it lies on the disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstoreclass.h"

G_BEGIN_DECLS

/**
 * VsSpoolEntry:
 *
 * One file a put: the object's bytes, then what it is: a trailer, so that the
 * bytes can be written as they come. Its name is its number, in hexadecimal.
 */
typedef struct
{
  gchar *key;
  guint64 size;                 /* bytes of the object */
  guint8 sha256[VS_SHA256_SIZE];
  gboolean removes;             /* the object is to be deleted */
} VsSpoolEntry;

void vs_spool_entry_clear (VsSpoolEntry *entry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSpoolEntry, vs_spool_entry_clear)

/* "00000000000000ff" and back; FALSE for another name. */
gchar   *vs_spool_entry_name (guint64 number);
gboolean vs_spool_entry_parse_name (const gchar *name, guint64 *number);

/* The bytes behind the object's own. */
GBytes  *vs_spool_entry_make_trailer (const VsSpoolEntry *entry);

/**
 * vs_spool_entry_read:
 * @file_size: of the whole file
 *
 * Reads the trailer of @key in @local. %G_IO_ERROR_INVALID_DATA when there is
 * none that fits.
 */
gboolean vs_spool_entry_read (VsStore *local, const gchar *key,
    guint64 file_size, VsSpoolEntry *entry, GError **error);

G_END_DECLS
