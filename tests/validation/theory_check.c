/* theory_check.c -- the self-check (sim/experiment/theory.h): it agrees where simulator and theory describe
 * one scenario, it flags where they do not, and it is silent where it cannot know.
 *
 * The wrong theory is the right one of another scenario: what was simulated here is compared with what theory
 * says there. One run in a thousand may cry wolf (theory.h); seeds are fixed. */
#include "sim/experiment/theory.h"
#include "tests/support/simulate.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Theory of `theirs` beside what `s` simulated. */
static struct theory judged(const struct simulation *s, const struct simulation *theirs)
{
    struct gathering *g = gathering_new(s->scenario);

    for (uint32_t n = 0; n < s->replications; n++)
        gathering_add(g, (const struct trial_figures *const *)&s->figures[n * s->scenario->model_count]);
    gathering_finish(g);
    struct theory t = theory_of(theirs->scenario, g, 1);
    gathering_free(g);
    return t;
}

static size_t rows_of(const struct theory *t, const char *part, enum theory_agrees agrees)
{
    size_t count = 0;

    for (size_t i = 0; i < t->count; i++)
        count += strncmp(t->rows[i].quantity, part, strlen(part)) == 0 && t->rows[i].agrees == agrees;
    return count;
}

/* `right` agrees in `rows` rows and disagrees in none; with the theory of `wrong` at least `flagged` of them
 * are flagged. */
static void expect_check(const char *right, const char *wrong, uint32_t replications, const char *part,
                         size_t rows, size_t flagged)
{
    struct simulation *s = simulate(right, replications), *other = simulate(wrong, 1);
    struct theory t = judged(s, s), u = judged(s, other);

    for (size_t i = 0; i < t.count; i++)
        cr_expect_neq(t.rows[i].agrees, THEORY_DISAGREES, "%s: theory %g, simulation %g in %g .. %g",
                      t.rows[i].quantity, t.rows[i].theory, t.rows[i].simulation, t.rows[i].low,
                      t.rows[i].high);
    cr_expect_eq(t.disagree, 0);
    cr_expect_eq(rows_of(&t, part, THEORY_AGREES), rows, "%zu rows of %s", rows_of(&t, part, THEORY_AGREES),
                 part);
    cr_expect_geq(rows_of(&u, part, THEORY_DISAGREES), flagged, "%zu of %zu are flagged",
                  rows_of(&u, part, THEORY_DISAGREES), u.count);
    cr_expect_geq(u.disagree, flagged);
    theory_free(&t);
    theory_free(&u);
    simulation_free(s);
    simulation_free(other);
}

#define MATRIX(far)                                                                                          \
    "name: matrix\nduration: 8s\nwarmup: 1s\nregions: [a, b, c]\n"                                           \
    "network: {rtt: 80ms, client: 2ms, links: [{between: [a, c], rtt: " far                                  \
    "}, {from: b, to: c, delay: 33333333ns}]}\n"                                                             \
    "workload: {arrivals: {poisson: 20/s}, mix: {read: 50%, write: 50%}}\n"                                  \
    "models: [{type: local, leader: b}, {name: s1, type: sync, acks: majority}, {name: s2, type: sync, "     \
    "acks: all, read: local},\n"                                                                             \
    "         {name: s3, type: sync, acks: 2, leader: c}, {name: s4, type: sync, acks: [b]}, async,\n"       \
    "         {name: al, type: async, read: leader}, lww, crdt, quorum, {name: q2, type: quorum, w: all, "   \
    "r: one},\n"                                                                                             \
    "         {name: q3, type: quorum, w: 3, r: 2}]\n"

/* 12 models, 3 regions, reads and writes. With another a-c: of 6 figures a model those that go that way, 2 at
 * the least. */
Test(theory_check, matrix)
{
    expect_check(MATRIX("150ms"), MATRIX("151ms"), 2, "matrix", 12 * 3 * 2, 2 * 6);
}

/* Jitter, over tcp and datagrams, with services, two nodes in a region, clients elsewhere, levels: 2 figures
 * for each of 3 regions of a model. A jitter that is 0.3 ms longer changes all that travels: of the models
 * that do, at least four figures each. */
#define JITTER(transport, median)                                                                            \
    "name: jitter\nduration: 40s\nwarmup: 5s\n"                                                              \
    "regions: [a, {name: b, nodes: 2}, c, {name: d, nodes: 0}]\n"                                            \
    "network: {rtt: 80ms, client: {uniform: {min: 1ms, max: 3ms}}, transport: " transport ",\n"              \
    "          jitter: {lognormal: {median: " median                                                         \
    ", sigma: 0.7}}, links: [{between: [a, c], rtt: 110ms}]}\n"                                              \
    "storage: {write: {exponential: {mean: 0.2ms}}, read: 0.05ms, apply: 0.1ms}\n"                           \
    "workload: {data: counter, arrivals: {poisson: 50/s}, mix: {read: 50%, increment: 50%}}\n"               \
    "models: [{type: local, leader: b}, {name: s1, type: sync, acks: majority}, {name: s2, type: sync, "     \
    "acks: "                                                                                                 \
    "all, read: local}, {name: s3, type: sync, acks: 1}, async, {name: q1, type: quorum},\n"                 \
    "  {name: q2, type: quorum, level: each_quorum}, {name: q3, type: quorum, w: all, r: one}, lww, crdt]\n"

Test(theory_check, jitter_over_tcp)
{
    expect_check(JITTER("tcp", "1ms"), JITTER("tcp", "1.5ms"), 10, "matrix", 10 * 4 * 2, 25);
}

Test(theory_check, jitter_over_datagrams)
{
    expect_check(JITTER("datagram", "1ms"), JITTER("datagram", "1.5ms"), 10, "matrix", 10 * 4 * 2, 25);
}

/* d is cut off for a while, and c's disk crashes: what does not need either is as on a good day. Of the six
 * that have no other claims: local 2 regions, sync (majority of 4: needs 2 of 3 others, so c or d: none for
 * writes; reads 2), async 2 + 2 with reads at home also in d (the leader may throttle when lag_break is near:
 * it is not), lww 3 + 3, crdt 3 + 3, quorum none. */
#define FAULTS(far)                                                                                          \
    "name: faults\nduration: 20s\nwarmup: 2s\nregions: [a, b, c, d]\n"                                       \
    "network: {rtt: 80ms, links: [{between: [a, b], rtt: " far "}]}\n"                                       \
    "workload: {arrivals: {poisson: 50/s}, mix: {read: 50%, write: 50%}, timeout: 1s}\n"                     \
    "faults: [{at: 5s, for: 4s, partition: [[a, b, c], [d]]}, {at: 12s, for: 3s, crash: {region: c, lose: "  \
    "disk}}]\n"                                                                                              \
    "models: [local, sync, async, lww, crdt, quorum]\n"

Test(theory_check, what_faults_do_not_touch)
{
    expect_check(FAULTS("50ms"), FAULTS("52ms"), 3, "matrix", 4 + 2 + 2 + 3 + 6 + 6, 4);
}

#define TRAFFIC(value)                                                                                       \
    "name: traffic\nduration: 60s\nwarmup: 5s\nregions: [a, b, {name: c, workload: {mix: {read: 20%, "       \
    "write: "                                                                                                \
    "80%}}}]\n"                                                                                              \
    "network: {rtt: 80ms, jitter: {exponential: {mean: 1ms}}, price: {default: 0.02 USD/GB, links: [{from: " \
    "a, to: b, price: 0.05 USD/GB}]}}\n"                                                                     \
    "workload: {arrivals: {poisson: 80/s}, mix: {read: 70%, write: 30%}, value: " value "}\n"                \
    "models: [local, {name: s1, type: sync, leader: b}, {name: s2, type: sync, read: local, acks: all}, "    \
    "lww]\n"

/* Messages do not know the value; bytes and dollars do. */
Test(theory_check, traffic)
{
    expect_check(TRAFFIC("1KB"), TRAFFIC("1200B"), 10, "traffic", 4 * 3, 4 * 2);
}

#define QUEUE(served)                                                                                        \
    "name: queue\nduration: 200s\nwarmup: 20s\nregions: [a, {name: b, workload: {arrivals: {poisson: "       \
    "60/s}}}]\n"                                                                                             \
    "network: {rtt: 80ms}\n"                                                                                 \
    "storage: {read: {exponential: {mean: " served "}}, workers: 2}\n"                                       \
    "workload: {arrivals: {poisson: 100/s}, mix: {read: 90%, write: 10%}}\n"                                 \
    "models: [local, lww, {type: sync, read: local}]\n"

/* At a, local serves 144 reads a second by two servers of 83 (rho = 0.86); 15% slower, and it would be 0.99:
 * silent there. */
Test(theory_check, queue)
{
    expect_check(QUEUE("12ms"), QUEUE("13ms"), 20, "queue", 6, 4);
}

#define WINDOW(delay)                                                                                        \
    "name: window\nduration: 100s\nwarmup: 5s\n"                                                             \
    "regions: [{name: w, workload: {mix: {write: 100%}}}, {name: r, workload: {mix: {read: 100%}}}, {name: " \
    "m}]\n"                                                                                                  \
    "network: {transport: datagram, rtt: {normal: {mean: 120ms, stddev: 30ms}}, client: 4ms,\n"              \
    "          links: [{from: w, to: r, delay: {gamma: {shape: 4, scale: " delay "}}}]}\n"                   \
    "workload: {keys: {count: 1000000}, arrivals: {poisson: 100/s}, mix: {read: 50%, write: 50%},\n"         \
    "           probes: {share: 100%, after: [0ms, 20ms, 50ms, 80ms, 120ms]}}\n"                             \
    "models: [lww]\n"

Test(theory_check, window)
{
    expect_check(WINDOW("20ms"), WINDOW("26ms"), 3, "window", 5, 2);
}

#define WARS(mean)                                                                                           \
    "name: wars\nduration: 60s\nwarmup: 0s\nregions: [{name: a, nodes: 3}, {name: b, nodes: 2}]\n"           \
    "network: {rtt: 40ms, client: 1ms}\n"                                                                    \
    "workload: {keys: {count: 1000000}, arrivals: {poisson: 300/s}, mix: {read: 50%, write: 50%},\n"         \
    "           probes: {share: 100%, after: [0ms, 5ms, 20ms]}}\n"                                           \
    "models: [{type: quorum, r: 1, w: 2, wars: {write: {mixture: [{weight: 0.5, of: {exponential: "          \
    "{mean: " mean "}}},\n"                                                                                  \
    "   {weight: 0.5, of: {pareto: {scale: 1ms, shape: 4}}}]}, ack: {uniform: {min: 1ms, max: 3ms}},\n"      \
    "   read: {shifted: {by: 1ms, of: {weibull: {shape: 2, scale: 2ms}}}}, response: {lognormal: {median: "  \
    "2ms, sigma: 0.5}},\n"                                                                                   \
    "   remote: {normal: {mean: 10ms, stddev: 1ms}}}}]\n"

/* 3 of t-visibility, 3 of each latency. A slower write changes the three of its latency, and what is seen at
 * 0 and 5 ms. */
Test(theory_check, wars)
{
    expect_check(WARS("10ms"), WARS("13ms"), 2, "wars", 9, 3);
}

/* Constant service is M/D/1: 2 figures of local (72% busy), 2 of lww, and twice 2 of a lognormal, M/G/1. */
#define SERVED(read)                                                                                         \
    "name: served\nduration: 200s\nwarmup: 20s\nregions: [a, {name: b, workload: {arrivals: {poisson: "      \
    "60/s}}}]\n"                                                                                             \
    "network: {rtt: 80ms}\nstorage: {read: " read ", workers: 1}\n"                                          \
    "workload: {arrivals: {poisson: 100/s}, mix: {read: 90%, write: 10%}}\n"                                 \
    "models: [local, lww]\n"

Test(theory_check, queue_of_constant_service)
{
    expect_check(SERVED("5ms"), SERVED("5.2ms"), 20, "queue", 4, 4);
}

Test(theory_check, queue_of_any_service)
{
    expect_check(SERVED("{lognormal: {median: 4ms, sigma: 0.5}}"),
                 SERVED("{lognormal: {median: 4ms, sigma: 0.8}}"), 20, "queue", 4, 4);
}

/* Under tcp nothing overtakes. A simulator that let messages overtake (it is given datagrams here) is off by
 * some 12% of those that are late: 2 of 3 times of each model are flagged. */
#define ORDER(transport)                                                                                     \
    "name: order\nduration: 200s\nwarmup: 5s\nregions: [a, b, c]\n"                                          \
    "network: {rtt: 80ms, client: 2ms, jitter: {lognormal: {median: 8ms, sigma: 0.8}}, "                     \
    "transport: " transport "}\n"                                                                            \
    "workload: {arrivals: {poisson: 100/s}, mix: {read: 50%, write: 50%}, keys: {count: 1000000},\n"         \
    "           probes: {share: 50%, after: [40ms, 50ms, 60ms]}}\n"                                          \
    "models: [lww, {type: crdt, sync: op}]\n"

Test(theory_check, window_in_order)
{
    expect_check(ORDER("tcp"), ORDER("datagram"), 3, "window", 2 * 3, 2 * 2);
    expect_check(ORDER("datagram"), ORDER("tcp"), 3, "window", 2 * 3, 2 * 2);
}

/* One order, constant links: the same window of async, by the leader's ways. */
#define BEHIND(leader)                                                                                       \
    "name: behind\nduration: 60s\nwarmup: 5s\nregions: [a, b, c]\n"                                          \
    "network: {rtt: 80ms, client: 2ms, links: [{between: [a, c], rtt: 120ms}]}\n"                            \
    "workload: {arrivals: {poisson: 100/s}, mix: {read: 50%, write: 50%},\n"                                 \
    "           probes: {share: 50%, after: [0ms, 40ms, 50ms]}}\n"                                           \
    "models: [{type: async, leader: " leader "}]\n"

Test(theory_check, window_of_a_leader)
{
    expect_check(BEHIND("a"), BEHIND("b"), 3, "window", 3, 2);
}

/* Zipf's keys and uniform ones; clocks are right. The keys of the others, fewer, are met more often: the
 * share and the mean of all four. */
#define STALE(keys)                                                                                          \
    "name: stale\nduration: 200s\nwarmup: 5s\nregions: [a, b, {name: c, workload: {mix: {read: 100%}}}]\n"   \
    "network: {rtt: 80ms, client: 2ms, links: [{between: [a, c], rtt: 120ms}]}\n"                            \
    "workload: {arrivals: {poisson: 100/s}, mix: {read: 50%, write: 50%}, keys: " keys "}\n"                 \
    "models: [lww, {name: op, type: crdt, sync: op}, {name: state, type: crdt, sync: state}, async]\n"

Test(theory_check, stale_reads_of_zipfian_keys)
{
    expect_check(STALE("{count: 1000, distribution: {zipfian: 0.99}}"),
                 STALE("{count: 1000, distribution: {zipfian: 1.2}}"), 20, "stale", 4 * 2, 4 * 2);
}

Test(theory_check, stale_reads_of_uniform_keys)
{
    expect_check(STALE("{count: 20}"), STALE("{count: 25}"), 20, "stale", 4 * 2, 4 * 2);
}

/* Two regions, whose formula is exact however dense; and b's clock ahead of a's, of keys written seldom. */
#define MEET(keys, ahead)                                                                                    \
    "name: meet\nduration: 400s\nwarmup: 5s\nregions: [a, {name: b, workload: {arrivals: {poisson: "         \
    "30/s}}}]\n"                                                                                             \
    "network: {rtt: 120ms, client: 2ms}\nclocks: {regions: {b: {offset: " ahead "}}}\n"                      \
    "workload: {arrivals: {poisson: 60/s}, mix: {write: 100%}, keys: " keys "}\n"                            \
    "models: [{type: lww, clock: wall}, crdt]\n"

Test(theory_check, conflicts_of_few_keys)
{
    expect_check(MEET("{count: 10}", "0ms"), MEET("{count: 11}", "0ms"), 20, "conflicts", 2, 2);
}

Test(theory_check, conflicts_of_zipfian_keys)
{
    expect_check(MEET("{count: 5000, distribution: {zipfian: 0.99}}", "0ms"),
                 MEET("{count: 5000, distribution: {zipfian: 1.1}}", "0ms"), 20, "conflicts", 2, 2);
}

Test(theory_check, inversions_by_an_offset)
{
    expect_check(MEET("{count: 1000}", "500ms"), MEET("{count: 1000}", "600ms"), 20, "conflicts: skew", 1, 1);
}

/* Offsets that are drawn: many short replications, of few keys, so that their mean has a narrow interval. */
#define DRAWN(deviation)                                                                                     \
    "name: drawn\nduration: 45s\nwarmup: 5s\nregions: [a, b]\nnetwork: {rtt: 20ms, client: 1ms}\n"           \
    "clocks: {offset: {normal: {mean: 0ms, stddev: " deviation "}}}\n"                                       \
    "workload: {arrivals: {poisson: 100/s}, mix: {write: 100%}, keys: {count: 1000}}\n"                      \
    "models: [{type: lww, clock: wall}]\n"

Test(theory_check, inversions_by_offsets_that_are_drawn)
{
    expect_check(DRAWN("300ms"), DRAWN("450ms"), 400, "conflicts: skew", 1, 1);
}

#define MORE_TRAFFIC(value)                                                                                  \
    "name: traffic\nduration: 60s\nwarmup: 5s\nregions: [a, b, {name: c, workload: {mix: {read: 20%, "       \
    "write: 80%}}}]\n"                                                                                       \
    "network: {rtt: 80ms, price: {default: 0.02 USD/GB}}\n"                                                  \
    "workload: {arrivals: {poisson: 80/s}, mix: {read: 70%, write: 30%}, value: " value "}\n"                \
    "models: [async, {name: leader, type: async, read: leader, leader: b}, {type: quorum, repair: false}, "  \
    "crdt]\n"

/* 3 figures of three models, of crdt the messages. */
Test(theory_check, traffic_of_logs_quorums_and_merges)
{
    expect_check(MORE_TRAFFIC("1KB"), MORE_TRAFFIC("1200B"), 10, "traffic", 3 * 3 + 1, 3 * 2);
}

/* Loss, open-ended faults at a leader, service times with faults, heavy tails: what theory has no formula for
 * here. Each model has a silence that says why. */
Test(theory_check, silent_where_it_cannot_know)
{
    static const char *const changes[] = {
        "network: {rtt: 80ms, loss: 1%}\n",
        "network: {rtt: 80ms}\nstorage: {write: 1ms}\nfaults: [{at: 2s, for: 1s, partition: [[a], [b]]}]\n",
        "network: {rtt: 80ms}\nfaults: [{at: 2s, for: 1s, crash: {leader: true}}]\n",
        "network: {rtt: 80ms, jitter: {pareto: {scale: 1ms, shape: 1.5}}}\n",
    };

    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *yaml = NULL;
        CHECK(asprintf(&yaml,
                       "name: silence\nduration: 5s\nwarmup: 1s\nregions: [a, b]\n"
                       "workload: {arrivals: {closed: {think: 50ms}}}\nmodels: [local, lww]\n%s",
                       changes[i]) >= 0);
        struct simulation *s = simulate(yaml, 1);
        struct theory t = judged(s, s);
        cr_expect_eq(t.count, 0, "%s", t.count > 0 ? t.rows[0].quantity : "");
        cr_expect_geq(t.silence_count, 2);
        for (size_t k = 0; k < t.silence_count; k++)
            cr_expect_gt(strlen(t.silences[k].reason), 10);
        theory_free(&t);
        simulation_free(s);
        free(yaml);
    }
}
