/* VisionStream: a rendition's sealed parts, read when they are wanted
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "archive/vsarchiveparts.h"
#include "archive/vsarchivelist.h"
#include "archive/vsarchivename.h"
#include "archive/vsarchiveuri.h"

struct _VsArchiveParts
{
  VsTimelineSource source;
  gatomicrefcount ref_count;
  VsStore *store;
  gchar *folder, *rendition;
  VsLru *cache;
  guint64 id;
  GCancellable *cancellable;    /* of what a timeline asks for; or NULL */
};

/* ---- parts -------------------------------------------------------------- */

static VsTimelinePart *
read_part (VsArchiveParts * self, const gchar * name,
    GCancellable * cancellable, GError ** error)
{
  VsArchivePlace place = { self->store, self->folder, cancellable };
  g_autoptr (VsM3u8Media) media =
      vs_archive_read_whole_playlist (&place, name, error);

  if (media == NULL || !vs_archive_resolve_all (self->store, self->folder,
          name, media, error))
    return NULL;
  return vs_timeline_part_new (g_ptr_array_ref (media->segments),
      g_ptr_array_ref (media->configs));
}

static gchar *
cache_key (const VsArchiveParts * self, guint64 sequence)
{
  return g_strdup_printf ("p%" G_GINT64_MODIFIER "x.%" G_GINT64_MODIFIER "x",
      self->id, vs_timeline_part_start (sequence));
}

/* Also where it is of no use: the newest part of an event that had ended is
 * written anew when that goes on. */
static VsTimelinePart *
peek (VsArchiveParts * self, const gchar * key, guint64 sequence)
{
  g_autoptr (VsTimelinePart) part = vs_lru_get (self->cache, key);

  return part && vs_timeline_part_find (part, sequence) ?
      g_steal_pointer (&part) : NULL;
}

VsTimelinePart *
vs_archive_parts_get (VsArchiveParts * self, guint64 sequence,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *key = cache_key (self, sequence);
  g_autofree gchar *name = NULL;
  VsTimelinePart *part = peek (self, key, sequence);

  if (part)
    return part;
  name = vs_archive_part_name (self->rendition, sequence);
  part = read_part (self, name, cancellable, error);
  if (part)
    vs_lru_put (self->cache, key, part, vs_timeline_part_get_size (part),
        vs_timeline_part_clear);
  return part;
}

static VsTimelinePart *
source_get (VsTimelineSource * source, guint64 sequence, GError ** error)
{
  return vs_archive_parts_get ((VsArchiveParts *) source, sequence,
      ((VsArchiveParts *) source)->cancellable, error);
}

static VsTimelinePart *
source_peek (VsTimelineSource * source, guint64 sequence)
{
  VsArchiveParts *self = (VsArchiveParts *) source;
  g_autofree gchar *key = cache_key (self, sequence);

  return peek (self, key, sequence);
}

static VsTimelineSource *
source_ref (VsTimelineSource * source)
{
  g_atomic_ref_count_inc (&((VsArchiveParts *) source)->ref_count);
  return source;
}

static void
source_unref (VsTimelineSource * source)
{
  VsArchiveParts *self = (VsArchiveParts *) source;

  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  vs_store_unref (self->store);
  vs_lru_unref (self->cache);
  g_clear_object (&self->cancellable);
  g_free (self->folder);
  g_free (self->rendition);
  g_free (self);
}

VsArchiveParts *
vs_archive_parts_new (VsStore * store, const gchar * folder,
    const gchar * rendition, VsLru * cache, guint64 id,
    GCancellable * cancellable)
{
  VsArchiveParts *self = g_new0 (VsArchiveParts, 1);

  self->source = (VsTimelineSource) {
  source_get, source_peek, source_ref, source_unref};
  g_atomic_ref_count_init (&self->ref_count);
  self->store = vs_store_ref (store);
  self->folder = g_strdup (folder);
  self->rendition = g_strdup (rendition);
  self->cache = vs_lru_ref (cache);
  self->id = id;
  g_set_object (&self->cancellable, cancellable);
  return self;
}

void
vs_archive_parts_unref (VsArchiveParts * self)
{
  source_unref (&self->source);
}

VsTimelineSource *
vs_archive_parts_get_source (VsArchiveParts * self)
{
  return &self->source;
}
