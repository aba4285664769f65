/* VisionStream: the leak sanitizer, and what libraries keep for good
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/* What this thread allocates from here on is not told as a leak: for a stock
 * server that a test runs, whose leaks are known. */
static inline void
test_leaks_ignore_thread (void)
{
  extern void __lsan_disable (void) __attribute__ ((weak));

  if (__lsan_disable)
    __lsan_disable ();
}
