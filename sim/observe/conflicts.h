/* conflicts.h -- writes that did not know of each other, and what became of them.
 *
 * conflicts: when a write reaches a replica it is paired with each concurrent write (neither has seen the
 * other) of that replica's frontier. Each pair counts once, at its first meeting, whether the writes
 * committed or not, and belongs to the window by the operation of its later-taken write.
 *
 * lost_updates: a committed write of the window whose first replica to let it go (it held it and stored
 * another; it refused it for what it held; BY_MERGE: DROP) did so for a write that had not seen it, committed
 * or not. skew_inversions: of these, those whose winner had committed (by then) before they began (BEGIN, by
 * position). causal_inversions: of these, those that had seen their winner.
 *
 * Both also by cause (causes.h), as metrics of their own: the five add up to the whole. The first
 * CONFLICT_EXAMPLES lost updates of the window, in the order in which they were both lost and committed, go
 * into the figures one by one.
 *
 * per_write divides by the committed writes of the window: each identity of an operation (retry_as: new) is a
 * write. */
#ifndef GEOREP_OBSERVE_CONFLICTS_H
#define GEOREP_OBSERVE_CONFLICTS_H

#include "sim/observe/figures.h"
#include "sim/observe/ledger.h"

#define CONFLICT_EXAMPLES 20

struct conflicts {
    uint64_t pairs, causal, committed;
    uint64_t lost[LOSS_CAUSES], skew[LOSS_CAUSES];
    struct loss_figure examples[CONFLICT_EXAMPLES];
    uint32_t example_count;
};

void conflicts_pair(struct conflicts *c,
                    const struct live_write *later); /* these two as of ledger_listener */
void conflicts_lost(struct conflicts *c, const struct live_write *w);
struct loss_figure conflicts_figure(const struct live_write *w);
void conflicts_put(const struct conflicts *c, struct figure_list *f);

#endif
