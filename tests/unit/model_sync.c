/* model_sync.c -- whom a write waits for, to the nanosecond; what a partition and a lost disk cost.
 *
 *     a -- 80 -- b,  a -- 150 -- c,  b -- 210 -- c        client round trip 0.5 ms; writes take 2 ms to be
 *                                                         durable, applying 1 ms */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define MS INT64_C(1000000)

static const int64_t client = MS / 2, ab = 80 * MS, ac = 150 * MS, durable = 2 * MS;

static struct simulation *run(const char *models, const char *more)
{
    char yaml[2000];

    snprintf(yaml, sizeof yaml,
             "name: sync\nduration: 20s\nwarmup: 1s\ndrain: 60s\nregions: [a, b, c]\n"
             "network: {rtt: 80ms, links: [{between: [a, c], rtt: 150ms}, {between: [b, c], rtt: 210ms}]}\n"
             "storage: {write: 2ms, apply: 1ms, workers: 64}\n"
             "workload: {arrivals: {constant: 10/s}, keys: {count: 100}, mix: {read: 50%%, write: 50%%}, "
             "timeout: 1s}\n"
             "models: [%s]\n%s",
             models, more);
    return simulate(yaml, 1);
}

static void expect_writes(const struct simulation *s, const char *model, int64_t after_the_leader)
{
    assert_always(s, model, METRIC_WRITE_LATENCY, region_index(s, "a"), client + after_the_leader);
    assert_always(s, model, METRIC_WRITE_LATENCY, region_index(s, "b"), client + ab + after_the_leader);
    assert_always(s, model, METRIC_WRITE_LATENCY, region_index(s, "c"), client + ac + after_the_leader);
}

Test(model_sync, a_write_waits_for_the_slowest_follower_that_is_needed)
{
    struct simulation *s = run("{name: one, type: sync, acks: 1}, {name: two, type: sync, acks: 2}, {name: "
                               "every, type: sync, acks: all}, "
                               "{name: majority, type: sync}, {name: far, type: sync, acks: [c]}, {name: "
                               "self, type: sync, acks: [a]}",
                               "");

    expect_writes(s, "one", durable);
    expect_writes(s, "self", durable);
    expect_writes(s, "two", ab + durable);
    expect_writes(s, "majority", ab + durable);
    expect_writes(s, "every", ac + durable);
    expect_writes(s, "far", ac + durable);
    simulation_free(s);
}

Test(model_sync, reads_at_the_leader_are_never_stale)
{
    struct simulation *s =
        run("{name: one, type: sync, acks: 1}, sync, {name: near, type: sync, read: local, acks: 1}", "");

    cr_expect_eq(simulated(s, "one", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "sync", 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
    assert_always(s, "sync", METRIC_READ_LATENCY, region_index(s, "c"), client + ac);
    assert_always(s, "near", METRIC_READ_LATENCY, region_index(s, "c"), client);
    simulation_free(s);
}

/* c is cut off from 5 s to 15 s: 150 ms late is the first write that finds out. */
Test(model_sync, degrading_bounds_the_wait)
{
    struct simulation *s = run(
        "{name: waits, type: sync, acks: all}, {name: goes-on, type: sync, acks: all, degrade_after: 300ms}",
        "faults: [{at: 5s, for: 10s, partition: [[a, b], [c]]}]\n");
    const struct histogram *h = simulated_values(s, "goes-on", 1, METRIC_WRITE_LATENCY, region_index(s, "a"));
    double availability;

    cr_assert(simulated_maybe(s, "waits", 1, METRIC_WRITE_AVAILABILITY, STATISTIC_VALUE, region_index(s, "a"),
                              &availability));
    cr_expect_lt(availability, 0.6);
    cr_assert(simulated_maybe(s, "goes-on", 1, METRIC_WRITE_AVAILABILITY, STATISTIC_VALUE,
                              region_index(s, "a"), &availability));
    cr_expect_eq(availability, 1);
    cr_expect_eq(histogram_max(h), client + 300 * MS);
    for (int m = 0; m < 2; m++) {
        const char *model = m == 0 ? "waits" : "goes-on";
        cr_expect_eq(simulated(s, model, 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", model);
        cr_expect_eq(simulated(s, model, 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", model);
        cr_expect_eq(simulated(s, model, 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0, "%s", model);
    }
    simulation_free(s);
}

Test(model_sync, what_two_copies_hold_outlives_the_leaders_disk)
{
    struct simulation *s = run("{name: one, type: sync, acks: 1}, sync, {name: every, type: sync, acks: all}",
                               "faults: [{at: 5s, for: 3s, crash: {region: a, lose: disk}}]\n");
    static const char *const models[] = {"one", "sync", "every"};

    for (int m = 0; m < 3; m++) {
        cr_expect_eq(simulated(s, models[m], 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", models[m]);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", models[m]);
        if (m > 0) {
            cr_expect_eq(simulated(s, models[m], 1, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0, "%s",
                         models[m]);
            cr_expect_eq(simulated(s, models[m], 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0, "%s",
                         models[m]);
        }
    }
    simulation_free(s);
}

/* The leader loses its disk again and again, and memory in between: each time its log begins anew far beyond
 * what followers have. It has to look at its own entries alone, or the run would not end. */
Test(model_sync, a_leader_that_loses_its_disk_again_and_again_goes_on, .timeout = 60)
{
    struct simulation *s = run("{name: one, type: sync, acks: 1, resend_after: 1s}",
                               "faults: [{every: 600ms, for: 100ms, crash: {leader: true, lose: disk}}, "
                               "{every: 1500ms, for: 300ms, crash: {region: a, lose: memory}}]\n");

    cr_expect_gt(simulated(s, "one", 1, METRIC_WRITE_AVAILABILITY, STATISTIC_VALUE), 0);
    simulation_free(s);
}
