/* explain_run.h -- a trial run again from its seed, to be looked at: once for its worst cases, once for the
 * records of one.
 *
 * A results folder is run again from its manifest and inputs/: the files that the scenario was read from may
 * have changed or gone since. */
#ifndef GEOREP_CLI_EXPLAIN_RUN_H
#define GEOREP_CLI_EXPLAIN_RUN_H

#include "sim/cli/view.h"
#include "sim/observe/timeline_story.h"
#include "sim/observe/trace_worst.h"
#include "sim/scenario/scenario.h"
#include "sim/trial/trial.h"

/* The scenario that the folder was made of; NULL: a failure. */
struct document *explain_document(const struct view *v, struct failure *f);

/* One trial's worst cases. `each_lost`, or NULL, is called with `argument` for each lost update of the
 * window.
 */
struct trace_worst_figures explain_worst(const struct scenario *s, uint32_t model, uint32_t replication,
                                         trace_worst_lost_fn *each_lost, void *argument);

/* One operation of a trial, which is run again only until nothing more can come to pass with it: the figures'
 * `wanted`. `check`: of a broken promise that names the operation, what it goes against; GEO_CHECKS: of none.
 * breach->op is 0 where nothing is known. */
struct trace_worst_figures explain_operation(const struct scenario *s, uint32_t model, uint32_t replication,
                                             uint64_t wanted, enum geo_check check,
                                             struct check_breach *breach);

/* One trial with its records kept. All of it lives until explain_trial_close. */
struct explain_trial {
    struct trial *trial;
    struct trace trace;
    struct timeline timeline;
    struct story_facts *facts;
    const struct history_setting *setting;
};

void explain_trial_run(struct explain_trial *e, const struct scenario *s, uint32_t model,
                       uint32_t replication, const struct trace_def *def);
void explain_trial_close(struct explain_trial *e);

#endif
