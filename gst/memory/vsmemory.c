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
#include <sys/mman.h>
#include <unistd.h>

#define KEPT_COUNT 16
/* Larger ones are mapped: what malloc () is given back it may keep, and then
 * not use for a block that is a little longer. Smaller ones it keeps well. */
#define KEPT_MIN (128 * 1024)
#define STEPS 8
/* a block that is this many times larger is still taken */
#define FIT 4

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

/* A sanitizer is to see each block allocated and freed. */
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

static gboolean
is_mapped (gsize capacity)
{
  return keeps && capacity >= KEPT_MIN;
}

static Head *
head_new (gsize capacity)
{
  gsize size = sizeof (Head) + capacity;
  Head *head;

  if (is_mapped (capacity)) {
    head = mmap (NULL, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (head == MAP_FAILED)
      return NULL;
  } else {
    head = g_try_malloc (size);
    if (head == NULL)
      return NULL;
  }
  head->capacity = capacity;
  return head;
}

static void
head_free (Head * head)
{
  if (is_mapped (head->capacity))
    munmap (head, sizeof *head + head->capacity);
  else
    g_free (head);
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

    if (capacity >= size && capacity <= FIT * size
        && (best < 0 || capacity < kept.heads[best]->capacity))
      best = i;
  }
  return best < 0 ? NULL : remove_unlocked (best);
}

/* The oldest that is too short for @size; -1: there is none */
static gint
find_short_unlocked (gsize size)
{
  for (guint i = 0; i < kept.n; i++)
    if (kept.heads[i]->capacity < size)
      return i;
  return -1;
}

/* A kept block, or NULL: then of what is too short as much as is to be
 * allocated was given back, so that what is kept does not add to what is in
 * use. What is far too long waits for its like. */
static guint8 *
take (gsize size)
{
  Head *head, *dropped[KEPT_COUNT];
  gsize total = 0;
  guint n = 0;
  gint i;

  if (size < KEPT_MIN)
    return NULL;
  g_mutex_lock (&kept.lock);
  head = take_unlocked (size);
  while (head == NULL && total < size && (i = find_short_unlocked (size)) >= 0) {
    dropped[n] = remove_unlocked (i);
    total += dropped[n++]->capacity;
  }
  g_mutex_unlock (&kept.lock);
  while (n > 0)
    head_free (dropped[--n]);
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
  head = head_new (capacity);
  return head ? get_block (head) : NULL;
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
    head_free (dropped[--n]);
}

void
vs_memory_free (gpointer block)
{
  Head *head;

  if (block == NULL)
    return;
  head = get_head (block);
  if (is_mapped (head->capacity)
      && head->capacity <= VS_MEMORY_KEPT_MAX / 2)
    keep (head);
  else
    head_free (head);
}

/* Gives back the pages behind @size bytes, but not their addresses: to whoever
 * asks for as much next the block is worth what it was. */
static void
trim (Head * head, gsize size)
{
  gsize page = sysconf (_SC_PAGESIZE);
  gsize all = sizeof *head + head->capacity;
  gsize end = (sizeof *head + size + page - 1) / page * page;

  if (end < all)
    madvise ((guint8 *) head + end, all - end, MADV_DONTNEED);
}

/* What is long gives back its end; of what is short a copy costs less than the
 * block is worth to the next who asks. */
static guint8 *
shrink (guint8 * block, gsize size)
{
  Head *head = get_head (block);
  guint8 *copy;

  if (is_mapped (head->capacity) && size >= head->capacity / 2) {
    trim (head, size);
    return block;
  }
  copy = vs_memory_alloc (size);
  if (size > 0)
    memcpy (copy, block, size);
  vs_memory_free (block);
  return copy;
}

GBytes *
vs_memory_to_bytes (guint8 * block, gsize size)
{
  gsize capacity = get_head (block)->capacity;

  if (capacity - size > capacity / STEPS)
    block = shrink (block, size);
  return g_bytes_new_with_free_func (block, size, vs_memory_free, block);
}
