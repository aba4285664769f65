/* VisionStream: what the tests of vsladder share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>

/* none of these pipelines takes this long */
#define LADDER_TIMEOUT (40 * GST_SECOND)
/* PES time of the first picture */
#define PES_ORIGIN 900000
/* two rungs for pipelines that look at the first */
#define SMALL "ladder=\"a:160x120,200k,64k;b:80x60,100k,64k\" " \
  "speed-preset=ultrafast "

/* A folder of the test's own; in all command and launch lines below, and in
 * names of files, `@/` stands for it. */
void ladder_setup (void);
void ladder_teardown (void);

/* Returns: (transfer full): the path of a file in the folder */
gchar *ladder_path (const gchar *name);

/* Runs a command line, which must succeed; returns its output. */
gchar *ladder_command (const gchar *command);

/* Pipelines. The test fails on ERROR, and when EOS or WARNING is awaited and
 * does not come. */
GstElement *ladder_parse (const gchar *launch);
void ladder_await_eos (GstElement *pipeline);
gchar *ladder_await_warning (GstElement *pipeline);
void ladder_stop (GstElement *pipeline);
void ladder_run (const gchar *launch);

/* Each frame is on the grid of @n / @d a second, none is missing, DTS grow;
 * each AAC frame follows the one before. Return how many there are. */
guint ladder_assert_video (const gchar *file, guint n, guint d);
guint ladder_assert_audio (const gchar *file);

/* IDRs are each @gop frames of @n / @d a second. Returns how many there are. */
guint ladder_assert_idrs (const gchar *file, guint gop, guint n, guint d);

/* As ladder_assert_audio (), and nothing is heard */
guint ladder_assert_silent (const gchar *file);

/* As ffmpeg decodes it: samples of one channel, the first at the first audio
 * frame's PTS; luma of each frame at 16x12 */
gint16 *ladder_decode_audio (const gchar *file, gsize *n);
guint8 *ladder_decode_video (const gchar *file, gsize *n);

/* Returns: the median PSNR in dB of the frames of @file's video against those
 * of @reference's in their order, once ffmpeg's filter @filter has made the latter comparable */
gdouble ladder_get_psnr (const gchar *file, const gchar *reference,
    const gchar *filter);

/* Returns: the first sample from @from on that is heard, or @n */
gsize ladder_find_sound (const gint16 *samples, gsize n, gsize from);

gboolean ladder_is_near (gsize a, gsize b, gsize tolerance);

/* Into an appsrc: a square wave (S16LE, 48 kHz, stereo), a grey picture (I420,
 * 160x120), the end */
void ladder_push_audio (GstElement *source, GstClockTime time,
    GstClockTime duration);
void ladder_push_picture (GstElement *source, GstClockTime time);
void ladder_end (GstElement *source);
