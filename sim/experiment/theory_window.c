/* theory_window.c -- the consistency window of lww: a read t after the commit misses the write if it is still
 * on its way.
 *
 * A write is taken at the client's own node, committed half a client's round trip C later; the probe that
 * follows it by t reaches its node another half later. So with the writer's region w by its share of the
 * commits and the reader's g by its share of the reads (evenly where nobody reads):
 *
 *     P(stale at t) = sum_w P(w) sum_{g != w} P(g) (1 - F_wg(t + C)),      F the one-way delay's distribution
 * function
 *
 * Assumed: each write is sent at once (flush_every 0) and applied as it comes: nothing lost, doubled, queued
 * or served; under tcp, where a message waits for those before it, constant delays; with datagrams, no repeat
 * before 99.99% have arrived; of delay and jitter one is constant. Keys are uniform and so many that another
 * write of the key, which would stand for this one, seldom comes meanwhile: its probability is allowed as an
 * error, and above 1% silences this. */
#include "sim/experiment/theory_room.h"

#include <math.h>

/* P(one way <= x), of a link whose draws below 0 count as 0. */
static double way_cdf(const struct link_def *l, double x)
{
    double scale = l->delay_is_round_trip ? 2 : 1;

    if (x < 0)
        return 0;
    if (l->jitter == NULL || distribution_is_constant(l->jitter)) {
        double added = l->jitter != NULL ? fmax(0, distribution_mean(l->jitter)) : 0;
        return x < added ? 0 : distribution_cdf(l->delay, (x - added) * scale);
    }
    double way = fmax(0, distribution_mean(l->delay) / scale);
    return x < way ? 0 : distribution_cdf(l->jitter, x - way);
}

static double way_longest(const struct link_def *l)
{
    double way = distribution_quantile(l->delay, 0.9999) / (l->delay_is_round_trip ? 2 : 1);

    return way + (l->jitter != NULL ? distribution_quantile(l->jitter, 0.9999) : 0);
}

/* The longest way that 99.99% of messages of any link keep below; -1: a link is not as assumed. */
static double links_longest(const struct theory_case *c)
{
    uint32_t regions = c->world->region_count;
    double longest = 0;

    for (uint32_t i = 0; i < regions * regions; i++) {
        const struct link_def *l = &c->world->links[i];
        if (i / regions == i % regions)
            continue;
        bool delay = distribution_is_constant(l->delay),
             jitter = l->jitter == NULL || distribution_is_constant(l->jitter);
        if (l->loss > 0 || l->bursts.on || l->duplicate > 0 || l->bandwidth_bits_per_s > 0 ||
            (!delay && !jitter) || (!c->world->datagram && !(delay && jitter)))
            return -1;
        longest = fmax(longest, way_longest(l));
    }
    return longest;
}

/* Another write of the same key within `ns`. */
static double meets(const struct theory_case *c, double ns)
{
    double rate = 0;

    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        rate += theory_write_rate(c, r);
        if (w->clients > 0 && (w->keys != KEYS_UNIFORM || w->local_share > 0 || w->own_share > 0))
            return 1;
    }
    return rate / (double)c->world->key_count * ns / 1e9;
}

static double stale_at(const struct theory_case *c, double ns)
{
    uint32_t regions = c->world->region_count;
    double writes = 0, reads = 0, p = 0;

    for (uint32_t r = 0; r < regions; r++) {
        writes += theory_write_rate(c, r);
        reads += theory_read_rate(c, r);
    }
    for (uint32_t w = 0; w < regions; w++)
        for (uint32_t g = 0; g < regions; g++) {
            double weight = reads > 0 ? theory_read_rate(c, g) / reads : 1.0 / regions;
            if (g != w)
                p += theory_write_rate(c, w) / writes * weight *
                     (1 - way_cdf(&c->world->links[w * regions + g], ns));
        }
    return p;
}

const char *theory_window(struct theory_case *c)
{
    const geo_ns *flush = theory_param(c, "flush_every", GEO_PARAM_TIME);
    const geo_ns *resend = theory_param(c, "resend_after", GEO_PARAM_TIME);
    double client, writes = 0;

    if (!theory_is_type(c, "lww") || c->world->probes.after_count == 0)
        return NULL;
    if (!theory_is_plain_open(c))
        return "it needs registers, open arrivals at home and a run without faults";
    if (!theory_one_node_each(c) || !theory_no_service(c) || !theory_client_ns(c, &client) || flush == NULL ||
        *flush != 0 || resend == NULL)
        return "it needs one node a region, no service times, constant client delays and flush_every 0";
    double longest = links_longest(c);
    for (uint32_t r = 0; r < c->world->region_count; r++)
        writes += theory_write_rate(c, r);
    if (longest < 0 || writes <= 0 || (c->world->datagram && longest >= (double)*resend))
        return "it needs writes, lossless links of unlimited bandwidth, and jitter over datagrams only";
    double error = meets(c, longest) + 1e-9;
    if (error > 0.01)
        return "keys are not uniform, or another write of the key often comes meanwhile";
    for (uint32_t i = 0; i < c->world->probes.after_count; i++) {
        double after = (double)c->world->probes.after[i];
        theory_put_visibility(c, i, stale_at(c, after + client), error,
                              theory_about("window: p_stale at %g ms", after / 1e6));
    }
    return NULL;
}
