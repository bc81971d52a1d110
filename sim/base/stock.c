/* stock.c -- see stock.h. Buddies (Knuth, The Art of Computer Programming 1, 2.5): a piece is 2^k units long
 * and begins at a multiple of its length; a free one joins the other half of the piece they were cut from as
 * soon as that is free too. What a piece has beyond the bytes that are asked for is free at once.
 *
 * Blocks, of a large page each, come from windows of address space. A block that nobody has used is zeros
 * but for the links of the lists, and `clean`; so are the pieces cut from it. */
#include "sim/base/stock.h"

#include "sim/base/check.h"
#include "sim/base/large_pages.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define STOCK_IS_EMPTY true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STOCK_IS_EMPTY true
#endif
#endif
#ifndef STOCK_IS_EMPTY
#define STOCK_IS_EMPTY false
#endif

enum {
    UNIT = STOCK_LEAST,
    BLOCK = STOCK_MOST,
    WHOLE = 10, /* the order of a piece that is a block */
    BLOCKS = 32,
    WINDOW = BLOCKS * BLOCK,
    CLEAN = 0x80,
    KEPT = 32 /* so many free blocks keep their page */
};

struct piece {
    struct piece *next, **link; /* link: what points to it */
};

/* state: of the first unit of a free piece its order and one, perhaps | CLEAN; of any other unit 0. */
struct window {
    char *memory;
    struct window *next;
    uint32_t blocks; /* in use so far */
    uint8_t state[WINDOW / UNIT];
};

static struct {
    pthread_mutex_t lock;
    struct window *windows;
    struct piece *free[WHOLE + 1]; /* by order */
    uint32_t kept;                 /* free blocks that are not clean */
} stock = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct window *window_of(const void *memory)
{
    for (struct window *w = stock.windows; w != NULL; w = w->next)
        if ((uintptr_t)memory - (uintptr_t)w->memory < WINDOW)
            return w;
    return NULL;
}

static size_t length(uint32_t order)
{
    return (size_t)UNIT << order;
}

static void put(struct window *w, size_t offset, uint32_t order, bool clean)
{
    struct piece *p = (void *)(w->memory + offset), **list = &stock.free[order];

    *p = (struct piece){*list, list};
    if (p->next != NULL)
        p->next->link = &p->next;
    *list = p;
    w->state[offset / UNIT] = (uint8_t)((order + 1) | (clean ? CLEAN : 0u));
    stock.kept += order == WHOLE && !clean;
}

/* No longer free. Returns whether it was clean; its links are for the caller to wipe. */
static bool drop(struct window *w, size_t offset)
{
    struct piece *p = (void *)(w->memory + offset);
    uint8_t *state = &w->state[offset / UNIT];
    bool clean = (*state & CLEAN) != 0;

    *p->link = p->next;
    if (p->next != NULL)
        p->next->link = p->link;
    stock.kept -= *state == WHOLE + 1;
    *state = 0;
    return clean;
}

/* Free, and one with its other half as often as that is free too. */
static void join(struct window *w, size_t offset, uint32_t order, bool clean)
{
    while (order < WHOLE) {
        size_t other = offset ^ length(order);
        if ((w->state[other / UNIT] & ~CLEAN) != (int)order + 1)
            break;
        drop(w, other);
        clean = false; /* the links of the one are inside now */
        offset &= ~length(order);
        order++;
    }
    if (order == WHOLE && !clean && stock.kept == KEPT)
        clean = madvise(w->memory + offset, BLOCK, MADV_DONTNEED) == 0;
    put(w, offset, order, clean);
}

/* From offset to end, as the longest pieces that this is made of. */
static void join_all(struct window *w, size_t offset, size_t end, bool clean)
{
    while (offset < end) {
        uint32_t order = 0;
        while (order < WHOLE && offset % length(order + 1) == 0 && offset + length(order + 1) <= end)
            order++;
        join(w, offset, order, clean);
        offset += length(order);
    }
}

static struct window *window_new(void)
{
    char *memory = large_pages_new(WINDOW);

    if (memory == NULL)
        return NULL;
    struct window *w = memory_new(1, sizeof *w);
    w->memory = memory;
    w->next = stock.windows;
    return stock.windows = w;
}

/* One more block for the list of those that are free. */
static bool block_add(void)
{
    struct window *w = stock.windows;

    if (w == NULL || w->blocks == BLOCKS)
        w = window_new();
    if (w != NULL)
        put(w, (size_t)w->blocks++ * BLOCK, WHOLE, true);
    return w != NULL;
}

/* NULL: none to be had. */
static void *cut(size_t bytes, bool *clean)
{
    uint32_t order = 0, of;

    while (length(order) < bytes)
        order++;
    for (of = order; of <= WHOLE && stock.free[of] == NULL; of++)
        ;
    if (of > WHOLE) {
        if (!block_add())
            return NULL;
        of = WHOLE;
    }
    char *piece = (void *)stock.free[of];
    struct window *w = window_of(piece);
    size_t offset = (size_t)(piece - w->memory);
    *clean = drop(w, offset);
    join_all(w, offset + (bytes + UNIT - 1) / UNIT * UNIT, offset + length(of), *clean);
    return piece;
}

void *stock_take(size_t bytes, size_t unset)
{
    bool clean = false;

    CHECK(bytes >= STOCK_LEAST && bytes <= STOCK_MOST && unset <= bytes);
    if (STOCK_IS_EMPTY)
        return NULL;
    pthread_mutex_lock(&stock.lock);
    char *piece = cut(bytes, &clean);
    pthread_mutex_unlock(&stock.lock);
    if (piece != NULL && clean)
        memset(piece, 0, sizeof(struct piece));
    else if (piece != NULL)
        memset(piece + unset, 0, bytes - unset);
    return piece;
}

bool stock_give(void *piece, size_t bytes)
{
    pthread_mutex_lock(&stock.lock);
    struct window *w = window_of(piece);
    if (w != NULL) {
        size_t offset = (size_t)((char *)piece - w->memory);
        join_all(w, offset, offset + (bytes + UNIT - 1) / UNIT * UNIT, false);
    }
    pthread_mutex_unlock(&stock.lock);
    return w != NULL;
}

bool stock_has(const void *memory)
{
    pthread_mutex_lock(&stock.lock);
    bool has = window_of(memory) != NULL;
    pthread_mutex_unlock(&stock.lock);
    return has;
}
