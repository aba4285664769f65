/* VisionStream: an event's archive as a source of segments
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "origin/vsarchivesource.h"

typedef struct
{
  VsSegmentSource base;
  VsArchiveReader *reader;
} ArchiveSource;

static VsSegmentSource *
archive_refresh (VsSegmentSource * source, GCancellable * cancellable,
    GError ** error)
{
  ArchiveSource *archive = (ArchiveSource *) source;

  if (!vs_archive_reader_refresh (archive->reader, cancellable, error))
    return NULL;
  source->passes_on = vs_archive_reader_is_foreign (archive->reader);
  return vs_segment_source_ref (source);
}

static GPtrArray *
archive_get_timelines (VsSegmentSource * source)
{
  return vs_archive_reader_get_timelines (((ArchiveSource *) source)->reader);
}

static GBytes *
archive_load (VsSegmentSource * source, const VsSegment * segment,
    GCancellable * cancellable, GError ** error)
{
  return vs_archive_reader_load (((ArchiveSource *) source)->reader, segment,
      cancellable, error);
}

static void
archive_free (VsSegmentSource * source)
{
  ArchiveSource *archive = (ArchiveSource *) source;

  vs_archive_reader_free (archive->reader);
  g_free (archive);
}

static const VsSegmentSourceClass archive_class = {
  .refresh = archive_refresh,
  .get_timelines = archive_get_timelines,
  .load = archive_load,
  .free = archive_free
};

VsSegmentSource *
vs_archive_source_open (VsStore * store, VsLru * parts,
    const gchar * account, const gchar * event, const gchar * breakout,
    GError ** error)
{
  VsArchiveReader *reader = vs_archive_reader_open (store, parts, account,
      event, breakout, NULL, error);
  ArchiveSource *archive;

  if (reader == NULL)
    return NULL;
  archive = g_new0 (ArchiveSource, 1);
  vs_segment_source_init (&archive->base, &archive_class);
  archive->reader = reader;
  archive->base.passes_on = vs_archive_reader_is_foreign (reader);
  return &archive->base;
}
