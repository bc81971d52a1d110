/* failover.c -- another leader, by arithmetic on constant links: a-b 80 ms, a-c 150 ms, b-c 130 ms round
 * trip; `after` is 2 s, so that the leader a beats every 500 ms, and b hears it 40 ms later, c 75 ms.
 *
 * When a falls silent after its beat at t, b suspects it at t + 2.040 s and asks c, c at t + 2.075 s and asks
 * b. c's question arrives at t + 2.140 s and has the larger term, so that b agrees; the answer is there at t
 * + 2.205 s. Where b has got further than c it is told to lead, and hears so at t + 2.270 s. */
#include "tests/support/simulate.h"
#include "tests/support/world.h"

#include "sim/experiment/trial_run.h"
#include "sim/trial/trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD                                                                                                 \
    "name: failover\nduration: 60s\nwarmup: 1s\ndrain: 60s\nregions: [a, b, c]\n"                            \
    "network: {rtt: 80ms, local: 0, overhead: 0B, links: [{between: [a, c], rtt: 150ms}, {between: [b, c], " \
    "rtt: 130ms}]}\n"
#define MODELS "models:\n  - {name: f, type: async, failover: {after: 2s}}\n"

/* The whole history of replication `n`. */
static struct record_list history_of(const struct simulation *s, uint32_t n, uint32_t *beat)
{
    const struct scenario_model *m = &s->scenario->models[0];
    struct record_list records = {0};
    struct trial *t = trial_new(&(struct trial_def){.world = &s->scenario->world,
                                                    .model = m->model,
                                                    .config = m->config,
                                                    .model_name = m->name,
                                                    .seed = s->scenario->seed,
                                                    .replication = n});

    for (uint32_t i = 0; i < trial_setting(t)->message_count; i++)
        if (strcmp(trial_setting(t)->message_names[i], "beat") == 0)
            *beat = i;
    test_keep_history(t, &records);
    cr_assert(trial_run(t, NULL));
    trial_free(t);
    return records;
}

static const struct history_record *second_leader(const struct record_list *records)
{
    for (size_t i = 1; i < test_record_count(records, HISTORY_LEADS); i++)
        if (test_record(records, HISTORY_LEADS, i)->leads.yes)
            return test_record(records, HISTORY_LEADS, i);
    return NULL;
}

/* A leader that is merely paused: what it had sent arrives. */
Test(failover, another_leader_takes_over_when_the_arithmetic_says)
{
    struct simulation *s =
        simulate(HEAD "workload: {arrivals: {constant: 1/s}, mix: {read: 100%}}\n" MODELS
                      "faults: [{at: 20s, for: 10s, crash: {leader: true, lose: nothing}}]\n",
                 5);

    for (uint32_t n = 1; n <= 5; n++) {
        uint32_t beat = 0;
        struct record_list records = history_of(s, n, &beat);
        sim_ns last = 0;
        for (size_t i = 0; i < records.list.count; i++) {
            const struct history_record *r = &records.list.items[i];
            if (r->kind == HISTORY_SEND && r->send.type == beat && r->send.to == 1 &&
                r->time < 20 * SIM_SECOND)
                last = r->time;
        }
        cr_assert(last >= 19500 * SIM_MILLISECOND);
        const struct history_record *leads = second_leader(&records);
        cr_assert_not_null(leads);
        cr_expect_eq(leads->node, 2);
        cr_expect_eq(leads->time, last + 2205 * SIM_MILLISECOND, "%g ms after the last beat",
                     (double)(leads->time - last) / 1e6);
        cr_expect_eq(simulated(s, "f", n, METRIC_FAILOVERS, STATISTIC_VALUE), 1);
        cr_expect_eq(histogram_max(simulated_values(s, "f", n, METRIC_FAILOVER_TIME, ALL_REGIONS)),
                     leads->time - 20 * SIM_SECOND);
        array_free(&records.list);
    }
    simulation_free(s);
}

/* a's clients write at 0.1, 0.2, ... s and are answered at once. The crash at 19.920 s takes the disk, and
 * the write of 19.900 s on its way: 20 ms, one write. b and c have the same, so c leads. */
Test(failover, what_was_under_way_is_lost_and_no_more)
{
    struct simulation *s =
        simulate("name: failover\nduration: 60s\nwarmup: 1s\ndrain: 60s\nregions: [a, {name: b, workload: "
                 "{clients: 0}}, {name: "
                 "c, workload: {clients: 0}}]\n"
                 "network: {rtt: 80ms, local: 0, overhead: 0B, links: [{between: [a, c], rtt: 150ms}, "
                 "{between: [b, c], rtt: "
                 "130ms}]}\n"
                 "workload: {arrivals: {constant: 10/s}, mix: {write: 100%}, keys: {count: 100000}, timeout: "
                 "1s}\n" MODELS "faults: [{at: 19.92s, for: 10s, crash: {leader: true, lose: disk}}]\n",
                 5);

    for (uint32_t n = 1; n <= 5; n++) {
        cr_expect_eq(simulated(s, "f", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 1);
        cr_expect_eq(histogram_max(simulated_values(s, "f", n, METRIC_RPO, ALL_REGIONS)),
                     20 * SIM_MILLISECOND);
        cr_expect_eq(histogram_max(simulated_values(s, "f", n, METRIC_LOST_COMMITS_PER_FAULT, ALL_REGIONS)),
                     1);
        cr_expect_eq(simulated(s, "f", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}

/* a is cut off for 10 s, goes on, and hears of the new leader once the links are back: what was sent
 * meanwhile comes again up to 1 s after the healing, on a way of up to 75 ms. What its clients wrote from 20
 * s on (and in the 75 ms before, which were under way) is rolled back, on keys that nobody writes again. */
Test(failover, a_leader_that_is_cut_off_is_rolled_back)
{
    struct simulation *s = simulate(
        HEAD "workload: {arrivals: {constant: 10/s}, mix: {write: 100%}, keys: {count: 10000000}, timeout: "
             "1s}\n" MODELS "faults: [{at: 20s, for: 10s, partition: [[a], [b, c]]}]\n",
        5);

    for (uint32_t n = 1; n <= 5; n++) {
        double lead =
            (double)histogram_max(simulated_values(s, "f", n, METRIC_FAILOVER_TIME, ALL_REGIONS)) / 1e9;
        double two =
            (double)histogram_max(simulated_values(s, "f", n, METRIC_TWO_LEADERS, ALL_REGIONS)) / 1e9;
        double lost = simulated(s, "f", n, METRIC_LOST_COMMITS, STATISTIC_VALUE);
        double until = lead + two; /* since 20 s */
        cr_expect(lead > 1.705 && lead <= 2.270001, "%g", lead);
        cr_expect(until > 10 && until <= 11.075001, "%g", until);
        cr_expect(lost >= floor(until * 10) - 1 && lost <= floor(until * 10) + 2, "%g lost until %g", lost,
                  until);
        cr_expect_eq(simulated(s, "f", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}

/* With a quorum a minority promotes nobody; without, it does. */
Test(failover, a_minority_that_is_cut_off_promotes_nobody_with_a_quorum)
{
    struct simulation *s =
        simulate(HEAD "workload: {arrivals: {constant: 10/s}, mix: {write: 100%}, timeout: 1s}\nmodels:\n"
                      "  - {name: alone, type: async, failover: {after: 2s}}\n"
                      "  - {name: quorum, type: async, failover: {after: 2s, quorum: true}}\n"
                      "faults: [{at: 20s, for: 10s, partition: [[a, b], [c]]}]\n",
                 2);

    for (uint32_t n = 1; n <= 2; n++) {
        cr_expect_eq(simulated(s, "alone", n, METRIC_FAILOVERS, STATISTIC_VALUE), 1);
        cr_expect_eq(simulated(s, "quorum", n, METRIC_FAILOVERS, STATISTIC_VALUE), 0);
        cr_expect_eq(simulated(s, "quorum", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0);
        cr_expect_eq(simulated(s, "alone", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
        cr_expect_eq(simulated(s, "quorum", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}

/* A planned change loses nothing and is over within two ways and what was under way: the last write before it
 * is confirmed by b when b's next report is there, at most 1 s + 40 ms later (status_every), and b hears 40
 * ms after that. */
Test(failover, a_switchover_loses_nothing)
{
    struct simulation *s = simulate(
        HEAD "workload: {arrivals: {constant: 10/s}, mix: {write: 100%}, timeout: 1s}\nmodels: [{name: f, "
             "type: async}]\nfaults: [{at: 20s, switchover: {to: b}}]\n",
        3);

    for (uint32_t n = 1; n <= 3; n++) {
        const struct histogram *took = simulated_values(s, "f", n, METRIC_FAILOVER_TIME, ALL_REGIONS);
        cr_expect_eq(simulated(s, "f", n, METRIC_FAILOVERS, STATISTIC_VALUE), 1);
        cr_assert_not_null(took);
        cr_expect(histogram_max(took) >= 40 * SIM_MILLISECOND &&
                      histogram_max(took) <= 1120 * SIM_MILLISECOND,
                  "%g", (double)histogram_max(took));
        cr_expect_eq(simulated(s, "f", n, METRIC_LOST_COMMITS, STATISTIC_VALUE), 0);
        cr_expect_eq(simulated(s, "f", n, METRIC_UNAPPLIED, STATISTIC_VALUE), 0);
        cr_expect_eq(histogram_max(simulated_values(s, "f", n, METRIC_TWO_LEADERS, ALL_REGIONS)), 0);
        cr_expect_eq(simulated(s, "f", n, METRIC_CONVERGED, STATISTIC_VALUE), 1);
    }
    simulation_free(s);
}

/* Whatever falls when: in the end all agree, and who led twice or came back empty follows. */
Test(failover, all_agree_in_the_end)
{
    static const char *const networks[] = {"rtt: 80ms, transport: tcp, loss: 2%",
                                           "rtt: 80ms, transport: datagram, loss: 2%, duplicate: 2%"};
    static const char *const faults[] = {
        "{at: 5s, for: 4s, crash: {leader: true, lose: nothing}}",
        "{at: 5s, for: 4s, crash: {leader: true, lose: memory}}",
        "{at: 5s, for: 4s, crash: {leader: true, lose: disk}}",
        "{at: 5s, for: 500ms, crash: {leader: true, lose: disk}}",
        "{at: 5s, for: 4s, partition: [[a], [b, c]]}",
        "{at: 5s, for: 4s, partition: [[a, b], [c]]}",
        "{at: 5s, for: 4s, partition: [[a], [b], [c]]}",
        "{at: 5s, for: 4s, cut: {from: a, to: c}}",
        "{at: 5s, for: 4s, crash: {leader: true, lose: disk}}, {at: 12s, for: 4s, crash: {leader: true, "
        "lose: memory}}",
        "{at: 5s, switchover: {to: c}}, {at: 9s, switchover: {to: a}}, {at: 14s, for: 4s, crash: {leader: "
        "true, lose: "
        "disk}}",
    };

    for (size_t net = 0; net < 2; net++)
        for (size_t f = 0; f < sizeof faults / sizeof faults[0]; f++) {
            char yaml[2000];
            snprintf(
                yaml, sizeof yaml,
                "name: agree\nduration: 25s\nwarmup: 1s\ndrain: 120s\nregions: [{name: a, nodes: 2}, b, "
                "{name: c, "
                "nodes: 3}]\nnetwork: {%s}\nstorage: {apply: {exponential: {mean: 2ms}}}\n"
                "workload: {data: counter, arrivals: {poisson: 40/s}, keys: {count: 60}, mix: {read: 30%%, "
                "increment: 70%%}, timeout: 1s}\nmodels:\n"
                "  - {name: plain, type: async, failover: {after: 1s}}\n"
                "  - {name: batched, type: async, failover: {after: 1s, quorum: true}, flush_every: 20ms, "
                "batch: 8}\n"
                "  - {name: named, type: async, failover: {after: 1s, promote: named, to: c}, read: "
                "session}\n"
                "faults: [%s]\n",
                networks[net], faults[f]);
            struct simulation *s = simulate(yaml, 1);
            for (uint32_t m = 0; m < 3; m++)
                cr_expect_eq(simulated(s, s->scenario->models[m].name, 1, METRIC_CONVERGED, STATISTIC_VALUE),
                             1, "%s, %s, %s", s->scenario->models[m].name, networks[net], faults[f]);
            simulation_free(s);
        }
}

/* The leader loses its disk, and nobody else can lead: of two regions one is no majority, and of three only
 * the named one may. It asks who leads, hears that it does itself, and leads again with what the others
 * have: not later than 2 s after the 3 s for which it is down, with a round trip to ask, one to copy and a
 * write's way. */
Test(failover, a_leader_without_its_disk_leads_again_where_nobody_else_can)
{
    static const char *const of[][3] = {
        {"[a, b]", "{name: f, type: async, failover: {after: 1s, quorum: true}}", ""},
        {"[a, b, c]", "{name: f, type: async, failover: {after: 1s, promote: named, to: b}}",
         "{at: 3s, switchover: {to: b}}, "},
    };

    for (size_t i = 0; i < 2; i++) {
        char yaml[1000];
        snprintf(yaml, sizeof yaml,
                 "name: again\nduration: 25s\nwarmup: 1s\ndrain: 60s\nregions: %s\nnetwork: {rtt: 80ms}\n"
                 "workload: {arrivals: {poisson: 40/s}, keys: {count: 60}, mix: {write: 100%%}, timeout: "
                 "1s}\nmodels: [%s]\nfaults: [%s{at: 8s, for: 3s, crash: {leader: true, lose: disk}}]\n",
                 of[i][0], of[i][1], of[i][2]);
        struct simulation *s = simulate(yaml, 2);
        for (uint32_t n = 1; n <= 2; n++) {
            cr_expect_eq(simulated(s, "f", n, METRIC_CONVERGED, STATISTIC_VALUE), 1, "%s", of[i][1]);
            cr_expect_lt(histogram_max(simulated_values(s, "f", n, METRIC_RTO, ALL_REGIONS)), 5 * SIM_SECOND,
                         "%s", of[i][1]);
        }
        simulation_free(s);
    }
}
