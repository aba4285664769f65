/* VisionStream: a TLS certificate on disk, followed as it is renewed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files are compared by what stat () says: a watch on names would miss
 * the symbolic links that are usually turned over. The thread reads, so that
 * no thread that serves has to.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "http/vshttpcertificate.h"

#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

/* bytes; chains and keys take a few thousand */
#define MAX_PEM (1024 * 1024)

typedef struct
{
  guint64 device, inode, size;
  gint64 mtime_s, mtime_ns;
} Stamp;

struct _VsHttpCertificate
{
  gchar *path, *key_path;
  GTlsCertificate *first;
  GThread *thread;

  /* the watch's own */
  Stamp stamps[2];              /* of what was last tried */
  VsHttpCertificateChanged changed;
  gpointer user_data;

  GMutex mutex;
  GCond cond;
  gboolean stop;                /* protected by mutex */
};

/* All zero when there is no such file. */
static void
stamp_file (const gchar * path, Stamp * stamp)
{
  struct stat info;

  memset (stamp, 0, sizeof *stamp);
  if (path == NULL || stat (path, &info) < 0)
    return;
  stamp->device = info.st_dev;
  stamp->inode = info.st_ino;
  stamp->size = info.st_size;
  stamp->mtime_s = info.st_mtim.tv_sec;
  stamp->mtime_ns = info.st_mtim.tv_nsec;
}

static void
stamp_files (VsHttpCertificate * self, Stamp stamps[2])
{
  stamp_file (self->path, &stamps[0]);
  stamp_file (self->key_path, &stamps[1]);
}

static gchar *
read_pem (const gchar * path, GError ** error)
{
  g_autofree gchar *text = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, error))
    return NULL;
  if (size > MAX_PEM) {
    g_set_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
        "%s is no certificate or key: it has more than %d bytes", path,
        MAX_PEM);
    return NULL;
  }
  return g_steal_pointer (&text);
}

/* A key with a passphrase can't be used: nobody is there to be asked. */
static int
no_passphrase (char *buffer, int size, int writing, void *user_data)
{
  return -1;
}

static gboolean
fits (const gchar * text)
{
  BIO *cert_in = BIO_new_mem_buf (text, -1);
  BIO *key_in = BIO_new_mem_buf (text, -1);
  X509 *cert = PEM_read_bio_X509 (cert_in, NULL, no_passphrase, NULL);
  EVP_PKEY *key = PEM_read_bio_PrivateKey (key_in, NULL, no_passphrase, NULL);
  gboolean fits = cert && key && X509_check_private_key (cert, key) == 1;

  X509_free (cert);
  EVP_PKEY_free (key);
  BIO_free (cert_in);
  BIO_free (key_in);
  return fits;
}

static GTlsCertificate *
load (VsHttpCertificate * self, GError ** error)
{
  g_autofree gchar *chain = read_pem (self->path, error);
  g_autofree gchar *key = NULL, *text = NULL;
  g_autoptr (GTlsCertificate) tls = NULL;

  if (chain == NULL)
    return NULL;
  if (self->key_path && (key = read_pem (self->key_path, error)) == NULL)
    return NULL;
  text = g_strconcat (chain, "\n", key, NULL);
  tls = g_tls_certificate_new_from_pem (text, -1, error);
  if (tls && fits (text))
    return g_steal_pointer (&tls);
  if (tls)
    g_set_error_literal (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
        "the key is missing or is another certificate's");
  g_prefix_error (error, "%s: ", self->path);
  return NULL;
}

VsHttpCertificate *
vs_http_certificate_new (const gchar * path, const gchar * key_path,
    GError ** error)
{
  g_autoptr (VsHttpCertificate) self = g_new0 (VsHttpCertificate, 1);

  self->path = g_strdup (path);
  self->key_path = g_strdup (key_path);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  /* ahead of reading: what changes meanwhile is seen later */
  stamp_files (self, self->stamps);
  self->first = load (self, error);
  return self->first ? g_steal_pointer (&self) : NULL;
}

void
vs_http_certificate_free (VsHttpCertificate * self)
{
  g_mutex_lock (&self->mutex);
  self->stop = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->mutex);
  if (self->thread)
    g_thread_join (self->thread);
  g_clear_object (&self->first);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self->path);
  g_free (self->key_path);
  g_free (self);
}

GTlsCertificate *
vs_http_certificate_get (VsHttpCertificate * self)
{
  return self->first;
}

static void
look (VsHttpCertificate * self)
{
  g_autoptr (GTlsCertificate) tls = NULL;
  g_autoptr (GError) error = NULL;
  Stamp stamps[2];

  stamp_files (self, stamps);
  if (memcmp (stamps, self->stamps, sizeof stamps) == 0)
    return;
  memcpy (self->stamps, stamps, sizeof stamps);
  tls = load (self, &error);
  self->changed (tls, error, self->user_data);
}

static gpointer
watch_thread (gpointer data)
{
  VsHttpCertificate *self = data;
  gint64 due = g_get_monotonic_time ();
  gboolean stop = FALSE;

  while (!stop) {
    due += VS_HTTP_CERTIFICATE_INTERVAL_MS * G_GINT64_CONSTANT (1000);
    g_mutex_lock (&self->mutex);
    while (!self->stop && g_cond_wait_until (&self->cond, &self->mutex, due));
    stop = self->stop;
    g_mutex_unlock (&self->mutex);
    if (!stop)
      look (self);
  }
  return NULL;
}

void
vs_http_certificate_watch (VsHttpCertificate * self,
    VsHttpCertificateChanged changed, gpointer user_data)
{
  g_return_if_fail (self->thread == NULL);

  self->changed = changed;
  self->user_data = user_data;
  self->thread = g_thread_new ("vs-certificate", watch_thread, self);
}
