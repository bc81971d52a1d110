/* folder.c -- see folder.h. A folder counts as ours entry by entry: what is not on the list of what georep
 * writes belongs to somebody, and is never removed. */
#include "sim/experiment/folder.h"

#include "sim/base/check.h"
#include "sim/experiment/tables.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(const char *folder, const char *name)
{
    char *path = NULL;
    size_t length = strlen(folder);

    CHECK(asprintf(&path, "%s%s%s", folder, length != 0 && folder[length - 1] == '/' ? "" : "/", name) >= 0);
    return path;
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool folder_make(const char *path, char **first_made, struct failure *f)
{
    char *so_far = memory_text(path), *made = NULL;

    for (char *at = so_far + 1;; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char end = *at;
        *at = '\0';
        if (mkdir(so_far, 0777) == 0) {
            if (made == NULL)
                made = memory_text(so_far);
        } else if (errno != EEXIST) {
            failure_set(f, STATUS_REFUSED, "cannot make the folder %s: %s", so_far, strerror(errno));
            break;
        }
        *at = end;
        if (end == '\0')
            break;
    }
    struct stat about;
    if (f->status == 0 && (stat(path, &about) != 0 || !S_ISDIR(about.st_mode)))
        failure_set(f, STATUS_REFUSED, "cannot make the folder %s: something else has that name", path);
    free(so_far);
    if (first_made != NULL)
        *first_made = made;
    else
        free(made);
    return f->status == 0;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

void folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void folder_remove_empty(const char *path, const char *top)
{
    char *at = memory_text(path);

    while (top != NULL && strlen(at) >= strlen(top) && rmdir(at) == 0) {
        char *slash = strrchr(at, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
    }
    free(at);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

bool folder_is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = folder != NULL;

    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;)
        empty = empty && is_dots(e->d_name);
    if (folder != NULL)
        closedir(folder);
    return empty;
}

bool file_write(const char *path, const void *contents, size_t bytes, struct failure *f)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(errno));
    bool good = fwrite(contents, 1, bytes, file) == bytes && fflush(file) == 0;
    int error = errno;
    if (fclose(file) != 0 && good) {
        good = false;
        error = errno;
    }
    return good || failure_set(f, STATUS_REFUSED, "cannot write %s: %s", path, strerror(error));
}

char *file_read(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t count = 0, capacity = 0, more;

    if (file == NULL)
        return NULL;
    do {
        if (capacity - count < 2)
            text = memory_resize(text, capacity = capacity * 2 + 65536, 1);
        more = fread(text + count, 1, capacity - count - 1, file);
        count += more;
    } while (more != 0);
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error != 0) { /* a folder opens, and then does not read */
        free(text);
        errno = error;
        return NULL;
    }
    text[count] = '\0';
    if (bytes != NULL)
        *bytes = count;
    return text;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), e = strlen(end);

    return n >= e && strcmp(name + n - e, end) == 0;
}

static bool is_picture(const char *name)
{
    return ends_with(name, ".svg") || ends_with(name, ".png") || ends_with(name, ".pdf") ||
           ends_with(name, ".dat");
}

static bool is_history(const char *name)
{
    return name[0] >= '0' && name[0] <= '9' && (ends_with(name, ".jsonl") || ends_with(name, ".edn"));
}

static bool any_name(const char *name)
{
    (void)name;
    return true;
}

static bool is_file_of_ours(const char *name)
{
    for (int t = 0; t < TABLES; t++)
        if (strcmp(name, table_files[t]) == 0)
            return true;
    return strcmp(name, "manifest.json") == 0 || strcmp(name, "report.html") == 0;
}

/* The entries of `path` that are no files, or whose name does not fit. */
static char *stranger_in(const char *path, const char *shown, bool (*fits)(const char *))
{
    DIR *folder = opendir(path);
    char *found = NULL;

    for (struct dirent *e; folder != NULL && found == NULL && (e = readdir(folder)) != NULL;) {
        char *inside = path_join(path, e->d_name);
        struct stat about;
        bool is_file = lstat(inside, &about) == 0 && S_ISREG(about.st_mode);
        if (!is_dots(e->d_name) && !(is_file && fits(e->d_name)))
            found = path_join(shown, e->d_name);
        free(inside);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

char *folder_find_stranger(const char *path)
{
    static const struct {
        const char *name;
        bool (*fits)(const char *);
    } ours[] = {{"inputs", any_name}, {"history", is_history}, {"charts", is_picture}};
    DIR *folder = opendir(path);
    char *found = NULL;

    for (struct dirent *e; folder != NULL && found == NULL && (e = readdir(folder)) != NULL;) {
        char *inside = path_join(path, e->d_name);
        struct stat about;
        size_t which = 0;
        if (is_dots(e->d_name) || lstat(inside, &about) != 0) {
            free(inside);
            continue;
        }
        while (which < sizeof ours / sizeof *ours && strcmp(ours[which].name, e->d_name) != 0)
            which++;
        if (S_ISDIR(about.st_mode) && which < sizeof ours / sizeof *ours)
            found = stranger_in(inside, ours[which].name, ours[which].fits);
        else if (!S_ISREG(about.st_mode) || !is_file_of_ours(e->d_name))
            found = memory_text(e->d_name);
        free(inside);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}
