/* event_ladder.h -- entries that are not soon: buckets by time, split again as they come near. Private to the
 * queue.
 *
 * See event_ladder.c for the picture. Times at or above `from` belong here, what is earlier to the queue's
 * bottom. */
#ifndef GEOREP_ENGINE_EVENT_LADDER_H
#define GEOREP_ENGINE_EVENT_LADDER_H

#include "sim/engine/event_entry.h"

#define LADDER_BUCKETS_MIN 64
#define LADDER_BUCKETS_MAX 256
#define LADDER_RUNGS 12
#define LADDER_NEVER UINT64_MAX

#define LADDER_CHUNK 31 /* entries: 504 bytes */
struct ladder_chunk {
    struct ladder_chunk *next;
    struct event_far entries[LADDER_CHUNK];
};

/* Unsorted entries in a list of chunks. */
struct ladder_bucket {
    struct ladder_chunk *first;
    struct event_far *next, *end; /* where the next entry goes in the last chunk, and where that ends */
    size_t count;
};

struct ladder_rung {
    uint64_t start, from; /* bucket i begins at start + (i << shift); those before `from` have been opened */
    unsigned shift;
    uint32_t word;         /* of `filled`: those before are 0 */
    uint32_t bucket_count; /* the last one is open-ended: it reaches to the `from` of the rung above */
    uint64_t filled[LADDER_BUCKETS_MAX / 64]; /* a bit a bucket that is not empty */
    struct ladder_bucket *buckets;
};

struct ladder {
    uint64_t from;     /* the least time that belongs here; LADDER_NEVER: nothing does */
    uint64_t top_from; /* the least time that belongs to `top`, beyond all rungs */
    struct ladder_bucket top;
    struct ladder_rung rungs[LADDER_RUNGS]; /* 0 is the coarsest and the latest */
    unsigned depth;                         /* rungs in use */
    size_t count;                           /* entries in all buckets and top */
    struct ladder_chunk *unused;
    void **blocks; /* that chunks were cut from */
    size_t block_count, bytes;
};

void ladder_init(struct ladder *l);
void ladder_free(struct ladder *l);

/* A new last chunk. */
void ladder_bucket_grow(struct ladder *l, struct ladder_bucket *b);

static inline void ladder_bucket_add(struct ladder *l, struct ladder_bucket *b, struct event_far e)
{
    if (b->next == b->end)
        ladder_bucket_grow(l, b);
    *b->next++ = e;
    b->count++;
}

static inline void ladder_rung_add(struct ladder *l, struct ladder_rung *r, struct event_far e)
{
    uint64_t index = (e.time - r->start) >> r->shift;

    index = index < r->bucket_count ? index : r->bucket_count - 1;
    r->filled[index / 64] |= UINT64_C(1) << index % 64;
    ladder_bucket_add(l, &r->buckets[index], e);
}

/* e.time >= l->from */
static inline void ladder_push(struct ladder *l, struct event_far e)
{
    l->count++;
    if (e.time >= l->top_from) {
        ladder_bucket_add(l, &l->top, e);
        return;
    }
    struct ladder_rung *r = l->rungs;
    while (e.time < r->from)
        r++;
    ladder_rung_add(l, r, e);
}

/* A new lowest rung for `count` entries, all of times in [low, high] and below l->from; from then on times
 * from `low` belong to the ladder. False, and nothing done, where they cannot be told apart (or the ladder is
 * too deep). */
bool ladder_spread(struct ladder *l, const struct event_entry *e, size_t count, uint64_t low, uint64_t high);

/* The earliest entries, all of times in [low, low + width]: few enough to be sorted at once, or all of one
 * instant; `from` is raised above them. With at most `few` entries left beyond the rungs it gives them all
 * and `from` is LADDER_NEVER. Of count 0 when there are none. Its chunks are given back by ladder_give_back.
 */
struct ladder_opened {
    struct ladder_bucket bucket;
    uint64_t low, width;
};
struct ladder_opened ladder_open(struct ladder *l, size_t few);
void ladder_give_back(struct ladder *l, struct ladder_bucket *b);

static inline size_t ladder_chunk_count(const struct ladder_bucket *b, const struct ladder_chunk *c)
{
    return c->entries + LADDER_CHUNK == b->end ? (size_t)(b->next - c->entries) : LADDER_CHUNK;
}

/* Drops the entries that `keep` does not want. */
void ladder_filter(struct ladder *l, bool (*keep)(void *context, const struct event_far *e), void *context);

#endif
