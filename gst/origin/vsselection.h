/* VisionStream: what part of an event a request asks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsendpoint.h"
#include "origin/vsmanifestfilter.h"

G_BEGIN_DECLS

/* one manifest spans at most this */
#define VS_MANIFEST_MAX (24 * 60 * 60 * GST_SECOND)

/**
 * VsSelection:
 *
 * What the endpoint's settings and a request's own words say together. Dates
 * are µs since 1970, 0 for none.
 */
typedef struct
{
  gint64 start_us, end_us;
  gint64 clip_start_us;
  GstClockTime delay, window;
  VsManifestFilter *filter;     /* or NULL */

  /*< private >*/
  guint said;                   /* by the query */
} VsSelection;

/**
 * VsTimeElements:
 *
 * `/start/<date>/end/<date>/` of a path; empty for none.
 */
typedef struct
{
  const gchar *start, *end;     /* not ended by '\0' */
  gsize start_length, end_length;
} VsTimeElements;

/**
 * vs_selection_parse:
 * @elements: (nullable): of the path
 * @query: (nullable): as sent: percent-encoded
 * @main: the request is for a main manifest: others take no filter
 *
 * Reads `start`, `end`, `time_delay`, `manifest_window_seconds`, `clip_start`
 * and `aws.manifestfilter`. Other names are not ours and are passed over. A
 * parameter that the endpoint sets itself, one that comes twice, or one that
 * can't be read is refused with %VS_SELECTION_ERROR_MALFORMED, which is
 * answered by 400.
 */
gboolean vs_selection_parse (const VsEndpoint *endpoint,
    const VsTimeElements *elements, const gchar *query, gboolean main,
    VsSelection *selection, GError **error);
/* @copy: takes the place of nothing */
void vs_selection_copy (const VsSelection *selection, VsSelection *copy);
void vs_selection_clear (VsSelection *selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSelection, vs_selection_clear)

/* Appends what a child manifest's URL has to say so that it selects the same
 * ("?start=...&end=..."), in one spelling a selection; nothing if nothing.
 * What stood in the path is in relative URLs as it is, and left out. */
void vs_selection_append_query (GString *out,
    const VsSelection *selection);

#define VS_SELECTION_ERROR (vs_selection_error_quark ())
GQuark vs_selection_error_quark (void);

typedef enum
{
  VS_SELECTION_ERROR_MALFORMED, /* 400 */
  VS_SELECTION_ERROR_OUTSIDE    /* 404: of the startover window */
} VsSelectionError;

/* Appends one spelling of all of it: for cache keys. */
void vs_selection_append_key (GString *out,
    const VsSelection *selection);

/* an event's extent, dates in µs */
typedef struct
{
  gint64 oldest_us, newest_us;  /* start of the oldest, end of the newest */
  gboolean ended;
} VsExtent;

/**
 * VsRange:
 * @start_us, @end_us: what is shown; of what grows, segments that have ended
 *   by @end_us, else all that have a part in it
 * @grows: there will be more at its end
 * @slides: and less at its start: of what is after @start_us, as much as lasts
 *   @window is shown
 * @newest: a view has at most so many stored segments of it, the newest; 0
 *   for all
 * @summed: a view has the spans of all of them
 */
typedef struct
{
  gint64 start_us, end_us;
  GstClockTime window;
  guint newest;
  gboolean summed;
  gboolean grows, slides;
} VsRange;

/**
 * vs_selection_resolve:
 *
 * "Now" is the end of the newest segment, less the delay. With a start and an
 * end in the past the range is complete (VOD); with an end in the future it
 * is live until then; with a start alone it grows; an end alone is passed
 * over. %VS_SELECTION_ERROR_OUTSIDE: a start ahead of the startover window or
 * in the future, or more than %VS_MANIFEST_MAX.
 */
gboolean vs_selection_resolve (const VsSelection *selection,
    const VsEndpoint *endpoint, const VsExtent *extent, VsRange *range,
    GError **error);

G_END_DECLS
