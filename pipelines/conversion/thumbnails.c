/* VisionStream: thumbnails of an archive, and a list of them for players
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where there is a keyframe in each interval, these alone are read and decoded:
 * a long archive takes as many pictures as it gets thumbnails. Else all is
 * decoded, and one picture an interval is taken. Either way a picture's time
 * tells which interval it stands for.
 */
#include "chain.h"
#include "output.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "mpegts/vstspieces.h"

/* durations in playlists may be rounded up: this much is no interval */
#define REST (50 * GST_MSECOND)
#define LIST "thumbnails.vtt"
#define PATTERN "thumbnail-%05u.jpg"

typedef struct
{
  VsConvert *convert;
  GstClockTime interval;
  GCancellable *cancellable;

  /* of the thread that reads or decodes */
  VsArchiveCursor *cursor;      /* NULL where all is decoded */
  guint64 next;                 /* interval that is still to be filled */
  GByteArray *keyframe;
  GError *error;

  /* of the thread that writes: (element-type guint64) */
  GArray *intervals;            /* that the files stand for */
} Thumbnails;

/* ---- keyframes only ----------------------------------------------------- */

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Thumbnails *self = user_data;

  if (self->keyframe->len > 0 || !(unit->flags & VS_TS_UNIT_KEYFRAME)
      || unit->config == NULL)
    return;
  if (!vs_codec_complete_unit (unit->config, unit->data, unit->size,
          self->keyframe))
    g_byte_array_append (self->keyframe, unit->data, unit->size);
}

/* Its first keyframe; what follows is not even taken apart. */
static void
find_keyframe (Thumbnails * self, const VsArchiveChunk * chunk)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, self);
  const guint8 *data = g_bytes_get_data (chunk->bytes, NULL);

  vs_ts_reader_select (reader, VS_MEDIA_VIDEO);
  for (guint i = 0; i < chunk->pieces->len && self->keyframe->len == 0; i++) {
    const VsTsPiece *piece = &g_array_index (chunk->pieces, VsTsPiece, i);

    vs_ts_reader_push (reader, data + piece->offset, piece->size);
  }
  if (self->keyframe->len == 0)
    vs_ts_reader_drain (reader);
}

/* What could not be read may be closed up by now. */
static GstClockTime
get_end (const Thumbnails * self)
{
  GstClockTime end = vs_archive_cursor_get_duration (self->cursor);

  return GST_CLOCK_TIME_IS_VALID (end) ? end : self->convert->duration;
}

/* Reads the keyframe at or before the next interval's start; what can't be read
 * has none, and the thumbnail before it stands for that time too. */
static gboolean
read_keyframe (Thumbnails * self)
{
  while (self->keyframe->len == 0) {
    GstClockTime position = self->next * self->interval;
    g_autoptr (VsArchiveChunk) chunk = NULL;

    if (self->next > 0 && !vs_archive_cursor_is_growing (self->cursor)
        && position + REST >= get_end (self))
      return FALSE;
    vs_archive_cursor_seek (self->cursor, position, VS_ARCHIVE_SNAP_BEFORE,
        GST_CLOCK_TIME_NONE);
    chunk = vs_archive_cursor_next (self->cursor, self->cancellable,
        &self->error);
    if (chunk == NULL)
      return FALSE;
    if (chunk->bytes && chunk->pieces)
      find_keyframe (self, chunk);
    /* a hole leads to what is behind it */
    self->next = MAX (self->next, chunk->position / self->interval) + 1;
  }
  return TRUE;
}

static void
need_data (GstElement * appsrc, guint size, gpointer user_data)
{
  Thumbnails *self = user_data;
  g_autoptr (GstBuffer) buffer = NULL;
  GstFlowReturn flow;

  if (!read_keyframe (self)) {
    if (self->error)
      GST_ELEMENT_ERROR (appsrc, RESOURCE, READ, ("%s", self->error->message),
          (NULL));
    else
      g_signal_emit_by_name (appsrc, "end-of-stream", &flow);
    return;
  }
  buffer = gst_buffer_new_memdup (self->keyframe->data, self->keyframe->len);
  g_byte_array_set_size (self->keyframe, 0);
  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) =
      (self->next - 1) * self->interval;
  g_signal_emit_by_name (appsrc, "push-buffer", buffer, &flow);
}

/* ---- all pictures ------------------------------------------------------- */

static GstPadProbeReturn
pick (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Thumbnails *self = user_data;
  GstClockTime time = vs_chain_get_time (pad, GST_PAD_PROBE_INFO_BUFFER (info));

  if (!GST_CLOCK_TIME_IS_VALID (time) || time < self->next * self->interval)
    return GST_PAD_PROBE_DROP;
  self->next = time / self->interval + 1;
  return GST_PAD_PROBE_OK;
}

/* ---- the pipeline ------------------------------------------------------- */

static GstPadProbeReturn
note_interval (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Thumbnails *self = user_data;
  guint64 nth = vs_chain_get_time (pad, GST_PAD_PROBE_INFO_BUFFER (info))
      / self->interval;

  g_array_append_val (self->intervals, nth);
  return GST_PAD_PROBE_OK;
}

/* JPEG's own colours have the full range. */
static gchar *
describe_output (const VsConvert * convert)
{
  guint width = convert->options->width > 0 ? convert->options->width :
      VS_CONVERT_THUMBNAIL_WIDTH;
  guint full_width, full_height, height;

  vs_convert_get_size (convert, 0, &full_width, &full_height);
  height = MAX (gst_util_uint64_scale_round (full_height, width, full_width),
      1);
  return g_strdup_printf (" ! videoscale ! videoconvert ! video/x-raw,"
      "format=I420,width=%u,height=%u,pixel-aspect-ratio=1/1,"
      "colorimetry=1:4:0:0 ! jpegenc name=watch ! multifilesink name=files "
      "index=1", width, height);
}

static gboolean
init_chain (Thumbnails * self, VsChain * chain, GError ** error)
{
  VsConvert *convert = self->convert;
  g_autofree gchar *output = describe_output (convert);
  g_autofree gchar *input = self->cursor ?
      vs_chain_keyframes (convert, error) :
      vs_chain_decoded (convert, VS_MEDIA_VIDEO, error);
  g_autofree gchar *line = NULL;
  g_autoptr (GstElement) keys = NULL;

  if (input == NULL)
    return FALSE;
  line = g_strconcat (input, self->cursor ? "" :
      " ! identity name=pick silent=true", output, NULL);
  if (!vs_chain_init (chain, convert, line, error))
    return FALSE;
  vs_chain_add_probe (chain, "watch", note_interval, self);
  if (self->cursor == NULL) {
    vs_chain_add_probe (chain, "pick", pick, self);
    return TRUE;
  }
  keys = vs_chain_get (chain, "keyframes");
  g_signal_connect (keys, "need-data", G_CALLBACK (need_data), self);
  return TRUE;
}

static void
set_folder (VsChain * chain, const gchar * folder)
{
  g_autoptr (GstElement) files = vs_chain_get (chain, "files");
  g_auto (GStrv) parts = g_strsplit (folder, "%", -1);
  g_autofree gchar *escaped = g_strjoinv ("%%", parts);
  g_autofree gchar *location = g_strconcat (escaped, "/" PATTERN, NULL);

  g_object_set (files, "location", location, NULL);
}

/* ---- the list ----------------------------------------------------------- */

/* WebVTT whose cues are names of files, as players take it for what they show
 * over their seek bar. */
static gboolean
write_list (const Thumbnails * self, const gchar * folder, GstClockTime end,
    GError ** error)
{
  g_autoptr (GString) text = g_string_new ("WEBVTT\n");
  g_autofree gchar *path = g_build_filename (folder, LIST, NULL);

  for (guint i = 0; i < self->intervals->len; i++) {
    guint64 nth = g_array_index (self->intervals, guint64, i);
    GstClockTime start = i == 0 ? 0 : nth * self->interval;
    GstClockTime stop = i + 1 < self->intervals->len ?
        g_array_index (self->intervals, guint64, i + 1) * self->interval :
        MAX (end, start + GST_MSECOND);
    g_autofree gchar *from = vs_convert_format_time (start);
    g_autofree gchar *to = vs_convert_format_time (stop);

    g_string_append_printf (text, "\n%s --> %s\n" PATTERN "\n", from, to,
        i + 1);
  }
  return g_file_set_contents (path, text->str, text->len, error);
}

/* ---- the folder --------------------------------------------------------- */

static gboolean
is_ours (const gchar * name)
{
  return g_str_equal (name, LIST) || (g_str_has_prefix (name, "thumbnail-")
      && g_str_has_suffix (name, ".jpg"));
}

/* What was not made by us is not replaced either. */
static gboolean
check_old (const gchar * path, GError ** error)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  while (dir && (name = g_dir_read_name (dir)))
    if (!is_ours (name))
      break;
  if (dir && name == NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY,
      "%s is no folder of thumbnails alone, and is not replaced: choose another "
      "one", path);
  return FALSE;
}

static guint64
measure (const gchar * folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const gchar *name;
  guint64 size = 0;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);
    GStatBuf status;

    if (g_stat (path, &status) == 0)
      size += status.st_size;
  }
  return size;
}

static gboolean
open_folder (VsOutput * output, const VsConvertOptions * options,
    GError ** error)
{
  g_autofree gchar *path = g_strdup (options->output);

  for (gsize n = strlen (path); n > 1 && path[n - 1] == '/'; n--)
    path[n - 1] = '\0';
  if (!vs_output_open (output, path, options->force, error)
      || !check_old (path, error))
    return FALSE;
  if (g_mkdir (output->part, 0777) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
      "can't make %s: %s", output->part, g_strerror (errno));
  return FALSE;
}

static gboolean
commit_folder (VsOutput * output, GError ** error)
{
  if (!check_old (output->path, error))
    return FALSE;
  vs_output_remove_tree (output->path);
  return vs_output_commit (output, NULL, error);
}

/* ---- all of it ---------------------------------------------------------- */

static gboolean
make (Thumbnails * self, GError ** error)
{
  VsConvert *convert = self->convert;
  g_auto (VsOutput) output = { NULL };
  g_auto (VsChain) chain = { NULL };
  g_autofree gchar *list = NULL;
  GstClockTime end;
  guint64 size;

  if (!open_folder (&output, convert->options, error)
      || !init_chain (self, &chain, error))
    return FALSE;
  set_folder (&chain, output.part);
  if (!vs_chain_run (&chain, self->cancellable, error))
    return FALSE;
  if (self->intervals->len == 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "%s: no picture of it can be decoded", convert->options->source);
    return FALSE;
  }
  end = self->cursor ? get_end (self) : vs_chain_get_total (&chain);
  if (!write_list (self, output.part, end, error))
    return FALSE;
  size = measure (output.part);
  if (!commit_folder (&output, error))
    return FALSE;
  list = g_build_filename (output.path, LIST, NULL);
  vs_line_break (&convert->line);
  g_printerr ("%u thumbnails, ", self->intervals->len);
  vs_convert_say_made (convert, list, end, size);
  return TRUE;
}

static gboolean
open_cursor (Thumbnails * self, GError ** error)
{
  const VsConvert *convert = self->convert;
  VsArchiveCursorSettings range;

  if (convert->keyframe_interval > self->interval)
    return TRUE;
  vs_convert_get_range (convert, &range);
  self->cursor = vs_archive_cursor_open (convert->store, convert->place.account,
      convert->place.event, convert->place.breakout, &range, self->cancellable,
      error);
  return self->cursor != NULL;
}

gboolean
vs_convert_thumbnails (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  Thumbnails self = {.convert = convert,.cancellable = cancellable,
    .interval = convert->options->interval
  };
  gboolean ok;

  if (!vs_convert_need (convert, VS_MEDIA_VIDEO, error)
      || !open_cursor (&self, error))
    return FALSE;
  self.keyframe = g_byte_array_new ();
  self.intervals = g_array_new (FALSE, FALSE, sizeof (guint64));
  ok = make (&self, error);
  g_clear_pointer (&self.cursor, vs_archive_cursor_free);
  g_byte_array_unref (self.keyframe);
  g_array_unref (self.intervals);
  g_clear_error (&self.error);
  return ok;
}
