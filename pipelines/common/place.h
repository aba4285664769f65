/* VisionStream: where events are, as the shell's tools are told it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchivetime.h"
#include "store/vsstore.h"
#include "timeline/vssegment.h"

G_BEGIN_DECLS

/* An event in a store: @location as vssegmentstore takes it. */
typedef struct
{
  gchar *location;
  gchar *account, *event, *breakout;    /* breakout NULL for none */
} VsPlace;

void vs_place_clear (VsPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsPlace, vs_place_clear)

/* Most names in what names an event */
#define VS_PLACE_EVENT 2        /* [ACCOUNT/]EVENT */
#define VS_PLACE_BREAKOUT 3     /* ACCOUNT/EVENT/BREAKOUT too */

/**
 * vs_place_parse:
 * @text: "LOCATION[#[ACCOUNT/]EVENT[/BREAKOUT]]"
 *
 * FALSE with %G_OPTION_ERROR when the event is none.
 */
gboolean vs_place_parse (VsPlace *place, const gchar *text, GError **error);
/* The same of what stands behind the #; leaves @location alone. */
gboolean vs_place_parse_event (VsPlace *place, const gchar *text,
    guint max, GError **error);

/* vs_archive_time_parse () with %G_OPTION_ERROR. */
gboolean vs_place_parse_time (const gchar *text, VsArchiveTime *time,
    GError **error);

/**
 * vs_place_open_store:
 *
 * Opens a location with what the environment says of it: AWS_ENDPOINT_URL_S3,
 * AWS_ENDPOINT_URL, VS_FORCE_PATH_STYLE, AWS_CA_BUNDLE, VS_USER, VS_PASSWORD;
 * credentials of S3 are looked for in there too (VsS3Credentials).
 */
VsStore *vs_place_open_store (const gchar *location, gboolean create,
    GError **error);
/**
 * vs_place_open_source:
 * @playlist: (out) (transfer full) (nullable): see vs_archive_location_open ()
 *
 * The same to read from, where the location may be an HLS playlist's.
 */
VsStore *vs_place_open_source (const gchar *location, gchar **playlist,
    GError **error);
/* Sets the same on an element that has the properties of a store, with the
 * event. */
void     vs_place_set_on (const VsPlace *place, GstElement *element);

/* @directory, or visionstream/spool in the user's state directory: (transfer
 * full) */
gchar *vs_place_spool_directory (const gchar *directory);

G_END_DECLS
