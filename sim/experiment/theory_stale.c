/* theory_stale.c -- how many reads are stale, and by how much in the mean, where links are constant.
 *
 * A read of region g meets the state of its node at an instant; a write of region w that was taken at the age
 * a before that is there if a >= L_wg, the link's one way, and had committed before the read began if a > C,
 * the client's round trip (half of it back to the writer, half of it from the reader). Writes of a key are
 * Poisson of rate l_r from each region r.
 *
 *     crdt   A read is stale by more than y if a write has an age between C + y and L_wg:
 *                P(> y) = 1 - exp(-sum_w l_w (L_wg - C - y)+)
 *     async  All are taken by the leader's node, at L; one of region r commits D_Lr later and half a client's
 *            round trip, and they come to g in that order: the same with L_Lg - D_Lr for L_wg.
 *     lww    A newer write that is there stands for an older one. Not there, but committed, at the age a are
 *            writes at the rate in(a), the sum of l_w with C < a < L_wg; there at held(a) = l_g and those of
 * l_w with a > L_wg. Stale by more than y: none of those there is younger than C + y, and beyond it the
 *            youngest of both kinds is one that is not there:
 *                P(> y) = exp(-integral of held up to C + y) times
 *                         the integral over a > C + y of in(a) exp(-l (a - C - y)),     l = sum of all l_r
 *
 * The share of stale reads is P(> 0), the mean over all reads the integral of P; of all keys, weighed by
 * their chance. Of lww true clocks are assumed, so that stamps are in the order of time; of crdt links of
 * which no way round is shorter, since what is merged brings along what was before. Integrals by Gauss and
 * Legendre between the links' ways, where they are smooth. */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <stdlib.h>

/* What a reader's region may miss of each writer's, and for how long. */
struct reader {
    uint32_t count;
    double rate[GEO_REGIONS_MOST], window_ns[GEO_REGIONS_MOST]; /* L_wg - C, or less than 0; of own: -C */
    double own; /* the rate of writes that are there at once */
    double client_ns;
    bool newest_counts; /* lww */
};

/* Abscissas and weights of 8 points on [-1, 1]: Abramowitz and Stegun, table 25.4. */
static const double points[4] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                 0.9602898564975363};
static const double weights[4] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                  0.1012285362903763};

static double minus_exp(double x)
{
    return elementary_exp(-x);
}

/* P(stale by more than y) of a key with this chance. */
static double beyond(const struct reader *r, double chance, double y)
{
    double sum = 0, held = 0, all = r->own, result = 0, from = y;
    double ends[GEO_REGIONS_MOST];

    for (uint32_t w = 0; w < r->count; w++) {
        sum += r->rate[w] * fmax(0, r->window_ns[w] - y);
        held += r->rate[w] * fmax(0, fmin(y - r->window_ns[w], r->client_ns + y));
        all += r->rate[w];
        ends[w] = r->window_ns[w];
    }
    if (!r->newest_counts)
        return 1 - minus_exp(chance * sum);
    held += r->own * (r->client_ns + y);
    all *= chance;
    for (;;) { /* from one end of a window to the next */
        double end = INFINITY, in = 0;
        for (uint32_t w = 0; w < r->count; w++)
            if (ends[w] > from) {
                end = fmin(end, ends[w]);
                in += chance * r->rate[w];
            }
        if (in == 0 || end == INFINITY)
            break;
        result += in / all * (minus_exp(all * (from - y)) - minus_exp(all * (end - y)));
        from = end;
    }
    return result * minus_exp(chance * held);
}

/* The integral of it over y > 0. */
static double mean_of(const struct reader *r, double chance)
{
    double sum = 0, from = 0;

    for (;;) {
        double end = INFINITY;
        for (uint32_t w = 0; w < r->count; w++)
            if (r->window_ns[w] > from)
                end = fmin(end, r->window_ns[w]);
        if (end == INFINITY)
            return sum;
        double middle = (from + end) / 2, half = (end - from) / 2;
        for (int i = 0; i < 4; i++)
            sum +=
                half * weights[i] *
                (beyond(r, chance, middle - half * points[i]) + beyond(r, chance, middle + half * points[i]));
        from = end;
    }
}

static void reader_of(const struct theory_case *c, uint32_t g, double client, struct reader *out)
{
    const geo_region *leader =
        theory_is_type(c, "async") ? theory_param(c, "leader", GEO_PARAM_REGION) : NULL;

    *out = (struct reader){.client_ns = client, .newest_counts = theory_is_type(c, "lww")};
    for (uint32_t w = 0; w < c->world->region_count; w++) {
        double rate = theory_write_rate(c, w) / 1e9;
        double way = leader != NULL ? theory_way_ns(c, *leader, g) - theory_way_ns(c, *leader, w)
                                    : theory_way_ns(c, w, g);
        if (rate <= 0)
            continue;
        if (leader == NULL && w == g) {
            out->own = rate;
            continue;
        }
        out->rate[out->count] = rate;
        out->window_ns[out->count++] = way - client;
    }
}

/* Is some way round by a third region shorter? */
static bool has_shortcuts(const struct theory_case *c)
{
    uint32_t n = c->world->region_count;

    for (uint32_t i = 0; i < n * n * n; i++) {
        uint32_t a = i / n / n, b = i / n % n, by = i % n;
        if (a != b && theory_way_ns(c, a, by) + theory_way_ns(c, by, b) < theory_way_ns(c, a, b))
            return true;
    }
    return false;
}

bool theory_clocks_true(const struct theory_case *c)
{
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct clock_def *k = &c->world->regions[r].clock;
        if (!theory_is_nothing(k->offset) || !theory_is_nothing(k->drift) ||
            (k->sync_every_ns > 0 && !theory_is_nothing(k->sync_error)))
            return false;
    }
    return !c->faults->any;
}

static const char *unfit(const struct theory_case *c)
{
    const char *why = theory_is_regular(c);
    double longest = 0;

    if (why != NULL)
        return why;
    if (theory_is_type(c, "async") && !theory_choice_is(c, "read", "local"))
        return "where a read goes is not always home";
    if (theory_is_type(c, "lww") && (theory_choice_is(c, "clock", "lamport") || !theory_clocks_true(c)))
        return "stamps are not in the order of time";
    if (theory_is_type(c, "crdt") && has_shortcuts(c))
        return "some way round is shorter than the way";
    for (uint32_t a = 0; a < c->world->region_count; a++)
        for (uint32_t b = 0; b < c->world->region_count; b++)
            longest = fmax(longest, theory_way_ns(c, a, b));
    for (uint32_t r = 0; r < c->world->region_count; r++)
        if (c->world->regions[r].workload.clients > 0 &&
            4 * longest > (double)c->world->regions[r].workload.timeout_ns)
            return "timeouts are near";
    return (double)c->world->warmup_ns < 2 * longest ? "the warm-up is shorter than a way there and back"
                                                     : NULL;
}

const char *theory_stale(struct theory_case *c)
{
    struct theory_keys keys;
    struct reader r;
    double client, reads = 0, share = 0, mean = 0;

    if (!theory_is_type(c, "lww") && !theory_is_type(c, "crdt") && !theory_is_type(c, "async"))
        return NULL;
    const char *why = unfit(c);
    if (why == NULL && !theory_keys_open(&keys, c)) {
        theory_keys_close(&keys);
        why = "keys are not chosen alike and by chance alone";
    }
    if (why != NULL)
        return why;
    theory_client_ns(c, &client);
    for (uint32_t g = 0; g < c->world->region_count; g++) {
        double rate = theory_read_rate(c, g);
        reads += rate;
        reader_of(c, g, client, &r);
        array_each (struct theory_key_class, k, &keys.classes) {
            share += rate * k->count * k->chance * beyond(&r, k->chance, 0);
            mean += rate * k->count * k->chance * mean_of(&r, k->chance) / 1e6;
        }
    }
    double events = share * (double)(c->world->duration_ns - c->world->warmup_ns) / 1e9;
    if (events >= THEORY_EVENTS) {
        double off = 1e-4; /* theory_keys.c */
        share /= reads;
        mean /= reads;
        theory_put_figure(c, METRIC_STALE_READ_FRACTION, STATISTIC_VALUE, share, share * (1 - off),
                          share * (1 + off), theory_about("stale: stale_read_fraction"));
        theory_put_figure(c, METRIC_READ_STALENESS, STATISTIC_MEAN, mean, mean * (1 - off), mean * (1 + off),
                          theory_about("stale: read_staleness_ms.mean"));
    }
    theory_keys_close(&keys);
    return events > 0 && events < THEORY_EVENTS ? "so few reads are stale that their mean tells nothing"
                                                : NULL;
}
