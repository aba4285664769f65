/* VisionStream: an input, as the part of a gst-launch line that decodes it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "input.h"

#include <string.h>
#include <gst/pbutils/pbutils.h>

#define DISCOVER_TIMEOUT (10 * GST_SECOND)
#define TS_PACKET_SIZE 188
#define TS_SYNC_BYTE 0x47
/* RFC 3551 6: the static payload type of MPEG-TS */
#define RTP_PAYLOAD_MP2T 33
#define RTP_HEADER_SIZE 12
#define RTP_VERSION 2
#define DATAGRAM_MAX 65536

/* The lamp is lit for the first half of each second, and the tick sounds at
 * its start. audiotestsrc puts a tick one buffer early, so its times are
 * moved by one buffer: 480 samples at 48 kHz. */
#define TEST_PATTERN \
    "compositor name=picture sink_1::xpos=1180 sink_1::ypos=100 ! " \
    "video/x-raw,format=I420,width=1920,height=1080,framerate=30/1," \
    "colorimetry=bt709 ! clockoverlay time-format=\"%F %T\" font-desc=\"Sans Bold 18\" " \
    "shaded-background=true xpad=60 ypad=60 ! " \
    "timeoverlay font-desc=\"Sans Bold 18\" " \
    "shaded-background=true xpad=60 ypad=140 ! clocksync ! ladder.video  " \
    "videotestsrc pattern=smpte75 horizontal-speed=4 ! " \
    "video/x-raw,format=I420,width=1920,height=1080,framerate=30/1 ! " \
    "picture.  " \
    "videotestsrc pattern=blink foreground-color=0xff000000 " \
    "background-color=0xffffffff ! " \
    "video/x-raw,format=I420,width=640,height=360,framerate=2/1 ! " \
    "picture.  " \
    "audiotestsrc wave=ticks freq=1000 samplesperbuffer=480 " \
    "timestamp-offset=10000000 ! audio/x-raw,rate=48000,channels=2 ! " \
    "clocksync ! ladder.audio  "

gchar *
vs_chain_quote (const gchar * text)
{
  GString *quoted = g_string_new ("\"");

  for (const gchar * c = text; *c; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_c (quoted, '\\');
    g_string_append_c (quoted, *c);
  }
  g_string_append_c (quoted, '"');
  return g_string_free (quoted, FALSE);
}

/* --- files --- */

static gboolean
stream_list_has (GList * streams)
{
  gboolean has = streams != NULL;

  gst_discoverer_stream_info_list_free (streams);
  return has;
}

static gboolean
discover (const gchar * path, gboolean * video, gboolean * audio,
    GError ** error)
{
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (path);
  g_autofree gchar *uri = g_file_get_uri (file);
  g_autoptr (GError) cause = NULL;
  g_autoptr (GstDiscoverer) discoverer =
      gst_discoverer_new (DISCOVER_TIMEOUT, error);
  g_autoptr (GstDiscovererInfo) info = NULL;

  if (discoverer == NULL)
    return FALSE;
  info = gst_discoverer_discover_uri (discoverer, uri, &cause);
  if (info == NULL || gst_discoverer_info_get_result (info)
      == GST_DISCOVERER_ERROR) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s is no media file that GStreamer can decode: %s", path,
        cause ? cause->message : "unknown format");
    return FALSE;
  }
  *video = stream_list_has (gst_discoverer_info_get_video_streams (info));
  *audio = stream_list_has (gst_discoverer_info_get_audio_streams (info));
  if (!*video && !*audio) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "%s has neither video nor audio that GStreamer can decode", path);
    return FALSE;
  }
  return TRUE;
}

static gchar *
describe_file (const gchar * path, GError ** error)
{
  g_autofree gchar *location = NULL;
  gboolean video = FALSE, audio = FALSE;

  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
        "There is no file %s. An input is a file, or an rtmp://, udp:// or "
        "srt:// URL", path);
    return NULL;
  }
  if (!discover (path, &video, &audio, error))
    return NULL;
  location = vs_chain_quote (path);
  return g_strdup_printf ("filesrc location=%s ! decodebin name=file  %s%s",
      location,
      video ? "file. ! video/x-raw ! clocksync ! ladder.video  " : "",
      audio ? "file. ! audio/x-raw ! clocksync ! ladder.audio  " : "");
}

/* --- TS in datagrams --- */

typedef enum
{
  PAYLOAD_UNKNOWN,
  PAYLOAD_TS,
  PAYLOAD_RTP
} Payload;

static Payload
classify_datagram (const guint8 * data, gsize size)
{
  if (size >= TS_PACKET_SIZE && size % TS_PACKET_SIZE == 0
      && data[0] == TS_SYNC_BYTE)
    return PAYLOAD_TS;
  if (size > RTP_HEADER_SIZE && data[0] >> 6 == RTP_VERSION
      && (data[1] & 0x7f) == RTP_PAYLOAD_MP2T)
    return PAYLOAD_RTP;
  return PAYLOAD_UNKNOWN;
}

static GSocket *
listen_datagrams (GInetAddress * address, guint16 port, GError ** error)
{
  g_autoptr (GSocketAddress) bind_to =
      g_inet_socket_address_new (address, port);
  g_autoptr (GSocket) socket =
      g_socket_new (g_inet_address_get_family (address),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);

  if (socket == NULL || !g_socket_bind (socket, bind_to, TRUE, error))
    return NULL;
  if (g_inet_address_get_is_multicast (address)
      && !g_socket_join_multicast_group (socket, address, FALSE, NULL, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static gboolean
datagram_arrived (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  Payload *payload = user_data;
  g_autofree gchar *data = g_malloc (DATAGRAM_MAX);
  gssize size =
      g_socket_receive_with_blocking (socket, data, DATAGRAM_MAX, FALSE, NULL,
      NULL);

  if (size > 0)
    *payload = classify_datagram ((const guint8 *) data, size);
  return G_SOURCE_CONTINUE;
}

/* Waits for a datagram that shows what the sender sends; the default main
 * context runs meanwhile, so that a signal can end it. */
static Payload
sniff_datagrams (GInetAddress * address, guint16 port,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GSocket) socket = listen_datagrams (address, port, error);
  g_autoptr (GSource) source = NULL;
  Payload payload = PAYLOAD_UNKNOWN;

  if (socket == NULL)
    return PAYLOAD_UNKNOWN;
  source = g_socket_create_source (socket, G_IO_IN, cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (datagram_arrived), &payload,
      NULL);
  g_source_attach (source, NULL);
  while (payload == PAYLOAD_UNKNOWN
      && !g_cancellable_set_error_if_cancelled (cancellable, error))
    g_main_context_iteration (NULL, TRUE);
  g_source_destroy (source);
  return payload;
}

static gboolean
parse_udp_url (const gchar * url, GInetAddress ** address, gint * port,
    GError ** error)
{
  g_autofree gchar *host = NULL;

  /* "udp://:5000" has no host, which GUri takes as an empty one */
  if (!g_uri_split_network (url, G_URI_FLAGS_NONE, NULL, &host, port, NULL)
      || *port <= 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s is no address to receive at: write udp://:5000, or "
        "udp://239.1.2.3:5000 for a multicast group", url);
    return FALSE;
  }
  *address = host && *host ? g_inet_address_new_from_string (host)
      : g_inet_address_new_any (G_SOCKET_FAMILY_IPV4);
  if (*address == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s: %s is no IP address of this machine or multicast group", url,
        host);
    return FALSE;
  }
  return TRUE;
}

static gchar *
describe_udp (const gchar * url, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GInetAddress) address = NULL;
  g_autofree gchar *name = NULL;
  gint port;
  Payload payload;

  if (!parse_udp_url (url, &address, &port, error))
    return NULL;
  name = g_inet_address_to_string (address);
  g_print ("Waiting for packets at %s (send MPEG-TS, in RTP or plain)\n", url);
  payload = sniff_datagrams (address, port, cancellable, error);
  if (payload == PAYLOAD_UNKNOWN) {
    g_prefix_error (error, "Cannot receive at %s: ", url);
    return NULL;
  }
  if (payload == PAYLOAD_RTP)
    return g_strdup_printf ("udpsrc address=%s port=%d caps=\""
        "application/x-rtp,media=video,clock-rate=90000,encoding-name=MP2T\""
        " ! rtpjitterbuffer ! rtpmp2tdepay ! tsdemux : ", name, port);
  return g_strdup_printf ("udpsrc address=%s port=%d caps=\""
      "video/mpegts,systemstream=true,packetsize=188\" ! tsdemux : ",
      name, port);
}

gchar *
vs_chain_input_describe (const gchar * input, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *quoted = NULL;

  if (input == NULL)
    return g_strdup (TEST_PATTERN);
  if (g_str_has_prefix (input, "udp://"))
    return describe_udp (input, cancellable, error);

  quoted = vs_chain_quote (input);
  if (g_str_has_prefix (input, "rtmp://")
      || g_str_has_prefix (input, "rtmps://"))
    return g_strdup_printf ("rtmp2src location=%s ! flvdemux : ", quoted);
  /* without poll-timeout srtsrc may block for ever when it is stopped */
  if (g_str_has_prefix (input, "srt://"))
    return g_strdup_printf ("srtsrc uri=%s poll-timeout=1000 "
        "keep-listening=true ! tsdemux : ", quoted);
  return describe_file (input, error);
}
