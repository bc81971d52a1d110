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

#include "sim/base/hot.h"
#include "sim/observe/check_map.h"

#define OPEN_OPS_NONE UINT32_MAX

struct open_op {
    uint64_t op; /* 0: free */
    uint32_t number;
};

struct open_ops {
    struct open_op *places;
    uint32_t place_mask; /* one less than places, which are a power of two */
    uint32_t open_count;
    uint32_t open_most;    /* so many, and then there are more places */
    struct check_map late; /* (operation, 0) -> number: those that had to make room */
};

void open_ops_open(struct open_ops *o);
void open_ops_close(struct open_ops *o);

/* What is seldom, for the functions below: more places; what stands at this place goes to `late`; whether an
 * operation is there, and that it is taken away. */
COLD void open_ops_grow(struct open_ops *o);
COLD void open_ops_make_room(struct open_ops *o, const struct open_op *place);
COLD uint32_t open_ops_get_late(const struct open_ops *o, uint64_t op);
COLD uint32_t open_ops_take_late(struct open_ops *o, uint64_t op);

/* Counts of one region follow each other; regions, and probes, begin apart. */
static inline struct open_op *open_ops_place(const struct open_ops *o, uint64_t op)
{
    return &o->places[((op >> 8) + (op >> 47) * 1597) & o->place_mask];
}

/* Not of one that is open. */
static inline void open_ops_put(struct open_ops *o, uint64_t op, uint32_t number)
{
    if (++o->open_count > o->open_most)
        open_ops_grow(o);
    struct open_op *place = open_ops_place(o, op);
    if (place->op != 0)
        open_ops_make_room(o, place);
    place->op = op;
    place->number = number;
}

/* OPEN_OPS_NONE: it is not open, or had to make room. */
static inline uint32_t open_ops_near(const struct open_ops *o, uint64_t op)
{
    const struct open_op *place = open_ops_place(o, op);

    return place->op == op ? place->number : OPEN_OPS_NONE;
}

/* OPEN_OPS_NONE: it is not open. */
static inline uint32_t open_ops_get(const struct open_ops *o, uint64_t op)
{
    const struct open_op *place = open_ops_place(o, op);

    return place->op == op ? place->number : open_ops_get_late(o, op);
}

/* The same; and it is open no more. */
static inline uint32_t open_ops_take(struct open_ops *o, uint64_t op)
{
    struct open_op *place = open_ops_place(o, op);

    if (place->op != op)
        return open_ops_take_late(o, op);
    place->op = 0;
    o->open_count--;
    return place->number;
}

#endif
