/* event_heap.h -- a heap of four children a node: the event queue while some hundred events are pending, and
 * what falls below its first bucket later. Private to the queue's files.
 *
 * Keys stand apart from what they belong to, as they are all that is compared. Behind the last stand four
 * that come after everything: a node always has four children to compare, without a branch. A pop leaves a
 * hole at the root: as an event's handler mostly pushes a next one, that takes the hole and one walk down
 * serves both
 * (`event_heap_settle` closes a hole that nobody took). The order is in the key, not looked up in the slot:
 * once an event is cancelled its slot may get another, which would upset the heap. */
#ifndef GEOREP_ENGINE_EVENT_HEAP_H
#define GEOREP_ENGINE_EVENT_HEAP_H

#include "sim/engine/event_entry.h"

struct event_heap {
    event_key *keys; /* [count + 4 at least] */
    event_tag *tags;
    size_t count, capacity; /* count is with the hole */
    bool hole;
};

#define EVENT_HEAP_FENCE (~(event_key)0)

void event_heap_grow(struct event_heap *h);

/* Keys and tags [0, count) in any order become a heap. */
void event_heap_build(struct event_heap *h);

/* Of the first; EVENT_NEVER when there is none. Not with a hole. */
static inline uint64_t event_heap_time(const struct event_heap *h)
{
    return (uint64_t)(h->keys[0] >> 64);
}

/* Puts one at `at` or, as long as a child comes before it, below. */
static inline void event_heap_sink(struct event_heap *h, size_t at, event_key key, event_tag tag)
{
    event_key *keys = h->keys;
    event_tag *tags = h->tags;
    size_t count = h->count;

    for (size_t child; (child = 4 * at + 1) < count; at = child) {
        size_t right = child + 2;
        child += keys[child + 1] < keys[child];
        right += keys[right + 1] < keys[right];
        child = keys[right] < keys[child] ? right : child;
        if (key <= keys[child])
            break;
        keys[at] = keys[child];
        tags[at] = tags[child];
    }
    keys[at] = key;
    tags[at] = tag;
}

static inline void event_heap_push(struct event_heap *h, event_key key, event_tag tag)
{
    if (h->hole) {
        h->hole = false;
        event_heap_sink(h, 0, key, tag);
        return;
    }
    if (h->count + 8 > h->capacity)
        event_heap_grow(h);
    size_t at = h->count++;
    h->keys[at + 4] = EVENT_HEAP_FENCE;
    for (size_t parent; at > 0 && key < h->keys[parent = (at - 1) / 4]; at = parent) {
        h->keys[at] = h->keys[parent];
        h->tags[at] = h->tags[parent];
    }
    h->keys[at] = key;
    h->tags[at] = tag;
}

static inline void event_heap_settle(struct event_heap *h)
{
    if (h->hole) {
        size_t last = --h->count;
        event_key key = h->keys[last];

        h->hole = false;
        h->keys[last] = EVENT_HEAP_FENCE;
        if (last > 0)
            event_heap_sink(h, 0, key, h->tags[last]);
    }
}

#endif
