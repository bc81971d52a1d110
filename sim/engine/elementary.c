/* elementary.c -- exp, log and pow by reduction and short polynomials, in plain double arithmetic.
 *
 * log:  x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); with s = f / (2 + f),
 *       log(1 + f) = 2s + s R(s^2), R a minimax polynomial of error 2^-58.
 * exp:  x = k log 2 + r, |r| <= log(2) / 2; exp(r) = 1 + 2r / (R(r^2) - r), R of error 2^-59.
 *       Both with the polynomials of FDLIBM (Copyright 1993 by Sun Microsystems, Inc.; freely granted).
 * pow:  exp(y log x), where log x and its product with y are kept as sums of two doubles (Dekker: A
 * Floating-Point Technique for Extending the Available Precision, 1971), else the error would grow to |y log
 * x| ulp. log1p, expm1: Kahan's way: the rounding of 1 + x is made good by dividing by what was in fact
 * added.
 *
 * The reduced pieces of log 2: the high one has 21 trailing zero bits, so that its product with k is exact.
 */
#include "sim/engine/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double log2_high = 6.93147180369123816490e-01; /* 0x3fe62e42fee00000 */
static const double log2_low = 1.90821492927058770002e-10;

static uint64_t bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x = 2^k m, m in [sqrt(1/2), sqrt(2)); x is positive and finite. */
static double mantissa_split(double x, int *k)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
    int shift = 0;

    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = 54;
    }
    uint64_t above = bits_of(x) - root_half;
    *k = (int)((int64_t)above >> 52) - shift;
    return double_of((above & UINT64_C(0x000fffffffffffff)) + root_half);
}

/* R of the log: the even terms beyond 2s of log((1 + s) / (1 - s)) = 2s + s R(s^2). */
static double log_tail(double s)
{
    double z = s * s, w = z * z;
    double even =
        w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd =
        z * (6.666666666666735130e-01 +
             w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));

    return even + odd;
}

double elementary_log(double x)
{
    int k;

    if (!(x > 0))
        return x == 0 ? -INFINITY : (double)NAN;
    if (isinf(x))
        return x;
    double f = mantissa_split(x, &k) - 1;
    double half_square = 0.5 * f * f, s = f / (2 + f);
    return s * (half_square + log_tail(s)) + k * log2_low - half_square + f + k * log2_high;
}

double elementary_exp(double x)
{
    if (isnan(x))
        return x;
    if (x > 709.782712893383973096)
        return INFINITY;
    if (x < -745.13321910194110842)
        return 0;
    int k = (int)(x * 1.44269504088896338700 + copysign(0.5, x)); /* no branch: signs are as good as random */
    double high = x - k * log2_high, low = k * log2_low;
    double r = high - low, z = r * r;
    double c = r - z * (1.66666666666666019037e-01 +
                        z * (-2.77777777770155933842e-03 +
                             z * (6.61375632143793436117e-05 +
                                  z * (-1.65339022054652515390e-06 + z * 4.13813679705723846039e-08))));
    double y = 1 + (r * c / (2 - c) - low + high);
    if (k > 1023)
        return y * 2 * double_of((uint64_t)(1023 + k - 1) << 52);
    if (k < -1022)
        return y * double_of((uint64_t)(1023 + k + 64) << 52) * 0x1p-64;
    return y * double_of((uint64_t)(1023 + k) << 52);
}

double elementary_log1p(double x)
{
    double u = 1 + x;

    if (u == 1)
        return x;
    if (!(u > 0) || isinf(u))
        return elementary_log(u);
    return elementary_log(u) * x / (u - 1);
}

double elementary_expm1(double x)
{
    double u = elementary_exp(x);

    if (u == 1)
        return x;
    if (u < 0x1p-54 || u > 0x1p54 || isnan(u))
        return u - 1;
    return (u - 1) * x / elementary_log(u);
}

/* a * b = the result + *error, exactly, where nothing over- or underflows. */
static double product_exact(double a, double b, double *error)
{
    double p = a * b, t;

    t = 134217729.0 * a;
    double a_high = t - (t - a), a_low = a - a_high;
    t = 134217729.0 * b;
    double b_high = t - (t - b), b_low = b - b_high;
    *error = ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
    return p;
}

/* log(x) as the result + *rest; relative error about 2^-58. */
static double log_long(double x, double *rest)
{
    int k;
    double m = mantissa_split(x, &k);
    double f = m - 1, d = 1 + m, d_rest = m - (d - 1), s = f / d, error;
    double sd = product_exact(s, d, &error);
    double s_rest = ((f - sd - error) - s * d_rest) / d;
    double a = k * log2_high, b = 2 * s;
    double sum = a + b, back = sum - a;
    double low = ((a - (sum - back)) + (b - back)) + (s * log_tail(s) + (2 * s_rest + k * log2_low));
    double high = sum + low;

    *rest = (sum - high) + low;
    return high;
}

double elementary_pow(double x, double y)
{
    double rest, error;

    if (y == 0 || x == 1)
        return 1;
    if (!(x > 0) || isinf(x) || !isfinite(y))
        return x == 0 ? (y > 0 ? 0 : y < 0 ? INFINITY : (double)NAN) : elementary_exp(y * elementary_log(x));
    double log_x = log_long(x, &rest);
    if (fabs(y * log_x) > 746)
        return y * log_x > 0 ? INFINITY : 0;
    double p = product_exact(y, log_x, &error);
    double power = elementary_exp(p);
    return isinf(power) ? power : power + power * (error + y * rest);
}
