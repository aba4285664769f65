/* VisionStream: requests that are tried more than once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "store/vshttpretry.h"

#include <string.h>

#include "store/vshttpbody.h"
#include "store/vsstoreclass.h"

/* tries of one call, and the pauses between them */
#define ATTEMPTS 4
#define PAUSE_MIN (50 * G_TIME_SPAN_MILLISECOND)
#define PAUSE_MAX (2 * G_TIME_SPAN_SECOND)

/* What is due to the network in a call, and the least speed of a body. */
#define CALL_TIME (20 * G_TIME_SPAN_SECOND)
#define BYTES_PER_SECOND (64 * 1024)
#define SECONDS_A_DAY (24 * 60 * 60)

/* Whether there is to be another try; returns when it is time for it, or with
 * @cause that it was cancelled meanwhile. */
static gboolean
await_next (VsHttpVerdict verdict, guint attempt, const VsHttpReply * reply,
    GCancellable * cancellable, GError ** cause)
{
  gint64 pause = vs_http_backoff_us (attempt, PAUSE_MIN, PAUSE_MAX);
  g_autoptr (GError) cancelled = NULL;

  if (verdict == VS_HTTP_REFUSED || attempt == ATTEMPTS)
    return FALSE;
  if (verdict == VS_HTTP_AT_ONCE)
    return TRUE;
  if (reply->headers)
    pause = MAX (pause, vs_http_reply_get_retry_after (reply));
  if (pause > PAUSE_MAX)
    return FALSE;
  if (vs_store_wait (pause, cancellable, &cancelled))
    return TRUE;
  g_clear_error (cause);
  g_propagate_error (cause, g_steal_pointer (&cancelled));
  return FALSE;
}

gboolean
vs_http_retry (VsHttpTryFunc func, gpointer call, VsHttpReply * reply,
    GCancellable * cancellable, GError ** error)
{
  for (guint attempt = 1;; attempt++) {
    g_autoptr (GError) cause = NULL;
    VsHttpVerdict verdict;
    gboolean again;

    memset (reply, 0, sizeof *reply);
    verdict = func (call, reply, cancellable, &cause);
    if (verdict == VS_HTTP_DONE)
      return TRUE;
    again = await_next (verdict, attempt, reply, cancellable, &cause);
    vs_http_reply_clear (reply);
    if (!again) {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  }
}

/* What took its whole time, or is not there at all, is for whoever has more
 * patience than a call. */
VsHttpVerdict
vs_http_judge_error (const GError * error)
{
  static const gint lasting[] = {
    G_IO_ERROR_CANCELLED, G_IO_ERROR_MESSAGE_TOO_LARGE,
    G_IO_ERROR_INVALID_ARGUMENT, G_IO_ERROR_CONNECTION_REFUSED,
    G_IO_ERROR_TIMED_OUT, G_IO_ERROR_PERMISSION_DENIED
  };

  for (guint i = 0; i < G_N_ELEMENTS (lasting); i++) {
    if (g_error_matches (error, G_IO_ERROR, lasting[i]))
      return VS_HTTP_REFUSED;
  }
  return VS_HTTP_LATER;
}

gint64
vs_http_get_deadline (const VsHttpBody * body, gsize max_answer)
{
  guint64 bytes = max_answer;

  if (body)
    bytes += vs_http_body_get_size (body);
  bytes = MIN (bytes, (guint64) BYTES_PER_SECOND * SECONDS_A_DAY);
  return g_get_monotonic_time () + CALL_TIME
      + bytes * G_USEC_PER_SEC / BYTES_PER_SECOND;
}
