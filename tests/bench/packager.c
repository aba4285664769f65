/* VisionStream: packages an archive or an MP4 file, for tests/bench/packaging
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   packager FORMAT JOIN ROUNDS LOCATION [FILE.mp4]
 *
 * FORMAT is ts (as it is stored), groups (TS, a track each), cmaf or smooth;
 * JOIN says how many stored segments make one. The first rendition of the
 * event `live` below LOCATION is taken, or the file in its media folder.
 *
 * Prints the bytes that were loaded, CPU seconds of loading, of packaging and
 * of checking what was loaded against its SHA-256, kB at the peak above the
 * idle process, and the bytes of the largest segment.
 */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "asset/vsasset.h"
#include "isobmff/vssamples.h"
#include "origin/vsarchivesource.h"
#include "origin/vsjoin.h"
#include "origin/vspackage.h"

/* fragments that those of Smooth Streaming tell of */
#define LOOK_AHEAD 2

typedef struct
{
  const gchar *name;
  VsFormat format;
  VsMediaType tracks[2];        /* VS_MEDIA_OTHER: all in one */
  guint n_tracks;
} Format;

static const Format formats[] = {
  {"ts", VS_FORMAT_TS, {VS_MEDIA_OTHER}, 1},
  {"groups", VS_FORMAT_TS, {VS_MEDIA_VIDEO, VS_MEDIA_AUDIO}, 2},
  {"cmaf", VS_FORMAT_CMAF, {VS_MEDIA_VIDEO, VS_MEDIA_AUDIO}, 2},
  {"smooth", VS_FORMAT_SMOOTH, {VS_MEDIA_VIDEO, VS_MEDIA_AUDIO}, 2},
};

typedef struct
{
  const Format *format;
  VsStore *store;
  VsSegmentSource *source;
  gboolean is_asset;
  GPtrArray *stored;            /* VsSegment */
  GPtrArray *joined;            /* VsSegment: of so many stored ones each */
  guint join;
  guint64 bytes, largest;
  gdouble load_s, package_s, check_s;
} Bench;

static gdouble
cpu_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static glong
peak_kb (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/* What an archive's source does, but for the check. */
static GBytes *
load_one (const Bench * bench, const VsSegment * segment)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key = NULL;
  GBytes *bytes;

  if (bench->is_asset) {
    bytes = bench->source->klass->load (bench->source, segment, NULL, &error);
  } else {
    key = g_strconcat (VS_DEFAULT_ACCOUNT "/" VS_DEFAULT_EVENT "/",
        segment->uri, NULL);
    bytes = vs_store_get (bench->store, key, 0, segment->size + 1,
        segment->size + 1, NULL, &error);
  }
  if (bytes == NULL)
    g_error ("%s", error->message);
  return bytes;
}

/* (transfer full): of stored segments, as many as make one */
static GPtrArray *
load (Bench * bench, guint first)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_bytes_unref);
  guint end = MIN (first + bench->join, bench->stored->len);
  guint64 size = 0;

  for (guint i = first; i < end; i++) {
    GBytes *bytes = load_one (bench, g_ptr_array_index (bench->stored, i));

    size += g_bytes_get_size (bytes);
    g_ptr_array_add (parts, bytes);
  }
  bench->bytes += size;
  bench->largest = MAX (bench->largest, size);
  return parts;
}

static void
set_packaging (const Bench * bench, guint index, guint track,
    VsPackaging * packaging)
{
  memset (packaging, 0, sizeof *packaging);
  packaging->format = bench->format->format;
  packaging->track = bench->format->tracks[track];
  packaging->ahead =
      (const VsSegment * const *) bench->joined->pdata + index + 1;
  packaging->n_ahead = MIN (LOOK_AHEAD, bench->joined->len - index - 1);
}

static void
package (const Bench * bench, guint index, GPtrArray * parts)
{
  const VsSegment *segment = g_ptr_array_index (bench->joined, index);
  g_autoptr (GBytes) ts =
      vs_join_bytes ((GBytes * const *) parts->pdata, parts->len);

  for (guint i = 0; i < bench->format->n_tracks; i++) {
    VsPackaging packaging;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) object = NULL;

    set_packaging (bench, index, i, &packaging);
    object = vs_package (ts, segment, &packaging, &error);
    if (object == NULL)
      g_error ("%s", error->message);
  }
}

/* As the origin does where nothing is joined: without a transport stream */
static gboolean
collects (const Bench * bench)
{
  return bench->source->klass->collect && bench->join == 1
      && bench->format->format != VS_FORMAT_TS;
}

static void
package_collected (Bench * bench, guint index)
{
  const VsSegment *segment = g_ptr_array_index (bench->stored, index);

  for (guint i = 0; i < bench->format->n_tracks; i++) {
    g_auto (VsSamples) samples = { 0 };
    VsPackaging packaging;
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) object = NULL;

    set_packaging (bench, index, i, &packaging);
    if (bench->source->klass->collect (bench->source, segment, packaging.track,
            &samples, NULL, &error))
      object = vs_package_samples (&samples, segment, &packaging, &error);
    if (object == NULL)
      g_error ("%s", error->message);
    bench->bytes += g_bytes_get_size (object);
    bench->largest = MAX (bench->largest, g_bytes_get_size (object));
  }
}

static void
check (const Bench * bench, guint first, GPtrArray * parts)
{
  for (guint i = 0; i < parts->len; i++) {
    const VsSegment *segment = g_ptr_array_index (bench->stored, first + i);
    guint8 sha256[SHA256_DIGEST_LENGTH];
    gsize size;
    gconstpointer data = g_bytes_get_data (g_ptr_array_index (parts, i), &size);

    SHA256 (data, size, sha256);
    if (memcmp (sha256, segment->sha256, sizeof sha256) != 0)
      g_error ("%s is not what it was", segment->uri);
  }
}

static void
run_collected (Bench * bench)
{
  gdouble start = cpu_seconds ();

  for (guint i = 0; i < bench->stored->len; i++)
    package_collected (bench, i);
  bench->package_s += cpu_seconds () - start;
}

static void
run (Bench * bench)
{
  for (guint i = 0; i < bench->joined->len; i++) {
    gdouble start = cpu_seconds ();
    g_autoptr (GPtrArray) parts = load (bench, i * bench->join);
    gdouble loaded = cpu_seconds (), packaged;

    package (bench, i, parts);
    packaged = cpu_seconds ();
    if (!bench->is_asset)
      check (bench, i * bench->join, parts);
    bench->load_s += loaded - start;
    bench->package_s += packaged - loaded;
    bench->check_s += cpu_seconds () - packaged;
  }
}

static void
open_source (Bench * bench, const gchar * location, const gchar * file)
{
  g_autoptr (GError) error = NULL;

  bench->store = vs_store_open (location, FALSE, &error);
  bench->is_asset = file != NULL;
  if (bench->store && file)
    bench->source = vs_asset_open (bench->store, VS_DEFAULT_ACCOUNT, file,
        &error);
  else if (bench->store)
    bench->source = vs_archive_source_open (bench->store, NULL,
        VS_DEFAULT_ACCOUNT, VS_DEFAULT_EVENT, NULL, &error);
  if (bench->source == NULL)
    g_error ("%s", error->message);
}

static void
list_segments (Bench * bench)
{
  g_autoptr (GPtrArray) timelines =
      bench->source->klass->get_timelines (bench->source);
  g_autoptr (VsTimelineView) view = vs_timeline_view
      (g_ptr_array_index (timelines, 0), 0, G_MAXUINT64);

  bench->stored = g_ptr_array_ref (view->segments);
  bench->joined = g_ptr_array_new_with_free_func ((GDestroyNotify)
      vs_segment_unref);
  for (guint i = 0; i < bench->stored->len; i += bench->join) {
    g_autoptr (GPtrArray) parts = g_ptr_array_new ();

    for (guint k = i; k < MIN (i + bench->join, bench->stored->len); k++)
      g_ptr_array_add (parts, g_ptr_array_index (bench->stored, k));
    g_ptr_array_add (bench->joined, vs_join_segments (parts, bench->join));
  }
}

int
main (int argc, char **argv)
{
  Bench bench = { NULL };
  glong idle;

  if (argc != 5 && argc != 6)
    g_error ("usage: packager FORMAT JOIN ROUNDS LOCATION [FILE.mp4]");
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i].name, argv[1]) == 0)
      bench.format = &formats[i];
  bench.join = atoi (argv[2]);
  if (bench.format == NULL || bench.join == 0)
    g_error ("no such format, or nothing to join");
  gst_init (NULL, NULL);
  open_source (&bench, argv[4], argv[5]);
  list_segments (&bench);
  idle = peak_kb ();
  for (gint i = atoi (argv[3]); i > 0; i--)
    (collects (&bench) ? run_collected : run) (&bench);
  g_print ("%" G_GUINT64_FORMAT " %.6f %.6f %.6f %ld %" G_GUINT64_FORMAT "\n",
      bench.bytes, bench.load_s, bench.package_s, bench.check_s,
      peak_kb () - idle, bench.largest);
  g_ptr_array_unref (bench.stored);
  g_ptr_array_unref (bench.joined);
  vs_segment_source_unref (bench.source);
  vs_store_unref (bench.store);
  return 0;
}
