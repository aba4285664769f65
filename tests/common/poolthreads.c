/* VisionStream: threads of GIO's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/poolthreads.h"

#include <glib.h>

#include "common/deadline.h"

#define PATIENCE 20

void
test_pool_threads_limit (void)
{
  g_thread_pool_set_max_unused_threads (0);
}

static gboolean
has_pool_thread (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename ("/proc/self/task", name, "comm",
        NULL);
    g_autofree gchar *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL)
        && g_str_has_prefix (text, "pool-"))
      return TRUE;
  }
  return FALSE;
}

void
test_pool_threads_await_end (void)
{
  gint64 end = test_deadline (PATIENCE);

  while (has_pool_thread () && g_get_monotonic_time () < end)
    g_usleep (5000);
  g_assert_false (has_pool_thread ());
}
