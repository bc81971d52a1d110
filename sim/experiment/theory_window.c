/* theory_window.c -- the consistency window: a read t after the commit misses the write if it is still on its
 * way.
 *
 * lww, crdt: a write is taken at the client's own node, committed half a client's round trip C later; the
 * probe that follows it by t reaches its node another half later. So with the writer's region w by its share
 * of the commits and the reader's g by its share of the reads (evenly where nobody reads):
 *
 *     P(stale at t) = sum_w P(w) sum_{g != w} P(g) (1 - G_wg(t + C)),      G the distribution function of the
 * time until the message is there
 *
 * With datagrams G is the one-way delay's, F. Under tcp a message waits for those of its channel that left
 * before it: if these leave as a Poisson process of rate l, the largest of the delay's and of what is left of
 * theirs is below x with
 *
 *     G(x) = F(x) exp(-l times the integral over y > x of (1 - F(y)))
 *
 * since an earlier one that left u before is there by then with F(x + u). The channel carries the region's
 * writes, one message each, and nothing else.
 *
 * async, reads at home: a write is taken by the leader's node, at L, and committed D_Lw and half a client's
 * round trip later, on constant links: missed at g where t + C < L_Lg - D_Lw.
 *
 * Assumed: each write is sent at once (flush_every 0) and applied as it comes: nothing lost, doubled, queued
 * or served; with datagrams, no repeat before 99.99% have arrived; of delay and jitter one is constant; under
 * tcp with jitter Poisson arrivals, and of crdt the form that ships operations or columns. With lww another
 * write of the key that comes meanwhile stands for this one: keys are uniform and so many that its
 * probability, which is allowed as an error, is below 1%; where keys merge, or have one order, it does not
 * matter. */
#include "sim/engine/elementary.h"
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

/* The integral over y > x of 1 - F: by Simpson's rule over z in [0, 1), y = x + scale z / (1 - z). */
static double later_than(const struct link_def *l, double x, double scale)
{
    enum { STEPS = 512 };
    double sum = 0;

    for (int i = 0; i < STEPS; i++) {
        double z = (double)i / STEPS, rest = 1 - z;
        double f = (1 - way_cdf(l, x + scale * z / rest)) / (rest * rest);
        sum += f * (i == 0 ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return sum * scale / (3.0 * STEPS); /* at z = 1 it is 0 */
}

/* P(there by x), of messages that leave at this rate, in order or not. */
static double there_by(const struct theory_case *c, const struct link_def *l, double rate_per_ns, double x)
{
    double jitter = l->jitter != NULL && !distribution_is_constant(l->jitter) ? distribution_mean(l->jitter)
                    : distribution_is_constant(l->delay)                      ? 0
                                                                              : distribution_mean(l->delay);
    double by = way_cdf(l, x);

    if (c->world->datagram || jitter == 0 || by == 0)
        return by;
    return by * elementary_exp(-rate_per_ns * later_than(l, x, jitter));
}

/* The longest way that 99.99% of messages of any link keep below; -1: a link is not as assumed. */
static double links_longest(const struct theory_case *c, bool *jitters)
{
    uint32_t regions = c->world->region_count;
    double longest = 0;

    *jitters = false;
    for (uint32_t i = 0; i < regions * regions; i++) {
        const struct link_def *l = &c->world->links[i];
        if (i / regions == i % regions)
            continue;
        bool delay = distribution_is_constant(l->delay),
             jitter = l->jitter == NULL || distribution_is_constant(l->jitter);
        if (l->loss > 0 || l->bursts.on || l->duplicate > 0 || l->bandwidth_bits_per_s > 0 ||
            (!delay && !jitter) || (!delay && !isfinite(distribution_mean(l->delay))) ||
            (!jitter && !isfinite(distribution_mean(l->jitter))))
            return -1;
        *jitters = *jitters || !delay || !jitter;
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
    const geo_region *leader =
        theory_is_type(c, "async") ? theory_param(c, "leader", GEO_PARAM_REGION) : NULL;
    uint32_t regions = c->world->region_count;
    double writes = 0, reads = 0, p = 0;

    for (uint32_t r = 0; r < regions; r++) {
        writes += theory_write_rate(c, r);
        reads += theory_read_rate(c, r);
    }
    for (uint32_t w = 0; w < regions; w++)
        for (uint32_t g = 0; g < regions; g++) {
            double weight = reads > 0 ? theory_read_rate(c, g) / reads : 1.0 / regions;
            double there = 1, rate = theory_write_rate(c, w);
            if (leader != NULL)
                there = theory_way_ns(c, *leader, g) - theory_way_ns(c, *leader, w) > ns ? 0 : 1;
            else if (g != w)
                there = there_by(c, &c->world->links[w * regions + g], rate / 1e9, ns);
            p += rate / writes * weight * (1 - there);
        }
    return p;
}

/* With jitter, under tcp: are the channels' messages as assumed? */
static bool is_orderly(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++)
        if (theory_write_rate(c, r) > 0 && c->world->regions[r].workload.arrivals != ARRIVALS_POISSON)
            return false;
    return !theory_is_type(c, "async");
}

const char *theory_window(struct theory_case *c)
{
    const geo_ns *flush = theory_param(c, "flush_every", GEO_PARAM_TIME);
    const geo_ns *resend = theory_param(c, "resend_after", GEO_PARAM_TIME);
    bool is_async = theory_is_type(c, "async"), jitters;
    double client, writes = 0;

    if ((!theory_is_type(c, "lww") && !theory_is_type(c, "crdt") && !is_async) ||
        c->world->probes.after_count == 0)
        return NULL;
    if (!theory_is_plain_open(c))
        return "it needs registers, open arrivals at home and a run without faults";
    if (is_async && !theory_choice_is(c, "read", "local"))
        return "where a read goes is not always home";
    if (theory_is_type(c, "crdt") && theory_choice_is(c, "sync", "state"))
        return "a whole value brings along what others wrote";
    if (!theory_one_node_each(c) || !theory_no_service(c) || !theory_client_ns(c, &client) || flush == NULL ||
        *flush != 0)
        return "it needs one node a region, no service times, constant client delays and flush_every 0";
    double longest = links_longest(c, &jitters);
    for (uint32_t r = 0; r < c->world->region_count; r++)
        writes += theory_write_rate(c, r);
    if (longest < 0 || writes <= 0 ||
        (c->world->datagram && (resend == NULL || longest >= (double)*resend)) ||
        (jitters && (is_async || (!c->world->datagram && !is_orderly(c)))))
        return "it needs writes, and lossless links of unlimited bandwidth whose jitter it knows what to do "
               "with";
    double error = theory_is_type(c, "lww") ? meets(c, longest) + 1e-6 : 1e-6;
    if (error > 0.01)
        return "keys are not uniform, or another write of the key often comes meanwhile";
    for (uint32_t i = 0; i < c->world->probes.after_count; i++) {
        double after = (double)c->world->probes.after[i];
        theory_put_visibility(c, i, stale_at(c, after + client), error,
                              theory_about("window: p_stale at %g ms", after / 1e6));
    }
    return NULL;
}
