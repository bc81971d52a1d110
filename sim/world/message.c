/* message.c -- see message.h. Bodies come in sizes of 64 bytes times a power of two; larger than the last are
 * malloc'ed. */
#include "sim/world/message.h"

enum { BLOCK_MESSAGES = 512, BODY_BLOCK_BYTES = 1 << 16, CACHE_LINE = 64 };

_Static_assert(sizeof(struct body) == 16, "a body of 112 bytes fills two lines of the cache");
_Static_assert(sizeof(struct message) == 2 * CACHE_LINE, "and a message two");

/* Of a pool; where its first line of the cache begins. */
static unsigned char *new_block(size_t count, size_t each, void **block)
{
    *block = memory_new(count * each + CACHE_LINE - 1, 1);
    return (unsigned char *)*block + (-(uintptr_t)*block & (CACHE_LINE - 1));
}

void message_pool_grow(struct network *n)
{
    unsigned char *pieces = new_block(BLOCK_MESSAGES, sizeof(struct message), array_add(&n->message_blocks));

    for (int i = 0; i < BLOCK_MESSAGES; i++) {
        struct message *piece = (struct message *)(void *)pieces + i;
        piece->next = n->free_messages;
        n->free_messages = piece;
    }
}

struct message *message_copy(struct world *w, const struct message *m)
{
    struct message *copy = message_take(&w->network);

    *copy = *m;
    copy->next = NULL;
    if (copy->body != NULL)
        copy->body->references++;
    message_hold_op(w, copy);
    return copy;
}

void body_pool_grow(struct network *n, uint32_t size_class)
{
    size_t each = (size_t)BODY_LEAST << size_class;
    size_t count = each < BODY_BLOCK_BYTES ? BODY_BLOCK_BYTES / each : 1;
    unsigned char *pieces = new_block(count, each, array_add(&n->body_blocks));

    for (size_t i = 0; i < count; i++) {
        struct body *piece = (struct body *)(void *)(pieces + i * each);
        piece->next = n->free_bodies[size_class];
        n->free_bodies[size_class] = piece;
    }
}

struct body *body_new_large(size_t bytes)
{
    struct body *b = memory_new(1, sizeof *b + bytes);

    b->references = 1;
    b->size_class = BODY_CLASSES;
    b->bytes = bytes;
    return b;
}

void message_pools_close(struct network *n)
{
    array_each (void *, block, &n->message_blocks)
        free(*block);
    array_each (void *, block, &n->body_blocks)
        free(*block);
    array_free(&n->message_blocks);
    array_free(&n->body_blocks);
}
