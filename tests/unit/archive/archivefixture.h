/* VisionStream: the place of a test's archive
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/archivelog.h"

/* A folder of the test's own, in memory where there is a place: a thousand
 * small files are synced. And a store on it. */
extern gchar *root;
extern VsStore *store;

/* the checked fixture; nothing has been said to archive_log */
void archive_setup (void);
void archive_teardown (void);
