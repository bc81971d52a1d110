/* theory_traffic.c -- messages, bytes and dollars between regions, by arithmetic.
 *
 * A message counts its payload and the network's overhead. Of an operation of region r, L the leader's:
 *
 *     local   r != L: a request (a write's value) and an answer (a read's value)
 *     lww     a write: its value to each other region
 *     sync    as local where it goes to the leader; a write also its value to each follower, each of which
 *             acknowledges once
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

static void add_region(const struct theory_case *c, struct traffic *t, uint32_t r)
{
    const geo_region *leader = theory_param(c, "leader", GEO_PARAM_REGION);
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
    for (uint32_t to = 0; to < w->region_count && !theory_is_type(c, "local"); to++) {
        if (w->regions[to].nodes == 0)
            continue;
        sends(c, t, leader != NULL ? *leader : r, to, writes, value);
        if (theory_is_type(c, "sync"))
            sends(c, t, to, *leader, writes, 0);
    }
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
        if (c->world->regions[r].nodes > 1 && !theory_is_type(c, "lww"))
            return "it needs one node a region";
    }
    if (flush != NULL && *flush != 0)
        return "writes are shipped together";
    return NULL;
}

const char *theory_traffic(struct theory_case *c)
{
    const struct world_def *w = c->world;
    struct traffic t = {0}, one = {0};

    if (theory_is_type(c, "gossip"))
        return NULL; /* theory_gossip.c */
    if (!theory_is_type(c, "local") && !theory_is_type(c, "lww") && !theory_is_type(c, "sync"))
        return "it has no formula for this strategy";
    const char *why = unfit(c);
    if (why != NULL)
        return why;
    double window_s = (double)(w->duration_ns - w->warmup_ns) / 1e9, count = w->region_count;
    for (uint32_t r = 0; r < w->region_count; r++)
        add_region(c, &t, r);
    for (uint32_t from = 0; from < w->region_count; from++)
        for (uint32_t to = 0; to < w->region_count; to++)
            sends(c, &one, from, to, 2, w->regions[from].workload.value_bytes);
    if (t.messages == 0)
        return "nothing leaves a region";
    theory_put_value(c, METRIC_WAN_MESSAGES, t.messages * window_s, 2 * count * count,
                     theory_about("traffic: wan_messages"));
    theory_put_value(c, METRIC_WAN_BYTES, t.bytes * window_s, one.bytes, theory_about("traffic: wan_bytes"));
    theory_put_value(c, METRIC_WAN_COST, t.usd * window_s, one.usd, theory_about("traffic: wan_cost_usd"));
    return NULL;
}
