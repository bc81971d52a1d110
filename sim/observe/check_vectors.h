/* check_vectors.h -- vectors of counts, one a lane, that come and go by the thousand (check_past.c).
 *
 * Their rooms are of whole lines of memory, or half of one, cut from a pool's; those given back are named in
 * a list beside them, since they are in no cache any more when they are given back, nor yet when they are
 * taken again.
 *
 * A count has two bytes until some lane has come further than that goes; then all have four (vectors_widen),
 * and whoever holds vectors has each of them made again. */
#ifndef GEOREP_OBSERVE_CHECK_VECTORS_H
#define GEOREP_OBSERVE_CHECK_VECTORS_H

#include "sim/base/expect.h"
#include "sim/base/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum { VECTOR_NARROW_MOST = INT16_MAX };

struct vector; /* counts of as many lanes as whoever holds it knows */

enum { VECTOR_LINES_MOST = 256 }; /* of 4096 lanes, all wide */

struct vector_rooms {
    ARRAY(struct vector *) free;
};

struct vectors {
    struct pool pool;
    char *piece;                                      /* of it, from which rooms are cut, */
    size_t left;                                      /* and how much of it is left */
    struct vector_rooms rooms[VECTOR_LINES_MOST + 1]; /* [lines]; 0: half of one */
    uint64_t bytes;                                   /* of the vectors that are out */
    bool wide;
};

void vectors_free(struct vectors *v);
/* From now on they are wide. What is out belongs to `old`, which has nothing else from now on: of each, a
 * copy is to be had of vector_widened (NULL of NULL), and then vectors_free(old). */
struct vectors vectors_widen(struct vectors *v);
struct vector *vector_widened(struct vectors *v, const struct vector *narrow, uint32_t width);

/* A copy that vector_give takes back; NULL of width 0. */
struct vector *vector_copy(struct vectors *v, const struct vector *from, uint32_t width);
void vector_give(struct vectors *v, struct vector *vector, uint32_t width);
/* One more lane or more, of zeros; `vector` NULL: it had none. Of a vector that grows with its owner, and is
 * no copy: vector_grown_free takes it back, with the width it has come to. Its room is up to twice that, so
 * that growing by a lane at a time costs no more than to be copied twice. */
struct vector *vector_grow(const struct vectors *v, struct vector *vector, uint32_t width, uint32_t more);
void vector_grown_free(const struct vectors *v, struct vector *vector, uint32_t width);

/* Each lane becomes the larger of both. Counts stay below 2^31. */
void vector_join(const struct vectors *v, struct vector *into, const struct vector *other, uint32_t width);
/* Each lane of `least` becomes the smaller of both. */
void vector_lower(const struct vectors *v, uint32_t *least, const struct vector *other, uint32_t width);

static inline size_t vector_bytes(const struct vectors *v, uint32_t width)
{
    return (size_t)width * (v->wide ? sizeof(uint32_t) : sizeof(uint16_t));
}

/* What is kept of it: whole steps. */
enum { VECTOR_STEP = 32 };
static inline size_t vector_room(const struct vectors *v, uint32_t width)
{
    return (vector_bytes(v, width) + VECTOR_STEP - 1) / VECTOR_STEP * VECTOR_STEP;
}

static inline uint32_t vector_at(const struct vectors *v, const struct vector *vector, uint32_t lane)
{
    return v->wide ? ((const uint32_t *)(const void *)vector)[lane]
                   : ((const uint16_t *)(const void *)vector)[lane];
}

static inline void vector_set(const struct vectors *v, struct vector *vector, uint32_t lane, uint32_t count)
{
    if (v->wide)
        ((uint32_t *)(void *)vector)[lane] = count;
    else
        ((uint16_t *)(void *)vector)[lane] = (uint16_t)count;
}

/* It is looked at soon. */
static inline void vector_expect(const struct vectors *v, const struct vector *vector, uint32_t width)
{
    for (size_t i = 0; i < vector_bytes(v, width); i += 64)
        expect_line((const char *)(const void *)vector + i);
}

#endif
