/* VisionStream: what the tests of vsurlsigner share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "sign/signfixture.h"

/* policies with this begin are over when START + 60 comes: what is signed with
 * them is the same text each time */
#define START "2040-01-01T00:00:00Z"
#define START_SECONDS 2208988800
#define FIXED "policy=custom expires-in=60 starts-at=" START " "

/* What a signature says, as it was taken apart without gst/sign. */
typedef struct
{
  gchar *url;                   /* what was signed */
  gchar *policy;
  gint64 expires;
} Signed;

/**
 * signed_read:
 * @key: "rsa", whose public half openssl dgst verifies with
 * @hash: "sha1" or "sha256"
 *
 * Takes a signed URL apart; fails the test when its signature is not right.
 */
void signed_read (Signed *signature, const gchar *text, const gchar *key,
    const gchar *hash);
void signed_clear (Signed *signature);
/* A canned one of rsa's, which is for @url and for @seconds from about now on */
void check_canned (const gchar *text, const gchar *url, gint64 seconds);

/* The element in NULL, with rsa as "K1" and @properties as gst-launch-1.0 takes
 * them; and one that a harness has in PLAYING */
GstElement *signer_new (const gchar *properties);
GstHarness *signer_harness (const gchar *properties, const gchar *sink,
    const gchar *src);

/* What a harness' element posts */
GstBus     *watch (GstHarness *h);
/* (transfer full) (nullable): the next message of @type that is there */
GstMessage *next_message (GstBus *bus, GstMessageType type);
/* (transfer full): what the next one of @type says to a user; an ERROR or a
 * WARNING has to be there */
gchar      *next_text (GstBus *bus, GstMessageType type);
