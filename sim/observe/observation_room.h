/* observation_room.h -- what the observer's own files share: observation.c (readers, record by record),
 * observation_ahead.c (what they are about to look at), observation_figures.c (what they leave). */
#ifndef GEOREP_OBSERVE_OBSERVATION_ROOM_H
#define GEOREP_OBSERVE_OBSERVATION_ROOM_H

#include "sim/observe/check.h"
#include "sim/observe/conflicts.h"
#include "sim/observe/convergence.h"
#include "sim/observe/delta.h"
#include "sim/observe/guarantees.h"
#include "sim/observe/lag.h"
#include "sim/observe/latency.h"
#include "sim/observe/leadership.h"
#include "sim/observe/ledger.h"
#include "sim/observe/observation.h"
#include "sim/observe/recovery.h"
#include "sim/observe/staleness.h"
#include "sim/observe/tallies.h"
#include "sim/observe/traffic.h"
#include "sim/stats/moments.h"

/* So many records a block; so many steps before it is read. */
enum { AHEAD_BLOCK = 32, AHEAD_STEPS = 3 };

/* Records of a batch that are asked for ahead. */
struct ahead_block {
    uint32_t from, to; /* the block itself */
    uint32_t read_count, written_count, busy_count, apart_count, noted_count;
    const struct history_record *read[AHEAD_BLOCK]; /* ENDs of reads */
    uint8_t
        written[AHEAD_BLOCK]; /* their numbers in the block: what else is of a key that is looked up, and */
    uint64_t write[AHEAD_BLOCK];                     /* names a write: END, TAKE, STORE */
    const struct history_record *busy[AHEAD_BLOCK];  /* those of keys that have something in the ledger */
    const struct history_record *apart[AHEAD_BLOCK]; /* of clusters or notes: ENDs and TAKEs */
    uint64_t noted[AHEAD_BLOCK]; /* operations of these that have begun by now, as few have */
};

struct observation {
    const struct history_setting *setting;
    uint32_t parts; /* OBSERVE_* */
    bool finished, delta_undecided;
    bool has_delta; /* registers alone: elsewhere a read returns more than one write's value */
    bool has_notes; /* somebody keeps something of keys beside the ledger: clusters or notes */
    struct operations operations;
    struct keys keys;
    struct ledger ledger;
    struct series series;
    struct histogram_queue queue;
    struct latency latency;
    struct staleness staleness;
    struct delta delta;
    struct histogram delta_ns; /* of each register */
    struct guarantees guarantees;
    struct checks *checks; /* or NULL */
    struct lag lag;
    struct convergence convergence;
    struct conflicts conflicts;
    struct recovery recovery;
    struct leadership leadership;
    struct traffic traffic;
    struct tallies tallies;
    uint64_t turns, looked_at_turn; /* nodes' going down and coming up; see observation_agreed */
    int64_t owed_for_ever;
    struct step_mean backlog_ops, backlog_bytes, diverged;
    int64_t seen_ops, seen_bytes, seen_diverged;
    sim_ns end_ns;
    struct ahead_block ahead[AHEAD_STEPS + 1];
    struct live_write *named[HISTORY_BATCH]; /* by the batch's STOREs, TAKEs and ENDs of writes: as it was
                                                when they were asked for; see ledger_found */
};

/* observation_ahead.c: the steps, in order. */
void ahead_keys(const struct observation *o, const struct history_batch *b, struct ahead_block *block);
void ahead_entries(struct observation *o, const struct history_batch *b, struct ahead_block *block);
void ahead_rows(const struct observation *o, const struct ahead_block *block);

#endif
