/* stats_interval.c -- Student's bounds against tables and GSL, and the rules of semantics (E) by hand. */
#include "sim/stats/interval.h"
#include "sim/stats/student.h"

#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <signal.h>

/* Printed to three places in every textbook, so right to half of the last. */
Test(stats_interval, student_is_as_in_the_tables)
{
    static const struct {
        uint32_t freedom;
        double bound;
    } table[] = {{1, 12.706}, {2, 4.303},   {3, 3.182},    {4, 2.776},        {5, 2.571},
                 {6, 2.447},  {7, 2.365},   {8, 2.306},    {9, 2.262},        {10, 2.228},
                 {19, 2.093}, {20, 2.086},  {29, 2.045},   {30, 2.042},       {40, 2.021},
                 {60, 2.000}, {120, 1.980}, {1000, 1.962}, {100000000, 1.960}};

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        cr_assert_lt(fabs(student_bound(table[i].freedom) - table[i].bound), 0.0005001, "freedom %u",
                     table[i].freedom);
}

/* The expansion leaves out 0.73 / v^5 < 3e-13 of the bound, which is under 2e-14 of probability (the density
 * there is 0.06); the exact sums of up to 150 terms lose at most 150 roundings of 1e-16 each. So 5e-14 covers
 * ours, and as much is left for GSL's. */
Test(stats_interval, student_agrees_with_gsl_for_every_freedom_to_1000)
{
    for (uint32_t freedom = 1; freedom <= 1000; freedom++) {
        double bound = student_bound(freedom);
        cr_assert_lt(fabs(gsl_cdf_tdist_Q(bound, freedom) - 0.025), 1e-13, "freedom %u: %.17g", freedom,
                     gsl_cdf_tdist_Q(bound, freedom) - 0.025);
        cr_assert(freedom == 1 || bound < student_bound(freedom - 1));
    }
}

Test(stats_interval, student_has_its_closed_forms)
{
    /* v = 1 is Cauchy's: 2 / pi atan t, a half at t = 1. v = 2: t / sqrt(2 + t^2). */
    cr_assert_lt(fabs(student_inside(1, 1) - 0.5), 4e-16);
    cr_assert_lt(fabs(student_inside(sqrt(3), 1) - 2.0 / 3), 4e-16);
    cr_assert_lt(fabs(student_bound(2) - 0.95 * sqrt(2 / (1 - 0.95 * 0.95))), 1e-13);
    cr_assert_eq(student_inside(0, 7), 0);
}

Test(stats_interval, the_mean_of_three_by_hand)
{
    /* Variance 1, so half is 4.302653 / sqrt 3 = 2.484138. */
    const double values[] = {1, 2, 3};
    struct interval in = interval_of_mean(values, 3, -INFINITY, INFINITY);

    cr_assert_eq(in.value, 2);
    cr_assert_eq(in.count, 3u);
    cr_assert(in.has_interval);
    cr_assert_lt(fabs(in.high - 4.484138), 5.1e-7);
    cr_assert_lt(fabs(in.low + 0.484138), 5.1e-7);
    cr_assert_eq(interval_half_width(values, 3), in.high - in.value);
}

Test(stats_interval, is_cut_to_the_range_of_the_metric)
{
    const double shares[] = {0.0, 0.1, 0.9, 1.0};
    struct interval in = interval_of_mean(shares, 4, 0, 1);

    cr_assert_eq(in.low, 0);
    cr_assert_eq(in.high, 1);
    cr_assert_eq(in.value, 0.5);
}

Test(stats_interval, one_value_has_no_interval)
{
    const double value = 42;
    struct interval in = interval_of_mean(&value, 1, 0, 100);

    cr_assert_eq(in.value, 42);
    cr_assert_not(in.has_interval);
    cr_assert_not(interval_of_pooled(3, 10).has_interval);
    cr_assert_eq(interval_of_pooled(3, 10).count, 10u);
}

/* 0.1 has no exact sum: ten of them add up to 0.9999999999999999. */
Test(stats_interval, equal_values_have_their_mean_and_no_width_exactly)
{
    double values[1000];

    for (int i = 0; i < 1000; i++)
        values[i] = 0.1;
    for (size_t n = 2; n <= 1000; n++) {
        struct interval in = interval_of_mean(values, n, -INFINITY, INFINITY);
        cr_assert(in.value == 0.1 && in.low == 0.1 && in.high == 0.1, "n = %zu", n);
    }
    cr_assert_eq(interval_enough(values, 1000, 5, 0), 5u);
}

Test(stats_interval, differences_are_paired)
{
    /* Far apart from pair to pair, always 2 apart within one. */
    const double a[] = {102, 12, 1002}, b[] = {100, 10, 1000};
    struct interval in = interval_of_difference(a, b, 3);

    cr_assert_eq(in.value, 2);
    cr_assert_eq(in.low, 2);
    cr_assert_eq(in.high, 2);
}

Test(stats_interval, the_rule_of_three_bounds_a_share_that_was_never_seen)
{
    const double none[] = {0, 0, 0}, some[] = {0, 0, 0.003};

    cr_assert_eq(interval_of_share(none, 3, 300).high, 0.01);
    cr_assert_eq(interval_of_share(none, 3, 300).low, 0);
    cr_assert_eq(interval_of_share(none, 3, 2).high, 1);
    cr_assert(interval_of_share(none, 1, 300).has_interval);
    cr_assert_eq(interval_rule_of_three(0), 1);
    cr_assert_eq(interval_rule_of_three(4), 0.75);
    /* Once seen it is Student's: 0.001 +- 4.302653 x 0.001. */
    cr_assert_lt(fabs(interval_of_share(some, 3, 300).high - 0.005302653), 5.1e-10);
}

Test(stats_interval, stops_at_the_first_number_that_is_enough)
{
    /* Half-widths over means, by hand: n = 2: 12.706 x 1 / 11 = 116 %; n = 3: 4.303 x 1 / sqrt 3 / 11 = 22.6
     * %; n = 4: 3.182 x 0.8165 / 2 / 11 = 11.8 %; n = 5: 2.776 x 0.7071 / sqrt 5 / 11 = 7.98 %. */
    const double values[] = {10, 12, 11, 11, 11, 11};

    cr_assert_eq(interval_enough(values, 6, 2, 0.23), 3u);
    cr_assert_eq(interval_enough(values, 6, 2, 0.22), 4u);
    cr_assert_eq(interval_enough(values, 6, 2, 0.08), 5u);
    cr_assert_eq(interval_enough(values, 4, 2, 0.08), 0u);
    cr_assert_eq(interval_enough(values, 6, 5, 0.5), 5u);
    cr_assert_eq(interval_enough(values, 6, 7, 0.5), 0u);
    cr_assert_eq(interval_enough(values, 6, 1, 1.2), 2u, "one value has no interval to be narrow");
    const double negative[] = {-10, -12, -11, -11, -11};
    cr_assert_eq(interval_enough(negative, 5, 2, 0.08), 5u, "of |mean|");
    const double about_zero[] = {-1, 1, -1, 1};
    cr_assert_eq(interval_enough(about_zero, 4, 2, 0.5), 0u);
    const double zero[] = {0, 0, 0};
    cr_assert_eq(interval_enough(zero, 3, 3, 0.05), 3u);
}

Test(stats_interval, a_value_that_is_no_number_is_a_bug, .signal = SIGABRT)
{
    const double values[] = {1, NAN};

    interval_of_mean(values, 2, 0, 10);
}
