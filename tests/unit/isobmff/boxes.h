/* VisionStream: finds boxes, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>
#include <gst/gst.h>

/* What a box holds, behind its size and type. */
typedef struct
{
  const guint8 *data;
  gsize size;
} Box;

/* The first @type among the boxes that stand side by side in @in. */
static inline gboolean
box_find_child (const Box *in, const gchar *type, Box *box)
{
  gsize at = 0;

  while (in->size - at >= 8) {
    guint32 size = GST_READ_UINT32_BE (in->data + at);

    if (size < 8 || size > in->size - at)
      return FALSE;
    if (memcmp (in->data + at + 4, type, 4) == 0) {
      box->data = in->data + at + 8;
      box->size = size - 8;
      return TRUE;
    }
    at += size;
  }
  return FALSE;
}

/* "moov/trak/mdia"; a number skips bytes: "stsd/8/avc1/78/avcC" */
static inline gboolean
box_find (GBytes *bytes, const gchar *path, Box *box)
{
  gchar **names = g_strsplit (path, "/", -1);
  gboolean found = TRUE;

  box->data = g_bytes_get_data (bytes, &box->size);
  for (guint i = 0; names[i] && found; i++) {
    if (g_ascii_isdigit (names[i][0])) {
      gsize skip = g_ascii_strtoull (names[i], NULL, 10);

      found = skip <= box->size;
      box->data += skip;
      box->size -= skip;
    } else {
      found = box_find_child (box, names[i], box);
    }
  }
  g_strfreev (names);
  return found;
}
