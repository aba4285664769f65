/* VisionStream: what part of an event a request asks for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "origin/vsendpoint.h"
#include "origin/vsmanifestfilter.h"

G_BEGIN_DECLS
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
gboolean vs_selection_parse (const VsEndpoint * endpoint,
    const VsTimeElements * elements, const gchar * query, gboolean main,
    VsSelection * selection, GError ** error);
void vs_selection_clear (VsSelection * selection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsSelection, vs_selection_clear)
/* Appends what a child manifest's URL has to say so that it selects the same
 * ("?start=...&end=..."), in one spelling a selection; nothing if nothing. */
     void vs_selection_append_query (GString * out,
    const VsSelection * selection);

#define VS_SELECTION_ERROR (vs_selection_error_quark ())
     GQuark vs_selection_error_quark (void);

     typedef enum
     {
       VS_SELECTION_ERROR_MALFORMED,    /* 400 */
       VS_SELECTION_ERROR_OUTSIDE       /* 404: of the startover window */
     } VsSelectionError;

/* an event's extent, dates in µs */
     typedef struct
     {
       gint64 oldest_us, newest_us;     /* start of the oldest, end of the newest */
       gboolean ended;
     } VsExtent;

/**
 * VsRange:
 *
 * Segments whose time meets [start_us, end_us) are shown.
 */
     typedef struct
     {
       gint64 start_us, end_us;
       gboolean grows;          /* at its end: a live manifest */
       gboolean slides;         /* at its start */
     } VsRange;

/**
 * vs_selection_resolve:
 *
 * "Now" is the end of the newest segment. With a start and an end in the past
 * the range is complete (VOD); with an end in the future it is live until
 * then; with a start alone it grows; an end alone is passed over. A start
 * older than the startover window, or than what is retained, is outside, a
 * start in the future too, and more than %VS_MANIFEST_MAX.
 */
     gboolean vs_selection_resolve (const VsSelection * selection,
    const VsEndpoint * endpoint, const VsExtent * extent, VsRange * range,
    GError ** error);

G_END_DECLS
