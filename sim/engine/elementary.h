/* elementary.h -- exp, log and their kin that give the same bits on every machine and compiler.
 *
 * The C library's may differ in the last bit between versions and processors (it picks code with fused
 * multiply-add where there is one). These use plain double arithmetic, each operation rounded once
 * (-ffp-contract=off), and nothing else; sqrt, fabs, floor and rint of <math.h> are exact and need no twin
 * here.
 *
 * Errors are in units in the last place of the result (tests/property/engine_elementary.c measures them). */
#ifndef GEOREP_ENGINE_ELEMENTARY_H
#define GEOREP_ENGINE_ELEMENTARY_H

double elementary_log(double x);   /* < 1 ulp; -inf at 0, NaN below */
double elementary_exp(double x);   /* < 1 ulp; inf above 709.78, 0 below -745.13 */
double elementary_log1p(double x); /* log(1 + x) without loss near 0, < 3 ulp; x >= -1 */
double elementary_expm1(double x); /* exp(x) - 1 without loss near 0, < 4 ulp */

/* x to the power y, for x >= 0 (NaN below): error < 2 + |y log x| / 8 ulp. */
double elementary_pow(double x, double y);

double elementary_log_gamma(
    double x); /* log of the gamma function, x > 0; relative error some 1e-14 of max(1, result) */

/* The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P; a > 0, x >= 0. Relative error some
 * 1e-14 of a times log a, for P where x < a + 1 and for Q elsewhere; the other is 1 minus it. Cost: some
 * sqrt(a) steps of a series. */
double elementary_gamma_p(double a, double x);
double elementary_gamma_q(double a, double x);

double elementary_normal_cdf(double z); /* of the standard normal distribution; relative error some 1e-13 */
double elementary_normal_quantile(double p); /* its inverse: -inf at 0, inf at 1; relative error some 1e-15 */

#endif
