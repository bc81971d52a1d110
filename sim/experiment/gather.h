/* gather.h -- the replications of one sweep point, taken together: a figure with its interval for every
 * statistic of every model, the pooled distributions, the curves and the paired differences (semantics, C and
 * E).
 *
 *     struct gathering *g = gathering_new(scenario);
 *     for replications 1, 2, ... in this order: gathering_add(g, figures of every model);
 *     if (gathering_enough(g)) ...                       the stopping rule
 *     gathering_finish(g);  then the readers below
 *     gathering_free(g);
 *
 * A replication is folded in and let go of: a few numbers of it remain, and its histograms merged with those
 * of the others. So memory depends on regions and metrics and hardly on replications. The result depends on
 * the order of the replications alone, never on which thread made them. */
#ifndef GEOREP_EXPERIMENT_GATHER_H
#define GEOREP_EXPERIMENT_GATHER_H

#include "sim/observe/observation.h"
#include "sim/scenario/scenario.h"
#include "sim/stats/interval.h"

/* One row of metrics.csv or by_region.csv. */
struct figure {
    uint16_t metric;   /* enum metric_id */
    uint8_t statistic; /* enum statistic_id */
    bool at_least;     /* a lower bound: shown with >= */
    bool undecided;    /* a reader reached its bound: there is no figure */
    struct interval interval;
};

/* Of which part of the world: all of it, the clients of a region, or a directed pair of regions. */
struct figure_list {
    struct figure *items; /* by metric, then statistic */
    size_t count;
};

struct difference {
    uint16_t metric;
    uint8_t statistic;
    uint32_t model_a, model_b;
    struct interval interval;
};

struct series_row {
    uint8_t series;
    int32_t region; /* or ALL_REGIONS */
    uint32_t bin;
    double value;
};

enum holds { HOLDS_FALSE, HOLDS_TRUE, HOLDS_UNDECIDED }; /* as enum check_holds */

/* A check over all replications: broken in one is broken; else undecided in one is undecided. */
struct gathered_check {
    enum holds holds;
    uint64_t violations, example;
    uint32_t example_replication; /* the first that names an operation; from 1, 0: none */
    struct check_breach breach;   /* of the example; .op 0: no more is known */
};

struct gathering;

/* An example of a lost update. */
struct gathered_loss {
    uint32_t replication; /* from 1 */
    struct loss_figure figure;
};

struct gathering *gathering_new(const struct scenario *s); /* which outlives it */
void gathering_free(struct gathering *g);

/* The next replication: figures[model], which stay the caller's. */
void gathering_add(struct gathering *g, const struct trial_figures *const *figures);
uint32_t gathering_count(const struct gathering *g);

/* Do the replications so far satisfy the stopping rule, for every model? Without a rule: are they as many as
 * asked for? */
bool gathering_enough(const struct gathering *g);

/* After the last replication, of which there was at least one. */
void gathering_finish(struct gathering *g);

struct figure_list gathering_figures(const struct gathering *g, uint32_t model);
struct figure_list gathering_region_figures(const struct gathering *g, uint32_t model, uint32_t region);
struct figure_list gathering_pair_figures(const struct gathering *g, uint32_t model, uint32_t from,
                                          uint32_t to);
const struct figure *figure_find(struct figure_list list, unsigned metric, unsigned statistic); /* or NULL */

/* Value of one replication (from 0); false where it had none. */
bool gathering_value(const struct gathering *g, uint32_t model, unsigned metric, unsigned statistic,
                     uint32_t replication, double *value);

/* The distribution of a metric over all replications, in nanoseconds or counts, or NULL. */
const struct histogram *gathering_pooled(const struct gathering *g, uint32_t model, unsigned metric);

/* Undecided where no replication was checked. */
const struct gathered_check *gathering_check(const struct gathering *g, uint32_t model, enum geo_check check);

/* The first CONFLICT_EXAMPLES of a model (observe/conflicts.h), in the order of the replications; how many.
 */
size_t gathering_losses(const struct gathering *g, uint32_t model, const struct gathered_loss **out);

size_t gathering_differences(const struct gathering *g, const struct difference **out);
size_t gathering_series(const struct gathering *g, uint32_t model, const struct series_row **out);
sim_ns gathering_bin_ns(const struct gathering *g);
bool gathering_visibility(const struct gathering *g, uint32_t model, uint32_t index, struct interval *out);
uint64_t gathering_visibility_probes(const struct gathering *g, uint32_t model,
                                     uint32_t index); /* of all replications */

uint64_t gathering_events(const struct gathering *g); /* of all trials */
uint64_t gathering_operations(const struct gathering *g);

#endif
