/* operation.c -- see operation.h. */
#include "sim/world/operation.h"

#include "sim/base/check.h"

#include <stdlib.h>
#include <string.h>

enum { PENDING_BLOCK = 256, OPERATION_BLOCK = 64 };

void op_table_open(struct op_table *o, uint32_t region_count)
{
    *o = (struct op_table){.region_count = region_count};
    o->rings = memory_new(2 * (size_t)region_count, sizeof *o->rings);
    for (uint32_t i = 0; i < 2 * region_count; i++)
        o->rings[i] = (struct ring){.first = 1, .next = 1};
}

void op_table_set_pending_bytes(struct op_table *o, uint32_t bytes)
{
    uint32_t least = sizeof(void *);
    o->pending_bytes = ((bytes > least ? bytes : least) + 15u) & ~15u;
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

static void grow(struct ring *ring)
{
    uint64_t capacity = ring->capacity != 0 ? ring->capacity * 2 : 64;
    struct operation **slots = memory_new(capacity, sizeof *slots);

    for (uint64_t c = ring->first; c < ring->next; c++)
        slots[c & (capacity - 1)] = ring->slots[c & (ring->capacity - 1)];
    free(ring->slots);
    ring->slots = slots;
    ring->capacity = capacity;
}

static void add_block(struct op_table *o)
{
    struct operation *block = memory_new(OPERATION_BLOCK, sizeof *block);

    *array_add(&o->operation_blocks) = block;
    for (int i = OPERATION_BLOCK - 1; i >= 0; i--) {
        block[i].next = o->free_operations;
        o->free_operations = &block[i];
    }
}

struct operation *operation_new(struct op_table *o, uint32_t region, bool probe)
{
    struct ring *ring = &o->rings[region + (probe ? o->region_count : 0)];

    if (ring->next - ring->first >= ring->capacity)
        grow(ring);
    if (o->free_operations == NULL)
        add_block(o);
    uint64_t count = ring->next++;
    struct operation *one = o->free_operations;
    o->free_operations = one->next;
    ring->slots[count & (ring->capacity - 1)] = one;
    memset(&one->holds, 0, offsetof(struct operation, uses) - offsetof(struct operation, holds));
    one->open = true; /* the list of uses is empty; `op` is the caller's */
    one->uses = one->use_inline;
    one->use_capacity = LINK_USES_INLINE;
    one->probe_of = 0;
    one->probe_after = 0;
    one->op.id = (uint64_t)region << 48 | (uint64_t)probe << 47 | count << 8;
    return one;
}

void operation_free(struct op_table *o, struct operation *one)
{
    struct ring *ring = &o->rings[op_table_ring_index(o, one->op.id)];
    uint64_t mask = ring->capacity - 1;

    operation_pending_release(o, one);
    if (one->use_capacity > LINK_USES_INLINE)
        free(one->uses);
    ring->slots[op_table_count(one->op.id) & mask] = NULL;
    while (ring->first < ring->next && ring->slots[ring->first & mask] == NULL)
        ring->first++;
    one->next = o->free_operations;
    o->free_operations = one;
}

void operation_pending_new(struct op_table *o, struct operation *one, uint32_t node, uint32_t epoch,
                           uint64_t id, uint8_t attempt)
{
    operation_pending_release(o, one);
    if (o->free_pending == NULL) {
        unsigned char *block = memory_new(PENDING_BLOCK, o->pending_bytes);
        *array_add(&o->pending_blocks) = block;
        for (uint32_t i = 0; i < PENDING_BLOCK; i++) {
            void *piece = block + (size_t)i * o->pending_bytes;
            memcpy(piece, &o->free_pending, sizeof(void *));
            o->free_pending = piece;
        }
    }
    one->pending = o->free_pending;
    memcpy(&o->free_pending, one->pending, sizeof(void *));
    memset(one->pending, 0, o->pending_bytes);
    one->pending_node = node;
    one->pending_epoch = epoch;
    one->pending_id = id;
    one->pending_attempt = attempt;
}

void operation_pending_release(struct op_table *o, struct operation *one)
{
    if (one->pending == NULL)
        return;
    memcpy(one->pending, &o->free_pending, sizeof(void *));
    o->free_pending = one->pending;
    one->pending = NULL;
}

uint32_t operation_count_message(struct operation *one, uint32_t from_region, uint32_t to_region)
{
    for (uint32_t i = 0; i < one->use_count; i++)
        if (one->uses[i].from == from_region && one->uses[i].to == to_region)
            return one->uses[i].count++;
    if (one->use_count == one->use_capacity) {
        struct link_use *more = memory_new(one->use_capacity * 2, sizeof *more);
        memcpy(more, one->uses, one->use_count * sizeof *more);
        if (one->use_capacity > LINK_USES_INLINE)
            free(one->uses);
        one->uses = more;
        one->use_capacity *= 2;
    }
    one->uses[one->use_count++] = (struct link_use){(uint16_t)from_region, (uint16_t)to_region, 1};
    return 0;
}
