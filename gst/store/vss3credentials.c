/* VisionStream: where the keys to S3 come from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One thread at a time asks the places, without the lock. The others take the
 * keys at hand while these are good; else they wait for it and share what it
 * gets, be it an error: a thousand requests that fail do not ask a thousand
 * times.
 */
#include "store/vss3credentials.h"

#include "store/vss3profile.h"
#include "store/vss3role.h"

/* how long before their end keys are renewed, and how long after an attempt
 * the next one comes: a role may go on giving the same keys for a while */
#define AHEAD_US (5 * 60 * G_USEC_PER_SEC)
#define PAUSE_US (10 * G_USEC_PER_SEC)

struct _VsS3Credentials
{
  gint ref_count;
  gchar *profile;
  VsS3Keys *given;
    gint64 (*clock) (void);

  GMutex lock;
  GCond asked;
  /* protected by lock */
  VsS3Keys *keys;
  gboolean refused;             /* keys are no good, whatever they say */
  gboolean from_instance;       /* keys are, or were, an instance's role's */
  gboolean asking;
  guint64 n_asked;
  gint64 asked_us;              /* the last time */
  GError *error;                /* of that time */
};

static const gchar *
get_variable (const gchar * name)
{
  const gchar *value = g_getenv (name);

  return value && value[0] ? value : NULL;
}

/* ---- life ---------------------------------------------------------------- */

VsS3Credentials *
vs_s3_credentials_new (const VsS3CredentialsSettings * settings,
    GError ** error)
{
  const gchar *id = settings->access_key_id;
  const gchar *secret = settings->secret_access_key;
  g_autoptr (GError) failure = NULL;
  VsS3Keys *given = NULL;
  VsS3Credentials *self;

  if ((id && id[0]) || (secret && secret[0])) {
    given = vs_s3_keys_new (id, secret, settings->session_token, 0,
        "access-key-id and secret-access-key", &failure);
    if (given == NULL) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          failure->message);
      return NULL;
    }
  }

  self = g_new0 (VsS3Credentials, 1);
  self->ref_count = 1;
  self->given = given;
  if (settings->profile && settings->profile[0])
    self->profile = g_strdup (settings->profile);
  self->clock = settings->clock ? settings->clock : g_get_real_time;
  g_mutex_init (&self->lock);
  g_cond_init (&self->asked);
  return self;
}

VsS3Credentials *
vs_s3_credentials_ref (VsS3Credentials * self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vs_s3_credentials_unref (VsS3Credentials * self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  g_clear_pointer (&self->given, vs_s3_keys_unref);
  g_clear_pointer (&self->keys, vs_s3_keys_unref);
  g_clear_error (&self->error);
  g_free (self->profile);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->asked);
  g_free (self);
}

/* ---- places -------------------------------------------------------------- */

/* FALSE: go on with the next place. */
static gboolean
ask_environment (GString * tried, VsS3Keys ** keys, GError ** error)
{
  const gchar *id = get_variable ("AWS_ACCESS_KEY_ID");
  const gchar *secret = get_variable ("AWS_SECRET_ACCESS_KEY");

  if (id == NULL && secret == NULL) {
    g_string_append (tried, "AWS_ACCESS_KEY_ID is not set");
    return FALSE;
  }
  *keys = vs_s3_keys_new (id, secret, get_variable ("AWS_SESSION_TOKEN"), 0,
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", error);
  return TRUE;
}

/* A profile that somebody named has to be there. */
static gboolean
ask_profile (VsS3Credentials * self, GString * tried, VsS3Keys ** keys,
    gchar ** remark, GError ** error)
{
  const gchar *named =
      self->profile ? self->profile : get_variable ("AWS_PROFILE");
  GError *failure = NULL;
  gboolean exists;

  *keys = vs_s3_profile_keys (named ? named : "default", &exists, tried,
      remark, &failure);
  if (failure)
    g_propagate_error (error, failure);
  else if (*keys == NULL && named && !exists)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "no credentials: there is no profile \"%s\" (%s)", named, tried->str);
  else
    return *keys != NULL;
  return TRUE;
}

static gboolean
ask_container (GString * tried, VsS3Keys ** keys, GCancellable * cancellable,
    GError ** error)
{
  GError *failure = NULL;

  *keys = vs_s3_role_container_keys (tried, cancellable, &failure);
  if (failure)
    g_propagate_error (error, failure);
  return *keys || failure;
}

static void
set_none_error (const GString * tried, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "no credentials: set access-key-id and secret-access-key, "
      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile in "
      "~/.aws/credentials, or give the machine a role (%s)", tried->str);
}

/* Where no instance ever answered, that it does not says nothing of its own:
 * most machines are none of EC2's. */
static VsS3Keys *
ask_instance (GString * tried, gboolean once_answered,
    GCancellable * cancellable, GError ** error)
{
  GError *failure = NULL;
  VsS3Keys *keys = vs_s3_role_instance_keys (tried, cancellable, &failure);

  if (keys)
    return keys;
  if (failure && (once_answered || g_error_matches (failure, G_IO_ERROR,
              G_IO_ERROR_CANCELLED))) {
    g_propagate_error (error, failure);
    return NULL;
  }
  if (failure)
    g_string_append_printf (tried, "; no instance gives any: %s",
        failure->message);
  g_clear_error (&failure);
  set_none_error (tried, error);
  return NULL;
}

static VsS3Keys *
ask_all (VsS3Credentials * self, gboolean * from_instance, gchar ** remark,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) tried = g_string_new (NULL);
  gboolean once_answered = *from_instance;
  VsS3Keys *keys = NULL;

  *from_instance = FALSE;
  if (self->given)
    return vs_s3_keys_ref (self->given);
  if ((self->profile == NULL && ask_environment (tried, &keys, error))
      || ask_profile (self, tried, &keys, remark, error)
      || ask_container (tried, &keys, cancellable, error))
    return keys;
  *from_instance = TRUE;
  return ask_instance (tried, once_answered, cancellable, error);
}

/* ---- keys at hand (all with the lock) ------------------------------------ */

/* A clock that was set back does not count as a pause. */
static gboolean
in_pause (VsS3Credentials * self, gint64 now)
{
  return now >= self->asked_us && now < self->asked_us + PAUSE_US;
}

/* Keys that look expired although they were just fetched are for the server
 * to judge: it may be this clock that is wrong. */
static gboolean
is_usable (VsS3Credentials * self, gint64 now)
{
  const VsS3Keys *keys = self->keys;

  return keys && !self->refused && (keys->expires_us == 0
      || now < keys->expires_us
      || (self->error == NULL && in_pause (self, now)));
}

static gboolean
is_due (VsS3Credentials * self, gint64 now)
{
  return !is_usable (self, now) || (self->keys->expires_us != 0
      && now >= self->keys->expires_us - AHEAD_US && !in_pause (self, now));
}

/* What the operator learns of a renewal that failed while the old keys last. */
static gchar *
describe_failure (const VsS3Keys * keys, const GError * failure)
{
  g_autoptr (GDateTime) end =
      g_date_time_new_from_unix_utc (keys->expires_us / G_USEC_PER_SEC);
  g_autofree gchar *text = end ? g_date_time_format_iso8601 (end) : NULL;

  return g_strdup_printf ("the credentials from %s end at %s and could not be "
      "renewed: %s", keys->source, text ? text : "an unknown time",
      failure->message);
}

static void
take_answer (VsS3Credentials * self, VsS3Keys * keys, gboolean from_instance,
    GError * failure)
{
  if (keys) {
    g_clear_pointer (&self->keys, vs_s3_keys_unref);
    self->keys = keys;
    self->refused = FALSE;
    self->from_instance = from_instance;
  }
  g_clear_error (&self->error);
  self->error = failure;
  self->asked_us = self->clock ();
  self->asking = FALSE;
  self->n_asked++;
  g_cond_broadcast (&self->asked);
}

static void
ask_unlocked (VsS3Credentials * self, gchar ** remark,
    GCancellable * cancellable)
{
  gboolean from_instance = self->from_instance;
  GError *failure = NULL;
  VsS3Keys *keys;

  self->asking = TRUE;
  g_mutex_unlock (&self->lock);
  keys = ask_all (self, &from_instance, remark, cancellable, &failure);
  g_mutex_lock (&self->lock);
  take_answer (self, keys, from_instance, failure);
  if (failure && is_usable (self, self->clock ()) && *remark == NULL)
    *remark = describe_failure (self->keys, failure);
}

/* Another thread asks. FALSE when what it got is an error for this one too;
 * that its caller gave up is not. */
static gboolean
wait_for_other (VsS3Credentials * self)
{
  guint64 n = self->n_asked;

  while (self->n_asked == n)
    g_cond_wait (&self->asked, &self->lock);
  return self->error == NULL || g_error_matches (self->error, G_IO_ERROR,
      G_IO_ERROR_CANCELLED) || is_usable (self, self->clock ());
}

/* FALSE with self->error. */
static gboolean
make_usable (VsS3Credentials * self, gchar ** remark,
    GCancellable * cancellable)
{
  while (self->asking && !is_usable (self, self->clock ()))
    if (!wait_for_other (self))
      return FALSE;
  if (!self->asking && is_due (self, self->clock ())) {
    ask_unlocked (self, remark, cancellable);
    return self->error == NULL || is_usable (self, self->clock ());
  }
  return TRUE;
}

VsS3Keys *
vs_s3_credentials_get (VsS3Credentials * self, gchar ** remark,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *said = NULL;
  VsS3Keys *keys = NULL;

  g_mutex_lock (&self->lock);
  if (make_usable (self, &said, cancellable))
    keys = vs_s3_keys_ref (self->keys);
  else if (error)
    *error = g_error_copy (self->error);
  g_mutex_unlock (&self->lock);
  if (remark)
    *remark = g_steal_pointer (&said);
  return keys;
}

void
vs_s3_credentials_invalidate (VsS3Credentials * self, const VsS3Keys * refused)
{
  g_mutex_lock (&self->lock);
  if (self->keys == refused)
    self->refused = TRUE;
  g_mutex_unlock (&self->lock);
}

gchar *
vs_s3_credentials_dup_region (VsS3Credentials * self)
{
  const gchar *named =
      self->profile ? self->profile : get_variable ("AWS_PROFILE");
  gchar *region =
      self->profile ? vs_s3_profile_dup_region (self->profile) : NULL;

  if (region == NULL)
    region = g_strdup (get_variable ("AWS_REGION"));
  if (region == NULL)
    region = g_strdup (get_variable ("AWS_DEFAULT_REGION"));
  if (region == NULL && self->profile == NULL)
    region = vs_s3_profile_dup_region (named ? named : "default");
  return region;
}
