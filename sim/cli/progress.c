/* progress.c -- see progress.h. The time left is what the share so far took, for the rest: trials are alike
 * enough. */
#include "sim/cli/progress.h"

#include "sim/cli/say.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR 30

double steady_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct progress progress_begin(const char *name, bool wanted)
{
    return (struct progress){
        .on = wanted && isatty(STDERR_FILENO), .started = steady_seconds(), .name = name};
}

static void time_print(char out[40], double seconds)
{
    unsigned long s = (unsigned long)(seconds + 0.5);

    if (s < 60)
        snprintf(out, 40, "%lu s", s);
    else if (s < 3600)
        snprintf(out, 40, "%lu min %02lu s", s / 60, s % 60);
    else
        snprintf(out, 40, "%lu h %02lu min", s / 3600, s / 60 % 60);
}

void progress_draw(void *progress, const struct experiment_progress *p)
{
    struct progress *mine = progress;
    double now = steady_seconds(), took = now - mine->started;
    char left[40] = "", bar[BAR * 4 + 1] = "";

    if (!mine->on || (now - mine->drawn < 0.1 && p->share < 1))
        return;
    mine->drawn = now;
    bool utf8 = stream_has_utf8();
    int filled = (int)(p->share * BAR);
    size_t at = 0;
    for (int i = 0; i < BAR; i++)
        at += (size_t)snprintf(bar + at, sizeof bar - at, "%s",
                               i < filled ? (utf8 ? "█" : "#") : (utf8 ? "░" : "."));
    if (p->share > 0.02 && took > 1)
        time_print(left, took * (1 - p->share) / p->share);
    fprintf(stderr, "\r\033[K%.30s %s %3.0f%%%s%s%s", mine->name, bar, p->share * 100,
            *left != '\0' ? ", " : "", left, *left != '\0' ? " left" : "");
    fflush(stderr);
}

void progress_end(struct progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
}
