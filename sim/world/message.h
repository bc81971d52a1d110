/* message.h -- where messages and their bodies live: pools of the network, so that sending allocates nothing.
 *
 * Their usual ways are here, for the compiler to see them where they are called. */
#ifndef GEOREP_WORLD_MESSAGE_H
#define GEOREP_WORLD_MESSAGE_H

#include "sim/base/check.h"
#include "sim/world/network.h"
#include "sim/world/operation.h"
#include "sim/world/world.h"

#include <string.h>

enum { BODY_LEAST = 64 };

/* For those below: what is not at hand. */
void message_pool_grow(struct network *n);
void body_pool_grow(struct network *n, uint32_t size_class);
struct body *body_new_large(size_t bytes);

/* A size is BODY_LEAST doubled c times, the body's head included; BODY_CLASSES: larger. */
static inline uint32_t body_class_of(size_t bytes)
{
    size_t more = (sizeof(struct body) + bytes - 1) / BODY_LEAST;
    uint32_t c = 63 - (uint32_t)__builtin_clzll(2 * (unsigned long long)more + 1);

    return c < BODY_CLASSES ? c : BODY_CLASSES;
}

/* Of `bytes` > 0, to be filled in, with one reference, of the caller's. */
static inline struct body *body_new(struct network *n, size_t bytes)
{
    uint32_t c = body_class_of(bytes);

    if (__builtin_expect(c == BODY_CLASSES, 0))
        return body_new_large(bytes);
    if (__builtin_expect(n->free_bodies[c] == NULL, 0))
        body_pool_grow(n, c);
    struct body *b = n->free_bodies[c];
    n->free_bodies[c] = b->next;
    b->references = 1;
    b->size_class = c;
    b->bytes = bytes;
    return b;
}

/* NULL is fine. */
static inline void body_release(struct network *n, struct body *b)
{
    if (b == NULL || --b->references > 0)
        return;
    if (__builtin_expect(b->size_class == BODY_CLASSES, 0)) {
        free(b);
        return;
    }
    b->next = n->free_bodies[b->size_class];
    n->free_bodies[b->size_class] = b;
}

static inline struct message *message_take(struct network *n)
{
    if (__builtin_expect(n->free_messages == NULL, 0))
        message_pool_grow(n);
    struct message *m = n->free_messages;
    n->free_messages = m->next;
    return m;
}

/* The operation is there as long as a message speaks of it. */
static inline void message_hold_op(struct world *w, struct message *m)
{
    m->attempt = 0;
    m->about = m->op != 0 ? operation_find(&w->operations, m->op) : NULL;
    if (m->about == NULL)
        return;
    operation_hold(m->about);
    m->attempt = m->about->op.attempt;
}

/* A message about `op` (0: none), which it holds; a reference to the body goes with it. All else is to be
 * set, as far as it will be read. */
static inline struct message *message_new(struct world *w, uint64_t op, struct body *body)
{
    struct message *m = message_take(&w->network);

    m->body = body;
    m->op = op;
    m->number = ++w->network.sent;
    message_hold_op(w, m);
    return m;
}

struct message *message_copy(struct world *w, const struct message *m); /* a duplicate on the way */

static inline void message_drop(struct world *w, struct message *m)
{
    body_release(&w->network, m->body);
    if (m->about != NULL)
        operation_let_go(&w->operations, m->about);
    m->next = w->network.free_messages;
    w->network.free_messages = m;
}

void message_pools_close(struct network *n);

#endif
