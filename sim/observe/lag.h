/* lag.h -- how long committed writes of the window take to be applied.
 *
 * replication_lag_ms: max(0, applied - commit), for each committed write and each replica of its key, but the
 * one that first applied it and those in its region. Also by pair of regions: from that of the first to that
 * of the replica. convergence_ms: the same at the last of all its replicas (0 where the commit was last).
 * unapplied: committed writes that some replica which is up has not applied when the run ends. Such a replica
 * counts with the time until then, in both, as a lower bound; a replica that is down then and has not applied
 * a write is left out of its figures. When a replica loses its disk before a write is applied everywhere, the
 * write is applied there anew.
 *
 * A write is counted when it has been applied everywhere, or at the end. If several replicas apply it at its
 * TAKE (they hold something newer), the taker is the first, else the lowest in the order of the key's
 * replicas. */
#ifndef GEOREP_OBSERVE_LAG_H
#define GEOREP_OBSERVE_LAG_H

#include "sim/base/hot.h"
#include "sim/observe/ledger.h"
#include "sim/observe/series.h"
#include "sim/stats/histogram_queue.h"

struct lag_pair {
    struct histogram ns;
    bool at_least;
};

struct lag {
    const struct history_setting *setting;
    struct series *series;
    struct histogram_queue *queue;
    uint32_t replicas;
    struct lag_pair *pairs; /* [from * regions + to] */
    struct histogram convergence;
    bool convergence_at_least;
    uint64_t unapplied;
};

void lag_open(struct lag *l, const struct history_setting *s, struct series *series,
              struct histogram_queue *queue); /* flushed by who owns it */
void lag_close(struct lag *l);
void lag_settled(struct lag *l, const struct live_write *w); /* as of ledger_listener */
void lag_finish(struct lag *l, const struct ledger *ledger, sim_ns end_ns);
void lag_put(const struct lag *l, struct figure_list *f);

#endif
