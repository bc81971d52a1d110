/* operation.c -- see operation.h. */
#include "sim/world/operation.h"

#include "sim/base/check.h"

enum { PENDING_BLOCK = 256, OPERATION_BLOCK = 64, RING_LEAST = 64 };

void op_table_open(struct op_table *o, uint32_t region_count)
{
    *o = (struct op_table){.region_count = region_count};
    o->gone.op.id = OPERATION_GONE;
    o->at_hand = &o->gone;
    o->rings = memory_new(2 * (size_t)region_count, sizeof *o->rings);
    for (uint32_t i = 0; i < 2 * region_count; i++)
        o->rings[i] = (struct ring){.slots = memory_new(RING_LEAST, sizeof *o->rings[i].slots),
                                    .mask = RING_LEAST - 1,
                                    .first = 1,
                                    .next = 1};
}

void op_table_set_pending_bytes(struct op_table *o, uint32_t bytes)
{
    o->pending_bytes = (bytes + 15u) & ~15u;
}

void op_table_close(struct op_table *o)
{
    for (uint32_t i = 0; i < 2 * o->region_count; i++) {
        struct ring *ring = &o->rings[i];
        for (uint64_t c = ring->first; c < ring->next; c++) {
            struct operation *one = op_table_at(ring, c);
            if (one != NULL && one->use_capacity > LINK_USES_INLINE)
                free(one->uses);
        }
        free(ring->slots);
    }
    free(o->rings);
    array_each (struct operation *, block, &o->operation_blocks)
        free(*block);
    array_each (void *, block, &o->pending_blocks)
        free(*block);
    array_free(&o->operation_blocks);
    array_free(&o->pending_blocks);
}

static void ring_grow(struct ring *ring)
{
    uint64_t mask = 2 * ring->mask + 1;
    struct operation **slots = memory_new(mask + 1, sizeof *slots);

    for (uint64_t c = ring->first; c < ring->next; c++)
        slots[c & mask] = ring->slots[c & ring->mask];
    free(ring->slots);
    ring->slots = slots;
    ring->mask = mask;
}

void operation_ring_make_room(struct ring *ring)
{
    op_table_advance(ring);
    if (ring->next - ring->first > ring->mask)
        ring_grow(ring);
}

void operation_pool_grow(struct op_table *o)
{
    struct operation *block = memory_new(OPERATION_BLOCK, sizeof *block);

    *array_add(&o->operation_blocks) = block;
    for (int i = OPERATION_BLOCK - 1; i >= 0; i--) {
        block[i].op.id = OPERATION_GONE;
        block[i].next = o->free_operations;
        o->free_operations = &block[i];
    }
}

void operation_pending_grow(struct op_table *o)
{
    unsigned char *block = memory_new(PENDING_BLOCK, o->pending_bytes);

    *array_add(&o->pending_blocks) = block;
    for (uint32_t i = 0; i < PENDING_BLOCK; i++) {
        void *piece = block + (size_t)i * o->pending_bytes;
        memcpy(piece, &o->free_pending, sizeof(void *));
        o->free_pending = piece;
    }
}

void operation_uses_grow(struct operation *one)
{
    struct link_use *more = memory_new(one->use_capacity * 2, sizeof *more);

    memcpy(more, one->uses, one->use_count * sizeof *more);
    if (one->use_capacity > LINK_USES_INLINE)
        free(one->uses);
    one->uses = more;
    one->use_capacity *= 2;
}
