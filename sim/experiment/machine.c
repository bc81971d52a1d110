/* machine.c -- see machine.h. A container's limit counts as much as the machine's memory: whichever is less.
 */
#include "sim/experiment/machine.h"

#include "sim/base/check.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

uint32_t machine_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

/* A line "KEY:   123 kB" of /proc/meminfo, in bytes; UINT64_MAX: none. */
static uint64_t meminfo(const char *key)
{
    FILE *file = fopen("/proc/meminfo", "re");
    uint64_t found = UINT64_MAX;
    char line[256];

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
            found = strtoull(line + strlen(key) + 1, NULL, 10) * 1024;
    if (file != NULL)
        fclose(file);
    return found;
}

/* A file that holds one number; UINT64_MAX where it is missing or says "max". */
static uint64_t number_in(const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned long long value;
    uint64_t found = UINT64_MAX;

    if (file == NULL)
        return found;
    if (fscanf(file, "%llu", &value) == 1)
        found = value;
    fclose(file);
    return found;
}

/* Limit and use of this process's control group, version 2 (its own path or, in a container, the root),
 * else 1. */
static uint64_t group_number(const char *second, const char *first)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[1024], path[1200];
    uint64_t found = UINT64_MAX;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "0::", 3) == 0) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", line + 3, second);
            found = number_in(path);
        }
    if (file != NULL)
        fclose(file);
    if (found == UINT64_MAX) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s", second);
        found = number_in(path);
    }
    if (found == UINT64_MAX) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/memory/%s", first);
        found = number_in(path);
    }
    return found;
}

uint64_t machine_memory_bytes(void)
{
    uint64_t all = meminfo("MemTotal"), limit = group_number("memory.max", "memory.limit_in_bytes");

    return all < limit ? all : limit;
}

uint64_t machine_available_bytes(void)
{
    uint64_t available = meminfo("MemAvailable");
    uint64_t limit = group_number("memory.max", "memory.limit_in_bytes");
    uint64_t used = group_number("memory.current", "memory.usage_in_bytes");

    if (limit != UINT64_MAX && used != UINT64_MAX) {
        uint64_t left = limit > used ? limit - used : 0;
        available = left < available ? left : available;
    }
    return available;
}

char *machine_name(void)
{
    char name[256] = "";

    if (gethostname(name, sizeof name - 1) != 0)
        return memory_text("unknown");
    return memory_text(name);
}

char *machine_system(void)
{
    struct utsname about;
    char *text = NULL;

    if (uname(&about) != 0)
        return memory_text("unknown");
    CHECK(asprintf(&text, "%s %s %s", about.sysname, about.release, about.machine) >= 0);
    return text;
}
