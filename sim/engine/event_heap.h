/* event_heap.h -- a heap of four children a node: the event queue while it is small, and what falls below its
 * first bucket later. Private to the queue's files.
 *
 * Behind the last entry stand four that come after everything, so that a node always has four children to
 * compare, without a branch. A pop leaves a hole at the root: as an event's handler mostly pushes a next one,
 * that takes the hole and one walk down serves both (`event_heap_settle` closes a hole that nobody took). */
#ifndef GEOREP_ENGINE_EVENT_HEAP_H
#define GEOREP_ENGINE_EVENT_HEAP_H

#include "sim/engine/event_entry.h"

struct event_heap {
    struct event_entry *items;
    size_t count, capacity; /* count is with the hole */
    bool hole;
};

void event_heap_grow(struct event_heap *h);

/* All of items[0 .. count - 1] in any order become a heap. */
void event_heap_build(struct event_heap *h);

static inline void event_heap_fence(struct event_heap *h)
{
    for (size_t i = 0; i < 4; i++)
        h->items[h->count + i] = (struct event_entry){.order = UINT64_MAX, .time = UINT64_MAX};
}

/* Puts `e` at `at` or, as long as a child comes before it, below. */
static inline void event_heap_sink(struct event_heap *h, size_t at, struct event_entry e)
{
    struct event_entry *items = h->items;
    event_key key = event_entry_key(&e);

    for (size_t child; (child = 4 * at + 1) < h->count; at = child) {
        size_t right = child + 2;
        child += event_entry_before(&items[child + 1], &items[child]);
        right += event_entry_before(&items[right + 1], &items[right]);
        child = event_entry_before(&items[right], &items[child]) ? right : child;
        if (key <= event_entry_key(&items[child]))
            break;
        items[at] = items[child];
    }
    items[at] = e;
}

static inline void event_heap_push(struct event_heap *h, const struct event_entry *e)
{
    if (h->hole) {
        h->hole = false;
        event_heap_sink(h, 0, *e);
        return;
    }
    if (h->count + 8 > h->capacity)
        event_heap_grow(h);
    size_t at = h->count++;
    h->items[at + 4] = (struct event_entry){.order = UINT64_MAX, .time = UINT64_MAX};
    event_key key = event_entry_key(e);
    for (size_t parent; at > 0 && key < event_entry_key(&h->items[parent = (at - 1) / 4]); at = parent)
        h->items[at] = h->items[parent];
    h->items[at] = *e;
}

static inline void event_heap_settle(struct event_heap *h)
{
    if (h->hole) {
        struct event_entry last = h->items[--h->count];

        h->hole = false;
        h->items[h->count] = (struct event_entry){.order = UINT64_MAX, .time = UINT64_MAX};
        if (h->count > 0)
            event_heap_sink(h, 0, last);
    }
}

#endif
