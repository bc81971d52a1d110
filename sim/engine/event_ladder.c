/* event_ladder.c -- a ladder queue (Tang, Goh, Thng: Ladder Queue: An O(1) Priority Queue Structure for
 * Large-Scale Discrete Event Simulation, ACM TOMACS 15, 2005), with chunked buckets and a different bottom.
 *
 *      bottom (queue)      rung 1                    rung 0                          top
 *    |-- sorted, heap --|--|--|--|--|--|------|------|------|------|------|------ unsorted ------ ...
 *    now                from                                              top_from
 *
 * Far entries lie unsorted in `top`. When the rungs are used up, all of top is dealt into the buckets of a
 * new rung 0, as wide as what is there needs. The earliest bucket is opened: a small one goes to the bottom
 * to be sorted, a large one is dealt into a finer rung below. So an entry is moved some three times, always
 * from one stream into few hundred tails that stay in cache, however many are pending; and as each rung fits
 * what it holds, no distribution of times makes it slow: a range of 2^63 is split by at least 64 each time.
 *
 * Invariant: top_from >= rungs[0].from >= rungs[1].from >= ... >= rungs[depth - 1].from = from, and every
 * entry lies in the first of these whose `from` is not above its time. The last bucket of a rung takes all up
 * to the next. */
#include "sim/engine/event_ladder.h"

#include "sim/base/check.h"
#include "sim/engine/event_pages.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_ENTRIES 10 /* 248 bytes */
#define OPEN_AT_MOST 32  /* a bucket of no more entries goes to the bottom as it is */

struct ladder_chunk {
    struct ladder_chunk *next;
    struct event_entry entries[CHUNK_ENTRIES];
};

void ladder_init(struct ladder *l)
{
    memset(l, 0, sizeof *l);
    l->from = l->top_from = LADDER_NEVER;
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

static inline void bucket_add(struct ladder *l, struct ladder_bucket *b, const struct event_entry *e)
{
    if (b->last == NULL || b->fill == CHUNK_ENTRIES) {
        if (l->unused == NULL)
            chunks_add(l);
        struct ladder_chunk *chunk = l->unused;
        l->unused = chunk->next;
        chunk->next = NULL;
        *(b->last != NULL ? &b->last->next : &b->first) = chunk;
        b->last = chunk;
        b->fill = 0;
    }
    b->last->entries[b->fill++] = *e;
    b->count++;
}

static inline size_t chunk_count(const struct ladder_bucket *b, const struct ladder_chunk *c)
{
    return c == b->last ? b->fill : CHUNK_ENTRIES;
}

static struct ladder_chunk *chunk_drop(struct ladder *l, struct ladder_chunk *c)
{
    struct ladder_chunk *next = c->next;

    c->next = l->unused;
    l->unused = c;
    return next;
}

static inline void rung_add(struct ladder *l, struct ladder_rung *r, const struct event_entry *e)
{
    uint64_t index = (e->time - r->start) >> r->shift;

    index = index < r->bucket_count ? index : r->bucket_count - 1;
    r->filled[index / 64] |= UINT64_C(1) << index % 64;
    bucket_add(l, &r->buckets[index], e);
}

void ladder_push(struct ladder *l, const struct event_entry *e)
{
    l->count++;
    if (e->time >= l->top_from) {
        bucket_add(l, &l->top, e);
        return;
    }
    struct ladder_rung *r = l->rungs;
    while (e->time < r->from)
        r++;
    rung_add(l, r, e);
}

/* An empty lowest rung for some `count` entries in [low, high]. */
static struct ladder_rung *rung_new(struct ladder *l, size_t count, uint64_t low, uint64_t high)
{
    struct ladder_rung *r = &l->rungs[l->depth++];

    if (r->buckets == NULL) {
        r->buckets = memory_new(LADDER_BUCKETS_MAX, sizeof *r->buckets);
        l->bytes += LADDER_BUCKETS_MAX * sizeof *r->buckets;
    }
    r->bucket_count = LADDER_BUCKETS_MIN;
    while (r->bucket_count < LADDER_BUCKETS_MAX && r->bucket_count * 8 < count)
        r->bucket_count *= 2;
    r->start = r->from = l->from = low;
    r->shift = 0;
    while ((high - low) >> r->shift >= r->bucket_count)
        r->shift++;
    return r;
}

/* The rung's first bucket with something in it is taken out, and `from` is raised above it; NULL when none is
 * left. */
static struct ladder_bucket *rung_next(struct ladder *l, struct ladder_rung *r)
{
    for (uint32_t word = 0; word < r->bucket_count / 64; word++) {
        if (r->filled[word] == 0)
            continue;
        uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(r->filled[word]);
        uint64_t above = r == l->rungs ? l->top_from : r[-1].from;
        uint64_t end = r->start + ((uint64_t)(index + 1) << r->shift);

        r->filled[word] &= r->filled[word] - 1;
        r->from = l->from = index + 1 == r->bucket_count || end > above ? above : end;
        return &r->buckets[index];
    }
    return NULL;
}

/* The entries of a bucket are dealt into a finer rung if that can tell them apart; it is then empty. */
static bool bucket_split(struct ladder *l, struct ladder_bucket *b, bool top)
{
    uint64_t low = UINT64_MAX, high = 0;

    if (l->depth == LADDER_RUNGS)
        return false;
    for (const struct ladder_chunk *c = b->first; c != NULL; c = c->next) {
        for (size_t i = 0; i < chunk_count(b, c); i++) {
            low = c->entries[i].time < low ? c->entries[i].time : low;
            high = c->entries[i].time > high ? c->entries[i].time : high;
        }
    }
    if (top)
        l->from = l->top_from = high + 1;
    if (low == high)
        return false;
    struct ladder_rung *r = rung_new(l, b->count, low, high);
    for (struct ladder_chunk *c = b->first; c != NULL; c = chunk_drop(l, c)) {
        for (size_t i = 0; i < chunk_count(b, c); i++)
            rung_add(l, r, &c->entries[i]);
    }
    *b = (struct ladder_bucket){0};
    return true;
}

static void bucket_give(struct ladder *l, struct ladder_bucket *b, struct event_array *to)
{
    l->count -= b->count;
    for (struct ladder_chunk *c = b->first; c != NULL; c = chunk_drop(l, c)) {
        for (size_t i = 0; i < chunk_count(b, c); i++)
            event_array_add(to, &c->entries[i]);
    }
    *b = (struct ladder_bucket){0};
}

void ladder_open(struct ladder *l, size_t few, struct event_array *to)
{
    for (;;) {
        if (l->depth == 0) {
            if (l->top.count <= few) {
                bucket_give(l, &l->top, to);
                l->from = l->top_from = LADDER_NEVER;
                return;
            }
            if (!bucket_split(l, &l->top, true)) {
                bucket_give(l, &l->top, to);
                return;
            }
        }
        struct ladder_rung *r = &l->rungs[l->depth - 1];
        struct ladder_bucket *b = rung_next(l, r);
        if (b == NULL) {
            l->depth--;
            l->from = l->depth > 0 ? r[-1].from : l->top_from;
        } else if (b->count <= OPEN_AT_MOST || !bucket_split(l, b, false)) {
            bucket_give(l, b, to);
            return;
        }
    }
}

const struct event_entry *ladder_coming(const struct ladder *l, size_t *count)
{
    *count = 0;
    if (l->depth == 0)
        return NULL;
    const struct ladder_rung *r = &l->rungs[l->depth - 1];
    for (uint32_t word = 0; word < r->bucket_count / 64; word++) {
        if (r->filled[word] != 0) {
            const struct ladder_bucket *b =
                &r->buckets[word * 64 + (uint32_t)__builtin_ctzll(r->filled[word])];
            *count = chunk_count(b, b->first);
            return b->first->entries;
        }
    }
    return NULL;
}

bool ladder_spread(struct ladder *l, const struct event_entry *e, size_t count, uint64_t low, uint64_t high)
{
    if (low == high || l->depth == LADDER_RUNGS)
        return false;
    if (l->from == LADDER_NEVER)
        l->top_from = high + 1;
    struct ladder_rung *r = rung_new(l, count, low, high);
    for (size_t i = 0; i < count; i++)
        rung_add(l, r, &e[i]);
    l->count += count;
    return true;
}

static void bucket_filter(struct ladder *l, struct ladder_bucket *b,
                          bool (*keep)(void *context, const struct event_entry *e), void *context)
{
    struct ladder_bucket kept = {0};

    l->count -= b->count;
    for (struct ladder_chunk *c = b->first; c != NULL; c = chunk_drop(l, c)) {
        for (size_t i = 0; i < chunk_count(b, c); i++) {
            if (keep(context, &c->entries[i]))
                bucket_add(l, &kept, &c->entries[i]);
        }
    }
    l->count += kept.count;
    *b = kept;
}

void ladder_filter(struct ladder *l, bool (*keep)(void *context, const struct event_entry *e), void *context)
{
    bucket_filter(l, &l->top, keep, context);
    for (unsigned r = 0; r < l->depth; r++) {
        for (uint32_t i = 0; i < l->rungs[r].bucket_count; i++) {
            struct ladder_bucket *b = &l->rungs[r].buckets[i];

            bucket_filter(l, b, keep, context);
            if (b->count == 0)
                l->rungs[r].filled[i / 64] &= ~(UINT64_C(1) << i % 64);
        }
    }
}
