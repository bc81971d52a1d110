/* simulate.h -- a scenario's text through the whole way, in memory: read, run, observed; for tests that know
 * the answer. */
#ifndef GEOREP_TESTS_SIMULATE_H
#define GEOREP_TESTS_SIMULATE_H

#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"

/* Reads a scenario's text as a file is read; `model`: only that one of it, NULL: all. NULL: what is wrong is
 * in `d`. */
struct document *document_of_text(const char *yaml, const char *model, struct diagnostics *d);
struct document *document_of_right_text(const char *yaml,
                                        const char *model); /* else the test fails, and says why */

struct simulation {
    struct document *document;
    const struct scenario *scenario;
    uint32_t replications;
    struct trial_figures **figures; /* [replication * models + model] */
};

/* Runs every model of the scenario's first point, replications 1..n. Fails the test with all that is wrong
 * otherwise. */
struct simulation *simulate(const char *yaml, uint32_t replications);
struct simulation *simulate_one(const char *yaml, uint32_t replications,
                                const char *model); /* only that model of it */
void simulation_free(struct simulation *s);

/* A metric's distribution in replication `n` (from 1), of all regions (ALL_REGIONS) or of one; NULL: none. */
const struct histogram *simulated_values(const struct simulation *s, const char *model, uint32_t n,
                                         enum metric_id metric, int32_t region);

/* A number; fails the test where there is none. */
double simulated(const struct simulation *s, const char *model, uint32_t n, enum metric_id metric,
                 enum statistic_id which);
bool simulated_maybe(const struct simulation *s, const char *model, uint32_t n, enum metric_id metric,
                     enum statistic_id which, int32_t region, double *value);

/* All values of the metric are exactly this many nanoseconds (and there are some). */
void assert_always(const struct simulation *s, const char *model, enum metric_id metric, int32_t region,
                   int64_t value);

int32_t region_index(const struct simulation *s, const char *name);

#endif
