/* VisionStream: an archive as MP4, nothing encoded anew
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "convert.h"

#include <string.h>

#include "archive/vsarchivecopy.h"

typedef struct
{
  VsConvert *convert;
  gchar *folder;                /* of the output, with its slash, or "" */
  GPtrArray *lines;             /* path, duration and size of what was made */
} Copy;

typedef struct
{
  gchar *path;
  GstClockTime duration;
  guint64 size;
} Made;

static void
made_free (Made * made)
{
  g_free (made->path);
  g_free (made);
}

static void
on_progress (const VsArchiveCopyStatus * status, gpointer user_data)
{
  vs_convert_tell (((Copy *) user_data)->convert, status->duration,
      status->total);
}

static void
on_problem (const GError * error, gpointer user_data)
{
  vs_convert_warn (((Copy *) user_data)->convert, error->message);
}

static void
on_finished (const VsMovieFile * file, gpointer user_data)
{
  Copy *copy = user_data;
  Made *made = g_new (Made, 1);

  made->path = g_strconcat (copy->folder, file->key, NULL);
  made->duration = file->duration;
  made->size = file->size;
  g_ptr_array_add (copy->lines, made);
}

static gboolean
run (Copy * copy, VsArchiveCopySettings * settings, GCancellable * cancellable,
    GError ** error)
{
  static const VsArchiveCopyCallbacks callbacks = { on_progress, on_problem,
    on_finished
  };
  VsArchiveCopyStatus status = { 0 };

  if (!vs_archive_copy_mp4 (settings, &callbacks, copy, &status, cancellable,
          error))
    return FALSE;
  for (guint i = 0; i < copy->lines->len; i++) {
    const Made *made = g_ptr_array_index (copy->lines, i);

    vs_convert_say_made (copy->convert, made->path, made->duration, made->size);
  }
  return TRUE;
}

/* The output may be in a bucket too. */
gboolean
vs_convert_copy (VsConvert * convert, GCancellable * cancellable,
    GError ** error)
{
  const VsConvertOptions *options = convert->options;
  const gchar *slash = strrchr (options->output, '/');
  const gchar *name = slash ? slash + 1 : options->output;
  g_autofree gchar *folder =
      g_strndup (options->output, name - options->output);
  g_autoptr (GPtrArray) lines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) made_free);
  g_autoptr (VsStore) destination =
      vs_place_open_store (*folder ? folder : ".", FALSE, error);
  Copy copy = { convert, folder, lines };
  VsArchiveCopySettings settings = {.source = convert->store,
    .account = convert->place.account,.event = convert->place.event,
    .breakout = convert->place.breakout,.destination = destination,
    .key = name,.replace = options->force
  };

  if (destination == NULL)
    return FALSE;
  vs_convert_get_range (convert, &settings.range);
  settings.spill_directory = vs_store_is_remote (destination) ?
      g_get_tmp_dir () : vs_store_get_location (destination);
  return run (&copy, &settings, cancellable, error);
}
