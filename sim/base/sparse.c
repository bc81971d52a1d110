/* sparse.c -- see sparse.h. Small tables come from calloc, large ones from the kernel without a reservation.
 *
 * Tables by key are looked up at random, so that a page of 4 KB costs a miss of the TLB nearly every time:
 * those of which soon all will be touched ask for pages of 2 MB. The largest do not: of ten million keys a
 * short run touches few, and the rest should cost nothing. */
#include "sim/base/sparse.h"

#include "sim/base/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALL = 1 << 18, HUGE_LEAST = 1 << 21, HUGE_MOST = 1 << 26, PAGE = 1 << 12 };

static void *table_new(size_t bytes, bool huge)
{
    if (bytes < SMALL)
        return memory_new(1, bytes);
    void *table =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (table == MAP_FAILED)
        return memory_new(1, bytes); /* which says so and ends, if it cannot either */
    if (huge && bytes >= HUGE_LEAST)
        (void)madvise(table, bytes, MADV_HUGEPAGE); /* a kernel without them is as right, and slower */
    return table;
}

void *sparse_new(size_t bytes)
{
    return table_new(bytes, bytes <= HUGE_MOST);
}

void *sparse_new_many(size_t bytes, size_t count, size_t *stride)
{
    *stride =
        bytes < SMALL ? (bytes + 63) / 64 * 64 : (bytes + PAGE - 1) / PAGE * PAGE; /* to be wiped alone */
    return table_new(count * *stride, bytes <= HUGE_MOST);
}

void sparse_free(void *table, size_t bytes)
{
    if (table == NULL)
        return;
    if (bytes < SMALL)
        free(table);
    else
        CHECK(munmap(table, bytes) == 0);
}

void sparse_wipe(void *table, size_t bytes)
{
    if (bytes < SMALL)
        memset(table, 0, bytes);
    else
        CHECK(madvise(table, bytes, MADV_DONTNEED) == 0);
}
