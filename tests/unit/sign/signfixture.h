/* VisionStream: keys of a test
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vskeygroup.h"
#include "sign/vsurlsign.h"
#include "sign/vsurlverify.h"

/* A folder of the test's own, with what openssl made there: rsa.pem, other.pem
 * and ec.pem are private keys, *.pub.pem their public halves. */
extern gchar *folder;

/* an unchecked fixture: keys are made once */
void         sign_setup (void);
void         sign_teardown (void);

/* (transfer full) */
gchar       *path_of (const gchar *name);
gchar       *read_text (const gchar *name);
void         write_text (const gchar *name, const gchar *text, gint mode);
/* A line of openssl's, run in the folder, words without blanks in them; whether
 * it succeeded. */
gboolean     openssl (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

VsSignKey   *load_private (const gchar *name);
VsSignKey   *load_public (const gchar *name);
/* "K1" is rsa, "K2" is other, "E1" is ec */
VsKeyGroup  *load_group (void);

/* A signer as settings of the tests have it: expires at @expires */
VsUrlSigner *make_signer (const gchar *key, const gchar *id, VsSignKind kind,
    VsSignHash hash, gint64 expires);
/* (transfer full): what is signed; fails the test when it can't be */
gchar       *sign_url (VsUrlSigner *signer, const gchar *url);
