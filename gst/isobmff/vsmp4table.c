/* VisionStream: tables that grow on disk
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "isobmff/vsmp4table.h"

/* bytes of newest entries that go to the file together */
#define BLOCK_SIZE (32 * 1024)
#define FIRST_CAPACITY 256

typedef struct
{
  guint64 offset;
  gsize size;
} Block;

static gboolean
fail (GError ** error, int code, const gchar * what, const gchar * directory)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
      "the index in %s could not be %s: %s", directory, what,
      g_strerror (code));
  return FALSE;
}

void
vs_mp4_spill_init (VsMp4Spill * spill, const gchar * directory)
{
  spill->directory = g_strdup (directory);
  spill->fd = -1;
  spill->size = 0;
}

void
vs_mp4_spill_clear (VsMp4Spill * spill)
{
  if (spill->fd >= 0)
    g_close (spill->fd, NULL);
  spill->fd = -1;
  g_clear_pointer (&spill->directory, g_free);
}

/* Some file systems can't make a file without a name. */
static int
open_unlinked (const gchar * directory)
{
  g_autofree gchar *path = NULL;
  int fd = open (directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
    return fd;
  path = g_build_filename (directory, ".vs-index-XXXXXX", NULL);
  fd = g_mkstemp_full (path, O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0)
    g_unlink (path);
  return fd;
}

static gboolean
spill_write (VsMp4Spill * spill, const guint8 * data, gsize size,
    GError ** error)
{
  gsize done = 0;

  if (spill->fd < 0 && (spill->fd = open_unlinked (spill->directory)) < 0)
    return fail (error, errno, "made", spill->directory);
  while (done < size) {
    gssize n = pwrite (spill->fd, data + done, size - done,
        spill->size + done);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (error, n < 0 ? errno : ENOSPC, "written", spill->directory);
    done += n;
  }
  spill->size += size;
  return TRUE;
}

static gboolean
spill_read (const VsMp4Spill * spill, const Block * block, guint8 * data,
    GError ** error)
{
  gsize done = 0;

  while (done < block->size) {
    gssize n = pread (spill->fd, data + done, block->size - done,
        block->offset + done);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (error, n < 0 ? errno : EIO, "read", spill->directory);
    done += n;
  }
  return TRUE;
}

void
vs_mp4_table_init (VsMp4Table * table, VsMp4Spill * spill, guint width)
{
  memset (table, 0, sizeof *table);
  table->spill = spill;
  table->width = width;
  table->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
}

void
vs_mp4_table_clear (VsMp4Table * table)
{
  g_clear_pointer (&table->newest, g_free);
  g_clear_pointer (&table->blocks, g_array_unref);
}

void
vs_mp4_table_add (VsMp4Table * table, gconstpointer entry)
{
  if (table->capacity - table->size < table->width) {
    table->capacity = MAX (2 * table->capacity, FIRST_CAPACITY);
    table->newest = g_realloc (table->newest, table->capacity);
  }
  memcpy (table->newest + table->size, entry, table->width);
  table->size += table->width;
  table->n_entries++;
}

gboolean
vs_mp4_table_spill (VsMp4Table * table, GError ** error)
{
  Block block = {.offset = table->spill->size,.size = table->size };

  if (table->spill->directory == NULL || block.size < BLOCK_SIZE)
    return TRUE;
  if (!spill_write (table->spill, table->newest, block.size, error))
    return FALSE;
  g_array_append_val (table->blocks, block);
  table->size = 0;
  return TRUE;
}

static gboolean
read_blocks (const VsMp4Table * table, guint8 * data, VsMp4TableFunc func,
    gpointer user_data, GError ** error)
{
  for (guint i = 0; i < table->blocks->len; i++) {
    const Block *block = &g_array_index (table->blocks, Block, i);

    if (!spill_read (table->spill, block, data, error)
        || !func (data, block->size / table->width, user_data, error))
      return FALSE;
  }
  return TRUE;
}

static gsize
find_largest_block (const VsMp4Table * table)
{
  gsize largest = 0;

  for (guint i = 0; i < table->blocks->len; i++)
    largest = MAX (largest, g_array_index (table->blocks, Block, i).size);
  return largest;
}

gboolean
vs_mp4_table_for_each (const VsMp4Table * table, VsMp4TableFunc func,
    gpointer user_data, GError ** error)
{
  g_autofree guint8 *data = g_malloc (find_largest_block (table));

  return read_blocks (table, data, func, user_data, error)
      && func (table->newest, table->size / table->width, user_data, error);
}

void
vs_mp4_runs_init (VsMp4Runs * runs, VsMp4Spill * spill)
{
  vs_mp4_table_init (&runs->table, spill, sizeof (VsMp4RunEntry));
  runs->last.count = 0;
}

void
vs_mp4_runs_clear (VsMp4Runs * runs)
{
  vs_mp4_table_clear (&runs->table);
}

void
vs_mp4_runs_add (VsMp4Runs * runs, guint32 value)
{
  if (runs->last.count > 0 && runs->last.value != value) {
    vs_mp4_table_add (&runs->table, &runs->last);
    runs->last.count = 0;
  }
  runs->last.value = value;
  runs->last.count++;
}
