/* VisionStream: what the tests of vssegmentstore share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

/* none of these pipelines takes this long */
#define WAIT (60 * GST_SECOND)
/* one rendition, quick to make: GOPs of 15 frames, segments of 1 s */
#define PICTURE(n, height) "videotestsrc num-buffers=" #n " ! video/x-raw," \
    "width=64,height=" #height ",framerate=30/1 ! x264enc key-int-max=15 " \
    "speed-preset=ultrafast ! h264parse"
#define VIDEO(n) PICTURE (n, 48) " ! mpegtsmux"
#define STORE "vssegmentstore target-duration=1000000000 "
#define SRC_CAPS "video/mpegts,systemstream=true,packetsize=188"

/* A test's own, below which its archives are; fixtures make and drop it. */
extern gchar *folder;
void make_folder (void);
void drop_folder (void);

/* A file of the event in an archive: (transfer full), or NULL */
gchar      *read_file (const gchar *archive, const gchar *name, gsize *size);
guint       count (const gchar *archive, const gchar *name,
    const gchar *needle);
gboolean    exists (const gchar *archive, const gchar *name);
/* The segments' bytes, one after the other. */
GByteArray *read_segments (const gchar *archive, const gchar *rendition);
/* Frames of the first video stream, by ffprobe; -1 without ffprobe. */
gint        probe_frames (const gchar *archive, const gchar *name);

/* A pipeline, and what it said */
typedef struct
{
  GstElement *pipeline;
  guint warnings, stored;
} Run;

void        run_init (Run *run, const gchar *line, ...) G_GNUC_PRINTF (2, 3);
/* Runs until a message of @type, counting what passes; an error fails. */
GstMessage *run_until (Run *run, GstMessageType type, const gchar *name);
void        run_to_end (Run *run);
void        run_clear (Run *run);

#define run_line(run, ...) G_STMT_START { \
    run_init (run, __VA_ARGS__); \
    run_to_end (run); \
    run_clear (run); \
  } G_STMT_END

/* The element alone, with segments of 2 s, fed by a harness */
GstElement *store_new (const gchar *archive);
void        push_part (GstHarness *h, const GByteArray *bytes, gsize from,
    gsize to);
void        push_stream (GstHarness *h, const GByteArray *bytes);
GstMessage *await_eos (GstBus *bus);
guint64     get_stat (GstElement *store, const gchar *name);
