/* VisionStream: a TLS certificate on disk, followed as it is renewed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* how often the files are looked at, ms */
#define VS_HTTP_CERTIFICATE_INTERVAL_MS 1000

/**
 * VsHttpCertificate:
 *
 * A certificate with its chain and its key, from PEM files. What renews them
 * replaces one file after the other: a pair that does not fit together is not
 * taken, and the one before stays in force.
 */
typedef struct _VsHttpCertificate VsHttpCertificate;

/**
 * vs_http_certificate_new:
 * @key_path: (nullable): NULL when the key stands in @path too
 *
 * Reads the files: blocks as the disk does.
 */
VsHttpCertificate *vs_http_certificate_new (const gchar *path,
    const gchar *key_path, GError ** error);
/* Ends the watch: @changed is not called any more. */
void               vs_http_certificate_free (VsHttpCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VsHttpCertificate, vs_http_certificate_free)

/* What was read first. (transfer none) */
GTlsCertificate   *vs_http_certificate_get (VsHttpCertificate *certificate);

/**
 * VsHttpCertificateChanged:
 * @tls: (nullable): NULL when the new files can't be used: said once
 * @error: (nullable): why
 *
 * Called in the watch's own thread.
 */
typedef void (*VsHttpCertificateChanged) (GTlsCertificate *tls,
    const GError *error, gpointer user_data);

/* Looks at the files from now on; to be called once. */
void vs_http_certificate_watch (VsHttpCertificate *certificate,
    VsHttpCertificateChanged changed, gpointer user_data);

G_END_DECLS
