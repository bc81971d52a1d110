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
#include "sim/engine/elementary.h"

#include <math.h>
#include <stdlib.h>

struct zipf {
    uint64_t count;
    double theta, first, last, squeeze; /* H(3/2) - 1, H(count + 1/2), 2 - H^-1(H(5/2) - h(2)) */
};

/* (exp(x) - 1) / x and log(1 + x) / x, 1 at 0 */
static double expm1_ratio(double x)
{
    return fabs(x) > 1e-8 ? elementary_expm1(x) / x : 1 + x * 0.5;
}

static double log1p_ratio(double x)
{
    return fabs(x) > 1e-8 ? elementary_log1p(x) / x : 1 - x * 0.5;
}

static double bar(const struct zipf *z, double x)
{
    return elementary_exp(-z->theta * elementary_log(x));
}

static double integral(const struct zipf *z, double x)
{
    double log_x = elementary_log(x);

    return expm1_ratio((1 - z->theta) * log_x) * log_x;
}

static double integral_inverse(const struct zipf *z, double u)
{
    double x = u * (1 - z->theta);

    return elementary_exp(log1p_ratio(x < -1 ? -1 : x) * u);
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

uint64_t zipf_rank(const struct zipf *z, random_stream *s)
{
    if (z->theta == 0)
        return random_below(s, z->count);
    for (;;) {
        double u = z->last + random_unit(s) * (z->first - z->last);
        double x = integral_inverse(z, u);
        double near = x + 0.5, most = (double)z->count;
        uint64_t rank = near < 1 ? 1 : near > most ? z->count : (uint64_t)near; /* no calls of fmin, floor */
        double k = (double)rank;

        if (k - x <= z->squeeze || u >= integral(z, k + 0.5) - bar(z, k))
            return rank - 1;
    }
}
