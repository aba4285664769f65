/* VisionStream: tests of viewers' passwords
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "common/deadline.h"
#include "sign/vsviewerchecks.h"

/* "Hello world!", of the SHA-crypt specification */
#define HELLO "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFN" \
    "jnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
#define HELLO_5 "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"

static const gchar longer[] = "a very much longer text to encrypt.  This one "
    "even stretches over morethan one line.";

/* Verdicts of any thread, as they come; those of a thread that is held when
 * they have been seen. */
typedef struct
{
  GAsyncQueue *verdicts;        /* verdict + 1 */
  GAsyncQueue *gate;            /* (nullable): one thing lets one go */
  GThread *thread;
} Answers;

static gint64 seconds;          /* atomic */

static gint64
get_seconds (void)
{
  return __atomic_load_n (&seconds, __ATOMIC_SEQ_CST);
}

static void
take (VsViewerVerdict verdict, gpointer user_data)
{
  Answers *answers = user_data;
  GAsyncQueue *gate = verdict == VS_VIEWER_BUSY ? NULL : answers->gate;

  /* whoever has the verdict may be done with the answers */
  answers->thread = g_thread_self ();
  g_async_queue_push (answers->verdicts, GINT_TO_POINTER (verdict + 1));
  if (gate)
    g_async_queue_pop (gate);
}

static void
answers_init (Answers * answers, gboolean held)
{
  answers->verdicts = g_async_queue_new ();
  answers->gate = held ? g_async_queue_new () : NULL;
  answers->thread = NULL;
}

static void
answers_clear (Answers * answers)
{
  fail_unless_equals_int (g_async_queue_length (answers->verdicts), 0);
  g_async_queue_unref (answers->verdicts);
  g_clear_pointer (&answers->gate, g_async_queue_unref);
}

static VsViewerVerdict
await (Answers * answers)
{
  gpointer verdict = g_async_queue_timeout_pop (answers->verdicts,
      (guint64) (test_deadline (30) - g_get_monotonic_time ()));

  fail_unless (verdict != NULL, "nobody answered");
  return (VsViewerVerdict) (GPOINTER_TO_INT (verdict) - 1);
}

static void
ask (VsViewerChecks * checks, Answers * answers, const gchar * user,
    const gchar * password, const gchar * hash)
{
  VsViewerQuestion question = { "alpha", user, password, hash, TRUE };

  vs_viewer_checks_ask (checks, &question, take, answers);
}

GST_START_TEST (test_vectors)
{
  static const struct
  {
    const gchar *password, *hash;
  } vectors[] = {
    {"Hello world!", HELLO}, {"Hello world!", HELLO_5},
    {longer, "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzy"
          "xf12oP84Bnq1"},
    {longer, "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQ"
          "s.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1"},
    /* of libxcrypt and yescrypt */
    {"pleaseletmein", "$7$06..../....SodiumChloride$ENlyo6fGw4PCcDBOFepfSZjFU"
          "nVatHzCcW55.ZGz3B0"},
    {"pleaseletmein", "$y$jD5.7$LdJMENpBABJJ3hIHjB1Bi.$HboGM6qPrsK.StKYGt6KEr"
          "mUYtioHreJd98oIugoNB6"},
    {"pw", "$gy$j75$abcdefgh$gVY1JFgxE.CC/l69MYcf.8WNc8o.2xhDvc.Kg1oOdD1"},
    /* of crypt_blowfish */
    {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {"U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
    {"U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
  };
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  Answers answers;

  answers_init (&answers, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autofree gchar *more = g_strconcat (vectors[i].password, "x", NULL);

    fail_unless (vs_viewer_hash_is_strong (vectors[i].hash), "%s",
        vectors[i].hash);
    ask (checks, &answers, "alice", more, vectors[i].hash);
    fail_unless_equals_int (await (&answers), VS_VIEWER_WRONG);
    ask (checks, &answers, "alice", "", vectors[i].hash);
    fail_unless_equals_int (await (&answers), VS_VIEWER_WRONG);
    ask (checks, &answers, "alice", vectors[i].password, vectors[i].hash);
    fail_unless (await (&answers) == VS_VIEWER_RIGHT, "%s", vectors[i].hash);
  }
  answers_clear (&answers);
}

GST_END_TEST;

GST_START_TEST (test_openssl)
{
  const gchar *arguments[] =
      { "openssl", "passwd", "-6", "correct horse", NULL };
  g_autofree gchar *hash = NULL;
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  Answers answers;

  fail_unless (g_spawn_sync (NULL, (gchar **) arguments, NULL,
          G_SPAWN_SEARCH_PATH, NULL, NULL, &hash, NULL, NULL, NULL));
  g_strchomp (hash);
  fail_unless (vs_viewer_hash_is_strong (hash), "%s", hash);
  answers_init (&answers, FALSE);
  ask (checks, &answers, "alice", "correct horse", hash);
  fail_unless_equals_int (await (&answers), VS_VIEWER_RIGHT);
  answers_clear (&answers);
}

GST_END_TEST;

GST_START_TEST (test_weak)
{
  static const gchar *const weak[] = { "", "*", "!", "secret",
    /* DES, MD5, SHA-1, NT, SHA-256 without a salt, bcrypt with its mistake */
    "ab01FAX.bQRSU", "$1$abcd0123$QRzQhPcB4DkkXVjMlMFyL1",
    "$apr1$abcd0123$QRzQhPcB4DkkXVjMlMFyL1",
    "$3$$8846f7eaee8fb117ad06bdd830b7586c",
    "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    /* not whole, or more than that */
    "$6$", "$6$saltstring$", HELLO "a", "x" HELLO, " " HELLO, HELLO "\n",
    "$6$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnjQJuesI68u4OTLiBFdcb"
        "YEdFCoEOfaS35inz1",
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc",
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWE:5",
    "$5$salt:tring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$rounds=999$salts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
    "$5$rounds=01400$salts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
    "$5$rounds=1000000000$salts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
    "$5$rounds=$salts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1",
    "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$32$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe"
  };
  g_autofree gchar *salt = g_strnfill (1000, 's');
  g_autofree gchar *large = g_strconcat ("$6$", salt, strrchr (HELLO, '$'),
      NULL);

  for (guint i = 0; i < G_N_ELEMENTS (weak); i++)
    fail_if (vs_viewer_hash_is_strong (weak[i]), "%s", weak[i]);
  fail_if (vs_viewer_hash_is_strong (large));
}

GST_END_TEST;

/* What is remembered is answered in the thread that asks. */
static gboolean
is_remembered (VsViewerChecks * checks, const gchar * user,
    const gchar * password, const gchar * hash)
{
  Answers answers;
  gboolean right;

  answers_init (&answers, FALSE);
  ask (checks, &answers, user, password, hash);
  right = await (&answers) == VS_VIEWER_RIGHT;
  answers_clear (&answers);
  return right && answers.thread == g_thread_self ();
}

GST_START_TEST (test_remembered)
{
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  g_autoptr (VsViewerChecks) others = vs_viewer_checks_new (get_seconds);

  fail_if (is_remembered (checks, "alice", "Hello world!", HELLO));
  fail_unless (is_remembered (checks, "alice", "Hello world!", HELLO));
  fail_if (is_remembered (checks, "alice", "Hello world", HELLO));
  fail_if (is_remembered (checks, "alice", "Hello world", HELLO));
  fail_if (is_remembered (checks, "bob", "Hello world!", HELLO));
  fail_if (is_remembered (others, "alice", "Hello world!", HELLO));
  /* another hash, also of the same password */
  fail_if (is_remembered (checks, "alice", "Hello world!", HELLO_5));

  __atomic_add_fetch (&seconds, VS_VIEWER_REMEMBERED_S - 1, __ATOMIC_SEQ_CST);
  fail_unless (is_remembered (checks, "alice", "Hello world!", HELLO));
  /* it is not remembered any longer for having been asked for */
  __atomic_add_fetch (&seconds, 1, __ATOMIC_SEQ_CST);
  fail_if (is_remembered (checks, "alice", "Hello world!", HELLO));
  fail_unless (is_remembered (checks, "alice", "Hello world!", HELLO));
}

GST_END_TEST;

/* The password is that of the hash, but the hash is another's. */
GST_START_TEST (test_stand_in)
{
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  VsViewerQuestion question = { "alpha", "bob", "Hello world!", HELLO, FALSE };
  guint first = vs_viewer_checks_pick (checks, "alpha", "bob", 1000);
  guint n_others = 0;
  Answers answers;

  answers_init (&answers, FALSE);
  /* also when it is remembered of who has it */
  for (guint i = 0; i < 2; i++) {
    vs_viewer_checks_ask (checks, &question, take, &answers);
    fail_unless_equals_int (await (&answers), VS_VIEWER_WRONG);
    question.real = TRUE;
    vs_viewer_checks_ask (checks, &question, take, &answers);
    fail_unless_equals_int (await (&answers), VS_VIEWER_RIGHT);
    question.real = FALSE;
  }
  answers_clear (&answers);

  fail_unless (first < 1000);
  fail_unless_equals_int (vs_viewer_checks_pick (checks, "alpha", "bob", 1000),
      first);
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *user = g_strdup_printf ("bob%u", i);

    n_others += vs_viewer_checks_pick (checks, "alpha", user, 1000) != first;
  }
  fail_unless (n_others > 0);
}

GST_END_TEST;

GST_START_TEST (test_busy)
{
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  Answers held, answers;

  answers_init (&held, TRUE);
  answers_init (&answers, FALSE);
  ask (checks, &held, "alice", "Hello world!", HELLO);
  /* the thread has taken it, and answers until the gate is open */
  fail_unless_equals_int (await (&held), VS_VIEWER_RIGHT);
  for (guint i = 0; i < VS_VIEWER_CHECKS_MAX; i++)
    ask (checks, &answers, "bob", "Hello world!", HELLO_5);
  fail_unless_equals_int (g_async_queue_length (answers.verdicts), 0);
  ask (checks, &answers, "bob", "Hello world!", HELLO_5);
  fail_unless_equals_int (g_async_queue_length (answers.verdicts), 1);
  fail_unless_equals_int (await (&answers), VS_VIEWER_BUSY);
  fail_unless (answers.thread == g_thread_self ());
  /* what is remembered needs no place */
  fail_unless (is_remembered (checks, "alice", "Hello world!", HELLO));

  g_async_queue_push (held.gate, checks);
  for (guint i = 0; i < VS_VIEWER_CHECKS_MAX; i++)
    fail_unless_equals_int (await (&answers), VS_VIEWER_RIGHT);
  ask (checks, &answers, "bob", "Hello", HELLO_5);
  fail_unless_equals_int (await (&answers), VS_VIEWER_WRONG);
  answers_clear (&held);
  answers_clear (&answers);
}

GST_END_TEST;

static gpointer
close_checks (gpointer data)
{
  vs_viewer_checks_free (data);
  return NULL;
}

/* Who waits is told, before the one whose turn it is has ended. */
GST_START_TEST (test_closing)
{
  VsViewerChecks *checks = vs_viewer_checks_new (get_seconds);
  Answers held, answers;
  GThread *thread;

  answers_init (&held, TRUE);
  answers_init (&answers, FALSE);
  ask (checks, &held, "alice", "Hello world!", HELLO);
  fail_unless_equals_int (await (&held), VS_VIEWER_RIGHT);
  for (guint i = 0; i < 3; i++)
    ask (checks, &answers, "bob", "Hello world!", HELLO_5);
  thread = g_thread_new ("close", close_checks, checks);
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (await (&answers), VS_VIEWER_BUSY);
  fail_unless (answers.thread == thread);
  g_async_queue_push (held.gate, thread);
  g_thread_join (thread);
  answers_clear (&held);
  answers_clear (&answers);
}

GST_END_TEST;

typedef struct
{
  VsViewerChecks *checks;
  guint wrong;
} Asker;

static gpointer
ask_on (gpointer data)
{
  Asker *asker = data;
  Answers answers;

  answers_init (&answers, FALSE);
  for (guint i = 0; i < 25; i++) {
    const gchar *password = i % 2 ? "Hello world!" : "Hello";

    ask (asker->checks, &answers, "alice", password, HELLO_5);
    if (await (&answers) != (i % 2 ? VS_VIEWER_RIGHT : VS_VIEWER_WRONG))
      asker->wrong++;
  }
  answers_clear (&answers);
  return NULL;
}

GST_START_TEST (test_threads)
{
  g_autoptr (VsViewerChecks) checks = vs_viewer_checks_new (get_seconds);
  Asker askers[8];
  GThread *threads[G_N_ELEMENTS (askers)];

  for (guint i = 0; i < G_N_ELEMENTS (askers); i++) {
    askers[i] = (Asker) {
    checks};
    threads[i] = g_thread_new ("asker", ask_on, &askers[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++) {
    g_thread_join (threads[i]);
    fail_unless_equals_int (askers[i].wrong, 0);
  }
}

GST_END_TEST;

static Suite *
viewerchecks_suite (void)
{
  Suite *s = suite_create ("viewerchecks");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_openssl);
  tcase_add_test (tc, test_weak);
  tcase_add_test (tc, test_remembered);
  tcase_add_test (tc, test_stand_in);
  tcase_add_test (tc, test_busy);
  tcase_add_test (tc, test_closing);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (viewerchecks);
