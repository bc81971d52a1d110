/* share.c -- see share.h. */
#include "sim/cli/share.h"

#include "sim/base/check.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool holds_ours(const char *folder)
{
    char path[PATH_MAX + 128];

    snprintf(path, sizeof path, "%s/scenarios/data", folder);
    return access(path, R_OK | X_OK) == 0;
}

/* The folder of this executable, without a slash; false: nobody knows. */
static bool program_folder(char out[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", out, PATH_MAX - 1);

    if (length <= 0)
        return false;
    out[length] = '\0';
    char *slash = strrchr(out, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

const char *share_folder(const char **looked)
{
    static char found[PATH_MAX + 64];
    static char program[PATH_MAX];
    const char *told = getenv("GEOREP_DATA");

    if (told != NULL && *told != '\0') {
        snprintf(found, sizeof found, "%s", told);
    } else if (!program_folder(program)) {
        snprintf(found, sizeof found, "%s", GEOREP_SOURCE_DIR);
    } else {
        char build[PATH_MAX]; /* the build folder may have been reached by a link */
        const char *true_build = realpath(GEOREP_BINARY_DIR, build) != NULL ? build : GEOREP_BINARY_DIR;
        if (is_below(program, true_build))
            snprintf(found, sizeof found, "%s", GEOREP_SOURCE_DIR);
        else
            snprintf(found, sizeof found, "%s/../%s", program, GEOREP_SHARE_DIR);
    }
    if (looked != NULL)
        *looked = found;
    return holds_ours(found) ? found : NULL;
}

char *share_path(const char *below)
{
    const char *folder = share_folder(NULL);
    char *path = NULL;

    if (folder == NULL)
        return NULL;
    CHECK(asprintf(&path, "%s/%s", folder, below) >= 0);
    return path;
}
