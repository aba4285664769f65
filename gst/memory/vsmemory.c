/* VisionStream: memory of segments and what is made of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A block's capacity stands ahead of it. Sizes are rounded up to an eighth of
 * the next smaller power of two, so that what is a little longer or shorter
 * fits too.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "memory/vsmemory.h"

#include <string.h>

#define KEPT_COUNT 16
/* malloc () keeps smaller ones by itself */
#define KEPT_MIN (128 * 1024)
#define STEPS 8

typedef union
{
  gsize capacity;
  guint8 alignment[16];
} Head;

typedef struct
{
  GMutex lock;
  /* protected by lock: oldest first */
  Head *heads[KEPT_COUNT];
  guint n;
  gsize total;
} Kept;

static Kept kept;

/* A sanitizer is to see each block freed. */
#ifdef __SANITIZE_ADDRESS__
static const gboolean keeps = FALSE;
#else
static const gboolean keeps = TRUE;
#endif

static Head *
get_head (gconstpointer block)
{
  return (Head *) block - 1;
}

static guint8 *
get_block (Head * head)
{
  return (guint8 *) (head + 1);
}

static gsize
round_up (gsize size)
{
  gsize step = ((gsize) 1 << (g_bit_storage (size) - 1)) / STEPS;

  if (size < KEPT_MIN || size > G_MAXSIZE / 2)
    return MAX (size, 1);
  return (size + step - 1) / step * step;
}

static Head *
remove_unlocked (guint index)
{
  Head *head = kept.heads[index];

  kept.n--;
  kept.total -= head->capacity;
  memmove (kept.heads + index, kept.heads + index + 1,
      (kept.n - index) * sizeof *kept.heads);
  return head;
}

/* The smallest that is enough, and not far too much. */
static Head *
take_unlocked (gsize size)
{
  gint best = -1;

  for (guint i = 0; i < kept.n; i++) {
    gsize capacity = kept.heads[i]->capacity;

    if (capacity >= size && capacity - size <= size / STEPS
        && (best < 0 || capacity < kept.heads[best]->capacity))
      best = i;
  }
  return best < 0 ? NULL : remove_unlocked (best);
}

static guint8 *
take (gsize size)
{
  Head *head = NULL;

  if (size >= KEPT_MIN) {
    g_mutex_lock (&kept.lock);
    head = take_unlocked (size);
    g_mutex_unlock (&kept.lock);
  }
  return head ? get_block (head) : NULL;
}

guint8 *
vs_memory_try_alloc (gsize size)
{
  gsize capacity = round_up (size);
  guint8 *block = take (size);
  Head *head;

  if (block || capacity > G_MAXSIZE - sizeof *head)
    return block;
  head = g_try_malloc (sizeof *head + capacity);
  if (head == NULL)
    return NULL;
  head->capacity = capacity;
  return get_block (head);
}

guint8 *
vs_memory_alloc (gsize size)
{
  guint8 *block = vs_memory_try_alloc (size);

  if (block == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " bytes", size);
  return block;
}

guint8 *
vs_memory_realloc (guint8 * block, gsize size)
{
  guint8 *other;

  if (block && size <= get_head (block)->capacity)
    return block;
  other = vs_memory_alloc (size);
  if (block)
    memcpy (other, block, get_head (block)->capacity);
  vs_memory_free (block);
  return other;
}

gsize
vs_memory_get_capacity (const guint8 * block)
{
  return get_head (block)->capacity;
}

gsize
vs_memory_get_kept (void)
{
  gsize total;

  g_mutex_lock (&kept.lock);
  total = kept.total;
  g_mutex_unlock (&kept.lock);
  return total;
}

/* Keeps @head, and drops the oldest that there is no room for. */
static void
keep (Head * head)
{
  Head *dropped[KEPT_COUNT];
  guint n = 0;

  g_mutex_lock (&kept.lock);
  while (kept.n == KEPT_COUNT
      || (kept.n && kept.total + head->capacity > VS_MEMORY_KEPT_MAX))
    dropped[n++] = remove_unlocked (0);
  kept.heads[kept.n++] = head;
  kept.total += head->capacity;
  g_mutex_unlock (&kept.lock);
  while (n > 0)
    g_free (dropped[--n]);
}

void
vs_memory_free (gpointer block)
{
  Head *head = block ? get_head (block) : NULL;

  if (head && keeps && head->capacity >= KEPT_MIN
      && head->capacity <= VS_MEMORY_KEPT_MAX / 2)
    keep (head);
  else
    g_free (head);
}

GBytes *
vs_memory_to_bytes (guint8 * block, gsize size)
{
  gsize capacity = get_head (block)->capacity;

  /* to copy is cheaper than what a block that is cut short would cost next */
  if (capacity >= KEPT_MIN && capacity - size > capacity / STEPS) {
    guint8 *whole = block;

    block = vs_memory_alloc (size);
    if (size > 0)
      memcpy (block, whole, size);
    vs_memory_free (whole);
  }
  return g_bytes_new_with_free_func (block, size, vs_memory_free, block);
}
