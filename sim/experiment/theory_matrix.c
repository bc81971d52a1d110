/* theory_matrix.c -- latencies from the links and services alone.
 *
 * With C the client's round trip, D(a, b) the round trip of two regions, r the client's region, L the
 * leader's, and s a service time:
 *
 *     local            C + D(r, L) + s
 *     sync, a write    C + D(r, L) + the larger of the leader's s and the (needed - 1)-th smallest of
 *                      D(L, follower) + s
 *     a read at a leader  C + D(r, L) + s;  at home  C + s
 *     async, a write   C + D(r, L) + s
 *     lww, crdt, gossip  C + s
 *     quorum           C + the k-th smallest of D(r, replica) + s; a change of a value (all but a register's
 *                      write): that for r votes, then for w
 *
 * What is constant is exact: a leg is off by a nanosecond at most for each halving of an odd number. What is
 * not is drawn a few thousand times (theory_room.h's draws), and off by the error of the mean at 99.99%.
 *
 * Two things that these formulas leave out only ever delay, and widen what theory is sure of upwards:
 *
 *   order   Under tcp a message waits for those that left before it and are later. Of messages that leave at
 *           rate l, each with a delay of variance v of its own, an earlier one that left u before adds no
 * more than E(D' - D - u)+, and the integral of that over u is E((D' - D)+)^2 / 2 = v / 2: together no more
 * than l v / 2 in the mean. The waiting bunches what leaves on the next leg: of the l E(D' - D)+ <= l sqrt(v
 * / 2) messages that it was held up with, each adds E(D' - D)+ again: l v / 2 more. So l v for each leg, and
 * theory is put in the middle; where l sqrt v > 1 it is silent. The k-th smallest waits, to the first order,
 * as the one that is the k-th, and no longer than all that are among the first k together. What leaves at the
 * same instant on the same link is in the formula: the answer of an async leader to a region that it ships
 * the same write to is the later of two. queues  Of the bytes of a message before it on a link of limited
 * bandwidth, and of the jobs before it at a node of c servers: first come first served has a mean wait no
 * longer than dealing jobs to servers at random (Wolff, 1987), which Pollaczek and Khinchine give: l E(S^2) /
 * (2 c (1 - rho)). All jobs of all regions are counted at each node, twice for their bunching. Where theory
 * is sure of no more than 5% it is silent.
 *
 * With faults, each figure is computed again as if what faults touch never answered; it stands where both are
 * the same. Service times with faults silence all: what was held back comes in bursts. */
#include "sim/base/array.h"
#include "sim/experiment/theory_room.h"
#include "sim/history/setting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MOST = PLACEMENT_MOST, SAMPLES_MOST = 1 << 16, SAMPLES_LEAST = 1 << 11, DRAWS_MOST = 1 << 21 };

static const double rounding_ns = 8;

/* Who must answer: `count` nodes, of which the k-th, or of each region a majority. */
struct trips {
    uint32_t to[NODES_MOST];
    uint32_t count, k;
    uint32_t drawn; /* not 0: so many of them are asked, drawn each time, and all must answer */
    bool each_region;
    const struct distribution *service;
    double last[NODES_MOST], among[NODES_MOST]; /* how often each was the one waited for, or before it */
};

/* One operation's way. */
struct path {
    uint32_t client, asked,
        served; /* regions: the client's, of the node that has the request, of who serves */
    bool hops;  /* the key's node of the region may be another than the one asked */
    const struct distribution *own; /* at who serves; the trips from there go beside it */
    struct trips trips[2];          /* one after the other */
    uint32_t trip_count;
    double second; /* the share of operations that make the second */
    bool shipped;  /* tcp: who serves ships the write to the one asked, and then answers on the same link */
};

struct matrix {
    struct theory_case *c;
    struct theory_luck luck;
    uint32_t nodes, node_region[NODES_MOST], first_node[GEO_REGIONS_MOST];
    bool cut;   /* what faults touch never answers */
    bool exact; /* nothing is drawn but constants */
    double all_reads, all_writes;
    double *variance; /* at most, of each link's way, [from * regions + to] */
};

static uint32_t regions_of(const struct matrix *x)
{
    return x->c->world->region_count;
}

static double way(struct matrix *x, uint32_t from, uint32_t to)
{
    uint32_t i = from * regions_of(x) + to;
    double ns = theory_draw_way(&x->luck, &x->c->world->links[i]);

    return x->cut && x->c->faults->link[i] ? INFINITY : ns;
}

static double between(struct matrix *x, uint32_t a, uint32_t b)
{
    double there = a == b ? 0 : way(x, a, b);

    return a == b ? 0 : there + way(x, b, a);
}

static double served(struct matrix *x, uint32_t region, const struct distribution *service)
{
    double ns = theory_draw_least_0(&x->luck, service);

    return x->cut && x->c->faults->region[region] ? INFINITY : ns;
}

static double trip(struct matrix *x, uint32_t from, uint32_t to, const struct distribution *service)
{
    uint32_t a = x->node_region[from], b = x->node_region[to];
    double ns = a != b ? between(x, a, b) : from != to ? (double)x->c->world->local_ns : 0;

    return ns + served(x, b, service);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The slowest region's majority. */
static double each_region(const struct matrix *x, const struct trips *t, const double *ns)
{
    double slowest = 0, mine[NODES_MOST];

    for (uint32_t region = 0; region < regions_of(x); region++) {
        uint32_t count = 0;
        for (uint32_t i = 0; i < t->count; i++)
            if (x->node_region[t->to[i]] == region)
                mine[count++] = ns[i];
        qsort(mine, count, sizeof *mine, by_size);
        if (count > 0)
            slowest = fmax(slowest, mine[count / 2]);
    }
    return slowest;
}

static double waits(struct matrix *x, uint32_t from, struct trips *t)
{
    double ns[NODES_MOST];
    uint32_t order[NODES_MOST], asked = t->drawn != 0 ? t->drawn : t->count;

    memcpy(order, t->to, t->count * sizeof *order);
    for (uint32_t i = 0; i < asked; i++) {
        uint32_t at = t->drawn != 0 ? i + (uint32_t)(theory_unit(&x->luck) * (t->count - i)) : i,
                 to = order[at];
        order[at] = order[i];
        ns[i] = trip(x, from, to, t->service);
    }
    for (uint32_t i = 0; i < t->count && (t->each_region || t->drawn != 0); i++) {
        t->last[i] += 1;
        t->among[i] += 1;
    }
    if (t->each_region)
        return each_region(x, t, ns);
    if (t->drawn != 0) {
        qsort(ns, asked, sizeof *ns, by_size);
        return ns[asked - 1];
    }
    double sorted[NODES_MOST];
    memcpy(sorted, ns, asked * sizeof *ns);
    qsort(sorted, asked, sizeof *sorted, by_size);
    for (uint32_t i = 0; i < asked && !x->cut; i++) {
        t->among[i] += ns[i] <= sorted[t->k - 1];
        t->last[i] += ns[i] == sorted[t->k - 1];
    }
    return sorted[t->k - 1];
}

/* One draw of an operation's latency. */
static double latency(struct matrix *x, struct path *p)
{
    const struct world_def *w = x->c->world;
    uint32_t nodes = w->regions[p->asked].nodes;
    double ns = theory_draw_least_0(&x->luck, w->client);

    if (x->cut && x->c->faults->region[p->client])
        return INFINITY;
    ns += between(x, p->client, p->asked);
    if (p->hops && theory_unit(&x->luck) * nodes >= 1)
        ns += (double)w->local_ns;
    uint32_t from = x->first_node[p->served];
    double own = served(x, p->served, p->own);
    if (p->served != p->asked) {
        double back = way(x, p->served, p->asked);
        ns += way(x, p->asked, p->served);
        if (p->shipped && theory_unit(&x->luck) * nodes < 1)
            back = fmax(back, way(x, p->served, p->asked) - own);
        ns += back;
    }
    ns += p->trip_count > 0 ? fmax(own, waits(x, from, &p->trips[0])) : own;
    if (p->trip_count > 1 && (p->second >= 1 || theory_unit(&x->luck) < p->second))
        ns += waits(x, from, &p->trips[1]);
    return ns;
}

/* ---- What a model waits for ---- */

/* All nodes of the regions that `wanted` names (NULL: all). */
static void trips_to(const struct matrix *x, struct trips *t, const bool *wanted)
{
    t->count = 0;
    for (uint32_t n = 0; n < x->nodes; n++)
        if (wanted == NULL || wanted[x->node_region[n]])
            t->to[t->count++] = n;
}

static const char *sync_write(struct matrix *x, struct path *p)
{
    struct theory_case *c = x->c;
    const geo_choice *acks;
    const geo_ns *degrade = theory_param(c, "degrade_after", GEO_PARAM_TIME);
    struct trips *t = &p->trips[0];
    uint32_t copies = 0, needed;
    char word[32];

    if (!theory_choice(c, "acks", word, sizeof word, &acks) || degrade == NULL || *degrade != 0)
        return "with degrade_after a wait may be cut short";
    bool by_name = strcmp(word, "<regions>") == 0;
    t->count = 0;
    for (uint32_t r = 0; r < regions_of(x); r++) {
        if (c->world->regions[r].nodes == 0)
            continue;
        copies++;
        if (r != p->served && (!by_name || (acks->regions[r / 64] >> r % 64 & 1) != 0))
            t->to[t->count++] = x->first_node[r];
    }
    needed = strcmp(word, "majority") == 0   ? copies / 2
             : strcmp(word, "<copies>") == 0 ? (uint32_t)acks->number - 1
                                             : t->count;
    if (needed > t->count)
        return "it needs more followers than there are";
    t->k = needed;
    t->service = c->world->storage.write;
    p->trip_count = needed > 0;
    p->shipped = needed == 0 && !c->world->datagram;
    return NULL;
}

/* A map of votes and levels to trips; r is the client's region. */
static const char *quorum_trips(struct matrix *x, uint32_t region, bool reads, struct trips *t)
{
    struct theory_case *c = x->c;
    const geo_choice *n, *k, *other;
    char n_word[32], k_word[32], level[32], ask[32];
    bool here[GEO_REGIONS_MOST] = {false};

    if (!theory_choice(c, "n", n_word, sizeof n_word, &n) ||
        !theory_choice(c, reads ? "r" : "w", k_word, sizeof k_word, &k) ||
        !theory_choice(c, "level", level, sizeof level, &other) ||
        !theory_choice(c, "ask", ask, sizeof ask, &other))
        return "its parameters are not known";
    if (strcmp(n_word, "all") != 0 && n->number != x->nodes)
        return "with fewer copies than nodes, who holds a key depends on the key";
    here[region] = true;
    bool is_local = strcmp(level, "local_quorum") == 0;
    trips_to(x, t, is_local ? here : NULL);
    t->each_region = strcmp(level, "each_quorum") == 0;
    t->k = strcmp(level, "none") == 0  ? theory_votes(k, k_word, t->count)
           : strcmp(level, "one") == 0 ? 1
           : strcmp(level, "all") == 0 ? t->count
                                       : t->count / 2 + 1;
    if (t->k < 1 || t->k > t->count)
        return "it needs more votes than there are";
    t->drawn = strcmp(ask, "quorum") == 0 && t->k < t->count ? t->k : 0;
    t->service = reads ? c->world->storage.read : c->world->storage.write;
    return NULL;
}

static const char *quorum_path(struct matrix *x, uint32_t region, bool reads, struct path *p)
{
    struct theory_case *c = x->c;
    const double *mix = c->world->regions[region].workload.mix;
    static const char *const legs[] = {"wars.write", "wars.ack", "wars.read", "wars.response", "wars.remote"};
    const char *why;

    for (size_t i = 0; i < sizeof legs / sizeof *legs; i++) {
        const geo_distribution *const *leg = theory_param(c, legs[i], GEO_PARAM_DISTRIBUTION);
        if (leg == NULL || *leg != NULL)
            return "delays are the model's own (wars)";
    }
    p->trip_count = reads ? 1 : 2;
    if (reads)
        return quorum_trips(x, p->asked, true, &p->trips[0]);
    if (mix[GEO_DECREMENT] > 0)
        return "a decrement that is refused is answered before it is written";
    double blind = c->world->data == GEO_REGISTER ? mix[GEO_WRITE] : 0, writes = 1 - mix[GEO_READ];
    why = quorum_trips(x, p->asked, false, &p->trips[blind > 0 ? 0 : 1]);
    if (why == NULL)
        why = quorum_trips(x, p->asked, true, &p->trips[blind > 0 ? 1 : 0]);
    p->second = writes > 0 && blind < writes ? 1 - blind / writes : blind > 0 ? 0 : 1;
    p->trip_count = p->second > 0 ? 2 : 1;
    return why;
}

static const char *leader_path(struct matrix *x, bool reads, struct path *p)
{
    struct theory_case *c = x->c;
    const geo_region *leader = theory_param(c, "leader", GEO_PARAM_REGION);
    const geo_choice *read;
    char word[32] = "leader";

    if (leader == NULL)
        return "its leader is not known";
    if (c->faults->leader_moves)
        return "the leader moves";
    if (reads && theory_param(c, "read", GEO_PARAM_CHOICE) != NULL)
        theory_choice(c, "read", word, sizeof word, &read);
    if (strcmp(word, "local") == 0)
        return NULL;
    if (strcmp(word, "leader") != 0)
        return "where a read goes depends on what its session has met";
    p->served = *leader;
    p->hops = p->served == p->asked;
    const geo_ns *flush = theory_param(c, "flush_every", GEO_PARAM_TIME);
    p->shipped =
        !reads && theory_is_type(c, "async") && (flush == NULL || *flush == 0) && !c->world->datagram;
    return !reads && theory_is_type(c, "sync") ? sync_write(x, p) : NULL;
}

/* A leader that throttles when followers lag answers late or not at all. */
static bool may_throttle(const struct theory_case *c)
{
    const geo_ns *lag_break = theory_param(c, "lag_break", GEO_PARAM_TIME);
    const struct world_def *w = c->world;

    if (lag_break == NULL || *lag_break == 0 || theory_choice_is(c, "on_break", "continue"))
        return false;
    for (uint32_t i = 0; i < w->region_count * w->region_count; i++)
        if (i / w->region_count != i % w->region_count &&
            distribution_quantile(w->links[i].delay, 0.9999) * 4 > (double)*lag_break)
            return true;
    for (uint32_t i = 0; i < w->fault_count; i++)
        if (w->faults[i].kind != FAULT_CLOCK && w->faults[i].kind != FAULT_LOAD &&
            (w->faults[i].lasts == NULL || w->faults[i].every != NULL ||
             distribution_quantile(w->faults[i].lasts, 0.9999) * 2 > (double)*lag_break))
            return true;
    return false;
}

static const char *path_of(struct matrix *x, uint32_t region, bool reads, struct path *p)
{
    struct theory_case *c = x->c;
    const struct storage_def *storage = &c->world->storage;
    uint32_t asked = c->world->regions[region].workload.route_to;

    *p = (struct path){.client = region, .asked = asked, .served = asked, .hops = true};
    p->own = reads ? storage->read : storage->write;
    if (theory_is_type(c, "quorum")) {
        p->own = NULL;
        p->hops = false;
        return quorum_path(x, region, reads, p);
    }
    if (theory_is_type(c, "gossip"))
        p->hops = false;
    if (theory_is_type(c, "lww") || theory_is_type(c, "crdt") || theory_is_type(c, "gossip"))
        return NULL;
    if (!reads && may_throttle(c))
        return "the leader may throttle when followers lag";
    return leader_path(x, reads, p);
}

/* ---- What the formulas leave out ---- */

/* Messages a second that a region's node sends to another's, at the most. */
static double channel_rate(const struct matrix *x, uint32_t from, uint32_t to)
{
    const struct theory_case *c = x->c;
    double a = theory_read_rate(c, from) + theory_write_rate(c, from),
           b = theory_read_rate(c, to) + theory_write_rate(c, to);

    a *= c->faults->load[from];
    b *= c->faults->load[to];
    if (theory_is_type(c, "local"))
        return fmax(a, b); /* requests one way, answers the other */
    if (theory_is_type(c, "quorum"))
        return a + theory_write_rate(c, from) + b + theory_write_rate(c, to);
    return fmax(a, b) + x->all_writes;
}

/* What theory leaves out of a path, in the mean: likely, and at the most. */
struct slack {
    double likely, most;
};

/* The wait for order and for bytes on a leg, which counts for so much. false: too long to tell. */
static bool leg_add(struct matrix *x, uint32_t from, uint32_t to, double likely, double most,
                    struct slack *out)
{
    const struct world_def *w = x->c->world;
    uint32_t i = from * regions_of(x) + to;
    const struct link_def *l = &w->links[i];
    double rate = channel_rate(x, from, to) / 1e9, ns = 0;

    if (from == to || most == 0)
        return true;
    if (!w->datagram && x->variance[i] > 0) {
        if (rate * sqrt(x->variance[i]) > 1)
            return false;
        ns += rate * x->variance[i];
    }
    if (l->bandwidth_bits_per_s > 0) {
        double bytes = (double)w->overhead_bytes;
        for (uint32_t r = 0; r < w->region_count; r++)
            bytes = fmax(bytes, (double)w->overhead_bytes + w->regions[r].workload.value_bytes);
        double s = bytes * 8e9 / l->bandwidth_bits_per_s, rho = rate * s;
        if (rho > 0.5)
            return false;
        ns += s + rate * s * s / (1 - rho);
    }
    out->likely += likely * ns / 2;
    out->most += most * ns;
    return true;
}

static bool service_add(const struct matrix *x, struct slack *out)
{
    const struct storage_def *s = &x->c->world->storage;
    const struct distribution *const kinds[] = {s->read, s->write, s->apply};
    const double rates[] = {x->all_reads + x->all_writes, x->all_writes, x->all_writes + x->all_reads};
    struct theory_luck luck = {3};
    double busy = 0, squares = 0;

    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 1024 && !theory_is_nothing(kinds[k]); i++) {
            double served_ns = theory_draw_least_0(&luck, kinds[k]);
            busy += rates[k] / 1e9 * served_ns / 1024;
            squares += rates[k] / 1e9 * served_ns * served_ns / 1024;
        }
    double rho = busy / s->workers;
    if (rho > 0.7)
        return false;
    out->likely += squares / (2 * s->workers * (1 - rho));
    out->most += squares / (s->workers * (1 - rho));
    return true;
}

static bool both_add(struct matrix *x, uint32_t a, uint32_t b, double likely, double most, struct slack *out)
{
    return leg_add(x, a, b, likely, most, out) && leg_add(x, b, a, likely, most, out);
}

/* Of a path that was drawn `samples` times. */
static bool slack_of(struct matrix *x, const struct path *p, double samples, struct slack *out)
{
    bool known = both_add(x, p->asked, p->served, 1, 1, out) && both_add(x, p->client, p->asked, 1, 1, out);

    *out = known ? *out : (struct slack){0};
    for (uint32_t k = 0; known && k < p->trip_count; k++) {
        const struct trips *t = &p->trips[k];
        for (uint32_t i = 0; known && i < t->count; i++)
            known = both_add(x, p->served, x->node_region[t->to[i]], t->last[i] / samples,
                             t->among[i] / samples, out);
    }
    for (uint32_t jobs = 0; known && jobs <= p->trip_count; jobs++)
        known = service_add(x, out);
    return known;
}

/* ---- The figures ---- */

static uint32_t samples_of(const struct matrix *x, const struct path *p)
{
    double draws = 4 + 2.0 * p->trips[0].count + 2.0 * p->trips[1].count;
    double samples = DRAWS_MOST / (draws * 2 * regions_of(x) * (x->c->faults->any ? 2 : 1));

    return x->exact ? 1 : (uint32_t)fmin(fmax(samples, SAMPLES_LEAST), SAMPLES_MOST);
}

/* NULL, or why not. */
static const char *put(struct matrix *x, struct path *p, enum metric_id metric)
{
    struct theory_case *c = x->c;
    uint32_t n = samples_of(x, p);
    double sum = 0, squares = 0, longest = 0;
    struct slack more = {0};
    bool exact = x->exact && (!p->hops || c->world->regions[p->asked].nodes == 1) && p->trips[0].drawn == 0 &&
                 p->trips[1].drawn == 0 && (p->trip_count < 2 || p->second >= 1);

    if (!exact && n == 1)
        n = SAMPLES_LEAST;
    x->luck = (struct theory_luck){1};
    for (uint32_t i = 0; i < n; i++) {
        struct theory_luck before = x->luck;
        x->cut = false;
        double ns = latency(x, p);
        if (c->faults->any) {
            x->luck = before;
            x->cut = true;
            if (!(latency(x, p) <= ns))
                return "some regions wait for what faults touch";
        }
        sum += ns;
        squares += ns * ns;
        longest = fmax(longest, ns);
    }
    double mean = sum / n, error = THEORY_Z * sqrt(fmax(0, squares / n - mean * mean) / n) + rounding_ns;
    if (!slack_of(x, p, n, &more) || more.most > 0.05 * mean)
        return "queues, or dense messages with jitter, delay by more than 5%";
    if ((longest + more.most) * 1.5 > (double)c->world->regions[p->client].workload.timeout_ns)
        return "clients may time out";
    theory_put_mean(
        c, metric, p->client, mean + more.likely, mean - error, mean + more.most + error,
        exact && more.most == 0,
        theory_about("matrix: %s.mean of %s", metric_defs[metric].name, c->world->regions[p->client].name));
    return NULL;
}

static bool has_variance(const struct distribution *d)
{
    if (d == NULL || d->kind != DISTRIBUTION_PARETO)
        for (size_t i = 0;
             d != NULL && (d->kind == DISTRIBUTION_SHIFTED || d->kind == DISTRIBUTION_MIXTURE) &&
             i < (d->kind == DISTRIBUTION_SHIFTED ? 1 : d->count);
             i++)
            if (!has_variance(&d->of[i]))
                return false;
    return d == NULL || d->kind != DISTRIBUTION_PARETO || d->b > 4;
}

static double variance_of(const struct link_def *l)
{
    enum { DRAWS = 8192 };
    struct theory_luck luck = {2};
    double sum = 0, squares = 0;

    if (theory_is_constant(l->delay) && theory_is_constant(l->jitter))
        return 0;
    double middle = theory_draw_way(&luck, l);
    for (int k = 0; k < DRAWS; k++) {
        double ns = theory_draw_way(&luck, l) - middle;
        sum += ns / DRAWS;
        squares += ns * ns / DRAWS;
    }
    return fmax(0, squares - sum * sum) * 1.2; /* what the variance of so many draws may be off */
}

/* Links that share their distributions, or that differ by a constant alone, are looked at once. */
static void variances(struct matrix *x)
{
    const struct world_def *w = x->c->world;
    uint32_t count = regions_of(x) * regions_of(x);
    const struct link_def *known = NULL;
    double of_known = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct link_def *l = &w->links[i];
        if (i / regions_of(x) == i % regions_of(x))
            continue;
        bool same =
            known != NULL && l->jitter == known->jitter &&
            (l->delay == known->delay || (theory_is_constant(l->delay) && theory_is_constant(known->delay)));
        of_known = same ? of_known : variance_of(l);
        known = l;
        x->variance[i] = of_known;
    }
}

/* What the whole world must be like. */
static const char *unfit(struct matrix *x)
{
    const struct theory_case *c = x->c;
    const struct world_def *w = c->world;

    if (!theory_links_lossless(c))
        return "messages are lost or doubled";
    if (c->faults->any && !c->faults->clocks_only && !theory_no_service(c))
        return "faults and service times: what was held back comes in bursts";
    for (uint32_t i = 0; i < w->region_count * w->region_count; i++)
        if (i / w->region_count != i % w->region_count &&
            (!has_variance(w->links[i].delay) || !has_variance(w->links[i].jitter)))
            return "the tail of the delays is too heavy for a mean";
    if (!has_variance(w->storage.read) || !has_variance(w->storage.write) || !has_variance(w->client))
        return "the tail of the service times is too heavy for a mean";
    for (uint32_t r = 0; r < w->region_count; r++) {
        const struct workload_def *work = &w->regions[r].workload;
        uint32_t nodes = w->regions[work->route_to].nodes;
        if (nodes > 1 && work->clients % nodes != 0)
            return "sessions are not spread evenly over the nodes of a region";
        if (work->own_share > 0 && nodes > 1)
            return "a session's own keys may all be on one node";
        if (work->roam_share > 0)
            return "sessions roam";
    }
    return x->nodes > NODES_MOST ? "there are too many nodes" : NULL;
}

static bool all_constant(const struct matrix *x)
{
    const struct world_def *w = x->c->world;
    bool constant = theory_is_constant(w->client) && theory_is_constant(w->storage.read) &&
                    theory_is_constant(w->storage.write);

    for (uint32_t i = 0; i < w->region_count * w->region_count; i++)
        if (i / w->region_count != i % w->region_count)
            constant =
                constant && theory_is_constant(w->links[i].delay) && theory_is_constant(w->links[i].jitter);
    return constant;
}

static void open(struct matrix *x, struct theory_case *c)
{
    *x = (struct matrix){.c = c};
    x->variance = memory_new((size_t)regions_of(x) * regions_of(x), sizeof *x->variance);
    for (uint32_t r = 0; r < regions_of(x); r++) {
        x->first_node[r] = x->nodes;
        x->all_reads += theory_read_rate(c, r) * c->faults->load[r];
        x->all_writes += theory_write_rate(c, r) * c->faults->load[r];
        for (uint32_t n = 0; n < c->world->regions[r].nodes; n++, x->nodes++)
            if (x->nodes < NODES_MOST)
                x->node_region[x->nodes] = r;
    }
    x->exact = all_constant(x);
}

const char *theory_matrix(struct theory_case *c)
{
    static const char *const types[] = {"local", "sync", "async", "lww", "crdt", "quorum", "gossip"};
    struct path *p = memory_new(1, sizeof *p);
    struct matrix *x = memory_new(1, sizeof *x);
    bool is_ours = false;

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        is_ours = is_ours || theory_is_type(c, types[i]);
    open(x, c);
    const char *why = is_ours ? unfit(x) : "it has no formula for this strategy", *reason = why;
    if (why == NULL) {
        variances(x);
        for (int reads = 1; reads >= 0; reads--)
            for (uint32_t r = 0; r < regions_of(x); r++) {
                if (c->world->regions[r].workload.clients == 0)
                    continue;
                why = path_of(x, r, reads, p);
                if (why == NULL)
                    why = put(x, p, reads ? METRIC_READ_LATENCY : METRIC_WRITE_LATENCY);
                reason = why != NULL ? why : reason;
            }
    }
    free(x->variance);
    free(x);
    free(p);
    return reason;
}
