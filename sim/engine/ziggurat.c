/* ziggurat.c -- Marsaglia and Tsang: The Ziggurat Method for Generating Random Variables (J. Statistical
 * Software 5, 2000), with 256 layers and 53-bit abscissas (Doornik 2005: the layer, the sign and the abscissa
 * take bits of their own).
 *
 * The density f, unscaled with f(0) = 1, falls on x >= 0. It is covered by 256 pieces of one area: layers i =
 * 1 .. 255 reach from 0 to x[i] and from f(x[i]) up to f(x[i + 1]); piece 0 is the strip below f(R) with the
 * tail beyond R = x[1], as wide as a rectangle of that area: x[0] = area / f(R). A point of a random layer
 * left of x[i + 1] lies below f for sure (98.8% of them); else it is compared with f, or drawn from the tail.
 *
 * The tables are computed before main from R alone, by our own elementary functions, so they are the same
 * bits everywhere. */
#include "sim/engine/ziggurat.h"

#include "sim/engine/elementary.h"

#include <math.h>
#include <stddef.h>

#define LAYERS 256

struct table {
    double x[LAYERS + 1], f[LAYERS + 1];
};

static struct table exponential, normal;

/* From Marsaglia and Tsang: where 256 pieces of one area end exactly at f = 1. */
static const double exponential_r = 7.69711747013104972, normal_r = 3.6541528853610088;

static double normal_density(double x)
{
    return elementary_exp(-0.5 * x * x);
}

static double exponential_density(double x)
{
    return elementary_exp(-x);
}

static double normal_density_inverse(double f)
{
    return sqrt(-2 * elementary_log(f));
}

static double exponential_density_inverse(double f)
{
    return -elementary_log(f);
}

static void table_fill(struct table *t, double r, double tail, double (*density)(double),
                       double (*inverse)(double))
{
    double area = r * density(r) + tail;

    t->x[0] = area / density(r);
    t->f[0] = 0;
    t->x[1] = r;
    t->f[1] = density(r);
    for (size_t i = 1; i + 1 < LAYERS; i++) {
        t->f[i + 1] = t->f[i] + area / t->x[i];
        t->x[i + 1] = inverse(t->f[i + 1]);
    }
    t->x[LAYERS] = 0;
    t->f[LAYERS] = 1;
}

__attribute__((constructor)) static void tables_fill(void)
{
    const double root_two_pi = 2.50662827463100050242;

    table_fill(&exponential, exponential_r, exponential_density(exponential_r), exponential_density,
               exponential_density_inverse);
    table_fill(&normal, normal_r, root_two_pi * elementary_normal_cdf(-normal_r), normal_density,
               normal_density_inverse);
}

bool ziggurat_exponential_at_once(uint64_t word, double *draw)
{
    size_t i = word & (LAYERS - 1);

    *draw = random_unit_of(word) * exponential.x[i];
    return *draw < exponential.x[i + 1];
}

double ziggurat_exponential_of(uint64_t word, random_stream *s)
{
    for (;; word = random_u64(s)) {
        size_t i = word & (LAYERS - 1);
        double x;

        if (ziggurat_exponential_at_once(word, &x))
            return x;
        if (i == 0)
            return exponential_r - elementary_log(random_unit(s)); /* the tail is another exponential */
        if (exponential.f[i] + random_unit(s) * (exponential.f[i + 1] - exponential.f[i]) <
            exponential_density(x))
            return x;
    }
}

double ziggurat_exponential(random_stream *s)
{
    return ziggurat_exponential_of(random_u64(s), s);
}

/* Beyond R (Marsaglia 1964). */
static double normal_tail(random_stream *s)
{
    double x, y;

    do {
        x = -elementary_log(random_unit(s)) / normal_r;
        y = -elementary_log(random_unit(s));
    } while (2 * y < x * x);
    return normal_r + x;
}

static inline double sign_of(uint64_t word)
{
    return (double)((int64_t)(word >> 7 & 2) - 1);
}

bool ziggurat_normal_at_once(uint64_t word, double *draw)
{
    size_t i = word & (LAYERS - 1);
    double x = random_unit_of(word) * normal.x[i];

    *draw = sign_of(word) * x;
    return x < normal.x[i + 1];
}

double ziggurat_normal_of(uint64_t word, random_stream *s)
{
    for (;; word = random_u64(s)) {
        size_t i = word & (LAYERS - 1);
        double sign = sign_of(word), x = random_unit_of(word) * normal.x[i];

        if (x < normal.x[i + 1])
            return sign * x;
        if (i == 0)
            return sign * normal_tail(s);
        if (normal.f[i] + random_unit(s) * (normal.f[i + 1] - normal.f[i]) < normal_density(x))
            return sign * x;
    }
}

double ziggurat_normal(random_stream *s)
{
    return ziggurat_normal_of(random_u64(s), s);
}
