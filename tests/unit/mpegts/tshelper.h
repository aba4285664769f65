/* VisionStream: what the tests of gst/mpegts share: clips made by ffmpeg, and
 * what the reader makes of a TS
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "common/folder.h"
#include "mpegts/vstswriter.h"

/* A unit as it came, with a copy of its bytes */
typedef struct
{
  VsTsUnit unit;
  guint8 *data;
} TestUnit;

static inline void
test_unit_free (gpointer unit)
{
  g_clear_pointer (&((TestUnit *) unit)->unit.config, vs_codec_config_unref);
  g_free (((TestUnit *) unit)->data);
  g_free (unit);
}

typedef struct
{
  VsTsReader *reader;
  GPtrArray *units;
  VsTsProgram *program;
  guint programs;
} TestReader;

static inline void
test_reader_program (const VsTsProgram *program, gpointer user_data)
{
  TestReader *test = user_data;

  g_clear_pointer (&test->program, vs_ts_program_free);
  test->program = vs_ts_program_copy (program);
  test->programs++;
}

static inline void
test_reader_unit (const VsTsUnit *unit, gpointer user_data)
{
  TestReader *test = user_data;
  TestUnit *copy = g_new (TestUnit, 1);

  fail_unless (unit->track < test->program->n_tracks);
  copy->unit = *unit;
  copy->data = g_malloc (MAX (unit->size, 1));
  memcpy (copy->data, unit->data, unit->size);
  copy->unit.data = copy->data;
  if (unit->config)
    vs_codec_config_ref (unit->config);
  g_ptr_array_add (test->units, copy);
}

static inline TestReader *
test_reader_new (guint16 program_number)
{
  static const VsTsReaderCallbacks callbacks = { test_reader_program,
    test_reader_unit
  };
  TestReader *test = g_new0 (TestReader, 1);

  test->units = g_ptr_array_new_with_free_func (test_unit_free);
  test->reader = vs_ts_reader_new (program_number, &callbacks, test);
  return test;
}

static inline void
test_reader_free (TestReader *test)
{
  vs_ts_reader_free (test->reader);
  g_ptr_array_unref (test->units);
  g_clear_pointer (&test->program, vs_ts_program_free);
  g_free (test);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestReader, test_reader_free)

/* Reads a whole stream in pieces of @step bytes, 0 for one piece. */
static inline TestReader *
test_read (const guint8 *data, gsize size, gsize step)
{
  TestReader *test = test_reader_new (0);

  for (gsize i = 0; i < size; i += step ? step : size)
    vs_ts_reader_push (test->reader, data + i,
        MIN (step ? step : size, size - i));
  vs_ts_reader_drain (test->reader);
  return test;
}

static inline TestUnit *
test_reader_get (TestReader *test, guint index)
{
  fail_unless (index < test->units->len);
  return g_ptr_array_index (test->units, index);
}

/* Runs a program, its arguments split as a shell would; NULL when it fails. */
static inline gchar *
test_run (const gchar *command)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar *out = NULL;
  gint status = -1;

  fail_unless (g_shell_parse_argv (command, NULL, &argv, NULL));
  if (!g_spawn_sync (NULL, argv, NULL,
          G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out,
          NULL, &status, NULL) || !g_spawn_check_wait_status (status, NULL))
    return NULL;
  return g_steal_pointer (&out);
}

static inline gchar *
test_folder_new (void)
{
  return g_dir_make_tmp ("vs-mpegts-XXXXXX", NULL);
}

/* A TS that ffmpeg made with @options, two seconds of test picture and tone;
 * NULL where it cannot. */
static inline GBytes *
test_ffmpeg (const gchar *folder, const gchar *options, gchar **path)
{
  g_autofree gchar *file = g_build_filename (folder, "clip.ts", NULL);
  g_autofree gchar *command = g_strdup_printf ("ffmpeg -v error -y -f lavfi "
      "-i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=d=2:r=48000 "
      "-pix_fmt yuv420p %s -f mpegts %s", options, file);
  g_autofree gchar *out = test_run (command);
  gchar *data;
  gsize size;

  if (out == NULL || !g_file_get_contents (file, &data, &size, NULL))
    return NULL;
  if (path)
    *path = g_steal_pointer (&file);
  return g_bytes_new_take (data, size);
}

/* One line of ffprobe -show_packets: times are G_MININT64 where N/A */
typedef struct
{
  guint stream;
  gint64 pts, dts;
  gsize size;
  gboolean key;
} ProbePacket;

static inline gint64
probe_int (const gchar *line, const gchar *key)
{
  const gchar *value = strstr (line, key);

  if (value == NULL || !strncmp (value + strlen (key), "N/A", 3))
    return G_MININT64;
  return g_ascii_strtoll (value + strlen (key), NULL, 10);
}

static inline GArray *
test_probe (const gchar *path, const gchar *options)
{
  g_autofree gchar *command = g_strdup_printf ("ffprobe -v error "
      "%s -show_packets -show_entries packet=stream_index,pts,dts,size,flags "
      "-of compact=p=0 %s", options, path);
  g_autofree gchar *out = test_run (command);
  g_auto (GStrv) lines = NULL;
  GArray *packets = g_array_new (FALSE, FALSE, sizeof (ProbePacket));

  fail_unless (out != NULL);
  lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    ProbePacket packet;

    if (!g_str_has_prefix (lines[i], "stream_index="))
      continue;
    packet.stream = probe_int (lines[i], "stream_index=");
    packet.pts = probe_int (lines[i], "|pts=");
    packet.dts = probe_int (lines[i], "|dts=");
    packet.size = probe_int (lines[i], "|size=");
    packet.key = strstr (lines[i], "|flags=K") != NULL;
    g_array_append_val (packets, packet);
  }
  return packets;
}
