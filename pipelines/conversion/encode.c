/* VisionStream: conversions by vsladder: another ladder, or an MP4 file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An MP4 file is a ladder of one rung that is recorded: sound and picture are
 * kept together as the ladder does it, and the file has its index in front.
 */
#include "chain.h"
#include "output.h"

#include <glib/gstdio.h>
#include <string.h>

#define PRESET_MP4 "faster"
#define PRESET_LADDER "veryfast"
#define CRF 21
/* of the average, where there is no bit rate to keep to */
#define CRF_CAP 2
#define AUDIO_BITRATE 160000
/* segments wait to be recorded only */
#define SEGMENTS_KEPT 3
/* what the stream may be longer than it seemed to be */
#define DURATION_MARGIN (60 * GST_SECOND)
/* a year: later than this, UTC is one */
#define UNDATED_US (G_GINT64_CONSTANT (365) * 86400 * G_USEC_PER_SEC)

/* ---- the line ----------------------------------------------------------- */

/* vsladder decodes by itself. */
static gboolean
append_tracks (const VsConvert * convert, GString * line, GError ** error)
{
  const struct
  {
    const VsCodecConfig *config;
    VsMediaType type;
    const gchar *pad, *watch;
  } tracks[] = {
    {convert->video, VS_MEDIA_VIDEO, "video", ""},
    {convert->audio, VS_MEDIA_AUDIO, "audio", "identity name=sound ! "},
  };

  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++) {
    g_autofree gchar *track = NULL;

    if (tracks[i].config == NULL)
      continue;
    track = vs_chain_track (convert, tracks[i].type, error);
    if (track == NULL)
      return FALSE;
    g_string_append_printf (line, "%s ! %sladder.%s ", track, tracks[i].watch,
        tracks[i].pad);
  }
  return TRUE;
}

/* The last frame of sound may reach past the last picture, and the ladder would
 * fill that up with one more. */
static GstPadProbeReturn
end_sound (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  const VsConvert *convert = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstClockTime time = vs_chain_get_time (pad, buffer);

  if (GST_CLOCK_TIME_IS_VALID (time) && GST_BUFFER_DURATION_IS_VALID (buffer)
      && time + GST_BUFFER_DURATION (buffer) > convert->duration)
    return GST_PAD_PROBE_DROP;
  return GST_PAD_PROBE_OK;
}

static gboolean
init_chain (VsChain * chain, VsConvert * convert, GError ** error)
{
  g_autoptr (GString) line =
      g_string_new ("vsladder name=ladder : vssegmentstore name=store ");

  if (!append_tracks (convert, line, error)
      || !vs_chain_init (chain, convert, line->str, error))
    return FALSE;
  if (convert->video && convert->audio && !convert->growing)
    vs_chain_add_probe (chain, "sound", end_sound, convert);
  return TRUE;
}

static void
set_up_ladder (VsChain * chain, const gchar * ladder, guint n_rungs,
    const gchar * preset)
{
  const VsConvertOptions *options = chain->convert->options;
  g_autoptr (GstElement) element = vs_chain_get (chain, "ladder");
  guint processors = MIN (g_get_num_processors (), 64);

  g_object_set (element, "ladder", ladder, "speed-preset", options->preset ?
      options->preset : preset, "threads", (processors + n_rungs - 1) / n_rungs,
      NULL);
  /* pictures stay as many as they are, unless a rung says it otherwise */
  if (strchr (ladder, '@') == NULL)
    g_object_set (element, "frame-rate", "family", NULL);
}

/* ---- MP4 ---------------------------------------------------------------- */

static gchar *
describe_rung (const VsConvert * convert)
{
  const VsConvertOptions *options = convert->options;
  GString *rung = g_string_new ("mp4:");
  guint width, height, bitrate;

  vs_convert_get_size (convert, options->height, &width, &height);
  bitrate = options->bitrate > 0 ? options->bitrate :
      CRF_CAP * vs_convert_guess_bitrate (convert, width, height);
  g_string_append_printf (rung, "%ux%u", width, height);
  if (convert->fps_n > 0)
    g_string_append_printf (rung, "@%u/%u", convert->fps_n, convert->fps_d);
  g_string_append_printf (rung, ",%u", bitrate);
  if (convert->audio)
    g_string_append_printf (rung, ",%u", options->audio_bitrate > 0 ?
        options->audio_bitrate : AUDIO_BITRATE);
  if (options->bitrate > 0)
    g_string_append (rung, ",rate-control=vbr");
  else
    g_string_append_printf (rung, ",rate-control=crf,crf=%d", CRF);
  return g_string_free (rung, FALSE);
}

static void
set_up_recording (VsChain * chain, const gchar * folder)
{
  const VsConvert *convert = chain->convert;
  g_autoptr (GstElement) store = vs_chain_get (chain, "store");

  g_object_set (store, "location", folder, "max-segments",
      (guint64) SEGMENTS_KEPT, "recording-max-duration",
      (guint64) (convert->duration + DURATION_MARGIN), NULL);
  gst_util_set_object_arg (G_OBJECT (store), "recording", "mp4");
  gst_util_set_object_arg (G_OBJECT (store), "recording-gaps",
      convert->options->keep_gaps ? "keep" : "close");
}

/* (transfer full): the recording below @folder */
static gchar *
find_recording (const gchar * folder, GError ** error)
{
  g_autofree gchar *place = g_build_filename (folder, VS_DEFAULT_ACCOUNT,
      VS_DEFAULT_EVENT, "recordings", NULL);
  g_autoptr (GDir) dir = g_dir_open (place, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir)))
    if (g_str_has_suffix (name, ".mp4"))
      return g_build_filename (place, name, NULL);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "nothing was recorded: see the warnings above");
  return NULL;
}

gboolean
vs_convert_encode (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  const VsConvertOptions *options = convert->options;
  g_autofree gchar *rung = NULL;
  g_autofree gchar *recording = NULL;
  g_auto (VsOutput) output = { NULL };
  g_auto (VsChain) chain = { NULL };
  guint64 size;

  if (!vs_convert_need (convert, VS_MEDIA_VIDEO, error)
      || !vs_output_open (&output, options->output, options->force, error)
      || !init_chain (&chain, convert, error))
    return FALSE;
  rung = describe_rung (convert);
  set_up_ladder (&chain, rung, 1, PRESET_MP4);
  set_up_recording (&chain, output.part);
  if (!vs_chain_run (&chain, cancellable, error))
    return FALSE;
  recording = find_recording (output.part, error);
  if (recording == NULL || !vs_output_rename (recording, output.path, &size,
          error))
    return FALSE;
  vs_convert_say_made (convert, output.path, vs_chain_get_duration (&chain),
      size);
  return TRUE;
}

/* ---- a ladder ----------------------------------------------------------- */

typedef struct
{
  VsPlace to;
  VsStore *store;
  gchar *folder;                /* key of the event's */
  gchar *spool;                 /* this conversion's own, or NULL */
} Target;

static void
target_clear (Target * target)
{
  if (target->spool)
    vs_output_remove_tree (target->spool);
  g_clear_pointer (&target->spool, g_free);
  g_clear_pointer (&target->folder, g_free);
  g_clear_pointer (&target->store, vs_store_unref);
  vs_place_clear (&target->to);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Target, target_clear);

/* What a conversion leaves must be all that there is. */
static gboolean
check_target (const Target * target, GError ** error)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (target->store, target->folder, NULL, NULL, error);

  if (objects == NULL)
    return FALSE;
  if (objects->len == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
      "%s/%s is there already", vs_store_get_location (target->store),
      target->folder);
  return FALSE;
}

/* Whatever stays is no archive: the main playlist goes first. */
static void
remove_target (const Target * target)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (target->store, target->folder, NULL, NULL, NULL);
  g_autofree gchar *main_key =
      g_strconcat (target->folder, "/index.m3u8", NULL);

  vs_store_delete (target->store, main_key, NULL, NULL);
  for (guint i = 0; objects && i < objects->len; i++) {
    const VsStoreObject *object = g_ptr_array_index (objects, i);

    if (!g_str_has_suffix (object->key, "/"))
      vs_store_delete (target->store, object->key, NULL, NULL);
  }
  vs_store_clean (target->store, target->folder, NULL, NULL);
}

/* What an interrupted conversion left there is not to be sent by the next. */
static gboolean
make_spool (Target * target, const gchar * directory, GError ** error)
{
  g_autofree gchar *parent = vs_place_spool_directory (directory);

  if (!vs_store_is_remote (target->store))
    return TRUE;
  target->spool = g_build_filename (parent, "convert-XXXXXX", NULL);
  if (g_mkdir_with_parents (parent, 0700) == 0
      && g_mkdtemp (target->spool) != NULL)
    return TRUE;
  g_clear_pointer (&target->spool, g_free);
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
      "no folder can be made in %s for the spool", parent);
  return FALSE;
}

static gboolean
open_target (Target * target, const VsConvert * convert, GError ** error)
{
  const VsConvertOptions *options = convert->options;

  if (options->to == NULL && convert->playlist) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--to is needed: where the new archive goes");
    return FALSE;
  }
  target->to.location =
      g_strdup (options->to ? options->to : convert->place.location);
  if (!vs_place_parse_event (&target->to, options->event, VS_PLACE_EVENT,
          error))
    return FALSE;
  target->store = vs_place_open_store (target->to.location, TRUE, error);
  target->folder =
      g_strdup_printf ("%s/%s", target->to.account, target->to.event);
  return target->store && check_target (target, error)
      && make_spool (target, options->spool, error);
}

static void
set_up_store (VsChain * chain, const Target * target)
{
  const VsConvert *convert = chain->convert;
  g_autoptr (GstElement) store = vs_chain_get (chain, "store");
  g_autoptr (GDateTime) epoch = g_date_time_new_from_unix_utc (0);
  g_autoptr (GDateTime) date = g_date_time_add (epoch, convert->utc_us);
  g_autofree gchar *start = g_date_time_format_iso8601 (date);

  vs_place_set_on (&target->to, store);
  /* it was on the air when it was; a playlist without dates counts from 1970 */
  if (convert->utc_us > UNDATED_US)
    g_object_set (store, "start-time", start, NULL);
  if (target->spool)
    g_object_set (store, "spool-directory", target->spool, NULL);
  if (convert->target_duration > 0)
    g_object_set (store, "target-duration", convert->target_duration, NULL);
}

/* The element gives up waiting for a store that is gone. */
static gboolean
check_stored (VsChain * chain, GError ** error)
{
  g_autoptr (GstElement) store = vs_chain_get (chain, "store");
  g_autoptr (GstStructure) stats = NULL;
  guint64 lost = 0;
  guint waiting = 0;

  g_object_get (store, "stats", &stats, NULL);
  gst_structure_get (stats, "segments-lost", G_TYPE_UINT64, &lost,
      "spool-objects", G_TYPE_UINT, &waiting, NULL);
  if (lost == 0 && waiting == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED,
      "the store did not take all of it: %" G_GUINT64_FORMAT " segments were "
      "given up, %u objects wait", lost, waiting);
  return FALSE;
}

static guint
count_rungs (const gchar * ladder)
{
  guint n = 1;

  for (const gchar * c = ladder; *c; c++)
    n += *c == ';' && c[1] != '\0';
  return n;
}

static guint64
measure (const Target * target)
{
  g_autoptr (GPtrArray) objects =
      vs_store_list (target->store, target->folder, NULL, NULL, NULL);
  guint64 size = 0;

  for (guint i = 0; objects && i < objects->len; i++)
    size += ((VsStoreObject *) g_ptr_array_index (objects, i))->size;
  return size;
}

gboolean
vs_convert_ladder (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  const VsConvertOptions *options = convert->options;
  g_auto (Target) target = { {NULL} };
  g_auto (VsChain) chain = { NULL };
  g_autofree gchar *path = NULL;

  if (!open_target (&target, convert, error)
      || !init_chain (&chain, convert, error))
    return FALSE;
  set_up_ladder (&chain, options->ladder, count_rungs (options->ladder),
      PRESET_LADDER);
  set_up_store (&chain, &target);
  chain.at_end = check_stored;
  if (!vs_chain_run (&chain, cancellable, error)) {
    remove_target (&target);
    return FALSE;
  }
  path = g_strdup_printf ("%s/%s/index.m3u8",
      vs_store_get_location (target.store), target.folder);
  vs_convert_say_made (convert, path, vs_chain_get_duration (&chain),
      measure (&target));
  return TRUE;
}
