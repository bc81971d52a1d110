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
 * A write that no read can return any more (delta_over) is let go of once no write that may still be read has
 * an end before its last beginning: no new pair with it can arise then, and those that there are have been
 * looked at.
 *
 * Cost: a read of the newest write is a look at the key's record, another two looks into tables; some 50
 * bytes a write that is kept and 48 a key that was written; pairs of a key's writes. More than 2^20 of the
 * first or 2^26 of the last: undecided.
 *
 * Source: Golab, Li, Shah: Analyzing consistency properties for fun and profit, PODC 2011; zones: Gibbons,
 * Korach: Testing shared memories, 1997. */
#ifndef GEOREP_OBSERVE_DELTA_H
#define GEOREP_OBSERVE_DELTA_H

#include "sim/base/array.h"
#include "sim/engine/time.h"
#include "sim/observe/check_map.h"
#include "sim/observe/keys.h"
#include "sim/stats/histogram.h"

/* A write with the reads of its value. */
struct delta_cluster {
    uint64_t write;                 /* 0: the initial value */
    sim_ns write_begin, read_begin; /* of the last read that began; SIM_NS_NEVER negated: none */
    sim_ns first_end;               /* of any of them */
    uint32_t key;                   /* index into keys */
    uint32_t next;                  /* of the key, the older; + 1 */
    bool over;                      /* nobody reads it any more */
};

struct delta_key {
    uint64_t key;
    sim_ns delta; /* of the pairs with what was let go of */
    int64_t top_stamp;
    uint64_t top;          /* the newest write that delta_over told; 0: none yet */
    uint32_t count, limit; /* of its clusters; at so many it looks what may go */
    bool initial_over;
};

#define DELTA_CROWDED (UINT32_C(1) << 31) /* the key's clusters are in of_write */
#define DELTA_BARE DELTA_CROWDED          /* alone: so far there were only reads of the initial value */
#define DELTA_UNKNOWN UINT64_MAX

struct delta {
    struct keys *of; /* records[key].clusters: its newest cluster + 1, 0: it was not touched; and
                        DELTA_CROWDED; .newest, .newest_read: that cluster's, once anything of it has ended,
                        and of its reads' beginnings the only one that is up to date; or DELTA_UNKNOWN */
    struct delta_cluster
        *clusters; /* all that there may be, as they are touched; NULL once it is undecided */
    uint32_t cluster_count, bare_count; /* bare: keys; each would have a cluster, and counts as one */
    ARRAY(uint32_t) free;               /* + 1 */
    ARRAY(struct delta_key) keys;
    struct check_map of_write; /* of crowded keys: (write, 0), or (key, 1) for the value from before the start
                                  -> index into clusters + 1 */
    uint64_t pairs;
    bool undecided;
    bool keeps; /* writes may come back that are over: nothing is let go of */
};

void delta_open(struct delta *d, struct keys *keys); /* keys: zeroed, and kept open as long */
void delta_close(struct delta *d);

/* Once for each write, in any order with its reads; `end`: SIM_NS_NEVER if it failed. */
void delta_write(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end);

/* Write 0: the initial value. False: it is told of that write for the first time, or has let go of it; which
 * of the two the caller must know, and a read of what was let go of leaves the figure undecided. */
bool delta_read(struct delta *d, uint64_t key, uint64_t write, sim_ns begin, sim_ns end);

/* The same of a read that ends no earlier than all that was told of the key before, if it is of the newest
 * write, as nearly all are; false: it is not, and delta_read is to be told. */
static inline bool delta_read_newest(struct delta *d, uint64_t key, uint64_t write, sim_ns begin)
{
    struct key_record *k = &d->of->records[key];

    if (k->newest != write || k->clusters == 0)
        return false;
    if (begin > k->newest_read)
        k->newest_read = begin;
    return true;
}

/* No read that ends from now on returns a version older than this one; told in any order. */
void delta_over(struct delta *d, uint64_t key, int64_t stamp, uint64_t write);

static inline uint32_t delta_newest(const struct delta *d, uint64_t key)
{
    return d->of->records[key].clusters & ~DELTA_CROWDED;
}

/* Brings nearer what will be told of this key, once its record has come; changes nothing. */
static inline void delta_expect(const struct delta *d, uint64_t key)
{
    uint32_t at = delta_newest(d, key);

    if (at != 0 && !d->undecided)
        expect_line(&d->clusters[at - 1]);
}

/* Of a read of this write; likewise once that has come. */
static inline void delta_expect_older(const struct delta *d, uint64_t key, uint64_t write)
{
    uint32_t at = delta_newest(d, key);

    if (at != 0 && !d->undecided && d->clusters[at - 1].write != write && d->clusters[at - 1].next != 0)
        expect_line(&d->clusters[d->clusters[at - 1].next - 1]);
}

/* Likewise, of a write that is new, or over. */
static inline void delta_expect_write(const struct delta *d, uint64_t key)
{
    uint32_t at = delta_newest(d, key);

    if (at == 0 || d->undecided)
        return;
    expect_line(&d->keys.items[d->clusters[at - 1].key]);
    if (d->clusters[at - 1].next != 0)
        expect_line(&d->clusters[d->clusters[at - 1].next - 1]);
}

/* The delta of each key, into `out`; false: undecided. Nothing is added afterwards. */
bool delta_finish(struct delta *d, struct histogram *out);

#endif
