/* VisionStream: an archive of any length, made up as it is read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "origin/longstore.h"

#include <gio/gio.h>
#include <string.h>

#include "archive/vsarchivename.h"
#include "archive/vsarchivewriter.h"
#include "manifest/vsm3u8.h"
#include "store/vsstoreclass.h"

#define AAC_FRAME 1024
#define AAC_RATE 48000
#define PTS_RATE 90000

static const struct
{
  const gchar *name, *audio_id;
  guint height, bitrate, audio_bitrate;
} rungs[LONG_RENDITIONS] = {
  {"1080p", "aac-2-192000", 1080, 5192000, 192000},
  {"720p", "aac-2-192000", 720, 3192000, 192000},
  {"480p", "aac-2-128000", 480, 1528000, 128000},
  {"240p", "aac-2-128000", 240, 528000, 128000},
};

/* What is there at one moment. */
typedef struct
{
  guint64 named, first, next;
  gboolean ended;
  guint run_length;
} State;

typedef struct
{
  VsStore parent;

  GMutex lock;
  /* protected by lock */
  State state;
  LongStoreCounts counts;
  void (*before) (VsStore * store, guint64 part, gpointer user_data);
  gpointer user_data;
} LongStore;

/* ---- what it holds ------------------------------------------------------ */

VsRendition *
long_rendition (guint index)
{
  VsRendition *rendition = vs_rendition_new (VS_DEFAULT_ACCOUNT,
      VS_DEFAULT_EVENT, NULL, rungs[index].name);

  rendition->audio_id = g_strdup (rungs[index].audio_id);
  rendition->bitrate = rungs[index].bitrate;
  rendition->track_count = 2;
  rendition->fps_n = 30000;
  rendition->fps_d = 1001;
  return rendition;
}

VsCodecConfig *
long_config (VsMediaType type, guint index)
{
  static const guint8 avcc[] = { 1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67,
    0x64, 0, 0x1f, 1, 0, 4, 0x68, 0xef, 0xbc, 0xb0
  };
  static const guint8 asc[] = { 0x11, 0x90 };
  VsCodecConfig *config = vs_codec_config_new (type == VS_MEDIA_VIDEO ?
      VS_CODEC_H264 : VS_CODEC_AAC);

  if (type == VS_MEDIA_VIDEO) {
    g_snprintf (config->id, sizeof config->id, "0000%04u", rungs[index].height);
    g_strlcpy (config->mime, "avc1.64001f", sizeof config->mime);
    config->height = rungs[index].height;
    config->width = rungs[index].height * 16 / 9;
    config->fps_n = 30000;
    config->fps_d = 1001;
    config->record = g_bytes_new_static (avcc, sizeof avcc);
  } else {
    g_strlcpy (config->id, "0000000b", sizeof config->id);
    g_strlcpy (config->mime, "mp4a.40.2", sizeof config->mime);
    config->sample_rate = AAC_RATE;
    config->channels = 2;
    config->frame_samples = AAC_FRAME;
    config->record = g_bytes_new_static (asc, sizeof asc);
  }
  return config;
}

/* The first sample of the first frame that starts at @pts or later */
static gint64
audio_start (gint64 pts)
{
  gint64 ticks_a_frame = PTS_RATE * AAC_FRAME / AAC_RATE;

  return (pts + ticks_a_frame - 1) / ticks_a_frame * AAC_FRAME;
}

static void
fill_tracks (VsSegment * segment, guint index)
{
  VsSegmentTrack *video = &segment->tracks[0], *audio = &segment->tracks[1];
  gint64 end = audio_start (segment->start_pts_90k + LONG_TICKS);

  segment->n_tracks = 2;
  video->type = VS_MEDIA_VIDEO;
  video->timescale = PTS_RATE;
  video->start = segment->start_pts_90k;
  video->duration = LONG_TICKS;
  g_snprintf (video->config_id, sizeof video->config_id, "0000%04u",
      rungs[index].height);
  /* a little more or less, as encoders do */
  video->size = (rungs[index].bitrate / 4) * (90 + segment->sequence % 16)
      / 100;
  audio->type = VS_MEDIA_AUDIO;
  audio->timescale = AAC_RATE;
  audio->start = audio_start (segment->start_pts_90k);
  audio->duration = end - audio->start;
  audio->size = rungs[index].audio_bitrate / 4;
  g_strlcpy (audio->config_id, "0000000b", sizeof audio->config_id);
  segment->size = video->size + audio->size;
}

VsSegment *
long_segment (guint index, guint64 sequence, guint run_length)
{
  VsSegment *segment = vs_segment_new ();
  gint64 nth = sequence - 1;

  segment->sequence = sequence;
  segment->run = run_length ? nth / run_length : 0;
  segment->discontinuity_sequence = segment->run;
  segment->discontinuity = run_length && nth > 0 && nth % run_length == 0;
  segment->run_start_pts_90k = (gint64) segment->run * run_length * LONG_TICKS;
  segment->start_pts_90k = nth * LONG_TICKS;
  segment->utc_us = LONG_START_US + LONG_US (nth);
  segment->event_utc_us = LONG_START_US;
  segment->duration = 2002 * GST_MSECOND;
  segment->independent = TRUE;
  g_strlcpy (segment->cause, "idr", sizeof segment->cause);
  fill_tracks (segment, index);
  memset (segment->sha256, (gint) sequence, sizeof segment->sha256);
  memcpy (segment->sha256, &sequence, sizeof sequence);
  segment->uri = vs_archive_segment_name (rungs[index].name, sequence);
  return segment;
}

/* ---- its playlists ------------------------------------------------------ */

static void
get_state (LongStore * self, State * state)
{
  g_mutex_lock (&self->lock);
  *state = self->state;
  g_mutex_unlock (&self->lock);
}

/* (transfer full) @text */
static GBytes *
take_text (gchar * text)
{
  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
write_playlist (const State * state, guint index, guint64 first,
    guint64 next, gboolean part)
{
  g_autoptr (VsRendition) rendition = long_rendition (index);
  g_autoptr (GPtrArray) segments = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_segment_unref);
  g_autoptr (GPtrArray) configs = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vs_codec_config_unref);
  g_autofree gchar *last = g_strdup_printf ("%" G_GUINT64_FORMAT,
      state->next - 1);
  const gchar *attributes[] = { "LAST-SEQUENCE", last, NULL };
  VsTimelineView view = {.rendition = rendition,.segments = segments,
    .configs = configs,.ended = part || state->ended,.target_duration = 2,
    .average_bandwidth = rungs[index].bitrate,
    .peaks = {rungs[index].bitrate * 2, rungs[index].bitrate * 2,
        rungs[index].audio_bitrate}
  };
  VsM3u8MediaSettings settings = {.archive = TRUE,
    .first_sequence = state->named,
    .attributes = state->ended && !part ? attributes : NULL
  };

  g_ptr_array_add (configs, long_config (VS_MEDIA_VIDEO, index));
  g_ptr_array_add (configs, long_config (VS_MEDIA_AUDIO, index));
  for (guint64 n = first; n < next; n++)
    g_ptr_array_add (segments, long_segment (index, n, state->run_length));
  return take_text (vs_m3u8_write_media (&view, &settings));
}

static GBytes *
write_main (void)
{
  VsM3u8Variant variants[LONG_RENDITIONS] = { 0 };
  VsM3u8MainSettings settings = {.variants = variants,
    .n_variants = LONG_RENDITIONS,.independent = TRUE
  };
  GBytes *bytes;

  for (guint i = 0; i < LONG_RENDITIONS; i++)
    variants[i] = (VsM3u8Variant) {
    .uri = vs_archive_playlist_name (rungs[i].name),.bandwidth =
        rungs[i].bitrate * 2,.average_bandwidth = rungs[i].bitrate,.codecs =
        "avc1.64001f,mp4a.40.2",.width = rungs[i].height * 16 / 9,.height =
        rungs[i].height};
  bytes = take_text (vs_m3u8_write_main (&settings));
  for (guint i = 0; i < LONG_RENDITIONS; i++)
    g_free ((gchar *) variants[i].uri);
  return bytes;
}

/* The rolling playlist begins where a part does. */
static guint64
rolling_start (const State * state)
{
  guint64 start = vs_timeline_part_start (state->next - 1);

  if (start > VS_TIMELINE_PART)
    start -= VS_TIMELINE_PART;
  return MAX (start, state->named);
}

/* @part: (out): its number, or 0 for the playlist of a rendition */
static gint
find_rendition (const gchar * name, guint64 * part)
{
  for (guint i = 0; i < LONG_RENDITIONS; i++) {
    g_autofree gchar *prefix = g_strdup_printf ("index_%s.", rungs[i].name);

    if (!g_str_has_prefix (name, prefix))
      continue;
    *part = g_ascii_strtoull (name + strlen (prefix), NULL, 10);
    return i;
  }
  return -1;
}

static GBytes *
write_object (const State * state, const gchar * name, gint index, guint64 part)
{
  if (strcmp (name, VS_ARCHIVE_MAIN) == 0)
    return write_main ();
  if (index < 0 || (part > 0 && (part + VS_TIMELINE_PART <= state->first
              || part >= state->next)))
    return NULL;
  if (part > 0)
    return write_playlist (state, index, MAX (part, state->first),
        MIN (part + VS_TIMELINE_PART, state->next), TRUE);
  return write_playlist (state, index, rolling_start (state), state->next,
      FALSE);
}

/* ---- the store ---------------------------------------------------------- */

static void
set_not_found (const gchar * key, GError ** error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "%s: not there", key);
}

static GBytes *
long_get (VsStore * store, const gchar * key, guint64 offset, gssize length,
    gsize max, GCancellable * cancellable, GError ** error)
{
  LongStore *self = (LongStore *) store;
  g_autofree gchar *name = g_path_get_basename (key);
  g_autoptr (GBytes) bytes = NULL;
  guint64 part = 0, size;
  gint index = find_rendition (name, &part);
  State state;

  if (part > 0 && self->before)
    self->before (store, part, self->user_data);
  get_state (self, &state);
  bytes = write_object (&state, name, index, part);
  if (bytes == NULL) {
    set_not_found (key, error);
    return NULL;
  }
  size = g_bytes_get_size (bytes);
  offset = MIN (offset, size);
  if (length >= 0)
    size = MIN (size, offset + length);
  g_mutex_lock (&self->lock);
  self->counts.reads++;
  self->counts.parts += part > 0;
  self->counts.bytes += size - offset;
  g_mutex_unlock (&self->lock);
  return g_bytes_new_from_bytes (bytes, offset, size - offset);
}

static VsStoreObject *
long_stat (VsStore * store, const gchar * key, GCancellable * cancellable,
    GError ** error)
{
  LongStore *self = (LongStore *) store;
  g_autofree gchar *name = g_path_get_basename (key);
  guint64 part = 0;
  gint index = find_rendition (name, &part);
  g_autoptr (GBytes) bytes = NULL;
  State state;

  get_state (self, &state);
  bytes = write_object (&state, name, index, part);
  if (bytes == NULL) {
    set_not_found (key, error);
    return NULL;
  }
  g_mutex_lock (&self->lock);
  self->counts.stats++;
  g_mutex_unlock (&self->lock);
  return vs_store_object_new (key, g_bytes_get_size (bytes), 0,
      g_compute_checksum_for_bytes (G_CHECKSUM_MD5, bytes));
}

static void
long_finalize (VsStore * store)
{
  g_mutex_clear (&((LongStore *) store)->lock);
}

static const VsStoreClass long_class = {
  .get = long_get,
  .stat = long_stat,
  .finalize = long_finalize,
};

VsStore *
long_store_new (guint64 first, guint64 next)
{
  LongStore *self = g_new0 (LongStore, 1);

  vs_store_init (&self->parent, &long_class, "long");
  g_mutex_init (&self->lock);
  self->state.named = self->state.first = first;
  self->state.next = next;
  return &self->parent;
}

void
long_store_grow (VsStore * store, guint n)
{
  LongStore *self = (LongStore *) store;

  g_mutex_lock (&self->lock);
  self->state.next += n;
  g_mutex_unlock (&self->lock);
}

void
long_store_end (VsStore * store)
{
  LongStore *self = (LongStore *) store;

  g_mutex_lock (&self->lock);
  self->state.ended = TRUE;
  g_mutex_unlock (&self->lock);
}

void
long_store_prune (VsStore * store, guint64 named, guint64 first)
{
  LongStore *self = (LongStore *) store;

  g_mutex_lock (&self->lock);
  self->state.named = named;
  self->state.first = first;
  g_mutex_unlock (&self->lock);
}

void
long_store_set_runs (VsStore * store, guint length)
{
  LongStore *self = (LongStore *) store;

  g_mutex_lock (&self->lock);
  self->state.run_length = length;
  g_mutex_unlock (&self->lock);
}

void
long_store_watch (VsStore * store, void (*before) (VsStore * store,
        guint64 part, gpointer user_data), gpointer user_data)
{
  LongStore *self = (LongStore *) store;

  self->before = before;
  self->user_data = user_data;
}

void
long_store_get_counts (VsStore * store, LongStoreCounts * counts)
{
  LongStore *self = (LongStore *) store;

  g_mutex_lock (&self->lock);
  *counts = self->counts;
  g_mutex_unlock (&self->lock);
}
