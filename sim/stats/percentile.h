/* percentile.h -- which of n sorted values a percentile is, and when it is too rare to stand alone. */
#ifndef GEOREP_STATS_PERCENTILE_H
#define GEOREP_STATS_PERCENTILE_H

#include "sim/base/check.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* The rank, from 1 to n, of percentile p in (0, 1]: ceil(p n), n > 0.
 *
 * p is meant as a decimal (0.07), but a double is a little off it (0.07 * 100 = 7.000000000000001, whose
 * ceiling is 8). p is within 2^-53 of the decimal, relatively, and the product adds as much again, so a
 * product within 2^-51 of a whole number is that number. */
static inline uint64_t percentile_rank(uint64_t n, double p)
{
    CHECK(n > 0);
    CHECK(p > 0 && p <= 1);
    double product = p * (double)n, whole = rint(product);
    double rank = fabs(product - whole) <= product * 0x1p-51 ? whole : ceil(product);

    if (rank >= (double)n)
        return n;
    return rank >= 1 ? (uint64_t)rank : 1;
}

/* Whether a replication with that many observations holds fewer than 1 / (1 - p) of them, p in (0, 1): its
 * percentile would be its largest value. If one replication does, the percentile is taken of the pooled
 * observations, without an interval (semantics, E). n < 1 / (1 - p) is n - p n < 1, hence ceil(p n) = n. */
static inline bool percentile_is_pooled(double p, uint64_t observations)
{
    CHECK(p > 0 && p < 1);
    return observations == 0 || percentile_rank(observations, p) == observations;
}

#endif
