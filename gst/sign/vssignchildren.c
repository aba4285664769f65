/* VisionStream: where a manifest's own URLs get a viewer's query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sign/vssignchildrenprivate.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

/* @ahead: bytes of the joints of all places before it: less than @at, as a
 *   reference with what encloses it is longer than a joint
 * @fixed: not relative to a BaseURL */
typedef struct
{
  guint32 at;
  guint32 ahead:29, joint:2, fixed:1;
} Place;

struct _VsSignChildren
{
  gint references;
  VsSignTextKind kind;
  gsize size;                   /* of the text */
  gsize joints;                 /* bytes of all */
  Place *places;
  guint n;
};

static const VsUrlPart *
get_joint (VsSignTextKind kind, VsSignJoint joint)
{
  static const VsUrlPart none = { "", 0 }, mark = { "?", 1 };
  static const VsUrlPart next = { "&", 1 }, escaped = { "&amp;", 5 };

  if (joint == VS_SIGN_JOINT_NONE)
    return &none;
  if (joint == VS_SIGN_JOINT_MARK)
    return &mark;
  return kind == VS_SIGN_TEXT_HLS ? &next : &escaped;
}

/* ---- finding ------------------------------------------------------------- */

gboolean
vs_sign_places_add (VsSignPlaces * places, VsSignRef ref,
    const VsUrlPart * reference)
{
  VsSignJoint joint;
  Place place = { 0 };
  gsize at;

  if (!vs_sign_reference_find (places, reference, &at, &joint))
    return FALSE;
  place.at = (guint32) ((gsize) (reference->text - places->text) + at);
  place.joint = joint;
  place.fixed = ref == VS_SIGN_REF_DOCUMENT;
  g_array_append_val (places->array, place);
  return TRUE;
}

/* Most tags have no quote, and so no URL: that is quickly seen. */
static void
add_tag (VsSignPlaces * places, const gchar * line, const gchar * end)
{
  const gchar *at = memchr (line, ':', (gsize) (end - line));
  VsUrlPart url;

  if (at == NULL || memchr (at, '"', (gsize) (end - at)) == NULL)
    return;
  at++;
  while (vs_sign_line_find_url (&at, end, &url)) {
    vs_sign_trim (&url);
    vs_sign_places_add (places, VS_SIGN_REF_SEGMENT, &url);
  }
}

static void
add_line (VsSignPlaces * places, const gchar * text, const gchar * end)
{
  static const gchar tag[] = VS_SIGN_HLS_TAG;
  VsUrlPart line = { text, (gsize) (end - text) };

  if (line.size == 0)
    return;
  if (*text != '#') {
    vs_sign_trim (&line);
    vs_sign_places_add (places, VS_SIGN_REF_SEGMENT, &line);
  } else if (line.size >= sizeof tag && memcmp (text, tag, sizeof tag - 1) == 0) {
    add_tag (places, text, end);
  }
}

static void
add_playlist (VsSignPlaces * places)
{
  const gchar *line = places->text, *end;

  if (places->end - line >= (gssize) strlen (BOM)
      && memcmp (line, BOM, strlen (BOM)) == 0)
    line += strlen (BOM);
  while (line < places->end) {
    end = memchr (line, '\n', (gsize) (places->end - line));
    if (end == NULL)
      end = places->end;
    add_line (places, line, end);
    line = end + (end < places->end);
  }
}

/* Without what may be elsewhere, and with what the joints add up to. */
static VsSignChildren *
make_children (const VsSignPlaces * places)
{
  VsSignChildren *self = g_new0 (VsSignChildren, 1);

  self->references = 1;
  self->kind = places->kind;
  self->size = (gsize) (places->end - places->text);
  self->places = g_new (Place, places->array->len);
  for (guint i = 0; i < places->array->len; i++) {
    Place place = g_array_index (places->array, Place, i);

    if (places->base_left && !place.fixed)
      continue;
    place.ahead = (guint32) self->joints;
    self->joints += get_joint (self->kind, place.joint)->size;
    self->places[self->n++] = place;
  }
  return self;
}

VsSignChildren *
vs_sign_children_find (VsSignTextKind kind, const gchar * prefix,
    const gchar * text, gsize size)
{
  g_autoptr (GArray) array = NULL;
  VsSignPlaces places = { kind, prefix, prefix ? strlen (prefix) : 0, text,
    text + size
  };

  g_return_val_if_fail (kind >= VS_SIGN_TEXT_HLS
      && kind <= VS_SIGN_TEXT_SMOOTH, NULL);
  if (size > VS_SIGN_CHILDREN_TEXT_MAX)
    return NULL;
  places.array = array = g_array_new (FALSE, FALSE, sizeof (Place));
  if (size > 0 && kind == VS_SIGN_TEXT_HLS)
    add_playlist (&places);
  else if (size > 0)
    vs_sign_places_add_manifest (&places);
  return make_children (&places);
}

VsSignChildren *
vs_sign_children_ref (VsSignChildren * self)
{
  g_atomic_int_inc (&self->references);
  return self;
}

void
vs_sign_children_unref (VsSignChildren * self)
{
  if (!g_atomic_int_dec_and_test (&self->references))
    return;
  g_free (self->places);
  g_free (self);
}

/* ---- reading ------------------------------------------------------------- */

gchar *
vs_sign_children_escape_query (VsSignTextKind kind, const gchar * query)
{
  if (!vs_url_is_plain (query, strlen (query))
      || (kind == VS_SIGN_TEXT_DASH && strchr (query, '$')))
    return NULL;
  return kind == VS_SIGN_TEXT_HLS ? g_strdup (query)
      : g_markup_escape_text (query, -1);
}

gboolean
vs_sign_children_get_size (const VsSignChildren * self, gsize query_size,
    gsize * size)
{
  return g_size_checked_mul (size, query_size, self->n)
      && g_size_checked_add (size, *size, self->size)
      && g_size_checked_add (size, *size, self->joints);
}

static gsize
get_offset (const VsSignChildren * self, guint i, gsize query_size)
{
  const Place *place = &self->places[i];

  return place->at + place->ahead + i * query_size;
}

/* How many places begin at @offset or before it. */
static guint
count_before (const VsSignChildren * self, gsize query_size, gsize offset)
{
  guint low = 0, high = self->n;

  while (low < high) {
    guint middle = low + (high - low) / 2;

    if (get_offset (self, middle, query_size) <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

typedef struct
{
  gsize skip;                   /* bytes that the reader has already */
  gsize left;                   /* and bytes that he asks for yet */
  gchar *out;
} Piece;

static void
put (Piece * piece, const gchar * data, gsize size)
{
  gsize skipped = MIN (piece->skip, size);
  gsize n = MIN (piece->left, size - skipped);

  piece->skip -= skipped;
  if (n == 0)
    return;
  memcpy (piece->out, data + skipped, n);
  piece->out += n;
  piece->left -= n;
}

gsize
vs_sign_children_read (const VsSignChildren * self, const gchar * text,
    gsize size, const gchar * query, gsize query_size, gsize offset,
    gsize length, gchar * out)
{
  Piece piece = { offset, length, out };
  gsize total, from = 0;
  guint next;

  g_return_val_if_fail (size == self->size, 0);
  if (!vs_sign_children_get_size (self, query_size, &total) || offset >= total)
    return 0;
  piece.left = length = MIN (length, total - offset);
  next = count_before (self, query_size, offset);
  if (next > 0) {
    next--;
    piece.skip = offset - get_offset (self, next, query_size);
    from = self->places[next].at;
  }
  while (piece.left > 0) {
    gsize to = next < self->n ? self->places[next].at : size;
    const VsUrlPart *joint;

    put (&piece, text + from, to - from);
    if (next == self->n)
      break;
    joint = get_joint (self->kind, self->places[next++].joint);
    put (&piece, joint->text, joint->size);
    put (&piece, query, query_size);
    from = to;
  }
  return length - piece.left;
}
