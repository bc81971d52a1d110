/* limit_mm1.c -- how fast a queue with one server can be: straight C that does nothing else, for bench/mm1.c
 * to be measured by.
 *
 *     limit-mm1 [list|two] [CUSTOMERS]
 *
 * The same draws from the same streams in the same order, so that the mean wait is the same; the same
 * columns. What it leaves out is what a simulator needs: an event list of any size, cancelling, checks, time
 * that saturates.
 *
 *     list   the pending events, at most two, as a sorted array of 16-byte keys (instant, sequence and event)
 *     two    no events at all: the next arrival and the next departure are two variables
 *
 * The waiting customers are a ring of fixed size: at utilisation 0.8 more than 4096 wait with a probability
 * of 0.8^4096, which is nothing. */
#include "sim/engine/distribution.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__extension__ typedef unsigned __int128 event_key;

enum { ARRIVAL, DEPARTURE, RING = 4096 };

static const struct distribution between = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e6 / 0.8};
static const struct distribution service = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e6};

static sim_ns waiting[RING];
static event_key pending[4]; /* the latest first */
static uint32_t pending_count;

static void event_add(sim_ns at, uint64_t sequence, uint64_t what)
{
    event_key key = (event_key)(uint64_t)at << 64 | (sequence << 1 | what);
    uint32_t i = pending_count++;

    for (; i > 0 && pending[i - 1] < key; i--)
        pending[i] = pending[i - 1];
    pending[i] = key;
}

/* Both return the mean wait before service in ns. */
static double list_run(uint64_t customers)
{
    random_stream arrivals = random_stream_new(random_key_new(1, 0, "arrivals"), 0, 0);
    random_stream services = random_stream_new(random_key_new(1, 0, "services"), 0, 0);
    uint64_t first = 0, last = 0, sequence = 0;
    double wait_ns = 0;

    event_add(distribution_draw_ns(&between, &arrivals), ++sequence, ARRIVAL);
    while (pending_count > 0) {
        event_key key = pending[--pending_count];
        sim_ns now = (sim_ns)(uint64_t)(key >> 64);

        if ((key & 1) == ARRIVAL) {
            waiting[last++ % RING] = now;
            if (last < customers)
                event_add(now + distribution_draw_ns(&between, &arrivals), ++sequence, ARRIVAL);
            if (last - first != 1)
                continue;
        } else if (++first == last) {
            continue;
        }
        wait_ns += (double)(now - waiting[first % RING]);
        event_add(now + distribution_draw_ns(&service, &services), ++sequence, DEPARTURE);
    }
    return wait_ns / (double)customers;
}

static double two_run(uint64_t customers)
{
    random_stream arrivals = random_stream_new(random_key_new(1, 0, "arrivals"), 0, 0);
    random_stream services = random_stream_new(random_key_new(1, 0, "services"), 0, 0);
    sim_ns arrival = distribution_draw_ns(&between, &arrivals), departure = INT64_MAX;
    uint64_t first = 0, last = 0;
    double wait_ns = 0;

    while (first < customers) {
        sim_ns now = arrival <= departure ? arrival : departure;

        if (arrival <= departure) {
            waiting[last++ % RING] = now;
            arrival = last < customers ? now + distribution_draw_ns(&between, &arrivals) : INT64_MAX;
            if (last - first != 1)
                continue;
        } else if (++first == last) {
            departure = INT64_MAX;
            continue;
        }
        wait_ns += (double)(now - waiting[first % RING]);
        departure = now + distribution_draw_ns(&service, &services);
    }
    return wait_ns / (double)customers;
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int count, char **arguments)
{
    bool two = count > 1 && strcmp(arguments[1], "two") == 0;
    uint64_t customers = count > 2 ? strtoull(arguments[2], NULL, 10) : 10000000;

    if ((count > 1 && !two && strcmp(arguments[1], "list") != 0) || customers == 0) {
        fprintf(stderr, "usage: limit-mm1 [list|two] [CUSTOMERS]\n");
        return 2;
    }
    double start = seconds_now(), wait_ns = two ? two_run(customers) : list_run(customers);
    double seconds = seconds_now() - start;

    printf("customers,seconds,customers_per_second\n%" PRIu64 ",%.6f,%.0f\n", customers, seconds,
           (double)customers / seconds);
    printf("# mean wait %.4f service times\n", wait_ns / 1e6);
    return 0;
}
