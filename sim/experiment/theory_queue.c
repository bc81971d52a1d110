/* theory_queue.c -- M/M/c: the mean of read latency where storage.read is exponential and nothing else takes
 * time.
 *
 * Assumed: Poisson arrivals, constant links (a shifted Poisson process is one, and so is the sum of several),
 * one node a region; writes and applying take no time, so that they wait without making others wait. Reads
 * are served at home, or all at the leader's node. With a = lambda / mu offered to c servers, rho = a / c <
 * 0.95:
 *
 *     Erlang C  = (a^c / c!) / ((1 - rho) sum_{k<c} a^k / k! + a^c / c!)
 *     latency   = way + 1 / mu + Erlang C / (c mu - lambda)
 *
 * The node starts empty: a warm-up shorter than ten relaxation times, 1 / (mu c (1 - sqrt rho)^2), silences
 * this, and so does a timeout within 30 times the mean. */
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

    if (storage->read == NULL || storage->read->kind != DISTRIBUTION_EXPONENTIAL)
        return NULL;
    if (!theory_is_plain_open(c))
        return "M/M/c needs registers, open arrivals at home and a run without faults";
    if (!theory_is_nothing(storage->write) || !theory_is_nothing(storage->apply) ||
        !theory_link_constant(c) || !theory_one_node_each(c) || !theory_client_ns(c, &client))
        return "M/M/c needs reads alone to be served, constant links and one node a region";
    for (uint32_t r = 0; r < regions; r++) {
        all += theory_read_rate(c, r);
        if (theory_read_rate(c, r) > 0 && c->world->regions[r].workload.arrivals != ARRIVALS_POISSON)
            return "M/M/c needs Poisson arrivals";
    }
    for (uint32_t r = 0; r < regions; r++) {
        if (theory_read_rate(c, r) <= 0 || !server_of(c, r, &at, &shared))
            continue;
        double lambda = shared ? all : theory_read_rate(c, r), mu = 1e9 / distribution_mean(storage->read);
        double rho = lambda / (mu * storage->workers), slack = 1 - sqrt(rho);
        if (rho >= 0.95 || (double)c->world->warmup_ns / 1e9 < 10 / (mu * storage->workers * slack * slack))
            continue;
        double served = (1 / mu + waiting_s(lambda, mu, storage->workers)) * 1e9;
        double way = client + theory_way_ns(c, r, at) + theory_way_ns(c, at, r);
        if (way + 30 * served >= (double)c->world->regions[r].workload.timeout_ns)
            continue;
        theory_put_mean(c, METRIC_READ_LATENCY, r, way + served, way + served - 6, way + served + 6, false,
                        theory_about("queue: read_latency_ms.mean of %s", c->world->regions[r].name));
    }
    return NULL;
}
