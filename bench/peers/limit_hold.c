/* limit_hold.c -- how fast the hold loop can be: straight C that does nothing else, for bench/hold.c to be
 * measured by.
 *
 *     limit_hold [bucket|heap4] [EVENTS]
 *
 * The same increments by the same draws (counter-based, so that what is compared is the queue), the same
 * warm-up, the same columns. What it leaves out is what a simulator needs: no handles, no cancelling, no
 * checks, sizes fixed before it starts, everything in one file for the compiler to see. Keys are 16 bytes,
 * the instant and (sequence | event), compared as one number; payloads of 32 bytes lie apart.
 *
 *     bucket   a ring of 1024 buckets that reaches four mean increments ahead, each an array; an opened
 * bucket is dealt by its next bits and sorted by insertion; what comes before its end goes to a heap beside
 * it; what is beyond the ring waits in a list that is dealt out once a turn. With no more than 256 pending:
 * heap4. heap4    a heap of four children that replaces its root.
 */
#include "sim/engine/distribution.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

__extension__ typedef unsigned __int128 hold_key;

enum { EVENT_BITS = 21, EVENTS_MOST = 1 << EVENT_BITS };

struct payload {
    uint64_t number, filling[3];
};

static struct payload *payloads;

static hold_key key_of(sim_ns time, uint64_t sequence, uint32_t event)
{
    return (hold_key)(uint64_t)time << 64 | (sequence << EVENT_BITS | event);
}

static sim_ns time_of(hold_key k)
{
    return (sim_ns)(uint64_t)(k >> 64);
}

static uint32_t event_of(hold_key k)
{
    return (uint32_t)k & (EVENTS_MOST - 1);
}

static void *pages(size_t bytes)
{
    size_t page = (size_t)2 << 20;
    void *p = aligned_alloc(page, (bytes + page - 1) / page * page);

    if (p == NULL)
        abort();
    madvise(p, bytes, MADV_HUGEPAGE);
    memset(p, 0, bytes);
    return p;
}

static double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- A heap of four children, with a fence of four behind the last ---- */

static hold_key *heap;
static size_t heap_count;

static void heap_sink(hold_key k)
{
    size_t at = 0;

    for (size_t child; (child = 4 * at + 1) < heap_count; at = child) {
        size_t right = child + 2;
        child += heap[child + 1] < heap[child];
        right += heap[right + 1] < heap[right];
        child = heap[right] < heap[child] ? right : child;
        if (k <= heap[child])
            break;
        heap[at] = heap[child];
    }
    heap[at] = k;
}

static void heap_add(hold_key k)
{
    size_t at = heap_count++;

    for (size_t parent; at > 0 && k < heap[parent = (at - 1) / 4]; at = parent)
        heap[at] = heap[parent];
    heap[at] = k;
}

static double run_heap(size_t pending, const struct distribution *d, random_stream *s, uint64_t events)
{
    uint64_t sequence = 0, sum = 0;
    double start = 0;

    heap = pages((pending + 8) * sizeof *heap);
    memset(heap, 0xff, (pending + 8) * sizeof *heap);
    heap_count = 0;
    for (uint32_t i = 0; i < pending; i++, sequence++) {
        payloads[i].number = sequence;
        heap_add(key_of(distribution_draw_ns(d, s), sequence, i));
    }
    for (uint64_t i = 0, warmup = 4 * pending; i < warmup + events; i++) {
        if (i == warmup)
            start = seconds_now();
        hold_key first = heap[0];
        uint32_t event = event_of(first);
        sum += payloads[event].number;
        payloads[event].number = sequence;
        heap_sink(key_of(time_of(first) + distribution_draw_ns(d, s), sequence++, event));
    }
    double seconds = seconds_now() - start;
    free(heap);
    return sum != 0 ? seconds : -1;
}

/* ---- A ring of buckets ---- */

enum { BUCKETS = 1024, FINE_BITS = 10, FINE = 1 << FINE_BITS, AHEAD = 12 };

struct keys {
    hold_key *items;
    size_t count, room;
};

static struct keys ring[BUCKETS], run, far;
static uint64_t current; /* number of the opened bucket: time >> shift */
static unsigned shift;
static size_t run_next;

static void keys_room(struct keys *k, size_t least)
{
    if (least <= k->room)
        return;
    k->room = least * 2;
    k->items = realloc(k->items, k->room * sizeof *k->items);
    if (k->items == NULL)
        abort();
}

static inline void keys_add(struct keys *k, hold_key key)
{
    if (k->count == k->room)
        keys_room(k, k->count + 1);
    k->items[k->count++] = key;
}

static inline void ring_push(hold_key k)
{
    uint64_t number = (uint64_t)time_of(k) >> shift;

    if (number <= current)
        heap_add(k);
    else
        keys_add(number - current < BUCKETS ? &ring[number % BUCKETS] : &far, k);
}

static void far_deal(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < far.count; i++) {
        uint64_t number = (uint64_t)time_of(far.items[i]) >> shift;
        if (number - current < BUCKETS)
            keys_add(&ring[number % BUCKETS], far.items[i]);
        else
            far.items[kept++] = far.items[i];
    }
    far.count = kept;
}

/* The bucket's keys in order: dealt by their next FINE_BITS bits, then by insertion. */
static void run_sort(struct keys *b)
{
    static uint32_t start[FINE + 1];
    unsigned fine = shift > FINE_BITS ? shift - FINE_BITS : 0;

    run_next = 0;
    run.count = b->count;
    keys_room(&run, b->count + 1);
    if (b->count > 48) {
        memset(start, 0, sizeof start);
        for (size_t i = 0; i < b->count; i++)
            start[(((uint64_t)time_of(b->items[i]) >> fine) & (FINE - 1)) + 1]++;
        for (size_t i = 1; i <= FINE; i++)
            start[i] += start[i - 1];
        for (size_t i = 0; i < b->count; i++)
            run.items[start[((uint64_t)time_of(b->items[i]) >> fine) & (FINE - 1)]++] = b->items[i];
    } else {
        memcpy(run.items, b->items, b->count * sizeof *b->items);
    }
    b->count = 0;
    for (size_t i = 1; i < run.count; i++) {
        hold_key k = run.items[i];
        size_t at = i;
        for (; at > 0 && k < run.items[at - 1]; at--)
            run.items[at] = run.items[at - 1];
        run.items[at] = k;
    }
    for (size_t i = 0; i < AHEAD && i < run.count; i++)
        __builtin_prefetch(&payloads[event_of(run.items[i])], 1);
}

static hold_key ring_pop(void)
{
    while (run_next == run.count && heap_count == 0) {
        current++;
        if (current % BUCKETS == 0)
            far_deal();
        if (ring[current % BUCKETS].count > 0)
            run_sort(&ring[current % BUCKETS]);
    }
    if (heap_count > 0 && (run_next == run.count || heap[0] < run.items[run_next])) {
        hold_key first = heap[0], last = heap[--heap_count];
        heap[heap_count] = ~(hold_key)0;
        if (heap_count > 0)
            heap_sink(last);
        return first;
    }
    if (run_next + AHEAD < run.count)
        __builtin_prefetch(&payloads[event_of(run.items[run_next + AHEAD])], 1);
    return run.items[run_next++];
}

/* As many buckets as reach some four mean increments ahead. */
static void ring_new(size_t pending, const struct distribution *d)
{
    random_stream sample = random_stream_new(random_key_new(2, 0, "sample"), 0, 0);
    double mean = 0;

    for (int i = 0; i < 4096; i++)
        mean += (double)distribution_draw_ns(d, &sample) / 4096;
    for (shift = 0; (double)((uint64_t)BUCKETS << shift) < 4 * mean;)
        shift++;
    heap = pages((pending + 8) * sizeof *heap);
    memset(heap, 0xff, (pending + 8) * sizeof *heap);
    heap_count = run_next = run.count = far.count = 0;
    current = 0;
}

static double run_bucket(size_t pending, const struct distribution *d, random_stream *s, uint64_t events)
{
    uint64_t sequence = 0, sum = 0;
    double start = 0;

    if (pending <= 256)
        return run_heap(pending, d, s, events);
    ring_new(pending, d);
    for (uint32_t i = 0; i < pending; i++, sequence++) {
        payloads[i].number = sequence;
        ring_push(key_of(distribution_draw_ns(d, s), sequence, i));
    }
    for (uint64_t i = 0, warmup = 4 * pending; i < warmup + events; i++) {
        if (i == warmup)
            start = seconds_now();
        hold_key first = ring_pop();
        uint32_t event = event_of(first);
        sum += payloads[event].number;
        payloads[event].number = sequence;
        ring_push(key_of(time_of(first) + distribution_draw_ns(d, s), sequence++, event));
    }
    double seconds = seconds_now() - start;
    for (size_t i = 0; i < BUCKETS; i++)
        ring[i].count = 0;
    free(heap);
    return sum != 0 ? seconds : -1;
}

int main(int argc, char **argv)
{
    static const struct distribution modes[] = {
        {.kind = DISTRIBUTION_UNIFORM, .a = 0, .b = 2e9 / 10.9},
        {.kind = DISTRIBUTION_UNIFORM, .a = 99e9 / 10.9, .b = 101e9 / 10.9},
    };
    static const double weights[] = {0.9, 1};
    static const struct {
        const char *name;
        struct distribution increments;
    } rows[] = {
        {"exponential", {.kind = DISTRIBUTION_EXPONENTIAL, .a = 1e9}},
        {"uniform", {.kind = DISTRIBUTION_UNIFORM, .a = 0, .b = 2e9}},
        {"bimodal", {.kind = DISTRIBUTION_MIXTURE, .of = modes, .weights = weights, .count = 2}},
        {"equal", {.kind = DISTRIBUTION_CONSTANT, .a = 1e9}},
    };
    static const size_t pending[] = {100, 10000, 1000000};
    bool heap4 = argc > 1 && strcmp(argv[1], "heap4") == 0;
    uint64_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 10000000;

    payloads = pages(EVENTS_MOST * sizeof *payloads);
    printf("pending,increments,events,seconds,events_per_second\n");
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            random_stream s = random_stream_new(random_key_new(1, pending[p], "hold"), 0, 0);
            double seconds = heap4 ? run_heap(pending[p], &rows[i].increments, &s, events)
                                   : run_bucket(pending[p], &rows[i].increments, &s, events);
            printf("%zu,%s,%lu,%.6f,%.0f\n", pending[p], rows[i].name, events, seconds,
                   (double)events / seconds);
            fflush(stdout);
        }
    free(payloads);
    return 0;
}
