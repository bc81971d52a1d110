/* votes.h -- votes that count a voter once, whatever the network repeats. A voter is its place in a key's
 * list of holders: at most VOTERS_MOST. */
#ifndef GEOREP_MODELS_PARTS_VOTES_H
#define GEOREP_MODELS_PARTS_VOTES_H

#include <stdbool.h>
#include <stdint.h>

enum { VOTERS_MOST = 64 };

struct votes {
    uint64_t voters;
    uint32_t count;
};

/* Counts the vote; false: it was counted before. */
static inline bool votes_add(struct votes *v, uint32_t voter)
{
    uint64_t bit = UINT64_C(1) << voter;

    if ((v->voters & bit) != 0)
        return false;
    v->voters |= bit;
    v->count++;
    return true;
}

static inline bool votes_has(const struct votes *v, uint32_t voter)
{
    return (v->voters >> voter & 1) != 0;
}

#endif
