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
 * Cost: a read of the newest write is a look at the key's record, another a look at the key's room; 128 bytes
 * a key that was written, and 40 to 160 a write that is kept beyond its second; pairs of a key's writes. More
 * than 2^20 writes that are kept or 2^26 pairs: undecided.
 *
 * Source: Golab, Li, Shah: Analyzing consistency properties for fun and profit, PODC 2011; zones: Gibbons,
 * Korach: Testing shared memories, 1997. */
#ifndef GEOREP_OBSERVE_DELTA_H
#define GEOREP_OBSERVE_DELTA_H

#include "sim/base/lines.h"
#include "sim/base/pool.h"
#include "sim/engine/time.h"
#include "sim/observe/check_map.h"
#include "sim/observe/keys.h"
#include "sim/stats/histogram.h"

/* A write with the reads of its value. */
struct delta_cluster {
    uint64_t write;                 /* 0: the initial value */
    sim_ns write_begin, read_begin; /* of the last read that began; SIM_NS_NEVER negated: none */
    sim_ns first_end;               /* of any of them */
    bool over;                      /* nobody reads it any more */
};

struct delta_key {
    uint64_t key;
    sim_ns delta; /* of the pairs with what was let go of */
    int64_t top_stamp;
    uint64_t top;                /* the newest write that delta_over told; 0: none yet */
    uint32_t count, room, limit; /* of its clusters; at `limit` it looks what may go */
    bool initial_over;
    struct delta_cluster clusters[]; /* [room]; of which there is always one, and the newest is the last */
};

#define DELTA_CROWDED (UINT32_C(1) << 31) /* the key's clusters are in of_write */
#define DELTA_BARE DELTA_CROWDED          /* alone: so far there were only reads of the initial value */
#define DELTA_UNKNOWN UINT64_MAX

struct delta {
    struct keys *of; /* records[key].clusters: index into keys + 1, 0: it was not touched; and DELTA_CROWDED;
                        .newest, .newest_read: its newest cluster's, once anything of it has ended, and of its
                        reads' beginnings the only one that is up to date; or DELTA_UNKNOWN */
    uint32_t cluster_count, bare_count; /* bare: keys; each would have a cluster, and counts as one */
    ARRAY(struct delta_key *) keys;
    struct pool pool;          /* that they are in */
    struct check_map of_write; /* of crowded keys: (write, 0), or (key, 1) for the value from before the start
                                  -> index into the key's clusters */
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

/* Index into keys + 1; 0: it has no clusters. */
static inline uint32_t delta_key_number(const struct delta *d, uint64_t key)
{
    return d->of->records[key].clusters & ~DELTA_CROWDED;
}

/* NULL: it has no clusters. */
static inline struct delta_key *delta_key_of(const struct delta *d, uint64_t key)
{
    uint32_t number = delta_key_number(d, key);

    return number == 0 ? NULL : d->keys.items[number - 1];
}

/* Brings nearer what will be told of this key, once its record has come; changes nothing. */
static inline void delta_expect(const struct delta *d, uint64_t key)
{
    uint32_t number = delta_key_number(d, key);

    if (number != 0 && !d->undecided)
        expect_line(&d->keys.items[number - 1]);
}

/* And when that has come. */
static inline void delta_expect_clusters(const struct delta *d, uint64_t key)
{
    const struct delta_key *k = d->undecided ? NULL : delta_key_of(d, key);

    if (k == NULL)
        return;
    expect_line(k);
    expect_line((const char *)k + 64);
}

/* The delta of each key, into `out`; false: undecided. Nothing is added afterwards. */
bool delta_finish(struct delta *d, struct histogram *out);

#endif
