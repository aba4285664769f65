/* VisionStream: what happens in other threads, awaited
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>

/* Until @condition holds, by AWAIT_DEADLINE (monotonic time), which whoever
 * awaits defines. One that held is not asked again: it may hold for a moment
 * only. */
#define AWAIT(condition)                                                \
  G_STMT_START {                                                        \
    gint64 await_end = AWAIT_DEADLINE;                                  \
    gboolean await_held = (condition);                                  \
    while (!await_held && g_get_monotonic_time () < await_end) {        \
      g_usleep (2000);                                                  \
      await_held = (condition);                                         \
    }                                                                   \
    fail_unless (await_held, #condition);                               \
  } G_STMT_END
