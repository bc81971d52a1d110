/* event_ladder.h -- entries that are not soon: buckets by time, split again as they come near. Private to the
 * queue.
 *
 * See event_ladder.c for the picture. Times at or above `from` belong here, what is earlier to the queue's
 * bottom. */
#ifndef GEOREP_ENGINE_EVENT_LADDER_H
#define GEOREP_ENGINE_EVENT_LADDER_H

#include "sim/engine/event_entry.h"

#define LADDER_BUCKETS_MIN 64
#define LADDER_BUCKETS_MAX 1024
#define LADDER_RUNGS 12
#define LADDER_NEVER UINT64_MAX

struct ladder_chunk;

/* Unsorted entries in a list of chunks. */
struct ladder_bucket {
    struct ladder_chunk *first, *last;
    uint32_t fill; /* of the last chunk */
    size_t count;
};

struct ladder_rung {
    uint64_t start, from; /* bucket i begins at start + (i << shift); those before `from` have been opened */
    unsigned shift;
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

/* e->time >= l->from */
void ladder_push(struct ladder *l, const struct event_entry *e);

/* A new lowest rung for `count` entries, all of times in [low, high] and below l->from; from then on times
 * from `low` belong to the ladder. False, and nothing done, where they cannot be told apart (or the ladder is
 * too deep). */
bool ladder_spread(struct ladder *l, const struct event_entry *e, size_t count, uint64_t low, uint64_t high);

/* Adds the earliest entries to `to`, unsorted, and raises `from` above them: few, or all of one instant. With
 * at most `few` entries left beyond the rungs it gives them all and `from` is LADDER_NEVER. Nothing is added
 * when there are none. */
void ladder_open(struct ladder *l, size_t few, struct event_array *to);

/* Some of the entries that will be opened next, for prefetching their events; may be none. Until the next
 * push or open. */
const struct event_entry *ladder_coming(const struct ladder *l, size_t *count);

/* Drops the entries that `keep` does not want. */
void ladder_filter(struct ladder *l, bool (*keep)(void *context, const struct event_entry *e), void *context);

#endif
