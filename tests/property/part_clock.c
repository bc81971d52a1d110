/* part_clock.c -- hybrid and Lamport clocks on nodes whose wall clocks err: random events and messages.
 *
 * A hybrid stamp never goes back, is larger than all it has seen (happens-before), is never behind its node's
 * clock, and is ahead of the fastest clock in the world by no more than one nanosecond an event: the logical
 * part. So with clocks within E of true time it is within E of it, but for these nanoseconds. */
#include "models/parts/clock.h"

#include <criterion/criterion.h>

enum { NODES = 5, EVENTS = 20000, SEEDS = 20 };

static const geo_ns error_ns_max = 50000000;

static uint64_t state;

static uint64_t draw(uint64_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % below;
}

Test(part_clock, hybrid_stays_within_the_clocks_error_and_respects_happens_before)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct clock c[NODES] = {{0}};
        geo_ns offset[NODES], before[NODES] = {0}, true_time = 1000000000;
        state = seed;
        for (int n = 0; n < NODES; n++)
            offset[n] = (geo_ns)draw(2 * (uint64_t)error_ns_max + 1) - error_ns_max;
        for (int i = 0; i < EVENTS; i++) {
            uint64_t n = draw(NODES), from = draw(NODES);
            true_time += (geo_ns)draw(draw(2) == 0 ? 3 : 1000000);
            if (draw(50) == 0) /* synchronised: may be set back */
                offset[n] = (geo_ns)draw(2 * (uint64_t)error_ns_max + 1) - error_ns_max;
            if (draw(2) == 0)
                clock_observe(&c[n], c[from].last);
            geo_ns now = true_time + offset[n], seen = c[n].last,
                   stamp = clock_stamp(&c[n], CLOCK_HYBRID, now);
            cr_assert_gt(stamp, before[n], "goes back: seed %lu", (unsigned long)seed);
            cr_assert_gt(stamp, seen, "not after what it saw: seed %lu", (unsigned long)seed);
            cr_assert_geq(stamp, now, "behind its clock: seed %lu", (unsigned long)seed);
            cr_assert_geq(stamp, true_time - error_ns_max);
            cr_assert_leq(stamp, true_time + error_ns_max + i, "ahead of all clocks: seed %lu",
                          (unsigned long)seed);
            before[n] = stamp;
        }
    }
}

Test(part_clock, lamport_counts_beyond_all_that_it_saw)
{
    struct clock a = {0}, b = {0};

    cr_assert_eq(clock_stamp(&a, CLOCK_LAMPORT, 999), 1);
    cr_assert_eq(clock_stamp(&a, CLOCK_LAMPORT, 5), 2);
    clock_observe(&b, 2);
    cr_assert_eq(clock_stamp(&b, CLOCK_LAMPORT, 0), 3);
    clock_observe(&b, 1);
    cr_assert_eq(clock_stamp(&b, CLOCK_LAMPORT, 0), 4);
}

Test(part_clock, wall_says_what_the_nodes_clock_says)
{
    struct clock c = {0};

    clock_observe(&c, 1000);
    cr_assert_eq(clock_stamp(&c, CLOCK_WALL, 10), 10);
    cr_assert_eq(clock_stamp(&c, CLOCK_WALL, 9), 9);
}
