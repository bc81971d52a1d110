/* pool.c -- see pool.h. Rooms of one size are cut from a slab, slabs of all sizes from the same blocks, so
 * that a size of which there are few costs no block. The first blocks are small, since most trials need
 * little, the next a quarter of a megabyte, and the others a large page each (sparse.h). */
#include "sim/base/pool.h"

#include "sim/base/sparse.h"

enum {
    SLAB = 1 << 14,
    SMALL_BLOCK = 1 << 15,
    MIDDLE_BLOCK = 1 << 18,
    LARGE_BLOCK = 1 << 21,
    BLOCKS_EACH = 8
};

void pool_free(struct pool *p)
{
    array_each (struct pool_block, block, &p->blocks)
        sparse_free(block->memory, block->bytes);
    array_free(&p->blocks);
    *p = (struct pool){0};
}

static char *block_new(struct pool *p, size_t bytes)
{
    char *block = sparse_new(bytes, 0);

    *array_add(&p->blocks) = (struct pool_block){block, bytes};
    return block;
}

static size_t block_length(const struct pool *p, size_t least)
{
    if (p->blocks.count < BLOCKS_EACH && least <= SMALL_BLOCK)
        return SMALL_BLOCK;
    return p->blocks.count < 2 * BLOCKS_EACH && least <= MIDDLE_BLOCK ? MIDDLE_BLOCK : LARGE_BLOCK;
}

/* What is left of the last block is lost: less than what is asked for. */
static char *slab_new(struct pool *p, size_t bytes)
{
    if (bytes >= LARGE_BLOCK)
        return block_new(p, bytes);
    if (p->left < bytes) {
        size_t block = block_length(p, bytes);
        p->slabs = block_new(p, block);
        p->left = block;
    }
    char *slab = p->slabs;
    p->slabs += bytes;
    p->left -= bytes;
    return slab;
}

void pool_fill(struct pool *p, uint32_t size)
{
    size_t each = (size_t)POOL_LEAST << size, bytes = each > SLAB ? each : SLAB;
    char *slab = slab_new(p, bytes);

    for (size_t at = bytes; at > 0; at -= each)
        pool_give(p, slab + at - each, each);
}
