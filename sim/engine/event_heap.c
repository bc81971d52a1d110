/* event_heap.c -- the parts of the heap that are not in the hot loop. */
#include "sim/engine/event_heap.h"

#include "sim/base/check.h"

void event_heap_grow(struct event_heap *h)
{
    h->capacity = h->capacity != 0 ? h->capacity * 2 : 64;
    h->items = memory_resize(h->items, h->capacity, sizeof *h->items);
    event_heap_fence(h);
}

void event_heap_build(struct event_heap *h)
{
    while (h->count + 8 > h->capacity)
        event_heap_grow(h);
    event_heap_fence(h);
    for (size_t at = h->count / 4 + 1; at-- > 0;) {
        if (4 * at + 1 < h->count)
            event_heap_sink(h, at, h->items[at]);
    }
}
