/* interval.h -- what replications say together: a mean, how far it may be off, and when there are enough of
 * them.
 *
 * Values are one figure a replication, in the order of the replications, finite; a replication without the
 * figure is left out before. Everything is summed in the given order, so the same values give the same bits.
 * Intervals are at 95 %, Student's with n - 1 degrees of freedom (semantics, E): nothing is inferred from
 * what is inside a replication. */
#ifndef GEOREP_STATS_INTERVAL_H
#define GEOREP_STATS_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
    double value, low, high; /* low and high are `value` where there is no interval */
    uint32_t count;          /* replications that counted */
    bool has_interval;
};

/* The mean of n > 0 values; no interval for n = 1. The interval is cut to [least, most], the range of the
 * metric (-INFINITY and INFINITY for none). */
struct interval interval_of_mean(const double *values, size_t n, double least, double most);

/* The mean of the differences a[i] - b[i]: paired by replication, on common random numbers. */
struct interval interval_of_difference(const double *a, const double *b, size_t n);

/* The mean of n shares, in [0, 1], taken of so many observations in all replications together: where every
 * share was 0, the upper end is min(1, 3 / observations), the rule of three (Hanley and Lippman-Hand, JAMA
 * 249, 1983), for n = 1 as well. */
struct interval interval_of_share(const double *shares, size_t n, uint64_t observations);
double interval_rule_of_three(uint64_t observations);

/* A figure that has no interval: a minimum or maximum over all replications, or a percentile that was pooled
 * (percentile.h says when). */
struct interval interval_of_pooled(double value, size_t n);

/* Half of Student's interval of the mean, before it is cut to any range; n > 1. */
double interval_half_width(const double *values, size_t n);

/* The stopping rule on the first n values: half-width <= precision * |mean|; never with n < 2. Of several
 * models all must hold for the same n; it may hold for n and not for n + 1. */
bool interval_is_enough(const double *values, size_t n, double precision);

/* The smallest n >= min, of the first `count` values, for which it holds; 0: none. */
size_t interval_enough(const double *values, size_t count, size_t min, double precision);

#endif
