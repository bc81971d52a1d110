/* visibility.h -- quantiles of the t-visibility curve: how long after its commit a write is seen by all reads
 * but a share of them. */
#ifndef GEOREP_EXPERIMENT_VISIBILITY_H
#define GEOREP_EXPERIMENT_VISIBILITY_H

#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

/* The least t from which on no point of the curve is above `share` of stale reads, in nanoseconds; between
 * two points the curve is taken as straight, before the first as flat. `after` and `stale` are the points, in
 * any order; NaN: nobody looked. `at_least`: the last point is still above, and t is that point's. false: no
 * point at all. */
bool visibility_quantile(const sim_ns *after, const double *stale, uint32_t points, double share, double *ns,
                         bool *at_least);

#endif
