/* VisionStream: what the tests of vssegmentstore share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "storecheck.h"

#include <glib/gstdio.h>

#include "common/folder.h"

gchar *folder;

void
make_folder (void)
{
  folder = test_folder_make ("segmentstore");
  fail_unless (folder != NULL);
}

static void
remove_tree (const gchar * path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);

    remove_tree (child);
  }
  g_remove (path);
}

void
drop_folder (void)
{
  remove_tree (folder);
  g_clear_pointer (&folder, g_free);
}

/* ---- looking at archives ------------------------------------------------ */

gchar *
read_file (const gchar * archive, const gchar * name, gsize * size)
{
  g_autofree gchar *path = g_build_filename (folder, archive, "default",
      "live", name, NULL);
  gchar *text = NULL;

  if (!g_file_get_contents (path, &text, size, NULL))
    return NULL;
  return text;
}

guint
count (const gchar * archive, const gchar * name, const gchar * needle)
{
  g_autofree gchar *text = read_file (archive, name, NULL);
  guint n = 0;

  for (const gchar * p = text; p && (p = strstr (p, needle)) != NULL; p++)
    n++;
  return n;
}

gboolean
exists (const gchar * archive, const gchar * name)
{
  g_autofree gchar *text = read_file (archive, name, NULL);

  return text != NULL;
}

/* The segments' bytes, one after the other. */
GByteArray *
read_segments (const gchar * archive, const gchar * rendition)
{
  GByteArray *all = g_byte_array_new ();

  for (guint i = 1;; i++) {
    g_autofree gchar *name = g_strdup_printf ("index_%s_%05u.ts", rendition,
        i);
    gsize size;
    g_autofree gchar *bytes = read_file (archive, name, &size);

    if (bytes == NULL)
      return all;
    g_byte_array_append (all, (const guint8 *) bytes, size);
  }
}

/* Frames of the first video stream, by ffprobe; -1 without ffprobe. */
gint
probe_frames (const gchar * archive, const gchar * name)
{
  g_autofree gchar *path = g_build_filename (folder, archive, "default",
      "live", name, NULL);
  const gchar *argv[] = { "ffprobe", "-v", "error", "-count_frames",
    "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
    "-of", "default=nw=1:nk=1", path, NULL
  };
  g_autofree gchar *out = NULL;
  g_autofree gchar *err = NULL;
  g_autofree gchar *tool = g_find_program_in_path ("ffprobe");

  if (tool == NULL)
    return -1;
  fail_unless (g_spawn_sync (NULL, (gchar **) argv, NULL,
          G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, NULL, NULL));
  /* what a player would stumble over is said here */
  fail_unless_equals_string (err, "");
  return atoi (out);
}

/* ---- running pipelines -------------------------------------------------- */

void
run_init (Run * run, const gchar * line, ...)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, line);
  text = g_strdup_vprintf (line, args);
  va_end (args);
  memset (run, 0, sizeof *run);
  run->pipeline = gst_parse_launch (text, &error);
  fail_unless (error == NULL, "%s: %s", text, error ? error->message : "");
}

/* Runs until a message of @type, counting what passes. */
GstMessage *
run_until (Run * run, GstMessageType type, const gchar * name)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (run->pipeline);
  GstMessage *message;

  while ((message = gst_bus_timed_pop (bus, WAIT)) != NULL) {
    GstMessageType got = GST_MESSAGE_TYPE (message);

    run->warnings += got == GST_MESSAGE_WARNING;
    run->stored += gst_message_has_name (message,
        "vssegmentstore-segment-stored");
    if (got == type && (name == NULL || gst_message_has_name (message, name)))
      return message;
    if (got == GST_MESSAGE_ERROR)
      fail ("%" GST_PTR_FORMAT, message);
    gst_message_unref (message);
  }
  fail ("nothing more happens");
  return NULL;
}

void
run_to_end (Run * run)
{
  fail_if (gst_element_set_state (run->pipeline, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE);
  gst_message_unref (run_until (run, GST_MESSAGE_EOS, NULL));
}

void
run_clear (Run * run)
{
  fail_unless_equals_int (gst_element_set_state (run->pipeline,
          GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (run->pipeline);
}

GstElement *
store_new (const gchar * archive)
{
  GstElement *store = gst_element_factory_make ("vssegmentstore", NULL);
  g_autofree gchar *location = g_build_filename (folder, archive, NULL);

  fail_unless (store != NULL);
  g_object_set (store, "location", location, "target-duration",
      2 * GST_SECOND, NULL);
  return store;
}

void
push_part (GstHarness * h, const GByteArray * bytes, gsize from, gsize to)
{
  for (gsize i = from; i < to; i += 1316) {
    gsize size = MIN (1316, to - i);
    GstBuffer *buffer = gst_buffer_new_memdup (bytes->data + i, size);

    fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  }
}

void
push_stream (GstHarness * h, const GByteArray * bytes)
{
  push_part (h, bytes, 0, bytes->len);
}

GstMessage *
await_eos (GstBus * bus)
{
  GstMessage *message = gst_bus_timed_pop_filtered (bus, WAIT, GST_MESSAGE_EOS);

  fail_unless (message != NULL);
  return message;
}

guint64
get_stat (GstElement * store, const gchar * name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (store, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  return value;
}
