/* staleness.h -- what reads miss.
 *
 * A read misses a write of its key that committed before the read's BEGIN (by position) unless one of the
 * replica states that its answer was made from reflected it at the instant it was read. stale_read_fraction:
 * reads of the window that finished well (OK) and miss any, of all such reads. read_staleness_ms: from the
 * commit of the oldest missed write to the read's BEGIN; read_staleness_versions: how many are missed; both
 * over all such reads, with 0 for a fresh one. The writes missed may be of the warm-up.
 *
 * read_your_writes_violations: such reads that miss a write which their own session committed before they
 * began.
 *
 * read_staleness_ms of a pair of regions: of the stale reads of clients in `to` whose oldest missed write was
 * taken in `from`.
 *
 * t_visibility: for each `after` of the probes, how many that answered miss the very write whose commit they
 * follow. Probes are of the window if they began in it, as everything.
 *
 * A write is judged while it is live (ledger.h). An answer made from a state that was read before the read
 * began, by when the write had been retired, is taken to reflect it. Cost: the writes missed, and those newer
 * than what was read. */
#ifndef GEOREP_OBSERVE_STALENESS_H
#define GEOREP_OBSERVE_STALENESS_H

#include "sim/observe/check.h"
#include "sim/observe/ledger.h"
#include "sim/observe/operations.h"
#include "sim/observe/series.h"
#include "sim/stats/histogram_queue.h"

struct staleness_region {
    struct histogram ms, versions; /* fresh reads' zeros come at the end */
    uint64_t reads, stale, not_own;
};

struct staleness {
    const struct history_setting *setting;
    struct histogram_queue *queue;
    struct staleness_region *regions;
    struct histogram *pairs; /* [from * regions + to] */
    uint64_t *visibility_stale, *visibility_probes;
    struct checks *checks; /* told of each read, or NULL */
};

struct missed {
    uint64_t count;
    sim_ns oldest_commit;            /* valid if count > 0 */
    const struct live_write *oldest; /* that write; likewise */
    const struct live_write *own;    /* one of the reader's own session; NULL: none is */
    const struct live_write *newest; /* reflected; NULL: none, or BY_MERGE */
};

/* What goes against `w` at the node, and the loss that took it: of this check and of the guarantees'. */
struct check_breach breach_of(const struct ledger *l, uint64_t op, const struct live_write *w, uint32_t node);

void staleness_open(struct staleness *s, const struct history_setting *setting,
                    struct histogram_queue *queue); /* flushed by who owns it */
void staleness_close(struct staleness *s);
/* A probe has ended with OK; its samples are all in. */
void staleness_probe(struct staleness *s, const struct ledger *l, const struct operations *o,
                     const struct operation *op);
/* The same of a read of a key that has something in the ledger, where `bin` is of the series, of its region
 * and when it began. The newest live write that it reflects, if versions decide which that is; else, or where
 * there is none, NULL. */
const struct live_write *staleness_end(struct staleness *s, const struct ledger *l,
                                       const struct operations *o, const struct operation *op,
                                       struct series_bin *bin);
/* The same of one that misses nothing, as of a key that has nothing in the ledger. */
static inline void staleness_fresh(struct staleness *s, const struct operation *op, struct series_bin *bin)
{
    series_add_zero(bin, SERIES_STALE_READ_FRACTION);
    if (s->checks != NULL)
        checks_note_staleness(s->checks, op->op, 0, 0);
    s->regions[op->region].reads += op->in_window; /* counted in the end, see staleness_finish */
}
void staleness_finish(struct staleness *s);
void staleness_put(const struct staleness *s, struct figure_list *f);
void staleness_put_visibility(const struct staleness *s, struct figure_list *f);

struct missed staleness_missed(const struct ledger *l, const struct operations *o,
                               const struct operation *op);

#endif
