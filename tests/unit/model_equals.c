/* model_equals.c -- strategies without a leader: lww, crdt, quorum. What merges loses nothing, what compares
 * clocks does; forms and levels. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define MS INT64_C(1000000)

static struct simulation *run(const char *network, const char *workload, const char *models, const char *more)
{
    char yaml[3000];

    snprintf(yaml, sizeof yaml,
             "name: equals\nduration: 30s\nwarmup: 1s\ndrain: 120s\nregions: [a, b, {name: c, nodes: "
             "2}]\nnetwork: {rtt: 80ms%s}\n"
             "workload: {arrivals: {poisson: 40/s}, keys: {count: 15}, timeout: 2s, %s}\nmodels: [%s]\n%s",
             network, workload, models, more);
    return simulate(yaml, 2);
}

static const char lossy[] =
    ", transport: datagram, loss: 3%, duplicate: 3%, jitter: {exponential: {mean: 20ms}}";
static const char faults[] = "faults: [{at: 5s, for: 4s, partition: [[a], [b, c]]}, {at: 14s, for: 3s, "
                             "crash: {region: b, lose: memory}}]\n";
static const char counters[] = "data: counter, mix: {read: 40%, increment: 40%, decrement: 20%}";
static const char sets[] = "data: set, mix: {read: 40%, add: 30%, remove: 20%, write: 10%}";
static const char registers[] = "data: register, mix: {read: 50%, write: 40%, update: 10%}";
static const char forms[] = "{name: op, type: crdt, sync: op}, {name: delta, type: crdt, sync: delta}, "
                            "{name: state, type: crdt, sync: state}, "
                            "{name: batched, type: crdt, sync: op, flush_every: 300ms}";

static void expect_whole(const struct simulation *s, const char *model)
{
    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_eq(simulated(s, model, n, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", model);
        cr_expect_eq(simulated(s, model, n, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", model);
        cr_expect_eq(simulated(s, model, n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0, "%s", model);
    }
}

Test(model_equals, the_three_forms_of_a_crdt_lose_nothing_over_a_bad_network)
{
    static const char *const data[] = {counters, sets, registers};
    static const char *const networks[] = {"", lossy};
    static const char *const models[] = {"op", "delta", "state", "batched"};

    for (int d = 0; d < 3; d++)
        for (int w = 0; w < 2; w++) {
            struct simulation *s = run(networks[w], data[d], forms, faults);
            for (int m = 0; m < 4; m++) {
                expect_whole(s, models[m]);
                cr_expect_eq(simulated(s, models[m], 1, METRIC_LOST_UPDATES, STATISTIC_VALUE), 0, "%s, %s",
                             models[m], data[d]);
            }
            simulation_free(s);
        }
}

/* A node without its disk comes back with what the others have of it, in every form. What it had acknowledged
 * and not yet shipped is gone: lost, and so nowhere applied. */
Test(model_equals, replicas_agree_after_a_disk_is_lost)
{
    struct simulation *s =
        run(lossy, counters, forms, "faults: [{at: 10s, for: 3s, crash: {region: b, lose: disk}}]\n");
    static const char *const models[] = {"op", "delta", "state", "batched"};

    for (int m = 0; m < 4; m++) {
        cr_expect_eq(simulated(s, models[m], 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", models[m]);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_UNAPPLIED, STATISTIC_VALUE),
                     simulated(s, models[m], 1, METRIC_LOST_COMMITS, STATISTIC_VALUE), "%s", models[m]);
    }
    simulation_free(s);
}

Test(model_equals, last_writer_wins_converges_and_loses_updates)
{
    struct simulation *s = run(lossy, counters,
                               "lww, {name: hlc, type: lww, clock: hlc}, {name: lamport, type: lww, clock: "
                               "lamport, flush_every: 200ms}",
                               faults);
    static const char *const models[] = {"lww", "hlc", "lamport"};

    for (int m = 0; m < 3; m++) {
        expect_whole(s, models[m]);
        cr_expect_gt(simulated(s, models[m], 1, METRIC_LOST_UPDATES, STATISTIC_VALUE), 0, "%s", models[m]);
    }
    simulation_free(s);
}

/* One clock is ahead by ten times the round trip: on wall clocks it wins over what had seen its writes, on
 * others never. */
Test(model_equals, a_clock_that_has_seen_a_write_turns_no_causal_order_round)
{
    struct simulation *s =
        run("", "data: register, mix: {write: 100%}",
            "lww, {name: hlc, type: lww, clock: hlc}, {name: lamport, type: lww, clock: lamport}",
            "clocks: {regions: {b: {offset: 800ms}}}\n");

    cr_expect_gt(simulated(s, "lww", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    cr_expect_gt(simulated(s, "lww", 1, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "hlc", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    cr_expect_eq(simulated(s, "lamport", 1, METRIC_CAUSAL_INVERSIONS, STATISTIC_VALUE), 0);
    simulation_free(s);
}

Test(model_equals, quorums_that_meet_miss_nothing)
{
    struct simulation *s =
        run(lossy, counters,
            "quorum, {name: w-all, type: quorum, w: all, r: one}, {name: each, type: quorum, level: "
            "each_quorum}, "
            "{name: one, type: quorum, level: one}, {name: three, type: quorum, n: 3, w: 2, r: 2}",
            faults);
    static const char *const models[] = {"quorum", "w-all", "each", "three", "one"};

    for (int m = 0; m < 5; m++) {
        expect_whole(s, models[m]);
        cr_expect_eq(simulated(s, models[m], 1, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE) > 0, m == 4,
                     "%s", models[m]);
    }
    simulation_free(s);
}

/* Without hints, what was written while a was cut off, to the end, reaches it by anti-entropy or not at all.
 * */
Test(model_equals, anti_entropy_does_without_hints)
{
    struct simulation *s =
        run(lossy, registers,
            "{name: entropy, type: quorum, handoff: false, repair: false, anti_entropy: 2s}, "
            "{name: nothing, type: quorum, handoff: false, repair: false}",
            "faults: [{at: 20s, for: 15s, partition: [[a], [b, c]]}]\n");

    expect_whole(s, "entropy");
    cr_expect_eq(simulated(s, "nothing", 1, METRIC_CONVERGED, STATISTIC_VALUE), 0);
    simulation_free(s);
}

/* The latency of each level at a, whose own node votes at once: b is 80 ms away, c's two nodes 150 ms. */
Test(model_equals, levels_wait_for_whom_they_name)
{
    static const struct {
        const char *model;
        int64_t wait_ns;
    } expected[] = {{"one", 0},         {"local", 0},        {"quorum", 150 * MS},
                    {"each", 150 * MS}, {"every", 150 * MS}, {"two", 80 * MS}};
    struct simulation *s =
        run(", links: [{between: [a, c], rtt: 150ms}]", registers,
            "{name: one, type: quorum, level: one}, {name: local, type: quorum, level: local_quorum}, "
            "{name: quorum, type: quorum, level: quorum}, {name: each, type: quorum, level: each_quorum}, "
            "{name: every, type: quorum, level: all}, {name: two, type: quorum, r: 2, w: 2}",
            "");

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_always(s, expected[i].model, METRIC_READ_LATENCY, region_index(s, "a"),
                      MS / 2 + expected[i].wait_ns);
    simulation_free(s);
}
