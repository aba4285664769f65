/* VisionStream: the names of vssegmentstore's renditions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two pads may want one name: the one with the lower number gets it, the other
 * one gets it with a number. Which pad's data comes first differs from run to
 * run, so a pad has to wait for its name until all before it have theirs or
 * need none. Nothing blocks meanwhile: what it would give out is held.
 *
 * A pad whose stream has ended does not come back to ask. It is parked, and
 * served by the thread that brings its name about. Who serves it says so by
 * `serving`, under the element's lock; the pad's own thread, should it come
 * back by a flush, and whoever stops the pad wait for that.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstvssegmentstorenames.h"
#include "gstvssegmentstoreoutput.h"

static gchar *
take_unique_unlocked (GstVsSegmentStore * self, const gchar * wish)
{
  gchar *name = g_strdup (wish);

  for (guint i = 2; !g_hash_table_add (self->names, g_strdup (name)); i++) {
    g_free (name);
    /* the number must fit as well */
    name = g_strdup_printf ("%.*s-%u", VS_NAME_MAX - 11, wish, i);
  }
  return name;
}

/* The pads are in the order of their numbers. */
static void
give_names_unlocked (GstVsSegmentStore * self)
{
  for (GList * l = self->pads; l != NULL; l = l->next) {
    GstVsSegmentStorePad *pad = l->data;

    if (pad->name != NULL)
      continue;
    if (pad->wish != NULL)
      pad->name = take_unique_unlocked (self, pad->wish);
    else if (!pad->ended && gst_pad_is_linked (GST_PAD (pad)))
      return;
  }
}

void
gst_vs_segment_store_wish_name (GstVsSegmentStore * self,
    GstVsSegmentStorePad * pad, const gchar * wish)
{
  g_mutex_lock (&self->lock);
  if (pad->wish == NULL)
    pad->wish = g_strdup (wish);
  g_mutex_unlock (&self->lock);
}

gchar *
gst_vs_segment_store_get_name (GstVsSegmentStore * self,
    GstVsSegmentStorePad * pad, gboolean at_once)
{
  gchar *name;

  g_mutex_lock (&self->lock);
  if (at_once && pad->name == NULL)
    pad->name = take_unique_unlocked (self, pad->wish);
  give_names_unlocked (self);
  name = g_strdup (pad->name);
  g_mutex_unlock (&self->lock);
  return name;
}

gboolean
gst_vs_segment_store_park (GstVsSegmentStore * self, GstVsSegmentStorePad * pad)
{
  g_mutex_lock (&self->lock);
  give_names_unlocked (self);
  pad->parked = pad->name == NULL;
  g_mutex_unlock (&self->lock);
  return pad->parked;
}

void
gst_vs_segment_store_unpark (GstVsSegmentStore * self,
    GstVsSegmentStorePad * pad)
{
  g_mutex_lock (&self->lock);
  while (pad->serving)
    g_cond_wait (&self->served, &self->lock);
  pad->parked = FALSE;
  g_mutex_unlock (&self->lock);
}

static GstVsSegmentStorePad *
find_parked_unlocked (GstVsSegmentStore * self)
{
  give_names_unlocked (self);
  for (GList * l = self->pads; l != NULL; l = l->next) {
    GstVsSegmentStorePad *pad = l->data;

    if (pad->parked && pad->name != NULL)
      return pad;
  }
  return NULL;
}

void
gst_vs_segment_store_serve_parked (GstVsSegmentStore * self)
{
  GstVsSegmentStorePad *pad;

  g_mutex_lock (&self->lock);
  while ((pad = find_parked_unlocked (self)) != NULL) {
    pad->parked = FALSE;
    pad->serving = TRUE;
    g_mutex_unlock (&self->lock);
    gst_vs_segment_store_pad_release (pad);
    g_mutex_lock (&self->lock);
    pad->serving = FALSE;
    g_cond_broadcast (&self->served);
  }
  g_mutex_unlock (&self->lock);
}
