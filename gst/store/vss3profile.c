/* VisionStream: the files that AWS's tools share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The format is read as botocore reads it: "key = value" lines, of which one
 * that is indented more than the key before belongs to that key. GKeyFile
 * refuses such files whole.
 */
#include "store/vss3profile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024)
#define BLANKS " \t"

/* What one section says, as pointers into the file's text; NULL: nothing */
typedef struct
{
  gboolean exists;
  const gchar *access_key_id;
  const gchar *secret_access_key;
  const gchar *session_token;
  const gchar *region;
} Section;

typedef struct
{
  gchar *path;
  gchar *text;
  gsize size;
  gboolean for_everyone;
} SharedFile;

static void
shared_file_clear (SharedFile * self)
{
  if (self->text)
    OPENSSL_cleanse (self->text, self->size);
  g_free (self->text);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SharedFile, shared_file_clear);

/* ---- files --------------------------------------------------------------- */

static gchar *
find_path (const gchar * variable, const gchar * name)
{
  const gchar *given = g_getenv (variable);

  if (given == NULL || given[0] == '\0')
    return g_build_filename (g_get_home_dir (), ".aws", name, NULL);
  if (g_str_has_prefix (given, "~/"))
    return g_build_filename (g_get_home_dir (), given + 2, NULL);
  return g_strdup (given);
}

static gboolean
fail_with_errno (SharedFile * self, GError ** error)
{
  gint code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s: %s",
      self->path, g_strerror (code));
  return FALSE;
}

static gboolean
read_text (SharedFile * self, gint fd, GError ** error)
{
  self->text = g_malloc (FILE_MAX + 1);
  while (self->size <= FILE_MAX) {
    gssize n = read (fd, self->text + self->size,
        FILE_MAX + 1 - self->size);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fail_with_errno (self, error);
    if (n == 0)
      break;
    self->size += n;
  }
  if (self->size > FILE_MAX || memchr (self->text, '\0', self->size)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s",
        self->path, self->size > FILE_MAX ?
        "longer than a file of credentials can be" : "not a text");
    return FALSE;
  }
  self->text[self->size] = '\0';
  return TRUE;
}

/* A FIFO or a device is refused: it might not end. A file that is not there is
 * %G_IO_ERROR_NOT_FOUND. */
static gboolean
shared_file_read (SharedFile * self, GError ** error)
{
  struct stat st;
  gint fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  gboolean ok;

  if (fd < 0)
    return fail_with_errno (self, error);
  ok = fstat (fd, &st) == 0 || fail_with_errno (self, error);
  if (ok && !S_ISREG (st.st_mode)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE,
        "%s: not a regular file", self->path);
    ok = FALSE;
  }
  ok = ok && read_text (self, fd, error);
  self->for_everyone = ok && (st.st_mode & S_IROTH);
  close (fd);
  return ok;
}

/* ---- lines --------------------------------------------------------------- */

/* Takes the next line off @text, without its end; NULL after the last. */
static gchar *
next_line (gchar ** text)
{
  gchar *line = *text;
  gsize length = strcspn (line, "\n");

  if (line[0] == '\0')
    return NULL;
  *text = line + length + (line[length] == '\n');
  line[length] = '\0';
  g_strchomp (line);
  return line;
}

/* The name in "[name]", or in "[profile name]" of the config file. */
static const gchar *
section_name (gchar * line, gboolean config)
{
  gchar *name = line + 1, *end = strchr (name, ']');

  if (end == NULL)
    return "";
  *end = '\0';
  g_strstrip (name);
  if (config && g_str_has_prefix (name, "profile")
      && strchr (BLANKS, name[7]) && name[7])
    name = g_strchug (name + 7);
  else if (config && strcmp (name, "default") != 0)
    return "";
  end = name + strlen (name) - 1;
  if (end > name && strchr ("'\"", *name) && *end == *name) {
    *end = '\0';
    name++;
  }
  return name;
}

/* Keys hold neither blanks nor "#" and ";", so that what follows a blank and
 * one of these is a comment. */
static gchar *
strip_value (gchar * value)
{
  g_strstrip (value);
  for (gchar * c = value; *c; c++) {
    if (strchr (BLANKS, *c) && c[1] && strchr ("#;", c[1])) {
      *c = '\0';
      break;
    }
  }
  return g_strchomp (value);
}

static void
take_line (Section * section, gchar * line)
{
  const struct
  {
    const gchar *name;
    const gchar **value;
  } known[] = {
    {"aws_access_key_id", &section->access_key_id},
    {"aws_secret_access_key", &section->secret_access_key},
    {"aws_session_token", &section->session_token},
    {"region", &section->region},
  };
  gchar *value = strpbrk (line, "=:");

  if (value == NULL)
    return;
  *value++ = '\0';
  g_strchomp (line);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    if (g_ascii_strcasecmp (line, known[i].name) == 0) {
      value = strip_value (value);
      *known[i].value = value[0] ? value : NULL;
    }
  }
}

/* What @text, which is taken apart, says of a profile. Of a section that
 * comes again, and of a key, the last counts. */
static void
parse_section (gchar * text, const gchar * profile, gboolean config,
    Section * section)
{
  gboolean inside = FALSE;
  gsize depth = G_MAXSIZE;      /* how far the key before is indented */
  gchar *line;

  if (g_str_has_prefix (text, "\xef\xbb\xbf"))
    text += 3;
  while ((line = next_line (&text))) {
    gsize indent = strspn (line, BLANKS);

    if (line[indent] == '\0' || strchr ("#;", line[indent]))
      continue;
    if (line[indent] == '[' && indent <= depth) {
      inside = strcmp (section_name (line + indent, config), profile) == 0;
      section->exists |= inside;
      depth = G_MAXSIZE;
    } else if (indent <= depth) {
      depth = indent;
      if (inside)
        take_line (section, line + indent);
    }
  }
}

/* ---- profiles ------------------------------------------------------------ */

static void
say (GString * tried, const gchar * path, const gchar * what,
    const gchar * profile)
{
  g_string_append_printf (tried, "%s%s %s", tried->len ? "; " : "", path, what);
  if (profile)
    g_string_append_printf (tried, " \"%s\"", profile);
}

static VsS3Keys *
section_to_keys (const Section * section, const SharedFile * file,
    const gchar * profile, gchar ** remark, GError ** error)
{
  g_autofree gchar *source =
      g_strdup_printf ("profile \"%s\" of %s", profile, file->path);
  VsS3Keys *keys = vs_s3_keys_new (section->access_key_id,
      section->secret_access_key, section->session_token, 0, source, error);

  if (keys && file->for_everyone && *remark == NULL)
    *remark = g_strdup_printf ("%s holds secrets and can be read by all users "
        "of this machine: chmod 600 it", file->path);
  return keys;
}

/* The keys in one of the files; see vs_s3_profile_keys (). */
static VsS3Keys *
file_keys (const gchar * variable, const gchar * name, const gchar * profile,
    gboolean * exists, GString * tried, gchar ** remark, GError ** error)
{
  g_auto (SharedFile) file = { find_path (variable, name) };
  g_autoptr (GError) failure = NULL;
  Section section = { FALSE };

  if (!shared_file_read (&file, &failure)) {
    if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
      say (tried, file.path, "is not there", NULL);
    else if (g_error_matches (failure, G_IO_ERROR,
            G_IO_ERROR_PERMISSION_DENIED))
      say (tried, file.path, "may not be read by this process", NULL);
    else
      g_propagate_error (error, g_steal_pointer (&failure));
    return NULL;
  }
  parse_section (file.text, profile, strcmp (name, "config") == 0, &section);
  *exists |= section.exists;
  if (section.access_key_id || section.secret_access_key)
    return section_to_keys (&section, &file, profile, remark, error);
  say (tried, file.path, section.exists ? "has no keys in the profile" :
      "has no profile", profile);
  return NULL;
}

VsS3Keys *
vs_s3_profile_keys (const gchar * profile, gboolean * exists, GString * tried,
    gchar ** remark, GError ** error)
{
  GError *failure = NULL;
  VsS3Keys *keys;

  *exists = FALSE;
  keys = file_keys ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile,
      exists, tried, remark, &failure);
  if (keys == NULL && failure == NULL)
    keys = file_keys ("AWS_CONFIG_FILE", "config", profile, exists, tried,
        remark, &failure);
  if (failure)
    g_propagate_error (error, failure);
  return keys;
}

static gchar *
file_region (const gchar * variable, const gchar * name, const gchar * profile)
{
  g_auto (SharedFile) file = { find_path (variable, name) };
  Section section = { FALSE };

  if (!shared_file_read (&file, NULL))
    return NULL;
  parse_section (file.text, profile, strcmp (name, "config") == 0, &section);
  return g_strdup (section.region);
}

gchar *
vs_s3_profile_dup_region (const gchar * profile)
{
  gchar *region = file_region ("AWS_CONFIG_FILE", "config", profile);

  return region ? region :
      file_region ("AWS_SHARED_CREDENTIALS_FILE", "credentials", profile);
}
