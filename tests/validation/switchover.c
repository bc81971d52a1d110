/* switchover.c -- a planned change of leader keeps what is promised, whatever comes between: a partition
 * while it is under way, datagrams that are lost, nodes that restart. And a failover is good for longer than
 * lag_break. Round trips are 80 ms, statuses come every second. */
#include "tests/support/simulate.h"

#include "sim/engine/time.h"
#include "sim/experiment/trial_run.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { REPLICATIONS = 8 };

static struct simulation *run(const char *regions, const char *network, const char *faults)
{
    char yaml[2000];

    snprintf(yaml, sizeof yaml,
             "name: switchover\nduration: 30s\nwarmup: 1s\ndrain: 60s\nregions: %s\n"
             "network: {rtt: 80ms, local: 0.2ms%s}\n"
             "workload: {clients: 5, arrivals: {poisson: 100/s}, keys: {count: 20}, "
             "mix: {read: 50%%, write: 50%%}, timeout: 2s}\nmodels:\n"
             "  - {name: leader, type: async, read: leader}\n"
             "  - {name: session, type: async, read: session}\n"
             "  - {name: time, type: async, read: {bounded: 3s}}\n"
             "  - {name: versions, type: async, read: {bounded: 10 versions}}\n"
             "faults: [%s]\n",
             regions, network, faults);
    return simulate(yaml, REPLICATIONS);
}

/* Nothing that a model promises is broken, nothing is lost, all agree, and writes succeed again. The most
 * changes of leader that one run had. */
static double all_is_kept(const struct simulation *s, double rto_s_most)
{
    double most = 0;

    for (uint32_t m = 0; m < s->scenario->model_count; m++)
        for (uint32_t n = 1; n <= REPLICATIONS; n++) {
            const struct trial_figures *f = s->figures[(n - 1) * s->scenario->model_count + m];
            const char *name = s->scenario->models[m].name;
            uint64_t promised = model_promise(s->scenario, m).checks;
            for (uint32_t c = 0; c < f->check_count; c++)
                if ((promised >> f->checks[c].check & 1) != 0)
                    cr_expect_neq(f->checks[c].holds, CHECK_BROKEN, "%s, replication %d: check %d", name,
                                  (int)n, f->checks[c].check);
            cr_expect_eq(simulated(s, name, n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0);
            cr_expect_eq(simulated(s, name, n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
            const struct histogram *rto = simulated_values(s, name, n, METRIC_RTO, ALL_REGIONS);
            if (rto != NULL)
                cr_expect((double)histogram_max(rto) / 1e9 < rto_s_most, "%s, replication %d: %g s", name,
                          (int)n, (double)histogram_max(rto) / 1e9);
            double failovers = simulated(s, name, n, METRIC_FAILOVERS, STATISTIC_VALUE);
            most = failovers > most ? failovers : most;
        }
    return most;
}

/* The change takes until a status of b, so from 8.04 s to 9.1 s; the partition comes in the midst of it. In
 * some runs b leads and a is cut off: a must not answer reads, nor take writes, though it has not heard of
 * b's first beat. Clients in a are without service until 22.5 s, a retransmission (up to 1 s) and the way
 * later, and their own timeout: under 18 s after the partition's beginning. */
Test(switchover, a_partition_in_the_midst_of_it_breaks_no_promise)
{
    struct simulation *s =
        run("[a, b, c]", "", "{at: 8s, switchover: {to: b}}, {at: 8.5s, for: 14s, partition: [[a], [b, c]]}");

    cr_expect_eq(all_is_kept(s, 18), 1);
    simulation_free(s);
}

Test(switchover, datagrams_that_are_lost_or_late_break_no_promise)
{
    struct simulation *s =
        run("[{name: a, nodes: 2}, {name: b, nodes: 3}, c]",
            ", transport: datagram, loss: 3%, duplicate: 2%, jitter: {exponential: {mean: 30ms}}",
            "{at: 5s, switchover: {to: b}}, {at: 10s, switchover: {to: c}}, {at: 15s, switchover: {to: a}}");

    cr_expect_eq(all_is_kept(s, 0), 3);
    simulation_free(s);
}

/* One of a's two nodes stands still, so that a is not ready. After 10 s a leads on (in a new term, for its
 * other node had said that it was ready), and the node that comes back at 22.02 s hears of it. */
Test(switchover, one_that_takes_too_long_is_called_off)
{
    struct simulation *s = run("[{name: a, nodes: 2}, {name: b, nodes: 3}, c]", "",
                               "{at: 8s, switchover: {to: b}}, {at: 8.02s, for: 14s, crash: {region: a, "
                               "node: 1, lose: nothing}}");

    all_is_kept(s, 10.5);
    simulation_free(s);
}

/* Who leads outlives restarts on either side, in the midst of it and later: the node that was to tell the
 * next leader restarts, the next leader restarts, a follower loses its disk. */
Test(switchover, restarts_lose_no_leader)
{
    struct simulation *s = run("[a, b, c]", "",
                               "{at: 5s, switchover: {to: b}}, {at: 5.4s, for: 500ms, crash: {region: a, "
                               "lose: memory}}, {at: 6.2s, for: 2s, crash: {region: b, lose: memory}}, "
                               "{at: 15s, switchover: {to: c}}, {at: 15.5s, for: 500ms, crash: {region: c, "
                               "lose: memory}}");

    cr_expect_eq(all_is_kept(s, 5), 2);
    simulation_free(s);
}

/* a, which led first, loses its disk when b leads: it must ask, not take itself for the leader of old. */
Test(switchover, the_first_leader_without_its_disk_asks_who_leads)
{
    struct simulation *s =
        run("[a, b, c]", "",
            "{at: 5s, switchover: {to: b}}, {at: 12.7s, for: 500ms, crash: {region: a, lose: disk}}");

    cr_expect_eq(all_is_kept(s, 3), 1);
    for (uint32_t n = 1; n <= REPLICATIONS; n++)
        cr_expect_eq(histogram_max(simulated_values(s, "leader", n, METRIC_TWO_LEADERS, ALL_REGIONS)), 0);
    simulation_free(s);
}

/* The leader that lost its disk is asked for no more when it has handed over; the one that leads by then is,
 * and must learn that it leads: from the others, who know. Its commits under way are lost, and no more. */
Test(switchover, a_second_leader_without_its_disk_leads_again)
{
    struct simulation *s =
        run("[a, b, c]", "",
            "{at: 5s, switchover: {to: b}}, {at: 12s, for: 500ms, crash: {region: b, lose: disk}}");

    for (uint32_t n = 1; n <= REPLICATIONS; n++) {
        cr_expect_lt(histogram_max(simulated_values(s, "leader", n, METRIC_RTO, ALL_REGIONS)),
                     3 * SIM_SECOND);
        cr_expect_eq(simulated(s, "leader", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}

/* The old leader never comes back. The new one does not wait for it: without that, lag_break (30 s) would
 * refuse every write from 40 s on. */
Test(switchover, a_dead_leader_breaks_no_circuit_of_the_next)
{
    struct simulation *s = simulate(
        "name: dead\nduration: 70s\nwarmup: 1s\ndrain: 10s\nregions: [a, b, c]\nnetwork: {rtt: 80ms}\n"
        "workload: {arrivals: {poisson: 20/s}, keys: {count: 20}, mix: {write: 100%}, timeout: 2s}\n"
        "models: [{name: f, type: async, failover: {after: 2s}}]\n"
        "faults: [{at: 8s, crash: {leader: true, lose: disk}}]\n",
        2);

    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_eq(simulated(s, "f", n, METRIC_FAILOVERS, STATISTIC_VALUE), 1);
        cr_expect_eq(simulated(s, "f", n, METRIC_THROTTLED, STATISTIC_VALUE), 0);
    }
    simulation_free(s);
}
