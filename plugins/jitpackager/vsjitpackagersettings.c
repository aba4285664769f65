/* VisionStream: the settings of vsjitpackager
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "config.h"
#include "jitpackager/vsjitpackagersettings.h"

#include <string.h>

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8080
#define DEFAULT_TARGET_DURATION (6 * GST_SECOND)
#define MAX_TARGET_DURATION (60 * GST_SECOND)
#define MAX_CLOCK_SKEW (5 * GST_SECOND)

enum
{
  PROP_0,
  PROP_ACCOUNT,
  PROP_EVENT,
  PROP_BREAKOUT,
  PROP_ADDRESS,
  PROP_BASE_PATH,
  PROP_HOSTS,
  PROP_TLS_CERTIFICATE,
  PROP_TLS_KEY,
  PROP_ACCESS_LOG,
  PROP_TRUSTED_PROXIES,
  PROP_KEY_GROUPS,
  PROP_CORS_ORIGINS,
  PROP_LINGER,
  PROP_TARGET_DURATION,
  PROP_CACHE_SIZE,
  PROP_LIVE_CACHE_SIZE,
  PROP_CLOCK_SKEW,
  PROP_SIGNED_URLS,
  PROP_SIGNED_CHILDREN,
  PROP_ALLOW_ANY_RESOURCE,
  PROP_THREADS,
  PROP_MAX_QUEUE,
  PROP_MAX_CONNECTIONS,
  PROP_MAX_CONNECTIONS_PER_IP,
  PROP_PORT = VS_JIT_PACKAGER_PROP_PORT,
  PROP_STATS = VS_JIT_PACKAGER_PROP_STATS,
  PROP_STORE                    /* location, ... */
};

/* The properties that are strings and nothing more. */
static gchar **
string_field (VsJitPackagerSettings * settings, guint id)
{
  switch (id) {
    case PROP_ADDRESS:
      return &settings->address;
    case PROP_BASE_PATH:
      return &settings->base_path;
    case PROP_HOSTS:
      return &settings->hosts;
    case PROP_TLS_CERTIFICATE:
      return &settings->tls_certificate;
    case PROP_TLS_KEY:
      return &settings->tls_key;
    case PROP_ACCESS_LOG:
      return &settings->access_log;
    case PROP_TRUSTED_PROXIES:
      return &settings->trusted_proxies;
    case PROP_KEY_GROUPS:
      return &settings->key_groups;
    case PROP_CORS_ORIGINS:
      return &settings->cors_origins;
    default:
      return NULL;
  }
}

static guint64 *
number_field (VsJitPackagerSettings * settings, guint id)
{
  switch (id) {
    case PROP_LINGER:
      return &settings->linger;
    case PROP_TARGET_DURATION:
      return &settings->target_duration;
    case PROP_CACHE_SIZE:
      return &settings->cache_size;
    case PROP_LIVE_CACHE_SIZE:
      return &settings->live_cache_size;
    case PROP_CLOCK_SKEW:
      return &settings->clock_skew;
    default:
      return NULL;
  }
}

static guint *
count_field (VsJitPackagerSettings * settings, guint id)
{
  switch (id) {
    case PROP_PORT:
      return &settings->port;
    case PROP_THREADS:
      return &settings->threads;
    case PROP_MAX_QUEUE:
      return &settings->max_queue;
    case PROP_MAX_CONNECTIONS:
      return &settings->max_connections;
    case PROP_MAX_CONNECTIONS_PER_IP:
      return &settings->max_connections_per_ip;
    default:
      return NULL;
  }
}

static GType
signed_urls_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_SIGNED_URLS_OFF, "Everybody may have everything", "off"},
    {VS_SIGNED_URLS_REQUIRED, "Who has a signed URL, or signed cookies",
        "required"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsJitPackagerSignedUrls", values));
  return type;
}

static GType
signed_children_get_type (void)
{
  static const GEnumValue values[] = {
    {VS_SIGNED_CHILDREN_COOKIES, "By cookies that are set beside the manifest",
        "cookies"},
    {VS_SIGNED_CHILDREN_URLS, "By the manifest's policy in each URL in it",
        "urls"},
    {0, NULL, NULL}
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstVsJitPackagerSignedChildren", values));
  return type;
}

/* FALSE: no such property. The object's lock is held. */
static gboolean
set_signing (VsJitPackagerSettings * settings, guint id, const GValue * value)
{
  switch (id) {
    case PROP_SIGNED_URLS:
      settings->signed_urls = g_value_get_enum (value);
      return TRUE;
    case PROP_SIGNED_CHILDREN:
      settings->signed_children = g_value_get_enum (value);
      return TRUE;
    case PROP_ALLOW_ANY_RESOURCE:
      settings->allow_any_resource = g_value_get_boolean (value);
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
get_signing (const VsJitPackagerSettings * settings, guint id, GValue * value)
{
  switch (id) {
    case PROP_SIGNED_URLS:
      g_value_set_enum (value, settings->signed_urls);
      return TRUE;
    case PROP_SIGNED_CHILDREN:
      g_value_set_enum (value, settings->signed_children);
      return TRUE;
    case PROP_ALLOW_ANY_RESOURCE:
      g_value_set_boolean (value, settings->allow_any_resource);
      return TRUE;
    default:
      return FALSE;
  }
}

void
vs_jit_packager_settings_init (VsJitPackagerSettings * settings)
{
  vs_identity_init (&settings->identity);
  settings->address = g_strdup (DEFAULT_ADDRESS);
  settings->base_path = g_strdup ("");
  settings->port = DEFAULT_PORT;
  settings->target_duration = DEFAULT_TARGET_DURATION;
}

void
vs_jit_packager_settings_copy (VsJitPackagerSettings * dest,
    const VsJitPackagerSettings * src)
{
  *dest = *src;
  vs_identity_copy (&dest->identity, &src->identity);
  vs_store_properties_copy (&dest->store, &src->store);
  for (guint id = PROP_ADDRESS; id < PROP_LINGER; id++) {
    gchar **field = string_field (dest, id);

    *field = g_strdup (*field);
  }
}

void
vs_jit_packager_settings_clear (VsJitPackagerSettings * settings)
{
  vs_identity_clear (&settings->identity);
  vs_store_properties_clear (&settings->store);
  for (guint id = PROP_ADDRESS; id < PROP_LINGER; id++)
    g_clear_pointer (string_field (settings, id), g_free);
}

/* "" for the root, else with a slash ahead and none behind. */
static gchar *
normalise_base_path (const gchar * text)
{
  g_autofree gchar *trimmed = g_strdup (text ? text : "");
  gsize length = strlen (trimmed);

  while (length > 0 && trimmed[length - 1] == '/')
    trimmed[--length] = '\0';
  if (length == 0)
    return g_strdup ("");
  return g_strconcat (trimmed[0] == '/' ? "" : "/", trimmed, NULL);
}

void
vs_jit_packager_settings_set_property (VsJitPackagerSettings * settings,
    GObject * object, guint id, const GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);
  guint64 *number = number_field (settings, id);
  guint *count = count_field (settings, id);

  if (id >= PROP_ACCOUNT && id <= PROP_BREAKOUT) {
    vs_identity_set_property (&settings->identity, object, id - PROP_ACCOUNT,
        value);
    return;
  }
  if (id >= PROP_STORE && id < PROP_STORE + VS_STORE_PROPERTIES_N) {
    vs_store_properties_set (&settings->store, object, id - PROP_STORE, value);
    return;
  }
  GST_OBJECT_LOCK (object);
  if (string) {
    g_free (*string);
    *string = id == PROP_BASE_PATH ?
        normalise_base_path (g_value_get_string (value)) :
        g_value_dup_string (value);
  } else if (number) {
    *number = g_value_get_uint64 (value);
  } else if (count) {
    *count = g_value_get_uint (value);
  } else if (!set_signing (settings, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (object);
}

void
vs_jit_packager_settings_get_property (VsJitPackagerSettings * settings,
    GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  gchar **string = string_field (settings, id);
  guint64 *number = number_field (settings, id);
  const guint *count = count_field (settings, id);

  if (id >= PROP_ACCOUNT && id <= PROP_BREAKOUT) {
    vs_identity_get_property (&settings->identity, object, id - PROP_ACCOUNT,
        value);
    return;
  }
  if (id >= PROP_STORE && id < PROP_STORE + VS_STORE_PROPERTIES_N) {
    vs_store_properties_get (&settings->store, object, id - PROP_STORE, value);
    return;
  }
  GST_OBJECT_LOCK (object);
  if (string)
    g_value_set_string (value, *string);
  else if (number)
    g_value_set_uint64 (value, *number);
  else if (count)
    g_value_set_uint (value, *count);
  else if (!get_signing (settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (object);
}

#define READY_FLAGS \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_server_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, PROP_ADDRESS,
      g_param_spec_string ("address", "Address",
          "Address to listen on; 0.0.0.0 or :: for all of the machine's",
          DEFAULT_ADDRESS, READY_FLAGS));
  g_object_class_install_property (klass, PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "TCP port to listen on; 0 takes a free one, which can then be read "
          "here", 0, G_MAXUINT16, DEFAULT_PORT, READY_FLAGS));
  g_object_class_install_property (klass, PROP_BASE_PATH,
      g_param_spec_string ("base-path", "Base path",
          "Path ahead of all URLs, as in /video", "", READY_FLAGS));
  g_object_class_install_property (klass, PROP_HOSTS,
      g_param_spec_string ("hosts", "Hosts",
          "Host names to answer to, separated by commas; none: any", NULL,
          READY_FLAGS));
  g_object_class_install_property (klass, PROP_TLS_CERTIFICATE,
      g_param_spec_string ("tls-certificate", "TLS certificate",
          "PEM file with the certificate and its chain (and the key, unless "
          "tls-key is set), read anew when it changes; none: plain HTTP",
          NULL, READY_FLAGS));
  g_object_class_install_property (klass, PROP_TLS_KEY,
      g_param_spec_string ("tls-key", "TLS key",
          "PEM file with the certificate's private key", NULL, READY_FLAGS));
  g_object_class_install_property (klass, PROP_ACCESS_LOG,
      g_param_spec_string ("access-log", "Access log",
          "File to which a line of JSON is appended for each request; made "
          "anew when it was renamed or removed", NULL, READY_FLAGS));
  g_object_class_install_property (klass, PROP_TRUSTED_PROXIES,
      g_param_spec_string ("trusted-proxies", "Trusted proxies",
          "Addresses and CIDR masks of proxies, separated by commas, whose "
          "X-Forwarded-For or Forwarded tells the client's address, for allow "
          "lists and the log; what others say of themselves is ignored",
          NULL, READY_FLAGS));
  g_object_class_install_property (klass, PROP_MAX_CONNECTIONS,
      g_param_spec_uint ("max-connections", "Maximum connections",
          "Connections at a time; further clients wait. 0: half of the "
          "process's limit of open files, at most 16384", 0, G_MAXUINT16, 0,
          READY_FLAGS));
  g_object_class_install_property (klass, PROP_MAX_CONNECTIONS_PER_IP,
      g_param_spec_uint ("max-connections-per-ip",
          "Maximum connections per IP",
          "Connections at a time from one address (IPv6: one /64); further "
          "ones are closed, but for trusted proxies. 0: no limit, for edges "
          "and NATs have many", 0, G_MAXUINT16, 0, READY_FLAGS));
}

static void
install_signing_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, PROP_SIGNED_URLS,
      g_param_spec_enum ("signed-urls", "Signed URLs",
          "Who may have what is served: whether URLs (or cookies) signed as "
          "CloudFront's, by a key of the path's account, are needed. Needs "
          "key-groups, and hosts", signed_urls_get_type (),
          VS_SIGNED_URLS_OFF, READY_FLAGS));
  g_object_class_install_property (klass, PROP_KEY_GROUPS,
      g_param_spec_string ("key-groups", "Key groups",
          "Public keys of accounts: a folder of folders, "
          "<account>/<key id>.pem, or a settings file (JSON) that may also "
          "name what POST /v1/sign signs with and who may ask. Read anew when "
          "it changes", NULL, READY_FLAGS));
  g_object_class_install_property (klass, PROP_SIGNED_CHILDREN,
      g_param_spec_enum ("signed-children", "Signed children",
          "How players may have what a manifest names, where its URL is signed "
          "by a policy with a wildcard", signed_children_get_type (),
          VS_SIGNED_CHILDREN_COOKIES, READY_FLAGS));
  g_object_class_install_property (klass, PROP_CLOCK_SKEW,
      g_param_spec_uint64 ("clock-skew", "Clock skew",
          "Nanoseconds by which the clock of who signs may differ; whole "
          "seconds count", 0, MAX_CLOCK_SKEW, 0, READY_FLAGS));
  g_object_class_install_property (klass, PROP_ALLOW_ANY_RESOURCE,
      g_param_spec_boolean ("allow-any-resource", "Allow any resource",
          "Take signed policies without a Resource for all that their account "
          "has, as CloudFront does", FALSE, READY_FLAGS));
  g_object_class_install_property (klass, PROP_CORS_ORIGINS,
      g_param_spec_string ("cors-origins", "CORS origins",
          "Pages that may send cookies along (https://www.example.com), "
          "separated by commas; all others may read without", NULL,
          READY_FLAGS));
}

static void
install_origin_properties (GObjectClass * klass)
{
  vs_store_properties_install (klass, PROP_STORE, NULL,
      "Archive to serve what is not live from: the location of a "
      "vssegmentstore, a directory, s3://bucket/prefix or "
      "http(s)://host/folder. With one upstream it is known");
  g_object_class_install_property (klass, PROP_LINGER,
      g_param_spec_uint64 ("linger", "Linger",
          "Nanoseconds to go on serving after EOS, before EOS is posted; -1 "
          "(the largest value): until the pipeline is stopped", 0,
          G_MAXUINT64, 0, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_TARGET_DURATION,
      g_param_spec_uint64 ("target-duration", "Target duration",
          "Nanoseconds after which a segment ends at the next keyframe, where "
          "nobody upstream has cut", GST_SECOND / 10, MAX_TARGET_DURATION,
          DEFAULT_TARGET_DURATION, READY_FLAGS));
  g_object_class_install_property (klass, PROP_CACHE_SIZE,
      g_param_spec_uint64 ("cache-size", "Cache size",
          "Bytes kept in memory: one half for finished manifests and packaged "
          "segments, the other for what long manifests are made from (entries "
          "of archives, blocks of rendered ones); 0: 256 MiB", 0,
          G_MAXSIZE, 0, READY_FLAGS));
  g_object_class_install_property (klass, PROP_LIVE_CACHE_SIZE,
      g_param_spec_uint64 ("live-cache-size", "Live cache size",
          "Bytes of an event's newest segments kept in memory, four times as "
          "many where no archive has them; 0: 256 MiB", 0, G_MAXSIZE / 4, 0,
          READY_FLAGS));
  g_object_class_install_property (klass, PROP_THREADS,
      g_param_spec_uint ("threads", "Threads",
          "Threads that package; 0: one a processor core", 0, 1024, 0,
          READY_FLAGS));
  g_object_class_install_property (klass, PROP_MAX_QUEUE,
      g_param_spec_uint ("max-queue", "Maximum queue",
          "Packaging jobs that may wait for a thread; requests beyond are "
          "answered with 503. 0: 1024", 0, G_MAXUINT16, 0, READY_FLAGS));
  /**
   * GstVsJitPackager:stats:
   *
   * Counters since PAUSED: `segments`, `last-segment-age` (ns), `viewers`
   * (clients seen in the last 30 s), `connections`, `requests`, `refused`,
   * `bytes-out`, `packaged` (times something was packaged), `cache-hits`,
   * `cache-misses`, `collapsed` (requests that joined another's), `cache-size`
   * and `live-size` (bytes).
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "What was served and is kept", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
vs_jit_packager_settings_install_properties (GObjectClass * klass)
{
  vs_identity_install_properties (klass, PROP_ACCOUNT);
  install_server_properties (klass);
  install_signing_properties (klass);
  install_origin_properties (klass);
}
