/* VisionStream: what the URLs of a manifest are relative to, and signed by
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ISO/IEC 23009-1, 5.6: a template at one level is relative to the BaseURL of
 * each level below it, which is not known yet when it passes here. So it is
 * remembered what it was signed for, and a BaseURL that asks for another query
 * is an error.
 */
#include "sign/vssigntextprivate.h"

#include <string.h>

#include "sign/vssignparameters.h"

/* an MPD has five levels */
#define LEVELS_MAX 8

/* @url: (nullable): what is relative is relative to
 * @base_pattern: (nullable): of the BaseURLs here
 * @used: (nullable): the pattern that something relative was signed for */
typedef struct
{
  gchar *url, *base_pattern, *used;
} Level;

struct _VsSignScope
{
  const VsSignPlace *place;
  Level levels[LEVELS_MAX];
  guint n;
};

VsSignScope *
vs_sign_scope_new (const VsSignPlace * place)
{
  VsSignScope *self = g_new0 (VsSignScope, 1);

  self->place = place;
  /* what is in no level is relative to the manifest */
  self->levels[0].url = g_strdup (place->base);
  self->n = 1;
  return self;
}

static void
level_clear (Level * level)
{
  g_clear_pointer (&level->url, g_free);
  g_clear_pointer (&level->base_pattern, g_free);
  g_clear_pointer (&level->used, g_free);
}

void
vs_sign_scope_free (VsSignScope * self)
{
  while (self->n > 0)
    level_clear (&self->levels[--self->n]);
  g_free (self);
}

gboolean
vs_sign_scope_enter (VsSignScope * self, GError ** error)
{
  if (self->n == LEVELS_MAX)
    return vs_sign_fail (error, "more levels than a manifest has");
  self->levels[self->n].url = g_strdup (self->levels[self->n - 1].url);
  self->n++;
  return TRUE;
}

gboolean
vs_sign_scope_leave (VsSignScope * self, GError ** error)
{
  if (self->n == 1)
    return vs_sign_fail (error, "an end of what has not begun");
  level_clear (&self->levels[--self->n]);
  return TRUE;
}

/* The part of a template that stands for itself. */
static gchar *
find_literal (const gchar * reference)
{
  return g_strndup (reference, strcspn (reference, "${"));
}

/* A folder may not be left again behind what is not known yet. */
static gboolean
check_template (const gchar * reference, GError ** error)
{
  const gchar *open = reference + strcspn (reference, "${");
  const gchar *up = strstr (open, "/..");

  if (up && (up[3] == '\0' || strchr ("/?", up[3])))
    return vs_sign_fail (error, "a template that leaves its folder");
  return TRUE;
}

static gboolean
check_unsigned (const gchar * reference, GError ** error)
{
  const gchar *mark = strchr (reference, '?');
  VsUrlPart query = { mark ? mark + 1 : NULL, mark ? strlen (mark + 1) : 0 };

  if (vs_url_query_is_signed (query))
    return vs_sign_fail (error, "the URL is signed already");
  return TRUE;
}

static gboolean
append_signed (VsSignScope * self, const gchar * reference,
    const gchar * pattern, GString * out, GError ** error)
{
  g_string_append (out, reference);
  g_string_append_c (out, strchr (reference, '?') ? '&' : '?');
  return vs_url_signer_append_query (self->place->signer, out, pattern, error);
}

static gboolean
is_absolute (const gchar * reference)
{
  return g_ascii_strncasecmp (reference, "http:", 5) == 0
      || g_ascii_strncasecmp (reference, "https:", 6) == 0;
}

static gboolean
append_segment (VsSignScope * self, const gchar * reference, GString * out,
    GError ** error)
{
  Level *level = &self->levels[self->n - 1];
  g_autofree gchar *literal = find_literal (reference);
  g_autofree gchar *url = vs_url_resolve (level->url, literal, error);
  g_autofree gchar *pattern = url && check_template (reference, error) ?
      vs_sign_place_find_pattern (self->place, url, error) : NULL;

  if (pattern == NULL || !append_signed (self, reference, pattern, out, error))
    return FALSE;
  if (!is_absolute (reference)) {
    g_free (level->used);
    level->used = g_steal_pointer (&pattern);
  }
  return TRUE;
}

static gboolean
check_base (VsSignScope * self, const gchar * pattern, GError ** error)
{
  Level *last = &self->levels[self->n - 1];
  gboolean fits = last->base_pattern == NULL
      || strcmp (last->base_pattern, pattern) == 0;

  for (guint i = 0; i < self->n; i++) {
    if (self->levels[i].used && strcmp (self->levels[i].used, pattern) != 0)
      fits = FALSE;
  }
  return fits || vs_sign_fail (error, "BaseURLs in two folders: no one policy "
      "is for both");
}

/* A folder's own query would get lost when something is resolved by it. */
static gboolean
append_base (VsSignScope * self, const gchar * reference, GString * out,
    GError ** error)
{
  Level *level = &self->levels[self->n - 1];
  g_autofree gchar *url = vs_url_resolve (self->n > 1 ?
      level[-1].url : level->url, reference, error);
  g_autofree gchar *pattern = url ?
      vs_sign_place_find_pattern (self->place, url, error) : NULL;

  if (pattern == NULL || !check_base (self, pattern, error))
    return FALSE;
  if (g_str_has_suffix (reference, "/") || reference[0] == '\0')
    g_string_append (out, reference);
  else if (!append_signed (self, reference, pattern, out, error))
    return FALSE;
  if (level->base_pattern == NULL) {
    g_free (level->url);
    level->url = g_steal_pointer (&url);
    level->base_pattern = g_steal_pointer (&pattern);
  }
  return TRUE;
}

static gboolean
append_document (VsSignScope * self, gboolean clock, const gchar * reference,
    GString * out, GError ** error)
{
  const VsSignPlace *place = self->place;
  g_autofree gchar *url = vs_url_resolve (place->base, reference,
      clock ? NULL : error);
  g_autofree gchar *pattern = NULL;

  if (clock && (url == NULL || place->folder == NULL
          || !vs_url_matches (place->folder, strlen (place->folder), url,
              strlen (url)))) {
    g_string_append (out, reference);
    return TRUE;
  }
  pattern = url ? vs_sign_place_find_pattern (place, url, error) : NULL;
  return pattern && append_signed (self, reference, pattern, out, error);
}

gboolean
vs_sign_scope_append (VsSignScope * self, VsSignRef kind,
    const gchar * reference, GString * out, GError ** error)
{
  if (vs_sign_is_foreign (reference)) {
    g_string_append (out, reference);
    return TRUE;
  }
  if (!check_unsigned (reference, error))
    return FALSE;
  if (kind == VS_SIGN_REF_SEGMENT)
    return append_segment (self, reference, out, error);
  if (kind == VS_SIGN_REF_BASE)
    return append_base (self, reference, out, error);
  return append_document (self, kind == VS_SIGN_REF_CLOCK, reference, out,
      error);
}
