/* VisionStream: a rendition of an archive, read back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "archive/vsarchiveforeign.h"
#include "archive/vsarchiveloader.h"
#include "archive/vsarchiveparts.h"
#include "archive/vsarchivereader.h"

G_BEGIN_DECLS

typedef struct
{
  gchar *uri;                   /* below the folder */
  gchar *name;                  /* of the rendition */
  gchar *etag;                  /* of what was read */
  VsArchiveForeign *foreign;    /* what is known if no comment line tells */
  gboolean ended;
  gboolean is_foreign;          /* protected by lock */
  guint64 retained;             /* the archive has from here on, */
  guint64 next;                 /* the timeline up to here */
  VsArchiveParts *parts;        /* of the timeline */
  VsSegment *oldest;            /* that is retained, where it is in parts */
  VsTimeline *timeline;         /* protected by lock */
} VsArchiveChild;

struct _VsArchiveReader
{
  VsStore *store;
  gchar *folder;                /* "" for the store's root */
  gchar *main;                  /* playlist in it */
  gboolean lenient;             /* a child that can't be read is left out */
  gchar *account, *event, *breakout;
  VsLru *cache;
  VsArchiveLoader *loader;      /* of other makers' segments */
  GCancellable *cancellable;    /* of what timelines read; or NULL */

  GMutex reading;
  /* protected by reading */
  gchar *main_etag;

  GMutex lock;
  /* protected by lock; changed only under reading too */
  GPtrArray *children;          /* VsArchiveChild */
  GError *trouble;              /* of one that was left out; or NULL */
};

void vs_archive_child_free (VsArchiveChild *child);

/* What tells whether a playlist is another one by now: NULL where the server of
 * a location that is read tells nothing, or takes GET alone. */
gboolean vs_archive_reader_get_etag (VsArchiveReader *reader,
    const gchar *key, gchar **etag, GCancellable *cancellable,
    GError **error);

/* Looks for what is new; reads all of it @anew. The reader is locked. */
gboolean vs_archive_child_refresh (VsArchiveReader *reader,
    VsArchiveChild *child, gboolean anew, GCancellable *cancellable,
    GError ** error);

G_END_DECLS
