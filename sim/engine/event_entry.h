/* event_entry.h -- what the event queue sorts: a key, and where the event is. Private to the queue's files.
 */
#ifndef GEOREP_ENGINE_EVENT_ENTRY_H
#define GEOREP_ENGINE_EVENT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The key is one 128-bit number, time over order, so that a comparison is two instructions and no branch.
 * `stamp` tells an entry whose event was cancelled or moved meanwhile: its slot carries another. */
struct event_entry {
    uint64_t order, time;
    uint32_t slot, stamp;
};

/* An entry that is not soon: its order is in its slot, and is looked up when its time comes. */
struct event_far {
    uint64_t time;
    uint32_t slot, stamp;
};

__extension__ typedef unsigned __int128 event_key;

static inline event_key event_entry_key(const struct event_entry *e)
{
    return (event_key)e->time << 64 | e->order;
}

static inline bool event_entry_before(const struct event_entry *a, const struct event_entry *b)
{
    return event_entry_key(a) < event_entry_key(b);
}

/* An array of entries that only grows. */
struct event_array {
    struct event_entry *items;
    size_t count, capacity;
};

/* Room for one more. */
void event_array_grow(struct event_array *a);

static inline void event_array_add(struct event_array *a, const struct event_entry *e)
{
    if (a->count == a->capacity)
        event_array_grow(a);
    a->items[a->count++] = *e;
}

/* Sorts `count` of them from `first` on by key: by rank or insertion where it is short, else nothing if they
 * are sorted already, else merge sort by way of `spare`. */
void event_array_sort(struct event_array *a, size_t first, size_t count, struct event_array *spare);

#endif
