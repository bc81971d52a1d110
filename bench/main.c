/* georep-bench -- how fast the engine is. One row of the table a benchmark; each lives in a file of its name.
 */
#include "bench/bench.h"
#include "sim/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    int (*run)(const struct bench_options *o);
    const char *what;
} benchmarks[] = {
    {"hold", bench_hold, "pop an event, push the next: 100, 10 thousand and 1 million pending"},
    {"cancel", bench_cancel, "the same with a third of the events cancelled or re-armed"},
    {"mm1", bench_mm1, "a queue with one server: customers through two events each"},
    {"random", bench_random, "draws of every distribution"},
    {"scenario", bench_scenario, "whole trials: what an operation costs, for each model of FILE"},
    {"observe", bench_observe, "what each reader of a trial's history costs, for the first model of FILE"},
};

double bench_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int usage(void)
{
    fprintf(stderr, "usage: georep-bench BENCHMARK [--csv] [--events N] [--pending N (hold alone)]\n"
                    "       georep-bench scenario|observe [--csv] [--turns N] [--found] [--set "
                    "PATH=VALUE]... [FILE]\n\n");
    for (size_t i = 0; i < sizeof benchmarks / sizeof *benchmarks; i++)
        fprintf(stderr, "  %-8s %s\n", benchmarks[i].name, benchmarks[i].what);
    return 2;
}

/* PATH=VALUE is cut in two where it stands. */
static bool set_take(char *word, struct bench_options *o)
{
    static struct document_override overrides[32];
    char *equals = strchr(word, '=');

    if (equals == NULL || o->override_count == sizeof overrides / sizeof *overrides)
        return false;
    *equals = '\0';
    overrides[o->override_count++] = (struct document_override){word, equals + 1};
    o->overrides = overrides;
    return true;
}

int main(int argc, char **argv)
{
    struct bench_options options = {0};
    char *end = "";

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--csv") == 0)
            options.csv = true;
        else if (strcmp(argv[i], "--events") == 0 && i + 1 < argc)
            options.events = strtoull(argv[++i], &end, 10);
        else if (strcmp(argv[i], "--pending") == 0 && i + 1 < argc && *end == '\0')
            options.pending = strtoull(argv[++i], &end, 10);
        else if (strcmp(argv[i], "--turns") == 0 && i + 1 < argc && *end == '\0')
            options.turns = strtoull(argv[++i], &end, 10);
        else if (strcmp(argv[i], "--readers") == 0 && i + 1 < argc)
            options.readers = argv[++i];
        else if (strcmp(argv[i], "--found") == 0)
            options.found = true;
        else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc) {
            if (!set_take(argv[++i], &options))
                return usage();
        } else if (argv[i][0] != '-' && options.file == NULL)
            options.file = argv[i];
        else
            return usage();
    }
    for (size_t i = 0; argc > 1 && *end == '\0' && i < sizeof benchmarks / sizeof *benchmarks; i++) {
        if (strcmp(argv[1], benchmarks[i].name) == 0)
            return benchmarks[i].run(&options);
    }
    return usage();
}
