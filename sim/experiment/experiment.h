/* experiment.h -- all trials of a scenario: models x sweep points x replications, over threads.
 *
 * Work is taken in the order point, replication, model, and folded in that order whoever did it, so the
 * results are the same bytes for any number of threads. A trial that is no longer wanted (the stopping rule
 * was satisfied before it) is thrown away. */
#ifndef GEOREP_EXPERIMENT_H
#define GEOREP_EXPERIMENT_H

#include "sim/experiment/failure.h"
#include "sim/experiment/results.h"
#include "sim/scenario/scenario.h"

#include <stdatomic.h>

struct experiment_progress {
    double share; /* of the work, 0 to 1 */
    uint64_t trials_done, trials_most;
};

struct experiment_def {
    const struct document *document;
    const char *version;
    const char *journal;     /* path of the journal */
    struct results *results; /* gets every finished point; stays the caller's */
    uint32_t jobs;
    bool resume, history;
    const atomic_bool *stop; /* becomes true on an interrupt */
    void (*progress)(void *argument,
                     const struct experiment_progress *p); /* on the calling thread; may be NULL */
    void *progress_argument;
};

struct experiment_outcome {
    bool complete;      /* else `stop` was heard */
    size_t points_done; /* that have at least one replication in the results */
    uint64_t trials, events, operations, resumed;
    uint32_t broken, undecided; /* promises and expectations */
};

/* false: a failure; nothing in the results is to be kept then. The journal stays unless the run was complete.
 */
bool experiment_run(const struct experiment_def *def, struct experiment_outcome *out, struct failure *f);

#endif
