/* event_heap.c -- the parts of the heap that are not in the hot loop. */
#include "sim/engine/event_heap.h"

#include "sim/base/check.h"

static void fence(struct event_heap *h)
{
    for (size_t i = 0; i < 4; i++)
        h->keys[h->count + i] = EVENT_HEAP_FENCE;
}

void event_heap_grow(struct event_heap *h)
{
    h->capacity = h->capacity != 0 ? h->capacity * 2 : 64;
    h->keys = memory_resize(h->keys, h->capacity, sizeof *h->keys);
    h->tags = memory_resize(h->tags, h->capacity, sizeof *h->tags);
    fence(h);
}

void event_heap_build(struct event_heap *h)
{
    while (h->count + 8 > h->capacity)
        event_heap_grow(h);
    fence(h);
    for (size_t at = h->count / 4 + 1; at-- > 0;) {
        if (4 * at + 1 < h->count)
            event_heap_sink(h, at, h->keys[at], h->tags[at]);
    }
}
