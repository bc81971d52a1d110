/* theory_matrix.c -- latencies from the table of links alone.
 *
 * Assumed: constant links without loss or queues, one node a region, no service times, constant client
 * delays. Then with C the client's round trip, D(a, b) the round trip of two regions, r the client's region
 * and L the leader's:
 *
 *     local            C + D(r, L)
 *     sync, a write    C + D(r, L) + the (needed - 1)-th smallest of D(L, follower)
 *     a read at a leader  C + D(r, L);  at home  C
 *     async, a write   C + D(r, L)
 *     lww, crdt        C
 *     quorum           C + the k-th smallest of D(r, replica), r itself among them at 0
 *
 * A leg is off by a nanosecond at most for each halving of an odd number; there are 6 at most. Batching,
 * flushing and lag do not delay an answer where it is not throttled: a lag of one way is far from lag_break,
 * which else silences this. */
#include "sim/experiment/theory_room.h"

#include <stdlib.h>
#include <string.h>

static const double rounding_ns = 6;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double round_trip(const struct theory_case *c, uint32_t a, uint32_t b)
{
    return theory_way_ns(c, a, b) + theory_way_ns(c, b, a);
}

/* The k-th smallest (from 1) of the round trips from `from` to the regions of `wanted` (NULL: all). */
static bool nearest(const struct theory_case *c, uint32_t from, const bool *wanted, uint32_t k, double *ns)
{
    double trips[WORLD_REGIONS_MOST];
    uint32_t count = 0;

    for (uint32_t r = 0; r < c->world->region_count; r++)
        if (wanted == NULL || wanted[r])
            trips[count++] = round_trip(c, from, r);
    if (k < 1 || k > count)
        return false;
    qsort(trips, count, sizeof *trips, by_size);
    *ns = trips[k - 1];
    return true;
}

/* What the leader waits for beyond its own copy. */
static bool sync_ns(const struct theory_case *c, uint32_t leader, double *ns)
{
    const geo_choice *acks;
    const geo_ns *degrade = theory_param(c, "degrade_after", GEO_PARAM_TIME);
    bool wanted[WORLD_REGIONS_MOST] = {false};
    uint32_t needed = 0, regions = c->world->region_count;
    char word[32];

    if (!theory_choice(c, "acks", word, sizeof word, &acks) || degrade == NULL || *degrade != 0)
        return false;
    bool by_name = strcmp(word, "<regions>") == 0;
    for (uint32_t r = 0; r < regions; r++) {
        wanted[r] = r == leader || !by_name || (acks->regions[r / 64] >> r % 64 & 1) != 0;
        needed += wanted[r]; /* those that are named; for `all` every one */
    }
    if (strcmp(word, "majority") == 0)
        needed = regions / 2 + 1;
    else if (strcmp(word, "<copies>") == 0)
        needed = (uint32_t)acks->number;
    return nearest(c, leader, wanted, needed, ns); /* the leader itself is the first, at 0 */
}

static uint32_t votes(const geo_choice *choice, const char *word, uint32_t n)
{
    if (strcmp(word, "all") == 0)
        return n;
    if (strcmp(word, "one") == 0)
        return 1;
    return strcmp(word, "majority") == 0 ? n / 2 + 1 : (uint32_t)choice->number;
}

static bool quorum_ns(const struct theory_case *c, uint32_t region, const char *which, double *ns)
{
    const geo_choice *n, *k, *level;
    uint32_t copies = c->world->region_count;
    char n_word[32], k_word[32], level_word[32];
    static const char *const legs[] = {"wars.write", "wars.ack", "wars.read", "wars.response", "wars.remote"};

    for (size_t i = 0; i < sizeof legs / sizeof *legs; i++) {
        const geo_distribution *const *leg = theory_param(c, legs[i], GEO_PARAM_DISTRIBUTION);
        if (leg == NULL || *leg != NULL)
            return false;
    }
    if (!theory_choice(c, "n", n_word, sizeof n_word, &n) ||
        !theory_choice(c, which, k_word, sizeof k_word, &k) ||
        !theory_choice(c, "level", level_word, sizeof level_word, &level) || strcmp(level_word, "none") != 0)
        return false;
    if (!theory_choice(c, "ask", level_word, sizeof level_word, &level) || strcmp(level_word, "all") != 0)
        return false; /* drawn at random, it may be any of them */
    if (strcmp(n_word, "all") != 0 && n->number != copies)
        return false; /* which of them hold a key depends on the key */
    return nearest(c, region, NULL, votes(k, k_word, copies), ns);
}

/* Latency without the client's way; false: unknown. */
static bool latency(const struct theory_case *c, uint32_t region, bool reads, double *ns)
{
    const geo_region *leader = theory_param(c, "leader", GEO_PARAM_REGION);
    const geo_choice *read;
    char word[32];
    double wait;

    *ns = 0;
    if (theory_is_type(c, "lww") || theory_is_type(c, "crdt"))
        return true;
    if (theory_is_type(c, "quorum"))
        return quorum_ns(c, region, reads ? "r" : "w", ns);
    if (leader == NULL)
        return false;
    double way = round_trip(c, region, *leader);
    if (theory_is_type(c, "local")) {
        *ns = way;
        return true;
    }
    bool sync = theory_is_type(c, "sync");
    if (!sync && !theory_is_type(c, "async"))
        return false;
    if (reads) {
        if (!theory_choice(c, "read", word, sizeof word, &read) ||
            (strcmp(word, "local") != 0 && strcmp(word, "leader") != 0))
            return false;
        *ns = strcmp(word, "leader") == 0 ? way : 0;
        return true;
    }
    const geo_ns *lag_break = theory_param(c, "lag_break", GEO_PARAM_TIME);
    for (uint32_t r = 0; lag_break != NULL && *lag_break > 0 && r < c->world->region_count; r++)
        if (round_trip(c, *leader, r) * 4 > (double)*lag_break)
            return false;
    if (sync && !sync_ns(c, *leader, &wait))
        return false;
    *ns = way + (sync ? wait : 0);
    return true;
}

void theory_matrix(struct theory_case *c)
{
    static const enum metric_id metrics[] = {METRIC_READ_LATENCY, METRIC_WRITE_LATENCY};
    double client, ns;

    if (!theory_link_constant(c) || !theory_one_node_each(c) || !theory_no_service(c) ||
        !theory_client_ns(c, &client))
        return;
    for (int m = 0; m < 2; m++)
        for (uint32_t r = 0; r < c->world->region_count; r++)
            if (latency(c, r, m == 0, &ns) && client + ns < (double)c->world->regions[r].workload.timeout_ns)
                theory_put_mean(c, metrics[m], r, client + ns, rounding_ns, true,
                                theory_about("matrix: %s.mean of %s", metric_defs[metrics[m]].name,
                                             c->world->regions[r].name));
}
