/* VisionStream: a clock that is wrong by VS_CLOCK_OFFSET seconds, by LD_PRELOAD
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

int
clock_gettime (clockid_t id, struct timespec *now)
{
  int (*real) (clockid_t, struct timespec *) =
      (int (*)(clockid_t, struct timespec *)) dlsym (RTLD_NEXT,
      "clock_gettime");
  const char *offset = getenv ("VS_CLOCK_OFFSET");
  int status = real (id, now);

  if (status == 0 && id == CLOCK_REALTIME && offset)
    now->tv_sec += atol (offset);
  return status;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  struct timespec spec;

  (void) zone;
  clock_gettime (CLOCK_REALTIME, &spec);
  now->tv_sec = spec.tv_sec;
  now->tv_usec = spec.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t * now)
{
  struct timespec spec;

  clock_gettime (CLOCK_REALTIME, &spec);
  if (now)
    *now = spec.tv_sec;
  return spec.tv_sec;
}
