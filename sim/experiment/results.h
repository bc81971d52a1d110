/* results.h -- the results folder: written beside its place as FOLDER.partial-PID, and put there whole at the
 * end.
 *
 *     struct results *r = results_open(&def, &failure);       refuses a folder that holds something else
 *     for each sweep point, in order: results_add(r, point, scenario, gathering, judgement, &failure);
 *     results_close(r, &run, &failure);                       manifest, then the exchange
 *     results_free(r);                                        what was not closed leaves nothing behind
 *
 * Whoever wrote into a results folder owns what they wrote: a folder with a file that is not georep's is
 * never replaced. */
#ifndef GEOREP_EXPERIMENT_RESULTS_H
#define GEOREP_EXPERIMENT_RESULTS_H

#include "sim/experiment/failure.h"
#include "sim/experiment/gather.h"
#include "sim/experiment/judge.h"
#include "sim/scenario/scenario.h"

struct results_def {
    const char *folder; /* its parents are made */
    bool force;         /* replace another scenario's results too */
    const struct document *document;
    const char *version;
    bool history;
};

/* What the manifest says of the run. */
struct results_run {
    bool complete;
    const char *note; /* why not, or NULL */
    uint32_t jobs;
    double wall_s;
    uint64_t trials, events, operations;
    int64_t started; /* seconds of the epoch */
    int argument_count;
    const char *const *arguments;
};

struct results;

struct results *results_open(const struct results_def *def, struct failure *f); /* NULL: refused */
void results_free(struct results *r);

const char *
results_partial(const struct results *r); /* the folder while it is written, until results_close */
bool results_add(struct results *r, size_t point, const struct scenario *s, const struct gathering *g,
                 const struct judgement *j, struct failure *f);
bool results_close(struct results *r, const struct results_run *run, struct failure *f);

/* The path of a trial's history within `folder`. */
char *results_history_path(const char *folder, size_t point, const char *model, uint32_t replication);

/* Is `folder` one that georep wrote, as its manifest says, and of which scenario (freed by the caller)? */
bool results_is_ours(const char *folder, char **scenario_name);

#endif
