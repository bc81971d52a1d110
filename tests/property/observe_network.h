/* observe_network.h -- a plausible network that tells random histories: writes that are taken somewhere,
 * stored, shipped with random delays, dropped, repeated; clocks that are off and coarse, so that stamps are
 * equal and inverted; a crash that loses nothing, memory or a disk, and a repair; clients that give up;
 * retries of the same and of a new identity; takers that hold no replica; leaders that come and go.
 * Stamps are clocks (wall), hybrid clocks or counts.
 *
 * BY_ORDER: every node holds the newest version. BY_MERGE: every node counts its own writes and ships either
 * its own count or all that it has merged; a register inside lets go of what has less priority. */
#ifndef GEOREP_TESTS_OBSERVE_NETWORK_H
#define GEOREP_TESTS_OBSERVE_NETWORK_H

#include "sim/base/hash.h"
#include "sim/model/model.h"
#include "sim/observe/observation.h"

#include <stdlib.h>
#include <string.h>

#define NET_NODES 6
#define NET_KEYS 4
#define NET_EVENTS 20000
#define NET_LIVES 4 /* incarnations of a node */

enum net_kind {
    NET_OP,
    NET_TAKE,
    NET_STORE,
    NET_MERGE,
    NET_OK,
    NET_GIVE_UP,
    NET_SAMPLE,
    NET_READ_OK,
    NET_DOWN,
    NET_UP,
    NET_FAULT_BEGINS,
    NET_FAULT_ENDS,
    NET_STEP
};

struct net_event {
    sim_ns time;
    uint64_t order;
    enum net_kind kind;
    uint32_t node, from;
    uint64_t op, key;
    int64_t stamp;
    uint64_t counts[NET_NODES][NET_LIVES]; /* of a merge */
    uint64_t carries;                      /* the register's write, of a merge */
};

struct net_options {
    uint32_t nodes, copies;       /* 0: 3 nodes; copies on all */
    bool true_clocks, far_clocks; /* else half of them are off */
    bool hybrid, counts, leaders;
    bool by_merge, ships_state, crash, crash_for_ever, retries;
    uint8_t lose;
    double drop;
    sim_ns warmup;
};

#define NET_COARSE (4 * SIM_MILLISECOND) /* of clocks */

struct net {
    struct net_options options;
    struct history_setting setting;
    struct history_fault fault;
    struct history *history;
    uint16_t node_region[NET_NODES];
    uint32_t first_node[NET_NODES], node_count[NET_NODES];
    const char *names[NET_NODES];
    double prices[NET_NODES * NET_NODES];
    uint64_t random;
    double off; /* share of clocks that are off */
    struct net_event *events;
    size_t event_count;
    uint64_t order, counts[NET_NODES];
    sim_ns clock[NET_NODES], due[NET_NODES * NET_NODES];
    int drift_percent[NET_NODES];
    int64_t last[NET_NODES];    /* the largest stamp given or seen, of hybrid clocks and counts */
    int64_t priorities[400][2]; /* of a merging register: by operation and identity */
    geo_version held[NET_NODES][NET_KEYS];
    uint64_t merged[NET_NODES][NET_KEYS][NET_NODES][NET_LIVES], value[NET_NODES][NET_KEYS];
    uint32_t life[NET_NODES];
    bool up[NET_NODES];
    struct {
        uint64_t op;
        bool ended, taken;
    } ops[400];
    int op_count;
    sim_ns now;
};

static uint64_t net_draw(struct net *n)
{
    n->random += UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix(n->random);
}

static uint64_t net_below(struct net *n, uint64_t most)
{
    return most == 0 ? 0 : net_draw(n) % most;
}

static bool net_chance(struct net *n, double p)
{
    return (double)(net_draw(n) >> 11) * 0x1p-53 < p;
}

/* Some milliseconds, coarse enough that things happen at the same instant. */
static sim_ns net_delay(struct net *n, uint64_t most_ms)
{
    return (sim_ns)net_below(n, most_ms * 2) * (SIM_MILLISECOND / 2);
}

static struct net_event *net_plan(struct net *n, sim_ns after, enum net_kind kind, uint32_t node)
{
    struct net_event *e = &n->events[n->event_count++];

    memset(e, 0, sizeof *e);
    e->time = n->now + after;
    e->order = n->order++;
    e->kind = kind;
    e->node = node;
    return e;
}

static bool net_holds(const struct net *n, uint64_t key, uint32_t node)
{
    return placement_index(&n->setting, key, node) >= 0;
}

static uint64_t net_tell(struct net *n, struct history_record r)
{
    r.time = n->now;
    return history_append(n->history, &r);
}

static int net_op(struct net *n, uint64_t op)
{
    for (int i = 0; i < n->op_count; i++)
        if (n->ops[i].op == history_op_of(op))
            return i;
    return -1;
}

/* A write's way begins: the client's message to a taker. */
static void net_attempt(struct net *n, uint64_t op, uint64_t key, uint32_t node)
{
    struct net_event *e = net_plan(n, net_delay(n, 6), NET_TAKE, node);

    e->op = op;
    e->key = key;
    if (net_chance(n, 0.1))
        e->time += 40 * SIM_MILLISECOND; /* later than its client waits */
}

/* What the clock of a node shows, and what of its error is drift. */
static sim_ns net_clock(const struct net *n, uint32_t node, sim_ns *drift)
{
    *drift = n->now * n->drift_percent[node] / 100;
    return (n->now + n->clock[node] + *drift) / NET_COARSE * NET_COARSE;
}

static void net_observe(struct net *n, uint32_t node, int64_t stamp)
{
    n->last[node] = stamp > n->last[node] ? stamp : n->last[node];
}

static int64_t net_stamp(struct net *n, uint32_t node, sim_ns shown)
{
    if (n->options.counts)
        return ++n->last[node];
    if (!n->options.hybrid)
        return shown;
    return n->last[node] = shown > n->last[node] ? shown : n->last[node] + 1;
}

static void net_op_begins(struct net *n, const struct net_event *e)
{
    uint32_t region = (uint32_t)net_below(n, n->options.nodes), home = region;
    uint64_t key = net_below(n, n->setting.key_count), op = (uint64_t)region << 48 | ++n->counts[region] << 8;
    bool read = net_chance(n, 0.5);

    (void)e;
    if (n->options.leaders && net_chance(n, 0.1))
        net_tell(n, (struct history_record){.node = (uint32_t)net_below(n, n->options.nodes),
                                            .kind = HISTORY_LEADS,
                                            .leads = {.yes = net_chance(n, 0.8)}});
    n->ops[n->op_count++].op = op;
    net_tell(n, (struct history_record){.op = op,
                                        .key = key,
                                        .node = HISTORY_NO_NODE,
                                        .kind = HISTORY_BEGIN,
                                        .begin = {.region = (uint16_t)region,
                                                  .op_kind = read ? GEO_READ : GEO_WRITE,
                                                  .session = (uint32_t)net_below(n, 2)}});
    if (read) {
        uint32_t samples = 1 + (uint32_t)net_below(n, 2);
        sim_ns last = 0;
        for (uint32_t i = 0; i < samples; i++) {
            uint32_t node = (uint32_t)net_below(n, n->options.nodes);
            if (!net_holds(n, key, node))
                continue;
            struct net_event *s = net_plan(n, net_delay(n, 10), NET_SAMPLE, node);
            s->op = op;
            s->key = key;
            last = s->time - n->now > last ? s->time - n->now : last;
        }
        struct net_event *end =
            net_plan(n, last + net_delay(n, net_chance(n, 0.1) ? 80 : 10), NET_READ_OK, 0);
        end->op = op;
        end->key = key;
        return;
    }
    struct net_event *timeout = net_plan(n, 40 * SIM_MILLISECOND, NET_GIVE_UP, 0);
    timeout->op = op;
    timeout->key = key;
    net_attempt(n, op, key, home);
    if (!n->options.retries || !net_chance(n, 0.3))
        return;
    uint64_t again = net_chance(n, 0.5) ? op : op | 1;
    net_tell(n,
             (struct history_record){.op = again, .kind = HISTORY_RETRY, .retry = {.of = op, .attempt = 1}});
    net_attempt(n, again, key, (uint32_t)net_below(n, n->options.nodes));
}

static void net_ship(struct net *n, uint32_t from, uint64_t key, uint64_t op, int64_t stamp)
{
    for (uint32_t to = 0; to < n->options.nodes; to++) {
        int copies = net_chance(n, n->options.drop) ? 0 : net_chance(n, 0.1) ? 2 : 1;
        for (int c = 0; c < copies && to != from && net_holds(n, key, to); c++) {
            struct net_event *e =
                net_plan(n, 1 + net_delay(n, 60), n->options.by_merge ? NET_MERGE : NET_STORE, to);
            e->op = op;
            e->key = key;
            e->stamp = stamp;
            e->from = from;
            e->carries = n->value[from][key];
            for (uint32_t o = 0; o < n->options.nodes; o++)
                for (uint32_t life = 0; life < NET_LIVES; life++)
                    if (n->options.ships_state || (o == from && life == n->life[from]))
                        e->counts[o][life] = n->merged[from][key][o][life];
        }
    }
}

static void net_store(struct net *n, uint32_t node, uint64_t key, geo_version v)
{
    geo_version *held = &n->held[node][key];
    bool kept = net_holds(n, key, node) && geo_newer(v, *held);

    if (kept)
        *held = v;
    net_observe(n, node, v.stamp);
    net_tell(n, (struct history_record){
                    .key = key,
                    .node = node,
                    .kind = HISTORY_STORE,
                    .store = {.stamp = v.stamp, .write = v.write, .digest = v.write, .kept = kept}});
}

static void net_answer(struct net *n, uint32_t node, uint64_t key)
{
    uint64_t digest = 0;

    for (uint32_t o = 0; o < n->options.nodes; o++)
        for (uint32_t life = 0; life < NET_LIVES; life++)
            if (n->merged[node][key][o][life] != 0)
                digest ^= hash_join(o * NET_LIVES + life, n->merged[node][key][o][life]);
    net_tell(n,
             (struct history_record){.key = key, .node = node, .kind = HISTORY_ANSWER, .answer = {digest}});
}

static int64_t *net_priority(struct net *n, uint64_t op)
{
    return &n->priorities[net_op(n, op)][op & 1];
}

/* The register inside: the greater clock stays, whoever had seen whom. */
static void net_register(struct net *n, uint32_t node, uint64_t key, uint64_t came)
{
    uint64_t *value = &n->value[node][key];

    if (came == 0 || came == *value)
        return;
    bool newer = *value == 0 || geo_newer((geo_version){*net_priority(n, came), came},
                                          (geo_version){*net_priority(n, *value), *value});
    uint64_t winner = newer ? came : *value, loser = winner == came ? *value : came;
    *value = winner;
    if (loser != 0)
        net_tell(n, (struct history_record){
                        .key = key, .node = node, .kind = HISTORY_DROP, .drop = {loser, winner}});
}

static uint64_t *net_count(struct net *n, uint32_t node, uint64_t key)
{
    return &n->merged[node][key][node][n->life[node]];
}

static void net_take(struct net *n, const struct net_event *e)
{
    int op = net_op(n, e->op);
    uint32_t node = e->node;
    struct history_record r = {.op = e->op,
                               .key = e->key,
                               .node = node,
                               .kind = HISTORY_TAKE,
                               .take = {.value_bytes = 10, .op_kind = GEO_WRITE}};

    if (!n->up[node] || (n->options.by_merge && !net_holds(n, e->key, node)))
        return;
    if (n->options.by_merge && n->ops[op].taken && (e->op & 0xff) == 0)
        return; /* this model knows what it has taken */
    if (!net_holds(n, e->key, node) && net_chance(n, 0.5)) {
        /* A coordinator that reads at a replica first. */
        for (uint32_t from = 0; from < n->options.nodes; from++)
            if (net_holds(n, e->key, from) && n->held[from][e->key].write != 0) {
                net_tell(n, (struct history_record){.op = e->op,
                                                    .key = e->key,
                                                    .node = node,
                                                    .kind = HISTORY_MADE,
                                                    .made = {n->held[from][e->key].write}});
                net_observe(n, node, n->held[from][e->key].stamp);
                break;
            }
    }
    n->ops[op].taken = true;
    sim_ns drift, shown = net_clock(n, node, &drift);
    r.take.clock_offset = shown - n->now - drift;
    r.take.clock_drift = drift;
    if (n->options.by_merge) {
        uint64_t *count = net_count(n, node, e->key);
        *count = *count == 0 ? ((uint64_t)n->life[node] << 24) + 1 : *count + 1;
        r.take.stamp = (int64_t)*count;
        r.take.priority = *net_priority(n, e->op) = shown;
    } else {
        r.take.stamp = r.take.priority = net_stamp(n, node, shown);
    }
    net_tell(n, r);
    if (n->options.by_merge) {
        net_tell(n, (struct history_record){.key = e->key,
                                            .node = node,
                                            .kind = HISTORY_MERGE,
                                            .merge = {(uint64_t)r.take.stamp, node}});
        net_register(n, node, e->key, e->op);
        net_answer(n, node, e->key);
    } else if (net_holds(n, e->key, node)) {
        if (net_chance(n, 0.3)) { /* its disk takes time */
            struct net_event *later = net_plan(n, 1 + net_delay(n, 4), NET_STORE, node);
            later->op = e->op;
            later->key = e->key;
            later->stamp = r.take.stamp;
        } else {
            net_store(n, node, e->key, (geo_version){r.take.stamp, e->op});
        }
    }
    net_ship(n, node, e->key, e->op, r.take.stamp);
    struct net_event *ok = net_plan(n, net_delay(n, net_chance(n, 0.3) ? 60 : 3), NET_OK, node);
    ok->op = e->op;
    ok->key = e->key;
}

static void net_merge(struct net *n, const struct net_event *e)
{
    bool any = false;

    for (uint32_t o = 0; o < n->options.nodes; o++)
        for (uint32_t life = 0; life < NET_LIVES; life++) {
            uint64_t *have = &n->merged[e->node][e->key][o][life];
            if (e->counts[o][life] <= *have)
                continue;
            *have = e->counts[o][life];
            any = true;
            net_tell(n, (struct history_record){
                            .key = e->key, .node = e->node, .kind = HISTORY_MERGE, .merge = {*have, o}});
        }
    if (!any)
        return;
    net_register(n, e->node, e->key, e->carries);
    net_answer(n, e->node, e->key);
}

static void net_end(struct net *n, const struct net_event *e, uint8_t outcome, uint64_t instant)
{
    int op = net_op(n, e->op);

    if (n->ops[op].ended)
        return;
    n->ops[op].ended = true;
    net_tell(n, (struct history_record){.op = e->op,
                                        .key = e->key,
                                        .kind = HISTORY_END,
                                        .node = instant != 0 ? e->node : HISTORY_NO_NODE,
                                        .end = {.instant = instant, .outcome = outcome}});
}

static void net_down(struct net *n, const struct net_event *e)
{
    if (!n->up[e->node])
        return;
    n->up[e->node] = false;
    net_tell(
        n, (struct history_record){.node = e->node, .kind = HISTORY_DOWN, .down = {.lose = n->options.lose}});
    if (n->options.lose == LOSE_DISK) {
        memset(n->held[e->node], 0, sizeof n->held[e->node]);
        memset(n->merged[e->node], 0, sizeof n->merged[e->node]);
        memset(n->value[e->node], 0, sizeof n->value[e->node]);
        n->last[e->node] = 0;
        n->life[e->node]++;
    }
}

/* It is told what the others hold. */
static void net_up(struct net *n, const struct net_event *e)
{
    n->up[e->node] = true;
    net_tell(n, (struct history_record){.node = e->node, .kind = HISTORY_UP});
    for (uint64_t key = 0; key < n->setting.key_count; key++)
        for (uint32_t from = 0; from < n->options.nodes; from++) {
            if (from == e->node || !net_holds(n, key, from) || !net_holds(n, key, e->node) ||
                net_chance(n, 0.3))
                continue;
            struct net_event *m =
                net_plan(n, 1 + net_delay(n, 40), n->options.by_merge ? NET_MERGE : NET_STORE, e->node);
            m->key = key;
            m->op = n->held[from][key].write;
            m->stamp = n->held[from][key].stamp;
            m->carries = n->value[from][key];
            memcpy(m->counts, n->merged[from][key], sizeof m->counts);
        }
}

static void net_step(struct net *n, const struct net_event *e)
{
    switch (e->kind) {
    case NET_OP:
        net_op_begins(n, e);
        break;
    case NET_TAKE:
        net_take(n, e);
        break;
    case NET_STORE:
        if (n->up[e->node] && e->op != 0)
            net_store(n, e->node, e->key, (geo_version){e->stamp, e->op});
        break;
    case NET_MERGE:
        if (n->up[e->node])
            net_merge(n, e);
        break;
    case NET_OK:
        net_end(n, e, OUTCOME_OK, 0);
        break;
    case NET_GIVE_UP:
        net_end(n, e, OUTCOME_TIMEOUT, 0);
        break;
    case NET_SAMPLE:
        if (n->up[e->node]) /* a state as it is now; told when the read ends */
            net_tell(n, (struct history_record){.op = e->op,
                                                .key = e->key,
                                                .node = e->node,
                                                .kind = HISTORY_SAMPLE,
                                                .sample = {history_position(n->history)}});
        break;
    case NET_READ_OK: {
        struct net_event at = *e;
        placement_holders(&n->setting, e->key, (uint32_t[PLACEMENT_MOST]){0});
        while (!net_holds(n, e->key, at.node))
            at.node++;
        net_end(n, &at, n->up[at.node] ? OUTCOME_OK : OUTCOME_TIMEOUT, history_position(n->history));
        break;
    }
    case NET_DOWN:
        net_down(n, e);
        break;
    case NET_UP:
        net_up(n, e);
        break;
    case NET_FAULT_BEGINS:
    case NET_FAULT_ENDS:
        net_tell(n, (struct history_record){.node = HISTORY_NO_NODE,
                                            .kind = HISTORY_FAULT,
                                            .fault = {.begins = e->kind == NET_FAULT_BEGINS}});
        break;
    case NET_STEP:
        n->clock[e->node] = net_delay(n, 40) - 20 * SIM_MILLISECOND;
        break;
    }
}

static void net_begin(struct net *n, uint64_t seed, const struct net_options *options)
{
    uint32_t nodes = options->nodes != 0 ? options->nodes : 3;

    memset(n, 0, sizeof *n);
    n->options = *options;
    n->options.nodes = nodes;
    n->off = options->true_clocks ? 0 : options->far_clocks ? 1 : 0.5;
    n->random = hash_mix(seed);
    n->events = calloc(NET_EVENTS, sizeof *n->events);
    for (uint32_t node = 0; node < nodes; node++) {
        n->node_region[node] = (uint16_t)node;
        n->first_node[node] = node;
        n->node_count[node] = 1;
        n->names[node] = "region";
        n->up[node] = true;
        n->clock[node] = net_chance(n, n->off) ? net_delay(n, 40) : 0;
        n->drift_percent[node] = options->true_clocks ? 0 : (int)(hash_mix(seed * 8 + node) % 3) * 5 - 5;
        for (uint32_t to = 0; to < nodes; to++)
            n->due[node * nodes + to] = node == to ? 0 : 20 * SIM_MILLISECOND;
    }
    n->fault = (struct history_fault){.name = "crash",
                                      .kind = FAULT_CRASH,
                                      .begin = 200 * SIM_MILLISECOND,
                                      .end = options->crash_for_ever ? SIM_NS_NEVER : 300 * SIM_MILLISECOND};
    n->setting = (struct history_setting){
        .region_count = nodes,
        .node_count = nodes,
        .region_names = n->names,
        .node_region = n->node_region,
        .region_first_node = n->first_node,
        .region_node_count = n->node_count,
        .placement = options->copies != 0 ? PLACEMENT_PER_NODE : PLACEMENT_PER_REGION,
        .copies = options->copies,
        .data = GEO_REGISTER,
        .by_merge = options->by_merge,
        .key_count = 1 + net_below(n, 3),
        .warmup = options->warmup,
        .duration = 500 * SIM_MILLISECOND,
        .limit = 1000 * SIM_MILLISECOND,
        .price_usd_per_byte = n->prices,
        .due_ns = n->due,
        .clocks_err = true,
        .faults = &n->fault,
        .fault_count = options->crash,
        .may_lose = options->crash && options->lose != LOSE_NOTHING,
    };
    n->history = history_new();
}

static sim_ns net_run(struct net *n)
{
    uint64_t ops = 20 + net_below(n, 60);

    for (uint64_t i = 0; i < ops; i++)
        net_plan(n, net_delay(n, 480), NET_OP, 0);
    if (net_chance(n, n->off))
        net_plan(n, net_delay(n, 400), NET_STEP, (uint32_t)net_below(n, n->options.nodes));
    if (n->options.crash) {
        uint32_t node = (uint32_t)net_below(n, n->options.nodes);
        net_plan(n, n->fault.begin, NET_FAULT_BEGINS, 0);
        net_plan(n, n->fault.begin, NET_DOWN, node);
        if (!n->options.crash_for_ever) {
            net_plan(n, n->fault.end, NET_FAULT_ENDS, 0);
            net_plan(n, n->fault.end, NET_UP, node);
        }
    }
    for (size_t done = 0; done < n->event_count; done++) {
        size_t first = done;
        for (size_t i = done + 1; i < n->event_count; i++)
            if (n->events[i].time < n->events[first].time ||
                (n->events[i].time == n->events[first].time && n->events[i].order < n->events[first].order))
                first = i;
        struct net_event e = n->events[first];
        n->events[first] = n->events[done];
        n->events[done] = e;
        n->now = e.time;
        net_step(n, &e);
    }
    return n->now + net_delay(n, 20);
}

static void net_free(struct net *n)
{
    history_free(n->history);
    free(n->events);
}

#endif
