/* model_async.c -- where reads go under each policy, what the bounds bound, when the circuit breaks. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define MS INT64_C(1000000)

static const char *regions = "[a, b, c]";

static struct simulation *run(const char *network, const char *models, const char *more)
{
    char yaml[2000];

    snprintf(yaml, sizeof yaml,
             "name: async\nduration: 30s\nwarmup: 1s\ndrain: 60s\nregions: %s\nnetwork: {rtt: 80ms%s}\n"
             "workload: {arrivals: {poisson: 50/s}, keys: {count: 20}, mix: {read: 50%%, write: 50%%}, "
             "timeout: 2s}\n"
             "models: [%s]\n%s",
             regions, network, models, more);
    return simulate(yaml, 2);
}

static int64_t stalest(const struct simulation *s, const char *model, enum metric_id metric)
{
    const struct histogram *h = simulated_values(s, model, 1, metric, ALL_REGIONS);
    return h == NULL ? 0 : histogram_max(h);
}

static const char lossy[] =
    ", transport: datagram, loss: 5%, duplicate: 2%, jitter: {exponential: {mean: 20ms}}";
static const char crash[] = "faults: [{at: 8s, for: 4s, partition: [[a], [b, c]]}, {at: 18s, for: 3s, crash: "
                            "{region: b, lose: memory}},"
                            " {at: 24s, for: 2s, crash: {region: a, lose: memory}}]\n";

Test(model_async, the_leader_read_is_never_stale_and_the_session_never_misses_its_own)
{
    struct simulation *s =
        run(lossy,
            "{name: leader, type: async, read: leader}, {name: session, type: async, read: session}, async",
            crash);

    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_eq(simulated(s, "leader", n, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE), 0);
        cr_expect_gt(simulated(s, "async", n, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE),
                     simulated(s, "session", n, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE));
    }
    simulation_free(s);
}

/* Whatever the network and the crashes do: what a read misses committed no longer ago than the bound, by true
 * time. */
Test(model_async, a_bound_of_time_holds)
{
    struct simulation *s =
        run(lossy, "{name: bounded, type: async, read: {bounded: 300ms}, status_every: 100ms}, async", crash);

    cr_expect_leq(stalest(s, "bounded", METRIC_READ_STALENESS), 300 * MS);
    cr_expect_gt(stalest(s, "async", METRIC_READ_STALENESS), 300 * MS);
    simulation_free(s);
}

Test(model_async, a_bound_of_versions_holds_because_the_leader_waits)
{
    struct simulation *s = run("", "{name: bounded, type: async, read: {bounded: 3 versions}}, async",
                               "faults: [{at: 8s, for: 4s, partition: [[a], [b, c]]}]\n");

    cr_expect_leq(stalest(s, "bounded", METRIC_READ_STALENESS_VERSIONS), 3);
    cr_expect_gt(stalest(s, "async", METRIC_READ_STALENESS_VERSIONS), 3);
    cr_expect_gt(simulated(s, "bounded", 1, METRIC_THROTTLED, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "async", 1, METRIC_THROTTLED, STATISTIC_VALUE), 0);
    simulation_free(s);
}

/* Only a's clients write, 25 a second. b and c are cut off for 10 s: the circuit breaks 2 s after the first
 * write that they miss, and closes when they have said that they caught up, at most 2 s after the healing (a
 * retransmission and a status). So 200 to 250 writes are throttled; Poisson: 5 deviations of sqrt(250) are
 * 79. */
Test(model_async, the_circuit_breaks_at_its_lag_and_closes_again)
{
    regions = "[a, {name: b, workload: {mix: {read: 100%}}}, {name: c, workload: {mix: {read: 100%}}}]";
    struct simulation *s = run("",
                               "{name: breaks, type: async, lag_break: 2s}, {name: goes-on, type: async, "
                               "lag_break: 2s, on_break: continue}",
                               "faults: [{at: 10s, for: 10s, partition: [[a], [b, c]]}]\n");
    double throttled = simulated(s, "breaks", 1, METRIC_THROTTLED, STATISTIC_VALUE);

    cr_expect(throttled > 200 - 79 && throttled < 250 + 79, "%g throttled", throttled);
    cr_expect_eq(simulated(s, "goes-on", 1, METRIC_THROTTLED, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "breaks", 1, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    cr_expect_eq(simulated(s, "goes-on", 1, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    simulation_free(s);
}

/* Batches: fewer messages, the same bytes of values. 75 writes/s for 29 s to two followers. */
Test(model_async, batches_send_fewer_messages)
{
    struct simulation *s = run("", "async, {name: batched, type: async, batch: 100, flush_every: 500ms}", "");
    double each = simulated(s, "async", 1, METRIC_WAN_MESSAGES, STATISTIC_VALUE);
    double batched = simulated(s, "batched", 1, METRIC_WAN_MESSAGES, STATISTIC_VALUE);
    double expected_saving =
        2 * 75 * 29 - 2 * 2 * 29; /* a message a write and follower, against two a second */

    cr_expect_float_eq(each - batched, expected_saving, 5 * 2 * 47, "%g",
                       each - batched); /* 5 x sqrt(75 x 29), twice */
    cr_expect_leq(stalest(s, "batched", METRIC_REPLICATION_LAG), 540 * MS);
    simulation_free(s);
}

Test(model_async, the_leaders_disk_takes_what_was_not_shipped_and_all_agree_afterwards)
{
    struct simulation *s = run("", "{name: slow, type: async, flush_every: 1s, batch: 256}",
                               "faults: [{at: 10s, for: 3s, crash: {region: a, lose: disk}}]\n");

    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_gt(simulated(s, "slow", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0);
        cr_expect_lt(simulated(s, "slow", n, METRIC_LOST_COMMITS, STATISTIC_VALUE),
                     75 + 5 * 9); /* a second's writes and 5 deviations */
        cr_expect_eq(simulated(s, "slow", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}
