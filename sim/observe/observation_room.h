/* observation_room.h -- what the observer's own files share: observation.c (readers, record by record),
 * observation_figures.c (what they leave). */
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

struct observation {
    const struct history_setting *setting;
    uint32_t parts; /* OBSERVE_* */
    struct operations operations;
    struct keys keys;
    struct ledger ledger;
    struct series series;
    struct histogram_queue queue;
    struct latency latency;
    struct staleness staleness;
    struct delta delta;
    struct histogram delta_ns; /* of each register */
    bool delta_undecided;
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
    uint64_t retired_at; /* the oldest open read when the ledger last let go of all it could; 0: not yet */
    sim_ns end_ns;
    bool finished;
};

#endif
