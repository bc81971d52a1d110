/* experiment_judge.c -- a lower bound decides what it can, and what was not measured is never held. */
#include "sim/experiment/judge.h"

#include <criterion/criterion.h>

Test(experiment_judge, an_exact_figure_holds_or_does_not)
{
    cr_assert_eq(relation_holds(EXPECT_BELOW, 5, false, 5, false), HOLDS_FALSE);
    cr_assert_eq(relation_holds(EXPECT_AT_MOST, 5, false, 5, false), HOLDS_TRUE);
    cr_assert_eq(relation_holds(EXPECT_ABOVE, 5, false, 5, false), HOLDS_FALSE);
    cr_assert_eq(relation_holds(EXPECT_AT_LEAST, 5, false, 5, false), HOLDS_TRUE);
    cr_assert_eq(relation_holds(EXPECT_EQUAL, 0.1 + 0.2, false, 0.3, false), HOLDS_TRUE, "as printed");
    cr_assert_eq(relation_holds(EXPECT_EQUAL, 0.300000001, false, 0.3, false), HOLDS_FALSE);
}

Test(experiment_judge, a_lower_bound_breaks_an_upper_limit_and_never_keeps_it)
{
    cr_assert_eq(relation_holds(EXPECT_BELOW, 30, true, 10, false), HOLDS_FALSE);
    cr_assert_eq(relation_holds(EXPECT_BELOW, 30, true, 60, false), HOLDS_UNDECIDED);
    cr_assert_eq(relation_holds(EXPECT_ABOVE, 30, true, 10, false), HOLDS_TRUE);
    cr_assert_eq(relation_holds(EXPECT_ABOVE, 30, true, 60, false), HOLDS_UNDECIDED);
    cr_assert_eq(relation_holds(EXPECT_EQUAL, 30, true, 10, false), HOLDS_FALSE);
    cr_assert_eq(relation_holds(EXPECT_EQUAL, 30, true, 30, false), HOLDS_UNDECIDED);
}

Test(experiment_judge, so_does_a_lower_bound_on_the_other_side)
{
    cr_assert_eq(relation_holds(EXPECT_BELOW, 5, false, 10, true), HOLDS_TRUE, "the other can only be more");
    cr_assert_eq(relation_holds(EXPECT_BELOW, 15, false, 10, true), HOLDS_UNDECIDED);
    cr_assert_eq(relation_holds(EXPECT_ABOVE, 5, false, 10, true), HOLDS_FALSE);
    cr_assert_eq(relation_holds(EXPECT_ABOVE, 15, false, 10, true), HOLDS_UNDECIDED);
    cr_assert_eq(relation_holds(EXPECT_BELOW, 5, true, 10, true), HOLDS_UNDECIDED);
}
