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
 * Entries in the ladder are 16 bytes; their orders lie in the slots, which are fetched all together when a
 * bucket is opened, while its entries are counted by the next bits of their times; dealt into as many cells
 * as there are entries, they are nearly sorted. So at a million pending, where a heap waits for memory at
 * each level, an event costs two passes over streams and one fetch that nobody waits for.
 *
 * What was tried on the hold model (bench/README.md has the figures beside straight C): more than 256 buckets
 * a rung, of 10 thousand pending each with a line of its own, leave the second-level cache (-15%); chunks of
 * 7 and 15 in place of 31 entries cost 10 to 30% at a million; sorting up to 16 by rank, without a branch,
 * gains 5% over insertion; buckets up to 32, split by another rung beyond, were 40% slower at a million than
 * cells. A rung that reaches to the latest event, in place of three quarters of what is there, is 30% slower
 * with exponential increments.
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
#define FEW_TO_SORT 24  /* a bucket of no more entries is sorted by insertion */
#define CELLS_MOST 4096 /* that a larger one is dealt into */

/* Before each payload. With it a power of two, so that one of up to 48 bytes lies in one line of the cache.
 */
struct slot {
    uint32_t generation; /* of the handle that owns it; raised when the event fires or is cancelled */
    uint32_t stamp;      /* of its entry; raised with the generation and when it is rearmed */
    union {
        uint64_t order; /* for when its entry is opened */
        uint32_t next;  /* when unused: the next unused one */
    };
};

struct event_queue {
    struct event_heap heap;
    struct event_array run, spare;
    size_t run_next, heap_spill, live;
    struct ladder ladder;
    uint64_t now;
    char **blocks; /* of slots */
    size_t block_count;
    unsigned slot_shift, block_shift;   /* bytes of a slot; slots of a block */
    uint32_t *cells;                    /* [CELLS_MOST + 1]: for opening a bucket */
    uint32_t slot_count, unused, fired; /* fired: the slot of the event popped last, not yet free */
};

struct event_queue *event_queue_new(size_t payload_bytes)
{
    struct event_queue *q = memory_new(1, sizeof *q);

    CHECK(payload_bytes < BLOCK_BYTES / 2);
    q->slot_shift = 5;
    while ((size_t)1 << q->slot_shift < sizeof(struct slot) + payload_bytes)
        q->slot_shift++;
    while ((size_t)1 << (q->slot_shift + q->block_shift + 1) <= BLOCK_BYTES)
        q->block_shift++;
    q->cells = memory_new(CELLS_MOST + 1, sizeof *q->cells);
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
    free(q->cells);
    free(q->heap.items);
    free(q->run.items);
    free(q->spare.items);
    free(q);
}

static inline struct slot *slot_at(const struct event_queue *q, uint32_t index)
{
    size_t in_block = index & (((size_t)1 << q->block_shift) - 1);

    return (struct slot *)(void *)(q->blocks[index >> q->block_shift] + (in_block << q->slot_shift));
}

static inline bool slot_has(const struct event_queue *q, uint32_t slot, uint32_t stamp)
{
    return slot_at(q, slot)->stamp == stamp;
}

static uint32_t slot_add(struct event_queue *q)
{
    CHECK(q->slot_count < NO_SLOT);
    if (q->slot_count >> q->block_shift == q->block_count) {
        q->blocks = memory_resize(q->blocks, q->block_count + 1, sizeof *q->blocks);
        /* The first stays small in memory if few events are pending: it is not on huge pages. */
        q->blocks[q->block_count] =
            q->block_count == 0 ? event_lines_new(BLOCK_BYTES) : event_pages_new(BLOCK_BYTES);
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
        ladder_push(&q->ladder, (struct event_far){e->time, e->slot, e->stamp});
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
    slot->order = order;
    entry_push(q, &(struct event_entry){order, (uint64_t)time, index, slot->stamp});
    q->live++;
    *payload = slot + 1;
    return (event_handle)slot->generation << 32 | index;
}

/* An entry of the run; what was cancelled meanwhile has another stamp in its slot, and is dropped when it
 * comes up. */
static inline struct event_entry entry_of(const struct event_queue *q, const struct event_far *e)
{
    return (struct event_entry){slot_at(q, e->slot)->order, e->time, e->slot, e->stamp};
}

/* Few entries: fetched and sorted by insertion. */
static void few_open(struct event_queue *q, const struct ladder_bucket *b)
{
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next)
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++)
            __builtin_prefetch(slot_at(q, c->entries[i].slot), 1);
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next)
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            struct event_entry e = entry_of(q, &c->entries[i]);
            event_array_add(&q->run, &e);
        }
    event_array_sort(&q->run, 0, q->run.count, &q->spare);
}

/* Many: counted by the next bits of their times, while their slots are fetched; dealt into the cells; each
 * cell is sorted. */
static void many_open(struct event_queue *q, const struct ladder_opened *o)
{
    const struct ladder_bucket *b = &o->bucket;
    unsigned shift = 0;
    uint32_t cells = CELLS_MOST, *next = q->cells, at = 0;

    while (cells / 2 > b->count)
        cells /= 2;
    while (o->width >> shift >= cells)
        shift++;
    memset(next, 0, (cells + 1) * sizeof *next);
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next) {
        __builtin_prefetch(c->next);
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            next[((c->entries[i].time - o->low) >> shift) + 1]++;
            __builtin_prefetch(slot_at(q, c->entries[i].slot), 1);
        }
    }
    for (uint32_t i = 1; i <= cells; i++)
        next[i] += next[i - 1];
    while (q->run.capacity < b->count)
        event_array_grow(&q->run);
    q->run.count = b->count;
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next)
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++)
            q->run.items[next[(c->entries[i].time - o->low) >> shift]++] = entry_of(q, &c->entries[i]);
    for (uint32_t i = 0; i < cells; i++) { /* by now next[i] is where cell i ends */
        if (next[i] > at + 1)
            event_array_sort(&q->run, at, next[i] - at, &q->spare);
        at = next[i];
    }
}

static void bucket_open(struct event_queue *q)
{
    q->run.count = q->run_next = 0;
    q->heap_spill = HEAP_SPILL;
    struct ladder_opened o = ladder_open(&q->ladder, HEAP_FEW / 2);
    if (o.bucket.count <= FEW_TO_SORT || o.width == UINT64_MAX || o.width == 0)
        few_open(q, &o.bucket);
    else
        many_open(q, &o);
    ladder_give_back(&q->ladder, &o.bucket);
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
            bucket_open(q);
            if (q->run.count == 0)
                return NULL;
        } else if (slot_has(q, first->slot, first->stamp)) {
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
    const struct event_entry *first;
    if (q->heap.count == 0 && q->run_next < q->run.count &&
        slot_has(q, q->run.items[q->run_next].slot, q->run.items[q->run_next].stamp)) {
        first = &q->run.items[q->run_next]; /* mostly */
        in_run = true;
    } else if ((first = first_find(q, &in_run)) == NULL) {
        return false;
    }
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

static bool entry_keep(void *context, const struct event_far *e)
{
    return slot_has(context, e->slot, e->stamp);
}

static void dead_sweep(struct event_queue *q)
{
    size_t kept = 0;

    event_heap_settle(&q->heap);
    for (size_t i = 0; i < q->heap.count; i++) {
        if (slot_has(q, q->heap.items[i].slot, q->heap.items[i].stamp))
            q->heap.items[kept++] = q->heap.items[i];
    }
    q->heap.count = kept;
    event_heap_build(&q->heap);
    kept = 0;
    for (size_t i = q->run_next; i < q->run.count; i++) {
        if (slot_has(q, q->run.items[i].slot, q->run.items[i].stamp))
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
    slot->order = order;
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
    return sizeof *q + (CELLS_MOST + 1) * sizeof *q->cells +
           q->block_count * (BLOCK_BYTES + sizeof *q->blocks) + q->ladder.bytes +
           q->heap.capacity * sizeof *q->heap.items +
           (q->run.capacity + q->spare.capacity) * sizeof *q->run.items;
}
