/* pool.c -- see pool.h. The first blocks are small, since most trials need little; the others are a large
 * page each (sparse.h), so that what is looked at at random misses no TLB. */
#include "sim/base/pool.h"

#include "sim/base/sparse.h"

enum { SMALL_BLOCK = 1 << 15, LARGE_BLOCK = 1 << 21, SMALL_BLOCKS = 8 };

void pool_free(struct pool *p)
{
    array_each (struct pool_block, block, &p->blocks)
        sparse_free(block->memory, block->bytes);
    array_free(&p->blocks);
    *p = (struct pool){0};
}

void pool_fill(struct pool *p, uint32_t size)
{
    size_t each = (size_t)POOL_LEAST << size,
           bytes = p->blocks.count < SMALL_BLOCKS ? SMALL_BLOCK : LARGE_BLOCK;

    bytes = each > bytes ? each : bytes;
    char *block = sparse_new(bytes);

    *array_add(&p->blocks) = (struct pool_block){block, bytes};
    for (size_t at = bytes; at > 0; at -= each)
        pool_give(p, block + at - each, each);
}
