/* VisionStream: folders that tests fill
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* With all that is in it; what links lead to stays. */
void  test_folder_remove (const gchar *path);

/* How many names are in it; 0 when it is not there. */
guint test_folder_count (const gchar *path);
