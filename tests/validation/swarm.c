/* swarm.c -- a seed makes a world of odd parts (topology, transport, clocks, services, clients, faults) and a
 * few strategies; each keeps what it promises there. Undecided is no breach: a scenario may end while its
 * replicas still catch up, or a crowd at one key may be too much to search.
 *
 * The first region is every leader's. Its disk is never lost here: what only the leader has, its strategy may
 * lose with it, and says so. A seed that fails is printed with its scenario, to be run by hand. */
#include "tests/support/simulate.h"

#include "sim/base/hash.h"
#include "sim/experiment/trial_run.h"
#include "sim/observe/check.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS = 30, MODELS = 4, REGIONS = 5 };

static const char *const regions[REGIONS] = {"us-east-1", "eu-west-1", "ap-northeast-1", "sa-east-1",
                                             "ap-southeast-2"};
static const char *const models[] = {
    "{name: m%d, type: local}",
    "{name: m%d, type: sync, acks: all}",
    "{name: m%d, type: sync, acks: majority}",
    "{name: m%d, type: sync, read: local}",
    "{name: m%d, type: sync, acks: 2, degrade_after: 1s}",
    "{name: m%d, type: async}",
    "{name: m%d, type: async, read: leader}",
    "{name: m%d, type: async, read: session}",
    "{name: m%d, type: async, read: {bounded: 3s}}",
    "{name: m%d, type: async, read: {bounded: 20 versions}, batch: 8, flush_every: 50ms}",
    "{name: m%d, type: async, failover: {after: 1s}}",
    "{name: m%d, type: async, failover: {after: 400ms, quorum: true}, read: session}",
    ("{name: m%d, type: async, failover: {after: 2s, promote: named, to: eu-west-1}, flush_every: 20ms, "
     "batch: 8}"),
    "{name: m%d, type: lww}",
    "{name: m%d, type: lww, clock: hlc}",
    "{name: m%d, type: lww, clock: lamport, flush_every: 20ms}",
    "{name: m%d, type: crdt, sync: op}",
    "{name: m%d, type: crdt, sync: delta}",
    "{name: m%d, type: crdt, sync: state, flush_every: 100ms}",
    "{name: m%d, type: quorum}",
    "{name: m%d, type: quorum, r: 1, w: 1}",
    "{name: m%d, type: quorum, level: local_quorum}",
    "{name: m%d, type: quorum, level: each_quorum}",
};

struct writer {
    char text[8000];
    size_t length;
    uint64_t luck;
};

static void put(struct writer *w, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    w->length += (size_t)vsnprintf(w->text + w->length, sizeof w->text - w->length, format, arguments);
    va_end(arguments);
    cr_assert(w->length < sizeof w->text);
}

static uint64_t draw(struct writer *w, uint64_t below)
{
    w->luck = hash_mix(w->luck);
    return (w->luck >> 11) % below;
}

static const char *one_of(struct writer *w, const char *const *list, uint64_t count)
{
    return list[draw(w, count)];
}

#define ONE_OF(w, ...)                                                                                       \
    one_of(w, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void put_network(struct writer *w)
{
    bool datagram = draw(w, 3) == 0;

    put(w, "network: {rtt: aws, transport: %s, loss: %s", datagram ? "datagram" : "tcp",
        ONE_OF(w, "0%", "0%", "1%", "5%"));
    if (draw(w, 2) == 0)
        put(w, ", jitter: {lognormal: {median: %s, sigma: 0.8}}", ONE_OF(w, "1ms", "10ms"));
    if (datagram && draw(w, 2) == 0)
        put(w, ", duplicate: 2%%");
    put(w, "}\n");
    if (draw(w, 2) == 0)
        put(w,
            "clocks: {offset: {normal: {mean: 0ms, stddev: %s}}, drift: {normal: {mean: 0ppm, stddev: "
            "100ppm}}"
            "%s}\n",
            ONE_OF(w, "1ms", "50ms", "500ms"),
            ONE_OF(w, "", ", sync: {every: 3s, error: {normal: {mean: 0ms, stddev: 5ms}}}"));
    if (draw(w, 2) == 0)
        put(w, "storage: {write: %s, read: 0.05ms, apply: %s, workers: %s}\n",
            ONE_OF(w, "0.2ms", "{exponential: {mean: 2ms}}"),
            ONE_OF(w, "0.1ms", "{exponential: {mean: 3ms}}"), ONE_OF(w, "1", "8"));
}

static void put_workload(struct writer *w)
{
    static const char *const mixes[3][3] = {
        {"{read: 70%, write: 30%}", "{read: 50%, write: 25%, update: 25%}", "{read: 20%, write: 80%}"},
        {"{read: 60%, increment: 40%}", "{read: 40%, increment: 30%, decrement: 30%}",
         "{read: 50%, write: 30%, update: 20%}"},
        {"{read: 60%, add: 25%, remove: 15%}", "{read: 50%, write: 30%, add: 20%}",
         "{read: 50%, write: 50%}"},
    };
    uint64_t data = draw(w, 3);

    put(w,
        "workload: {data: %s, clients: %s, arrivals: %s, keys: {count: %s, distribution: %s}, mix: %s, "
        "timeout: %s",
        (const char *const[]){"register", "counter", "set"}[data], ONE_OF(w, "1", "5", "10"),
        ONE_OF(w, "{poisson: 40/s}", "{poisson: 100/s}", "{constant: 30/s}", "{closed: {think: 200ms}}"),
        ONE_OF(w, "1", "5", "50", "1000"), ONE_OF(w, "uniform", "{zipfian: 0.99}", "latest"),
        one_of(w, mixes[data], 3), ONE_OF(w, "300ms", "2s", "10s"));
    if (draw(w, 3) == 0)
        put(w, ", retries: %s, retry_as: %s", ONE_OF(w, "1", "3"), ONE_OF(w, "same", "new"));
    if (draw(w, 3) == 0)
        put(w, ", roam: 10%%");
    if (draw(w, 3) == 0)
        put(w, ", routing: {failover: {after: 1s}}");
    if (draw(w, 4) == 0)
        put(w, ", probes: {share: 10%%}");
    put(w, "}\n");
}

static void put_fault(struct writer *w, uint64_t region_count)
{
    const char *a = regions[draw(w, region_count)], *b = a;
    const char *follower = regions[1 + draw(w, region_count - 1)];

    while (b == a)
        b = regions[draw(w, region_count)];
    put(w, "  - {at: %ds, ", 1 + (int)draw(w, 5));
    uint64_t what = draw(w, 13);
    if (what == 0) {
        put(w, "clock: {region: %s, step: -500ms}}\n", a);
        return;
    }
    if (what == 11) {
        put(w, "switchover: {to: %s}}\n", a);
        return;
    }
    put(w, "for: %s, ", ONE_OF(w, "200ms", "1s", "3s", "8s"));
    switch (what) {
    case 1:
        put(w, "partition: [[%s], [%s]]}\n", a, b);
        break;
    case 2:
        put(w, "partition: random}\n");
        break;
    case 3:
        put(w, "cut: {from: %s, to: %s}}\n", a, b);
        break;
    case 4:
        put(w, "slow: {between: [%s, %s], factor: 8, loss: 10%%}}\n", a, b);
        break;
    case 5:
    case 6:
        put(w, "crash: {region: %s, lose: %s}}\n", a, ONE_OF(w, "nothing", "memory"));
        break;
    case 7:
        put(w, "crash: {region: %s, node: 0, lose: memory}}\n", a);
        break;
    case 8:
        put(w, "crash: {region: %s, lose: disk}}\n", follower);
        break;
    case 12:
        put(w, "crash: {leader: true, lose: %s}}\n", ONE_OF(w, "nothing", "memory"));
        break;
    case 9:
        put(w, "overload: {region: %s, factor: 20}}\n", a);
        break;
    default:
        put(w, "load: {region: %s, factor: 5}}\n", a);
        break;
    }
}

static void put_scenario(struct writer *w, uint64_t seed)
{
    uint64_t region_count = 2 + draw(w, REGIONS - 1), faults = draw(w, 4);

    put(w, "name: swarm\nseed: %d\nduration: %ss\nwarmup: 1s\ndrain: 60s\nregions: [", (int)seed,
        ONE_OF(w, "5", "10"));
    for (uint64_t i = 0; i < region_count; i++)
        put(w, "%s{name: %s, nodes: %s}", i > 0 ? ", " : "", regions[i], ONE_OF(w, "1", "1", "1", "2", "3"));
    put(w, "]\n");
    put_network(w);
    put_workload(w);
    put(w, "models:\n");
    for (int m = 0; m < MODELS; m++) {
        put(w, "  - ");
        put(w, one_of(w, models, sizeof models / sizeof models[0]), m);
        put(w, "\n");
    }
    if (faults > 0)
        put(w, "faults:\n");
    for (uint64_t f = 0; f < faults; f++)
        put_fault(w, region_count);
}

Test(swarm, every_strategy_keeps_its_promise)
{
    uint64_t kept = 0, undecided = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct writer w = {.luck = seed};
        put_scenario(&w, seed);
        struct simulation *s = simulate(w.text, 1);
        for (uint32_t m = 0; m < s->scenario->model_count; m++) {
            const struct trial_figures *f = s->figures[m];
            uint64_t promised = model_promise(s->scenario, m).checks;
            for (uint32_t c = 0; c < f->check_count; c++) {
                if ((promised >> f->checks[c].check & 1) == 0)
                    continue;
                cr_expect_neq(f->checks[c].holds, CHECK_BROKEN, "seed %d, %s: check %d is broken\n%s",
                              (int)seed, s->scenario->models[m].name, f->checks[c].check, w.text);
                kept += f->checks[c].holds == CHECK_HOLDS;
                undecided += f->checks[c].holds == CHECK_UNDECIDED;
            }
        }
        simulation_free(s);
    }
    cr_expect(kept > 10 * undecided && kept > 300, "%d kept, %d undecided", (int)kept, (int)undecided);
}
