/* distribution.h -- the distributions of a scenario: draws, means, distribution functions, quantiles.
 *
 * A distribution is plain data, built and checked by whoever read it (the scenario's parser), in that
 * reader's unit: times in ns. It is immutable, so trials on several threads may share one. All draws come
 * from elementary.h: the same stream gives the same bits everywhere. */
#ifndef GEOREP_ENGINE_DISTRIBUTION_H
#define GEOREP_ENGINE_DISTRIBUTION_H

#include "sim/engine/random.h"
#include "sim/engine/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* a */
    DISTRIBUTION_UNIFORM,     /* from a to b */
    DISTRIBUTION_NORMAL,      /* mean a, standard deviation b */
    DISTRIBUTION_LOGNORMAL,   /* median a, sigma b (of the logarithm) */
    DISTRIBUTION_EXPONENTIAL, /* mean a */
    DISTRIBUTION_GAMMA,       /* shape a, scale b */
    DISTRIBUTION_WEIBULL,     /* shape a, scale b */
    DISTRIBUTION_PARETO,      /* scale a (the least value), shape b */
    DISTRIBUTION_SHIFTED,     /* a + one draw of `of` */
    DISTRIBUTION_MIXTURE,     /* of[i] with probability weights[i] - weights[i - 1] */
    DISTRIBUTION_EMPIRICAL    /* one of `values`, all equally likely */
};

/* Who builds one owns what it points to. Shapes and scales are > 0, sigma and deviations >= 0, a <= b where
 * uniform. */
struct distribution {
    enum distribution_kind kind;
    double a, b;
    const struct distribution *of; /* shifted: one; mixture: `count` of them */
    const double *weights;         /* mixture: cumulative, the last is 1 */
    const double *values;          /* empirical: `count` of them, in any order */
    size_t count;
};

/* One draw. A constant takes nothing from the stream; the others mostly one word, but for gamma (some two)
 * and mixtures (one more). The cost, without the stream's: uniform, normal and exponential some 2 ns, the
 * others 10 to 30. */
double distribution_draw(const struct distribution *d, random_stream *s);

/* Draws of the exponential distribution of mean 1 from the streams (k, a, b), (k, a + 1, b), .., as
 * distribution_draw makes them of each, cheaper. */
void exponential_draws(random_key k, uint64_t a, uint32_t b, uint32_t count, double *draws);

/* One draw in whole ns, rounded to nearest (halves to even). What is below 0 stays so: the caller clamps.
 * Saturates. */
sim_ns distribution_draw_ns(const struct distribution *d, random_stream *s);

/* The same of d[0] from the stream (k[0], a[0], b), of d[1] from (k[1], a[1], b), .., each from its block
 * `block` on. Lognormal ones by fours in half the time. */
void distribution_draws_ns(const struct distribution *const *d, const random_key *k, const uint64_t *a,
                           uint32_t b, uint32_t block, uint32_t count, sim_ns *draws);

double distribution_mean(const struct distribution *d); /* INFINITY where it has none (pareto, shape <= 1) */
double distribution_cdf(const struct distribution *d, double x); /* P(draw <= x) */

/* The least x with cdf(x) >= p, for p in [0, 1]; the ends of the support at 0 and 1 (they may be infinite).
 * The median is at 0.5. For set-up: gamma and mixtures are solved by bisection (some 10 us), empirical sorts
 * a copy. */
double distribution_quantile(const struct distribution *d, double p);

bool distribution_is_constant(const struct distribution *d); /* every draw is the same */

/* Zipf's law: P(rank i) in proportion to i^-theta, i = 1 .. count; theta in [0, 20], 0 is uniform.
 * Exact, without a table: set-up and memory do not depend on count. About 50 ns a draw. */
struct zipf;
struct zipf *zipf_new(uint64_t count, double theta);
void zipf_free(struct zipf *z);
uint64_t zipf_rank(const struct zipf *z, random_stream *s); /* from 0 */

/* Ranks from the streams (k, a, b), (k, a + 1, b), .., each from its word `word` on, as zipf_rank draws them:
 * in a third of the time. */
void zipf_ranks(const struct zipf *z, random_key k, uint64_t a, uint32_t b, uint32_t word, uint32_t count,
                uint64_t *ranks);

#endif
