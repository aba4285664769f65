/* VisionStream: a vsjitpackager under test, and its HTTP client
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>

#define VIDEO(frames) \
    "videotestsrc num-buffers=" #frames " ! " \
    "video/x-raw,width=192,height=108,framerate=30/1 ! " \
    "x264enc speed-preset=ultrafast bframes=2 key-int-max=30 ! h264parse ! "
#define AUDIO(buffers) \
    "audiotestsrc samplesperbuffer=1600 num-buffers=" #buffers " ! " \
    "audio/x-raw,rate=48000,channels=2 ! voaacenc bitrate=64000 ! aacparse ! "
/* 6 s in segments of 1 s, served until the test stops it */
#define STREAM VIDEO (180) "mpegtsmux name=m " AUDIO (180) "m. m. ! "
#define PACKAGER "vsjitpackager name=p port=0 target-duration=1000000000 "
/* in real time, segments of half a second */
#define LIVE_STREAM "videotestsrc is-live=true ! " \
    "video/x-raw,width=192,height=108,framerate=30/1 ! " \
    "x264enc speed-preset=ultrafast key-int-max=15 tune=zerolatency ! " \
    "h264parse ! mpegtsmux ! vsjitpackager name=p port=0 " \
    "target-duration=500000000 hls::window=2000000000"
#define FOREVER "linger=18446744073709551615 "


/* The origin under test, made by start_pipeline (). Tests stop it themselves:
 * GST_END_TEST waits for all tasks, ahead of the fixture. */
extern GstElement *pipeline, *packager;
extern SoupSession *session;
extern gchar *folder;           /* of the test, empty */

/* the checked fixture */
void setup (void);
void teardown (void);

void start_pipeline (const gchar *line);
/* Serves what is stored in the folder. */
void start_origin (const gchar *properties);
void stop_pipeline (void);
/* The next message of @type; an ERROR that is not awaited fails. */
GstMessage *take_message (GstMessageType type);
void await_message (GstMessageType type);
guint64 get_stat (const gchar *name);
guint get_port (void);
/* A path without a slash ahead is below the default event. */
gchar *url_of (const gchar *path);

/**
 * Reply:
 *
 * One answer, to be cleared.
 */
typedef struct
{
  guint status;
  GBytes *body;
  SoupMessageHeaders *headers;
} Reply;

void reply_clear (Reply *reply);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear);

/* One request, with a header or none. */
void request (const gchar *method, const gchar *path, const gchar *name,
    const gchar *value, Reply *reply);
void get (const gchar *path, Reply *reply);
/* The body of a 200. */
gchar *get_text (const gchar *path);
gchar *reply_text (const Reply *reply);
const gchar *header (const Reply *reply, const gchar *name);
/* How many times @what stands in @text */
guint count (const gchar *text, const gchar *what);
/* Until @what stands so many times in the playlist. */
void await_text (const gchar *path, const gchar *what, guint times);

/* Standard output of a program that must succeed; NULL when it is not
 * installed. */
gchar *run (const gchar * const *argv);
