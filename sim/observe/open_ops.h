/* open_ops.h -- from an operation that is open to the number that a reader knows it by.
 *
 * Nearly all operations end long before as many others of their region have begun as the table has places:
 * each has the place of its count, without a search. One that is still open when another needs its place
 * goes to a hash table, which is empty at most times. The places are a few times as many as operations are
 * open, so that they stay in the caches.
 *
 * Operations are named by their identity or without it (history_op_of), but always in the same way; none is
 * 0, since counts begin with 1. Cost: 32 to 64 bytes an open operation, at least 8 KB and at most 1 MB, and
 * 24 to 64 bytes for each that had to make room. */
#ifndef GEOREP_OBSERVE_OPEN_OPS_H
#define GEOREP_OBSERVE_OPEN_OPS_H

#include "sim/base/check.h"
#include "sim/observe/check_map.h"

#include <stdlib.h>

enum { OPEN_OPS_PLACES_LEAST = 512, OPEN_OPS_PLACES_MOST = 65536 };
#define OPEN_OPS_NONE UINT32_MAX

struct open_op {
    uint64_t op; /* 0: free */
    uint32_t number;
};

struct open_ops {
    struct open_op *places;
    uint32_t place_count; /* a power of two */
    uint32_t open_count;
    struct check_map late; /* (operation, 0) -> number: those that had to make room */
};

static inline void open_ops_open(struct open_ops *o)
{
    *o = (struct open_ops){.place_count = OPEN_OPS_PLACES_LEAST};
    o->places = memory_new(o->place_count, sizeof *o->places);
}

static inline void open_ops_close(struct open_ops *o)
{
    free(o->places);
    check_map_free(&o->late);
}

/* Counts of one region follow each other; regions, and probes, begin apart. */
static inline struct open_op *open_ops_place(const struct open_ops *o, uint64_t op)
{
    return &o->places[((op >> 8) + (op >> 47) * 1597) & (o->place_count - 1)];
}

static inline void open_ops_seat(struct open_ops *o, struct open_op op)
{
    struct open_op *place = open_ops_place(o, op.op);

    if (place->op != 0)
        check_map_put(&o->late, place->op, 0, place->number);
    *place = op;
}

static inline void open_ops_grow(struct open_ops *o)
{
    struct open_op *old = o->places;
    uint32_t count = o->place_count;

    o->place_count *= 2;
    o->places = memory_new(o->place_count, sizeof *o->places);
    for (uint32_t i = 0; i < count; i++)
        if (old[i].op != 0)
            open_ops_seat(o, old[i]);
    free(old);
}

/* Not of one that is open. */
static inline void open_ops_put(struct open_ops *o, uint64_t op, uint32_t number)
{
    if (++o->open_count > o->place_count / 2 && o->place_count < OPEN_OPS_PLACES_MOST)
        open_ops_grow(o);
    open_ops_seat(o, (struct open_op){op, number});
}

/* OPEN_OPS_NONE: it is not open. */
static inline uint32_t open_ops_get(const struct open_ops *o, uint64_t op)
{
    const struct open_op *place = open_ops_place(o, op);

    if (place->op == op)
        return place->number;
    uint64_t late = o->late.count == 0 ? CHECK_ABSENT : check_map_get(&o->late, op, 0);
    return late == CHECK_ABSENT ? OPEN_OPS_NONE : (uint32_t)late;
}

/* The same; and it is open no more. */
static inline uint32_t open_ops_take(struct open_ops *o, uint64_t op)
{
    struct open_op *place = open_ops_place(o, op);

    if (place->op == op) {
        place->op = 0;
        o->open_count--;
        return place->number;
    }
    uint64_t late = o->late.count == 0 ? CHECK_ABSENT : check_map_take(&o->late, op, 0);
    if (late == CHECK_ABSENT)
        return OPEN_OPS_NONE;
    o->open_count--;
    return (uint32_t)late;
}

#endif
