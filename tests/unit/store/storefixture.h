/* VisionStream: the store of a test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "store/vsstore.h"

/* A folder of the test's own, and a store on it. */
extern gchar *root;
extern VsStore *store;

/* the checked fixture */
void store_setup (void);
void store_teardown (void);

gboolean put (const gchar *key, const gchar *text, GError **error);
/* Names in a folder as the file system has them, tmp files included. */
guint    count_names (const gchar *key);
