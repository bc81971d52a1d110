/* event_entry.h -- what the event queue sorts, and sorted runs of it. Private to the queue's files. */
#ifndef GEOREP_ENGINE_EVENT_ENTRY_H
#define GEOREP_ENGINE_EVENT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Later than any time: the sign after the last of a run, and of nobody in a tournament. */
#define EVENT_NEVER UINT64_MAX

/* Where an event's slot is and, in the lowest 16 bits, its stamp: it tells an entry whose event was cancelled
 * or moved meanwhile, as the slot then carries another. An address has 48 bits (CHECKed where slots are
 * made). */
typedef uint64_t event_tag;

/* An event that is pending. Its order is in its slot, where it is looked up if two times are equal. */
struct event_entry {
    uint64_t time;
    event_tag tag;
};

/* Time over order, as one number: a comparison is two instructions and no branch. */
__extension__ typedef unsigned __int128 event_key;

static inline event_key event_key_new(uint64_t time, uint64_t order)
{
    return (event_key)time << 64 | order;
}

/* Entries in order, taken from `next` on; before it is one that was taken, or one of time 0. At `end` stands
 * an entry that no event owns; `limit` is where it may stand at the latest. */
struct event_run {
    struct event_entry *next, *end, *limit, *items;
};

static inline size_t event_run_count(const struct event_run *r)
{
    return (size_t)(r->end - r->next);
}

static inline size_t event_run_bytes(const struct event_run *r)
{
    return (size_t)(r->limit + 1 - r->items) * sizeof *r->items;
}

/* Makes room for `count` more behind the end: what is left moves to the front where that is half of the room,
 * else the room is doubled; constant time an entry. */
void event_run_grow(struct event_run *r, size_t count);

/* Sorts by time: by rank where it is short, else nothing if they are in order, else merge sort by way of
 * `spare`, which has room for as many. Equal ones keep their places. */
void event_sort(struct event_entry *e, size_t count, struct event_entry *spare);

#endif
