/* house.c -- the arrows between the rooms: reads every #include line and fails on one that goes the wrong
 * way. */
#include "sim/base/array.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* What a room may include, itself apart: prefixes of include paths. Order is the table of sim/README.md. */
static const struct room {
    const char *folder;
    const char *may[14];
} rooms[] = {
    {"sim/base", {NULL}},
    {"sim/engine", {"sim/base/", NULL}},
    {"sim/stats", {"sim/base/", NULL}},
    {"sim/history", {"sim/base/", "sim/engine/time.h", NULL}},
    {"sim/model", {"sim/base/", NULL}},
    {"sim/world", {"sim/base/", "sim/engine/", "sim/history/", "sim/model/model.h", NULL}},
    {"sim/trial", {"sim/base/", "sim/engine/", "sim/history/", "sim/model/", "sim/world/", NULL}},
    {"sim/observe",
     {"sim/base/", "sim/engine/time.h", "sim/stats/", "sim/history/", "sim/model/model.h", NULL}},
    {"sim/scenario",
     {"sim/base/", "sim/engine/", "sim/model/", "sim/world/def.h", "sim/history/setting.h",
      "sim/history/history.h", NULL}},
    {"sim/experiment",
     {"sim/base/", "sim/engine/", "sim/stats/", "sim/history/", "sim/model/", "sim/world/", "sim/trial/",
      "sim/observe/", "sim/scenario/", NULL}},
    {"sim/cli", {"sim/", NULL}},
    {"models", {"sim/model/model.h", "models/parts/", NULL}},
    {"models/parts", {"sim/model/model.h", NULL}},
};

/* Libraries that one room, or one file, has to itself. */
static const struct {
    const char *header, *where;
} owned[] = {
    {"gsl/", "sim/engine/"},           {"gsl/", "sim/stats/"},
    {"yaml.h", "sim/scenario/yaml.c"}, {"dlfcn.h", "sim/model/registry.c"},
    {"Random123/", "sim/engine/"},
};

static bool allowed(const struct room *room, const char *include)
{
    size_t own = strlen(room->folder);

    if (strncmp(include, room->folder, own) == 0 && include[own] == '/' &&
        strchr(include + own + 1, '/') == NULL)
        return true;
    for (int i = 0; room->may[i] != NULL; i++)
        if (strncmp(include, room->may[i], strlen(room->may[i])) == 0)
            return true;
    return false;
}

static void check_library(const char *file, const char *include)
{
    bool known = false, here = false;

    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (strncmp(include, owned[i].header, strlen(owned[i].header)) == 0) {
            known = true;
            here |= strncmp(file, owned[i].where, strlen(owned[i].where)) == 0;
        }
    cr_expect(!known || here, "%s includes <%s>, which is not its to include", file, include);
}

static void check_file(const struct room *room, const char *name, int *files)
{
    char path[512], line[512], include[256];

    snprintf(path, sizeof path, "%s/%s/%s", GEOREP_SOURCE_DIR, room->folder, name);
    FILE *f = fopen(path, "r");
    cr_assert_not_null(f, "%s", path);
    snprintf(path, sizeof path, "%s/%s", room->folder, name);
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "#include \"%255[^\"]\"", include) == 1)
            cr_expect(allowed(room, include), "%s includes \"%s\": that arrow goes the wrong way", path,
                      include);
        else if (sscanf(line, "#include <%255[^>]>", include) == 1)
            check_library(path, include);
    }
    fclose(f);
    ++*files;
}

Test(house, every_include_goes_the_right_way)
{
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        char path[512];
        int files = 0;
        snprintf(path, sizeof path, "%s/%s", GEOREP_SOURCE_DIR, rooms[i].folder);
        DIR *folder = opendir(path);
        cr_assert_not_null(folder, "%s", path);
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            size_t length = strlen(entry->d_name);
            if (length > 2 && entry->d_name[length - 2] == '.' &&
                (entry->d_name[length - 1] == 'c' || entry->d_name[length - 1] == 'h'))
                check_file(&rooms[i], entry->d_name, &files);
        }
        closedir(folder);
        cr_expect(files > 0, "no files in %s", rooms[i].folder);
    }
}

/* The canary: a wrong arrow is seen. */
Test(house, a_wrong_arrow_is_seen)
{
    cr_expect_not(allowed(&rooms[0], "sim/engine/time.h"), "base must not include the engine");
    cr_expect_not(allowed(&rooms[7], "sim/world/world.h"), "observe must not include the world");
    cr_expect(allowed(&rooms[5], "sim/engine/time.h"));
}
