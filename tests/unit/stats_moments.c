/* stats_moments.c -- streaming mean and variance, and the mean of a step function over its window. */
#include "sim/stats/moments.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>

Test(stats_moments, mean_and_variance_by_hand)
{
    struct moments m = {0};
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};

    for (int i = 0; i < 8; i++)
        moments_add(&m, values[i]);
    cr_assert_eq(moments_mean(&m), 5);
    cr_assert_lt(fabs(moments_variance(&m) - 32.0 / 7), 1e-14);
    cr_assert_eq(m.min, 2);
    cr_assert_eq(m.max, 9);
}

/* A sum of squares in doubles would have lost the 90 against 4e18 altogether; each of four updates here
 * rounds differences of at most 16 that are themselves right to an ulp of 1e9, 1.2e-7. */
Test(stats_moments, a_large_mean_does_not_drown_the_variance)
{
    struct moments m = {0};

    moments_add(&m, 1e9 + 4);
    moments_add(&m, 1e9 + 7);
    moments_add(&m, 1e9 + 13);
    moments_add(&m, 1e9 + 16);
    cr_assert_eq(moments_mean(&m), 1e9 + 10);
    cr_assert_lt(fabs(moments_variance(&m) - 30), 4 * 16 * 1.2e-7 / 3);
}

Test(stats_moments, parts_merge_to_the_whole)
{
    struct moments parts[3] = {{0}}, whole = {0}, none = {0};

    /* Multiples of 1/8: the sums are exact, and what is left are the roundings of the divisions. */
    for (int i = 0; i < 100; i++) {
        double value = (i * 37 % 101) / 8.0 - 3;
        moments_add(&parts[i % 3], value);
        moments_add(&whole, value);
    }
    moments_merge(&none, &parts[0]);
    moments_merge(&none, &parts[1]);
    moments_merge(&none, &parts[2]);
    moments_merge(&none, &(struct moments){0});
    cr_assert_eq(none.count, 100u);
    cr_assert_eq(none.min, whole.min);
    cr_assert_eq(none.max, whole.max);
    /* 100 updates of at most one rounding of the mean (< 16: 1.8e-15) each; the squares, below 2048,
     * likewise. */
    cr_assert_lt(fabs(moments_mean(&none) - moments_mean(&whole)), 100 * 1.8e-15);
    cr_assert_lt(fabs(none.squares - whole.squares), 100 * 4 * 2.3e-13);
}

Test(stats_moments, a_backlog_is_averaged_over_time_inside_the_window)
{
    struct step_mean s;

    /*       0    5    10      20    30     40
     * value 0    4    4 -> 1  7     7 -> 100      window [10, 30): 10 of 1, 10 of 7, and 4 for no time at
     * 10 */
    step_mean_open(&s, 10, 30);
    step_mean_set(&s, 5, 4);
    step_mean_set(&s, 10, 1);
    step_mean_add(&s, 20, 6);
    step_mean_set(&s, 30, 100);
    step_mean_close(&s, 40);
    cr_assert_not(step_mean_empty(&s));
    cr_assert_eq(step_mean_value(&s), 4);
    cr_assert_eq(step_mean_max(&s), 7);
}

Test(stats_moments, what_stood_before_the_window_carries_into_it)
{
    struct step_mean s;

    step_mean_open(&s, 10, 30);
    step_mean_set(&s, 5, 9);
    step_mean_set(&s, 15, 1);
    step_mean_close(&s, 30);
    cr_assert_eq(step_mean_max(&s), 9);
    cr_assert_eq(step_mean_value(&s), (9 * 5 + 1 * 15) / 20.0);
}

Test(stats_moments, a_peak_for_an_instant_is_the_maximum_and_no_area)
{
    struct step_mean s;

    step_mean_open(&s, 0, 10);
    step_mean_set(&s, 5, 50);
    step_mean_set(&s, 5, 0);
    step_mean_close(&s, 10);
    cr_assert_eq(step_mean_max(&s), 50);
    cr_assert_eq(step_mean_value(&s), 0);
}

Test(stats_moments, a_run_that_ends_early_is_averaged_until_then)
{
    struct step_mean s;

    step_mean_open(&s, 10, 30);
    step_mean_set(&s, 12, 5);
    step_mean_close(&s, 14);
    cr_assert_eq(step_mean_value(&s), 2.5);
    step_mean_open(&s, 10, 30);
    step_mean_set(&s, 3, 5);
    step_mean_close(&s, 8);
    cr_assert(step_mean_empty(&s));
}

Test(stats_moments, areas_beyond_64_bits_are_exact)
{
    struct step_mean s;

    step_mean_open(&s, 0, INT64_C(1) << 62);
    step_mean_set(&s, 0, (INT64_C(1) << 62) + 1);
    step_mean_set(&s, INT64_C(1) << 61, 1);
    step_mean_close(&s, INT64_MAX);
    cr_assert(s.area == ((step_area)1 << 123) + ((step_area)1 << 62));
    cr_assert_eq(step_mean_value(&s), 0x1p61 + 1);
}

Test(stats_moments, time_that_goes_back_is_a_bug, .signal = SIGABRT)
{
    struct step_mean s;

    step_mean_open(&s, 0, 10);
    step_mean_set(&s, 5, 1);
    step_mean_set(&s, 4, 1);
}
