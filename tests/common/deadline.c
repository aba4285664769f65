/* VisionStream: how long a test waits for what must come
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "common/deadline.h"

gint64
test_deadline (guint seconds)
{
  const gchar *text = g_getenv ("CK_TIMEOUT_MULTIPLIER");
  gdouble times = text ? g_ascii_strtod (text, NULL) : 1;

  times = MAX (times, 1);
  return g_get_monotonic_time () + times * seconds * G_TIME_SPAN_SECOND;
}
