/* sparse.c -- see sparse.h. The smallest tables come from malloc, those up to a large page from the stock
 * (stock.h), large ones from the kernel without a reservation.
 *
 * Tables by key are looked up at random, so that a page of 4 KB costs a miss of the TLB nearly every time,
 * and each is a page fault of its own: those of which soon all will be touched ask for pages of 2 MB. The
 * largest do only if they are looked at often enough: of ten million keys, or those of a thousand nodes, a
 * short run touches few, and the rest should cost nothing.
 *
 * Often enough: TOUCHES_A_PAGE for each 4 KB. Zipf 0.99 over ten million keys, of which 64 share a page, then
 * touches about half of the pages. Their faults cost more than the large page's (on a guest whose page tables
 * are in software 256 times 15 microseconds, against 0.1 to 5 ms), and memory is at most doubled. */
#include "sim/base/sparse.h"

#include "sim/base/check.h"
#include "sim/base/large_pages.h"
#include "sim/base/stock.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LINE = 64,
    SMALL = 1 << 18,
    HUGE_LEAST = LARGE_PAGE,
    HUGE_MOST = 1 << 26,
    HUGE_MOST_OF_MANY = 1 << 28,
    PAGE = 1 << 12,
    TOUCHES_A_PAGE = 4
};

static size_t whole(size_t bytes, size_t page)
{
    return (bytes + page - 1) / page * page;
}

static void *address_new(size_t bytes)
{
    void *table =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return table != MAP_FAILED ? table : NULL;
}

/* Of a table that is not SMALL: whole pages; large ones where it is as long, and so its end is in one. */
static size_t length_of(size_t bytes)
{
    return whole(bytes, bytes < HUGE_LEAST ? PAGE : LARGE_PAGE);
}

/* What is a piece of the stock's, how long that is: one that wastes less than half of itself. 0: it is none.
 */
static size_t piece_of(size_t bytes)
{
    if (bytes <= STOCK_LEAST / 2 || bytes > STOCK_MOST)
        return 0;
    return bytes < STOCK_LEAST ? STOCK_LEAST : bytes;
}

/* As memory_new, and beginning with a line. */
static void *small_new(size_t bytes)
{
    size_t length = whole(bytes != 0 ? bytes : 1, LINE);
    void *table = aligned_alloc(LINE, length);

    return table != NULL ? memset(table, 0, length) : memory_new(length, 1); /* which says so and ends */
}

/* Zeros but for the first `unset` bytes, which may be anything. */
static void *table_new(size_t bytes, size_t unset, bool huge)
{
    void *table = NULL;

    if (huge && piece_of(bytes) > 0)
        table = stock_take(piece_of(bytes), unset);
    if (table == NULL && bytes < SMALL)
        return small_new(bytes);
    if (table == NULL)
        table =
            huge && bytes >= HUGE_LEAST ? large_pages_new(length_of(bytes)) : address_new(length_of(bytes));
    return table != NULL ? table : memory_new(1, bytes); /* which says so and ends, if it cannot either */
}

static bool is_all_touched(size_t bytes, uint64_t touches)
{
    return touches / TOUCHES_A_PAGE >= bytes / PAGE;
}

void *sparse_new(size_t bytes, uint64_t touches)
{
    return table_new(bytes, 0, bytes <= HUGE_MOST || is_all_touched(bytes, touches));
}

/* What `count` tables like this one may ask for together. */
static bool many_are_huge(size_t bytes, size_t count, uint64_t touches)
{
    return (bytes <= HUGE_MOST && bytes * count <= HUGE_MOST_OF_MANY) ||
           is_all_touched(bytes * count, touches);
}

void *sparse_new_one_of(size_t bytes, size_t count, uint64_t touches)
{
    return table_new(bytes, 0, many_are_huge(bytes, count, touches));
}

void *sparse_new_many(size_t bytes, size_t count, uint64_t touches, size_t *stride)
{
    *stride = bytes < SMALL ? whole(bytes, 64) : whole(bytes, PAGE); /* to be wiped alone */
    return table_new(count * *stride, 0, many_are_huge(*stride, count, touches));
}

/* A table of large pages: they move to where there is room for more, and none is copied or zeroed for it.
 * NULL: the kernel does not do that. */
static void *pages_moved(void *table, size_t bytes, size_t bytes_new)
{
    void *room = large_pages_room(length_of(bytes_new));

    if (room == NULL)
        return NULL;
    void *larger = mremap(table, length_of(bytes), length_of(bytes_new), MREMAP_MAYMOVE | MREMAP_FIXED, room);
    if (larger != MAP_FAILED)
        return larger;
    CHECK(munmap(room, length_of(bytes_new)) == 0);
    return NULL;
}

void *sparse_grow(void *table, size_t bytes, size_t used, size_t bytes_new)
{
    CHECK(used <= bytes && bytes <= bytes_new);
    void *larger = bytes > STOCK_MOST ? pages_moved(table, bytes, bytes_new) : NULL;

    if (larger != NULL)
        return larger;
    larger = table_new(bytes_new, used, true);
    if (table != NULL)
        memcpy(larger, table, used);
    sparse_free(table, bytes);
    return larger;
}

void sparse_free(void *table, size_t bytes)
{
    if (table == NULL || (piece_of(bytes) > 0 && stock_give(table, piece_of(bytes))))
        return;
    if (bytes < SMALL)
        free(table);
    else
        CHECK(munmap(table, length_of(bytes)) == 0);
}

void sparse_wipe(void *table, size_t bytes)
{
    if (bytes < SMALL || stock_has(table))
        memset(table, 0, bytes);
    else
        CHECK(madvise(table, bytes, MADV_DONTNEED) == 0);
}
