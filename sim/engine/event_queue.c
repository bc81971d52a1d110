/* event_queue.c -- slots and handles over a bottom (a sorted run and a heap) and a ladder of buckets.
 *
 * An event is a slot: a small header and the payload, in blocks that never move. What is sorted are entries
 * of 24 bytes (key, slot, stamp). Cancelling gives the slot a new stamp and forgets the entry, which is
 * dropped when it comes up; when more entries are dead than alive all are swept, so the dead cost constant
 * time each and at most double the memory, however far ahead the time-outs are.
 *
 *    pop takes the lesser of:   run    one opened bucket, sorted; read from `run_next` on
 *                               heap   what was pushed since with a time before the ladder's
 *    when both are used up, the ladder opens its next bucket into the run.
 *
 * While few events are pending all are in the heap and the ladder takes none (its `from` is never); should
 * the heap grow later, because many events are pushed into the span of one bucket, it is dealt into a rung of
 * its own.
 *
 * Measured on the hold model, million events a second, draws included (AMD EPYC of family 26, one core, gcc
 * 12 -O3; straight heaps of the same entries and slots, that replace the root and can do nothing else; a busy
 * machine, +-15%):
 *
 *     pending, increments        this   2-ary   4-ary   8-ary
 *     100, exponential            25.0    26.5    30.7    30.8
 *     100, uniform                26.9    24.9    31.0    32.3
 *     100, bimodal                22.6    20.8    28.2    26.0
 *     100, all equal              35.4    34.3    50.5    46.1
 *     10 thousand, exponential    20.0    10.8    15.7    17.2
 *     10 thousand, uniform        21.6    15.3    17.7    18.4
 *     10 thousand, bimodal        19.0    15.8    16.1    15.8
 *     10 thousand, all equal      19.8    24.0    25.5    25.0
 *     1 million, exponential       7.2     1.4     2.3     2.3
 *     1 million, uniform           8.9     1.5     2.6     2.3
 *     1 million, bimodal           8.5     1.8     2.6     2.3
 *     1 million, all equal        12.4     8.4    14.6    15.1
 *
 * So: a heap while few, of four children (at 100 the rest is slots, handles and calls); buckets beyond, which
 * are faster as soon as the heap is some seven levels deep and three times as fast when it leaves the cache.
 * Beyond 100 only where all increments are equal a heap is ahead, as a new event then goes to the bottom of
 * it without a comparison that could be guessed wrong. At a million what is left is memory: slots on huge
 * pages gave 15%, fetching the next bucket's slots ahead 18% (it cost 7% at 10 thousand, where they are in
 * the cache, hence only beyond one block). Bucket sizes of 4 to 16 and opening at 16 to 64 made no difference
 * beyond the noise.
 */
#include "sim/engine/event_queue.h"

#include "sim/base/check.h"
#include "sim/engine/event_heap.h"
#include "sim/engine/event_ladder.h"
#include "sim/engine/event_pages.h"

#include <stdlib.h>
#include <string.h>

#define HEAP_FEW 256           /* a queue of no more events is a heap */
#define HEAP_SPILL 512         /* a heap of more entries is dealt into a rung */
#define SWEEP_LEAST 1024       /* dead entries that are not worth a sweep */
#define BLOCK_BYTES EVENT_PAGE /* of slots */
#define NO_SLOT UINT32_MAX

/* Before each payload. */
struct slot {
    uint32_t generation; /* of the handle that owns it; raised when the event fires or is cancelled */
    uint32_t stamp;      /* of its entry; raised with the generation and when it is rearmed */
    uint32_t next;       /* when unused: the next unused one */
    uint32_t unused_4;
};

struct event_queue {
    struct event_heap heap;
    struct event_array run, spare;
    size_t run_next, heap_spill, live;
    struct ladder ladder;
    uint64_t now;
    char **blocks; /* of slots */
    size_t slot_bytes, block_count;
    unsigned block_shift;
    uint32_t slot_count, unused, fired; /* fired: the slot of the event popped last, not yet free */
};

struct event_queue *event_queue_new(size_t payload_bytes)
{
    struct event_queue *q = memory_new(1, sizeof *q);

    CHECK(payload_bytes < BLOCK_BYTES / 2);
    q->slot_bytes = (sizeof(struct slot) + payload_bytes + 15) / 16 * 16;
    while (q->slot_bytes << (q->block_shift + 1) <= BLOCK_BYTES)
        q->block_shift++;
    q->heap_spill = HEAP_SPILL;
    q->unused = q->fired = NO_SLOT;
    ladder_init(&q->ladder);
    event_heap_grow(&q->heap);
    return q;
}

void event_queue_free(struct event_queue *q)
{
    if (q == NULL)
        return;
    for (size_t i = 0; i < q->block_count; i++)
        free(q->blocks[i]);
    ladder_free(&q->ladder);
    free(q->blocks);
    free(q->heap.items);
    free(q->run.items);
    free(q->spare.items);
    free(q);
}

static inline struct slot *slot_at(const struct event_queue *q, uint32_t index)
{
    size_t in_block = index & (((size_t)1 << q->block_shift) - 1);

    return (struct slot *)(void *)(q->blocks[index >> q->block_shift] + in_block * q->slot_bytes);
}

static inline bool entry_alive(const struct event_queue *q, const struct event_entry *e)
{
    return slot_at(q, e->slot)->stamp == e->stamp;
}

static uint32_t slot_add(struct event_queue *q)
{
    CHECK(q->slot_count < NO_SLOT);
    if (q->slot_count >> q->block_shift == q->block_count) {
        q->blocks = memory_resize(q->blocks, q->block_count + 1, sizeof *q->blocks);
        /* The first stays small in memory if few events are pending: it is not on huge pages. */
        q->blocks[q->block_count] =
            q->block_count == 0 ? memory_new(1, BLOCK_BYTES) : event_pages_new(BLOCK_BYTES);
        q->block_count++;
    }
    *slot_at(q, q->slot_count) = (struct slot){.generation = 1};
    return q->slot_count++;
}

/* A slot whose generation or stamp has come round is not used again: no handle or entry of old can be taken
 * for a new one. */
static void slot_release(struct event_queue *q, uint32_t index)
{
    struct slot *slot = slot_at(q, index);

    if (slot->generation != 0 && slot->stamp < UINT32_MAX - 1) {
        slot->next = q->unused;
        q->unused = index;
    }
}

static inline void entry_push(struct event_queue *q, const struct event_entry *e);

/* The heap has grown large: what comes after the run's last instant (all of it, where there is no run) is
 * dealt into a rung. Where that is less than half of it, it may grow to the double first, so that the cost
 * stays constant an event. */
static void heap_spill(struct event_queue *q)
{
    struct event_heap *h = &q->heap;
    uint64_t low = UINT64_MAX, high = 0, after = 0;
    size_t kept = 0, moved = 0;

    event_heap_settle(h);
    if (q->run_next < q->run.count)
        after = q->run.items[q->run.count - 1].time + 1;
    q->spare.count = 0;
    for (size_t i = 0; i < h->count; i++) {
        struct event_entry e = h->items[i];

        if (e.time >= after) {
            low = e.time < low ? e.time : low;
            high = e.time > high ? e.time : high;
            event_array_add(&q->spare, &e);
        } else {
            h->items[kept++] = e;
        }
    }
    moved = q->spare.count;
    if (moved == 0 || !ladder_spread(&q->ladder, q->spare.items, moved, low, high)) {
        for (size_t i = 0; i < moved; i++)
            h->items[kept++] = q->spare.items[i];
        moved = 0;
    }
    h->count = kept;
    event_heap_build(h);
    q->heap_spill = moved > kept ? HEAP_SPILL + kept : 2 * (kept + moved);
}

static inline void entry_push(struct event_queue *q, const struct event_entry *e)
{
    if (e->time >= q->ladder.from) {
        ladder_push(&q->ladder, e);
        return;
    }
    event_heap_push(&q->heap, e);
    if (q->heap.count > q->heap_spill)
        heap_spill(q);
}

event_handle event_queue_push(struct event_queue *q, sim_ns time, uint64_t order, void **payload)
{
    uint32_t index = q->unused;

    CHECK(time >= (sim_ns)q->now);
    struct slot *slot;
    if (index != NO_SLOT) {
        slot = slot_at(q, index);
        q->unused = slot->next;
    } else {
        index = slot_add(q);
        slot = slot_at(q, index);
    }
    entry_push(q, &(struct event_entry){order, (uint64_t)time, index, slot->stamp});
    q->live++;
    *payload = slot + 1;
    return (event_handle)slot->generation << 32 | index;
}

/* The events of the next bucket are fetched while those of this one are handled: payloads lie all over the
 * memory. */
static inline void coming_prefetch(const struct event_queue *q)
{
    size_t count;
    const struct event_entry *coming = ladder_coming(&q->ladder, &count);

    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(slot_at(q, coming[i].slot), 1);
}

/* The first live entry, or NULL; dead ones before it are dropped. */
static const struct event_entry *first_find(struct event_queue *q, bool *in_run)
{
    event_heap_settle(&q->heap);
    for (;;) {
        const struct event_entry *run = q->run_next < q->run.count ? &q->run.items[q->run_next] : NULL;
        const struct event_entry *first = q->heap.count > 0 ? q->heap.items : NULL;

        *in_run = run != NULL && (first == NULL || event_entry_before(run, first));
        first = *in_run ? run : first;
        if (first == NULL) {
            if (q->ladder.count == 0 && q->ladder.depth == 0)
                return NULL;
            q->run.count = q->run_next = 0;
            q->heap_spill = HEAP_SPILL;
            ladder_open(&q->ladder, HEAP_FEW / 2, &q->run);
            event_array_sort(&q->run, &q->spare);
            if (q->block_count > 1) /* else they are in the cache anyway */
                coming_prefetch(q);
            if (q->run.count == 0)
                return NULL;
        } else if (entry_alive(q, first)) {
            return first;
        } else if (*in_run) {
            q->run_next++;
        } else {
            q->heap.hole = true;
            event_heap_settle(&q->heap);
        }
    }
}

bool event_queue_pop(struct event_queue *q, sim_ns *time, uint64_t *order, void **payload)
{
    bool in_run;

    if (q->fired != NO_SLOT) {
        slot_release(q, q->fired);
        q->fired = NO_SLOT;
    }
    const struct event_entry *first = first_find(q, &in_run);
    if (first == NULL)
        return false;
    struct slot *slot = slot_at(q, first->slot);
    q->now = first->time;
    *time = (sim_ns)first->time;
    *order = first->order;
    *payload = slot + 1;
    q->fired = first->slot;
    slot->generation++;
    slot->stamp++;
    q->live--;
    if (in_run)
        q->run_next++;
    else
        q->heap.hole = true;
    return true;
}

bool event_queue_peek(struct event_queue *q, sim_ns *time, uint64_t *order)
{
    bool in_run;
    const struct event_entry *first = first_find(q, &in_run);

    if (first == NULL)
        return false;
    *time = (sim_ns)first->time;
    *order = first->order;
    return true;
}

static bool entry_keep(void *context, const struct event_entry *e)
{
    return entry_alive(context, e);
}

static void dead_sweep(struct event_queue *q)
{
    size_t kept = 0;

    event_heap_settle(&q->heap);
    for (size_t i = 0; i < q->heap.count; i++) {
        if (entry_alive(q, &q->heap.items[i]))
            q->heap.items[kept++] = q->heap.items[i];
    }
    q->heap.count = kept;
    event_heap_build(&q->heap);
    kept = 0;
    for (size_t i = q->run_next; i < q->run.count; i++) {
        if (entry_alive(q, &q->run.items[i]))
            q->run.items[kept++] = q->run.items[i];
    }
    q->run.count = kept;
    q->run_next = 0;
    ladder_filter(&q->ladder, entry_keep, q);
}

static void dead_count(struct event_queue *q)
{
    size_t entries = q->heap.count + (q->run.count - q->run_next) + q->ladder.count;

    if (entries > 2 * q->live + SWEEP_LEAST)
        dead_sweep(q);
}

/* The slot of a handle whose event is pending, or NULL. */
static struct slot *handle_find(const struct event_queue *q, event_handle h)
{
    uint32_t index = (uint32_t)h, generation = (uint32_t)(h >> 32);

    if (generation == 0 || index >= q->slot_count)
        return NULL;
    struct slot *slot = slot_at(q, index);
    return slot->generation == generation ? slot : NULL;
}

bool event_queue_cancel(struct event_queue *q, event_handle h)
{
    struct slot *slot = handle_find(q, h);

    if (slot == NULL)
        return false;
    slot->generation++;
    slot->stamp++;
    q->live--;
    slot_release(q, (uint32_t)h);
    dead_count(q);
    return true;
}

bool event_queue_rearm(struct event_queue *q, event_handle h, sim_ns time, uint64_t order)
{
    struct slot *slot = handle_find(q, h);

    CHECK(time >= (sim_ns)q->now);
    if (slot == NULL)
        return false;
    if (slot->stamp >= UINT32_MAX - 2) {
        slot->stamp = UINT32_MAX - 1;
        dead_sweep(q);
        slot->stamp = 0;
    }
    slot->stamp++;
    entry_push(q, &(struct event_entry){order, (uint64_t)time, (uint32_t)h, slot->stamp});
    dead_count(q);
    return true;
}

size_t event_queue_count(const struct event_queue *q)
{
    return q->live;
}

size_t event_queue_bytes(const struct event_queue *q)
{
    return sizeof *q + q->block_count * (BLOCK_BYTES + sizeof *q->blocks) + q->ladder.bytes +
           q->heap.capacity * sizeof *q->heap.items +
           (q->run.capacity + q->spare.capacity) * sizeof *q->run.items;
}
