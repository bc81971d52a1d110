/* observation.h -- all readers of one trial's history, and the figures they leave.
 *
 *     struct observation *o = observation_new(setting, history);    registers the readers
 *     ... the trial runs ...
 *     observation_finish(o, end_time);                              what is open counts with the time until
 * then struct trial_figures *f = observation_figures(o);             the caller's, trial_figures_free
 *     observation_free(o);
 */
#ifndef GEOREP_OBSERVE_OBSERVATION_H
#define GEOREP_OBSERVE_OBSERVATION_H

#include "sim/history/history.h"
#include "sim/history/setting.h"
#include "sim/observe/check.h"
#include "sim/observe/metrics.h"
#include "sim/stats/histogram.h"

#include <stdio.h>

#define ALL_REGIONS (-1)

/* A metric with a distribution, of one trial: its histogram (nanoseconds for times, else counts). */
struct distribution_figure {
    uint16_t metric;
    int32_t region; /* of the client, or ALL_REGIONS */
    bool at_least;  /* some observation was cut off by the end of the run: statistics are lower bounds, shown
                       with >= */
    struct histogram values;
};

/* One number of one trial: a count, a ratio, a mean over time. A statistic without observations is not there.
 */
struct scalar_figure {
    uint16_t metric;
    uint8_t statistic; /* enum statistic_id */
    bool at_least;
    bool undecided; /* the reader reached its bound of memory: no figure */
    int32_t region;
    double value;          /* in the unit of metrics.csv (milliseconds, not nanoseconds) */
    uint64_t observations; /* what a ratio was divided by (rule of three); 0: not a share */
};

/* Sums over a bin: the mean is sum / weight; no row where weight is 0. */
struct series_figure {
    uint8_t series; /* enum series_id */
    int32_t region;
    double *sum, *weight; /* [bin_count] */
};

struct pair_figure {
    uint16_t from, to; /* regions */
    struct histogram lag_ns;
    struct histogram stale_ns; /* staleness.h: of stale reads */
    bool at_least;
    uint64_t messages, bytes;
};

/* What a check found in one trial; `holds` as enum check_holds. */
struct check_figure {
    uint8_t check, holds;
    uint64_t violations, example; /* example: an operation, 0: none or no single one */
    struct check_breach breach;   /* of the example, if the ledger knows more; .op 0: it does not */
};

/* One lost update. */
struct loss_figure {
    uint64_t operation, winner, key;
    sim_ns time;       /* when it was let go */
    uint32_t node;     /* where first */
    uint8_t cause;     /* enum loss_cause */
    bool skew, causal; /* its winner had committed before it began; it had seen it */
};

struct trial_figures {
    struct distribution_figure *distributions;
    struct scalar_figure *scalars;
    struct series_figure *series;
    struct pair_figure *pairs;
    uint32_t distribution_count, scalar_count, series_count, pair_count;
    uint32_t bin_count;
    sim_ns bin_ns; /* 1 s, or duration/200, whichever is longer; bins cover [0, limit) up to the end of the
                      run */
    uint64_t *visibility_stale, *visibility_probes; /* [visibility_count], by probes.after */
    uint32_t visibility_count;
    struct check_figure *checks; /* by enum geo_check; none if the trial had no checks */
    uint32_t check_count;
    struct loss_figure *losses; /* the first of the window (conflicts.h) */
    uint32_t loss_count;
    uint64_t events, operations; /* of the trial, for the manifest; filled in by the experiment */
    sim_ns end_ns;               /* when the run ended */
};

struct observation;

/* Who hangs on the ledger and the open operations, which are always kept. */
enum observation_part {
    OBSERVE_LATENCY = 1,
    OBSERVE_STALENESS = 2,
    OBSERVE_DELTA = 4,
    OBSERVE_GUARANTEES = 8, /* and the look for the newest write that a read reflects */
    OBSERVE_LAG = 16,
    OBSERVE_CONVERGENCE = 32,
    OBSERVE_CONFLICTS = 64,
    OBSERVE_RECOVERY = 128,
    OBSERVE_LEADERSHIP = 256,
    OBSERVE_TRAFFIC = 512,
    OBSERVE_TALLIES = 1024,
    OBSERVE_BACKLOG = 2048, /* backlog and diverged keys over time */
    OBSERVE_ALL = 4095
};

struct observation *observation_new(const struct history_setting *s, struct history *h);

/* For a bench: of `parts` alone (OBSERVE_*); what others would have found is missing from the figures, or 0.
 * Without convergence replicas count as agreed as soon as nothing is owed. */
struct observation *observation_new_of(const struct history_setting *s, struct history *h, uint32_t parts);
void observation_free(struct observation *o);

/* The observer tells these checks what its ledger knows of each operation; observation_finish finishes them,
 * and the figures have their verdicts. Before the trial runs; they stay the caller's. */
void observation_check(struct observation *o, struct checks *checks);

/* Do all replicas that are up answer reads alike, and is every committed write applied at them that is not
 * lost? The trial asks after `duration` to know when to end. Cheap. */
bool observation_agreed(struct observation *o);

void observation_finish(struct observation *o, sim_ns end_ns);
struct trial_figures *observation_figures(struct observation *o); /* once: histograms change hands */
void trial_figures_free(struct trial_figures *f);

/* For resuming: exact and compact; reading damaged input gives NULL. */
bool trial_figures_write(const struct trial_figures *f, FILE *to);
struct trial_figures *trial_figures_read(FILE *from);

/* Bytes that the readers will need for this setting at the start (tables by key and replica), for `check`. */
uint64_t observation_bytes(const struct history_setting *s);

#endif
