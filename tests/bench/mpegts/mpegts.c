/* VisionStream: how fast MPEG-TS is read and written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   mpegts FILE.ts
 *
 * Prints GB per CPU-second of the reader over the file, of the writer over the
 * file's units, and of memcpy beside them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "mpegts/vstswriter.h"

#define ROUNDS 5
#define SEGMENT (4 * 1024 * 1024)

typedef struct
{
  GArray *units;                /* VsTsUnit, their data in @bytes */
  GByteArray *bytes;
  const VsTsProgram *program;
} Collected;

static gdouble
cpu_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void
ignore_unit (const VsTsUnit * unit, gpointer user_data)
{
  *(gsize *) user_data += unit->size;
}

static void
collect_program (const VsTsProgram * program, gpointer user_data)
{
  ((Collected *) user_data)->program = program;
}

static void
collect_unit (const VsTsUnit * unit, gpointer user_data)
{
  Collected *collected = user_data;
  VsTsUnit copy = *unit;

  /* an offset until the array stops moving */
  copy.data = GSIZE_TO_POINTER (collected->bytes->len);
  copy.config = NULL;
  g_byte_array_append (collected->bytes, unit->data, unit->size);
  g_array_append_val (collected->units, copy);
}

static void
report (const gchar * what, gdouble best, gsize size)
{
  printf ("%-8s %6.2f GB/CPU-s\n", what, size / best / 1e9);
}

static void
bench_reader (const guint8 * data, gsize size)
{
  const VsTsReaderCallbacks callbacks = { NULL, ignore_unit };
  gdouble best = G_MAXDOUBLE;

  for (guint i = 0; i < ROUNDS; i++) {
    gsize payload = 0;
    gdouble start = cpu_seconds ();
    g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &payload);

    vs_ts_reader_push (reader, data, size);
    vs_ts_reader_drain (reader);
    best = MIN (best, cpu_seconds () - start);
  }
  report ("reader", best, size);
}

/* As a store writes: an array a segment */
static void
bench_writer (const guint8 * data, gsize size)
{
  const VsTsReaderCallbacks callbacks = { collect_program, collect_unit };
  Collected collected = { g_array_new (FALSE, FALSE, sizeof (VsTsUnit)),
    g_byte_array_new (), NULL
  };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &collected);
  g_autoptr (GByteArray) out = g_byte_array_sized_new (2 * SEGMENT);
  gdouble best = G_MAXDOUBLE;
  gsize written = 0;

  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
  for (guint i = 0; i < ROUNDS && collected.program; i++) {
    g_autoptr (VsTsWriter) writer = vs_ts_writer_new (collected.program);
    gdouble start = cpu_seconds ();

    written = 0;
    for (guint j = 0; j < collected.units->len; j++) {
      VsTsUnit unit = g_array_index (collected.units, VsTsUnit, j);

      unit.data = collected.bytes->data + GPOINTER_TO_SIZE (unit.data);
      vs_ts_writer_write_unit (writer, &unit, out);
      if (out->len >= SEGMENT) {
        written += out->len;
        g_byte_array_set_size (out, 0);
      }
    }
    written += out->len;
    g_byte_array_set_size (out, 0);
    best = MIN (best, cpu_seconds () - start);
  }
  report ("writer", best, written);
  g_array_unref (collected.units);
  g_byte_array_unref (collected.bytes);
}

static void
bench_copy (const guint8 * data, gsize size)
{
  g_autofree guint8 *copy = g_malloc (size);
  gdouble best = G_MAXDOUBLE;

  for (guint i = 0; i < ROUNDS; i++) {
    gdouble start = cpu_seconds ();

    memcpy (copy, data, size);
    best = MIN (best, cpu_seconds () - start);
  }
  report ("memcpy", best, size);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *data = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  if (argc != 2) {
    fprintf (stderr, "usage: %s FILE.ts\n", argv[0]);
    return 2;
  }
  if (!g_file_get_contents (argv[1], &data, &size, &error)) {
    fprintf (stderr, "%s\n", error->message);
    return 1;
  }
  bench_reader ((guint8 *) data, size);
  bench_writer ((guint8 *) data, size);
  bench_copy ((guint8 *) data, size);
  return 0;
}
