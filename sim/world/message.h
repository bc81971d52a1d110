/* message.h -- messages and their bodies, which come from a pool of the network, so that sending allocates
 * nothing.
 *
 * Their usual ways are here, for the compiler to see them where they are called. */
#ifndef GEOREP_WORLD_MESSAGE_H
#define GEOREP_WORLD_MESSAGE_H

#include "sim/base/hot.h"
#include "sim/base/pool.h"
#include "sim/world/network.h"
#include "sim/world/operation.h"
#include "sim/world/world.h"

#include <string.h>

/* Of `bytes` > 0, to be filled in, with one reference, of the caller's. */
static inline struct body *body_new(struct network *n, size_t bytes)
{
    struct body *b = pool_take(&n->pieces, sizeof *b + bytes);

    b->references = 1;
    b->bytes = bytes;
    b->size = pool_size(sizeof *b + bytes);
    return b;
}

/* NULL is fine. */
static inline void body_release(struct network *n, struct body *b)
{
    if (b != NULL && --b->references == 0)
        pool_give_sized(&n->pieces, b, b->size);
}

/* The operation is there as long as a message speaks of it. */
static inline void message_hold_op(struct message *m)
{
    m->attempt = 0;
    if (m->about == NULL)
        return;
    operation_hold(m->about);
    m->attempt = m->about->op.attempt;
}

/* A message about `op` (0: none), which it holds: `about`, NULL where it is gone. A reference to the body
 * goes with it. All else is to be set, as far as it will be read. */
static inline struct message *message_new_about(struct world *w, uint64_t op, struct operation *about,
                                                struct body *body)
{
    struct message *m = pool_take(&w->network.pieces, sizeof *m);

    m->body = body;
    m->op = op;
    m->number = ++w->network.sent;
    m->about = about;
    message_hold_op(m);
    return m;
}

static inline struct message *message_new(struct world *w, uint64_t op, struct body *body)
{
    return message_new_about(w, op, op != 0 ? operation_find(&w->operations, op) : NULL, body);
}

/* One of a node to itself that nothing delays: taken up when the handler that sends it has returned. */
HOT void message_to_self(struct world *w, uint32_t node, const geo_out *how, struct body *body)
{
    CHECK(how->type < w->network.message_types);
    struct message *m = message_new(w, how->op, body);

    m->from = m->to = node;
    m->from_region = m->to_region = w->places.node_region[node];
    m->from_epoch = m->to_epoch = w->nodes[node].epoch;
    m->from_end = m->to_end = END_NODE;
    m->type = how->type;
    m->lane = how->lane;
    m->service = w->network.defs[how->type].service;
    world_make_ready(w, m);
}

/* Its receiver need not wait for it to be served. */
static inline bool message_is_served(const struct world *w, uint8_t service, uint32_t lane, uint64_t op)
{
    return (w->network.serves_at_once && lane == 0) || service == GEO_NO_SERVICE || history_op_is_probe(op);
}

/* Would one that a node sends to itself now be handed over as soon as the handler has returned, before all
 * else? */
static inline bool message_is_next(const struct world *w, uint32_t type, uint32_t lane, uint64_t op)
{
    CHECK(type < w->network.message_types);
    return !w->network.any_leg && w->ready == NULL && !w->settling &&
           message_is_served(w, w->network.defs[type].service, lane, op);
}

struct message *message_copy(struct world *w, const struct message *m); /* a duplicate on the way */

/* It has been handed over. */
HOT void message_done(struct world *w, struct message *m)
{
    body_release(&w->network, m->body);
    if (m->about != NULL)
        operation_let_go(&w->operations, m->about);
    pool_give(&w->network.pieces, m, sizeof *m);
}

/* The same of one that never will be. */
static inline void message_drop(struct world *w, struct message *m)
{
    message_done(w, m);
}

#endif
