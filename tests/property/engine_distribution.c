/* Every distribution: draws against GSL's distribution functions (Kolmogorov and Smirnov), and cdf, quantile
 * and mean against GSL and each other. Seeds are fixed; alpha = 1e-6 for each of some twenty tests. */
#include "sim/base/hash.h"
#include "sim/engine/distribution.h"
#include "sim/engine/elementary.h"

#include <criterion/criterion.h>
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_zeta.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct distribution parts[] = {
    {.kind = DISTRIBUTION_NORMAL, .a = 3, .b = 0.5},
    {.kind = DISTRIBUTION_EXPONENTIAL, .a = 10},
};
static const double weights[] = {0.3, 1};
static const double values[] = {4, 1, 3, 3, 10};

static double mixture_gsl(double x)
{
    return 0.3 * gsl_cdf_gaussian_P(x - 3, 0.5) + 0.7 * (x > 0 ? gsl_cdf_exponential_P(x, 10) : 0);
}
static double uniform_gsl(double x)
{
    return gsl_cdf_flat_P(x, 2, 5);
}
static double normal_gsl(double x)
{
    return gsl_cdf_gaussian_P(x - 100, 30);
}
static double lognormal_gsl(double x)
{
    return gsl_cdf_lognormal_P(x, log(7), 0.8);
}
static double exponential_gsl(double x)
{
    return gsl_cdf_exponential_P(x, 4);
}
static double gamma_gsl(double x)
{
    return gsl_cdf_gamma_P(x, 2.5, 3);
}
static double gamma_small_gsl(double x)
{
    return gsl_cdf_gamma_P(x, 0.3, 3);
}
static double gamma_large_gsl(double x)
{
    return gsl_cdf_gamma_P(x, 200, 3);
}
static double weibull_gsl(double x)
{
    return gsl_cdf_weibull_P(x, 5, 0.7);
}
static double pareto_gsl(double x)
{
    return gsl_cdf_pareto_P(x, 2.5, 2);
}
static double shifted_gsl(double x)
{
    return gsl_cdf_exponential_P(x - 20, 4);
}

static const struct distribution exponential_4 = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 4};

static const struct {
    const char *name;
    struct distribution d;
    double (*cdf)(double x);
    double mean, variance;
} cases[] = {
    {"uniform", {.kind = DISTRIBUTION_UNIFORM, .a = 2, .b = 5}, uniform_gsl, 3.5, 0.75},
    {"normal", {.kind = DISTRIBUTION_NORMAL, .a = 100, .b = 30}, normal_gsl, 100, 900},
    {"lognormal", {.kind = DISTRIBUTION_LOGNORMAL, .a = 7, .b = 0.8}, lognormal_gsl, 9.639894350352, 83.3078},
    {"exponential", {.kind = DISTRIBUTION_EXPONENTIAL, .a = 4}, exponential_gsl, 4, 16},
    {"gamma", {.kind = DISTRIBUTION_GAMMA, .a = 2.5, .b = 3}, gamma_gsl, 7.5, 22.5},
    {"gamma 0.3", {.kind = DISTRIBUTION_GAMMA, .a = 0.3, .b = 3}, gamma_small_gsl, 0.9, 2.7},
    {"gamma 200", {.kind = DISTRIBUTION_GAMMA, .a = 200, .b = 3}, gamma_large_gsl, 600, 1800},
    {"weibull", {.kind = DISTRIBUTION_WEIBULL, .a = 0.7, .b = 5}, weibull_gsl, 6.329117530286, 85.6709},
    {"pareto", {.kind = DISTRIBUTION_PARETO, .a = 2, .b = 2.5}, pareto_gsl, 10.0 / 3, 80.0 / 9},
    {"shifted", {.kind = DISTRIBUTION_SHIFTED, .a = 20, .of = &exponential_4}, shifted_gsl, 24, 16},
    {"mixture",
     {.kind = DISTRIBUTION_MIXTURE, .of = parts, .weights = weights, .count = 2},
     mixture_gsl,
     7.9,
     80.3650},
};
#define CASES (sizeof cases / sizeof *cases)

static int double_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* P(D sqrt(n) > t) -> 2 exp(-2 t^2): 1e-6 at t = 2.694. */
Test(engine_distribution, draws_are_distributed_as_gsl_says)
{
    const size_t n = 200000;
    double *x = calloc(n, sizeof *x);

    for (size_t c = 0; c < CASES; c++) {
        random_stream s = random_stream_new(random_key_new(1, c, "draws"), 0, 0);
        double distance = 0;

        for (size_t i = 0; i < n; i++)
            x[i] = distribution_draw(&cases[c].d, &s);
        qsort(x, n, sizeof *x, double_compare);
        for (size_t i = 0; i < n; i++) {
            double p = cases[c].cdf(x[i]);
            distance = fmax(distance, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
        }
        cr_assert_lt(distance * sqrt((double)n), 2.694, "%s: %g", cases[c].name, distance * sqrt((double)n));
    }
    free(x);
}

/* The tails: what a body's test would not see. Beyond 4, 5 (normal) and 9, 12 (exponential) among ten
 * million; binomial, five standard errors. */
Test(engine_distribution, tails_are_as_heavy_as_they_should_be)
{
    const struct distribution normal = {.kind = DISTRIBUTION_NORMAL, .b = 1};
    const struct distribution exponential = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1};
    random_stream s = random_stream_new(random_key_new(1, 0, "tails"), 0, 0);
    const double n = 1e7, z[] = {2, 3, 3.7, 4, 5}, e[] = {5, 7.5, 8, 9, 12};
    double above[5] = {0}, below[5] = {0}, late[5] = {0};

    for (size_t i = 0; i < 10000000; i++) {
        double x = distribution_draw(&normal, &s), y = distribution_draw(&exponential, &s);
        for (size_t k = 0; k < 5; k++) {
            above[k] += x > z[k];
            below[k] += x < -z[k];
            late[k] += y > e[k];
        }
    }
    for (size_t k = 0; k < 5; k++) {
        double p = gsl_cdf_ugaussian_Q(z[k]), q = exp(-e[k]);
        cr_assert_lt(fabs(above[k] - n * p), 5 * sqrt(n * p), "above %g: %g of %g", z[k], above[k], n * p);
        cr_assert_lt(fabs(below[k] - n * p), 5 * sqrt(n * p), "below -%g: %g of %g", z[k], below[k], n * p);
        cr_assert_lt(fabs(late[k] - n * q), 5 * sqrt(n * q), "beyond %g: %g of %g", e[k], late[k], n * q);
    }
}

/* Each draw from a stream of its own, as messages draw: the same laws must hold across keys and counters. */
Test(engine_distribution, first_draws_of_many_streams_are_distributed_alike)
{
    const size_t n = 200000;
    double *x = calloc(n, sizeof *x);
    random_key key = random_key_new(1, 0, "messages");

    for (int way = 0; way < 3; way++) {
        double distance = 0;
        for (size_t i = 0; i < n; i++) {
            random_stream s = way == 0   ? random_stream_new(random_key_number(key, i), 0, 0)
                              : way == 1 ? random_stream_new(key, i, 0)
                                         : random_stream_new(key, 0, (uint32_t)i);
            x[i] = distribution_draw(&exponential_4, &s);
        }
        qsort(x, n, sizeof *x, double_compare);
        for (size_t i = 0; i < n; i++) {
            double p = exponential_gsl(x[i]);
            distance = fmax(distance, fmax(p - (double)i / (double)n, (double)(i + 1) / (double)n - p));
        }
        cr_assert_lt(distance * sqrt((double)n), 2.694, "way %d", way);
    }
    free(x);
}

/* cdf: as gsl's within 1e-12, absolute: both lose at most some hundred eps, times 200 for gamma 200. The
 * quantile of p is where the cdf passes p: between its neighbours, 1e-10 to either side. */
Test(engine_distribution, cdf_quantile_and_mean_agree)
{
    for (size_t c = 0; c < CASES; c++) {
        const struct distribution *d = &cases[c].d;

        for (double p = 0.001; p < 1; p += 0.0173) {
            double x = distribution_quantile(d, p);
            cr_assert_lt(fabs(distribution_cdf(d, x) - cases[c].cdf(x)), 1e-12, "%s at %g", cases[c].name, x);
            cr_assert_lt(fabs(cases[c].cdf(x) - p), 1e-11, "%s: quantile of %g is %g", cases[c].name, p, x);
        }
        cr_assert_lt(fabs(distribution_mean(d) / cases[c].mean - 1), 1e-8, "%s: mean %.12g", cases[c].name,
                     distribution_mean(d));
        random_stream s = random_stream_new(random_key_new(2, c, "mean"), 0, 0);
        double sum = 0;
        for (size_t i = 0; i < 400000; i++)
            sum += distribution_draw(d, &s);
        /* five standard errors of the sample mean */
        cr_assert_lt(fabs(sum / 400000 - cases[c].mean), 5 * sqrt(cases[c].variance / 400000),
                     "%s: sample mean %g", cases[c].name, sum / 400000);
    }
}

Test(engine_distribution, empirical_draws_each_value_alike)
{
    const struct distribution d = {.kind = DISTRIBUTION_EMPIRICAL, .values = values, .count = 5};
    random_stream s = random_stream_new(random_key_new(1, 0, "empirical"), 0, 0);
    double counts[11] = {0};

    for (size_t i = 0; i < 500000; i++)
        counts[(size_t)distribution_draw(&d, &s)]++;
    /* chi-square of four cells: 1, 3 (twice), 4, 10 */
    double chi_square = (pow(counts[1] - 1e5, 2) + pow(counts[4] - 1e5, 2) + pow(counts[10] - 1e5, 2)) / 1e5 +
                        pow(counts[3] - 2e5, 2) / 2e5;
    cr_assert_lt(chi_square, gsl_cdf_chisq_Qinv(1e-6, 3));
    cr_assert_eq(distribution_mean(&d), 4.2);
    cr_assert_eq(distribution_cdf(&d, 3), 0.6);
    cr_assert_eq(distribution_quantile(&d, 0), 1);
    cr_assert_eq(distribution_quantile(&d, 0.2), 1);
    cr_assert_eq(distribution_quantile(&d, 0.5), 3);
    cr_assert_eq(distribution_quantile(&d, 0.61), 4);
    cr_assert_eq(distribution_quantile(&d, 1), 10);
}

Test(engine_distribution, the_mixture_s_quantile_stands_on_a_step)
{
    const struct distribution steps[] = {{.kind = DISTRIBUTION_CONSTANT, .a = 5},
                                         {.kind = DISTRIBUTION_CONSTANT, .a = 80}};
    const struct distribution d = {.kind = DISTRIBUTION_MIXTURE, .of = steps, .weights = weights, .count = 2};

    cr_assert_eq(distribution_quantile(&d, 0.29), 5);
    cr_assert_eq(distribution_quantile(&d, 0.31), 80);
    cr_assert_not(distribution_is_constant(&d));
}

Test(engine_distribution, nanoseconds_round_and_saturate)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "ns"), 0, 0);
    const double given[] = {1.4, 1.6, -2.6, 1e30, -1e30, INFINITY, 0};
    const sim_ns right[] = {1, 2, -3, INT64_MAX, INT64_MIN, INT64_MAX, 0};

    for (size_t i = 0; i < 7; i++) {
        struct distribution d = {.kind = DISTRIBUTION_CONSTANT, .a = given[i]};
        cr_assert_eq(distribution_draw_ns(&d, &s), right[i]);
        cr_assert(distribution_is_constant(&d));
    }
    struct distribution heavy = {.kind = DISTRIBUTION_PARETO, .a = 1, .b = 1};
    cr_assert_eq(distribution_mean(&heavy), INFINITY);
}

/* Zipf: chi-square over the first ranks and the rest, the probabilities summed directly; alpha = 1e-6 each.
 */
Test(engine_distribution, zipf_ranks_have_their_probabilities)
{
    const double thetas[] = {0, 0.2, 0.5, 0.99, 1, 1.0000001, 1.5, 3, 10};
    const uint64_t counts[] = {1, 2, 7, 1000, 100000};
    enum { CELLS = 50, DRAWS = 300000 };

    for (size_t t = 0; t < sizeof thetas / sizeof *thetas; t++) {
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            struct zipf *z = zipf_new(counts[n], thetas[t]);
            random_stream s = random_stream_new(random_key_new(1, t, "zipf"), n, 0);
            double seen[CELLS + 1] = {0}, expected[CELLS + 1] = {0}, total = 0, chi_square = 0;
            double seen_rest = 0, expected_rest = 0;
            int cells = -1;

            for (uint64_t i = counts[n]; i > 0; i--) {
                double p = pow((double)i, -thetas[t]);
                expected[i <= CELLS ? i - 1 : CELLS] += p;
                total += p;
            }
            for (size_t i = 0; i < DRAWS; i++) {
                uint64_t rank = zipf_rank(z, &s);
                cr_assert_lt(rank, counts[n]);
                seen[rank < CELLS ? rank : CELLS]++;
            }
            for (size_t i = 0; i <= CELLS; i++) { /* cells that expect under 10 are joined */
                seen_rest += seen[i];
                expected_rest += expected[i] * DRAWS / total;
                if (expected_rest >= 10) {
                    chi_square += (seen_rest - expected_rest) * (seen_rest - expected_rest) / expected_rest;
                    seen_rest = expected_rest = 0;
                    cells++;
                }
            }
            if (cells > 0)
                cr_assert_lt(chi_square, gsl_cdf_chisq_Qinv(1e-6, cells), "theta %g count %lu: %g over %d",
                             thetas[t], counts[n], chi_square, cells);
            zipf_free(z);
        }
    }
}

/* At a hundred million keys: the first rank's share against the harmonic number by zeta functions,
 * sum(i^-t, 1..n) = zeta(t) - zeta(t, n + 1); five standard errors. */
Test(engine_distribution, zipf_of_a_hundred_million_needs_no_table)
{
    struct zipf *z = zipf_new(100000000, 1.2);
    random_stream s = random_stream_new(random_key_new(1, 0, "zipf"), 99, 0);
    double p = 1 / (gsl_sf_zeta(1.2) - gsl_sf_hzeta(1.2, 100000001)), first = 0;

    for (size_t i = 0; i < 300000; i++)
        first += zipf_rank(z, &s) == 0;
    cr_assert_lt(fabs(first / 300000 - p), 5 * sqrt(p * (1 - p) / 300000), "%g, not %g", first / 300000, p);
    zipf_free(z);
}

/* The same bytes from every compiler and at every -O: one hash over the bits of many draws, quantiles and
 * cdfs. The constant was computed with gcc 12 and clang 14 at -O0 and -O2; another one means that results
 * have changed. */
Test(engine_distribution, every_draw_is_the_same_bits_everywhere)
{
    uint64_t digest = 0;
    struct zipf *z = zipf_new(12345, 0.99);

    for (size_t c = 0; c < CASES; c++) {
        for (uint64_t i = 0; i < 20000; i++) {
            random_stream s =
                random_stream_new(random_key_number(random_key_new(9, 1, "digest"), i), i, (uint32_t)c);
            double x[4] = {distribution_draw(&cases[c].d, &s), (double)distribution_draw_ns(&cases[c].d, &s),
                           (double)zipf_rank(z, &s), 0};
            if (i % 1000 == 0)
                x[3] =
                    distribution_quantile(&cases[c].d, random_unit(&s)) + distribution_cdf(&cases[c].d, x[0]);
            for (size_t k = 0; k < 4; k++) {
                uint64_t bits;
                memcpy(&bits, &x[k], sizeof bits);
                digest = hash_join(digest, bits);
            }
        }
    }
    zipf_free(z);
    cr_assert_eq(digest, UINT64_C(0x817c6952fa677a6e), "the digest is 0x%016lx", digest);
}

/* Of many streams at once each draw is what its stream alone gives: of lognormal ones by fours and fewer,
 * some drawn again, some too large for an int64, and of others among them. */
Test(engine_distribution, draws_in_ns_of_many_streams_are_those_of_each)
{
    enum { COUNT = 7, TURNS = 2000 };
    const struct distribution of[] = {
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 1e6, .b = 0.6},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 3, .b = 2},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 0, .b = 1},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 1e15, .b = 5},
        {.kind = DISTRIBUTION_LOGNORMAL, .a = 2, .b = 1000},
        {.kind = DISTRIBUTION_NORMAL, .a = 5e5, .b = 1e6},
    };
    enum { LOGNORMAL = 5, KINDS = 6 };
    random_key key = random_key_new(3, 1, "any");

    for (uint32_t turn = 0; turn < TURNS; turn++) {
        const struct distribution *d[COUNT];
        random_key keys[COUNT];
        uint64_t numbers[COUNT];
        sim_ns draws[COUNT];
        uint32_t count = 1 + turn % COUNT, kinds = turn % 3 == 0 ? 3 : turn % 3 == 1 ? LOGNORMAL : KINDS;
        for (uint32_t i = 0; i < COUNT; i++) {
            d[i] = &of[(turn / 7 + i) % kinds];
            keys[i] = random_key_number(key, turn * COUNT + i);
            numbers[i] = i;
        }
        distribution_draws_ns(d, keys, numbers, turn % 2, 1, count, draws);
        for (uint32_t i = 0; i < count; i++) {
            random_stream s = random_stream_new(keys[i], numbers[i], turn % 2);
            random_seek(&s, 2);
            cr_assert_eq(draws[i], distribution_draw_ns(d[i], &s));
        }
    }
}

/* Many at once are what each stream alone gives; enough of them that some are drawn again. */
Test(engine_distribution, draws_of_many_streams_are_those_of_each)
{
    enum { COUNT = 5003 };
    random_key key = random_key_new(3, 1, "many");
    struct distribution one = {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1};
    static double draws[COUNT];
    static uint64_t ranks[COUNT];
    /* So many ranks that their last bits are those of the point that was drawn. */
    static const uint64_t counts[] = {1000, UINT64_C(4000000000000000)};
    static const double thetas[] = {0, 0.5, 0.99, 1, 2.5};

    exponential_draws(key, 100, 4, COUNT, draws);
    for (uint32_t i = 0; i < COUNT; i++) {
        random_stream s = random_stream_new(key, 100 + i, 4);
        cr_assert_eq(draws[i], distribution_draw(&one, &s));
    }
    for (size_t t = 0; t < 2 * sizeof thetas / sizeof *thetas; t++) {
        struct zipf *z = zipf_new(counts[t % 2], thetas[t / 2]);
        uint64_t again = 0;
        for (uint32_t word = 7; word <= 8; word++) {
            zipf_ranks(z, key, 100, 4, word, COUNT, ranks);
            for (uint32_t i = 0; i < COUNT; i++) {
                random_stream s = random_stream_new(key, 100 + i, 4), next = s;
                random_seek(&s, word);
                random_seek(&next, word + 1);
                cr_assert_eq(ranks[i], zipf_rank(z, &s));
                again += random_u64(&s) != random_u64(&next);
            }
        }
        zipf_free(z);
        cr_assert(thetas[t / 2] != 0.99 || t % 2 != 0 || again > 0, "none was drawn again");
    }
}
