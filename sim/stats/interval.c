/* interval.c -- mean and spread in passes over the values.
 *
 * The mean is corrected once by the mean of what is left (the differences from it), and the variance by the
 * square of what is then left: so n equal values have exactly that mean and no variance at all, and a run
 * without chance stops at once instead of chasing the rounding of a sum. */
#include "sim/stats/interval.h"

#include "sim/base/check.h"
#include "sim/stats/student.h"

#include <math.h>
#include <stdlib.h>

static double mean_of(const double *values, size_t n)
{
    double sum = 0, left = 0;

    CHECK(n > 0 && n <= UINT32_MAX);
    for (size_t i = 0; i < n; i++) {
        CHECK(isfinite(values[i]));
        sum += values[i];
    }
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        left += values[i] - mean;
    return mean + left / (double)n;
}

static double half_width_around(double mean, const double *values, size_t n)
{
    double squares = 0, left = 0, freedom = (double)(n - 1);

    for (size_t i = 0; i < n; i++) {
        double difference = values[i] - mean;
        squares += difference * difference;
        left += difference;
    }
    double variance = fmax(0, squares - left * left / (double)n) / freedom;
    return variance > 0 ? student_bound((uint32_t)(n - 1)) * sqrt(variance / (double)n) : 0;
}

struct interval interval_of_pooled(double value, size_t n)
{
    CHECK(n > 0 && n <= UINT32_MAX);
    return (struct interval){.value = value, .low = value, .high = value, .count = (uint32_t)n};
}

struct interval interval_of_mean(const double *values, size_t n, double least, double most)
{
    struct interval in = interval_of_pooled(mean_of(values, n), n);

    if (n == 1)
        return in;
    double half = half_width_around(in.value, values, n);
    in.low = fmax(in.value - half, least);
    in.high = fmin(in.value + half, most);
    in.has_interval = true;
    return in;
}

struct interval interval_of_difference(const double *a, const double *b, size_t n)
{
    double *differences = memory_new(n, sizeof *differences);

    for (size_t i = 0; i < n; i++)
        differences[i] = a[i] - b[i];
    struct interval in = interval_of_mean(differences, n, -INFINITY, INFINITY);
    free(differences);
    return in;
}

double interval_rule_of_three(uint64_t observations)
{
    return observations <= 3 ? 1 : 3 / (double)observations;
}

struct interval interval_of_share(const double *shares, size_t n, uint64_t observations)
{
    struct interval in = interval_of_mean(shares, n, 0, 1);

    for (size_t i = 0; i < n; i++) {
        if (shares[i] != 0)
            return in;
    }
    in.high = interval_rule_of_three(observations);
    in.has_interval = true;
    return in;
}

double interval_half_width(const double *values, size_t n)
{
    CHECK(n > 1);
    return half_width_around(mean_of(values, n), values, n);
}

bool interval_is_enough(const double *values, size_t n, double precision)
{
    if (n < 2)
        return false;
    double mean = mean_of(values, n);

    return half_width_around(mean, values, n) <= precision * fabs(mean);
}

size_t interval_enough(const double *values, size_t count, size_t min, double precision)
{
    for (size_t n = min; n <= count; n++) {
        if (interval_is_enough(values, n, precision))
            return n;
    }
    return 0;
}
