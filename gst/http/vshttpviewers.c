/* VisionStream: who watches: distinct clients in the last seconds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpviewers.h"

/* Lock: mutex guards seen. */
struct _VsHttpViewers
{
  GMutex mutex;
  GHashTable *seen;             /* hash of a client -> s when it last came */
};

VsHttpViewers *
vs_http_viewers_new (void)
{
  VsHttpViewers *viewers = g_new0 (VsHttpViewers, 1);

  g_mutex_init (&viewers->mutex);
  viewers->seen = g_hash_table_new (NULL, NULL);
  return viewers;
}

void
vs_http_viewers_free (VsHttpViewers * viewers)
{
  g_hash_table_unref (viewers->seen);
  g_mutex_clear (&viewers->mutex);
  g_free (viewers);
}

/* The difference also holds where the time in a pointer has wrapped. */
static gboolean
is_gone (gpointer key, gpointer value, gpointer user_data)
{
  return GPOINTER_TO_UINT (user_data) - GPOINTER_TO_UINT (value) >
      VS_HTTP_VIEWER_SECONDS;
}

static void
forget_gone (VsHttpViewers * viewers, guint now)
{
  g_hash_table_foreach_remove (viewers->seen, is_gone, GUINT_TO_POINTER (now));
}

void
vs_http_viewers_see (VsHttpViewers * viewers, const gchar * ip,
    const gchar * user_agent, gint64 now)
{
  guint second = now / G_USEC_PER_SEC;
  gsize hash = (gsize) g_str_hash (ip) * 0x9e3779b1u;

  if (user_agent)
    hash = (hash << 5) ^ hash ^ ((gsize) g_str_hash (user_agent) << 16);

  g_mutex_lock (&viewers->mutex);
  if (g_hash_table_size (viewers->seen) >= VS_HTTP_MAX_VIEWERS)
    forget_gone (viewers, second);
  if (g_hash_table_size (viewers->seen) < VS_HTTP_MAX_VIEWERS)
    g_hash_table_insert (viewers->seen, GSIZE_TO_POINTER (hash),
        GUINT_TO_POINTER (second));
  g_mutex_unlock (&viewers->mutex);
}

guint
vs_http_viewers_count (VsHttpViewers * viewers, gint64 now)
{
  guint count;

  g_mutex_lock (&viewers->mutex);
  forget_gone (viewers, now / G_USEC_PER_SEC);
  count = g_hash_table_size (viewers->seen);
  g_mutex_unlock (&viewers->mutex);
  return count;
}
