/* mm1.c -- one server, Poisson arrivals, exponential service, utilisation 0.8: an arrival and a departure
 * event a customer. The mean wait is compared with theory, so that the benchmark cannot be fast and wrong. */
#include "bench/bench.h"
#include "sim/base/check.h"
#include "sim/engine/distribution.h"
#include "sim/engine/event_queue.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum event { ARRIVAL, DEPARTURE };

struct mm1 {
    struct event_queue *q;
    struct distribution between, service;
    random_stream arrivals, services;
    sim_ns *waiting; /* a ring of arrival instants */
    uint64_t mask, first, last, order;
    double wait_ns;
};

static void event_add(struct mm1 *m, sim_ns at, enum event what)
{
    void *payload;

    event_queue_push(m->q, at, ++m->order, &payload);
    *(enum event *)payload = what;
}

static void ring_double(struct mm1 *m)
{
    uint64_t size = (m->mask + 1) * 2;
    sim_ns *larger = memory_new(size, sizeof *larger);

    for (uint64_t i = m->first; i < m->last; i++)
        larger[i & (size - 1)] = m->waiting[i & m->mask];
    free(m->waiting);
    m->waiting = larger;
    m->mask = size - 1;
}

/* The first waiting customer (who stays in the ring until he leaves) begins to be served. */
static void service_begin(struct mm1 *m, sim_ns now)
{
    m->wait_ns += (double)(now - m->waiting[m->first & m->mask]);
    event_add(m, now + distribution_draw_ns(&m->service, &m->services), DEPARTURE);
}

/* Returns the mean wait before service, in units of the mean service time. */
static double mm1_run(uint64_t customers)
{
    struct mm1 m = {
        .q = event_queue_new(sizeof(enum event)),
        .between = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e6 / 0.8},
        .service = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e6},
        .arrivals = random_stream_new(random_key_new(1, 0, "arrivals"), 0, 0),
        .services = random_stream_new(random_key_new(1, 0, "services"), 0, 0),
        .waiting = memory_new(64, sizeof(sim_ns)),
        .mask = 63,
    };
    uint64_t order;
    void *payload;
    sim_ns now;

    event_add(&m, distribution_draw_ns(&m.between, &m.arrivals), ARRIVAL);
    while (event_queue_pop(m.q, &now, &order, &payload)) {
        if (*(enum event *)payload == ARRIVAL) {
            if (m.last - m.first > m.mask)
                ring_double(&m);
            m.waiting[m.last++ & m.mask] = now;
            if (m.last < customers)
                event_add(&m, now + distribution_draw_ns(&m.between, &m.arrivals), ARRIVAL);
            if (m.last - m.first == 1)
                service_begin(&m, now);
        } else if (++m.first < m.last) {
            service_begin(&m, now);
        }
    }
    event_queue_free(m.q);
    free(m.waiting);
    return m.wait_ns / (double)customers / 1e6;
}

/* In units of the mean service time and with utilisation r the mean wait is r / (1 - r) = 4, and that of n
 * customers has, for large n, the variance r (2 + 5r - 4r^2 + r^3) / (1 - r)^4 / n (Daley 1968): 1976 / n for
 * r = 0.8. */
int bench_mm1(const struct bench_options *o)
{
    const double r = 0.8, theory = r / (1 - r);
    uint64_t customers = o->events != 0 ? o->events : 10000000;
    double deviation = sqrt(r * (2 + 5 * r - 4 * r * r + r * r * r) /
                            ((1 - r) * (1 - r) * (1 - r) * (1 - r)) / (double)customers);
    double start = bench_seconds(), wait = mm1_run(customers), seconds = bench_seconds() - start;
    bool right = fabs(wait - theory) < 4 * deviation;

    printf(o->csv ? "customers,seconds,customers_per_second\n%lu,%.6f,%.0f\n"
                  : "customers  seconds  customers_per_second\n%9lu  %7.3f  %20.0f\n",
           customers, seconds, (double)customers / seconds);
    printf("# mean wait %.4f service times, theory %.4f +- %.4f (4 deviations): %s\n", wait, theory,
           4 * deviation, right ? "right" : "WRONG");
    return right ? 0 : 1;
}
