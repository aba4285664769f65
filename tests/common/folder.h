/* VisionStream: folders that tests fill
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* A new one whose name begins with @name, in memory where there is a place: what
 * is synced there waits for nobody else's disk. (transfer full) */
gchar *test_folder_make (const gchar *name);

/* With all that is in it; what links lead to stays. */
void  test_folder_remove (const gchar *path);

/* How many names are in it; 0 when it is not there. */
guint test_folder_count (const gchar *path);
