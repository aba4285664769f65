/* VisionStream: access log, one JSON object a line
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vsaccesslog.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* records that may wait for the disk; a few MiB */
#define MAX_QUEUE 8192
/* MediaPackage cuts it there */
#define MAX_USER_AGENT 8192

/*
 * Lock: mutex guards queue, dropped and stop; nothing is written while it is
 * held.
 */
struct _VsAccessLog
{
  gchar *path;
  GThread *thread;

  /* the thread's own */
  gint fd;
  gboolean torn;                /* the last line was written in part */

  GMutex mutex;
  GCond cond;
  GQueue queue;                 /* VsAccessRecord */
  guint64 dropped;
  gboolean stop;
};

void
vs_access_record_free (VsAccessRecord * record)
{
  g_free (record->client_ip);
  g_free (record->request);
  g_free (record->user_agent);
  g_free (record->host);
  g_free (record->account);
  g_free (record->event);
  g_free (record->breakout);
  g_free (record->endpoint);
  g_free (record->reason);
  g_free (record);
}

/* RFC 8259 7. @text may hold any bytes. */
static void
append_json_string (GString * line, const gchar * text, gsize length)
{
  const gchar *end = text + length, *p = text;

  g_string_append_c (line, '"');
  while (p < end) {
    guchar c = *p;
    const gchar *valid_end;

    if (c == '"' || c == '\\') {
      g_string_append_c (line, '\\');
      g_string_append_c (line, c);
      p++;
    } else if (c < 0x20 || c == 0x7f) {
      g_string_append_printf (line, "\\u%04x", c);
      p++;
    } else if (c < 0x80) {
      g_string_append_c (line, c);
      p++;
    } else if (g_utf8_get_char_validated (p, end - p) < (gunichar) - 2) {
      valid_end = g_utf8_next_char (p);
      g_string_append_len (line, p, valid_end - p);
      p = valid_end;
    } else {
      g_string_append (line, "\\ufffd");
      p++;
    }
  }
  g_string_append_c (line, '"');
}

static void
append_name (GString * line, const gchar * name)
{
  if (line->str[line->len - 1] != '{')
    g_string_append_c (line, ',');
  g_string_append_printf (line, "\"%s\":", name);
}

static void
append_string (GString * line, const gchar * name, const gchar * value)
{
  append_name (line, name);
  if (value)
    append_json_string (line, value, strlen (value));
  else
    g_string_append (line, "null");
}

static void
append_number (GString * line, const gchar * name, guint64 value)
{
  append_name (line, name);
  g_string_append_printf (line, "%" G_GUINT64_FORMAT, value);
}

static gboolean
is_secret (const gchar * parameter)
{
  static const gchar *const names[] = { "Signature=", "Policy=",
    "Key-Pair-Id="
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_ascii_strncasecmp (parameter, names[i], strlen (names[i])) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A log line must not let its reader replay a signed URL. */
static gchar *
without_secrets (const gchar * request)
{
  GString *text = g_string_new (NULL);
  const gchar *p = request;

  while (*p) {
    gsize length = strcspn (p, "?&");

    if (p > request && is_secret (p))
      g_string_append_len (text, p, strcspn (p, "=") + 1);
    else
      g_string_append_len (text, p, length);
    p += length;
    if (*p)
      g_string_append_c (text, *p++);
  }
  return g_string_free (text, FALSE);
}

static void
append_time (GString * line, gint64 time_us)
{
  g_autoptr (GDateTime) seconds = NULL;
  g_autofree gchar *text = NULL, *value = NULL;

  seconds = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  text = g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S");
  value = g_strdup_printf ("%s.%06dZ", text, (gint) (time_us % G_USEC_PER_SEC));
  append_string (line, "timestamp", value);
}

static void
append_processing_time (GString * line, gdouble seconds)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  append_name (line, "processingTime");
  g_string_append (line, g_ascii_formatd (text, sizeof (text), "%.6f",
          seconds));
}

void
vs_access_record_to_json (const VsAccessRecord * record, GString * line)
{
  g_autofree gchar *request = NULL, *agent = NULL, *id = NULL, *status = NULL;

  if (record->request)
    request = without_secrets (record->request);
  if (record->user_agent)
    agent = g_strndup (record->user_agent, MAX_USER_AGENT);
  id = g_strdup_printf ("%016" G_GINT64_MODIFIER "x", record->id);
  status = g_strdup_printf ("%u", record->status);

  g_string_append_c (line, '{');
  append_time (line, record->time_us);
  append_string (line, "clientIp", record->client_ip);
  append_processing_time (line, record->processing_time);
  append_string (line, "statusCode", status);
  append_number (line, "receivedBytes", record->received);
  append_number (line, "sentBytes", record->sent);
  append_string (line, "method", record->method);
  append_string (line, "request", request);
  append_string (line, "protocol", record->protocol);
  append_string (line, "userAgent", agent);
  append_string (line, "account", record->account);
  append_string (line, "channelId", record->event);
  append_string (line, "channelArn", NULL);
  append_string (line, "domainName", record->host);
  append_string (line, "requestId", id);
  append_string (line, "endpointId", record->endpoint);
  append_string (line, "endpointArn", NULL);
  append_string (line, "eventId", record->event);
  append_string (line, "breakoutId", record->breakout);
  append_string (line, "reason", record->reason);
  g_string_append (line, "}\n");
}

/* Not blocking: a pipe that nobody reads costs its lines only. */
static gint
open_log (const gchar * path)
{
  return open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
      O_NONBLOCK, 0640);
}

/* Follows a rotation: the name means another file now, or none. When that
 * can't be opened, lines still go to the one that is open. */
static void
reopen_if_rotated (VsAccessLog * log)
{
  struct stat named, opened;
  gint fd;

  if (fstat (log->fd, &opened) < 0)
    return;
  if (stat (log->path, &named) == 0 && named.st_ino == opened.st_ino
      && named.st_dev == opened.st_dev)
    return;
  fd = open_log (log->path);
  if (fd < 0)
    return;
  close (log->fd);
  log->fd = fd;
  log->torn = FALSE;
}

/* How many bytes of @text were written. */
static gsize
write_all (gint fd, const GString * text)
{
  gsize done = 0;

  while (done < text->len) {
    gssize n = write (fd, text->str + done, text->len - done);

    if (n < 0 && errno != EINTR)
      break;
    done += MAX (n, 0);
  }
  return done;
}

static guint
count_lines (const GString * text, gsize size)
{
  guint n = 0;

  for (gsize i = 0; i < size; i++)
    n += text->str[i] == '\n';
  return n;
}

/* Writes a batch at once: one write, whole lines. A disk that is full may
 * take part of a line: the next one then begins on a line of its own. */
static void
write_batch (VsAccessLog * log, GQueue * batch)
{
  g_autoptr (GString) text = g_string_new (log->torn ? "\n" : NULL);
  guint n = batch->length + text->len;
  VsAccessRecord *record;
  gsize written;

  if (batch->length == 0)
    return;
  reopen_if_rotated (log);
  while ((record = g_queue_pop_head (batch))) {
    vs_access_record_to_json (record, text);
    vs_access_record_free (record);
  }
  written = write_all (log->fd, text);
  if (written > 0)
    log->torn = text->str[written - 1] != '\n';
  if (written < text->len) {
    g_mutex_lock (&log->mutex);
    log->dropped += n - count_lines (text, written);
    g_mutex_unlock (&log->mutex);
  }
}

static gpointer
log_thread (gpointer data)
{
  VsAccessLog *log = data;
  gboolean stop = FALSE;

  while (!stop) {
    GQueue batch;

    g_mutex_lock (&log->mutex);
    while (g_queue_is_empty (&log->queue) && !log->stop)
      g_cond_wait (&log->cond, &log->mutex);
    batch = log->queue;
    g_queue_init (&log->queue);
    stop = log->stop;
    g_mutex_unlock (&log->mutex);
    write_batch (log, &batch);
  }
  return NULL;
}

VsAccessLog *
vs_access_log_new (const gchar * path, GError ** error)
{
  VsAccessLog *log;
  gint fd = open_log (path);

  if (fd < 0) {
    gint code = errno;

    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
        "Cannot open access log %s: %s", path, g_strerror (code));
    return NULL;
  }
  log = g_new0 (VsAccessLog, 1);
  log->path = g_strdup (path);
  log->fd = fd;
  g_mutex_init (&log->mutex);
  g_cond_init (&log->cond);
  g_queue_init (&log->queue);
  log->thread = g_thread_new ("vs-accesslog", log_thread, log);
  return log;
}

void
vs_access_log_free (VsAccessLog * log)
{
  g_mutex_lock (&log->mutex);
  log->stop = TRUE;
  g_cond_signal (&log->cond);
  g_mutex_unlock (&log->mutex);
  g_thread_join (log->thread);
  close (log->fd);
  g_free (log->path);
  g_cond_clear (&log->cond);
  g_mutex_clear (&log->mutex);
  g_free (log);
}

void
vs_access_log_push (VsAccessLog * log, VsAccessRecord * record)
{
  g_mutex_lock (&log->mutex);
  if (log->queue.length < MAX_QUEUE) {
    g_queue_push_tail (&log->queue, g_steal_pointer (&record));
    if (log->queue.length == 1)
      g_cond_signal (&log->cond);
  } else {
    log->dropped++;
  }
  g_mutex_unlock (&log->mutex);
  g_clear_pointer (&record, vs_access_record_free);
}

guint64
vs_access_log_get_dropped (VsAccessLog * log)
{
  guint64 dropped;

  g_mutex_lock (&log->mutex);
  dropped = log->dropped;
  g_mutex_unlock (&log->mutex);
  return dropped;
}

guint64
vs_access_log_next_id (void)
{
  static gsize base = 0;
  static gint count = 0;

  if (g_once_init_enter (&base))
    g_once_init_leave (&base, (gsize) g_random_int () << 1 | 1);
  return (guint64) base << 31 | (guint32) g_atomic_int_add (&count, 1);
}
