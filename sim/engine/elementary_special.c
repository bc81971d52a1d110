/* elementary_special.c -- the gamma and the normal distribution's functions, from elementary exp and log
 * alone.
 *
 * They serve set-up (medians, quantiles, distribution functions) and, the normal quantile, every normal draw.
 * log_gamma: Stirling's series at x + n >= 12, brought down by the recurrence.
 * P and Q:   the power series where x < a + 1, else the continued fraction of Q by Lentz's method (Abramowitz
 * and Stegun 6.5.29 and 6.5.31), so that the smaller of the two never comes from a subtraction. normal:
 * cdf(z) = Q(1/2, z^2/2) / 2 below 0; the quantile is algorithm AS 241, PPND16 (Wichura, Applied Statistics
 * 37, 1988), about 1 part in 10^16. */
#include "sim/engine/elementary.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

double elementary_log_gamma(double x)
{
    double product = 1;

    while (x < 12) {
        product *= x;
        x += 1;
    }
    double z = 1 / (x * x);
    double series =
        (1.0 / 12 -
         z * (1.0 / 360 -
              z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188 - z * (691.0 / 360360 - z / 156)))))) /
        x;
    return (x - 0.5) * elementary_log(x) - x + 0.91893853320467274178 + series - elementary_log(product);
}

/* x^a exp(-x) / gamma(a) */
static double gamma_factor(double a, double x)
{
    return elementary_exp(a * elementary_log(x) - x - elementary_log_gamma(a));
}

static double gamma_series(double a, double x)
{
    double term = 1 / a, sum = term;

    for (double n = a + 1; term > sum * DBL_EPSILON / 4; n += 1) {
        term *= x / n;
        sum += term;
    }
    return sum * gamma_factor(a, x);
}

static double gamma_fraction(double a, double x)
{
    const double tiny = 1e-300;
    double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;

    for (double i = 1; i < 1e6; i += 1) {
        double numerator = -i * (i - a);

        b += 2;
        d = numerator * d + b;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        c = b + numerator / c;
        c = fabs(c) < tiny ? tiny : c;
        h *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON)
            break;
    }
    return h * gamma_factor(a, x);
}

double elementary_gamma_p(double a, double x)
{
    if (!(x > 0))
        return 0;
    if (isinf(x))
        return 1;
    return x < a + 1 ? fmin(gamma_series(a, x), 1) : 1 - gamma_fraction(a, x);
}

double elementary_gamma_q(double a, double x)
{
    if (!(x > 0))
        return 1;
    if (isinf(x))
        return 0;
    return x < a + 1 ? fmax(1 - gamma_series(a, x), 0) : gamma_fraction(a, x);
}

double elementary_normal_cdf(double z)
{
    double tail = 0.5 * elementary_gamma_q(0.5, 0.5 * z * z);

    return z < 0 ? tail : 1 - tail;
}

static double polynomial(const double *coefficients, double x)
{
    double y = coefficients[7];

    for (size_t i = 7; i-- > 0;)
        y = y * x + coefficients[i];
    return y;
}

double elementary_normal_quantile(double p)
{
    static const double centre_above[] = {3.387132872796366608,  133.14166789178437745, 1971.5909503065514427,
                                          13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                                          33430.575583588128105, 2509.0809287301226727};
    static const double centre_below[] = {1,
                                          42.313330701600911252,
                                          687.1870074920579083,
                                          5394.1960214247511077,
                                          21213.794301586595867,
                                          39307.89580009271061,
                                          28729.085735721942674,
                                          5226.495278852854561};
    static const double middle_above[] = {
        1.42343711074968357734, 4.6303378461565452959,  5.7694972214606914055,    3.64784832476320460504,
        1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4};
    static const double middle_below[] = {1,
                                          2.05319162663775882187,
                                          1.6763848301838038494,
                                          0.68976733498510000455,
                                          0.14810397642748007459,
                                          0.0151986665636164571966,
                                          5.475938084995344946e-4,
                                          1.05075007164441684324e-9};
    static const double tail_above[] = {6.6579046435011037772,     5.4637849111641143699,
                                        1.7848265399172913358,     0.29656057182850489123,
                                        0.026532189526576123093,   0.0012426609473880784386,
                                        2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double tail_below[] = {1,
                                        0.59983220655588793769,
                                        0.13692988092273580531,
                                        0.0148753612908506148525,
                                        7.868691311456132591e-4,
                                        1.8463183175100546818e-5,
                                        1.4215117583164458887e-7,
                                        2.04426310338993978564e-15};
    double q = p - 0.5;

    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(centre_above, r) / polynomial(centre_below, r);
    }
    if (!(p > 0 && p < 1))
        return p == 0 ? -INFINITY : p == 1 ? INFINITY : (double)NAN;
    double r = sqrt(-elementary_log(q < 0 ? p : 1 - p));
    double z = r <= 5 ? polynomial(middle_above, r - 1.6) / polynomial(middle_below, r - 1.6)
                      : polynomial(tail_above, r - 5) / polynomial(tail_below, r - 5);
    return q < 0 ? -z : z;
}
