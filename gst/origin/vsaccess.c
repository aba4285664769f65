/* VisionStream: who may have what an endpoint serves
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsaccess.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

struct _VsAddressList
{
  gint ref_count;
  GPtrArray *masks;             /* GInetAddressMask */
};

/* bits of an IPv6 address */
#define MAX_PREFIX_LENGTH 128
/* RFC 4291 2.5.5.2: ten bytes of 0, two of 0xff, then an IPv4 address */
#define MAPPED_OFFSET 12
static const guint8 mapped_prefix[MAPPED_OFFSET] = {
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

/* (transfer full) (nullable) */
static GInetAddressMask *
parse_mask (const gchar * text)
{
  const gchar *slash = strchr (text, '/');
  guint64 length;

  /* GIO has no other words for a length past that than a warning */
  if (slash && !g_ascii_string_to_unsigned (slash + 1, 10, 0,
          MAX_PREFIX_LENGTH, &length, NULL))
    return NULL;
  return g_inet_address_mask_new_from_string (text, NULL);
}

VsAddressList *
vs_address_list_new (const gchar * text, GError ** error)
{
  g_autoptr (VsAddressList) list = g_new0 (VsAddressList, 1);
  g_auto (GStrv) parts = g_strsplit_set (text, ", ", -1);

  list->ref_count = 1;
  list->masks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; parts[i]; i++) {
    GInetAddressMask *mask;

    if (parts[i][0] == '\0')
      continue;
    mask = parse_mask (parts[i]);
    if (mask == NULL) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "\"%s\" is no address or CIDR, such as 192.0.2.0/24 or "
          "2001:db8::/32", parts[i]);
      return NULL;
    }
    g_ptr_array_add (list->masks, mask);
  }
  return g_steal_pointer (&list);
}

VsAddressList *
vs_address_list_ref (VsAddressList * list)
{
  g_atomic_int_inc (&list->ref_count);
  return list;
}

void
vs_address_list_unref (VsAddressList * list)
{
  if (!g_atomic_int_dec_and_test (&list->ref_count))
    return;
  g_ptr_array_unref (list->masks);
  g_free (list);
}

/* (transfer full): @address as its own family has it */
static GInetAddress *
unmap (GInetAddress * address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6
      && memcmp (bytes, mapped_prefix, MAPPED_OFFSET) == 0)
    return g_inet_address_new_from_bytes (bytes + MAPPED_OFFSET,
        G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

gboolean
vs_address_list_contains (const VsAddressList * list, GInetAddress * address)
{
  g_autoptr (GInetAddress) plain = NULL;

  if (address == NULL)
    return FALSE;
  plain = unmap (address);
  for (guint i = 0; i < list->masks->len; i++)
    if (g_inet_address_mask_matches (g_ptr_array_index (list->masks, i), plain))
      return TRUE;
  return FALSE;
}

/* Digests are compared, so that lengths play no part either. */
gboolean
vs_secret_matches (const gchar * given, const gchar * const *secrets, guint n)
{
  guint8 ours[SHA256_DIGEST_LENGTH], theirs[SHA256_DIGEST_LENGTH];
  gboolean matches = FALSE;

  if (given == NULL)
    return FALSE;
  SHA256 ((const guint8 *) given, strlen (given), theirs);
  for (guint i = 0; i < n; i++) {
    if (secrets[i] == NULL)
      continue;
    SHA256 ((const guint8 *) secrets[i], strlen (secrets[i]), ours);
    matches |= CRYPTO_memcmp (ours, theirs, sizeof ours) == 0;
  }
  return matches;
}
