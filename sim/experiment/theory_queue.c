/* theory_queue.c -- M/M/c and M/G/1: the mean of read latency where storage.read takes time and nothing else
 * does.
 *
 * Assumed: Poisson arrivals, constant links (a shifted Poisson process is one, and so is the sum of several),
 * one node a region; writes and applying take no time, so that they wait without making others wait. Reads
 * are served at home, or all at the leader's node. With a = lambda / mu offered to c servers, rho = a / c <
 * 0.95, exponential service (Erlang):
 *
 *     C         = (a^c / c!) / ((1 - rho) sum_{k<c} a^k / k! + a^c / c!)
 *     latency   = way + 1 / mu + C / (c mu - lambda)
 *
 * One server and any other service S (Pollaczek and Khinchine; constant: M/D/1):
 *
 *     latency   = way + E S + lambda E S^2 / (2 (1 - rho))
 *
 * for which the second moment is known in closed form; several servers have none then, unless nobody waits.
 * The node starts empty: a warm-up shorter than ten relaxation times, 1 / (mu c (1 - sqrt rho)^2), silences
 * this, and so does a timeout within 30 times the mean. */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <string.h>

static double waiting_s(double lambda, double mu, uint32_t servers)
{
    double a = lambda / mu, term = 1, sum = 0;

    for (uint32_t k = 0; k < servers; k++) {
        sum += term;
        term *= a / (k + 1);
    }
    double busy = term / ((1 - a / servers) * sum + term);
    return busy / (servers * mu - lambda);
}

/* E S^2, in ns^2; -1: not known in closed form, or draws may be below 0 and are cut. */
static double second_moment(const struct distribution *d)
{
    double mean = distribution_mean(d), moment;

    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return mean * mean;
    case DISTRIBUTION_UNIFORM:
        return d->a < 0 ? -1 : (d->a * d->a + d->a * d->b + d->b * d->b) / 3;
    case DISTRIBUTION_EXPONENTIAL:
        return 2 * mean * mean;
    case DISTRIBUTION_GAMMA:
        return d->a * (d->a + 1) * d->b * d->b;
    case DISTRIBUTION_LOGNORMAL:
        return d->a * d->a * elementary_exp(2 * d->b * d->b);
    case DISTRIBUTION_SHIFTED:
        moment = d->a < 0 ? -1 : second_moment(d->of);
        return moment < 0 ? -1 : moment + 2 * d->a * distribution_mean(d->of) + d->a * d->a;
    default:
        return -1;
    }
}

/* The mean wait; -1: theory does not know. */
static double wait_s(const struct distribution *service, double lambda, uint32_t servers)
{
    double mean_s = distribution_mean(service) / 1e9, moment = second_moment(service) / 1e18;

    if (service->kind == DISTRIBUTION_EXPONENTIAL)
        return waiting_s(lambda, 1 / mean_s, servers);
    return servers != 1 || moment < 0 ? -1 : lambda * moment / (2 * (1 - lambda * mean_s));
}

/* Where the reads of a region are served: its own node, or one for all. */
static bool server_of(const struct theory_case *c, uint32_t region, uint32_t *at, bool *shared)
{
    const geo_region *leader = theory_param(c, "leader", GEO_PARAM_REGION);
    const geo_choice *read;
    char word[32];

    *at = region;
    *shared = false;
    if (theory_is_type(c, "lww") || theory_is_type(c, "crdt"))
        return true;
    if (leader == NULL ||
        (!theory_is_type(c, "local") && !theory_is_type(c, "sync") && !theory_is_type(c, "async")))
        return false;
    if (!theory_is_type(c, "local")) {
        if (!theory_choice(c, "read", word, sizeof word, &read))
            return false;
        if (strcmp(word, "local") == 0)
            return true;
        if (strcmp(word, "leader") != 0)
            return false;
    }
    *at = *leader;
    *shared = true;
    return true;
}

const char *theory_queue(struct theory_case *c)
{
    const struct storage_def *storage = &c->world->storage;
    uint32_t regions = c->world->region_count, at;
    double client, all = 0;
    bool shared;

    if (theory_is_nothing(storage->read))
        return NULL;
    bool is_exponential = storage->read->kind == DISTRIBUTION_EXPONENTIAL;
    if (wait_s(storage->read, 0, storage->workers) < 0)
        return "several servers of a service that is not exponential, or one of unknown second moment";
    if (!theory_is_plain_open(c))
        return "queues need registers, open arrivals at home and a run without faults";
    if (!theory_is_nothing(storage->write) || !theory_is_nothing(storage->apply) ||
        !theory_link_constant(c) || !theory_one_node_each(c) || !theory_client_ns(c, &client))
        return "queues need reads alone to be served, constant links and one node a region";
    for (uint32_t r = 0; r < regions; r++) {
        all += theory_read_rate(c, r);
        if (theory_read_rate(c, r) > 0 && c->world->regions[r].workload.arrivals != ARRIVALS_POISSON)
            return "queues need Poisson arrivals";
    }
    for (uint32_t r = 0; r < regions; r++) {
        if (theory_read_rate(c, r) <= 0 || !server_of(c, r, &at, &shared))
            continue;
        double lambda = shared ? all : theory_read_rate(c, r), mu = 1e9 / distribution_mean(storage->read);
        double rho = lambda / (mu * storage->workers), slack = 1 - sqrt(rho);
        if (rho >= 0.95 || (double)c->world->warmup_ns / 1e9 < 10 / (mu * storage->workers * slack * slack))
            continue;
        double served = (1 / mu + wait_s(storage->read, lambda, storage->workers)) * 1e9;
        double way = client + theory_way_ns(c, r, at) + theory_way_ns(c, at, r);
        if (way + 30 * served >= (double)c->world->regions[r].workload.timeout_ns)
            continue;
        theory_put_mean(c, METRIC_READ_LATENCY, r, way + served, way + served - 6, way + served + 6, false,
                        theory_about("queue: read_latency_ms.mean of %s%s", c->world->regions[r].name,
                                     is_exponential ? "" : " (M/G/1)"));
    }
    return NULL;
}
