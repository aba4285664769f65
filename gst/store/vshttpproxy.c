/* VisionStream: the proxy that the environment names
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "store/vshttpproxy.h"

#include <string.h>

static const gchar *
get_variable (const gchar * name, const gchar * capital)
{
  const gchar *value = g_getenv (name);

  if (value == NULL && capital)
    value = g_getenv (capital);
  return value && *value ? value : NULL;
}

/* "host:port" is a proxy as well as "http://host:port". */
static gchar *
make_uri (const gchar * value)
{
  if (value == NULL)
    return NULL;
  return strstr (value, "://") ? g_strdup (value) :
      g_strconcat ("http://", value, NULL);
}

static GStrv
make_exceptions (const gchar * list)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = g_strsplit_set (list ? list : "", ", ", -1);

  g_strv_builder_add_many (builder, "localhost", "127.0.0.0/8", "::1", NULL);
  for (guint i = 0; names[i]; i++) {
    const gchar *name = names[i];

    /* a domain, by convention with all that is in it, dot or no dot ahead */
    name += *name == '.';
    if (*name == '\0')
      continue;
    g_strv_builder_add (builder, name);
    if (*name != '*' && !g_hostname_is_ip_address (name)
        && strchr (name, '/') == NULL) {
      g_autofree gchar *below = g_strconcat ("*.", name, NULL);

      g_strv_builder_add (builder, below);
    }
  }
  return g_strv_builder_end (builder);
}

GProxyResolver *
vs_http_proxy_resolver_new (void)
{
  const gchar *list = get_variable ("no_proxy", "NO_PROXY");
  g_auto (GStrv) exceptions = make_exceptions (list);
  g_autofree gchar *all = make_uri (get_variable ("all_proxy", "ALL_PROXY"));
  g_autofree gchar *http = make_uri (get_variable ("http_proxy", NULL));
  g_autofree gchar *https = make_uri (get_variable ("https_proxy",
          "HTTPS_PROXY"));
  gboolean none = list && strchr (list, '*') == list;
  GProxyResolver *resolver = g_simple_proxy_resolver_new (none ? NULL : all,
      exceptions);

  if (http && !none)
    g_simple_proxy_resolver_set_uri_proxy (G_SIMPLE_PROXY_RESOLVER (resolver),
        "http", http);
  if (https && !none)
    g_simple_proxy_resolver_set_uri_proxy (G_SIMPLE_PROXY_RESOLVER (resolver),
        "https", https);
  return resolver;
}
