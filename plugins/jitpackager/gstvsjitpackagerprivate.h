/* VisionStream: vsjitpackager and its parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "jitpackager/gstvsjitpackager.h"

#include "jitpackager/vsjitpackagerserver.h"
#include "jitpackager/vsjitpackagersettings.h"

G_BEGIN_DECLS

/* Lock order: self->lock, then the object lock, then whatever gst/ locks. No
 * lock is held over a message or a push. */
struct _GstVsJitPackager
{
  GstElement parent;

  /* protected by the object lock */
  VsJitPackagerSettings settings;
  GPtrArray *endpoints;         /* GstVsJitPackagerEndpoint */
  guint next_pad;

  GMutex lock;
  /* protected by lock; NULL below PAUSED */
  VsOrigin *origin;
  VsJitPackagerServer *server;
  GPtrArray *events;            /* VsOriginEvent, the origin's */
  VsSegmenter *segmenter;
  GHashTable *names;            /* renditions' names given out here */
  gboolean has_store;
  gboolean playing;
  gboolean eos_due, eos_posted;
  GstClockID linger_id;
  guint64 n_segments;
  gint64 last_segment_us;       /* monotonic */
};

/* The endpoints of the default names, as children. */
void gst_vs_jit_packager_init_endpoints (GstVsJitPackager *self);
/* FALSE when the name is taken or not valid, or the type unknown */
gboolean gst_vs_jit_packager_add_endpoint (GstVsJitPackager *self,
    const gchar *name, const gchar *type_name);
/* Tells @origin of all endpoints; what changes later it is told by itself. */
void gst_vs_jit_packager_apply_endpoints (GstVsJitPackager *self,
    VsOrigin *origin);
/* GInterfaceInitFunc of GstChildProxy: endpoints, then sink pads */
void gst_vs_jit_packager_child_proxy_init (gpointer iface, gpointer data);

/**
 * gst_vs_jit_packager_open_origin:
 *
 * Makes the origin with its endpoints, opens the archive that is set, and
 * serves. FALSE: the ERROR is posted; what was made is left to whoever stops
 * the element.
 */
gboolean gst_vs_jit_packager_open_origin (GstVsJitPackager *self,
    const VsJitPackagerSettings *settings);

G_END_DECLS
