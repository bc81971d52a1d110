/* theory.h -- the self-check: where theory knows the answer for the scenario at hand, it is computed by other
 * means than the simulator's and put beside what was simulated (theory.csv, the terminal, the report).
 *
 *     matrix   read and write latency of each client region from the links alone: the way to a leader and
 *              back, the slowest needed follower, the k-th nearest replica, services; jitter by sampling
 *                                                                           local sync async lww crdt quorum
 *     queue    the mean of read latency where reads alone are served: exponentially by several servers
 *              (Erlang), or by one server (Pollaczek and Khinchine)         local sync async lww crdt
 *     window   t-visibility as the complement of the links' distribution functions, in order under tcp
 *                                                                           lww crdt async
 *     stale    the share of stale reads and their mean staleness, constant links, any keys    lww crdt async
 *     conflicts  pairs of writes that meet unseen; of wall clocks with lasting offsets, inversions
 *                                                                           lww crdt
 *     wars     latencies and t-visibility of partial quorums by sampling the formula of Bailis et al. (VLDB
 *              2012) with a generator and samplers of its own               quorum with `wars`
 *     traffic  messages, bytes and dollars between regions, by arithmetic   local sync async lww crdt quorum
 *     gossip   the share of nodes that do not know after so many rounds, residue, tellings   gossip
 *
 * Each part looks whether what it assumes holds (its file says what). Where it does not there is no row and
 * no claim, but a *silence* that says why. With faults on, matrix keeps the figures that no fault touches:
 * those that stay the same when the links and nodes that faults touch never answer; the others are silent.
 *
 * A row disagrees when theory, by all that it is sure of, is outside the interval of the simulation. All rows
 * of a run are judged at once, so the interval is so wide that one run in a thousand, at most, cries wolf: of
 * r rows at p sweep points each row has 0.001 / (r p) (Bonferroni). For a mean the interval is Student's over
 * the replications; one that is wider than a fifth of the figure on either side tells nothing: undecided. For
 * a share of n independent probes it is all shares q with n KL(seen, q) <= ln(2 / alpha), Chernoff's bound,
 * which holds for any n and q; for a percentile p of n independent values the percentiles whose shares are in
 * Chernoff's interval about p; for what is constant, nothing but the rounding of nanoseconds.
 *
 * Elementary functions are the engine's: theory.csv has the same bytes everywhere. Cost: some 0.1 s for each
 * model with `wars` or jitter at each sweep point, else microseconds. */
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
    double error; /* theory is sure of itself within this */
    bool has_interval;
    uint8_t agrees; /* enum theory_agrees */
};

/* A part that had nothing to say of a model, and why. */
struct theory_silence {
    uint32_t model;
    const char *part, *reason; /* not the receiver's */
};

struct theory {
    struct theory_row *rows; /* by model, then in the order of the table above */
    size_t count, disagree, undecided;
    struct theory_silence *silences; /* by model, then part */
    size_t silence_count;
};

/* Of the scenario's world; the gathering is finished, and of a scenario with the same models and regions.
 * `points`: sweep points that are judged together, this one included. */
struct theory theory_of(const struct scenario *s, const struct gathering *g, size_t points);
void theory_free(struct theory *t);

#endif
