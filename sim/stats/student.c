/* student.c -- finite sums for few degrees of freedom, an expansion for many.
 *
 * With theta = atan(t / sqrt(v)), for v degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4):
 *
 *     even v, v / 2 terms:       sin theta (1 + 1/2 cos^2 theta + 1/2 3/4 cos^4 theta + ...)
 *     odd v, (v - 1) / 2 terms:  2 / pi (theta + sin theta cos theta (1 + 2/3 cos^2 theta + 2/3 4/5 ...))
 *
 * sin and cos of theta are algebraic in t; only theta itself, for odd v, needs an arc tangent. The bound is
 * found by bisection to the last bit. All terms are positive, so nothing cancels, and the root is good to
 * about 1e-14. */
#include "sim/stats/student.h"

#include "sim/base/check.h"

#include <math.h>

/* Where the expansion of 26.7.5 takes over: its first term left out is 0.73 / v^5, i.e. 3e-13 here. */
#define FREEDOM_EXACT 300

/* atan(x), x >= 0: halved four times by atan x = 2 atan(x / (1 + sqrt(1 + x^2))) it is below pi/32, where the
 * series falls by a factor of 100 a term: nine terms are enough, ten are taken. */
static double arc_tangent(double x)
{
    double sum = 0;

    for (int i = 0; i < 4; i++)
        x /= 1 + sqrt(1 + x * x);
    for (int i = 19; i > 0; i -= 2)
        sum = 1.0 / i - x * x * sum;
    return 16 * x * sum;
}

double student_inside(double t, uint32_t freedom)
{
    CHECK(t >= 0 && freedom > 0);
    const double pi = 0x1.921fb54442d18p+1;
    double v = freedom, square = v / (v + t * t); /* cos^2 theta */
    double sine = t / sqrt(v + t * t), term = 1, sum = 0;

    if (freedom % 2 == 0) {
        for (uint32_t k = 2; k <= freedom; k += 2) {
            sum += term;
            term *= square * (k - 1) / k;
        }
        return sine * sum;
    }
    for (uint32_t k = 3; k <= freedom; k += 2) {
        sum += term;
        term *= square * (k - 1) / k;
    }
    return 2 / pi * (arc_tangent(t / sqrt(v)) + sine * sqrt(square) * sum);
}

/* The quantile around the normal one, in powers of 1 / v (Abramowitz and Stegun, 26.7.5). */
static double bound_of_many(double v)
{
    const double x = 1.959963984540054; /* the normal quantile 0.975 */
    double s = x * x;
    double g1 = x * (s + 1) / 4;
    double g2 = x * ((5 * s + 16) * s + 3) / 96;
    double g3 = x * (((3 * s + 19) * s + 17) * s - 15) / 384;
    double g4 = x * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160;

    return x + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

double student_bound(uint32_t freedom)
{
    CHECK(freedom > 0);
    if (freedom > FREEDOM_EXACT)
        return bound_of_many(freedom);
    double low = 1, high = 16; /* 1.97 to 12.71 is what there is */

    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return low;
        if (student_inside(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
}
