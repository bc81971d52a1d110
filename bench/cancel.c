/* cancel.c -- the hold model of a system that arms a time-out for every request. A step pops an event and
 * pushes the next, cancels the oldest time-out, arms a new one ten mean increments ahead, and re-arms
 * another: of three events one fires, one is cancelled and one is moved; no time-out ever fires. As many
 * time-outs as events are pending.
 */
#include "bench/bench.h"
#include "sim/base/check.h"
#include "sim/engine/distribution.h"
#include "sim/engine/event_queue.h"

#include <stdio.h>
#include <stdlib.h>

/* Steps of one pop, two pushes, one cancel, one rearm: five operations. */
static double cancel_measure(size_t pending, uint64_t steps)
{
    static const struct distribution increments = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9};
    struct event_queue *q = event_queue_new(32);
    random_stream s = random_stream_new(random_key_new(1, pending, "cancel"), 0, 0);
    event_handle *timers = memory_new(pending, sizeof *timers);
    uint64_t order = 0, cancelled = 0;
    double start = 0;
    void *payload;
    sim_ns now = 0;

    for (size_t i = 0; i < pending; i++) {
        event_queue_push(q, distribution_draw_ns(&increments, &s), ++order, &payload);
        timers[i] = event_queue_push(q, 10 * SIM_SECOND, ++order, &payload);
    }
    for (uint64_t i = 0, warmup = 4 * pending; i < warmup + steps; i++) {
        event_handle *oldest = &timers[i % pending];
        uint64_t first;

        if (i == warmup)
            start = bench_seconds();
        event_queue_pop(q, &now, &first, &payload);
        event_queue_push(q, now + distribution_draw_ns(&increments, &s), ++order, &payload);
        cancelled += event_queue_cancel(q, *oldest);
        *oldest = event_queue_push(q, now + 10 * SIM_SECOND, ++order, &payload);
        event_queue_rearm(q, timers[(i + pending / 2) % pending], now + 10 * SIM_SECOND, ++order);
    }
    double seconds = bench_seconds() - start;
    CHECK(cancelled > steps / 2);
    event_queue_free(q);
    free(timers);
    return seconds;
}

int bench_cancel(const struct bench_options *o)
{
    static const size_t pending[] = {100, 10000, 1000000};
    uint64_t steps = o->events != 0 ? o->events : 5000000;

    printf(o->csv ? "pending,steps,seconds,steps_per_second\n"
                  : "pending     steps  seconds  steps_per_second\n");
    for (size_t p = 0; p < 3; p++) {
        double seconds = cancel_measure(pending[p], steps);

        printf(o->csv ? "%zu,%lu,%.6f,%.0f\n" : "%7zu  %8lu  %7.3f  %16.0f\n", pending[p], steps, seconds,
               (double)steps / seconds);
    }
    return 0;
}
