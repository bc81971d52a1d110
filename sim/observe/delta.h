/* delta.h -- delta-atomicity: how far reads would have to be moved back in time for the history to be
 * linearizable.
 *
 * Of a register: the least delta >= 0 such that, with the beginning of every read moved earlier by delta, the
 * key's history is linearizable. 0: it is as it stands. A read that returns a value overwritten x ago costs
 * at least x; so it is what staleness would be if it had to explain the whole key at once, inversions between
 * reads too.
 *
 * delta_atomicity_ms: over the keys that were touched, one value each, of the whole run with its warm-up (a
 * read of the window may have its write before). Probes apart. A read of siblings counts as one of the
 * newest; an update as a write. A failed write may have happened: it has no end, and only what read it tells
 * of it. Times are compared, so that what ends as another begins is concurrent with it.
 *
 * Cost: 64 bytes a write and a key, sorted at the end; pairs of a key's writes whose reads overlap. More than
 * 2^20 of the first or 2^26 of the second: undecided.
 *
 * Source: Golab, Li, Shah: Analyzing consistency properties for fun and profit, PODC 2011; zones: Gibbons,
 * Korach: Testing shared memories, 1997. */
#ifndef GEOREP_OBSERVE_DELTA_H
#define GEOREP_OBSERVE_DELTA_H

#include "sim/base/array.h"
#include "sim/engine/time.h"
#include "sim/observe/check_map.h"
#include "sim/stats/histogram.h"

/* A write with the reads of its value. */
struct delta_cluster {
    uint64_t key;
    sim_ns write_begin, read_begin; /* of the last read that began; SIM_NS_NEVER negated: none */
    sim_ns first_end;               /* of any of them */
};

struct delta {
    ARRAY(struct delta_cluster) clusters;
    struct check_map
        of_write; /* (write, 0), or (key, 1) for the value from before the start -> index into clusters */
    bool undecided;
};

void delta_open(struct delta *d);
void delta_close(struct delta *d);

/* Once for each write, in any order with its reads; `end`: SIM_NS_NEVER if it failed. */
void delta_write(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end);
void delta_read(struct delta *d, uint64_t key, uint64_t write, sim_ns begin,
                sim_ns end); /* write 0: the initial value */

/* The delta of each key, into `out`; false: undecided. Sorts the clusters: nothing is added afterwards. */
bool delta_finish(struct delta *d, struct histogram *out);

#endif
