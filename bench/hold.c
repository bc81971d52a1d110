/* hold.c -- the hold model (Jones: An Empirical Comparison of Priority-Queue and Event-Set Implementations,
 * CACM 29, 1986): n events are pending; take the first, push one an increment later, again and again.
 *
 * Increments have mean 1 s of simulated time (equal: exactly 1 s, so that all are pending at one instant;
 * bimodal: 9 in 10 short, 1 in 10 a hundred times as long). Each is a fresh counter-based draw; n holds warm
 * up before the clock starts. */
#include "bench/bench.h"
#include "sim/engine/distribution.h"
#include "sim/engine/event_queue.h"

#include <stdio.h>

struct payload {
    uint64_t number, filling[3];
};

static double hold_measure(size_t pending, const struct distribution *increments, uint64_t events)
{
    struct event_queue *q = event_queue_new(sizeof(struct payload));
    random_stream s = random_stream_new(random_key_new(1, pending, "hold"), 0, 0);
    uint64_t order = 0, sum = 0;
    double start = 0;
    void *payload;
    sim_ns now = 0;

    for (; order < pending; order++) {
        event_queue_push(q, distribution_draw_ns(increments, &s), order, &payload);
        ((struct payload *)payload)->number = order;
    }
    for (uint64_t i = 0, warmup = 4 * pending; i < warmup + events; i++) {
        uint64_t first;

        if (i == warmup)
            start = bench_seconds();
        event_queue_pop(q, &now, &first, &payload);
        sum += ((struct payload *)payload)->number;
        event_queue_push(q, now + distribution_draw_ns(increments, &s), order, &payload);
        ((struct payload *)payload)->number = order++;
    }
    double seconds = bench_seconds() - start;
    event_queue_free(q);
    return sum != 0 ? seconds : -1;
}

int bench_hold(const struct bench_options *o)
{
    static const struct distribution modes[] = {
        {.kind = DISTRIBUTION_UNIFORM, .a = 0, .b = 2e9 / 10.9},
        {.kind = DISTRIBUTION_UNIFORM, .a = 99e9 / 10.9, .b = 101e9 / 10.9},
    };
    static const double weights[] = {0.9, 1};
    static const struct {
        const char *name;
        struct distribution increments;
    } rows[] = {
        {"exponential", {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9}},
        {"uniform", {.kind = DISTRIBUTION_UNIFORM, .a = 0, .b = 2e9}},
        {"bimodal", {.kind = DISTRIBUTION_MIXTURE, .of = modes, .weights = weights, .count = 2}},
        {"equal", {.kind = DISTRIBUTION_CONSTANT, .a = 1e9}},
    };
    static const size_t pending[] = {100, 10000, 1000000};
    uint64_t events = o->events != 0 ? o->events : 10000000;

    printf(o->csv ? "pending,increments,events,seconds,events_per_second\n"
                  : "pending  increments     events  seconds  events_per_second\n");
    for (size_t p = 0; p < sizeof pending / sizeof *pending; p++) {
        if (o->pending != 0 && o->pending != pending[p])
            continue;
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            double seconds = hold_measure(pending[p], &rows[i].increments, events);

            printf(o->csv ? "%zu,%s,%lu,%.6f,%.0f\n" : "%7zu  %-11s  %9lu  %7.3f  %17.0f\n", pending[p],
                   rows[i].name, events, seconds, (double)events / seconds);
            fflush(stdout);
        }
    }
    return 0;
}
