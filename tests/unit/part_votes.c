/* part_votes.c -- votes count a voter once. */
#include "models/parts/votes.h"

#include <criterion/criterion.h>

Test(part_votes, a_voter_counts_once_whatever_the_network_repeats)
{
    struct votes v = {0};

    cr_assert(votes_add(&v, 0));
    cr_assert(votes_add(&v, VOTERS_MOST - 1));
    cr_assert_not(votes_add(&v, 0));
    cr_assert_eq(v.count, 2);
    cr_assert(votes_has(&v, VOTERS_MOST - 1));
    cr_assert_not(votes_has(&v, 1));
}
