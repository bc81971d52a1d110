/* random.c -- draws a second: from one long stream, and with a fresh stream for each draw, as a message's
 * delay. */
#include "bench/bench.h"
#include "sim/engine/distribution.h"

#include <stdio.h>

static double draws_measure(const struct distribution *d, uint64_t draws, bool fresh)
{
    random_key key = random_key_new(1, 0, "draws");
    random_stream s = random_stream_new(key, 0, 0);
    double sum = 0, start = bench_seconds();

    for (uint64_t i = 0; i < draws; i++) {
        if (fresh) {
            random_stream own = random_stream_new(random_key_number(key, i), i, 0);
            sum += distribution_draw(d, &own);
        } else {
            sum += distribution_draw(d, &s);
        }
    }
    double seconds = bench_seconds() - start;
    return sum != 0 ? seconds : -1;
}

static double zipf_measure(const struct zipf *z, uint64_t draws, bool fresh)
{
    random_key key = random_key_new(1, 0, "draws");
    random_stream s = random_stream_new(key, 0, 0);
    uint64_t sum = 1;
    double start = bench_seconds();

    for (uint64_t i = 0; i < draws; i++) {
        if (fresh) {
            random_stream own = random_stream_new(random_key_number(key, i), i, 0);
            sum += zipf_rank(z, &own);
        } else {
            sum += zipf_rank(z, &s);
        }
    }
    double seconds = bench_seconds() - start;
    return sum != 0 ? seconds : -1;
}

int bench_random(const struct bench_options *o)
{
    static const struct distribution modes[] = {{.kind = DISTRIBUTION_EXPONENTIAL, .a = 1},
                                                {.kind = DISTRIBUTION_UNIFORM, .a = 1, .b = 2}};
    static const double weights[] = {0.5, 1}, values[] = {1, 2, 3, 4, 5};
    static const struct {
        const char *name;
        struct distribution d;
    } rows[] = {
        {"uniform", {.kind = DISTRIBUTION_UNIFORM, .a = 1, .b = 2}},
        {"normal", {.kind = DISTRIBUTION_NORMAL, .a = 5, .b = 1}},
        {"lognormal", {.kind = DISTRIBUTION_LOGNORMAL, .a = 1, .b = 0.5}},
        {"exponential", {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1}},
        {"gamma", {.kind = DISTRIBUTION_GAMMA, .a = 2.5, .b = 1}},
        {"weibull", {.kind = DISTRIBUTION_WEIBULL, .a = 1.5, .b = 1}},
        {"pareto", {.kind = DISTRIBUTION_PARETO, .a = 1, .b = 3}},
        {"mixture", {.kind = DISTRIBUTION_MIXTURE, .of = modes, .weights = weights, .count = 2}},
        {"empirical", {.kind = DISTRIBUTION_EMPIRICAL, .values = values, .count = 5}},
    };
    uint64_t draws = o->events != 0 ? o->events : 10000000;
    struct zipf *z = zipf_new(100000, 0.99);

    printf(o->csv ? "distribution,stream,draws,seconds,draws_per_second\n"
                  : "distribution  stream     draws  seconds  draws_per_second\n");
    for (int fresh = 0; fresh < 2; fresh++) {
        for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
            bool is_zipf = i == sizeof rows / sizeof *rows;
            double seconds =
                is_zipf ? zipf_measure(z, draws, fresh != 0) : draws_measure(&rows[i].d, draws, fresh != 0);

            printf(o->csv ? "%s,%s,%lu,%.6f,%.0f\n" : "%-12s  %-6s  %8lu  %7.3f  %16.0f\n",
                   is_zipf ? "zipf" : rows[i].name, fresh != 0 ? "fresh" : "long", draws, seconds,
                   (double)draws / seconds);
        }
    }
    zipf_free(z);
    return 0;
}
