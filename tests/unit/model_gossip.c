/* model_gossip.c -- rumours round by round: who hears when, who loses interest, what anti-entropy mends. */
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define MS INT64_C(1000000)

static struct simulation *run(const char *regions, const char *models, const char *more,
                              uint32_t replications)
{
    char yaml[2000];

    snprintf(yaml, sizeof yaml,
             "name: gossip\nduration: 20s\nwarmup: 0s\ndrain: 20s\nregions: %s\n"
             "network: {rtt: 40ms, local: 2ms, client: 0ms}\n"
             "models: [%s]\n%s",
             regions, models, more);
    return simulate(yaml, replications);
}

/* One writer, at 0.5 s, 1.5 s, ... by a constant arrival each second; b's and c's clients only read. Rounds
 * are at 1 s, 2 s, ...: with two nodes there is only one to talk to. What was taken half a second before the
 * round is pushed then and arrives 20 ms later; a pull needs two ways. */
Test(model_gossip, a_rumour_waits_for_the_round_and_travels_one_way_or_two)
{
    struct simulation *s =
        run("[a, {name: b, workload: {clients: 0}}]",
            "{name: push, type: gossip, mode: push, phase: aligned, every: 1s, anti_entropy: 0},\n"
            "{name: pull, type: gossip, mode: pull, phase: aligned, every: 1s, anti_entropy: 0}",
            "workload: {arrivals: {constant: 1/s}, keys: {count: 1000}, mix: {write: 100%}}\n", 1);
    const struct histogram *push = simulated_values(s, "push", 1, METRIC_REPLICATION_LAG, ALL_REGIONS);
    const struct histogram *pull = simulated_values(s, "pull", 1, METRIC_REPLICATION_LAG, ALL_REGIONS);

    cr_assert_not_null(push);
    cr_assert_not_null(pull);
    cr_expect_eq(histogram_count(push), histogram_count(pull));
    cr_expect_eq(histogram_max(pull) - histogram_max(push), 20 * MS);
    cr_expect_eq(histogram_min(pull) - histogram_min(push), 20 * MS);
    cr_expect_eq(simulated(s, "push", 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0);
    simulation_free(s);
}

/* Two nodes, push, a constant write a second on keys that differ: a telling was needed the first time and
 * never again. With {counter: k} each rumour is told 1 + k times, each time answered; blind k times,
 * unanswered. Both nodes know it in the end, so the one told tells back: k times with feedback (never
 * needed), k blind. */
Test(model_gossip, a_node_loses_interest_after_k_useless_contacts)
{
    struct simulation *s = run(
        "[a, {name: b, workload: {clients: 0}}]",
        "{name: k1, type: gossip, mode: push, phase: aligned, every: 100ms, stop: {counter: 1}, "
        "anti_entropy: 0},\n"
        "{name: k3, type: gossip, mode: push, phase: aligned, every: 100ms, stop: {counter: 3}, "
        "anti_entropy: 0},\n"
        "{name: blind, type: gossip, mode: push, phase: aligned, every: 100ms, stop: {counter: 3}, feedback: "
        "false, anti_entropy: 0}",
        "workload: {arrivals: {constant: 1/s}, keys: {count: 1000000}, mix: {write: 100%}}\n", 1);
    double writes = simulated(s, "k1", 1, METRIC_OPERATIONS, STATISTIC_VALUE);

    /* a: 1 needed + k useless, b: k useless; each with its verdict */
    cr_expect_eq(simulated(s, "k1", 1, METRIC_WAN_MESSAGES, STATISTIC_VALUE), writes * 2 * (1 + 1 + 1));
    cr_expect_eq(simulated(s, "k3", 1, METRIC_WAN_MESSAGES, STATISTIC_VALUE), writes * 2 * (1 + 3 + 3));
    cr_expect_eq(simulated(s, "blind", 1, METRIC_WAN_MESSAGES, STATISTIC_VALUE), writes * (3 + 3));
    simulation_free(s);
}

/* Forty nodes. Rumours alone die before they are everywhere, and nothing is promised; anti-entropy mends it,
 * in each mode, over tcp and over datagrams that are lost, doubled and late. */
Test(model_gossip, anti_entropy_leaves_no_residue)
{
    static const char *const transports[] = {
        "", "  transport: datagram\n  loss: 10%\n  duplicate: 5%\n  jitter: {exponential: {mean: 5ms}}\n"};

    for (int t = 0; t < 2; t++) {
        char yaml[2000];
        snprintf(yaml, sizeof yaml,
                 "name: residue\nduration: 10s\nwarmup: 0s\ndrain: 60s\n"
                 "regions: [{name: a, nodes: 20}, {name: b, nodes: 20}]\nnetwork:\n  rtt: 40ms\n%s"
                 "workload: {clients: 20, arrivals: {poisson: 10/s}, keys: {count: 3000}, mix: {read: 50%%, "
                 "write: 50%%}}\n"
                 "models: [{name: alone, type: gossip, mode: push, stop: {counter: 1}, anti_entropy: 0},\n"
                 "  {name: push, type: gossip, mode: push, stop: {counter: 1}},\n"
                 "  {name: pull, type: gossip, mode: pull, stop: {coin: 1}}, {name: both, type: gossip, "
                 "fanout: 3}]\n",
                 transports[t]);
        struct simulation *s = simulate(yaml, 1);
        cr_expect_gt(simulated(s, "alone", 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0);
        cr_expect_eq(simulated(s, "alone", 1, METRIC_CONVERGED, STATISTIC_VALUE), 0);
        for (int m = 0; m < 3; m++) {
            const char *model = (const char *[]){"push", "pull", "both"}[m];
            cr_expect_eq(simulated(s, model, 1, METRIC_UNAPPLIED, STATISTIC_VALUE), 0, "%s", model);
            cr_expect_eq(simulated(s, model, 1, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", model);
        }
        simulation_free(s);
    }
}

/* A node whose disk is lost refuses until it has copied, then has all that others had; a key that is written
 * meanwhile is there too. Reads are never from an empty table: a session on b sees no value older than
 * before. */
Test(model_gossip, a_node_without_its_disk_copies_before_it_serves)
{
    struct simulation *s =
        run("[a, b, c]", "gossip",
            "workload: {arrivals: {poisson: 20/s}, keys: {count: 200}, mix: {read: 50%, write: "
            "50%}}\nfaults: [{at: 8s, for: 2s, crash: {region: b, lose: disk}}]\n",
            2);

    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_eq(simulated(s, "gossip", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
        cr_expect_eq(simulated(s, "gossip", n, METRIC_UNAPPLIED, STATISTIC_VALUE), 0);
    }
    simulation_free(s);
}
