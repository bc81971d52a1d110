/* operation.h -- the operations that are open, or that messages still speak of, found by their identity.
 *
 * A region's operations are counted, so they stand in a ring by their count: finding one is an index and a
 * compare. A slot is given back when its operation has ended and no message holds it. Probes have rings of
 * their own. */
#ifndef GEOREP_WORLD_OPERATION_H
#define GEOREP_WORLD_OPERATION_H

#include "sim/engine/event_queue.h"
#include "sim/model/model.h"

#include <stdbool.h>
#include <stdint.h>

/* How many messages of an operation have gone over a directed pair of regions. */
struct link_use {
    uint16_t from, to;
    uint32_t count;
};

enum { LINK_USES_INLINE = 6 };

struct operation {
    geo_op op;      /* op.id is of the newest attempt; op.id >> 8 == 0: the slot is free */
    bool open;      /* its client waits */
    uint32_t holds; /* messages that speak of it */
    sim_ns begun;
    uint32_t at_region; /* where it is issued: the client's, or where it roams */
    uint32_t target;    /* node that the newest attempt goes to */
    event_handle timeout;
    void *pending; /* the model's memory, at node pending_node; NULL: none */
    uint32_t pending_node, pending_epoch;
    uint8_t pending_attempt; /* that the request was of, and its identity: */
    uint64_t pending_id;
    uint32_t probe_after; /* of a probe, with probe_of */
    uint64_t probe_of;
    bool wants_probes; /* of a write: reads follow its commit */
    uint32_t use_count, use_capacity;
    struct link_use *uses; /* use_inline, or memory of its own */
    struct link_use use_inline[LINK_USES_INLINE];
};

struct ring {
    struct operation *slots;
    uint64_t first, next; /* counts in use: [first, next) */
    uint64_t capacity;    /* a power of two */
};

struct op_table {
    struct ring *rings; /* [region], then [regions + region] for probes */
    uint32_t region_count;
    uint32_t pending_bytes;
    void *free_pending;
    void **pending_blocks;
    uint32_t pending_block_count;
};

void op_table_open(struct op_table *o, uint32_t region_count);
void op_table_set_pending_bytes(struct op_table *o, uint32_t bytes);
void op_table_close(struct op_table *o);

/* A new open operation of the region with the next count; its op.id is set, all else zero. Valid until the
 * next one. */
struct operation *operation_new(struct op_table *o, uint32_t region, bool probe);

static inline struct ring *op_table_ring(struct op_table *o, uint64_t id)
{
    return &o->rings[(uint32_t)(id >> 48) + ((id >> 47 & 1) != 0 ? o->region_count : 0)];
}

/* The slot of an identity (any attempt's), or NULL when it is gone. */
static inline struct operation *operation_find(struct op_table *o, uint64_t id)
{
    struct ring *ring = op_table_ring(o, id);
    uint64_t count = id >> 8 & ((UINT64_C(1) << 39) - 1);

    if (count - ring->first >= ring->next - ring->first)
        return NULL;
    struct operation *one = &ring->slots[count & (ring->capacity - 1)];
    return one->op.id >> 8 == id >> 8 ? one : NULL;
}

static inline void operation_hold(struct operation *one)
{
    one->holds++;
}

void operation_let_go(struct op_table *o, uint64_t id);          /* a message's hold */
void operation_close(struct op_table *o, struct operation *one); /* its client has been told */

/* A request of this identity arrived at the node: what an earlier one had there is let go of. */
void operation_pending_new(struct op_table *o, struct operation *one, uint32_t node, uint32_t epoch,
                           uint64_t id, uint8_t attempt);
void operation_pending_release(struct op_table *o, struct operation *one);

/* The number of messages of the operation that went this way before; counts this one. */
uint32_t operation_count_message(struct operation *one, uint32_t from_region, uint32_t to_region);

#endif
