/* history.h -- the record of what happened in a trial, in event order, and who reads it.
 *
 * The world and the trial append; readers (sim/observe) are called with the records in that order. Nothing is
 * kept once it is read: a history of any length costs the same memory. A record's *position* counts from 1;
 * "before" in every metric means a smaller position (semantics, A).
 *
 * Records are read a batch at a time, one reader after another, so that the code and the tables of each stay
 * in the caches while it has its turn, and it can ask for the tables of the next records ahead. No reader may
 * therefore look at the world, or at another reader, as if it stood where the record stands. A history that
 * was not told to gather has batches of one: a record is read as it is appended.
 */
#ifndef GEOREP_HISTORY_H
#define GEOREP_HISTORY_H

#include "sim/base/array.h"
#include "sim/engine/time.h"

#include <stdbool.h>
#include <stdint.h>

enum history_kind {
    HISTORY_BEGIN,  /* a client begins an operation (means to: open arrivals) */
    HISTORY_RETRY,  /* its next attempt; `op` has another identity with retry_as: new (.retry.of is the one
                       before) */
    HISTORY_TAKE,   /* node gives write `op` its place (.take) */
    HISTORY_MADE,   /* comes before a TAKE of the same op: it was made with .made.write, read elsewhere */
    HISTORY_STORE,  /* BY_ORDER: version .store arrives at the node; kept or refused */
    HISTORY_MERGE,  /* BY_MERGE: node reflects origin's first .merge.upto writes to key */
    HISTORY_ANSWER, /* BY_MERGE: a read of key at node would answer .answer.digest from now on */
    HISTORY_DROP,   /* BY_MERGE: node let go of .drop.loser for .drop.winner */
    HISTORY_SAMPLE, /* the END of `op` that follows was made from this replica state too (.sample) */
    HISTORY_END,    /* the client is told (ok, no, refused, throttled), or gives up (timeout), or the run ends
                       (open) */
    HISTORY_SEND,   /* one transmission of a message between regions, or between a client and a region not its
                     * own;   with a reader of ARRIVE also those between nodes of one region */
    HISTORY_ARRIVE, /* message .way.message arrives at its receiver (told only when somebody reads it) */
    HISTORY_LOST,   /* a transmission of it is lost (likewise) */
    HISTORY_DOWN,   /* node crashes (.down.lose); with LOSE_DISK it forgets everything */
    HISTORY_UP,
    HISTORY_FAULT,  /* fault number .fault.index begins or ends */
    HISTORY_COUNT,  /* a model's counter (.count) */
    HISTORY_LEADS,  /* node leads a group from now on in a term, or leads it no more (.leads) */
    HISTORY_FORGET, /* BY_ORDER: node rolled its replica of key back to the value from before the start
                     * (.forget): nothing has reached it there */
    HISTORY_KINDS
};

enum history_outcome {
    OUTCOME_OK,
    OUTCOME_NO,
    OUTCOME_REFUSED,
    OUTCOME_THROTTLED,
    OUTCOME_TIMEOUT,
    OUTCOME_OPEN
};
enum history_loss { LOST_BY_CHANCE, LOST_BY_CUT, LOST_BY_CRASH };
enum history_lose { LOSE_NOTHING, LOSE_MEMORY, LOSE_DISK };

#define HISTORY_NO_NODE UINT32_MAX

struct history_record {
    sim_ns time;
    uint64_t op; /* identity as in model.h: region << 48 | probe << 47 | count << 8 | identity */
    uint64_t key;
    uint32_t node;
    uint8_t kind; /* enum history_kind */
    union {
        struct {
            uint32_t session;     /* number within its region */
            uint16_t region;      /* the client's */
            uint16_t issued_from; /* where it roams, else the same */
            uint8_t op_kind, data, is_probe, item;
            uint32_t value_bytes;
            int64_t amount;
            uint64_t probe_of;    /* the write whose commit the probe follows */
            uint16_t probe_after; /* index into the scenario's probes.after */
        } begin;
        struct {
            uint64_t of;
            uint32_t attempt;
        } retry;
        struct {
            int64_t stamp;    /* BY_MERGE: the taker's count of its writes to the key */
            int64_t priority; /* what decides between it and others: the stamp, or what the model said */
            sim_ns clock_offset, clock_drift; /* the taker's clock shows .time + both (world/clock.h) */
            uint32_t value_bytes;
            uint8_t op_kind;
        } take;
        struct {
            uint64_t write;
        } made;
        struct {
            int64_t stamp;
            uint64_t write;
            uint64_t digest;
            uint8_t kept;
        } store; /* digest: what a read would answer now, if kept */
        struct {
            uint64_t upto;
            uint32_t origin;
        } merge;
        struct {
            uint64_t digest;
        } answer;
        struct {
            uint64_t loser, winner;
        } drop;
        struct {
            uint64_t instant;
        } sample; /* node: the replica; instant: a position, the state is as of just after it */
        struct {
            uint64_t
                instant; /* of its first sample, as in .sample; node is the replica, HISTORY_NO_NODE: none */
            uint64_t
                write; /* a read: identity of the (newest) write whose value it returned; 0: the initial */
            uint64_t digest; /* a read: the value, as one number; */
            int64_t number;  /* a read of a counter: the number; of a set: its named items, as bits */
            uint8_t outcome; /* enum history_outcome */
            uint8_t op_kind;
            uint16_t value_count; /* siblings, for a read */
        } end;
        struct {
            uint64_t bytes; /* payload + overhead */
            sim_ns
                leaves;  /* when its last byte is on the link: later than now where it waits for bandwidth */
            uint32_t to; /* node; HISTORY_NO_NODE: a client */
            uint16_t from_region, to_region;
            uint32_t type;         /* index into the model's messages; HISTORY_NO_NODE: a client's */
            uint32_t transmission; /* 0, then the retransmissions */
            uint64_t message;      /* its number in the trial, from 1 */
        } send;
        struct {
            uint64_t message;
            uint8_t reason;
        } way; /* reason: enum history_loss */
        struct {
            uint8_t lose;
            uint32_t fault;
        } down;
        struct {
            uint32_t index, occurrence;
            uint8_t begins;
        } fault;
        struct {
            uint64_t by;
            uint32_t counter;
        } count;
        struct {
            uint64_t term;
            uint32_t group;
            uint8_t yes;
        } leads;
        struct {
            uint64_t digest;
        } forget; /* what a read would answer now */
    };
};

static inline bool history_op_is_probe(uint64_t op)
{
    return (op >> 47 & 1) != 0;
}

static inline uint32_t history_op_region(uint64_t op)
{
    return (uint32_t)(op >> 48);
}

/* The operation that an identity belongs to: identities of one operation (retry_as: new) share it. */
static inline uint64_t history_op_of(uint64_t op)
{
    return op & ~UINT64_C(0xff);
}

/* Called for each record whose kind is in `kinds` (1u << kind). The record is valid during the call. */
typedef void history_read_fn(void *reader, const struct history_record *record, uint64_t position);

struct history_entry {
    uint64_t position;
    struct history_record record;
};

/* [count] each. The kinds, which the records say too, also lie side by side: to choose from a batch without
 * going through the memory of all of it. */
struct history_batch {
    const struct history_entry *entries;
    const uint8_t *kinds;
    uint32_t count;
};

/* The same for whoever wants to see the batch whole: of its records those count whose kinds it asked for. */
typedef void history_read_batch_fn(void *reader, const struct history_batch *batch);

struct history_reader {
    history_read_fn *read; /* or: */
    history_read_batch_fn *read_batch;
    void *self;
    uint32_t kinds;
};

/* Private to the functions below. */
struct history {
    uint64_t position;                /* of the last record, 0 when none */
    uint32_t wanted;                  /* kinds that anybody reads: the others are counted and go */
    struct history_entry *next, *end; /* where the next record goes; the end of the batch */
    uint8_t *next_kind;               /* and its kind */
    struct history_entry *batch;
    uint8_t *kinds; /* of the same records */
    ARRAY(struct history_reader) readers;
};

#define HISTORY_BATCH 512

struct history *history_new(void);
void history_free(struct history *h);
void history_gather(struct history *h); /* from now on batches of HISTORY_BATCH; then somebody must flush */
void history_add_reader(struct history *h, history_read_fn *read, void *reader, uint32_t kinds);
void history_add_batch_reader(struct history *h, history_read_batch_fn *read, void *reader, uint32_t kinds);
void history_flush(struct history *h); /* what was gathered is read now; not from within a reader */

/* The next record, which is of this kind, to be written where it is kept; then history_added. NULL: nobody
 * reads its kind, it is counted and gone. */
static inline struct history_record *history_add(struct history *h, enum history_kind kind)
{
    uint64_t position = ++h->position;

    if ((h->wanted >> kind & 1) == 0)
        return NULL;
    h->next->position = position;
    *h->next_kind = (uint8_t)kind;
    return &h->next->record;
}

static inline void history_added(struct history *h)
{
    h->next_kind++;
    if (++h->next == h->end)
        history_flush(h);
}

/* Its position. */
static inline uint64_t history_append(struct history *h, const struct history_record *record)
{
    struct history_record *kept = history_add(h, (enum history_kind)record->kind);
    uint64_t position = h->position;

    if (kept != NULL) {
        *kept = *record;
        history_added(h);
    }
    return position;
}

static inline uint64_t history_position(const struct history *h)
{
    return h->position;
}

/* Does anybody read these? */
static inline bool history_wants(const struct history *h, enum history_kind kind)
{
    return (h->wanted >> kind & 1) != 0;
}

#endif
