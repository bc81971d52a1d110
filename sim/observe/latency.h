/* latency.h -- how long clients wait, and whether they are served.
 *
 * write_latency_ms, read_latency_ms: from BEGIN (the first attempt; with open arrivals the moment the client
 * meant to start) to END, of operations of the window that finished well: OK, or NO of a decrement. `_all`:
 * also of those that failed (refused, throttled, timed out), with the time it took; one that is open when the
 * run ends has failed and counts with the time until then, as a lower bound.
 *
 * operations, failed, availability, write_availability, read_availability: by how they ended; in all regions
 * and by the client's. operations_in_faults: of the window, begun while any fault was on (one without
 * duration, as a switchover, is on for no time). retries: RETRY records of operations of the window. Probes
 * are in none of these. */
#ifndef GEOREP_OBSERVE_LATENCY_H
#define GEOREP_OBSERVE_LATENCY_H

#include "sim/base/hot.h"
#include "sim/observe/operations.h"
#include "sim/observe/series.h"

struct latency_region {
    struct histogram well[2], failed[2]; /* [is write] */
    uint64_t retries;
    bool failed_at_least[2];
};

struct latency {
    const struct history_setting *setting;
    struct latency_region *regions;
    uint32_t faults_on;
    uint64_t in_faults;
};

void latency_open(struct latency *l, const struct history_setting *s);
void latency_close(struct latency *l);
void latency_fault(struct latency *l, const struct history_record *r);
static inline void latency_begin(struct latency *l, const struct operation *op)
{
    l->in_faults += l->faults_on > 0 && op->in_window;
}
void latency_retry(struct latency *l, const struct operation *op);
static inline bool latency_well(const struct history_record *r)
{
    return r->end.outcome == OUTCOME_OK || r->end.outcome == OUTCOME_NO;
}
/* `well`: as latency_well has it; `bin`: of the series, of its region and when it began. */
HOT void latency_end(struct latency *l, const struct operation *op, const struct history_record *r,
                     bool writes, bool well, struct series_bin *bin)
{
    sim_ns took = r->time - op->begin_time;
    struct latency_region *region = &l->regions[op->region];

    if (well)
        series_add(bin, writes ? SERIES_WRITE_LATENCY : SERIES_READ_LATENCY, (double)took / 1e6);
    else
        series_add_zero(bin, SERIES_AVAILABILITY);
    if (!op->in_window)
        return;
    histogram_add(well ? &region->well[writes] : &region->failed[writes], took);
    if (!well)
        region->failed_at_least[writes] |= r->end.outcome == OUTCOME_OPEN;
}
void latency_put(const struct latency *l, struct figure_list *f);

#endif
