/* metrics.c -- the table of metrics, in the order of the results. */
#include "sim/observe/metrics.h"

#include <math.h>
#include <string.h>

#define ONE(statistic) (uint16_t)(1u << (statistic))
#define VALUE ONE(STATISTIC_VALUE)
#define SPREAD                                                                                               \
    (uint16_t)(ONE(STATISTIC_MEAN) | ONE(STATISTIC_P50) | ONE(STATISTIC_P90) | ONE(STATISTIC_P99) |          \
               ONE(STATISTIC_P999) | ONE(STATISTIC_MAX))
#define PERCENTILES                                                                                          \
    (uint16_t)(ONE(STATISTIC_P50) | ONE(STATISTIC_P90) | ONE(STATISTIC_P99) | ONE(STATISTIC_P999))
#define MEAN_MAX (uint16_t)(ONE(STATISTIC_MEAN) | ONE(STATISTIC_MAX))
#define PER_WRITE (uint16_t)(VALUE | ONE(STATISTIC_PER_WRITE))
#define PER_READ (uint16_t)(VALUE | ONE(STATISTIC_PER_READ))

#define TIMES(name, doc, regional)                                                                           \
    {                                                                                                        \
        name, "ms", doc, SPREAD, regional, true, 0, INFINITY                                                 \
    }
#define SOME_TIMES(name, doc)                                                                                \
    {                                                                                                        \
        name, "ms", doc, MEAN_MAX, false, true, 0, INFINITY                                                  \
    }
#define NUMBER(name, unit, doc, statistics, regional)                                                        \
    {                                                                                                        \
        name, unit, doc, statistics, regional, false, 0, INFINITY                                            \
    }
#define SHARE(name, doc, regional)                                                                           \
    {                                                                                                        \
        name, "share", doc, VALUE, regional, false, 0, 1                                                     \
    }

/* Of a count of lost writes, by why they were lost (causes.h). */
#define CAUSE(first, of, cause, name, doc)                                                                   \
    [(int)(first) + (cause)] = NUMBER(of "_" name, "writes", "of these: " doc, PER_WRITE, false)
#define BY_CAUSE(first, of)                                                                                  \
    CAUSE(first, of, LOSS_CONCURRENT, "concurrent", "neither could have known of the other"),                \
        CAUSE(first, of, LOSS_CLOCK_OFFSET, "clock_offset", "a clock's offset turned the two round"),        \
        CAUSE(first, of, LOSS_DRIFT, "drift", "a clock's drift since it was set turned the two round"),      \
        CAUSE(first, of, LOSS_LATE_ARRIVAL, "late", "word of the earlier one was due and had not come"),     \
        CAUSE(first, of, LOSS_FAILOVER, "failover",                                                          \
              "another node went on without it, after a crash, a rollback or as a new leader")

const struct metric_def metric_defs[METRICS] = {
    [METRIC_WRITE_LATENCY] =
        TIMES("write_latency_ms", "what the client of a write waits, failures apart", true),
    [METRIC_READ_LATENCY] = TIMES("read_latency_ms", "what the client of a read waits, failures apart", true),
    [METRIC_WRITE_LATENCY_ALL] =
        TIMES("write_latency_all_ms", "the same, a failure counting with the time it took to fail", true),
    [METRIC_READ_LATENCY_ALL] =
        TIMES("read_latency_all_ms", "the same, a failure counting with the time it took to fail", true),
    [METRIC_OPERATIONS] =
        NUMBER("operations", "operations", "finished well (a decrement answered no, too)", VALUE, true),
    [METRIC_FAILED] =
        NUMBER("failed", "operations", "timed out, refused, throttled, or open at the end", VALUE, true),
    [METRIC_AVAILABILITY] = SHARE("availability", "operations / (operations + failed)", true),
    [METRIC_WRITE_AVAILABILITY] = SHARE("write_availability", "the same of writes", true),
    [METRIC_READ_AVAILABILITY] = SHARE("read_availability", "the same of reads", true),
    [METRIC_OPERATIONS_IN_FAULTS] =
        NUMBER("operations_in_faults", "operations", "issued while a fault was on", VALUE, true),
    [METRIC_STALE_READ_FRACTION] =
        SHARE("stale_read_fraction", "reads that miss a write that committed before they began", true),
    [METRIC_READ_STALENESS] =
        TIMES("read_staleness_ms",
              "from the commit of the oldest write that a read misses to its beginning; fresh: 0", true),
    [METRIC_READ_STALENESS_VERSIONS] =
        NUMBER("read_staleness_versions", "writes", "how many writes a read misses; fresh: 0", SPREAD, true),
    [METRIC_T_VISIBILITY] =
        {"t_visibility_ms", "ms",
         "how long after its commit a write is seen by half, 90%, 99%, 99.9% of the reads of its key: from "
         "the probes' curve, between two of probes.after by its logarithm",
         PERCENTILES, false, true, 0, INFINITY},
    [METRIC_DELTA_ATOMICITY] = TIMES(
        "delta_atomicity_ms",
        "of each register: how much earlier reads would have to begin for it to be linearizable", false),
    [METRIC_REPLICATION_LAG] =
        TIMES("replication_lag_ms", "from commit to applied, at each remote replica", false),
    [METRIC_CONVERGENCE] = TIMES("convergence_ms", "from commit to applied at the last replica", false),
    [METRIC_UNAPPLIED] =
        NUMBER("unapplied", "writes", "committed, and not everywhere at the end", VALUE, false),
    [METRIC_CONVERGED] = SHARE("converged", "do all replicas that are up answer alike at the end", false),
    [METRIC_TIME_TO_CONVERGE] =
        SOME_TIMES("time_to_converge_ms",
                   "from a fault's end until all that had committed by then is applied everywhere"),
    [METRIC_DIVERGED_KEYS] = NUMBER("diverged_keys", "keys", "that replicas which are up answer differently",
                                    ONE(STATISTIC_MAX), false),
    [METRIC_CONFLICTS] =
        NUMBER("conflicts", "pairs", "of writes, neither of which had seen the other, that met at a replica",
               PER_WRITE, false),
    [METRIC_LOST_UPDATES] = NUMBER("lost_updates", "writes",
                                   "committed, and let go for one that had not seen them", PER_WRITE, false),
    BY_CAUSE(METRIC_LOST_UPDATES_BY_CAUSE, "lost_updates"),
    [METRIC_SKEW_INVERSIONS] =
        NUMBER("skew_inversions", "writes", "of these, those whose winner had committed before they began",
               PER_WRITE, false),
    BY_CAUSE(METRIC_SKEW_INVERSIONS_BY_CAUSE, "skew_inversions"),
    [METRIC_CAUSAL_INVERSIONS] =
        NUMBER("causal_inversions", "writes", "of these, those that had seen their winner", PER_WRITE, false),
    [METRIC_SIBLINGS] =
        NUMBER("siblings", "values", "that one read returned, at most", ONE(STATISTIC_MAX), false),
    [METRIC_LOST_COMMITS] =
        NUMBER("lost_commits", "writes", "committed, and at the end on no replica that is up", VALUE, false),
    [METRIC_LOST_COMMITS_PER_FAULT] = NUMBER(
        "lost_commits_per_fault", "writes",
        "the same, of each crash, partition and cut: of the last begun before it was lost", SPREAD, false),
    [METRIC_RPO] = TIMES("rpo_ms", "recovery point: how far before a fault what was lost goes back", false),
    [METRIC_RTO] =
        TIMES("rto_ms", "recovery time: from a fault until writes succeed in every region again", false),
    [METRIC_FAILOVERS] =
        NUMBER("failovers", "failovers", "that another leader, of a higher term, took over", VALUE, false),
    [METRIC_FAILOVER_TIME] =
        TIMES("failover_ms",
              "from the start of the last fault to the instant at which another leader takes over", false),
    [METRIC_TWO_LEADERS] =
        TIMES("two_leaders_ms",
              "while a leader went on answering writes though another had taken over; of a whole run", false),
    [METRIC_READ_YOUR_WRITES] = NUMBER("read_your_writes_violations", "reads",
                                       "that miss a write of their own session", PER_READ, false),
    [METRIC_MONOTONIC_READS] = NUMBER("monotonic_reads_violations", "reads",
                                      "that miss what their session had read", PER_READ, false),
    [METRIC_CAUSAL] =
        NUMBER("causal_violations", "reads", "that miss a write in their session's past", PER_READ, false),
    [METRIC_MONOTONIC_WRITES] = NUMBER("monotonic_writes_violations", "writes",
                                       "applied against their session's order", PER_WRITE, false),
    [METRIC_WRITES_FOLLOW_READS] = NUMBER("writes_follow_reads_violations", "writes",
                                          "applied without what their session had read", PER_WRITE, false),
    [METRIC_OVERSOLD] = NUMBER("oversold", "units",
                               "committed decrements beyond initial and committed increments", VALUE, false),
    [METRIC_DUPLICATES_APPLIED] =
        NUMBER("duplicates_applied", "writes", "one client's operation applied once more", VALUE, false),
    [METRIC_BACKLOG_OPS] =
        NUMBER("backlog_ops", "writes", "taken and not yet applied, at each replica", MEAN_MAX, false),
    [METRIC_BACKLOG_BYTES] = NUMBER("backlog_bytes", "B", "the same, in bytes of values", MEAN_MAX, false),
    [METRIC_DEAD_LETTERS] =
        NUMBER("dead_letters", "writes", "given up by the model after its retries", VALUE, false),
    [METRIC_THROTTLED] =
        NUMBER("throttled", "operations", "held back or turned away by the model", VALUE, false),
    [METRIC_RETRIES] = NUMBER("retries", "attempts", "after the first, of clients", VALUE, true),
    [METRIC_WAN_MESSAGES] =
        NUMBER("wan_messages", "messages", "between regions, every transmission", VALUE, false),
    [METRIC_WAN_BYTES] =
        NUMBER("wan_bytes", "B", "between regions, with overhead and retransmissions", VALUE, false),
    [METRIC_WAN_COST] =
        NUMBER("wan_cost_usd", "USD", "of these bytes, at the prices between regions", VALUE, false),
    [METRIC_WAN_COST_MONTH] =
        NUMBER("wan_cost_usd_month", "USD", "the same for 30 days at this load", VALUE, false),
};

const char *const statistic_names[STATISTICS] = {"value", "mean", "p50",       "p90",     "p99",
                                                 "p999",  "max",  "per_write", "per_read"};

const char *const series_names[SERIES] = {
    "write_latency_ms",  "read_latency_ms",    "availability", "stale_read_fraction",
    "read_staleness_ms", "replication_lag_ms", "backlog_ops",  "diverged_keys",
};

int metric_find(const char *name)
{
    for (int m = 0; m < METRICS; m++)
        if (strcmp(metric_defs[m].name, name) == 0)
            return m;
    return -1;
}

int statistic_find(const char *name)
{
    for (int s = 0; s < STATISTICS; s++)
        if (strcmp(statistic_names[s], name) == 0)
            return s;
    return -1;
}

double statistic_quantile(enum statistic_id s)
{
    switch (s) {
    case STATISTIC_P50:
        return 0.5;
    case STATISTIC_P90:
        return 0.9;
    case STATISTIC_P99:
        return 0.99;
    case STATISTIC_P999:
        return 0.999;
    default:
        return 0;
    }
}
