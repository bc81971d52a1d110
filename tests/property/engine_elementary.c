/* Our elementary functions against the C library's in long double (64 bits of mantissa: its error of some ulp
 * of its own is below 1/1000 of a double's). The bounds are those that elementary.h promises, derived in
 * elementary.c's sources: FDLIBM proves < 1 ulp for exp and log; the others add the roundings of their few
 * further steps. */
#include "sim/engine/elementary.h"
#include "sim/engine/random.h"

#include <criterion/criterion.h>
#include <float.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/* |ours - exact| in units of the last place of the exact value, taken as a double. */
static double ulps(double ours, long double exact)
{
    double nearest = (double)exact;
    int exponent;

    if (ours == nearest)
        return 0.5;
    frexp(nearest, &exponent);
    return (double)(fabsl((long double)ours - exact) / ldexpl(1, exponent < -1021 ? -1074 : exponent - 53));
}

static double between(random_stream *s, double low, double high)
{
    return low + (high - low) * random_unit(s);
}

Test(engine_elementary, log_is_within_an_ulp)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "log"), 0, 0);

    for (size_t i = 0; i < 500000; i++) {
        double x = i % 3 == 0   ? random_unit(&s)
                   : i % 3 == 1 ? between(&s, 0.7, 1.5)
                                : ldexp(random_unit(&s), (int)random_below(&s, 2000) - 1050);
        if (x > 0)
            cr_assert_lt(ulps(elementary_log(x), logl(x)), 1, "log %a", x);
    }
    cr_assert_eq(elementary_log(1), 0);
    cr_assert_eq(elementary_log(0), -INFINITY);
    cr_assert_eq(elementary_log(INFINITY), INFINITY);
    cr_assert(isnan(elementary_log(-1)));
}

Test(engine_elementary, exp_is_within_an_ulp)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "exp"), 0, 0);

    for (size_t i = 0; i < 500000; i++) {
        double x = i % 2 == 0 ? between(&s, -2, 2) : between(&s, -708, 709.7);
        cr_assert_lt(ulps(elementary_exp(x), expl(x)), 1, "exp %a", x);
    }
    for (double x = -745; x < -708; x += 0.01) /* subnormal results: rounded twice, half an ulp more */
        cr_assert_leq(ulps(elementary_exp(x), expl(x)), 1.5, "exp %a", x);
    cr_assert_eq(elementary_exp(0), 1);
    cr_assert_eq(elementary_exp(710), INFINITY);
    cr_assert_eq(elementary_exp(-746), 0);
}

Test(engine_elementary, log1p_and_expm1_lose_nothing_near_0)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "near 0"), 0, 0);

    for (size_t i = 0; i < 500000; i++) {
        double x = ldexp(between(&s, -1, 1), -(int)random_below(&s, 70));
        cr_assert_lt(ulps(elementary_log1p(x), log1pl(x)), 3, "log1p %a", x);
        cr_assert_lt(ulps(elementary_expm1(x * 30), expm1l(x * 30)), 4, "expm1 %a", x * 30);
    }
    cr_assert_eq(elementary_log1p(-1), -INFINITY);
    cr_assert_eq(elementary_expm1(-1000), -1);
}

Test(engine_elementary, pow_is_within_its_bound)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "pow"), 0, 0);

    for (size_t i = 0; i < 500000; i++) {
        double x = i % 2 == 0 ? random_unit(&s) : ldexp(random_unit(&s), (int)random_below(&s, 200) - 100);
        double y = between(&s, -8, 8), exponent = fabs(y * log(x));
        if (exponent < 700)
            cr_assert_lt(ulps(elementary_pow(x, y), powl(x, y)), 2 + exponent / 8, "%a to the %a", x, y);
    }
    cr_assert_eq(elementary_pow(0, 2), 0);
    cr_assert_eq(elementary_pow(0, -2), INFINITY);
    cr_assert_eq(elementary_pow(0, 0), 1);
    cr_assert_eq(elementary_pow(2, 10), 1024);
    cr_assert_eq(elementary_pow(10, 400), INFINITY);
    cr_assert_eq(elementary_pow(10, -400), 0);
    cr_assert_eq(elementary_pow(1e-300, 1e300), 0);
    cr_assert_eq(elementary_pow(4, 0.5), 2);
}

/* `size` is that of the terms which are added: Stirling's of log_gamma, taken at x >= 12, make the 60 (28 +
 * 12 + log 11!). Each has an error of a few eps / 2 of itself, and exp turns absolute into relative: 4 eps
 * times the size for log_gamma, 8 for P and Q; their series and fraction add some 100 eps. Twice that, as GSL
 * errs too. Only the one that is computed directly is compared: GSL's other one is off by 1e-11 in places
 * (Q(0.149, 0.0931)). */
Test(engine_elementary, gamma_functions_agree_with_gsl)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "gamma"), 0, 0);

    for (size_t i = 0; i < 20000; i++) {
        double a = exp(between(&s, log(0.01), log(1000))), x = a * exp(between(&s, -3, 1.5));
        double size = a * fabs(log(a)) + a * fabs(log(x)) + x + 60, bound = (100 + 8 * size) * DBL_EPSILON;
        double p = gsl_sf_gamma_inc_P(a, x), q = gsl_sf_gamma_inc_Q(a, x);

        cr_assert_leq(fabs(elementary_log_gamma(a) - gsl_sf_lngamma(a)), 4 * DBL_EPSILON * size);
        if (x < a + 1 && p > 1e-200)
            cr_assert_leq(fabs(elementary_gamma_p(a, x) - p), 2 * bound * p, "P(%g, %g)", a, x);
        if (x >= a + 1 && q > 1e-200)
            cr_assert_leq(fabs(elementary_gamma_q(a, x) - q), 2 * bound * q, "Q(%g, %g)", a, x);
        cr_assert_leq(fabs(elementary_gamma_p(a, x) + elementary_gamma_q(a, x) - 1), DBL_EPSILON);
    }
}

/* Wichura states 1 part in 10^16 for the rational functions; the log, the root and the polynomials add some
 * 10 eps. */
Test(engine_elementary, the_normal_quantile_inverts_the_normal_cdf)
{
    random_stream s = random_stream_new(random_key_new(1, 0, "normal"), 0, 0);

    for (size_t i = 0; i < 100000; i++) {
        double p = i % 2 == 0 ? random_unit(&s) : exp(between(&s, -300, -0.7));
        double z = elementary_normal_quantile(p);

        cr_assert_leq(fabs(z - gsl_cdf_ugaussian_Pinv(p)), 20 * DBL_EPSILON * fmax(fabs(z), 0.01), "p %a", p);
        cr_assert_leq(fabs(elementary_normal_cdf(z) - gsl_cdf_ugaussian_P(z)),
                      (200 + 8 * z * z) * DBL_EPSILON * gsl_cdf_ugaussian_P(z), "z %a", z);
    }
    cr_assert_eq(elementary_normal_quantile(0.5), 0);
    cr_assert_eq(elementary_normal_quantile(0), -INFINITY);
    cr_assert_eq(elementary_normal_quantile(1), INFINITY);
}
