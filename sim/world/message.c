/* message.c -- see message.h. Bodies come in sizes of 64 bytes times a power of two; larger than the last are
 * malloc'ed. */
#include "sim/world/message.h"

#include "sim/world/world.h"

#include <string.h>

enum { BLOCK_MESSAGES = 512, BODY_LEAST = 64, BODY_BLOCK_BYTES = 1 << 16 };

static struct message *take(struct network *n)
{
    if (n->free_messages == NULL) {
        struct message *block = memory_new(BLOCK_MESSAGES, sizeof *block);
        *array_add(&n->message_blocks) = block;
        for (int i = 0; i < BLOCK_MESSAGES; i++) {
            block[i].next = n->free_messages;
            n->free_messages = &block[i];
        }
    }
    struct message *m = n->free_messages;
    n->free_messages = m->next;
    return m;
}

static void hold_op(struct world *w, struct message *m)
{
    m->about = m->op != 0 ? operation_find(&w->operations, m->op) : NULL;
    if (m->about == NULL)
        return;
    operation_hold(m->about);
    m->attempt = m->about->op.attempt;
}

struct message *message_new(struct world *w, uint64_t op, struct body *body)
{
    struct message *m = take(&w->network);

    m->body = body; /* what is never read before it is set is left: this is one line in three of the cache */
    m->op = op;
    m->number = ++w->network.sent;
    m->sequence = m->luck = 0;
    m->left = 0;
    m->type = m->lane = m->luck_count = m->transmission = 0;
    m->from_end = m->to_end = END_NODE;
    m->service = m->leg = 0;
    m->attempt = 0;
    if (body != NULL)
        body->references++;
    hold_op(w, m);
    return m;
}

struct message *message_copy(struct world *w, const struct message *m)
{
    struct message *copy = take(&w->network);

    *copy = *m;
    copy->next = NULL;
    if (copy->body != NULL)
        copy->body->references++;
    hold_op(w, copy);
    return copy;
}

void network_drop(struct world *w, struct message *m)
{
    if (m->body != NULL)
        body_release(&w->network, m->body);
    if (m->about != NULL)
        operation_let_go(&w->operations, m->about);
    m->next = w->network.free_messages;
    w->network.free_messages = m;
}

/* Sizes are BODY_LEAST doubled c times; BODY_CLASSES: larger. */
static uint32_t class_of(size_t bytes)
{
    size_t more = (bytes - 1) / BODY_LEAST;
    uint32_t c = more == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(more);

    return c < BODY_CLASSES ? c : BODY_CLASSES;
}

static void add_bodies(struct network *n, uint32_t c)
{
    size_t each = sizeof(struct body) + ((size_t)BODY_LEAST << c);
    size_t count = each < BODY_BLOCK_BYTES ? BODY_BLOCK_BYTES / each : 1;
    unsigned char *block = memory_new(count, each);

    *array_add(&n->body_blocks) = block;
    for (size_t i = 0; i < count; i++) {
        struct body *piece = (struct body *)(void *)(block + i * each);
        piece->next = n->free_bodies[c];
        n->free_bodies[c] = piece;
    }
}

struct body *body_new(struct network *n, const void *data, size_t bytes)
{
    struct body *b;

    if (bytes == 0)
        return NULL;
    uint32_t c = class_of(bytes);
    if (c == BODY_CLASSES) {
        b = memory_new(1, sizeof *b + bytes);
    } else {
        if (n->free_bodies[c] == NULL)
            add_bodies(n, c);
        b = n->free_bodies[c];
        n->free_bodies[c] = b->next;
    }
    b->references = 1;
    b->size_class = c;
    b->bytes = bytes;
    if (data != NULL)
        memcpy(b->data, data, bytes);
    return b;
}

void body_release(struct network *n, struct body *b)
{
    if (b == NULL || --b->references > 0)
        return;
    if (b->size_class == BODY_CLASSES) {
        free(b);
        return;
    }
    b->next = n->free_bodies[b->size_class];
    n->free_bodies[b->size_class] = b;
}

void message_pools_close(struct network *n)
{
    array_each (struct message *, block, &n->message_blocks)
        free(*block);
    array_each (void *, block, &n->body_blocks)
        free(*block);
    array_free(&n->message_blocks);
    array_free(&n->body_blocks);
}
