/* VisionStream: places for a viewer's query, gathered
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "sign/vssignchildren.h"
#include "sign/vssigntextprivate.h"

G_BEGIN_DECLS

/* What comes before the query */
typedef enum
{
  VS_SIGN_JOINT_MARK,           /* "?" */
  VS_SIGN_JOINT_NEXT,           /* "&", or "&amp;" in XML */
  VS_SIGN_JOINT_NONE            /* a "?" stands there */
} VsSignJoint;

/**
 * VsSignPlaces:
 * @base_left: a BaseURL is elsewhere, so that all that is relative to one is
 *   dropped in the end
 */
typedef struct
{
  VsSignTextKind kind;
  const gchar *prefix;
  gsize prefix_size;
  const gchar *text, *end;
  GArray *array;
  gboolean base_left;
} VsSignPlaces;

/* XML's white space at both ends is taken off. */
void vs_sign_trim (VsUrlPart *part);

/**
 * vs_sign_places_add:
 * @ref: VS_SIGN_REF_DOCUMENT stays where bases are elsewhere
 *
 * A place for the reference, as the text has it, trimmed. FALSE when the query
 * is not for it.
 */
gboolean vs_sign_places_add (VsSignPlaces *places, VsSignRef ref,
    const VsUrlPart *reference);

/* All of a DASH or Smooth manifest. */
void vs_sign_places_add_manifest (VsSignPlaces *places);

/**
 * vs_sign_reference_find:
 * @at: (out): bytes into it: its end, or its fragment
 *
 * Whether the query is for a reference, and where it goes.
 */
gboolean vs_sign_reference_find (const VsSignPlaces *places,
    const VsUrlPart *reference, gsize *at, VsSignJoint *joint);

G_END_DECLS
