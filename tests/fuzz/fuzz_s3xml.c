/* VisionStream: answers of any bytes from an S3 service, for libFuzzer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first byte says what is asked for; the rest is what comes back, answer by
 * answer, each ended by a byte of 0xff: a byte for the status, lines of headers,
 * an empty line, a body. This program's vs_http_client_send () takes the place
 * of the library's, and its pauses are none. An error has a text that can be
 * shown, and no key in it; what succeeds keeps to what was asked for.
 */
#include <string.h>

#include "store/vshttpclient.h"
#include "store/vslease.h"
#include "store/vsstoreclass.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 * data, size_t size);

#define SECRET "secret-that-nobody-says"
#define LENGTH 10

static VsStore *store;
/* what is left of the input */
static const guint8 *next;
static gsize left;
/* the input itself says it: libFuzzer sees what is compared */
static gboolean said;

void
g_usleep (gulong microseconds)
{
}

static gsize
find_end (void)
{
  const guint8 *end = memchr (next, 0xff, left);

  return end ? (gsize) (end - next) : left;
}

static void
skip (gsize size)
{
  next += MIN (size, left);
  left -= MIN (size, left);
}

gboolean
vs_http_client_send (VsHttpClient * client, const VsHttpCall * call,
    GCancellable * cancellable, VsHttpReply * reply, GError ** error)
{
  static const guint statuses[] = {
    200, 206, 404, 403, 400, 412, 301, 416, 503, 501, 409, 304
  };
  gsize size = find_end (), head;
  g_autofree gchar *text = NULL;
  const gchar *blank;

  memset (reply, 0, sizeof *reply);
  if (size < 1) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "no more");
    return FALSE;
  }
  text = g_strndup ((const gchar *) next + 1, size - 1);
  blank = strstr (text, "\n\n");
  head = blank ? (gsize) (blank - text) : 0;
  reply->status = statuses[next[0] % G_N_ELEMENTS (statuses)];
  reply->headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  soup_headers_parse (text, head, reply->headers);
  if (blank)
    head += 2;
  reply->body = g_bytes_new (next + 1 + head, size - 1 - head);
  skip (size + 1);
  return TRUE;
}

static void
check_result (gboolean ok, GError ** error)
{
  if (ok != (*error == NULL))
    g_error ("%d with %s", ok, *error ? (*error)->message : "no error");
  if (*error && ((*error)->domain != G_IO_ERROR
          || !g_utf8_validate ((*error)->message, -1, NULL)
          || (!said && strstr ((*error)->message, SECRET))))
    g_error ("%s", (*error)->message);
  g_clear_error (error);
}

static void
list (GError ** error)
{
  GPtrArray *objects = vs_store_list (store, "", NULL, NULL, error);

  check_result (objects != NULL, error);
  for (guint i = 0; objects && i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);
    g_autofree gchar *key = g_strdup (object->key);

    if (g_str_has_suffix (key, "/"))
      key[strlen (key) - 1] = '\0';
    if (!vs_store_key_is_valid (key) || object->size > G_MAXINT64)
      g_error ("%s is no key of ours", object->key);
  }
  g_clear_pointer (&objects, g_ptr_array_unref);
}

static void
find (GError ** error)
{
  static const gchar *const keys[] = { "e/1.ts", "e/2.ts", "e/10.ts" };
  gboolean found[G_N_ELEMENTS (keys)];

  check_result (vs_store_find (store, keys, G_N_ELEMENTS (keys), found, NULL,
          error), error);
}

static void
get (gssize length, GError ** error)
{
  GBytes *bytes = vs_store_get (store, "a.ts", 2, length, 1000, NULL, error);

  if (bytes && g_bytes_get_size (bytes) > (gsize) (length < 0 ? 1000 : length))
    g_error ("more than was asked for");
  check_result (bytes != NULL, error);
  g_clear_pointer (&bytes, g_bytes_unref);
}

/* In one request, or in parts */
static void
put (gsize size, GError ** error)
{
  static guint8 zeros[9 * 1024 * 1024];
  g_autoptr (GBytes) bytes = g_bytes_new_static (zeros, size);

  check_result (vs_store_put (store, "a.ts", &bytes, 1, NULL, error), error);
}

static void
look (GError ** error)
{
  VsStoreObject *object = vs_store_stat (store, "a.ts", NULL, error);

  if (object && object->size > G_MAXINT64)
    g_error ("no size");
  check_result (object != NULL, error);
  g_clear_pointer (&object, vs_store_object_free);
}

static void
lease (GError ** error)
{
  g_autoptr (VsLease) one = vs_lease_new (store, "e", "one");
  VsLeaseState state;

  check_result (vs_lease_take (one, &state, NULL, error), error);
  check_result (vs_lease_renew (one, NULL, error), error);
  vs_lease_release (one, NULL);
}

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  VsStoreSettings settings = {
    .location = "s3://bucket/pre",.endpoint_uri = "http://127.0.0.1:1",
    .access_key_id = "AK",.secret_access_key = SECRET,
  };

  store = vs_store_open_with (&settings, NULL);
  return store ? 0 : 1;
}

int
LLVMFuzzerTestOneInput (const guint8 * data, size_t size)
{
  GError *error = NULL;

  if (size < 1)
    return 0;
  next = data + 1;
  left = size - 1;
  said = memmem (data, size, SECRET, strlen (SECRET)) != NULL;
  switch (data[0] % 9) {
    case 0:
    case 1:
      list (&error);
      break;
    case 2:
      find (&error);
      break;
    case 3:
      get (LENGTH, &error);
      break;
    case 4:
      get (-1, &error);
      break;
    case 5:
      put (sizeof "text", &error);
      break;
    case 6:
      put (9 * 1024 * 1024, &error);
      break;
    case 7:
      look (&error);
      check_result (vs_store_clean (store, "e", NULL, &error), &error);
      break;
    default:
      lease (&error);
  }
  return 0;
}
