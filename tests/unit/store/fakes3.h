/* VisionStream: an S3 service that fails as it is told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a real one can't be made to do. It keeps objects, of any bucket, and
 * looks at what it is sent: each request's hash is to be its content's, its
 * signature to have the form of one, its time and token to be right.
 */
#pragma once

#include "store/rawserver.h"
#include "store/vsstore.h"

typedef enum
{
  FAKE_HONOURS,
  FAKE_IGNORES,
  FAKE_REFUSES                  /* 501 */
} FakeConditions;

typedef struct
{
  RawServer *server;
  gchar *uri;

  GMutex lock;
  /* protected by lock: requests as they come ("PUT /bucket/key?query"), and
   * faults that wait for theirs */
  GString *log;
  GPtrArray *faults;
  GHashTable *objects, *uploads;
  guint n_uploads;
  guint n_malformed;            /* requests that no service would take */
  guint64 n_filled;             /* bytes of fillers that could be sent */
  gchar *token;                 /* (nullable): that requests have to have */
  gint64 offset_s;              /* the service's time less ours */
  gboolean without_date;
  FakeConditions conditions;
} FakeS3;

/* One of what happens to requests instead of the usual. */
typedef struct
{
  const gchar *match;           /* beginning of the request, as in the log;
                                 * a "*" in it stands for anything */
  guint times;
  gboolean act;                 /* what was asked for is done all the same */
  const gchar *answer;          /* (nullable): else the connection is cut;
                                 * "@" is the number of the request */
  const gchar *filler;          /* (nullable): goes out after it so often */
  guint n_fillers;
} FakeFault;

FakeS3 *fake_s3_new (void);
void    fake_s3_free (FakeS3 *self);

/* @answer and @filler are copied. */
void fake_s3_add_fault (FakeS3 *self, const FakeFault *fault);
void fake_s3_clear_faults (FakeS3 *self);
/* HTTP as it goes over the wire, with a length. @headers: (nullable) */
gchar *fake_s3_answer (guint status, const gchar *headers,
    const gchar *content);
gchar *fake_s3_refusal (guint status, const gchar *code,
    const gchar *elements);

/* From now on requests need that token. */
void fake_s3_set_token (FakeS3 *self, const gchar *token);
/* How many requests matched. */
guint fake_s3_count (FakeS3 *self, const gchar *match);
/* (nullable) (transfer full): of "/bucket/key" */
GBytes *fake_s3_get (FakeS3 *self, const gchar *path);
guint   fake_s3_count_objects (FakeS3 *self);
/* It was put so long ago. */
void    fake_s3_age (FakeS3 *self, const gchar *path, gint64 age_s);

/* The checked fixture: a service, and "s3://bucket/pre" in it. */
extern FakeS3 *fake;
extern VsStore *bucket;
void fake_s3_setup (void);
void fake_s3_teardown (void);

/* The bucket with keys of the test's own; NULL: those of the environment */
VsStore *fake_s3_open (const gchar *access_key_id, const gchar *secret,
    const gchar *token);
gboolean fake_s3_put (VsStore *store, const gchar *key, const gchar *text,
    GError **error);
/* Faults of the fixture's service. */
void     fake_s3_fail (const gchar *match, guint times, gboolean act,
    const gchar *answer);
