/* sparse.c -- see sparse.h. Small tables come from calloc, large ones from the kernel without a reservation.
 */
#include "sim/base/sparse.h"

#include "sim/base/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALL = 1 << 18 };

void *sparse_new(size_t bytes)
{
    if (bytes < SMALL)
        return memory_new(1, bytes);
    void *table =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return table == MAP_FAILED ? memory_new(1, bytes)
                               : table; /* which says so and ends, if it cannot either */
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
