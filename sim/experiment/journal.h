/* journal.h -- the figures of every finished trial, appended as they come, so that an interrupted run can go
 * on.
 *
 * One file beside the results folder, FOLDER.journal, removed when the run is complete. It belongs to one
 * experiment: a digest of the resolved scenario, the program's version and the seed; of another experiment,
 * or damaged, it counts as empty (from the damage on). One process at a time: the second is refused. Calls
 * come from one thread at a time. */
#ifndef GEOREP_EXPERIMENT_JOURNAL_H
#define GEOREP_EXPERIMENT_JOURNAL_H

#include "sim/experiment/failure.h"
#include "sim/observe/observation.h"

#include <stdint.h>

struct journal;

struct journal_trial {
    uint64_t point;
    uint32_t model, replication;
};

/* resume: keep and read what is there; else start afresh. NULL: refused. */
struct journal *journal_open(const char *path, uint64_t digest, bool resume, struct failure *f);
void journal_close(struct journal *j, bool remove_file);

struct trial_figures *journal_read(struct journal *j, struct journal_trial trial); /* NULL: not there */
bool journal_append(struct journal *j, struct journal_trial trial, const struct trial_figures *figures,
                    struct failure *f);
size_t journal_count(const struct journal *j);

#endif
