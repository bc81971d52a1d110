/* event_inline.h -- the event queue's hot paths, which the compiler is to see where they are called. Included
 * by event_queue.h alone; why it is built so stands at the top of event_queue.c. */
#ifndef GEOREP_ENGINE_EVENT_INLINE_H
#define GEOREP_ENGINE_EVENT_INLINE_H

#include "sim/base/check.h"
#include "sim/engine/event_ladder.h"
#include "sim/engine/event_tournament.h"

#define EVENT_BLOCK ((uint32_t)2 << 20) /* bytes of slots */
#define EVENT_SLOT_UNIT 16 /* a slot's number is where it begins, in these bytes: no index is multiplied */
#define EVENT_GENERATION ((event_handle)1 << 32)
#define EVENT_AHEAD 12         /* entries of a run whose slots are being fetched */
#define EVENT_FEW_IN_LINE 12   /* an event is put in its place in a line of no more */
#define EVENT_SPACING_MOST 5   /* the line is for what comes in order so often: one push in five */
#define EVENT_SWEEP_LEAST 1024 /* dead entries that are not worth a sweep */

/* Before each payload. With it a power of two: a payload of up to 32 bytes lies in one line of the cache. */
struct event_slot {
    event_handle handle; /* the slot's number and the generation, which is raised when the event fires or is
                            cancelled */
    uint64_t order;
    uint64_t stamp;          /* of its entry, 1 .. 65535; raised when the event is cancelled or rearmed */
    struct event_slot *next; /* unused one */
};

/* The compiler thinks them too large for it, and is wrong by a tenth. */
#define EVENT_INLINE static inline __attribute__((always_inline))

struct event_queue {
    struct event_run line, run;
    event_key line_last; /* of the last in the line, or of one that was taken */
    event_key latest; /* the last that was pushed in order: after all before it, and not before line_last */
    uint32_t since;   /* pushes since that one */
    uint32_t spacing; /* how many there are on average, in 256ths */
    struct event_tournament few;
    uint64_t now;
    struct event_slot *unused, *fired; /* fired: of the event popped last, not yet free */
    size_t live, dead;                 /* entries whose slot has their stamp, and the others */
    size_t few_spill;                  /* a tournament of more entries is dealt into a rung */
    struct ladder ladder;
    char **blocks; /* of slots */
    size_t block_count;
    struct event_entry *spare;
    uint32_t *cells;
    size_t spare_count;
    size_t slot_bytes;
    uint32_t slot_end; /* the first number that no slot has */
    event_tag nothing; /* the tag of no entry, of a slot that is there */
};

/* What is not decided at once: ties, dead entries, an opened bucket that is used up. */
bool event_queue_pop_rare(struct event_queue *q, sim_ns limit, sim_ns *time, uint64_t *order, void **payload);
void event_queue_add_slots(struct event_queue *q);
void event_queue_push_near(struct event_queue *q, uint64_t time, uint64_t order, event_tag tag);
void event_line_sort(struct event_queue *q);
void event_queue_sweep(struct event_queue *q);

static inline struct event_slot *event_slot_at(const struct event_queue *q, uint32_t number)
{
    const uint32_t units = EVENT_BLOCK / EVENT_SLOT_UNIT;

    return (struct event_slot *)(void *)(q->blocks[number / units] +
                                         (size_t)(number % units) * EVENT_SLOT_UNIT);
}

static inline event_tag event_slot_tag(const struct event_slot *slot)
{
    return (event_tag)(uintptr_t)slot << 16 | slot->stamp;
}

static inline struct event_slot *event_slot_of(event_tag tag)
{
    return (struct event_slot *)(uintptr_t)(tag >> 16);
}

static inline bool event_lives(event_tag tag)
{
    return event_slot_of(tag)->stamp == (uint16_t)tag;
}

/* A slot whose generation has come round is not used again: no handle of old can be taken for a new one. */
static inline void event_slot_release(struct event_queue *q, struct event_slot *slot)
{
    if (slot->handle >> 32 != 0) {
        slot->next = q->unused;
        q->unused = slot;
    }
}

/* Into a line of few that has a later one. With a single one there, as in a queue with one server, that is
 * all. */
EVENT_INLINE void event_line_insert(struct event_queue *q, uint64_t time, event_tag tag)
{
    struct event_run *line = &q->line;

    if (line->end == line->limit)
        event_run_grow(line, 1);
    struct event_entry *end = line->end++;
    end[1].time = EVENT_NEVER;
    end[0].time = end[-1].time;
    end[0].tag = end[-1].tag;
    end[-1].time = time;
    end[-1].tag = tag;
    if (end - line->next > 1)
        event_line_sort(q);
}

/* Is what comes in order frequent? Else the few that happen to be the latest, when they come, are no stream:
 * in the line, each would be a surprise as it is pushed and when it is taken. Where there is nothing beside
 * the line, it need not be asked. */
EVENT_INLINE bool event_line_pays(struct event_queue *q, event_key key)
{
    if (key < q->latest)
        return false;
    uint32_t since = q->since < 64 ? q->since : 64;
    q->latest = key;
    q->since = 0;
    q->spacing = q->spacing - q->spacing / 8 + since * (256 / 8);
    return q->spacing <= EVENT_SPACING_MOST * 256;
}

EVENT_INLINE void event_entry_push(struct event_queue *q, uint64_t time, event_tag tag, uint64_t order)
{
    event_key key = event_key_new(time, order);
    bool alone = q->few.count == 0;

    q->since++;
    if (alone ? key >= q->line_last : event_line_pays(q, key)) {
        if (q->line.end == q->line.limit)
            event_run_grow(&q->line, 1);
        q->line.end[0].time = time;
        q->line.end[0].tag = tag;
        q->line.end[1].time = EVENT_NEVER;
        q->line.end++;
        q->line_last = q->latest = key;
    } else if (time >= q->ladder.rungs[0].from) {
        ladder_push_far(&q->ladder, (struct event_entry){time, tag});
    } else if (q->few.hole && time < q->ladder.from) {
        event_tournament_push(&q->few, time, order, tag);
    } else if (alone && q->ladder.from == EVENT_NEVER && q->line.next < q->line.end &&
               event_run_count(&q->line) <= EVENT_FEW_IN_LINE) {
        event_line_insert(q, time, tag);
    } else {
        event_queue_push_near(q, time, order, tag);
    }
}

EVENT_INLINE event_handle event_queue_push(struct event_queue *q, sim_ns time, uint64_t order, void **payload)
{
    CHECK((uint64_t)time >= q->now);
    if (__builtin_expect(q->unused == NULL, 0))
        event_queue_add_slots(q);
    struct event_slot *slot = q->unused;
    q->unused = slot->next;
    slot->order = order;
    event_entry_push(q, (uint64_t)time, event_slot_tag(slot), order);
    q->live++;
    *payload = slot + 1;
    return slot->handle;
}

/* What has been taken out happens. */
EVENT_INLINE bool event_fire(struct event_queue *q, uint64_t at, event_tag tag, sim_ns *time, uint64_t *order,
                             void **payload)
{
    struct event_slot *slot = event_slot_of(tag);

    event_slot_release(q, q->fired);
    q->fired = slot;
    q->now = at;
    q->live--;
    slot->handle += EVENT_GENERATION;
    *time = (sim_ns)at;
    *order = slot->order;
    *payload = slot + 1;
    return true;
}

EVENT_INLINE bool event_queue_pop_until(struct event_queue *q, sim_ns limit, sim_ns *time, uint64_t *order,
                                        void **payload)
{
    event_tournament_settle(&q->few);
    const struct event_entry *line = q->line.next, *run = q->run.next;
    const struct event_entry *few = event_tournament_first(&q->few);

    if (few->time < run->time && few->time < line->time) {
        if (event_lives(few->tag) && (sim_ns)few->time <= limit) {
            q->few.hole = true;
            return event_fire(q, few->time, few->tag, time, order, payload);
        }
    } else if (run->time < few->time && run->time < line->time) {
        if (event_lives(run->tag) && (sim_ns)run->time <= limit) {
            const struct event_entry *ahead = run + EVENT_AHEAD < q->run.end ? run + EVENT_AHEAD : q->run.end;
            __builtin_prefetch(event_slot_of(ahead->tag), 1);
            q->run.next++;
            return event_fire(q, run->time, run->tag, time, order, payload);
        }
    } else if (line->time < few->time && line->time < run->time) {
        if (event_lives(line->tag) && (sim_ns)line->time <= limit) {
            q->line.next++;
            return event_fire(q, line->time, line->tag, time, order, payload);
        }
    }
    return event_queue_pop_rare(q, limit, time, order, payload);
}

EVENT_INLINE bool event_queue_pop(struct event_queue *q, sim_ns *time, uint64_t *order, void **payload)
{
    return event_queue_pop_until(q, INT64_MAX, time, order, payload);
}

/* The slot's entry is dead. None has the stamp 0: by the time it comes round there is none left of old. */
static inline void event_entry_forget(struct event_queue *q, struct event_slot *slot)
{
    slot->stamp = (uint16_t)(slot->stamp + 1);
    if (++q->dead > q->live + EVENT_SWEEP_LEAST || slot->stamp == 0) {
        event_queue_sweep(q);
        slot->stamp += slot->stamp == 0;
    }
}

/* The slot of a handle whose event is pending, or NULL. */
static inline struct event_slot *event_handle_find(const struct event_queue *q, event_handle h)
{
    if (h < EVENT_GENERATION || (uint32_t)h >= q->slot_end)
        return NULL;
    struct event_slot *slot = event_slot_at(q, (uint32_t)h);
    return slot->handle == h ? slot : NULL;
}

static inline bool event_queue_cancel(struct event_queue *q, event_handle h)
{
    struct event_slot *slot = event_handle_find(q, h);

    if (slot == NULL)
        return false;
    event_entry_forget(q, slot);
    slot->handle += EVENT_GENERATION;
    q->live--;
    event_slot_release(q, slot);
    return true;
}

static inline bool event_queue_rearm(struct event_queue *q, event_handle h, sim_ns time, uint64_t order)
{
    struct event_slot *slot = event_handle_find(q, h);

    CHECK((uint64_t)time >= q->now);
    if (slot == NULL)
        return false;
    event_entry_forget(q, slot);
    slot->order = order;
    event_entry_push(q, (uint64_t)time, event_slot_tag(slot), order);
    return true;
}

static inline size_t event_queue_count(const struct event_queue *q)
{
    return q->live;
}

#endif
