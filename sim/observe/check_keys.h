/* check_keys.h -- what the checkers keep of a key: its line, which is looked at by each operation, and its
 * place, where the line does not say all. The files that fill them say what it means. */
#ifndef GEOREP_OBSERVE_CHECK_KEYS_H
#define GEOREP_OBSERVE_CHECK_KEYS_H

#include "sim/base/expect.h"
#include "sim/base/hot.h"
#include "sim/base/lines.h"

#include <stdbool.h>
#include <stdint.h>

/* Of a key that nobody has written all is 0: it has its initial value. */
struct check_key_line {
    uint64_t top_write, top_end, top_begin, top_begin_op, others_begin; /* check_linearizable.c */
    uint64_t newest_value;                                              /* check_past.c, as: */
    uint32_t newest_seq, newest; /* newest_seq: UINT32_MAX: none yet; 0: everybody knows it */
    uint16_t newest_lane;
    uint8_t kind;      /* enum check_key */
    bool newest_early; /* everybody: all that are early (check_past_room.h) */
    uint32_t place;    /* from 1; 0: it has none yet */
};

_Static_assert(sizeof(struct check_key_line) == 64, "one line of memory");

/* check_past.c: what is looked at of a write when another of its key is read: its value, and its place, as in
 * it. */
struct past_entry {
    uint64_t value;
    uint32_t write, seq, lane;
    uint32_t count; /* its key's, of the one that stands in it: see there */
};

/* The line has the newest write: its value, 0: there is none; its place; and which it is. Most keys have one
 * write, since what is older is let go of: it stands here. */
struct past_key {
    union {
        struct past_entry one; /* of one write, or none */
        struct {
            struct past_entry *more; /* of several, in order of begin */
            uint32_t room, unused[2];
            uint32_t count; /* where the entry has it */
        };
    };
    uint64_t retired; /* position of the last retirement, 0: none */
};

_Static_assert(offsetof(struct past_key, count) == offsetof(struct past_entry, count), "one count of both");

/* check_linearizable.c. */
struct cluster {
    uint64_t write;           /* its value */
    uint64_t first_end;       /* f, CHECK_OPEN: nothing of it has ended */
    uint64_t last_begin : 63; /* s */
    uint64_t open : 1;        /* its write has not ended; it may still turn out to have failed */
};

enum { ZONE_FEW = 3 };

struct zone_key {
    uint32_t count;      /* clusters that have an f, in that order */
    uint32_t room;       /* for how many `more` has room; 0: there are no more than `few` */
    uint32_t limit;      /* so many before the next look at which are dead; 0: not begun */
    uint32_t top;        /* its place */
    uint64_t dead_begin; /* the largest s of the dead */
    union {
        struct cluster few[ZONE_FEW];
        struct cluster *more;
    };
};

struct check_key_place {
    struct past_key past;
    struct zone_key zone;
};

_Static_assert(sizeof(struct check_key_place) == 128, "two lines of memory");

struct check_key_lines {
    /* By the key's number. Keys below a known number have all of theirs from the beginning, as they are
     * touched (sparse.h): then the number is the key. */
    ARRAY(struct check_key_line) all;
    ARRAY(struct check_key_place) places; /* 0 is nobody's */
};

static inline void check_keys_free(struct check_key_lines *keys)
{
    lines_free(&keys->all);
    lines_free(&keys->places);
}

static COLD void check_place_make(struct check_key_lines *keys, struct check_key_line *k)
{
    if (keys->places.count == 0)
        lines_add(&keys->places);
    k->place = (uint32_t)keys->places.count;
    lines_add(&keys->places);
}

/* Valid until another key's is asked for. */
static inline struct check_key_place *check_place(struct check_key_lines *keys, struct check_key_line *k)
{
    if (k->place == 0)
        check_place_make(keys, k);
    return &keys->places.items[k->place];
}

static inline void check_expect_place(const struct check_key_lines *keys, const struct check_key_line *k)
{
    if (k->place == 0)
        return;
    expect_line(&keys->places.items[k->place]);
    expect_line((const char *)&keys->places.items[k->place] + 64);
}

#endif
