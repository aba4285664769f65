/* VisionStream: tests of video whose PES packets are no access units
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The units that the reader finds in ffmpeg's streams, one a PES packet, are
 * put into PES packets in other ways that 13818-1 allows: it must find the
 * same ones, with the same times.
 */
#include "tshelper.h"

#define VIDEO_PID 0x100

static gchar *folder;

static void
setup (void)
{
  folder = test_folder_new ();
}

static void
teardown (void)
{
  test_folder_remove (folder);
  g_clear_pointer (&folder, g_free);
}

/* How units are put into PES packets */
typedef struct
{
  const gchar *name;
  gsize size;                   /* payload of a PES packet; 0: by units */
  guint units;                  /* in a PES packet */
  gboolean bounded;             /* it tells its length */
  guint timed;                  /* each such unit that may have a time has */
} Packing;

static const Packing packings[] = {
  {"full packets", 184 * 10 - 14, 0, FALSE, 1},
  {"odd packets", 1111, 0, FALSE, 1},
  {"packets with lengths", 2048, 0, TRUE, 1},
  {"tiny packets", 61, 0, TRUE, 1},
  {"one each", 0, 1, FALSE, 1},
  {"one each with lengths", 0, 1, TRUE, 1},
  {"two each", 0, 2, FALSE, 1},
  {"five each with lengths", 0, 5, TRUE, 1},
  {"one each, some times", 0, 1, FALSE, 7},
  {"full packets, some times", 3000, 0, FALSE, 5},
};

static void
put_time (guint8 * p, guint8 tag, gint64 time)
{
  p[0] = tag << 4 | (time >> 29 & 0x0e) | 1;
  GST_WRITE_UINT16_BE (p + 1, (time >> 14 & 0xfffe) | 1);
  GST_WRITE_UINT16_BE (p + 3, (time << 1 & 0xfffe) | 1);
}

static void
put_packets (GByteArray * out, GByteArray * pes, guint8 * counter)
{
  for (gsize done = 0; done < pes->len;) {
    gsize n = MIN (pes->len - done, 184);
    guint8 packet[188] = { 0x47, VIDEO_PID >> 8, VIDEO_PID & 0xff, 0x10 };
    guint8 *payload = packet + 188 - n;

    packet[1] |= done == 0 ? 0x40 : 0;
    packet[3] |= (*counter)++ & 0x0f;
    if (n < 184) {              /* stuffing */
      packet[3] |= 0x20;
      packet[4] = 183 - n;
      if (packet[4] > 0)
        memset (packet + 6, 0xff, packet[4] - 1);
    }
    memcpy (payload, pes->data + done, n);
    g_byte_array_append (out, packet, sizeof packet);
    done += n;
  }
}

/* @time: of the unit that is the first to begin in the packet, or NULL */
static void
put_pes (GByteArray * out, const guint8 * data, gsize size, gboolean bounded,
    const VsTsUnit * time, guint8 * counter)
{
  g_autoptr (GByteArray) pes = g_byte_array_new ();
  guint8 header[19] = { 0, 0, 1, 0xe0, 0, 0, 0x80, 0, 0 };

  if (time) {
    header[7] = 0xc0;
    header[8] = 10;
    put_time (header + 9, 3, time->pts_90k);
    put_time (header + 14, 1, time->dts_90k);
  }
  if (bounded && size < 65000)
    GST_WRITE_UINT16_BE (header + 4, 3 + header[8] + size);
  g_byte_array_append (pes, header, 9 + header[8]);
  g_byte_array_append (pes, data, size);
  put_packets (out, pes, counter);
}

/* The video units of @test in other PES packets */
static GByteArray *
pack (TestReader * test, const Packing * packing)
{
  g_autoptr (VsTsWriter) writer = vs_ts_writer_new (test->program);
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  GByteArray *out = g_byte_array_new ();
  gsize done = 0, end = 0;
  guint begun = 0;
  guint8 counter = 0;

  for (guint i = 0; i < test->units->len; i++) {
    VsTsUnit *unit = &test_reader_get (test, i)->unit;

    g_byte_array_append (stream, unit->data, unit->size);
  }
  vs_ts_writer_write_psi (writer, out);
  for (guint i = 0; done < stream->len; done += end) {
    const VsTsUnit *time = NULL;
    gsize at = begun;

    end = packing->size;
    if (packing->units > 0) {
      end = 0;
      for (guint k = 0; k < packing->units && i < test->units->len; k++)
        end += test_reader_get (test, i++)->unit.size;
    }
    end = MIN (end, stream->len - done);
    /* the first unit whose first byte is in the packet */
    for (gsize start = 0, k = 0; k < test->units->len && start < done + end;
        start += test_reader_get (test, k++)->unit.size) {
      if (start < done || time)
        continue;
      at = k;
      if (at % packing->timed == 0)
        time = &test_reader_get (test, k)->unit;
      else
        break;
    }
    put_pes (out, stream->data + done, end, packing->bounded, time, &counter);
  }
  return out;
}

static const gchar *const clips[] = {
  "-map 0 -c:v libx264 -bf 3 -g 12",
  "-map 0 -c:v libx264 -bf 2 -g 12 -x264opts slices=3:tff=1",
  "-map 0 -c:v libx264 -tune zerolatency -g 12 -bsf:v "
      "h264_metadata=aud=remove",
  "-map 0 -c:v libx264 -bf 3 -x264opts open-gop=1:keyint=15",
  "-map 0 -c:v mpeg2video -bf 2 -g 12",
  "-map 0 -c:v mpeg2video -g 9 -flags +ildct+ilme",
  /* open and closed groups of pictures, several slices, B-frames in layers */
  "-map 0 -c:v libx265 -x265-params log-level=none:keyint=12:bframes=4",
  "-map 0 -c:v libx265 -x265-params log-level=none:keyint=12:bframes=3:"
      "b-pyramid=0:open-gop=0:slices=2:temporal-layers=1",
};

GST_START_TEST (test_packing)
{
  const guint n_packings = G_N_ELEMENTS (packings);
  const Packing *packing = &packings[__i__ % n_packings];
  guint clip = __i__ / n_packings;
  g_autoptr (GBytes) ts = test_ffmpeg (folder, clips[clip], NULL);
  g_autoptr (TestReader) test = NULL;
  g_autoptr (TestReader) again = NULL;
  g_autoptr (GByteArray) packed = NULL;

  fail_unless (ts != NULL);
  test = test_read (g_bytes_get_data (ts, NULL), g_bytes_get_size (ts), 0);
  fail_unless_equals_int (test->units->len, 50);
  packed = pack (test, packing);
  again = test_read (packed->data, packed->len, 1316);
  fail_unless (again->units->len == test->units->len, "%s: %u units",
      packing->name, again->units->len);
  for (guint i = 0; i < test->units->len; i++) {
    const VsTsUnit *a = &test_reader_get (test, i)->unit;
    const VsTsUnit *b = &test_reader_get (again, i)->unit;

    fail_unless (a->size == b->size && !memcmp (a->data, b->data, a->size),
        "%s: unit %u has %zu bytes, not %zu", packing->name, i, b->size,
        a->size);
    fail_unless_equals_int (a->flags, b->flags);
    fail_unless_equals_string (a->config->id, b->config->id);
    fail_unless (a->dts_90k == b->dts_90k, "%s: unit %u: DTS %"
        G_GINT64_FORMAT ", not %" G_GINT64_FORMAT, packing->name, i,
        b->dts_90k, a->dts_90k);
    fail_unless (a->pts_90k == b->pts_90k, "%s: unit %u: PTS %"
        G_GINT64_FORMAT ", not %" G_GINT64_FORMAT, packing->name, i,
        b->pts_90k, a->pts_90k);
  }
}

GST_END_TEST;

static Suite *
tsvideo_suite (void)
{
  Suite *s = suite_create ("tsvideo");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_packing, 0,
      G_N_ELEMENTS (clips) * G_N_ELEMENTS (packings));
  return s;
}

GST_CHECK_MAIN (tsvideo);
