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

#include "sim/engine/elementary_inline.h"

double elementary_log(double x)
{
    return inline_log(x);
}

double elementary_exp(double x)
{
    return inline_exp(x);
}

double elementary_log1p(double x)
{
    return inline_log1p(x);
}

double elementary_expm1(double x)
{
    return inline_expm1(x);
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
    double m = inline_mantissa_split(x, &k);
    double f = m - 1, d = 1 + m, d_rest = m - (d - 1), s = f / d, error;
    double sd = product_exact(s, d, &error);
    double s_rest = ((f - sd - error) - s * d_rest) / d;
    double a = k * inline_log2_high, b = 2 * s;
    double sum = a + b, back = sum - a;
    double low =
        ((a - (sum - back)) + (b - back)) + (s * inline_log_tail(s) + (2 * s_rest + k * inline_log2_low));
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
        return x == 0 ? (y > 0 ? 0 : y < 0 ? INFINITY : (double)NAN) : inline_exp(y * inline_log(x));
    double log_x = log_long(x, &rest);
    if (fabs(y * log_x) > 746)
        return y * log_x > 0 ? INFINITY : 0;
    double p = product_exact(y, log_x, &error);
    double power = inline_exp(p);
    return isinf(power) ? power : power + power * (error + y * rest);
}
