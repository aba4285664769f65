/* VisionStream: a machine that AWS's tools would know
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A home of its own, an environment without any of AWS's variables, and a
 * server on 127.0.0.1 that answers as the metadata services of an instance
 * and of a container do.
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>

typedef enum
{
  AWS_ANSWER,                   /* status and body */
  AWS_ENDLESS,                  /* a body that does not end */
  AWS_DRIP,                     /* the same, a byte now and then */
  AWS_REDIRECT                  /* to where the keys are */
} AwsManner;

/* The instance's; NULL: it has none. */
extern const gchar *aws_role;
/* what a container has to send; NULL: anything */
extern const gchar *aws_authorization;

/* How often keys and tokens were asked for; atomic */
extern gint aws_hits, aws_token_hits;

extern gchar *aws_home;
/* http://127.0.0.1:port */
extern gchar *aws_uri;

/* unchecked, then checked fixture */
void aws_setup_once (void);
void aws_teardown_once (void);
void aws_setup (void);
void aws_teardown (void);

/* A file in the home, by its path there; NULL removes it. */
void aws_write (const gchar *path, const gchar *text);
gchar *aws_path (const gchar *path);

/* As an instance would: keys that end at @expires_us; 0: no Expiration */
void aws_set_keys (const gchar *id, gint64 expires_us);
void aws_set_answer (AwsManner manner, guint status, const gchar *answer);
/* From now on keys are not answered. */
void aws_hold (void);
/* They are again, to the last who asked as well. */
void aws_release (void);
/* Returns when keys were asked for @n times. */
void aws_await_hits (gint n);

/* a container's URI at the server */
void aws_be_container (void);
