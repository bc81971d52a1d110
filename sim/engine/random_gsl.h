/* random_gsl.h -- our streams behind GSL's interface, so that any of its distributions can draw from them.
 *
 *     gsl_rng *r = gsl_rng_alloc(random_gsl_type);
 *     random_gsl_attach(r, &stream);
 *     gsl_ran_gamma(r, 2, 3);
 *
 * Not for figures that must be the same bytes on every machine: GSL calls libm. */
#ifndef GEOREP_ENGINE_RANDOM_GSL_H
#define GEOREP_ENGINE_RANDOM_GSL_H

#include "sim/engine/random.h"

#include <gsl/gsl_rng.h>

/* 64-bit words. Until it is attached to a stream it draws from one of its own, keyed by gsl_rng_set's seed.
 */
extern const gsl_rng_type *const random_gsl_type;

/* From now on `r` (of random_gsl_type) draws from `s`, which the caller keeps while `r` is used. */
void random_gsl_attach(gsl_rng *r, random_stream *s);

#endif
