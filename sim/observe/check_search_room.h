/* check_search_room.h -- what the search for an order (check_search.c) shares with the counting of changes
 * that are all alike (check_levels.c). */
#ifndef GEOREP_OBSERVE_CHECK_SEARCH_ROOM_H
#define GEOREP_OBSERVE_CHECK_SEARCH_ROOM_H

#include "sim/observe/check_room.h"

enum { SLOTS = 256, WORDS = SLOTS / 64 };

/* A state, and which of the open operations have happened by then. */
struct configuration {
    struct check_state state;
    uint64_t done[WORDS];
};

struct entry {
    struct check_step step;
    uint64_t id, deadline; /* CHECK_OPEN of what may never end */
    uint64_t level;        /* of levels: a read's at its begin */
    uint32_t slot;
    uint8_t outcome;
    bool known, dropped, happened; /* happened: of levels */
};

struct search_event {
    uint32_t entry;
    bool ends;
};

/* A counter's changes of one amount, counted: check_levels.c. */
struct levels {
    int64_t step;           /* the amount; 0: none yet */
    uint64_t now;           /* so many have happened */
    uint64_t maybe;         /* open ones that may never end, and have not happened */
    ARRAY(uint32_t) undone; /* a heap by deadline: open ones that end and have not happened */
};

struct search_key {
    ARRAY(struct search_event) events;
    size_t head;
    ARRAY(struct configuration) configurations; /* none while it is counted */
    ARRAY(uint32_t)
    slots; /* entry + 1 of each slot in use, 0: free; while it is counted there are no holes */
    struct levels levels;
    int64_t plus_done, plus_begun, minus_done,
        minus_begun; /* counters: sums of what has surely, maybe been added */
    uint32_t steps;  /* of the search so far */
    bool known, given_up, counted;
};

struct search_node {
    struct configuration configuration;
    bool fresh; /* nothing has happened in it yet, or a read at last */
};

struct search {
    struct check_stream_def def;
    ARRAY(struct search_key) keys;
    ARRAY(struct entry) entries;
    ARRAY(uint32_t) free;
    ARRAY(struct search_node) stack;
    ARRAY(struct configuration) result, seen;
    uint32_t *seen_table;    /* [seen_size]: index into seen + 1 */
    size_t seen_size;        /* a power of two */
    ARRAY(uint32_t) seen_at; /* the slots in use */
    uint64_t steps;
    struct check_tally tally;
};

static inline bool configuration_has(const struct configuration *c, uint32_t slot)
{
    return (c->done[slot / 64] >> (slot % 64) & 1) != 0;
}

static inline void configuration_set(struct configuration *c, uint32_t slot, bool done)
{
    uint64_t bit = UINT64_C(1) << (slot % 64);

    c->done[slot / 64] = done ? c->done[slot / 64] | bit : c->done[slot / 64] & ~bit;
}

/* False: this operation is another thing than one more change of the same amount, or a read. */
bool levels_take(const struct search *s, struct levels *l, const struct entry *e);
void levels_begin(struct search *s, struct search_key *k, uint32_t index);
bool levels_end(struct search *s, struct search_key *k, uint32_t index); /* false: it is wrong */
/* From here on by configurations. False: more are open than those hold. */
bool levels_leave(struct search *s, struct search_key *k);

#endif
