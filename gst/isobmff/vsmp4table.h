/* VisionStream: tables that grow on disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The index of a recording grows for days, and is read once, at its end. A
 * table keeps its newest entries in memory; what is older goes, a block at a
 * time, to one file that all tables of a movie share and that has no name.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * VsMp4Spill:
 *
 * The file behind tables; made when the first block is written to it.
 */
typedef struct
{
  gchar *directory;             /* NULL: all stays in memory */
  gint fd;                      /* -1: not made yet */
  guint64 size;
} VsMp4Spill;

void vs_mp4_spill_init (VsMp4Spill *spill, const gchar *directory);
void vs_mp4_spill_clear (VsMp4Spill *spill);

/**
 * VsMp4Table:
 *
 * Entries of @width bytes each, in host order.
 */
typedef struct
{
  VsMp4Spill *spill;
  guint width;
  guint64 n_entries;

  /*< private >*/
  guint8 *newest;
  gsize size, capacity;         /* of the newest, in bytes */
  GArray *blocks;               /* of older ones, in the file */
} VsMp4Table;

void vs_mp4_table_init (VsMp4Table *table, VsMp4Spill *spill, guint width);
void vs_mp4_table_clear (VsMp4Table *table);

/* Appends an entry, in memory: this can't fail. */
void vs_mp4_table_add (VsMp4Table *table, gconstpointer entry);

/**
 * vs_mp4_table_spill:
 *
 * Writes the newest entries to the file where there are many.
 *
 * Returns: FALSE with %G_IO_ERROR: nothing is lost, and it may be called again
 */
gboolean vs_mp4_table_spill (VsMp4Table *table, GError **error);

/* Gets @n_entries that follow each other; FALSE ends the reading. */
typedef gboolean (*VsMp4TableFunc) (gconstpointer entries, guint n_entries,
    gpointer user_data, GError **error);

/**
 * vs_mp4_table_for_each:
 *
 * Calls @func with all entries in their order, some tens of KiB at a time.
 *
 * Returns: FALSE with %G_IO_ERROR, or with the error of @func
 */
gboolean vs_mp4_table_for_each (const VsMp4Table *table, VsMp4TableFunc func,
    gpointer user_data, GError **error);

/**
 * VsMp4Runs:
 *
 * A table of VsMp4RunEntry: equal values that follow each other are one entry.
 * The last one is not in the table yet.
 */
typedef struct
{
  guint32 count, value;
} VsMp4RunEntry;

typedef struct
{
  VsMp4Table table;
  VsMp4RunEntry last;           /* count 0: none */
} VsMp4Runs;

void vs_mp4_runs_init (VsMp4Runs *runs, VsMp4Spill *spill);
void vs_mp4_runs_clear (VsMp4Runs *runs);
void vs_mp4_runs_add (VsMp4Runs *runs, guint32 value);

G_END_DECLS
