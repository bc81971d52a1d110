/* convergence.h -- do replicas answer alike, and how soon again after a fault.
 *
 * diverged_keys: of how many keys the replicas that are up would answer a read differently; the maximum over
 * the window, followed at every change (of an answer, of who is up). converged: none, when the run ends.
 * Answers are compared as digests: of STORE if it was kept, of ANSWER; of the initial value before.
 *
 * time_to_converge_ms: of each partition, cut and crash that began in the window and ended: from its end
 * until all that had committed by then is applied at every replica (one that lost its disk has to get
 * everything back). Replicas that never come back are not waited for; at the end of the run those that are
 * down are not, either. What is not there at the end counts with the time until then, as a lower bound. */
#ifndef GEOREP_OBSERVE_CONVERGENCE_H
#define GEOREP_OBSERVE_CONVERGENCE_H

#include "sim/base/lines.h"
#include "sim/observe/figures.h"
#include "sim/observe/ledger.h"

struct convergence_wait {
    uint64_t position; /* of the fault's end */
    sim_ns time;
    uint64_t lagging; /* committed by then, and not yet applied everywhere */
    bool open;
};

struct convergence {
    const struct history_setting *setting;
    struct places places;
    bool *up;         /* [node] */
    uint64_t initial; /* digest of the value before any write */
    struct keys *of;  /* records[key].answers, and records[key].digest: xor initial */
    uint64_t *blocks; /* [(block - 1) * (replicas + 2) + row]: of keys that not all replicas, up or down,
                         answer alike, xor initial; then their sum, and the key */
    uint32_t block_count, block_most;
    ARRAY(uint32_t) blocks_free;
    uint32_t down;     /* nodes */
    uint64_t diverged; /* keys, now */
    ARRAY(struct convergence_wait) waits;
    uint32_t waits_open;
    struct histogram times;
    bool at_least;
};

void convergence_open(struct convergence *c, const struct history_setting *s, struct keys *keys);
void convergence_close(struct convergence *c);
void convergence_answer(struct convergence *c, uint64_t key, uint32_t node, uint64_t digest);
void convergence_node(struct convergence *c, uint32_t node, bool up, bool lost_disk);
void convergence_fault_ends(struct convergence *c, const struct ledger *l);
void convergence_applied(struct convergence *c, const struct live_write *w); /* as of ledger_listener */
void convergence_undone(struct convergence *c, const struct live_write *w);
void convergence_look(struct convergence *c,
                      const struct ledger *l); /* after a record, while waits are open */
void convergence_finish(struct convergence *c, const struct ledger *l, sim_ns end_ns);
void convergence_put(const struct convergence *c, struct figure_list *f);

#endif
