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

#define LADDER_CHUNK 127 /* entries: 2048 bytes */
struct ladder_chunk {
    struct ladder_chunk *next;
    uint64_t unused;
    struct event_entry entries[LADDER_CHUNK];
};

/* Unsorted entries in a list of chunks. */
struct ladder_bucket {
    struct ladder_chunk *first;
    struct event_entry *next, *end; /* where the next entry goes in the last chunk, and where that ends */
    size_t chunks;
};

/* Bucket i begins at start + (i << shift); those before `from` have been opened. What is beyond the last one
 * belongs to `top` in the first rung, to the last one in the others: up to the `from` of the rung above. */
struct ladder_rung {
    uint64_t from, start;
    unsigned shift;
    uint32_t opened, bucket_count;
    struct ladder_bucket *buckets;
};

struct ladder {
    uint64_t from;     /* the least time that belongs here; EVENT_NEVER: nothing does */
    uint64_t top_from; /* the least time that belongs to `top`, beyond all rungs */
    struct ladder_bucket top;
    struct ladder_rung rungs[LADDER_RUNGS]; /* 0 is the coarsest and the latest */
    unsigned depth;                         /* rungs in use, at least 1; the first may have no buckets */
    struct ladder_chunk *unused;
    void **blocks; /* that chunks were cut from */
    size_t block_count, bytes;
};

void ladder_init(struct ladder *l);
void ladder_free(struct ladder *l);

/* A new last chunk. */
void ladder_bucket_grow(struct ladder *l, struct ladder_bucket *b);

static inline size_t ladder_bucket_count(const struct ladder_bucket *b)
{
    return b->chunks * LADDER_CHUNK - (size_t)(b->end - b->next);
}

static inline void ladder_bucket_add(struct ladder *l, struct ladder_bucket *b, struct event_entry e)
{
    if (b->next == b->end)
        ladder_bucket_grow(l, b);
    *b->next++ = e;
}

/* e.time >= l->rungs[0].from: most of what belongs here. */
static inline void ladder_push_far(struct ladder *l, struct event_entry e)
{
    struct ladder_rung *r = l->rungs;
    uint64_t index = (e.time - r->start) >> r->shift;
    struct ladder_bucket *b = index < r->bucket_count ? &r->buckets[index] : &l->top;

    ladder_bucket_add(l, b, e);
}

/* l->from <= e.time < l->rungs[0].from */
void ladder_push_near(struct ladder *l, struct event_entry e);

/* A new lowest rung for `count` entries, all of times in [low, high] and below l->from; from then on times
 * from `low` belong to the ladder. False, and nothing done, where they cannot be told apart (or the ladder is
 * too deep). */
bool ladder_spread(struct ladder *l, const struct event_entry *e, size_t count, uint64_t low, uint64_t high);

/* The earliest entries, all of times in [low, low + width]: few enough to be sorted at once, or all of one
 * instant; `from` is raised above them. With at most `few` entries left beyond the rungs it gives them all
 * and `from` is EVENT_NEVER: of count 0 when there are none. Its chunks are given back by ladder_give_back.
 */
struct ladder_opened {
    struct ladder_bucket bucket;
    size_t count;
    uint64_t low, width;
};
struct ladder_opened ladder_open(struct ladder *l, size_t few);
void ladder_give_back(struct ladder *l, struct ladder_bucket *b);

static inline size_t ladder_chunk_count(const struct ladder_bucket *b, const struct ladder_chunk *c)
{
    return c->entries + LADDER_CHUNK == b->end ? (size_t)(b->next - c->entries) : LADDER_CHUNK;
}

/* The whole of the chunk that is read next, which lies anywhere. */
static inline void ladder_chunk_fetch(const struct ladder_chunk *c)
{
    for (size_t at = 0; c != NULL && at < sizeof *c; at += 64)
        __builtin_prefetch((const char *)c + at);
}

/* Drops the entries that `keep` does not want. */
void ladder_filter(struct ladder *l, bool (*keep)(const struct event_entry *e));

#endif
