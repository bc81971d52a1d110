/* check_vectors.h -- vectors of counts, one a lane, that come and go by the thousand (check_past.c): rooms of
 * 16 ... 4096 lanes from blocks, given back to lists of free ones. */
#ifndef GEOREP_OBSERVE_CHECK_VECTORS_H
#define GEOREP_OBSERVE_CHECK_VECTORS_H

#include "sim/base/array.h"
#include "sim/base/expect.h"

#include <stdint.h>

enum { VECTOR_CLASSES = 9 };

struct vectors {
    uint32_t *free[VECTOR_CLASSES];
    ARRAY(void *) blocks;
    uint64_t bytes; /* of those that are out */
};

void vectors_free(struct vectors *v);
/* A copy that vector_give takes back; NULL of width 0. */
uint32_t *vector_copy(struct vectors *v, const uint32_t *from, uint32_t width);
void vector_give(struct vectors *v, uint32_t *vector, uint32_t width);
/* It is looked at soon. */
static inline void vector_expect(const uint32_t *vector, uint32_t width)
{
    for (uint32_t i = 0; i < width; i += 16)
        expect_line(vector + i);
}
/* Each lane becomes the larger of both. Counts stay below 2^31. */
void vector_join(uint32_t *into, const uint32_t *other, uint32_t width);

#endif
