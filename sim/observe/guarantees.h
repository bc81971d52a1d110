/* guarantees.h -- the session guarantees that the ledger decides beside read-your-writes (staleness.h):
 * monotonic reads, monotonic writes, writes-follow-reads (Terry et al., PDIS 1994; semantics, B).
 *
 * Of each key it keeps *notes*: this session was told by then that it had written W, or had been answered
 * from a state that reflected W. A read that begins later and misses W, which had been read, breaks monotonic
 * reads. A write that begins later *follows* W; where a replica applies it without reflecting W, or lets it
 * go for W, monotonic writes is broken (W was written) or writes-follow-reads (W was read). Only committed
 * writes and answered reads make notes. Each operation counts once a guarantee.
 *
 * What a replica state reflects is a prefix of the key's writes (BY_ORDER by version, BY_MERGE by taker): so
 * one note a session stands for all that it outdoes, once the session has nothing open that began before; and
 * a write follows only what a prefix does not bring along, which is rare.
 *
 * A note goes when its write retires from the ledger, since all replicas reflect it then. A write that is
 * refused in favour of a retired one leaves the two guarantees of writes undecided; so do more than
 * GUARANTEES_NOTES_MOST notes, all three. Cost: an operation on a key of which somebody has a note is a look
 * into a table and a walk over its own session's notes of the key, of which there are seldom more than two;
 * 80 bytes a note, of which at most as many as there are live ones wait to be swept. */
#ifndef GEOREP_OBSERVE_GUARANTEES_H
#define GEOREP_OBSERVE_GUARANTEES_H

#include "sim/observe/check.h"
#include "sim/observe/check_map.h"
#include "sim/observe/figures.h"
#include "sim/observe/ledger.h"
#include "sim/observe/operations.h"
#include "sim/observe/staleness.h"

#define GUARANTEES_NOTES_MOST (UINT32_C(1) << 20)

/* A line of memory. */
struct guarantee_note {
    uint64_t session; /* region << 32 | number; with `key` what the note is found by */
    uint64_t key;
    uint64_t end; /* position: known to the session since */
    uint64_t write, took;
    const struct live_write *live; /* while it still has this identity and TAKE */
    union {
        int64_t stamp; /* BY_ORDER */
        uint32_t slot; /* BY_MERGE */
    };
    uint32_t next; /* of the session and key, + 1; of the free ones */
    bool wrote;    /* it wrote this; else it read it */
};

_Static_assert(sizeof(struct guarantee_note) == 64, "a line of memory");

/* Of a session and key that have notes. */
struct guarantee_slot {
    uint32_t newest; /* note + 1; 0: free */
    uint32_t hash;
};

struct guarantee_follow {
    uint64_t write, took;
    bool wrote;
};

/* A live write and what it follows. */
struct guarantee_follower {
    uint64_t write;
    bool in_window, against_own, against_read; /* counted by now */
    ARRAY(struct guarantee_follow) follows;
};

struct guarantee_applied {
    uint64_t write;
    uint32_t row;
};

struct guarantee_region {
    ARRAY(uint32_t) open; /* [session]: how many operations it has open */
};

struct guarantees {
    const struct history_setting *setting;
    struct checks *checks; /* told of violations, or NULL */
    struct keys *of;       /* records[key].notes */
    ARRAY(struct guarantee_note) notes;
    struct guarantee_slot *slots; /* open addressing, at most half full */
    uint32_t slot_bits, slot_count;
    uint32_t note_free; /* + 1 */
    uint64_t note_count, notes_sweep_at;
    struct guarantee_region *regions; /* [region] */
    struct check_map follower_of;
    ARRAY(struct guarantee_follower) followers;
    ARRAY(uint32_t) followers_free;
    size_t sweep_at;
    ARRAY(struct guarantee_applied)
    applied; /* by the record at hand: looked at when all of its state has come */
    uint64_t applied_key;
    uint32_t applied_node;
    uint64_t reads, not_monotonic, writes, against_own, against_read; /* of the window */
    bool given_up, refused_for_retired;
};

void guarantees_open(struct guarantees *s, const struct history_setting *setting, struct keys *keys);
void guarantees_close(struct guarantees *s);

void guarantees_look(struct guarantees *s, const struct ledger *l, const struct history_record *r);
static inline void guarantees_at(struct guarantees *s, const struct ledger *l,
                                 const struct history_record *r) /* before the ledger's */
{
    if (s->applied.count > 0)
        guarantees_look(s, l, r);
}
void guarantees_meet(struct guarantees *s,
                     const struct operation *op); /* a session that was not seen so far */
static inline uint32_t *guarantees_open_of(const struct guarantees *s, const struct operation *op)
{
    return &s->regions[op->region].open.items[op->session];
}
static inline void guarantees_begin(struct guarantees *s, const struct operation *op)
{
    if (s->regions[op->region].open.count <= op->session)
        guarantees_meet(s, op);
    ++*guarantees_open_of(s, op);
}
static inline void guarantees_end(struct guarantees *s, const struct operation *op) /* before the two below */
{
    --*guarantees_open_of(s, op);
}
/* Its samples are in. A write: `write` is what it committed, 0: nothing. A read that finished well: `newest`
 * as staleness_end has found it. */
void guarantees_read(struct guarantees *s, const struct ledger *l, const struct operations *o,
                     const struct operation *op, const struct live_write *newest);
/* The same of a key that has nothing in the ledger and of which nobody has a note. */
static inline void guarantees_read_bare(struct guarantees *s, const struct operation *op)
{
    s->reads += op->in_window;
}
void guarantees_wrote(struct guarantees *s, const struct ledger *l, const struct operation *op,
                      uint64_t write);
void guarantees_take(struct guarantees *s, const struct ledger *l, const struct operation *op,
                     uint64_t write);
/* It changes by guarantees_take alone. */
static inline bool guarantees_any_follower(const struct guarantees *s)
{
    return s->follower_of.count > 0;
}
/* Brings nearer what this session knows of the key, if anything: first where that is kept; then, when that
 * has come, the last of it. Changes nothing. */
void guarantees_expect(const struct guarantees *s, const struct operation *op);
void guarantees_expect_note(const struct guarantees *s, const struct operation *op);
void guarantees_finish(struct guarantees *s, const struct ledger *l);
void guarantees_put(const struct guarantees *s, struct figure_list *f);

/* Of the ledger's listener; the first while there is any follower. */
void guarantees_reflected(struct guarantees *s, const struct live_write *w, uint32_t row);
void guarantees_let_go(struct guarantees *s, const struct ledger *l, const struct live_write *loser,
                       const struct live_write *winner, uint32_t node);

#endif
