/* event_pages.h -- blocks of memory for the event queue: large ones on huge pages where the system has them,
 * as a queue of a million events touches its memory at random. Private to the queue's files. */
#ifndef GEOREP_ENGINE_EVENT_PAGES_H
#define GEOREP_ENGINE_EVENT_PAGES_H

#include "sim/base/check.h"

#include <stdlib.h>
#include <sys/mman.h>

#define EVENT_PAGE ((size_t)2 << 20)

/* Not zeroed; to be freed by free(). Blocks of whole huge pages begin at one. */
static inline void *event_pages_new(size_t bytes)
{
    void *block;

    if (bytes % EVENT_PAGE != 0)
        return memory_new(1, bytes);
    block = aligned_alloc(EVENT_PAGE, bytes);
    CHECK(block != NULL);
    madvise(block, bytes, MADV_HUGEPAGE); /* advice alone: without it all is the same but slower */
    return block;
}

/* The same of no huge pages, beginning at a line of the cache. */
static inline void *event_lines_new(size_t bytes)
{
    void *block = aligned_alloc(64, (bytes + 63) / 64 * 64);

    CHECK(block != NULL);
    return block;
}

#endif
