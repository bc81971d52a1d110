/* distribution.c -- one switch a question: draw, mean, distribution function, quantile.
 *
 * Draws transform a uniform, a standard exponential or a standard normal one, the latter two from the
 * ziggurat; the parameters come in afterwards, so that a sweep over one moves every draw the same way, which
 * keeps comparisons sharp. Gamma is Marsaglia and Tsang's squeeze (A Simple Method for Generating Gamma
 * Variables, ACM TOMS 26, 2000). */
#include "sim/engine/distribution.h"

#include "sim/base/check.h"
#include "sim/engine/elementary.h"
#include "sim/engine/elementary_inline.h"
#include "sim/engine/ziggurat.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shape a, scale 1. Below 1: a draw of shape a + 1 times u^(1/a) (section 6 of the paper). */
static double gamma_draw(double a, random_stream *s)
{
    double boost = 1;

    if (a < 1) {
        boost = elementary_pow(random_unit(s), 1 / a);
        a += 1;
    }
    double d = a - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = ziggurat_normal(s), v = 1 + c * x;

        if (v <= 0)
            continue;
        v = v * v * v;
        double u = random_unit(s);
        if (u < 1 - 0.0331 * (x * x) * (x * x) ||
            elementary_log(u) < 0.5 * x * x + d * (1 - v + elementary_log(v)))
            return boost * d * v;
    }
}

static const struct distribution *mixture_pick(const struct distribution *d, random_stream *s)
{
    double u = random_unit(s);
    size_t i = 0;

    while (i + 1 < d->count && u >= d->weights[i])
        i++;
    return &d->of[i];
}

double distribution_draw(const struct distribution *d, random_stream *s)
{
    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return d->a;
    case DISTRIBUTION_UNIFORM:
        return d->a + (d->b - d->a) * random_unit(s);
    case DISTRIBUTION_NORMAL:
        return d->a + d->b * ziggurat_normal(s);
    case DISTRIBUTION_LOGNORMAL:
        return d->a * inline_exp(d->b * ziggurat_normal(s));
    case DISTRIBUTION_EXPONENTIAL:
        return d->a * ziggurat_exponential(s);
    case DISTRIBUTION_GAMMA:
        return d->b * gamma_draw(d->a, s);
    case DISTRIBUTION_WEIBULL:
        return d->b * elementary_pow(ziggurat_exponential(s), 1 / d->a);
    case DISTRIBUTION_PARETO:
        return d->a * elementary_exp(ziggurat_exponential(s) / d->b);
    case DISTRIBUTION_SHIFTED:
        return d->a + distribution_draw(d->of, s);
    case DISTRIBUTION_MIXTURE:
        return distribution_draw(mixture_pick(d, s), s);
    case DISTRIBUTION_EMPIRICAL:
        return d->values[random_below(s, d->count)];
    }
    check_failed(__FILE__, __LINE__, "a kind of distribution");
}

static sim_ns whole_ns(double x)
{
    if (x >= 0x1p63)
        return INT64_MAX;
    return x <= -0x1p63 ? INT64_MIN : (sim_ns)llrint(x);
}

sim_ns distribution_draw_ns(const struct distribution *d, random_stream *s)
{
    return whole_ns(distribution_draw(d, s));
}

double distribution_mean(const struct distribution *d)
{
    double sum = 0, before = 0;

    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_NORMAL:
    case DISTRIBUTION_EXPONENTIAL:
        return d->a;
    case DISTRIBUTION_UNIFORM:
        return d->a + (d->b - d->a) / 2;
    case DISTRIBUTION_LOGNORMAL:
        return d->a * elementary_exp(0.5 * d->b * d->b);
    case DISTRIBUTION_GAMMA:
        return d->a * d->b;
    case DISTRIBUTION_WEIBULL:
        return d->b * elementary_exp(elementary_log_gamma(1 + 1 / d->a));
    case DISTRIBUTION_PARETO:
        return d->b > 1 ? d->a * d->b / (d->b - 1) : INFINITY;
    case DISTRIBUTION_SHIFTED:
        return d->a + distribution_mean(d->of);
    case DISTRIBUTION_MIXTURE:
        for (size_t i = 0; i < d->count; before = d->weights[i++]) {
            if (d->weights[i] > before)
                sum += (d->weights[i] - before) * distribution_mean(&d->of[i]);
        }
        return sum;
    case DISTRIBUTION_EMPIRICAL:
        for (size_t i = 0; i < d->count; i++)
            sum += d->values[i];
        return sum / (double)d->count;
    }
    check_failed(__FILE__, __LINE__, "a kind of distribution");
}

/* P(X <= x) of a point mass at a: what every distribution of no width is. */
static double step_cdf(double a, double x)
{
    return x >= a ? 1 : 0;
}

double distribution_cdf(const struct distribution *d, double x)
{
    double sum = 0, before = 0;

    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return step_cdf(d->a, x);
    case DISTRIBUTION_UNIFORM:
        return x >= d->b ? 1 : x < d->a ? 0 : (x - d->a) / (d->b - d->a);
    case DISTRIBUTION_NORMAL:
        return d->b == 0 ? step_cdf(d->a, x) : elementary_normal_cdf((x - d->a) / d->b);
    case DISTRIBUTION_LOGNORMAL:
        if (d->b == 0 || !(x > 0) || d->a == 0)
            return step_cdf(d->a, x);
        return elementary_normal_cdf(elementary_log(x / d->a) / d->b);
    case DISTRIBUTION_EXPONENTIAL:
        return d->a == 0 ? step_cdf(0, x) : x <= 0 ? 0 : -elementary_expm1(-x / d->a);
    case DISTRIBUTION_GAMMA:
        return elementary_gamma_p(d->a, x / d->b);
    case DISTRIBUTION_WEIBULL:
        return x <= 0 ? 0 : -elementary_expm1(-elementary_pow(x / d->b, d->a));
    case DISTRIBUTION_PARETO:
        return x <= d->a ? 0 : -elementary_expm1(-d->b * elementary_log(x / d->a));
    case DISTRIBUTION_SHIFTED:
        return distribution_cdf(d->of, x - d->a);
    case DISTRIBUTION_MIXTURE:
        for (size_t i = 0; i < d->count; before = d->weights[i++])
            sum += (d->weights[i] - before) * distribution_cdf(&d->of[i], x);
        return fmin(sum, 1);
    case DISTRIBUTION_EMPIRICAL:
        for (size_t i = 0; i < d->count; i++)
            sum += d->values[i] <= x;
        return sum / (double)d->count;
    }
    check_failed(__FILE__, __LINE__, "a kind of distribution");
}

/* The least double in (low, high] whose cdf reaches p; cdf(high) >= p. Halving a finite interval of doubles
 * ends after at most some 1100 steps, when nothing lies between its ends. */
static double bisect(const struct distribution *d, double p, double low, double high)
{
    for (;;) {
        double middle = low + (high - low) / 2;

        if (!(middle > low && middle < high))
            return high;
        if (distribution_cdf(d, middle) >= p)
            high = middle;
        else
            low = middle;
    }
}

static double gamma_quantile(const struct distribution *d, double p)
{
    double high = d->a * d->b;

    if (p <= 0 || p >= 1)
        return p <= 0 ? 0 : INFINITY;
    while (distribution_cdf(d, high) < p)
        high *= 2;
    return bisect(d, p, 0, high);
}

/* Between the least and the greatest of the parts' own quantiles: at the one no part has passed p before, at
 * the other every part has reached it. */
static double mixture_quantile(const struct distribution *d, double p)
{
    double low = INFINITY, high = -INFINITY, before = 0;

    for (size_t i = 0; i < d->count; before = d->weights[i++]) {
        if (d->weights[i] > before) {
            low = fmin(low, distribution_quantile(&d->of[i], p));
            high = fmax(high, distribution_quantile(&d->of[i], p));
        }
    }
    if (p <= 0 || low == high)
        return low;
    if (p >= 1 || distribution_cdf(d, low) >= p)
        return p >= 1 ? high : low;
    return bisect(d, p, low, high);
}

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double empirical_quantile(const struct distribution *d, double p)
{
    double *sorted = memory_new(d->count, sizeof *sorted);
    double rank = ceil(p * (double)d->count);

    memcpy(sorted, d->values, d->count * sizeof *sorted);
    qsort(sorted, d->count, sizeof *sorted, double_compare);
    double value = sorted[rank < 1 ? 0 : rank > (double)d->count ? d->count - 1 : (size_t)rank - 1];
    free(sorted);
    return value;
}

double distribution_quantile(const struct distribution *d, double p)
{
    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return d->a;
    case DISTRIBUTION_UNIFORM:
        return d->a + (d->b - d->a) * p;
    case DISTRIBUTION_NORMAL:
        return d->b == 0 ? d->a : d->a + d->b * elementary_normal_quantile(p);
    case DISTRIBUTION_LOGNORMAL:
        return d->b == 0 || d->a == 0 ? d->a : d->a * elementary_exp(d->b * elementary_normal_quantile(p));
    case DISTRIBUTION_EXPONENTIAL:
        return d->a == 0 ? 0 : d->a * -elementary_log1p(-p);
    case DISTRIBUTION_GAMMA:
        return gamma_quantile(d, p);
    case DISTRIBUTION_WEIBULL:
        return d->b * elementary_pow(-elementary_log1p(-p), 1 / d->a);
    case DISTRIBUTION_PARETO:
        return d->a * elementary_exp(-elementary_log1p(-p) / d->b);
    case DISTRIBUTION_SHIFTED:
        return d->a + distribution_quantile(d->of, p);
    case DISTRIBUTION_MIXTURE:
        return mixture_quantile(d, p);
    case DISTRIBUTION_EMPIRICAL:
        return empirical_quantile(d, p);
    }
    check_failed(__FILE__, __LINE__, "a kind of distribution");
}

bool distribution_is_constant(const struct distribution *d)
{
    switch (d->kind) {
    case DISTRIBUTION_CONSTANT:
        return true;
    case DISTRIBUTION_UNIFORM:
        return d->a == d->b;
    case DISTRIBUTION_NORMAL:
    case DISTRIBUTION_LOGNORMAL:
        return d->b == 0 || (d->kind == DISTRIBUTION_LOGNORMAL && d->a == 0);
    case DISTRIBUTION_EXPONENTIAL:
    case DISTRIBUTION_PARETO:
        return d->a == 0;
    case DISTRIBUTION_GAMMA:
    case DISTRIBUTION_WEIBULL:
        return d->b == 0;
    case DISTRIBUTION_SHIFTED:
        return distribution_is_constant(d->of);
    case DISTRIBUTION_MIXTURE:
        for (size_t i = 0; i < d->count; i++) {
            if (!distribution_is_constant(&d->of[i]) || d->of[i].kind != d->of[0].kind ||
                distribution_quantile(&d->of[i], 0.5) != distribution_quantile(&d->of[0], 0.5))
                return false;
        }
        return true;
    case DISTRIBUTION_EMPIRICAL:
        for (size_t i = 1; i < d->count; i++) {
            if (d->values[i] != d->values[0])
                return false;
        }
        return true;
    }
    check_failed(__FILE__, __LINE__, "a kind of distribution");
}
