/* VisionStream: what there is to convert
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pipelines are made of named elements for the codecs that there are: nothing
 * is plugged in by guessing, and what can't be made is said ahead of it.
 */
#include "convert.h"

#include "mpegts/vstsreader.h"

/* bits a pixel of a picture that changes, at good quality */
#define BITS_A_PIXEL 0.1
#define DEFAULT_FPS 30.0
#define BITRATE_MIN 200000
/* that are looked into */
#define SEGMENTS 2

void
vs_convert_clear (VsConvert * convert)
{
  vs_place_clear (&convert->place);
  g_clear_pointer (&convert->store, vs_store_unref);
  g_clear_pointer (&convert->playlist, g_free);
  g_clear_pointer (&convert->rendition, g_free);
  g_clear_pointer (&convert->video, vs_codec_config_unref);
  g_clear_pointer (&convert->audio, vs_codec_config_unref);
}

/* ---- the rendition ------------------------------------------------------ */

typedef struct
{
  guint width, height;
  gboolean audio;
} Shape;

static Shape
get_shape (VsTimeline * timeline)
{
  g_autoptr (VsTimelineView) view = vs_timeline_view (timeline, 0, G_MAXUINT64);
  Shape shape = { 0 };

  for (guint i = 0; i < view->configs->len; i++) {
    const VsCodecConfig *config = g_ptr_array_index (view->configs, i);

    if (vs_codec_get_media_type (config->codec) == VS_MEDIA_AUDIO)
      shape.audio = TRUE;
    shape.width = MAX (shape.width, config->width);
    shape.height = MAX (shape.height, config->height);
  }
  return shape;
}

/* Whether @a is the better source than @b. For pictures of a size it is the
 * smallest one that is not smaller; sound is best where the pictures are. */
static gboolean
is_better (const VsConvertOptions * options, const Shape * a, const Shape * b)
{
  guint wanted = options->width > 0 ? options->width :
      VS_CONVERT_THUMBNAIL_WIDTH;

  if (options->kind & VS_CONVERT_AUDIO)
    return a->audio && (!b->audio || a->width > b->width);
  if (a->width >= wanted && b->width >= wanted)
    return a->width < b->width;
  return a->width > b->width;
}

static VsArchiveReader *
open_reader (VsConvert * convert, GCancellable * cancellable, GError ** error)
{
  const VsPlace *place = &convert->place;

  return convert->playlist ?
      vs_archive_reader_open_playlist (convert->store, NULL, convert->playlist,
      place->account, place->event, place->breakout, cancellable, error) :
      vs_archive_reader_open (convert->store, NULL, place->account,
      place->event, place->breakout, cancellable, error);
}

/* Of most conversions the source is the largest picture, as the cursor has it
 * by itself; its name stays NULL. */
static gboolean
choose_rendition (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  const VsConvertOptions *options = convert->options;
  g_autoptr (VsArchiveReader) reader = NULL;
  g_autoptr (GPtrArray) timelines = NULL;
  g_autoptr (VsRendition) rendition = NULL;
  Shape best = { 0 };
  guint nth = 0;

  if (convert->rendition || !(options->kind & (VS_CONVERT_AUDIO
              | VS_CONVERT_THUMBNAILS)))
    return TRUE;
  reader = open_reader (convert, cancellable, error);
  if (reader == NULL)
    return FALSE;
  timelines = vs_archive_reader_get_timelines (reader);
  for (guint i = 0; i < timelines->len; i++) {
    Shape shape = get_shape (g_ptr_array_index (timelines, i));

    if (i == 0 || is_better (options, &shape, &best)) {
      best = shape;
      nth = i;
    }
  }
  if (timelines->len == 0)
    return TRUE;
  rendition = vs_timeline_get_rendition (g_ptr_array_index (timelines, nth));
  convert->rendition = g_strdup (rendition->name);
  return TRUE;
}

/* ---- its first segment -------------------------------------------------- */

typedef struct
{
  VsConvert *convert;
  gint64 key_90k;               /* of the last keyframe */
} Look;

static void
on_program (const VsTsProgram * program, gpointer user_data)
{
}

static void
note_picture (Look * look, const VsTsUnit * unit)
{
  VsConvert *convert = look->convert;
  gint64 since;

  if (unit->pts_90k == VS_TS_NO_TIME)
    return;
  if (look->key_90k == VS_TS_NO_TIME)
    look->key_90k = unit->pts_90k;
  since = unit->pts_90k - look->key_90k;
  if (since > 0)
    convert->keyframe_interval = MAX (convert->keyframe_interval,
        gst_util_uint64_scale (since, GST_SECOND, 90000));
  if (unit->flags & VS_TS_UNIT_KEYFRAME)
    look->key_90k = unit->pts_90k;
}

static void
on_unit (const VsTsUnit * unit, gpointer user_data)
{
  Look *look = user_data;
  VsCodecConfig **config = &look->convert->audio;

  if (unit->config == NULL)
    return;
  if (vs_codec_get_media_type (unit->config->codec) == VS_MEDIA_VIDEO) {
    config = &look->convert->video;
    note_picture (look, unit);
  }
  if (*config == NULL)
    *config = vs_codec_config_ref (unit->config);
}

static void
look_into (VsConvert * convert, GBytes * bytes)
{
  static const VsTsReaderCallbacks callbacks = { on_program, on_unit };
  Look look = { convert, VS_TS_NO_TIME };
  g_autoptr (VsTsReader) reader = vs_ts_reader_new (0, &callbacks, &look);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  vs_ts_reader_push (reader, data, size);
  vs_ts_reader_drain (reader);
}

static void
note_times (VsConvert * convert, VsArchiveCursor * cursor,
    const VsSegment * segment)
{
  g_autoptr (VsRendition) rendition = vs_archive_cursor_get_rendition (cursor);

  convert->utc_us = segment->utc_us;
  convert->duration = vs_archive_cursor_get_duration (cursor);
  convert->growing = vs_archive_cursor_is_growing (cursor);
  convert->target_duration = rendition->target_duration;
  convert->fps_n = rendition->fps_n;
  convert->fps_d = rendition->fps_d;
  if (convert->video && convert->fps_n == 0) {
    convert->fps_n = convert->video->fps_n;
    convert->fps_d = convert->video->fps_d;
  }
}

/* Without a stop it ends where the archive is now; one that is still to come is
 * waited for. */
void
vs_convert_get_range (const VsConvert * convert,
    VsArchiveCursorSettings * range)
{
  const VsConvertOptions *options = convert->options;

  range->rendition = convert->rendition;
  range->start = options->start;
  range->stop = options->stop;
  range->follow = options->stop_text != NULL;
  range->close_gaps = !options->keep_gaps;
  range->fail = options->fail;
  range->playlist = convert->playlist;
}

/* Looks into the next segment that can be read; FALSE at the end, and with an
 * error. */
static gboolean
look_at_next (VsConvert * convert, VsArchiveCursor * cursor,
    GCancellable * cancellable, GError ** error)
{
  gboolean first = convert->video == NULL && convert->audio == NULL;
  g_autoptr (VsArchiveChunk) chunk = NULL;

  do {
    g_clear_pointer (&chunk, vs_archive_chunk_free);
    chunk = vs_archive_cursor_next (cursor, cancellable, error);
  } while (chunk && chunk->bytes == NULL);
  if (chunk == NULL)
    return FALSE;
  look_into (convert, chunk->bytes);
  if (first)
    note_times (convert, cursor, chunk->segment);
  return TRUE;
}

/* A track may be missing in a short first one. */
static gboolean
look_at_segments (VsConvert * convert, VsArchiveCursor * cursor,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) cause = NULL;

  for (guint n = 0; n < SEGMENTS || (!convert->video && !convert->audio); n++)
    if ((convert->video && convert->audio)
        || !look_at_next (convert, cursor, cancellable, &cause))
      break;
  if (cause) {
    g_propagate_error (error, g_steal_pointer (&cause));
    return FALSE;
  }
  if (convert->video || convert->audio)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
      "%s: nothing of it can be read", convert->options->source);
  return FALSE;
}

gboolean
vs_convert_look (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (VsArchiveCursor) cursor = NULL;
  VsArchiveCursorSettings range;

  if (!choose_rendition (convert, cancellable, error))
    return FALSE;
  vs_convert_get_range (convert, &range);
  cursor = vs_archive_cursor_open (convert->store, convert->place.account,
      convert->place.event, convert->place.breakout, &range, cancellable,
      error);
  return cursor && look_at_segments (convert, cursor, cancellable, error);
}

/* ---- what follows from it ----------------------------------------------- */

gboolean
vs_convert_need (const VsConvert * convert, VsMediaType type, GError ** error)
{
  if (type == VS_MEDIA_VIDEO ? convert->video != NULL : convert->audio != NULL)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
      "%s: %s%s has no %s", convert->options->source,
      convert->rendition ? "the rendition " : "it",
      convert->rendition ? convert->rendition : "",
      type == VS_MEDIA_VIDEO ? "pictures" : "sound");
  return FALSE;
}

static guint
round_even (gdouble value)
{
  return MAX ((guint) (value / 2 + 0.5) * 2, 2);
}

void
vs_convert_get_size (const VsConvert * convert, guint height, guint * width,
    guint * out_height)
{
  const VsCodecConfig *video = convert->video;
  gdouble aspect = video->width / (gdouble) MAX (video->height, 1);

  if (video->par_n > 0 && video->par_d > 0)
    aspect = aspect * video->par_n / video->par_d;
  *out_height = round_even (height > 0 ? height : video->height);
  *width = round_even (*out_height * aspect);
}

guint
vs_convert_guess_bitrate (const VsConvert * convert, guint width, guint height)
{
  gdouble fps = convert->fps_n > 0 ?
      convert->fps_n / (gdouble) convert->fps_d : DEFAULT_FPS;

  return MAX (width * (gdouble) height * fps * BITS_A_PIXEL, BITRATE_MIN);
}
