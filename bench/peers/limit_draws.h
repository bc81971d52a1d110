/* limit_draws.h -- random numbers for a program that does nothing else: one sequential stream (Blackman and
 * Vigna's xoshiro256++, 2018), exponential and normal draws by ziggurat (Marsaglia and Tsang, Journal of
 * Statistical Software 5(8), 2000, tables of 256 made at the start), Zipf by Walker's alias table. georep's
 * own draws are counter-based: a message's delay is a function of what it is for. Here it is whatever comes
 * next, which is cheaper. */
#ifndef GEOREP_BENCH_PEERS_LIMIT_DRAWS_H
#define GEOREP_BENCH_PEERS_LIMIT_DRAWS_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct draws {
    uint64_t s[4];
    double exp_x[257], exp_f[257], normal_x[257], normal_f[257];
};

static inline uint64_t draw_bits(struct draws *d)
{
    uint64_t *s = d->s, sum = s[0] + s[3], result = ((sum << 23) | (sum >> 41)) + s[0], t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

static inline double draw_unit(struct draws *d)
{
    return ((double)(draw_bits(d) >> 11) + 0.5) * 0x1p-53;
}

/* Layers of equal area: layer 0 is the base with the tail beyond r; `inverse` is that of the density f. */
static inline void ziggurat_make(double *x, double *f, double r, double (*density)(double),
                                 double (*inverse)(double), double tail_area)
{
    double area = r * density(r) + tail_area;

    x[0] = area / density(r);
    x[1] = r;
    f[0] = density(x[0]);
    f[1] = density(r);
    for (int i = 2; i < 256; i++) {
        f[i] = f[i - 1] + area / x[i - 1];
        x[i] = inverse(f[i]);
    }
    x[256] = 0;
    f[256] = 1;
}

static inline double exp_density(double x)
{
    return exp(-x);
}

static inline double exp_inverse(double y)
{
    return -log(y);
}

static inline double normal_density(double x)
{
    return exp(-0.5 * x * x);
}

static inline double normal_inverse(double y)
{
    return sqrt(-2 * log(y));
}

static inline void draws_open(struct draws *d, uint64_t seed)
{
    static const double exp_r = 7.69711747013104972, normal_r = 3.6541528853610088;

    for (int i = 0; i < 4; i++) { /* splitmix64 */
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        d->s[i] = z ^ (z >> 31);
    }
    ziggurat_make(d->exp_x, d->exp_f, exp_r, exp_density, exp_inverse, exp(-exp_r));
    ziggurat_make(d->normal_x, d->normal_f, normal_r, normal_density, normal_inverse,
                  sqrt(2 * atan(1)) * erfc(normal_r / sqrt(2)));
}

static inline double draw_exponential(struct draws *d)
{
    for (double shift = 0;;) {
        uint64_t bits = draw_bits(d);
        unsigned i = bits & 255;
        double x = (double)(bits >> 11) * 0x1p-53 * d->exp_x[i];

        if (x < d->exp_x[i + 1])
            return shift + x;
        if (i == 0)
            shift += d->exp_x[1]; /* the tail is the whole again */
        else if (d->exp_f[i] + draw_unit(d) * (d->exp_f[i + 1] - d->exp_f[i]) < exp(-x))
            return shift + x;
    }
}

static inline double draw_normal(struct draws *d)
{
    for (;;) {
        uint64_t bits = draw_bits(d);
        unsigned i = bits & 255;
        double sign = bits & 256 ? -1 : 1, x = (double)(bits >> 11) * 0x1p-53 * d->normal_x[i];

        if (x < d->normal_x[i + 1])
            return sign * x;
        if (i == 0) {
            double r = d->normal_x[1], a, b;
            do {
                a = -log(draw_unit(d)) / r;
                b = -log(draw_unit(d));
            } while (2 * b < a * a);
            return sign * (r + a);
        }
        if (d->normal_f[i] + draw_unit(d) * (d->normal_f[i + 1] - d->normal_f[i]) < exp(-0.5 * x * x))
            return sign * x;
    }
}

struct alias {
    double keep;
    uint32_t other;
};

/* P(k) in proportion to (k + 1)^-theta. The caller frees it. */
static inline struct alias *zipf_table(uint32_t count, double theta)
{
    struct alias *table = calloc(count, sizeof *table);
    uint32_t *small = malloc(count * sizeof *small), *large = malloc(count * sizeof *large);
    uint32_t smalls = 0, larges = 0;
    double sum = 0;

    if (table == NULL || small == NULL || large == NULL)
        abort();
    for (uint32_t k = 0; k < count; k++)
        sum += table[k].keep = pow(k + 1.0, -theta);
    for (uint32_t k = 0; k < count; k++) {
        table[k].keep *= count / sum;
        table[k].other = k;
        if (table[k].keep < 1)
            small[smalls++] = k;
        else
            large[larges++] = k;
    }
    while (smalls > 0 && larges > 0) {
        uint32_t s = small[--smalls], l = large[larges - 1];
        table[s].other = l;
        table[l].keep -= 1 - table[s].keep;
        if (table[l].keep < 1) {
            larges--;
            small[smalls++] = l;
        }
    }
    free(small);
    free(large);
    return table;
}

static inline uint32_t draw_zipf(struct draws *d, const struct alias *table, uint32_t count)
{
    uint64_t bits = draw_bits(d);
    uint32_t k = (uint32_t)(((bits >> 32) * count) >> 32);

    return (double)(bits & UINT32_MAX) * 0x1p-32 < table[k].keep ? k : table[k].other;
}

#endif
