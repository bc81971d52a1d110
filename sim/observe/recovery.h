/* recovery.h -- what faults cost: commits that are lost, and the time without service.
 *
 * lost_commits: committed writes of the window that, when the run ends, have not reached any replica which is
 * up: it neither holds nor merged them nor holds a value that had seen them. A replica that lost its disk has
 * forgotten.
 *
 * rpo_ms: of each crash, partition and cut that began in the window: from the commit of its oldest lost
 * commit to the fault's start, or to the commit of its newest one if that is later; 0 where none. A lost
 * commit belongs to the last such fault begun when the last node that had it went down.
 *
 * lost_commits_per_fault: how many belong to each of these.
 *
 * rto_ms: of the same: from the start to the first write begun after it (by position) to finish well (OK, or
 * NO), the largest over the clients' regions that began any write after it. A region where none has finished
 * by the end of the run counts with the time until then, as a lower bound. */
#ifndef GEOREP_OBSERVE_RECOVERY_H
#define GEOREP_OBSERVE_RECOVERY_H

#include "sim/observe/figures.h"
#include "sim/observe/ledger.h"
#include "sim/observe/operations.h"

struct recovery_fault {
    uint64_t position;
    sim_ns begin;
    sim_ns recovered; /* the latest first success of a region so far */
    bool in_window, waited, at_least;
    uint64_t lost;
    sim_ns oldest_lost, newest_lost;
};

struct recovery {
    const struct history_setting *setting;
    ARRAY(struct recovery_fault) faults; /* by begin */
    size_t *served;                      /* [region]: the faults up to here have seen a success of it */
    uint64_t *last_begin;                /* [region]: position of its last write's BEGIN */
    uint32_t *down_fault;                /* [node]: last fault begun when it went down, or LEDGER_NO_FAULT */
    uint64_t lost, lost_example;         /* example: a live one of them, 0: none */
    sim_ns end_ns;
};

void recovery_open(struct recovery *r, const struct history_setting *s);
void recovery_close(struct recovery *r);
void recovery_fault_begins(struct recovery *r, const struct history_record *record, uint64_t position);
uint32_t recovery_last_fault(const struct recovery *r);
void recovery_down(struct recovery *r, uint32_t node);
void recovery_begin(struct recovery *r, const struct operation *op); /* a write */
void recovery_success(struct recovery *r, const struct operation *op,
                      sim_ns time);                            /* a write finished well */
void recovery_never_taken(struct recovery *r, uint64_t write); /* a commit of the window that no node took */
void recovery_finish(struct recovery *r, const struct ledger *l, sim_ns end_ns);
void recovery_put(const struct recovery *r, struct figure_list *f);

/* How many of the ledger's owed applications (of a committed write, at a replica that is up) will never come,
 * since no replica that is up has been reached by the write: as it stands now. Looks at every live write. */
int64_t recovery_owed_for_ever(const struct ledger *l);

#endif
