/* theory.h -- the self-check: where theory knows the answer for the scenario at hand, it is computed by other
 * means than the simulator's and put beside what was simulated (theory.csv, and a section of the report).
 *
 *     matrix   read and write latency of each client region from the table of links alone: the way to a
 * leader and back, the slowest needed follower, the k-th nearest replica        local sync async lww crdt
 * quorum queue    the mean of read latency where reads are served by exponential servers: M/M/c (Erlang C)
 *                                                                           local sync async lww crdt
 *     window   t-visibility as the complement of the links' distribution functions                    lww
 *     wars     latencies and t-visibility of partial quorums by sampling the formula of Bailis et al. (VLDB
 * 2012) with a generator and samplers of its own                                                      quorum
 * with `wars`
 *
 * Each part looks whether what it assumes holds (its file says what) and is silent where it does not: no row,
 * no claim. Faults, closed clients, retries and roaming silence them all; so do several nodes a region, but
 * for wars.
 *
 * A row disagrees when theory is outside the interval of the simulation by more than theory's own error.
 * Dozens of rows are judged at once, so the interval is at 99.99%: of a mean, Student's over the replications
 * (one replication has none: undecided); of a share of n independent probes, +- z sqrt(p (1-p) / n) with
 * theory's p and 1 / n for counting; of a percentile p of n independent latencies, the percentiles p -+ z
 * sqrt(p (1-p) / n); of what is constant, nothing but the rounding of nanoseconds.
 *
 * Elementary functions are the engine's: theory.csv has the same bytes everywhere. Cost: some 0.1 s for each
 * model with `wars` at each sweep point, else microseconds. */
#ifndef GEOREP_EXPERIMENT_THEORY_H
#define GEOREP_EXPERIMENT_THEORY_H

#include "sim/experiment/gather.h"
#include "sim/scenario/scenario.h"

enum theory_agrees { THEORY_DISAGREES, THEORY_AGREES, THEORY_UNDECIDED };
extern const char *const theory_agrees_names[3]; /* "false", "true", "undecided" */

struct theory_row {
    uint32_t model;
    char *quantity; /* "matrix: read_latency_ms.mean of eu-west-1", "wars: p_stale at 5 ms" */
    double theory, simulation, low, high;
    bool has_interval;
    uint8_t agrees; /* enum theory_agrees */
};

struct theory {
    struct theory_row *rows; /* by model, then in the order of the table above */
    size_t count, disagree;
};

/* Of the scenario's world; the gathering is finished, and of a scenario with the same models and regions. */
struct theory theory_of(const struct scenario *s, const struct gathering *g);
void theory_free(struct theory *t);

#endif
