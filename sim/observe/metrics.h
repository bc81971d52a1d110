/* metrics.h -- every metric of the results: its name, unit, statistics and range, in the order of the tables.
 *
 * Exact meanings are in the header of the reader that computes it (latency.h, staleness.h, ...), after
 * semantics.md B. */
#ifndef GEOREP_OBSERVE_METRICS_H
#define GEOREP_OBSERVE_METRICS_H

#include "sim/observe/causes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric_id {
    METRIC_WRITE_LATENCY,
    METRIC_READ_LATENCY,
    METRIC_WRITE_LATENCY_ALL,
    METRIC_READ_LATENCY_ALL,
    METRIC_OPERATIONS,
    METRIC_FAILED,
    METRIC_AVAILABILITY,
    METRIC_WRITE_AVAILABILITY,
    METRIC_READ_AVAILABILITY,
    METRIC_OPERATIONS_IN_FAULTS,
    METRIC_STALE_READ_FRACTION,
    METRIC_READ_STALENESS,
    METRIC_READ_STALENESS_VERSIONS,
    METRIC_DELTA_ATOMICITY,
    METRIC_T_VISIBILITY,
    METRIC_REPLICATION_LAG,
    METRIC_CONVERGENCE,
    METRIC_UNAPPLIED,
    METRIC_CONVERGED,
    METRIC_TIME_TO_CONVERGE,
    METRIC_DIVERGED_KEYS,
    METRIC_CONFLICTS,
    METRIC_LOST_UPDATES,
    METRIC_LOST_UPDATES_BY_CAUSE, /* five, by enum loss_cause */
    METRIC_LOST_UPDATES_LAST = METRIC_LOST_UPDATES_BY_CAUSE + LOSS_CAUSES - 1,
    METRIC_SKEW_INVERSIONS,
    METRIC_SKEW_INVERSIONS_BY_CAUSE, /* five, by enum loss_cause */
    METRIC_SKEW_INVERSIONS_LAST = METRIC_SKEW_INVERSIONS_BY_CAUSE + LOSS_CAUSES - 1,
    METRIC_CAUSAL_INVERSIONS,
    METRIC_SIBLINGS,
    METRIC_LOST_COMMITS,
    METRIC_LOST_COMMITS_PER_FAULT,
    METRIC_RPO,
    METRIC_RTO,
    METRIC_FAILOVERS,
    METRIC_FAILOVER_TIME,
    METRIC_TWO_LEADERS,
    METRIC_READ_YOUR_WRITES,
    METRIC_MONOTONIC_READS,
    METRIC_CAUSAL,
    METRIC_MONOTONIC_WRITES,
    METRIC_WRITES_FOLLOW_READS,
    METRIC_OVERSOLD,
    METRIC_DUPLICATES_APPLIED,
    METRIC_BACKLOG_OPS,
    METRIC_BACKLOG_BYTES,
    METRIC_DEAD_LETTERS,
    METRIC_THROTTLED,
    METRIC_RETRIES,
    METRIC_WAN_MESSAGES,
    METRIC_WAN_BYTES,
    METRIC_WAN_COST,
    METRIC_WAN_COST_MONTH,
    METRICS
};

enum statistic_id {
    STATISTIC_VALUE,
    STATISTIC_MEAN,
    STATISTIC_P50,
    STATISTIC_P90,
    STATISTIC_P99,
    STATISTIC_P999,
    STATISTIC_MAX,
    STATISTIC_PER_WRITE,
    STATISTIC_PER_READ,
    STATISTICS
};

struct metric_def {
    const char *name;    /* as in metrics.csv */
    const char *unit;    /* for people: "ms", "reads", "share", "USD", "" */
    const char *doc;     /* one line */
    uint16_t statistics; /* 1u << enum statistic_id */
    bool by_region;      /* has rows in by_region.csv too: the view of the clients of a region */
    bool is_time;        /* gathered in nanoseconds, shown in milliseconds */
    double least, most;  /* the range that an interval is cut to; most may be INFINITY */
};

extern const struct metric_def metric_defs[METRICS];
extern const char *const statistic_names[STATISTICS];
int metric_find(const char *name);              /* enum metric_id, or -1 */
int statistic_find(const char *name);           /* enum statistic_id, or -1 */
double statistic_quantile(enum statistic_id s); /* 0.5 of p50, ...; 0: not a percentile */

/* What series.csv shows, over bins of simulated time. */
enum series_id {
    SERIES_WRITE_LATENCY,
    SERIES_READ_LATENCY,
    SERIES_AVAILABILITY,
    SERIES_STALE_READ_FRACTION,
    SERIES_READ_STALENESS,
    SERIES_REPLICATION_LAG,
    SERIES_BACKLOG_OPS,
    SERIES_DIVERGED_KEYS,
    SERIES
};
extern const char *const series_names[SERIES]; /* as the metrics */

#endif
