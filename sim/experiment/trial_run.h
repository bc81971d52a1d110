/* trial_run.h -- one trial with all its readers, from its definition to its figures. */
#ifndef GEOREP_EXPERIMENT_TRIAL_RUN_H
#define GEOREP_EXPERIMENT_TRIAL_RUN_H

#include "sim/experiment/failure.h"
#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"

#include <stdatomic.h>

struct geo_promise model_promise(const struct scenario *s, uint32_t model); /* under its parameters */

/* The caller's, or NULL: *stop became true, or a failure. `history`: a file to write its history to, or NULL.
 */
struct trial_figures *trial_run_whole(const struct scenario *s, uint32_t model, uint32_t replication,
                                      const char *history, const atomic_bool *stop, struct failure *f);

#endif
