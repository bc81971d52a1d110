/* partition.c -- who can write while c is cut off from a and b, under each strategy; and that all agree after
 * the healing.
 *
 * Ten writes a second in each region, at 0.1, 0.2, ... s; c is cut off from 20 s to 30 s; a client gives up
 * after 1 s. What needs the other side and is begun in [20, 29) fails for certain: 90 writes. What is begun
 * just before (its ways there and back take up to 300 ms), in the last second, or in the one after the
 * healing (tcp keeps the order: it may wait for an earlier message, whose next transmission comes up to 1 s
 * after the healing) may fail or not: up to 3 + 10 + 10. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char cut_off[] =
    "name: cut\n"
    "duration: 50s\n"
    "warmup: 1s\n"
    "drain: 60s\n"
    "regions: [a, b, c]\n"
    "network: {rtt: 80ms, links: [{between: [a, c], rtt: 150ms}, {between: [b, c], rtt: 130ms}]}\n"
    "workload: {data: counter, arrivals: {constant: 10/s}, keys: {count: 50}, mix: {increment: 100%}, "
    "timeout: 1s}\n"
    "models:\n"
    "  - local\n"
    "  - {name: sync-majority, type: sync, acks: majority}\n"
    "  - {name: sync-all, type: sync, acks: all}\n"
    "  - async\n"
    "  - lww\n"
    "  - crdt\n"
    "  - quorum\n"
    "faults: [{at: 20s, for: 10s, partition: [[a, b], [c]]}]\n";

static double failed(const struct simulation *s, const char *model, const char *region)
{
    double availability = 0, operations = 490; /* of the window: at 1.0 .. 49.9 s */

    cr_assert(simulated_maybe(s, model, 1, METRIC_AVAILABILITY, STATISTIC_VALUE, region_index(s, region),
                              &availability));
    return (1 - availability) * operations;
}

Test(partition, each_side_can_do_what_its_strategy_allows)
{
    struct simulation *s = simulate(cut_off, 1);
    static const struct {
        const char *model;
        bool a, b, c; /* can it write during the cut? */
    } expected[] = {
        {"local", true, true, false},      {"sync-majority", true, true, false},
        {"sync-all", false, false, false}, {"async", true, true, false},
        {"lww", true, true, true},         {"crdt", true, true, true},
        {"quorum", true, true, false},
    };

    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const bool can[3] = {expected[i].a, expected[i].b, expected[i].c};
        for (int g = 0; g < 3; g++) {
            const char *region = (const char *[]){"a", "b", "c"}[g];
            double f = failed(s, expected[i].model, region);
            if (can[g])
                cr_expect_float_eq(f, 0, 0.01, "%s in %s: %g failed", expected[i].model, region, f);
            else
                cr_expect(f >= 90 - 0.01 && f <= 113.01, "%s in %s: %g failed", expected[i].model, region, f);
        }
        cr_expect_eq(simulated(s, expected[i].model, 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s",
                     expected[i].model);
        cr_expect_eq(simulated(s, expected[i].model, 1, METRIC_DIVERGED_KEYS, STATISTIC_MAX) > 0,
                     strcmp(expected[i].model, "local") != 0, "%s", expected[i].model);
    }
    simulation_free(s);
}

/* All replicas answer alike in the end, whatever the transport and the fault. What was committed is there
 * too, but for what a region acknowledged by itself and had not shipped when its disk was lost (lww, crdt
 * and gossip, in b). */
Test(partition, everything_committed_is_everywhere_in_the_end)
{
    static const char *const changes[] = {
        "network: {rtt: 80ms, transport: tcp, loss: 2%}\n",
        "network: {rtt: 80ms, transport: datagram, loss: 2%, duplicate: 2%, jitter: {exponential: {mean: "
        "10ms}}}\n",
    };
    static const char *const faults[] = {
        "faults: [{at: 10s, for: 5s, partition: [[a, b], [c]]}]\n",
        "faults: [{at: 10s, for: 5s, cut: {from: a, to: b}}]\n",
        "faults: [{at: 10s, for: 5s, crash: {region: b, lose: nothing}}]\n",
        "faults: [{at: 10s, for: 5s, crash: {region: b, lose: memory}}]\n",
        "faults: [{at: 10s, for: 5s, crash: {region: a, lose: memory}}]\n",
        "faults: [{at: 10s, for: 5s, crash: {region: b, lose: disk}}]\n",
    };
    static const char *const models[] = {"sync", "async", "lww", "crdt", "quorum", "gossip", "push", "pull"};

    for (size_t n = 0; n < sizeof changes / sizeof changes[0]; n++)
        for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
            char yaml[2000];
            snprintf(
                yaml, sizeof yaml,
                "name: heal\nduration: 30s\nwarmup: 1s\ndrain: 120s\nregions: [a, b, {name: c, nodes: 2}]\n%s"
                "workload: {data: counter, arrivals: {poisson: 20/s}, keys: {count: 50}, mix: {increment: "
                "100%%},"
                " timeout: 1s}\nmodels: [sync, async, lww, crdt, quorum, gossip, {name: push, type: gossip, "
                "mode: "
                "push, stop: {coin: 2}}, {name: pull, type: gossip, mode: pull, feedback: false}]\n%s",
                changes[n], faults[f]);
            struct simulation *s = simulate(yaml, 2);
            for (uint32_t r = 1; r <= 2; r++)
                for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
                    cr_expect_eq(simulated(s, models[m], r, METRIC_CONVERGED, STATISTIC_VALUE), 1,
                                 "%s, %s %s", models[m], changes[n], faults[f]);
                    bool alone = strcmp(models[m], "lww") == 0 || strcmp(models[m], "crdt") == 0 || m >= 5;
                    if (alone && strstr(faults[f], "disk") != NULL)
                        continue;
                    cr_expect_eq(simulated(s, models[m], r, METRIC_UNAPPLIED, STATISTIC_VALUE), 0,
                                 "%s, %s %s", models[m], changes[n], faults[f]);
                    cr_expect_eq(simulated(s, models[m], r, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0,
                                 "%s, %s %s", models[m], changes[n], faults[f]);
                }
            simulation_free(s);
        }
}

/* Eight servers a node, whose times are drawn: rows that came in order would be applied in another. */
Test(partition, what_needs_its_order_keeps_it_where_servers_overtake)
{
    static const char yaml[] =
        "name: overtaking\nduration: 20s\nwarmup: 1s\ndrain: 60s\nregions: [a, b, {name: c, nodes: 2}]\n"
        "network: {rtt: 40ms}\nstorage: {apply: {exponential: {mean: 3ms}}, workers: 8}\n"
        "workload: {data: counter, arrivals: {poisson: 100/s}, keys: {count: 5}, "
        "mix: {increment: 60%, decrement: 40%}}\n"
        "models: [sync, async, lww, {name: op, type: crdt, sync: op}, {name: delta, type: crdt, sync: "
        "delta}, "
        "{name: state, type: crdt, sync: state}, quorum]\n";
    static const char *const models[] = {"sync", "async", "lww", "op", "delta", "state", "quorum"};
    struct simulation *s = simulate(yaml, 2);

    for (uint32_t r = 1; r <= 2; r++)
        for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
            cr_expect_eq(simulated(s, models[m], r, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", models[m]);
            cr_expect_eq(simulated(s, models[m], r, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", models[m]);
        }
    simulation_free(s);
}
