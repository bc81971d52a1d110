/* theory_conflicts.c -- how many pairs of writes meet unseen, and how many writes wall clocks turn round.
 *
 * Conflicts. Of a key, region a writes as a Poisson process of rate p, b of rate q; the ways between them
 * take A and B, T = A + B. Writes at s in a and s + x in b are concurrent if -B < x < A. They meet in b
 * unless b writes once more before a's arrives, e^-q(A - x), and in a with e^-p(B + x), independently. So the
 * pairs a second are
 *
 *     p q [ (1 - e^-qT) / q + (1 - e^-pT) / p - (e^-pT - e^-qT) / (q - p) ]         (T e^-pT where p = q)
 *
 * Where others keep the key too they meet perhaps there as well, and others' writes may stand in their place
 * before: no more than p q T, and no less than the above times e^-2T'l, l the rate of all others' writes and
 * T' the longest way. theory is sure of no more than that.
 *
 * Inversions (lww on wall clocks that are off by lasting offsets o). A write of a is turned round if b had
 * committed one before it began that is stamped later: if b wrote in the last D = o_b - o_a, but for the C, a
 * client's round trip, that commit and request take. Of all b: 1 - exp(-sum_b q_b (D_b - C)+), in the mean
 * over the offsets, which are drawn (theory's own draws). An earlier overwriting of either within the longest
 * way changes that by no more than as often as there is one, which theory allows for.
 *
 * Each is silent where it is sure of no more than a tenth, or expects too few to tell (THEORY_EVENTS). */
#include "sim/engine/elementary.h"
#include "sim/experiment/theory_room.h"

#include <math.h>
#include <string.h>

static const double least_sure = 0.1;

static double minus_exp(double x)
{
    return elementary_exp(-x);
}

static double longest_way(const struct theory_case *c)
{
    double longest = 0;

    for (uint32_t a = 0; a < c->world->region_count; a++)
        for (uint32_t b = 0; b < c->world->region_count; b++)
            longest = fmax(longest, theory_way_ns(c, a, b));
    return longest;
}

/* Pairs a second of one key of two regions with these rates a second, T in seconds. */
static double pairs(double p, double q, double t)
{
    double both =
        fabs(p - q) < 1e-9 * (p + q) ? t * minus_exp(p * t) : (minus_exp(p * t) - minus_exp(q * t)) / (q - p);

    return p * q * ((1 - minus_exp(q * t)) / q + (1 - minus_exp(p * t)) / p - both);
}

static void put_conflicts(struct theory_case *c, const struct theory_keys *keys, double window_s)
{
    uint32_t regions = c->world->region_count;
    double least = 0, most = 0, all = 0, longest = longest_way(c) / 1e9;

    for (uint32_t r = 0; r < regions; r++)
        all += theory_write_rate(c, r);
    for (uint32_t a = 0; a < regions; a++)
        for (uint32_t b = a + 1; b < regions; b++) {
            double p = theory_write_rate(c, a), q = theory_write_rate(c, b);
            double t = (theory_way_ns(c, a, b) + theory_way_ns(c, b, a)) / 1e9;
            if (p <= 0 || q <= 0)
                continue;
            array_each (struct theory_key_class, k, &keys->classes) {
                double met = k->count * pairs(p * k->chance, q * k->chance, t);
                least += met * minus_exp(2 * longest * (all - p - q) * k->chance);
                most += regions == 2 ? met : k->count * p * q * k->chance * k->chance * t;
            }
        }
    double theory = (least + most) / 2, rounding = 1e-4 * most; /* theory_keys.c */
    if (theory * window_s < THEORY_EVENTS || most - least > least_sure * theory)
        return;
    theory_put_figure(c, METRIC_CONFLICTS, STATISTIC_VALUE, theory * window_s, (least - rounding) * window_s,
                      (most + rounding) * window_s, theory_about("conflicts: conflicts"));
}

/* ---- Inversions ---- */

static bool offsets_only(const struct theory_case *c, bool *constant)
{
    *constant = true;
    for (uint32_t r = 0; r < c->world->region_count; r++) {
        const struct clock_def *k = &c->world->regions[r].clock;
        if (!theory_is_nothing(k->drift) || (k->sync_every_ns > 0 && !theory_is_nothing(k->sync_error)) ||
            k->cut_offset)
            return false;
        *constant = *constant && theory_is_constant(k->offset);
    }
    return !c->faults->any;
}

/* Writes turned round a second, with these offsets. */
static double turned(const struct theory_case *c, const struct theory_keys *keys, const double *offset_ns,
                     double client)
{
    uint32_t regions = c->world->region_count;
    double sum = 0;

    for (uint32_t a = 0; a < regions; a++) {
        double rate = theory_write_rate(c, a), meets = 0;
        for (uint32_t b = 0; b < regions; b++)
            meets += theory_write_rate(c, b) * fmax(0, offset_ns[b] - offset_ns[a] - client) / 1e9;
        array_each (struct theory_key_class, k, &keys->classes)
            sum += k->count * k->chance * rate * (1 - minus_exp(meets * k->chance));
    }
    return sum;
}

static void put_inversions(struct theory_case *c, const struct theory_keys *keys, double window_s,
                           double client)
{
    enum { SAMPLES = 1024 };
    uint32_t regions = c->world->region_count;
    double offset[GEO_REGIONS_MOST], sum = 0, squares = 0, all = 0, longest = longest_way(c);
    struct theory_luck luck = {7};
    bool constant;

    if (!theory_is_type(c, "lww") || !theory_choice_is(c, "clock", "wall") || !offsets_only(c, &constant))
        return;
    for (uint32_t i = 0; i < regions * regions; i++)
        if (i / regions != i % regions && theory_way_ns(c, i / regions, i % regions) < client)
            return; /* a write that is there may not have been committed */
    uint32_t n = constant ? 1 : SAMPLES;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t r = 0; r < regions; r++)
            offset[r] = c->world->regions[r].clock.offset != NULL
                            ? theory_draw(&luck, c->world->regions[r].clock.offset)
                            : 0;
        double one = turned(c, keys, offset, client);
        sum += one;
        squares += one * one;
    }
    double mean = sum / n, error = THEORY_Z * sqrt(fmax(0, squares / n - mean * mean) / n) + 1e-4 * mean;
    for (uint32_t r = 0; r < regions; r++)
        all += theory_write_rate(c, r);
    double busy = 0; /* the chance that one that is turned round meets another write, at the most */
    array_each (struct theory_key_class, k, &keys->classes)
        busy += k->count * k->chance * k->chance * fmin(1, all * k->chance * (longest + client) / 1e9);
    error += mean * busy / theory_alike(c);
    if (mean * window_s < THEORY_EVENTS || error > least_sure * mean)
        return;
    theory_put_figure(c, METRIC_SKEW_INVERSIONS, STATISTIC_VALUE, mean * window_s, (mean - error) * window_s,
                      (mean + error) * window_s, theory_about("conflicts: skew_inversions"));
}

const char *theory_conflicts(struct theory_case *c)
{
    struct theory_keys keys;
    double client, window_s = (double)(c->world->duration_ns - c->world->warmup_ns) / 1e9;

    if (!theory_is_type(c, "lww") && !theory_is_type(c, "crdt"))
        return NULL;
    const char *why = theory_is_regular(c);
    if (why == NULL && !theory_keys_open(&keys, c)) {
        theory_keys_close(&keys);
        why = "keys are not chosen alike and by chance alone";
    }
    if (why != NULL)
        return why;
    size_t before = c->rows->claims.count;
    theory_client_ns(c, &client);
    if ((double)c->world->warmup_ns >= 2 * longest_way(c)) {
        put_conflicts(c, &keys, window_s);
        put_inversions(c, &keys, window_s, client);
    }
    theory_keys_close(&keys);
    return c->rows->claims.count > before
               ? NULL
               : "writes of a key are too dense or too rare, or the warm-up is too short";
}
