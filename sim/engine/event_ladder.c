/* event_ladder.c -- a ladder queue (Tang, Goh, Thng: Ladder Queue: An O(1) Priority Queue Structure for
 * Large-Scale Discrete Event Simulation, ACM TOMACS 15, 2005), with chunked buckets and a different bottom.
 *
 *      bottom (queue)      rung 1                    rung 0                          top
 *    |-- sorted, few ---|--|--|--|--|--|------|------|------|------|------|------ unsorted ------ ...
 *    now                from                                              top_from
 *
 * Far entries lie unsorted in `top`. When the rungs are used up, top is dealt into the buckets of a new rung
 * 0, as wide as what is there needs; a long tail is left there. The earliest bucket is opened: one of up to
 * 16384 entries goes to the bottom to be sorted, a larger one is dealt into a finer rung below. So an entry
 * is moved some three times, always from one stream into few hundred tails that stay in cache, however many
 * are pending; and as each rung fits what it holds, no distribution of times makes it slow: a range of 2^63
 * is split by at least 64 each time.
 *
 * Invariant: top_from >= rungs[0].from >= rungs[1].from >= ... >= rungs[depth - 1].from = from, and every
 * entry lies in the first of these whose `from` is not above its time. Rung 0 ends where top begins, so that
 * an entry's bucket is one shift and one comparison; the last bucket of a lower rung takes all up to the rung
 * above. */
#include "sim/engine/event_ladder.h"

#include "sim/base/check.h"
#include "sim/engine/event_pages.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_AT_MOST 16384 /* a bucket of no more entries is sorted at once */
#define SAMPLES 64         /* of what is in top, to see how far a rung should reach */

/* Rung 0 has no buckets: all from `time` on belongs to top. */
static void rungs_clear(struct ladder *l, uint64_t time)
{
    l->depth = 1;
    l->rungs[0].bucket_count = l->rungs[0].opened = 0;
    l->from = l->top_from = l->rungs[0].from = time;
}

void ladder_init(struct ladder *l)
{
    memset(l, 0, sizeof *l);
    rungs_clear(l, EVENT_NEVER);
}

void ladder_free(struct ladder *l)
{
    for (size_t i = 0; i < l->block_count; i++)
        free(l->blocks[i]);
    for (size_t i = 0; i < LADDER_RUNGS; i++)
        free(l->rungs[i].buckets);
    free(l->blocks);
}

/* Blocks grow with what is there, by a quarter, so that the number of them is a logarithm. */
static void chunks_add(struct ladder *l)
{
    size_t bytes = 64 * sizeof(struct ladder_chunk) + l->bytes / 4;

    bytes = bytes < EVENT_PAGE / 2 ? bytes : (bytes + EVENT_PAGE - 1) / EVENT_PAGE * EVENT_PAGE;
    size_t count = bytes / sizeof(struct ladder_chunk);
    struct ladder_chunk *block = event_pages_new(bytes);
    l->blocks = memory_resize(l->blocks, l->block_count + 1, sizeof *l->blocks);
    l->blocks[l->block_count++] = block;
    l->bytes += bytes;
    for (size_t i = count; i-- > 0;) {
        block[i].next = l->unused;
        l->unused = &block[i];
    }
}

static struct ladder_chunk *chunk_last(const struct ladder_bucket *b)
{
    return (struct ladder_chunk *)(void *)((char *)(b->end - LADDER_CHUNK) -
                                           offsetof(struct ladder_chunk, entries));
}

void ladder_bucket_grow(struct ladder *l, struct ladder_bucket *b)
{
    if (l->unused == NULL)
        chunks_add(l);
    struct ladder_chunk *chunk = l->unused;
    CHECK(chunk != NULL);
    l->unused = chunk->next;
    chunk->next = NULL;
    if (b->first == NULL)
        b->first = chunk;
    else
        chunk_last(b)->next = chunk;
    /* Given back long ago, they have left the cache; what is dealt here next comes after some hundred others.
     */
    for (size_t at = 0; at < sizeof *chunk; at += 64)
        __builtin_prefetch((char *)chunk + at, 1, 2);
    __builtin_prefetch(l->unused, 1);
    b->next = chunk->entries;
    b->end = chunk->entries + LADDER_CHUNK;
    b->chunks++;
}

static struct ladder_chunk *chunk_drop(struct ladder *l, struct ladder_chunk *c)
{
    struct ladder_chunk *next = c->next;

    c->next = l->unused;
    l->unused = c;
    return next;
}

void ladder_give_back(struct ladder *l, struct ladder_bucket *b)
{
    if (b->first == NULL)
        return;
    chunk_last(b)->next = l->unused;
    l->unused = b->first;
    *b = (struct ladder_bucket){0};
}

/* An empty lowest rung, with buckets for some `count` entries in [low, high]. */
static struct ladder_rung *rung_new(struct ladder *l, struct ladder_rung *r, size_t count, uint64_t low,
                                    uint64_t high)
{
    if (r->buckets == NULL) {
        r->buckets = memory_new(LADDER_BUCKETS_MAX, sizeof *r->buckets);
        l->bytes += LADDER_BUCKETS_MAX * sizeof *r->buckets;
    }
    r->bucket_count = LADDER_BUCKETS_MIN;
    while (r->bucket_count < LADDER_BUCKETS_MAX && r->bucket_count * 8 < count)
        r->bucket_count *= 2;
    r->opened = 0;
    r->start = r->from = l->from = low;
    r->shift = 0;
    while ((high - low) >> r->shift >= r->bucket_count)
        r->shift++;
    return r;
}

static void rung_add(struct ladder *l, struct ladder_rung *r, struct event_entry e)
{
    uint64_t index = (e.time - r->start) >> r->shift;

    index = index < r->bucket_count ? index : r->bucket_count - 1;
    ladder_bucket_add(l, &r->buckets[index], e);
}

void ladder_push_near(struct ladder *l, struct event_entry e)
{
    struct ladder_rung *r = l->rungs + 1;

    while (e.time < r->from)
        r++;
    rung_add(l, r, e);
}

/* The rung's first bucket with something in it, and its times; `from` is raised above it; NULL when none is
 * left. */
static struct ladder_bucket *rung_next(struct ladder *l, struct ladder_rung *r, struct ladder_opened *times)
{
    while (r->opened < r->bucket_count) {
        uint32_t index = r->opened++;
        if (r->buckets[index].first == NULL)
            continue;
        uint64_t above = r == l->rungs ? l->top_from : r[-1].from;
        uint64_t end = r->start + ((uint64_t)(index + 1) << r->shift);

        r->from = l->from = index + 1 == r->bucket_count || end > above ? above : end;
        times->low = r->start + ((uint64_t)index << r->shift);
        times->width = r->from - 1 - times->low;
        return &r->buckets[index];
    }
    return NULL;
}

static int by_time(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return a < b ? -1 : a > b;
}

struct range {
    uint64_t low, high, three_quarters; /* of a sample */
};

static struct range bucket_range(const struct ladder_bucket *b)
{
    struct range r = {EVENT_NEVER, 0, 0};
    uint64_t sample[SAMPLES] = {0};
    size_t every = ladder_bucket_count(b) / SAMPLES + 1, until = 0, samples = 0;

    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next) {
        ladder_chunk_fetch(c->next);
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            uint64_t time = c->entries[i].time;
            r.low = time < r.low ? time : r.low;
            r.high = time > r.high ? time : r.high;
            if (until-- == 0) {
                until = every - 1;
                sample[samples++] = time;
            }
        }
    }
    qsort(sample, samples, sizeof *sample, by_time);
    r.three_quarters = sample[samples * 3 / 4];
    return r;
}

/* The entries of a bucket are dealt into a finer rung if that can tell them apart; it is then empty. */
static bool bucket_split(struct ladder *l, struct ladder_bucket *b)
{
    if (l->depth == LADDER_RUNGS)
        return false;
    struct range range = bucket_range(b);
    if (range.low == range.high)
        return false;
    struct ladder_rung *r = rung_new(l, &l->rungs[l->depth++], ladder_bucket_count(b), range.low, range.high);
    for (struct ladder_chunk *c = b->first; c != NULL; c = chunk_drop(l, c)) {
        ladder_chunk_fetch(c->next);
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++)
            rung_add(l, r, c->entries[i]);
    }
    *b = (struct ladder_bucket){0};
    return true;
}

/* Rung 0 is used up, and top becomes the next one. A long tail is left in top, for a later one: as wide as
 * the whole, its buckets would hold all that is near in a few of them. False if all of top is of one instant.
 */
static bool top_split(struct ladder *l)
{
    struct ladder_bucket all = l->top;
    struct range range = bucket_range(&all);
    uint64_t far = range.three_quarters, reach = range.high;

    if (range.low == range.high) {
        rungs_clear(l, range.high + 1);
        return false;
    }
    l->top = (struct ladder_bucket){0};
    if (far > range.low && (range.high - range.low) / 2 > far - range.low)
        reach = far + (far - range.low) / 4;
    struct ladder_rung *r = rung_new(l, l->rungs, ladder_bucket_count(&all), range.low, reach);
    l->top_from = r->start + ((uint64_t)r->bucket_count << r->shift);
    for (struct ladder_chunk *c = all.first; c != NULL; c = chunk_drop(l, c)) {
        ladder_chunk_fetch(c->next);
        for (size_t i = 0; i < ladder_chunk_count(&all, c); i++)
            ladder_push_far(l, c->entries[i]);
    }
    return true;
}

static struct ladder_opened bucket_take(struct ladder_bucket *b, struct ladder_opened times)
{
    times.bucket = *b;
    times.count = ladder_bucket_count(b);
    *b = (struct ladder_bucket){0};
    return times;
}

struct ladder_opened ladder_open(struct ladder *l, size_t few)
{
    struct ladder_opened times = {0};

    for (;;) {
        struct ladder_rung *r = &l->rungs[l->depth - 1];
        struct ladder_bucket *b = rung_next(l, r, &times);
        if (b != NULL) {
            if (ladder_bucket_count(b) <= OPEN_AT_MOST || !bucket_split(l, b))
                return bucket_take(b, times);
        } else if (l->depth > 1) {
            l->depth--;
            l->from = r[-1].from;
        } else if (ladder_bucket_count(&l->top) <= few) {
            rungs_clear(l, EVENT_NEVER);
            times.width = UINT64_MAX;
            return bucket_take(&l->top, times);
        } else if (!top_split(l)) {
            times.low = l->from - 1;
            times.width = 0;
            return bucket_take(&l->top, times);
        }
    }
}

bool ladder_spread(struct ladder *l, const struct event_entry *e, size_t count, uint64_t low, uint64_t high)
{
    struct ladder_rung *r = l->rungs;

    if (low == high || l->depth == LADDER_RUNGS)
        return false;
    if (l->from == EVENT_NEVER) {
        rung_new(l, r, count, low, high);
        l->top_from = r->start + ((uint64_t)r->bucket_count << r->shift);
    } else {
        r = rung_new(l, &l->rungs[l->depth++], count, low, high);
    }
    for (size_t i = 0; i < count; i++)
        rung_add(l, r, e[i]);
    return true;
}

static void bucket_filter(struct ladder *l, struct ladder_bucket *b,
                          bool (*keep)(const struct event_entry *e))
{
    struct ladder_bucket kept = {0};

    for (struct ladder_chunk *c = b->first; c != NULL; c = chunk_drop(l, c)) {
        for (size_t i = 0; i < ladder_chunk_count(b, c); i++) {
            if (keep(&c->entries[i]))
                ladder_bucket_add(l, &kept, c->entries[i]);
        }
    }
    *b = kept;
}

void ladder_filter(struct ladder *l, bool (*keep)(const struct event_entry *e))
{
    bucket_filter(l, &l->top, keep);
    for (unsigned r = 0; r < l->depth; r++) {
        for (uint32_t i = l->rungs[r].opened; i < l->rungs[r].bucket_count; i++)
            bucket_filter(l, &l->rungs[r].buckets[i], keep);
    }
}
