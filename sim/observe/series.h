/* series.h -- figures over simulated time, in bins of max(1 s, duration / 200), warm-up and drain included.
 *
 * write_latency_ms, read_latency_ms   of operations that finished well, at the bin in which they began; by
 * client's region availability                        1 for each that finished well, 0 for each that failed;
 * likewise stale_read_fraction, read_staleness_ms   of reads that finished well, at their beginning; fresh
 * ones are 0; likewise replication_lag_ms                  at the commit; by the replica's region
 * backlog_ops, diverged_keys          mean over time of the bin; of all regions */
#ifndef GEOREP_OBSERVE_SERIES_H
#define GEOREP_OBSERVE_SERIES_H

#include "sim/observe/figures.h"

struct series_bin {
    double sum, weight;
};

struct series_step {
    sim_ns at;
    int64_t value;
};

struct series {
    const struct history_setting *setting;
    sim_ns bin_ns;
    uint32_t bins, rows;      /* a row a region and, last, what is of no region */
    struct series_bin *cells; /* [(series * rows + row) * bins + bin] */
    struct series_step steps[SERIES];
};

void series_open(struct series *s, const struct history_setting *setting);
void series_close(struct series *s);
void series_add(struct series *s, enum series_id id, uint32_t region, sim_ns time, double value);
void series_set(struct series *s, enum series_id id, sim_ns time, int64_t value); /* the value from now on */
/* `skip`: 1u << enum series_id of those that are undecided. */
void series_put(struct series *s, struct figure_list *list, sim_ns end_ns, uint32_t skip);

#endif
