/* VisionStream: what the thread sanitizer must know of GLib
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib's mutexes are futexes and its reference counts are its own: a GLib that
 * was built without the sanitizer orders threads in ways that it does not see.
 * This library, loaded ahead of GLib (tests/run --tsan), tells it. It changes
 * nothing but that.
 */
#include <dlfcn.h>
#include <glib-object.h>
#include <pthread.h>

/* Weak: programs that a test starts have this library too, and no sanitizer. */
#define TSAN __attribute__ ((weak))
TSAN void __tsan_acquire (void *address);
TSAN void __tsan_release (void *address);
TSAN void __tsan_mutex_pre_lock (void *address, unsigned flags);
TSAN void __tsan_mutex_post_lock (void *address, unsigned flags, int depth);
TSAN int __tsan_mutex_pre_unlock (void *address, unsigned flags);
TSAN void __tsan_mutex_post_unlock (void *address, unsigned flags);

/* flags of the sanitizer's interface */
#define TRY_LOCK (1 << 4)
#define TRY_LOCK_FAILED (1 << 5)

#define TELL(what, ...) \
    G_STMT_START { if (__tsan_acquire) what (__VA_ARGS__); } G_STMT_END

/* The function that this one stands in front of. */
#define REAL(name) ({                                                   \
    static __typeof__ (&name) real;                                     \
    if (real == NULL)                                                   \
      real = (__typeof__ (&name)) dlsym (RTLD_NEXT, #name);             \
    real;                                                               \
  })

void
g_mutex_lock (GMutex * mutex)
{
  TELL (__tsan_mutex_pre_lock, mutex, 0);
  REAL (g_mutex_lock) (mutex);
  TELL (__tsan_mutex_post_lock, mutex, 0, 0);
}

gboolean
g_mutex_trylock (GMutex * mutex)
{
  gboolean locked;

  TELL (__tsan_mutex_pre_lock, mutex, TRY_LOCK);
  locked = REAL (g_mutex_trylock) (mutex);
  TELL (__tsan_mutex_post_lock, mutex, locked ? TRY_LOCK :
      TRY_LOCK | TRY_LOCK_FAILED, 0);
  return locked;
}

void
g_mutex_unlock (GMutex * mutex)
{
  TELL (__tsan_mutex_pre_unlock, mutex, 0);
  REAL (g_mutex_unlock) (mutex);
  TELL (__tsan_mutex_post_unlock, mutex, 0);
}

void
g_cond_wait (GCond * cond, GMutex * mutex)
{
  TELL (__tsan_mutex_pre_unlock, mutex, 0);
  TELL (__tsan_mutex_post_unlock, mutex, 0);
  REAL (g_cond_wait) (cond, mutex);
  TELL (__tsan_mutex_pre_lock, mutex, 0);
  TELL (__tsan_mutex_post_lock, mutex, 0, 0);
}

gboolean
g_cond_wait_until (GCond * cond, GMutex * mutex, gint64 end_time)
{
  gboolean signalled;

  TELL (__tsan_mutex_pre_unlock, mutex, 0);
  TELL (__tsan_mutex_post_unlock, mutex, 0);
  signalled = REAL (g_cond_wait_until) (cond, mutex, end_time);
  TELL (__tsan_mutex_pre_lock, mutex, 0);
  TELL (__tsan_mutex_post_lock, mutex, 0, 0);
  return signalled;
}

#undef g_once_init_enter
#undef g_once_init_leave

gboolean
g_once_init_enter (volatile void *location)
{
  gboolean first = REAL (g_once_init_enter) (location);

  TELL (__tsan_acquire, (void *) location);
  return first;
}

void
g_once_init_leave (volatile void *location, gsize result)
{
  TELL (__tsan_release, (void *) location);
  REAL (g_once_init_leave) (location, result);
}

void
g_async_queue_push (GAsyncQueue * queue, gpointer data)
{
  TELL (__tsan_release, queue);
  REAL (g_async_queue_push) (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue * queue)
{
  gpointer data = REAL (g_async_queue_pop) (queue);

  TELL (__tsan_acquire, queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue * queue)
{
  gpointer data = REAL (g_async_queue_try_pop) (queue);

  TELL (__tsan_acquire, queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue * queue, guint64 timeout)
{
  gpointer data = REAL (g_async_queue_timeout_pop) (queue, timeout);

  TELL (__tsan_acquire, queue);
  return data;
}

/* Its texts are made once, under a lock of its own. */
const gchar *
g_strerror (gint code)
{
  static gint order;
  const gchar *text = REAL (g_strerror) (code);

  TELL (__tsan_release, &order);
  TELL (__tsan_acquire, &order);
  return text;
}

/* What is posted runs after what its poster did before. Of idle and timeout
 * sources alone it is known what their callbacks are given. */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Posted;

static gboolean
run_posted (gpointer data)
{
  Posted *posted = data;

  TELL (__tsan_acquire, posted);
  return posted->func (posted->data);
}

static void
free_posted (gpointer data)
{
  Posted *posted = data;

  TELL (__tsan_acquire, posted);
  if (posted->notify)
    posted->notify (posted->data);
  g_free (posted);
}

void
g_source_set_callback (GSource * source, GSourceFunc func, gpointer data,
    GDestroyNotify notify)
{
  Posted *posted;

  if (source->source_funcs != &g_idle_funcs
      && source->source_funcs != &g_timeout_funcs) {
    REAL (g_source_set_callback) (source, func, data, notify);
    return;
  }
  posted = g_new (Posted, 1);
  *posted = (Posted) {
  func, data, notify};
  REAL (g_source_set_callback) (source, run_posted, posted, free_posted);
  /* what GLib has allocated for it too; it is attached after this */
  TELL (__tsan_release, posted);
}

guint
g_source_attach (GSource * source, GMainContext * context)
{
  TELL (__tsan_release, context);
  return REAL (g_source_attach) (source, context);
}

gboolean
g_main_context_iteration (GMainContext * context, gboolean may_block)
{
  gboolean dispatched = REAL (g_main_context_iteration) (context, may_block);

  TELL (__tsan_acquire, context);
  return dispatched;
}

/* Likewise what is pushed to a pool: GStreamer's tasks, GIO's. A pool's own
 * record is kept for good, as pools are. */

typedef struct
{
  GFunc func;
  gpointer user_data;
} Pool;

static void
run_pushed (gpointer data, gpointer user_data)
{
  Pool *pool = user_data;

  TELL (__tsan_acquire, data);
  pool->func (data, pool->user_data);
}

GThreadPool *
g_thread_pool_new (GFunc func, gpointer user_data, gint max_threads,
    gboolean exclusive, GError ** error)
{
  Pool *pool = g_new (Pool, 1);

  *pool = (Pool) {
  func, user_data};
  TELL (__tsan_release, pool);
  return REAL (g_thread_pool_new) (run_pushed, pool, max_threads, exclusive,
      error);
}

gboolean
g_thread_pool_push (GThreadPool * pool, gpointer data, GError ** error)
{
  TELL (__tsan_release, data);
  return REAL (g_thread_pool_push) (pool, data, error);
}

/* Looked up by whoever asks first, under another lock of GLib's. */
const gchar *
g_get_host_name (void)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  const gchar *name;

  pthread_mutex_lock (&lock);
  name = REAL (g_get_host_name) ();
  pthread_mutex_unlock (&lock);
  return name;
}

/* The last reference is given up after all others were. Of a box it is told
 * which one is the last. */

static __thread GDestroyNotify clear_of_box;

static void
clear_box (gpointer box)
{
  TELL (__tsan_acquire, box);
  if (clear_of_box)
    clear_of_box (box);
}

void
g_atomic_rc_box_release_full (gpointer box, GDestroyNotify clear)
{
  GDestroyNotify outer = clear_of_box;

  clear_of_box = clear;
  TELL (__tsan_release, box);
  REAL (g_atomic_rc_box_release_full) (box, clear_box);
  clear_of_box = outer;
}

#define ORDER_UNREF(name, type)                                         \
  void                                                                  \
  name (type object)                                                    \
  {                                                                     \
    if (object) {                                                       \
      TELL (__tsan_acquire, (void *) object);                                 \
      TELL (__tsan_release, (void *) object);                                 \
    }                                                                   \
    REAL (name) (object);                                               \
  }

ORDER_UNREF (g_object_unref, gpointer)
    ORDER_UNREF (g_bytes_unref, GBytes *)
    ORDER_UNREF (g_ptr_array_unref, GPtrArray *)
    ORDER_UNREF (g_hash_table_unref, GHashTable *)
    ORDER_UNREF (g_source_unref, GSource *)
/* The table of quarks, whose lock is GLib's own: one that is seen goes around
 * it. */
#define GUARD_QUARKS(type, name, argument)                              \
  type                                                                  \
  name (argument text)                                                  \
  {                                                                     \
    type result;                                                        \
    pthread_mutex_lock (&quarks);                                       \
    result = REAL (name) (text);                                        \
    pthread_mutex_unlock (&quarks);                                     \
    return result;                                                      \
  }
     static pthread_mutex_t quarks = PTHREAD_MUTEX_INITIALIZER;

GUARD_QUARKS (GQuark, g_quark_try_string, const gchar *)
GUARD_QUARKS (GQuark, g_quark_from_string, const gchar *)
GUARD_QUARKS (GQuark, g_quark_from_static_string, const gchar *)
GUARD_QUARKS (const gchar *, g_intern_string, const gchar *)
GUARD_QUARKS (const gchar *, g_intern_static_string, const gchar *)
