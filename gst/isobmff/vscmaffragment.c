/* VisionStream: CMAF fragments (ISO/IEC 23000-19 7.3.2.3)
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "isobmff/vscmaf.h"
#include "isobmff/vsfragment.h"

typedef struct
{
  VsFragment base;
  guint64 start;                /* tfdt */
} CmafFragment;

static void
put_styp (VsBoxWriter * w)
{
  gsize styp = vs_box_open (w, "styp");

  vs_box_put_bytes (w, "msdh", 4);
  vs_box_put_u32 (w, 0);
  vs_box_put_bytes (w, "msdh", 4);
  vs_box_put_bytes (w, "cmfs", 4);
  vs_box_close (w, styp);
}

static void
put_tfdt (VsBoxWriter * w, const CmafFragment * fragment)
{
  gsize tfdt = vs_box_open_full (w, "tfdt", 1, 0);

  vs_box_put_u64 (w, fragment->start);
  vs_box_close (w, tfdt);
}

static void
put_traf (VsBoxWriter * w, const VsFragment * fragment)
{
  vs_fragment_put_tfhd (w, fragment);
  put_tfdt (w, (const CmafFragment *) fragment);
  vs_fragment_put_trun (w, fragment);
}

GBytes *
vs_cmaf_fragment_from_samples (VsSamples * samples, const VsSegment * segment,
    GError ** error)
{
  CmafFragment fragment;
  const VsSegmentTrack *track = vs_fragment_place (samples, segment, error);

  if (track == NULL)
    return NULL;
  vs_fragment_init (&fragment.base, samples, (guint32) segment->sequence,
      VS_TFHD_DEFAULT_BASE_IS_MOOF);
  fragment.base.put_head = put_styp;
  fragment.base.put_traf = put_traf;
  fragment.start = MAX (track->start, 0);
  return vs_fragment_assemble (&fragment.base, samples);
}

GBytes *
vs_cmaf_fragment (GBytes * ts, const VsSegment * segment, VsMediaType type,
    GError ** error)
{
  g_auto (VsSamples) samples = { 0 };

  return vs_fragment_collect (&samples, ts, segment, type, error) ?
      vs_cmaf_fragment_from_samples (&samples, segment, error) : NULL;
}

typedef struct
{
  VsMediaType type;
  gboolean has_program;
  gint track;
  VsCodecConfig *config;
} ConfigSearch;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
  ConfigSearch *search = user_data;

  search->has_program = TRUE;
  search->track = vs_samples_find_track (program, search->type);
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  ConfigSearch *search = user_data;

  if (search->config == NULL && unit->config != NULL
      && (gint) unit->track == search->track)
    search->config = vs_codec_config_ref (unit->config);
}

VsCodecConfig *
vs_cmaf_find_config (GBytes * ts, VsMediaType type, GError ** error)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  /* a look at the beginning is enough, most times */
  const gsize piece = 512 * VS_TS_PACKET_SIZE;
  ConfigSearch search = {.type = type,.track = -1 };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &search);
  gsize size;
  const guint8 *data = g_bytes_get_data (ts, &size);

  vs_ts_reader_select (reader, type);
  for (gsize at = 0; at < size && search.config == NULL; at += piece)
    vs_ts_reader_push (reader, data + at, MIN (piece, size - at));
  if (search.config == NULL)
    vs_ts_reader_drain (reader);
  if (search.config == NULL)
    g_set_error (error, VS_PACKAGE_ERROR, search.has_program
        ? VS_PACKAGE_ERROR_NO_TRACK : VS_PACKAGE_ERROR_DAMAGED,
        "no configuration of such a track in the segment");
  return search.config;
}
