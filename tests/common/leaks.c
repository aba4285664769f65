/* VisionStream: the leak sanitizer, and what libraries keep for good
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib leaves its first table of quarks behind when that grows. It was made in
 * the library's constructor, ahead of which there is but one place to be.
 */
#include <sanitizer/lsan_interface.h>

typedef void (*PreInit) (int argc, char **argv, char **environment);

static void
before_constructors (int argc, char **argv, char **environment)
{
  __lsan_disable ();
}

static const PreInit preinit
    __attribute__((section (".preinit_array"), used)) = before_constructors;

static void after_constructors (void) __attribute__((constructor));

/* The program's own come last. */
static void
after_constructors (void)
{
  __lsan_enable ();
}
