/* pool.h -- rooms for pieces that come and go by the million and are looked at at random: of 32, 64, 128 ...
 * bytes, cut from blocks of large pages (a very large one is a block of its own) and given back to a list a
 * size. A room begins where a line of memory does (64 bytes; of 32 bytes, half of one).
 *
 *     struct pool p = {0};
 *     int *a = pool_take(&p, 8 * sizeof *a);                      not zeroed
 *     a = pool_resize(&p, a, 8 * sizeof *a, 16 * sizeof *a);      as realloc; stays where its room is enough
 *     pool_give(&p, a, 16 * sizeof *a);
 *     pool_free(&p);                                              and all that is out
 *
 * Cost: at most twice what is asked for; a few instructions each, as long as there is a room of that size. */
#ifndef GEOREP_BASE_POOL_H
#define GEOREP_BASE_POOL_H

#include "sim/base/array.h"

#include <stdint.h>

enum { POOL_SIZES = 40, POOL_LEAST = 32 };

struct pool_block {
    void *memory;
    size_t bytes;
};

struct pool {
    void *free[POOL_SIZES]; /* each holds the next */
    ARRAY(struct pool_block) blocks;
    char *slabs; /* what of the last block is in no use yet, */
    size_t left; /* and how many bytes that is */
};

void pool_free(struct pool *p);
void pool_fill(struct pool *p, uint32_t size); /* private: its list is empty */

/* Which of the sizes, and how many bytes that is. */
static inline uint32_t pool_size(size_t bytes)
{
    CHECK(bytes <= (size_t)POOL_LEAST << (POOL_SIZES - 1));
    return bytes <= POOL_LEAST ? 0 : 64 - 5 - (uint32_t)__builtin_clzll(bytes - 1);
}
static inline size_t pool_room(size_t bytes)
{
    return (size_t)POOL_LEAST << pool_size(bytes);
}

/* The next to be taken of that size, NULL: none yet. */
static inline void *pool_next(const struct pool *p, size_t bytes)
{
    return p->free[pool_size(bytes)];
}

static inline void *pool_take(struct pool *p, size_t bytes)
{
    uint32_t size = pool_size(bytes);

    if (p->free[size] == NULL)
        pool_fill(p, size);
    void *room = p->free[size];
    memcpy(&p->free[size], room, sizeof(void *));
    return room;
}

/* The same where the size is known. `room` is one. */
static inline void pool_give_sized(struct pool *p, void *room, uint32_t size)
{
    memcpy(room, &p->free[size], sizeof(void *));
    p->free[size] = room;
}

static inline void pool_give(struct pool *p, void *room, size_t bytes)
{
    if (room != NULL)
        pool_give_sized(p, room, pool_size(bytes));
}

static inline void *pool_resize(struct pool *p, void *room, size_t bytes, size_t bytes_new)
{
    if (room != NULL && pool_size(bytes) == pool_size(bytes_new))
        return room;
    void *other = pool_take(p, bytes_new);
    if (room != NULL)
        memcpy(other, room, bytes < bytes_new ? bytes : bytes_new);
    pool_give(p, room, bytes);
    return other;
}

#endif
