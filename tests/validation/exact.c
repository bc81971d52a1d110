/* exact.c -- constant links of 80, 150 and 210 ms: each strategy's latencies and lag, by hand, to the
 * nanosecond.
 *
 *     a -- 80 -- b,  a -- 150 -- c,  b -- 210 -- c        client round trip 0.5 ms
 *
 * Notation: C = 0.5 ms (client), ab = 80 ms and so on are round trips. The clients of a region come to its
 * node (C / 2), which does what the strategy says, and answers (C / 2). A write is committed when its client
 * hears of it, so the lag at a replica is (instant of applying) - (instant of the client's hearing), and
 * never below 0. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>

#define MS INT64_C(1000000)

static const char three_regions[] =
    "name: exact\n"
    "duration: 20s\n"
    "warmup: 1s\n"
    "regions: [a, b, c]\n"
    "network:\n"
    "  rtt: 80ms\n"
    "  links:\n"
    "    - {between: [a, c], rtt: 150ms}\n"
    "    - {between: [b, c], rtt: 210ms}\n"
    "workload: {arrivals: {poisson: 20/s}, keys: {count: 1000}, mix: {read: 50%, write: 50%}}\n"
    "models:\n"
    "  - local\n"
    "  - {name: sync-majority, type: sync, acks: majority}\n"
    "  - {name: sync-all, type: sync, acks: all}\n"
    "  - async\n"
    "  - lww\n"
    "  - crdt\n"
    "  - quorum\n"
    "  - {name: quorum-all, type: quorum, w: all, r: one}\n";

static struct simulation *s;

static void run(void)
{
    s = simulate(three_regions, 1);
}

static void done(void)
{
    simulation_free(s);
}

TestSuite(exact, .init = run, .fini = done);

static const int64_t half = MS / 2, ab = 80 * MS, ac = 150 * MS, bc = 210 * MS;

static void expect_latencies(const char *model, enum metric_id metric, int64_t a, int64_t b, int64_t c)
{
    assert_always(s, model, metric, region_index(s, "a"), a);
    assert_always(s, model, metric, region_index(s, "b"), b);
    assert_always(s, model, metric, region_index(s, "c"), c);
}

/* Everybody travels to a. */
Test(exact, local_is_the_way_to_the_leader)
{
    expect_latencies("local", METRIC_WRITE_LATENCY, half, half + ab, half + ac);
    expect_latencies("local", METRIC_READ_LATENCY, half, half + ab, half + ac);
    cr_expect_eq(simulated(s, "local", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    cr_expect_null(simulated_values(s, "local", 1, METRIC_REPLICATION_LAG, ALL_REGIONS),
                   "one copy has no lag");
}

/* The leader a waits for the nearest follower, b; for all: for c. Reads are the leader's by default. */
Test(exact, sync_is_the_way_to_the_leader_and_its_slowest_needed_follower)
{
    expect_latencies("sync-majority", METRIC_WRITE_LATENCY, half + ab, half + ab + ab, half + ac + ab);
    expect_latencies("sync-all", METRIC_WRITE_LATENCY, half + ac, half + ab + ac, half + ac + ac);
    expect_latencies("sync-majority", METRIC_READ_LATENCY, half, half + ab, half + ac);
    cr_expect_eq(simulated(s, "sync-majority", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
}

/* The leader ships as it takes. A write by a client of a is committed C / 2 after it was taken, and applied
 * in b ab / 2 after: lag 39.75 ms; in c 74.75. By one of b: told ab / 2 + C / 2 after, applied in b at ab /
 * 2: no lag; in c 34.75. By one of c: told at 75.25, applied in b at 40, in c at 75: none. */
Test(exact, async_acknowledges_from_its_own_disk)
{
    expect_latencies("async", METRIC_WRITE_LATENCY, half, half + ab, half + ac);
    expect_latencies("async", METRIC_READ_LATENCY, half, half, half);
    const struct histogram *lag = simulated_values(s, "async", 1, METRIC_REPLICATION_LAG, ALL_REGIONS);
    cr_assert_not_null(lag);
    cr_expect_eq(histogram_max(lag), ac / 2 - half / 2);
    cr_expect_eq(histogram_min(lag), 0);
    const struct histogram *last = simulated_values(s, "async", 1, METRIC_CONVERGENCE, ALL_REGIONS);
    cr_expect_eq(histogram_max(last), ac / 2 - half / 2);
}

/* Everybody writes at home; the other regions have it half a round trip after it was taken, C / 2 less after
 * the commit. */
Test(exact, active_active_answers_at_home)
{
    static const char *const models[] = {"lww", "crdt"};

    for (int i = 0; i < 2; i++) {
        expect_latencies(models[i], METRIC_WRITE_LATENCY, half, half, half);
        expect_latencies(models[i], METRIC_READ_LATENCY, half, half, half);
        const struct histogram *lag = simulated_values(s, models[i], 1, METRIC_REPLICATION_LAG, ALL_REGIONS);
        cr_assert_not_null(lag);
        cr_expect_eq(histogram_min(lag), ab / 2 - half / 2, "%s: %lld", models[i],
                     (long long)histogram_min(lag));
        cr_expect_eq(histogram_max(lag), bc / 2 - half / 2, "%s: %lld", models[i],
                     (long long)histogram_max(lag));
    }
}

/* Three copies: a majority is the coordinator's own and the nearest other. With w = all and r = one: the
 * farthest, and none. */
Test(exact, quorum_waits_for_the_nearest_that_make_it)
{
    expect_latencies("quorum", METRIC_WRITE_LATENCY, half + ab, half + ab, half + ac);
    expect_latencies("quorum", METRIC_READ_LATENCY, half + ab, half + ab, half + ac);
    expect_latencies("quorum-all", METRIC_WRITE_LATENCY, half + ac, half + bc, half + bc);
    expect_latencies("quorum-all", METRIC_READ_LATENCY, half, half, half);
    cr_expect_eq(simulated(s, "quorum", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "quorum-all", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
}
