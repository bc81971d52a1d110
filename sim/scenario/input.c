/* input.c -- see input.h. */
#include "sim/scenario/input.h"

#include "sim/base/array.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MOST = 64 * 1024 * 1024, ALL_BYTES_MOST = 256 * 1024 * 1024 };

struct inputs {
    ARRAY(struct input *) files;
    size_t bytes;
};

struct inputs *inputs_new(void)
{
    return memory_new(1, sizeof(struct inputs));
}

void inputs_free(struct inputs *all)
{
    if (all == NULL)
        return;
    for (size_t i = 0; i < all->files.count; i++) {
        free(all->files.items[i]->path);
        free(all->files.items[i]->contents);
        free(all->files.items[i]);
    }
    array_free(&all->files);
    free(all);
}

const struct input *inputs_at(const struct inputs *all, size_t index)
{
    return index < all->files.count ? all->files.items[index] : NULL;
}

const char *name_kept(const char *name)
{
    static ARRAY(char *) names;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    const char *kept = NULL;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < names.count && kept == NULL; i++)
        if (strcmp(names.items[i], name) == 0)
            kept = names.items[i];
    if (kept == NULL)
        kept = *array_add(&names) = memory_text(name);
    pthread_mutex_unlock(&lock);
    return kept;
}

char *path_beside(const char *beside, const char *name)
{
    const char *slash = strrchr(beside, '/');
    char *path = NULL;

    if (name[0] == '/' || slash == NULL)
        return memory_text(name);
    CHECK(asprintf(&path, "%.*s/%s", (int)(slash - beside), beside, name) >= 0);
    return path;
}

/* All of it, or NULL with the reason. */
static char *all_read(int file, size_t most, size_t *bytes, const char **why)
{
    char *contents = memory_new(1, 1);
    size_t room = 0;

    *bytes = 0;
    for (;;) {
        if (*bytes == room) {
            room = room == 0 ? 64 * 1024 : room * 2;
            contents = memory_resize(contents, room + 1, 1);
        }
        ssize_t got = read(file, contents + *bytes, room - *bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0) {
            contents[*bytes] = '\0';
            return contents;
        }
        *bytes += got > 0 ? (size_t)got : 0;
        if (got < 0 || *bytes > most) {
            *why = got < 0 ? strerror(errno) : "it is larger than 64 MiB, or all files together than 256 MiB";
            free(contents);
            return NULL;
        }
    }
}

static const char *regular_open(const char *path, int *file)
{
    struct stat about;

    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe must not make us wait */
    if (*file < 0)
        return strerror(errno);
    const char *why = fstat(*file, &about) != 0 ? strerror(errno)
                      : S_ISDIR(about.st_mode)  ? "it is a folder"
                      : !S_ISREG(about.st_mode) ? "it is not a regular file; a pipe can be read as `-`"
                                                : NULL;
    if (why != NULL)
        close(*file);
    return why;
}

const struct input *inputs_read(struct inputs *all, const char *path, struct place at, struct diagnostics *d)
{
    bool standard = strcmp(path, "-") == 0;
    char *absolute = standard ? memory_text("-") : realpath(path, NULL);
    const char *why = absolute == NULL ? strerror(errno) : NULL,
               *name = name_kept(standard ? "<stdin>" : path);

    for (size_t i = 0; absolute != NULL && i < all->files.count; i++)
        if (strcmp(all->files.items[i]->path, absolute) == 0) {
            free(absolute);
            return all->files.items[i];
        }
    int file = STDIN_FILENO;
    if (absolute != NULL && !standard)
        why = regular_open(absolute, &file);
    char *contents = NULL;
    size_t bytes = 0;
    if (why == NULL) {
        size_t left = ALL_BYTES_MOST - all->bytes;
        contents = all_read(file, left < FILE_BYTES_MOST ? left : FILE_BYTES_MOST, &bytes, &why);
        if (!standard)
            close(file);
    }
    if (contents == NULL) {
        if (at.file == NULL)
            diagnostics_error(d, (struct place){.file = name}, "cannot read this file: %s", why);
        else
            diagnostics_error(d, at, "cannot read %s: %s", path, why);
        free(absolute);
        return NULL;
    }
    struct input *one = memory_new(1, sizeof *one);
    *one = (struct input){.name = name, .path = absolute, .contents = contents, .bytes = bytes};
    *array_add(&all->files) = one;
    all->bytes += bytes;
    return one;
}
