/* theory_traffic.c -- messages, bytes and dollars between regions, by arithmetic.
 *
 * A message counts its payload and the network's overhead. Of an operation of region r, L the leader's:
 *
 *     local   r != L: a request (a write's value) and an answer (a read's value)
 *     lww     a write: its value to each other region
 *     crdt    the same number of messages; their bytes have what a merge needs, and are not told
 *     sync    as local where it goes to the leader; a write also its value to each follower, each of which
 *             acknowledges once
 *     async   as sync, but nobody acknowledges; each follower and the leader tell each other how far they are
 *             every status_every
 *     quorum  of registers, asking all: a write's value to each replica elsewhere, and its acknowledgement; a
 *             read's question, and the value in answer. A read that meets a write of its key under way may
 *             send one more to each, and be acknowledged: theory is sure of no more than so many
 *
 * Assumed: Poisson or constant open arrivals at home, lossless links, no faults, flush_every 0, tcp: nothing
 * is repeated. The window loses what an operation sends after its end and gains what one begun before it
 * sends inside: on balance nothing, within the messages of one operation of each region. */
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <string.h>

struct traffic {
    double messages, bytes, usd; /* per second */
};

static void sends(const struct theory_case *c, struct traffic *t, uint32_t from, uint32_t to, double per_s,
                  double payload)
{
    const struct world_def *w = c->world;
    double bytes = per_s * (payload + (double)w->overhead_bytes);

    if (from == to)
        return;
    t->messages += per_s;
    t->bytes += bytes;
    t->usd += bytes * w->links[from * w->region_count + to].price_usd_per_byte;
}

/* Of a region's quorum operations, with every replica elsewhere; `repairs`: at the most. */
static void add_quorum(const struct theory_case *c, struct traffic *t, struct traffic *repairs, uint32_t r)
{
    const struct world_def *w = c->world;
    double reads = theory_read_rate(c, r), writes = theory_write_rate(c, r), longest = 0, meets = 0;
    double value = w->regions[r].workload.value_bytes;

    for (uint32_t i = 0; i < w->region_count * w->region_count; i++)
        if (i / w->region_count != i % w->region_count && w->links[i].delay != NULL)
            longest = fmax(longest, distribution_quantile(w->links[i].delay, 0.9999));
    for (uint32_t from = 0; from < w->region_count; from++)
        meets += theory_write_rate(c, from);
    const bool *mends = theory_param(c, "repair", GEO_PARAM_FLAG);
    meets *= mends != NULL && !*mends ? 0
                                      : theory_alike(c) * 3 * longest /
                                            1e9; /* a write lives for a way there, one back, and a read's */
    for (uint32_t to = 0; to < w->region_count; to++)
        for (uint32_t node = 0; node < w->regions[to].nodes; node++) {
            sends(c, t, r, to, reads, 0);
            sends(c, t, to, r, reads, value);
            sends(c, t, r, to, writes, value);
            sends(c, t, to, r, writes, 0);
            sends(c, repairs, r, to, reads * fmin(1, meets), value);
            sends(c, repairs, to, r, reads * fmin(1, meets), 0);
        }
}

static void add_region(const struct theory_case *c, struct traffic *t, uint32_t r)
{
    const geo_region *leader = theory_param(c, "leader", GEO_PARAM_REGION);
    const geo_ns *status = theory_param(c, "status_every", GEO_PARAM_TIME);
    const struct world_def *w = c->world;
    double reads = theory_read_rate(c, r), writes = theory_write_rate(c, r);
    double value = w->regions[r].workload.value_bytes;
    bool reads_travel = leader != NULL && !theory_choice_is(c, "read", "local");

    if (leader != NULL) {
        sends(c, t, r, *leader, writes, value);
        sends(c, t, *leader, r, writes, 0);
    }
    if (reads_travel) {
        sends(c, t, r, *leader, reads, 0);
        sends(c, t, *leader, r, reads, value);
    }
    if (leader != NULL && status != NULL && w->regions[r].nodes > 0) { /* async */
        sends(c, t, r, *leader, 1e9 / (double)*status, 0);
        sends(c, t, *leader, r, 1e9 / (double)*status, 0);
    }
    for (uint32_t to = 0; to < w->region_count && !theory_is_type(c, "local"); to++) {
        if (w->regions[to].nodes == 0)
            continue;
        sends(c, t, leader != NULL ? *leader : r, to, writes, value);
        if (leader != NULL && theory_is_type(c, "sync"))
            sends(c, t, to, *leader, writes, 0);
    }
}

/* What else a model may send, by its parameters. */
static const char *unfit_model(const struct theory_case *c)
{
    const geo_ns *after = theory_param(c, "failover.after", GEO_PARAM_TIME);
    const geo_ns *entropy = theory_param(c, "anti_entropy", GEO_PARAM_TIME);
    const geo_distribution *const *leg = theory_param(c, "wars.write", GEO_PARAM_DISTRIBUTION);

    if (after != NULL && *after != 0)
        return "a leader that is watched sends beats";
    if (theory_is_type(c, "async") && !theory_choice_is(c, "read", "local") &&
        !theory_choice_is(c, "read", "leader"))
        return "where a read goes depends on what its session has met";
    if (!theory_is_type(c, "quorum"))
        return NULL;
    if ((entropy != NULL && *entropy != 0) || (leg != NULL && *leg != NULL) ||
        !theory_choice_is(c, "n", "all") || !theory_choice_is(c, "ask", "all"))
        return "whom it asks depends on the key, on chance or on time";
    return theory_is_plain_open(c) ? NULL : "a change of a value asks before it writes";
}

static const char *unfit(const struct theory_case *c)
{
    const geo_ns *flush = theory_param(c, "flush_every", GEO_PARAM_TIME);

    if (c->faults->any && !c->faults->clocks_only)
        return "faults are on";
    if (!theory_links_lossless(c) || c->world->datagram)
        return "messages are sent again";
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients > 0 && (w->arrivals == ARRIVALS_CLOSED || w->roam_share > 0 || w->route_to != r ||
                               w->mix[GEO_DECREMENT] > 0))
            return "it needs open arrivals at home, and no write that may be refused";
        if (c->world->regions[r].nodes > 1 && !theory_is_type(c, "lww") && !theory_is_type(c, "quorum"))
            return "it needs one node a region";
    }
    if (flush != NULL && *flush != 0)
        return "writes are shipped together";
    return unfit_model(c);
}

static void put(struct theory_case *c, enum metric_id metric, double theory, double more, double edge,
                const char *name)
{
    theory_put_figure(c, metric, STATISTIC_VALUE, theory, theory - edge, theory + more + edge,
                      theory_about("traffic: %s", name));
}

const char *theory_traffic(struct theory_case *c)
{
    const struct world_def *w = c->world;
    struct traffic t = {0}, one = {0}, more = {0};

    if (theory_is_type(c, "gossip"))
        return NULL; /* theory_gossip.c */
    if (!theory_is_type(c, "local") && !theory_is_type(c, "lww") && !theory_is_type(c, "sync") &&
        !theory_is_type(c, "async") && !theory_is_type(c, "crdt") && !theory_is_type(c, "quorum"))
        return "it has no formula for this strategy";
    const char *why = unfit(c);
    if (why != NULL)
        return why;
    double window_s = (double)(w->duration_ns - w->warmup_ns) / 1e9, count = w->region_count;
    for (uint32_t r = 0; r < w->region_count; r++)
        if (theory_is_type(c, "quorum"))
            add_quorum(c, &t, &more, r);
        else
            add_region(c, &t, r);
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++)
            sends(c, &one, from, to, 2, w->regions[from].workload.value_bytes);
    if (t.messages == 0)
        return "nothing leaves a region";
    put(c, METRIC_WAN_MESSAGES, t.messages * window_s, more.messages * window_s, 2 * count * count,
        "wan_messages");
    if (theory_is_type(c, "crdt"))
        return NULL;
    put(c, METRIC_WAN_BYTES, t.bytes * window_s, more.bytes * window_s, one.bytes, "wan_bytes");
    put(c, METRIC_WAN_COST, t.usd * window_s, more.usd * window_s, one.usd, "wan_cost_usd");
    return NULL;
}
