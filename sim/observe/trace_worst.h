/* trace_worst.h -- the worst that happened in a trial: the stalest read, the slowest write, a lost write of
 * each kind.
 *
 * A reader of the plain history, for a trial that is run once more: it finds what to tell of, by the rules of
 * semantics B (the ledger's and staleness.h's: the figures of `metrics.csv` are these cases' own). Of equals
 * the first. */
#ifndef GEOREP_OBSERVE_TRACE_WORST_H
#define GEOREP_OBSERVE_TRACE_WORST_H

#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/observe/causes.h"
#include "sim/observe/observation.h"

enum worst_loss {
    WORST_CAUSAL,     /* it had seen its winner */
    WORST_SKEW,       /* its winner had committed before it began */
    WORST_CONCURRENT, /* neither knew of the other */
    WORST_LOSSES
};

struct worst_read {
    uint64_t read, missed; /* operations; 0: no stale read */
    uint64_t missed_count;
    sim_ns stale_ns; /* from the commit of `missed`, the oldest, to the read's begin */
    sim_ns missed_commit, begin, end;
};

struct worst_write {
    uint64_t op; /* 0: none */
    sim_ns latency_ns, begin, end;
};

struct worst_lost {
    uint64_t loser, winner; /* 0: no such write */
    uint32_t node;          /* that let it go first */
    sim_ns met;             /* when */
    sim_ns gap_ns;          /* what makes it the worst of its kind */
    uint8_t cause;          /* enum loss_cause of causes.h: of an update; the counters' own */
};

struct trace_worst_figures {
    struct worst_read stalest;
    struct worst_write slowest;           /* that finished well */
    struct worst_write failed;            /* the first that waited longest in vain */
    uint64_t failed_writes;               /* of the window: timed out, refused, open at the end */
    struct worst_lost lost[WORST_LOSSES]; /* lost updates */
    uint64_t lost_count[WORST_LOSSES], lost_by_cause[LOSS_CAUSES];
    struct worst_lost lost_commit; /* .met: its commit; .winner and .node: none */
    uint64_t lost_commit_count;
    /* The operation that was asked for: */
    struct worst_read wanted_read; /* .missed 0: it was fresh */
    struct worst_write wanted;     /* .op 0: there is none such */
    struct worst_lost wanted_lost;
};

struct trace_worst;

struct trace_worst *trace_worst_new(const struct history_setting *s, struct history *h, uint64_t wanted);
/* Called with each lost update of the window, as it is lost and committed. */
typedef void trace_worst_lost_fn(void *argument, const struct loss_figure *lost);
void trace_worst_each_lost(struct trace_worst *w, trace_worst_lost_fn *each, void *argument);

/* Is nothing more to come of the operation that was asked for? A read is over with its end; a write when it
 * is lost, or refused, or everywhere, unless a crash or a rollback may still take it. */
bool trace_worst_wanted_is_over(const struct trace_worst *w);

struct trace_worst_figures trace_worst_finish(struct trace_worst *w); /* frees it */

#endif
