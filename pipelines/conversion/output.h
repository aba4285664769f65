/* VisionStream: a file that appears when it is whole
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A file, or a folder of files, that is written as @part beside its @path. */
typedef struct
{
  gchar *path, *part;
} VsOutput;

/**
 * vs_output_open:
 * @force: what is there may be replaced
 *
 * %G_IO_ERROR_EXISTS, %G_IO_ERROR_NOT_FOUND where it is to be in a folder that
 * is not there. What an earlier one left half written is removed.
 */
gboolean vs_output_open (VsOutput *output, const gchar *path,
    gboolean force, GError **error);
/* @part is what was wanted: durable, and under its name. */
gboolean vs_output_commit (VsOutput *output, guint64 *size, GError **error);
/* What was not committed is gone. */
void vs_output_clear (VsOutput *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VsOutput, vs_output_clear)

/* Removes a folder and all that is in it. */
void vs_output_remove_tree (const gchar *path);
/* @part becomes @path, durably; for commits of another kind. */
gboolean vs_output_rename (const gchar *part, const gchar *path,
    guint64 *size, GError **error);

G_END_DECLS
