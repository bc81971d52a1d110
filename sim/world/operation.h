/* operation.h -- the operations that are open, or that messages still speak of, found by their identity.
 *
 * A region's operations are counted, so a ring by their count says where each is: finding one is an index. An
 * operation is given back when it has ended and no message holds it, and the next one takes its place: most
 * end at once, while a write that is on its way to others lives a hundred times as long. Probes have rings of
 * their own. What is looked up is mostly what was at hand just before, so that is tried first.
 *
 * The first attempts of a ring are begun in the order of their counts and wait equally long, so that one
 * event in the queue, for the first that still waits, stands for the time-outs of them all (sessions.c). */
#ifndef GEOREP_WORLD_OPERATION_H
#define GEOREP_WORLD_OPERATION_H

#include "sim/base/array.h"
#include "sim/engine/event_queue.h"
#include "sim/model/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How many messages of an operation have gone over a directed pair of regions. */
struct link_use {
    uint16_t from, to;
    uint32_t count;
};

enum { LINK_USES_INLINE = 6 };
#define OPERATION_GONE UINT64_MAX /* of a region beyond the last there may be */

struct operation {
    geo_op op;               /* op.id is of the newest attempt */
    uint32_t at_region;      /* where it is issued: the client's, or where it roams */
    uint8_t pending_attempt; /* that the request was of, and its identity: pending_id */
    uint32_t pending_node, pending_epoch;
    uint64_t pending_id;
    geo_ns gives_up_at; /* the first attempt, and its place among what happens then */
    uint64_t gives_up_order;
    /* from here to `uses` all zero at first, but for `open` */
    void *pending;        /* the model's memory, at node pending_node; NULL: no request waits */
    event_handle timeout; /* of a later attempt */
    uint32_t holds;       /* messages that speak of it */
    bool open;            /* its client waits */
    bool wants_probes;    /* of a write: reads follow its commit */
    uint64_t use_marks;   /* a bit for each pair of regions in `uses`; some pairs share one */
    uint32_t use_count, use_capacity;
    struct link_use *uses; /* use_inline, or memory of its own */
    struct link_use use_inline[LINK_USES_INLINE];
    union {
        struct {
            uint64_t probe_of; /* of a probe */
            uint32_t probe_after;
        };
        struct operation *next; /* when free */
    };
};

struct ring {
    struct operation **slots; /* [count & mask]; NULL where it is gone */
    uint64_t mask;            /* a power of two less 1 */
    uint64_t first, next;     /* counts in use: [first, next); op_table_advance finds the first anew */
    bool watches;             /* an event is queued for the time-out of count `watched` */
    uint64_t watched;
};

struct op_table {
    struct ring *rings;        /* [2 * region], and behind it that of its probes */
    struct operation *at_hand; /* some operation: perhaps the next one that is looked up */
    struct operation gone; /* none: of an identity that no operation has, which those given back have too */
    uint32_t region_count;
    uint32_t pending_bytes; /* 0: the model keeps none, and `pending` only says that a request waits: */
    uint64_t no_pending[2]; /* it points here */
    struct operation *free_operations;
    ARRAY(struct operation *) operation_blocks;
    void *free_pending;
    ARRAY(void *) pending_blocks;
};

void op_table_open(struct op_table *o, uint32_t region_count);
void op_table_set_pending_bytes(struct op_table *o, uint32_t bytes);
void op_table_close(struct op_table *o);

/* For those below: what is not at hand. */
void operation_ring_make_room(struct ring *ring);
void operation_pool_grow(struct op_table *o);
void operation_pending_grow(struct op_table *o);
void operation_uses_grow(struct operation *one);

static inline uint32_t op_table_ring_index(uint64_t id)
{
    return (uint32_t)(id >> 47);
}

static inline uint64_t op_table_count(uint64_t id)
{
    return id >> 8 & ((UINT64_C(1) << 39) - 1);
}

/* The operation of that count, or NULL when it is gone. */
static inline struct operation *op_table_at(const struct ring *ring, uint64_t count)
{
    return count - ring->first < ring->next - ring->first ? ring->slots[count & ring->mask] : NULL;
}

/* Those at the beginning of the ring that are gone are counted in use no more. Only where room is wanted, or
 * the first that is left: to look after each that goes would be to look at each alone. */
static inline void op_table_advance(struct ring *ring)
{
    uint64_t first = ring->first;

    while (first < ring->next && ring->slots[first & ring->mask] == NULL)
        first++;
    ring->first = first;
}

/* It is likely looked up soon. */
static inline void operation_take_up(struct op_table *o, struct operation *one)
{
    o->at_hand = one;
}

static inline bool operation_is(const struct operation *one, uint64_t id)
{
    return (one->op.id ^ id) >> 8 == 0;
}

/* The operation of an identity (any attempt's), or NULL when it is gone. */
static inline struct operation *operation_find(const struct op_table *o, uint64_t id)
{
    if (operation_is(o->at_hand, id))
        return o->at_hand;
    const struct ring *ring = &o->rings[op_table_ring_index(id)];
    struct operation *one = ring->slots[id >> 8 & ring->mask];

    return one != NULL && operation_is(one, id) ? one : NULL;
}

/* The same where it was once, or NULL: what an operation leaves, another takes. */
static inline struct operation *operation_still(struct operation *one, uint64_t id)
{
    return operation_is(one, id) ? one : NULL;
}

/* A new open operation of the region with the next count; its op.id is set, the rest of `op` is the caller's
 * to fill in, as is at_region; no attempt is under way. It does not move. */
static inline struct operation *operation_new(struct op_table *o, uint32_t region, bool probe)
{
    uint32_t index = 2 * region + probe;
    struct ring *ring = &o->rings[index];

    if (__builtin_expect(ring->next - ring->first > ring->mask, 0))
        operation_ring_make_room(ring);
    if (__builtin_expect(o->free_operations == NULL, 0))
        operation_pool_grow(o);
    uint64_t count = ring->next++;
    struct operation *one = o->free_operations;
    o->free_operations = one->next;
    ring->slots[count & ring->mask] = one;
    memset(&one->pending, 0, offsetof(struct operation, uses) - offsetof(struct operation, pending));
    one->open = true; /* the list of uses is empty; `op` is the caller's */
    one->uses = one->use_inline;
    one->use_capacity = LINK_USES_INLINE;
    one->probe_of = 0;
    one->probe_after = 0;
    one->op.id = (uint64_t)index << 47 | count << 8;
    return one;
}

static inline void operation_pending_release(struct op_table *o, struct operation *one)
{
    if (o->pending_bytes > 0 && one->pending != NULL) {
        memcpy(one->pending, &o->free_pending, sizeof(void *));
        o->free_pending = one->pending;
    }
    one->pending = NULL;
}

/* A request of this identity arrived at the node: what an earlier one had there is let go of. */
static inline void operation_pending_new(struct op_table *o, struct operation *one, uint32_t node,
                                         uint32_t epoch, uint64_t id, uint8_t attempt)
{
    if (o->pending_bytes == 0) {
        one->pending = o->no_pending;
    } else {
        operation_pending_release(o, one);
        if (__builtin_expect(o->free_pending == NULL, 0))
            operation_pending_grow(o);
        one->pending = o->free_pending;
        memcpy(&o->free_pending, one->pending, sizeof(void *));
        memset(one->pending, 0, o->pending_bytes);
    }
    one->pending_node = node;
    one->pending_epoch = epoch;
    one->pending_id = id;
    one->pending_attempt = attempt;
}

/* Neither its client nor a message speaks of it any more. */
static inline void operation_free(struct op_table *o, struct operation *one)
{
    struct ring *ring = &o->rings[op_table_ring_index(one->op.id)];

    operation_pending_release(o, one);
    if (__builtin_expect(one->use_capacity > LINK_USES_INLINE, 0))
        free(one->uses);
    ring->slots[one->op.id >> 8 & ring->mask] = NULL;
    one->op.id = OPERATION_GONE;
    one->next = o->free_operations;
    o->free_operations = one;
}

static inline void operation_hold(struct operation *one)
{
    one->holds++;
}

/* A hold ends. */
static inline void operation_let_go(struct op_table *o, struct operation *one)
{
    CHECK(one->holds > 0);
    if (--one->holds == 0 && !one->open)
        operation_free(o, one);
}

/* Its client has been told. */
static inline void operation_close(struct op_table *o, struct operation *one)
{
    one->open = false;
    if (one->holds == 0)
        operation_free(o, one);
}

/* The number of messages of the operation that went this way before; counts this one. */
static inline uint32_t operation_count_message(struct operation *one, uint32_t from_region,
                                               uint32_t to_region)
{
    uint64_t mark = UINT64_C(1) << (8 * from_region + to_region) % 64;
    struct link_use *use = one->uses, *end = use + one->use_count;

    for (bool maybe = (one->use_marks & mark) != 0; maybe && use < end; use++)
        if (use->from == from_region && use->to == to_region)
            return use->count++;
    if (__builtin_expect(one->use_count == one->use_capacity, 0))
        operation_uses_grow(one);
    one->use_marks |= mark;
    one->uses[one->use_count++] = (struct link_use){(uint16_t)from_region, (uint16_t)to_region, 1};
    return 0;
}

#endif
