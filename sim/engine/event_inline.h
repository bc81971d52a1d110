/* event_inline.h -- the event queue's hot paths, which the compiler is to see where they are called. Included
 * by event_queue.h alone; why it is built so stands at the top of event_queue.c. */
#ifndef GEOREP_ENGINE_EVENT_INLINE_H
#define GEOREP_ENGINE_EVENT_INLINE_H

#include "sim/base/check.h"
#include "sim/engine/event_heap.h"
#include "sim/engine/event_ladder.h"

#define EVENT_NO_SLOT UINT32_MAX
#define EVENT_STAMP_LAST (UINT32_MAX - 2) /* a slot that had more is not used again */
#define EVENT_SWEEP_LEAST 1024            /* dead entries that are not worth a sweep */

/* Before each payload. With it a power of two, so that one of up to 48 bytes lies in one line of the cache.
 */
struct event_slot {
    uint32_t generation; /* of the handle that owns it; raised when the event fires or is cancelled */
    uint32_t stamp;      /* of its entry; raised when the event is cancelled or rearmed: the entry is dead */
    union {
        uint64_t order;
        uint32_t next; /* when unused: the next unused one */
    };
};

struct event_queue {
    struct event_run line, run;
    event_key line_last; /* none in the line comes later */
    struct event_heap heap;
    uint64_t now;
    char **blocks;                    /* of slots */
    unsigned slot_shift, block_shift; /* bytes of a slot; slots of a block */
    uint32_t unused, fired;           /* fired: the slot of the event popped last, not yet free */
    size_t live, dead;                /* entries whose slot has their stamp, and the others */
    size_t heap_spill;                /* a heap of more entries is dealt into a rung */
    struct ladder ladder;
    size_t block_count;
    struct event_entry *spare;
    uint32_t *cells;
    size_t spare_count;
    uint32_t slot_count;
};

enum event_source { EVENT_NONE, EVENT_IN_LINE, EVENT_IN_RUN, EVENT_IN_HEAP };

/* What is rare: ties, dead entries, an opened bucket that is used up. The first event's source; it is alive.
 */
enum event_source event_queue_first(struct event_queue *q);
void event_queue_add_slots(struct event_queue *q);
void event_queue_push_near(struct event_queue *q, struct event_entry e, event_key key);
void event_queue_sweep(struct event_queue *q);
bool event_queue_move(struct event_queue *q, struct event_slot *slot, event_handle h, uint64_t time,
                      uint64_t order);

static inline struct event_slot *event_slot_at(const struct event_queue *q, uint32_t index)
{
    size_t in_block = index & (((size_t)1 << q->block_shift) - 1);

    return (struct event_slot *)(void *)(q->blocks[index >> q->block_shift] + (in_block << q->slot_shift));
}

/* A slot whose generation or stamp has come round is not used again: no handle or entry of old can be taken
 * for a new one. */
static inline void event_slot_release(struct event_queue *q, struct event_slot *slot, uint32_t index)
{
    if (slot->generation != 0 && slot->stamp <= EVENT_STAMP_LAST) {
        slot->next = q->unused;
        q->unused = index;
    }
}

static inline void event_entry_push(struct event_queue *q, struct event_entry e, uint64_t order)
{
    event_key key = event_key_new(e.time, order);

    if (key >= q->line_last) {
        if (q->line.end == q->line.limit)
            event_run_grow(&q->line, 1);
        *q->line.end++ = e;
        q->line.end->time = EVENT_NEVER;
        q->line_last = key;
    } else if (e.time >= q->ladder.rungs[0].from) {
        ladder_push_far(&q->ladder, e);
    } else if (q->heap.hole && e.time < q->ladder.from) {
        event_heap_push(&q->heap, key, (struct event_tag){e.slot, e.stamp});
    } else {
        event_queue_push_near(q, e, key);
    }
}

static inline event_handle event_queue_push(struct event_queue *q, sim_ns time, uint64_t order,
                                            void **payload)
{
    CHECK((uint64_t)time >= q->now);
    if (__builtin_expect(q->unused == EVENT_NO_SLOT, 0))
        event_queue_add_slots(q);
    uint32_t index = q->unused;
    struct event_slot *slot = event_slot_at(q, index);
    q->unused = slot->next;
    slot->order = order;
    event_entry_push(q, (struct event_entry){(uint64_t)time, index, slot->stamp}, order);
    q->live++;
    *payload = slot + 1;
    return (event_handle)slot->generation << 32 | index;
}

/* The source of the first event, and its entry. */
static inline enum event_source event_queue_look(struct event_queue *q, struct event_entry *e)
{
    event_heap_settle(&q->heap);
    const struct event_entry *line = q->line.next, *run = q->run.next;
    uint64_t heap_time = event_heap_time(&q->heap);
    enum event_source source;

    if (run->time < heap_time && run->time < line->time) {
        source = EVENT_IN_RUN;
        *e = *run;
    } else if (line->time < heap_time && line->time < run->time) {
        source = EVENT_IN_LINE;
        *e = *line;
    } else if (heap_time < line->time && heap_time < run->time) {
        source = EVENT_IN_HEAP;
        *e = (struct event_entry){heap_time, q->heap.tags->slot, q->heap.tags->stamp};
    } else {
        source = EVENT_NONE;
        *e = (struct event_entry){0};
    }
    if (source == EVENT_NONE || event_slot_at(q, e->slot)->stamp != e->stamp) {
        source = event_queue_first(q);
        if (source == EVENT_IN_HEAP)
            *e = (struct event_entry){event_heap_time(&q->heap), q->heap.tags->slot, q->heap.tags->stamp};
        else if (source != EVENT_NONE)
            *e = source == EVENT_IN_RUN ? *q->run.next : *q->line.next;
    }
    return source;
}

static inline bool event_queue_pop_until(struct event_queue *q, sim_ns limit, sim_ns *time, uint64_t *order,
                                         void **payload)
{
    struct event_entry e;
    enum event_source source = event_queue_look(q, &e);

    if (source == EVENT_NONE || (sim_ns)e.time > limit)
        return false;
    if (source == EVENT_IN_RUN)
        q->run.next++;
    else if (source == EVENT_IN_LINE)
        q->line.next++;
    else
        q->heap.hole = true;
    struct event_slot *slot = event_slot_at(q, e.slot);
    event_slot_release(q, event_slot_at(q, q->fired), q->fired);
    q->fired = e.slot;
    q->now = e.time;
    q->live--;
    slot->generation++;
    *time = (sim_ns)e.time;
    *order = slot->order;
    *payload = slot + 1;
    return true;
}

static inline bool event_queue_pop(struct event_queue *q, sim_ns *time, uint64_t *order, void **payload)
{
    return event_queue_pop_until(q, INT64_MAX, time, order, payload);
}

static inline bool event_queue_peek(struct event_queue *q, sim_ns *time, uint64_t *order)
{
    struct event_entry e;

    if (event_queue_look(q, &e) == EVENT_NONE)
        return false;
    *time = (sim_ns)e.time;
    *order = event_slot_at(q, e.slot)->order;
    return true;
}

/* The slot of a handle whose event is pending, or NULL. */
static inline struct event_slot *event_handle_find(const struct event_queue *q, event_handle h)
{
    uint32_t index = (uint32_t)h, generation = (uint32_t)(h >> 32);

    if (generation == 0 || index >= q->slot_count)
        return NULL;
    struct event_slot *slot = event_slot_at(q, index);
    return slot->generation == generation ? slot : NULL;
}

static inline bool event_queue_cancel(struct event_queue *q, event_handle h)
{
    struct event_slot *slot = event_handle_find(q, h);

    if (slot == NULL)
        return false;
    slot->generation++;
    slot->stamp++;
    q->live--;
    event_slot_release(q, slot, (uint32_t)h);
    if (++q->dead > q->live + EVENT_SWEEP_LEAST)
        event_queue_sweep(q);
    return true;
}

static inline bool event_queue_rearm(struct event_queue *q, event_handle h, sim_ns time, uint64_t order)
{
    struct event_slot *slot = event_handle_find(q, h);

    CHECK((uint64_t)time >= q->now);
    return slot != NULL && event_queue_move(q, slot, h, (uint64_t)time, order);
}

static inline size_t event_queue_count(const struct event_queue *q)
{
    return q->live;
}

#endif
