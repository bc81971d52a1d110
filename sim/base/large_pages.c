/* large_pages.c -- see large_pages.h. */
#include "sim/base/large_pages.h"

#include "sim/base/check.h"

#include <stdint.h>
#include <sys/mman.h>

void *large_pages_room(size_t length)
{
    unsigned char *all = mmap(NULL, length + LARGE_PAGE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (all == MAP_FAILED)
        return NULL;
    size_t before = (LARGE_PAGE - (uintptr_t)all % LARGE_PAGE) % LARGE_PAGE;
    if (before > 0)
        CHECK(munmap(all, before) == 0);
    CHECK(munmap(all + before + length, LARGE_PAGE - before) == 0);
    return all + before;
}

void *large_pages_new(size_t length)
{
    void *pages = large_pages_room(length);

    if (pages != NULL)
        (void)madvise(pages, length, MADV_HUGEPAGE);
    return pages;
}
