/* VisionStream: how long a test waits for what must come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

/* The monotonic time that is @seconds away, or, where Check's own timeouts
 * are multiplied (sanitizers, valgrind), as many times that. */
gint64 test_deadline (guint seconds);
