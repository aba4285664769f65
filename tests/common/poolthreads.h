/* VisionStream: threads of GIO's own
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

/**
 * GIO shakes hands for TLS in threads of a pool, which stay for a while. The
 * leak sanitizer breaks on a thread that knows variables of a library which
 * was loaded later: a test that speaks TLS has none when it ends.
 */

/* At a test's beginning: idle threads end after half a second. */
void test_pool_threads_limit (void);
/* At its end: waits until there is none. */
void test_pool_threads_await_end (void);
