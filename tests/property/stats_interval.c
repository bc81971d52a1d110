/* stats_interval.c -- an interval at 95 % holds the truth 95 times in 100: counted. */
#include "sim/stats/interval.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

enum { TRIALS = 40000, SEED = 20240601 };

/* Coverage of TRIALS intervals, each of n normal values with mean 3 and deviation 2, is binomial with p =
 * 0.95 exactly (Student). Five deviations, sqrt(p (1 - p) / TRIALS) = 0.00109 each, are left by one seed in
 * 1.7 million; the normal's 1.96 in place of Student's would give 0.70, 0.878 and 0.918 for n of 2, 5 and
 * 10. */
static double coverage(size_t n, bool differences)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    double a[32], b[32];
    int inside = 0;

    gsl_rng_set(rng, SEED);
    for (int trial = 0; trial < TRIALS; trial++) {
        for (size_t i = 0; i < n; i++) {
            double common = differences ? gsl_ran_gaussian(rng, 50) : 0;
            a[i] = 3 + common + gsl_ran_gaussian(rng, 2);
            b[i] = common;
        }
        struct interval in =
            differences ? interval_of_difference(a, b, n) : interval_of_mean(a, n, -INFINITY, INFINITY);
        inside += in.low <= 3 && 3 <= in.high;
    }
    gsl_rng_free(rng);
    return (double)inside / TRIALS;
}

Test(property_interval, holds_the_mean_in_95_of_100)
{
    const double bound = 5 * sqrt(0.95 * 0.05 / TRIALS);

    for (size_t n = 2; n <= 30; n += n < 10 ? 1 : 10)
        cr_assert_lt(fabs(coverage(n, false) - 0.95), bound, "n = %zu, seed %d: %g", n, SEED,
                     coverage(n, false));
}

Test(property_interval, holds_the_difference_in_95_of_100)
{
    cr_assert_lt(fabs(coverage(10, true) - 0.95), 5 * sqrt(0.95 * 0.05 / TRIALS));
}

/* The rule of three is a bound that a share p, seen in none of n, passes in at most 5 of 100 runs: the chance
 * to see none is (1 - p)^n, which at p = 3 / n is below e^-3 = 4.98 %. */
Test(property_interval, the_rule_of_three_fails_in_less_than_5_of_100)
{
    for (uint64_t n = 4; n < 100000; n = n * 3 / 2) {
        double none = pow(1 - interval_rule_of_three(n), (double)n);
        cr_assert_lt(none, 0.05, "n = %lu", (unsigned long)n);
        cr_assert(n < 50 || none > 0.04, "no wider than it need be: n = %lu", (unsigned long)n);
    }
}
