/* elementary_inline.h -- exp, log, log1p and expm1 of elementary.h for loops of the engine's own draws:
 * inlined, one waits for the divisions of the other. elementary.c says how they work. Private to the engine.
 */
#ifndef GEOREP_ENGINE_ELEMENTARY_INLINE_H
#define GEOREP_ENGINE_ELEMENTARY_INLINE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double inline_log2_high = 6.93147180369123816490e-01; /* 0x3fe62e42fee00000 */
static const double inline_log2_low = 1.90821492927058770002e-10;

static inline uint64_t inline_bits_of(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double inline_double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x = 2^k m, m in [sqrt(1/2), sqrt(2)); x is positive and finite. */
static inline double inline_mantissa_split(double x, int *k)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
    int shift = 0;

    if (x < 0x1p-1022) {
        x *= 0x1p54;
        shift = 54;
    }
    uint64_t above = inline_bits_of(x) - root_half;
    *k = (int)((int64_t)above >> 52) - shift;
    return inline_double_of((above & UINT64_C(0x000fffffffffffff)) + root_half);
}

/* R of the log: the even terms beyond 2s of log((1 + s) / (1 - s)) = 2s + s R(s^2). */
static inline double inline_log_tail(double s)
{
    double z = s * s, w = z * z;
    double even =
        w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double odd =
        z * (6.666666666666735130e-01 +
             w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));

    return even + odd;
}

static inline double inline_log(double x)
{
    int k;

    if (!(x > 0))
        return x == 0 ? -INFINITY : (double)NAN;
    if (isinf(x))
        return x;
    double f = inline_mantissa_split(x, &k) - 1;
    double half_square = 0.5 * f * f, s = f / (2 + f);
    return s * (half_square + inline_log_tail(s)) + k * inline_log2_low - half_square + f +
           k * inline_log2_high;
}

static inline double inline_exp(double x)
{
    if (isnan(x))
        return x;
    if (x > 709.782712893383973096)
        return INFINITY;
    if (x < -745.13321910194110842)
        return 0;
    int k = (int)(x * 1.44269504088896338700 + copysign(0.5, x)); /* no branch: signs are as good as random */
    double high = x - k * inline_log2_high, low = k * inline_log2_low;
    double r = high - low, z = r * r;
    double c = r - z * (1.66666666666666019037e-01 +
                        z * (-2.77777777770155933842e-03 +
                             z * (6.61375632143793436117e-05 +
                                  z * (-1.65339022054652515390e-06 + z * 4.13813679705723846039e-08))));
    double y = 1 + (r * c / (2 - c) - low + high);
    if (k > 1023)
        return y * 2 * inline_double_of((uint64_t)(1023 + k - 1) << 52);
    if (k < -1022)
        return y * inline_double_of((uint64_t)(1023 + k + 64) << 52) * 0x1p-64;
    return y * inline_double_of((uint64_t)(1023 + k) << 52);
}

static inline double inline_log1p(double x)
{
    double u = 1 + x;

    if (u == 1)
        return x;
    if (!(u > 0) || isinf(u))
        return inline_log(u);
    return inline_log(u) * x / (u - 1);
}

static inline double inline_expm1(double x)
{
    double u = inline_exp(x);

    if (u == 1)
        return x;
    if (u < 0x1p-54 || u > 0x1p54 || isnan(u))
        return u - 1;
    return (u - 1) * x / inline_log(u);
}

#endif
