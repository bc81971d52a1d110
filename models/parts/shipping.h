/* shipping.h -- a leader's log, shipped in order to the followers of each key: what `sync` and `async` share.
 *
 * The leader of a key is one node (of the leader's region); its log has an entry for each write it took, in
 * its order. To each follower it ships those entries whose keys the follower holds, each with the position of
 * the one before it on that way, so that a follower knows a gap: it takes entries in order, holds back what
 * came early, and ignores what it has. An entry taken in waits in the inbox for the APPLY service, one at a
 * time, and then becomes readable.
 *
 *     leader                                 follower
 *     append, ENTRIES(prev, entries...) ---> [WRITE service, if the model says so] taken in: `received`
 *              <------------ STATUS(position, sent at)    ... APPLY, one at a time: `applied`
 *     HEARTBEAT(all up to here was sent, echo) --->   a follower that has less says STATUS(missing): shipped
 *                                                     again
 *
 * A position is confirmed when the follower cannot lose it with its memory: `received` where the inbox is
 * durable (sync), else `applied` (async). The log is cut when all have confirmed. A follower that lost its
 * disk copies the table (parts/copy.h) and goes on from the log; a leader that did copies from followers, and
 * all of these then copy from it.
 *
 * Where the leader may change, a reign's positions and stamps begin beyond all of the one before. A new
 * leader begins an empty log (shipping_lead); everybody else drops what the old one sent, and copies the
 * table from the new one: what it has beyond that is rolled back (shipping_follow).
 *
 * A model declares SHIPPING_MESSAGE_DEFS and SHIPPING_STORE_DEFS first, and has a struct shipping_state and a
 * struct shipping_peer at the start of its state and of what it keeps for each node.
 */
#ifndef GEOREP_MODELS_PARTS_SHIPPING_H
#define GEOREP_MODELS_PARTS_SHIPPING_H

#include "models/parts/copy.h"
#include "models/parts/forward.h"

enum {
    SHIP_ENTRIES,
    SHIP_APPLY,
    SHIP_STATUS,
    SHIP_HEARTBEAT,
    SHIP_COPY_ASK,
    SHIP_COPY_ROWS,
    SHIP_WROTE,
    SHIPPING_MESSAGES
};
enum { SHIP_LOG, SHIP_TAILS, SHIP_INBOX, SHIP_EARLY, SHIP_MARKS, SHIPPING_STORES };
enum { SHIP_FLUSH, SHIP_TICK, SHIP_COPY, SHIPPING_TIMERS };
enum { SHIP_BATCH_MOST = 256 };

struct ship_entry {
    uint64_t position;
    geo_value value;
    geo_op_id op;
    geo_key key;
    geo_ns taken; /* by the leader's oscillator */
    uint32_t value_bytes;
    uint32_t unused;
};

struct ship_record { /* an entry in the leader's log, and what the leader knows of it */
    struct ship_entry entry;
    geo_op op;
    geo_node asked;
    uint8_t outcome;          /* enum geo_outcome: what the client is told when it is done */
    bool is_written, is_done; /* the leader's own write is durable; it is readable, and the client was told */
    bool goes_on;             /* sync: waited long enough for acknowledgements */
};

struct ship_inbox {
    struct ship_entry entry;
    uint64_t prev;
    geo_node leader;
    bool is_used;
};

struct ship_marks { /* durable; an applied position for each node follows: uint64_t */
    uint64_t floor; /* the leader's log was made anew from here: who has less must copy */
};

struct shipping_state {
    struct forward_state forward;
    uint32_t value_bytes; /* of the last value met */
    uint32_t copies;      /* of a leader without its disk: those complete */
    geo_ns back;          /* when it came back, by its oscillator */
    bool is_empty;        /* a leader that lost its disk, and has not yet what it needs to serve */
    bool ticks, flushes;  /* the timers run */
    bool rolls_back;      /* shipping_def.rolls_back */
    uint64_t visible;     /* the largest position that is done here */
};

struct shipping_peer {
    struct copy_peer copy; /* first: copy.h */
    struct forward_peer forward;
    /* what a leader knows of its follower: positions */
    uint64_t taken, sent, confirmed; /* the last of its own in the log, shipped, confirmed */
    uint64_t mark;                   /* sent at the last tick */
    bool is_unknown;                 /* where it stands: nothing is shipped until it says so */
    /* what a follower knows of its leader */
    uint64_t received, applied;
    uint64_t heard_at;    /* received at the last heartbeat */
    uint32_t asks, skips; /* since it last moved: how often it asked, and heartbeats until it asks again */
    uint64_t asked_from;  /* it has asked for what follows this gap */
    geo_ns fresh_at;   /* it has all that the leader had taken by then, by its own oscillator; 0: never yet */
    geo_ns fresh_next; /* ... and when `fresh_position` is applied, all by then */
    uint64_t fresh_position;
    bool is_copying;
};

struct shipping_def {
    geo_region leader;  /* no region of that number: nobody leads, as far as this node knows */
    uint32_t batch;     /* entries in a message */
    geo_ns flush_every; /* 0: at once */
    geo_ns tick_every;  /* how often stalls are looked for, and copies asked again */
    bool reports;       /* followers tell their position every tick_every, and the leader answers */
    bool acknowledges;  /* they tell it for each entry that they take in (sync) or apply (async) */
    bool inbox_is_durable;
    uint32_t copies_needed; /* of a leader without its disk, before it serves */
    geo_ns recover_after;   /* ... or any, after this; 0: never */
    uint64_t reign;         /* leaders before this one; positions and stamps begin from there */
    bool rolls_back;        /* a copy replaces what is there, newer or not: a model that may geo_forget */
    void (*confirmed)(geo_replica *r, uint64_t from,
                      uint64_t upto); /* a follower has confirmed these; optional */
};

#define SHIPPING_MESSAGE_DEFS(entries_service)                                                               \
    [SHIP_ENTRIES] = {"entries", GEO_NO_LEG, (entries_service)},                                             \
    [SHIP_APPLY] = {"apply", GEO_NO_LEG, GEO_SERVE_APPLY},                                                   \
    [SHIP_STATUS] = {"status", GEO_NO_LEG, GEO_NO_SERVICE},                                                  \
    [SHIP_HEARTBEAT] = {"heartbeat", GEO_NO_LEG, GEO_NO_SERVICE},                                            \
    [SHIP_COPY_ASK] = {"copy-ask", GEO_NO_LEG, GEO_NO_SERVICE},                                              \
    [SHIP_COPY_ROWS] = {"copy-rows", GEO_NO_LEG, GEO_NO_SERVICE},                                            \
    [SHIP_WROTE] = {"own-write", GEO_NO_LEG, GEO_SERVE_WRITE}

#define SHIPPING_STORE_DEFS(inbox_durable)                                                                   \
    [SHIP_LOG] = {.name = "log",                                                                             \
                  .kind = GEO_LOG,                                                                           \
                  .durable = true,                                                                           \
                  .record_bytes = sizeof(struct ship_record)},                                               \
    [SHIP_TAILS] = {.name = "tails", .kind = GEO_ROWS, .durable = true, .record_bytes = sizeof(geo_value)},  \
    [SHIP_INBOX] = {.name = "inbox",                                                                         \
                    .kind = GEO_LOG,                                                                         \
                    .durable = (inbox_durable),                                                              \
                    .record_bytes = sizeof(struct ship_inbox)},                                              \
    [SHIP_EARLY] = {.name = "early",                                                                         \
                    .kind = GEO_LOG,                                                                         \
                    .durable = false,                                                                        \
                    .record_bytes = sizeof(struct ship_inbox)},                                              \
    [SHIP_MARKS] = {.name = "marks",                                                                         \
                    .kind = GEO_LOG,                                                                         \
                    .durable = true,                                                                         \
                    .record_bytes = sizeof(struct ship_marks),                                               \
                    .record_bytes_per_node = sizeof(uint64_t)}

void shipping_start(geo_replica *r, const struct shipping_def *d, enum geo_lost lost);
void shipping_timer(geo_replica *r, const struct shipping_def *d, uint32_t type, uint64_t arg);
/* All types below SHIPPING_MESSAGES but SHIP_WROTE, which is the model's: the own write of position (the
 * body) is durable. */
void shipping_message(geo_replica *r, const struct shipping_def *d, const geo_message *m);

/* At the leader: takes the write, in the order of its key, and begins to make it durable (SHIP_WROTE) and to
 * ship it. A decrement that cannot be is an entry too, which changes nothing: its *no* stands on writes that
 * may still be under way. The entry's position; 0: it is the retry of the key's last write, which is done. */
uint64_t shipping_take(geo_replica *r, const struct shipping_def *d, const geo_op *op, geo_node asked);

/* At the leader: the entry becomes readable. */
void shipping_done(geo_replica *r, uint64_t position);

/* This node begins to lead, with what it has (shipping_is_drained); it follows another leader than before. */
void shipping_lead(geo_replica *r, const struct shipping_def *d);
void shipping_follow(geo_replica *r, const struct shipping_def *d);

/* Is all that it received applied? */
bool shipping_is_drained(const geo_replica *r);

/* How far a follower is: the sum over its leaders' positions, and 1; 0 if it copies, or has lost its disk. */
uint64_t shipping_position(geo_replica *r, const struct shipping_def *d);

/* At the leader: has every node of the region confirmed all that it should have, and is it done here? */
bool shipping_is_even(geo_replica *r, geo_region with);

/* What is cut from the log: what all followers have confirmed and is done. */
void shipping_cut(geo_replica *r);

#endif
