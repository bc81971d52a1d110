/* plan.h -- what running a scenario would take: trials, memory, about how long; and whether its models fit
 * its world. */
#ifndef GEOREP_EXPERIMENT_PLAN_H
#define GEOREP_EXPERIMENT_PLAN_H

#include "sim/base/diagnostics.h"
#include "sim/experiment/failure.h"
#include "sim/scenario/scenario.h"

#include <stdint.h>

struct plan {
    size_t points;
    uint64_t trials_least, trials_most; /* apart only under a stopping rule */
    uint64_t trial_bytes_max;           /* of the largest trial and its readers, by their tables */
    const char *largest;                /* the model of it */
    double operations;                  /* of all trials, at trials_least */
    double core_seconds;                /* about, on one core */
};

/* Every model on every point's world: what does not fit is said in `d`, at `file`. */
void plan_check(const struct document *doc, const char *file, struct diagnostics *d);

struct plan plan_of(const struct document *doc);

/* As many jobs as the memory that is available carries, at most `jobs`; 0 and a failure: not even one. */
uint32_t plan_jobs(const struct plan *p, uint32_t jobs, uint64_t available_bytes, struct failure *f);

/* "1.5 GB", "350 MB", for people. */
void bytes_print(char *out, size_t room, uint64_t bytes);

#endif
