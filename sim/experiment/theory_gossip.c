/* theory_gossip.c -- epidemics in synchronous rounds (Demers et al., Epidemic algorithms for replicated
 * database maintenance, PODC 1987), played out on a bare array of who knows: a share of the nodes that does
 * not know a write after so many rounds, and how often a node was told of it.
 *
 * In a round each node that is hot at its beginning tells `fanout` others (push), each that asks one that is
 * hot at its beginning is told (pull); a telling was needed by who did not know at the beginning of the
 * round. Rounds of all nodes are at multiples of `every` (phase: aligned), so the first begins a time uniform
 * in 0 .. every after the write, and what is told in it arrives one way later (push), or two (pull). So of a
 * probe t after the commit, with C the client's round trip and d the delay,
 *
 *     P(stale) = (1 - f) q(k) + f q(k + 1),    x = (t + C - d) / every, k = floor(x), f = x - k,
 *
 * q(k) being the share that does not know after k rounds. Theory is sure of what lies between the shortest
 * and the longest d.
 *
 * Assumed: one shot of each write: no faults, nothing lost, constant delays of less than a third of `every`,
 * no services, no anti-entropy; uniform keys, so many that another write of the key seldom comes during an
 * epidemic (allowed as an error, silent above 2%). The bytes between regions, where the network adds no
 * overhead to a message: of those told, as many cross as peers are elsewhere; a verdict of a message of
 * several rumours is a bit each, of one a byte. */
#include "sim/base/array.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MOST = 400, NODES_AND_RUNS = 1 << 21, RUNS_MOST = 1 << 13 };

struct site {
    uint32_t since; /* the round in which it was told; UINT32_MAX: never */
    uint32_t useless;
    bool hot, tells, was_needed, was_useless;
};

struct epidemic {
    uint32_t nodes, fanout, stop_after;
    bool pushes, pulls, feedback, counts, never;
    struct theory_luck luck;
    struct site *sites;
    uint32_t *others;                                          /* [node * fanout], of this round */
    bool *needed;                                              /* likewise */
    double told;                                               /* tellings */
    double unknown[ROUNDS_MOST + 1], squares[ROUNDS_MOST + 1]; /* sums over the runs */
    double all_told, all_told_squares, longest;
    uint32_t runs;
};

static void count_useless(struct epidemic *e, struct site *s)
{
    if (e->never)
        return;
    if (e->counts ? ++s->useless >= e->stop_after : theory_unit(&e->luck) * e->stop_after < 1)
        s->hot = false;
}

/* `from` tells `to` in round `now`; was it needed? */
static bool tell(struct epidemic *e, struct site *to, uint32_t now)
{
    bool needed = to->since >= now;

    e->told += 1;
    if (to->since == UINT32_MAX)
        *to = (struct site){.since = now, .hot = true};
    return needed;
}

static void settle(struct epidemic *e)
{
    for (uint32_t i = 0; i < e->nodes && e->pulls; i++) {
        struct site *s = &e->sites[i];
        if (s->hot && s->was_needed)
            s->useless = 0;
        else if (s->hot && s->was_useless)
            count_useless(e, s);
        s->was_needed = s->was_useless = false;
    }
}

/* Whom site i talks to in this round: all different. */
static void others_draw(struct epidemic *e, uint32_t i, uint32_t *others)
{
    for (uint32_t k = 0; k < e->fanout;) {
        uint32_t other = (uint32_t)(theory_unit(&e->luck) * (e->nodes - 1)), at = 0;
        others[k] = other >= i ? other + 1 : other;
        while (others[at] != others[k])
            at++;
        k += at == k;
    }
}

/* All pushes leave as the round begins; then those that are still hot answer the pulls (a blind one may have
 * lost interest by telling); then the verdicts on the pushes come back, in the order in which they left. */
static void round_play(struct epidemic *e, uint32_t now)
{
    uint32_t *others = e->others, fanout = e->fanout;

    for (uint32_t i = 0; i < e->nodes; i++) {
        struct site *me = &e->sites[i];
        me->tells = e->pushes && me->hot && me->since < now;
        if (e->pulls || me->tells)
            others_draw(e, i, &others[(size_t)i * fanout]);
        for (uint32_t k = 0; k < fanout && me->tells && me->hot; k++) {
            bool needed = tell(e, &e->sites[others[(size_t)i * fanout + k]], now);
            e->needed[(size_t)i * fanout + k] = needed;
            if (!e->feedback)
                count_useless(e, me);
        }
    }
    for (uint32_t i = 0; i < e->nodes && e->pulls; i++)
        for (uint32_t k = 0; k < fanout; k++) {
            struct site *you = &e->sites[others[(size_t)i * fanout + k]];
            if (!you->hot || you->since >= now)
                continue;
            bool needed = tell(e, &e->sites[i], now);
            you->was_needed = you->was_needed || (e->feedback && needed);
            you->was_useless = true;
        }
    for (uint32_t i = 0; i < e->nodes && e->feedback; i++)
        for (uint32_t k = 0; k < fanout && e->sites[i].tells && e->sites[i].hot; k++) {
            if (e->needed[(size_t)i * fanout + k])
                e->sites[i].useless = 0;
            else
                count_useless(e, &e->sites[i]);
        }
    settle(e);
}

static void run(struct epidemic *e)
{
    uint32_t known = 1, hot = 1, now = 1;

    memset(e->sites, 0, e->nodes * sizeof *e->sites);
    for (uint32_t i = 1; i < e->nodes; i++)
        e->sites[i].since = UINT32_MAX;
    e->sites[0].hot = true;
    e->told = 0;
    for (; now <= ROUNDS_MOST; now++) {
        double unknown = 1 - (double)known / e->nodes;
        e->unknown[now - 1] += unknown;
        e->squares[now - 1] += unknown * unknown;
        if (hot == 0 || (e->never && known == e->nodes))
            continue;
        round_play(e, now);
        known = hot = 0;
        for (uint32_t i = 0; i < e->nodes; i++) {
            known += e->sites[i].since != UINT32_MAX;
            hot += e->sites[i].hot;
        }
        e->longest = fmax(e->longest, now);
    }
    e->unknown[ROUNDS_MOST] += 1 - (double)known / e->nodes;
    e->squares[ROUNDS_MOST] += (1 - (double)known / e->nodes) * (1 - (double)known / e->nodes);
    e->all_told += e->told;
    e->all_told_squares += e->told * e->told;
    e->runs++;
}

/* The share that does not know after `rounds`, and what it is off by. */
static double unknown_after(const struct epidemic *e, double rounds, double *error)
{
    size_t k = (size_t)fmin(fmax(floor(rounds), 0), ROUNDS_MOST);
    double n = e->runs, q = e->unknown[k] / n;

    *error = THEORY_Z * sqrt(fmax(0, e->squares[k] / n - q * q) / n) + 1e-9;
    return rounds < 0 ? 1 : q;
}

static double stale_at(const struct epidemic *e, double x, double *error)
{
    double k = floor(x), f = x - k, first, second;
    double a = unknown_after(e, k, &first), b = unknown_after(e, k + 1, &second);

    *error = fmax(first, second);
    if (k < 0)
        return 1;
    return (1 - f) * a + f * b;
}

/* The shortest and longest way between nodes; false: not constant. */
static bool ways(const struct theory_case *c, double *least, double *most)
{
    const struct world_def *w = c->world;

    *least = INFINITY;
    *most = 0;
    for (uint32_t a = 0; a < w->region_count; a++)
        for (uint32_t b = 0; b < w->region_count; b++) {
            double ns = a == b ? (double)w->local_ns / 2 : theory_way_ns(c, a, b);
            if (w->regions[a].nodes == 0 || w->regions[b].nodes == 0 || (a == b && w->regions[a].nodes < 2))
                continue;
            *least = fmin(*least, ns);
            *most = fmax(*most, ns);
        }
    return theory_link_constant(c) && *least <= *most;
}

static bool read_model(const struct theory_case *c, struct epidemic *e, double *every)
{
    const int64_t *fanout = theory_param(c, "fanout", GEO_PARAM_INTEGER);
    const geo_ns *every_ns = theory_param(c, "every", GEO_PARAM_TIME);
    const bool *feedback = theory_param(c, "feedback", GEO_PARAM_FLAG);
    const geo_choice *stop;
    char word[32];

    if (fanout == NULL || every_ns == NULL || feedback == NULL ||
        !theory_choice(c, "stop", word, sizeof word, &stop))
        return false;
    e->fanout = (uint32_t)*fanout;
    e->feedback = *feedback;
    e->never = strcmp(word, "never") == 0;
    e->counts = strcmp(word, "counter") == 0;
    e->stop_after = (uint32_t)stop->number;
    e->pushes = !theory_choice_is(c, "mode", "pull");
    e->pulls = !theory_choice_is(c, "mode", "push");
    *every = (double)*every_ns;
    for (uint32_t r = 0; r < c->world->region_count; r++)
        e->nodes += c->world->regions[r].nodes;
    return e->nodes > 1 && e->fanout < e->nodes;
}

static double writes_per_s(const struct theory_case *c)
{
    double rate = 0;

    for (uint32_t r = 0; r < c->world->region_count; r++)
        rate += theory_write_rate(c, r);
    return rate;
}

static void put_visibility(struct theory_case *c, const struct epidemic *e, double every, double client,
                           double meets)
{
    double least, most;

    ways(c, &least, &most);
    most = e->pulls ? 2 * most : most;
    least = e->pushes ? least : 2 * least;
    for (uint32_t i = 0; i < c->world->probes.after_count; i++) {
        double after = (double)c->world->probes.after[i], low_error, high_error;
        double low = stale_at(e, (after + client - least) / every, &low_error);
        double high = stale_at(e, (after + client - most) / every, &high_error);
        theory_put_visibility(c, i, (low + high) / 2, (high - low) / 2 + fmax(low_error, high_error) + meets,
                              theory_about("gossip: p_stale at %g ms", after / 1e6));
    }
}

/* The share of tellings that cross from region to region. */
static double crossing(const struct theory_case *c, const struct epidemic *e)
{
    double pairs = 0;

    for (uint32_t r = 0; r < c->world->region_count; r++)
        pairs += (double)c->world->regions[r].nodes * (e->nodes - c->world->regions[r].nodes);
    return pairs / ((double)e->nodes * (e->nodes - 1));
}

static void put_traffic(struct theory_case *c, const struct epidemic *e, double every)
{
    const struct world_def *w = c->world;
    double told = e->all_told / e->runs, share = crossing(c, e), bytes = 0, count = 0;
    double own = THEORY_Z * sqrt(fmax(0, e->all_told_squares / e->runs - told * told) / e->runs) / told;

    if (w->overhead_bytes > 0 || e->never || share == 0 || (double)w->warmup_ns < e->longest * every)
        return;
    for (uint32_t r = 0; r < w->region_count; r++) {
        double writes = theory_write_rate(c, r) * (double)(w->duration_ns - w->warmup_ns) / 1e9;
        bytes += writes * told * share * w->regions[r].workload.value_bytes;
        count += writes * told * share;
    }
    double more = e->feedback ? count / 2 : 0, error = own * bytes + more;
    if (bytes > 0)
        theory_put_figure(c, METRIC_WAN_BYTES, STATISTIC_VALUE, bytes + more, bytes + more - error,
                          bytes + more + error, theory_about("gossip: wan_bytes"));
}

static const char *unfit(const struct theory_case *c, double *client)
{
    const geo_ns *anti_entropy = theory_param(c, "anti_entropy", GEO_PARAM_TIME);

    if (!theory_is_plain_open(c))
        return "it needs registers, open arrivals at home and a run without faults";
    if (!theory_no_service(c) || !theory_client_ns(c, client) || !theory_link_constant(c))
        return "it needs constant delays, nothing lost and no service times";
    if (anti_entropy == NULL || *anti_entropy != 0)
        return "it knows rumours alone: anti_entropy is on";
    if (!theory_choice_is(c, "phase", "aligned"))
        return "it knows synchronous rounds: phase is not aligned";
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct workload_def *w = &c->world->regions[r].workload;
        if (w->clients > 0 && (w->arrivals != ARRIVALS_POISSON || w->keys != KEYS_UNIFORM ||
                               w->local_share > 0 || w->own_share > 0))
            return "it needs Poisson arrivals and uniform keys";
    }
    return NULL;
}

const char *theory_gossip(struct theory_case *c)
{
    double client = 0, every, least, most;
    const char *why;

    if (!theory_is_type(c, "gossip"))
        return NULL;
    if ((why = unfit(c, &client)) != NULL)
        return why;
    struct epidemic *e = memory_new(1, sizeof *e);
    if (!read_model(c, e, &every) || !ways(c, &least, &most) || 3 * most >= every) {
        why = "rounds are shorter than a way there, back and there again, or fanout is everybody";
    } else {
        e->luck = (struct theory_luck){1};
        e->sites = memory_new(e->nodes, sizeof *e->sites);
        e->others = memory_new((size_t)e->nodes * e->fanout, sizeof *e->others);
        e->needed = memory_new((size_t)e->nodes * e->fanout, sizeof *e->needed);
        for (uint32_t i = 0; i < RUNS_MOST && (i < 64 || (double)i * e->nodes < NODES_AND_RUNS); i++)
            run(e);
        double meets = writes_per_s(c) / (double)c->world->key_count * e->longest * every / 1e9;
        if (meets <= 0.02) {
            put_visibility(c, e, every, client, meets);
            put_traffic(c, e, every);
        } else {
            why = "another write of the key often comes before an epidemic is over";
        }
        free(e->sites);
        free(e->others);
        free(e->needed);
    }
    free(e);
    return why;
}
