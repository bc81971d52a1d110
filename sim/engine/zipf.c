/* zipf.c -- Zipf's law by rejection-inversion (Hoermann and Derflinger: Rejection-Inversion to Generate
 * Variates from Monotone Discrete Distributions, ACM TOMACS 6, 1996): no table, so ten million keys cost
 * nothing at set-up.
 *
 * With h(x) = x^-theta and H its integral, a point u is drawn uniformly below H and x = H^-1(u) is rounded to
 * the rank k. The bar of rank k ends at H(k + 1/2) and is h(k) long; as h is convex H(k + 1/2) - h(k) lies
 * within the piece that rounds to k, and what falls below it is drawn again: at most a few in a hundred.
 * `squeeze` accepts most at once: where k - x <= squeeze, u is on the bar of any rank.
 *
 * H is written with log1p and expm1 so that theta = 1, where it becomes the logarithm, is no special case. */
#include "sim/base/check.h"
#include "sim/engine/distribution.h"
#include "sim/engine/elementary_inline.h"

#include <math.h>
#include <stdlib.h>

enum { RANKS_AT_ONCE = 16 };

struct zipf {
    uint64_t count;
    double theta, first, last, squeeze; /* H(3/2) - 1, H(count + 1/2), 2 - H^-1(H(5/2) - h(2)) */
};

/* (exp(x) - 1) / x and log(1 + x) / x, 1 at 0 */
static double expm1_ratio(double x)
{
    return fabs(x) > 1e-8 ? inline_expm1(x) / x : 1 + x * 0.5;
}

static double log1p_ratio(double x)
{
    return fabs(x) > 1e-8 ? inline_log1p(x) / x : 1 - x * 0.5;
}

static double bar(const struct zipf *z, double x)
{
    return inline_exp(-z->theta * inline_log(x));
}

static double integral(const struct zipf *z, double x)
{
    double log_x = inline_log(x);

    return expm1_ratio((1 - z->theta) * log_x) * log_x;
}

static double integral_inverse(const struct zipf *z, double u)
{
    double x = u * (1 - z->theta);

    return inline_exp(log1p_ratio(x < -1 ? -1 : x) * u);
}

struct zipf *zipf_new(uint64_t count, double theta)
{
    struct zipf *z = memory_new(1, sizeof *z);

    CHECK(count > 0 && theta >= 0 && theta <= 20);
    z->count = count;
    z->theta = theta;
    z->first = integral(z, 1.5) - 1;
    z->last = integral(z, (double)count + 0.5);
    z->squeeze = 2 - integral_inverse(z, integral(z, 2.5) - bar(z, 2));
    return z;
}

void zipf_free(struct zipf *z)
{
    free(z);
}

/* The rank that the word of u stands for, from 1; false: it is drawn again. */
static inline bool accepts(const struct zipf *z, double u, double x, uint64_t *rank)
{
    double near = x + 0.5, most = (double)z->count;

    *rank = near < 1 ? 1 : near > most ? z->count : (uint64_t)near; /* no calls of fmin, floor */
    double k = (double)*rank;
    return k - x <= z->squeeze || u >= integral(z, k + 0.5) - bar(z, k);
}

static inline double point(const struct zipf *z, uint64_t word)
{
    return z->last + random_unit_of(word) * (z->first - z->last);
}

uint64_t zipf_rank(const struct zipf *z, random_stream *s)
{
    uint64_t rank;
    double u;

    if (z->theta == 0)
        return random_below(s, z->count);
    do
        u = point(z, random_u64(s));
    while (!accepts(z, u, integral_inverse(z, u), &rank));
    return rank - 1;
}

void zipf_ranks(const struct zipf *z, random_key k, uint64_t a, uint32_t b, uint32_t word, uint32_t count,
                uint64_t *ranks)
{
    struct random_pair pairs[RANKS_AT_ONCE];
    double u[RANKS_AT_ONCE], x[RANKS_AT_ONCE];

    for (uint32_t done = 0, some; done < count; done += some) {
        some = count - done < RANKS_AT_ONCE ? count - done : RANKS_AT_ONCE;
        random_blocks(k, a + done, b, word / 2, some, pairs);
        for (uint32_t i = 0; i < some; i++)
            u[i] = point(z, word % 2 == 0 ? pairs[i].first : pairs[i].second);
        for (uint32_t i = 0; z->theta != 0 && i < some; i++)
            x[i] = integral_inverse(z, u[i]);
        for (uint32_t i = 0; i < some; i++) {
            uint64_t *rank = &ranks[done + i];
            if (z->theta != 0 && accepts(z, u[i], x[i], rank)) {
                --*rank;
                continue;
            }
            random_stream s = random_stream_new(k, a + done + i, b);
            random_seek(&s, word + (z->theta != 0));
            *rank = zipf_rank(z, &s);
        }
    }
}
