/* series.h -- figures over simulated time, in bins of max(1 s, duration / 200), warm-up and drain included.
 *
 * write_latency_ms, read_latency_ms   of operations that finished well, at the bin in which they began; by
 * client's region availability                        1 for each that finished well, 0 for each that failed;
 * likewise stale_read_fraction, read_staleness_ms   of reads that finished well, at their beginning; fresh
 * ones are 0; likewise replication_lag_ms                  at the commit; by the replica's region
 * backlog_ops, diverged_keys          mean over time of the bin; of all regions */
#ifndef GEOREP_OBSERVE_SERIES_H
#define GEOREP_OBSERVE_SERIES_H

#include "sim/base/hot.h"
#include "sim/observe/figures.h"

/* Zeroed is empty: a value of 0 adds to the weight alone. */
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
    uint32_t bins, rows; /* a row a region and, last, what is of no region */
    struct series_bin
        *cells; /* [(bin * rows + row) * SERIES + series]: of a region and time they lie together */
    struct series_bin *at; /* of the bin that was looked at last; */
    sim_ns bin_from;       /* where it begins; the last one has no end */
    struct series_step steps[SERIES];
};

void series_open(struct series *s, const struct history_setting *setting);
void series_close(struct series *s);
COLD void series_seek(struct series *s, sim_ns time);

/* [SERIES], of this row and time. */
static inline struct series_bin *series_at(struct series *s, uint32_t row, sim_ns time)
{
    if ((uint64_t)(time - s->bin_from) >= (uint64_t)s->bin_ns)
        series_seek(s, time);
    return &s->at[row * SERIES];
}

static inline void series_add(struct series_bin *of, enum series_id id, double value)
{
    of[id].sum += value;
    of[id].weight += 1;
}
/* A value of 0. */
static inline void series_add_zero(struct series_bin *of, enum series_id id)
{
    of[id].weight += 1;
}
/* To the sum of what has its weight elsewhere; see series_put. */
static inline void series_add_value(struct series_bin *of, enum series_id id, double value)
{
    of[id].sum += value;
}
COLD void series_set_over(struct series *s, enum series_id id, sim_ns time, int64_t value); /* the same */
/* The value from now on: what stood has nearly always begun in the bin of `time`. */
static inline void series_set(struct series *s, enum series_id id, sim_ns time, int64_t value)
{
    struct series_step *step = &s->steps[id];

    if (step->at < s->bin_from || time - s->bin_from >= s->bin_ns || time < step->at) {
        series_set_over(s, id, time, value);
        return;
    }
    struct series_bin *at = &s->at[(s->rows - 1) * SERIES + id];
    double lasts = (double)(time - step->at);
    at->sum += (double)step->value * lasts;
    at->weight += lasts;
    *step = (struct series_step){.at = time, .value = value};
}
/* Once. What finished well is in the latencies and adds to the availability from there, and a read that adds
 * to stale_read_fraction counts for read_staleness_ms too: of these nothing but the rest is told. `skip`: 1u
 * << enum series_id of those that are undecided. */
void series_put(struct series *s, struct figure_list *list, sim_ns end_ns, uint32_t skip);

#endif
