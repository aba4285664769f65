/* VisionStream: what manifests of 24 h cost
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * manifest [--archive] [--segments N] [--tries N] [FORMAT...]
 * manifest --weeks [--cache MIB] [--tries N] [FORMAT...]
 *
 * An event of four renditions with segments of 2 s, in memory or (--archive) in
 * a folder, through vs_origin_request (). A line a format: the first request
 * finds nothing at hand ("cold"); ahead of each other one a segment is added
 * ("warm": the least, the median and the most, and the median of the processor
 * time that all threads took meanwhile, which a busy machine does not change
 * much). What is over ("vod") does not grow: each request asks for another
 * end.
 *
 * With --weeks: what the process takes in memory while manifests of 24 h are
 * asked for all over two weeks; and what live requests cost then, against those
 * of an event of an hour (processor time, each from an origin that is new).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "origin/longstore.h"
#include "origin/vsoriginprivate.h"

/* how long an archive is taken to be as it was, and some */
#define REFRESH_US (1100 * 1000)

static gboolean use_archive;
static gint n_segments = LONG_DAY;
static gint n_tries = 5;
static gboolean weeks;
static gint cache_mib = 64;

static const GOptionEntry entries[] = {
  {"archive", 'a', 0, G_OPTION_ARG_NONE, &use_archive, "From a folder", NULL},
  {"segments", 's', 0, G_OPTION_ARG_INT, &n_segments, "How many", "N"},
  {"weeks", 'w', 0, G_OPTION_ARG_NONE, &weeks, "Memory over two weeks", NULL},
  {"cache", 'c', 0, G_OPTION_ARG_INT, &cache_mib, "With --weeks", "MIB"},
  {"tries", 't', 0, G_OPTION_ARG_INT, &n_tries, "Warm requests", "N"},
  {NULL}
};

typedef struct
{
  const gchar *name;
  VsEndpointType type;
  VsDashTemplate template;
  VsLayout layout;
  gboolean vod;
  const gchar *object;
} Format;

static const Format formats[] = {
  {"dash-number", VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, VS_LAYOUT_FULL,
      FALSE, "index.mpd"},
  {"dash-time", VS_ENDPOINT_DASH, VS_DASH_TIME_TIMELINE, VS_LAYOUT_FULL,
      FALSE, "index.mpd"},
  {"dash-duration", VS_ENDPOINT_DASH, VS_DASH_NUMBER_DURATION,
      VS_LAYOUT_FULL, FALSE, "index.mpd"},
  {"dash-compact", VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE,
      VS_LAYOUT_COMPACT, FALSE, "index.mpd"},
  {"dash-vod", VS_ENDPOINT_DASH, VS_DASH_NUMBER_TIMELINE, VS_LAYOUT_FULL,
      TRUE, "index.mpd"},
  {"mss", VS_ENDPOINT_MSS, 0, VS_LAYOUT_FULL, FALSE, "index.ism/Manifest"},
  {"mss-compact", VS_ENDPOINT_MSS, 0, VS_LAYOUT_COMPACT, FALSE,
      "index.ism/Manifest"},
  {"mss-vod", VS_ENDPOINT_MSS, 0, VS_LAYOUT_FULL, TRUE, "index.ism/Manifest"},
  {"hls-main", VS_ENDPOINT_HLS, 0, 0, FALSE, "index.m3u8"},
  {"cmaf-main", VS_ENDPOINT_CMAF, 0, 0, FALSE, "index.m3u8"},
  {"hls", VS_ENDPOINT_HLS, 0, 0, FALSE, "index_720p.m3u8"},
  {"cmaf", VS_ENDPOINT_CMAF, 0, 0, FALSE, "index_video_720p.m3u8"},
  {"cmaf-vod", VS_ENDPOINT_CMAF, 0, 0, TRUE, "index_video_720p.m3u8"},
};

/* What is asked, and where it comes from. */
typedef struct
{
  VsOrigin *origin;
  const Format *format;
  VsOriginEvent *event;         /* in memory */
  VsStore *store;               /* or made up, and copied into a folder */
  const gchar *folder;
  guint64 next;
  guint n_asked;
} Bench;

/* ---- the archive -------------------------------------------------------- */

static void
copy_object (VsStore * store, const gchar * folder, const gchar * name)
{
  g_autofree gchar *key = g_strconcat (LONG_FOLDER "/", name, NULL);
  g_autofree gchar *path = g_build_filename (folder, key, NULL);
  g_autoptr (GBytes) bytes = vs_store_get (store, key, 0, -1, G_MAXINT32, NULL,
      NULL);
  gsize size;
  const gchar *data;

  if (bytes == NULL)
    return;
  data = g_bytes_get_data (bytes, &size);
  if (!g_file_set_contents (path, data, size, NULL))
    g_error ("%s", path);
}

/* The playlist of each rendition, and its parts from @first on */
static void
copy_archive (VsStore * store, const gchar * folder, guint64 first,
    guint64 next)
{
  copy_object (store, folder, "index.m3u8");
  for (guint i = 0; i < LONG_RENDITIONS; i++) {
    g_autoptr (VsRendition) info = long_rendition (i);
    g_autofree gchar *child = g_strdup_printf ("index_%s.m3u8", info->name);

    for (guint64 n = vs_timeline_part_start (first); n + VS_TIMELINE_PART <=
        next; n += VS_TIMELINE_PART) {
      g_autofree gchar *part = g_strdup_printf ("index_%s.%05"
          G_GUINT64_FORMAT ".m3u8", info->name, n);

      copy_object (store, folder, part);
    }
    copy_object (store, folder, child);
  }
}

/* No segment can be read, so what would be found there is told. */
static void
teach_configs (VsOrigin * origin)
{
  for (guint i = 0; i <= LONG_RENDITIONS; i++) {
    VsCodecConfig *config = i < LONG_RENDITIONS ?
        long_config (VS_MEDIA_VIDEO, i) : long_config (VS_MEDIA_AUDIO, 0);

    g_hash_table_insert (origin->configs, config->id, config);
  }
}

/* ---- one format --------------------------------------------------------- */

static void
add_segment (Bench * bench)
{
  for (guint i = 0; i < LONG_RENDITIONS && bench->event; i++) {
    g_autoptr (VsSegment) segment = long_segment (i, bench->next, 0);
    g_autoptr (VsRendition) info = long_rendition (i);

    vs_origin_event_add_segment (bench->event, info->name, segment, NULL);
  }
  if (bench->store) {
    long_store_grow (bench->store, 1);
    copy_archive (bench->store, bench->folder, bench->next, bench->next + 1);
    g_usleep (REFRESH_US);
  }
  bench->next++;
}

static void
start_event (Bench * bench)
{
  bench->event = vs_origin_add_event (bench->origin, VS_DEFAULT_ACCOUNT,
      VS_DEFAULT_EVENT, NULL);
  for (guint i = 0; i < LONG_RENDITIONS; i++) {
    g_autoptr (VsRendition) rendition = long_rendition (i);
    g_autoptr (VsTimeline) timeline = vs_timeline_new (rendition);
    g_autoptr (VsCodecConfig) video = long_config (VS_MEDIA_VIDEO, i);
    g_autoptr (VsCodecConfig) audio = long_config (VS_MEDIA_AUDIO, i);

    vs_timeline_set_target_duration (timeline, 2);
    vs_timeline_add_config (timeline, video);
    vs_timeline_add_config (timeline, audio);
    vs_origin_event_add_rendition (bench->event, timeline, i);
  }
  for (bench->next = 1; bench->next <= (guint) n_segments;)
    add_segment (bench);
}

static void
take_response (VsOriginResponse * response, gpointer user_data)
{
  g_async_queue_push (user_data, vs_origin_response_ref (response));
}

/* of the process, in ms */
static gdouble
get_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000.0
      + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000.0;
}

static void
ask (Bench * bench, gboolean gzip, gdouble * wall, gdouble * cpu, gsize * size)
{
  g_autoptr (GAsyncQueue) answers = g_async_queue_new ();
  g_autofree gchar *path = g_strdup_printf ("/out/v1/" LONG_FOLDER "/out/%s",
      bench->format->object);
  g_autofree gchar *query = NULL;
  g_autoptr (VsOriginResponse) response = NULL;
  VsOriginRequest request = {.path = path,.accept_gzip = gzip };
  gint64 end_us = LONG_START_US + LONG_US (n_segments) - G_USEC_PER_SEC;
  gdouble cpu_start;
  gint64 start;

  if (bench->format->vod)
    query = g_strdup_printf ("start=%" G_GINT64_FORMAT "&end=%"
        G_GINT64_FORMAT, LONG_START_US / G_USEC_PER_SEC,
        end_us / G_USEC_PER_SEC - 2 * bench->n_asked++);
  request.query = query;
  start = g_get_monotonic_time ();
  cpu_start = get_cpu ();
  vs_origin_request (bench->origin, &request, take_response, answers);
  response = g_async_queue_pop (answers);
  *cpu = get_cpu () - cpu_start;
  *wall = (g_get_monotonic_time () - start) / 1000.0;
  if (response->status != 200)
    g_error ("%s: status %u", path, response->status);
  *size = g_bytes_get_size (response->body);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble left = *(const gdouble *) a, right = *(const gdouble *) b;

  return (left > right) - (left < right);
}

static void
try_form (Bench * bench, gboolean gzip)
{
  g_autofree gdouble *times = g_new (gdouble, n_tries);
  g_autofree gdouble *cpus = g_new (gdouble, n_tries);
  gdouble cold, cold_cpu;
  gsize size;

  ask (bench, gzip, &cold, &cold_cpu, &size);
  for (gint i = 0; i < n_tries; i++) {
    if (!bench->format->vod)
      add_segment (bench);
    ask (bench, gzip, &times[i], &cpus[i], &size);
  }
  qsort (times, n_tries, sizeof *times, compare);
  qsort (cpus, n_tries, sizeof *cpus, compare);
  g_print ("%-14s %-5s cold %7.1f ms (cpu %6.1f), warm %6.1f %6.1f %6.1f ms"
      " (cpu %5.1f), %8" G_GSIZE_FORMAT " bytes\n", bench->format->name,
      gzip ? "gzip" : "plain", cold, cold_cpu, times[0], times[n_tries / 2],
      times[n_tries - 1], cpus[n_tries / 2], size);
}

static void
try_format (const Format * format, VsStore * store, const gchar * folder,
    guint64 * next, gboolean gzip)
{
  g_autoptr (VsEndpoint) endpoint = vs_endpoint_new ("out", format->type);
  g_autoptr (VsStore) files = NULL;
  VsOriginSettings settings = { 0 };
  Bench bench = {.format = format,.folder = folder,.store = store };

  endpoint->dash_template = format->template;
  endpoint->layout = format->layout;
  endpoint->window = VS_MANIFEST_MAX;
  bench.origin = vs_origin_new (&settings);
  vs_origin_set_endpoint (bench.origin, endpoint);
  if (store) {
    teach_configs (bench.origin);
    files = vs_store_open (folder, FALSE, NULL);
    vs_origin_set_store (bench.origin, files);
    bench.next = *next;
  } else {
    start_event (&bench);
  }
  try_form (&bench, gzip);
  if (bench.event)
    vs_origin_remove_event (bench.origin, bench.event);
  *next = bench.next;
  vs_origin_unref (bench.origin);
}

static gboolean
is_wanted (const Format * format, gint argc, gchar ** argv)
{
  for (gint i = 1; i < argc; i++)
    if (strcmp (argv[i], format->name) == 0)
      return TRUE;
  return argc == 1;
}

/* ---- two weeks ---------------------------------------------------------- */

#define DAYS 14
#define HOUR 1728               /* as far into a block as DAYS of DAY are */
#define DAY 43168

static VsOrigin *
new_origin (VsStore * store, GstClockTime window)
{
  VsOriginSettings settings = {.cache_bytes = cache_mib * 1024 * 1024 };
  VsOrigin *origin = vs_origin_new (&settings);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (VsEndpoint) endpoint =
        vs_endpoint_new (formats[i].name, formats[i].type);

    endpoint->dash_template = formats[i].template;
    endpoint->layout = formats[i].layout;
    endpoint->window = window;
    vs_origin_set_endpoint (origin, endpoint);
  }
  teach_configs (origin);
  vs_origin_set_store (origin, store);
  return origin;
}

static void
ask_format (VsOrigin * origin, const Format * format, const gchar * query)
{
  g_autoptr (GAsyncQueue) answers = g_async_queue_new ();
  g_autofree gchar *path = g_strdup_printf ("/out/v1/" LONG_FOLDER "/%s/%s",
      format->name, format->object);
  g_autoptr (VsOriginResponse) response = NULL;
  VsOriginRequest request = {.path = path,.query = query,.accept_gzip = TRUE };

  vs_origin_request (origin, &request, take_response, answers);
  response = g_async_queue_pop (answers);
  if (response->status != 200)
    g_error ("%s: status %u", path, response->status);
}

/* of the process, in MiB: now, and at most so far */
static void
print_memory (guint day)
{
  g_autofree gchar *text = NULL;
  struct rusage usage;
  gulong size, resident;

  getrusage (RUSAGE_SELF, &usage);
  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL)
      || sscanf (text, "%lu %lu", &size, &resident) != 2)
    return;
  g_print ("day %2u: %5.1f MiB, at most %5.1f MiB\n", day,
      resident * (sysconf (_SC_PAGESIZE) / 1048576.0),
      usage.ru_maxrss / 1024.0);
}

static void
try_memory (gint argc, gchar ** argv)
{
  g_autoptr (VsStore) store = long_store_new (1, DAYS * DAY + 1);
  g_autoptr (VsOrigin) origin = new_origin (store, VS_MANIFEST_MAX);

  g_print ("cache of %d MiB\n", cache_mib);
  print_memory (0);
  for (guint day = 0; day < DAYS; day++) {
    gint64 start = LONG_START_US / G_USEC_PER_SEC + 86400 * day + 600;
    g_autofree gchar *query = g_strdup_printf ("start=%" G_GINT64_FORMAT
        "&end=%" G_GINT64_FORMAT, start, start + 86000);

    for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
      if (is_wanted (&formats[i], argc, argv))
        ask_format (origin, &formats[i], query);
    print_memory (day + 1);
  }
}

/* ms for all formats, at the least */
static gdouble
try_live (guint64 length)
{
  g_autoptr (VsStore) store = long_store_new (1, length + 1);
  gdouble least = G_MAXDOUBLE;

  for (gint i = 0; i < n_tries; i++) {
    g_autoptr (VsOrigin) origin = new_origin (store, 300 * GST_SECOND);
    gdouble start = get_cpu ();

    for (guint k = 0; k < G_N_ELEMENTS (formats); k++)
      ask_format (origin, &formats[k], NULL);
    least = MIN (least, get_cpu () - start);
  }
  return least;
}

static void
try_weeks (gint argc, gchar ** argv)
{
  gdouble hour, longer;

  hour = try_live (HOUR);
  longer = try_live (DAYS * DAY);
  g_print ("live requests: %.1f ms of an hour, %.1f ms of two weeks: %.2f\n",
      hour, longer, longer / hour);
  try_memory (argc, argv);
}

static void
try_formats (gint argc, gchar ** argv, VsStore * store, const gchar * folder)
{
  guint64 next = n_segments + 1;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (!is_wanted (&formats[i], argc, argv))
      continue;
    try_format (&formats[i], store, folder, &next, TRUE);
    try_format (&formats[i], store, folder, &next, FALSE);
  }
}

static void
remove_archive (const gchar * folder)
{
  const gchar *const argv[] = { "rm", "-r", folder, NULL };

  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("[FORMAT...]");
  g_autoptr (GError) error = NULL;
  g_autoptr (VsStore) store = NULL;
  g_autofree gchar *folder = NULL, *below = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  gst_init (NULL, NULL);
  if (weeks) {
    try_weeks (argc, argv);
    return EXIT_SUCCESS;
  }
  if (!use_archive) {
    try_formats (argc, argv, NULL, NULL);
    return EXIT_SUCCESS;
  }
  folder = g_dir_make_tmp ("manifest-XXXXXX", NULL);
  below = g_build_filename (folder, LONG_FOLDER, NULL);
  g_mkdir_with_parents (below, 0755);
  store = long_store_new (1, n_segments + 1);
  copy_archive (store, folder, 1, n_segments + 1);
  try_formats (argc, argv, store, folder);
  remove_archive (folder);
  return EXIT_SUCCESS;
}
