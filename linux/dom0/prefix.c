/* SPDX-License-Identifier: BSD-2-Clause */
/* Making, cloning and filling Wine prefixes (prefix.h). */
#include "prefix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

enum {
    LINK_BYTES_MIN = 16384,   /* smaller files are copied: a program may write into those */
    WINE_TIMEOUT_MS = 300000, /* making a template takes seconds, on a busy machine a minute */
};

/* Wine names files here in the character set of its locale: in the C locale, which a fresh system's
 * shells, cron and CI have, it cannot make a name that is not ASCII. */
static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale != (locale_t)0)
        freelocale(locale);
    return utf8;
}

char **prefix_environment(const char *prefix)
{
    static const char *const fixed[][2] = {
        {"WINEARCH", "win64"},     {"WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe="},
        {"DISPLAY", NULL},         {"WAYLAND_DISPLAY", NULL},
        {"LD_LIBRARY_PATH", NULL},
    };
    char **environment = environment_copy(environ);
    bool ok = environment != NULL && environment_set(&environment, "WINEPREFIX", prefix);
    for (size_t i = 0; ok && i < sizeof fixed / sizeof *fixed; i++)
        ok = environment_set(&environment, fixed[i][0], fixed[i][1]);
    if (ok && !locale_is_utf8())
        ok = environment_set(&environment, "LC_ALL", "C.UTF-8");
    if (ok && getenv("WINEDEBUG") == NULL)
        ok = environment_set(&environment, "WINEDEBUG", "-all");
    if (ok)
        return environment;
    environment_free(environment);
    return NULL;
}

static char *find_program(const char *variable, const char *name, const char *debian_path)
{
    const char *chosen = getenv(variable), *folders = getenv("PATH");
    if (chosen != NULL)
        return strdup(chosen);
    while (folders != NULL && *folders != '\0') {
        size_t length = strcspn(folders, ":");
        char *folder = strndup(folders, length), *path = path_join(folder, "%s", name);
        free(folder);
        if (length > 0 && access(path, X_OK) == 0)
            return path;
        free(path);
        folders += length + (folders[length] == ':');
    }
    if (access(debian_path, X_OK) == 0)
        return strdup(debian_path);
    fprintf(stderr, "casement: %s is missing: install Debian's package wine64, or set %s\n", name,
            variable);
    return NULL;
}

char *prefix_wine(void)
{
    return find_program("CASEMENT_WINE", "wine64", "/usr/lib/wine/wine64");
}

char *prefix_wineserver(void)
{
    return find_program("CASEMENT_WINESERVER", "wineserver64", "/usr/lib/wine/wineserver64");
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

static int remove_tree(const char *path)
{
    if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
        return -errno;
    return 0;
}

/* Documents, Desktop ... are links into the user's home: a guest gets folders of its own. */
static int replace_link(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    if (type != FTW_SL)
        return 0;
    return unlink(path) < 0 || mkdir(path, 0777) < 0 ? -1 : 0;
}

static int run_wine(const char *prefix, const char *log, char *const *argv)
{
    char **environment = prefix_environment(prefix);
    struct process_spec spec = {.argv = argv,
                                .environment = environment,
                                .log_path = log,
                                .time_limit_ms = WINE_TIMEOUT_MS};
    int result = environment != NULL ? process_run(&spec) : -ENOMEM;
    environment_free(environment);
    return result > 0 ? -EIO : result;
}

static int fill_template(const char *prefix, const char *log)
{
    char *wine = prefix_wine(), *server = prefix_wineserver();
    int result = wine != NULL && server != NULL ? 0 : -ENOENT;
    if (result == 0)
        result = run_wine(prefix, log, (char *[]){wine, "wineboot", "-i", NULL});
    if (result == 0)
        result = run_wine(prefix, log, (char *[]){wine, "winecfg", "-v", "win10", NULL});
    /* What did not come to its end is not waited for. */
    if (server != NULL)
        run_wine(prefix, log, (char *[]){server, result == 0 ? "-w" : "-k", NULL});
    free(wine);
    free(server);
    if (result != 0)
        return result;
    char *users = path_join(prefix, "drive_c/users");
    if (nftw(users, replace_link, 32, FTW_PHYS) < 0)
        result = -errno;
    /* Debian's Wine notes there where this prefix's server is. */
    char *lock = path_join(prefix, "wineserver");
    unlink(lock);
    free(lock);
    free(users);
    return result;
}

int prefix_make_template(const char *path, const char *log)
{
    if (path_exists(path))
        return 0;
    /* Made under another name: what stands under its own is whole. */
    char *unfinished;
    if (asprintf(&unfinished, "%s.new", path) < 0)
        return -ENOMEM;
    int result = remove_tree(unfinished);
    if (result == 0 && mkdir(unfinished, 0700) < 0)
        result = -errno;
    if (result == 0)
        result = fill_template(unfinished, log);
    if (result == 0 && rename(unfinished, path) < 0)
        result = -errno;
    free(unfinished);
    return result;
}

static int write_all(int fd, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        ssize_t done = write(fd, at, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        at += done;
        size -= (size_t)done;
    }
    return 0;
}

static int copy_file(int from_folder, const char *from, int to_folder, const char *to)
{
    int in = openat(from_folder, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return -errno;
    struct stat status;
    int result = 0;
    int out = openat(to_folder, to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out < 0 || fstat(in, &status) < 0 || fchmod(out, status.st_mode & 0777) < 0)
        result = -errno;
    char *buffer = malloc(1 << 20);
    if (buffer == NULL)
        result = -ENOMEM;
    while (result == 0) {
        ssize_t got = read(in, buffer, 1 << 20);
        if (got < 0)
            result = -errno;
        if (got <= 0)
            break;
        result = write_all(out, buffer, (size_t)got);
    }
    /* Same time as the source: that is how an unchanged file is known later. */
    if (result == 0)
        futimens(out, (struct timespec[]){status.st_atim, status.st_mtim});
    free(buffer);
    close(in);
    if (out >= 0 && close(out) < 0 && result == 0)
        result = -errno;
    return result;
}

static int clone_folder(int from, int to, bool in_windows);

static int clone_entry(int from, int to, const char *name, bool in_windows)
{
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (S_ISLNK(status.st_mode)) {
        char target[4096];
        ssize_t length = readlinkat(from, name, target, sizeof target - 1);
        if (length < 0)
            return -errno;
        target[length] = '\0';
        return symlinkat(target, to, name) < 0 ? -errno : 0;
    }
    if (S_ISREG(status.st_mode)) {
        if (in_windows && status.st_size >= LINK_BYTES_MIN && linkat(from, name, to, name, 0) == 0)
            return 0;
        return copy_file(from, name, to, name);
    }
    if (!S_ISDIR(status.st_mode))
        return 0;
    if (mkdirat(to, name, 0700) < 0)
        return -errno;
    int inner_from = openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int inner_to = openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int result = inner_from < 0 || inner_to < 0 ? -errno : 0;
    if (result == 0)
        result = clone_folder(inner_from, inner_to, in_windows || strcmp(name, "windows") == 0);
    if (inner_from >= 0)
        close(inner_from);
    if (inner_to >= 0)
        close(inner_to);
    return result;
}

static int clone_folder(int from, int to, bool in_windows)
{
    int own = dup(from);
    DIR *entries = own >= 0 ? fdopendir(own) : NULL;
    if (entries == NULL)
        return -errno;
    int result = 0;
    for (struct dirent *entry = readdir(entries); entry != NULL && result == 0;
         entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result = clone_entry(from, to, entry->d_name, in_windows);
    }
    closedir(entries);
    return result;
}

int prefix_clone(const char *template_path, const char *prefix)
{
    /* Under a name that no guest can have, until it is whole. */
    const char *name = strrchr(prefix, '/') + 1;
    char *folder = strndup(prefix, (size_t)(name - prefix));
    char *unfinished = path_join(folder, ".new-%s", name);
    free(folder);
    int result = remove_tree(unfinished);
    if (result == 0 && mkdir(unfinished, 0700) < 0)
        result = -errno;
    int from = open(template_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int to = open(unfinished, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (result == 0)
        result = from < 0 || to < 0 ? -errno : clone_folder(from, to, false);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (result == 0 && rename(unfinished, prefix) < 0)
        result = -errno;
    free(unfinished);
    return result;
}

/* --- Casement's own files */

static bool same_file(const char *left, const char *right)
{
    struct stat a, b;
    return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

static int install_file(const char *source, const char *target)
{
    if (same_file(source, target))
        return 0;
    for (char *slash = strstr(target, "/Program Files/"); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int result = mkdir(target, 0755);
        int error = errno;
        *slash = '/';
        if (result < 0 && error != EEXIST)
            return -error;
    }
    unlink(target);
    return copy_file(AT_FDCWD, source, AT_FDCWD, target);
}

/* "bin/" and "*.exe", the file .../rpc/vmexec.exe: bin/vmexec.exe. "qubes-rpc/" and "qubes-rpc.*",
 * the file .../rpc/qubes-rpc.qubes.VMExec: qubes-rpc/qubes.VMExec. */
static int install_matching(const char *target_folder, const char *pattern)
{
    glob_t found;
    int result = glob(pattern, 0, NULL, &found) == 0 ? 0 : -ENOENT;
    size_t before_star = strcspn(strrchr(pattern, '/') + 1, "*");
    for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
        char *target =
            path_join(target_folder, "%s", strrchr(found.gl_pathv[i], '/') + 1 + before_star);
        result = install_file(found.gl_pathv[i], target);
        free(target);
    }
    globfree(&found);
    return result;
}

/* One line of guest.manifest: "<file or folder in C:\Program Files\Casement> <file or pattern>". */
static int install_line(const struct layout *layout, const char *prefix, char *line)
{
    char *target_name = strtok(line, " \t\n"), *source_name = strtok(NULL, " \t\n");
    if (target_name == NULL || target_name[0] == '#')
        return 0;
    if (source_name == NULL)
        return -EINVAL;
    char *source = path_join(layout->windows, "%s", source_name);
    char *target = path_join(prefix, "drive_c/Program Files/Casement/%s", target_name);
    bool folder = target_name[strlen(target_name) - 1] == '/';
    int result = folder ? install_matching(target, source) : install_file(source, target);
    if (result != 0)
        fprintf(stderr, "casement: cannot install %s as %s: %s\n", source, target,
                strerror(-result));
    free(source);
    free(target);
    return result;
}

int prefix_install(const struct layout *layout, const char *prefix)
{
    char *path = path_join(layout->dom0, "guest.manifest");
    FILE *manifest = fopen(path, "re");
    int result = manifest != NULL ? 0 : -errno;
    if (result != 0)
        fprintf(stderr, "casement: %s: %s\n", path, strerror(-result));
    free(path);
    char line[1024];
    while (result == 0 && fgets(line, sizeof line, manifest) != NULL)
        result = install_line(layout, prefix, line);
    if (manifest != NULL)
        fclose(manifest);
    return result;
}

/* --- The machine's environment, in the registry file */

static const char environment_key[] =
    "[System\\\\CurrentControlSet\\\\Control\\\\Session Manager\\\\Environment]";

static char *registry_value(const char *name, const char *value)
{
    /* Every byte may need a backslash before it. */
    char *line = malloc(strlen(name) + 2 * strlen(value) + 8);
    if (line == NULL)
        return NULL;
    char *at = line + sprintf(line, "\"%s\"=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            *at++ = '\\';
        *at++ = *value;
    }
    strcpy(at, "\"\n");
    return line;
}

static int edit_registry(FILE *in, FILE *out, const char *key, const char *name,
                         const char *value_line)
{
    char *line = NULL;
    size_t room = 0, name_length = strlen(name);
    bool inside = false, done = false;
    while (getline(&line, &room, in) > 0) {
        bool old_value = inside && line[0] == '"' && strncmp(line + 1, name, name_length) == 0 &&
                         line[1 + name_length] == '"';
        if (!old_value)
            fputs(line, out);
        if (line[0] == '[') {
            inside = strncmp(line, key, strlen(key)) == 0;
            if (inside)
                fputs(value_line, out);
            done |= inside;
        }
    }
    free(line);
    if (!done)
        fprintf(out, "\n%s 0\n%s", key, value_line);
    return ferror(in) || ferror(out) || fflush(out) != 0 ? -EIO : 0;
}

/* In the file of a hive; Wine reads it when its server starts. */
static int set_value(const char *prefix, const char *hive, const char *key, const char *name,
                     const char *value)
{
    char *path = path_join(prefix, "%s", hive), *new_path = path_join(prefix, "%s.new", hive);
    char *value_line = registry_value(name, value);
    FILE *in = fopen(path, "re"), *out = fopen(new_path, "we");
    int result = value_line == NULL ? -ENOMEM : 0;
    if (in == NULL || out == NULL)
        result = -errno;
    if (result == 0)
        result = edit_registry(in, out, key, name, value_line);
    if (in != NULL)
        fclose(in);
    if (out != NULL && fclose(out) != 0 && result == 0)
        result = -errno;
    if (result == 0 && rename(new_path, path) < 0)
        result = -errno;
    free(value_line);
    free(path);
    free(new_path);
    return result;
}

int prefix_set_environment(const char *prefix, const char *name, const char *value)
{
    return set_value(prefix, "system.reg", environment_key, name, value);
}

int prefix_draw_frames(const char *prefix)
{
    char *fonts = path_join(prefix, "drive_c/windows/Fonts");
    char *font = path_join(fonts, "marlett.ttf");

    /* The signs on their buttons: a prefix that was made without a screen has them not. */
    mkdir(fonts, 0777);
    if (symlink("/usr/share/wine/fonts/marlett.ttf", font) < 0 && errno != EEXIST)
        fprintf(stderr, "casement: %s: %s\n", font, strerror(errno));
    free(font);
    free(fonts);
    return set_value(prefix, "user.reg", "[Software\\\\Wine\\\\X11 Driver]", "Managed", "N");
}

bool prefix_has_service(const char *prefix, const char *name)
{
    char *path = path_join(prefix, "system.reg"), *key;
    FILE *registry = fopen(path, "re");
    free(path);
    if (registry == NULL)
        return false;
    bool found = false;
    char *line = NULL;
    size_t room = 0;
    if (asprintf(&key, "[System\\\\CurrentControlSet\\\\Services\\\\%s]", name) < 0)
        key = NULL;
    while (key != NULL && !found && getline(&line, &room, registry) > 0)
        found = strncmp(line, key, strlen(key)) == 0;
    free(key);
    free(line);
    fclose(registry);
    return found;
}
